//! What one picture in flight needs of its own: the accumulated picture; and where it is no window's, the finished one and its way back
//! to the CPU.

use crate::drawing::Drawing;
use crate::pipelines::{PICTURE, Pipelines};
use crate::view::View;
use crate::{Gpu, RenderError};
use std::sync::mpsc;

/// Where tiles are drawn.
pub(crate) struct Canvas {
    pub(crate) width: u32,
    pub(crate) height: u32,
    pub(crate) view: wgpu::Buffer,
    pub(crate) tiles_group: wgpu::BindGroup,
    resolve_group: wgpu::BindGroup,
    accumulated: wgpu::TextureView,
}

/// Room for one picture without a window.
pub(crate) struct Target {
    pub(crate) canvas: Canvas,
    picture: wgpu::Texture,
    readback: wgpu::Buffer,
}

/// The two atlases as a shader sees them.
pub(crate) struct Atlases {
    pub(crate) still: wgpu::TextureView,
    pub(crate) looping: wgpu::TextureView,
}

impl Canvas {
    pub(crate) fn new(gpu: &Gpu, pipelines: &Pipelines, atlases: &Atlases, width: u32, height: u32) -> Self {
        let device = &gpu.device;
        let accumulated = texture(gpu, [width, height], gpu.tier.accumulation(), wgpu::TextureUsages::TEXTURE_BINDING);
        let accumulated = accumulated.create_view(&wgpu::TextureViewDescriptor::default());
        let view = buffer(gpu, size_of::<View>() as u64, wgpu::BufferUsages::UNIFORM | wgpu::BufferUsages::COPY_DST);
        let entry =
            |binding, texture| wgpu::BindGroupEntry { binding, resource: wgpu::BindingResource::TextureView(texture) };
        let tiles_group = device.create_bind_group(&wgpu::BindGroupDescriptor {
            label: Some("tiles"),
            layout: &pipelines.tiles.get_bind_group_layout(0),
            entries: &[
                wgpu::BindGroupEntry { binding: 0, resource: view.as_entire_binding() },
                entry(1, &atlases.still),
                entry(2, &atlases.looping),
            ],
        });
        let resolve_group = device.create_bind_group(&wgpu::BindGroupDescriptor {
            label: Some("resolve"),
            layout: &pipelines.resolve.get_bind_group_layout(0),
            entries: &[entry(0, &accumulated)],
        });
        Self { width, height, view, tiles_group, resolve_group, accumulated }
    }

    /// The pass that tiles are drawn in, over nothing.
    pub(crate) fn tiles_pass<'e>(
        &self,
        encoder: &'e mut wgpu::CommandEncoder,
        timing: Option<wgpu::RenderPassTimestampWrites<'_>>,
    ) -> wgpu::RenderPass<'e> {
        pass(encoder, "tiles", &self.accumulated, timing)
    }

    /// GPU memory of the accumulated picture.
    pub(crate) fn bytes(&self) -> u64 {
        let texture = self.accumulated.texture();
        let texel = texture.format().block_copy_size(None).unwrap_or(0);
        u64::from(self.width) * u64::from(self.height) * u64::from(texel)
    }

    /// Finishes the picture in `output`, whose format `pipeline` writes.
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

impl Target {
    pub(crate) fn new(drawing: &Drawing, width: u32, height: u32) -> Self {
        let gpu = &drawing.gpu;
        let readback_bytes = u64::from(padded_row(width)) * u64::from(height);
        Self {
            canvas: drawing.canvas(width, height),
            picture: texture(gpu, [width, height], PICTURE, wgpu::TextureUsages::COPY_SRC),
            readback: buffer(gpu, readback_bytes, wgpu::BufferUsages::COPY_DST | wgpu::BufferUsages::MAP_READ),
        }
    }

    /// Finishes the picture and starts it on its way to the CPU.
    pub(crate) fn resolve(&self, pipelines: &Pipelines, encoder: &mut wgpu::CommandEncoder) {
        let view = self.picture.create_view(&wgpu::TextureViewDescriptor::default());
        self.canvas.resolve(&pipelines.resolve, encoder, &view, None);
        encoder.copy_texture_to_buffer(
            self.picture.as_image_copy(),
            wgpu::TexelCopyBufferInfo {
                buffer: &self.readback,
                layout: wgpu::TexelCopyBufferLayout {
                    offset: 0,
                    bytes_per_row: Some(padded_row(self.canvas.width)),
                    rows_per_image: Some(self.canvas.height),
                },
            },
            self.picture.size(),
        );
    }

    /// Asks for the picture, after its commands were submitted. The answer comes while the device is polled.
    pub(crate) fn request(&self) -> mpsc::Receiver<Result<(), wgpu::BufferAsyncError>> {
        let (send, receive) = mpsc::channel();
        // A picture that nobody waits for any more is dropped.
        self.readback.map_async(wgpu::MapMode::Read, .., move |result| drop(send.send(result)));
        receive
    }

    /// The bytes of a picture that has arrived: `[height, width, 3]`.
    pub(crate) fn rgb8(&self) -> Result<Vec<u8>, RenderError> {
        let mapped = self.readback.get_mapped_range(..).map_err(|e| RenderError::Lost(e.to_string()))?;
        let mut rgb = Vec::with_capacity(self.canvas.width as usize * self.canvas.height as usize * 3);
        for row in mapped.chunks_exact(padded_row(self.canvas.width) as usize) {
            rgb.extend(row[..4 * self.canvas.width as usize].chunks_exact(4).flat_map(|p| [p[0], p[1], p[2]]));
        }
        drop(mapped);
        self.readback.unmap();
        Ok(rgb)
    }
}

fn texture(
    gpu: &Gpu,
    [width, height]: [u32; 2],
    format: wgpu::TextureFormat,
    usage: wgpu::TextureUsages,
) -> wgpu::Texture {
    gpu.device.create_texture(&wgpu::TextureDescriptor {
        label: Some("picture"),
        size: wgpu::Extent3d { width, height, depth_or_array_layers: 1 },
        mip_level_count: 1,
        sample_count: 1,
        dimension: wgpu::TextureDimension::D2,
        format,
        usage: wgpu::TextureUsages::RENDER_ATTACHMENT | usage,
        view_formats: &[],
    })
}

fn buffer(gpu: &Gpu, size: u64, usage: wgpu::BufferUsages) -> wgpu::Buffer {
    gpu.device.create_buffer(&wgpu::BufferDescriptor { label: Some("picture"), size, usage, mapped_at_creation: false })
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

/// Bytes of a row in the readback buffer.
fn padded_row(width: u32) -> u32 {
    (4 * width).next_multiple_of(wgpu::COPY_BYTES_PER_ROW_ALIGNMENT)
}
