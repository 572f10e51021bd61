//! A measuring tool: draws a scene file on the GPU and with the CPU compositor, and reports how many pixels differ and how long each takes.
//!
//! `cargo run --release -p loop3d-viewer --example compare -- SCENE [WIDTHxHEIGHT]`
#![allow(clippy::print_stdout, reason = "a tool that prints its results")]

#[path = "../tests/support/borders.rs"]
mod borders;

use loop3d_scene::{CameraPath, Scene, VideoSpec};
use loop3d_viewer::{Backend, RenderError, Renderer, RendererOptions};
use std::error::Error;
use std::sync::Arc;
use std::time::Instant;

fn main() -> Result<(), Box<dyn Error>> {
    let mut args = std::env::args().skip(1);
    let scene = Arc::new(loop3d_scene::load(args.next().ok_or("missing SCENE")?)?);
    let size = args.next().unwrap_or_else(|| format!("{}x{}", scene.reference.width, scene.reference.height));
    let (width, height) = size.split_once('x').ok_or("expected WIDTHxHEIGHT")?;
    let spec =
        VideoSpec { width: width.parse()?, height: height.parse()?, fps: scene.fps, frames: Some(120), start: 0.0 };
    let shots = CameraPath::Spiral.shots(&scene, &spec)?;
    for backend in [Backend::Vulkan, Backend::Gl, Backend::Metal, Backend::Dx12] {
        match Renderer::new(Arc::clone(&scene), &RendererOptions { backend, ..RendererOptions::default() }) {
            Ok(renderer) => compare(renderer, &scene, &shots)?,
            Err(RenderError::NoAdapter { .. }) => println!("{}: no adapter", backend.name()),
            Err(error) => return Err(error.into()),
        }
    }
    Ok(())
}

fn compare(mut renderer: Renderer, scene: &Scene, shots: &[loop3d_scene::Shot]) -> Result<(), Box<dyn Error>> {
    println!("{} ({:?}): {:?}", renderer.adapter(), renderer.tier(), renderer.statistics());
    let (mut different, mut at_borders, mut pixels, mut worst, mut black) = (0, 0, 0, 0, 0);
    let mut cpu_s = 0.0;
    for i in 0..50 {
        // Ten cameras, five moments of each, four of them between frames.
        let camera = shots[i / 5 * 12].camera;
        let time = (i * 7) as f64 * 0.73;
        let found = renderer.render(&camera, time)?;
        let start = Instant::now();
        let expected = loop3d_scene::render(scene, &camera, time);
        cpu_s += start.elapsed().as_secs_f64();
        black += expected.rgba.chunks_exact(4).filter(|p| p[3] < 0.5).count();
        for (i, (f, e)) in found.chunks_exact(3).zip(expected.to_rgb8().chunks_exact(3)).enumerate() {
            let error = f.iter().zip(e).map(|(f, e)| f.abs_diff(*e)).max().unwrap_or(0);
            (worst, pixels) = (worst.max(error), pixels + 1);
            if error > 2 {
                let width = camera.width as usize;
                different += 1;
                at_borders += usize::from(borders::is_at_border(scene, &camera, i % width, i / width));
            }
        }
    }
    println!(
        "  {different} of {pixels} pixels differ by more than 2/255 ({:.4} %), the worst by {worst}, {at_borders} at tile borders; \
         {black} show the background",
        100.0 * f64::from(different as u32) / f64::from(pixels)
    );
    let (mut issue_s, start) = (0.0, Instant::now());
    for shot in shots {
        let issue = Instant::now();
        let pending = renderer.start(&shot.camera, shot.time + 0.5)?;
        issue_s += issue.elapsed().as_secs_f64();
        renderer.finish(pending)?;
    }
    let count = shots.len() as f64;
    println!(
        "  {:.1} ms a frame, {:.2} ms of it to start it; the CPU compositor on one thread: {:.1} ms",
        start.elapsed().as_secs_f64() / count * 1e3,
        issue_s / count * 1e3,
        cpu_s / 50.0 * 1e3
    );
    Ok(())
}
