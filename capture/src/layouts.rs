//! The layouts of poses on disk: one table, which says how each is found, read and written.
//!
//! A new layout is one file here that ends in a [`Layout`], and one row of [`Layout::ALL`]. Its reader ends in a
//! [`RawCapture`](crate::raw::RawCapture), as all do; its writers, if any, begin with a [`PosedScene`].

mod colmap;
mod layout;
mod llff;
mod nerfstudio;
mod realitycapture;
mod syncam;

use crate::error::{CaptureError, all};
use crate::poses::divide_scale;
use crate::raw::RawCapture;
pub(crate) use colmap::{LAYOUT as COLMAP, TEXT as COLMAP_TEXT};
pub(crate) use layout::LensOptions;
pub use layout::{Layout, PosedScene, ScenePoint, Writer};
pub use llff::{NpyArray, read_npy};
use std::path::{Path, PathBuf};
use std::str::FromStr;
pub(crate) use syncam::read_file as read_syncam_file;

impl Layout {
    /// All of them, in the order in which they are looked for: those that tools make from a COLMAP model and leave beside it
    /// come before it.
    pub const ALL: [Self; 5] =
        [llff::LAYOUT, nerfstudio::LAYOUT, syncam::LAYOUT, colmap::LAYOUT, realitycapture::LAYOUT];
}

impl FromStr for Layout {
    type Err = String;

    fn from_str(name: &str) -> Result<Self, String> {
        let found = Self::ALL.into_iter().find(|layout| layout.name == name);
        found.ok_or_else(|| {
            format!("unknown layout '{name}'; expected one of {}", Self::ALL.map(|row| row.name).join(", "))
        })
    }
}

impl Writer {
    /// All of them, layout by layout.
    pub fn all() -> impl Iterator<Item = Self> + Clone {
        Layout::ALL.into_iter().flat_map(|layout| layout.writers).copied()
    }
}

impl Default for Writer {
    /// LLFF.
    fn default() -> Self {
        llff::WRITER
    }
}

impl FromStr for Writer {
    type Err = String;

    fn from_str(name: &str) -> Result<Self, String> {
        let names = || Self::all().map(|writer| writer.name).collect::<Vec<_>>().join(", ");
        let found = Self::all().find(|writer| writer.name == name);
        found.ok_or_else(|| format!("unknown layout '{name}'; expected one of {}", names()))
    }
}

/// A layout and where it is.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Found {
    pub layout: Layout,
    /// What its reader takes.
    at: PathBuf,
}

impl Found {
    /// Reads the poses and checks each.
    pub(crate) fn read(&self, lens: LensOptions) -> Result<RawCapture, CaptureError> {
        checked((self.layout.read)(&self.at, lens)?)
    }
}

/// `raw`, once each pose is checked. Scales that some exporters leave in the axes are divided out.
pub(crate) fn checked(mut raw: RawCapture) -> Result<RawCapture, CaptureError> {
    let scales = raw.views.iter_mut().filter_map(|view| divide_scale(&mut view.world_from_camera.matrix3));
    let scales: Vec<f64> = scales.collect();
    if !scales.is_empty() {
        let [least, most] =
            scales.iter().fold([f64::INFINITY, 0.0], |[least, most], &scale| [scale.min(least), scale.max(most)]);
        raw.notes.push(format!(
            "{} camera matrices are scaled, by {least:.4} to {most:.4}; the scale is divided out",
            scales.len()
        ));
    }
    all(raw.views.iter().map(|view| {
        let bad = |problem| CaptureError::Bad { file: raw.file.clone(), place: view.place.clone(), problem };
        view.check().map_err(bad)
    }))?;
    Ok(raw)
}

/// The layout of `dir`: the one that is asked for, or the first that is there.
pub(crate) fn find(dir: &Path, asked: Option<Layout>) -> Result<Found, CaptureError> {
    let looked_for = asked.map_or(Layout::ALL.to_vec(), |layout| vec![layout]);
    let found = looked_for.iter().find_map(|layout| Some(Found { layout: *layout, at: (layout.find)(dir)? }));
    found.ok_or_else(|| {
        let signs = looked_for.iter().map(|layout| format!("{} ({layout})", layout.sign));
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_told_apart() {
        for layout in Layout::ALL {
            assert_eq!(layout.name.parse(), Ok(layout));
        }
        for writer in Writer::all() {
            assert_eq!(writer.name.parse(), Ok(writer));
        }
        assert!("fbx".parse::<Layout>().unwrap_err().contains("expected one of llff, nerfstudio"));
        assert!("fbx".parse::<Writer>().unwrap_err().contains("expected one of llff, n3dv"));
    }

    #[test]
    fn each_writer_writes_the_files_that_it_names() {
        let scene = PosedScene { names: vec![], cameras: vec![], bounds: vec![], points: vec![] };
        for writer in Writer::all() {
            let dir = tempfile::tempdir().unwrap();
            let files = writer.write(dir.path(), &scene).unwrap();
            assert_eq!(files, writer.files.iter().map(|name| dir.path().join(name)).collect::<Vec<_>>(), "{writer}");
        }
    }
}
