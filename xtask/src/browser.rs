//! What the tests in a real browser need from npm: the Khronos glTF validator, three.js, playwright-core.

use crate::process::{command, line, succeeds};
use std::path::Path;

/// Fetches them where npm is there. Without them nothing but those tests is missing, and they say so, so that no failure here stops anyone.
pub fn ensure(root: &Path, dry_run: bool) {
    let folder = root.join("tests/browser");
    let stamp = folder.join("node_modules/.package-lock.json");
    if stamp.exists() {
        return;
    }
    let mut install = command("npm", ["ci", "--no-audit", "--no-fund"]);
    install.current_dir(&folder);
    if dry_run {
        println!("would run in {}:\n  {}", folder.display(), line(&install));
        return;
    }
    println!("tests in a browser: {}", line(&install));
    if !succeeds(&mut install) {
        println!(
            "tests in a browser: NOT INSTALLED (`npm ci` in {} failed); they will say that they did not run",
            folder.display()
        );
    }
}
