//! Things that pass once: found, and replaced by other times of the same place.

use loop3d_capture::Clip;
use loop3d_optimizer::passers::Passers;

const WIDTH: usize = 192;
const HEIGHT: usize = 108;
const FRAMES: usize = 120;

/// Waves before a wall with a pattern: the lower half moves, and its motion repeats only roughly.
fn background(t: usize, x: usize, y: usize) -> [u8; 3] {
    if y < HEIGHT / 2 {
        let brick = if (x / 12 + y / 6).is_multiple_of(2) { 150 } else { 120 };
        return [brick, brick - 20, brick - 40];
    }
    let (x, y, t) = (x as f64, y as f64, t as f64);
    let wave = (x * 0.21 + t * 0.37).sin() + (x * 0.13 - y * 0.31 + t * 0.23).sin() + (y * 0.4 + t * 0.59).sin();
    let level = 110.0 + 20.0 * wave;
    [(level * 0.5) as u8, (level * 0.8) as u8, level as u8]
}

/// A person in red and black, 20 × 60 pixels, at the left edge `left`.
fn person(x: usize, y: usize, left: i64) -> Option<[u8; 3]> {
    let (dx, dy) = (x as i64 - left, y as i64 - 30);
    let inside = (0..20).contains(&dx) && (0..60).contains(&dy);
    inside.then(|| if dy < 25 { [190, 30 + (dx * 3) as u8, 40] } else { [20, 20, 25 + (dx % 4 * 8) as u8] })
}

/// The background with a person whose left edge at a time is `left(t)`.
fn clip(left: impl Fn(usize) -> Option<i64>) -> Clip {
    let mut rgb = Vec::with_capacity(FRAMES * WIDTH * HEIGHT * 3);
    for t in 0..FRAMES {
        let left = left(t);
        for y in 0..HEIGHT {
            for x in 0..WIDTH {
                let passer = left.and_then(|left| person(x, y, left));
                rgb.extend(passer.unwrap_or_else(|| background(t, x, y)));
            }
        }
    }
    Clip { width: WIDTH, height: HEIGHT, frames: FRAMES, rgb }
}

/// From the left to the right between frames 40 and 90.
fn walk(t: usize) -> Option<i64> {
    (40..90).contains(&t).then(|| (t as i64 - 40) * 4 - 10)
}

#[test]
fn a_scene_without_passers_stays_as_it_is() {
    assert!(Passers::find(&clip(|_| None)).is_none());
}

#[test]
fn a_person_who_walks_by_is_found_where_and_when() {
    let found = Passers::find(&clip(walk)).unwrap();
    let [passage] = found.passages() else { panic!("{:?}", found.passages()) };
    assert!((38..=43).contains(&passage.frames.start) && (86..=92).contains(&passage.frames.end), "{passage:?}");
    assert!(passage.across.start < 0.05 && passage.across.end > 0.95, "{passage:?}");
    assert!((0.2..0.32).contains(&passage.down.start) && (0.8..0.92).contains(&passage.down.end), "{passage:?}");
    // 20 × 60 of 192 × 108 pixels in 50 of 120 frames are 0.024, and a rim of two cells about them.
    assert!((0.024..0.09).contains(&found.part()), "{}", found.part());
}

#[test]
fn what_stands_in_is_the_scene_without_the_person() {
    let (mut replaced, clean) = (clip(walk), clip(|_| None));
    Passers::find(&replaced).unwrap().replace(&mut replaced);
    let mut wall: f64 = 0.0;
    let (mut water, mut water_values) = (0.0, 0);
    for t in 0..FRAMES {
        let Some(left) = walk(t) else { continue };
        for (y, x) in
            (0..HEIGHT).flat_map(|y| (0..WIDTH).map(move |x| (y, x))).filter(|(y, x)| person(*x, *y, left).is_some())
        {
            for c in 0..3 {
                let at = ((t * HEIGHT + y) * WIDTH + x) * 3 + c;
                let difference = (f64::from(replaced.rgb[at]) - f64::from(clean.rgb[at])).abs();
                if y < HEIGHT / 2 {
                    wall = wall.max(difference);
                } else {
                    water += difference;
                    water_values += 1;
                }
            }
        }
    }
    // The wall is still: it comes back exactly. Waves are those of another time, whose mean difference is about 15.
    assert_eq!(wall, 0.0);
    assert!(water / f64::from(water_values) < 25.0, "{}", water / f64::from(water_values));
}

#[test]
fn what_comes_back_is_kept() {
    // A pendulum: to and fro every 30 frames.
    let pendulum = |t: usize| Some(80 + (60.0 * (t as f64 * std::f64::consts::TAU / 30.0).sin()) as i64);
    assert!(Passers::find(&clip(pendulum)).is_none());
}

#[test]
fn what_stays_for_good_is_kept() {
    // A person who comes and stays is half of the clip.
    let stays = |t: usize| (t > 50).then(|| ((t as i64 - 50) * 6).min(90));
    let kept = clip(stays);
    let mut replaced = kept.clone();
    if let Some(found) = Passers::find(&kept) {
        found.replace(&mut replaced);
    }
    let (y, x) = (50, 100);
    for t in 70..FRAMES {
        let at = ((t * HEIGHT + y) * WIDTH + x) * 3;
        assert_eq!(replaced.rgb[at..at + 3], kept.rgb[at..at + 3], "frame {t}");
    }
}

#[test]
fn short_and_tiny_clips_are_left_alone() {
    let mut short = clip(walk);
    short.truncate(19);
    assert!(Passers::find(&short).is_none());
    let tiny = Clip { width: 3, height: 2, frames: 50, rgb: vec![7; 3 * 2 * 50 * 3] };
    assert!(Passers::find(&tiny).is_none());
}
