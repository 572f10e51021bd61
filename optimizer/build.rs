//! Lets everything that links this crate find libtorch at run time without `LD_LIBRARY_PATH`.
//!
//! torch-sys tells its direct dependents where the libraries lie. Linker arguments of a build script reach only the
//! targets of its own package, so the folders are handed on as well: a package that makes programs from this crate reads
//! `DEP_LOOP3D_OPTIMIZER_RPATH` in its own build script (see the one of the root package).

use std::env;
use std::path::PathBuf;

fn main() {
    println!("cargo::rerun-if-changed=build.rs");
    // Absent without the feature `torch`, and where linkers know no rpath (Windows).
    let Some(lib) = env::var_os("DEP_TCH_LIBTORCH_LIB").map(PathBuf::from) else { return };
    let mut folders = vec![lib.clone()];
    // The folder of `cargo xtask setup` holds the CPU's half. The CUDA half of `setup --cuda` lies beside it, and is only
    // ever opened by its name (`libtorch_cuda.so`) at run time, so one build serves machines with and without a GPU.
    // So do CUDA's run-time compiler and what it opens by name: a folder of its own, since it is wanted without a GPU, too.
    if lib.ends_with(".torch/libtorch/lib") {
        let beside = ["cuda/torch/lib", "nvrtc/lib"];
        folders.extend(lib.ancestors().nth(2).into_iter().flat_map(|torch| beside.map(|folder| torch.join(folder))));
    } else if let Some(packages) = lib.ancestors().nth(2) {
        // A PyTorch that pip installed has it among the packages of NVIDIA.
        folders.push(packages.join("nvidia/cu13/lib"));
    }
    let rpath = folders.iter().map(|folder| folder.display().to_string()).collect::<Vec<_>>().join(":");
    println!("cargo::rustc-link-arg=-Wl,-rpath,{rpath}");
    println!("cargo::metadata=RPATH={rpath}");
}
