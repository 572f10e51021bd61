//! The two pipelines: tiles into the accumulated picture, and that into 8 bits.

use crate::Gpu;
use crate::quads::Quad;
use crate::view::View;

/// Format of finished pictures. Not sRGB: colours are blended and kept as the footage has them, on every backend alike.
pub(crate) const PICTURE: wgpu::TextureFormat = wgpu::TextureFormat::Rgba8Unorm;

/// The shader of tiles with its filter written out.
pub(crate) const EXACT_TILES: &str =
    concat!(include_str!("../../shaders/tiles.wgsl"), include_str!("../../shaders/exact.wgsl"));
/// The same with the filter of the hardware.
const HARDWARE_TILES: &str =
    concat!(include_str!("../../shaders/tiles.wgsl"), include_str!("../../shaders/hardware.wgsl"));

/// How texels are filtered.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Filter {
    /// As the compositor does, in f32.
    Exact,
    /// As textures do, with weights of 8 bits: a quarter of the reads.
    Hardware,
}

impl Filter {
    /// The hardware's, where it filters textures of these formats.
    pub(crate) fn fast(gpu: &Gpu, formats: [wgpu::TextureFormat; 2]) -> Self {
        let filters = |format| {
            let features = gpu.adapter.get_texture_format_features(format);
            features.flags.contains(wgpu::TextureFormatFeatureFlags::FILTERABLE)
        };
        if formats.into_iter().all(filters) { Self::Hardware } else { Self::Exact }
    }
}

pub(crate) struct Pipelines {
    pub(crate) tiles: wgpu::RenderPipeline,
    pub(crate) resolve: wgpu::RenderPipeline,
    /// What the tiles' shader reads textures through, where the hardware filters.
    pub(crate) sampler: Option<wgpu::Sampler>,
}

impl Pipelines {
    /// Compiles both; the second writes pictures without a window.
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
                    min_binding_size: std::num::NonZeroU64::new(size_of::<View>() as u64),
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
            tiles: pipeline(
                device,
                &Stage {
                    module: &tiles,
                    entries: ["quad_corner", "quad_pixel"],
                    groups: &[&tiles_group],
                    buffers: &[Some(quads)],
                    topology: wgpu::PrimitiveTopology::TriangleStrip,
                    blend: Some(wgpu::BlendState::PREMULTIPLIED_ALPHA_BLENDING),
                    format: gpu.tier.accumulation(),
                },
            ),
            resolve: resolve(gpu, PICTURE, Size::Same),
            sampler: is_filtered.then(|| device.create_sampler(&bilinear)),
        }
    }
}

/// Size of a finished picture against that of the accumulated one.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Size {
    /// Texel for texel.
    Same,
    /// Any, filtered.
    Enlarged,
}

/// Compiles the pipeline that finishes a picture in a texture of the format `output`.
pub(crate) fn resolve(gpu: &Gpu, output: wgpu::TextureFormat, size: Size) -> wgpu::RenderPipeline {
    let entry = match size {
        Size::Same => "pixel",
        Size::Enlarged => "enlarged_pixel",
    };
    let group = gpu.device.create_bind_group_layout(&wgpu::BindGroupLayoutDescriptor {
        label: Some("resolve"),
        entries: &[texture_entry(0, wgpu::TextureViewDimension::D2, false)],
    });
    pipeline(
        &gpu.device,
        &Stage {
            module: &gpu.device.create_shader_module(wgpu::include_wgsl!("../../shaders/resolve.wgsl")),
            entries: ["whole_picture", entry],
            groups: &[&group],
            buffers: &[],
            topology: wgpu::PrimitiveTopology::TriangleList,
            blend: None,
            format: output,
        },
    )
}

/// What pipelines differ in.
pub(crate) struct Stage<'a> {
    pub(crate) module: &'a wgpu::ShaderModule,
    /// Vertex and fragment.
    pub(crate) entries: [&'a str; 2],
    pub(crate) groups: &'a [&'a wgpu::BindGroupLayout],
    pub(crate) buffers: &'a [Option<wgpu::VertexBufferLayout<'a>>],
    pub(crate) topology: wgpu::PrimitiveTopology,
    pub(crate) blend: Option<wgpu::BlendState>,
    pub(crate) format: wgpu::TextureFormat,
}

pub(crate) fn pipeline(device: &wgpu::Device, stage: &Stage<'_>) -> wgpu::RenderPipeline {
    let layout = device.create_pipeline_layout(&wgpu::PipelineLayoutDescriptor {
        label: Some(stage.entries[1]),
        bind_group_layouts: &stage.groups.iter().copied().map(Some).collect::<Vec<_>>(),
        immediate_size: 0,
    });
    device.create_render_pipeline(&wgpu::RenderPipelineDescriptor {
        label: Some(stage.entries[1]),
        layout: Some(&layout),
        vertex: wgpu::VertexState {
            module: stage.module,
            entry_point: Some(stage.entries[0]),
            compilation_options: wgpu::PipelineCompilationOptions::default(),
            buffers: stage.buffers,
        },
        primitive: wgpu::PrimitiveState { topology: stage.topology, ..Default::default() },
        depth_stencil: None,
        multisample: wgpu::MultisampleState::default(),
        fragment: Some(wgpu::FragmentState {
            module: stage.module,
            entry_point: Some(stage.entries[1]),
            compilation_options: wgpu::PipelineCompilationOptions::default(),
            targets: &[Some(wgpu::ColorTargetState {
                format: stage.format,
                blend: stage.blend,
                write_mask: wgpu::ColorWrites::ALL,
            })],
        }),
        multiview_mask: None,
        cache: None,
    })
}

/// A texture that the fragment shader reads, texel by texel or `filterable`.
pub(crate) fn texture_entry(
    binding: u32,
    view_dimension: wgpu::TextureViewDimension,
    filterable: bool,
) -> wgpu::BindGroupLayoutEntry {
    wgpu::BindGroupLayoutEntry {
        binding,
        visibility: wgpu::ShaderStages::FRAGMENT,
        ty: wgpu::BindingType::Texture {
            sample_type: wgpu::TextureSampleType::Float { filterable },
            view_dimension,
            multisampled: false,
        },
        count: None,
    }
}
