//! The gradients as they stand between [`LoopingModel::accumulate`] and [`LoopingModel::step`], for checks against an
//! oracle.

use super::{LoopingModel, Place, add_total_variation};
use crate::kernels::still::Rgba;

impl LoopingModel {
    /// What a step would descend, total variation included: dL/d(static texel), and
    /// dL/d(looping texel) as `[frame][texel]`.
    pub fn gradients(&self) -> (Vec<Rgba>, Vec<Vec<Rgba>>) {
        let mut statics = vec![[0.0; 4]; self.grid.static_texels()];
        let mut loopings = Vec::with_capacity(self.frames);
        for (q, chunk) in self.chunks.iter().enumerate() {
            let mut chunk = chunk.clone();
            chunk.wake(statics.len());
            for (plane, row, column, tile) in self.grid.places() {
                let Some(first) = self.grid.first_texel(tile) else { continue };
                let place = Place { plane, row, column, first };
                let (grid, frames) = (&self.grid, self.frames_of(q));
                let (still, moving) = (&self.static_coverage, &self.looping_coverage);
                add_total_variation(grid, &self.statics, &mut chunk, &place, still, moving, frames);
            }
            for (sum, share) in statics.iter_mut().zip(&chunk.static_gradient) {
                for c in 0..4 {
                    sum[c] += share[c];
                }
            }
            loopings.extend(
                (0..self.frames_of(q)).map(|lane| chunk.gradient.iter().map(|g| g.map(|c| c.0[lane])).collect()),
            );
        }
        (statics, loopings)
    }
}
