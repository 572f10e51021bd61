//! Single libraries from PyPI wheels, each in a folder of `.torch/`.

use crate::options::Options;
use crate::process::line;
use crate::wheels::{self, download, fetch, finish, remove, stamped, unpack};
use anyhow::{Context, Result};
use std::path::{Path, PathBuf};

/// A library and where it comes from.
pub struct Library {
    /// Its folder.
    name: &'static str,
    /// What it is.
    what: &'static str,
    /// The wheel, for pip.
    wheel: &'static str,
    /// Megabytes to download.
    megabytes: u32,
    /// Members of the wheel, and where they go.
    members: &'static [(&'static str, &'static str)],
}

/// NVRTC, CUDA's run-time compiler, and the library that it opens by name. It compiles our CUDA kernels to PTX: for a GPU, and in a test that
/// needs none. Of the CUDA that libtorch was built with (see `libtorch.rs`).
pub const NVRTC: Library = Library {
    name: "nvrtc",
    what: "CUDA's run-time compiler",
    wheel: "nvidia-cuda-nvrtc==13.0.88",
    megabytes: 90,
    members: &[
        ("nvidia/cu13/lib/libnvrtc.so.13", "lib/libnvrtc.so.13"),
        ("nvidia/cu13/lib/libnvrtc-builtins.so.13.0", "lib/libnvrtc-builtins.so.13.0"),
    ],
};

/// ONNX Runtime, which runs the models of `fit --depth-model`; for the tests alone. Users have their own.
pub const ONNX_RUNTIME: Library = Library {
    name: "onnxruntime",
    what: "ONNX Runtime",
    wheel: "onnxruntime==1.27.0",
    megabytes: 20,
    members: &[("onnxruntime/capi/libonnxruntime.so.1.27.0", "lib/libonnxruntime.so.1.27.0")],
};

impl Library {
    /// Whether nothing has to be downloaded.
    pub fn in_place(&self, root: &Path) -> bool {
        !wheels::HERE || stamped(&self.folder(root), self.wheel)
    }

    /// Puts it in place unless it is there. On other kinds of machines it is left out, and tests that need it say so.
    ///
    /// # Errors
    /// The download failed, or `.torch/` cannot be written.
    pub fn ensure(&self, root: &Path, options: Options) -> Result<()> {
        let Self { name, what, wheel, megabytes, members } = self;
        let folder = self.folder(root);
        if !wheels::HERE {
            println!("{name}: downloaded for Linux on x86-64 only; tests that need it will say that they did not run");
            return Ok(());
        }
        if self.in_place(root) {
            println!("{name}: in place, {}", folder.display());
            return Ok(());
        }
        let new = root.join(".torch").join(format!("{name}.new"));
        if options.dry_run {
            println!("would make {}:\n  {}", folder.display(), line(&download(&new.join("wheels"), &[wheel])));
            members.iter().for_each(|(member, target)| println!("  {target} from {member}"));
            return Ok(());
        }
        let _lock = wheels::lock(root)?;
        if self.in_place(root) {
            return Ok(()); // another setup made it meanwhile
        }
        println!("{name}: downloading {wheel} ({megabytes} MB) to {}", folder.display());
        let wheels = wheels::start(&new)?;
        fetch(&mut download(&wheels, &[wheel])).context(*what)?;
        unpack(&wheels, &new, members)?;
        remove(&wheels)?;
        finish(&new, &folder, wheel)
    }

    fn folder(&self, root: &Path) -> PathBuf {
        root.join(".torch").join(self.name)
    }
}
