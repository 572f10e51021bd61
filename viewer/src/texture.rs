//! Textures that shaders read.

use crate::Gpu;

/// A texture of one or more layers that shaders read, and what else `usage` says.
pub(crate) fn texture(
    gpu: &Gpu,
    label: &str,
    [width, height]: [u32; 2],
    layers: u32,
    format: wgpu::TextureFormat,
    usage: wgpu::TextureUsages,
) -> wgpu::Texture {
    gpu.device.create_texture(&wgpu::TextureDescriptor {
        label: Some(label),
        size: wgpu::Extent3d { width, height, depth_or_array_layers: layers },
        mip_level_count: 1,
        sample_count: 1,
        dimension: wgpu::TextureDimension::D2,
        format,
        usage: wgpu::TextureUsages::TEXTURE_BINDING | usage,
        view_formats: &[],
    })
}

/// GPU memory of a texture.
pub(crate) fn texture_bytes(texture: &wgpu::Texture) -> u64 {
    let (across, down) = texture.format().block_dimensions();
    let blocks = u64::from(texture.width().div_ceil(across)) * u64::from(texture.height().div_ceil(down));
    let layers = u64::from(texture.depth_or_array_layers());
    blocks * layers * u64::from(texture.format().block_copy_size(None).unwrap_or(0))
}

/// A view of all layers of an array, as shaders read it.
pub(crate) fn array_view(texture: &wgpu::Texture) -> wgpu::TextureView {
    texture.create_view(&wgpu::TextureViewDescriptor {
        dimension: Some(wgpu::TextureViewDimension::D2Array),
        ..Default::default()
    })
}
