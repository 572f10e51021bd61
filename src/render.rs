//! `loop3d render`: a scene rendered along a camera path, as a video, an animation or PNG frames.

mod eyes;

use crate::failure::{Stopped, bad_input, mistake};
use crate::progress::Progress;
use crate::renderer::RendererChoice;
use crate::stop::Stop;
use crate::video::{Kind, Video};
use anyhow::{Context, Result};
use eyes::Eyes;
use loop3d_media::Purpose;
use loop3d_scene::{CameraPath, KeyframePath, Scene, Shot, VideoSpec};
use std::num::ParseIntError;
use std::path::{Path, PathBuf};

/// The longest side of an image: eight times what screens show.
const LONGEST_SIDE: u32 = 16384;

/// Render a scene along a camera path to a video, an animation or PNG frames. The loop repeats for as long as the path lasts.
#[derive(clap::Args, Debug)]
#[command(after_help = "Examples:\n  loop3d render fountain.loop3d -o fountain.mp4\n  \
    loop3d render fountain.loop3d -o frames/ --path view:4 --size 1280x720\n  \
    loop3d render fountain.loop3d -o fountain.mp4 --stereo sbs\n  \
    loop3d render fountain.loop3d -o fountain.mp4 --quilt 8x6 --size 420x560\n\n\
    A path file: {\"keyframes\": [{\"time_s\": 0, \"position\": [0, 0, 0], \"look_at\": [0, 0, 4]}, \
    {\"time_s\": 2, \"position\": [0.2, 0, 0], \"look_at\": [0, 0, 4]}]}\n\
    in the scene's world (x right, y down, z forward); optional: fps, size, and in a keyframe up, fov_deg.")]
pub struct RenderArgs {
    /// The scene (*.loop3d, *.glb).
    scene: PathBuf,
    /// What to write: NAME.mp4, .webm, .gif, .webp or .avif, or a new folder for PNG frames (00000.png …).
    #[arg(short, long)]
    output: PathBuf,
    /// Camera path: spiral, reference, view:N (a captured view, from 0), or a JSON file of keyframes [default: spiral; of a quilt,
    /// reference].
    #[arg(long)]
    path: Option<String>,
    /// Two eyes for headsets and 3D screens: sbs, the left eye's image on the left and the right eye's on the right.
    #[arg(long, value_name = "KIND")]
    stereo: Option<Stereo>,
    /// Distance between the eyes, in units of the scene's world, where the nearest depth is about 1 [default: 2 % of the width as
    /// parallax between near and far]. It is limited to the captured range.
    #[arg(long, value_name = "DISTANCE", requires = "stereo")]
    eye_distance: Option<f64>,
    /// A quilt for a light-field display such as Looking Glass: columns and rows of views from left to right across the captured range.
    /// The first is at the lower left, and the file's name gets the suffix that displays read, such as _qs8x6a0.75.
    #[arg(long, value_name = "COLUMNSxROWS", value_parser = eyes::parse_quilt, conflicts_with = "stereo")]
    quilt: Option<[u32; 2]>,
    /// Size in pixels, of one eye or view [default: the path file's, or that of the captured images].
    #[arg(long, value_name = "WxH", value_parser = parse_size)]
    size: Option<[u32; 2]>,
    /// Number of frames [default: spiral: 120 frames, rounded up to whole loops; reference and view: one loop; file: its length].
    #[arg(long, value_parser = clap::value_parser!(u32).range(1..))]
    frames: Option<u32>,
    /// Frame of the loop to start with; may be fractional.
    #[arg(long, default_value_t = 0.0)]
    start: f64,
    /// Frames per second of the video. The loop keeps its speed [default: the path file's, or the scene's].
    #[arg(long)]
    fps: Option<f64>,
    /// Quality of the file: 0 (the best) to 51.
    #[arg(long, default_value_t = 16, value_parser = clap::value_parser!(u8).range(0..=i64::from(Purpose::WORST)))]
    crf: u8,
    /// Renderer: gpu, cpu (the exact compositor), or auto: the GPU if there is one.
    #[arg(long, value_enum, default_value_t = RendererChoice::Auto)]
    renderer: RendererChoice,
    /// Print errors only.
    #[arg(long)]
    quiet: bool,
}

