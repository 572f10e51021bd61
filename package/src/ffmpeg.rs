//! The program ffmpeg as a filter: bytes in, bytes out, while both sides run.

use crate::ExportError;
use std::io::{self, ErrorKind, Read, Write};
use std::process::{Command, Stdio};

/// Runs ffmpeg: `feed` writes its standard input in a thread of its own, `drain` reads its standard output.
///
/// # Errors
/// ffmpeg is missing or failed, or an error of `feed` or `drain`.
pub(crate) fn run<T: Send>(
    doing: &str,
    args: &[String],
    feed: impl FnOnce(&mut dyn Write) -> Result<(), ExportError>,
    drain: impl FnOnce(&mut dyn Read) -> io::Result<T> + Send,
) -> Result<T, ExportError> {
    let mut command = Command::new("ffmpeg");
    command.args(["-hide_banner", "-loglevel", "error", "-nostdin"]).args(args);
    let spawned = command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped()).spawn();
    let failed = |said: String| ExportError::Ffmpeg { doing: doing.to_owned(), said };
    let mut process = spawned.map_err(|error| match error.kind() {
        ErrorKind::NotFound => ExportError::NoFfmpeg,
        _ => failed(error.to_string()),
    })?;
    let (Some(mut stdin), Some(mut stdout), Some(mut stderr)) =
        (process.stdin.take(), process.stdout.take(), process.stderr.take())
    else {
        return Err(failed("its pipes could not be opened".to_owned()));
    };
    let (fed, drained, said) = std::thread::scope(|scope| {
        let drained = scope.spawn(move || drain(&mut stdout));
        let said = scope.spawn(move || {
            let mut said = Vec::new();
            // What could be read until then is all there is to report.
            let _ = stderr.read_to_end(&mut said);
            String::from_utf8_lossy(&said).trim().to_owned()
        });
        let fed = feed(&mut stdin);
        drop(stdin);
        (fed, drained.join(), said.join().unwrap_or_default())
    });
    if fed.is_err() {
        // It would continue with what it has.
        let _ = process.kill();
    }
    let status = process.wait().map_err(|error| failed(error.to_string()))?;
    match fed {
        // A closed pipe: what ffmpeg printed is the reason.
        Err(ExportError::Ffmpeg { .. }) | Ok(()) if !status.success() => Err(failed(format!("{said} ({status})"))),
        Err(error) => Err(error),
        Ok(()) => {
            let drained = drained.map_err(|_| failed("its output could not be read".to_owned()))?;
            drained.map_err(|error| failed(if said.is_empty() { error.to_string() } else { said }))
        }
    }
}

/// An error of writing to ffmpeg.
pub(crate) fn pipe_error(doing: &str) -> impl Fn(io::Error) -> ExportError {
    let doing = doing.to_owned();
    move |error| ExportError::Ffmpeg { doing: doing.clone(), said: error.to_string() }
}

/// Splits text into arguments.
pub(crate) fn words(text: &str) -> Vec<String> {
    text.split_whitespace().map(str::to_owned).collect()
}
