//! The baseline that the renderer is measured against: every plane as one rectangle over the whole image, which finds its texels in the
//! same atlases through a table. And the cost of drawing, counted.

use crate::atlas::Atlas;
use crate::pipeline::{PipelineSpec, pipeline};
use crate::tiles::pipeline::EXACT_TILES;
use crate::tiles::quads::{Quad, quads};
use crate::tiles::view::MARGIN;
use crate::{Pending, RenderError, Renderer};
use loop3d_scene::{Camera, PlaneProjector, Scene, TILE, TileKind};

/// Draws the images of one [`Renderer`] the plain way.
pub struct WholePlanes {
    pipeline: wgpu::RenderPipeline,
    pieces: wgpu::BindGroup,
    planes: u32,
}

impl WholePlanes {
    /// For a renderer's scene on its GPU.
    ///
    /// # Errors
    /// The scene does not fit the GPU.
    pub fn new(renderer: &Renderer) -> Result<Self, RenderError> {
        let (gpu, scene) = (&renderer.pass.gpu, &*renderer.pass.scene);
        let device = &gpu.device;
        let group = device.create_bind_group_layout(&wgpu::BindGroupLayoutDescriptor {
            label: Some("pieces"),
            entries: &[wgpu::BindGroupLayoutEntry {
                binding: 0,
                visibility: wgpu::ShaderStages::VERTEX_FRAGMENT,
                ty: wgpu::BindingType::Texture {
                    sample_type: wgpu::TextureSampleType::Sint,
                    view_dimension: wgpu::TextureViewDimension::D2Array,
                    multisampled: false,
                },
                count: None,
            }],
        });
        let shader = [EXACT_TILES, include_str!("../../shaders/whole_planes.wgsl")].concat();
        let module = device.create_shader_module(wgpu::ShaderModuleDescriptor {
            label: Some("whole planes"),
            source: wgpu::ShaderSource::Wgsl(shader.into()),
        });
        let spec = PipelineSpec {
            module: &module,
            entries: ["plane_corner", "plane_pixel"],
            groups: &[&renderer.pass.tiles.pipeline.get_bind_group_layout(0), &group],
            buffers: &[],
            topology: wgpu::PrimitiveTopology::TriangleList,
            blend: Some(wgpu::BlendState::PREMULTIPLIED_ALPHA_BLENDING),
            format: gpu.tier.accumulation(),
        };
        let pieces = table(scene, &packed(scene, gpu.max_side())?);
        let [width, height] = sides(scene);
        let size = wgpu::Extent3d {
            width: width as u32,
            height: height as u32,
            depth_or_array_layers: scene.planes.count as u32,
        };
        let texture = device.create_texture(&wgpu::TextureDescriptor {
            label: Some("pieces"),
            size,
            mip_level_count: 1,
            sample_count: 1,
            dimension: wgpu::TextureDimension::D2,
            format: wgpu::TextureFormat::Rgba32Sint,
            usage: wgpu::TextureUsages::TEXTURE_BINDING | wgpu::TextureUsages::COPY_DST,
            view_formats: &[],
        });
        let layout = wgpu::TexelCopyBufferLayout {
            offset: 0,
            bytes_per_row: Some(16 * width as u32),
            rows_per_image: Some(height as u32),
        };
        gpu.queue.write_texture(texture.as_image_copy(), bytemuck::cast_slice(&pieces), layout, size);
        let view = texture.create_view(&wgpu::TextureViewDescriptor {
            dimension: Some(wgpu::TextureViewDimension::D2Array),
            ..Default::default()
        });
        let entries = [wgpu::BindGroupEntry { binding: 0, resource: wgpu::BindingResource::TextureView(&view) }];
        let descriptor = wgpu::BindGroupDescriptor { label: Some("pieces"), layout: &group, entries: &entries };
        let planes = scene.planes.count as u32;
        Ok(Self { pipeline: pipeline(device, &spec), pieces: device.create_bind_group(&descriptor), planes })
    }

    /// As [`Renderer::start`], the plain way; [`Renderer::finish`] gives the image.
    ///
    /// # Errors
    /// As [`Renderer::start`].
    pub fn start(&self, renderer: &mut Renderer, camera: &Camera, time: f64) -> Result<Pending, RenderError> {
        renderer.start_with(camera, time, |_, canvas, pass| {
            pass.set_pipeline(&self.pipeline);
            pass.set_bind_group(0, &canvas.tiles_group, &[]);
            pass.set_bind_group(1, &self.pieces, &[]);
            pass.draw(0..3, 0..self.planes);
        })
    }
}

/// What an image of the reference camera costs, for each of its pixels.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Cost {
    /// Fragments that the shader runs for.
    pub shaded: f64,
    /// Those that lie on a tile, and are blended.
    pub blended: f64,
    /// Bytes of texels that the shader asks for, between two frames of the loop.
    pub bytes: f64,
    /// Bytes of the texels in the image, each read once.
    pub least_bytes: f64,
}

