//! The engine in a real browser, on both backends: its images match those of the CPU compositor for the same package, the loop has no seam,
//! and bytes that are not a whole package are refused.

use crate::support;
use crate::tools::are_there;
use glam::DVec2;
use loop3d_package::format::{Arrival, Codec, Limits, Reader, Role};
use loop3d_package::{Settings, export, open};
use loop3d_scene::job::Unwatched;
use loop3d_scene::{Camera, Scene, render};
use loop3d_viewer::{CameraState, OrbitCamera};
use serde_json::{Value, json};
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

const SIZE: [u32; 2] = [192, 128];

/// Frames of the loop: two chunks.
const FRAMES: usize = 20;

/// Where the camera is (orbit and pan as fractions of half the range, zoom in doublings), and the position in frames.
const SHOTS: [([f64; 2], f64, f64); 8] = [
    ([0.0, 0.0], 0.0, 0.0),
    ([0.0, 0.0], 0.0, 7.5),
    ([1.0, 0.0], 0.0, 19.0),
    ([-1.0, 1.0], 0.0, 19.5),
    ([0.5, -1.0], 0.5, 11.25),
    ([0.0, 0.0], 1.5, 12.0),
    ([-0.5, 0.5], 0.0, 3.0),
    ([1.0, 1.0], 0.25, 0.75),
];

/// Whether a browser can draw.
fn is_ready() -> bool {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let needs = [
        (root.join("dist/loop3d_webgl2.wasm"), "web/dist (cargo xtask web)"),
        (root.join("node_modules"), "the packages of web"),
        (root.join("../tests/browser/node_modules/playwright-core"), "the packages of tests/browser"),
    ];
    are_there(&needs, "no browser drew a scene")
}

/// A package, the scene that it decodes to, and what a browser reported after showing it.
struct Shown {
    folder: tempfile::TempDir,
    backend: &'static str,
    scene: Scene,
    answers: Value,
}

/// How a browser shows it.
struct Way {
    backend: &'static str,
    codec: Codec,
    /// For video, `planes`; `rgb` where the browser converts frames to RGB; `element` without WebCodecs.
    decoder: &'static str,
    /// Bytes of GPU memory for frames of the loop; 0: they stream through four layers.
    loop_memory: u64,
    /// How often the GPU is lost.
    losses: usize,
    /// Fraction of the pixels that may differ by more than 8/255.
    most_off: f64,
}

impl Shown {
    /// A small scene.
    fn new(way: &Way) -> Self {
        let mut scene = support::small_scene(3, FRAMES);
        if matches!(way.decoder, "rgb" | "element") {
            tone(&mut scene);
        }
        Self::of(way, |path| {
            let settings = Settings { codecs: vec![way.codec], quality: 80, max_bytes: None };
            export(&scene, path, &settings, &mut Unwatched).unwrap();
        })
    }

    /// The package that `write` writes.
    fn of(way: &Way, write: impl FnOnce(&Path)) -> Self {
        let &Way { backend, decoder, loop_memory, .. } = way;
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("scene.glb");
        write(&path);
        let bytes = fs::read(&path).unwrap();
        fs::write(folder.path().join("newer.glb"), newer(&bytes)).unwrap();
        let scene = open(&path).unwrap();
        let shots: Vec<Value> = (0..SHOTS.len()).map(|shot| shot_of(&scene, shot).1).collect();
        let job = json!({
            "files": ["scene.glb", "newer.glb"],
            "size": SIZE,
            "loopMemory": loop_memory,
            "losses": way.losses,
            "stillBytes": still_bytes(&bytes),
            "shots": shots,
            // Name, length, index of a byte, value to xor it with.
            "broken": [
                ["html"],
                ["empty", 0],
                ["truncated", bytes.len() - 100],
                ["headless", 200],
                ["corrupt", null, bytes.len() - 200, 1],
                ["corrupt head", null, 40, 1],
                ["newer"],
            ],
        });
        fs::write(folder.path().join("job.json"), job.to_string()).unwrap();
        let tools = Path::new(env!("CARGO_MANIFEST_DIR")).join("../tests/browser");
        let mut node = Command::new("node");
        let output =
            node.current_dir(tools).args(["viewer.mjs", backend]).arg(folder.path()).arg(decoder).output().unwrap();
        let said = String::from_utf8_lossy(&output.stdout);
        assert!(output.status.success(), "{backend}: {said}{}", String::from_utf8_lossy(&output.stderr));
        let answers: Value = serde_json::from_str(&said).unwrap();
        assert_eq!(answers["complaints"], json!([]), "{backend}");
        if let Some(keep) = std::env::var_os("LOOP3D_SCREENSHOT") {
            keep_images(folder.path(), &scene, &PathBuf::from(keep));
        }
        Self { folder, backend, scene, answers }
    }

