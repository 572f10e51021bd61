//! Our CUDA kernels: on this processor against the CPU's kernels and libtorch; as PTX; and on a GPU where there is one.

mod check;
mod descent;
mod device;
pub mod host;
mod target;
