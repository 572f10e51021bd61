//! Clips of things that go along arrows, with their exact tracks: one to three in a scene, or everything, as if the camera turned.

use super::pool::{FRAMES, SIDE};
use crate::motion::{Arrow, Mask, Move, Part, tracks};
use glam::DVec2;
use loop3d_sample::scenes::{Glide, TrainingSample, View};
use loop3d_scene::Camera;

/// Points of a mask.
const POINTS: usize = 16;
/// Share of the clips in which everything moves.
const WHOLE: f64 = 0.15;
/// How far everything may move, in pixels.
const FAR: u32 = 16;
/// Most draws of an arrow that stays in the picture.
const DRAWS: usize = 50;

/// What moves in a clip.
#[derive(Clone, Debug)]
pub(super) struct Moves {
    /// The tracks of its points, in pixels, one part for each thing.
    pub(super) parts: Vec<Part>,
    /// Which pixels move, 0 or 1: `[frames, h, w]`.
    pub(super) moving: Vec<f32>,
    /// Whether everything does.
    pub(super) whole: bool,
}

/// Adds something that moves to a sample: the clip of its first camera, `[frames, h, w, 3]`, and where it moves.
pub(super) fn moved(mut sample: TrainingSample, seed: u64) -> (Vec<u8>, Moves) {
    let mut random = fastrand::Rng::with_seed(seed);
    let camera = sample.cameras[0];
    if random.f64() < WHOLE {
        return everything(&sample, &camera, &mut random);
    }
    let count = random.usize(1..=3);
    let (mut all, mut moving) = (Vec::new(), vec![0.0; FRAMES * (SIDE * SIDE) as usize]);
    for _ in 0..count {
        let radius = random.f64() * 5.0 + 4.0;
        let arrow = arrow(&mut random, radius, 24.0);
        let way = arrow.there_and_back(FRAMES);
        let near = 0.45 + 0.35 * random.f64();
        sample.scene.glide(
            &camera,
            &Glide { way: way.clone(), radius, depth_m: sample.standpoint.distance_m * near, seed: random.u64(..) },
        );
        for (frame, centre) in way.iter().enumerate() {
            let pixels = &mut moving[frame * (SIDE * SIDE) as usize..][..(SIDE * SIDE) as usize];
            pixels
                .iter_mut()
                .zip(disc(*centre, radius))
                .for_each(|(pixel, inside)| *pixel = f32::max(*pixel, inside.into()));
        }
        // Not to its very rim: what is there is background in other frames.
        let mask = Mask { width: SIDE, height: SIDE, inside: disc(way[0], 0.8 * radius).map(|x| x == 1).collect() };
        all.push(Move { mask, arrow });
    }
    let parts = tracks(&all, POINTS, FRAMES, true, random.u64(..));
    let view = View::new(&sample.scene, &camera);
    ((0..FRAMES).flat_map(|frame| view.frame(frame, FRAMES)).collect(), Moves { parts, moving, whole: false })
}

/// Which pixels lie around a place, row by row.
fn disc(centre: DVec2, radius: f64) -> impl Iterator<Item = u8> {
    let pixel = |i: u32| DVec2::new(f64::from(i % SIDE) + 0.5, f64::from(i / SIDE) + 0.5);
    (0..SIDE * SIDE).map(move |i| u8::from(pixel(i).distance(centre) <= radius))
}

/// An arrow of one or two pieces, 6 pixels to `longest`, that stays `margin` away from the rim.
fn arrow(random: &mut fastrand::Rng, margin: f64, longest: f64) -> Arrow {
    let side = f64::from(SIDE);
    let inside = |point: DVec2| (point.cmpge(DVec2::splat(margin)) & point.cmple(DVec2::splat(side - margin))).all();
    let start = |random: &mut fastrand::Rng| {
        let mut place = || margin + (side - 2.0 * margin) * random.f64();
        DVec2::new(place(), place())
    };
    for _ in 0..DRAWS {
        let from = start(random);
        let length = 6.0 + (longest - 6.0) * random.f64();
        let angle = random.f64() * std::f64::consts::TAU;
        let bend = if random.bool() { (random.f64() - 0.5) * std::f64::consts::PI } else { 0.0 };
        let middle = from + DVec2::from_angle(angle) * (0.5 * length);
        let to = middle + DVec2::from_angle(angle + bend) * (0.5 * length);
        if inside(middle) && inside(to) {
            return Arrow { points: [from, middle, to].map(Into::into).to_vec(), frames: None };
        }
    }
    let middle = side / 2.0;
    Arrow { points: vec![[middle - 4.0, middle], [middle + 4.0, middle]], frames: None }
}

