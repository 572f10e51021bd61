//! Procedural scenes with words: the generator's training data, and test data with depth, masks and tracks.
//!
//! A scene is a ground, a sky, up to three backdrops, still props and one thing that moves, exactly periodic with the clip
//! (generate-tiny §2). A closed grammar takes captions to scenes and back. World axes: metres, y up, the ground at y = 0; all
//! cameras look at [`CENTER`]. Rendering is a ray caster in linear light.
//!
//! | to | use |
//! |---|---|
//! | read and write captions | [`Caption`], [`vocabulary`] |
//! | build the scene of a caption | [`Scene::new`] |
//! | draw a training sample by its index | [`TrainingConfig::sample`], [`Curriculum`] |
//! | render frames, depth and ids | [`View`], [`probe`] |
//! | follow points | [`tracks`] |
//! | add something that goes a given way | [`Scene::glide`] |
//! | write a capture | [`write_scene`] |
//!
//! ```
//! use loop3d_sample::scenes::{Caption, Scene, Standpoint, View};
//!
//! let caption: Caption = "a red flag waving on grass".parse()?;
//! let standpoint = Standpoint { azimuth_deg: 0.0, elevation_deg: 12.0, distance_m: 3.0 };
//! let scene = Scene::new(&caption, 7, &standpoint);
//! let view = View::new(&scene, &standpoint.camera(64, 64));
//! assert_eq!(view.frame(16, 16), view.frame(0, 16));
//! # Ok::<(), loop3d_sample::scenes::CaptionError>(())
//! ```

mod actions;
mod backdrop;
mod caption;
mod color;
mod dice;
mod glide;
mod ground;
pub mod ids;
mod moving;
mod npy;
mod props;
mod rig;
mod scene;
mod shapes;
mod sky;
mod solid;
#[cfg(test)]
mod tests;
mod texture;
mod tracks;
mod training;
mod view;
mod vocabulary;
mod words;
mod write;

pub use caption::{Caption, CaptionError, DROPPED, ORDERS};
pub use glide::Glide;
pub use rig::{CENTER, Curriculum, DISTANCE_M, ELEVATION_DEG, FOCAL as SCENE_FOCAL, Standpoint};
pub use scene::{SKY_DEPTH_M, Scene};
pub use tracks::{Sighting, Track, tracks};
pub use training::{TrainingConfig, TrainingSample};
pub use view::{Geometry, View, probe};
pub use vocabulary::{Word, vocabulary};
pub use words::{Action, Backdrop, Color, Ground, Sky, Style, Thing};
pub use write::{SceneConfig, write_scene};
