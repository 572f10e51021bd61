//! What comes from npm: esbuild and TypeScript for the browser viewer; the Khronos glTF validator, three.js and playwright-core for
//! the tests in a real browser.

use crate::options::Options;
use crate::process::{command, line, succeeds};
use std::path::Path;
use std::time::SystemTime;

/// For the browser viewer, and for its tests.
const VIEWER: &[&str] = &["web"];
const TESTS: &[&str] = &["web", "tests/browser"];

/// Downloads what is missing. A failure is no error here: what needs the packages says that they are missing.
pub fn ensure(root: &Path, options: Options) {
    for folder in if options.tests { TESTS } else { VIEWER } {
        if !is_there(root, folder) {
            fetch(&root.join(folder), options.dry_run);
        }
    }
}

/// Whether a folder has the packages of its lock file.
pub fn is_there(root: &Path, folder: &str) -> bool {
    let changed = |file: &str| -> Option<SystemTime> {
        root.join(folder).join(file).metadata().and_then(|metadata| metadata.modified()).ok()
    };
    changed("node_modules/.package-lock.json").is_some_and(|installed| changed("package-lock.json") <= Some(installed))
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
        println!(
            "NOT INSTALLED: `npm ci` in {} failed; what needs these packages will say that it did not run",
            folder.display()
        );
    }
}
