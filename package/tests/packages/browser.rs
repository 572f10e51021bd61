//! A package in tools of others: the Khronos validator, and three.js in a real browser.

use crate::support::small_scene;
use crate::tools::are_there;
use loop3d_package::format::Codec;
use loop3d_package::{Settings, export};
use loop3d_scene::job::Unwatched;
use loop3d_scene::render;
use std::path::Path;
use std::process::Command;

#[test]
fn the_validator_is_content_and_three_js_shows_the_still_scene() {
    let tools = Path::new(env!("CARGO_MANIFEST_DIR")).join("../tests/browser");
    let needs = [(tools.join("node_modules/gltf-validator"), "the packages of tests/browser")];
    if !are_there(&needs, "no browser looked at a package") {
        return;
    }
    let scene = small_scene(7, 2);
    let folder = tempfile::tempdir().unwrap();
    let [file, screenshot] = ["a.glb", "a.png"].map(|name| folder.path().join(name));
    export(&scene, &file, &Settings { codecs: vec![Codec::Png], quality: 50, max_bytes: None }, &mut Unwatched)
        .unwrap();
    let output = Command::new("node")
        .current_dir(&tools)
        .arg("check.mjs")
        .arg(&file)
        .args(["96", "64"])
        .arg(&screenshot)
        .output()
        .unwrap();
    let said = String::from_utf8_lossy(&output.stdout);
    assert!(output.status.success(), "{said}{}", String::from_utf8_lossy(&output.stderr));
    let found: serde_json::Value = serde_json::from_str(&said).unwrap();
    assert_eq!(found["title"], "drawn", "{found}");
    assert_eq!((&found["errors"], &found["warnings"]), (&0.into(), &0.into()), "{found}");
    // Those that docs/FORMAT.md explains.
    let known = ["IMAGE_NPOT_DIMENSIONS", "UNSUPPORTED_EXTENSION", "UNUSED_OBJECT"];
    let codes = found["codes"].as_array().unwrap();
    assert!(codes.iter().all(|code| known.contains(&code.as_str().unwrap())), "{found}");

    if let Ok(keep) = std::env::var("LOOP3D_SCREENSHOT") {
        std::fs::copy(&screenshot, keep).unwrap();
    }
    let shown = image::open(&screenshot).unwrap().into_rgb8();
    let expected = render(&scene, &scene.reference, 0.0).to_rgb8();
    assert_eq!(shown.as_raw().len(), expected.len());
    let squares: f64 = shown.as_raw().iter().zip(&expected).map(|(&a, &b)| f64::from(a.abs_diff(b)).powi(2)).sum();
    let psnr = 10.0 * (255.0 * 255.0 / (squares / expected.len() as f64)).log10();
    // Where it moves the poster has half the resolution; tiles end at their edge instead of half a texel beyond it.
    assert!(psnr >= 30.0, "three.js shows something else: {psnr:.1} dB");
}
