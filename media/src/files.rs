//! Which files are videos and images, and what a folder holds.

use crate::error::MediaError;
use std::cmp::Ordering;
use std::fs;
use std::path::{Path, PathBuf};

/// Extensions of videos.
pub const VIDEOS: [&str; 9] = ["mp4", "mov", "mkv", "webm", "m4v", "avi", "mts", "m2ts", "3gp"];
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

/// A name in pieces that compare as people count: `frame_2` before `frame_10`.
pub(crate) fn counted(path: &Path) -> Vec<Piece> {
    let name = path.file_name().unwrap_or_default().to_string_lossy();
    let mut pieces: Vec<Piece> = Vec::new();
    for letter in name.chars() {
        match (letter.is_ascii_digit(), pieces.last_mut()) {
            (true, Some(Piece::Number(number))) => number.push(letter),
            (true, _) => pieces.push(Piece::Number(letter.to_string())),
            (false, Some(Piece::Text(text))) => text.push(letter),
            (false, _) => pieces.push(Piece::Text(letter.to_string())),
        }
    }
    pieces
}

/// Digits, or what is between them.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Piece {
    Number(String),
    Text(String),
}

impl Ord for Piece {
    fn cmp(&self, other: &Self) -> Ordering {
        match (self, other) {
            (Self::Number(a), Self::Number(b)) => {
                // Of any length, so without their value: more digits are more.
                let [x, y] = [a, b].map(|number| number.trim_start_matches('0'));
                x.len().cmp(&y.len()).then_with(|| x.cmp(y)).then_with(|| b.len().cmp(&a.len()))
            }
            (Self::Text(a), Self::Text(b)) => a.cmp(b),
            (Self::Number(_), Self::Text(_)) => Ordering::Less,
            (Self::Text(_), Self::Number(_)) => Ordering::Greater,
        }
    }
}

impl PartialOrd for Piece {
    fn partial_cmp(&self, other: &Self) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}

/// Whether a path has one of these extensions, in any case.
pub fn has_extension(path: &Path, extensions: &[&str]) -> bool {
    let extension = path.extension().and_then(|extension| extension.to_str());
    extension.is_some_and(|extension| extensions.iter().any(|known| extension.eq_ignore_ascii_case(known)))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_in_the_order_in_which_people_count() {
        let in_order =
            ["1.png", "a1b2.png", "a1b10.png", "a02.png", "a2.png", "a10.png", "a99999999999999999999.png", "b.png"];
        let mut names: Vec<PathBuf> = in_order.iter().rev().map(PathBuf::from).collect();
        names.sort_by_cached_key(|path| counted(path));
        assert_eq!(names, in_order.map(PathBuf::from));
    }
}
