//! What tests in node and a browser need.

use std::path::{Path, PathBuf};
use std::process::Command;

/// Whether Chromium, node and all of `needs` (where it is, what it is) are there. What is missing is said loudly, with what did not happen.
pub fn are_there(needs: &[(PathBuf, &str)], otherwise: &str) -> bool {
    let chromium = std::env::var("LOOP3D_CHROMIUM").unwrap_or_else(|_| "/usr/bin/chromium".to_owned());
    let mut missing: Vec<&str> = needs.iter().filter(|(path, _)| !path.exists()).map(|(_, name)| *name).collect();
    if !Path::new(&chromium).exists() {
        missing.push("Chromium");
    }
    if Command::new("node").arg("--version").output().is_err() {
        missing.push("node");
    }
    if !missing.is_empty() {
        eprintln!("DID NOT RUN: {otherwise}; missing: {} (cargo xtask setup --tests)", missing.join(", "));
    }
    missing.is_empty()
}
