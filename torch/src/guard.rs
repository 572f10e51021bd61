//! libtorch's exceptions as errors.

use crate::TorchError;
use std::any::Any;
use std::panic::{AssertUnwindSafe, catch_unwind, resume_unwind};

/// Runs `work` on libtorch. tch panics where libtorch throws, and the exception that users will meet is a device out of
/// memory, so these panics become errors. Other panics continue.
///
/// # Errors
/// Those of `work`, and [`TorchError::Thrown`] for an exception.
pub fn guarded<T, E: From<TorchError>>(work: impl FnOnce() -> Result<T, E>) -> Result<T, E> {
    // Whatever `work` left half done is its own; nothing of it is used after an error.
    catch_unwind(AssertUnwindSafe(work)).unwrap_or_else(|panic| match thrown(&*panic) {
        Some(message) => Err(TorchError::Thrown(message.to_owned()).into()),
        None => resume_unwind(panic),
    })
}

/// libtorch's message of an exception, without its stack; `None` for any other panic.
fn thrown(panic: &(dyn Any + Send)) -> Option<&str> {
    let (_, exception) = panic.downcast_ref::<String>()?.split_once("Torch(\"")?;
    // The panic shows the exception as Rust source: line ends are escaped.
    exception.split("\\n").next()
}
