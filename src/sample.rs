//! `loop3d sample`: the sample capture, or a scene in words as a capture.

use crate::failure::Stopped;
use crate::progress::Progress;
use crate::stop::Stop;
use anyhow::Result;
use clap::builder::{PossibleValuesParser, TypedValueParser};
use loop3d_capture::Writer;
use loop3d_sample::scenes::{SceneConfig, write_scene};
use loop3d_sample::{SampleConfig, write};
use loop3d_scene::job::Event;
use std::ops::ControlFlow;
use std::path::PathBuf;

/// Write a sample capture: a procedural garden, filmed by nine cameras at different times, with the truth of view 4.
#[derive(clap::Args, Debug)]
#[command(after_help = "\
Examples:
  loop3d sample garden && loop3d fit --views garden --hold-out 4 --preset draft
  loop3d sample flag --scene \"a red flag waving on grass\" --depth   a scene in words, with its true depth

An unknown word in --scene gets a list of the known ones.")]
pub struct SampleArgs {
    /// Folder to write: new, empty, or an earlier sample, which is overwritten.
    dir: PathBuf,
    /// Width of the frames in pixels, even [default: 384, or 16:9 with the height]
    #[arg(long)]
    width: Option<u32>,
    /// Height of the frames in pixels, even [default: 216, or 16:9 with the width]
    #[arg(long)]
    height: Option<u32>,
    /// Frames in each view's clip.
    #[arg(long, default_value_t = SampleConfig::default().frames)]
    frames: usize,
    /// Seed of all random choices.
    #[arg(long, default_value_t = SampleConfig::default().seed)]
    seed: u64,
    /// Layout of the poses and clips; the scene is the same in all.
    #[arg(long, value_name = "LAYOUT", default_value_t, value_parser = layout_parser())]
    layout: Writer,
    /// Shake the cameras by up to 6 pixels and half a degree, as if handheld; `loop3d prepare` steadies them.
    #[arg(long)]
    shaky: bool,
    /// Write this scene instead of the garden: a seamless loop, filmed by all cameras at the same time.
    #[arg(long, value_name = "WORDS", conflicts_with = "shaky")]
    scene: Option<String>,
    /// Cameras of a scene, 2 to 9 [default: 9]
    #[arg(long, value_name = "N", requires = "scene")]
    views: Option<usize>,
    /// Angle between the outermost cameras of a scene, in degrees [default: 12]
    #[arg(long, value_name = "DEGREES", requires = "scene")]
    spread: Option<f64>,
    /// Also write the true depth of every frame of a scene, and which object each pixel shows, as .npy files.
    #[arg(long, requires = "scene")]
    depth: bool,
    /// Also write this many true 3D tracks of points of a scene, as .npy files.
    #[arg(long, value_name = "N", requires = "scene")]
    tracks: Option<usize>,
    /// Print errors only.
    #[arg(long)]
    quiet: bool,
}

fn layout_parser() -> impl TypedValueParser<Value = Writer> {
    PossibleValuesParser::new(Writer::all().map(|writer| writer.name)).try_map(|name| name.parse())
}

impl SampleArgs {
    /// Writes the folder.
    ///
    /// # Errors
    /// Settings out of range, a folder that cannot be written or holds something else, ffmpeg missing or failing, Ctrl-C.
    pub fn run(&self) -> Result<()> {
        let mut progress = Progress::start_share("sample", self.quiet);
        let stop = Stop::on_ctrl_c()?;
        let mut observer = |event: Event<'_>| {
            if let Event::Step { stage, done, .. } = event {
                progress.share(done, stage);
            }
            if stop.asked() { ControlFlow::Break(()) } else { ControlFlow::Continue(()) }
        };
        let (width, height) = self.size();
        let Self { frames, seed, shaky, .. } = *self;
        let written = if let Some(caption) = &self.scene {
            let usual = SceneConfig::default();
            let config = SceneConfig {
                caption: caption.clone(),
                width,
                height,
                frames,
                seed,
                views: self.views.unwrap_or(usual.views),
                spread_deg: self.spread.unwrap_or(usual.spread_deg),
                depth: self.depth,
                tracks: self.tracks.unwrap_or(0),
                ..usual
            };
            write_scene(&self.dir, &config, self.layout, &mut observer)
        } else {
            let config = SampleConfig { width, height, frames, seed, shaky, ..SampleConfig::default() };
            write(&self.dir, &config, self.layout, &mut observer)
        };
        // Before any error: a terminal sends Ctrl-C to ffmpeg as well.
        if stop.asked() && written.is_err() {
            return Err(Stopped(format!("the sample in {} is incomplete", self.dir.display())).into());
        }
        let report = written?;
        let (files, percent) = (report.files.len(), 100.0 * report.static_fraction);
        let what = if self.scene.is_some() { "all pixels are" } else { "the held-out view is" };
        let about = format!("{files} files; {percent:.0}% of {what} static");
        progress.finish(&crate::wrote::capture(&report.capture, &about));
        Ok(())
    }

    /// Width and height: one that was not asked for follows from the other.
    fn size(&self) -> (u32, u32) {
        let SampleConfig { width, height, .. } = SampleConfig::default();
        let even = |length: u32, numerator: u32, denominator: u32| {
            let exact = f64::from(length) * f64::from(numerator) / f64::from(denominator);
            ((exact / 2.0).round() as u32).saturating_mul(2)
        };
        match (self.width, self.height) {
            (None, None) => (width, height),
            (Some(w), None) => (w, even(w, height, width)),
            (None, Some(h)) => (even(h, width, height), h),
            (Some(w), Some(h)) => (w, h),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use clap::Parser;

    #[derive(Parser)]
    struct Command {
        #[command(flatten)]
        sample: SampleArgs,
    }

    #[test]
    fn one_length_brings_the_other() {
        let size = |words: &str| Command::parse_from(format!("x dir {words}").split_whitespace()).sample.size();
        assert_eq!(size(""), (384, 216));
        assert_eq!(size("--height 90"), (160, 90));
        assert_eq!(size("--width 640"), (640, 360));
        assert_eq!(size("--width 100"), (100, 56));
        assert_eq!(size("--width 96 --height 64"), (96, 64));
        // Too large for a frame, not for the number: the sample itself refuses it.
        assert_eq!(size("--height 4294967294").1, 4294967294);
    }
}
