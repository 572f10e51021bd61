//! Files that appear at their path when they are whole: written under a name beside it, then renamed.

use crate::failure::mistake;
use anyhow::Result;
use std::ffi::OsString;
use std::path::{Path, PathBuf};

/// The name beside `target` under which it is written: `.name.tmp-<process>`.
pub fn temporary_beside(target: &Path) -> Result<PathBuf> {
    let Some(name) = target.file_name() else {
        return Err(mistake(format!("{}: found no file name, expected one", target.display())));
    };
    let mut temporary = OsString::from(".");
    temporary.push(name);
    temporary.push(format!(".tmp-{}", std::process::id()));
    Ok(target.with_file_name(temporary))
}

/// A mistake where `target` stands in no folder that exists.
pub fn check_folder_of(target: &Path) -> Result<()> {
    let folder = target.parent().filter(|p| *p != Path::new("")).unwrap_or(Path::new("."));
    if folder.is_dir() { Ok(()) } else { Err(mistake(format!("{}: no such folder", folder.display()))) }
}

/// Writes a PNG of `height · width · 3` bytes of RGB.
///
/// # Errors
/// The target is a folder or stands in none, or the file cannot be written; then an older one is still there.
#[cfg(feature = "viewer")]
pub fn write_png(target: &Path, rgb: &[u8], width: u32, height: u32) -> Result<()> {
    use anyhow::Context;
    use std::fs;
    if target.is_dir() {
        return Err(mistake(format!("{}: is a folder, expected a file", target.display())));
    }
    check_folder_of(target)?;
    let temporary = temporary_beside(target)?;
    let (color, format) = (image::ExtendedColorType::Rgb8, image::ImageFormat::Png);
    let written = image::save_buffer_with_format(&temporary, rgb, width, height, color, format)
        .map_err(anyhow::Error::from)
        .and_then(|()| Ok(fs::rename(&temporary, target)?));
    if written.is_err() {
        // The error above is the one to report.
        let _ = fs::remove_file(&temporary);
    }
    written.with_context(|| format!("{}: was not written", target.display()))
}

#[cfg(all(test, feature = "viewer"))]
mod tests {
    use super::*;
    use std::fs;

    #[test]
    fn a_png_replaces_an_older_file_and_leaves_nothing_beside_it() {
        let folder = tempfile::tempdir().unwrap();
        let target = folder.path().join("a.png");
        fs::write(&target, "older").unwrap();
        // Something is in the way of the temporary file: nothing is lost.
        let temporary = temporary_beside(&target).unwrap();
        fs::create_dir(&temporary).unwrap();
        let error = write_png(&target, &[1, 2, 3, 4, 5, 6], 2, 1).unwrap_err().to_string();
        assert!(error.ends_with("a.png: was not written"), "{error}");
        assert_eq!(fs::read(&target).unwrap(), b"older");
        fs::remove_dir(&temporary).unwrap();
        write_png(&target, &[1, 2, 3, 4, 5, 6], 2, 1).unwrap();
        assert_eq!(image::open(&target).unwrap().to_rgb8().into_raw(), [1, 2, 3, 4, 5, 6]);
        assert_eq!(fs::read_dir(folder.path()).unwrap().count(), 1);
        let nowhere = write_png(&folder.path().join("none/a.png"), &[1, 2, 3], 1, 1).unwrap_err().to_string();
        assert!(nowhere.ends_with("none: no such folder"), "{nowhere}");
        assert!(write_png(folder.path(), &[1, 2, 3], 1, 1).unwrap_err().to_string().contains("is a folder"));
    }
}
