//! Training samples by index: a caption, a scene, cameras. Nothing is stored, and no sample depends on another.

use super::caption::Caption;
use super::dice::Dice;
use super::rig::Standpoint;
use super::scene::Scene;
use super::view::View;
use super::words::Thing;
use loop3d_scene::Camera;
use rayon::prelude::*;
use serde::{Deserialize, Serialize};

/// Highest elevation of rigs that film clouds.
const CLOUDS_BELOW_DEG: f64 = 10.0;

/// Size of training samples.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct TrainingConfig {
    /// Seed of the whole set.
    pub seed: u64,
    /// Width of the frames in pixels.
    pub width: u32,
    /// Height of the frames in pixels.
    pub height: u32,
    /// Frames of a clip; 1 gives stills.
    pub frames: usize,
    /// Cameras of a sample.
    pub views: usize,
}

impl Default for TrainingConfig {
    /// 64×64×16 from two cameras (generate-tiny §3).
    fn default() -> Self {
        Self { seed: 1, width: 64, height: 64, frames: 16, views: 2 }
    }
}

/// A training sample.
pub struct TrainingSample {
    /// What the model reads: the scene's caption without a fifth of its attributes.
    pub caption: Caption,
    /// The middle of its rig.
    pub standpoint: Standpoint,
    /// The scene.
    pub scene: Scene,
    /// Its cameras, in no particular order.
    pub cameras: Vec<Camera>,
}

impl TrainingConfig {
    /// Sample `index`, with views within ±`spread_deg` of the rig's azimuth ([`Curriculum`](super::Curriculum)).
    #[must_use]
    pub fn sample(&self, index: u64, spread_deg: f64) -> TrainingSample {
        let dice = &mut Dice::new(self.seed, index, 0);
        let whole = Caption::draw(dice);
        let caption = whole.shortened(dice);
        let mut standpoint = Standpoint::draw(dice);
        // Clouds are the subject: cameras that look down do not see them.
        while whole.thing == Thing::Clouds && standpoint.elevation_deg > CLOUDS_BELOW_DEG {
            standpoint = Standpoint::draw(dice);
        }
        let scene = Scene::new(&whole, dice.bits(), &standpoint);
        // Drawn last, so that a scene does not change with the number of its cameras.
        let place = |_| standpoint.around(spread_deg, dice).camera(self.width, self.height);
        let cameras = (0..self.views).map(place).collect();
        TrainingSample { caption, standpoint, scene, cameras }
    }
}

impl TrainingSample {
    /// Clips of all cameras: RGB bytes `[views][frames, height, width, 3]`. `frames` of 1 gives the first frame.
    #[must_use]
    pub fn clips(&self, frames: usize) -> Vec<Vec<u8>> {
        let clip = |camera: &Camera| {
            let view = View::new(&self.scene, camera);
            (0..frames).into_par_iter().map(|frame| view.frame(frame, frames)).collect::<Vec<_>>().concat()
        };
        self.cameras.iter().map(clip).collect()
    }
}
