//! What comes from npm: for the browser viewer esbuild and TypeScript; for the tests in a real browser the Khronos glTF validator, three.js
//! and playwright-core.

use crate::process::{command, line, succeeds};
use std::path::Path;
use std::time::SystemTime;

const FOLDERS: [&str; 2] = ["web", "tests/browser"];

/// Fetches them where npm is there. Without them nothing but the browser viewer and those tests is missing, and they say so, so that no failure
/// here stops anyone.
pub fn ensure(root: &Path, dry_run: bool) {
    for folder in FOLDERS {
        if !is_there(root, folder) {
            fetch(&root.join(folder), dry_run);
        }
    }
}

/// Whether a folder has what its lock file names.
pub fn is_there(root: &Path, folder: &str) -> bool {
    let changed = |file: &str| -> Option<SystemTime> {
        root.join(folder).join(file).metadata().and_then(|metadata| metadata.modified()).ok()
    };
    changed("node_modules/.package-lock.json").is_some_and(|fetched| changed("package-lock.json") <= Some(fetched))
}

fn fetch(folder: &Path, dry_run: bool) {
    let mut install = command("npm", ["ci", "--no-audit", "--no-fund"]);
    install.current_dir(folder);
    if dry_run {
        println!("would run in {}:\n  {}", folder.display(), line(&install));
        return;
    }
    println!("in {}: {}", folder.display(), line(&install));
    if !succeeds(&mut install) {
        println!("NOT INSTALLED: `npm ci` in {} failed; what needs it will say that it did not run", folder.display());
    }
}
