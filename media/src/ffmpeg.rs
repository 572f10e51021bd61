//! The programs ffmpeg and ffprobe: where they are, and how one is started, fed, read and ended.

use crate::error::MediaError;
use std::ffi::OsString;
use std::io::{self, ErrorKind, Read, Write};
use std::path::{Path, PathBuf};
use std::process::{Child, ChildStderr, ChildStdin, ChildStdout, Command, ExitStatus, Stdio};
use std::thread::{self, JoinHandle};

/// The two programs.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Ffmpeg {
    /// Decodes and encodes.
    pub ffmpeg: PathBuf,
    /// Reads headers.
    pub ffprobe: PathBuf,
}

impl Default for Ffmpeg {
    /// Beside our own program, else on PATH.
    fn default() -> Self {
        Self { ffmpeg: find("ffmpeg"), ffprobe: find("ffprobe") }
    }
}

/// A program beside our own; where there is none, its bare name, which the system looks up on PATH.
fn find(name: &str) -> PathBuf {
    let own = std::env::current_exe().ok();
    let beside = own.and_then(|own| Some(own.parent()?.join(format!("{name}{}", std::env::consts::EXE_SUFFIX))));
    beside.filter(|path| path.is_file()).unwrap_or_else(|| name.into())
}

impl Ffmpeg {
    /// Checks that ffmpeg can be run at all, before anything is made for it.
    ///
    /// # Errors
    /// [`MediaError::FfmpegMissing`], or ffmpeg fails to report its version.
    pub fn check(&self) -> Result<(), MediaError> {
        let output = Command::new(&self.ffmpeg).arg("-version").stdin(Stdio::null()).output();
        let output = output.map_err(|error| not_started(&self.ffmpeg, error))?;
        if output.status.success() {
            return Ok(());
        }
        let doing = format!("{} -version", self.ffmpeg.display());
        Err(MediaError::Ffmpeg { doing, said: output.status.to_string() })
    }

    /// Runs ffmpeg as a filter: `feed` writes its standard input on this thread, while `drain` reads its standard output
    /// on another. `args` name the formats, and the pipes as `pipe:0` and `pipe:1`; `doing` names the work in errors.
    ///
    /// Errors of writing to the pipe become those of `feed` through [`pipe_error`]. Where ffmpeg itself has failed, its own
    /// words are reported instead of the broken pipe.
    ///
    /// # Errors
    /// ffmpeg is missing or failed, or an error of `feed` or `drain`.
    pub fn filter<T: Send, E: From<MediaError>>(
        &self,
        doing: &str,
        args: &[String],
        feed: impl FnOnce(&mut dyn Write) -> Result<(), E>,
        drain: impl FnOnce(&mut dyn Read) -> io::Result<T> + Send,
    ) -> Result<T, E> {
        let failed = |said: String| E::from(MediaError::Ffmpeg { doing: doing.to_owned(), said });
        let mut command = Command::new(&self.ffmpeg);
        command.args(["-hide_banner", "-loglevel", "error", "-nostdin"]).args(args);
        let mut process = Process::start(&mut command, true, true)?;
        let (Some(stdin), Some(mut stdout)) = (process.stdin.take(), process.stdout.take()) else {
            return Err(failed("it has no pipes".to_owned()));
        };
        let mut pipe = Feed { stdin, broken: false };
        let (fed, drained, broken) = thread::scope(|scope| {
            let drained = scope.spawn(move || drain(&mut stdout));
            let fed = feed(&mut pipe);
            let broken = pipe.broken;
            if fed.is_err() && !broken {
                // It would carry on with what it has. Where it closed its input, it ends by itself.
                process.kill();
            }
            drop(pipe);
            (fed, drained.join(), broken)
        });
        let (status, said) = process.wait().map_err(|error| failed(error.to_string()))?;
        match fed {
            Ok(()) if !status.success() => Err(failed(format!("{said} ({status})"))),
            Err(_) if broken && !said.is_empty() => Err(failed(said)),
            Err(error) => Err(error),
            Ok(()) => {
                let drained = drained.map_err(|_| failed("its output could not be read".to_owned()))?;
                drained.map_err(|error| failed(if said.is_empty() { error.to_string() } else { said }))
            }
        }
    }

    /// Whether this ffmpeg was built with a filter.
    pub(crate) fn has_filter(&self, name: &str) -> bool {
        let output = Command::new(&self.ffmpeg).args(["-hide_banner", "-filters"]).stdin(Stdio::null()).output();
        let listed = output.map(|output| String::from_utf8_lossy(&output.stdout).into_owned()).unwrap_or_default();
        listed.lines().any(|line| line.split_ascii_whitespace().nth(1) == Some(name))
    }
}

/// An error of writing to ffmpeg, for [`Ffmpeg::filter`].
pub fn pipe_error(doing: &str) -> impl Fn(io::Error) -> MediaError {
    let doing = doing.to_owned();
    move |error| MediaError::Ffmpeg { doing: doing.clone(), said: error.to_string() }
}

/// ffmpeg's standard input, and whether writing to it failed.
struct Feed {
    stdin: ChildStdin,
    broken: bool,
}

impl Write for Feed {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.stdin.write(bytes).inspect_err(|error| self.broken |= error.kind() != ErrorKind::Interrupted)
    }

    fn flush(&mut self) -> io::Result<()> {
        self.stdin.flush()
    }
}

