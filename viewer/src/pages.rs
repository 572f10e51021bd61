//! The pass of `pages.wgsl`: rectangles that are copied from the pages of a package to an atlas, on the GPU.

use crate::Gpu;
use crate::pipeline::{PipelineSpec, instances, pipeline, texture_entry};
use crate::texture::{texture, texture_bytes};
use bytemuck::{Pod, Zeroable};
use loop3d_scene::{Packing, TILE, TileBlock, TileTable};

/// One rectangle, as `pages.wgsl` reads it.
#[derive(Clone, Copy, Debug, PartialEq, Pod, Zeroable)]
#[repr(C)]
pub(crate) struct PageCopy {
    /// Left, upper, right, lower on the atlas, in clip space.
    bounds: [f32; 4],
    /// Page texel minus atlas texel.
    shift: [i32; 2],
    gain: f32,
}

impl PageCopy {
    /// Of `size` texels from texel `from` of a page to texel `at` of an atlas.
    pub(crate) fn new(atlas: [usize; 2], at: [usize; 2], size: [usize; 2], from: [usize; 2], gain: f32) -> Self {
        let clip = |axis: usize, texel: usize| 2.0 * texel as f32 / atlas[axis] as f32 - 1.0;
        let [left, upper] = [clip(0, at[0]), -clip(1, at[1])];
        let [right, lower] = [clip(0, at[0] + size[0]), -clip(1, at[1] + size[1])];
        let shift = [0, 1].map(|axis| from[axis] as i32 - at[axis] as i32);
        Self { bounds: [left, upper, right, lower], shift, gain }
    }
}

/// The place of a tile on the pages of one kind.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) struct PagePlace {
    pub(crate) page: usize,
    /// First texel.
    pub(crate) at: [usize; 2],
    pub(crate) gain: f32,
}

/// The place of each tile of some blocks, in the order of the table; `gains` as in a package's layouts, or none.
pub(crate) fn places(tiles: &TileTable, blocks: &[TileBlock], gains: Option<&[f32]>) -> Vec<Option<PagePlace>> {
    let mut places = vec![None; tiles.tiles.len()];
    let mut gains = gains.map(|gains| gains.iter().copied());
    for block in blocks {
        for (i, row) in block.rows.clone().enumerate() {
            for (j, column) in block.columns.clone().enumerate() {
                let gain = gains.as_mut().and_then(Iterator::next).unwrap_or(1.0);
                let at = [block.at[0] + j * TILE, block.at[1] + i * TILE];
                places[tiles.index(block.plane, row, column)] = Some(PagePlace { page: block.page, at, gain });
            }
        }
    }
    places
}

/// The copies that fill the one page of a packing, halos included, for each of the pages that `places` are on.
pub(crate) fn copies(
    tiles: &TileTable,
    packing: &Packing,
    places: &[Option<PagePlace>],
    pages: usize,
) -> Vec<Vec<PageCopy>> {
    let mut copies = vec![Vec::new(); pages];
    let Some(&size) = packing.pages.first() else { return copies };
    let inside = |index: i64, count: usize| usize::try_from(index).ok().filter(|&index| index < count);
    for piece in packing.pieces(0) {
        let [Some(row), Some(column)] = [inside(piece.row, tiles.rows), inside(piece.column, tiles.columns)] else {
            continue;
        };
        let Some(place) = places[tiles.index(piece.plane, row, column)] else { continue };
        let from = [place.at[0] + piece.from[0], place.at[1] + piece.from[1]];
        if let Some(copies) = copies.get_mut(place.page) {
            copies.push(PageCopy::new(size, piece.at, piece.size, from, place.gain));
        }
    }
    copies
}

/// How the values of a page become premultiplied texels: the fragment entry points of `pages.wgsl`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum PageCoding {
    Straight,
    Plain,
    Stacked,
    Planes,
    Poster,
}

impl PageCoding {
    fn entry(self) -> &'static str {
        match self {
            Self::Straight => "straight_pixel",
            Self::Plain => "plain_pixel",
            Self::Stacked => "stacked_pixel",
            Self::Planes => "planes_pixel",
            Self::Poster => "poster_pixel",
        }
    }
}

