//! The uniform of `tiles.wgsl`: the camera, the planes and the moment.

use bytemuck::{Pod, Zeroable};
use glam::{DMat3, DVec2, DVec3, Vec4};
use loop3d_scene::{Camera, MAX_PLANES, PlaneProjector, Scene};

/// Texels by which a quad reaches beyond its rectangle (pixels, where those are larger). More than the 1/256 pixel that rasterisers
/// round to, so that every pixel of the rectangle is drawn.
pub(crate) const MARGIN: f64 = 0.125;

/// The struct `View` of the shader, field for field. The planes take 4 KiB of the 16 KiB that a uniform has everywhere.
#[derive(Clone, Copy, Debug, Pod, Zeroable)]
#[repr(C)]
pub(crate) struct ViewUniform {
    pixel_from_slopes: [[f32; 4]; 3],
    ray_from_pixel: [[f32; 4]; 3],
    half_size: [f32; 2],
    margin: f32,
    second_fraction: f32,
    layers: [i32; 2],
    padding: [i32; 2],
    planes: [[f32; 4]; MAX_PLANES],
}

impl ViewUniform {
    /// What `camera` sees of `scene`, with the two frames of a moment in `layers`. The scene has at most [`MAX_PLANES`] planes.
    pub(crate) fn new(scene: &Scene, camera: &Camera, layers: [u32; 2], second_fraction: f32) -> Self {
        let projector = PlaneProjector::new(&scene.reference, &scene.planes, camera);
        let half_size = DVec2::new(f64::from(camera.width), f64::from(camera.height)) / 2.0;
        // Counted from the middle, pixels lose fewer bits to f32.
        let ray_from_pixel = projector.ray_from_pixel() * DMat3::from_translation(half_size);
        let origin = DVec2::new(f64::from(scene.tiles.origin_px[0]), f64::from(scene.tiles.origin_px[1]));
        let mut planes = [[0.0; 4]; MAX_PLANES];
        let mut texels_per_pixel: f64 = 1.0;
        for plane in projector.planes() {
            let (offset, scale) = projector.plane_map(plane);
            let offset = offset - origin - 0.5;
            if let Some(slot) = planes.get_mut(plane) {
                *slot = [offset.x as f32, offset.y as f32, scale.x as f32, scale.y as f32];
            }
            texels_per_pixel = texels_per_pixel.max((scale / camera.focal_px).max_element());
        }
        Self {
            pixel_from_slopes: columns(ray_from_pixel.inverse()),
            ray_from_pixel: columns(ray_from_pixel),
            half_size: half_size.as_vec2().to_array(),
            margin: (MARGIN * texels_per_pixel) as f32,
            second_fraction,
            layers: layers.map(|layer| layer as i32),
            padding: [0; 2],
            planes,
        }
    }
}

fn columns(m: DMat3) -> [[f32; 4]; 3] {
    let column = |c: DVec3| Vec4::from((c.as_vec3(), 0.0)).to_array();
    [column(m.x_axis), column(m.y_axis), column(m.z_axis)]
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_shader_has_as_many_planes_and_a_uniform_of_the_same_size() {
        let shader = include_str!("../../../shaders/tiles.wgsl");
        assert!(shader.contains(&format!("const MAX_PLANES = {MAX_PLANES};")));
        let text = [shader, include_str!("../../../shaders/exact.wgsl")].concat();
        let module = wgpu::naga::front::wgsl::parse_str(&text).unwrap();
        let view = module.types.iter().find(|(_, ty)| ty.name.as_deref() == Some("View")).unwrap().1;
        let wgpu::naga::TypeInner::Struct { span, .. } = view.inner else { panic!("View is a struct") };
        assert_eq!(span as usize, size_of::<ViewUniform>());
    }
}
