//! `loop3d sample`: the sample capture.

use crate::progress::Progress;
use anyhow::Result;
use clap::builder::{PossibleValuesParser, TypedValueParser};
use loop3d_capture::WrittenLayout;
use loop3d_capture::sample::{SampleConfig, write};
use std::path::PathBuf;

/// Write the sample capture: a procedural garden, filmed by nine cameras at different times, and the truth of view 4.
#[derive(clap::Args, Debug)]
#[command(after_help = "Example: loop3d sample garden && loop3d fit --views garden --hold-out 4 --preset draft")]
pub struct SampleArgs {
    /// A new or empty folder; an earlier sample is overwritten.
    dir: PathBuf,
    /// Picture width in pixels, even [default: 384, or 16:9 to the height]
    #[arg(long)]
    width: Option<u32>,
    /// Picture height in pixels, even [default: 216, or 16:9 to the width]
    #[arg(long)]
    height: Option<u32>,
    /// Frames of each view's clip.
    #[arg(long, default_value_t = SampleConfig::default().frames)]
    frames: usize,
    /// Seed of all random choices.
    #[arg(long, default_value_t = SampleConfig::default().seed)]
    seed: u64,
    /// How to write poses and clips: the same scene in each.
    #[arg(long, value_name = "LAYOUT", default_value_t, value_parser = PossibleValuesParser::new(WrittenLayout::ALL.map(WrittenLayout::name)).try_map(|name| name.parse::<WrittenLayout>()))]
    layout: WrittenLayout,
    /// Film from hands that shake, by up to 6 pixels and half a degree, and not from tripods: something for `loop3d prepare`.
    #[arg(long)]
    shaky: bool,
    /// Print errors only.
    #[arg(long)]
    quiet: bool,
}

impl SampleArgs {
    /// Writes the folder.
    ///
    /// # Errors
    /// Settings out of range, a folder that cannot be written or holds something else, ffmpeg missing or failing.
    pub fn run(&self) -> Result<()> {
        let (width, height) = self.size();
        let Self { frames, seed, shaky, .. } = *self;
        let config = SampleConfig { width, height, frames, seed, shaky, ..SampleConfig::default() };
        let mut progress = Progress::start_share("sample", self.quiet);
        let report =
            write(&self.dir, &config, self.layout, &mut |share| progress.share(share.into(), "tracing and encoding"))?;
        let (files, still) = (report.files.len(), 100.0 * report.still_share);
        let dir = report.capture.display();
        progress.finish(&format!("wrote {dir}: {files} files; {still:.0}% of the held-out view stands still"));
        Ok(())
    }

    /// Width and height: what was not asked for goes with the other.
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
        // Too large for a picture, not for the number: the sample itself refuses it.
        assert_eq!(size("--height 4294967294").1, 4294967294);
    }
}