    /// RGBA of an image that the browser drew.
    fn image(&self, name: &str) -> Vec<u8> {
        let pixels = fs::read(self.folder.path().join(format!("{}-{name}.rgba", self.backend))).unwrap();
        assert_eq!(pixels.len(), (4 * SIZE[0] * SIZE[1]) as usize, "{name}");
        assert!(pixels.chunks(4).all(|pixel| pixel[3] == 255), "{name}");
        pixels
    }

    /// The image of the compositor: RGB.
    fn expected(&self, shot: usize) -> Vec<u8> {
        render(&self.scene, &shot_of(&self.scene, shot).0, SHOTS[shot].2).to_rgb8()
    }
}

/// Gives the scene colours as in footage. Browsers that convert video to RGB lose more of purer colours: Chromium's 8-bit tables make pure
/// blue 5 % too weak, and on WebGPU it interpolates chroma.
fn tone(scene: &mut Scene) {
    for texels in [&mut scene.static_texels, &mut scene.looping_texels] {
        texels.chunks_exact_mut(4).for_each(|texel| {
            let grey = texel[..3].iter().map(|&c| u32::from(c)).sum::<u32>() / 3;
            texel[..3].iter_mut().for_each(|c| *c = ((2 * u32::from(*c) + 3 * grey) / 5) as u16);
        });
    }
}

/// The camera of a shot, and its description for the engine.
fn shot_of(scene: &Scene, shot: usize) -> (Camera, Value) {
    let (look, zoom, time) = SHOTS[shot];
    let mut camera = OrbitCamera::new(scene);
    let limits = camera.orbit_limits();
    let orbit = [0, 1].map(|axis| {
        let [low, high] = limits[axis];
        0.5 * (low + high) + 0.5 * look[axis] * (high - low)
    });
    let state = CameraState { orbit: DVec2::from_array(orbit), pan: DVec2::ZERO, zoom };
    camera.set_state(&state);
    let described = json!({ "camera": { "orbit": orbit, "pan": [0.0, 0.0], "zoom": zoom }, "time": time });
    (camera.camera(SIZE[0], SIZE[1]), described)
}

/// Fraction of the pixels with a channel that differs by more than `most`.
fn differing(rgba: &[u8], rgb: &[u8], most: u8) -> f64 {
    assert_eq!(rgba.len() / 4, rgb.len() / 3);
    let is_off = |(a, b): (&[u8], &[u8])| a[..3].iter().zip(b).any(|(a, b)| a.abs_diff(*b) > most);
    rgba.chunks(4).zip(rgb.chunks(3)).filter(|&(a, b)| is_off((a, b))).count() as f64 / (rgb.len() / 3) as f64
}

/// Where the first part of video begins.
fn still_bytes(bytes: &[u8]) -> u64 {
    let mut reader = Reader::new(Limits::default());
    let mut arrivals = Vec::new();
    reader.push(bytes, &mut arrivals).unwrap();
    let Some(Arrival::Head(head)) = arrivals.first() else { panic!("no head") };
    let first = head.parts.iter().find(|part| part.role == Role::Video).unwrap();
    let length = head.parts.last().map_or(0, |part| (part.offset + part.length).next_multiple_of(4));
    bytes.len() as u64 - length + first.offset
}

/// The package with the header of a later version.
fn newer(bytes: &[u8]) -> Vec<u8> {
    use sha2::{Digest, Sha256};
    let length = u32::from_le_bytes(bytes[12..16].try_into().unwrap()) as usize;
    let json = String::from_utf8(bytes[20..20 + length].to_vec()).unwrap();
    let json = json.replacen("\"version\":1", "\"version\":9", 1).into_bytes();
    assert_ne!(json, bytes[20..20 + length]);
    let seal = Sha256::digest(&json);
    let mut newer = bytes.to_vec();
    newer[20..20 + length].copy_from_slice(&json);
    newer[28 + length..60 + length].copy_from_slice(&seal);
    newer
}

/// Writes images to look at: those of the browser, and beside them what they should be.
fn keep_images(folder: &Path, scene: &Scene, to: &Path) {
    for entry in fs::read_dir(folder).unwrap().flatten().filter(|e| e.path().extension().is_some_and(|e| e == "rgba")) {
        fs::copy(entry.path(), to.join(entry.file_name())).unwrap();
    }
    for (shot, &(_, _, time)) in SHOTS.iter().enumerate() {
        let picture = render(scene, &shot_of(scene, shot).0, time).to_rgb8();
        fs::write(to.join(format!("expected-{shot}.rgb")), picture).unwrap();
    }
}

