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

/// What moves in the scene by itself.
#[derive(Clone, Copy, PartialEq)]
enum Moving {
    /// A patch in the middle shows something else in every frame.
    Fire,
    /// The left third sways by three pixels, each place at its own time.
    Water,
}

/// A frame: for each pixel the scene at the place of the first frame that `first_from_frame` says. A near layer of bars moves by
/// `parallax` more.
fn frame(first_from_frame: &DMat3, parallax: DVec2, index: usize, moving: Moving) -> Vec<u8> {
    let pixel = |i: u32| {
        let place = DVec2::new(f64::from(i % SIZE.0) + 0.5, f64::from(i / SIZE.0) + 0.5);
        let mut at = through(first_from_frame, place);
        let near = at - parallax;
        let value = if (near.x / 32.0).rem_euclid(2.0) < 0.7 {
            wall(near * 1.3 + 500.0)
        } else if moving == Moving::Fire && at.distance(DVec2::new(128.0, 80.0)) < 30.0 {
            wall(at * 1.7 + 40.0 * index as f64)
        } else {
            if moving == Moving::Water && at.x < f64::from(SIZE.0) / 3.0 {
                let phase = 0.07 * at.x + 0.05 * at.y;
                at += 3.0 * DVec2::new((0.6 * index as f64 + phase).sin(), (0.47 * index as f64 - 2.0 * phase).sin());
            }
            wall(at)
        };
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
    let motion = follow((0..24).map(|i| frame(&hand(i, 6.0, 0.5).inverse(), DVec2::ZERO, i, Moving::Fire)));
    assert!(motion.is_known() && motion.unsure == 0, "{}", motion.unsure);
    for (index, found) in motion.from_first.iter().enumerate() {
        let rest = found.inverse() * hand(index, 6.0, 0.5);
        assert!(largest(&rest, SIZE) < 0.1, "frame {index} is off by {} px", largest(&rest, SIZE));
    }
    assert!(motion.largest_px > 5.0 && !motion.is_still() && !motion.travels(), "{:?}", motion.parallax_px);
}

/// Most of the picture sways together, as a flag does before a house: the camera stands all the same.
#[test]
fn a_camera_stands_where_a_good_part_of_the_picture_does() {
    let flag = |index: usize| {
        let swaying = frame(&hand(index, 5.0, 0.5).inverse(), DVec2::ZERO, index, Moving::Fire);
        let house = frame(&DMat3::IDENTITY, DVec2::ZERO, 0, Moving::Fire);
        let bytes = swaying.iter().zip(&house).enumerate();
        bytes.map(|(at, (flag, house))| if at / 3 % 256 < 166 { *flag } else { *house }).collect::<Vec<u8>>()
    };
    let motion = follow((0..24).map(flag));
    assert!(motion.is_still() && !motion.travels(), "{:?} {:?}", motion.largest_px, motion.parallax_px);
    // With a camera that moves along, nothing stands.
    let moved = follow((0..24).map(|i| frame(&hand(i, 5.0, 0.5).inverse(), DVec2::ZERO, i, Moving::Water)));
    assert!(!moved.is_still(), "{}", moved.largest_px);
}

/// A third of the image, which moves by itself, is not parallax; nor is a hand that turns the camera.
#[test]
fn a_camera_that_does_not_travel_has_no_parallax() {
    for moving in [Moving::Fire, Moving::Water] {
        for shake in [0.0, 1.0] {
            let first_from = |i| hand(i, 6.0 * shake, 0.5 * shake).inverse();
            let motion = follow((0..16).map(|i| frame(&first_from(i), DVec2::ZERO, i, moving)));
            assert!(motion.is_known() && motion.parallax_px.unwrap() < 0.5, "{:?}", motion.parallax_px);
            assert_eq!(motion.largest_px < 0.1, shake == 0.0, "{}", motion.largest_px);
        }
    }
}

#[test]
fn a_travelling_camera_s_parallax_is_measured() {
    for moving in [Moving::Fire, Moving::Water] {
        for px in [1.5, 3.0, 6.0, 12.0] {
            // Out to `px` and back.
            let travel = |i: usize| DVec2::new(px * (std::f64::consts::PI * i as f64 / 15.0).sin(), 0.0);
            let motion = follow((0..16).map(|i| frame(&hand(i, 2.0, 0.2).inverse(), travel(i), i, moving)));
            let found = motion.parallax_px.unwrap();
            assert!(motion.travels() && (found - px).abs() < 0.25 * px + 0.2, "{found} of {px} px");
        }
    }
}

/// A wall that shows next to nothing, and a sensor's noise.
#[test]
fn of_too_little_texture_nothing_is_said() {
    let mut state = 1u32;
    let mut noise = move || {
        state = state.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
        (state >> 30) as u8
    };
    let motion = follow((0..8).map(|_| (0..SIZE.0 * SIZE.1).flat_map(|_| [120 + noise(); 3]).collect()));
    assert!(!motion.is_known() && !motion.travels() && motion.parallax_px.is_none(), "{motion:?}");
    assert_eq!(motion.from_first.len(), 8);
}

#[test]
fn a_frame_of_something_else_is_told() {
    let mut follower = Follower::new(&frame(&DMat3::IDENTITY, DVec2::ZERO, 0, Moving::Fire), SIZE);
    assert!(!follower.push(&vec![40; (SIZE.0 * SIZE.1 * 3) as usize]));
}
