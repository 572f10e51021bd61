//! Any bytes are poses or an error that names a file; never a panic.

use loop3d_capture::{LoadOptions, load_poses};

/// Reads a capture that has these files and no clips. `bytes` are shared out among the files: each but the last begins with its
/// length (u16, little-endian).
pub fn read(files: &[&str], mut bytes: &[u8]) {
    let Ok(dir) = tempfile::tempdir() else { return };
    for (index, file) in files.iter().enumerate() {
        let own = match bytes {
            [low, high, rest @ ..] if index + 1 < files.len() => {
                let (own, after) = rest.split_at(usize::from(u16::from_le_bytes([*low, *high])).min(rest.len()));
                bytes = after;
                own
            }
            rest => rest,
        };
        let path = dir.path().join(file);
        let Some(folder) = path.parent() else { return };
        if std::fs::create_dir_all(folder).and_then(|()| std::fs::write(&path, own)).is_err() {
            return;
        }
    }
    let Err(error) = load_poses(dir.path(), &LoadOptions::default()) else { return };
    assert!(error.to_string().contains(&*dir.path().to_string_lossy()), "names no file: {error}");
}
