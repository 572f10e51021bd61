//! An image without a window: the finished texture, and its way back to the CPU.

use crate::RenderError;
use crate::canvas::{Canvas, buffer};
use crate::resolve::FINISHED;
use crate::texture::texture;
use crate::tiles::TilePass;
use std::sync::mpsc;

/// Room for one image without a window.
pub(crate) struct Readback {
    pub(crate) canvas: Canvas,
    finished: wgpu::Texture,
    buffer: wgpu::Buffer,
}

impl Readback {
    /// For images of one size.
    pub(crate) fn new(pass: &TilePass, width: u32, height: u32) -> Self {
        let gpu = &pass.gpu;
        let readback_bytes = u64::from(padded_row(width)) * u64::from(height);
        Self {
            canvas: pass.canvas(width, height),
            finished: texture(
                gpu,
                "finished",
                [width, height],
                1,
                FINISHED,
                wgpu::TextureUsages::RENDER_ATTACHMENT | wgpu::TextureUsages::COPY_SRC,
            ),
            buffer: buffer(gpu, readback_bytes, wgpu::BufferUsages::COPY_DST | wgpu::BufferUsages::MAP_READ),
        }
    }

    /// Finishes the image and starts it on its way to the CPU.
    pub(crate) fn resolve(&self, resolve: &wgpu::RenderPipeline, encoder: &mut wgpu::CommandEncoder) {
        let view = self.finished.create_view(&wgpu::TextureViewDescriptor::default());
        self.canvas.resolve(resolve, encoder, &view, None);
        encoder.copy_texture_to_buffer(
            self.finished.as_image_copy(),
            wgpu::TexelCopyBufferInfo {
                buffer: &self.buffer,
                layout: wgpu::TexelCopyBufferLayout {
                    offset: 0,
                    bytes_per_row: Some(padded_row(self.canvas.width)),
                    rows_per_image: Some(self.canvas.height),
                },
            },
            self.finished.size(),
        );
    }

    /// Asks for the image, after its commands were submitted. The answer comes while the device is polled.
    pub(crate) fn request(&self) -> mpsc::Receiver<Result<(), wgpu::BufferAsyncError>> {
        let (send, receive) = mpsc::channel();
        // An image that nobody waits for any more is dropped.
        self.buffer.map_async(wgpu::MapMode::Read, .., move |result| drop(send.send(result)));
        receive
    }

    /// The bytes of an image that has arrived: `[height, width, 3]`.
    pub(crate) fn rgb8(&self) -> Result<Vec<u8>, RenderError> {
        let mapped = self.buffer.get_mapped_range(..).map_err(|e| RenderError::Lost(e.to_string()))?;
        let mut rgb = Vec::with_capacity(self.canvas.width as usize * self.canvas.height as usize * 3);
        for row in mapped.chunks_exact(padded_row(self.canvas.width) as usize) {
            rgb.extend(row[..4 * self.canvas.width as usize].chunks_exact(4).flat_map(|p| [p[0], p[1], p[2]]));
        }
        drop(mapped);
        self.buffer.unmap();
        Ok(rgb)
    }
}

/// Bytes of a row in the readback buffer.
fn padded_row(width: u32) -> u32 {
    (4 * width).next_multiple_of(wgpu::COPY_BYTES_PER_ROW_ALIGNMENT)
}
