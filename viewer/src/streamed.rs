//! The renderer of packages, whose texels arrive as images: pages of static tiles once, pages of looping tiles frame after frame. A browser
//! draws a package with it: whatever the browser decodes is copied to a texture, and from there to the atlases, on the GPU.

use crate::atlas::Atlas;
use crate::canvas::{Atlases, Canvas};
use crate::pages::{PageCoding, PageCopier, PageSource, copies, page_texture, places};
use crate::ring::Ring;
use crate::texture::{array_view, texture, texture_bytes};
use crate::tiles::TilePass;
use crate::tiles::pipeline::Filter;
use crate::tiles::quads::quads;
use crate::{FrameForm, Gpu, RenderError};
use loop3d_package_format::{Head, Layouts, poster_packing};
use loop3d_scene::{Camera, MAX_PLANES, Moment, Packing, Scene, TileKind};
use static_atlas::StaticAtlas;
use std::sync::Arc;
use wgpu::TextureUsages;

mod static_atlas;

/// Fewest layers: the two of a moment, one that is being filled, and one more.
const FEWEST_LAYERS: u64 = 4;

/// Format of the looping atlas: video has no more than 8 bits.
const LOOPING: wgpu::TextureFormat = wgpu::TextureFormat::Rgba8Unorm;

/// What an image costs.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct StreamedStatistics {
    /// Rectangles of the one draw.
    pub quads: usize,
    /// Number of frames of the loop that there is room for on the GPU.
    pub layers: usize,
    /// GPU memory of atlases, pages and quads; images come on top.
    pub bytes: u64,
    /// Frames that had not arrived when an image was to show them.
    pub missed: u64,
}

/// A package on a GPU.
pub struct Streamed {
    pass: TilePass,
    layouts: Layouts,
    static_atlas: StaticAtlas,
    looping_atlas: Atlas,
    looping_texture: wgpu::Texture,
    layers: Vec<wgpu::TextureView>,
    ring: Ring,
    /// The pages that the last frame came on.
    stream: Option<Stream>,
    page_sizes: Vec<[u32; 2]>,
    missed: u64,
    /// The last moment that was counted.
    counted: Option<[usize; 2]>,
}

/// Pages for frames of one form.
struct Stream {
    form: FrameForm,
    copier: PageCopier,
    sources: Vec<PageSource>,
}

impl Streamed {
    /// Atlases without texels. Frames of the loop stream through as many layers as fit in `loop_budget_bytes`, but at least four. Where
    /// all frames fit, each is decoded once.
    ///
    /// # Errors
    /// The scene does not fit the GPU, or the GPU fails.
    pub fn new(gpu: Gpu, head: &Head, layouts: Layouts, loop_budget_bytes: u64) -> Result<Self, RenderError> {
        if head.planes.count > MAX_PLANES {
            return Err(RenderError::TooManyPlanes { count: head.planes.count, limit: MAX_PLANES });
        }
        let scene = Arc::new(head.bare_scene(layouts.tiles.clone()));
        let (static_atlas, static_places) = StaticAtlas::new(&gpu, head, &layouts)?;
        let looping_atlas = Atlas::pack(&scene.tiles, TileKind::Looping, gpu.max_side())?;
        if let Some(&[width, height]) =
            head.looping_tiles.pages.iter().find(|page| page[0].max(2 * page[1]) > gpu.max_side())
        {
            return Err(RenderError::ImageSize { width, height: 2 * height, limit: gpu.max_side() });
        }
        let layer_bytes = 4 * (looping_atlas.width * looping_atlas.height) as u64;
        let most = (loop_budget_bytes / layer_bytes).clamp(FEWEST_LAYERS, gpu.max_layers().into()) as usize;
        // wgpu's GL backend makes arrays of at least two layers.
        let count = scene.frames.min(most).max(2);
        let usage = TextureUsages::RENDER_ATTACHMENT;
        let looping_texture = texture(&gpu, "looping tiles", looping_atlas.size(), count as u32, LOOPING, usage);
        let layer = |layer: usize| {
            looping_texture.create_view(&wgpu::TextureViewDescriptor {
                dimension: Some(wgpu::TextureViewDimension::D2),
                base_array_layer: layer as u32,
                array_layer_count: Some(1),
                ..Default::default()
            })
        };
        let layers = (0..count).map(layer).collect();
        let atlases =
            Atlases { static_tiles: static_atlas.view().clone(), looping_tiles: array_view(&looping_texture) };
        let list = quads(&scene.tiles, &static_places, &looping_atlas);
        let filter = Filter::fast(&gpu, [static_atlas.texture().format(), LOOPING]);
        gpu.check()?;
        let ring = Ring::new(count, scene.frames, head.looping_tiles.pages.len());
        Ok(Self {
            pass: TilePass::new(gpu, scene, filter, atlases, &list),
            layouts,
            static_atlas,
            looping_atlas,
            looping_texture,
            layers,
            ring,
            stream: None,
            page_sizes: head.looping_tiles.pages.clone(),
            missed: 0,
            counted: None,
        })
    }

