//! Scene files on disk: saved whole or not at all, read strictly. The bytes are [`format`](crate::format)'s.

mod unfinished;

use crate::format::{self, FormatError};
use crate::{Blame, Fault, Scene};
use std::fs::File;
use std::io::{self, BufReader, BufWriter, ErrorKind, Write};
use std::path::{Path, PathBuf};
pub use unfinished::Unfinished;

/// Why a scene file could not be read or written: the file, what was found, what was expected.
#[derive(Debug, thiserror::Error)]
#[error("{}: {problem}", path.display())]
pub struct FileError {
    /// The file.
    pub path: PathBuf,
    problem: Problem,
}

#[derive(Debug, thiserror::Error)]
enum Problem {
    #[error("cannot be read: {0}")]
    Open(io::Error),
    #[error("is a folder; expected a file")]
    SourceIsFolder,
    #[error("{0}")]
    Content(FormatError),
    #[error("is a folder; expected a file")]
    TargetIsFolder,
    #[error("cannot be written: {0}")]
    Target(io::Error),
    #[error("was not written: {0}")]
    Write(FormatError),
}

impl Blame for FileError {
    /// A missing, foreign, damaged or newer file is the input's; a target that cannot be written the argument's; a full or broken
    /// disk the machine's.
    fn fault(&self) -> Fault {
        match &self.problem {
            Problem::Open(error) if is_about_the_path(error) => Fault::Input,
            Problem::Target(error) if is_about_the_path(error) => Fault::Usage,
            Problem::TargetIsFolder => Fault::Usage,
            Problem::Content(FormatError::Memory { .. }) => Fault::Moment,
            Problem::Content(FormatError::Io(_)) | Problem::Open(_) | Problem::Target(_) | Problem::Write(_) => {
                Fault::Machine
            }
            Problem::SourceIsFolder | Problem::Content(_) => Fault::Input,
        }
    }
}

fn is_about_the_path(error: &io::Error) -> bool {
    matches!(
        error.kind(),
        ErrorKind::NotFound
            | ErrorKind::PermissionDenied
            | ErrorKind::NotADirectory
            | ErrorKind::IsADirectory
            | ErrorKind::ReadOnlyFilesystem
            | ErrorKind::InvalidFilename
            | ErrorKind::InvalidInput
    )
}

/// Reads and checks a scene.
///
/// # Errors
/// The file cannot be read, is not a scene, is cut short, is damaged, or has a newer format.
pub fn load(path: impl AsRef<Path>) -> Result<Scene, FileError> {
    let path = path.as_ref();
    let error = |problem| FileError { path: path.to_owned(), problem };
    let file = File::open(path).map_err(|e| error(Problem::Open(e)))?;
    let about = file.metadata().map_err(|e| error(Problem::Open(e)))?;
    if about.is_dir() {
        return Err(error(Problem::SourceIsFolder));
    }
    format::read(&mut BufReader::new(file), about.len()).map_err(|e| error(Problem::Content(e)))
}

/// Writes a scene. An older file at `path` is replaced in one step once the new one is whole on disk, and stays as it was on
/// any error.
///
/// # Errors
/// The target is a folder or cannot be written, the disk is full, or the scene is not valid.
pub fn save(scene: &Scene, path: impl AsRef<Path>) -> Result<(), FileError> {
    write_atomically(path.as_ref(), |out| format::write(scene, out))
}

/// Writes any file the way [`save`] does: `write` fills a temporary file beside `path`, which is synced and renamed.
///
/// # Errors
/// The target is a folder or cannot be written, or `write` failed.
pub fn write_file(
    path: impl AsRef<Path>,
    write: impl FnOnce(&mut dyn Write) -> io::Result<()>,
) -> Result<(), FileError> {
    write_atomically(path.as_ref(), |out| write(out).map_err(FormatError::Io))
}

