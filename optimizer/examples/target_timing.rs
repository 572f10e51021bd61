//! Times the looping target on a noise window: `cargo run --release -p loop3d-optimizer --no-default-features --example target_timing`.

use loop3d_optimizer::patches::{ClipRef, ClipWindow, TargetSettings, looping_target};
use std::time::Instant;

fn main() -> Result<(), Box<dyn std::error::Error>> {
    let (height, width, loop_frames, clip_frames) = (180, 320, 50, 100);
    let mut state = 1u32;
    let mut random = || {
        state = state.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
        (state >> 24) as u8
    };
    let rgb: Vec<u8> = (0..clip_frames * height * width * 3).map(|_| random()).collect();
    let render: Vec<f32> = (0..height * width * 3 * loop_frames).map(|_| f32::from(random()) / 255.0).collect();
    let window = ClipWindow { clip: ClipRef::new(clip_frames, height, width, &rgb)?, x0: 0, y0: 0 };
    for (name, settings) in [("reference 11/4", TargetSettings::REFERENCE), ("other 3/2", TargetSettings::OTHER)] {
        let mut best = f64::INFINITY;
        for _ in 0..5 {
            let start = Instant::now();
            looping_target(&render, height, width, loop_frames, &window, &settings)?;
            best = best.min(start.elapsed().as_secs_f64());
        }
        eprintln!("{name}: {best:.3} s for {width}x{height}, T = {loop_frames}, F = {clip_frames}");
    }
    Ok(())
}