    /// The scene, without its texels.
    pub fn scene(&self) -> &Arc<Scene> {
        &self.pass.scene
    }

    /// Copies a page of static tiles, straight RGBA of 8 bits, that `upload` writes to a texture of its size.
    ///
    /// # Errors
    /// The GPU failed.
    pub fn set_static_page(
        &mut self,
        page: usize,
        upload: impl FnOnce(&wgpu::Queue, &wgpu::Texture),
    ) -> Result<(), RenderError> {
        self.static_atlas.set_page(&self.pass.gpu, page, upload);
        if self.has_static() {
            self.fill_halos();
        }
        self.pass.gpu.check()
    }

    /// Whether all pages of static tiles have arrived.
    pub fn has_static(&self) -> bool {
        self.static_atlas.is_whole()
    }

    /// Copies the static neighbours of looping tiles to the halos of every layer.
    fn fill_halos(&self) {
        let Self { pass: TilePass { gpu, scene, .. }, static_atlas, layouts, .. } = self;
        let copies = copies(&scene.tiles, self.looping_atlas.packing(), &static_atlas.places(&scene.tiles, layouts), 1);
        let copier = PageCopier::new(gpu, PageCoding::Plain, LOOPING);
        let source = copier.source(gpu, static_atlas.texture().clone(), &copies.concat());
        copier.copy(gpu, &source, &self.layers.iter().collect::<Vec<_>>());
    }

    /// The size of a page of the poster, in pixels; `None` where there is no such page.
    pub fn poster_size(&self, page: usize) -> Option<[u32; 2]> {
        let packing = poster_packing(&self.pass.scene.tiles).ok()?;
        let scale = loop3d_package_format::POSTER_SCALE;
        packing.pages.get(page).map(|page| page.map(|side| (side / scale) as u32))
    }

    /// Copies a page of the poster, straight RGBA of 8 bits, that `upload` writes. It shows the looping tiles, at frame 0 and half the
    /// resolution, until the first frame arrives.
    ///
    /// # Errors
    /// The GPU failed.
    pub fn set_poster_page(
        &mut self,
        page: usize,
        upload: impl FnOnce(&wgpu::Queue, &wgpu::Texture),
    ) -> Result<(), RenderError> {
        let (Some(size), true) = (self.poster_size(page), self.ring.is_empty()) else { return Ok(()) };
        let TilePass { gpu, scene, .. } = &self.pass;
        let Ok(Packing { blocks, pages, .. }) = poster_packing(&scene.tiles) else { return Ok(()) };
        let places = places(&scene.tiles, &blocks, None);
        let copies = copies(&scene.tiles, self.looping_atlas.packing(), &places, pages.len());
        let copier = PageCopier::new(gpu, PageCoding::Poster, LOOPING);
        let source = copier.source(gpu, page_texture(gpu, size), &copies[page]);
        upload(&gpu.queue, &source.page);
        copier.copy(gpu, &source, &[&self.layers[0]]);
        gpu.check()
    }

    /// Whether the GPU has textures for frames of a form.
    pub fn takes(&self, form: FrameForm) -> bool {
        self.page_sizes.iter().all(|&size| form.fits(&self.pass.gpu, size))
    }

    /// The frames wanted around a moment whose page `page` has not arrived, the most urgent first.
    pub fn missing(&self, page: usize, time: f64, is_reverse: bool) -> Vec<usize> {
        let shown = Moment::of(time, self.pass.scene.frames).frames;
        self.ring.missing(page, &self.ring.wanted(shown, is_reverse))
    }

    /// Copies a page of a frame that `upload` writes to a texture of its form, if the frame is wanted at the moment `time`.
    /// Returns whether it is.
    ///
    /// # Errors
    /// The GPU failed.
    pub fn set_frame(
        &mut self,
        [page, frame]: [usize; 2],
        time: f64,
        is_reverse: bool,
        form: FrameForm,
        upload: impl FnOnce(&wgpu::Queue, &wgpu::Texture),
    ) -> Result<bool, RenderError> {
        let shown = Moment::of(time, self.pass.scene.frames).frames;
        let wanted = self.ring.wanted(shown, is_reverse);
        if page >= self.page_sizes.len() || !self.takes(form) {
            return Ok(false);
        }
        let Some(layer) = self.ring.place(frame, page, &wanted) else { return Ok(false) };
        let gpu = &self.pass.gpu;
        let stream = match self.stream.take().filter(|stream| stream.form == form) {
            Some(stream) => stream,
            None => self.new_stream(form),
        };
        let source = &stream.sources[page];
        upload(&gpu.queue, &source.page);
        stream.copier.copy(gpu, source, &[&self.layers[layer]]);
        self.stream = Some(stream);
        gpu.check()?;
        Ok(true)
    }