/// A running ffmpeg, whose standard error is collected. Dropped before [`Process::wait`], it is killed.
pub(crate) struct Process {
    child: Child,
    pub stdin: Option<ChildStdin>,
    pub stdout: Option<ChildStdout>,
    said: Option<JoinHandle<String>>,
}

impl Process {
    /// Starts a command with pipes where they are wanted.
    pub(crate) fn start(command: &mut Command, stdin: bool, stdout: bool) -> Result<Self, MediaError> {
        let pipe = |wanted: bool| if wanted { Stdio::piped() } else { Stdio::null() };
        let spawned = command.stdin(pipe(stdin)).stdout(pipe(stdout)).stderr(Stdio::piped()).spawn();
        let mut child = spawned.map_err(|error| not_started(Path::new(command.get_program()), error))?;
        let said = child.stderr.take().map(|stderr| thread::spawn(move || collect(stderr)));
        let (stdin, stdout) = (child.stdin.take(), child.stdout.take());
        Ok(Self { child, stdin, stdout, said })
    }

    /// Ends it. It may have ended by itself, which is as good.
    pub(crate) fn kill(&mut self) {
        let _ = self.child.kill();
    }

    /// Closes its input, waits for its end, and returns how it ended and what it wrote to standard error.
    pub(crate) fn wait(&mut self) -> io::Result<(ExitStatus, String)> {
        drop(self.stdin.take());
        drop(self.stdout.take());
        let status = self.child.wait()?;
        let said = self.said.take().and_then(|thread| thread.join().ok()).unwrap_or_default();
        Ok((status, said))
    }
}

impl Drop for Process {
    fn drop(&mut self) {
        // After `wait` it has ended, and there is nothing to do. Else it must not write any more once its file is removed.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// What a program writes to standard error, trimmed. It is read to the end, because a full channel would stop the program, and
/// only the beginning is kept.
fn collect(mut stderr: ChildStderr) -> String {
    const KEPT: u64 = 1 << 16;
    let mut said = Vec::new();
    // What could be read until an error is all there is to report.
    let _ = stderr.by_ref().take(KEPT).read_to_end(&mut said);
    let _ = io::copy(&mut stderr, &mut io::sink());
    String::from_utf8_lossy(&said).trim().to_owned()
}

/// `a.mp4` as ffmpeg takes it for a file whatever its name: not an option, not a `protocol:`.
pub(crate) fn plain(file: &Path) -> OsString {
    let mut name = OsString::from("file:");
    name.push(file);
    name
}

pub(crate) fn not_started(program: &Path, error: io::Error) -> MediaError {
    if error.kind() == ErrorKind::NotFound {
        MediaError::FfmpegMissing { program: program.to_owned() }
    } else {
        MediaError::Io { file: program.to_owned(), source: error }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn words(text: &str) -> Vec<String> {
        text.split_whitespace().map(str::to_owned).collect()
    }

    fn read_all(output: &mut dyn Read) -> io::Result<Vec<u8>> {
        let mut bytes = Vec::new();
        output.read_to_end(&mut bytes).map(|_| bytes)
    }

    #[test]
    fn a_filter_is_fed_and_drained_at_once() {
        // Far more than a pipe holds, in both directions.
        let frame = vec![77u8; 64 * 64 * 3];
        let args = words("-f rawvideo -pix_fmt rgb24 -s 64x64 -i pipe:0 -f rawvideo -pix_fmt rgb24 pipe:1");
        let feed =
            |input: &mut dyn Write| (0..40).try_for_each(|_| input.write_all(&frame)).map_err(pipe_error("copying"));
        let bytes = Ffmpeg::default().filter("copying", &args, feed, read_all).unwrap();
        assert_eq!(bytes.len(), 40 * frame.len());
        assert!(bytes.iter().all(|&value| value == 77));
    }

    #[test]
    fn a_failing_filter_is_reported_in_its_own_words() {
        let args = words("-f no_such_format -i pipe:0 -f null -");
        let feed = |input: &mut dyn Write| {
            (0..1000).try_for_each(|_| input.write_all(&[0; 65536])).map_err(pipe_error("failing"))
        };
        let error = Ffmpeg::default().filter("failing", &args, feed, read_all).unwrap_err();
        let MediaError::Ffmpeg { doing, said } = error else { panic!("{error}") };
        assert!(doing == "failing" && said.contains("no_such_format"), "{said}");
    }

    #[test]
    fn an_error_of_the_one_who_feeds_comes_out() {
        let args = words("-f rawvideo -pix_fmt rgb24 -s 64x64 -i pipe:0 -f rawvideo pipe:1");
        let stop = |_: &mut dyn Write| Err(MediaError::Empty { file: "source".into() });
        let error = Ffmpeg::default().filter("copying", &args, stop, read_all).unwrap_err();
        assert!(matches!(error, MediaError::Empty { .. }), "{error}");
    }

    #[test]
    fn a_missing_program_is_told_from_one_that_fails() {
        let none = Ffmpeg { ffmpeg: "/nonexistent/ffmpeg".into(), ffprobe: "/nonexistent/ffprobe".into() };
        assert!(matches!(none.check(), Err(MediaError::FfmpegMissing { .. })));
        Ffmpeg::default().check().unwrap();
    }
}