/// Everything moves: a window that slides over a wider picture.
fn everything(sample: &TrainingSample, camera: &Camera, random: &mut fastrand::Rng) -> (Vec<u8>, Moves) {
    let wide_side = SIDE + 2 * FAR;
    let wide = Camera { width: wide_side, height: wide_side, center_px: camera.center_px + f64::from(FAR), ..*camera };
    let arrow = arrow(random, 4.0, f64::from(FAR) - 2.0);
    let way = arrow.there_and_back(FRAMES);
    let view = View::new(&sample.scene, &wide);
    let mut clip = Vec::with_capacity(FRAMES * 3 * (SIDE * SIDE) as usize);
    for (frame, place) in way.iter().enumerate() {
        let corner = DVec2::splat(f64::from(FAR)) - (*place - way[0]);
        window(&view.frame(frame, FRAMES), wide_side as usize, corner, &mut clip);
    }
    let mask = Mask::whole([SIDE; 2]);
    let parts = tracks(&[Move { mask, arrow }], POINTS, FRAMES, true, random.u64(..));
    (clip, Moves { parts, moving: vec![1.0; FRAMES * (SIDE * SIDE) as usize], whole: true })
}

/// The window of a picture whose upper left corner is at a place, bilinear.
fn window(rgb: &[u8], width: usize, corner: DVec2, out: &mut Vec<u8>) {
    let (left, top) = (corner.x.floor(), corner.y.floor());
    let (u, v) = (corner.x - left, corner.y - top);
    for y in 0..SIDE as usize {
        for x in 0..SIDE as usize {
            let at = |dx: usize, dy: usize, channel: usize| {
                let (x, y) = ((left as usize + x + dx).min(width - 1), (top as usize + y + dy).min(width - 1));
                f64::from(rgb[3 * (y * width + x) + channel])
            };
            for channel in 0..3 {
                let row = |dy: usize| at(0, dy, channel) * (1.0 - u) + at(1, dy, channel) * u;
                out.push((row(0) * (1.0 - v) + row(1) * v).round() as u8);
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::metrics::{followed, obj_mc};
    use loop3d_media::Clip;
    use loop3d_sample::scenes::TrainingConfig;

    #[test]
    fn tracks_are_where_the_things_go() {
        let config = TrainingConfig { views: 1, ..TrainingConfig::default() };
        let (mut off, mut still, mut whole) = (0.0, 0.0, 0);
        for index in 0..24 {
            let (rgb, moves) = moved(config.sample(index, 0.0), index);
            let clip = Clip { width: 64, height: 64, frames: FRAMES, rgb };
            let wanted: Vec<_> = moves.parts.iter().flat_map(|part| part.points.clone()).collect();
            let starts: Vec<DVec2> = wanted.iter().map(|path| path[0]).collect();
            off += obj_mc(&wanted, &followed(&clip, &starts).unwrap()).unwrap() / 24.0;
            let resting: Vec<_> = starts.iter().map(|start| vec![*start; FRAMES]).collect();
            still += obj_mc(&wanted, &resting).unwrap() / 24.0;
            whole += u32::from(moves.whole);
            let share = moves.moving.iter().sum::<f32>() / moves.moving.len() as f32;
            assert!(if moves.whole { share == 1.0 } else { (0.01..0.2).contains(&share) }, "{index}: {share}");
        }
        println!("{off} {still} {whole}");
        assert!(off < 0.35 * still && still > 4.0 && (1..8).contains(&whole), "{off} px of {still} px, {whole} whole");
    }
}
