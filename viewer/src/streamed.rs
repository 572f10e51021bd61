//! A scene whose texels come as pictures: pages of static tiles once, pages of looping tiles frame after frame. This is how a browser
//! draws a package: whatever it decodes is copied to a texture, and from there to the atlases, on the GPU.

use crate::atlas::Atlas;
use crate::canvas::{Atlases, Canvas};
use crate::drawing::Drawing;
use crate::pages::{Coding, Copier, Source, copies, page_texture, places};
use crate::pipelines::{Filter, Pipelines};
use crate::quads::quads;
use crate::ring::Ring;
use crate::texture::{array_view, texture, texture_bytes};
use crate::view::{MAX_PLANES, Moment};
use crate::{FrameForm, Gpu, RenderError};
use loop3d_package_format::{Head, Layouts, poster_packing};
use loop3d_scene::{Camera, Kind, Packing, Scene};
use std::sync::Arc;
use still::StillAtlas;
use wgpu::TextureUsages;

mod still;

/// Fewest layers: the two of a moment, one that is being copied to, one more.
const FEWEST_LAYERS: u64 = 4;

/// Texels of the looping atlas: video has no more than 8 bits.
const LOOPING: wgpu::TextureFormat = wgpu::TextureFormat::Rgba8Unorm;

/// What a picture costs.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct StreamedStatistics {
    /// Rectangles of the one draw.
    pub quads: usize,
    /// Frames of the loop that there is room for on the GPU.
    pub layers: usize,
    /// GPU memory of atlases, pages and quads; pictures come on top.
    pub bytes: u64,
    /// Frames that were not there when a picture was to show them.
    pub missed: u64,
}

/// A package on a GPU.
pub struct Streamed {
    drawing: Drawing,
    layouts: Layouts,
    still: StillAtlas,
    looping: Atlas,
    looping_texture: wgpu::Texture,
    layers: Vec<wgpu::TextureView>,
    ring: Ring,
    /// What the last frame came in.
    stream: Option<Stream>,
    page_sizes: Vec<[u32; 2]>,
    missed: u64,
    /// The last moment that was counted.
    counted: Option<[usize; 2]>,
}

/// Pages for frames of one form.
struct Stream {
    form: FrameForm,
    copier: Copier,
    sources: Vec<Source>,
}

impl Streamed {
    /// Atlases without texels. Frames of the loop stream through as many layers as `loop_budget_bytes` hold, but four at least; where
    /// all fit, each is decoded once.
    ///
    /// # Errors
    /// The scene does not fit the GPU, or the GPU fails.
    pub fn new(gpu: Gpu, head: &Head, layouts: Layouts, loop_budget_bytes: u64) -> Result<Self, RenderError> {
        if head.planes.count > MAX_PLANES {
            return Err(RenderError::TooManyPlanes { count: head.planes.count, limit: MAX_PLANES });
        }
        let scene = Arc::new(head.bare_scene(layouts.tiles.clone()));
        let (still, still_atlas) = StillAtlas::new(&gpu, head, &layouts)?;
        let looping = Atlas::pack(&scene.tiles, Kind::Looping, gpu.max_side())?;
        if let Some(&[width, height]) = head.looping.pages.iter().find(|page| page[0].max(2 * page[1]) > gpu.max_side())
        {
            return Err(RenderError::PictureSize { width, height: 2 * height, limit: gpu.max_side() });
        }
        let layer_bytes = 4 * (looping.width * looping.height) as u64;
        let most = (loop_budget_bytes / layer_bytes).clamp(FEWEST_LAYERS, gpu.max_layers().into()) as usize;
        // wgpu's GL makes arrays of two layers or more only.
        let count = scene.frames.min(most).max(2);
        let usage = TextureUsages::RENDER_ATTACHMENT;
        let looping_texture = texture(&gpu, "looping tiles", looping.size(), count as u32, LOOPING, usage);
        let layer = |layer: usize| {
            looping_texture.create_view(&wgpu::TextureViewDescriptor {
                dimension: Some(wgpu::TextureViewDimension::D2),
                base_array_layer: layer as u32,
                array_layer_count: Some(1),
                ..Default::default()
            })
        };
        let layers = (0..count).map(layer).collect();
        let atlases = Atlases { still: still.view().clone(), looping: array_view(&looping_texture) };
        let list = quads(&scene.tiles, &still_atlas, &looping);
        let pipelines = Pipelines::new(&gpu, Filter::fast(&gpu, [still.texture().format(), LOOPING]));
        gpu.check()?;
        let ring = Ring::new(count, scene.frames, head.looping.pages.len());
        Ok(Self {
            drawing: Drawing::new(gpu, scene, pipelines, atlases, &list),
            layouts,
            still,
            looping,
            looping_texture,
            layers,
            ring,
            stream: None,
            page_sizes: head.looping.pages.clone(),
            missed: 0,
            counted: None,
        })
    }

