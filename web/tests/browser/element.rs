//! The element in a real browser: gestures, keys, errors, the page around it, and the effect of gestures on the pixels of a scene.

use crate::support;
use crate::tools::are_there;
use loop3d_package::format::Codec;
use loop3d_package::{Settings, export};
use loop3d_scene::job::Unwatched;
use std::path::Path;
use std::process::Command;

/// Runs a program of tests/browser, or reports loudly what is missing for it.
fn run(program: &str, arguments: &[&str]) {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let tools = root.join("../tests/browser");
    let needs = [
        (root.join("dist/loop3d.js"), "web/dist (cargo xtask web)"),
        (root.join("node_modules"), "the packages of web"),
        (tools.join("node_modules/playwright-core"), "the packages of tests/browser"),
    ];
    if !are_there(&needs, program) {
        return;
    }
    let output = Command::new("node").current_dir(tools).arg(program).args(arguments).output().unwrap();
    let said = String::from_utf8_lossy(&output.stdout);
    assert!(output.status.success(), "{program}:\n{said}{}", String::from_utf8_lossy(&output.stderr));
}

/// A folder with a small package, and the package's path.
fn package() -> (tempfile::TempDir, String) {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("scene.glb");
    let settings = Settings { codecs: vec![Codec::H264], quality: 80, max_bytes: None };
    export(&support::small_scene(3, 20), &path, &settings, &mut Unwatched).unwrap();
    let path = path.to_str().unwrap().to_owned();
    (folder, path)
}

#[test]
fn the_element_does_what_gestures_keys_and_attributes_ask_for() {
    run("element.mjs", &[]);
}

#[test]
fn the_element_loads_shares_and_fails_as_its_page_asks() {
    run("element_life.mjs", &[]);
}

#[test]
fn gestures_move_the_pixels_of_a_scene() {
    let (_folder, scene) = package();
    for backend in ["webgl2", "webgpu"] {
        run("live.mjs", &[backend, &scene]);
    }
}

#[test]
fn quality_goes_down_when_frames_are_late_and_up_when_they_are_not() {
    run("quality.mjs", &[]);
}

#[test]
fn the_page_shows_a_gallery_a_dropped_file_and_works_offline() {
    let (_folder, scene) = package();
    run("page.mjs", &[&scene]);
}

#[test]
fn masks_and_arrows_are_drawn_to_a_pixel() {
    run("draw.mjs", &[]);
}
