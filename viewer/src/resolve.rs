//! The pass of `resolve.wgsl`: turns the accumulated image into 8 bits over black, as large as it is or enlarged.

use crate::Gpu;
use crate::pipeline::{PipelineSpec, pipeline, texture_entry};

/// Format of finished images without a window. Not sRGB: colours are blended and kept as the footage has them, on every backend alike.
pub(crate) const FINISHED: wgpu::TextureFormat = wgpu::TextureFormat::Rgba8Unorm;

/// Size of a finished image relative to the accumulated one.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum OutputSize {
    /// Texel for texel.
    Same,
    /// Any, filtered.
    Enlarged,
}

/// Compiles the pipeline that finishes an image in a texture of the format `output`.
pub(crate) fn resolve_pipeline(gpu: &Gpu, output: wgpu::TextureFormat, size: OutputSize) -> wgpu::RenderPipeline {
    let entry = match size {
        OutputSize::Same => "pixel",
        OutputSize::Enlarged => "enlarged_pixel",
    };
    let group = gpu.device.create_bind_group_layout(&wgpu::BindGroupLayoutDescriptor {
        label: Some("resolve"),
        entries: &[texture_entry(0, wgpu::TextureViewDimension::D2, false)],
    });
    pipeline(
        &gpu.device,
        &PipelineSpec {
            module: &gpu.device.create_shader_module(wgpu::include_wgsl!("../../shaders/resolve.wgsl")),
            entries: ["whole_image", entry],
            groups: &[&group],
            buffers: &[],
            topology: wgpu::PrimitiveTopology::TriangleList,
            blend: None,
            format: output,
        },
    )
}
