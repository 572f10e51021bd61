//! A tiny capture, and the command run on it.

use image::{Rgb, RgbImage};
use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use tempfile::TempDir;

pub const SIZE: (u32, u32) = (48, 32);
pub const VIEWS: usize = 4;
pub const FRAMES: usize = 16;
/// A time at which the patch of view 0 is as bright as at 0.
const STILL: usize = 32;

/// The commands, in the order of the help.
pub const COMMANDS: &[&str] = &[
    "loop",
    "sample",
    "generate",
    "generate-train",
    "prepare",
    "doctor",
    "fit",
    "batch",
    "eval",
    "measure",
    "report",
    "render",
    #[cfg(feature = "viewer")]
    "view",
    "export",
    "import",
    "serve",
    "info",
];

/// LLFF: [down, right, backwards], position, (height, width, focal); nearest and farthest depth.
pub type Row = [f64; 17];

/// Row of a camera at `x` that looks along +z.
pub fn row(x: f64, (width, height): (u32, u32)) -> Row {
    let (w, h) = (f64::from(width), f64::from(height));
    [0., 1., 0., x, h, 1., 0., 0., 0., w, 0., 0., -1., 0., 40., 2., 8.]
}

pub fn npy(rows: &[Row]) -> Vec<u8> {
    let header = format!("{{'descr': '<f8', 'fortran_order': False, 'shape': ({}, 17), }}\n", rows.len());
    let mut bytes = b"\x93NUMPY\x01\x00".to_vec();
    bytes.extend(u16::try_from(header.len()).unwrap().to_le_bytes());
    bytes.extend(header.as_bytes());
    bytes.extend(rows.iter().flatten().flat_map(|value| value.to_le_bytes()));
    bytes
}

fn rows() -> Vec<Row> {
    (0..VIEWS).map(|view| row(0.1 * view as f64, SIZE)).collect()
}

/// The image of camera `view` at `time`: a textured wall at depth 4 with a patch whose brightness swings, with another phase in each
/// view. At `STILL` − 3 `view`, when stills are taken, all views see the same.
fn frame(view: usize, time: usize) -> RgbImage {
    RgbImage::from_fn(SIZE.0, SIZE.1, |column, row| {
        let x = (f64::from(column) + 0.5 - 24.0) / 40.0 * 4.0 + 0.1 * view as f64;
        let y = (f64::from(row) + 0.5 - 16.0) / 40.0 * 4.0;
        let wall = [(3.0, 2.0), (5.0, -3.0), (2.0, 7.0)].map(|(a, b)| 110.0 + 60.0 * (a * x + b * y).sin());
        let phase = std::f64::consts::TAU * (time + 3 * view) as f64 / 8.0;
        let swing = if (0.0..1.2).contains(&x) && y.abs() < 0.8 { 60.0 * (phase + 2.0 * x).sin() } else { 0.0 };
        Rgb(wall.map(|value| (value + swing) as u8))
    })
}

/// A folder of this test's own: `capture/` of `frames` frames for each view, and room beside it.
pub struct Folder(TempDir);

impl Folder {
    pub fn new(frames: usize) -> Self {
        let folder = Self(tempfile::tempdir().unwrap());
        for view in 0..VIEWS {
            let clip = folder.path(&format!("capture/frames/v{view}"));
            fs::create_dir_all(&clip).unwrap();
            for index in 0..frames {
                let time = if frames == 1 { STILL - 3 * view } else { index };
                frame(view, time).save(clip.join(format!("{index:02}.png"))).unwrap();
            }
        }
        folder.poses(&rows());
        folder
    }

    pub fn path(&self, name: &str) -> PathBuf {
        self.0.path().join(name)
    }

    pub fn poses(&self, rows: &[Row]) {
        fs::write(self.path("capture/poses_bounds.npy"), npy(rows)).unwrap();
    }

    /// Sets one value of view 1's pose.
    pub fn pose(&self, column: usize, value: f64) {
        let mut rows = rows();
        rows[1][column] = value;
        self.poses(&rows);
    }

    pub fn bytes(&self, name: &str) -> Vec<u8> {
        fs::read(self.path(name)).unwrap()
    }

    /// Names in the folder itself, hidden ones too.
    pub fn names(&self) -> Vec<String> {
        let entries = fs::read_dir(self.0.path()).unwrap();
        let mut names: Vec<String> = entries.map(|entry| entry.unwrap().file_name().into_string().unwrap()).collect();
        names.sort();
        names
    }

    /// The command with these arguments, in this folder.
    pub fn command(&self, words: &str) -> Command {
        let mut command = Command::new(env!("CARGO_BIN_EXE_loop3d"));
        command.current_dir(self.0.path()).args(words.split_whitespace()).stdin(Stdio::null());
        command
    }

    pub fn run(&self, words: &str) -> Ended {
        Ended::of(&mut self.command(words))
    }

    /// Runs, expecting success.
    pub fn done(&self, words: &str) -> Ended {
        let ended = self.run(words);
        assert_eq!(ended.code, Some(0), "{words}: {}", ended.stderr);
        ended
    }
}

/// How a run ended.
pub struct Ended {
    pub code: Option<i32>,
    pub stdout: String,
    pub stderr: String,
}

impl Ended {
    pub fn of(command: &mut Command) -> Self {
        let output = command.output().unwrap();
        let text = |bytes| String::from_utf8(bytes).unwrap();
        Self { code: output.status.code(), stdout: text(output.stdout), stderr: text(output.stderr) }
    }

    /// Checks the exit code, and that the message has these parts.
    pub fn said(&self, code: i32, parts: &[&str]) {
        assert_eq!(self.code, Some(code), "expected {parts:?}: {}", self.stderr);
        for part in parts {
            assert!(self.stderr.contains(part), "'{}' does not say '{part}'", self.stderr);
        }
    }
}

/// A PNG that consists of its header only.
pub fn empty_png(path: &Path, (width, height): (u32, u32)) {
    let mut bytes = b"\x89PNG\r\n\x1a\n".to_vec();
    let mut header = b"IHDR".to_vec();
    header.extend(width.to_be_bytes());
    header.extend(height.to_be_bytes());
    header.extend([8, 2, 0, 0, 0]);
    for chunk in [header.as_slice(), b"IDAT"] {
        bytes.extend((chunk.len() as u32 - 4).to_be_bytes());
        bytes.extend(chunk);
        bytes.extend(crc32fast::hash(chunk).to_be_bytes());
    }
    fs::write(path, bytes).unwrap();
}
