//! What a frame of the GPU renderer costs, against drawing every plane as one rectangle over the whole frame; and whether
//! a loop that streams is there when it is shown.

use crate::samples::{Samples, in_turns, median};
use anyhow::Result;
use loop3d_scene::{Camera, CameraPath, Scene, VideoSpec};
use loop3d_viewer::whole_planes::{self, WholePlanes};
use loop3d_viewer::{Backend, Clock, RenderError, Renderer, RendererOptions};
use serde::{Deserialize, Serialize};
use std::sync::Arc;
use std::thread::sleep;
use std::time::{Duration, Instant};

/// Pictures that are timed together.
const PICTURES: usize = 20;
/// Length of the padded loop: the published one and a little more.
const FRAMES: usize = 60;
/// Pictures a second of the screen that a streamed loop is shown on.
const SCREEN_HZ: f64 = 60.0;

/// The renderer on one adapter.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct ViewerCost {
    /// Name of the adapter, with its backend.
    pub adapter: String,
    /// Width and height of the images.
    pub size: (u32, u32),
    /// Planes of the scene.
    pub planes: usize,
    /// Rectangles of the one draw.
    pub quads: usize,
    /// Seconds of a frame.
    pub seconds: Samples,
    /// Seconds of a frame of whole planes.
    pub whole_planes: Samples,
    /// How many times faster than whole planes.
    pub ratio: f64,
    /// Seconds in which a frame is prepared and handed to the GPU, without frames that stream.
    pub cpu_seconds: Samples,
    /// Fragments of a pixel that are shaded, and that are blended.
    pub fragments: (f64, f64),
    /// Bytes of texels for a pixel, and the least that the scene needs.
    pub bytes: (f64, f64),
    /// GPU memory with as much of the loop as the budget takes.
    pub gpu_bytes: u64,
    /// The loop made longer, streamed.
    pub streamed: Streamed,
}

/// A longer loop, shown by the clock.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub struct Streamed {
    /// Frames of the loop.
    pub frames: usize,
    /// Frames that are on the GPU at a time.
    pub frames_on_gpu: usize,
    /// GPU memory of scene and streamed frames.
    pub gpu_bytes: u64,
    /// Pictures shown.
    pub pictures: u64,
    /// Those that came after the next one was due.
    pub late: u64,
    /// Loop frames that were not on the GPU when they were needed.
    pub missed: u64,
    /// Median seconds that the next frame's upload takes, of those frames that upload one.
    pub upload_seconds: f64,
}

/// The ratio to whole planes that is wanted.
pub const WANTED: f64 = 3.0;

/// Measures on every adapter of Vulkan and GL.
///
/// # Errors
/// The scene does not fit an adapter, or the adapter fails.
pub fn measure(scene: Scene, repetitions: usize, seconds: f64) -> Result<Vec<ViewerCost>> {
    let scene = Arc::new(scene);
    let mut long = (*scene).clone();
    lengthen(&mut long, FRAMES);
    let long = Arc::new(long);
    let mut costs = Vec::new();
    for backend in [Backend::Vulkan, Backend::Gl, Backend::Metal, Backend::Dx12] {
        let options = RendererOptions { backend, ..RendererOptions::default() };
        match Renderer::new(Arc::clone(&scene), &options) {
            Ok(renderer) => costs.push(on(renderer, &scene, &long, &options, repetitions, seconds)?),
            Err(RenderError::NoAdapter { .. }) => {}
            Err(error) => return Err(error.into()),
        }
    }
    Ok(costs)
}

