//! Files and folders that appear at their path only once they are whole.

use super::{FileError, Problem};
use crate::format::FormatError;
use std::ffi::OsString;
use std::fs::{self, File, OpenOptions};
use std::io::{self, ErrorKind};
use std::path::{Path, PathBuf};

/// A file or folder that is written beside its target, as `.NAME.tmp-PROCESS`, and takes the target's place once it is whole. What was at
/// the target stays until then. Dropped unfinished, it is removed.
#[derive(Debug)]
pub struct Unfinished {
    target: PathBuf,
    path: PathBuf,
}

impl Unfinished {
    /// An empty file.
    ///
    /// # Errors
    /// The target is a folder or has no name, or nothing can be written beside it.
    pub fn file(target: &Path) -> Result<(Self, File), FileError> {
        if target.is_dir() {
            return Err(FileError { path: target.to_owned(), problem: Problem::TargetIsFolder });
        }
        let path = beside(target)?;
        let file = File::create(&path).map_err(|error| not_writable(target, error))?;
        Ok((Self { target: target.to_owned(), path }, file))
    }

    /// An empty folder.
    ///
    /// # Errors
    /// The target has no name, or nothing can be written beside it.
    pub fn folder(target: &Path) -> Result<Self, FileError> {
        let path = beside(target)?;
        fs::create_dir(&path).map_err(|error| not_writable(target, error))?;
        Ok(Self { target: target.to_owned(), path })
    }

    /// Where to write until then.
    pub fn path(&self) -> &Path {
        &self.path
    }

    /// Moves what was written, and closed, to the target. A file replaces an older file, a folder an empty folder.
    ///
    /// # Errors
    /// It cannot be synced to the disk, or the target cannot be replaced.
    pub fn finish(self) -> Result<(), FileError> {
        if self.path.is_dir() {
            // An empty folder is removed. That it is missing is not an error; anything else makes the renaming fail.
            let _ = fs::remove_dir(&self.target);
        } else {
            let synced = OpenOptions::new().write(true).open(&self.path).and_then(|file| file.sync_all());
            let failed = |error| Problem::Write(FormatError::Io(error));
            synced.map_err(|error| FileError { path: self.target.clone(), problem: failed(error) })?;
        }
        fs::rename(&self.path, &self.target).map_err(|error| not_writable(&self.target, error))?;
        let parent = self.target.parent().filter(|parent| *parent != Path::new(""));
        // The new name survives a power cut only once the folder is synced. Not every system can open or sync folders, and
        // what was written is whole either way, so there is nothing to report.
        let _ = File::open(parent.unwrap_or(Path::new("."))).and_then(|folder| folder.sync_all());
        Ok(())
    }
}

impl Drop for Unfinished {
    fn drop(&mut self) {
        // Once it is finished there is nothing to remove; otherwise the error that led here is the one to report.
        let _ = if self.path.is_dir() { fs::remove_dir_all(&self.path) } else { fs::remove_file(&self.path) };
    }
}

/// `.NAME.tmp-PROCESS` beside NAME.
fn beside(target: &Path) -> Result<PathBuf, FileError> {
    let name = target.file_name();
    let name = name
        .ok_or_else(|| not_writable(target, io::Error::new(ErrorKind::InvalidInput, "a path without a file name")))?;
    let mut temporary = OsString::from(".");
    temporary.push(name);
    temporary.push(format!(".tmp-{}", std::process::id()));
    Ok(target.with_file_name(temporary))
}

fn not_writable(target: &Path, error: io::Error) -> FileError {
    FileError { path: target.to_owned(), problem: Problem::Target(error) }
}
