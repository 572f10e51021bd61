//! The main job: a capture becomes a scene.

use crate::checkpoint::{Checkpoint, Model};
use crate::config::{Exposure, FitConfig, Level, Schedule};
use crate::engine::{CpuEngine, Engine, LoopingEngine, Sight, StillEngine};
use crate::error::FitError;
use crate::grid::TexelGrid;
use crate::hits::{Hits, Window};
use crate::kernels::still;
use crate::kernels::stored::unorm;
use crate::layout::Layout;
use crate::looping_stage::{self, ExposureView, model::LoopingModel};
use crate::pyramid::{LevelView, at_level};
use crate::static_stage::{self, StaticView, cull::Contribution, model::StaticModel};
use crate::training::training_views;
use loop3d_capture::{Capture, LongExposure, View, loopable_mask};
use loop3d_scene::{Scene, SceneView, TILE};

/// What a fit tells whoever watches it.
#[derive(Clone, Debug)]
pub enum Event {
    /// Part of the work that is done, 0–1, in the stage of that name; and its present loss.
    Step {
        /// Name of the stage and level.
        stage: String,
        /// Share of the whole fit's work that is done.
        done: f64,
        /// Loss of the last step: mean squared error, or mean robust penalty.
        loss: f64,
    },
    /// A line worth reading.
    Note(String),
    /// What the reference camera sees after a level, at the level's size: the first frame.
    Picture {
        /// Number of the level, from 1.
        level: usize,
        /// Width in pixels.
        width: u32,
        /// Height in pixels.
        height: u32,
        /// `height · width · 3` bytes.
        rgb: Vec<u8>,
    },
}

/// Who watches a fit, keeps its progress and may stop it.
pub trait Observer {
    /// Called after every step. False: stop.
    fn event(&mut self, event: Event) -> bool;
    /// Called after every level, with all that the rest of the fit depends on.
    fn save(&mut self, checkpoint: &Checkpoint) -> Result<(), FitError>;
}

/// Longest loop that `--frames` chooses by itself, in seconds.
const LOOP_SECONDS: f64 = 2.0;

/// Length of the loop for clips of `shortest` frames: two seconds, or half of the shortest clip; whole chunks of eight.
pub(crate) fn loop_frames(config: &FitConfig, fps: f64, shortest: usize) -> usize {
    if shortest == 1 {
        return 1;
    }
    let auto = (fps * LOOP_SECONDS).min(shortest as f64 / 2.0) as usize;
    config.frames.unwrap_or(if auto >= 8 { auto / 8 * 8 } else { auto.max(2) })
}

/// Everything that stays the same during a fit.
struct Fit<'a, E> {
    engine: &'a E,
    config: &'a FitConfig,
    views: Vec<&'a View>,
    /// Index into `views` of the view whose motion the loop starts from.
    lead: usize,
    layout: Layout,
    frames: usize,
    levels: Levels,
}

/// The work of a fit in order, each with its share.
struct Levels {
    all: Vec<(Stage, Level)>,
    shares: Vec<f64>,
    /// See [`Schedule::refresh`].
    refresh: usize,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Stage {
    Still,
    Looping,
}

impl Levels {
    fn new(schedule: Schedule, frames: usize, planes: usize) -> Self {
        let refresh = schedule.refresh;
        let still = schedule.still.into_iter().map(|l| (Stage::Still, l));
        let looping = schedule.looping.into_iter().filter(|_| frames > 1).map(|l| (Stage::Looping, l));
        let all: Vec<_> = still.chain(looping).collect();
        // Measured on fountain: before culling a static step costs as much as `planes / 7.5` later ones, and a looping
        // step as much as `frames / 5`.
        let cost = |(index, (stage, l)): (usize, &(Stage, Level))| {
            let layers = match stage {
                Stage::Still if index == 0 => planes as f64 / 7.5,
                Stage::Still => 1.0,
                Stage::Looping => frames as f64 / 5.0,
            };
            (l.epochs * l.side * l.side) as f64 * layers
        };
        let total: f64 = all.iter().enumerate().map(cost).sum();
        Self { shares: all.iter().enumerate().map(|l| cost(l) / total).collect(), all, refresh }
    }

