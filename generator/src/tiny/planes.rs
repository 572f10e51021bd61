//! What another camera sees of a picture whose pixels lie on planes before its own camera: the planes are warped and composited
//! from the nearest on, as in a multi-plane image (Tucker and Snavely, "Single-View View Synthesis with Multiplane Images", 2020).
//!
//! Planes are parallel to the picture, evenly spaced in disparity (1/m), and numbered from infinity to the nearest.

use glam::{DAffine3, DVec2, DVec3};
use loop3d_scene::Camera;
use tch::{Device, Kind, Tensor};

/// Depth of the nearest plane in metres. The ground at the lower edge of the lowest camera's picture is about there.
pub const NEAR_M: f64 = 1.0;
/// A surface that hides another is known to be there where at least this much of a pixel's probability lies behind it.
const LEAST: f64 = 0.05;
/// Share of the farthest plane where nothing is seen.
const BACKGROUND: f64 = 1e-3;

/// Disparity of each plane in 1/m.
#[must_use]
pub fn disparities(planes: i64) -> Vec<f64> {
    (0..planes).map(|plane| plane as f64 / ((planes - 1).max(1) as f64 * NEAR_M)).collect()
}

/// Depths `[b, h, w]` in metres → the place between the planes, 0…planes − 1.
pub fn places(depths: &Tensor, planes: i64) -> Tensor {
    let last = (planes - 1) as f64;
    (depths.reciprocal() * (last * NEAR_M)).clamp(0.0, last)
}

/// What a camera sees of a picture.
#[derive(Debug)]
pub struct Seen {
    /// Colours `[b, 3, h, w]`. Where little is seen, those of what is farthest.
    pub pixels: Tensor,
    /// How much of each pixel is seen, 0…1: `[b, 1, h, w]`.
    pub coverage: Tensor,
    /// Disparity in the picture's camera, `[b, 1, h, w]`, in 1/m.
    pub disparity: Tensor,
}

/// The way from a picture to what another camera sees.
#[derive(Debug)]
pub struct Warp {
    /// For each pixel that is seen: where it lies in the picture at infinity, and how it moves from there with the disparity, in
    /// the coordinates of libtorch's samplers; `[h, w, 2]` each.
    far: Tensor,
    slope: Tensor,
}

impl Warp {
    /// From the picture of `from` to that of `to`.
    #[must_use]
    pub fn new(from: &Camera, to: &Camera) -> Self {
        let relative: DAffine3 = from.world_from_camera.inverse() * to.world_from_camera;
        let origin: DVec3 = relative.translation;
        let size = DVec2::new(f64::from(from.width), f64::from(from.height));
        // In focal lengths from the centre → −1…1 between the picture's edges.
        let coordinates = |place: DVec2| (place * from.focal_px + from.center_px) / size * 2.0 - 1.0;
        let (mut far, mut slope) = (Vec::new(), Vec::new());
        for row in 0..to.height {
            for column in 0..to.width {
                let pixel = DVec2::new(f64::from(column) + 0.5, f64::from(row) + 0.5);
                let direction = ((pixel - to.center_px) / to.focal_px).extend(1.0);
                let direction = relative.transform_vector3(direction);
                // A ray that runs away from the picture's planes meets none of them: it is seen far outside.
                let ahead = direction.truncate() / direction.z.max(1e-3);
                // The point at disparity d is at ahead + d · (origin − origin.z · ahead), in focal lengths.
                let moves = (origin.truncate() - ahead * origin.z) * from.focal_px / size * 2.0;
                far.extend(coordinates(ahead).to_array().map(|x| x as f32));
                slope.extend(moves.to_array().map(|x| x as f32));
            }
        }
        let shape = [i64::from(to.height), i64::from(to.width), 2];
        Self { far: Tensor::from_slice(&far).reshape(shape), slope: Tensor::from_slice(&slope).reshape(shape) }
    }

