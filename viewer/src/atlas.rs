//! The texture that holds the tiles of one kind: one page of [`loop3d_scene::Packing`], with a halo.

use crate::RenderError;
#[cfg(feature = "blocking")]
use loop3d_scene::Scene;
use loop3d_scene::{Packing, PageRules, TileKind, TileTable};

/// Where the tiles of one kind are in the texture.
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
    pub(crate) fn pack(table: &TileTable, kind: TileKind, max_side: u32) -> Result<Self, RenderError> {
        let limit = [max_side as usize; 2];
        let packing = Packing::new(table, kind, &PageRules { halo: 1, align: 1, limit });
        let tiles = || table.tiles.iter().filter(|&&t| TileKind::of(t) == Some(kind)).count();
        let too_large = || RenderError::AtlasTooLarge { kind: kind.name(), tiles: tiles(), limit: max_side };
        let packing = packing.map_err(|_| too_large())?;
        if packing.pages.len() > 1 { Err(too_large()) } else { Ok(Self::of(packing)) }
    }

    /// The atlas of a packing of at most one page.
    pub(crate) fn of(packing: Packing) -> Self {
        let [width, height] = packing.pages.first().copied().unwrap_or([1, 1]);
        Self { width, height, packing }
    }

    /// Width and height of its texture.
    pub(crate) fn size(&self) -> [u32; 2] {
        [self.width as u32, self.height as u32]
    }

    /// The blocks that fill it.
    pub(crate) fn packing(&self) -> &Packing {
        &self.packing
    }

    /// Values of one frame.
    #[cfg(feature = "blocking")]
    pub(crate) fn values(&self) -> usize {
        self.width * self.height * 4
    }

    /// GPU memory of one frame: 16 bits a value.
    #[cfg(feature = "blocking")]
    pub(crate) fn bytes(&self) -> u64 {
        2 * self.values() as u64
    }

    /// Writes one frame: [`Packing::fill`].
    #[cfg(feature = "blocking")]
    pub(crate) fn fill(&self, scene: &Scene, frame: usize, texel: fn(u16) -> u16, texels: &mut [u16]) {
        self.packing.fill(0, scene, frame, texel, texels);
    }
}

/// Converts a stored value for a texture of the format [`Tier::texels`](crate::Tier::texels). Never to 8 bits: where many layers overlap,
/// half a dozen that move or dozens of static leaves, the rounding would add up to more than the two steps that an image may be off.
#[cfg(feature = "blocking")]
pub(crate) fn conversion(format: wgpu::TextureFormat) -> fn(u16) -> u16 {
    match format {
        wgpu::TextureFormat::Rgba16Float => {
            |value| half::f16::from_f32(f32::from(value) * loop3d_scene::UNIT).to_bits()
        }
        _ => |value| value,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing::hard_scene;

    #[test]
    fn too_many_tiles_name_the_limit() {
        let scene = hard_scene(1, 3);
        let (static_tiles, _) = scene.tiles.counts();
        let error = Atlas::pack(&scene.tiles, TileKind::Static, 128).unwrap_err();
        assert_eq!(error, RenderError::AtlasTooLarge { kind: "static", tiles: static_tiles, limit: 128 });
        assert!(error.to_string().contains("128×128"), "{error}");
        assert!(Atlas::pack(&scene.tiles, TileKind::Static, 8).is_err());
        let empty = TileTable::empty(1, 4, 4, [0, 0]);
        let atlas = Atlas::pack(&empty, TileKind::Looping, 2048).unwrap();
        assert_eq!((atlas.width, atlas.height, atlas.packing().blocks.len()), (1, 1, 0));
    }
}
