//! Procedural captures whose truth is known.
//!
//! The sample is a small courtyard garden at dusk, with a fountain, fires and swaying plants, filmed by nine unsynchronised
//! cameras. Surfaces are textured, at true depths and traced with anti-aliasing; motion comes from noise that never repeats.
//!
//! | to | use |
//! |---|---|
//! | write a capture in any layout, with the truth of the middle view | [`write()`] |
//! | render one frame of one view, or its depth | [`render_view`], [`depth_map`] |
//! | render any camera at any moment | [`Garden`], [`Stage`], [`Sensor`] |
//! | know the cameras and how hands shake them | [`cameras`], [`hand`] |
//!
//! The same [`SampleConfig`] gives the same bytes on any number of threads.
//!
//! ```
//! use loop3d_sample::{Garden, SampleConfig, Sensor, Stage, cameras, depth_map};
//!
//! let config = SampleConfig { width: 64, height: 36, ..SampleConfig::default() };
//! let garden = Garden::new(config.seed);
//! let camera = cameras(&config)[4];
//! // Everything static is traced here, once; a frame then only adds what moves.
//! let stage = Stage::new(&garden, &config, &camera);
//! let rgb = Sensor::ideal().read(&stage.frame(1.5), 0);
//! assert_eq!(rgb.len(), 64 * 36 * 3);
//!
//! let [near, far] = stage.bounds;
//! let depths = depth_map(&config, 4);
//! assert!(depths.iter().all(|&depth| (near..=far).contains(&f64::from(depth))));
//! ```

mod cameras;
mod config;
mod error;
mod flame;
mod garden;
mod geometry;
mod grass;
pub mod hand;
mod leaves;
mod light;
mod motion;
mod noise;
mod render;
pub mod scenes;
mod stone;
#[cfg(test)]
mod tests;
mod water;
mod wind;
mod write;

pub use cameras::cameras;
pub use config::{FOCAL, HELD_OUT, SampleConfig, VIEWS, first_frame, truth_frames};
pub use error::SampleError;
pub use garden::Garden;
pub use render::{Sensor, Stage, depth_map, render_view};
pub use write::{SampleReport, write, write_with};
