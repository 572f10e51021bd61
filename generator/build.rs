//! Lets this package's tests find libtorch at run time without `LD_LIBRARY_PATH`; see `torch/build.rs`.

fn main() {
    println!("cargo::rerun-if-changed=build.rs");
    // Absent without the feature `torch`.
    if let Ok(rpath) = std::env::var("DEP_LOOP3D_TORCH_RPATH") {
        println!("cargo::rustc-link-arg=-Wl,-rpath,{rpath}");
    }
}
