//! Tiny captures in temporary directories.

use glam::DVec3;
use image::{Rgb, RgbImage};
use loop3d_capture::{CaptureError, Layout, LoadOptions, Normalisation, load};
use loop3d_scene::job::Unwatched;
use loop3d_scene::{Blame, Fault};
use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::sync::LazyLock;
use tempfile::TempDir;

pub type Row = [f64; 17];

/// Everything as it is.
pub static ALL: LazyLock<LoadOptions> = LazyLock::new(LoadOptions::default);

/// Pictures divided by `factor`, at most `max_height` high.
pub fn shrunk(factor: Option<u32>, max_height: Option<u32>) -> LoadOptions {
    LoadOptions { factor, max_height, ..LoadOptions::default() }
}

/// Row of a camera at `x` that looks along +z; LLFF columns are [down, right, backwards].
pub fn row(x: f64, width: u32, height: u32) -> Row {
    let (w, h) = (f64::from(width), f64::from(height));
    [0., 1., 0., x, h, 1., 0., 0., 0., w, 0., 0., -1., 0., 20., 2., 10.]
}

pub fn npy(rows: &[Row]) -> Vec<u8> {
    let header = format!("{{'descr': '<f8', 'fortran_order': False, 'shape': ({}, 17), }}\n", rows.len());
    let mut bytes = b"\x93NUMPY\x01\x00".to_vec();
    bytes.extend(u16::try_from(header.len()).unwrap().to_le_bytes());
    bytes.extend(header.as_bytes());
    bytes.extend(rows.iter().flatten().flat_map(|value| value.to_le_bytes()));
    bytes
}

/// A picture of one grey level.
pub fn picture(dir: &Path, name: &str, (width, height): (u32, u32), grey: u8) {
    let path = dir.join(name);
    fs::create_dir_all(path.parent().unwrap()).unwrap();
    RgbImage::from_pixel(width, height, Rgb([grey; 3])).save(path).unwrap();
}

pub fn video(dir: &Path, name: &str, lavfi: &str) -> PathBuf {
    let path = dir.join(name);
    fs::create_dir_all(path.parent().unwrap()).unwrap();
    let mut command = Command::new("ffmpeg");
    command.args(["-v", "error", "-y", "-f", "lavfi", "-i", lavfi, "-pix_fmt", "yuv420p"]).arg(&path);
    assert!(command.stdin(Stdio::null()).status().expect("ffmpeg is part of set-up").success());
    path
}

/// Three stills of 32×24 at x = 0, 1, 2, whose grey is 100 and their number.
pub fn stills() -> TempDir {
    let dir = tempfile::tempdir().unwrap();
    fs::write(dir.path().join("poses_bounds.npy"), npy(&[0., 1., 2.].map(|x| row(x, 32, 24)))).unwrap();
    for i in 0..3u8 {
        picture(dir.path(), &format!("images/v{i}.png"), (32, 24), 100 + i);
    }
    dir
}

/// The error of loading `dir`, which must be the footage's fault and name each of `parts`.
pub fn fault(dir: &Path, options: &LoadOptions, parts: &[&str]) -> CaptureError {
    let Err(error) = load(dir, options, &mut Unwatched) else { panic!("was read; expected an error with {parts:?}") };
    let message = error.to_string();
    for part in parts {
        assert!(message.contains(part), "'{message}' does not say '{part}'");
    }
    assert_ne!(error.fault(), Fault::Machine, "{message}");
    error
}

/// A layout by its name.
pub fn layout(name: &str) -> Layout {
    name.parse().unwrap()
}

/// A point of the poses on disk, in the normalised world.
pub fn point_in_world(normalisation: &Normalisation, point: DVec3) -> DVec3 {
    normalisation.recentring.transform_point3(normalisation.scale * point)
}
