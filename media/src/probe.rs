//! Headers of videos, read by ffprobe.

use crate::Size;
use crate::error::MediaError;
use crate::ffmpeg::{Ffmpeg, not_started, plain};
use crate::hdr::Transfer;
use std::cmp::Reverse;
use std::path::Path;
use std::process::{Command, Stdio};

/// What a container says about its video stream; of several, pictures of the cover left out, the largest.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Probe {
    /// Which of the file's streams it is.
    pub stream: usize,
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
    /// Whether the time from frame to frame varies: frames must then be taken by their time stamps.
    pub varies: bool,
    /// Whether a frame is woven from two fields of different moments.
    pub interlaced: bool,
}

impl Ffmpeg {
    /// Reads the header of a video.
    ///
    /// # Errors
    /// ffprobe is missing, or the file is not a video that it can read.
    pub fn probe(&self, file: &Path) -> Result<Probe, MediaError> {
        let entries = "stream=index,width,height,avg_frame_rate,r_frame_rate,nb_frames,duration,color_transfer,field_order:stream_tags=DURATION,\
                       rotate:stream_side_data=rotation:stream_disposition=attached_pic,timed_thumbnails";
        let mut command = Command::new(&self.ffprobe);
        command.args(["-v", "error", "-select_streams", "v", "-show_entries", entries, "-of", "flat=sep_char=/", "-i"]);
        let output = command.arg(plain(file)).stdin(Stdio::null()).output();
        let output = output.map_err(|error| not_started(&self.ffprobe, error))?;
        let text = String::from_utf8_lossy(&output.stdout);
        let probe = parse_probe(&text).ok_or_else(|| {
            let said = words(&String::from_utf8_lossy(&output.stderr), file);
            let problem = if said.is_empty() { "no video stream in it".to_owned() } else { said };
            MediaError::Unreadable { file: file.to_owned(), problem }
        })?;
        // Reading all stamps takes a while, so only where there is a reason to: two rates that disagree.
        Ok(if probe.varies { self.look_at_stamps(file, probe)? } else { probe })
    }

    /// Whether frames really come unevenly, and then the rate at which most of them come.
    fn look_at_stamps(&self, file: &Path, probe: Probe) -> Result<Probe, MediaError> {
        let mut command = Command::new(&self.ffprobe);
        command.args(["-v", "error", "-select_streams", &probe.stream.to_string()]);
        command.args(["-show_entries", "packet=pts_time", "-of", "csv=p=0", "-i"]).arg(plain(file));
        let output = command.stdin(Stdio::null()).output().map_err(|error| not_started(&self.ffprobe, error))?;
        let text = String::from_utf8_lossy(&output.stdout);
        let stamps = text.lines().filter_map(|line| line.trim().trim_end_matches(',').parse().ok()).collect();
        Ok(match uneven(stamps) {
            Some(usual) => {
                let frames = probe.frames.map(|frames| (frames as f64 / probe.fps * usual).round() as usize);
                Probe { fps: usual, frames, counted: false, ..probe }
            }
            None => Probe { varies: false, ..probe },
        })
    }
}

/// The usual number of frames in a second, where frames with these time stamps come unevenly.
fn uneven(mut stamps: Vec<f64>) -> Option<f64> {
    stamps.sort_by(f64::total_cmp);
    let mut steps: Vec<f64> = stamps.windows(2).map(|pair| pair[1] - pair[0]).filter(|step| *step > 0.0).collect();
    steps.sort_by(f64::total_cmp);
    let usual = *steps.get(steps.len() / 2)?;
    // Stamps in milliseconds shake by one, and a frame may be missing; a tenth of all is neither.
    let off = steps.iter().filter(|step| (*step / usual - 1.0).abs() > 0.25).count();
    (off * 10 > steps.len()).then_some(1.0 / usual)
}

/// What ffmpeg wrote to standard error about a file: the first lines joined, without the file's name, which errors name anyway.
pub(crate) fn words(said: &str, file: &Path) -> String {
    let name = format!("file:{}: ", file.display());
    let lines = said.lines().map(|line| line.trim().replace(&name, "")).filter(|line| !line.is_empty());
    lines.take(3).collect::<Vec<_>>().join("; ")
}

/// Values of ffprobe's flat output, `streams/stream/0/width=64`.
pub(crate) fn parse_probe(text: &str) -> Option<Probe> {
    let streams = (0..).map_while(|number| {
        let prefix = format!("streams/stream/{number}/");
        text.contains(&prefix).then(|| parse_stream(text, &prefix))
    });
    let mut streams: Vec<(bool, Probe)> = streams.flatten().collect();
    // A cover is taken only where there is nothing else. The first of the largest.
    streams.sort_by_key(|(cover, probe)| (*cover, Reverse(u64::from(probe.size.0) * u64::from(probe.size.1))));
    streams.into_iter().next().map(|(_, probe)| probe)
}

/// A stream, and whether it is a cover.
fn parse_stream(text: &str, prefix: &str) -> Option<(bool, Probe)> {
    let value = |key: &str| {
        let values = text.lines().filter_map(|line| line.strip_prefix(prefix)?.split_once('='));
        let mut values = values.filter(|(name, _)| *name == key || name.ends_with(&format!("/{key}")));
        values.next().map(|(_, value)| value.trim().trim_matches('"'))
    };
    let side = |key| value(key)?.parse().ok().filter(|&side: &u32| side > 0);
    let (width, height) = (side("width")?, side("height")?);
    let turn: f64 = value("rotation").or_else(|| value("rotate")).and_then(|turn| turn.parse().ok()).unwrap_or(0.0);
    let on_its_side = ((turn / 90.0).round() as i64).rem_euclid(2) == 1;
    let rate = |key| ratio(value(key)?);
    let (average, base) = (rate("avg_frame_rate"), rate("r_frame_rate"));
    let fps = average.or(base)?;
    let varies = average.zip(base).is_some_and(|(average, base)| (average / base - 1.0).abs() > 0.02);
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
    let stream = value("index").and_then(|index| index.parse().ok()).unwrap_or(0);
    let cover = ["attached_pic", "timed_thumbnails"].iter().any(|kind| value(kind) == Some("1"));
    let interlaced = value("field_order").is_some_and(|order| ["tt", "bb", "tb", "bt"].contains(&order));
    Some((cover, Probe { stream, size, fps, frames, counted: counted.is_some(), transfer, varies, interlaced }))
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
