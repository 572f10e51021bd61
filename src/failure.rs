//! Who is at fault: exit code 2 for what the user can set right, 1 for failures of the machine or the program.

use loop3d_scene::{FileError, PathError};
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

/// The exit code that an error ends the command with.
pub fn exit_code(error: &anyhow::Error) -> ExitCode {
    ExitCode::from(if is_users_fault(error) { 2 } else { 1 })
}

fn is_users_fault(error: &anyhow::Error) -> bool {
    error.is::<Mistake>() || error.is::<PathError>() || error.downcast_ref().is_some_and(FileError::is_users_fault)
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
