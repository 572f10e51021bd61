//! Measures of clips: seams, motion, synchrony of views, cuts, errors of warps, poses.
//!
//! None needs a network. Optical flow comes from dense inverse search; the published measures take it from RAFT, so [`mawe`] also
//! takes frames and flows of any other origin, all of one size (the published code: 720×720).
//!
//! | measure | by |
//! |---|---|
//! | everything about one clip | [`ClipMetrics::of`] |
//! | does the clip close on itself | [`seam`] |
//! | does anything move, and how much | [`activity`], [`flow_score`] |
//! | do views change together | [`synchrony`] |
//! | hard cuts (SCuts) | [`scene_cuts`] |
//! | motion-aware warp error (MAWE) | [`flow_measures`]; of given flows [`mawe`] |
//! | how alike two clips are | [`psnr_db`] |
//! | camera poses (RotErr, TransErr) | [`pose_errors`] |
//! | a view against the first of its capture | [`ViewMetrics::of`] |
//! | points that two views share (Mat.Pix.) | [`Features`] |
//! | the pose that they ask for | [`relative_pose`] |
//! | did things go where they should (ObjMC) | [`obj_mc`] of what [`followed`] finds |
//! | how well they fit known cameras | [`epipolar_residual`] |

mod clip;
mod cuts;
mod dis;
mod epipolar;
mod error;
mod flow;
mod followed;
mod grey;
mod hsv;
mod likeness;
mod matches;
mod motion;
mod poses;
mod relative;
mod seam;
mod synchrony;
mod tracks;
mod view;
mod warp;

pub use clip::ClipMetrics;
pub use cuts::{CutOptions, SceneCuts, scene_cuts};
pub use epipolar::{Match, epipolar_residual};
pub use error::MetricError;
pub use flow::flow_measures;
pub use followed::followed;
pub use likeness::psnr_db;
pub use matches::Features;
pub use motion::{Activity, FlowPower, activity, flow_score};
pub use poses::{PoseErrors, pose_errors};
pub use relative::{RelativePose, relative_pose};
pub use seam::{Seam, seam};
pub use synchrony::{Curves, Synchrony, synchrony};
pub use tracks::{OBJ_MC_FRAMES, obj_mc};
pub use view::ViewMetrics;
pub use warp::{Flow, Mawe, Warped, mawe, splat, warp_error};
