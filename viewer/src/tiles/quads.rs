//! The rectangles of [`loop3d_scene::cover`] as instances of the draw: the vertex buffer of `tiles.wgsl`.

use crate::atlas::Atlas;
use bytemuck::{Pod, Zeroable};
use loop3d_scene::{TileKind, TileTable, cover};

/// One instance of the draw, as `tiles.wgsl` reads it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Pod, Zeroable)]
#[repr(C)]
pub(crate) struct Quad {
    /// Left, upper, right, lower, between texel centres of the plane: the centre of texel i is at i.
    pub(crate) rectangle: [i32; 4],
    /// Atlas texel minus plane texel, x and y.
    pub(crate) shift: [i32; 2],
    /// 1 where the atlas is the looping one.
    pub(crate) looping: i32,
    pub(crate) plane: i32,
}

/// The rectangles of all planes, the farthest first.
pub(crate) fn quads(table: &TileTable, static_atlas: &Atlas, looping_atlas: &Atlas) -> Vec<Quad> {
    let rectangles = cover(table, static_atlas.packing(), looping_atlas.packing(), TileKind::Looping);
    let quad = rectangles.into_iter().map(|rectangle| {
        let atlas = if rectangle.kind == TileKind::Looping { looping_atlas } else { static_atlas };
        Quad {
            rectangle: rectangle.bounds,
            shift: atlas.packing().blocks[rectangle.block].shift(),
            looping: i32::from(rectangle.kind == TileKind::Looping),
            plane: rectangle.plane as i32,
        }
    });
    quad.collect()
}

#[cfg(test)]
mod tests;
