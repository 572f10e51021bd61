//! How the command ends: each error has someone who can mend it, and that decides the exit code.

use loop3d_capture::{CaptureError, prepare::PrepareError};
use loop3d_media::MediaError;
use loop3d_optimizer::error::FitError;
use loop3d_optimizer::metrics::MetricsError;
use loop3d_package::ExportError;
use loop3d_sample::SampleError;
use loop3d_scene::{Blame, Fault, FileError, PathError};
use std::fmt;
use std::process::ExitCode;

/// The exit codes, as `--help` lists them. [`Fault::exit_code`] and [`crate::stop`] have the numbers.
pub const EXIT_CODES: &str = "\
Exit codes:
  0    done
  1    failed: a missing program, a full disk, a device, a defect
  2    wrong usage: an argument, or a combination of them
  65   bad input: a file or folder that is missing, damaged or of another kind
  75   not now: too little free memory; the same command may work later
  130  stopped by Ctrl-C, 143 by SIGTERM: a fit leaves a checkpoint for --resume";

/// What the command itself finds wrong; says what was found and what was expected.
#[derive(Debug)]
pub struct Mistake {
    fault: Fault,
    message: String,
}

impl fmt::Display for Mistake {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.message)
    }
}

impl std::error::Error for Mistake {}

impl Blame for Mistake {
    fn fault(&self) -> Fault {
        self.fault
    }
}

/// A wrong argument, or a wrong combination of arguments.
pub fn mistake(message: impl Into<String>) -> anyhow::Error {
    Mistake { fault: Fault::Usage, message: message.into() }.into()
}

/// A file or folder that is missing, damaged or of another kind.
pub fn bad_input(message: impl Into<String>) -> anyhow::Error {
    Mistake { fault: Fault::Input, message: message.into() }.into()
}

/// A job that was asked to stop; says what there is of its result.
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
    ExitCode::from(if error.is::<Stopped>() { crate::stop::exit_code() } else { fault(error).exit_code() })
}

/// Who can mend an error. Errors of no library of the project are the machine's.
fn fault(error: &anyhow::Error) -> Fault {
    KNOWN.iter().find_map(|fault| fault(error)).unwrap_or(Fault::Machine)
}

/// The error types that know who can mend them.
const KNOWN: &[fn(&anyhow::Error) -> Option<Fault>] = &[
    of::<Mistake>,
    of::<FileError>,
    of::<PathError>,
    of::<ExportError>,
    of::<CaptureError>,
    of::<MediaError>,
    of::<PrepareError>,
    of::<SampleError>,
    of::<FitError>,
    of::<MetricsError>,
    #[cfg(feature = "viewer")]
    of::<loop3d_viewer::RenderError>,
    #[cfg(feature = "viewer")]
    of::<loop3d_viewer::window::WindowError>,
];

fn of<E: Blame + std::error::Error + Send + Sync + 'static>(error: &anyhow::Error) -> Option<Fault> {
    error.downcast_ref().map(E::fault)
}

#[cfg(test)]
mod tests {
    use super::*;
    use anyhow::Context;

    #[test]
    fn faults_survive_context() {
        assert_eq!(fault(&mistake("a")), Fault::Usage);
        assert_eq!(fault(&bad_input("a").context("b")), Fault::Input);
        let path = loop3d_scene::KeyframePath::parse("{").context("path.json").unwrap_err();
        assert_eq!(fault(&path), Fault::Input);
        let missing = loop3d_scene::load("/no/such/file").context("loading").unwrap_err();
        assert_eq!(fault(&missing), Fault::Input);
        assert_eq!(fault(&anyhow::anyhow!("the disk is full")), Fault::Machine);
    }
}
