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
            clear = clear - &weight;
            covered = covered + &weight;
            mixed = mixed + layer.narrow(1, 1, 3) * &weight;
            mean = mean + &weight * *disparity;
            square = square + weight * (*disparity * *disparity);
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
