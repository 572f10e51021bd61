//! Clips whose truth is known, closed from file to frames.
#![allow(missing_docs, clippy::unwrap_used, reason = "tests")]

use loop3d_closing::{Closed, ClosingError, Masks, Options, close};
use loop3d_media::{Encoder, Encoding, Ffmpeg, Purpose, Size, Source, images};
use loop3d_scene::job::{Event, Unwatched};
use loop3d_scene::{Blame, Fault};
use std::ops::ControlFlow;
use std::path::{Path, PathBuf};
use tempfile::TempDir;

const SIZE: Size = (128, 80);
const FPS: f64 = 25.0;

/// What stands still at a place: a texture with features.
fn wall(x: f64, y: f64) -> f64 {
    let wave = |a: f64, b: f64| (a * x + b * y).sin();
    120.0 + 40.0 * wave(0.31, 0.17) * wave(-0.07, 0.23) + 30.0 * wave(0.53, -0.41) + 25.0 * wave(0.9, 0.8)
}

/// A frame: the wall, and in the right third a curtain that waves once in 20 frames. The camera is off by `shift`.
fn frame(t: usize, shift: (f64, f64)) -> Vec<f64> {
    let value = |i: u32| {
        let (x, y) = (f64::from(i % SIZE.0) + shift.0, f64::from(i / SIZE.0) + shift.1);
        if x > 84.0 {
            let phase = std::f64::consts::TAU * (t as f64 / 20.0 + (x - 84.0) / 30.0);
            120.0 + 90.0 * phase.sin() * (0.13 * y).cos()
        } else {
            wall(x, y)
        }
    };
    (0..SIZE.0 * SIZE.1).map(value).collect()
}

/// Writes a clip of `frames` frames; `light` multiplies red, green and blue.
fn write(file: &Path, frames: usize, light: impl Fn(usize) -> [f64; 3], shift: impl Fn(usize) -> (f64, f64)) {
    let encoding = Encoding { size: SIZE, fps: FPS, purpose: Purpose::Footage };
    let mut encoder = Encoder::start(&Ffmpeg::default(), file, &encoding).unwrap();
    for t in 0..frames {
        let light = light(t);
        let rgb = frame(t, shift(t)).into_iter().flat_map(|value| light.map(|part| (value * part).round() as u8));
        encoder.frame(&rgb.collect::<Vec<u8>>()).unwrap();
    }
    encoder.finish().unwrap();
}

fn steady(_: usize) -> (f64, f64) {
    (0.0, 0.0)
}

fn even(_: usize) -> [f64; 3] {
    [1.0; 3]
}

fn closed(file: &Path, folder: &TempDir, options: &Options) -> Result<Closed, ClosingError> {
    close(&Source::at(file).unwrap(), options, folder.path(), &mut Unwatched)
}

fn frames(closed: &mut Closed) -> Vec<Vec<u8>> {
    (0..closed.report.frames).map(|index| closed.frame(index).unwrap()).collect()
}

/// Mean of one channel of the pixels for which `is_meant` holds.
fn mean(frame: &[u8], channel: usize, is_meant: impl Fn(usize) -> bool) -> f64 {
    let values: Vec<f64> = frame
        .chunks_exact(3)
        .enumerate()
        .filter(|(i, _)| is_meant(i % SIZE.0 as usize))
        .map(|(_, rgb)| f64::from(rgb[channel]))
        .collect();
    values.iter().sum::<f64>() / values.len() as f64
}

