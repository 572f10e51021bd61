//! Bad input: every error names the file, what was found and what was expected.

use crate::build::{ALL, fault, npy, picture, row, stills, video};
use loop3d_capture::{CaptureError, LoadOptions, load_poses};
use loop3d_media::MediaError;
use loop3d_scene::{Blame, Fault};
use std::fs;
use std::path::Path;
use std::process::{Command, Stdio};

#[test]
fn damaged_videos_are_named() {
    let dir = stills();
    for i in 0..3 {
        video(dir.path(), &format!("videos/v{i}.mkv"), "testsrc2=s=32x24:r=25:d=2");
    }
    let file = dir.path().join("videos/v1.mkv");
    let bytes = fs::read(&file).unwrap();
    fs::write(&file, &bytes[..bytes.len() * 3 / 4]).unwrap();
    let error = fault(dir.path(), &ALL, &["v1.mkv: unreadable: ", "File ended prematurely", "frames could be read"]);
    assert!(matches!(error, CaptureError::Media(MediaError::Unreadable { .. })));
    fs::write(&file, "words").unwrap();
    fault(dir.path(), &ALL, &["v1.mkv: unreadable: ", "Invalid data"]);
    fs::write(&file, "").unwrap();
    fault(dir.path(), &ALL, &["v1.mkv: empty"]);
    video(dir.path(), "videos/v1.mkv", "testsrc2=s=30x24:r=25:d=2");
    fault(dir.path(), &ALL, &["v1.mkv: 30×24 pixels; expected 32×24, the size in poses_bounds.npy (32×24)"]);
}

#[test]
fn a_directory_without_a_capture_says_what_is_missing() {
    let dir = tempfile::tempdir().unwrap();
    fault(&dir.path().join("none"), &ALL, &["none: no such directory"]);
    fault(
        dir.path(),
        &ALL,
        &["no camera poses found; looked for poses_bounds.npy (llff); transforms.json", "found nothing"],
    );
    let poses = dir.path().join("poses_bounds.npy");
    fs::write(&poses, "[1, 2, 3]").unwrap();
    fault(dir.path(), &ALL, &["poses_bounds.npy: not an npy file"]);
    let rows = [row(0., 32, 24), row(1., 32, 24)];
    let bytes = npy(&rows);
    fs::write(&poses, &bytes[..bytes.len() - 8]).unwrap();
    fault(dir.path(), &ALL, &["poses_bounds.npy: truncated npy: 264 bytes of data; expected 272"]);
    fs::write(&poses, npy(&rows)).unwrap();
    fault(dir.path(), &ALL, &["no views found; expected videos/"]);
    fs::create_dir(dir.path().join("videos")).unwrap();
    fault(dir.path(), &ALL, &["no views found; expected videos/"]);
    picture(dir.path(), "images/a.png", (32, 24), 0);
    fault(dir.path(), &ALL, &["poses_bounds.npy: holds 2 poses, ", "images holds 1 views"]);
    fs::write(&poses, npy(&rows[..1])).unwrap();
    fault(dir.path(), &ALL, &["holds 1 pose(s); expected at least 2"]);
}

#[test]
fn a_choice_that_leaves_one_view_is_the_callers_mistake() {
    let dir = stills();
    let names: Vec<String> = load_poses(dir.path(), &ALL).unwrap().views.into_iter().map(|view| view.name).collect();
    let options = LoadOptions { cameras: vec![names[1].clone(), names[1].clone()], ..LoadOptions::default() };
    let error = load_poses(dir.path(), &options).unwrap_err();
    assert_eq!(error.fault(), Fault::Usage);
    assert!(matches!(&error, CaptureError::TooFewCameras { left, views: 3, .. } if left[..] == names[1..2]), "{error}");
}

#[test]
fn a_bad_pose_names_its_row() {
    let dir = stills();
    let with = |column: usize, value: f64| {
        let mut rows = [0., 1., 2.].map(|x| row(x, 32, 24));
        rows[1][column] = value;
        fs::write(dir.path().join("poses_bounds.npy"), npy(&rows)).unwrap();
    };
    for (column, value, message) in [
        (14, f64::NAN, "focal length NaN; expected"),
        (14, 0.0, "focal length 0; expected"),
        (1, 0.5, "a matrix that is not a rotation: determinant 0.5000"),
        (8, f64::NAN, "position [1, NaN, 0]; expected finite"),
        (15, 10.0, "near 10, far 10; expected 0 < near < far"),
        (4, 0.0, "image height 0; expected"),
    ] {
        with(column, value);
        fault(dir.path(), &ALL, &["poses_bounds.npy: row 1: ", message]);
    }
    with(9, 40.0);
    fault(dir.path(), &ALL, &["v1.png: 32×24 pixels; expected 40×24, the size in poses_bounds.npy (40×24)"]);
    let mut rows = [0., 1., 2.].map(|x| row(x, 32, 24));
    rows[2][0..13].copy_from_slice(&[0., -1., 0., 2., 24., 1., 0., 0., 0., 32., 0., 0., 1.]); // turned to −z
    fs::write(dir.path().join("poses_bounds.npy"), npy(&[rows[0], rows[2], rows[2]])).unwrap();
    assert!(load_poses(dir.path(), &ALL).is_ok(), "two against one still have an average");
    fs::remove_file(dir.path().join("images/v2.png")).unwrap();
    fs::write(dir.path().join("poses_bounds.npy"), npy(&[rows[0], rows[2]])).unwrap();
    fault(dir.path(), &ALL, &["poses_bounds.npy: the views face opposite ways"]);
}

