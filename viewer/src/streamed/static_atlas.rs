//! The pages of static tiles of a package as one atlas.

use crate::atlas::Atlas;
use crate::pages::{PageCoding, PageCopier, PageCopy, PagePlace, page_texture, places};
use crate::texture::{texture, texture_bytes};
use crate::{Gpu, RenderError};
use loop3d_package_format::{Head, Layouts};
use loop3d_scene::{Packing, TileKind, TileTable};

/// The atlas of static tiles.
pub(super) struct StaticAtlas {
    texture: wgpu::Texture,
    view: wgpu::TextureView,
    /// The place of each page on the atlas.
    offsets: Vec<[usize; 2]>,
    /// Sizes of the pages that have not arrived yet.
    missing: Vec<Option<[u32; 2]>>,
}

impl StaticAtlas {
    /// An atlas without texels, and the places of its tiles. The pages are stacked below one another or side by side.
    ///
    /// # Errors
    /// They fit neither way.
    pub(super) fn new(gpu: &Gpu, head: &Head, layouts: &Layouts) -> Result<(Self, Atlas), RenderError> {
        let sizes: Vec<[u32; 2]> = head.static_tiles.images.iter().map(|image| [image.width, image.height]).collect();
        let (size, offsets) = stacked(&sizes, gpu.max_side()).ok_or_else(|| {
            let (tiles, kind) = (layouts.tiles.counts().0, TileKind::Static.name());
            RenderError::AtlasTooLarge { kind, tiles, limit: gpu.max_side() }
        })?;
        let mut blocks = layouts.static_blocks.clone();
        for block in &mut blocks {
            let offset = offsets[block.page];
            (block.page, block.at) = (0, [0, 1].map(|axis| block.at[axis] + offset[axis]));
        }
        let atlas = Atlas::of(Packing { halo: 1, pages: vec![size], blocks });
        // Premultiplied texels keep their precision where the GPU can draw to such a texture.
        let format = gpu.tier.accumulation();
        let usage = wgpu::TextureUsages::RENDER_ATTACHMENT;
        let texture = texture(gpu, "static tiles", atlas.size(), 1, format, usage);
        let view = texture.create_view(&wgpu::TextureViewDescriptor::default());
        Ok((Self { texture, view, offsets, missing: sizes.into_iter().map(Some).collect() }, atlas))
    }

    /// Copies a page that has not arrived yet: straight RGBA of 8 bits, that `upload` writes to a texture of its size.
    pub(super) fn set_page(&mut self, gpu: &Gpu, page: usize, upload: impl FnOnce(&wgpu::Queue, &wgpu::Texture)) {
        let Some(size) = self.missing.get_mut(page).and_then(Option::take) else { return };
        let copier = PageCopier::new(gpu, PageCoding::Straight, self.texture.format());
        let atlas = [self.texture.width() as usize, self.texture.height() as usize];
        let copy = PageCopy::new(atlas, self.offsets[page], size.map(|side| side as usize), [0, 0], 1.0);
        let source = copier.source(gpu, page_texture(gpu, size), &[copy]);
        upload(&gpu.queue, &source.page);
        copier.copy(gpu, &source, &[&self.view]);
    }

    /// Whether all pages have arrived.
    pub(super) fn is_whole(&self) -> bool {
        self.missing.iter().all(Option::is_none)
    }

    /// The place of each tile on the atlas.
    pub(super) fn places(&self, tiles: &TileTable, layouts: &Layouts) -> Vec<Option<PagePlace>> {
        let mut places = places(tiles, &layouts.static_blocks, None);
        for place in places.iter_mut().flatten() {
            let offset = self.offsets[place.page];
            (place.page, place.at) = (0, [0, 1].map(|axis| place.at[axis] + offset[axis]));
        }
        places
    }

    pub(super) fn texture(&self) -> &wgpu::Texture {
        &self.texture
    }

    pub(super) fn view(&self) -> &wgpu::TextureView {
        &self.view
    }

    /// GPU memory that it takes.
    pub(super) fn bytes(&self) -> u64 {
        texture_bytes(&self.texture)
    }
}

/// Size of an atlas of all pages, below each other or side by side, and the place of each; `None` where a side is over the limit.
fn stacked(pages: &[[u32; 2]], max_side: u32) -> Option<([usize; 2], Vec<[usize; 2]>)> {
    // The axis along which they follow each other.
    [1, 0].into_iter().find_map(|axis| {
        let across = pages.iter().map(|page| page[1 - axis] as usize).max().unwrap_or(1);
        let mut end = 0;
        let place = |page: &[u32; 2]| {
            let mut at = [0; 2];
            at[axis] = end;
            end += page[axis] as usize;
            at
        };
        let offsets: Vec<_> = pages.iter().map(place).collect();
        let mut size = [across; 2];
        size[axis] = end.max(1);
        size.iter().all(|&side| side <= max_side as usize).then_some((size, offsets))
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn pages_lie_below_each_other_or_where_that_is_too_high_side_by_side() {
        let pages = [[30, 50], [20, 10]];
        assert_eq!(stacked(&pages, 60), Some(([30, 60], vec![[0, 0], [0, 50]])));
        assert_eq!(stacked(&pages, 50), Some(([50, 50], vec![[0, 0], [30, 0]])));
        assert_eq!(stacked(&pages, 49), None);
        assert_eq!(stacked(&[], 49), Some(([1, 1], vec![])));
    }
}