    /// The scene, without its texels.
    pub fn scene(&self) -> &Arc<Scene> {
        &self.drawing.scene
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
        self.still.set_page(&self.drawing.gpu, page, upload);
        if self.has_static() {
            self.fill_halos();
        }
        self.drawing.gpu.check()
    }

    /// Whether all pages of static tiles have come.
    pub fn has_static(&self) -> bool {
        self.still.is_whole()
    }

    /// Static neighbours of looping tiles, in the halos of every layer.
    fn fill_halos(&self) {
        let Self { drawing: Drawing { gpu, scene, .. }, still, layouts, .. } = self;
        let copies = copies(&scene.tiles, self.looping.packing(), &still.places(&scene.tiles, layouts), 1);
        let copier = Copier::new(gpu, Coding::Plain, LOOPING);
        let source = copier.source(gpu, still.texture().clone(), &copies.concat());
        copier.copy(gpu, &source, &self.layers.iter().collect::<Vec<_>>());
    }

    /// The size of a page of the poster, in pixels; `None` where there is no such page.
    pub fn poster_size(&self, page: usize) -> Option<[u32; 2]> {
        let packing = poster_packing(&self.drawing.scene.tiles).ok()?;
        let scale = loop3d_package_format::POSTER_SCALE;
        packing.pages.get(page).map(|page| page.map(|side| (side / scale) as u32))
    }

    /// Copies a page of the poster, straight RGBA of 8 bits, that `upload` writes: what moves, at frame 0 and half the resolution, until
    /// the first frame comes.
    ///
    /// # Errors
    /// The GPU failed.
    pub fn set_poster_page(
        &mut self,
        page: usize,
        upload: impl FnOnce(&wgpu::Queue, &wgpu::Texture),
    ) -> Result<(), RenderError> {
        let (Some(size), true) = (self.poster_size(page), self.ring.is_empty()) else { return Ok(()) };
        let Drawing { gpu, scene, .. } = &self.drawing;
        let Ok(Packing { blocks, pages, .. }) = poster_packing(&scene.tiles) else { return Ok(()) };
        let places = places(&scene.tiles, &blocks, None);
        let copies = copies(&scene.tiles, self.looping.packing(), &places, pages.len());
        let copier = Copier::new(gpu, Coding::Poster, LOOPING);
        let source = copier.source(gpu, page_texture(gpu, size), &copies[page]);
        upload(&gpu.queue, &source.page);
        copier.copy(gpu, &source, &[&self.layers[0]]);
        gpu.check()
    }

    /// Whether frames may come in a form: the GPU has such textures.
    pub fn takes(&self, form: FrameForm) -> bool {
        self.page_sizes.iter().all(|&size| form.fits(&self.drawing.gpu, size))
    }

    /// The frames around a moment that should be there and of which `page` is not, the most urgent first.
    pub fn missing(&self, page: usize, time: f64, is_reverse: bool) -> Vec<usize> {
        let shown = Moment::of(time, self.drawing.scene.frames).frames;
        self.ring.missing(page, &self.ring.wanted(shown, is_reverse))
    }

