//! Writes a scene as a capture: one synchronous loop from each camera of a grid, with depth, ids and tracks where asked for.

use super::caption::Caption;
use super::ids;
use super::npy::Npy;
use super::rig::{FOCAL, Standpoint};
use super::scene::Scene;
use super::tracks::tracks;
use super::view::{Geometry, View};
use crate::config::{SampleConfig, VIEWS};
use crate::error::SampleError;
use crate::write::{SampleReport, TITLE, check_config, io_error, points, prepare};
use loop3d_capture::{PosedScene, Writer};
use loop3d_media::{Encoder, Encoding, Ffmpeg, Purpose};
use loop3d_scene::Camera;
use loop3d_scene::job::{Event, Observer, check};
use rayon::prelude::*;
use serde::{Deserialize, Serialize};
use std::path::{Path, PathBuf};

/// A capture of a scene.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct SceneConfig {
    /// What the scene is, in words of the grammar.
    pub caption: String,
    /// Width of the frames in pixels, even.
    pub width: u32,
    /// Height of the frames in pixels, even.
    pub height: u32,
    /// Frames of the loop, at least 2.
    pub frames: usize,
    /// Frames per second.
    pub fps: f64,
    /// Cameras, 2 to 9.
    pub views: usize,
    /// Angle between the outer cameras, in degrees.
    pub spread_deg: f64,
    /// Seed of everything that the caption leaves open.
    pub seed: u64,
    /// Whether depth and ids of every frame are written.
    pub depth: bool,
    /// Tracks that are written; 0: none.
    pub tracks: usize,
}

impl Default for SceneConfig {
    fn default() -> Self {
        let SampleConfig { width, height, frames, fps, seed, .. } = SampleConfig::default();
        let caption = "a red flag waving on grass".to_owned();
        Self { caption, width, height, frames, fps, views: VIEWS, spread_deg: 12.0, seed, depth: false, tracks: 0 }
    }
}

impl SceneConfig {
    /// The middle camera: 3 m away, farther in wide images, so that the thing is whole.
    #[must_use]
    pub fn standpoint(&self) -> Standpoint {
        let wide = f64::from(self.width) / f64::from(self.height);
        Standpoint { azimuth_deg: 0.0, elevation_deg: 8.0, distance_m: (3.0 * (0.85 * wide).max(1.0)).min(4.5) }
    }

    /// The cameras; the first is in the middle.
    #[must_use]
    pub fn cameras(&self) -> Vec<Camera> {
        let grid = self.standpoint().grid(self.views, 0.5 * self.spread_deg);
        grid.iter().map(|place| place.camera(self.width, self.height)).collect()
    }

    fn check(&self) -> Result<(), SampleError> {
        let Self { width, height, frames, fps, seed, .. } = *self;
        check_config(&SampleConfig { width, height, frames, fps, seed, shaky: false })?;
        let bad = |message: String| Err(SampleError::Config(message));
        if !(2..=VIEWS).contains(&self.views) {
            return bad(format!("found {} views, expected 2 to {VIEWS}", self.views));
        }
        if !(self.spread_deg > 0.0 && self.spread_deg <= 48.0) {
            return bad(format!("found a spread of {} degrees, expected more than 0 and at most 48", self.spread_deg));
        }
        if self.tracks > 100_000 {
            return bad(format!("found {} tracks, expected at most 100000", self.tracks));
        }
        Ok(())
    }

