//! The GPU memory that a long loop of the paper's size takes in a browser.

use loop3d_package::format::Codec;
use loop3d_package::{Settings, export, open};
use loop3d_scene::job::Unwatched;
use loop3d_scene::{Scene, TILE_VALUES};
use serde_json::Value;
use std::path::Path;
use std::process::Command;

/// Frames of the loop.
const FRAMES: usize = 60;

/// Limit on its GPU memory, in bytes.
const MOST: u64 = 250_000_000;

/// The scene resampled to this many frames: each is the nearest earlier one at the same fraction of the loop.
fn resampled(mut scene: Scene, frames: usize) -> Scene {
    let tile = |texels: &[u16]| {
        let frame = |i: usize| &texels[i * scene.frames / frames * TILE_VALUES..][..TILE_VALUES];
        (0..frames).flat_map(frame).copied().collect::<Vec<_>>()
    };
    scene.looping_texels = scene.looping_texels.chunks(scene.frames * TILE_VALUES).flat_map(tile).collect();
    scene.frames = frames;
    scene.validate().unwrap();
    scene
}

#[test]
#[ignore = "for BENCHMARKS.md: LOOP3D_SCENE names a scene file or a package"]
fn a_loop_of_sixty_frames_takes_less_than_250_mb_on_the_gpu() {
    let scene = resampled(open(std::env::var_os("LOOP3D_SCENE").unwrap()).unwrap(), FRAMES);
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("scene.glb");
    let settings = Settings { codecs: vec![Codec::H264], quality: 80, max_bytes: None };
    export(&scene, &path, &settings, &mut Unwatched).unwrap();
    let tools = Path::new(env!("CARGO_MANIFEST_DIR")).join("../tests/browser");
    for backend in ["webgpu", "webgl2"] {
        let mut node = Command::new("node");
        let output = node.current_dir(&tools).args(["measure.mjs", backend]).arg(&path).arg("20").output().unwrap();
        assert!(output.status.success(), "{backend}: {}", String::from_utf8_lossy(&output.stderr));
        let said: Value = serde_json::from_slice(&output.stdout).unwrap();
        eprintln!("{backend}: {said:#}");
        let bytes = said["statistics"]["gpuBytes"].as_u64().unwrap();
        assert!(bytes <= MOST, "{backend}: {bytes} bytes on the GPU");
    }
}