/// Copies pages of one coding to atlases of one format.
pub(crate) struct PageCopier {
    pipeline: wgpu::RenderPipeline,
}

impl PageCopier {
    pub(crate) fn new(gpu: &Gpu, coding: PageCoding, atlas: wgpu::TextureFormat) -> Self {
        let group = gpu.device.create_bind_group_layout(&wgpu::BindGroupLayoutDescriptor {
            label: Some("page"),
            entries: &[texture_entry(0, wgpu::TextureViewDimension::D2, false)],
        });
        let attributes = wgpu::vertex_attr_array![0 => Float32x4, 1 => Sint32x2, 2 => Float32];
        let copies = wgpu::VertexBufferLayout {
            array_stride: size_of::<PageCopy>() as u64,
            step_mode: wgpu::VertexStepMode::Instance,
            attributes: &attributes,
        };
        let spec = PipelineSpec {
            module: &gpu.device.create_shader_module(wgpu::include_wgsl!("../../shaders/pages.wgsl")),
            entries: ["copied_corner", coding.entry()],
            groups: &[&group],
            buffers: &[Some(copies)],
            topology: wgpu::PrimitiveTopology::TriangleStrip,
            blend: None,
            format: atlas,
        };
        Self { pipeline: pipeline(&gpu.device, &spec) }
    }

    /// A page and its copies, ready to be copied as often as its pixels change.
    pub(crate) fn source(&self, gpu: &Gpu, page: wgpu::Texture, copies: &[PageCopy]) -> PageSource {
        let view = page.create_view(&wgpu::TextureViewDescriptor::default());
        let group = gpu.device.create_bind_group(&wgpu::BindGroupDescriptor {
            label: Some("page"),
            layout: &self.pipeline.get_bind_group_layout(0),
            entries: &[wgpu::BindGroupEntry { binding: 0, resource: wgpu::BindingResource::TextureView(&view) }],
        });
        PageSource { page, group, copies: instances(gpu, "copies", copies), count: copies.len() as u32 }
    }

    /// Copies to atlases, or to layers of one. The rest of them is kept.
    pub(crate) fn copy(&self, gpu: &Gpu, source: &PageSource, atlases: &[&wgpu::TextureView]) {
        let mut encoder = gpu.device.create_command_encoder(&wgpu::CommandEncoderDescriptor::default());
        atlases.iter().for_each(|atlas| self.pass(&mut encoder, source, atlas));
        gpu.queue.submit([encoder.finish()]);
    }

    fn pass(&self, encoder: &mut wgpu::CommandEncoder, source: &PageSource, atlas: &wgpu::TextureView) {
        let mut pass = encoder.begin_render_pass(&wgpu::RenderPassDescriptor {
            label: Some("page"),
            color_attachments: &[Some(wgpu::RenderPassColorAttachment {
                view: atlas,
                depth_slice: None,
                resolve_target: None,
                ops: wgpu::Operations { load: wgpu::LoadOp::Load, store: wgpu::StoreOp::Store },
            })],
            ..Default::default()
        });
        pass.set_pipeline(&self.pipeline);
        pass.set_bind_group(0, &source.group, &[]);
        pass.set_vertex_buffer(0, source.copies.slice(..));
        pass.draw(0..4, 0..source.count);
    }
}

/// A page on the GPU, and the rectangles that are copied from it.
pub(crate) struct PageSource {
    pub(crate) page: wgpu::Texture,
    group: wgpu::BindGroup,
    copies: wgpu::Buffer,
    count: u32,
}

impl PageSource {
    /// GPU memory that it takes.
    pub(crate) fn bytes(&self) -> u64 {
        texture_bytes(&self.page) + self.copies.size()
    }
}

/// A texture that a browser copies images to. Browsers copy by drawing, so it is a render attachment.
pub(crate) fn page_texture(gpu: &Gpu, size: [u32; 2]) -> wgpu::Texture {
    let usage = wgpu::TextureUsages::COPY_DST | wgpu::TextureUsages::RENDER_ATTACHMENT;
    texture(gpu, "page", size, 1, wgpu::TextureFormat::Rgba8Unorm, usage)
}
