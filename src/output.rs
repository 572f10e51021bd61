//! What a verb says on standard output.

use anyhow::{Context, Result};
use std::io::{ErrorKind, Write};

/// Prints one text and a line's end.
///
/// # Errors
/// Standard output cannot be written. A reader that has read enough (`loop3d info … | head`) is no error.
pub fn print(text: &str) -> Result<()> {
    match writeln!(std::io::stdout(), "{text}") {
        Err(error) if error.kind() == ErrorKind::BrokenPipe => Ok(()),
        other => other.context("standard output"),
    }
}
