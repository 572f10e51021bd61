//! A picture without a window: the finished one, and its way back to the CPU.

use crate::RenderError;
use crate::canvas::{Canvas, buffer};
use crate::drawing::Drawing;
use crate::pipelines::{PICTURE, Pipelines};
use crate::texture::texture;
use std::sync::mpsc;

/// Room for one picture without a window.
pub(crate) struct Target {
    pub(crate) canvas: Canvas,
    picture: wgpu::Texture,
    readback: wgpu::Buffer,
}

impl Target {
    pub(crate) fn new(drawing: &Drawing, width: u32, height: u32) -> Self {
        let gpu = &drawing.gpu;
        let readback_bytes = u64::from(padded_row(width)) * u64::from(height);
        Self {
            canvas: drawing.canvas(width, height),
            picture: texture(
                gpu,
                "picture",
                [width, height],
                1,
                PICTURE,
                wgpu::TextureUsages::RENDER_ATTACHMENT | wgpu::TextureUsages::COPY_SRC,
            ),
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

/// Bytes of a row in the readback buffer.
fn padded_row(width: u32) -> u32 {
    (4 * width).next_multiple_of(wgpu::COPY_BYTES_PER_ROW_ALIGNMENT)
}