#[test]
fn what_waves_closes_and_what_stands_stays_exactly_still() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("a.mp4");
    write(&file, 90, even, steady);
    let mut closed = closed(&file, &folder, &Options::default()).unwrap();
    let report = closed.report.clone();
    assert_eq!((report.frames % 20, report.of, report.light, closed.size), (0, 90, 0.0, SIZE), "{report:?}");
    assert!(report.jump.unwrap() < 1.0 && report.seam.unwrap() < 1.1 && report.worst.unwrap() < 1.6, "{report:?}");
    assert!((report.moving - 1.0 / 3.0).abs() < 0.05, "{report:?}");
    let made = frames(&mut closed);
    for frame in &made {
        for (i, (rgb, first)) in frame.chunks_exact(3).zip(made[0].chunks_exact(3)).enumerate() {
            let x = i % SIZE.0 as usize;
            if x < 78 {
                assert_eq!(rgb, first, "{x}");
                let truth = wall(x as f64, (i / SIZE.0 as usize) as f64);
                assert!((f64::from(rgb[1]) - truth).abs() < 6.0, "{x}: {rgb:?}, {truth}");
            }
        }
    }
    // The curtain waves as it did: each frame is one of the clip's, and the next one is the one after.
    let phase = |frame: &[u8]| -> usize {
        let unlike = |t: &usize| {
            let truth = crate::frame(*t, (0.0, 0.0));
            let off = frame.chunks_exact(3).zip(truth).enumerate().filter(|(i, _)| i % SIZE.0 as usize > 90);
            off.map(|(_, (rgb, truth))| (f64::from(rgb[1]) - truth).abs()).sum::<f64>() as u64
        };
        (0..20).min_by_key(unlike).unwrap()
    };
    let phases: Vec<usize> = made.iter().map(|frame| phase(frame)).collect();
    assert!((0..made.len()).all(|t| phases[(t + 1) % made.len()] == (phases[t] + 1) % 20), "{phases:?}");
}

#[test]
fn light_that_drifts_comes_back() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("a.mp4");
    // 5 % brighter and 4 % warmer over the clip.
    let light = |t: usize| {
        let along = t as f64 / 89.0 - 0.5;
        [1.0 + 0.09 * along, 1.0 + 0.05 * along, 1.0 + 0.01 * along]
    };
    write(&file, 90, light, steady);
    let mut closed = closed(&file, &folder, &Options::default()).unwrap();
    assert!((0.03..0.07).contains(&closed.report.light), "{:?}", closed.report);
    let made = frames(&mut closed);
    // Over whole waves the curtain's mean is that of the clip, in each channel alike, and both ends of the file are alike.
    let curtain = |frame: &[u8], channel| mean(frame, channel, |x| x > 90);
    for channel in 0..3 {
        let before = curtain(made.last().unwrap(), channel);
        let (first, second) = (curtain(&made[0], channel), curtain(&made[1], channel));
        assert!((first - before).abs() < (second - first).abs() + 1.5, "{channel}: {before} {first} {second}");
        let half = made.len() / 2;
        let level =
            |part: &[Vec<u8>]| part.iter().map(|frame| curtain(frame, channel)).sum::<f64>() / part.len() as f64;
        assert!((level(&made[..half]) - level(&made[half..])).abs() < 1.2, "{channel}");
    }
    let warmth = |frame: &[u8]| curtain(frame, 0) - curtain(frame, 2);
    let range = made.iter().map(|frame| warmth(frame)).fold((f64::MAX, f64::MIN), |(a, b), w| (a.min(w), b.max(w)));
    assert!(range.1 - range.0 < 2.5, "the clip's own: 10 levels; {range:?}");
}

