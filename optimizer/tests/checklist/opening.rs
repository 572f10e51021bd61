//! The stretch of a clip that a loop starts from.

use crate::common::camera;
use glam::DVec3;
use loop3d_capture::Clip;
use loop3d_optimizer::looping_stage::{model::Target, opening};
use loop3d_optimizer::pyramid::LevelView;
use std::borrow::Cow;
use std::f64::consts::TAU;

const WIDTH: usize = 5;
const HEIGHT: usize = 4;
const VALUES: usize = WIDTH * HEIGHT * 3;

fn view(frames: usize, value: impl Fn(usize, usize) -> u8) -> LevelView<'static> {
    let rgb = (0..frames).flat_map(|t| (0..VALUES).map(move |i| (t, i))).map(|(t, i)| value(t, i)).collect();
    let clip = Clip { width: WIDTH, height: HEIGHT, frames, rgb };
    LevelView { camera: camera(WIDTH as u32, HEIGHT as u32, 5.0, DVec3::ZERO), clip: Cow::Owned(clip) }
}

/// A frame of a target, as bytes of a picture.
fn frame(target: &Target, t: usize) -> Vec<u8> {
    target[t / 8].iter().flat_map(|pixel| pixel.map(|channel| channel[t % 8])).collect()
}

/// Brightness of value `i` at phase `t` of a loop of `period` frames: no two phases are alike.
fn periodic(t: usize, i: usize, period: usize) -> u8 {
    let phase = TAU * ((t % period) as f64 / period as f64 + i as f64 / VALUES as f64);
    (150.0 + 60.0 * phase.sin() + 30.0 * (2.0 * phase).cos()).round() as u8
}

#[test]
fn the_opening_leaves_a_calm_beginning_out_and_closes() {
    const CALM: usize = 5;
    for period in [8, 11] {
        let frames = CALM + 3 * period;
        let view = view(frames, |t, i| if t < CALM { 20 + (i % 7) as u8 } else { periodic(t, i, period) });
        let target = opening(&view, period);
        assert_eq!((target.len(), target[0].len()), (period.div_ceil(8), WIDTH * HEIGHT));
        let starts: Vec<usize> = (0..=frames - period)
            .filter(|s| (0..period).all(|t| frame(&target, t) == view.clip.frame(s + t)))
            .collect();
        // One whole period, from wherever: the same frames come again one and two periods later.
        assert!(!starts.is_empty() && starts.iter().all(|s| *s >= CALM), "period {period}: {starts:?}");
        // Frames after the last are none of the loop's.
        for lane in period % 8..8 {
            let last = &target[target.len() - 1];
            assert!(period % 8 == 0 || last.iter().all(|pixel| pixel.iter().all(|c| c[lane] == 0)));
        }
    }
}

#[test]
fn of_stretches_that_close_the_one_like_the_whole_clip_opens() {
    // Three stretches that all close (each is constant in time but for a flicker): dark, middle, bright. The mean of all
    // is the middle one's.
    let view = view(31, |t, _| [40, 120, 200][(t / 10).min(2)] + (t % 2) as u8);
    let target = opening(&view, 4);
    for t in 0..4 {
        let found = frame(&target, t);
        assert!(found.iter().all(|v| (120..=121).contains(v)), "frame {t}: {found:?}");
    }
}

#[test]
fn a_clip_shorter_than_the_loop_holds_its_last_frame() {
    let view = view(3, |t, i| (50 * t + i) as u8);
    let target = opening(&view, 10);
    for t in 0..10 {
        assert_eq!(frame(&target, t), view.clip.frame(t.min(2)), "frame {t}");
    }
}
