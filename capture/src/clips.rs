//! Finds the clips of a capture: which folder holds them, and one for each pose, by name or by order.
//!
//! Candidates, best kind first:
//! 1. videos: `videos/` or `videos_<factor>/` holding mp4, mov, mkv, webm, m4v, avi, mts or 3gp files;
//! 2. videos in the directory itself, where there is one for each pose (N3DV);
//! 3. frames: one folder of PNG or JPEG frames for each view, in `videos/`, `videos_<factor>/`, `frames/` or
//!    `frames_<factor>/`;
//! 4. stills: `images/`, `images_<factor>/` or `input/` holding one PNG or JPEG for each view;
//! 5. frames in the directory itself: after those, because a folder of other images beside the views is not a view;
//! 6. stills in the directory itself, or where the poses name them: only where poses have names.
//!
//! `<factor>` is the exact ratio between the size in the poses and that of the images; none means 1. Of several factors
//! the largest (least to decode) that still holds every pixel asked for is taken; see [`choose`].

use crate::error::{CaptureError, all};
use crate::raw::RawCapture;
use loop3d_media::files::{IMAGES, VIDEOS, entries, has_extension};
use std::collections::HashMap;
use std::path::{Path, PathBuf};

/// Folders of a capture that hold images but no views: never taken for frames of a view.
const NOT_VIEWS: [&str; 3] = ["truth", "masks", "preview"];

/// Kinds of clips, best first.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
enum Kind {
    Videos,
    /// Videos in the directory itself.
    LooseVideos,
    Frames,
    Stills,
    /// Folders of frames in the directory itself.
    Loose,
    /// Stills in the directory itself.
    LooseStills,
}

/// A folder with one clip for each view.
#[derive(Clone, Debug)]
struct Candidate {
    kind: Kind,
    /// Size in the poses / size of the images.
    factor: u32,
    folder: PathBuf,
    /// By name.
    clips: Vec<PathBuf>,
}

/// One clip for each pose.
#[derive(Clone, Debug)]
pub(crate) struct Assignment {
    /// In the order of the poses.
    pub clips: Vec<PathBuf>,
    /// Size in the poses / size of the images.
    pub factor: u32,
    /// Names of clips that no pose belongs to.
    pub unused: Vec<String>,
}

/// Finds the clips of all poses of `raw`, which was read from `dir`. `largest_factor` is size in the poses / size asked for.
pub(crate) fn assign(dir: &Path, raw: &RawCapture, largest_factor: f64) -> Result<Assignment, CaptureError> {
    let names: Option<Vec<&str>> = raw.views.iter().map(|view| view.name.as_deref()).collect();
    let mut candidates = candidates(dir, names.is_some())?;
    let none = || CaptureError::NoViews { dir: dir.to_owned() };
    let Some(names) = names else {
        // Loose videos and stills are only views where their number says so.
        candidates.retain(|candidate| match candidate.kind {
            Kind::LooseVideos => candidate.clips.len() == raw.views.len(),
            Kind::LooseStills => false,
            _ => true,
        });
        let Candidate { folder, clips, factor, .. } = choose(candidates, largest_factor).ok_or_else(none)?;
        if clips.len() != raw.views.len() {
            let (poses, views) = (raw.views.len(), clips.len());
            return Err(CaptureError::Count { poses_file: raw.file.clone(), poses, folder, views });
        }
        return Ok(Assignment { clips, factor, unused: Vec::new() });
    };
    candidates.retain(|candidate| match candidate.kind {
        Kind::LooseVideos | Kind::Loose | Kind::LooseStills => match_names(raw, &names, candidate).is_ok(),
        _ => true,
    });
    if let Some(chosen) = choose(candidates, largest_factor) {
        return match_names(raw, &names, &chosen);
    }
    let beside = raw.file.parent().unwrap_or(dir);
    let named: Option<Vec<PathBuf>> = names.iter().map(|name| named_file(beside, name)).collect();
    Ok(Assignment { clips: named.ok_or_else(none)?, factor: 1, unused: Vec::new() })
}