#[test]
fn a_hand_is_steadied_and_a_cut_is_named() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("hand.mp4");
    write(&file, 70, even, |t| (2.5 * (0.4 * t as f64).sin(), 2.0 * (0.3 * t as f64).sin()));
    let mut held = closed(&file, &folder, &Options::default()).unwrap();
    assert!(held.size.0 < SIZE.0 && held.size.0 > SIZE.0 - 12, "{:?}", held.size);
    assert!(held.report.notes.iter().any(|note| note.starts_with("held by hand")), "{:?}", held.report.notes);
    assert!(held.report.moving < 0.5, "{}", held.report.moving);
    let made = frames(&mut held);
    let width = held.size.0 as usize;
    let still = |frame: &[u8]| {
        frame.chunks_exact(3).enumerate().filter(|(i, _)| i % width < 60).map(|(_, rgb)| rgb[1]).collect::<Vec<_>>()
    };
    assert!(made.iter().all(|frame| still(frame) == still(&made[0])));

    let file = folder.path().join("cut.mp4");
    let encoding = Encoding { size: SIZE, fps: FPS, purpose: Purpose::Footage };
    let mut encoder = Encoder::start(&Ffmpeg::default(), &file, &encoding).unwrap();
    for t in 0..60 {
        let shift = if t < 30 { (0.0, 0.0) } else { (900.0, 333.0) };
        encoder.frame(&frame(t, shift).into_iter().flat_map(|value| [value as u8; 3]).collect::<Vec<u8>>()).unwrap();
    }
    encoder.finish().unwrap();
    let error = closed(&file, &folder, &Options::default()).err().unwrap();
    assert_eq!(error.fault(), Fault::Input);
    assert!(error.to_string().contains("cut.mp4: at 1.20 s the picture becomes another one"), "{error}");
    // A camera that pans away has nothing to loop.
    let file = folder.path().join("pan.mp4");
    write(&file, 50, even, |t| (2.0 * t as f64, 0.0));
    let error = closed(&file, &folder, &Options::default()).err().unwrap();
    assert!(matches!(error, ClosingError::TurnsAway { .. } | ClosingError::Travels { .. }), "{error}");
    let file = folder.path().join("cut.mp4");
    // One shot of it is fine.
    let options = Options { end: Some(1.2), ..Options::default() };
    assert_eq!(closed(&file, &folder, &options).unwrap().report.of, 30);
}

#[test]
fn masks_overrule_what_moves() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("a.mp4");
    write(&file, 60, even, steady);
    // Half the clip's size; the lower half is white.
    let mask = folder.path().join("mask.png");
    let white: Vec<u8> = (0..64 * 40).flat_map(|i| [if i / 64 >= 20 { 255 } else { 0 }; 3]).collect();
    images::write(&mask, &white, (64, 40)).unwrap();
    let moving = |masks: Masks| {
        let mut closed = closed(&file, &folder, &Options { masks, ..Options::default() }).unwrap();
        let made = frames(&mut closed);
        let changes = |i: usize| made.iter().any(|frame| frame[3 * i] != made[0][3 * i]);
        let part = |rows: std::ops::Range<usize>| {
            let pixels: Vec<usize> = rows.flat_map(|y| (92..128).map(move |x| y * 128 + x)).collect();
            pixels.iter().filter(|i| changes(**i)).count() as f64 / pixels.len() as f64
        };
        (part(0..36), part(44..80))
    };
    let (above, below) = moving(Masks::default());
    assert!(above > 0.9 && below > 0.9, "{above} {below}");
    let (above, below) = moving(Masks { still: Some(mask.clone()), ..Masks::default() });
    assert!(above > 0.9 && below == 0.0, "{above} {below}");
    let (above, below) = moving(Masks { moves: Some(mask), ..Masks::default() });
    assert!(above == 0.0 && below > 0.9, "{above} {below}");

    // The edge of a mask is soft, and what is kept still shows one frame, not the mean of all.
    let masks = Masks { still: Some(folder.path().join("mask.png")), ..Masks::default() };
    let mut soft = closed(&file, &folder, &Options { masks, ..Options::default() }).unwrap();
    let made = frames(&mut soft);
    let swing = |row: usize| {
        let values = made.iter().map(|frame| frame[3 * (row * 128 + 107)]);
        f64::from(values.clone().max().unwrap() - values.min().unwrap())
    };
    assert!(
        swing(34) > 1.5 * swing(40) && swing(40) > 1.5 * swing(43).max(1.0),
        "{} {} {}",
        swing(34),
        swing(40),
        swing(43)
    );
    let middle = frame(30, (0.0, 0.0));
    let off = (50..80).map(|y| (f64::from(made[0][3 * (y * 128 + 107)]) - middle[y * 128 + 107]).abs());
    assert!(off.fold(0.0, f64::max) < 8.0);

    let square = folder.path().join("square.png");
    images::write(&square, &[0; 300], (10, 10)).unwrap();
    let masks = Masks { still: Some(square), ..Masks::default() };
    let error = closed(&file, &folder, &Options { masks, ..Options::default() }).err().unwrap();
    assert!(
        error.to_string().ends_with("square.png: 10×10 pixels; expected the shape of the clip's frames, 128×80"),
        "{error}"
    );
}

