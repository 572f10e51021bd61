//! One level of the looping stage, and how the first of them starts from the static stage.

use super::model::LoopingModel;
use super::{ExposureView, exposures, initial, opening};
use crate::context::{Context, note};
use crate::engine::{Engine, LoopingEngine, ViewVisit};
use crate::error::FitError;
use crate::grid::TexelGrid;
use crate::kernels::compositor::static_tiles;
use crate::pyramid::LevelView;
use crate::static_stage::cull::Contribution;
use crate::static_stage::long_exposure_image;
use crate::static_stage::model::StaticModel;
use loop3d_capture::{LongExposure, loopable_mask};
use loop3d_scene::job::Observer;

/// The target of the lead view is its opening stretch during this first part of the first level.
const OPENING_FRACTION: usize = 3;

/// Labels the tiles of the static stage and gives the looping ones their frames.
///
/// # Errors
/// [`FitError::Stopped`].
pub fn start(
    context: &Context<'_>,
    model: &StaticModel,
    observer: &mut dyn Observer,
) -> Result<LoopingModel, FitError> {
    let frames = context.plan.frames;
    let mut contribution = Contribution::new(model);
    let mut views = Vec::new();
    for view in &context.views {
        let view = LevelView::new(view, model.grid.side);
        let mask = loopable_mask(&view.clip);
        let hits = context.hits(&model.grid, &view);
        contribution.add(model, &hits, (frames > 1).then_some(mask.as_slice()));
        let captured = long_exposure_image(&view.clip, LongExposure::Mean);
        let rendered = static_tiles::forward(&hits, &model.shown).image;
        views.push(ExposureView { captured, rendered, loopable: mask });
    }
    let table = contribution.labelled(model);
    let (static_tiles, looping_tiles) = table.counts();
    note(observer, &format!("{static_tiles} static and {looping_tiles} looping tiles, {frames} frames"))?;
    let grid = TexelGrid::new(table, model.grid.side);
    Ok(initial(model, grid, frames, exposures(&views), &mut context.rng(usize::MAX)))
}

/// Fits level `index`: E-steps search the looping target of each view from time to time, M-steps descend to it.
///
/// # Errors
/// Those of the engine, and [`FitError::Stopped`].
pub fn fit_level<E: Engine>(
    context: &Context<'_>,
    engine: &E,
    index: usize,
    model: LoopingModel,
    observer: &mut dyn Observer,
) -> Result<LoopingModel, FitError> {
    let plan = &context.plan;
    let level = plan.levels[index].level;
    let views: Vec<LevelView<'_>> = context.views.iter().map(|view| LevelView::new(view, level.side)).collect();
    let model = model.resampled(level.side);
    let grid = model.grid.clone();
    let mut engine = engine.looping_level(model);
    let mut targets: Vec<Option<_>> = views.iter().map(|_| None).collect();
    // The first level begins with one stretch of the lead view, so that motion is real from the start.
    let is_first = plan.is_first_looping(index);
    let opens = |epoch: usize| is_first && epoch * OPENING_FRACTION < level.epochs;
    context.run_epochs(index, observer, |visit| {
        let (epoch, v) = (visit.epoch, visit.view);
        if visit.number == 0 && epoch > 0 && opens(epoch - 1) && !opens(epoch) {
            targets.fill_with(|| None);
        }
        let view = &views[v];
        let list = || context.hits(&grid, view);
        let view_visit = ViewVisit::new(v, &list);
        let is_opening = opens(epoch) && v == plan.lead;
        let target = match targets[v].take() {
            Some(target) if is_opening || (epoch + v) % plan.schedule.search_every != 0 => target,
            _ if is_opening => engine.upload_target(opening(view, plan.frames)),
            _ => engine.search_target(&view_visit, view)?,
        };
        let loss = engine.step(&view_visit, &target, visit.lr)?;
        targets[v] = Some(target);
        Ok(loss)
    })?;
    Ok(engine.finish())
}
