//! Several cameras beside each other for each frame: two eyes side by side, or the views of a quilt for a light-field display.
//!
//! All look the same way, and their images are shifted so that what lies at the depth of the focus is at the same place in all:
//! that is where the screen seems to be. No eye leaves the box around the captured positions.

use crate::failure::mistake;
use anyhow::Result;
use glam::DVec3;
use loop3d_scene::{Camera, Scene, Shot};
use std::path::{Path, PathBuf};

/// Parallax between the nearest and the farthest depth that two eyes see without `--eye-distance`, over the width of the image: what
/// films in stereo keep to.
const PARALLAX: f64 = 0.02;

/// Where the images of one frame go.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Eyes {
    /// One image.
    One,
    /// Left eye on the left, right eye on the right; this far apart, in units of the scene's world.
    SideBySide { distance: f64 },
    /// Views from left to right, the first at the lower left, row by row upwards; the outermost this far apart.
    Quilt { columns: u32, rows: u32, distance: f64 },
}

/// `COLUMNSxROWS` of a quilt.
pub fn parse_quilt(text: &str) -> Result<[u32; 2], String> {
    let expected = || "expected COLUMNSxROWS such as 8x6, 2 to 400 views".to_owned();
    let (columns, rows) = text.split_once(['x', 'X', '×']).ok_or_else(expected)?;
    let [columns, rows] = [columns, rows].map(|side| side.parse::<u32>().ok().filter(|side| (1..=400).contains(side)));
    columns.zip(rows).map(|(c, r)| [c, r]).filter(|[c, r]| (2..=400).contains(&(c * r))).ok_or_else(expected)
}

/// The captured positions from left to right, in the axes of the reference camera.
fn range(scene: &Scene) -> [f64; 2] {
    let reference_from_world = scene.reference.world_from_camera.inverse();
    let across = scene.views.iter().map(|view| reference_from_world.transform_point3(view.camera.position()).x);
    across.fold([0.0, 0.0], |[low, high], x| [x.min(low), x.max(high)])
}

/// The distance of two eyes: the one asked for, or one that shows depth comfortably, within the captured range. And a note where it
/// is less than what was asked for.
///
/// # Errors
/// It is no positive number.
pub fn distance_of_two(scene: &Scene, asked: Option<f64>) -> Result<(f64, Option<String>)> {
    if let Some(asked) = asked.filter(|asked| !(asked.is_finite() && *asked > 0.0)) {
        return Err(mistake(format!("--eye-distance: found {asked}, expected a positive number")));
    }
    let Camera { width, focal_px, .. } = scene.reference;
    let apart = 1.0 / scene.planes.near - 1.0 / scene.planes.far;
    let usual = PARALLAX * f64::from(width) / (focal_px.x * apart);
    let [low, high] = range(scene);
    let wanted = asked.unwrap_or(usual);
    // A scene filmed from one place says nothing about how far one may go.
    let most = if high > low { high - low } else { wanted };
    let distance = wanted.min(most);
    let note = asked.filter(|asked| *asked > distance).map(|asked| {
        format!("--eye-distance: {asked} is more than the captured positions are apart from left to right; taking {distance:.4}")
    });
    Ok((distance, note))
}

/// The distance between the outermost views of a quilt: the captured range.
pub fn distance_of_quilt(scene: &Scene) -> Result<f64> {
    let [low, high] = range(scene);
    match high > low {
        true => Ok(high - low),
        false => distance_of_two(scene, None).map(|(distance, _)| distance),
    }
}

impl Eyes {
    /// Number of images of a frame.
    pub fn count(self) -> usize {
        match self {
            Self::One => 1,
            Self::SideBySide { .. } => 2,
            Self::Quilt { columns, rows, .. } => (columns * rows) as usize,
        }
    }

    /// Width and height of a frame of images of this size.
    pub fn frame_size(self, [width, height]: [u32; 2]) -> [u32; 2] {
        match self {
            Self::One => [width, height],
            Self::SideBySide { .. } => [width.saturating_mul(2), height],
            Self::Quilt { columns, rows, .. } => [width.saturating_mul(columns), height.saturating_mul(rows)],
        }
    }

    /// The shots of all images: those of the first frame, from left to right, then those of the next.
    pub fn shots(self, scene: &Scene, shots: &[Shot]) -> Vec<Shot> {
        let distance = match self {
            Self::One => return shots.to_vec(),
            Self::SideBySide { distance } | Self::Quilt { distance, .. } => distance,
        };
        let last = (self.count() - 1) as f64;
        let offsets: Vec<f64> = (0..self.count()).map(|eye| distance * (eye as f64 / last - 0.5)).collect();
        shots
            .iter()
            .flat_map(|shot| {
                let camera = kept_inside(scene, &shot.camera, distance);
                offsets.iter().map(move |&offset| Shot { camera: moved(scene, &camera, offset), ..*shot })
            })
            .collect()
    }

