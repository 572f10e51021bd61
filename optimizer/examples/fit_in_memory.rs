//! Fits a scene to a capture that is made in code: three cameras before a wall whose brightness pulses.
#![allow(clippy::print_stdout, reason = "an example shows its result")]

use glam::{DAffine3, DVec2, DVec3};
use loop3d_capture::{Capture, Clip, Normalisation, View};
use loop3d_optimizer::config::{FitConfig, PlaneCount, Preset};
use loop3d_optimizer::error::FitError;
use loop3d_optimizer::fit::{FitInput, fit};
use loop3d_scene::Camera;
use loop3d_scene::job::Unwatched;

/// A view of the wall at depth 3, from `x` to the right of the middle: 24 frames, three rounds of the pulse.
fn view(x: f64) -> View {
    let camera = Camera {
        width: 40,
        height: 24,
        focal_px: DVec2::splat(40.0),
        center_px: DVec2::new(20.0, 12.0),
        world_from_camera: DAffine3::from_translation(DVec3::new(x, 0.0, 0.0)),
    };
    let value = |t: u32, row: u32, column: u32| {
        let ray = camera.ray(DVec2::new(f64::from(column) + 0.5, f64::from(row) + 0.5));
        let point = camera.position() + ray * (3.0 / ray.z);
        let pulse = (f64::from(t) * std::f64::consts::TAU / 8.0).sin();
        (128.0 + 60.0 * (4.0 * point.x).sin() * (5.0 * point.y).cos() + 30.0 * pulse) as u8
    };
    let pixels = (0..24).flat_map(|t| (0..24).flat_map(move |row| (0..40).map(move |column| (t, row, column))));
    let rgb = pixels.flat_map(|(t, row, column)| [value(t, row, column); 3]).collect();
    View { name: format!("{x:+}"), camera, clip: Clip { width: 40, height: 24, frames: 24, rgb } }
}

fn main() -> Result<(), FitError> {
    let views = [-0.3, 0.0, 0.3].map(view).into();
    let capture = Capture { views, fps: 8.0, near: 2.0, far: 4.0, normalisation: Normalisation::default() };
    let config = FitConfig { preset: Preset::Draft, planes: PlaneCount::Count(4), ..FitConfig::default() };
    let scene = fit(FitInput { capture: &capture, config: &config, held_out: &[] }, None, &mut Unwatched)?;
    let (static_tiles, looping_tiles) = scene.tiles.counts();
    println!("{static_tiles} static and {looping_tiles} looping tiles, {} frames", scene.frames);
    Ok(())
}
