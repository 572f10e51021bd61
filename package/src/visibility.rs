//! How much of each looping tile is seen from where the scene was filmed.
//!
//! An error of a texel shows in a picture times the light that comes through what stands before it. So the mean square error of
//! pictures counts a tile's own with the square of that light, summed over the pixels that show it.

use loop3d_scene::{PlaneProjector, Scene, Shot, TILE, TILE_VALUES, Tile, UNIT};
use rayon::prelude::*;

/// Pixels of a view from one ray to the next, across and down.
const STEP: usize = 2;
/// Light that is no longer followed.
const DARK: f32 = 1.0 / 512.0;

/// For each looping tile the share of its error that shows, root mean square over the shots: 1 where all cameras see it whole and
/// unhidden at a texel to a pixel. `None` where `tick`, called now and then, says stop.
pub(crate) fn visibility(scene: &Scene, shots: &[Shot], tick: &mut dyn FnMut() -> bool) -> Option<Vec<f32>> {
    let (_, looping) = scene.tiles.counts();
    let mut all = vec![0.0; looping];
    for some in shots.chunks(rayon::current_num_threads()) {
        let seen: Vec<Vec<f64>> = some.par_iter().map(|shot| squares(scene, shot, looping)).collect();
        for one in seen {
            all.iter_mut().zip(one).for_each(|(a, b)| *a += b);
        }
        if !tick() {
            return None;
        }
    }
    let rays = (shots.len() * (TILE / STEP).pow(2)) as f64;
    Some(all.into_iter().map(|sum| (sum / rays).sqrt().min(1.0) as f32).collect())
}

/// For each looping tile the sum of squared light over rays of a shot.
fn squares(scene: &Scene, shot: &Shot, looping: usize) -> Vec<f64> {
    let mut sums = vec![0.0; looping];
    let camera = &shot.camera;
    let projector = PlaneProjector::new(&scene.reference, &scene.planes, camera);
    let frame = shot.time.rem_euclid(scene.frames as f64) as usize % scene.frames;
    let [width, height] = [camera.width as usize, camera.height as usize];
    for (y, x) in (0..height).step_by(STEP).flat_map(|y| (0..width).step_by(STEP).map(move |x| (y, x))) {
        let Some((a, b)) = projector.pixel_slopes(x as f64 + 0.5, y as f64 + 0.5) else { continue };
        let mut light = 1.0;
        for plane in projector.planes() {
            let (x, y) = projector.on_plane(plane, a, b);
            let Some(taps) = scene.tiles.taps(plane, x, y) else { continue };
            let mut alpha = 0.0;
            for tap in taps {
                let texels = match tap.tile {
                    Tile::Empty => continue,
                    Tile::Static(tile) => &scene.static_texels[tile as usize * TILE_VALUES..],
                    Tile::Looping(tile) => {
                        sums[tile as usize] += f64::from(tap.weight * light * light);
                        &scene.looping_texels[(tile as usize * scene.frames + frame) * TILE_VALUES..]
                    }
                };
                alpha += tap.weight * f32::from(texels[4 * tap.texel + 3]) * UNIT;
            }
            light *= 1.0 - alpha;
            if light < DARK {
                break;
            }
        }
    }
    sums
}