    /// As [`set_frame`](Self::set_frame), from the bytes of such a texture. Too many or too few bytes are ignored.
    ///
    /// # Errors
    /// The GPU failed.
    pub fn set_frame_bytes(
        &mut self,
        place: [usize; 2],
        time: f64,
        is_reverse: bool,
        form: FrameForm,
        bytes: &[u8],
    ) -> Result<bool, RenderError> {
        let Some(&size) = self.page_sizes.get(place[0]) else { return Ok(false) };
        let [row_bytes, rows] = form.rows(size);
        if bytes.len() as u64 != u64::from(row_bytes) * u64::from(rows) {
            return Ok(false);
        }
        self.set_frame(place, time, is_reverse, form, |queue, texture| {
            let layout =
                wgpu::TexelCopyBufferLayout { offset: 0, bytes_per_row: Some(row_bytes), rows_per_image: Some(rows) };
            queue.write_texture(texture.as_image_copy(), bytes, layout, texture.size());
        })
    }

    fn new_stream(&self, form: FrameForm) -> Stream {
        let TilePass { gpu, scene, .. } = &self.pass;
        let places = places(&scene.tiles, &self.layouts.looping_blocks, Some(&self.layouts.gains));
        let copies = copies(&scene.tiles, self.looping_atlas.packing(), &places, self.page_sizes.len());
        let copier = PageCopier::new(gpu, form.coding(), LOOPING);
        let page = |&size: &[u32; 2]| form.texture(gpu, size);
        let sources = self.page_sizes.iter().map(page).zip(&copies);
        let sources = sources.map(|(page, copies)| copier.source(gpu, page, copies)).collect();
        Stream { form, copier, sources }
    }

    /// Whether the frames of a moment have arrived, so that an image of it is exact.
    pub fn is_ready(&self, time: f64) -> bool {
        let Moment { frames, second_fraction } = Moment::of(time, self.pass.scene.frames);
        let needed = if second_fraction > 0.0 { &frames[..] } else { &frames[..1] };
        self.has_static()
            && (self.page_sizes.is_empty() || needed.iter().all(|&frame| self.ring.layer(frame).is_some()))
    }

    /// What an image costs.
    pub fn statistics(&self) -> StreamedStatistics {
        let pages: u64 = self.stream.iter().flat_map(|stream| &stream.sources).map(PageSource::bytes).sum();
        let atlases = self.static_atlas.bytes() + texture_bytes(&self.looping_texture);
        StreamedStatistics {
            quads: self.pass.quad_count,
            layers: self.ring.layers(),
            bytes: atlases + pages + self.pass.quad_bytes(),
            missed: self.missed,
        }
    }

    /// Where an image of this size is drawn.
    pub(crate) fn canvas(&self, width: u32, height: u32) -> Canvas {
        self.pass.canvas(width, height)
    }

    /// Encodes the pass of the tiles. A missing frame is replaced by the nearest one. The commands must be submitted before the next
    /// image is drawn.
    pub(crate) fn draw(&mut self, canvas: &Canvas, encoder: &mut wgpu::CommandEncoder, camera: &Camera, time: f64) {
        let Moment { frames, second_fraction } = Moment::of(time, self.pass.scene.frames);
        // Nothing is blended unless both frames have arrived.
        let needed = if second_fraction > 0.0 { &frames[..] } else { &frames[..1] };
        let missed = needed.iter().filter(|&&frame| self.ring.layer(frame).is_none()).count();
        let (layers, second_fraction) = match [self.ring.layer(frames[0]), self.ring.layer(frames[1])] {
            [Some(first), Some(second)] => ([first, second], second_fraction),
            [Some(only), None] | [None, Some(only)] => ([only; 2], 0.0),
            // The poster, or nothing.
            [None, None] => ([self.ring.nearest(frames[0]).unwrap_or(0); 2], 0.0),
        };
        if missed > 0 && !self.page_sizes.is_empty() && self.counted != Some(frames) {
            self.missed += missed as u64;
            self.counted = Some(frames);
        }
        self.pass.set_view(canvas, camera, layers.map(|layer| layer as u32), second_fraction);
        self.pass.draw(canvas, &mut canvas.tiles_pass(encoder, None));
    }
}

#[cfg(test)]
mod tests;
