//! One clip on disk: a video, a folder of frames or a still.

use crate::Size;
use crate::area::AreaFilter;
use crate::clip::Clip;
use crate::error::MediaError;
use crate::ffmpeg::Ffmpeg;
use crate::files::{IMAGES, counted, entries, has_extension};
use crate::images;
use crate::probe::Probe;
use crate::shape::Shape;
use crate::timing::{IMAGES_FPS, Timing};
use std::fs;
use std::io::ErrorKind;
use std::path::{Path, PathBuf};

/// Where the frames of one clip come from.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Source {
    /// A video file, decoded by ffmpeg.
    Video(PathBuf),
    /// PNG or JPEG files of one folder, in the order of their names, numbers by value.
    Frames {
        /// The folder.
        folder: PathBuf,
        /// Its images, at least 1.
        files: Vec<PathBuf>,
    },
    /// One image.
    Still(PathBuf),
}

impl Source {
    /// The video, the folder of frames or the image at `path`. Only its name and kind are looked at.
    ///
    /// # Errors
    /// Nothing is there, or it is empty.
    pub fn at(path: &Path) -> Result<Self, MediaError> {
        if path.is_dir() {
            let mut files: Vec<PathBuf> =
                entries(path)?.into_iter().filter(|file| has_extension(file, &IMAGES)).collect();
            files.sort_by_cached_key(|file| counted(file));
            if files.is_empty() {
                return Err(MediaError::Empty { file: path.to_owned() });
            }
            return Ok(Self::Frames { folder: path.to_owned(), files });
        }
        match fs::metadata(path) {
            Err(error) if error.kind() == ErrorKind::NotFound => Err(MediaError::NoClip { file: path.to_owned() }),
            Err(source) => Err(MediaError::Io { file: path.to_owned(), source }),
            Ok(metadata) if metadata.len() == 0 => Err(MediaError::Empty { file: path.to_owned() }),
            Ok(metadata) if metadata.len() < 1024 && is_lfs_pointer(path) => Err(MediaError::Unreadable {
                file: path.to_owned(),
                problem: "a Git LFS pointer, not the file itself; fetch it with `git lfs pull`".to_owned(),
            }),
            Ok(_) if has_extension(path, &IMAGES) => Ok(Self::Still(path.to_owned())),
            Ok(_) => Ok(Self::Video(path.to_owned())),
        }
    }

    /// The file or folder.
    pub fn path(&self) -> &Path {
        match self {
            Self::Video(path) | Self::Still(path) => path,
            Self::Frames { folder, .. } => folder,
        }
    }

    /// The stem of the file, or the folder's name.
    pub fn name(&self) -> String {
        let name = match self {
            Self::Frames { folder, .. } => folder.file_name(),
            Self::Video(path) | Self::Still(path) => path.file_stem(),
        };
        name.unwrap_or_default().to_string_lossy().into_owned()
    }

    /// Size of its frames, from the first header, and for videos what else the header says.
    ///
    /// # Errors
    /// What can be wrong with a clip.
    pub fn look(&self, ffmpeg: &Ffmpeg) -> Result<(Size, Option<Probe>), MediaError> {
        match self {
            Self::Video(file) => ffmpeg.probe(file).map(|probe| (probe.size, Some(probe))),
            Self::Still(file) => images::size(file).map(|size| (size, None)),
            Self::Frames { folder, files } => match files.first() {
                Some(file) => images::size(file).map(|size| (size, None)),
                None => Err(MediaError::Empty { file: folder.clone() }),
            },
        }
    }

    /// Gives each frame that `timing` asks for to `take`, RGB bytes of the size that [`Source::look`] says, and returns their number. An
    /// error of `take` ends it. `probe` saves looking at a video's header again.
    ///
    /// # Errors
    /// What can be wrong with a clip, and those of `take`.
    pub fn each<E: From<MediaError>>(
        &self,
        probe: Option<Probe>,
        timing: &Timing,
        ffmpeg: &Ffmpeg,
        take: &mut dyn FnMut(&[u8]) -> Result<(), E>,
    ) -> Result<usize, E> {
        let files = match self {
            Self::Video(file) => {
                let probe = probe.map_or_else(|| ffmpeg.probe(file), Ok)?;
                return ffmpeg.each(file, probe, timing, take);
            }
            Self::Frames { folder, files } => &files[timing.images(folder, files.len(), IMAGES_FPS)?],
            Self::Still(file) => std::slice::from_ref(file),
        };
        let (size, _) = self.look(ffmpeg)?;
        for file in files {
            take(&images::read_whole(file, size)?)?;
        }
        Ok(files.len())
    }