/// How two eyes share a frame.
#[derive(Clone, Copy, Debug, PartialEq, Eq, clap::ValueEnum)]
enum Stereo {
    Sbs,
}

/// The reference camera for as long as `spec` says, or for one loop.
fn at_reference(scene: &Scene, spec: &VideoSpec) -> Vec<Shot> {
    let one_loop = (scene.frames as f64 * spec.fps / scene.fps).round().max(1.0);
    let (count, step) = match spec.frames {
        Some(frames) => (frames.max(1), scene.fps / spec.fps),
        // Where a loop is not a whole number of the video's frames, its speed changes slightly.
        None => (one_loop as usize, scene.frames as f64 / one_loop),
    };
    let camera = scene.reference.covering(spec.width, spec.height);
    (0..count).map(|i| Shot { camera, time: spec.start + i as f64 * step }).collect()
}

/// Width and height of `WIDTHxHEIGHT`.
pub fn parse_size(text: &str) -> Result<[u32; 2], String> {
    let expected = || format!("expected WIDTHxHEIGHT such as 640x360, sides of 1 to {LONGEST_SIDE}");
    let (width, height) = text.split_once(['x', 'X', '×']).ok_or_else(expected)?;
    let side = |s: &str| s.parse().ok().filter(|side| (1..=LONGEST_SIDE).contains(side)).ok_or_else(expected);
    Ok([side(width)?, side(height)?])
}

/// The N of `view:N`, a captured view; `None` for other text.
///
/// # Errors
/// N is not a number.
pub fn parse_view(text: &str) -> Result<Option<usize>, ParseIntError> {
    text.strip_prefix("view:").map(str::parse).transpose()
}

impl RenderArgs {
    /// Renders all frames.
    ///
    /// # Errors
    /// Bad arguments, a bad scene or path file, a target that cannot be written, ffmpeg missing or failing.
    pub fn run(&self) -> Result<()> {
        let kind = Kind::of(&self.output)?;
        let scene = loop3d_package::open(&self.scene)?;
        let path = self.path()?;
        let spec = self.video_spec(&scene, path.as_ref(), kind)?;
        let shots = match &path {
            Some(path) => path.shots(&scene, &spec).with_context(|| self.path_words().to_owned())?,
            None => at_reference(&scene, &spec),
        };
        let one = [spec.width, spec.height];
        let eyes = self.eyes(&scene)?;
        let [width, height] = eyes.frame_size(one);
        if width.max(height) > LONGEST_SIDE {
            return Err(mistake(format!(
                "a frame of {width}×{height}: expected sides of at most {LONGEST_SIDE} pixels; --size is that of one view"
            )));
        }
        let target = match self.quilt {
            Some(quilt) => eyes::quilt_name(&self.output, quilt, one),
            None => self.output.clone(),
        };
        let fps = spec.fps;
        let count = shots.len();
        let shots = eyes.shots(&scene, &shots);
        let stop = Stop::on_ctrl_c()?;
        let mut output = Video::start(&target, kind, (width, height), fps, self.crf)?;
        let mut progress = Progress::start("rendering", count as u64, "frames", self.quiet);
        let mut frame = vec![0; 3 * width as usize * height as usize];
        let mut eye = 0;
        self.renderer.render_each(scene, &shots, self.quiet, |rgb| {
            if stop.asked() {
                return Err(Stopped(format!("{} was not written", target.display())).into());
            }
            eyes.place(&mut frame, &rgb, one, eye);
            eye = (eye + 1) % eyes.count();
            if eye > 0 {
                return Ok(());
            }
            let written = output.frame(&frame);
            // Before the error: a terminal sends Ctrl-C to ffmpeg as well.
            if stop.asked() {
                return Err(Stopped(format!("{} was not written", target.display())).into());
            }
            written?;
            progress.advance(1);
            Ok(())
        })?;
        output.finish()?;
        let about = format!("{count} frames of {width}×{height} at {fps} fps, {:.1} s", count as f64 / fps);
        progress.finish(&crate::wrote::file(&target, &about));
        Ok(())
    }