fn write_atomically(
    path: &Path,
    write: impl FnOnce(&mut dyn Write) -> Result<(), FormatError>,
) -> Result<(), FileError> {
    let (unfinished, file) = Unfinished::file(path)?;
    let mut out = BufWriter::new(file);
    let failed = |error| FileError { path: path.to_owned(), problem: Problem::Write(error) };
    write(&mut out).map_err(failed)?;
    out.flush().map_err(|error| failed(FormatError::Io(error)))?;
    drop(out);
    unfinished.finish()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing::random_scene;
    use std::fs;

    /// A folder of this test's own, removed at its end.
    struct Folder(PathBuf);

    impl Folder {
        fn new(test: &str) -> Self {
            let path = std::env::temp_dir().join(format!("loop3d-scene-{test}-{}", std::process::id()));
            let _ = fs::remove_dir_all(&path);
            fs::create_dir_all(&path).unwrap();
            Self(path)
        }

        fn names(&self) -> Vec<String> {
            let names = fs::read_dir(&self.0).unwrap().map(|e| e.unwrap().file_name().into_string().unwrap());
            names.collect()
        }
    }

    impl Drop for Folder {
        fn drop(&mut self) {
            let _ = fs::remove_dir_all(&self.0);
        }
    }

    #[test]
    fn a_saved_scene_is_loaded_equal_and_nothing_else_is_left() {
        let folder = Folder::new("save");
        let path = folder.0.join("a.loop3d");
        let scene = random_scene(1, 3, 2, 40, 24);
        save(&random_scene(2, 2, 1, 16, 16), &path).unwrap();
        save(&scene, &path).unwrap();
        assert_eq!(load(&path).unwrap(), scene);
        assert_eq!(folder.names(), ["a.loop3d"]);
    }

    #[test]
    fn an_older_file_survives_a_failure_in_the_middle_of_writing() {
        let folder = Folder::new("fail");
        let path = folder.0.join("a.loop3d");
        let old = random_scene(2, 2, 1, 16, 16);
        save(&old, &path).unwrap();
        let error = write_file(&path, |out| {
            out.write_all(&[7; 100_000])?;
            Err(ErrorKind::StorageFull.into())
        });
        let error = error.unwrap_err();
        assert_eq!(error.fault(), Fault::Machine);
        assert_eq!(error.to_string(), format!("{}: was not written: no storage space", path.display()));
        let mut bad = old.clone();
        bad.frames = 0;
        assert_eq!(save(&bad, &path).unwrap_err().fault(), Fault::Machine);
        assert_eq!(load(&path).unwrap(), old);
        assert_eq!(folder.names(), ["a.loop3d"]);
    }

    #[test]
    fn folders_appear_whole_and_take_the_place_of_empty_ones() {
        let folder = Folder::new("folder");
        let target = folder.0.join("out");
        let start = || {
            let unfinished = Unfinished::folder(&target).unwrap();
            fs::write(unfinished.path().join("a"), "x").unwrap();
            unfinished
        };
        drop(start());
        assert_eq!(folder.names(), [""; 0]);
        fs::create_dir(&target).unwrap();
        start().finish().unwrap();
        assert_eq!((folder.names(), fs::read(target.join("a")).unwrap()), (vec!["out".to_owned()], b"x".to_vec()));
        // Now it has something in it.
        assert!(start().finish().is_err());
        assert_eq!(folder.names(), ["out"]);
    }

    #[test]
    fn bad_targets_are_wrong_arguments() {
        let folder = Folder::new("target");
        let scene = random_scene(2, 2, 1, 16, 16);
        fs::write(folder.0.join("file"), "x").unwrap();
        for (target, said) in [
            (folder.0.clone(), "is a folder; expected a file"),
            (folder.0.join("missing/a.loop3d"), "cannot be written: "),
            (folder.0.join("file/a.loop3d"), "cannot be written: "),
            (PathBuf::from(".."), "is a folder"),
            (PathBuf::new(), "a path without a file name"),
        ] {
            let error = save(&scene, &target).unwrap_err();
            assert!(error.fault() == Fault::Usage && error.to_string().contains(said), "{error}");
        }
        assert_eq!(folder.names(), ["file"]);
    }

    #[test]
    fn bad_sources_are_bad_input_and_named() {
        let folder = Folder::new("source");
        let path = folder.0.join("a.loop3d");
        fs::write(&path, "hello, this is no scene").unwrap();
        let error = load(&path).unwrap_err();
        assert!(error.fault() == Fault::Input && error.to_string().starts_with(&path.display().to_string()), "{error}");
        assert!(error.to_string().contains("not a scene file"), "{error}");
        let error = load(folder.0.join("missing")).unwrap_err();
        assert!(error.fault() == Fault::Input && error.to_string().contains("cannot be read"), "{error}");
        let error = load(&folder.0).unwrap_err();
        assert!(error.fault() == Fault::Input && error.to_string().contains("folder"), "{error}");
    }
}