    /// Puts the image number `eye` of a frame into it. Both are RGB, row by row.
    pub fn place(self, frame: &mut [u8], image: &[u8], [width, height]: [u32; 2], eye: usize) {
        let [frame_width, _] = self.frame_size([width, height]).map(|side| side as usize);
        let (width, height) = (width as usize, height as usize);
        let [column, row] = match self {
            Self::One | Self::SideBySide { .. } => [eye, 0],
            Self::Quilt { columns, rows, .. } => {
                let (columns, rows) = (columns as usize, rows as usize);
                [eye % columns, rows - 1 - eye / columns]
            }
        };
        for (line, pixels) in image.chunks_exact(3 * width).enumerate() {
            let start = 3 * ((row * height + line) * frame_width + column * width);
            frame[start..start + 3 * width].copy_from_slice(pixels);
        }
    }
}

/// A camera moved sideways, if need be, so that eyes this far apart around it stay within the captured range.
fn kept_inside(scene: &Scene, camera: &Camera, distance: f64) -> Camera {
    let [low, high] = range(scene);
    if high <= low {
        return *camera;
    }
    let reference = scene.reference.world_from_camera;
    let x = reference.inverse().transform_point3(camera.position()).x;
    let [least, most] = [low + distance / 2.0, high - distance / 2.0];
    let inside = if least < most { x.clamp(least, most) } else { (low + high) / 2.0 };
    let mut camera = *camera;
    camera.world_from_camera.translation += reference.transform_vector3(DVec3::X * (inside - x));
    camera
}

/// The camera of an eye: to the right by `offset`, with its image shifted so that the focus stays where it is.
fn moved(scene: &Scene, camera: &Camera, offset: f64) -> Camera {
    let mut eye = *camera;
    eye.world_from_camera.translation += camera.world_from_camera.transform_vector3(DVec3::X * offset);
    eye.center_px.x += eye.focal_px.x * offset / scene.planes.focus();
    eye
}

/// The name of a quilt, which tells displays how to cut it: `NAME_qs8x6a0.75.mp4` for columns, rows and the aspect ratio of a view.
pub fn quilt_name(output: &Path, [columns, rows]: [u32; 2], [width, height]: [u32; 2]) -> PathBuf {
    let aspect = format!("{:.4}", f64::from(width) / f64::from(height));
    let aspect = aspect.trim_end_matches('0').trim_end_matches('.');
    let suffix = format!("_qs{columns}x{rows}a{aspect}");
    let stem = output.file_stem().unwrap_or_default().to_string_lossy();
    let stem = if stem.ends_with(&suffix) { stem.into_owned() } else { format!("{stem}{suffix}") };
    match output.extension() {
        // A dot in the name itself is no extension.
        Some(ending) if !output.is_dir() => output.with_file_name(format!("{stem}.{}", ending.to_string_lossy())),
        _ => output.with_file_name(stem),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn quilts_are_parsed_and_named() {
        assert_eq!(parse_quilt("8x6"), Ok([8, 6]));
        for wrong in ["8", "1x1", "0x6", "400x400", "8x", "ax6"] {
            assert!(parse_quilt(wrong).is_err(), "{wrong}");
        }
        let name = |output: &str| quilt_name(Path::new(output), [8, 6], [420, 560]).display().to_string();
        assert_eq!(name("out/a.mp4"), "out/a_qs8x6a0.75.mp4");
        assert_eq!(name("a_qs8x6a0.75.mp4"), "a_qs8x6a0.75.mp4");
        assert_eq!(name("frames/"), "frames_qs8x6a0.75");
        assert_eq!(quilt_name(Path::new("a.png"), [2, 1], [384, 216]).display().to_string(), "a_qs2x1a1.7778.png");
    }

    #[test]
    fn the_first_view_of_a_quilt_is_at_the_lower_left() {
        let quilt = Eyes::Quilt { columns: 2, rows: 2, distance: 1.0 };
        let mut frame = vec![0; 3 * 2 * 2];
        (0..4u8).for_each(|eye| quilt.place(&mut frame, &[eye + 1; 3], [1, 1], eye.into()));
        let of: Vec<u8> = frame.chunks(3).map(|pixel| pixel[0]).collect();
        assert_eq!(of, [3, 4, 1, 2]);
    }
}
