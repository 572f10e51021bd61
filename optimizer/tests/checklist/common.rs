//! Cameras, settings and tables that the tests share.

use clap::{Args, Command, FromArgMatches};
use fastrand::Rng;
use glam::{DAffine3, DQuat, DVec2, DVec3, EulerRot};
use loop3d_optimizer::config::FitConfig;
use loop3d_optimizer::grid::renumber;
use loop3d_scene::{Camera, Tile, TileTable};

/// Settings as the command line gives them.
pub fn config(arguments: &[&str]) -> FitConfig {
    let command = FitConfig::augment_args(Command::new("fit").no_binary_name(true));
    FitConfig::from_arg_matches(&command.get_matches_from(arguments)).unwrap()
}

/// A camera of `width` × `height` pixels that visit along z, principal point in the middle.
pub fn camera(width: u32, height: u32, focal_px: f64, position: DVec3) -> Camera {
    Camera {
        width,
        height,
        focal_px: DVec2::splat(focal_px),
        center_px: DVec2::new(f64::from(width), f64::from(height)) / 2.0,
        world_from_camera: DAffine3::from_translation(position),
    }
}

/// The same camera turned by angles about y, x and z in radians.
pub fn turned(camera: Camera, yaw: f64, pitch: f64, roll: f64) -> Camera {
    let turn = DQuat::from_euler(EulerRot::YXZ, yaw, pitch, roll);
    Camera { world_from_camera: DAffine3::from_rotation_translation(turn, camera.position()), ..camera }
}

/// Where the ray through a point of the picture meets the plane z = `depth` of the world; `None` behind the camera.
pub fn meet(camera: &Camera, pixel: DVec2, depth: f64) -> Option<DVec3> {
    let (origin, ray) = (camera.position(), camera.ray(pixel));
    let along = (depth - origin.z) / ray.z;
    (along.is_finite() && along > 0.0).then(|| origin + ray * along)
}

/// A table whose places are empty, static or looping by chance, numbered in table order.
pub fn random_table(planes: usize, rows: usize, columns: usize, origin_px: [i32; 2], rng: &mut Rng) -> TileTable {
    let mut table = TileTable::empty(planes, rows, columns, origin_px);
    for tile in &mut table.tiles {
        *tile = [Tile::Empty, Tile::Static(0), Tile::Looping(0)][rng.usize(0..3)];
    }
    renumber(&mut table);
    table
}

/// Peak signal to noise ratio of values in [0, 1] whose mean squared error is `error`, in dB.
pub fn psnr(error: f64) -> f64 {
    -10.0 * error.log10()
}
