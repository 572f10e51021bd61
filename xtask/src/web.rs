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

/// The scene that the demo left, if it did: a package, else a scene file.
pub fn of_demo(root: &Path) -> Option<PathBuf> {
    ["out/sample.glb", "out/sample.loop3d"].map(|name| root.join(name)).into_iter().find(|scene| scene.is_file())
}

/// Whether web/dist is complete.
pub fn is_built(root: &Path) -> bool {
    ["index.html", "single.js", "loop3d.js", "loop3d_webgpu.wasm", "loop3d_webgl2.wasm"]
        .iter()
        .all(|name| root.join("web/dist").join(name).is_file())
}

/// Builds the two wasm files, and web/dist from them, the scripts and the page. `scene` becomes scene.glb there.
///
/// # Errors
/// A step failed, or a file that visitors load is over its size limit.
pub fn run_all(root: &Path, scene: Option<&Path>) -> Result<()> {
    let folder = root.join("target/wasm/bundle");
    fs::create_dir_all(&folder).with_context(|| format!("cannot make {}", folder.display()))?;
    for (index, feature) in FEATURES.into_iter().enumerate() {
        let mut build = wasm::build("loop3d-web", feature);
        println!(
            "\nstep {} of 4: the viewer for {feature}, for browsers (minutes at the first time)\n{}",
            index + 1,
            line(&build)
        );
        run(&mut build)?;
        let (from, to) = (wasm::built(root, "loop3d_web"), folder.join(format!("{feature}.wasm")));
        fs::copy(&from, &to).with_context(|| format!("cannot copy {} to {}", from.display(), to.display()))?;
    }
    if !browser::is_there(root, "web") {
        bail!("web: esbuild is missing: `npm ci` in web/ did not run (cargo xtask setup says why)");
    }
    let mut build = command("cargo", ["build", "--package", "loop3d-web-bundle"]);
    println!("\nstep 3 of 4: the bundler (minutes at the first time)\n{}", line(&build));
    run(&mut build)?;
    let mut bundle = command("cargo", ["run", "--quiet", "--package", "loop3d-web-bundle", "--", "web"]);
    bundle.arg(&folder);
    println!("\nstep 4 of 4: scripts, wasm and page to web/dist\n{}", line(&bundle));
    run(&mut bundle)?;
    let list = match scene {
        Some(scene) => {
            put(root, scene)?;
            let name = scene.file_stem().unwrap_or_default().to_string_lossy().replace(['"', '\\'], "");
            format!("[{{ \"src\": \"scene.glb\", \"name\": \"{name}\" }}]\n")
        }
        // Names no scene that is not there.
        None => "[]\n".to_owned(),
    };
    let gallery = root.join("web/dist/gallery.json");
    fs::write(&gallery, list).with_context(|| format!("cannot write {}", gallery.display()))?;
    match scene {
        Some(scene) => println!("\nweb/dist is ready, with the scene {}", scene.display()),
        None => println!("\nweb/dist is ready, without a scene (cargo xtask web --scene FILE puts one there)"),
    }
    println!("  look at a scene in a browser    loop3d serve SCENE");
    println!("  one page with a scene           loop3d export SCENE -o NAME.html");
    println!("  put it on a site                upload web/dist to any web server");
    Ok(())
}

/// Puts a scene into web/dist as scene.glb: a package as it is, a scene file as a package.
fn put(root: &Path, scene: &Path) -> Result<()> {
    let to = root.join("web/dist/scene.glb");
    if scene.extension().is_some_and(|ending| ending.eq_ignore_ascii_case("glb")) {
        fs::copy(scene, &to).with_context(|| format!("cannot copy {} to {}", scene.display(), to.display()))?;
        return Ok(());
    }
    let mut export = command("cargo", ["run", "--release", "--package", "loop3d", "--", "export"]);
    export.arg(scene).arg("-o").arg(&to);
    println!("\nthe package of {}\n{}", scene.display(), line(&export));
    run(&mut export)
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
