//! The browser's viewer, taken in when this command was built (build.rs).

use crate::failure::mistake;
use anyhow::Result;

/// Names and bytes of web/dist; empty where it was not built before the command was.
static FILES: &[(&str, &[u8])] = include!(concat!(env!("OUT_DIR"), "/web_files.rs"));

/// A file of the viewer.
///
/// # Errors
/// The viewer, or this file of it, is not in this command.
pub fn file(name: &str) -> Result<&'static [u8]> {
    find(name).ok_or_else(|| {
        mistake("this loop3d was built without the browser's viewer: run `cargo xtask web`, then build it again")
    })
}

/// A file of the viewer, if it is there.
pub fn find(name: &str) -> Option<&'static [u8]> {
    FILES.iter().find(|(found, _)| *found == name).map(|(_, bytes)| *bytes)
}
