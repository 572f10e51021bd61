//! How a capture is read: the flags that several commands share.

use clap::builder::{PossibleValuesParser, TypedValueParser};
use loop3d_capture::{Clip, Layout, LoadOptions, PosedCapture};
use loop3d_optimizer::passers::{Passage, Passers};

/// Heading of these flags in the help.
const HEADING: &str = "Reading the capture";

/// Flags about the capture's layout, lens and time. A scene is evaluated with those that it was fitted with. Each command has the
/// capture's folder as `views`.
#[derive(clap::Args, Clone, Debug)]
#[group(requires = "views")]
pub struct Loading {
    /// Layout of the camera poses [default: the first that is found]. docs/CAPTURES.md shows each.
    #[arg(long, help_heading = HEADING, value_name = "LAYOUT", value_parser = layout_parser())]
    layout: Option<Layout>,
    /// Views to use, by name or by the first number in the name [default: all; for SynCamVideo's dome, a narrow group].
    #[arg(long, help_heading = HEADING, value_name = "NAME,…", value_delimiter = ',')]
    cameras: Vec<String>,
    /// Focal length of SynCamVideo's lens in millimetres [default: from the folder's name; f24_aperture5 means 24].
    #[arg(long, help_heading = HEADING, value_name = "MM")]
    focal_mm: Option<f64>,
    /// Width of SynCamVideo's sensor in millimetres [default: 23.76].
    #[arg(long, help_heading = HEADING, value_name = "MM")]
    sensor_mm: Option<f64>,
    /// Resample all clips to this rate, which may not exceed their own; for folders of images, the rate at which they were
    /// taken [default: the clips' own rate, or the lowest where they differ].
    #[arg(long, help_heading = HEADING, value_name = "RATE")]
    fps: Option<f64>,
    /// Skip the beginning of each clip.
    #[arg(long, help_heading = HEADING, value_name = "SECONDS")]
    start: Option<f64>,
    /// Ignore each clip after this second.
    #[arg(long, help_heading = HEADING, value_name = "SECONDS")]
    end: Option<f64>,
    /// Keep what passes once, such as people who walk by, instead of replacing it by other times of the same place.
    #[arg(long, help_heading = HEADING)]
    keep_passers: bool,
}

fn layout_parser() -> impl TypedValueParser<Value = Layout> {
    PossibleValuesParser::new(Layout::ALL.map(|layout| layout.name)).try_map(|name| name.parse())
}

impl Loading {
    /// These flags, with frames shrunk by `factor` or to `max_height`.
    pub fn options(&self, factor: Option<u32>, max_height: Option<u32>) -> LoadOptions {
        LoadOptions {
            factor,
            max_height,
            layout: self.layout,
            cameras: self.cameras.clone(),
            focal_mm: self.focal_mm,
            sensor_mm: self.sensor_mm,
            fps: self.fps,
            start: self.start,
            end: self.end,
        }
    }
}

impl Loading {
    /// Where each clip begins and ends, in seconds.
    pub fn stretch(&self) -> (Option<f64>, Option<f64>) {
        (self.start, self.end)
    }

    /// The flags that were given and say something of several cameras.
    pub fn of_cameras(&self) -> Vec<&'static str> {
        let given = [
            ("--layout", self.layout.is_some()),
            ("--cameras", !self.cameras.is_empty()),
            ("--focal-mm", self.focal_mm.is_some()),
            ("--sensor-mm", self.sensor_mm.is_some()),
            ("--fps", self.fps.is_some()),
            ("--keep-passers", self.keep_passers),
        ];
        given.into_iter().filter(|(_, given)| *given).map(|(name, _)| name).collect()
    }

    /// Whether what passes once is to be kept.
    pub fn keeps_passers(&self) -> bool {
        self.keep_passers
    }

    /// Replaces what passes once in a clip, unless it is to be kept, and says so.
    pub fn leave_out_passers(&self, name: &str, clip: &mut Clip, fps: f64, quiet: bool) {
        let Some(passers) = (!self.keep_passers).then(|| Passers::find(clip)).flatten() else { return };
        passers.replace(clip);
        if !quiet {
            let passages: Vec<String> = passers.passages().iter().map(|passage| describe(passage, fps)).collect();
            eprintln!(
                "note: {name}: passes once, and is replaced by other times of the same place: {}; --keep-passers keeps it",
                passages.join(", ")
            );
        }
    }
}

/// When and where something passes: "1.2–2.8 s, left to middle".
pub fn describe(passage: &Passage, fps: f64) -> String {
    let seconds = |frame: usize| frame as f64 / fps;
    let third = |part: f64| ["left", "middle", "right"][((part * 3.0) as usize).min(2)];
    // Without its rims, which reach a little into the thirds beside it.
    let (start, end, quarter) =
        (passage.across.start, passage.across.end, (passage.across.end - passage.across.start) / 8.0);
    let (from, to) = (third(start + quarter), third(end - quarter));
    let place = if from == to { from.to_owned() } else { format!("{from} to {to}") };
    format!("{:.1}–{:.1} s, {place}", seconds(passage.frames.start), seconds(passage.frames.end))
}

/// Prints what a person should know about a capture.
pub fn tell_notes(posed: &PosedCapture, quiet: bool) {
    for note in posed.notes.iter().filter(|_| !quiet) {
        eprintln!("note: {note}");
    }
}
