//! Where one image is drawn: the texture in which layers accumulate, and the bindings of both passes.

use crate::Gpu;
use crate::texture::{texture, texture_bytes};
use crate::tiles::pipeline::TilePipeline;
use crate::tiles::view::ViewUniform;

/// The accumulated image, and the bindings of both passes.
pub(crate) struct Canvas {
    pub(crate) width: u32,
    pub(crate) height: u32,
    pub(crate) view: wgpu::Buffer,
    pub(crate) tiles_group: wgpu::BindGroup,
    resolve_group: wgpu::BindGroup,
    accumulated: wgpu::TextureView,
}

/// The two atlases as a shader sees them.
pub(crate) struct Atlases {
    pub(crate) static_tiles: wgpu::TextureView,
    pub(crate) looping_tiles: wgpu::TextureView,
}

impl Canvas {
    /// For images of one size, drawn by `tiles` and finished by pipelines with the bindings of `resolve`.
    pub(crate) fn new(
        gpu: &Gpu,
        tiles: &TilePipeline,
        resolve: &wgpu::RenderPipeline,
        atlases: &Atlases,
        [width, height]: [u32; 2],
    ) -> Self {
        let device = &gpu.device;
        let format = gpu.tier.accumulation();
        let accumulated =
            texture(gpu, "accumulated", [width, height], 1, format, wgpu::TextureUsages::RENDER_ATTACHMENT);
        let accumulated = accumulated.create_view(&wgpu::TextureViewDescriptor::default());
        let view =
            buffer(gpu, size_of::<ViewUniform>() as u64, wgpu::BufferUsages::UNIFORM | wgpu::BufferUsages::COPY_DST);
        let entry =
            |binding, texture| wgpu::BindGroupEntry { binding, resource: wgpu::BindingResource::TextureView(texture) };
        let mut entries = vec![
            wgpu::BindGroupEntry { binding: 0, resource: view.as_entire_binding() },
            entry(1, &atlases.static_tiles),
            entry(2, &atlases.looping_tiles),
        ];
        if let Some(sampler) = &tiles.sampler {
            entries.push(wgpu::BindGroupEntry { binding: 3, resource: wgpu::BindingResource::Sampler(sampler) });
        }
        let tiles_group = device.create_bind_group(&wgpu::BindGroupDescriptor {
            label: Some("tiles"),
            layout: &tiles.pipeline.get_bind_group_layout(0),
            entries: &entries,
        });
        let resolve_group = device.create_bind_group(&wgpu::BindGroupDescriptor {
            label: Some("resolve"),
            layout: &resolve.get_bind_group_layout(0),
            entries: &[entry(0, &accumulated)],
        });
        Self { width, height, view, tiles_group, resolve_group, accumulated }
    }

    /// The pass that tiles are drawn in, over transparent black.
    pub(crate) fn tiles_pass<'e>(
        &self,
        encoder: &'e mut wgpu::CommandEncoder,
        timing: Option<wgpu::RenderPassTimestampWrites<'_>>,
    ) -> wgpu::RenderPass<'e> {
        pass(encoder, "tiles", &self.accumulated, timing)
    }

    /// GPU memory of the accumulated image.
    pub(crate) fn bytes(&self) -> u64 {
        texture_bytes(self.accumulated.texture())
    }

    /// Finishes the image in `output`, whose format `pipeline` writes.
    pub(crate) fn resolve(
        &self,
        pipeline: &wgpu::RenderPipeline,
        encoder: &mut wgpu::CommandEncoder,
        output: &wgpu::TextureView,
        timing: Option<wgpu::RenderPassTimestampWrites<'_>>,
    ) {
        let mut resolve = pass(encoder, "resolve", output, timing);
        resolve.set_pipeline(pipeline);
        resolve.set_bind_group(0, &self.resolve_group, &[]);
        resolve.draw(0..3, 0..1);
    }
}

pub(crate) fn buffer(gpu: &Gpu, size: u64, usage: wgpu::BufferUsages) -> wgpu::Buffer {
    gpu.device.create_buffer(&wgpu::BufferDescriptor { label: Some("image"), size, usage, mapped_at_creation: false })
}

fn pass<'e>(
    encoder: &'e mut wgpu::CommandEncoder,
    label: &str,
    view: &wgpu::TextureView,
    timing: Option<wgpu::RenderPassTimestampWrites<'_>>,
) -> wgpu::RenderPass<'e> {
    encoder.begin_render_pass(&wgpu::RenderPassDescriptor {
        label: Some(label),
        color_attachments: &[Some(wgpu::RenderPassColorAttachment {
            view,
            depth_slice: None,
            resolve_target: None,
            ops: wgpu::Operations { load: wgpu::LoadOp::Clear(wgpu::Color::TRANSPARENT), store: wgpu::StoreOp::Store },
        })],
        timestamp_writes: timing,
        ..Default::default()
    })
}