/// The clips of `dir`, whatever its poses: those of its best kind, nothing where there are none.
pub(crate) fn any(dir: &Path) -> Result<Vec<PathBuf>, CaptureError> {
    let candidates = candidates(dir, true)?;
    Ok(choose(candidates, 1.0).map_or(Vec::new(), |candidate| candidate.clips))
}

/// The file that a pose names, with or without its extension.
fn named_file(folder: &Path, name: &str) -> Option<PathBuf> {
    let whole = folder.join(name);
    let with = |extension: &&str| folder.join(format!("{name}.{extension}"));
    std::iter::once(whole).chain(IMAGES.iter().chain(&VIDEOS).map(with)).find(|path| path.is_file())
}

/// The clip of each name: the one at the same path, else of the same stem, else in a folder of the name's (a folder of frames).
/// Case and extensions do not count.
fn match_names(raw: &RawCapture, names: &[&str], candidate: &Candidate) -> Result<Assignment, CaptureError> {
    let mut by_key: HashMap<String, Vec<usize>> = HashMap::new();
    let mut by_stem: HashMap<String, Vec<usize>> = HashMap::new();
    for (index, clip) in candidate.clips.iter().enumerate() {
        let inside = clip.strip_prefix(&candidate.folder).unwrap_or(clip);
        let key = key(&inside.to_string_lossy());
        by_stem.entry(key.rsplit('/').next().unwrap_or_default().to_owned()).or_default().push(index);
        by_key.entry(key).or_default().push(index);
    }
    let only = |map: &HashMap<String, Vec<usize>>, key: &str| match map.get(key).map(Vec::as_slice) {
        Some(&[index]) => Some(index),
        _ => None,
    };
    let find = |name: &str| {
        let key = key(name);
        let (parent, stem) = key.rsplit_once('/').unwrap_or(("", &key));
        let tails = |path: &str| -> Vec<String> {
            let cuts = std::iter::once(0).chain(path.match_indices('/').map(|(at, _)| at + 1));
            cuts.map(|at| path[at..].to_owned()).collect()
        };
        tails(&key)
            .iter()
            .find_map(|tail| only(&by_key, tail))
            .or_else(|| only(&by_stem, stem))
            .or_else(|| tails(parent).iter().find_map(|tail| only(&by_key, tail)))
    };
    let mut owner: Vec<Option<&str>> = vec![None; candidate.clips.len()];
    let clips = all(names.iter().zip(&raw.views).map(|(&name, view)| {
        let fault = |problem| CaptureError::Bad { file: raw.file.clone(), place: view.place.clone(), problem };
        let index = find(name).ok_or_else(|| {
            let count = candidate.clips.len();
            let first: Vec<String> = candidate.clips.iter().take(5).map(|clip| file_name(clip)).collect();
            let more = if count > first.len() { ", …" } else { "" };
            let (folder, first) = (candidate.folder.display(), first.join(", "));
            CaptureError::NoClipForPose {
                poses_file: raw.file.clone(),
                place: view.place.clone(),
                name: name.to_owned(),
                expected: format!("one of that name in {folder}, which holds {count}: {first}{more}"),
            }
        })?;
        if let Some(other) = owner[index].replace(name) {
            let clip = candidate.clips[index].display();
            return Err(fault(format!("{name} and {other} are both {clip}; expected one pose for each clip")));
        }
        Ok(candidate.clips[index].clone())
    }))?;
    let unused = candidate.clips.iter().zip(owner).filter(|(_, owner)| owner.is_none());
    let unused = unused.map(|(clip, _)| file_name(clip)).collect();
    Ok(Assignment { clips, factor: candidate.factor, unused })
}

/// A path without what does not count: case, a leading `./`, the extension of a clip.
pub(crate) fn key(path: &str) -> String {
    let path = path.replace('\\', "/").to_lowercase();
    let path = path.trim_start_matches("./");
    match path.rsplit_once('.') {
        Some((stem, extension)) if IMAGES.contains(&extension) || VIDEOS.contains(&extension) => stem.to_owned(),
        _ => path.to_owned(),
    }
}