    /// Share of all work that is done when `part` of level `index` is.
    fn done(&self, index: usize, part: f64) -> f64 {
        self.shares[..index].iter().sum::<f64>() + self.shares[index] * part
    }
}

/// Fits a scene to all views but those in `held_out`, on the CPU. `resume`: what [`Observer::save`] was given last.
///
/// # Errors
/// Settings that make no sense, too few views, a checkpoint of another fit, or the observer's wish to stop.
pub fn fit(
    capture: &Capture,
    config: &FitConfig,
    held_out: &[usize],
    resume: Option<Checkpoint>,
    observer: &mut dyn Observer,
) -> Result<Scene, FitError> {
    fit_with(&CpuEngine, capture, config, held_out, resume, observer)
}

/// [`fit`] by another engine.
///
/// # Errors
/// As [`fit`].
pub fn fit_with<E: Engine>(
    engine: &E,
    capture: &Capture,
    config: &FitConfig,
    held_out: &[usize],
    resume: Option<Checkpoint>,
    observer: &mut dyn Observer,
) -> Result<Scene, FitError> {
    let fit = Fit::new(engine, capture, config, held_out)?;
    let (mut index, mut model) = resume.map_or((0, None), |at| (at.next, Some(at.model)));
    while let Some((_, level)) = fit.levels.all.get(index) {
        let next = index + 1;
        let fitted = match model {
            Some(Model::Looping(model)) => Model::Looping(fit.looping_level(index, level, model, observer)?),
            still => {
                let still = still.and_then(Model::into_still);
                let model = fit.still_level(index, level, still, observer)?;
                match fit.levels.all.get(next) {
                    Some((Stage::Still, _)) => Model::Still(model),
                    _ => Model::Looping(fit.start_looping(&model, observer)?),
                }
            }
        };
        let at = Checkpoint { next, model: fitted };
        observer.save(&at)?;
        if !observer.event(fit.picture(&at)) {
            return Err(FitError::Stopped);
        }
        (index, model) = (next, Some(at.model));
    }
    let Some(Model::Looping(model)) = model else {
        return Err(FitError::Device("the schedule has no static level".into()));
    };
    Ok(fit.scene(capture, held_out, model))
}

impl<'a, E: Engine> Fit<'a, E> {
    fn new(engine: &'a E, capture: &'a Capture, config: &'a FitConfig, held_out: &[usize]) -> Result<Self, FitError> {
        config.validate()?;
        let training = training_views(capture.views.len(), config, held_out)?;
        let views: Vec<&View> = training.iter().map(|i| &capture.views[*i]).collect();
        let cameras: Vec<_> = views.iter().map(|v| v.camera).collect();
        let shortest = views.iter().map(|v| v.clip.frames).min().unwrap_or(1);
        let frames = loop_frames(config, capture.fps, shortest);
        let middle =
            (0..views.len()).min_by(|a, b| cameras[*a].position().length().total_cmp(&cameras[*b].position().length()));
        let lead = config.lead.and_then(|lead| training.iter().position(|i| *i == lead)).or(middle).unwrap_or(0);
        let layout = Layout::new(&cameras, capture.near, capture.far, config);
        let schedule = config.preset.schedule(layout.reference.height, views.len());
        let levels = Levels::new(schedule, frames, layout.planes.count);
        Ok(Self { engine, config, views, lead, layout, frames, levels })
    }

    /// A generator for one level: what came before does not matter, so that a resumed fit goes on alike.
    fn rng(&self, level: usize) -> fastrand::Rng {
        fastrand::Rng::with_seed(self.config.seed.wrapping_mul(1_000_003).wrapping_add(level as u64))
    }

