//! Cameras as the model takes them: the 12 numbers of the published form, and for each token the ray through its middle.
//!
//! A ray is its direction d and its moment o × d (Plücker coordinates) in the first camera's frame, in metres, with their sines
//! and cosines at π and 2π (generate-tiny §3).

use super::config::SPACE;
use glam::{DAffine3, DVec2};
use loop3d_scene::Camera;
use tch::Tensor;

/// Numbers of a camera.
pub const CAMERA: i64 = 12;
/// Features of a ray.
pub const RAY: i64 = 6 * 5;
/// Features of a token's place in its image.
pub const PLACE: i64 = 2 * 5;

/// Poses relative to the first one, `[v, 12]`, row by row.
pub fn poses(cameras: &[Camera]) -> Tensor {
    let numbers: Vec<f32> = relative(cameras)
        .flat_map(|pose| {
            let columns = pose.matrix3.transpose().to_cols_array_2d();
            let t = pose.translation.to_array();
            (0..3).flat_map(move |row| columns[row].into_iter().chain([t[row]])).collect::<Vec<_>>()
        })
        .map(|x| x as f32)
        .collect();
    Tensor::from_slice(&numbers).reshape([-1, CAMERA])
}

/// Rays of all tokens, `[v, h/8, w/8, 30]`.
pub fn rays(cameras: &[Camera]) -> Tensor {
    let mut numbers = Vec::new();
    for (camera, pose) in cameras.iter().zip(relative(cameras)) {
        for pixel in middles(camera) {
            let direction = ((pixel - camera.center_px) / camera.focal_px).extend(1.0);
            let direction = pose.transform_vector3(direction).normalize();
            let moment = pose.translation.cross(direction);
            waves(&mut numbers, &[direction.to_array(), moment.to_array()].concat());
        }
    }
    grid(cameras, &numbers, RAY)
}

/// Where the tokens are in their images, in focal lengths from the centre, `[v, h/8, w/8, 10]`.
pub fn places(cameras: &[Camera]) -> Tensor {
    let mut numbers = Vec::new();
    for camera in cameras {
        for pixel in middles(camera) {
            waves(&mut numbers, &((pixel - camera.center_px) / camera.focal_px).to_array());
        }
    }
    grid(cameras, &numbers, PLACE)
}

fn relative(cameras: &[Camera]) -> impl Iterator<Item = DAffine3> + '_ {
    let first = cameras.first().map_or(DAffine3::IDENTITY, |camera| camera.world_from_camera.inverse());
    cameras.iter().map(move |camera| first * camera.world_from_camera)
}

/// The middles of a camera's tokens, row by row.
fn middles(camera: &Camera) -> impl Iterator<Item = DVec2> + use<> {
    let side = SPACE as u32;
    let [columns, rows] = [camera.width / side, camera.height / side];
    let middle = move |n: u32| (f64::from(n) + 0.5) * SPACE as f64;
    (0..rows).flat_map(move |row| (0..columns).map(move |column| DVec2::new(middle(column), middle(row))))
}

/// The numbers themselves, then their sines and cosines at π and 2π.
fn waves(features: &mut Vec<f32>, numbers: &[f64]) {
    features.extend(numbers.iter().map(|x| *x as f32));
    for frequency in [std::f64::consts::PI, std::f64::consts::TAU] {
        features.extend(numbers.iter().map(|x| (frequency * x).sin() as f32));
        features.extend(numbers.iter().map(|x| (frequency * x).cos() as f32));
    }
}

fn grid(cameras: &[Camera], numbers: &[f32], features: i64) -> Tensor {
    let [w, h] =
        cameras.first().map_or([1, 1], |camera| [camera.width, camera.height].map(|side| i64::from(side) / SPACE));
    Tensor::from_slice(numbers).reshape([-1, h, w, features])
}

#[cfg(test)]
mod tests {
    use super::*;
    use glam::DVec3;
    use loop3d_sample::scenes::Standpoint;

    #[test]
    fn a_ray_runs_through_the_middle_of_its_token() {
        let at = |azimuth_deg| Standpoint { azimuth_deg, elevation_deg: 10.0, distance_m: 3.0 }.camera(64, 48);
        let cameras = [at(40.0), at(55.0)];
        let found = rays(&cameras);
        assert_eq!(found.size(), [2, 6, 8, RAY]);
        let number = |view: i64, row: i64, column: i64, part: i64| found.double_value(&[view, row, column, part]);
        for (view, camera) in (0..).zip(&cameras) {
            for (row, column) in [(0, 0), (3, 5), (5, 7)] {
                let vector =
                    |from: i64| DVec3::from_array([0, 1, 2].map(|part| number(view, row, column, from + part)));
                let (direction, moment) = (vector(0), vector(3));
                // The point of the line that is nearest to the origin, and one two metres further on.
                let nearest = direction.cross(moment) / direction.length_squared();
                let point = cameras[0].world_from_camera.transform_point3(nearest + direction * 5.0);
                let pixel = camera.project(point).unwrap();
                let expected = DVec2::new(8.0 * column as f64 + 4.0, 8.0 * row as f64 + 4.0);
                assert!(pixel.distance(expected) < 1e-3, "{view} {row} {column}: {pixel}");
                for part in 0..6 {
                    let value = number(view, row, column, part);
                    let waves = [6, 12, 18, 24].map(|block| number(view, row, column, block + part));
                    let pi = std::f64::consts::PI;
                    let expected =
                        [(pi * value).sin(), (pi * value).cos(), (2.0 * pi * value).sin(), (2.0 * pi * value).cos()];
                    assert!(waves.iter().zip(expected).all(|(a, b)| (a - b).abs() < 1e-5));
                }
            }
        }
        // The published numbers: the first camera is the world.
        let first: Vec<f64> = (0..CAMERA).map(|i| poses(&cameras).double_value(&[0, i])).collect();
        let itself = [1.0, 0.0, 0.0, 0.0, 0.0, 1.0, 0.0, 0.0, 0.0, 0.0, 1.0, 0.0];
        assert!(first.iter().zip(itself).all(|(a, b)| (a - b).abs() < 1e-12));
    }
}
