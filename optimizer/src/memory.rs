//! How much memory a fit will need, estimated from sizes before any pixel is decoded.

use crate::config::{FitConfig, Level};
use crate::error::FitError;
use crate::plan::{CaptureSizes, FitPlan, Stage, ViewSizes};
use crate::training::training_views;
use loop3d_scene::TILE;

/// Tiles that stay after the first cullings for each place of the table, all planes together. Seen on fern, whose leaves
/// spread over many planes: 8.
const STATIC_LAYERS: f64 = 8.0;
/// The same when the looping stage begins, and the fraction of those tiles that loops. Seen on campfire, which moves nearly everywhere: 3.7
/// and 0.8.
const LOOPING_LAYERS: f64 = 4.0;
const LOOPING: f64 = 0.8;

/// Bytes of one static texel in the static stage: logits, shown, gradient and two moments in f32 RGBA, and a coverage.
const STATIC_TEXEL: f64 = 5.0 * 16.0 + 4.0;
/// Bytes of one frame of a looping texel: value and first moment in 16-bit RGBA, and a second moment.
const LOOPING_TEXEL: f64 = 8.0 + 8.0 + 4.0;
/// Bytes of a looping texel's gradient for one chunk: f32 RGBA of eight frames.
const GRADIENT: f64 = 8.0 * 16.0;
/// Bytes of one pixel's visit of one plane: the hit, its plane, its entry in the list by plane, its sample.
const HIT: f64 = 24.0 + 2.0 + 4.0 + 16.0;
/// Bytes of one pixel in one frame while a target is searched: the render in f32 RGB, the target twice in bytes, the clip.
const SEARCHED: f64 = 12.0 + 2.0 * 3.0 + 6.0;

/// The program itself, ffmpeg and what allocators keep.
const BASE: f64 = 200e6;

/// The plan of a fit, and the bytes that it will need at its peak. If the clips alone need more than is `available`, they are
/// all that is counted and there is no plan: its table of tiles would not fit either.
///
/// # Errors
/// Those of [`FitPlan::new`].
pub fn plan(
    sizes: &CaptureSizes,
    config: &FitConfig,
    held_out: &[usize],
    available: Option<u64>,
) -> Result<(Option<FitPlan>, u64), FitError> {
    config.validate()?;
    let training = training_views(sizes.views.len(), config, held_out)?;
    let clips: f64 = sizes.views.iter().map(ViewSizes::clip_bytes).sum();
    if available.is_some_and(|bytes| clips > bytes as f64) {
        return Ok((None, clips as u64));
    }
    let plan = FitPlan::with_training(sizes, config, training);
    let needed = estimate(sizes, &plan);
    Ok((Some(plan), needed))
}

/// Bytes that a fit will need at its peak.
pub fn estimate(sizes: &CaptureSizes, plan: &FitPlan) -> u64 {
    let views: Vec<&ViewSizes> = plan.training.iter().map(|&view| &sizes.views[view]).collect();
    let clips: f64 = sizes.views.iter().map(ViewSizes::clip_bytes).sum();
    let fitted: f64 = views.iter().map(|view| view.clip_bytes()).sum();
    let pixels: f64 = views.iter().map(|view| view.pixels()).sum();
    let largest = views.iter().map(|view| view.pixels()).fold(0.0, f64::max);
    let (frames, layout) = (plan.frames as f64, &plan.layout);
    let planes = layout.planes.count as f64;
    let (tiles, _) = layout.dense.counts();
    let table = layout.dense.tiles.len() as f64 * 16.0;
    let kept = |layers: f64| (layers / planes * layout.dense.tiles.len() as f64).min(tiles as f64);
    let texels = |tiles: f64, level: &Level| tiles * (level.side * level.side) as f64;
    // Images of a level have this fraction of the pixels.
    let fraction = |level: &Level| (level.side * level.side) as f64 / (TILE * TILE) as f64;

    let static_bytes = |index: usize, level: &Level| {
        let (tiles, deep) = if index == 0 { (tiles as f64, planes) } else { (kept(STATIC_LAYERS), STATIC_LAYERS) };
        // Clips at the level's size one at a time, long exposures of all, the hits of one.
        let hits = largest * fraction(level) * deep * HIT;
        texels(tiles, level) * STATIC_TEXEL
            + pixels * fraction(level) * 12.0
            + fitted * fraction(level) / plan.training.len() as f64
            + hits
    };
    let looping_bytes = |level: &Level| {
        let hits = largest * fraction(level) * LOOPING_LAYERS * HIT;
        let static_tiles = texels(kept(LOOPING_LAYERS) * (1.0 - LOOPING), level) * 16.0 * (2.5 + frames / 8.0);
        let targets = pixels * fraction(level) * 3.0 * frames;
        // Steps and searches alternate, and neither keeps what the other needs.
        let looping = texels(kept(LOOPING_LAYERS) * LOOPING, level);
        let chunks = (frames / 8.0).ceil().min(rayon::current_num_threads() as f64);
        let search = largest * fraction(level) * SEARCHED * frames;
        // The finest level reads the clips themselves.
        let shrunk = if level.side == TILE { 0.0 } else { fitted * fraction(level) };
        looping * LOOPING_TEXEL * frames
            + (looping * GRADIENT * chunks).max(search)
            + static_tiles
            + shrunk
            + targets
            + hits
    };
    let by_level = plan.levels.iter().enumerate().map(|(index, planned)| match planned.stage {
        Stage::Static => static_bytes(index, &planned.level),
        Stage::Looping => looping_bytes(&planned.level),
    });
    let peak = by_level.fold(0.0, f64::max);
    // Clips of held-out views are dropped once they are loaded and described.
    (BASE + table + clips.max(fitted + peak)) as u64
}

/// Bytes of memory that are free; `None` on systems other than Linux.
pub fn available() -> Option<u64> {
    let text = std::fs::read_to_string("/proc/meminfo").ok()?;
    let line = text.lines().find_map(|line| line.strip_prefix("MemAvailable:"))?;
    let kib: u64 = line.trim().strip_suffix("kB")?.trim().parse().ok()?;
    Some(kib * 1024)
}

/// Rejects a fit that needs more than is free.
///
/// # Errors
/// [`FitError::Memory`].
pub fn check(needed: u64, available: Option<u64>) -> Result<(), FitError> {
    match available {
        Some(available) if available < needed => {
            Err(FitError::Memory { needed_mib: needed >> 20, available_mib: available >> 20 })
        }
        _ => Ok(()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn more_than_is_free_is_refused_with_both_figures() {
        assert!(check(5 << 20, Some(5 << 20)).is_ok() && check(u64::MAX, None).is_ok());
        let said = check(7 << 20, Some(5 << 20)).unwrap_err().to_string();
        assert!(said.starts_with("this fit needs about 7 MiB of memory and 5 MiB are free"), "{said}");
    }

    #[test]
    #[cfg(target_os = "linux")]
    fn linux_says_what_is_free() {
        assert!((1 << 20..1 << 50).contains(&available().unwrap()));
    }
}
