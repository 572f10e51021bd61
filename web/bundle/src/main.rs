//! `loop3d-web-bundle WEB WASM_FOLDER`: builds WEB/dist, a folder for any web server, from the wasm files `webgpu.wasm` and `webgl2.wasm`
//! in WASM_FOLDER, the scripts in WEB/ts and the page in WEB/page. Fails if a file that visitors load is too large.
#![allow(clippy::print_stdout, reason = "a task talks to the person who started it")]

mod sizes;

use anyhow::{Context, Result, bail};
use std::path::Path;
use std::process::{Command, ExitCode};
use std::{env, fs};
use wasm_bindgen_cli_support::Bindgen;

const BACKENDS: [&str; 2] = ["webgpu", "webgl2"];

/// Scripts: source, bundle, format. Only `loop3d.js` and `single.js` contain the element; the other scripts only use it.
const SCRIPTS: [(&str, &str, &str); 6] = [
    ("index.ts", "loop3d.js", "esm"),
    ("page/index.ts", "page.js", "esm"),
    ("page/docs.ts", "docs.js", "esm"),
    ("page/single.ts", "single.js", "esm"),
    ("page/offline.ts", "offline.js", "iife"),
    ("draw/index.ts", "draw.js", "esm"),
];

fn main() -> ExitCode {
    let args: Vec<String> = env::args().skip(1).collect();
    let result = match &args[..] {
        [web, wasm] => bundle(Path::new(web), Path::new(wasm)),
        _ => Err(anyhow::anyhow!("usage: loop3d-web-bundle WEB WASM_FOLDER")),
    };
    match result {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("error: {error:#}");
            ExitCode::FAILURE
        }
    }
}

fn bundle(web: &Path, wasm: &Path) -> Result<()> {
    let dist = web.join("dist");
    let pkg = web.join("pkg");
    for backend in BACKENDS {
        bind(&wasm.join(format!("{backend}.wasm")), &pkg, &format!("loop3d_{backend}"))?;
    }
    empty(&dist)?;
    for backend in BACKENDS {
        copy(&pkg.join(format!("loop3d_{backend}_bg.wasm")), &dist.join(format!("loop3d_{backend}.wasm")))?;
    }
    for (source, bundle, format) in SCRIPTS {
        let source = Path::new("ts").join(source);
        if web.join(&source).exists() {
            let mut esbuild = Command::new(Path::new("node_modules/.bin/esbuild"));
            esbuild
                .current_dir(web)
                .arg(source)
                .arg(format!("--outfile=dist/{bundle}"))
                .arg(format!("--format={format}"));
            esbuild.args(["--bundle", "--minify", "--target=es2022", "--log-level=warning", "--legal-comments=none"]);
            run(esbuild.arg("--external:./loop3d.js"))?;
        }
    }
    // Type declarations, for programs that use the element.
    let mut types = Command::new(Path::new("node_modules/.bin/tsc"));
    types.current_dir(web).args(["--noEmit", "false", "--declaration", "--emitDeclarationOnly"]);
    run(types.args(["--rootDir", ".", "--outDir", "dist/types"]))?;
    let page = web.join("page");
    if page.exists() {
        copy_folder(&page, &dist)?;
    }
    sizes::check(&dist)
}

/// Runs wasm-bindgen on a wasm file: writes JavaScript, its types, and the wasm without names.
fn bind(wasm: &Path, out: &Path, name: &str) -> Result<()> {
    let mut bindgen = Bindgen::new();
    bindgen.input_path(wasm).out_name(name).typescript(true).remove_name_section(true).remove_producers_section(true);
    bindgen
        .web(true)
        .and_then(|bindgen| bindgen.generate(out))
        .with_context(|| format!("wasm-bindgen, {}", wasm.display()))
}

/// Makes a folder and empties it, except for hidden files.
fn empty(folder: &Path) -> Result<()> {
    fs::create_dir_all(folder).with_context(|| format!("cannot make {}", folder.display()))?;
    for entry in fs::read_dir(folder).with_context(|| format!("cannot read {}", folder.display()))? {
        let path = entry?.path();
        if path.file_name().is_some_and(|name| name.as_encoded_bytes().starts_with(b".")) {
            continue;
        }
        let removed = if path.is_dir() { fs::remove_dir_all(&path) } else { fs::remove_file(&path) };
        removed.with_context(|| format!("cannot remove {}", path.display()))?;
    }
    Ok(())
}

fn copy_folder(from: &Path, to: &Path) -> Result<()> {
    fs::create_dir_all(to).with_context(|| format!("cannot make {}", to.display()))?;
    for entry in fs::read_dir(from).with_context(|| format!("cannot read {}", from.display()))? {
        let entry = entry?;
        let target = to.join(entry.file_name());
        if entry.path().is_dir() { copy_folder(&entry.path(), &target)? } else { copy(&entry.path(), &target)? }
    }
    Ok(())
}

fn copy(from: &Path, to: &Path) -> Result<()> {
    fs::copy(from, to).with_context(|| format!("cannot copy {} to {}", from.display(), to.display()))?;
    Ok(())
}

fn run(command: &mut Command) -> Result<()> {
    let status = command.status().with_context(|| format!("cannot start {command:?} (cargo xtask setup)"))?;
    if !status.success() {
        bail!("{command:?} failed ({status})");
    }
    Ok(())
}
