//! What the command writes: text on standard output, and files that appear under their names only when they are complete.

use crate::failure::mistake;
use anyhow::{Context, Result};
use std::io::{ErrorKind, Write};
use std::path::Path;

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

/// Checks that the folder of an output exists, before any work is done for it.
///
/// # Errors
/// It does not.
pub fn check_folder_of(target: &Path) -> Result<()> {
    let folder = target.parent().filter(|p| *p != Path::new("")).unwrap_or(Path::new("."));
    if folder.is_dir() {
        Ok(())
    } else {
        Err(mistake(format!("{}: no such folder; create it first", folder.display())))
    }
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