    /// What is seen of pictures `[b, 3, h, w]` whose pixels lie on planes with these probabilities `[b, planes, h, w]`.
    #[must_use]
    pub fn see(&self, pictures: &Tensor, planes: &Tensor) -> Seen {
        let disparities = disparities(planes.size()[1]);
        // How likely a pixel is on a plane if it is on none that is nearer.
        let opacity = planes / planes.cumsum(1, planes.kind()).clamp_min(LEAST);
        let zero = planes.narrow(1, 0, 1).zeros_like();
        let mut clear = zero.ones_like();
        let [mut covered, mut mean, mut square] = [0, 1, 2].map(|_| zero.shallow_clone());
        let mut mixed = Tensor::zeros(pictures.size(), (pictures.kind(), pictures.device()));
        for (plane, disparity) in disparities.iter().enumerate().rev() {
            let layer = Tensor::cat(&[opacity.narrow(1, plane as i64, 1), pictures.shallow_clone()], 1);
            let layer = sampled(&layer, &(&self.far + &self.slope * *disparity), Edge::Empty);
            let weight = &clear * layer.narrow(1, 0, 1);
            clear = &clear - &weight;
            covered = &covered + &weight;
            mixed = &mixed + layer.narrow(1, 1, 3) * &weight;
            mean = &mean + &weight * *disparity;
            square = &square + weight * (*disparity * *disparity);
        }
        let whole = &covered + BACKGROUND;
        let background = sampled(pictures, &self.far, Edge::Repeated);
        let mixed = (mixed + background * BACKGROUND) / &whole;
        let [mean, square] = [mean, square].map(|sum| sum / &whole);
        // On a surface between two planes the mixture of both is blurred: there the colour is taken at the exact disparity.
        let grid = self.far.unsqueeze(0) + self.slope.unsqueeze(0) * mean.squeeze_dim(1).unsqueeze(-1);
        let exact = sampled(pictures, &grid, Edge::Repeated);
        let spacing = disparities.get(1).copied().unwrap_or(1.0);
        let spread = ((square - mean.square()) / (spacing * spacing)).clamp_min(0.0);
        let doubt = (spread - 0.5).clamp(0.0, 1.0);
        let pixels = &exact + doubt * (mixed - &exact);
        Seen { pixels, coverage: covered.clamp(0.0, 1.0), disparity: mean }
    }
}

/// What is beyond the edges of a picture.
#[derive(Clone, Copy, PartialEq)]
enum Edge {
    Empty,
    Repeated,
}

/// Bilinear samples of `[b, c, h, w]` at `[h, w, 2]` or `[b, h, w, 2]`.
fn sampled(x: &Tensor, grid: &Tensor, edge: Edge) -> Tensor {
    let grid = if grid.dim() == 3 { grid.unsqueeze(0) } else { grid.shallow_clone() };
    let [h, w] = [1, 2].map(|axis| grid.size()[axis]);
    let grid = grid.expand([x.size()[0], h, w, 2], false);
    x.grid_sampler(&grid, 0, i64::from(edge == Edge::Repeated), false)
}

/// Places between planes `[b, h, w]` as probabilities `[b, planes, h, w]`: shared by the two planes around it.
pub fn shared(places: &Tensor, planes: i64) -> Tensor {
    let numbers = Tensor::arange(planes, (Kind::Float, Device::Cpu)).reshape([1, planes, 1, 1]);
    (1.0f64 - (places.unsqueeze(1) - numbers).abs()).clamp_min(0.0)
}

#[cfg(test)]
mod tests {
    use super::*;
    use loop3d_sample::scenes::{Caption, Scene, Standpoint, View};
    use loop3d_torch::weights::normals;

    const SIDE: u32 = 64;

    fn camera(azimuth_deg: f64, side: u32) -> Camera {
        Standpoint { azimuth_deg, elevation_deg: 12.0, distance_m: 3.0 }.camera(side, side)
    }

    fn random(seed: u64, shape: &[i64]) -> Tensor {
        Tensor::from_slice(&normals(seed, shape.iter().product::<i64>() as usize, 1.0)).reshape(shape)
    }

    fn off(a: &Tensor, b: &Tensor) -> f64 {
        (a - b).abs().max().double_value(&[])
    }

    #[test]
    fn the_own_camera_sees_the_picture() {
        let camera = camera(0.0, 24);
        let (picture, planes) = (random(1, &[2, 3, 24, 24]), random(2, &[2, 5, 24, 24]).softmax(1, Kind::Float));
        let seen = Warp::new(&camera, &camera).see(&picture, &planes);
        assert!(off(&seen.pixels, &picture) < 1e-4);
        // What is less likely than LEAST is not counted as covered.
        assert!(off(&seen.coverage, &seen.coverage.ones_like()) < LEAST);
    }