fn file_name(path: &Path) -> String {
    path.file_name().unwrap_or_default().to_string_lossy().into_owned()
}

/// All folders of `dir` that hold clips. `deep`: stills are looked for in folders of folders too.
fn candidates(dir: &Path, deep: bool) -> Result<Vec<Candidate>, CaptureError> {
    let mut found = Vec::new();
    let mut loose = Vec::new();
    let directly = entries(dir)?;
    for folder in directly.iter().filter(|path| path.is_dir()) {
        let folder = folder.clone();
        let name = folder.file_name().unwrap_or_default().to_string_lossy().into_owned();
        let Some((kind, factor)) = folder_kind(&name) else {
            if !NOT_VIEWS.contains(&name.as_str()) && holds_images(&folder)? {
                loose.push(folder);
            }
            continue;
        };
        let inside = entries(&folder)?;
        let with_extension = |extensions: &[&str]| -> Vec<PathBuf> {
            inside.iter().filter(|path| has_extension(path, extensions) && path.is_file()).cloned().collect()
        };
        let (kind, clips) = match kind {
            Kind::Stills if deep => (kind, images_below(&folder)?),
            Kind::Stills => (kind, with_extension(&IMAGES)),
            Kind::Videos if inside.iter().any(|path| has_extension(path, &VIDEOS)) => (kind, with_extension(&VIDEOS)),
            // An empty folder among folders of frames is a view without frames: it stays, and reading it says so.
            _ => (Kind::Frames, inside.into_iter().filter(|path| path.is_dir()).collect()),
        };
        let mut any_images = kind != Kind::Frames;
        for clip in clips.iter().filter(|_| kind == Kind::Frames) {
            any_images |= holds_images(clip)?;
        }
        if any_images && !clips.is_empty() {
            found.push(Candidate { kind, factor, folder, clips });
        }
    }
    if !loose.is_empty() {
        found.push(Candidate { kind: Kind::Loose, factor: 1, folder: dir.to_owned(), clips: loose });
    }
    for (kind, extensions) in [(Kind::LooseVideos, VIDEOS.as_slice()), (Kind::LooseStills, IMAGES.as_slice())] {
        let files = directly.iter().filter(|path| has_extension(path, extensions) && path.is_file());
        let clips: Vec<PathBuf> = files.cloned().collect();
        if !clips.is_empty() {
            found.push(Candidate { kind, factor: 1, folder: dir.to_owned(), clips });
        }
    }
    Ok(found)
}

/// All images in a folder and the folders in it.
fn images_below(folder: &Path) -> Result<Vec<PathBuf>, CaptureError> {
    let mut images = Vec::new();
    let mut open = vec![folder.to_owned()];
    while let Some(folder) = open.pop() {
        for path in entries(&folder)? {
            // Links to folders are left alone: they may lead in a circle.
            if path.is_dir() && !path.is_symlink() {
                open.push(path);
            } else if has_extension(&path, &IMAGES) && path.is_file() {
                images.push(path);
            }
        }
    }
    images.sort();
    Ok(images)
}

/// The best kind there is, and of it the largest factor that is at most `largest_factor` (size in the poses / size asked
/// for); where all images are smaller than that, the largest.
fn choose(candidates: Vec<Candidate>, largest_factor: f64) -> Option<Candidate> {
    let best = candidates.iter().map(|candidate| candidate.kind).min()?;
    let of_kind = candidates.into_iter().filter(|candidate| candidate.kind == best);
    // Too small comes last; among the large enough the largest factor is first, among the too small the smallest.
    of_kind.min_by_key(|candidate| {
        let too_small = f64::from(candidate.factor) > largest_factor;
        let factor = i64::from(candidate.factor);
        (too_small, if too_small { factor } else { -factor })
    })
}