    fn readme(&self, scene: &Scene, layout: Writer) -> String {
        let Self { width, height, frames, fps, views, seed, caption, .. } = self;
        let mut text = format!(
            "{TITLE}\n\
             \n\
             \"{}\"\n\
             \n\
             A procedural scene from the words \"{caption}\" (seed {seed}), written by `loop3d sample --scene --layout {layout}`.\n\
             {views} clips of {width}x{height}, {fps} fps. All show the same {frames} frames, a loop without a seam.\n\
             The world of the poses, in the layout llff: metres, y up, the ground at y = 0. View 0 is in the middle.\n",
            scene.caption(),
        );
        if self.depth {
            text += "\n\
                     depth/0000.npy   float32 [frames, height, width]: depth along the camera's axis in metres at the centres of the\n\
                     \x20                pixels, of what covers at least half; at most 60, as in the sky.\n\
                     ids/0000.npy     uint8, the same shape: 0 sky, 1 ground, 2 to 5 backdrops from near to far, 8 to 11 props, 16 the\n\
                     \x20                still parts of the thing, 17 its moving parts.\n";
        }
        if self.tracks > 0 {
            text += "\n\
                     tracks/points.npy   float32 [tracks, frames, 3]: points of the scene in the world, moving ones first.\n\
                     tracks/0000.npy     float32 [tracks, frames, 4]: the same points in view 0: x and y in pixels (the centre of the\n\
                     \x20                   first is 0.5), depth in metres, 1 where visible, else 0. Behind the\n\
                     \x20                   camera: -1, -1, 0, 0. Drops that have landed stay where they were, invisible.\n";
        }
        text + "\nTry it:  loop3d fit --views THIS_FOLDER --hold-out 1 --preset draft\n"
    }
}

/// Writes a scene as a capture to `dir` (made if missing) with the ffmpeg that is found. The observer hears the fraction done.
///
/// # Errors
/// Words outside of the grammar; settings out of range; `dir` not writable, or holding something other than an earlier sample;
/// ffmpeg missing or failing; [`SampleError::Stopped`].
/// The file of poses is written last, so a folder that has one is whole.
pub fn write_scene(
    dir: &Path,
    config: &SceneConfig,
    layout: Writer,
    observer: &mut dyn Observer,
) -> Result<SampleReport, SampleError> {
    config.check()?;
    let caption: Caption = config.caption.parse()?;
    let ffmpeg = Ffmpeg::default();
    ffmpeg.check()?;
    let scene = Scene::new(&caption, config.seed, &config.standpoint());
    let cameras = config.cameras();
    let capture = layout.capture(dir, FOCAL);
    let clips = layout.clips(&capture);
    let names: Vec<String> = (0..VIEWS).map(|view| layout.clip_name(view, FOCAL)).collect();
    let truth: Vec<PathBuf> = [("depth", config.depth), ("ids", config.depth), ("tracks", config.tracks > 0)]
        .iter()
        .filter(|(_, asked)| *asked)
        .map(|(name, _)| capture.join(name))
        .collect();
    prepare(dir, &capture, layout, &truth)?;
    // An earlier sample may have had more views.
    for name in &names[config.views..] {
        let clip = clips.join(format!("{name}.mp4"));
        match std::fs::remove_file(&clip) {
            Err(error) if error.kind() != std::io::ErrorKind::NotFound => return Err(io_error(&clip, &error)),
            _ => {}
        }
    }
    let readme = dir.join("README.txt");
    std::fs::write(&readme, config.readme(&scene, layout)).map_err(|error| io_error(&readme, &error))?;
    let mut files = vec![readme];

    let total = (config.views * config.frames) as f64;
    let encoding = Encoding { size: (config.width, config.height), fps: config.fps, purpose: Purpose::Footage };
    let (mut bounds, mut still_depths, mut moving) = (Vec::new(), Vec::new(), 0);
    for (index, camera) in cameras.iter().enumerate() {
        let view = View::new(&scene, camera);
        let clip = clips.join(format!("{}.mp4", names[index]));
        let mut encoder = Encoder::start(&ffmpeg, &clip, &encoding)?;
        let mut truth = if config.depth { Some(Truth::start(&capture, index, config)?) } else { None };
        let [mut near, mut far] = [f64::MAX, 0.0f64];
        let all: Vec<usize> = (0..config.frames).collect();
        for some in all.chunks(2 * rayon::current_num_threads()) {
            let render = |frame: &usize| (view.frame(*frame, config.frames), view.geometry(*frame, config.frames));
            let rendered: Vec<(Vec<u8>, Geometry)> = some.par_iter().map(render).collect();
            for (rgb, geometry) in &rendered {
                encoder.frame(rgb)?;
                if let Some(truth) = &mut truth {
                    truth.frame(geometry)?;
                }
                for depth in &geometry.depth_m {
                    (near, far) = (near.min(f64::from(*depth)), far.max(f64::from(*depth)));
                }
            }
            let done = (index * config.frames + some[0] + some.len()) as f64 / total;
            check(observer.event(Event::step("tracing and encoding", done)), SampleError::Stopped)?;
        }
        encoder.finish()?;
        files.push(clip);
        if let Some(truth) = truth {
            files.extend(truth.finish()?);
        }
        bounds.push([near, far]);
        moving += view.moving_mask().iter().filter(|moves| **moves).count();
        let Geometry { depth_m, ids } = view.geometry(0, config.frames);
        let still = |(depth, id): (f32, &u8)| if matches!(*id, ids::SKY | ids::MOVING) { f32::NAN } else { depth };
        still_depths.push(depth_m.into_iter().zip(&ids).map(still).collect::<Vec<f32>>());
    }
    if config.tracks > 0 {
        files.extend(write_tracks(&capture, config, &scene, &cameras)?);
    }
    let points = points(&cameras, &still_depths);
    let pixels = config.views as f64 * f64::from(config.width) * f64::from(config.height);
    let posed = PosedScene { names: names[..config.views].to_vec(), points, cameras, bounds };
    files.extend(layout.write(&capture, &posed).map_err(|error| io_error(&capture, &error))?);
    let frames = config.views * config.frames;
    Ok(SampleReport { capture, files, frames, static_fraction: 1.0 - moving as f64 / pixels })
}

