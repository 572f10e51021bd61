//! Rates, stretches of time, and videos on their side.

use crate::build::{ALL, npy, row, stills, video};
use loop3d_capture::{Capture, LoadOptions, load, load_poses};
use loop3d_scene::job::Unwatched;
use std::fs;
use std::path::Path;
use tempfile::TempDir;

/// Three clips of `seconds` whose frames have the grey 16 + 4·number (in limited range), at these rates.
fn ramps(rates: [u32; 3], seconds: u32) -> TempDir {
    let dir = stills();
    for (index, rate) in rates.into_iter().enumerate() {
        let ramp = format!("nullsrc=s=32x24:r={rate}:d={seconds},format=gray,geq=lum=4*N,scale=out_range=tv");
        video(dir.path(), &format!("videos/v{index}.mkv"), &ramp);
    }
    dir
}

/// Numbers of the frames of a view, from their greys.
fn numbers(capture: &Capture, view: usize) -> Vec<i64> {
    let clip = &capture.views[view].clip;
    (0..clip.frames).map(|t| (f64::from(clip.frame(t)[600]) / 4.0).round() as i64).collect()
}

fn loaded(dir: &Path, options: LoadOptions) -> Capture {
    let posed = load_poses(dir, &options).unwrap();
    let promised: Vec<Option<usize>> = posed.views.iter().map(|view| view.frames).collect();
    let capture = posed.load(&[0, 1, 2], &mut Unwatched).unwrap();
    for (view, promised) in capture.views.iter().zip(promised) {
        let off = promised.unwrap().abs_diff(view.clip.frames);
        assert!(off <= 1, "{promised:?} frames were promised, {} came", view.clip.frames);
    }
    capture
}

#[test]
fn stretches_and_rates_pick_frames() {
    let dir = ramps([25, 25, 25], 2);
    let with = |fps, start, end| loaded(dir.path(), LoadOptions { fps, start, end, ..LoadOptions::default() });
    assert_eq!(numbers(&with(None, None, None), 1), (0..50).collect::<Vec<_>>());
    let cut = with(None, Some(0.4), Some(1.2));
    assert_eq!((numbers(&cut, 2), cut.fps), ((10..30).collect(), 25.0));
    let slow = with(Some(5.0), Some(0.4), Some(1.2));
    assert_eq!(slow.fps, 5.0);
    let picked = numbers(&slow, 0);
    assert_eq!(picked.len(), 4);
    assert!(picked.windows(2).all(|pair| pair[1] - pair[0] == 5) && (10..=13).contains(&picked[0]), "{picked:?}");
    let late = load_poses(dir.path(), &LoadOptions { start: Some(2.5), ..LoadOptions::default() }).unwrap_err();
    assert!(late.to_string().ends_with("v0.mkv: --start is 2.5 s, but the clip is only 2.00 s long"), "{late}");
    let fast = load_poses(dir.path(), &LoadOptions { fps: Some(30.0), ..LoadOptions::default() }).unwrap_err();
    assert!(
        fast.to_string().ends_with("25.000 frames per second; expected at least 30, the --fps asked for"),
        "{fast}"
    );
    for (start, end, message) in
        [(Some(-1.0), None, "start is -1"), (Some(1.0), Some(0.5), "end is 0.5; expected more")]
    {
        let error = load_poses(dir.path(), &LoadOptions { start, end, ..LoadOptions::default() }).unwrap_err();
        assert!(error.to_string().contains(message), "{error}");
    }
}

#[test]
fn different_rates_come_to_the_lowest() {
    let dir = ramps([30, 15, 30], 1);
    let posed = load_poses(dir.path(), &ALL).unwrap();
    assert_eq!(posed.fps, 15.0);
    assert!(
        posed.notes[0].contains("15.000 to 30.000 frames per second; all are brought to 15.000"),
        "{:?}",
        posed.notes
    );
    let capture = loaded(dir.path(), LoadOptions::default());
    assert_eq!(numbers(&capture, 1), (0..15).collect::<Vec<_>>());
    let halved = numbers(&capture, 0);
    assert_eq!(halved.len(), 15);
    assert!(halved.windows(2).all(|pair| pair[1] - pair[0] == 2), "{halved:?}");
}

