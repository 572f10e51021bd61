//! How a capture is read: the flags that several commands share.

use clap::builder::{PossibleValuesParser, TypedValueParser};
use loop3d_capture::{Layout, LoadOptions, PosedCapture};

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

/// Prints what a person should know about a capture.
pub fn tell_notes(posed: &PosedCapture, quiet: bool) {
    for note in posed.notes.iter().filter(|_| !quiet) {
        eprintln!("note: {note}");
    }
}