    /// Copies a page of a frame that `upload` writes to a texture of its form, where the moment `time` has a use for it.
    /// Returns whether it has.
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
        let shown = Moment::of(time, self.drawing.scene.frames).frames;
        let wanted = self.ring.wanted(shown, is_reverse);
        if page >= self.page_sizes.len() || !self.takes(form) {
            return Ok(false);
        }
        let Some(layer) = self.ring.place(frame, page, &wanted) else { return Ok(false) };
        let gpu = &self.drawing.gpu;
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

    /// As [`set_frame`](Self::set_frame), of the bytes of such a texture. Too many or too few are of no use.
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
        let Drawing { gpu, scene, .. } = &self.drawing;
        let places = places(&scene.tiles, &self.layouts.looping, Some(&self.layouts.gains));
        let copies = copies(&scene.tiles, self.looping.packing(), &places, self.page_sizes.len());
        let copier = Copier::new(gpu, form.coding(), LOOPING);
        let page = |&size: &[u32; 2]| form.texture(gpu, size);
        let sources = self.page_sizes.iter().map(page).zip(&copies);
        let sources = sources.map(|(page, copies)| copier.source(gpu, page, copies)).collect();
        Stream { form, copier, sources }
    }

    /// Whether the frames of a moment are there, so that a picture of it is exact.
    pub fn is_ready(&self, time: f64) -> bool {
        let Moment { frames, second_share } = Moment::of(time, self.drawing.scene.frames);
        let needed = if second_share > 0.0 { &frames[..] } else { &frames[..1] };
        self.has_static()
            && (self.page_sizes.is_empty() || needed.iter().all(|&frame| self.ring.layer(frame).is_some()))
    }

    /// What a picture costs.
    pub fn statistics(&self) -> StreamedStatistics {
        let pages: u64 = self.stream.iter().flat_map(|stream| &stream.sources).map(Source::bytes).sum();
        let atlases = self.still.bytes() + texture_bytes(&self.looping_texture);
        StreamedStatistics {
            quads: self.drawing.quad_count,
            layers: self.ring.layers(),
            bytes: atlases + pages + self.drawing.quad_bytes(),
            missed: self.missed,
        }
    }

    /// Where a picture of this size is drawn.
    pub(crate) fn canvas(&self, width: u32, height: u32) -> Canvas {
        self.drawing.canvas(width, height)
    }

    /// The pass of the tiles; a frame that is not there is shown by the nearest one. The commands are to be submitted before the
    /// next picture is drawn.
    pub(crate) fn draw(&mut self, canvas: &Canvas, encoder: &mut wgpu::CommandEncoder, camera: &Camera, time: f64) {
        let Moment { frames, second_share } = Moment::of(time, self.drawing.scene.frames);
        // Between frames that are not both there nothing is blended.
        let needed = if second_share > 0.0 { &frames[..] } else { &frames[..1] };
        let missed = needed.iter().filter(|&&frame| self.ring.layer(frame).is_none()).count();
        let (layers, second_share) = match [self.ring.layer(frames[0]), self.ring.layer(frames[1])] {
            [Some(first), Some(second)] => ([first, second], second_share),
            [Some(only), None] | [None, Some(only)] => ([only; 2], 0.0),
            // The poster, or nothing.
            [None, None] => ([self.ring.nearest(frames[0]).unwrap_or(0); 2], 0.0),
        };
        if missed > 0 && !self.page_sizes.is_empty() && self.counted != Some(frames) {
            self.missed += missed as u64;
            self.counted = Some(frames);
        }
        self.drawing.set_view(canvas, camera, layers.map(|layer| layer as u32), second_share);
        self.drawing.draw_tiles(canvas, &mut canvas.tiles_pass(encoder, None));
    }
}

#[cfg(test)]
mod tests;