    /// The same by hand in f64, pixel by pixel: coverage and disparity of one picture.
    fn by_hand(planes: &Tensor, from: &Camera, to: &Camera) -> Vec<[f64; 2]> {
        let [count, h, w] = [1, 2, 3].map(|axis| planes.size()[axis]);
        let at = |plane: i64, y: i64, x: i64| {
            if x < 0 || y < 0 || x >= w || y >= h {
                return 0.0;
            }
            let behind: f64 = (0..=plane).map(|p| planes.double_value(&[0, p, y, x])).sum();
            planes.double_value(&[0, plane, y, x]) / behind.max(LEAST)
        };
        let mut seen = Vec::new();
        for row in 0..to.height {
            for column in 0..to.width {
                let ray = to.ray(DVec2::new(f64::from(column) + 0.5, f64::from(row) + 0.5));
                let (mut clear, mut covered, mut mean) = (1.0, 0.0, 0.0);
                for (plane, disparity) in disparities(count).iter().enumerate().rev() {
                    // Where the ray meets the plane, in the world; far away for the plane at infinity.
                    let depth = 1.0 / disparity.max(1e-9);
                    let inverse = from.world_from_camera.inverse();
                    let (origin, way) = (inverse.transform_point3(to.position()), inverse.transform_vector3(ray));
                    let point = from.world_from_camera.transform_point3(origin + way * ((depth - origin.z) / way.z));
                    let Some(pixel) = from.project(point) else { continue };
                    let (x, y) = (pixel.x - 0.5, pixel.y - 0.5);
                    let (left, top) = (x.floor(), y.floor());
                    let (fx, fy) = (x - left, y - top);
                    let corner = |dx: i64, dy: i64| at(plane as i64, top as i64 + dy, left as i64 + dx);
                    let opacity = (corner(0, 0) * (1.0 - fx) + corner(1, 0) * fx) * (1.0 - fy)
                        + (corner(0, 1) * (1.0 - fx) + corner(1, 1) * fx) * fy;
                    let weight = clear * opacity;
                    clear -= weight;
                    covered += weight;
                    mean += weight * disparity;
                }
                seen.push([covered, mean / (covered + BACKGROUND)]);
            }
        }
        seen
    }

    #[test]
    fn another_camera_sees_what_is_composited_by_hand() {
        let (from, to) = (camera(0.0, 16), camera(25.0, 16));
        let planes = (random(3, &[1, 6, 16, 16]) * 2.0).softmax(1, Kind::Float);
        let seen = Warp::new(&from, &to).see(&random(4, &[1, 3, 16, 16]), &planes);
        let expected = by_hand(&planes, &from, &to);
        for (index, [covered, mean]) in expected.iter().enumerate() {
            let place = [0, 0, index as i64 / 16, index as i64 % 16];
            assert!((seen.coverage.double_value(&place) - covered).abs() < 1e-3, "{place:?}");
            assert!((seen.disparity.double_value(&place) - mean).abs() < 1e-3, "{place:?}");
        }
        // Not everything is seen from there, or the test would say little.
        assert!(expected.iter().any(|[covered, _]| *covered < 0.2));
    }

    #[test]
    fn true_depth_gives_nearly_the_true_view() {
        let caption: Caption = "a red flag waving on grass, before a wall".parse().unwrap();
        let scene = Scene::new(&caption, 7, &Standpoint { azimuth_deg: 0.0, elevation_deg: 12.0, distance_m: 3.0 });
        let view = |azimuth_deg: f64| View::new(&scene, &camera(azimuth_deg, SIDE));
        let side = i64::from(SIDE);
        let picture = |view: &View<'_>| {
            let bytes = Tensor::from_slice(&view.frame(0, 16)).reshape([1, side, side, 3]).to_kind(Kind::Float);
            (bytes / 127.5 - 1.0).permute([0, 3, 1, 2])
        };
        let (from, to) = (view(0.0), picture(&view(10.0)));
        let depth = Tensor::from_slice(&from.geometry(0, 16).depth_m).reshape([1, side, side]);
        let planes = shared(&places(&depth, 16), 16);
        let see = |angle: f64| Warp::new(&camera(0.0, SIDE), &camera(angle, SIDE)).see(&picture(&from), &planes);
        // Where the first camera saw what is there.
        let covered = see(10.0).coverage.gt(0.9).to_kind(Kind::Float);
        assert!(covered.mean(Kind::Float).double_value(&[]) > 0.7);
        let off = |x: &Tensor| ((x - &to).square() * &covered).mean(Kind::Double).double_value(&[]);
        let error = |angle: f64| off(&see(angle).pixels);
        let copied = off(&picture(&from));
        // 3 dB better than no change; the other way round it is worse than that.
        assert!(error(10.0) < 0.5 * copied, "{} {copied}", error(10.0));
        assert!(error(-10.0) > copied);
    }

    #[test]
    fn places_are_shared_between_two_planes() {
        let depths = Tensor::from_slice(&[1.0f32, 60.0, 2.0, 0.3]).reshape([1, 2, 2]);
        let found = places(&depths, 16);
        let planes = shared(&found, 16);
        let numbers = Tensor::arange(16, (Kind::Float, Device::Cpu)).reshape([1, 16, 1, 1]);
        assert!(off(&(&planes * numbers).sum_dim_intlist(1, false, Kind::Float), &found) < 1e-5);
        assert!(off(&planes.sum_dim_intlist(1, false, Kind::Float), &found.ones_like()) < 1e-6);
        let expected = [15.0, 0.25, 7.5, 15.0];
        for (index, expected) in (0..).zip(expected) {
            assert!((found.double_value(&[0, index / 2, index % 2]) - expected).abs() < 1e-5);
        }
    }
}
