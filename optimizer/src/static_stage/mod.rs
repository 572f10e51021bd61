//! Static stage: a multiplane image fitted to the views' long exposures, coarse to fine, culled between levels
//! (METHOD §3, D1–D3, D7, D11–D13).

pub mod cull;
pub mod level;
pub mod loss;
pub mod model;
pub mod semiglobal;
pub mod sweep;

use crate::grid::{Rgba, TexelGrid};
use crate::hits::Hits;
use crate::kernels::compositor::static_tiles::{self, TexelGradient};
use crate::layout::Layout;
use loop3d_capture::{Clip, LongExposure, long_exposure};
use loop3d_scene::Camera;
use model::StaticModel;

/// A view at one level, as the static stage uses it.
#[derive(Clone, Debug)]
pub struct StaticView {
    /// Camera at the level's size.
    pub camera: Camera,
    /// Long exposure, RGB in [0, 1], row-major.
    pub image: Vec<[f32; 3]>,
    /// Rows × columns of the image.
    pub size: (usize, usize),
}

impl StaticView {
    /// The hits of the whole image.
    pub fn hits(&self, grid: &TexelGrid, layout: &Layout) -> Hits {
        let (height, width) = self.size;
        let window = crate::hits::Window { x: 0, y: 0, width, height };
        Hits::new(grid, &layout.reference, &layout.planes, &self.camera, window)
    }
}

/// The long exposure of a clip: RGB in [0, 1], row-major.
pub fn long_exposure_image(clip: &Clip, mode: LongExposure) -> Vec<[f32; 3]> {
    long_exposure(clip, mode).chunks_exact(3).map(|c| [c[0], c[1], c[2]]).collect()
}

/// One step on one view; returns its mean squared error.
pub fn step(model: &mut StaticModel, hits: &Hits, image: &[[f32; 3]], lr: f32, scratch: &mut TexelGradient) -> f64 {
    let mut forward = static_tiles::forward(hits, &model.shown);
    let exposure = loss::exposure(&forward.image, image);
    let mut gradient: Vec<Rgba> = Vec::new();
    let error = loss::squared_error(&forward.image, image, exposure, &mut gradient);
    static_tiles::backward(hits, &mut forward.samples, &gradient, loss::SPARSITY);
    scratch.gradient.resize(model.grid.static_texel_count(), [0.0; 4]);
    scratch.coverage.resize(model.grid.static_texel_count(), 0.0);
    static_tiles::scatter(hits, &forward.samples, &model.starts, scratch);
    model.add_total_variation(loss::TV_RGB, loss::TV_ALPHA, scratch);
    model.step(scratch, lr);
    error
}
