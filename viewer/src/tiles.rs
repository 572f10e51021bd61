//! The pass of `tiles.wgsl`: one instanced draw of all tiles, far to near, wherever their texels came from.

pub(crate) mod pipeline;
pub(crate) mod quads;
pub(crate) mod view;

use crate::Gpu;
use crate::canvas::{Atlases, Canvas};
use crate::pipeline::instances;
use crate::resolve::{FINISHED, OutputSize, resolve_pipeline};
use loop3d_scene::{Camera, Scene};
use pipeline::{Filter, TilePipeline};
use quads::Quad;
use std::sync::Arc;
use view::ViewUniform;

/// A scene's atlases and quads on a GPU, and the pipelines that draw them.
pub(crate) struct TilePass {
    pub(crate) gpu: Gpu,
    pub(crate) scene: Arc<Scene>,
    pub(crate) tiles: TilePipeline,
    /// Finishes images without a window.
    pub(crate) resolve: wgpu::RenderPipeline,
    pub(crate) atlases: Atlases,
    quads: wgpu::Buffer,
    pub(crate) quad_count: usize,
}

impl TilePass {
    /// Compiles the pipelines and uploads the quads.
    pub(crate) fn new(gpu: Gpu, scene: Arc<Scene>, filter: Filter, atlases: Atlases, list: &[Quad]) -> Self {
        let tiles = TilePipeline::new(&gpu, filter);
        let resolve = resolve_pipeline(&gpu, FINISHED, OutputSize::Same);
        let quads = instances(&gpu, "quads", list);
        Self { gpu, scene, tiles, resolve, atlases, quads, quad_count: list.len() }
    }

    /// GPU memory of the quads.
    pub(crate) fn quad_bytes(&self) -> u64 {
        self.quads.size()
    }

    /// Where an image of this size is drawn.
    pub(crate) fn canvas(&self, width: u32, height: u32) -> Canvas {
        Canvas::new(&self.gpu, &self.tiles, &self.resolve, &self.atlases, [width, height])
    }

    /// Writes the uniform: the camera, the layers of the looping atlas that hold the moment's two frames, and the fraction of the
    /// second.
    pub(crate) fn set_view(&self, canvas: &Canvas, camera: &Camera, layers: [u32; 2], second_fraction: f32) {
        let view = ViewUniform::new(&self.scene, camera, layers, second_fraction);
        self.gpu.queue.write_buffer(&canvas.view, 0, bytemuck::bytes_of(&view));
    }

    /// The one draw of all tiles.
    pub(crate) fn draw(&self, canvas: &Canvas, pass: &mut wgpu::RenderPass<'_>) {
        pass.set_pipeline(&self.tiles.pipeline);
        pass.set_bind_group(0, &canvas.tiles_group, &[]);
        pass.set_vertex_buffer(0, self.quads.slice(..));
        pass.draw(0..4, 0..self.quad_count as u32);
    }
}
