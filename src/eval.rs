//! `loop3d eval`: how good a scene is, against the clips of views that it was not fitted to.

mod report;
mod table;

use crate::failure::mistake;
use crate::loading::{Loading, tell_notes};
use crate::output::print;
use crate::progress::Progress;
use anyhow::{Context, Result};
use loop3d_capture::{Clip, PosedCapture, PosedView, loopable_mask};
use loop3d_media::read_clip_resized;
use loop3d_optimizer::metrics::{ViewMetrics, baselines, crop_px, evaluate, psnr_mean};
use loop3d_optimizer::patches::{ClipRef, ClipWindow, TimeClip};
use loop3d_scene::{Camera, Scene, SceneView};
use report::{Report, ViewReport};
use std::path::PathBuf;

/// Measure a scene against the clips of views that it was not fitted to.
#[derive(clap::Args, Debug)]
#[command(after_help = "Examples:\n  loop3d eval fountain.loop3d --views fountain --truth fountain/truth/0004.mp4\n  \
    loop3d eval fern.loop3d --views fern --json\n\n\
    All figures leave out a border of 40 pixels at a height of 360, in proportion elsewhere. Static figures see the pixels \
    that do not loop in the clip. `mean PSNR` compares temporal mean images. Beside the scene stand two plain answers: a \
    frozen scene (the clip's own mean image) and a hard cut (its own first frames). Captures of stills have PSNR over \
    whole pictures too, and no such answers. Clips are shrunk to the size that the scene was fitted at.")]
pub struct EvalArgs {
    /// The scene (*.loop3d, *.glb).
    scene: PathBuf,
    /// Folder of the capture that it was fitted to.
    #[arg(long, value_name = "DIR")]
    views: PathBuf,
    #[command(flatten)]
    loading: Loading,
    /// A video, a folder of frames or a picture to take as the captured clip of the one view that is measured.
    #[arg(long, value_name = "FILE")]
    truth: Option<PathBuf>,
    /// Views to measure, by index from 0 [default: those that were held out].
    #[arg(long, value_name = "N,…", value_delimiter = ',')]
    view: Vec<usize>,
    /// Print JSON for programs.
    #[arg(long)]
    json: bool,
    /// Print errors and figures only.
    #[arg(long)]
    quiet: bool,
}

impl EvalArgs {
    /// Prints the figures to standard output.
    ///
    /// # Errors
    /// A bad scene or capture, views that are not there.
    pub fn run(&self) -> Result<()> {
        let scene = loop3d_package::open(&self.scene)?;
        let indices = self.indices(&scene)?;
        let posed = self.posed(&scene, &indices)?;
        let own = indices.iter().map(|&index| self.own(&posed, &scene.views[index])).collect::<Result<Vec<_>>>()?;
        let mut progress = Progress::start("measuring", indices.len() as u64, "views", self.quiet);
        let mut views = Vec::with_capacity(indices.len());
        for (&index, own) in indices.iter().zip(own) {
            let (width, height) = (scene.views[index].camera.width, scene.views[index].camera.height);
            let (source, truth) = match &self.truth {
                Some(file) => (file.as_path(), read_clip_resized(file, width, height)?.0),
                None => (own.source.path(), own.read_resized(width, height)?),
            };
            let measured = measure(&scene, index, &truth).with_context(|| source.display().to_string())?;
            views.push(measured);
            progress.advance(1);
        }
        drop(progress);
        let report = Report::new(views);
        print(&if self.json { serde_json::to_string_pretty(&report)? } else { table::of(&report, &scene) })
    }

    /// The views to measure.
    fn indices(&self, scene: &Scene) -> Result<Vec<usize>> {
        let file = self.scene.display();
        let count = scene.views.len();
        if let Some(index) = self.view.iter().find(|index| **index >= count) {
            let last = count.saturating_sub(1);
            return Err(mistake(format!("--view names view {index}, but {file} has views 0 to {last}")));
        }
        let indices: Vec<usize> = match &*self.view {
            [] => (0..count).filter(|&index| scene.views[index].held_out).collect(),
            told => told.to_vec(),
        };
        if indices.is_empty() {
            return Err(mistake(format!("{file}: no view was held out; say which to measure with --view")));
        }
        if self.truth.is_some() && indices.len() > 1 {
            return Err(mistake(format!(
                "--truth is the clip of one view, found {}; say which with --view",
                indices.len()
            )));
        }
        Ok(indices)
    }

    /// The capture, in the folder that fits the scene's size best.
    fn posed(&self, scene: &Scene, indices: &[usize]) -> Result<PosedCapture> {
        let max_height = indices.iter().map(|&index| scene.views[index].camera.height).max();
        let posed = loop3d_capture::load_poses(&self.views, &self.loading.options(None, max_height))?;
        tell_notes(&posed, self.quiet);
        Ok(posed)
    }

    /// The view of the capture that a view of the scene was.
    fn own<'a>(&self, posed: &'a PosedCapture, view: &SceneView) -> Result<&'a PosedView> {
        let found = posed.views.iter().find(|posed| posed.name == view.name);
        found.ok_or_else(|| {
            let names: Vec<&str> = posed.views.iter().map(|posed| posed.name.as_str()).collect();
            let (dir, scene, name) = (self.views.display(), self.scene.display(), &view.name);
            mistake(format!("{dir}: found the views {}, expected `{name}` of {scene} among them", names.join(", ")))
        })
    }
}

/// The figures of view `index`, whose clip is `truth`.
fn measure(scene: &Scene, index: usize, truth: &Clip) -> Result<ViewReport> {
    let render = film(scene, &scene.views[index].camera);
    let static_mask: Vec<bool> = loopable_mask(truth).into_iter().map(|loops| !loops).collect();
    let crop = crop_px(truth.height);
    let (render, clip) = (ClipRef::from(&render), ClipRef::from(truth));
    let scores = evaluate(&render, &clip, &static_mask, crop)?;
    let still = truth.frames == 1;
    Ok(ViewReport {
        metrics: ViewMetrics { view: index, scores },
        psnr_whole: if still { Some(psnr_mean(&whole(&render)?, &whole(&clip)?)?) } else { None },
        baselines: if still { None } else { Some(baselines(&clip, scene.frames, &static_mask, crop)?) },
        size: [truth.width, truth.height],
        frames: truth.frames,
    })
}

/// The whole loop as one camera sees it, in bytes as they are shown.
fn film(scene: &Scene, camera: &Camera) -> Clip {
    let frame = |t: usize| loop3d_scene::render(scene, camera, t as f64).to_rgb8();
    let rgb = (0..scene.frames).flat_map(frame).collect();
    Clip { width: camera.width as usize, height: camera.height as usize, frames: scene.frames, rgb }
}

fn whole(clip: &ClipRef<'_>) -> Result<TimeClip> {
    Ok(TimeClip::from_window(&ClipWindow { clip: *clip, x0: 0, y0: 0 }, clip.height, clip.width, 1)?)
}