    /// The camera path as it was asked for.
    fn path_words(&self) -> &str {
        self.path.as_deref().unwrap_or(if self.quilt.is_some() { "reference" } else { "spiral" })
    }

    /// The camera path; `None` for the reference camera.
    fn path(&self) -> Result<Option<CameraPath>> {
        let asked = self.path_words();
        match asked {
            "spiral" => return Ok(Some(CameraPath::Spiral)),
            "reference" => return Ok(None),
            _ => {}
        }
        let expected = "expected spiral, reference, view:N with N from 0, or a JSON file";
        let wrong = |_| mistake(format!("--path: found {asked}, {expected}"));
        if let Some(index) = parse_view(asked).map_err(wrong)? {
            return Ok(Some(CameraPath::View(index)));
        }
        let json = std::fs::read_to_string(asked).map_err(|error| {
            // A word without an extension was hardly meant as a file.
            match Path::new(asked).extension() {
                Some(_) => bad_input(format!("{asked}: cannot be read: {error}; --path: {expected}")),
                None => mistake(format!("--path: found {asked} ({error}), {expected}")),
            }
        })?;
        Ok(Some(CameraPath::Keyframes(KeyframePath::parse(&json).with_context(|| asked.to_owned())?)))
    }

    /// How many images a frame has.
    fn eyes(&self, scene: &Scene) -> Result<Eyes> {
        if let Some([columns, rows]) = self.quilt {
            return Ok(Eyes::Quilt { columns, rows, distance: eyes::distance_of_quilt(scene)? });
        }
        let Some(Stereo::Sbs) = self.stereo else { return Ok(Eyes::One) };
        let (distance, note) = eyes::distance_of_two(scene, self.eye_distance)?;
        if let Some(note) = note.filter(|_| !self.quiet) {
            eprintln!("note: {note}");
        }
        Ok(Eyes::SideBySide { distance })
    }

    fn video_spec(&self, scene: &Scene, path: Option<&CameraPath>, kind: Kind) -> Result<VideoSpec> {
        let (path_size, path_fps) = match path {
            Some(CameraPath::Keyframes(path)) => (path.size, path.fps),
            _ => (None, None),
        };
        let asked = self.size.or(path_size);
        let camera = match path {
            Some(CameraPath::View(index)) => scene.views.get(*index).map_or(scene.reference, |view| view.camera),
            _ => scene.reference,
        };
        let [mut width, mut height] = asked.unwrap_or([camera.width, camera.height]);
        if width.max(height) > LONGEST_SIDE {
            return Err(mistake(format!("size {width}×{height}: expected sides of at most {LONGEST_SIDE} pixels")));
        }
        if kind.wants_even_sides() && (width % 2 == 1 || height % 2 == 1) {
            let (even_width, even_height) = ((width & !1).max(2), (height & !1).max(2));
            if asked.is_some() {
                return Err(mistake(format!(
                    "size {width}×{height}: an mp4 needs even sides, such as {even_width}x{even_height}"
                )));
            }
            if !self.quiet {
                eprintln!("an mp4 needs even sides: cropping {width}×{height} to {even_width}×{even_height}");
            }
            (width, height) = (even_width, even_height);
        }
        if let Some(fps) = self.fps.filter(|fps| !(fps.is_finite() && *fps > 0.0)) {
            return Err(mistake(format!("--fps: found {fps}, expected a positive number")));
        }
        if !self.start.is_finite() {
            return Err(mistake(format!("--start: found {}, expected a number", self.start)));
        }
        let frames = self.frames.map(|frames| frames as usize);
        Ok(VideoSpec { width, height, fps: self.fps.or(path_fps).unwrap_or(scene.fps), frames, start: self.start })
    }
}

#[cfg(test)]
mod tests;
