//! `cargo xtask setup`: what a build and a run need, and on request what features and tests need.

use crate::libraries::{NVRTC, ONNX_RUNTIME};
use crate::options::Options;
use crate::{browser, libtorch, system, wasm};
use anyhow::Result;
use std::path::Path;

/// Sets up programs first, because pip downloads the rest. A second run finds everything in place and changes nothing.
///
/// # Errors
/// Something is missing that may not be installed here, or a download failed.
pub fn run(root: &Path, options: Options) -> Result<()> {
    let torch = options.torch && !libtorch::in_place(root, options);
    let libraries = [(options.nvrtc(), NVRTC), (options.tests, ONNX_RUNTIME)];
    let wanted = || libraries.iter().filter(|(wanted, _)| *wanted).map(|(_, library)| library);
    let download = torch || wanted().any(|library| !library.in_place(root));
    let wasm = options.web && !wasm::is_rustups(options.dry_run);
    system::ensure_programs(system::Wanted { options, download, wasm })?;
    if options.web {
        browser::ensure(root, options);
    }
    if options.torch {
        libtorch::ensure(root, options)?;
    }
    for library in wanted() {
        library.ensure(root, options)?;
    }
    if !options.dry_run {
        println!("setup: done");
    }
    Ok(())
}
