//! Tests of the scenes, by what they are about.

mod cameras;
mod captions;
mod capture;
mod geometry;
mod glide;
mod loops;
mod truth;

use super::*;
use loop3d_scene::Camera;

/// The usual place of tests.
const MIDDLE: Standpoint = Standpoint { azimuth_deg: 30.0, elevation_deg: 12.0, distance_m: 3.0 };

/// A scene that names a thing and a ground that suits it.
fn scene(words: &str) -> Scene {
    Scene::new(&words.parse().unwrap(), 5, &MIDDLE)
}

fn camera(azimuth_deg: f64, side: u32) -> Camera {
    Standpoint { azimuth_deg: MIDDLE.azimuth_deg + azimuth_deg, ..MIDDLE }.camera(side, side)
}
