//! Finds the user's ONNX Runtime.

use ort::environment::Environment;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::OnceLock;

/// Where the library is, if not where Python has it.
const PLACE: &str = "ORT_DYLIB_PATH";
/// What one can do without.
const REMEDY: &str = "`pip install onnxruntime` brings it (MIT licence, 20 MB), or ORT_DYLIB_PATH names the library";

/// The runtime, opened once. The error says what was found and what to do.
pub fn environment() -> Result<&'static Environment, String> {
    static OPENED: OnceLock<Result<Environment, String>> = OnceLock::new();
    OPENED.get_or_init(open).as_ref().map_err(Clone::clone)
}

fn open() -> Result<Environment, String> {
    let Some(library) = find() else {
        return Err(format!("ONNX Runtime was not found; {REMEDY}"));
    };
    let failed = |error: &dyn std::fmt::Display| {
        format!("{}: does not open as an ONNX Runtime of version 1.17 or newer: {error}; {REMEDY}", library.display())
    };
    let builder = ort::environment::init_from(&library).map_err(|error| failed(&error))?;
    builder.with_name("loop3d").build().map_err(|error| failed(&error))
}

/// The library that the environment names, or that of the Python at hand.
fn find() -> Option<PathBuf> {
    // What `cargo xtask setup --tests` brings.
    #[cfg(test)]
    if let Some(library) = library_in(&Path::new(env!("CARGO_MANIFEST_DIR")).join("../.torch/onnxruntime/lib")) {
        return Some(library);
    }
    if let Some(named) = std::env::var_os(PLACE).filter(|named| !named.is_empty()) {
        return Some(named.into());
    }
    ["python3", "python"].iter().find_map(|python| {
        // Found without being loaded, which takes a second.
        let script = "import importlib.util as u; print(u.find_spec('onnxruntime').submodule_search_locations[0])";
        let output =
            Command::new(python).args(["-c", script]).output().ok().filter(|output| output.status.success())?;
        let package = String::from_utf8(output.stdout).ok()?;
        library_in(&Path::new(package.trim()).join("capi"))
    })
}

/// The library in a folder, whatever its version.
fn library_in(folder: &Path) -> Option<PathBuf> {
    let files = std::fs::read_dir(folder).ok()?.filter_map(|entry| Some(entry.ok()?.path()));
    let is_library = |file: &PathBuf| {
        let name = file.file_name().and_then(|name| name.to_str()).unwrap_or_default();
        name.starts_with("libonnxruntime.so")
            || name == "onnxruntime.dll"
            || (name.starts_with("libonnxruntime.") && name.ends_with(".dylib"))
    };
    files.filter(is_library).max()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_library_is_found_among_others() {
        let folder = tempfile::tempdir().unwrap();
        assert_eq!(library_in(folder.path()), None);
        for name in ["libonnxruntime_providers_shared.so", "libonnxruntime.so.1.31.0", "__init__.py"] {
            std::fs::write(folder.path().join(name), "").unwrap();
        }
        assert_eq!(library_in(folder.path()), Some(folder.path().join("libonnxruntime.so.1.31.0")));
        assert_eq!(library_in(&folder.path().join("none")), None);
    }
}