/// Depth and ids of one view.
struct Truth {
    depth: Npy,
    ids: Npy,
}

impl Truth {
    fn start(capture: &Path, view: usize, config: &SceneConfig) -> Result<Self, SampleError> {
        let shape = [config.frames, config.height as usize, config.width as usize];
        let name = format!("{view:04}.npy");
        let depth = Npy::start(&capture.join("depth").join(&name), "<f4", &shape)?;
        let ids = Npy::start(&capture.join("ids").join(&name), "|u1", &shape)?;
        Ok(Self { depth, ids })
    }

    fn frame(&mut self, geometry: &Geometry) -> Result<(), SampleError> {
        self.depth.floats(&geometry.depth_m)?;
        self.ids.bytes(&geometry.ids)
    }

    fn finish(self) -> Result<[PathBuf; 2], SampleError> {
        Ok([self.depth.finish()?, self.ids.finish()?])
    }
}

fn write_tracks(
    capture: &Path,
    config: &SceneConfig,
    scene: &Scene,
    cameras: &[Camera],
) -> Result<Vec<PathBuf>, SampleError> {
    let tracks = tracks(scene, &config.standpoint(), config.tracks, config.frames, config.seed);
    let folder = capture.join("tracks");
    let mut points = Npy::start(&folder.join("points.npy"), "<f4", &[tracks.len(), config.frames, 3])?;
    for track in &tracks {
        track.positions.iter().try_for_each(|position| points.floats(&position.as_vec3().to_array()))?;
    }
    let mut files = vec![points.finish()?];
    for (view, camera) in cameras.iter().enumerate() {
        let path = folder.join(format!("{view:04}.npy"));
        let mut npy = Npy::start(&path, "<f4", &[tracks.len(), config.frames, 4])?;
        let row = |track: &super::Track| -> Vec<f32> {
            (0..config.frames)
                .flat_map(|frame| match track.seen(scene, camera, frame) {
                    Some(seen) => {
                        let [x, y] = seen.pixel.as_vec2().to_array();
                        [x, y, seen.depth_m as f32, f32::from(u8::from(seen.visible))]
                    }
                    None => [-1.0, -1.0, 0.0, 0.0],
                })
                .collect()
        };
        let rows: Vec<Vec<f32>> = tracks.par_iter().map(row).collect();
        rows.iter().try_for_each(|row| npy.floats(row))?;
        files.push(npy.finish()?);
    }
    Ok(files)
}