#[test]
fn pictures_have_the_rate_that_is_told() {
    let dir = stills();
    for view in ["a", "b", "c"] {
        for t in 0..10u8 {
            crate::build::picture(dir.path(), &format!("frames/{view}/{t}.png"), (32, 24), t);
        }
    }
    let options = LoadOptions { fps: Some(10.0), start: Some(0.3), end: Some(0.7), ..LoadOptions::default() };
    let capture = load(dir.path(), &options, &mut Unwatched).unwrap();
    let levels: Vec<u8> = (0..capture.views[1].clip.frames).map(|t| capture.views[1].clip.frame(t)[0]).collect();
    assert_eq!((levels, capture.fps), (vec![3, 4, 5, 6], 10.0));
}

/// A phone held upright stores pictures on their side, with a matrix in the track's header that says so: here a turn to the right by
/// 90°, written over the header's own.
#[test]
fn videos_on_their_side_stand_up() {
    let dir = tempfile::tempdir().unwrap();
    fs::write(dir.path().join("poses_bounds.npy"), npy(&[0., 1.].map(|x| row(x, 24, 32)))).unwrap();
    for index in 0..2 {
        // Stored: left half white.
        let half = "color=black:s=32x24:r=25:d=0.2,drawbox=w=16:h=24:c=white:t=fill";
        let file = video(dir.path(), &format!("videos/v{index}.mp4"), half);
        let mut bytes = fs::read(&file).unwrap();
        // Name, version and flags, two times, id, duration, layer and volume come before the matrix.
        let matrix = bytes.windows(4).position(|name| name == b"tkhd").unwrap() + 44;
        let turned: [u32; 9] = [0, 1 << 16, 0, (-1i32 << 16).cast_unsigned(), 0, 0, 24 << 16, 0, 1 << 30];
        assert_eq!(bytes[matrix..matrix + 4], (1u32 << 16).to_be_bytes());
        bytes[matrix..matrix + 36].copy_from_slice(&turned.map(u32::to_be_bytes).concat());
        fs::write(file, bytes).unwrap();
    }
    let capture = load(dir.path(), &ALL, &mut Unwatched).unwrap();
    let clip = &capture.views[1].clip;
    assert_eq!((clip.width, clip.height, clip.frames), (24, 32, 5));
    let level = |row: usize| clip.frame(0)[(row * 24 + 12) * 3];
    assert!(level(4) > 235 && level(28) < 20, "{} above, {} below", level(4), level(28));
}

/// N3DV: videos beside the poses. VideoLoop3D: `videos_2`, beside mean images and a model that is not complete.
#[test]
fn n3dv_and_videoloop3d_are_llff() {
    let dir = tempfile::tempdir().unwrap();
    fs::write(dir.path().join("poses_bounds.npy"), npy(&[0., 1., 2.].map(|x| row(x, 32, 24)))).unwrap();
    for index in [0, 1, 3] {
        video(dir.path(), &format!("cam0{index}.mp4"), &format!("color=0x{0}{0}{0}:s=32x24:r=30:d=0.2", 40 + index));
    }
    let capture = load(dir.path(), &ALL, &mut Unwatched).unwrap();
    let names: Vec<&str> = capture.views.iter().map(|view| view.name.as_str()).collect();
    assert_eq!((names.as_slice(), capture.fps), (["cam00", "cam01", "cam03"].as_slice(), 30.0));
    assert!(capture.views[2].clip.rgb[0].abs_diff(0x43) <= 2);
    // One video that does not belong there is no view.
    for index in 0..3u8 {
        crate::build::picture(dir.path(), &format!("images/000{index}.png"), (32, 24), 9);
    }
    fs::remove_file(dir.path().join("cam03.mp4")).unwrap();
    assert_eq!(load_poses(dir.path(), &ALL).unwrap().views[0].name, "0000");
    fs::create_dir_all(dir.path().join("sparse/0")).unwrap();
    fs::write(dir.path().join("sparse/0/points3D.bin"), "").unwrap();
    for index in 0..3 {
        video(dir.path(), &format!("videos_2/000{index}.mp4"), "color=gray:s=16x12:r=25:d=0.2");
    }
    let posed = load_poses(dir.path(), &ALL).unwrap();
    assert_eq!((posed.views[0].camera.width, posed.views[0].camera.focal_px.x, posed.fps), (16, 10.0, 25.0));
}
