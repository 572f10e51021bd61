//! What the command writes: text on standard output, and files that appear under their names only when they are complete.

use crate::failure::mistake;
use anyhow::{Context, Result};
use loop3d_scene::Unfinished;
use std::io::{ErrorKind, Write};
use std::path::{Path, PathBuf};

/// Prints a text and a newline.
///
/// # Errors
/// Standard output cannot be written. A reader that has read enough (`loop3d info … | head`) is not an error.
pub fn print(text: &str) -> Result<()> {
    match writeln!(std::io::stdout(), "{text}") {
        Err(error) if error.kind() == ErrorKind::BrokenPipe => Ok(()),
        other => other.context("standard output"),
    }
}

/// A number of bytes for people: MB of 10^6 bytes.
pub fn size(bytes: u64) -> String {
    format!("{:.2} MB", bytes as f64 / 1e6)
}

/// Checks that the folder of an output exists, before any work is done for it.
///
/// # Errors
/// It does not.
pub fn check_folder_of(target: &Path) -> Result<()> {
    folder_of(target).map(drop)
}

/// A path with something after the whole of its name.
pub fn with_suffix(stem: &Path, suffix: &str) -> PathBuf {
    let mut path = stem.as_os_str().to_owned();
    path.push(suffix);
    path.into()
}

/// Checks that an output is not its own input, not even by way of a link.
///
/// # Errors
/// It is.
pub fn check_not_input(input: &Path, target: &Path) -> Result<()> {
    let same =
        std::fs::canonicalize(input).is_ok_and(|input| std::fs::canonicalize(target).is_ok_and(|to| to == input));
    if same {
        return Err(mistake(format!(
            "{}: is the scene that is read; write to another name, then move it if you want to replace it",
            target.display()
        )));
    }
    Ok(())
}

/// The folder of an output, which exists.
///
/// # Errors
/// It does not.
pub fn folder_of(target: &Path) -> Result<PathBuf> {
    let folder = target.parent().filter(|p| *p != Path::new("")).unwrap_or(Path::new("."));
    if folder.is_dir() {
        Ok(folder.to_owned())
    } else {
        Err(mistake(format!("{}: no such folder; create it first", folder.display())))
    }
}

/// Starts a folder of outputs, which appears at its path once it is complete.
///
/// # Errors
/// The target is not a folder, is not empty, or cannot be made.
pub fn new_folder(target: &Path) -> Result<Unfinished> {
    // Files of an older run would remain among the new ones.
    let said = |found: &str| mistake(format!("{}: found {found}, expected a new or empty folder", target.display()));
    match std::fs::read_dir(target).map(|mut entries| entries.next().is_some()) {
        Ok(true) => return Err(said("a folder with files in it")),
        Err(_) if target.exists() => return Err(said("something else")),
        _ => {}
    }
    check_folder_of(target)?;
    Ok(Unfinished::folder(target)?)
}

/// Checks that a PNG can be written, before any work is done for it. `option` names it in errors.
///
/// # Errors
/// It has another extension, is a folder, or its folder does not exist.
pub fn check_png(option: &str, file: &Path) -> Result<()> {
    if !file.extension().is_some_and(|extension| extension.eq_ignore_ascii_case("png")) {
        return Err(mistake(format!("{option}: found {}, expected NAME.png", file.display())));
    }
    if file.is_dir() {
        return Err(mistake(format!("{option}: {} is a folder; expected a file", file.display())));
    }
    check_folder_of(file)
}

/// Writes a PNG of `height · width · 3` bytes of RGB.
///
/// # Errors
/// The target is a folder, its own folder does not exist, or the file cannot be written; an older file then stays as it was.
pub fn write_png(target: &Path, rgb: &[u8], width: u32, height: u32) -> Result<()> {
    check_folder_of(target)?;
    let mut png = std::io::Cursor::new(Vec::new());
    let (color, format) = (image::ExtendedColorType::Rgb8, image::ImageFormat::Png);
    image::write_buffer_with_format(&mut png, rgb, width, height, color, format)?;
    Ok(loop3d_scene::write_file(target, |out| out.write_all(png.get_ref()))?)
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::fs;

    #[test]
    fn a_png_replaces_an_older_file_and_leaves_nothing_beside_it() {
        let folder = tempfile::tempdir().unwrap();
        let target = folder.path().join("a.png");
        fs::write(&target, "older").unwrap();
        // Something is in the way of the temporary file: nothing is lost.
        let temporary = folder.path().join(format!(".a.png.tmp-{}", std::process::id()));
        fs::create_dir(&temporary).unwrap();
        let error = write_png(&target, &[1, 2, 3, 4, 5, 6], 2, 1).unwrap_err();
        assert!(error.downcast_ref::<loop3d_scene::FileError>().is_some_and(|error| error.path == target), "{error}");
        assert_eq!(fs::read(&target).unwrap(), b"older");
        fs::remove_dir(&temporary).unwrap();
        write_png(&target, &[1, 2, 3, 4, 5, 6], 2, 1).unwrap();
        assert_eq!(image::open(&target).unwrap().to_rgb8().into_raw(), [1, 2, 3, 4, 5, 6]);
        assert_eq!(fs::read_dir(folder.path()).unwrap().count(), 1);
        let nowhere = write_png(&folder.path().join("none/a.png"), &[1, 2, 3], 1, 1).unwrap_err().to_string();
        assert!(nowhere.ends_with("none: no such folder; create it first"), "{nowhere}");
        assert!(write_png(folder.path(), &[1, 2, 3], 1, 1).is_err());
    }
}