#[test]
fn a_damaged_still_is_named() {
    let dir = stills();
    let file = dir.path().join("images/v2.png");
    let bytes = fs::read(&file).unwrap();
    fs::write(&file, &bytes[..bytes.len() / 2]).unwrap();
    fault(dir.path(), &ALL, &["v2.png: unreadable: "]);
    fs::write(&file, "").unwrap();
    fault(dir.path(), &ALL, &["v2.png: empty"]);
}

/// Runs ffmpeg with these words and this file.
fn ffmpeg(words: &str, file: &Path) {
    fs::create_dir_all(file.parent().unwrap()).unwrap();
    let mut command = Command::new("ffmpeg");
    command.args(["-v", "error", "-y"]).args(words.split(' ')).arg(file).stdin(Stdio::null());
    assert!(command.status().expect("ffmpeg is part of set-up").success());
}

/// Three views whose clips are fine, in folders of frames.
fn frames(dir: &Path) {
    for view in 0..3 {
        for t in 0..3 {
            picture(dir, &format!("frames/v{view}/{t}.png"), (32, 24), 9);
        }
    }
}

/// Three views whose clips are fine, in videos.
fn videos(dir: &Path) {
    for view in 0..3 {
        video(dir, &format!("videos/v{view}.mp4"), "testsrc2=s=32x24:r=25:d=0.2");
    }
}

/// Clips that are fine, what happens to them, and what the error must say.
type Case = (fn(&Path), fn(&Path), &'static [&'static str]);

#[test]
fn broken_clips_are_told() {
    let cases: [Case; 12] = [
        (
            frames,
            |dir| picture(dir, "frames/v1/1.png", (30, 24), 9),
            &["v1/1.png: 30×24 pixels; expected 32×24, the size of the view's first frame"],
        ),
        (
            frames,
            |dir| {
                fs::read_dir(dir.join("frames/v1"))
                    .unwrap()
                    .for_each(|file| fs::remove_file(file.unwrap().path()).unwrap())
            },
            &["frames/v1: empty; expected a clip of at least one frame"],
        ),
        (frames, |dir| fs::write(dir.join("frames/v2/2.png"), "words").unwrap(), &["v2/2.png: unreadable: "]),
        (
            frames,
            |dir| {
                let file = dir.join("frames/v0/1.png");
                let bytes = fs::read(&file).unwrap();
                fs::write(file, &bytes[..bytes.len() - 20]).unwrap();
            },
            &["v0/1.png: unreadable: "],
        ),
        (
            frames,
            |dir| fs::remove_dir_all(dir.join("frames/v1")).unwrap(),
            &["holds 3 poses, ", "frames holds 2 views"],
        ),
        (frames, |dir| fs::write(dir.join("frames/v1/0.png"), "").unwrap(), &["v1/0.png: "]),
        (
            videos,
            |dir| {
                ffmpeg("-f lavfi -i testsrc2=s=32x24:r=25:d=1 -frames:v 0 -pix_fmt yuv420p", &dir.join("videos/v1.mp4"))
            },
            &["v1.mp4: unreadable: no video stream in it"],
        ),
        (
            videos,
            |dir| ffmpeg("-f lavfi -i sine=d=0.5", &dir.join("videos/v0.mp4")),
            &["v0.mp4: unreadable: no video stream in it"],
        ),
        (
            videos,
            |dir| {
                let bytes = fs::read(dir.join("videos/v2.mp4")).unwrap();
                fs::write(dir.join("videos/v2.mp4"), &bytes[..bytes.len() / 2]).unwrap();
            },
            &["v2.mp4: unreadable: ", "moov atom not found"],
        ),
        (
            videos,
            |dir| ffmpeg("-f lavfi -i testsrc2=s=64x48:r=25:d=0.2 -pix_fmt yuv420p", &dir.join("videos/v1.mp4")),
            &["v1.mp4: 64×48 pixels; expected 32×24, the size in poses_bounds.npy (32×24)"],
        ),
        (
            videos,
            |dir| fs::rename(dir.join("videos/v1.mp4"), dir.join("videos/v1.txt")).unwrap(),
            &["videos holds 2 views"],
        ),
        (
            videos,
            |dir| {
                fs::write(dir.join("videos/v0.mp4"), "").unwrap();
                fs::write(dir.join("videos/v2.mp4"), "words").unwrap();
            },
            &["2 problems:", "v0.mp4: empty", "v2.mp4: unreadable: "],
        ),
    ];
    for (write, harm, parts) in cases {
        let dir = tempfile::tempdir().unwrap();
        fs::write(dir.path().join("poses_bounds.npy"), npy(&[0., 1., 2.].map(|x| row(x, 32, 24)))).unwrap();
        write(dir.path());
        harm(dir.path());
        fault(dir.path(), &ALL, parts);
    }
}
