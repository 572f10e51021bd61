//! Measures views of a scene against their clips: what `eval` prints and `report` shows.

use super::report::{Report, ViewReport};
use crate::failure::{bad_input, mistake};
use crate::loading::{Loading, tell_notes};
use crate::progress::Progress;
use anyhow::{Context, Result};
use loop3d_capture::{Clip, PosedCapture, PosedView, loopable_mask};
use loop3d_media::read_clip_resized;
use loop3d_optimizer::metrics::{ViewMetrics, baselines, crop_px, evaluate, psnr_mean};
use loop3d_optimizer::patches::{ClipRef, ClipWindow, TimeClip};
use loop3d_scene::{Camera, Scene, SceneView};
use std::path::{Path, PathBuf};

/// Which views are measured, and against which clips.
#[derive(clap::Args, Debug)]
pub struct Measuring {
    #[command(flatten)]
    loading: Loading,
    /// Video, folder of frames or image to use instead of the captured clip, if one view is measured.
    #[arg(long, value_name = "FILE", requires = "views")]
    truth: Option<PathBuf>,
    /// Views to measure, by index from 0 [default: the held-out views].
    #[arg(long, value_name = "N,…", value_delimiter = ',', requires = "views")]
    view: Vec<usize>,
}

impl Measuring {
    /// Finds the views of `scene`, which was read from `file`, in the capture in the folder `views`.
    ///
    /// # Errors
    /// A bad capture, or views that do not exist.
    pub fn plan<'a>(&'a self, file: &Path, scene: &'a Scene, views: &Path, quiet: bool) -> Result<Planned<'a>> {
        let indices = self.indices(file, scene)?;
        let posed = self.posed(scene, views, &indices, quiet)?;
        let own = indices.iter().map(|&index| own(&posed, file, views, &scene.views[index]));
        let own = own.collect::<Result<_>>()?;
        Ok(Planned { scene, loading: &self.loading, truth: self.truth.as_deref(), indices, own, posed })
    }

    /// The views to measure.
    fn indices(&self, file: &Path, scene: &Scene) -> Result<Vec<usize>> {
        let file = file.display();
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
    fn posed(&self, scene: &Scene, views: &Path, indices: &[usize], quiet: bool) -> Result<PosedCapture> {
        let max_height = indices.iter().map(|&index| scene.views[index].camera.height).max();
        let posed = loop3d_capture::load_poses(views, &self.loading.options(None, max_height))?;
        tell_notes(&posed, quiet);
        Ok(posed)
    }
}

/// The index in the capture of the view that belongs to a view of the scene.
fn own(posed: &PosedCapture, file: &Path, views: &Path, view: &SceneView) -> Result<usize> {
    posed.views.iter().position(|posed| posed.name == view.name).ok_or_else(|| {
        let names: Vec<&str> = posed.views.iter().map(|posed| posed.name.as_str()).collect();
        let (dir, scene, name) = (views.display(), file.display(), &view.name);
        bad_input(format!("{dir}: found the views {}; expected `{name}` of {scene} among them", names.join(", ")))
    })
}

/// Views that were found and can be measured.
pub struct Planned<'a> {
    scene: &'a Scene,
    loading: &'a Loading,
    truth: Option<&'a Path>,
    /// Of the views, in the scene.
    indices: Vec<usize>,
    /// Of the same views, in the capture.
    own: Vec<usize>,
    posed: PosedCapture,
}

impl Planned<'_> {
    /// Measures the views, and hands each with its loop and its clip to `each`.
    ///
    /// # Errors
    /// A clip that cannot be read, a figure that cannot be computed, an error of `each`.
    pub fn measure(
        &self,
        quiet: bool,
        mut each: impl FnMut(&ViewReport, &Clip, &Clip) -> Result<()>,
    ) -> Result<Report> {
        let mut progress = Progress::start("measuring", self.indices.len() as u64, "views", quiet);
        let mut views = Vec::with_capacity(self.indices.len());
        for (&index, &own) in self.indices.iter().zip(&self.own) {
            let camera = &self.scene.views[index].camera;
            let own: &PosedView = &self.posed.views[own];
            let (source, mut truth) = match self.truth {
                Some(file) => (file, read_clip_resized(file, camera.width, camera.height)?.0),
                None => (own.source.path(), own.read_resized(camera.width, camera.height)?),
            };
            let name = &self.scene.views[index].name;
            self.loading.leave_out_passers(name, &mut truth, self.posed.fps, quiet);
            let render = render_loop(self.scene, camera);
            let measured = measure(self.scene, index, &render, &truth).with_context(|| source.display().to_string())?;
            each(&measured, &render, &truth)?;
            views.push(measured);
            progress.advance(1);
        }
        Ok(Report::new(views))
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
