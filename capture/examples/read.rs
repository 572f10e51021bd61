//! Reads a capture and prints its views: `cargo run -p loop3d-capture --example read -- DIR [HEIGHT]`.

use loop3d_capture::{LoadOptions, load_poses};
use loop3d_scene::job::Unwatched;
use std::error::Error;
use std::io::Write;
use std::path::PathBuf;

fn main() -> Result<(), Box<dyn Error>> {
    let mut arguments = std::env::args().skip(1);
    let dir: PathBuf = arguments.next().ok_or("missing DIR, the folder of a capture")?.into();
    let max_height = arguments.next().map(|height| height.parse()).transpose()?;
    let mut out = std::io::stdout().lock();

    // Poses, sizes and headers. No pixel is decoded yet, so that memory can be estimated first.
    let posed = load_poses(&dir, &LoadOptions { max_height, ..LoadOptions::default() })?;
    writeln!(out, "{}: layout {}, {:.3} fps, depths 1 to {:.2}", dir.display(), posed.layout, posed.fps, posed.far)?;
    for note in &posed.notes {
        writeln!(out, "note: {note}")?;
    }

    // One view at a time: a whole capture may be larger than memory.
    for index in 0..posed.views.len() {
        let capture = posed.load(&[index], &mut Unwatched)?;
        for view in &capture.views {
            let (clip, position) = (&view.clip, view.camera.position());
            let mean = clip.rgb.iter().map(|&value| f64::from(value)).sum::<f64>() / clip.rgb.len() as f64;
            let size = format!("{}×{}", clip.width, clip.height);
            writeln!(out, "{}: {size}, {} frames, at {position:.3}, mean level {mean:.1}", view.name, clip.frames)?;
        }
    }
    Ok(())
}
