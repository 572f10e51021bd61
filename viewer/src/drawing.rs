//! The one draw of all tiles, wherever their texels came from.

use crate::Gpu;
use crate::canvas::{Atlases, Canvas};
use crate::pipelines::Pipelines;
use crate::quads::Quad;
use crate::view::View;
use loop3d_scene::{Camera, Scene};
use std::sync::Arc;

/// A scene's atlases and quads on a GPU.
pub(crate) struct Drawing {
    pub(crate) gpu: Gpu,
    pub(crate) scene: Arc<Scene>,
    pub(crate) pipelines: Pipelines,
    pub(crate) atlases: Atlases,
    quads: wgpu::Buffer,
    pub(crate) quad_count: usize,
}

impl Drawing {
    /// Uploads the quads.
    pub(crate) fn new(gpu: Gpu, scene: Arc<Scene>, pipelines: Pipelines, atlases: Atlases, list: &[Quad]) -> Self {
        let quads = instances(&gpu, "quads", list);
        Self { gpu, scene, pipelines, atlases, quads, quad_count: list.len() }
    }

    /// GPU memory of the quads.
    pub(crate) fn quad_bytes(&self) -> u64 {
        self.quads.size()
    }

    /// Where a picture of this size is drawn.
    pub(crate) fn canvas(&self, width: u32, height: u32) -> Canvas {
        Canvas::new(&self.gpu, &self.pipelines, &self.atlases, width, height)
    }

    /// Tells the shaders what is seen, and which layers of the looping atlas hold the moment.
    pub(crate) fn set_view(&self, canvas: &Canvas, camera: &Camera, layers: [u32; 2], second_share: f32) {
        let view = View::new(&self.scene, camera, layers, second_share);
        self.gpu.queue.write_buffer(&canvas.view, 0, bytemuck::bytes_of(&view));
    }

    /// The one draw of all tiles.
    pub(crate) fn draw_tiles(&self, canvas: &Canvas, pass: &mut wgpu::RenderPass<'_>) {
        pass.set_pipeline(&self.pipelines.tiles);
        pass.set_bind_group(0, &canvas.tiles_group, &[]);
        pass.set_vertex_buffer(0, self.quads.slice(..));
        pass.draw(0..4, 0..self.quad_count as u32);
    }
}

/// A buffer of instances; room for one where there are none.
pub(crate) fn instances<T: bytemuck::Pod>(gpu: &Gpu, label: &str, list: &[T]) -> wgpu::Buffer {
    let buffer = gpu.device.create_buffer(&wgpu::BufferDescriptor {
        label: Some(label),
        size: (list.len().max(1) * size_of::<T>()) as u64,
        usage: wgpu::BufferUsages::VERTEX | wgpu::BufferUsages::COPY_DST,
        mapped_at_creation: false,
    });
    gpu.queue.write_buffer(&buffer, 0, bytemuck::cast_slice(list));
    buffer
}
