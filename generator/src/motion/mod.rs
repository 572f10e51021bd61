//! What moves, and where to, in masks and arrows (TrackGo, generate-motion).
//!
//! [`Mask`]s say which pixels move, [`Arrow`]s where they go; [`tracks`] makes paths of points out of both, and [`raster`] draws the
//! pictures that a model sees. With the feature `torch`: [`TrackEncoder`] and the adapter's [`Maps`].

#[cfg(feature = "torch")]
mod adapter;
mod arrow;
mod asked;
mod drawing;
#[cfg(feature = "torch")]
mod encoder;
mod error;
mod mask;
mod points;
mod raster;
mod tracks;

#[cfg(feature = "torch")]
pub use adapter::{Background, Joining, Maps};
pub use arrow::Arrow;
pub use asked::{MoveRequest, tau};
pub use drawing::{Drawing, Drawn};
#[cfg(feature = "torch")]
pub use encoder::{SiteFeatures, TrackEncoder};
pub use error::MotionError;
pub use mask::Mask;
pub use points::centres;
pub use raster::raster;
pub use tracks::{Move, Part, overlapping, tracks};
