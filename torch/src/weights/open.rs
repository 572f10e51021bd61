//! Picks the reader of a file of weights by what is in it, not by what it is called.

use super::{Pickle, Safetensors, Shards, TensorSource, WeightsError};
use std::fs::{self, File};
use std::io::Read;
use std::path::{Path, PathBuf};
use std::rc::Rc;

/// How the name of an index of shards ends.
const INDEX: &str = ".safetensors.index.json";
/// Bytes of a file's beginning that tell its format.
const START: usize = 48;

/// What a file is, by its first bytes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Format {
    Safetensors,
    Index,
    Pickle,
}

/// Opens a file of weights, or the folder of one model: a safetensors file, an index of shards or a folder with one, or a file
/// of `torch.save`. Files are mapped and must not be changed while they are open.
///
/// # Errors
/// There is no such file, it is of no known format or broken, or the folder holds none or several.
pub fn open(path: &Path) -> Result<Rc<dyn TensorSource>, WeightsError> {
    if path.is_dir() {
        return open(&the_one_of(path)?);
    }
    let start = start(path)?;
    Ok(match format(&start) {
        Some(Format::Safetensors) => Rc::new(Safetensors::open(path)?),
        Some(Format::Index) => Rc::new(Shards::open(path)?),
        Some(Format::Pickle) => Rc::new(Pickle::open(path)?),
        None => return Err(unknown(path, &start)),
    })
}

/// The file of weights of a folder, or its index.
fn the_one_of(folder: &Path) -> Result<PathBuf, WeightsError> {
    let unreadable = |error: std::io::Error| WeightsError::Unreadable {
        place: folder.display().to_string(),
        reason: format!("cannot be read: {error}"),
    };
    let entries = fs::read_dir(folder).map_err(unreadable)?;
    let mut files: Vec<PathBuf> = entries.flatten().map(|entry| entry.path()).filter(|path| path.is_file()).collect();
    files.sort();
    let name = |path: &Path| path.file_name().unwrap_or_default().to_string_lossy().into_owned();
    let indices: Vec<PathBuf> = files.iter().filter(|path| name(path).ends_with(INDEX)).cloned().collect();
    let weights = || {
        let is = |path: &PathBuf| {
            matches!(format(&start(path).ok()?), Some(Format::Safetensors | Format::Pickle)).then_some(())
        };
        files.iter().filter(|path| is(path).is_some()).cloned().collect()
    };
    let found: Vec<PathBuf> = if indices.is_empty() { weights() } else { indices };
    match &found[..] {
        [one] => Ok(one.clone()),
        found => {
            let found = found.iter().map(|path| name(path)).collect();
            Err(WeightsError::Ambiguous { place: folder.display().to_string(), found })
        }
    }
}

/// The first bytes of a file.
fn start(path: &Path) -> Result<Vec<u8>, WeightsError> {
    let mut start = Vec::with_capacity(START);
    let read = File::open(path).and_then(|file| file.take(START as u64).read_to_end(&mut start));
    let reason = |error: std::io::Error| format!("cannot be read: {error}");
    read.map_err(|error| WeightsError::Unreadable { place: path.display().to_string(), reason: reason(error) })?;
    Ok(start)
}

fn format(start: &[u8]) -> Option<Format> {
    match start {
        // The length of a header of less than 2⁵⁶ bytes, and the header.
        [_, _, _, _, _, _, _, 0, b'{', ..] => Some(Format::Safetensors),
        [b'{', ..] => Some(Format::Index),
        // A zip file, which may be empty, or a pickle of protocol 2 and up.
        [b'P', b'K', 3 | 5, 4 | 6, ..] | [0x80, 2..=5, ..] => Some(Format::Pickle),
        _ => None,
    }
}

/// Files that are in the place of weights more often than others.
fn unknown(path: &Path, start: &[u8]) -> WeightsError {
    let place = path.display().to_string();
    let wrong = |found: String, remedy| {
        let expected = "a safetensors file, an index of shards, or a file of torch.save".to_owned();
        WeightsError::Malformed { place: place.clone(), at: "the start".to_owned(), found, expected, remedy }
    };
    if start.starts_with(b"version https://git-lfs") {
        return wrong("a pointer of Git LFS".to_owned(), "fetch the file itself with `git lfs pull`");
    }
    if start.trim_ascii_start().starts_with(b"<") {
        return wrong("a page of HTML or XML".to_owned(), "the download failed or needs a login: fetch the file again");
    }
    let shown: String = start.iter().take(12).map(|byte| format!("{byte:02x} ")).collect();
    wrong(format!("the bytes {}", shown.trim_end()), "pass the path of the weights")
}
