//! Who is at fault: exit code 2 for what the user can set right, 1 for failures of the machine or the program, 130 (the
//! shells' custom) for a wish to stop.

use loop3d_capture::CaptureError;
use loop3d_capture::prepare::PrepareError;
use loop3d_capture::sample::SampleError;
use loop3d_optimizer::error::FitError;
use loop3d_optimizer::metrics::MetricsError;
use loop3d_package::ExportError;
use loop3d_scene::{Blame, FileError, PathError};
use std::fmt;
use std::process::ExitCode;

/// A mistake in what the user asked for; says what was found and what was expected.
#[derive(Debug)]
pub struct Mistake(String);

impl fmt::Display for Mistake {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl std::error::Error for Mistake {}

/// A [`Mistake`] as an error to return.
pub fn mistake(message: impl Into<String>) -> anyhow::Error {
    Mistake(message.into()).into()
}

/// A job that was told to stop; says what there is of it.
#[derive(Debug)]
pub struct Stopped(pub String);

impl fmt::Display for Stopped {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "stopped; {}", self.0)
    }
}

impl std::error::Error for Stopped {}

/// The exit code that an error ends the command with.
pub fn exit_code(error: &anyhow::Error) -> ExitCode {
    ExitCode::from(if error.is::<Stopped>() {
        130
    } else if is_users_fault(error) {
        2
    } else {
        1
    })
}

#[cfg(feature = "viewer")]
fn is_viewers_mistake(error: &anyhow::Error) -> bool {
    use loop3d_viewer::{RenderError, window::WindowError};
    match error.downcast_ref() {
        Some(WindowError::Render(error)) => error.is_users_fault(),
        Some(WindowError::NoWindow(_)) => true,
        None => error.downcast_ref().is_some_and(RenderError::is_users_fault),
    }
}

#[cfg(not(feature = "viewer"))]
fn is_viewers_mistake(_: &anyhow::Error) -> bool {
    false
}

fn is_users_fault(error: &anyhow::Error) -> bool {
    error.is::<Mistake>()
        || is_viewers_mistake(error)
        || error.is::<PathError>()
        // Metrics refuse clips that do not fit together or are too small.
        || error.is::<MetricsError>()
        || error.downcast_ref().is_some_and(FileError::is_users_fault)
        || error.downcast_ref().is_some_and(ExportError::is_users_fault)
        || error.downcast_ref().is_some_and(CaptureError::is_users_fault)
        || error.downcast_ref().is_some_and(PrepareError::is_users_fault)
        || error.downcast_ref().is_some_and(FitError::is_users_fault)
        || error.downcast_ref().is_some_and(|error: &SampleError| match error {
            SampleError::Config(_) | SampleError::Occupied(_) => true,
            SampleError::File(error) => error.is_users_fault(),
            _ => false,
        })
}

#[cfg(test)]
mod tests {
    use super::*;
    use anyhow::Context;

    #[test]
    fn mistakes_stay_mistakes_under_context() {
        assert!(is_users_fault(&mistake("a")));
        let path = loop3d_scene::KeyframePath::parse("{").context("path.json").unwrap_err();
        assert!(is_users_fault(&path));
        let missing = loop3d_scene::load("/no/such/file").context("loading").unwrap_err();
        assert!(is_users_fault(&missing));
        assert!(!is_users_fault(&anyhow::anyhow!("the disk is full")));
    }
}
