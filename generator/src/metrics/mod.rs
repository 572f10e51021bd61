//! Measures of clips: seams, motion, synchrony of views, cuts, errors of warps, poses.
//!
//! None needs a network. Optical flow is an input: the published measures take it from RAFT, whose weights are not ours; the frames
//! and flows of one number must come from one size (the published code: 720×720).
//!
//! | measure | by |
//! |---|---|
//! | does the clip close on itself | [`seam`] |
//! | does anything move, and how much | [`activity`], [`flow_score`] |
//! | do views change together | [`synchrony`] |
//! | hard cuts (SCuts) | [`scene_cuts`] |
//! | motion-aware warp error (MAWE) | [`mawe`] |
//! | camera poses (RotErr, TransErr) | [`pose_errors`] |
//! | matched points under known cameras | [`epipolar_residual`] |

mod cuts;
mod epipolar;
mod error;
mod hsv;
mod motion;
mod poses;
mod seam;
mod synchrony;
mod warp;

pub use cuts::{CutOptions, SceneCuts, scene_cuts};
pub use epipolar::{Match, epipolar_residual};
pub use error::MetricError;
pub use motion::{Activity, FlowPower, activity, flow_score};
pub use poses::{PoseErrors, pose_errors};
pub use seam::{Seam, seam};
pub use synchrony::{Synchrony, synchrony};
pub use warp::{Flow, Mawe, Warped, mawe, splat, warp_error};
