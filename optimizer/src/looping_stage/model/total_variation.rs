//! Total variation in texture space (design.md, departure 9).

use super::Place;
use super::gradients::Loss;
use crate::grid::LOOPING;
use crate::kernels::lanes::Lanes;
use crate::kernels::looping::{Gradients, Rgba8};
use crate::static_stage::model::for_neighbours;
use multiversion::multiversion;

/// Weight of the total variation of colour against the robust penalty: 0.2 over 32 layers (spec §4.4 (7)).
pub const TV_RGB: f32 = 0.2 / 32.0;
/// The same for opacity, of which there is one value for three of colour.
pub const TV_ALPHA: f32 = 0.2 * 3.0 / 32.0;

/// Gradient of the L1 total variation between true neighbours of a plane, scaled by how well a texel is seen.
/// `exists` is 1 for the frames that a chunk has.
#[multiversion(targets("x86_64+avx2"))]
pub(super) fn add_total_variation(
    loss: &Loss<'_>,
    texels: &[Rgba8],
    place: &Place,
    exists: Lanes,
    out: &mut Gradients<'_>,
) {
    let grid = loss.grid;
    let (x0, y0) = ((place.column * grid.side) as i64, (place.row * grid.side) as i64);
    let value = |id: u32| {
        if id & LOOPING == 0 { loss.statics[id as usize].map(Lanes::splat) } else { texels[(id & !LOOPING) as usize] }
    };
    for_neighbours(grid, place.plane, x0, y0, |_, own, neighbour| {
        let at = (own & !LOOPING) as usize;
        let cover = if own & LOOPING == 0 { loss.static_coverage[at] } else { loss.looping_coverage[at] };
        if cover == 0.0 {
            return;
        }
        let (s, t) = (value(own), value(neighbour));
        let weight = cover.min(1.0);
        for c in 0..4 {
            let scale = weight * if c < 3 { TV_RGB } else { TV_ALPHA };
            let d = s[c].zip(t[c], |a, b| f32::from(i8::from(a > b) - i8::from(a < b))) * exists * scale;
            if own & LOOPING == 0 {
                out.statics[at][c] += d.sum();
            } else {
                out.loopings[at][c] = out.loopings[at][c] + d;
            }
        }
    });
}
