//! The texture that holds the tiles of one kind: one page of [`loop3d_scene::Packing`], with a halo.

use crate::RenderError;
use loop3d_scene::{Kind, Packing, PageRules, Scene, TileTable};

/// Where the tiles of one kind stand.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Atlas {
    /// In texels.
    pub(crate) width: usize,
    pub(crate) height: usize,
    packing: Packing,
}

impl Atlas {
    /// Packs the tiles of a kind in one texture. A kind without tiles has an atlas of one texel.
    ///
    /// # Errors
    /// They do not fit in `max_side × max_side` texels.
    pub(crate) fn pack(table: &TileTable, kind: Kind, max_side: u32) -> Result<Self, RenderError> {
        let limit = [max_side as usize; 2];
        let packing = Packing::new(table, kind, &PageRules { halo: 1, align: 1, limit });
        let tiles = || table.tiles.iter().filter(|&&t| Kind::of(t) == Some(kind)).count();
        let too_large = || RenderError::AtlasTooLarge { kind: kind.name(), tiles: tiles(), limit: max_side };
        let packing = packing.map_err(|_| too_large())?;
        let [width, height] = match packing.pages[..] {
            [] => [1, 1],
            [page] => page,
            _ => return Err(too_large()),
        };
        Ok(Self { width, height, packing })
    }

    /// The blocks that fill it.
    pub(crate) fn packing(&self) -> &Packing {
        &self.packing
    }

    /// Values of one frame.
    pub(crate) fn values(&self) -> usize {
        self.width * self.height * 4
    }

    /// Writes one frame: [`Packing::fill`].
    pub(crate) fn fill<T>(&self, scene: &Scene, frame: usize, texel: fn(u16) -> T, texels: &mut [T]) {
        self.packing.fill(0, scene, frame, texel, texels);
    }
}

/// A static texel: 16 bits to a 16-bit float, as its bits. Where dozens of thin layers lie over each other, as in leaves, their
/// roundings to 8 bits add up to more than the two steps that a picture may be off; static tiles can afford better.
pub(crate) fn to_half(value: u16) -> u16 {
    half::f16::from_f32(f32::from(value) * loop3d_scene::UNIT).to_bits()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing::hard_scene;

    #[test]
    fn too_many_tiles_name_the_limit() {
        let scene = hard_scene(1, 3);
        let (still, _) = scene.tiles.counts();
        let error = Atlas::pack(&scene.tiles, Kind::Static, 128).unwrap_err();
        assert_eq!(error, RenderError::AtlasTooLarge { kind: "static", tiles: still, limit: 128 });
        assert!(error.to_string().contains("128×128"), "{error}");
        assert!(Atlas::pack(&scene.tiles, Kind::Static, 8).is_err());
        let empty = TileTable::empty(1, 4, 4, [0, 0]);
        let atlas = Atlas::pack(&empty, Kind::Looping, 2048).unwrap();
        assert_eq!((atlas.width, atlas.height, atlas.packing().blocks.len()), (1, 1, 0));
    }
}
