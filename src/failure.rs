//! How the command ends: each error has someone who can mend it, and that decides the exit code.

use loop3d_capture::{CaptureError, prepare::PrepareError};
use loop3d_closing::ClosingError;
use loop3d_generator::metrics::MetricError;
use loop3d_generator::rig::RigError;
use loop3d_media::MediaError;
use loop3d_optimizer::error::FitError;
use loop3d_optimizer::metrics::MetricsError;
use loop3d_package::ExportError;
use loop3d_relief::ReliefError;
use loop3d_sample::SampleError;
use loop3d_scene::{Blame, Fault, FileError, PathError};
use std::fmt;
use std::process::ExitCode;

/// Every exit code and what it means: `--help` prints this table and the README repeats it. [`code_of`] says which error gets
/// which.
pub const EXIT_CODES: [(&str, &str); 6] = [
    ("0", "done"),
    ("1", "the machine or the program failed: a missing program, a full disk, a device, a defect"),
    ("2", "wrong usage: an argument, or a combination of arguments"),
    (
        "65",
        "bad input: a file or folder that is missing, damaged or of another kind; `doctor`: a problem prevents a fit",
    ),
    ("75", "not now: too little free memory, a service that is busy; the same command may succeed later"),
    ("130, 143", "stopped by Ctrl-C or SIGTERM; `fit` leaves a checkpoint for `--resume` once a level is finished"),
];

/// The exit code of an error that is of this fault: 65 and 75 are `EX_DATAERR` and `EX_TEMPFAIL` of BSD's sysexits.
fn code_of(fault: Fault) -> u8 {
    match fault {
        Fault::Machine => 1,
        Fault::Usage => 2,
        Fault::Input => 65,
        Fault::Moment => 75,
    }
}

/// The exit code of a command that a signal stopped: 128 + the signal's number, as shells have it.
pub fn code_of_signal(signal: i32) -> u8 {
    128 + signal.unsigned_abs() as u8
}

/// The table as `--help` prints it.
pub fn exit_codes_help() -> String {
    let rows = EXIT_CODES.map(|(codes, meaning)| format!("  {codes:<8}  {}", meaning.replace('`', "")));
    format!("Exit codes:\n{}", rows.join("\n"))
}

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

/// An error and its causes, each once: many messages end with their cause's.
pub fn told(error: &anyhow::Error) -> String {
    error.chain().map(ToString::to_string).fold(String::new(), |told, part| match told.as_str() {
        "" => part,
        before if before.ends_with(&part) => told,
        _ => format!("{told}: {part}"),
    })
}

/// An error of this fault.
pub fn failed(fault: Fault, message: impl Into<String>) -> anyhow::Error {
    Mistake { fault, message: message.into() }.into()
}

/// A wrong argument, or a wrong combination of arguments.
pub fn mistake(message: impl Into<String>) -> anyhow::Error {
    failed(Fault::Usage, message)
}

/// What a build without libtorch says.
#[cfg(not(feature = "torch"))]
pub fn without_torch(option: &str) -> anyhow::Error {
    mistake(format!(
        "{option}: this build has no libtorch; run `cargo xtask setup --torch` once, then build with `cargo build --release --features torch`"
    ))
}

/// A file or folder that is missing, damaged or of another kind.
pub fn bad_input(message: impl Into<String>) -> anyhow::Error {
    failed(Fault::Input, message)
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
    ExitCode::from(if error.is::<Stopped>() { crate::stop::exit_code() } else { code_of(fault(error)) })
}

/// Who can mend an error. Errors of no library of the project are the machine's.
pub fn fault(error: &anyhow::Error) -> Fault {
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
    of::<ClosingError>,
    of::<ReliefError>,
    of::<SampleError>,
    of::<FitError>,
    of::<MetricsError>,
    of::<MetricError>,
    of::<RigError>,
    #[cfg(feature = "torch")]
    of::<loop3d_generator::generate::GenerateError>,
    #[cfg(feature = "torch")]
    of::<loop3d_generator::tiny::TinyError>,
    of::<loop3d_generator::motion::MotionError>,
    #[cfg(feature = "torch")]
    of::<loop3d_generator::train::TrainError>,
    #[cfg(feature = "service")]
    of::<loop3d_generator::service::ServiceError>,
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
    fn the_table_has_every_code_and_the_readme_repeats_it() {
        let listed: Vec<u8> =
            EXIT_CODES.iter().flat_map(|(codes, _)| codes.split(", ")).map(|code| code.parse().unwrap()).collect();
        let faults = [Fault::Machine, Fault::Usage, Fault::Input, Fault::Moment].map(code_of);
        let signals = crate::stop::SIGNALS.map(code_of_signal);
        assert_eq!(listed, [&[0][..], &faults, &signals].concat());
        let readme = include_str!("../README.md");
        let rows = readme.lines().skip_while(|line| !line.starts_with("| exit code |")).skip(2);
        let rows: Vec<&str> = rows.take_while(|line| line.starts_with('|')).collect();
        assert_eq!(rows, EXIT_CODES.map(|(codes, meaning)| format!("| {codes} | {meaning} |")));
        let help = exit_codes_help();
        assert!(EXIT_CODES.iter().all(|(codes, _)| help.contains(&format!("  {codes} "))), "{help}");
    }

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
