//! How kernels are launched: arguments, the shape of a launch, and the launcher that runs it.
//!
//! A launch goes to an implementation of [`Launch`]: the device, or in the tests the same sources compiled for the CPU.
//! Both get their blocks and arguments from here, so these are tested without a GPU.

use super::error::CudaError;
use super::source::Kernel;
use std::fmt::Debug;
use std::sync::Arc;
use tch::{Device, Tensor};

/// Threads of a block: a few warps, so that a block never waits long for its slowest one.
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
    /// Enough blocks for `threads` threads, with some to spare in the last; `None` for 0 threads.
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

/// One argument of a kernel. It borrows its tensor, so no kernel starts on a dropped one.
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
    /// −1 marks more than an `int` can count; `Kernels::run` refuses it.
    fn from(count: usize) -> Self {
        Self::Int(i32::try_from(count).unwrap_or(-1))
    }
}

impl From<f32> for Argument<'_> {
    fn from(value: f32) -> Self {
        Self::Float(value)
    }
}

/// One launch of a kernel.
pub(super) trait Call {
    /// The kernel.
    const KERNEL: Kernel;
    /// Its arguments in order, each with its name.
    fn arguments(&self) -> Vec<(&'static str, Argument<'_>)>;
}

/// Runs kernels.
pub trait Launch: Debug + Send + Sync {
    /// Name of the device, for people.
    fn runs_on(&self) -> &str;

    /// Starts a kernel. Tensors are read and written after this returns, in the order of launches and of libtorch's own work.
    ///
    /// # Errors
    /// [`CudaError::Driver`], or [`CudaError::Argument`] from launchers that check types.
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

    /// Name of the device, for people.
    pub fn runs_on(&self) -> &str {
        self.launcher.runs_on()
    }

    /// The device that tensors must be on.
    pub fn device(&self) -> Device {
        self.device
    }

    /// Runs a kernel with at least `threads` threads, or not at all if `threads` is 0.
    ///
    /// # Errors
    /// A tensor on another device or not contiguous, a count or a number of threads that is too large, or those of
    /// [`Launch::launch`].
    pub(super) fn run<C: Call>(&self, threads: usize, call: &C) -> Result<(), CudaError> {
        let mut arguments = Vec::new();
        for (name, argument) in call.arguments() {
            let wrong =
                |found: String, expected: String| CudaError::Argument { kernel: C::KERNEL, name, found, expected };
            match argument {
                Argument::Elements(tensor) if tensor.device() != self.device || !tensor.is_contiguous() => {
                    let laid_out = if tensor.is_contiguous() { "contiguous" } else { "strided" };
                    let found = format!("{laid_out} tensor on {:?}", tensor.device());
                    return Err(wrong(found, format!("contiguous tensor on {:?}", self.device)));
                }
                Argument::Int(..0) => return Err(wrong("a larger count".into(), format!("at most {}", i32::MAX))),
                _ => arguments.push(argument),
            }
        }
        match Geometry::new(C::KERNEL, threads)? {
            Some(geometry) => self.launcher.launch(C::KERNEL, geometry, &arguments),
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

    struct Fold<'a> {
        clip: &'a Tensor,
        height: usize,
    }

    impl Call for Fold<'_> {
        const KERNEL: Kernel = Kernel::Fold;

        fn arguments(&self) -> Vec<(&'static str, Argument<'_>)> {
            vec![("clip", self.clip.into()), ("height", self.height.into())]
        }
    }

    #[test]
    fn what_kernels_cannot_take_does_not_reach_them() {
        let kernels = Kernels::new(Arc::new(Never), Device::Cpu);
        let table = Tensor::zeros([2, 3], (Kind::Float, Device::Cpu));
        let strided = table.transpose(0, 1);
        let fold = |clip, height| Fold { clip, height };
        let refused = |call: Fold<'_>| kernels.run(6, &call).unwrap_err();
        let CudaError::Argument { kernel, name, found, .. } = refused(fold(&strided, 1)) else { panic!() };
        assert_eq!((kernel, name), (Kernel::Fold, "clip"));
        assert!(found.starts_with("strided tensor"), "{found}");
        let CudaError::Argument { name, expected, .. } = refused(fold(&table, 1 << 31)) else { panic!() };
        assert_eq!((name, expected.as_str()), ("height", "at most 2147483647"));
        let reason = "nothing runs here".into();
        let error = CudaError::Driver { action: "run fold".into(), reason };
        assert_eq!(refused(fold(&table, 1)), error);
        assert_eq!(kernels.run(0, &fold(&table, 1)), Ok(()));
    }
}