    /// Decodes the frames that `timing` asks for, shaped. `probe` saves looking at a video's header again.
    ///
    /// # Errors
    /// What can be wrong with a clip.
    pub fn decode(
        &self,
        probe: Option<Probe>,
        shape: &dyn Shape,
        timing: Timing,
        ffmpeg: &Ffmpeg,
    ) -> Result<Clip, MediaError> {
        let files = match self {
            Self::Video(file) => {
                let probe = probe.map_or_else(|| ffmpeg.probe(file), Ok)?;
                return ffmpeg.read(file, probe, shape, &timing);
            }
            Self::Frames { files, .. } => files.as_slice(),
            Self::Still(file) => std::slice::from_ref(file),
        };
        let files = &files[..timing.at_most.unwrap_or(files.len()).min(files.len())];
        let rgb = images::read(files, shape)?;
        let (width, height) = shape.target();
        Ok(Clip { width: width as usize, height: height as usize, frames: files.len(), rgb })
    }
}

/// Whether Git has left a few lines in place of a large file.
fn is_lfs_pointer(path: &Path) -> bool {
    fs::read(path).is_ok_and(|bytes| bytes.starts_with(b"version https://git-lfs.github.com/spec/"))
}

/// Reads one clip in its own size, and its frames per second ([`IMAGES_FPS`] for images). `path` is a video, a folder of PNG
/// or JPEG frames, or one image.
///
/// # Errors
/// See [`MediaError`].
pub fn read_clip(path: &Path) -> Result<(Clip, f64), MediaError> {
    read_to(path, |_| Ok(None))
}

/// Like [`read_clip`], shrunk to `width` × `height` by area average.
///
/// # Errors
/// [`MediaError::TooSmall`] where that would enlarge it; [`MediaError::Size`] where its shape differs by more than a pixel of
/// rounding; see [`MediaError`].
pub fn read_clip_resized(path: &Path, width: u32, height: u32) -> Result<(Clip, f64), MediaError> {
    let asked = (width, height);
    read_to(path, |found| check_shape(path, found, asked).map(|()| Some(asked)))
}

/// How far the shape of a picture that goes with a clip may be off the clip's.
const SAME_SHAPE: f64 = 0.02;

/// Whether an image, such as a mask or depth, has the shape of a clip's frames: the same width for a height, within 2 %.
#[must_use]
pub fn is_same_shape(found: Size, expected: Size) -> bool {
    let shape = |(width, height): Size| f64::from(width) / f64::from(height);
    (shape(found) / shape(expected) - 1.0).abs() <= SAME_SHAPE
}

/// Checks that frames of `found` size can be shrunk to `asked`.
///
/// # Errors
/// [`MediaError::TooSmall`], [`MediaError::Size`] or, where a side is 0, [`MediaError::BadOption`].
pub fn check_shape(path: &Path, found: Size, asked: Size) -> Result<(), MediaError> {
    let (width, height) = asked;
    for (option, value) in [("width", width), ("height", height)] {
        if value == 0 {
            return Err(MediaError::BadOption { option, found: 0.0, expected: "at least 1" });
        }
    }
    if found.0 < width || found.1 < height {
        return Err(MediaError::TooSmall { file: path.to_owned(), found, expected: asked });
    }
    // One pixel of rounding in the smaller image is `ratio` pixels in the larger.
    let ratio = f64::from(found.1) / f64::from(height);
    let fitting = (f64::from(width) * ratio, f64::from(found.1));
    if (f64::from(found.0) - fitting.0).abs() > ratio.max(1.0) * 1.5 {
        let expected = (fitting.0.round() as u32, found.1);
        let reason = format!("the shape of the {width}×{height} images to compare with");
        return Err(MediaError::Size { file: path.to_owned(), found, expected, reason });
    }
    Ok(())
}

/// Reads a clip in the size that `target` gives for its own size (`None`: the same).
fn read_to(path: &Path, target: impl Fn(Size) -> Result<Option<Size>, MediaError>) -> Result<(Clip, f64), MediaError> {
    let ffmpeg = Ffmpeg::default();
    let source = Source::at(path)?;
    let (size, probe) = source.look(&ffmpeg)?;
    let filter = AreaFilter::new(size, target(size)?.unwrap_or(size));
    let clip = source.decode(probe, &filter, Timing::default(), &ffmpeg)?;
    Ok((clip, probe.map_or(IMAGES_FPS, |probe| probe.fps)))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_pointer_of_git_lfs_is_named_as_such() {
        let dir = tempfile::tempdir().unwrap();
        let file = dir.path().join("a.mp4");
        fs::write(&file, "version https://git-lfs.github.com/spec/v1\noid sha256:4d7a\nsize 12345\n").unwrap();
        let error = Source::at(&file).unwrap_err().to_string();
        assert!(error.contains("a.mp4: unreadable: a Git LFS pointer") && error.contains("git lfs pull"), "{error}");
    }

    #[test]
    fn names_are_stems_of_files_and_names_of_folders() {
        let dir = tempfile::tempdir().unwrap();
        for file in ["view.01/0.png", "view.02.mp4", "view.03.JPG"] {
            let path = dir.path().join(file);
            fs::create_dir_all(path.parent().unwrap()).unwrap();
            fs::write(path, b"x").unwrap();
        }
        let name = |file: &str| Source::at(&dir.path().join(file)).unwrap().name();
        assert_eq!([name("view.01"), name("view.02.mp4"), name("view.03.JPG")], ["view.01", "view.02", "view.03"]);
    }
}
