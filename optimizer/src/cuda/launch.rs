//! How kernels are called: arguments, the shape of a launch, and whoever runs it.
//!
//! A launch goes to whatever implements [`Launch`]: the device, or in the tests the same sources compiled for this processor.
//! Both get their blocks and arguments from here, so these are tested where there is no GPU.

use super::{CudaError, Kernel};
use std::fmt::Debug;
use std::sync::Arc;
use tch::{Device, Tensor};

/// Threads of a block: a few warps, so that a block never waits long for its last one.
const BLOCK: usize = 256;

/// Blocks and threads of a launch along its only dimension.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Geometry {
    /// Number of blocks, at least 1.
    pub blocks: u32,
    /// Threads in each.
    pub threads: u32,
}

impl Geometry {
    /// Enough blocks for `threads` threads, the last one with some to spare; none for no thread.
    ///
    /// # Errors
    /// [`CudaError::TooLarge`] for more blocks than a grid can have.
    pub fn new(kernel: Kernel, threads: usize) -> Result<Option<Self>, CudaError> {
        let blocks = threads.div_ceil(BLOCK);
        if blocks > i32::MAX as usize {
            return Err(CudaError::TooLarge { kernel, threads });
        }
        Ok((blocks > 0).then_some(Self { blocks: blocks as u32, threads: BLOCK as u32 }))
    }
}

/// One argument of a kernel. It borrows its tensor, so that no kernel is started on one that is gone.
#[derive(Clone, Copy, Debug)]
pub enum Argument<'a> {
    /// The elements of a tensor, vectors of them where the kernel says so.
    Elements(&'a Tensor),
    /// `int`
    Int(i32),
    /// `float`
    Float(f32),
}

impl<'a> From<&'a Tensor> for Argument<'a> {
    fn from(tensor: &'a Tensor) -> Self {
        Self::Elements(tensor)
    }
}

impl From<usize> for Argument<'_> {
    /// −1 stands for more than an `int` counts; `Kernels::run` refuses it.
    fn from(count: usize) -> Self {
        Self::Int(i32::try_from(count).unwrap_or(-1))
    }
}

impl From<f32> for Argument<'_> {
    fn from(value: f32) -> Self {
        Self::Float(value)
    }
}

/// Lists arguments of a kernel.
macro_rules! arguments {
    ($($value:expr),* $(,)?) => { &[$($crate::cuda::Argument::from($value)),*] };
}
pub(super) use arguments;

/// Runs kernels.
pub trait Launch: Debug + Send + Sync {
    /// What they run on, for people.
    fn runs_on(&self) -> &str;

    /// Starts a kernel. Tensors are read and written after this returns, in the order of launches and of libtorch's own work.
    ///
    /// # Errors
    /// [`CudaError::Driver`], or [`CudaError::Argument`] where that is found out.
    fn launch(&self, kernel: Kernel, geometry: Geometry, arguments: &[Argument<'_>]) -> Result<(), CudaError>;
}

/// All kernels, ready to run on the tensors of one device.
#[derive(Clone, Debug)]
pub struct Kernels {
    launcher: Arc<dyn Launch>,
    device: Device,
}

impl Kernels {
    /// Kernels that `launcher` runs on tensors of `device`.
    pub fn new(launcher: Arc<dyn Launch>, device: Device) -> Self {
        Self { launcher, device }
    }

    /// What they run on, for people.
    pub fn runs_on(&self) -> &str {
        self.launcher.runs_on()
    }

    /// Where tensors must be.
    pub fn device(&self) -> Device {
        self.device
    }

    /// Runs a kernel with at least `threads` threads; nothing at all for none.
    ///
    /// # Errors
    /// A tensor that is elsewhere or not contiguous, a count or a number of threads that is too large, or those of [`Launch::launch`].
    pub(super) fn run(&self, kernel: Kernel, threads: usize, arguments: &[Argument<'_>]) -> Result<(), CudaError> {
        for (index, argument) in arguments.iter().enumerate() {
            let wrong = |found: String, expected: String| CudaError::Argument { kernel, index, found, expected };
            match argument {
                Argument::Elements(tensor) if tensor.device() != self.device || !tensor.is_contiguous() => {
                    let laid_out = if tensor.is_contiguous() { "contiguous" } else { "strided" };
                    let found = format!("{laid_out} tensor on {:?}", tensor.device());
                    return Err(wrong(found, format!("contiguous tensor on {:?}", self.device)));
                }
                Argument::Int(..0) => return Err(wrong("a larger count".into(), format!("at most {}", i32::MAX))),
                _ => {}
            }
        }
        match Geometry::new(kernel, threads)? {
            Some(geometry) => self.launcher.launch(kernel, geometry, arguments),
            None => Ok(()),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use tch::Kind;

    #[test]
    fn blocks_cover_all_threads() {
        let blocks = |threads| Geometry::new(Kernel::Fold, threads).unwrap().map(|geometry| geometry.blocks);
        assert_eq!([0, 1, 256, 257, 1 << 31].map(blocks), [None, Some(1), Some(1), Some(2), Some(1 << 23)]);
        let error = Geometry::new(Kernel::Fold, 1 << 40).unwrap_err();
        assert_eq!(error, CudaError::TooLarge { kernel: Kernel::Fold, threads: 1 << 40 });
    }

    #[derive(Debug)]
    struct Never;

    impl Launch for Never {
        fn runs_on(&self) -> &str {
            "nothing"
        }

        fn launch(&self, kernel: Kernel, _: Geometry, _: &[Argument<'_>]) -> Result<(), CudaError> {
            Err(CudaError::Driver { action: format!("run {kernel}"), reason: "nothing runs here".into() })
        }
    }

    #[test]
    fn what_kernels_cannot_take_does_not_reach_them() {
        let kernels = Kernels::new(Arc::new(Never), Device::Cpu);
        let table = Tensor::zeros([2, 3], (Kind::Float, Device::Cpu));
        let strided = table.transpose(0, 1);
        let error = kernels.run(Kernel::Fold, 6, arguments![2usize, &strided]).unwrap_err().to_string();
        assert!(error.starts_with("CUDA kernel fold, argument 1: found strided tensor"), "{error}");
        let error = kernels.run(Kernel::Fold, 6, arguments![&table]).unwrap_err().to_string();
        assert_eq!(error, "CUDA's driver failed to run fold: nothing runs here");
        let error = kernels.run(Kernel::Fold, 6, arguments![1usize << 31]).unwrap_err().to_string();
        assert_eq!(error, "CUDA kernel fold, argument 0: found a larger count, expected at most 2147483647");
        assert_eq!(kernels.run(Kernel::Fold, 0, arguments![&table]), Ok(()));
    }
}
