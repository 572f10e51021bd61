//! The viewer in Chromium beside the original project's way to play the same scene, as tests/browser/side_by_side.mjs measures it.

use crate::samples::Samples;
use anyhow::{Context, Result, bail};
use loop3d_package::format::Codec;
use loop3d_package::{Settings, export, export_folder};
use loop3d_scene::Scene;
use loop3d_scene::job::Unwatched;
use serde::{Deserialize, Serialize};
use std::fs;
use std::path::Path;
use std::process::{Command, Stdio};

/// Goal: how many times fewer milliseconds a frame takes than in the original's viewer.
pub const WANTED_SPEED: f64 = 3.0;
/// How many times fewer bytes are wanted to be loaded.
pub const WANTED_BYTES: f64 = 15.0;

/// Quality of the package: what `loop3d export` takes where none is given.
const QUALITY: u8 = 50;

/// One scene in one Chromium.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Browser {
    /// Width and height of the canvas.
    pub size: (u32, u32),
    /// Frames of the loop.
    pub frames: usize,
    /// Pictures of a round.
    pub pictures: usize,
    /// What WebGPU says that it draws on.
    pub adapter: String,
    /// The original's way first, then ours on each backend.
    pub sides: Vec<Side>,
}

/// One way to play the scene.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Side {
    /// `original`, `webgl2`, `webgpu`.
    pub name: String,
    /// Bytes over the wire: scripts and wasm with brotli, images and packages as they are.
    pub bytes: u64,
    /// Bytes of textures on the GPU.
    pub gpu_bytes: u64,
    /// Milliseconds of a frame, the mean of each round.
    pub milliseconds: Samples,
    /// Loop frames that were not decoded when they were needed.
    pub missed: u64,
    /// Mean difference from the original's frame of the same moment, in grey levels.
    pub difference: f64,
}

/// Writes `scene` both ways into `folder`, and has Chromium play them in turns. Returns `None`, and says why, if a tool is missing.
///
/// # Errors
/// The scene cannot be written, or the sides do not show the same scene.
pub fn measure(scene: &Scene, folder: &Path, quick: bool) -> Result<Option<Browser>> {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).with_file_name("");
    let tools = root.join("tests/browser");
    let needs = ["web/dist/loop3d.js", "web/node_modules/esbuild", "tests/browser/node_modules/playwright-core"];
    if let Some(missing) = needs.iter().find(|need| !root.join(need).exists()) {
        eprintln!(
            "DID NOT RUN: the viewer in a browser; missing: {missing} (cargo xtask setup --tests, cargo xtask web)"
        );
        return Ok(None);
    }
    let (package, original) = (folder.join("browser.glb"), folder.join("browser"));
    let settings = Settings { codecs: vec![Codec::H264], quality: QUALITY, max_bytes: None };
    export(scene, &package, &settings, &mut Unwatched)?;
    if original.exists() {
        fs::remove_dir_all(&original).with_context(|| format!("cannot remove {}", original.display()))?;
    }
    export_folder(scene, &original, &mut Unwatched)?;
    let (rounds, pictures) = if quick { ("1", "20") } else { ("5", "200") };
    let mut node = Command::new("node");
    node.current_dir(tools).arg("side_by_side.mjs").args([&package, &original]).args([rounds, pictures]).arg(folder);
    let output = node.stderr(Stdio::inherit()).output().context("cannot start node (cargo xtask setup --tests)")?;
    if !output.status.success() {
        bail!("tests/browser/side_by_side.mjs failed ({})", output.status);
    }
    serde_json::from_slice(&output.stdout).context("what tests/browser/side_by_side.mjs printed")
}

impl Browser {
    /// The original's way, and ours.
    pub fn sides(&self) -> Option<(&Side, &[Side])> {
        self.sides.split_first()
    }
}

impl Side {
    /// How many times fewer milliseconds a frame takes than on `other`.
    pub fn speed(&self, other: &Self) -> f64 {
        self.milliseconds.ratio(&other.milliseconds)
    }

    /// How many times fewer bytes are loaded than on `other`.
    pub fn lightness(&self, other: &Self) -> f64 {
        other.bytes as f64 / self.bytes as f64
    }
}

#[cfg(test)]
pub(crate) mod tests {
    use super::*;

    /// As side_by_side.mjs prints it.
    pub(crate) fn browser() -> Browser {
        let json = r#"{"size": [1280, 720], "frames": 48, "pictures": 200, "adapter": "X",
            "sides": [
                {"name": "original", "bytes": 30000000, "gpu_bytes": 300000000, "milliseconds": [9, 8, 10], "missed": 0, "difference": 0},
                {"name": "webgpu", "bytes": 1500000, "gpu_bytes": 60000000, "milliseconds": [4, 4, 4], "missed": 1, "difference": 1.5}
            ]}"#;
        serde_json::from_str(json).unwrap()
    }

    #[test]
    fn ratios_are_those_to_the_original() {
        let browser = browser();
        let (original, ours) = browser.sides().unwrap();
        assert_eq!((ours[0].speed(original), ours[0].lightness(original)), (2.25, 20.0));
    }
}
