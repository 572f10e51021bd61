//! `loop3d loop`: one clip becomes a seamless loop.

use crate::failure::{Stopped, mistake};
use crate::output::print;
use crate::progress::Progress;
use crate::stop::Stop;
use crate::video::{Kind, Video};
use crate::wrote;
use anyhow::{Context, Result};
use loop3d_closing::{Closed, Look, Masks, Options, Report, close};
use loop3d_media::{Purpose, Size, Source};
use loop3d_scene::Unfinished;
use loop3d_scene::job::Event;
use std::ops::ControlFlow;
use std::path::{Path, PathBuf};
use std::str::FromStr;

/// How much more than from frame to frame the picture may change at a jump without being seen, by eye.
const MAY_SHOW: f64 = 1.5;
/// Times that each loop plays in the video of --compare.
const COMPARED: usize = 3;

/// Close a clip, filmed or generated, into a seamless loop of its own size: what moves jumps back where nobody sees it, and what stands
/// still stays exactly still.
#[derive(clap::Args, Debug)]
#[command(
    after_help = "Examples:\n  loop3d loop waterfall.mp4 -o loop.mp4\n  loop3d loop waterfall.mp4 -o loop.webp --seconds 3\n  \
    loop3d loop portrait.mp4 -o loop.mp4 --mask hair.png      only what is white in the mask moves\n\n\
    A clip held by hand is steadied first; a drift of light is brought back. Sound is left out. What is printed in the end: the seam is the \
    change from the last frame to the first, as a multiple of the change between other frames; --json has more."
)]
pub struct LoopArgs {
    /// A video, or a folder of PNG or JPEG frames.
    clip: PathBuf,
    /// What to write: NAME.mp4, .webm, .gif, .webp or .avif, or a new folder for PNG frames (00000.png …).
    #[arg(short, long)]
    output: PathBuf,
    /// Length of the loop in seconds; auto: the longest that closes nearly as well as any, up to 10 s and two thirds of the clip.
    #[arg(long, default_value_t)]
    seconds: Seconds,
    /// Where in the clip to begin, in seconds.
    #[arg(long)]
    start: Option<f64>,
    /// Where in the clip to end, in seconds.
    #[arg(long)]
    end: Option<f64>,
    /// Play the clip there and back again instead.
    #[arg(long)]
    boomerang: bool,
    /// An image of the clip's shape: what is white moves, and nothing else.
    #[arg(long, value_name = "IMAGE")]
    mask: Option<PathBuf>,
    /// An image of the clip's shape: what is white stands still.
    #[arg(long, value_name = "IMAGE")]
    still: Option<PathBuf>,
    /// Take the picture as it is: do not steady it, and do not check that the camera stands.
    #[arg(long)]
    tripod: bool,
    /// Shrink the frames to at most this height.
    #[arg(long, value_name = "PIXELS", value_parser = clap::value_parser!(u32).range(8..))]
    max_height: Option<u32>,
    /// Times that the loop plays in the file.
    #[arg(long, default_value_t = 1, value_parser = clap::value_parser!(u32).range(1..=10_000))]
    repeat: u32,
    /// Quality of the file: 0 (the best) to 51. Encoders treat a first frame differently from a last one, which shows at the loop point
    /// from about 12 on.
    #[arg(long, default_value_t = 8, value_parser = clap::value_parser!(u8).range(0..=i64::from(Purpose::WORST)))]
    crf: u8,
    /// Also write what the clip becomes without any of this, into a new folder: cut.mp4, fade.mp4, loop.mp4, and compare.mp4, which
    /// plays all three side by side three times.
    #[arg(long, value_name = "DIR")]
    compare: Option<PathBuf>,
    /// Print what was done as JSON.
    #[arg(long)]
    json: bool,
    /// Print errors only.
    #[arg(long)]
    quiet: bool,
}

/// A length in seconds, or none: the best.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
struct Seconds(Option<f64>);

impl FromStr for Seconds {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        match text.parse::<f64>() {
            _ if text == "auto" => Ok(Self(None)),
            Ok(seconds) if seconds > 0.0 && seconds <= 600.0 => Ok(Self(Some(seconds))),
            _ => Err("expected `auto` or a number above 0 and up to 600".to_owned()),
        }
    }
}

impl std::fmt::Display for Seconds {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self.0 {
            None => f.write_str("auto"),
            Some(seconds) => write!(f, "{seconds}"),
        }
    }
}

