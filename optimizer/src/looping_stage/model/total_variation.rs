//! Total variation in texture space (METHOD D9, D19): the sum of |differences| of colour and of opacity between
//! true neighbours of a plane, each texel's part scaled by how well it is seen. Where a looping tile has no tile beside it,
//! its texels have nothing, transparent black, as their neighbour: what is at a rim then fades out unless the images demand it, instead of ending in a bright line. (In the static stage every place has a tile until culling.)
//!
//! Its gradient is a sum of signs. They are taken from texels as they are stored, thirty-two values at a time; where a
//! static texel meets a static one the sign is the same in all frames, and computed once.

use super::descent::{Loss, Place};
use crate::grid::{LOOPING, Rgba, TexelGrid, for_neighbours};
use crate::kernels::compositor::looping_tiles::Gradients;
use crate::kernels::lanes::{F32x8, LANES};
use crate::kernels::texel::TexelU16x8;
use multiversion::multiversion;

/// Weight of the total variation of colour against the robust penalty: 0.2 over 32 layers (METHOD §4.4 step 7).
pub const TV_RGB: f32 = 0.2 / 32.0;
/// The same for opacity, of which there is one value for three of colour.
pub const TV_ALPHA: f32 = 0.2 * 3.0 / 32.0;

/// Weight of a channel for a texel of this coverage.
#[inline(always)]
fn weight(channel: usize, coverage: f32) -> f32 {
    coverage.min(1.0) * if channel < 3 { TV_RGB } else { TV_ALPHA }
}

/// Signs of eight frames of a texel, summed over neighbours.
type Signs = [[i16; LANES]; 4];

/// Ids of the first texels of the tiles left, right, above and below of a place, where there are any.
fn around(grid: &TexelGrid, place: &Place) -> [Option<u32>; 4] {
    let (row, column) = (place.row as i64, place.column as i64);
    [(row, column - 1), (row, column + 1), (row - 1, column), (row + 1, column)]
        .map(|(row, column)| grid.first_texel(grid.table.get(place.plane, row, column)))
}

/// Adds the gradient of a place's total variation in one chunk of frames, but for pairs of static texels. `exists` is 1 for
/// the frames that the chunk has.
pub(super) fn add_total_variation(
    loss: &Loss<'_>,
    texels: &[TexelU16x8],
    place: &Place,
    exists: F32x8,
    out: &mut Gradients<'_>,
) {
    if place.first & LOOPING == 0 {
        of_static_tile(loss, texels, place, exists, out.static_texels);
    } else {
        of_looping_tile(loss, texels, place, exists, out);
    }
}

#[inline(always)]
fn stored(loss: &Loss<'_>, texels: &[TexelU16x8], id: u32) -> TexelU16x8 {
    if id & LOOPING == 0 {
        TexelU16x8::splat(loss.static_texels[id as usize])
    } else {
        texels[(id & !LOOPING) as usize]
    }
}

#[multiversion(targets("x86_64+avx2"))]
fn of_looping_tile(loss: &Loss<'_>, texels: &[TexelU16x8], place: &Place, exists: F32x8, out: &mut Gradients<'_>) {
    let side = loss.grid.side;
    let [left, right, above, below] = around(loss.grid, place);
    let first = (place.first & !LOOPING) as usize;
    let tile = &texels[first..first + side * side];
    let coverage = &loss.looping_coverage[first..first + side * side];
    let gradients = &mut out.looping_texels[place.gradient_row..place.gradient_row + side * side];
    for (i, own) in tile.iter().enumerate() {
        if coverage[i] == 0.0 {
            continue;
        }
        let (x, y) = (i % side, i / side);
        let mut signs: Signs = Default::default();
        let mut beside = |inside: bool, i: usize, tile_beside: Option<u32>, there: usize| {
            if inside {
                own.add_signs(&tile[i], &mut signs);
            } else if let Some(first) = tile_beside {
                own.add_signs(&stored(loss, texels, first + there as u32), &mut signs);
            } else {
                own.add_signs(&TexelU16x8::default(), &mut signs);
            }
        };
        beside(x > 0, i.wrapping_sub(1), left, i + side - 1);
        beside(x + 1 < side, i + 1, right, y * side);
        beside(y > 0, i.wrapping_sub(side), above, (side - 1) * side + x);
        beside(y + 1 < side, i + side, below, x);
        for c in 0..4 {
            let signs = F32x8(signs[c].map(f32::from));
            gradients[i][c] = gradients[i][c] + signs * exists * weight(c, coverage[i]);
        }
    }
}

/// The texels at the edges of a static tile, where looping tiles are beside it.
fn of_static_tile(loss: &Loss<'_>, texels: &[TexelU16x8], place: &Place, exists: F32x8, static_texels: &mut [Rgba]) {
    let side = loss.grid.side;
    for (edge, tile_beside) in around(loss.grid, place).into_iter().enumerate() {
        let Some(beside) = tile_beside.filter(|first| first & LOOPING != 0) else { continue };
        for k in 0..side {
            let (own, there) = match edge {
                0 => (k * side, k * side + side - 1),
                1 => (k * side + side - 1, k * side),
                2 => (k, (side - 1) * side + k),
                _ => ((side - 1) * side + k, k),
            };
            let at = place.first as usize + own;
            let cover = loss.static_coverage[at];
            if cover == 0.0 {
                continue;
            }
            let mut signs: Signs = Default::default();
            TexelU16x8::splat(loss.static_texels[at])
                .add_signs(&stored(loss, texels, beside + there as u32), &mut signs);
            for c in 0..4 {
                static_texels[at][c] += (F32x8(signs[c].map(f32::from)) * exists).sum() * weight(c, cover);
            }
        }
    }
}

/// Adds the gradient of all frames' total variation between the static texels of a static place to `sums`, which holds the
/// texels of this place alone.
pub(super) fn add_static_total_variation(loss: &Loss<'_>, place: &Place, sums: &mut [Rgba]) {
    let side = loss.grid.side;
    let (x0, y0) = ((place.column * side) as i64, (place.row * side) as i64);
    for_neighbours(loss.grid, place.plane, x0, y0, |i, own, neighbour| {
        let cover = loss.static_coverage[own as usize];
        if neighbour & LOOPING != 0 || cover == 0.0 {
            return;
        }
        let (s, t) = (loss.static_texels[own as usize], loss.static_texels[neighbour as usize]);
        for c in 0..4 {
            let sign = f32::from(i8::from(s[c] > t[c]) - i8::from(s[c] < t[c]));
            sums[i][c] += sign * loss.frames as f32 * weight(c, cover);
        }
    });
}
