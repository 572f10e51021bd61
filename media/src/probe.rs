//! Headers of videos, read by ffprobe.

use crate::Size;
use crate::error::MediaError;
use crate::ffmpeg::{Ffmpeg, not_started, plain};
use crate::hdr::Transfer;
use std::path::Path;
use std::process::{Command, Stdio};

/// What a container says about its first video stream.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Probe {
    /// As shown: after turning.
    pub size: Size,
    /// Frames per second, positive.
    pub fps: f64,
    /// Number of frames: counted by the container, or computed from its duration; `None` where the container gives neither.
    pub frames: Option<usize>,
    /// Whether the container counted them, and so promises them.
    pub counted: bool,
    /// How light becomes numbers.
    pub transfer: Transfer,
}

impl Ffmpeg {
    /// Reads the header of a video.
    ///
    /// # Errors
    /// ffprobe is missing, or the file is not a video that it can read.
    pub fn probe(&self, file: &Path) -> Result<Probe, MediaError> {
        let entries = "stream=width,height,avg_frame_rate,r_frame_rate,nb_frames,duration,color_transfer:stream_tags=DURATION,rotate\
                       :stream_side_data=rotation";
        let mut command = Command::new(&self.ffprobe);
        command.args([
            "-v",
            "error",
            "-select_streams",
            "v:0",
            "-show_entries",
            entries,
            "-of",
            "flat=sep_char=/",
            "-i",
        ]);
        let output = command.arg(plain(file)).stdin(Stdio::null()).output();
        let output = output.map_err(|error| not_started(&self.ffprobe, error))?;
        let text = String::from_utf8_lossy(&output.stdout);
        parse_probe(&text).ok_or_else(|| {
            let said = words(&String::from_utf8_lossy(&output.stderr), file);
            let problem = if said.is_empty() { "no video stream in it".to_owned() } else { said };
            MediaError::Unreadable { file: file.to_owned(), problem }
        })
    }
}

/// What ffmpeg wrote to standard error about a file: the first lines joined, without the file's name, which errors name anyway.
pub(crate) fn words(said: &str, file: &Path) -> String {
    let name = format!("file:{}: ", file.display());
    let lines = said.lines().map(|line| line.trim().replace(&name, "")).filter(|line| !line.is_empty());
    lines.take(3).collect::<Vec<_>>().join("; ")
}

/// Values of ffprobe's flat output, `streams/stream/0/width=64`.
pub(crate) fn parse_probe(text: &str) -> Option<Probe> {
    let value = |key: &str| {
        let values = text.lines().filter_map(|line| line.strip_prefix("streams/stream/0/")?.split_once('='));
        let mut values = values.filter(|(name, _)| *name == key || name.ends_with(&format!("/{key}")));
        values.next().map(|(_, value)| value.trim().trim_matches('"'))
    };
    let side = |key| value(key)?.parse().ok().filter(|&side: &u32| side > 0);
    let (width, height) = (side("width")?, side("height")?);
    let turn: f64 = value("rotation").or_else(|| value("rotate")).and_then(|turn| turn.parse().ok()).unwrap_or(0.0);
    let on_its_side = ((turn / 90.0).round() as i64).rem_euclid(2) == 1;
    let rate = |key| ratio(value(key)?);
    let fps = rate("avg_frame_rate").or_else(|| rate("r_frame_rate"))?;
    // A count and a length that disagree mean an edit list: the shorter is what plays.
    let counted = value("nb_frames").and_then(|count| count.parse::<usize>().ok());
    let seconds = value("duration").and_then(seconds).or_else(|| value("DURATION").and_then(seconds));
    let timed = seconds.map(|seconds| (seconds * fps).round() as usize);
    let frames = match (counted, timed) {
        (Some(counted), Some(timed)) => Some(counted.min(timed)),
        (counted, timed) => counted.or(timed),
    };
    let size = if on_its_side { (height, width) } else { (width, height) };
    let transfer = Transfer::named(value("color_transfer").unwrap_or_default());
    Some(Probe { size, fps, frames, counted: counted.is_some(), transfer })
}

/// `30000/1001`, positive and finite.
fn ratio(text: &str) -> Option<f64> {
    let (numerator, denominator) = text.split_once('/')?;
    let ratio = numerator.parse::<f64>().ok()? / denominator.parse::<f64>().ok()?;
    (ratio.is_finite() && ratio > 0.0).then_some(ratio)
}

/// `4.25` or `00:00:04.25`.
fn seconds(text: &str) -> Option<f64> {
    let add = |sum: Option<f64>, part: &str| Some(sum? * 60.0 + part.parse::<f64>().ok()?);
    text.split(':').fold(Some(0.0), add).filter(|seconds| seconds.is_finite() && *seconds >= 0.0)
}
