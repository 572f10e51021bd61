//! Clips: deterministic by index, periodic, moving.

use super::*;
use crate::scenes::dice::Dice;

/// The number of bytes of two frames that differ by more than `than`, and their largest difference.
fn differing(a: &[u8], b: &[u8], than: u8) -> (usize, u8) {
    let differences = a.iter().zip(b).map(|(a, b)| a.abs_diff(*b));
    (differences.clone().filter(|d| *d > than).count(), differences.max().unwrap_or(0))
}

#[test]
fn an_index_gives_the_same_bytes_on_any_number_of_threads() {
    let config = TrainingConfig { width: 40, height: 32, ..TrainingConfig::default() };
    for index in [0, 7, 1_000_000_007] {
        let render = || {
            let sample = config.sample(index, 12.0);
            let geometry = View::new(&sample.scene, &sample.cameras[1]).geometry(3, 4);
            (sample.caption.to_string(), sample.clips(4), geometry)
        };
        let pool = |threads| rayon::ThreadPoolBuilder::new().num_threads(threads).build().unwrap();
        let one = pool(1).install(render);
        assert_eq!(one, pool(3).install(render));
        assert_eq!(one.1[0].len(), 4 * 40 * 32 * 3);
        assert_ne!(one.1[0], one.1[1], "two cameras see different images");
        let other = config.sample(index + 1, 12.0).clips(4);
        assert!(differing(&one.1[0], &other[0], 8).0 > one.1[0].len() / 4);
    }
    // The scene does not depend on the number of cameras, nor on their spread.
    let (two, four) = (config.sample(5, 6.0), TrainingConfig { views: 4, ..config }.sample(5, 20.0));
    assert_eq!(two.scene.caption(), four.scene.caption());
    let camera = camera(0.0, 32);
    assert_eq!(View::new(&two.scene, &camera).frame(1, 4), View::new(&four.scene, &camera).frame(1, 4));
}

/// Every action closes: the frame after the last is the first bit for bit; the motion arrives where it began, and not only
/// because the time is reduced; neighbours are nearer to each other than the loop is wide; something moves.
#[test]
fn every_thing_moves_and_closes() {
    for thing in Thing::ALL {
        let scene = Scene::new(&Caption::of(*thing), 11, &MIDDLE);
        let view = View::new(&scene, &camera(4.0, 48));
        let frames: Vec<Vec<u8>> = (0..16).map(|index| view.frame(index, 16)).collect();
        assert_eq!(view.frame(16, 16), frames[0]);
        assert_eq!(view.frame(37, 16), frames[5]);
        // Just before the end of the clip, where nothing is reduced, everything is back within half a thousandth of a clip.
        let (off, _) = differing(&view.moment(0.9999), &frames[0], 24);
        assert!(off < 48 * 48 * 3 / 300, "{}: {off} bytes jump at the seam", thing.word());
        let (moved, largest) = differing(&frames[0], &frames[6], 3);
        assert!(moved > 30 && largest > 7, "{}: {moved} bytes move by up to {largest}", thing.word());
        // The seam is no larger than other transitions.
        let step = |i: usize| {
            let (a, b) = (&frames[i], &frames[(i + 1) % 16]);
            a.iter().zip(b).map(|(a, b)| f64::from(a.abs_diff(*b))).sum::<f64>()
        };
        let inner = (0..15).map(step).sum::<f64>() / 15.0;
        let largest = (0..15).map(step).fold(0.0, f64::max);
        assert!(step(15) <= 1.5 * inner.max(0.67 * largest), "{}: seam {}, inner {inner}", thing.word(), step(15));
        // What is said to be still is still.
        let mask = view.moving_mask();
        for frame in &frames[1..] {
            let wrong = frame.iter().zip(&frames[0]).enumerate().filter(|(i, (a, b))| a != b && !mask[i / 3]).count();
            assert_eq!(wrong, 0, "{}", thing.word());
        }
    }
}

#[test]
fn scenes_have_texture() {
    // Without texture there is no parallax to learn: most neighbours differ at least a little in the grounds and backdrops.
    for index in 0..12 {
        let dice = &mut Dice::new(21, index, 9);
        let caption = Caption { sky: Some(Sky::Noon), style: Some(Style::Photo), ..Caption::draw(dice) };
        if caption.thing == Thing::Clouds {
            continue;
        }
        let scene = Scene::new(&caption, index, &MIDDLE);
        let view = View::new(&scene, &camera(0.0, 64));
        let (frame, geometry) = (view.frame(0, 16), view.geometry(0, 16));
        let ground = geometry.ground();
        let near = |i: &usize| ground[*i] && geometry.depth_m[*i] < 3.5;
        let values: Vec<f64> = (0..64 * 64).filter(near).map(|i| f64::from(frame[3 * i + 1])).collect();
        let mean = values.iter().sum::<f64>() / values.len() as f64;
        let deviation = (values.iter().map(|v| (v - mean).powi(2)).sum::<f64>() / values.len() as f64).sqrt();
        assert!(values.len() > 200 && deviation > 3.0, "{caption}: {} pixels, deviation {deviation}", values.len());
    }
}