    /// One level of the static stage, from the one before or, without one, from a plane sweep.
    fn still_level(
        &self,
        index: usize,
        level: &Level,
        model: Option<StaticModel>,
        observer: &mut dyn Observer,
    ) -> Result<StaticModel, FitError> {
        let mode = match self.config.exposure {
            Exposure::Mean => LongExposure::Mean,
            Exposure::Deviation => LongExposure::DeviationWeighted,
            Exposure::Median => LongExposure::Median,
        };
        let views: Vec<StaticView> = self
            .views
            .iter()
            .map(|view| {
                let view = LevelView::new(view, level.side);
                let picture = static_stage::picture(&view.clip, mode);
                StaticView { camera: view.camera, picture, size: (view.clip.height, view.clip.width) }
            })
            .collect();
        let model = match model {
            None => {
                let grid = TexelGrid::new(self.layout.dense.clone(), level.side);
                let start = static_stage::sweep::start(&grid, &self.layout, &views);
                StaticModel::new(grid, start)
            }
            Some(model) if model.grid.side == level.side => model,
            Some(model) => model.resampled(TexelGrid::new(model.grid.table.clone(), level.side)),
        };
        let mut rng = self.rng(index);
        let grid = model.grid.clone();
        let mut engine = self.engine.still(model);
        let mut order: Vec<usize> = (0..views.len()).collect();
        for epoch in 0..level.epochs {
            rng.shuffle(&mut order);
            let lr = static_stage::learning_rate(level, epoch);
            for (visit, &view) in order.iter().enumerate() {
                let hits = || views[view].hits(&grid, &self.layout);
                let loss = engine.step(&Sight::new(view, &hits), &views[view].picture, lr);
                let part = (epoch * views.len() + visit + 1) as f64 / (level.epochs * views.len()) as f64;
                self.report(observer, format!("still, {}/16", level.side), index, part, loss)?;
            }
        }
        let model = engine.finish();
        if self.levels.all.get(index + 1).is_none_or(|(stage, _)| *stage != Stage::Still) {
            // What the last level fitted stays as it is: no tile goes that others have not learnt to replace.
            return Ok(model);
        }
        let mut contribution = Contribution::new(&model);
        for view in &views {
            contribution.add(&model, &view.hits(&model.grid, &self.layout), None);
        }
        let before = model.tiles();
        let kept = contribution.kept(&model);
        let model = model.on_tiles(kept);
        let note = format!("still, {}/16: {} of {before} tiles stay", level.side, model.tiles());
        self.note(observer, note)?;
        Ok(model)
    }

    /// Labels tiles and gives the looping ones their frames.
    fn start_looping(&self, model: &StaticModel, observer: &mut dyn Observer) -> Result<LoopingModel, FitError> {
        let mut contribution = Contribution::new(model);
        let mut seen = Vec::new();
        for view in &self.views {
            let at_level = LevelView::new(view, model.grid.side);
            let mask = loopable_mask(&at_level.clip);
            let hits = self.hits(&model.grid, &at_level);
            contribution.add(model, &hits, (self.frames > 1).then_some(mask.as_slice()));
            let captured = static_stage::picture(&at_level.clip, LongExposure::Mean);
            let rendered = still::forward(&hits, &model.shown).image;
            seen.push(ExposureView { captured, rendered, loopable: mask });
        }
        let table = contribution.labelled(model);
        let (statics, loopings) = table.counts();
        self.note(observer, format!("{statics} static and {loopings} looping tiles, {} frames", self.frames))?;
        let grid = TexelGrid::new(table, model.grid.side);
        let mut rng = self.rng(usize::MAX);
        Ok(looping_stage::initial(model, grid, self.frames, looping_stage::exposures(&seen), &mut rng))
    }

    fn hits(&self, grid: &TexelGrid, view: &LevelView<'_>) -> Hits {
        Hits::new(grid, &self.layout.reference, &self.layout.planes, &view.camera, view.window())
    }