/// What a folder of this name, in any case, holds, and at which factor: `videos_2` is videos at 2.
fn folder_kind(name: &str) -> Option<(Kind, u32)> {
    let name = name.to_ascii_lowercase();
    let (stem, factor) = match name.split_once('_') {
        Some((stem, factor)) => (stem, factor.parse().ok().filter(|&factor| factor > 0)?),
        None => (name.as_str(), 1),
    };
    let kind = match stem {
        "videos" => Kind::Videos,
        "frames" => Kind::Frames,
        "images" | "input" => Kind::Stills,
        _ => return None,
    };
    Some((kind, factor))
}

fn holds_images(folder: &Path) -> Result<bool, CaptureError> {
    Ok(entries(folder)?.iter().any(|path| has_extension(path, &IMAGES)))
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::fs;

    fn tree(files: &[&str]) -> tempfile::TempDir {
        let dir = tempfile::tempdir().unwrap();
        for file in files {
            let path = dir.path().join(file);
            fs::create_dir_all(path.parent().unwrap()).unwrap();
            fs::write(path, b"x").unwrap();
        }
        dir
    }

    /// Folder and clips that are taken, relative to the directory.
    fn chosen(files: &[&str], largest_factor: f64) -> Option<(String, Vec<String>)> {
        let dir = tree(files);
        let relative = |path: &Path| path.strip_prefix(dir.path()).unwrap().to_str().unwrap().to_owned();
        let mut found = candidates(dir.path(), false).unwrap();
        found.retain(|candidate| candidate.kind != Kind::LooseStills);
        let candidate = choose(found, largest_factor)?;
        Some((relative(&candidate.folder), candidate.clips.iter().map(|clip| relative(clip)).collect()))
    }

    #[test]
    fn videos_come_before_frames_before_stills() {
        let mut files = vec!["videos/b.MP4", "videos/a.webm", "videos/notes.txt", "frames/a/0.png", "images/a.jpg"];
        let expected = ("videos".to_owned(), vec!["videos/a.webm".to_owned(), "videos/b.MP4".to_owned()]);
        assert_eq!(chosen(&files, 1.0), Some(expected));
        files.drain(..2);
        assert_eq!(chosen(&files, 1.0).unwrap().1, ["frames/a"]);
        files.drain(..2);
        assert_eq!(chosen(&files, 1.0).unwrap().1, ["images/a.jpg"]);
        assert_eq!(chosen(&["sparse/0/points3D.bin", "videos/readme.md"], 1.0), None);
    }

    #[test]
    fn cameras_own_names_are_known() {
        let files = ["Videos/C0001.MTS", "Videos/b.avi", "Videos/c.3gp"];
        assert_eq!(chosen(&files, 1.0).unwrap().1, files);
    }

    #[test]
    fn the_largest_factor_that_holds_every_pixel_asked_for_is_taken() {
        let files = ["images/a.png", "images_2/a.png", "images_4/a.png", "images_8/a.png", "images_old/a.png"];
        for (largest, folder) in
            [(1.0, "images"), (1.9, "images"), (2.0, "images_2"), (6.0, "images_4"), (9.0, "images_8")]
        {
            assert_eq!(chosen(&files, largest).unwrap().0, folder, "{largest}");
        }
        assert_eq!(chosen(&files[2..], 1.0).unwrap().0, "images_4");
    }

    #[test]
    fn folders_of_frames_are_found_in_all_three_places() {
        assert_eq!(chosen(&["videos_2/b/1.png", "videos_2/a/1.jpeg"], 2.0).unwrap().1, ["videos_2/a", "videos_2/b"]);
        assert_eq!(chosen(&["frames/a/1.png", "frames/b/readme.txt"], 1.0).unwrap().1, ["frames/a", "frames/b"]);
        let loose = ["b/1.png", "a/1.png", "truth/1.png", "sparse/0/x.bin", ".git/x.png", "lone.png"];
        assert_eq!(chosen(&loose, 1.0).unwrap(), (String::new(), vec!["a".to_owned(), "b".to_owned()]));
    }
}
