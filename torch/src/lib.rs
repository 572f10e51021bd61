//! libtorch for the crates that compute with it: linking, CUDA found at run time, guarded calls, transfers. It holds no model
//! and no kernel.
//!
//! - Linking: `build.rs` passes the folders of the libraries on to dependents (`DEP_LOOP3D_TORCH_RPATH`), so programs find
//!   them without `LD_LIBRARY_PATH`.
//! - [`cuda::open`] opens libtorch's CUDA half at run time. One build serves machines with and without a GPU.
//! - [`guarded`] turns libtorch's exceptions, which tch reports as panics, into a [`TorchError`].
//! - [`weights`]: named tensors of a model, whatever file they lie in.
//! - [`upload`], [`download`] and [`gradient`] move rows of floats between Rust and tensors.
//!
//! The order matters: call [`cuda::open`] before the first tensor is made, since libtorch looks for devices once.
//!
//! ```
//! use loop3d_torch::{TorchError, cuda, download, gradient, guarded, upload};
//! use tch::{Device, Kind};
//!
//! let device = match cuda::open() {
//!     Ok(()) => Device::Cuda(0),
//!     Err(why) => {
//!         println!("computing on the CPU: {why}");
//!         Device::Cpu
//!     }
//! };
//! // The squared lengths of two points, and their slopes.
//! let points = upload(&[[1.0, 2.0, 3.0], [4.0, 5.0, 6.0]], device).set_requires_grad(true);
//! let (sum, slopes) = guarded(|| {
//!     let sum = points.square().sum(Kind::Float);
//!     sum.backward();
//!     Ok::<_, TorchError>((sum.double_value(&[]), download::<3>(&gradient(&points))))
//! })?;
//! assert_eq!((sum, slopes), (91.0, vec![[2.0, 4.0, 6.0], [8.0, 10.0, 12.0]]));
//! # Ok::<(), TorchError>(())
//! ```
#![cfg(feature = "libtorch")]

pub mod cuda;
mod error;
mod guard;
mod transfer;
pub mod weights;

pub use error::TorchError;
pub use guard::guarded;
pub use transfer::{download, gradient, upload};