    fn looping_level(
        &self,
        index: usize,
        level: &Level,
        model: LoopingModel,
        observer: &mut dyn Observer,
    ) -> Result<LoopingModel, FitError> {
        let views: Vec<LevelView<'_>> = self.views.iter().map(|v| LevelView::new(v, level.side)).collect();
        let model = model.resampled(level.side);
        let grid = model.grid.clone();
        let mut engine = self.engine.looping(model);
        let mut rng = self.rng(index);
        let mut targets: Vec<Option<_>> = views.iter().map(|_| None).collect();
        let mut order: Vec<usize> = (0..views.len()).collect();
        let first = self.levels.all.iter().position(|(s, _)| *s == Stage::Looping) == Some(index);
        for epoch in 0..level.epochs {
            rng.shuffle(&mut order);
            let lr = static_stage::learning_rate(level, epoch);
            // The first third of the first level follows one stretch of the lead view, so that motion is real from the
            // start.
            let opens = first && epoch * 3 < level.epochs;
            for (visit, &v) in order.iter().enumerate() {
                let view = &views[v];
                let hits = || self.hits(&grid, view);
                let sight = Sight::new(v, &hits);
                let target = match targets[v].take() {
                    Some(target) if (epoch + v) % self.levels.refresh != 0 || (opens && v == self.lead) => target,
                    _ if opens && v == self.lead => engine.adopt(looping_stage::opening(view, self.frames)),
                    _ => engine.refresh(&sight, view)?,
                };
                let loss = engine.step(&sight, &target, lr)?;
                targets[v] = Some(target);
                let part = (epoch * views.len() + visit + 1) as f64 / (level.epochs * views.len()) as f64;
                self.report(observer, format!("looping, {}/16", level.side), index, part, loss)?;
            }
            if opens && (epoch + 1) * 3 >= level.epochs {
                targets.fill_with(|| None);
            }
        }
        Ok(engine.finish())
    }

    /// What the reference camera sees.
    fn picture(&self, at: &Checkpoint) -> Event {
        let (reference, planes) = (&self.layout.reference, &self.layout.planes);
        let list = |grid: &TexelGrid| {
            let camera = at_level(reference, grid.side);
            let window = Window { x: 0, y: 0, width: camera.width as usize, height: camera.height as usize };
            (camera, Hits::new(grid, reference, planes, &camera, window))
        };
        let byte = |v: f32| (v.clamp(0.0, 1.0) * 255.0 + 0.5) as u8;
        let (camera, rgb) = match &at.model {
            Model::Still(model) => {
                let (camera, hits) = list(&model.grid);
                let image = still::forward(&hits, &model.shown).image;
                (camera, image.iter().flat_map(|c| [c[0], c[1], c[2]].map(byte)).collect())
            }
            Model::Looping(model) => {
                let (camera, hits) = list(&model.grid);
                (camera, model.render(&hits).iter().step_by(model.frames).copied().map(byte).collect())
            }
        };
        Event::Picture { level: at.next, width: camera.width, height: camera.height, rgb }
    }

    fn report(
        &self,
        observer: &mut dyn Observer,
        stage: String,
        index: usize,
        part: f64,
        loss: f64,
    ) -> Result<(), FitError> {
        let done = self.levels.done(index, part);
        if observer.event(Event::Step { stage, done, loss }) { Ok(()) } else { Err(FitError::Stopped) }
    }

    fn note(&self, observer: &mut dyn Observer, line: String) -> Result<(), FitError> {
        if observer.event(Event::Note(line)) { Ok(()) } else { Err(FitError::Stopped) }
    }

    fn scene(&self, capture: &Capture, held_out: &[usize], model: LoopingModel) -> Scene {
        let full = model.resampled(TILE);
        let (n, statics) = (full.grid.tile_texels(), &full.statics[..full.grid.static_texels()]);
        // From `[frame][texel]` to `[tile][frame][texel]`.
        let mut looping_texels = vec![0; full.grid.looping_texels() * full.frames * 4];
        for t in 0..full.frames {
            let frame = full.stored_frame(t);
            let tiles = looping_texels.chunks_exact_mut(full.frames * n * 4);
            for (out, tile) in tiles.zip(frame.chunks_exact(n)) {
                out[t * n * 4..(t + 1) * n * 4].copy_from_slice(tile.as_flattened());
            }
        }
        Scene {
            reference: self.layout.reference,
            planes: self.layout.planes,
            static_texels: statics.as_flattened().iter().copied().map(unorm).collect(),
            looping_texels,
            tiles: full.grid.table,
            fps: capture.fps,
            frames: self.frames,
            views: capture
                .views
                .iter()
                .enumerate()
                .map(|(i, v)| SceneView { name: v.name.clone(), camera: v.camera, held_out: held_out.contains(&i) })
                .collect(),
            fit: serde_json::json!({ "config": self.config, "levels": self.levels.all.iter().map(|(_, l)| l).collect::<Vec<_>>() }),
        }
    }
}
