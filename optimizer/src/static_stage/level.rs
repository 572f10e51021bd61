//! One level of the static stage: descent on all views, then culling.

use super::cull::Contribution;
use super::model::StaticModel;
use super::{StaticView, long_exposure_image, sweep};
use crate::config::Exposure;
use crate::context::{Context, note};
use crate::engine::{Engine, StaticEngine, ViewVisit};
use crate::error::FitError;
use crate::grid::TexelGrid;
use crate::pyramid::LevelView;
use loop3d_capture::LongExposure;
use loop3d_scene::job::Observer;

/// Fits level `index`, starting from the model of the level before or, without one, from a plane sweep. If another static
/// level follows, tiles that no view needs are culled.
///
/// # Errors
/// [`FitError::Stopped`].
pub fn fit_level<E: Engine>(
    context: &Context<'_>,
    engine: &E,
    index: usize,
    model: Option<StaticModel>,
    observer: &mut dyn Observer,
) -> Result<StaticModel, FitError> {
    let planned = &context.plan.levels[index];
    let (side, layout) = (planned.level.side, &context.plan.layout);
    let mode = match context.config.exposure {
        Exposure::Mean => LongExposure::Mean,
        Exposure::Deviation => LongExposure::DeviationWeighted,
        Exposure::Median => LongExposure::Median,
    };
    let views: Vec<StaticView> = context
        .views
        .iter()
        .map(|view| {
            let view = LevelView::new(view, side);
            let image = long_exposure_image(&view.clip, mode);
            StaticView { camera: view.camera, image, size: (view.clip.height, view.clip.width) }
        })
        .collect();
    let model = match model {
        None => {
            let grid = TexelGrid::new(layout.dense.clone(), side);
            let start = sweep::start(&grid, layout, &views);
            StaticModel::new(grid, start)
        }
        Some(model) if model.grid.side == side => model,
        Some(model) => model.resampled(TexelGrid::new(model.grid.table.clone(), side)),
    };
    let grid = model.grid.clone();
    let mut engine = engine.static_level(model);
    context.run_epochs(index, observer, |visit| {
        let view = &views[visit.view];
        let list = || view.hits(&grid, layout);
        Ok(engine.step(&ViewVisit::new(visit.view, &list), &view.image, visit.lr))
    })?;
    let model = engine.finish();
    if !context.plan.static_level_follows(index) {
        // The last level's result stays as it is: a tile that went now would not be replaced by others.
        return Ok(model);
    }
    let mut contribution = Contribution::new(&model);
    for view in &views {
        contribution.add(&model, &view.hits(&model.grid, layout), None);
    }
    let before = model.tiles();
    let model = model.on_tiles(contribution.kept(&model));
    note(observer, &format!("{}: {} of {before} tiles stay", planned.name, model.tiles()))?;
    Ok(model)
}
