//! Static stage: a multiplane image fitted to the views' long exposures, coarse to fine, culled between levels
//! (spec §3; design.md, departures 1–3, 7).

pub mod cull;
pub mod loss;
pub mod model;
pub mod semiglobal;
pub mod sweep;

use crate::config::Level;
use crate::grid::TexelGrid;
use crate::hits::Hits;
use crate::kernels::still::{self, Rgba, TexelGradient};
use crate::layout::Layout;
use loop3d_capture::{Clip, LongExposure, long_exposure};
use loop3d_scene::Camera;
use model::StaticModel;

/// What the static stage sees of a view at one level.
#[derive(Clone, Debug)]
pub struct StaticView {
    /// Camera at the level's size.
    pub camera: Camera,
    /// Long exposure, RGB in [0, 1], row-major.
    pub picture: Vec<[f32; 3]>,
    /// The whole picture's hits are listed anew at every visit: rows × columns.
    pub size: (usize, usize),
}

impl StaticView {
    /// The hits of the whole picture.
    pub fn hits(&self, grid: &TexelGrid, layout: &Layout) -> Hits {
        let (height, width) = self.size;
        let window = crate::hits::Window { x: 0, y: 0, width, height };
        Hits::new(grid, &layout.reference, &layout.planes, &self.camera, window)
    }
}

/// The long exposure of a clip: RGB in [0, 1], row-major.
pub fn picture(clip: &Clip, mode: LongExposure) -> Vec<[f32; 3]> {
    long_exposure(clip, mode).chunks_exact(3).map(|c| [c[0], c[1], c[2]]).collect()
}

/// Learning rate of epoch `epoch`: falls exponentially to a tenth over the level.
pub fn learning_rate(level: &Level, epoch: usize) -> f32 {
    level.lr * 0.1f32.powf(epoch as f32 / level.epochs.max(1) as f32)
}

/// One step on one view; returns its mean squared error.
pub fn step(model: &mut StaticModel, hits: &Hits, picture: &[[f32; 3]], lr: f32, scratch: &mut TexelGradient) -> f64 {
    let mut forward = still::forward(hits, &model.shown);
    let exposure = loss::exposure(&forward.image, picture);
    let mut gradient: Vec<Rgba> = Vec::new();
    let error = loss::squared_error(&forward.image, picture, exposure, &mut gradient);
    still::backward(hits, &mut forward.samples, &gradient, loss::SPARSITY);
    scratch.gradient.resize(model.grid.static_texels(), [0.0; 4]);
    scratch.coverage.resize(model.grid.static_texels(), 0.0);
    still::scatter(hits, &forward.samples, &model.starts, scratch);
    model.add_total_variation(loss::TV_RGB, loss::TV_ALPHA, scratch);
    model.step(scratch, lr);
    error
}