#[test]
fn short_still_and_stopped_clips_are_told() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("short.mp4");
    write(&file, 7, even, steady);
    let error = closed(&file, &folder, &Options::default()).err().unwrap();
    assert_eq!(
        error.to_string().split(": ").nth(1),
        Some("7 frames; expected at least 12 for a loop and something to choose its jumps from")
    );
    let file = folder.path().join("a.mp4");
    write(&file, 40, even, steady);
    let error = closed(&file, &folder, &Options { seconds: Some(9.0), ..Options::default() }).err().unwrap();
    assert!(error.to_string().contains("40 frames; expected at least 229, for a loop of 225"), "{error}");

    // One frame again and again.
    let file = folder.path().join("still.mp4");
    let encoding = Encoding { size: SIZE, fps: FPS, purpose: Purpose::Footage };
    let mut encoder = Encoder::start(&Ffmpeg::default(), &file, &encoding).unwrap();
    let one: Vec<u8> = frame(0, (0.0, 0.0)).into_iter().flat_map(|value| [value as u8; 3]).collect();
    (0..20).for_each(|_| encoder.frame(&one).unwrap());
    encoder.finish().unwrap();
    let mut still = closed(&file, &folder, &Options::default()).unwrap();
    assert_eq!((still.report.frames, still.report.seam, still.report.moving), (25, None, 0.0));
    assert_eq!(still.report.notes, ["nothing in it moves: the loop is one image"]);
    assert_eq!(still.frame(0).unwrap(), still.frame(24).unwrap());
    drop(still);

    // Wherever it is stopped, nothing is left.
    let file = folder.path().join("a.mp4");
    let before = std::fs::read_dir(folder.path()).unwrap().count();
    for stage in ["reading the clip", "finding the length", "finding where to jump", "composing"] {
        let mut observer = |event: Event<'_>| match event {
            Event::Step { stage: at, .. } if at == stage => ControlFlow::Break(()),
            _ => ControlFlow::Continue(()),
        };
        let stopped = close(&Source::at(&file).unwrap(), &Options::default(), folder.path(), &mut observer);
        assert!(matches!(stopped.err(), Some(ClosingError::Stopped)), "{stage}");
    }
    assert_eq!(std::fs::read_dir(folder.path()).unwrap().count(), before);
}

#[test]
fn there_and_back_again_passes_each_frame_twice_but_the_turns() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("a.mp4");
    write(&file, 30, even, steady);
    let mut there = closed(&file, &folder, &Options { boomerang: true, ..Options::default() }).unwrap();
    assert_eq!(there.report.frames, 58);
    let first = |closed: &mut Closed, index: usize| closed.frame(index).unwrap();
    let start =
        (0..58).find(|&start| (1..29).all(|k| first(&mut there, start + k) == first(&mut there, start + 58 - k)));
    assert!(start.is_some());
}

#[test]
fn a_folder_of_frames_is_a_clip() {
    let folder = tempfile::tempdir().unwrap();
    let frames: PathBuf = folder.path().join("frames");
    std::fs::create_dir(&frames).unwrap();
    for t in 0..30 {
        let rgb: Vec<u8> = frame(t, (0.0, 0.0)).into_iter().flat_map(|value| [value as u8; 3]).collect();
        images::write(&frames.join(format!("{t}.png")), &rgb, SIZE).unwrap();
    }
    let closed = closed(&frames, &folder, &Options::default()).unwrap();
    assert_eq!((closed.report.of, closed.fps, closed.report.frames), (30, 25.0, 20));
}
