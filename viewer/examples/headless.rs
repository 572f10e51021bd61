//! Draws a scene on the GPU without a window: eight frames while the camera sways, as PPM images.
//!
//! `cargo run --release -p loop3d-viewer --example headless -- SCENE.loop3d FOLDER`

use loop3d_scene::write_file;
use loop3d_viewer::{CameraInput, Clock, OrbitCamera, Renderer, RendererOptions};
use std::error::Error;
use std::path::PathBuf;
use std::sync::Arc;

const SIZE: [u32; 2] = [640, 360];

fn main() -> Result<(), Box<dyn Error>> {
    let mut args = std::env::args().skip(1);
    let usage = "usage: headless SCENE.loop3d FOLDER";
    let (scene, folder) = (args.next().ok_or(usage)?, PathBuf::from(args.next().ok_or(usage)?));

    let scene = Arc::new(loop3d_scene::load(&scene)?);
    let mut renderer = Renderer::new(Arc::clone(&scene), &RendererOptions::default())?;
    let mut camera = OrbitCamera::new(&scene);
    let mut clock = Clock::new(scene.frames, scene.fps);
    for index in 0..8 {
        // Half a second without input: after a while the camera sways.
        camera.advance(&CameraInput::default(), 0.5);
        clock.advance(0.5);
        let rgb = renderer.render(&camera.camera(SIZE[0], SIZE[1]), clock.time())?;
        write_file(folder.join(format!("{index}.ppm")), |out| {
            write!(out, "P6\n{} {}\n255\n", SIZE[0], SIZE[1])?;
            out.write_all(&rgb)
        })?;
    }
    Ok(())
}