impl LoopArgs {
    /// Writes the loop.
    ///
    /// # Errors
    /// Bad arguments, a clip that cannot be read or whose camera travels, a target that cannot be written, ffmpeg missing or failing.
    pub fn run(&self) -> Result<()> {
        let kind = Kind::of(&self.output)?;
        for (option, value) in [("--start", self.start), ("--end", self.end)] {
            if let Some(found) = value.filter(|value| !(value.is_finite() && *value >= 0.0)) {
                return Err(mistake(format!("{option}: found {found}, expected a number of seconds from 0")));
            }
        }
        if self.end == Some(0.0) {
            return Err(mistake("--end: found 0, expected a number of seconds above 0"));
        }
        self.keep_apart()?;
        if let (Some(start), Some(end)) = (self.start, self.end)
            && end <= start
        {
            return Err(mistake(format!("--end: found {end}, expected more than --start, which is {start}")));
        }
        let folder = crate::output::folder_of(&self.output)?;
        // What cannot be written is told before the work.
        match kind {
            Kind::Folder => drop(crate::output::new_folder(&self.output)?),
            Kind::File(_) => drop(Unfinished::file(&self.output)?),
        }
        let comparison = self.compare.as_deref().map(crate::output::new_folder).transpose()?;
        let source = Source::at(&self.clip)?;
        let masks = Masks { moves: self.mask.clone(), still: self.still.clone() };
        let options = Options {
            start: self.start,
            end: self.end,
            seconds: self.seconds.0,
            longest: None,
            boomerang: self.boomerang,
            look: Look { tripod: self.tripod, max_height: self.max_height },
            masks,
        };
        let stop = Stop::on_ctrl_c()?;
        let mut progress = Progress::start_share("closing", self.quiet);
        let mut observer = |event: Event<'_>| {
            if let Event::Step { stage, done, .. } = event {
                progress.share(done, stage);
            }
            if stop.asked() { ControlFlow::Break(()) } else { ControlFlow::Continue(()) }
        };
        let closed = close(&source, &options, &folder, &mut observer);
        let stopped = || Stopped(format!("{} was not written", self.output.display()));
        // Before any error: a terminal sends Ctrl-C to ffmpeg as well.
        let mut closed = match closed {
            Err(_) if stop.asked() => return Err(stopped().into()),
            closed => closed?,
        };
        drop(progress);
        let cut = cropped(&closed, kind);
        let total = closed.report.frames * self.repeat as usize;
        let mut progress = Progress::start("writing", total as u64, "frames", self.quiet);
        let mut output = Video::start(&self.output, kind, cut, closed.fps, self.crf)?;
        for index in 0..total {
            let written = closed.frame(index).map(|frame| crop(&frame, closed.size, cut));
            let written = written.map_err(anyhow::Error::from).and_then(|frame| output.frame(&frame));
            if stop.asked() {
                return Err(stopped().into());
            }
            written?;
            progress.advance(1);
        }
        output.finish()?;
        if let Some(comparison) = comparison {
            let compared = compare(&mut closed, comparison.path(), self.crf, &stop);
            if stop.asked() {
                let folder = self.compare.as_deref().unwrap_or(Path::new(""));
                let (output, folder) = (self.output.display(), folder.display());
                return Err(Stopped(format!("{output} is written, {folder} is not")).into());
            }
            compared?;
            comparison.finish()?;
        }
        self.tell(&closed, cut, progress)
    }

    /// Refuses outputs that would replace the clip, a mask or each other.
    fn keep_apart(&self) -> Result<()> {
        let same =
            |a: &Path, b: &Path| a == b || a.canonicalize().is_ok_and(|a| b.canonicalize().is_ok_and(|b| a == b));
        let inputs = [Some(&self.clip), self.mask.as_ref(), self.still.as_ref()];
        if let Some(input) = inputs.into_iter().flatten().find(|input| same(input, &self.output)) {
            return Err(mistake(format!("--output: {} is an input, which it would replace", input.display())));
        }
        match self.compare.as_deref().filter(|folder| same(folder, &self.output)) {
            Some(folder) => Err(mistake(format!(
                "--compare: found {}, which is --output; expected another folder",
                folder.display()
            ))),
            None => Ok(()),
        }
    }

    fn tell(&self, closed: &Closed, (width, height): Size, progress: Progress) -> Result<()> {
        let Report { frames, seam, jump, moving, light, .. } = closed.report;
        closed.report.notes.iter().for_each(|note| progress.note(&format!("note: {note}")));
        if light > 0.0 {
            progress.note(&format!("note: light drifted; brought back by up to {:.1} %", 100.0 * light));
        }
        let seconds = frames as f64 / closed.fps;
        let of = closed.report.of as f64 / closed.fps;
        if (width, height) != closed.size {
            let (w, h) = closed.size;
            progress.note(&format!("note: an mp4 needs even sides: {w}×{h} is cropped to {width}×{height}"));
        }
        if let Some(jump) = jump.filter(|jump| *jump > MAY_SHOW) {
            progress.note(&format!(
                "note: where pixels jump back the picture changes {jump:.1} times as much as from frame to frame, which may show; a longer clip or \
                 another --seconds may help"
            ));
        }
        let seam = seam
            .map_or(String::new(), |seam| format!("; seam {seam:.2} (at 1 the loop point is like any other moment)"));
        let times = if self.repeat > 1 { format!(", played {} times", self.repeat) } else { String::new() };
        let about = format!(
            "a loop of {seconds:.2} s from {of:.2} s of clip ({frames} frames of {width}×{height} at {:.2} fps){times}; {:.0} % of the \
             picture moves{seam}",
            closed.fps,
            100.0 * moving,
        );
        progress.finish(&match self.json {
            true => wrote::only(&self.output, &about),
            false => wrote::file(&self.output, &about),
        });
        if self.json {
            let mut report = serde_json::to_value(&closed.report)?;
            if let Some(report) = report.as_object_mut() {
                report.insert("width".into(), width.into());
                report.insert("height".into(), height.into());
                report.insert("fps".into(), closed.fps.into());
            }
            print(&serde_json::to_string_pretty(&report)?)?;
        }
        Ok(())
    }
}

