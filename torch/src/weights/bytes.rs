//! The bytes of a file of weights: a map of the file, or bytes in memory.

use super::WeightsError;
use memmap2::{Mmap, UncheckedAdvice};
use std::fs::File;
use std::ops::{Deref, Range};
use std::path::Path;

/// From this size on, pages of a map are given back after a tensor was copied out of them.
const WORTH_RELEASING: usize = 1 << 20;

/// The bytes of a file.
#[derive(Debug)]
pub(super) enum Bytes {
    Mapped(Mmap),
    Owned(Vec<u8>),
}

impl Bytes {
    /// Maps a file, which must not be changed or cut while it is mapped.
    pub(super) fn map(path: &Path) -> Result<Self, WeightsError> {
        let map = File::open(path).and_then(|file| {
            // SAFETY: the map is private to this reader and read-only. A file that another process cuts while it is mapped
            // ends this process with a bus error, as with every reader of mapped weights.
            unsafe { Mmap::map(&file) }
        });
        let reason = |error: std::io::Error| format!("cannot be read: {error}");
        map.map(Self::Mapped)
            .map_err(|error| WeightsError::Unreadable { place: path.display().to_string(), reason: reason(error) })
    }

    /// Gives the memory of these bytes back to the system, which reads them again when they are asked for. Otherwise a pass
    /// through a file of 11 GB would hold 11 GB.
    pub(super) fn release(&self, range: Range<usize>) {
        let Self::Mapped(map) = self else { return };
        if range.len() < WORTH_RELEASING || range.end > map.len() {
            return;
        }
        // SAFETY: the map is read-only and of a file, so that its pages come back with the same content.
        // It is a hint: a failure costs memory only.
        let _ = unsafe { map.unchecked_advise_range(UncheckedAdvice::DontNeed, range.start, range.len()) };
    }
}

impl Deref for Bytes {
    type Target = [u8];

    fn deref(&self) -> &[u8] {
        match self {
            Self::Mapped(map) => map,
            Self::Owned(bytes) => bytes,
        }
    }
}
