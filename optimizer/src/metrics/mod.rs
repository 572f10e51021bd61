//! How good a rendered loop is, against the captured clip of a held-out view (METHOD §6.2), native and without weights.
//!
//! All metrics look at the image without a border ([`crop_px`]), on bytes 0–255. Departures from the published
//! evaluation: nearest-neighbour errors are averaged over all patches equally (published: over blocks of unequal size,
//! METHOD D23), on a grid that reaches the last row and column.
//!
//! [`evaluate`] computes everything for one view, [`baselines`] what a frozen scene and a hard cut get there.

mod appearance;
mod deviation;
mod error;
mod neighbours;
mod static_pixels;
mod view;

pub use appearance::{Appearance, appearance};
pub use deviation::{psnr_mean, std_err};
pub use error::MetricsError;
pub use neighbours::{CONFIGS, PatchConfig, coh, com, loop_q, nn_error};
pub use static_pixels::{psnr_static, ssim_static};
pub use view::{Baselines, Scores, ViewMetrics, baselines, crop_px, evaluate, mean_scores};
