//! What the shaders know of the camera and the moment: the uniform of `tiles.wgsl`.

use bytemuck::{Pod, Zeroable};
use glam::{DMat3, DVec2, DVec3, Vec4};
use loop3d_scene::{Camera, PlaneProjector, Scene};

/// Most planes of a scene: 4 KiB of the 16 KiB that a uniform has everywhere.
pub(crate) const MAX_PLANES: usize = 256;

/// A quad reaches beyond its rectangle by so many texels, or pixels where those are larger: more than the 1/256 pixel that
/// rasterisers round to, so that every pixel of the rectangle is drawn.
pub(crate) const MARGIN: f64 = 0.125;

/// The uniform `View`, field for field.
#[derive(Clone, Copy, Debug, Pod, Zeroable)]
#[repr(C)]
pub(crate) struct View {
    pixel_from_slopes: [[f32; 4]; 3],
    ray_from_pixel: [[f32; 4]; 3],
    half_size: [f32; 2],
    margin: f32,
    second_share: f32,
    layers: [i32; 2],
    padding: [i32; 2],
    planes: [[f32; 4]; MAX_PLANES],
}

/// The two frames of the loop that a moment lies between, as [`loop3d_scene::render`] has them.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) struct Moment {
    /// The frame at or before the moment, and the next one round the loop.
    pub(crate) frames: [usize; 2],
    /// Share of the second frame, 0 on a frame.
    pub(crate) second_share: f32,
}

impl Moment {
    /// Of a time in frames of a loop of `frames` frames.
    pub(crate) fn of(time: f64, frames: usize) -> Self {
        let t = time.rem_euclid(frames as f64);
        let first = t as usize % frames;
        Self { frames: [first, (first + 1) % frames], second_share: t.fract() as f32 }
    }
}

impl View {
    /// What `camera` sees of `scene`, with the frames of a moment in `layers`. The scene has at most [`MAX_PLANES`] planes.
    pub(crate) fn new(scene: &Scene, camera: &Camera, layers: [u32; 2], second_share: f32) -> Self {
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
            second_share,
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
    fn a_moment_goes_round_the_loop() {
        assert_eq!(Moment::of(3.25, 5), Moment { frames: [3, 4], second_share: 0.25 });
        assert_eq!(Moment::of(4.5, 5), Moment { frames: [4, 0], second_share: 0.5 });
        assert_eq!(Moment::of(-0.5, 5), Moment { frames: [4, 0], second_share: 0.5 });
        assert_eq!(Moment::of(10.0, 5), Moment { frames: [0, 1], second_share: 0.0 });
        assert_eq!(Moment::of(7.75, 1), Moment { frames: [0, 0], second_share: 0.75 });
    }
}