fn images_match_the_compositor(way: &Way) {
    if !is_ready() {
        return;
    }
    let shown = Shown::new(way);
    let backend = way.backend;
    let answers = &shown.answers;
    for shot in 0..SHOTS.len() {
        let off = differing(&shown.image(&format!("shot-{shot}")), &shown.expected(shot), 8);
        assert!(off <= way.most_off, "{backend}, shot {shot}: {:.2} % of the pixels", 100.0 * off);
    }
    // The poster has half the resolution where things move.
    let still = differing(&shown.image("still"), &shown.expected(0), 24);
    assert!(still <= 0.03, "{backend}, before motion: {:.2} % of the pixels", 100.0 * still);
    let events: Vec<&Value> = answers["events"].as_array().unwrap().iter().take(4).collect();
    assert_eq!(events, ["head", "poster", "static", "motion"]);
    assert_eq!(answers["codes"]["info"]["frames"], FRAMES, "{answers}");
    assert_eq!(answers["codes"]["event"], Value::Null, "{answers}");
    // The first step is the one across the seam.
    let steps: Vec<f64> = answers["steps"].as_array().unwrap().iter().map(|step| step.as_f64().unwrap()).collect();
    let most = steps[1..].iter().copied().fold(0.0, f64::max);
    assert!(
        most > 0.1 && steps[0] <= 1.05 * most,
        "{backend}: a seam of {:.3} among steps of {:?}",
        steps[0],
        &steps[1..]
    );
    assert_eq!(answers["isStill"], true, "a paused scene changed");
    let near = |value: &Value, expected: f64| (value.as_f64().unwrap() - expected).abs() < 1e-6;
    assert!(near(&answers["seam"], 0.5) && near(&answers["back"], 19.5), "{answers}");
    let recovered = &answers["recovered"];
    assert_eq!(recovered["isAttached"], true);
    if way.losses > 0 {
        assert_eq!(shown.image("restored"), shown.image("shot-0"), "after a lost GPU");
    }
    // The first loss may take memory that is reused later.
    for count in ["heap", "gpuBytes"] {
        let counts = recovered[count].as_array().unwrap();
        assert_eq!(counts.len(), way.losses);
        assert!(counts.iter().skip(1).all(|bytes| *bytes == counts[1]), "{backend}: {recovered}");
    }
    if way.decoder == "blocks" && backend == "webgpu" {
        let why = answers["unread"]["no-motion"].as_str().unwrap_or_default();
        assert!(why.contains("graphics adapter") && answers["unread"]["motion"].is_null(), "{}", answers["unread"]);
        assert_eq!(shown.image("unread"), shown.image("still"), "without a GPU that reads blocks");
    }
    for (name, code) in [
        ("html", "not-a-scene"),
        ("empty", "not-a-scene"),
        ("truncated", "truncated"),
        ("headless", "truncated"),
        ("corrupt", "corrupt"),
        ("corrupt head", "corrupt"),
        ("newer", "newer-version"),
    ] {
        assert_eq!(answers["refused"][name][0], code, "{name}: {}", answers["refused"]);
    }
}

const WAY: Way =
    Way { backend: "webgpu", codec: Codec::H264, decoder: "planes", loop_memory: 64 << 20, losses: 0, most_off: 0.005 };

#[test]
fn images_on_webgpu_match_the_compositor() {
    images_match_the_compositor(&Way { losses: 5, ..WAY });
}

#[test]
fn images_on_webgl2_match_the_compositor() {
    images_match_the_compositor(&Way { backend: "webgl2", loop_memory: 0, losses: 5, ..WAY });
}

/// As where decoded frames are on the GPU. Chromium without a GPU also interpolates chroma between the texels of a tile, which a shader
/// cannot undo unless it knows about it: more pixels may differ.
#[test]
fn images_of_video_that_the_browser_converted_to_rgb_match_the_compositor() {
    images_match_the_compositor(&Way { decoder: "rgb", loop_memory: 0, most_off: 0.01, ..WAY });
}

#[test]
fn images_without_webcodecs_match_the_compositor() {
    images_match_the_compositor(&Way { backend: "webgl2", decoder: "element", ..WAY });
}

#[test]
fn images_of_gpu_blocks_match_the_compositor() {
    for (backend, codec) in [("webgpu", Codec::Bc7), ("webgl2", Codec::Etc2), ("webgpu", Codec::Astc6x6)] {
        images_match_the_compositor(&Way { backend, codec, decoder: "blocks", loop_memory: 0, ..WAY });
    }
}

#[test]
#[ignore = "for BENCHMARKS.md: LOOP3D_PACKAGE names a package"]
fn differences_of_a_package() {
    let package = std::env::var_os("LOOP3D_PACKAGE").unwrap();
    for backend in ["webgpu", "webgl2"] {
        let shown = Shown::of(&Way { backend, ..WAY }, |path| assert!(fs::copy(&package, path).unwrap() > 0));
        for shot in 0..SHOTS.len() {
            let (found, expected) = (shown.image(&format!("shot-{shot}")), shown.expected(shot));
            let shares = [2, 4, 8].map(|most| 100.0 * differing(&found, &expected, most));
            eprintln!("{backend}, shot {shot}: {shares:.3?} % of the pixels off by more than 2, 4, 8");
        }
    }
}
