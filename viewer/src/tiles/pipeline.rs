//! The pipeline of `tiles.wgsl`, with either filter.

use super::quads::Quad;
use super::view::ViewUniform;
use crate::Gpu;
use crate::pipeline::{PipelineSpec, pipeline, texture_entry};

/// The shader of tiles with the bilinear filter written out.
pub(crate) const EXACT_TILES: &str =
    concat!(include_str!("../../../shaders/tiles.wgsl"), include_str!("../../../shaders/exact.wgsl"));
/// The same with the filter of the hardware.
const HARDWARE_TILES: &str =
    concat!(include_str!("../../../shaders/tiles.wgsl"), include_str!("../../../shaders/hardware.wgsl"));

/// How texels are filtered.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Filter {
    /// As the CPU compositor does, in f32.
    Exact,
    /// The texture unit's, with weights of 8 bits: a quarter of the reads.
    Hardware,
}

impl Filter {
    /// [`Hardware`](Self::Hardware) where the GPU filters textures of these formats, else [`Exact`](Self::Exact).
    pub(crate) fn fast(gpu: &Gpu, formats: [wgpu::TextureFormat; 2]) -> Self {
        let filters = |format| {
            let features = gpu.adapter.get_texture_format_features(format);
            features.flags.contains(wgpu::TextureFormatFeatureFlags::FILTERABLE)
        };
        if formats.into_iter().all(filters) { Self::Hardware } else { Self::Exact }
    }
}

/// The compiled shader, and what it reads textures through.
pub(crate) struct TilePipeline {
    pub(crate) pipeline: wgpu::RenderPipeline,
    /// Where the hardware filters.
    pub(crate) sampler: Option<wgpu::Sampler>,
}

impl TilePipeline {
    /// Compiles the shader with a filter, for a GPU's accumulation format.
    pub(crate) fn new(gpu: &Gpu, filter: Filter) -> Self {
        let device = &gpu.device;
        let is_filtered = filter == Filter::Hardware;
        let tiles = device.create_shader_module(wgpu::ShaderModuleDescriptor {
            label: Some("tiles"),
            source: wgpu::ShaderSource::Wgsl(if is_filtered { HARDWARE_TILES } else { EXACT_TILES }.into()),
        });
        let mut entries = vec![
            wgpu::BindGroupLayoutEntry {
                binding: 0,
                visibility: wgpu::ShaderStages::VERTEX_FRAGMENT,
                ty: wgpu::BindingType::Buffer {
                    ty: wgpu::BufferBindingType::Uniform,
                    has_dynamic_offset: false,
                    min_binding_size: std::num::NonZeroU64::new(size_of::<ViewUniform>() as u64),
                },
                count: None,
            },
            texture_entry(1, wgpu::TextureViewDimension::D2, is_filtered),
            texture_entry(2, wgpu::TextureViewDimension::D2Array, is_filtered),
        ];
        if is_filtered {
            entries.push(wgpu::BindGroupLayoutEntry {
                binding: 3,
                visibility: wgpu::ShaderStages::FRAGMENT,
                ty: wgpu::BindingType::Sampler(wgpu::SamplerBindingType::Filtering),
                count: None,
            });
        }
        let tiles_group = device
            .create_bind_group_layout(&wgpu::BindGroupLayoutDescriptor { label: Some("tiles"), entries: &entries });
        let bilinear = wgpu::SamplerDescriptor {
            label: Some("bilinear"),
            mag_filter: wgpu::FilterMode::Linear,
            min_filter: wgpu::FilterMode::Linear,
            ..Default::default()
        };
        let attributes = wgpu::vertex_attr_array![0 => Sint32x4, 1 => Sint32x4];
        let quads = wgpu::VertexBufferLayout {
            array_stride: size_of::<Quad>() as u64,
            step_mode: wgpu::VertexStepMode::Instance,
            attributes: &attributes,
        };
        Self {
            pipeline: pipeline(
                device,
                &PipelineSpec {
                    module: &tiles,
                    entries: ["quad_corner", "quad_pixel"],
                    groups: &[&tiles_group],
                    buffers: &[Some(quads)],
                    topology: wgpu::PrimitiveTopology::TriangleStrip,
                    blend: Some(wgpu::BlendState::PREMULTIPLIED_ALPHA_BLENDING),
                    format: gpu.tier.accumulation(),
                },
            ),
            sampler: is_filtered.then(|| device.create_sampler(&bilinear)),
        }
    }
}
