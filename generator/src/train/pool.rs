//! Rendered scenes. Rendering costs about as much as learning from it, so a scene is used several times before the next ones are
//! rendered. What is in the pool depends on the number of the sample alone.

use super::moves::{Moves, moved};
use loop3d_sample::scenes::{Caption, TrainingConfig, View};
use loop3d_scene::Camera;
use rayon::prelude::*;

/// Batches whose scenes are rendered at a time.
const CHAPTER: u64 = 8;

/// How scenes are rendered.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) struct Scenes {
    /// Cameras of a scene.
    pub(super) views: usize,
    /// Frames that are rendered: one of a clip of 16 at a moment of its own, or all 16.
    pub(super) whole: bool,
    /// Whether depth is asked for.
    pub(super) depth: bool,
    /// How far apart the cameras are, ± degrees.
    pub(super) spread_deg: f64,
    /// Whether things go along arrows: whole clips of the first camera alone.
    pub(super) moves: bool,
}

/// Frames of a clip.
pub(super) const FRAMES: usize = 16;
/// Width and height.
pub(super) const SIDE: u32 = 64;

/// A scene from all its cameras.
pub(super) struct Rendered {
    /// Its caption, as the model reads it.
    pub(super) caption: Caption,
    pub(super) cameras: Vec<Camera>,
    /// `[views][frames, h, w, 3]`.
    pub(super) clips: Vec<Vec<u8>>,
    /// In metres, of the first frame: `[views][h, w]`; empty if it was not asked for.
    pub(super) depths: Vec<Vec<f32>>,
    /// What goes along arrows, if that was asked for.
    pub(super) moves: Option<Moves>,
}

/// The scenes of the last chapter.
pub(super) struct Pool {
    seed: u64,
    chapter: Option<u64>,
    scenes: Vec<Rendered>,
    /// Scenes of a chapter, and how often they are used.
    size: u64,
    reuse: u64,
}

impl Pool {
    pub(super) fn new(seed: u64, batch: usize, reuse: usize) -> Self {
        Self { seed, chapter: None, scenes: Vec::new(), size: CHAPTER * batch as u64, reuse: reuse as u64 }
    }

    /// The samples `first..first + count` of the training.
    pub(super) fn samples(&mut self, first: u64, count: u64, how: &Scenes) -> Vec<&Rendered> {
        let (size, chapter) = (self.size, first / (self.size * self.reuse));
        if self.chapter != Some(chapter) {
            self.scenes = render(self.seed, chapter * size..(chapter + 1) * size, how);
            self.chapter = Some(chapter);
        }
        (first..first + count).map(|sample| &self.scenes[(sample % size) as usize]).collect()
    }
}

/// Scenes by their indices.
pub(super) fn render(seed: u64, indices: std::ops::Range<u64>, how: &Scenes) -> Vec<Rendered> {
    let config = TrainingConfig { seed, width: SIDE, height: SIDE, frames: FRAMES, views: how.views };
    indices.into_par_iter().map(|index| one(&config, index, how)).collect()
}

fn one(config: &TrainingConfig, index: u64, how: &Scenes) -> Rendered {
    let sample = config.sample(index, how.spread_deg);
    if how.moves {
        let (caption, cameras) = (sample.caption.clone(), sample.cameras.clone());
        let (clip, moves) = moved(sample, config.seed ^ index.wrapping_mul(0x9e37_79b9_7f4a_7c15));
        return Rendered { caption, cameras, clips: vec![clip], depths: Vec::new(), moves: Some(moves) };
    }
    // Stills show any moment.
    let moment = (index % FRAMES as u64) as usize;
    let frames = if how.whole { 0..FRAMES } else { moment..moment + 1 };
    let (mut clips, mut depths) = (Vec::new(), Vec::new());
    for camera in &sample.cameras {
        let view = View::new(&sample.scene, camera);
        clips.push(frames.clone().flat_map(|frame| view.frame(frame, FRAMES)).collect());
        if how.depth {
            depths.push(view.geometry(frames.start, FRAMES).depth_m);
        }
    }
    Rendered { caption: sample.caption, cameras: sample.cameras, clips, depths, moves: None }
}
