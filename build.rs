//! Lets the command and its tests find libtorch at run time without `LD_LIBRARY_PATH` (see `torch/build.rs`), and embeds the
//! browser's viewer if `cargo xtask web` has built it.

use std::fmt::Write;
use std::path::Path;
use std::{env, fs, io};

/// The files of web/dist that a page or a server needs: neither documentation nor scenes.
const ENDINGS: [&str; 5] = ["js", "wasm", "html", "css", "svg"];

fn main() -> io::Result<()> {
    println!("cargo::rerun-if-changed=build.rs");
    // Absent without the feature `torch`.
    if let Ok(rpath) = env::var("DEP_LOOP3D_TORCH_RPATH") {
        println!("cargo::rustc-link-arg=-Wl,-rpath,{rpath}");
    }
    let [root, out] = ["CARGO_MANIFEST_DIR", "OUT_DIR"].map(env::var_os).map(Option::unwrap_or_default);
    fs::write(Path::new(&out).join("web_files.rs"), web_files(&Path::new(&root).join("web/dist"))?)
}

/// A table of names and bytes; empty if nothing was built.
fn web_files(dist: &Path) -> io::Result<String> {
    println!("cargo::rerun-if-changed={}", dist.display());
    let mut paths: Vec<_> = match fs::read_dir(dist) {
        Ok(entries) => entries.filter_map(|entry| Some(entry.ok()?.path())).collect(),
        Err(_) => Vec::new(),
    };
    paths.retain(|path| path.extension().is_some_and(|ending| ENDINGS.iter().any(|known| ending == *known)));
    paths.sort();
    let mut table = "&[\n".to_owned();
    for path in &paths {
        let name = path.file_name().unwrap_or_default().to_string_lossy();
        writeln!(table, "    ({name:?}, include_bytes!({:?})),", path.to_string_lossy()).map_err(io::Error::other)?;
    }
    table.push_str("]\n");
    Ok(table)
}
