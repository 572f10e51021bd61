//! Which files are videos and images, and what a folder holds.

use crate::error::MediaError;
use std::fs;
use std::path::{Path, PathBuf};

/// Extensions of videos.
pub const VIDEOS: [&str; 4] = ["mp4", "mov", "mkv", "webm"];
/// Extensions of images.
pub const IMAGES: [&str; 3] = ["png", "jpg", "jpeg"];

/// The entries of a folder by name (bytewise), hidden ones left out.
///
/// # Errors
/// The folder cannot be read.
pub fn entries(folder: &Path) -> Result<Vec<PathBuf>, MediaError> {
    let mut paths = Vec::new();
    for entry in fs::read_dir(folder).map_err(MediaError::io(folder))? {
        let entry = entry.map_err(MediaError::io(folder))?;
        if !entry.file_name().as_encoded_bytes().starts_with(b".") {
            paths.push(entry.path());
        }
    }
    paths.sort();
    Ok(paths)
}

/// Whether a path has one of these extensions, in any case.
pub fn has_extension(path: &Path, extensions: &[&str]) -> bool {
    let extension = path.extension().and_then(|extension| extension.to_str());
    extension.is_some_and(|extension| extensions.iter().any(|known| extension.eq_ignore_ascii_case(known)))
}
