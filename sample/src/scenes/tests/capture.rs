//! Captures of scenes on disk.

use super::*;
use crate::{SampleError, SampleReport};
use loop3d_capture::Writer;
use loop3d_scene::job::Unwatched;
use loop3d_scene::{Blame, Fault};
use std::path::Path;

const SMALL: SceneConfig = SceneConfig {
    caption: String::new(),
    width: 48,
    height: 32,
    frames: 4,
    fps: 25.0,
    views: 3,
    spread_deg: 12.0,
    seed: 7,
    depth: true,
    tracks: 10,
};

fn small() -> SceneConfig {
    SceneConfig { caption: "a red flag waving on grass".to_owned(), ..SMALL }
}

fn write(dir: &Path, config: &SceneConfig) -> Result<SampleReport, SampleError> {
    write_scene(dir, config, Writer::default(), &mut Unwatched)
}

/// The numbers of an npy file of floats.
fn floats(path: &Path) -> Vec<f32> {
    let bytes = std::fs::read(path).unwrap();
    let start = 10 + usize::from(u16::from_le_bytes([bytes[8], bytes[9]]));
    bytes[start..].chunks_exact(4).map(|four| f32::from_le_bytes([four[0], four[1], four[2], four[3]])).collect()
}

#[test]
fn a_scene_is_written_with_its_truth_and_reads_back() {
    if std::process::Command::new("ffmpeg").arg("-version").output().is_err() {
        eprintln!("no ffmpeg: the capture of a scene is not tested");
        return;
    }
    let folder = tempfile::tempdir().unwrap();
    let report = write(folder.path(), &small()).unwrap();
    assert_eq!(report.frames, 12);
    assert!((0.3..0.98).contains(&report.static_fraction), "{}", report.static_fraction);
    assert!(report.files.iter().all(|file| file.is_file()), "{:?}", report.files);
    let config = small();
    let scene = Scene::new(&config.caption.parse().unwrap(), 7, &config.standpoint());
    let view = View::new(&scene, &config.cameras()[1]);
    let depths = floats(&folder.path().join("depth/0001.npy"));
    assert_eq!(depths[2 * 48 * 32..3 * 48 * 32], view.geometry(2, 4).depth_m);
    assert_eq!(floats(&folder.path().join("tracks/points.npy")).len(), 10 * 4 * 3);
    assert_eq!(floats(&folder.path().join("tracks/0002.npy")).len(), 10 * 4 * 4);
    let loaded = loop3d_capture::load(folder.path(), &loop3d_capture::LoadOptions::default(), &mut Unwatched).unwrap();
    assert_eq!(loaded.views.len(), 3);
    // A smaller sample over it leaves nothing of the old one.
    write(folder.path(), &SceneConfig { views: 2, depth: false, tracks: 0, ..small() }).unwrap();
    let left = |name: &str| folder.path().join(name).exists();
    assert!(!left("videos/0002.mp4") && !left("depth") && !left("ids") && !left("tracks") && left("videos/0001.mp4"));
}

#[test]
fn bad_settings_are_refused_before_anything_is_written() {
    let folder = tempfile::tempdir().unwrap();
    let target = folder.path().join("new");
    for (config, said) in [
        (SceneConfig { views: 1, ..small() }, "found 1 views"),
        (SceneConfig { views: 10, ..small() }, "found 10 views"),
        (SceneConfig { spread_deg: 0.0, ..small() }, "found a spread of 0"),
        (SceneConfig { spread_deg: f64::NAN, ..small() }, "found a spread of NaN"),
        (SceneConfig { width: 47, ..small() }, "found 47x32 pixels"),
        (SceneConfig { frames: 1, ..small() }, "found 1 frames"),
        (SceneConfig { caption: "a red dragon".to_owned(), ..small() }, "\"dragon\""),
    ] {
        let error = write(&target, &config).unwrap_err();
        assert!(error.to_string().contains(said), "{error}");
        assert_eq!(error.fault(), Fault::Usage);
        assert!(!target.exists());
    }
}
