//! Poses with wrong bytes: an error that names the file or a reading, never a panic.

use crate::build::ALL;
use crate::scene;
use std::fs;
use std::path::{Path, PathBuf};
use std::time::Instant;

/// Writes the scene below a folder; the capture's folder.
type Writer = fn(&Path) -> PathBuf;

/// Each layout, and the files of it that are parsed.
const LAYOUTS: [(Writer, &[&str]); 7] = [
    (|dir| written(dir, scene::llff), &["poses_bounds.npy"]),
    (|dir| written(dir, scene::colmap_binary), &["cameras.bin", "images.bin", "points3D.bin"]),
    (|dir| written(dir, scene::colmap_text), &["cameras.txt", "images.txt", "points3D.txt"]),
    (|dir| written(dir, scene::nerfstudio), &["transforms.json", "sparse_pc.ply"]),
    (scene::syncam, &["cameras/camera_extrinsics.json"]),
    (scene::syncam_v1, &["cameras/Hemi36_4m_0.json"]),
    (|dir| written(dir, scene::realitycapture), &["cameras.csv"]),
];

fn written(dir: &Path, write: fn(&Path)) -> PathBuf {
    write(dir);
    dir.to_owned()
}

/// Bytes changed, cut out and repeated at random. There are no pictures, so that reading ends after the poses.
///
/// `LOOP3D_MUTATIONS=1000000` says how often for each file (100 otherwise), `LOOP3D_ONLY=points3D` takes the files with that in their name. It
/// writes into `TMPDIR`.
#[test]
fn damage_of_any_kind_is_survived() {
    let mut state = 12345u64;
    let mut random = |below: usize| {
        state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        ((state >> 33) as usize) % below
    };
    let count = std::env::var("LOOP3D_MUTATIONS").map_or(100, |count| count.parse::<usize>().unwrap());
    let only = std::env::var("LOOP3D_ONLY").unwrap_or_default();
    for (write, files) in LAYOUTS {
        for name in files.iter().filter(|name| name.contains(&only)) {
            let above = tempfile::tempdir().unwrap();
            let dir = write(above.path());
            let file = dir.join(name);
            let good = fs::read(&file).unwrap();
            let started = Instant::now();
            for _ in 0..count {
                let mut bytes = good.clone();
                // Near the beginning, where headers and counts are, as often as anywhere.
                let reach = if random(2) == 0 { bytes.len().min(200) } else { bytes.len() };
                let at = random(reach);
                match random(4) {
                    0 => bytes[at] = random(256) as u8,
                    1 => bytes.truncate(at),
                    2 => drop(bytes.drain(at..(at + 1 + random(20)).min(good.len()))),
                    _ => bytes.splice(at..at, std::iter::repeat_n(random(256) as u8, 1 + random(9))).for_each(drop),
                }
                fs::write(&file, bytes).unwrap();
                let error = loop3d_capture::load_poses(&dir, &ALL).unwrap_err().to_string();
                assert!(error.contains(above.path().to_str().unwrap()), "names no file: {error}");
            }
            eprintln!("{name}: {count} mutations in {:.1} s", started.elapsed().as_secs_f64());
        }
    }
}
