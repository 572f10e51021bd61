//! A contact sheet of scenes, and how fast they render.
//!
//! ```sh
//! cargo run --release -p loop3d-sample --example scenes -- sheet.png                     # 24 training samples
//! cargo run --release -p loop3d-sample --example scenes -- sheet.png "a bell ringing"    # frames × views of captions
//! cargo run --release -p loop3d-sample --example scenes -- --speed                       # frames per second at 64×64×16
//! ```
#![allow(clippy::print_stdout, reason = "a program for people")]

use image::RgbImage;
use loop3d_sample::scenes::{Caption, Curriculum, Scene, Standpoint, TrainingConfig, View};
use std::error::Error;
use std::time::Instant;

/// Side of a cell in pixels.
const CELL: u32 = 256;
/// Cells in a row.
const COLUMNS: u32 = 6;

fn main() -> Result<(), Box<dyn Error>> {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    match arguments.as_slice() {
        [option] if option == "--speed" => speed(),
        [file] => {
            let config = TrainingConfig { width: CELL, height: CELL, ..TrainingConfig::default() };
            let cells = (0..24).map(|index| {
                let sample = config.sample(index, Curriculum::default().spread_deg(1.0));
                println!("{index}: {}", sample.caption);
                View::new(&sample.scene, &sample.cameras[0]).frame(0, 16)
            });
            sheet(file, cells.collect())?;
        }
        [file, captions @ ..] => {
            let mut cells = Vec::new();
            for caption in captions {
                let standpoint = Standpoint { azimuth_deg: 0.0, elevation_deg: 12.0, distance_m: 3.0 };
                let scene = Scene::new(&caption.parse::<Caption>()?, 7, &standpoint);
                println!("{}", scene.caption());
                // Three moments of the middle, then the middle and both outer azimuths.
                let [middle, left, right] =
                    [0.0, -12.0, 12.0].map(|azimuth_deg| Standpoint { azimuth_deg, ..standpoint });
                let view = View::new(&scene, &middle.camera(CELL, CELL));
                cells.extend([0, 3, 6, 9].map(|index| view.frame(index, 16)));
                cells.extend([left, right].map(|place| View::new(&scene, &place.camera(CELL, CELL)).frame(0, 16)));
            }
            sheet(file, cells)?;
        }
        [] => return Err("expected the name of a PNG file, or --speed".into()),
    }
    Ok(())
}

fn sheet(file: &str, cells: Vec<Vec<u8>>) -> Result<(), Box<dyn Error>> {
    let rows = (cells.len() as u32).div_ceil(COLUMNS);
    let mut sheet = RgbImage::new(COLUMNS * CELL, rows * CELL);
    for (index, cell) in cells.into_iter().enumerate() {
        let image = RgbImage::from_raw(CELL, CELL, cell).ok_or("a cell of another size")?;
        let (column, row) = (index as u32 % COLUMNS, index as u32 / COLUMNS);
        image::imageops::replace(&mut sheet, &image, i64::from(column * CELL), i64::from(row * CELL));
    }
    sheet.save(file)?;
    Ok(())
}

fn speed() {
    for (what, frames, samples) in [("clips of 16", 16, 30), ("stills", 1, 60)] {
        let config = TrainingConfig { frames, ..TrainingConfig::default() };
        let start = Instant::now();
        let rendered: usize = (0..samples).map(|index| config.sample(index, 12.0).clips(frames).len() * frames).sum();
        let seconds = start.elapsed().as_secs_f64();
        println!("{what}, 64x64: {rendered} frames in {seconds:.2} s, {:.0} frames/s", rendered as f64 / seconds);
    }
}
