//! Clips whose cameras do what is known.

use super::*;

const SIZE: Size = (256, 160);

/// A wall's colour.
fn wall(p: DVec2) -> f64 {
    let wave = |a: f64, b: f64| (a * p.x + b * p.y).sin();
    0.5 + 0.16 * wave(0.31, 0.17) * wave(-0.07, 0.23)
        + 0.14 * wave(0.53, -0.41)
        + 0.12 * wave(0.9, 0.8) * wave(0.2, -0.9)
}

/// A frame: for each pixel the scene at the place of the first frame that `first_from_frame` says, of `depth` layers. A near
/// layer of bars moves by `parallax` more; a patch in the middle flickers by itself.
fn frame(first_from_frame: &DMat3, parallax: DVec2, index: usize) -> Vec<u8> {
    let pixel = |i: u32| {
        let place = DVec2::new(f64::from(i % SIZE.0) + 0.5, f64::from(i / SIZE.0) + 0.5);
        let at = through(first_from_frame, place);
        let near = at - parallax;
        let value = if (near.x / 32.0).rem_euclid(2.0) < 0.7 { wall(near * 1.3 + 500.0) } else { wall(at) };
        let fire = at.distance(DVec2::new(128.0, 80.0)) < 30.0;
        let value = if fire { wall(at * 1.7 + 40.0 * index as f64) } else { value };
        [(255.0 * value).clamp(0.0, 255.0).round() as u8; 3]
    };
    (0..SIZE.0 * SIZE.1).flat_map(pixel).collect()
}

/// A hand's motion: `shift` pixels and `turn` degrees about the middle, at most.
fn hand(index: usize, shift: f64, turn: f64) -> DMat3 {
    let t = index as f64;
    let middle = DVec2::new(128.0, 80.0);
    let moved = DVec2::new((0.9 * t).sin() + 0.3 * (2.7 * t).sin(), (0.7 * t + 1.0).sin() - 1f64.sin()) * shift / 1.5;
    DMat3::from_translation(middle + moved)
        * DMat3::from_angle((turn * (0.5 * t).sin()).to_radians())
        * DMat3::from_translation(-middle)
}

fn follow(frames: impl Iterator<Item = Vec<u8>>) -> Motion {
    let mut frames = frames;
    let mut follower = Follower::new(&frames.next().unwrap(), SIZE);
    for frame in frames {
        assert!(follower.push(&frame));
    }
    follower.finish()
}

#[test]
fn a_hand_s_motion_is_measured_to_a_tenth_of_a_pixel() {
    let motion = follow((0..24).map(|i| frame(&hand(i, 6.0, 0.5).inverse(), DVec2::ZERO, i)));
    assert!(motion.is_known() && motion.unsure == 0, "{}", motion.unsure);
    for (index, found) in motion.from_first.iter().enumerate() {
        let rest = found.inverse() * hand(index, 6.0, 0.5);
        assert!(largest(&rest, SIZE) < 0.1, "frame {index} is off by {} px", largest(&rest, SIZE));
    }
    assert!(motion.largest_px > 5.0 && !motion.is_still() && !motion.travels(), "{}", motion.parallax_px);
}

#[test]
fn a_tripod_is_still_though_the_fire_moves() {
    let motion = follow((0..12).map(|i| frame(&DMat3::IDENTITY, DVec2::ZERO, i)));
    assert!(motion.largest_px < 0.05 && motion.parallax_px < 0.2, "{} {}", motion.largest_px, motion.parallax_px);
}

#[test]
fn a_travelling_camera_s_parallax_is_measured() {
    let travel = |i: usize| DVec2::new(4.0 * (0.4 * i as f64).sin(), 0.0);
    let motion = follow((0..16).map(|i| frame(&hand(i, 2.0, 0.2).inverse(), travel(i), i)));
    assert!(motion.travels(), "{}", motion.parallax_px);
    // The farthest is 4 px to one side of the first frame.
    assert!((motion.parallax_px - 4.0).abs() < 1.0, "{}", motion.parallax_px);
}

#[test]
fn a_frame_of_something_else_is_told() {
    let mut follower = Follower::new(&frame(&DMat3::IDENTITY, DVec2::ZERO, 0), SIZE);
    assert!(!follower.push(&vec![40; (SIZE.0 * SIZE.1 * 3) as usize]));
}
