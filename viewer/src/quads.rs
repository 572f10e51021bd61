//! The rectangles of [`loop3d_scene::cover`] as instances of the draw.

use crate::atlas::Atlas;
use bytemuck::{Pod, Zeroable};
use loop3d_scene::{Kind, TileTable, cover};

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
pub(crate) fn quads(table: &TileTable, still: &Atlas, looping: &Atlas) -> Vec<Quad> {
    let rectangles = cover(table, still.packing(), looping.packing(), Kind::Looping);
    let quad = rectangles.into_iter().map(|rectangle| {
        let atlas = if rectangle.kind == Kind::Looping { looping } else { still };
        Quad {
            rectangle: rectangle.bounds,
            shift: atlas.packing().blocks[rectangle.block].shift(),
            looping: i32::from(rectangle.kind == Kind::Looping),
            plane: rectangle.plane as i32,
        }
    });
    quad.collect()
}

#[cfg(test)]
mod tests;
