//! How much memory a fit will need, estimated from sizes before any pixel is decoded.

use crate::config::{FitConfig, Level};
use crate::error::FitError;
use crate::fit::loop_frames;
use crate::layout::Layout;
use loop3d_capture::{PosedCapture, PosedView};
use loop3d_scene::TILE;

/// Tiles that stay after the first cullings for each place of the table, all planes together. Seen on fern, whose leaves
/// spread over many planes: 8.
const STILL_LAYERS: f64 = 8.0;
/// The same when the loop begins, and the share of those that loops. Seen on campfire, which moves nearly everywhere: 3.7
/// and 0.8.
const LOOPING_LAYERS: f64 = 4.0;
const LOOPING: f64 = 0.8;

/// Frames of a video whose container does not say how many it has.
const UNKNOWN_FRAMES: usize = 600;

/// Bytes of one static texel in the static stage: logits, shown, gradient and two moments in f32 RGBA, and a coverage.
const STILL_TEXEL: f64 = 5.0 * 16.0 + 4.0;
/// Bytes of one frame of a looping texel: value and first moment in 16-bit RGBA, and a second moment.
const LOOPING_TEXEL: f64 = 8.0 + 8.0 + 4.0;
/// Bytes of a looping texel's gradient in f32 RGBA of eight frames, which stands for the chunks at work.
const GRADIENT: f64 = 8.0 * 16.0;
/// Bytes of one pixel's visit of one plane: the hit, its plane, its place in the list by plane, its sample.
const HIT: f64 = 24.0 + 2.0 + 4.0 + 16.0;
/// Bytes of one pixel in one frame while a target is searched: the render in f32 RGB, the target twice in bytes, the clip.
const SEARCHED: f64 = 12.0 + 2.0 * 3.0 + 6.0;

/// The program itself, ffmpeg and what allocators keep.
const BASE: f64 = 200e6;

/// Bytes that a fit of the views `training` (indices into `posed`) will need at its peak. Where the clips alone need more
/// than is `available` they are all that is counted: the list of places on the planes would not fit either.
pub fn estimate(posed: &PosedCapture, training: &[usize], config: &FitConfig, available: Option<u64>) -> u64 {
    let frames_of = |view: &PosedView| view.frames.unwrap_or(UNKNOWN_FRAMES);
    let pixels_of = |view: &PosedView| f64::from(view.camera.width) * f64::from(view.camera.height);
    let views: Vec<&PosedView> = training.iter().filter_map(|&index| posed.views.get(index)).collect();
    let clips: f64 = posed.views.iter().map(|v| pixels_of(v) * 3.0 * frames_of(v) as f64).sum();
    if available.is_some_and(|bytes| clips > bytes as f64) {
        return clips as u64;
    }
    let fitted: f64 = views.iter().map(|v| pixels_of(v) * 3.0 * frames_of(v) as f64).sum();
    let pixels: f64 = views.iter().map(|v| pixels_of(v)).sum();
    let largest = views.iter().map(|v| pixels_of(v)).fold(0.0, f64::max);
    let shortest = views.iter().map(|v| frames_of(v)).min().unwrap_or(1);
    let frames = loop_frames(config, posed.fps, shortest) as f64;

    let cameras: Vec<_> = views.iter().map(|v| v.camera).collect();
    let layout = Layout::new(&cameras, posed.near, posed.far, config);
    let planes = layout.planes.count as f64;
    let (tiles, _) = layout.dense.counts();
    let table = layout.dense.tiles.len() as f64 * 16.0;
    let kept = |layers: f64| (layers / planes * layout.dense.tiles.len() as f64).min(tiles as f64);
    let texels = |tiles: f64, level: &Level| tiles * (level.side * level.side) as f64;
    // Pictures of a level have this share of the pixels.
    let share = |level: &Level| (level.side * level.side) as f64 / (TILE * TILE) as f64;

    let schedule = config.preset.schedule(layout.reference.height, training.len());
    let still = schedule.still.iter().enumerate().map(|(index, level)| {
        let (tiles, deep) = if index == 0 { (tiles as f64, planes) } else { (kept(STILL_LAYERS), STILL_LAYERS) };
        // Clips at the level's size one at a time, long exposures of all, the hits of one.
        let hits = largest * share(level) * deep * HIT;
        texels(tiles, level) * STILL_TEXEL
            + pixels * share(level) * 12.0
            + fitted * share(level) / training.len() as f64
            + hits
    });
    let looping = schedule.looping.iter().filter(|_| frames > 1.0).map(|level| {
        let hits = largest * share(level) * LOOPING_LAYERS * HIT;
        let statics = texels(kept(LOOPING_LAYERS) * (1.0 - LOOPING), level) * 16.0 * (2.5 + frames / 8.0);
        let targets = pixels * share(level) * 3.0 * frames;
        // Steps and searches take turns, and neither keeps what the other needs.
        let looping = texels(kept(LOOPING_LAYERS) * LOOPING, level);
        let chunks = (frames / 8.0).ceil().min(rayon::current_num_threads() as f64);
        let search = largest * share(level) * SEARCHED * frames;
        // The finest level reads the clips themselves.
        let shrunk = if level.side == TILE { 0.0 } else { fitted * share(level) };
        looping * LOOPING_TEXEL * frames + (looping * GRADIENT * chunks).max(search) + statics + shrunk + targets + hits
    });
    let peak = still.chain(looping).fold(0.0, f64::max);
    // Clips of views that are held out go once they are loaded and known.
    (BASE + table + clips.max(fitted + peak)) as u64
}

/// Bytes of memory that are free; none where the system does not say (only Linux is asked).
pub fn available() -> Option<u64> {
    let text = std::fs::read_to_string("/proc/meminfo").ok()?;
    let line = text.lines().find_map(|line| line.strip_prefix("MemAvailable:"))?;
    let kib: u64 = line.trim().strip_suffix("kB")?.trim().parse().ok()?;
    Some(kib * 1024)
}

/// Refuses a fit that needs more than is free.
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