/// The loop's size in a file of this kind: without a last column or row that it cannot hold.
fn cropped(closed: &Closed, kind: Kind) -> Size {
    let (width, height) = closed.size;
    if kind.wants_even_sides() { ((width & !1).max(2), (height & !1).max(2)) } else { (width, height) }
}

/// The left upper part of a frame.
fn crop(frame: &[u8], (width, _): Size, (w, h): Size) -> Vec<u8> {
    let lines = frame.chunks_exact(width as usize * 3).take(h as usize);
    lines.flat_map(|line| &line[..w as usize * 3]).copied().collect()
}

/// Writes the loop beside a hard cut and a cross-fade of its length.
fn compare(closed: &mut Closed, folder: &Path, crf: u8, stop: &Stop) -> Result<()> {
    let kind = Kind::of(Path::new("a.mp4"))?;
    let (whole, size) = (closed.size, cropped(closed, kind));
    let frames = closed.report.frames;
    let plain = closed.plain();
    let fps = closed.fps;
    let start =
        |name: &str, size: Size| Video::start(&folder.join(name), kind, size, fps, crf).with_context(|| "--compare");
    let mut all = start("compare.mp4", (3 * size.0, size.1))?;
    let mut each =
        ["cut.mp4", "fade.mp4", "loop.mp4"].map(|name| start(name, size)).into_iter().collect::<Result<Vec<_>>>()?;
    for index in 0..COMPARED * frames {
        if stop.asked() {
            return Ok(());
        }
        let ours = closed.frame(index)?;
        let panels = [plain.cut(closed.clip(), index)?, plain.fade(closed.clip(), index)?, ours]
            .map(|frame| crop(&frame, whole, size));
        if index < frames {
            each.iter_mut().zip(&panels).try_for_each(|(video, frame)| video.frame(frame))?;
        }
        let line = size.0 as usize * 3;
        let rows = (0..size.1 as usize)
            .flat_map(|row| panels.iter().flat_map(move |panel| &panel[row * line..(row + 1) * line]));
        all.frame(&rows.copied().collect::<Vec<u8>>())?;
    }
    each.into_iter().try_for_each(Video::finish)?;
    all.finish()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lengths_are_auto_or_seconds() {
        assert_eq!("auto".parse(), Ok(Seconds(None)));
        assert_eq!("2.5".parse(), Ok(Seconds(Some(2.5))));
        for bad in ["0", "-1", "nan", "inf", "601", "two"] {
            assert!(bad.parse::<Seconds>().is_err(), "{bad}");
        }
    }

    #[test]
    fn a_crop_keeps_the_left_upper_part() {
        let frame: Vec<u8> = (0..27).collect();
        assert_eq!(crop(&frame, (3, 3), (2, 2)), [0, 1, 2, 3, 4, 5, 9, 10, 11, 12, 13, 14]);
    }
}
