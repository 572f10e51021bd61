//! The browser viewer, embedded when the command was built (build.rs).

use crate::failure::mistake;
use anyhow::Result;

/// Names and bytes of web/dist; empty if it was not built before the command.
static FILES: &[(&str, &[u8])] = include!(concat!(env!("OUT_DIR"), "/web_files.rs"));

/// A file of the viewer.
///
/// # Errors
/// The viewer, or this file of it, is not embedded in this command.
pub fn file(name: &str) -> Result<&'static [u8]> {
    find(name).ok_or_else(|| {
        mistake("this loop3d was built without the browser viewer; run `cargo xtask web`, then `cargo build --release`")
    })
}

/// A file of the viewer, if it is embedded.
pub fn find(name: &str) -> Option<&'static [u8]> {
    FILES.iter().find(|(found, _)| *found == name).map(|(_, bytes)| *bytes)
}
