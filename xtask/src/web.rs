//! `cargo xtask web`: builds the browser viewer in web/dist, ready for any web server.

use crate::process::{command, line, run};
use crate::{browser, wasm};
use anyhow::{Context, Result, bail};
use std::fs;
use std::path::{Path, PathBuf};

/// One wasm file for each graphics API, so that a browser with WebGPU does not load what WebGL 2 needs.
const FEATURES: [&str; 2] = ["webgpu", "webgl2"];

/// The package to show, as an absolute path; `None` if there is none in the arguments.
///
/// # Errors
/// An unknown argument, or the file does not exist.
pub fn scene(args: &[&str]) -> Result<Option<PathBuf>> {
    match *args {
        [] => Ok(None),
        ["--scene", file] => {
            Ok(Some(fs::canonicalize(file).with_context(|| format!("web: cannot find the scene {file}"))?))
        }
        _ => bail!("web: unknown arguments `{}`; expected --scene FILE", args.join(" ")),
    }
}

/// Builds the two wasm files, and web/dist from them, the scripts and the page. `scene` is copied to scene.glb there.
///
/// # Errors
/// A step failed, or a file that visitors load is over its size limit.
pub fn run_all(root: &Path, scene: Option<&Path>) -> Result<()> {
    let folder = root.join("target/wasm/bundle");
    fs::create_dir_all(&folder).with_context(|| format!("cannot make {}", folder.display()))?;
    for feature in FEATURES {
        let mut build = wasm::build("loop3d-web", feature);
        println!("{}", line(&build));
        run(&mut build)?;
        let (from, to) = (wasm::built(root, "loop3d_web"), folder.join(format!("{feature}.wasm")));
        fs::copy(&from, &to).with_context(|| format!("cannot copy {} to {}", from.display(), to.display()))?;
    }
    if !browser::is_there(root, "web") {
        bail!("web: esbuild is missing: `npm ci` in web/ did not run (cargo xtask setup says why)");
    }
    let mut bundle = command("cargo", ["run", "--quiet", "--package", "loop3d-web-bundle", "--", "web"]);
    run(bundle.arg(&folder))?;
    if let Some(scene) = scene {
        let to = root.join("web/dist/scene.glb");
        fs::copy(scene, &to).with_context(|| format!("cannot copy {} to {}", scene.display(), to.display()))?;
    }
    println!("web/dist is ready");
    Ok(())
}

/// As [`run_all`], for the tests in a browser. Without npm only the wasm is built, and those tests report that they did not run.
///
/// # Errors
/// As [`run_all`].
pub fn for_tests(root: &Path) -> Result<()> {
    if browser::is_there(root, "web") {
        return run_all(root, None);
    }
    println!("DID NOT RUN: the browser viewer was not bundled because web/node_modules is missing (cargo xtask setup)");
    FEATURES.iter().try_for_each(|feature| run(&mut wasm::build("loop3d-web", feature)))
}
