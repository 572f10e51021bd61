//! Lets every program that links this crate find libtorch at run time without `LD_LIBRARY_PATH`.
//!
//! torch-sys passes the folder of the libraries to its direct dependents. Linker arguments of a build script reach only the
//! targets of its own package, so this script passes the folders on as well: a package that makes programs or tests from
//! this crate depends on it directly and reads `DEP_LOOP3D_TORCH_RPATH` in its own build script (see the root package's).

use std::env;
use std::path::PathBuf;

fn main() {
    println!("cargo::rerun-if-changed=build.rs");
    // Absent without the feature `libtorch`, and where linkers have no rpath (Windows).
    let Some(lib) = env::var_os("DEP_TCH_LIBTORCH_LIB").map(PathBuf::from) else { return };
    let mut folders = vec![lib.clone()];
    // `.torch/libtorch` holds the CPU half. The CUDA half lies beside it and is only ever opened by its name
    // (`libtorch_cuda.so`) at run time, so one build serves machines with and without a GPU. The same holds for CUDA's
    // run-time compiler, which has a folder of its own because tests use it without a GPU.
    if lib.ends_with(".torch/libtorch/lib") {
        let beside = ["cuda/torch/lib", "nvrtc/lib"];
        folders.extend(lib.ancestors().nth(2).into_iter().flat_map(|torch| beside.map(|folder| torch.join(folder))));
    } else if let Some(packages) = lib.ancestors().nth(2) {
        // A PyTorch installed by pip finds it among NVIDIA's packages.
        folders.push(packages.join("nvidia/cu13/lib"));
    }
    let rpath = folders.iter().map(|folder| folder.display().to_string()).collect::<Vec<_>>().join(":");
    println!("cargo::rustc-link-arg=-Wl,-rpath,{rpath}");
    println!("cargo::metadata=RPATH={rpath}");
}