fn on(
    mut renderer: Renderer,
    scene: &Scene,
    long: &Arc<Scene>,
    options: &RendererOptions,
    repetitions: usize,
    seconds: f64,
) -> Result<ViewerCost> {
    let Camera { width, height, .. } = scene.reference;
    let spec = VideoSpec { width, height, fps: scene.fps, frames: Some(PICTURES), start: 0.5 };
    let shots = CameraPath::Spiral.shots(scene, &spec)?;
    let plain = WholePlanes::new(&renderer)?;
    let mut cpu = Vec::new();
    // Both sides draw with the same renderer.
    let shared = std::cell::RefCell::new(&mut renderer);
    let mut ours = || {
        let mut renderer = shared.borrow_mut();
        let begin = Instant::now();
        for shot in &shots {
            // Streaming happens between frames.
            renderer.prepare(shot.time);
            let start = Instant::now();
            let pending = renderer.start(&shot.camera, shot.time)?;
            cpu.push(start.elapsed().as_secs_f64());
            renderer.finish(pending)?;
        }
        Ok(begin.elapsed().as_secs_f64() / shots.len() as f64)
    };
    let mut theirs = || {
        let mut renderer = shared.borrow_mut();
        let begin = Instant::now();
        for shot in &shots {
            renderer.prepare(shot.time);
            let pending = plain.start(&mut renderer, &shot.camera, shot.time)?;
            renderer.finish(pending)?;
        }
        Ok(begin.elapsed().as_secs_f64() / shots.len() as f64)
    };
    // Once unmeasured: pipelines are compiled on first use.
    ours()?;
    theirs()?;
    let [own, whole] = in_turns(repetitions, [&mut ours, &mut theirs])?;
    let cost = whole_planes::cost(scene)?;
    let (adapter, statistics) = (renderer.adapter().to_owned(), renderer.statistics());
    drop(renderer);
    let streamed =
        stream(Renderer::new(Arc::clone(long), &RendererOptions { loop_budget_bytes: 0, ..*options })?, long, seconds)?;
    Ok(ViewerCost {
        adapter,
        size: (width, height),
        planes: scene.planes.count,
        quads: statistics.quads,
        ratio: own.ratio(&whole),
        seconds: own,
        whole_planes: whole,
        cpu_seconds: Samples(cpu),
        fragments: (cost.shaded, cost.blended),
        bytes: (cost.bytes, cost.least_bytes),
        gpu_bytes: statistics.bytes,
        streamed,
    })
}

/// Shows a loop as a screen does: a frame every sixtieth of a second, however long it takes.
fn stream(mut renderer: Renderer, scene: &Scene, seconds: f64) -> Result<Streamed> {
    let mut clock = Clock::new(scene.frames, scene.fps);
    let picture_s = 1.0 / SCREEN_HZ;
    let pictures = (seconds * SCREEN_HZ) as u64;
    let mut uploads = Vec::new();
    renderer.render(&scene.reference, 0.0)?;
    renderer.prepare(clock.soon(picture_s));
    let missed_before = renderer.missed_frames();
    let mut late = 0;
    let begin = Instant::now();
    for picture in 0..pictures {
        let due = Duration::from_secs_f64(picture as f64 * picture_s);
        sleep(due.saturating_sub(begin.elapsed()));
        renderer.render(&scene.reference, clock.time())?;
        let start = Instant::now();
        renderer.prepare(clock.soon(picture_s));
        let upload = start.elapsed().as_secs_f64();
        // A frame that is there takes no time.
        if upload > 1e-4 {
            uploads.push(upload);
        }
        late += u64::from(begin.elapsed().saturating_sub(due).as_secs_f64() > picture_s);
        clock.advance(picture_s);
    }
    let statistics = renderer.statistics();
    Ok(Streamed {
        frames: scene.frames,
        frames_on_gpu: statistics.frames_on_gpu,
        gpu_bytes: statistics.bytes,
        pictures,
        late,
        missed: renderer.missed_frames() - missed_before,
        upload_seconds: median(&uploads),
    })
}

/// Repeats a loop's frames until there are so many.
fn lengthen(scene: &mut Scene, frames: usize) {
    if scene.frames == 0 || scene.looping_texels.is_empty() {
        return;
    }
    let tile = scene.looping_texels.len() / scene.tiles.counts().1;
    let frame = tile / scene.frames;
    let repeat = |texels: &[u16]| -> Vec<u16> { texels.iter().copied().cycle().take(frames * frame).collect() };
    scene.looping_texels = scene.looping_texels.chunks_exact(tile).flat_map(repeat).collect();
    scene.frames = frames;
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::synthetic;

    #[test]
    fn a_lengthened_loop_repeats_its_frames() {
        let scene = synthetic::scene(64, 32, 3);
        let mut long = scene.clone();
        lengthen(&mut long, 8);
        long.validate().unwrap();
        for (later, earlier) in [(4.0, 1.0), (6.5, 0.5)] {
            let [a, b] =
                [(&long, later), (&scene, earlier)].map(|(s, t)| loop3d_scene::render(s, &s.reference, t).to_rgb8());
            assert!(a == b, "{later}");
        }
    }

    #[test]
    fn a_small_scene_is_measured() {
        for cost in measure(synthetic::scene(64, 32, 3), 1, 0.2).unwrap() {
            assert!(cost.ratio > 0.0 && cost.fragments.0 >= cost.fragments.1, "{cost:?}");
            assert_eq!((cost.streamed.frames, cost.streamed.pictures, cost.streamed.missed), (60, 12, 0));
        }
    }
}
