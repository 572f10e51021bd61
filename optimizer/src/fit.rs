//! The main job: a capture becomes a scene, level by level.

use crate::checkpoint::{Checkpoint, Model};
use crate::config::FitConfig;
use crate::context::Context;
use crate::cpu::CpuEngine;
use crate::engine::Engine;
use crate::error::FitError;
use crate::grid::TexelGrid;
use crate::hits::{Hits, Window};
use crate::kernels::compositor::static_tiles;
use crate::layout::Layout;
use crate::looping_stage::{self, model::LoopingModel};
use crate::plan::{CaptureSizes, FitPlan};
use crate::pyramid::at_level;
use crate::static_stage;
use loop3d_capture::Capture;
use loop3d_scene::job::{Event, Observer, Unwatched, check};
use loop3d_scene::{Camera, Scene, SceneView, TILE, unorm};

/// Watches a fit, keeps its checkpoints and may stop it. Its previews are what the reference camera sees after a level.
pub trait FitObserver: Observer {
    /// Called after every level with everything that the rest of the fit depends on.
    ///
    /// # Errors
    /// Any error ends the fit.
    fn save(&mut self, checkpoint: &Checkpoint) -> Result<(), FitError>;
}

impl FitObserver for Unwatched {
    fn save(&mut self, _: &Checkpoint) -> Result<(), FitError> {
        Ok(())
    }
}

/// What a fit works on.
#[derive(Clone, Copy, Debug)]
pub struct FitInput<'a> {
    /// The footage.
    pub capture: &'a Capture,
    /// The settings.
    pub config: &'a FitConfig,
    /// Indices of the views that are not fitted.
    pub held_out: &'a [usize],
}

/// Fits a scene on the CPU. `resume`: the last checkpoint that [`FitObserver::save`] received.
///
/// # Errors
/// Settings that make no sense, too few views, or the observer's wish to stop.
pub fn fit(input: FitInput<'_>, resume: Option<Checkpoint>, observer: &mut dyn FitObserver) -> Result<Scene, FitError> {
    fit_with(&CpuEngine, input, resume, observer)
}

/// [`fit`] with another engine.
///
/// # Errors
/// Those of [`fit`] and of the engine.
pub fn fit_with<E: Engine>(
    engine: &E,
    input: FitInput<'_>,
    resume: Option<Checkpoint>,
    observer: &mut dyn FitObserver,
) -> Result<Scene, FitError> {
    let FitInput { capture, config, held_out } = input;
    let plan = FitPlan::new(&CaptureSizes::from(capture), config, held_out)?;
    let views = plan.training.iter().map(|view| &capture.views[*view]).collect();
    let context = Context { config, plan, views };
    let mut at = match resume {
        Some(at) => at,
        None if context.plan.levels.is_empty() => return Err(FitError::EmptySchedule),
        None => fit_level(&context, engine, 0, None, observer)?,
    };
    while at.next < context.plan.levels.len() {
        at = fit_level(&context, engine, at.next, Some(at.model), observer)?;
    }
    let model = match at.model {
        Model::Looping(model) => model,
        Model::Static(model) => looping_stage::level::start(&context, &model, observer)?,
    };
    Ok(assemble(&context, capture, held_out, model))
}

/// Fits level `index`, keeps the checkpoint after it, and shows a preview.
fn fit_level<E: Engine>(
    context: &Context<'_>,
    engine: &E,
    index: usize,
    model: Option<Model>,
    observer: &mut dyn FitObserver,
) -> Result<Checkpoint, FitError> {
    let model = match model {
        Some(Model::Looping(model)) => {
            Model::Looping(looping_stage::level::fit_level(context, engine, index, model, observer)?)
        }
        earlier => {
            let earlier = earlier.and_then(Model::into_static);
            let model = static_stage::level::fit_level(context, engine, index, earlier, observer)?;
            if context.plan.static_level_follows(index) {
                Model::Static(model)
            } else {
                Model::Looping(looping_stage::level::start(context, &model, observer)?)
            }
        }
    };
    let at = Checkpoint { next: index + 1, model };
    observer.save(&at)?;
    let (camera, rgb) = preview(&context.plan.layout, &at.model);
    let preview = Event::Preview { number: at.next, width: camera.width, height: camera.height, rgb: &rgb };
    check(observer.event(preview), FitError::Stopped)?;
    Ok(at)
}

/// The first frame in the reference camera at the model's size: `height · width · 3` bytes.
fn preview(layout: &Layout, model: &Model) -> (Camera, Vec<u8>) {
    let list = |grid: &TexelGrid| {
        let camera = at_level(&layout.reference, grid.side);
        let window = Window { x: 0, y: 0, width: camera.width as usize, height: camera.height as usize };
        (camera, Hits::new(grid, &layout.reference, &layout.planes, &camera, window))
    };
    let byte = |v: f32| (v.clamp(0.0, 1.0) * 255.0 + 0.5) as u8;
    match model {
        Model::Static(model) => {
            let (camera, hits) = list(&model.grid);
            let image = static_tiles::forward(&hits, &model.shown).image;
            (camera, image.iter().flat_map(|c| [c[0], c[1], c[2]].map(byte)).collect())
        }
        Model::Looping(model) => {
            let (camera, hits) = list(&model.grid);
            (camera, model.render(&hits).iter().step_by(model.frames).copied().map(byte).collect())
        }
    }
}

/// The scene of a fitted model, at full size.
fn assemble(context: &Context<'_>, capture: &Capture, held_out: &[usize], model: LoopingModel) -> Scene {
    let full = model.resampled(TILE);
    let n = full.grid.tile_texels();
    let static_texels = &full.static_texels[..full.grid.static_texel_count()];
    // From `[frame][texel]` to `[tile][frame][texel]`.
    let mut looping_texels = vec![0; full.grid.looping_texel_count() * full.frames * 4];
    for t in 0..full.frames {
        let frame = full.stored_frame(t);
        let tiles = looping_texels.chunks_exact_mut(full.frames * n * 4);
        for (out, tile) in tiles.zip(frame.chunks_exact(n)) {
            out[t * n * 4..(t + 1) * n * 4].copy_from_slice(tile.as_flattened());
        }
    }
    let views = capture.views.iter().enumerate();
    let views =
        views.map(|(i, v)| SceneView { name: v.name.clone(), camera: v.camera, held_out: held_out.contains(&i) });
    let levels: Vec<_> = context.plan.levels.iter().map(|planned| planned.level).collect();
    Scene {
        reference: context.plan.layout.reference,
        planes: context.plan.layout.planes,
        static_texels: static_texels.as_flattened().iter().copied().map(unorm).collect(),
        looping_texels,
        tiles: full.grid.table,
        fps: capture.fps,
        frames: context.plan.frames,
        views: views.collect(),
        fit: serde_json::json!({ "config": context.config, "levels": levels }),
    }
}
