//! What the small model shows: the measures of its acceptance, and contact sheets of clips from words beside rendered ones.
//!
//! ```sh
//! cargo run --release -p loop3d-generator --features torch --example small_model -- table 64 3      # scenes, seeds
//! cargo run --release -p loop3d-generator --features torch --example small_model -- sheet sheet.png "a bell ringing" "a green windmill"
//! ```
//!
//! `MODEL=DIR` measures weights that `loop3d generate-train` wrote instead of the program's own; `STEPS='{"temperature": 1}'` draws a
//! sheet otherwise than usual.
#![allow(clippy::print_stdout, reason = "a program for people")]

use image::RgbImage;
use loop3d_generator::motion::Background;
use loop3d_generator::tiny::{SIDE, Steps, TinyModel, TinyRequest};
use loop3d_generator::train::accept;
use loop3d_sample::scenes::{Caption, Scene, Standpoint, View};
use loop3d_scene::job::Unwatched;
use std::error::Error;

/// Pixels of a cell's side.
const CELL: u32 = 128;
/// Frames of a clip, and those that are shown.
const FRAMES: usize = 16;
const SHOWN: [usize; 4] = [0, 4, 8, 12];

fn main() -> Result<(), Box<dyn Error>> {
    let model = match std::env::var_os("MODEL") {
        Some(folder) => TinyModel::open(folder.as_ref())?,
        None => TinyModel::shipped()?,
    };
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    match arguments.as_slice() {
        [what, scenes, seeds] if what == "table" => table(&model, scenes.parse()?, seeds.parse()?),
        [what, file, captions @ ..] if what == "sheet" && !captions.is_empty() => sheet(&model, file, captions),
        _ => Err("expected `table SCENES SEEDS` or `sheet FILE.png WORDS…`".into()),
    }
}

fn table(model: &TinyModel, scenes: u64, seeds: u64) -> Result<(), Box<dyn Error>> {
    let found = accept(model, scenes, seeds, &mut Unwatched)?;
    println!("{scenes} unseen scenes, {seeds} seeds\n\n| measure | found | bar |\n|---|---|---|");
    println!("| autoencoder, PSNR of clips | {:.1} dB | ≥ 27 dB |", found.vae_psnr);
    for (novel, bar) in found.novel.iter().zip([60, 80]) {
        let at = novel.spread_deg;
        let percent = |share: f64| (100.0 * share).round();
        println!("| camera score at ±{at}° | {} % | ≥ {bar} % |", percent(novel.score));
        println!("| … of the truth itself | {} % | |", percent(novel.probe));
        println!("| … with exchanged cameras | {} % | ≤ 30 % |", percent(novel.wrong));
        let above = novel.psnr - novel.copy;
        println!(
            "| novel views at ±{at}°, PSNR above copying | {above:+.2} dB | {} |",
            if at > 6.0 { "≥ +2 dB" } else { "" }
        );
        println!("| … of the hints alone | {:+.2} dB (copying: {:.2} dB) | |", novel.hint - novel.copy, novel.copy);
    }
    println!("| seam ratio | {:.3} | ≤ 1.1 |", found.seam);
    println!("| motion over that of the truth | {:.2} | 0.7–1.3 |", found.motion);
    println!("| difference between views over that of the truth | {:.2} | 0.7–1.3 |", found.synchrony);
    Ok(())
}

/// For each caption a row of the first view through time, then the outer views; below it the same of a rendered scene.
fn sheet(model: &TinyModel, file: &str, captions: &[String]) -> Result<(), Box<dyn Error>> {
    let standpoint = Standpoint { azimuth_deg: 0.0, elevation_deg: 12.0, distance_m: 3.0 };
    let cameras = [0.0, -12.0, 12.0].map(|azimuth_deg| Standpoint { azimuth_deg, ..standpoint }.camera(SIDE, SIDE));
    let columns = (SHOWN.len() + 2) as u32;
    let steps: Steps = match std::env::var("STEPS") {
        Ok(text) => serde_json::from_str(&text)?,
        Err(_) => Steps::default(),
    };
    let mut cells: Vec<Vec<u8>> = Vec::new();
    for text in captions {
        let caption: Caption = text.parse()?;
        let request = TinyRequest {
            caption: caption.clone(),
            cameras: cameras.to_vec(),
            frames: FRAMES,
            steps,
            moves: Vec::new(),
            background: Background::FREE,
        };
        let clips = model.make(&request, &mut Unwatched)?;
        cells.extend(SHOWN.map(|frame| clips[0].frame(frame).to_vec()));
        cells.extend([1, 2].map(|view| clips[view].frame(0).to_vec()));
        let scene = Scene::new(&caption, 7, &standpoint);
        let views = cameras.map(|camera| View::new(&scene, &camera));
        cells.extend(SHOWN.map(|frame| views[0].frame(frame, FRAMES)));
        cells.extend([1, 2].map(|view| views[view].frame(0, FRAMES)));
    }
    let mut sheet = RgbImage::new(columns * CELL, cells.len() as u32 / columns * CELL);
    for (index, cell) in (0..).zip(cells) {
        let cell = RgbImage::from_raw(SIDE, SIDE, cell).ok_or("a cell of another size")?;
        let cell = image::imageops::resize(&cell, CELL, CELL, image::imageops::FilterType::Nearest);
        let (column, row) = (index % columns, index / columns);
        image::imageops::replace(&mut sheet, &cell, i64::from(column * CELL), i64::from(row * CELL));
    }
    sheet.save(file)?;
    println!(
        "wrote {file}: the first view at four moments, then from 12° to its left and right; every second row is rendered"
    );
    Ok(())
}
