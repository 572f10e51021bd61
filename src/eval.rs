//! `loop3d eval`: compares a scene with the clips of held-out views.

mod pictures;
mod report;
mod table;

use crate::failure::{bad_input, mistake};
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

/// Compare a scene with the clips of views that it was not fitted to.
#[derive(clap::Args, Debug)]
#[command(after_help = "Examples:\n  loop3d eval fountain.loop3d --views fountain --truth fountain/truth/0004.mp4\n  \
    loop3d eval fern.loop3d --views fern --json\n  loop3d eval sample.loop3d --views sample --pictures look\n\n\
    All figures leave out a border, 40 pixels wide at a height of 360 and in proportion at other sizes. Static figures cover the \
    pixels that do not loop in the clip. `mean PSNR` compares temporal mean images. Two baselines are reported: a frozen scene (the \
    clip's mean image) and a hard cut (its first frames). For stills, PSNR over whole images is reported instead. \
    Clips are shrunk to the size that the scene was fitted at.")]
pub struct EvalArgs {
    /// The scene (*.loop3d, *.glb).
    scene: PathBuf,
    /// Folder of the capture that it was fitted to.
    #[arg(long, value_name = "DIR")]
    views: PathBuf,
    #[command(flatten)]
    loading: Loading,
    /// Video, folder of frames or image to use instead of the captured clip, if one view is measured.
    #[arg(long, value_name = "FILE")]
    truth: Option<PathBuf>,
    /// Views to measure, by index from 0 [default: the held-out views].
    #[arg(long, value_name = "N,…", value_delimiter = ',')]
    view: Vec<usize>,
    /// Write a picture of each view to this folder: clip, render, difference, and a row of pixels through time.
    #[arg(long, value_name = "DIR")]
    pictures: Option<PathBuf>,
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
    /// A bad scene or capture, or views that do not exist.
    pub fn run(&self) -> Result<()> {
        let scene = loop3d_package::open(&self.scene)?;
        let indices = self.indices(&scene)?;
        let posed = self.posed(&scene, &indices)?;
        let own = indices.iter().map(|&index| self.own(&posed, &scene.views[index])).collect::<Result<Vec<_>>>()?;
        if let Some(folder) = &self.pictures {
            std::fs::create_dir_all(folder).with_context(|| folder.display().to_string())?;
        }
        let mut progress = Progress::start("measuring", indices.len() as u64, "views", self.quiet);
        let mut views = Vec::with_capacity(indices.len());
        for (&index, own) in indices.iter().zip(own) {
            let (width, height) = (scene.views[index].camera.width, scene.views[index].camera.height);
            let (source, mut truth) = match &self.truth {
                Some(file) => (file.as_path(), read_clip_resized(file, width, height)?.0),
                None => (own.source.path(), own.read_resized(width, height)?),
            };
            self.loading.leave_out_passers(&scene.views[index].name, &mut truth, posed.fps, self.quiet);
            let render = render_loop(&scene, &scene.views[index].camera);
            let measured = measure(&scene, index, &render, &truth).with_context(|| source.display().to_string())?;
            views.push(measured);
            if let Some(folder) = &self.pictures {
                pictures::write(folder, &format!("view-{index}"), &render, &truth)?;
            }
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
            asked => asked.to_vec(),
        };
        if indices.is_empty() {
            return Err(mistake(format!("{file}: no view was held out; choose the views to measure with --view")));
        }
        if self.truth.is_some() && indices.len() > 1 {
            return Err(mistake(format!(
                "--truth is the clip of one view, but {} are measured; choose one with --view",
                indices.len()
            )));
        }
        Ok(indices)
    }

    /// The capture, from the folder whose size is closest to the scene's.
    fn posed(&self, scene: &Scene, indices: &[usize]) -> Result<PosedCapture> {
        let max_height = indices.iter().map(|&index| scene.views[index].camera.height).max();
        let posed = loop3d_capture::load_poses(&self.views, &self.loading.options(None, max_height))?;
        tell_notes(&posed, self.quiet);
        Ok(posed)
    }

    /// The view of the capture that belongs to a view of the scene.
    fn own<'a>(&self, posed: &'a PosedCapture, view: &SceneView) -> Result<&'a PosedView> {
        let found = posed.views.iter().find(|posed| posed.name == view.name);
        found.ok_or_else(|| {
            let names: Vec<&str> = posed.views.iter().map(|posed| posed.name.as_str()).collect();
            let (dir, scene, name) = (self.views.display(), self.scene.display(), &view.name);
            bad_input(format!("{dir}: found the views {}; expected `{name}` of {scene} among them", names.join(", ")))
        })
    }
}

/// The figures of view `index`, whose loop is `render`, against `truth`, its clip.
fn measure(scene: &Scene, index: usize, render: &Clip, truth: &Clip) -> Result<ViewReport> {
    let static_mask: Vec<bool> = loopable_mask(truth).into_iter().map(|loops| !loops).collect();
    let crop = crop_px(truth.height);
    let (render, clip) = (ClipRef::from(render), ClipRef::from(truth));
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

/// The whole loop from one camera, in bytes as they are shown.
fn render_loop(scene: &Scene, camera: &Camera) -> Clip {
    let frame = |t: usize| loop3d_scene::render(scene, camera, t as f64).to_rgb8();
    let rgb = (0..scene.frames).flat_map(frame).collect();
    Clip { width: camera.width as usize, height: camera.height as usize, frames: scene.frames, rgb }
}

fn whole(clip: &ClipRef<'_>) -> Result<TimeClip> {
    Ok(TimeClip::from_window(&ClipWindow { clip: *clip, x0: 0, y0: 0 }, clip.height, clip.width, 1)?)
}
