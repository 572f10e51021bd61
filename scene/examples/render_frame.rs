//! Renders one frame of a scene with the exact CPU compositor and writes it as a PPM image.
//!
//! `cargo run --release -p loop3d-scene --example render_frame -- SCENE.loop3d frame.ppm [TIME]`

use loop3d_scene::{load, render, write_file};
use std::error::Error;

fn main() -> Result<(), Box<dyn Error>> {
    let mut args = std::env::args().skip(1);
    let usage = "usage: render_frame SCENE.loop3d OUT.ppm [TIME]";
    let (scene, target) = (args.next().ok_or(usage)?, args.next().ok_or(usage)?);
    // A moment of the loop, in frames; 2.5 blends frames 2 and 3.
    let time: f64 = args.next().map_or(Ok(0.0), |text| text.parse())?;

    let scene = load(&scene)?;
    // The camera of the first captured view, or the reference camera; at half the size.
    let camera = scene.views.first().map_or(scene.reference, |view| view.camera);
    let camera = camera.resized(camera.width.div_ceil(2), camera.height.div_ceil(2));
    let image = render(&scene, &camera, time);

    write_file(&target, |out| {
        write!(out, "P6\n{} {}\n255\n", image.width, image.height)?;
        out.write_all(&image.to_rgb8())
    })?;
    Ok(())
}
