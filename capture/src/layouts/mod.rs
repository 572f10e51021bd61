//! The layouts of poses on disk: which one a folder has, and reading it.

mod colmap;
mod llff;
mod nerfstudio;
mod realitycapture;
mod syncam;

use crate::error::{CaptureError, all};
use crate::raw::RawCapture;
use colmap::Model;
use std::fmt;
use std::path::{Path, PathBuf};
use std::str::FromStr;
pub(crate) use syncam::LensTold;

/// How poses are written on disk. `docs/CAPTURES.md` shows each as a tree.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Layout {
    /// `poses_bounds.npy`.
    Llff,
    /// `transforms.json`.
    Nerfstudio,
    /// `cameras/*.json` of SynCamVideo.
    Syncam,
    /// A sparse model of COLMAP, binary or text.
    Colmap,
    /// A CSV table of RealityCapture or RealityScan.
    Realitycapture,
}

impl Layout {
    /// All of them, in the order in which they are looked for: those that tools make from a COLMAP model and leave beside it
    /// come before it.
    pub const ALL: [Self; 5] = [Self::Llff, Self::Nerfstudio, Self::Syncam, Self::Colmap, Self::Realitycapture];

    /// The name on the command line.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Llff => "llff",
            Self::Nerfstudio => "nerfstudio",
            Self::Syncam => "syncam",
            Self::Colmap => "colmap",
            Self::Realitycapture => "realitycapture",
        }
    }

    /// What is looked for.
    const fn sign(self) -> &'static str {
        match self {
            Self::Llff => "poses_bounds.npy",
            Self::Nerfstudio => "transforms.json",
            Self::Syncam => "cameras/*.json",
            Self::Colmap => {
                "sparse/0/, sparse/, colmap/sparse/0/, colmap/sparse/, dense/sparse/ or the folder itself with \
                             cameras and images, both .bin or .txt"
            }
            Self::Realitycapture => "a *.csv table that begins with #name",
        }
    }

    fn find(self, dir: &Path) -> Option<Found> {
        let file = |name: &str| Some(dir.join(name)).filter(|file| file.is_file());
        match self {
            Self::Llff => file(llff::POSES).map(Found::Llff),
            Self::Nerfstudio => file("transforms.json").map(Found::Nerfstudio),
            Self::Syncam => (!syncam::files(dir).is_empty()).then(|| Found::Syncam(dir.to_owned())),
            Self::Colmap => Model::find(dir).map(Found::Colmap),
            Self::Realitycapture => realitycapture::find(dir).map(Found::Realitycapture),
        }
    }
}

impl fmt::Display for Layout {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

impl FromStr for Layout {
    type Err = String;

    fn from_str(name: &str) -> Result<Self, String> {
        let found = Self::ALL.into_iter().find(|layout| layout.name() == name);
        found.ok_or_else(|| format!("'{name}' is no layout; expected {}", Self::ALL.map(Self::name).join(", ")))
    }
}

/// A layout and where it is.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Found {
    Llff(PathBuf),
    Nerfstudio(PathBuf),
    /// The capture's folder.
    Syncam(PathBuf),
    Colmap(Model),
    Realitycapture(PathBuf),
}

impl Found {
    pub(crate) fn layout(&self) -> Layout {
        match self {
            Self::Llff(_) => Layout::Llff,
            Self::Nerfstudio(_) => Layout::Nerfstudio,
            Self::Syncam(_) => Layout::Syncam,
            Self::Colmap(_) => Layout::Colmap,
            Self::Realitycapture(_) => Layout::Realitycapture,
        }
    }

    /// Reads the poses and checks each.
    pub(crate) fn read(&self, lens: LensTold) -> Result<RawCapture, CaptureError> {
        let raw = match self {
            Self::Llff(file) => llff::read(file)?,
            Self::Nerfstudio(file) => nerfstudio::read(file)?,
            Self::Syncam(dir) => syncam::read(dir, lens)?,
            Self::Colmap(model) => colmap::read(model)?,
            Self::Realitycapture(file) => realitycapture::read(file)?,
        };
        all(raw.views.iter().map(|view| {
            let bad = |problem| CaptureError::Bad { file: raw.file.clone(), place: view.place.clone(), problem };
            view.check().map_err(bad)
        }))?;
        Ok(raw)
    }
}

/// The layout of `dir`: the one that is asked for, or the first that is there.
pub(crate) fn find(dir: &Path, asked: Option<Layout>) -> Result<Found, CaptureError> {
    let looked_for = asked.map_or(Layout::ALL.to_vec(), |layout| vec![layout]);
    let found = looked_for.iter().find_map(|layout| layout.find(dir));
    found.ok_or_else(|| {
        let signs = looked_for.iter().map(|layout| format!("{} ({layout})", layout.sign()));
        CaptureError::NoLayout {
            dir: dir.to_owned(),
            looked_for: signs.collect::<Vec<_>>().join("; "),
            found: contents(dir),
        }
    })
}

/// What is in a folder, in a few words.
fn contents(dir: &Path) -> String {
    const MOST: usize = 12;
    let entries = std::fs::read_dir(dir).into_iter().flatten().flatten();
    let mut names: Vec<String> = entries
        .map(|entry| {
            let slash = if entry.path().is_dir() { "/" } else { "" };
            format!("{}{slash}", entry.file_name().to_string_lossy())
        })
        .collect();
    names.sort();
    let more = names.len().saturating_sub(MOST);
    names.truncate(MOST);
    match (names.is_empty(), more) {
        (true, _) => "nothing".to_owned(),
        (_, 0) => names.join(", "),
        _ => format!("{} and {more} more", names.join(", ")),
    }
}
