//! A scene whose texels come as pictures: pages of static tiles once, pages of looping tiles frame after frame. This is how a browser
//! draws a package: whatever it decodes is copied to a texture, and from there to the atlases, on the GPU.

use crate::atlas::Atlas;
use crate::canvas::{Atlases, Canvas};
use crate::drawing::Drawing;
use crate::pages::{Coding, Copier, Copy, Source, copies, page_texture, places};
use crate::pipelines::Pipelines;
use crate::quads::quads;
use crate::ring::Ring;
use crate::view::{MAX_PLANES, Moment};
use crate::{Gpu, RenderError};
use loop3d_scene::package::{Codec, Head, Layouts, poster_packing};
use loop3d_scene::{Camera, Kind, Packing, Scene};
use std::sync::Arc;

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
    looping: Atlas,
    static_atlas: wgpu::Texture,
    /// Page by page, where it stands on the static atlas.
    static_offsets: Vec<[usize; 2]>,
    /// Sizes of the pages of static tiles that have not come yet.
    static_missing: Vec<Option<[u32; 2]>>,
    layers: Vec<wgpu::TextureView>,
    ring: Ring,
    /// The coding of the stream that was chosen, and its pages.
    stream: Option<(Copier, Vec<Source>)>,
    page_sizes: Vec<[u32; 2]>,
    has_poster: bool,
    missed: u64,
    /// The last moment that was counted.
    counted: Option<[usize; 2]>,
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
        let pages: Vec<[usize; 2]> =
            head.still.images.iter().map(|image| [image.width as usize, image.height as usize]).collect();
        let (still, static_offsets) = stacked(&scene, &layouts, &pages, gpu.max_side())?;
        let looping = Atlas::pack(&scene.tiles, Kind::Looping, gpu.max_side())?;
        if let Some(&[width, height]) = head.looping.pages.iter().find(|page| page[0].max(2 * page[1]) > gpu.max_side())
        {
            return Err(RenderError::PictureSize { width, height: 2 * height, limit: gpu.max_side() });
        }
        let layer_bytes = 4 * (looping.width * looping.height) as u64;
        let most = (loop_budget_bytes / layer_bytes).clamp(FEWEST_LAYERS, gpu.max_layers().into()) as usize;
        // wgpu's GL makes arrays of two layers or more only.
        let count = scene.frames.min(most).max(2);
        let static_atlas = atlas_texture(&gpu, "static tiles", [still.width, still.height], 1, static_format(&gpu));
        let looping_atlas = atlas_texture(&gpu, "looping tiles", [looping.width, looping.height], count, LOOPING);
        let layer = |layer: usize| {
            looping_atlas.create_view(&wgpu::TextureViewDescriptor {
                dimension: Some(wgpu::TextureViewDimension::D2),
                base_array_layer: layer as u32,
                array_layer_count: Some(1),
                ..Default::default()
            })
        };
        let layers = (0..count).map(layer).collect();
        let atlases = Atlases {
            still: static_atlas.create_view(&wgpu::TextureViewDescriptor::default()),
            looping: looping_atlas.create_view(&wgpu::TextureViewDescriptor {
                dimension: Some(wgpu::TextureViewDimension::D2Array),
                ..Default::default()
            }),
        };
        let list = quads(&scene.tiles, &still, &looping);
        let pipelines = Pipelines::new(&gpu);
        gpu.check()?;
        let ring = Ring::new(count, scene.frames, head.looping.pages.len());
        let images = head.still.images.iter();
        Ok(Self {
            drawing: Drawing::new(gpu, scene, pipelines, atlases, &list),
            layouts,
            looping,
            static_atlas,
            static_offsets,
            static_missing: images.map(|image| Some([image.width, image.height])).collect(),
            layers,
            ring,
            stream: None,
            page_sizes: head.looping.pages.clone(),
            has_poster: false,
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
        let Some(size) = self.static_missing.get_mut(page).and_then(Option::take) else { return Ok(()) };
        let gpu = &self.drawing.gpu;
        let copier = Copier::new(gpu, Coding::Straight, self.static_atlas.format());
        let atlas = [self.static_atlas.width() as usize, self.static_atlas.height() as usize];
        let copy = Copy::new(atlas, self.static_offsets[page], size.map(|side| side as usize), [0, 0], 1.0);
        let source = copier.source(gpu, page_texture(gpu, size), &[copy]);
        upload(&gpu.queue, &source.page);
        let mut encoder = gpu.device.create_command_encoder(&wgpu::CommandEncoderDescriptor::default());
        copier.copy(&mut encoder, &source, &self.drawing.atlases.still);
        gpu.queue.submit([encoder.finish()]);
        if self.has_static() {
            self.fill_halos();
        }
        self.drawing.gpu.check()
    }

    /// Whether all pages of static tiles have come.
    pub fn has_static(&self) -> bool {
        self.static_missing.iter().all(Option::is_none)
    }

    /// Static neighbours of looping tiles, in the halos of every layer.
    fn fill_halos(&self) {
        let Self { drawing: Drawing { gpu, scene, .. }, layouts, .. } = self;
        let mut places = places(&scene.tiles, &layouts.still, None);
        for place in places.iter_mut().flatten() {
            let offset = self.static_offsets[place.page];
            (place.page, place.at) = (0, [0, 1].map(|axis| place.at[axis] + offset[axis]));
        }
        let copies = copies(&scene.tiles, self.looping.packing(), &places, 1);
        let copier = Copier::new(gpu, Coding::Plain, LOOPING);
        let source = copier.source(gpu, self.static_atlas.clone(), &copies.concat());
        let mut encoder = gpu.device.create_command_encoder(&wgpu::CommandEncoderDescriptor::default());
        self.layers.iter().for_each(|layer| copier.copy(&mut encoder, &source, layer));
        gpu.queue.submit([encoder.finish()]);
    }

    /// The size of a page of the poster, in pixels; `None` where there is no such page.
    pub fn poster_size(&self, page: usize) -> Option<[u32; 2]> {
        let packing = poster_packing(&self.drawing.scene.tiles).ok()?;
        let scale = loop3d_scene::package::POSTER_SCALE;
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
        let mut encoder = gpu.device.create_command_encoder(&wgpu::CommandEncoderDescriptor::default());
        copier.copy(&mut encoder, &source, &self.layers[0]);
        gpu.queue.submit([encoder.finish()]);
        self.has_poster = true;
        gpu.check()
    }

    /// Makes room for the decoded frames of a codec.
    ///
    /// # Errors
    /// The GPU failed.
    pub fn set_codec(&mut self, codec: Codec) -> Result<(), RenderError> {
        let Drawing { gpu, scene, .. } = &self.drawing;
        let (coding, scale) = if codec == Codec::Png { (Coding::Plain, 1) } else { (Coding::Stacked, 2) };
        let places = places(&scene.tiles, &self.layouts.looping, Some(&self.layouts.gains));
        let copies = copies(&scene.tiles, self.looping.packing(), &places, self.page_sizes.len());
        let copier = Copier::new(gpu, coding, LOOPING);
        let textures = self.page_sizes.iter().map(|&[width, height]| page_texture(gpu, [width, scale * height]));
        let sources = textures.zip(&copies).map(|(page, copies)| copier.source(gpu, page, copies)).collect();
        gpu.check()?;
        self.stream = Some((copier, sources));
        Ok(())
    }

    /// The frames around a moment that should be there and of which `page` is not, the most urgent first.
    pub fn missing(&self, page: usize, time: f64, is_reverse: bool) -> Vec<usize> {
        let shown = Moment::of(time, self.drawing.scene.frames).frames;
        self.ring.missing(page, &self.ring.wanted(shown, is_reverse))
    }

    /// Copies a page of a frame that `upload` writes to a texture of the coded size, where the moment `time` has a use for it.
    /// Returns whether it has.
    ///
    /// # Errors
    /// The GPU failed.
    pub fn set_frame(
        &mut self,
        page: usize,
        frame: usize,
        time: f64,
        is_reverse: bool,
        upload: impl FnOnce(&wgpu::Queue, &wgpu::Texture),
    ) -> Result<bool, RenderError> {
        let Some((copier, sources)) = &self.stream else { return Ok(false) };
        let shown = Moment::of(time, self.drawing.scene.frames).frames;
        let wanted = self.ring.wanted(shown, is_reverse);
        let Some(source) = sources.get(page) else { return Ok(false) };
        let Some(layer) = self.ring.place(frame, page, &wanted) else { return Ok(false) };
        let gpu = &self.drawing.gpu;
        upload(&gpu.queue, &source.page);
        let mut encoder = gpu.device.create_command_encoder(&wgpu::CommandEncoderDescriptor::default());
        copier.copy(&mut encoder, source, &self.layers[layer]);
        gpu.queue.submit([encoder.finish()]);
        gpu.check()?;
        Ok(true)
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
        let texel = |texture: &wgpu::Texture| u64::from(texture.format().block_copy_size(None).unwrap_or(0));
        let still = u64::from(self.static_atlas.width()) * u64::from(self.static_atlas.height());
        let looping = 4 * (self.looping.width * self.looping.height * self.layers.len()) as u64;
        let pages: u64 = self.stream.iter().flat_map(|(_, sources)| sources).map(Source::bytes).sum();
        StreamedStatistics {
            quads: self.drawing.quad_count,
            layers: self.ring.layers(),
            bytes: still * texel(&self.static_atlas) + looping + pages + self.drawing.quad_bytes(),
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

/// The pages of static tiles as one atlas, below each other or side by side, and where each stands.
fn stacked(
    scene: &Scene,
    layouts: &Layouts,
    pages: &[[usize; 2]],
    max_side: u32,
) -> Result<(Atlas, Vec<[usize; 2]>), RenderError> {
    let most = |axis: usize| pages.iter().map(|page| page[axis]).max().unwrap_or(1);
    let along = |axis: usize| {
        let ends = pages.iter().scan(0, move |end, page| {
            *end += page[axis];
            Some(*end)
        });
        ends.zip(pages).map(move |(end, page)| end - page[axis])
    };
    let sum = |axis: usize| pages.iter().map(|page| page[axis]).sum::<usize>().max(1);
    let limit = max_side as usize;
    let (size, offsets): ([usize; 2], Vec<[usize; 2]>) = if sum(1) <= limit && most(0) <= limit {
        ([most(0), sum(1)], along(1).map(|y| [0, y]).collect())
    } else if sum(0) <= limit && most(1) <= limit {
        ([sum(0), most(1)], along(0).map(|x| [x, 0]).collect())
    } else {
        let (tiles, kind) = (scene.tiles.counts().0, Kind::Static.name());
        return Err(RenderError::AtlasTooLarge { kind, tiles, limit: max_side });
    };
    let mut blocks = layouts.still.clone();
    for block in &mut blocks {
        let offset = offsets[block.page];
        (block.page, block.at) = (0, [0, 1].map(|axis| block.at[axis] + offset[axis]));
    }
    Ok((Atlas::of(Packing { halo: 1, pages: vec![size], blocks }), offsets))
}

/// Static texels keep what multiplication with alpha leaves of them, where the GPU draws to such a texture.
fn static_format(gpu: &Gpu) -> wgpu::TextureFormat {
    gpu.tier.accumulation()
}

fn atlas_texture(
    gpu: &Gpu,
    label: &str,
    [width, height]: [usize; 2],
    layers: usize,
    format: wgpu::TextureFormat,
) -> wgpu::Texture {
    gpu.device.create_texture(&wgpu::TextureDescriptor {
        label: Some(label),
        size: wgpu::Extent3d { width: width as u32, height: height as u32, depth_or_array_layers: layers as u32 },
        mip_level_count: 1,
        sample_count: 1,
        dimension: wgpu::TextureDimension::D2,
        format,
        usage: wgpu::TextureUsages::TEXTURE_BINDING | wgpu::TextureUsages::RENDER_ATTACHMENT,
        view_formats: &[],
    })
}

#[cfg(test)]
mod tests;
