//! Frames that are kept on disk: a clip of ten seconds in 4K has 7 GB, and is needed by rows as well as by frames.

use crate::error::ClosingError;
use loop3d_media::Size;
use std::fs::File;
use std::io::{self, Read, Seek, SeekFrom, Write};
use std::ops::Range;
use std::path::{Path, PathBuf};

/// Frames of one size, RGB bytes, in a file without a name.
pub struct Kept {
    file: File,
    folder: PathBuf,
    size: Size,
    frames: usize,
}

impl Kept {
    /// No frames yet. They are kept in `folder`, in a file that ends with this value.
    ///
    /// # Errors
    /// Nothing can be written there.
    pub fn new(folder: &Path, size: Size) -> Result<Self, ClosingError> {
        let file = tempfile::tempfile_in(folder);
        let file = file.map_err(|source| ClosingError::Kept { folder: folder.to_owned(), bytes: 0, source })?;
        Ok(Self { file, folder: folder.to_owned(), size, frames: 0 })
    }

    /// As many frames as are asked for, black until they are written.
    ///
    /// # Errors
    /// Nothing can be written there.
    pub fn with_frames(folder: &Path, size: Size, frames: usize) -> Result<Self, ClosingError> {
        let mut kept = Self::new(folder, size)?;
        kept.frames = frames;
        kept.file.set_len(kept.bytes()).map_err(|source| kept.failed(source))?;
        Ok(kept)
    }

    /// Width and height.
    pub fn size(&self) -> Size {
        self.size
    }

    /// Number of frames.
    pub fn frames(&self) -> usize {
        self.frames
    }

    fn line(&self) -> usize {
        self.size.0 as usize * 3
    }

    fn frame_bytes(&self) -> usize {
        self.line() * self.size.1 as usize
    }

    fn bytes(&self) -> u64 {
        self.frames as u64 * self.frame_bytes() as u64
    }

    fn failed(&self, source: io::Error) -> ClosingError {
        ClosingError::Kept { folder: self.folder.clone(), bytes: self.bytes(), source }
    }

    /// Adds a frame behind the last.
    ///
    /// # Errors
    /// The disk is full.
    pub fn push(&mut self, frame: &[u8]) -> Result<(), ClosingError> {
        self.frames += 1;
        self.write_rows(self.frames - 1, 0, frame)
    }

    /// Writes whole rows of a frame, from row `first`.
    ///
    /// # Errors
    /// The disk is full.
    pub fn write_rows(&mut self, frame: usize, first: usize, rows: &[u8]) -> Result<(), ClosingError> {
        let at = self.place(frame, first);
        let written = self.file.seek(SeekFrom::Start(at)).and_then(|_| self.file.write_all(rows));
        written.map_err(|source| self.failed(source))
    }

    /// Reads rows of a frame.
    ///
    /// # Errors
    /// The disk fails.
    pub fn read_rows(&mut self, frame: usize, rows: Range<usize>, into: &mut [u8]) -> Result<(), ClosingError> {
        let at = self.place(frame, rows.start);
        let bytes = rows.len() * self.line();
        let read = self.file.seek(SeekFrom::Start(at)).and_then(|_| self.file.read_exact(&mut into[..bytes]));
        read.map_err(|source| self.failed(source))
    }

    /// Reads a frame.
    ///
    /// # Errors
    /// The disk fails.
    pub fn frame(&mut self, frame: usize) -> Result<Vec<u8>, ClosingError> {
        let mut rgb = vec![0; self.frame_bytes()];
        self.read_rows(frame, 0..self.size.1 as usize, &mut rgb)?;
        Ok(rgb)
    }

    fn place(&self, frame: usize, row: usize) -> u64 {
        frame as u64 * self.frame_bytes() as u64 + (row * self.line()) as u64
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn frames_come_back_whole_and_by_rows() {
        let folder = tempfile::tempdir().unwrap();
        let mut kept = Kept::new(folder.path(), (2, 3)).unwrap();
        let frames: Vec<Vec<u8>> = (0..4u8).map(|n| (0..18).map(|i| n * 20 + i).collect()).collect();
        frames.iter().for_each(|frame| kept.push(frame).unwrap());
        assert_eq!((kept.frames(), kept.size()), (4, (2, 3)));
        assert_eq!(kept.frame(2).unwrap(), frames[2]);
        let mut rows = [0; 12];
        kept.read_rows(3, 1..3, &mut rows).unwrap();
        assert_eq!(rows, frames[3][6..]);

        let mut made = Kept::with_frames(folder.path(), (2, 3), 2).unwrap();
        made.write_rows(1, 2, &[7; 6]).unwrap();
        assert_eq!(made.frame(0).unwrap(), [0; 18]);
        assert_eq!(made.frame(1).unwrap(), [&[0; 12][..], &[7; 6]].concat());
        // On some systems the file has a name, on none a visible one that stays.
        drop((kept, made));
        assert_eq!(std::fs::read_dir(folder.path()).unwrap().count(), 0);
    }
}
