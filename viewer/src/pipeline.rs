//! What the pipelines of all shaders have in common.

use crate::Gpu;

/// What pipelines differ in.
pub(crate) struct PipelineSpec<'a> {
    pub(crate) module: &'a wgpu::ShaderModule,
    /// Entry points of the vertex and the fragment shader.
    pub(crate) entries: [&'a str; 2],
    pub(crate) groups: &'a [&'a wgpu::BindGroupLayout],
    pub(crate) buffers: &'a [Option<wgpu::VertexBufferLayout<'a>>],
    pub(crate) topology: wgpu::PrimitiveTopology,
    pub(crate) blend: Option<wgpu::BlendState>,
    pub(crate) format: wgpu::TextureFormat,
}

/// Compiles a pipeline.
pub(crate) fn pipeline(device: &wgpu::Device, spec: &PipelineSpec<'_>) -> wgpu::RenderPipeline {
    let layout = device.create_pipeline_layout(&wgpu::PipelineLayoutDescriptor {
        label: Some(spec.entries[1]),
        bind_group_layouts: &spec.groups.iter().copied().map(Some).collect::<Vec<_>>(),
        immediate_size: 0,
    });
    device.create_render_pipeline(&wgpu::RenderPipelineDescriptor {
        label: Some(spec.entries[1]),
        layout: Some(&layout),
        vertex: wgpu::VertexState {
            module: spec.module,
            entry_point: Some(spec.entries[0]),
            compilation_options: wgpu::PipelineCompilationOptions::default(),
            buffers: spec.buffers,
        },
        primitive: wgpu::PrimitiveState { topology: spec.topology, ..Default::default() },
        depth_stencil: None,
        multisample: wgpu::MultisampleState::default(),
        fragment: Some(wgpu::FragmentState {
            module: spec.module,
            entry_point: Some(spec.entries[1]),
            compilation_options: wgpu::PipelineCompilationOptions::default(),
            targets: &[Some(wgpu::ColorTargetState {
                format: spec.format,
                blend: spec.blend,
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