/// Counts what [`Renderer`] does for an image of the scene's reference camera.
///
/// # Errors
/// The scene does not fit in textures of 8192 texels.
pub fn cost(scene: &Scene) -> Result<Cost, RenderError> {
    let camera = scene.reference;
    let projector = PlaneProjector::new(&scene.reference, &scene.planes, &camera);
    let (mut shaded, mut blended, mut frames) = (0.0, 0.0, 0.0);
    for quad in packed(scene, 8192)? {
        let (offset, scale) = projector.plane_map(quad.plane as usize);
        // Along each axis a pixel's texel grows evenly.
        let inside = |axis: usize, pixels: u32, margin: f64| {
            let origin = f64::from(scene.tiles.origin_px[axis]) + 0.5;
            let [low, high] = [axis, axis + 2].map(|side| f64::from(quad.rectangle[side]));
            let texel = |pixel: u32| {
                let slope = (f64::from(pixel) + 0.5 - camera.center_px[axis]) / camera.focal_px[axis];
                offset[axis] - origin + scale[axis] * slope
            };
            (0..pixels).map(texel).filter(|t| (low - margin..high + margin).contains(t)).count() as f64
        };
        let count = |margin: f64| inside(0, camera.width, margin) * inside(1, camera.height, margin);
        shaded += count(MARGIN);
        blended += count(0.0);
        frames += count(0.0) * if quad.looping == 0 { 1.0 } else { 2.0 };
    }
    let pixels = f64::from(camera.width) * f64::from(camera.height);
    // Four texels of the filter, 8 bytes each, in a static tile or in each of two frames. Reference camera: a texel a pixel.
    let [shaded, blended, frames] = [shaded / pixels, blended / pixels, frames / pixels];
    Ok(Cost { shaded, blended, bytes: 32.0 * frames, least_bytes: 8.0 * frames })
}

fn packed(scene: &Scene, max_side: u32) -> Result<Vec<Quad>, RenderError> {
    let atlas = |kind| Atlas::pack(&scene.tiles, kind, max_side);
    Ok(quads(&scene.tiles, &atlas(TileKind::Static)?, &atlas(TileKind::Looping)?))
}

/// Pieces of a plane, across and down.
fn sides(scene: &Scene) -> [usize; 2] {
    [2 * scene.tiles.columns + 1, 2 * scene.tiles.rows + 1]
}

/// For each piece of each plane: shift x and y, kind; see `whole_planes.wgsl`.
fn table(scene: &Scene, quads: &[Quad]) -> Vec<[i32; 4]> {
    let [width, height] = sides(scene);
    let mut table = vec![[0, 0, -1, 0]; width * height * scene.planes.count];
    let piece = |cell: i32| {
        let tile = TILE as i32;
        (2 * cell.div_euclid(tile) + i32::from(cell.rem_euclid(tile) == tile - 1) + 1) as usize
    };
    for quad in quads {
        let [left, upper, right, lower] = quad.rectangle;
        for row in piece(upper)..=piece(lower - 1) {
            let start = (quad.plane as usize * height + row) * width;
            let found = [quad.shift[0], quad.shift[1], quad.looping, 0];
            table[start + piece(left)..=start + piece(right - 1)].fill(found);
        }
    }
    table
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing::{cameras, hard_scene};
    use crate::{Backend, RendererOptions};
    use std::sync::Arc;

    #[test]
    fn the_plain_way_gives_the_same_pixels() {
        let scene = Arc::new(hard_scene(4, 5));
        for backend in [Backend::Vulkan, Backend::Gl] {
            let Ok(mut renderer) =
                Renderer::new(Arc::clone(&scene), &RendererOptions { backend, ..RendererOptions::default() })
            else {
                continue;
            };
            let plain = WholePlanes::new(&renderer).unwrap();
            for camera in cameras(&scene, 5) {
                let ours = renderer.render(&camera, 1.3).unwrap();
                let pending = plain.start(&mut renderer, &camera, 1.3).unwrap();
                assert!(renderer.finish(pending).unwrap() == ours, "{backend:?}");
            }
        }
    }

    #[test]
    fn costs_of_a_plane_that_fills_the_image() {
        let mut scene = hard_scene(4, 2);
        let start = scene.tiles.index(scene.planes.count - 1, 0, 0);
        // A looping texel is read in two frames.
        for (tile, reads) in [(loop3d_scene::Tile::Static(0), 1.0), (loop3d_scene::Tile::Looping(0), 2.0)] {
            scene.tiles.tiles.fill(loop3d_scene::Tile::Empty);
            scene.tiles.tiles[start..].fill(tile);
            let cost = cost(&scene).unwrap();
            assert_eq!((cost.blended, cost.bytes, cost.least_bytes), (1.0, 32.0 * reads, 8.0 * reads));
            assert!(cost.shaded >= 1.0 && cost.shaded < 1.2, "{}", cost.shaded);
        }
    }
}
