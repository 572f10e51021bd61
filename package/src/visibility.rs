//! How much of each looping tile is visible from the cameras of the capture.
//!
//! An error of a texel shows in an image times the transmittance of what lies before it. So the mean square error of images weighs a
//! tile's error by the square of that transmittance, summed over the pixels that show it.

use crate::ExportError;
use loop3d_scene::job::{Event, Observer, check};
use loop3d_scene::{PlaneProjector, Scene, Shot, TILE, TILE_VALUES, Tile, UNIT};
use rayon::prelude::*;

/// Pixels of a view from one ray to the next, across and down.
const STEP: usize = 2;
/// Transmittance below which a ray is not followed.
const DARK: f32 = 1.0 / 512.0;

/// For each looping tile the fraction of its error that shows, root mean square over the shots: 1 where all cameras see it whole and
/// unhidden at a texel to a pixel.
///
/// # Errors
/// `observer` asked to stop.
pub(crate) fn visibility(scene: &Scene, shots: &[Shot], observer: &mut dyn Observer) -> Result<Vec<f32>, ExportError> {
    let (_, looping) = scene.tiles.counts();
    let mut all = vec![0.0; looping];
    for some in shots.chunks(rayon::current_num_threads()) {
        let seen: Vec<Vec<f64>> = some.par_iter().map(|shot| squares(scene, shot, looping)).collect();
        for one in seen {
            all.iter_mut().zip(one).for_each(|(a, b)| *a += b);
        }
        check(observer.event(Event::step("looking at tiles", 0.0)), ExportError::Stopped)?;
    }
    let rays = (shots.len() * (TILE / STEP).pow(2)) as f64;
    Ok(all.into_iter().map(|sum| (sum / rays).sqrt().min(1.0) as f32).collect())
}

/// For each looping tile the sum of squared transmittance over the rays of a shot.
fn squares(scene: &Scene, shot: &Shot, looping: usize) -> Vec<f64> {
    let mut sums = vec![0.0; looping];
    let camera = &shot.camera;
    let projector = PlaneProjector::new(&scene.reference, &scene.planes, camera);
    let frame = shot.time.rem_euclid(scene.frames as f64) as usize % scene.frames;
    let [width, height] = [camera.width as usize, camera.height as usize];
    for (y, x) in (0..height).step_by(STEP).flat_map(|y| (0..width).step_by(STEP).map(move |x| (y, x))) {
        let Some((a, b)) = projector.pixel_slopes(x as f64 + 0.5, y as f64 + 0.5) else { continue };
        let mut transmittance = 1.0;
        for plane in projector.planes() {
            let (x, y) = projector.on_plane(plane, a, b);
            let Some(taps) = scene.tiles.taps(plane, x, y) else { continue };
            let mut alpha = 0.0;
            for tap in taps {
                let texels = match tap.tile {
                    Tile::Empty => continue,
                    Tile::Static(tile) => &scene.static_texels[tile as usize * TILE_VALUES..],
                    Tile::Looping(tile) => {
                        sums[tile as usize] += f64::from(tap.weight * transmittance * transmittance);
                        &scene.looping_texels[(tile as usize * scene.frames + frame) * TILE_VALUES..]
                    }
                };
                alpha += tap.weight * f32::from(texels[4 * tap.texel + 3]) * UNIT;
            }
            transmittance *= 1.0 - alpha;
            if transmittance < DARK {
                break;
            }
        }
    }
    sums
}
