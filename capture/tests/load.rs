//! Captures on disk, good and bad, read whole. Videos need ffmpeg, which is part of set-up.

use glam::DVec3;
use image::{Rgb, RgbImage};
use loop3d_capture::{
    CaptureError, LoadOptions, LongExposure, load, load_only, load_poses, long_exposure, read_clip, read_clip_resized,
};
use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use tempfile::TempDir;

type Row = [f64; 17];

const ALL: LoadOptions = LoadOptions { factor: None, max_height: None };

/// Row of a camera at `x` that looks along +z; LLFF columns are [down, right, backwards].
fn row(x: f64, width: u32, height: u32) -> Row {
    let (w, h) = (f64::from(width), f64::from(height));
    [0., 1., 0., x, h, 1., 0., 0., 0., w, 0., 0., -1., 0., 20., 2., 10.]
}

fn npy(rows: &[Row]) -> Vec<u8> {
    let header = format!("{{'descr': '<f8', 'fortran_order': False, 'shape': ({}, 17), }}\n", rows.len());
    let mut bytes = b"\x93NUMPY\x01\x00".to_vec();
    bytes.extend(u16::try_from(header.len()).unwrap().to_le_bytes());
    bytes.extend(header.as_bytes());
    bytes.extend(rows.iter().flatten().flat_map(|value| value.to_le_bytes()));
    bytes
}

/// A picture of one grey level.
fn picture(dir: &Path, name: &str, (width, height): (u32, u32), grey: u8) {
    let path = dir.join(name);
    fs::create_dir_all(path.parent().unwrap()).unwrap();
    RgbImage::from_pixel(width, height, Rgb([grey; 3])).save(path).unwrap();
}

fn video(dir: &Path, name: &str, lavfi: &str) -> PathBuf {
    let path = dir.join(name);
    fs::create_dir_all(path.parent().unwrap()).unwrap();
    let mut command = Command::new("ffmpeg");
    command.args(["-v", "error", "-y", "-f", "lavfi", "-i", lavfi, "-pix_fmt", "yuv420p"]).arg(&path);
    assert!(command.stdin(Stdio::null()).status().expect("ffmpeg is part of set-up").success());
    path
}

/// Three stills of 32×24 at x = 0, 1, 2, whose grey is 100 and their number.
fn stills() -> TempDir {
    let dir = tempfile::tempdir().unwrap();
    fs::write(dir.path().join("poses_bounds.npy"), npy(&[0., 1., 2.].map(|x| row(x, 32, 24)))).unwrap();
    for i in 0..3u8 {
        picture(dir.path(), &format!("images/v{i}.png"), (32, 24), 100 + i);
    }
    dir
}

/// The error of loading `dir`, which must be the footage's fault and name each of `parts`.
fn fault(dir: &Path, options: &LoadOptions, parts: &[&str]) -> CaptureError {
    let error = load(dir, options, &mut |_, _| {}).unwrap_err();
    let message = error.to_string();
    for part in parts {
        assert!(message.contains(part), "'{message}' does not say '{part}'");
    }
    assert!(error.is_users_fault(), "{message}");
    error
}

#[test]
fn stills_are_clips_of_one_frame_in_a_normalised_world() {
    let dir = stills();
    let mut calls = Vec::new();
    let capture = load(dir.path(), &ALL, &mut |done, all| calls.push((done, all))).unwrap();
    assert_eq!(calls, [(0, 3), (1, 3), (2, 3), (3, 3)]);
    assert_eq!((capture.near, capture.far, capture.fps), (1.0, 5.0, 25.0));
    for (i, view) in capture.views.iter().enumerate() {
        assert_eq!(view.name, format!("v{i}"));
        assert_eq!((view.clip.width, view.clip.height, view.clip.frames), (32, 24, 1));
        assert_eq!(view.clip.rgb, [100 + i as u8].repeat(32 * 24 * 3));
        // Nearest bound 2 becomes 1: positions 0, 1, 2 become −½, 0, ½.
        let position = DVec3::new(i as f64 * 0.5 - 0.5, 0., 0.);
        assert!(view.camera.position().abs_diff_eq(position, 1e-12), "{}", view.camera.position());
        assert!(capture.normalisation.to_capture(position).abs_diff_eq(DVec3::new(i as f64, 0., 0.), 1e-12));
    }
}

#[test]
fn only_some_views_have_the_cameras_of_the_whole_capture() {
    let dir = stills();
    let all = load(dir.path(), &ALL, &mut |_, _| {}).unwrap();
    let some = load_only(dir.path(), &ALL, &[2, 0], &mut |_, _| {}).unwrap();
    let names: Vec<&str> = some.views.iter().map(|view| view.name.as_str()).collect();
    assert_eq!(names, ["v2", "v0"]);
    assert_eq!(some.views[0].camera, all.views[2].camera);
    assert_eq!(some.views[0].clip, all.views[2].clip);
    let error = load_only(dir.path(), &ALL, &[0, 3], &mut |_, _| panic!("nothing is decoded")).unwrap_err();
    assert!(error.to_string().ends_with("view 3 was asked for, the capture has views 0 to 2"), "{error}");
}

#[test]
fn options_shrink_pictures_and_cameras_alike() {
    let dir = stills();
    let sizes = |factor, max_height| {
        let capture = load(dir.path(), &LoadOptions { factor, max_height }, &mut |_, _| {}).unwrap();
        let view = &capture.views[1];
        assert_eq!((view.clip.width, view.clip.height), (view.camera.width as usize, view.camera.height as usize));
        assert_eq!(view.clip.rgb, [101].repeat(view.clip.width * view.clip.height * 3));
        (view.clip.width, view.clip.height, view.camera.focal_px.x, view.camera.center_px.y)
    };
    assert_eq!(sizes(None, None), (32, 24, 20., 12.));
    assert_eq!(sizes(Some(2), None), (16, 12, 10., 6.));
    assert_eq!(sizes(Some(3), None), (11, 8, 20. * 11. / 32., 4.));
    assert_eq!(sizes(None, Some(18)), (24, 18, 15., 9.));
    assert_eq!(sizes(None, Some(500)), (32, 24, 20., 12.));
    assert_eq!(sizes(Some(2), Some(6)), (8, 6, 5., 3.));
    assert_eq!(sizes(Some(4), Some(12)), (8, 6, 5., 3.));
    for (options, message) in [
        (LoadOptions { factor: Some(0), max_height: None }, "factor is 0; expected at least 1"),
        (LoadOptions { factor: None, max_height: Some(0) }, "max-height is 0; expected at least 1"),
    ] {
        fault(dir.path(), &options, &[message]);
    }
}

#[test]
fn a_folder_with_the_factor_asked_for_is_taken_as_it_is() {
    let dir = stills();
    for i in 0..3 {
        picture(dir.path(), &format!("images_2/v{i}.png"), (16, 12), 50);
        picture(dir.path(), &format!("images_4/v{i}.jpg"), (8, 6), 70);
    }
    let grey_and_width = |factor, max_height| {
        let options = LoadOptions { factor, max_height };
        let capture = load(dir.path(), &options, &mut |_, _| {}).unwrap();
        (capture.views[0].clip.rgb[0], capture.views[0].clip.width, capture.views[0].camera.focal_px.y)
    };
    assert_eq!(grey_and_width(None, None), (100, 32, 20.));
    assert_eq!(grey_and_width(Some(2), None), (50, 16, 10.));
    assert_eq!(grey_and_width(Some(4), None), (70, 8, 5.));
    assert_eq!(grey_and_width(None, Some(8)), (50, 11, 20. * 8. / 24.));
    fs::remove_dir_all(dir.path().join("images")).unwrap();
    fs::remove_dir_all(dir.path().join("images_2")).unwrap();
    assert_eq!(grey_and_width(None, None), (70, 8, 5.));
    let options = LoadOptions { factor: Some(2), max_height: None };
    fault(dir.path(), &options, &["v0.jpg: holds 8×6 pictures; expected at least 16×12"]);
}

#[test]
fn poses_come_before_pixels() {
    let dir = stills();
    let posed = load_poses(dir.path(), &LoadOptions { factor: Some(2), max_height: None }).unwrap();
    assert_eq!(posed.views[1].source_size, (32, 24));
    assert_eq!(posed.views[1].clip_bytes(), Some(16 * 12 * 3));
    assert_eq!(posed.views[1].source.path(), dir.path().join("images/v1.png"));
}

#[test]
fn folders_of_frames_may_differ_in_length() {
    let dir = stills();
    for t in 0..3u8 {
        picture(dir.path(), &format!("frames/a/{t}.png"), (32, 24), 10 * t);
        picture(dir.path(), &format!("frames/b/{t}.jpg"), (32, 24), 128);
    }
    picture(dir.path(), "frames/c/0.png", (32, 24), 9);
    let capture = load(dir.path(), &ALL, &mut |_, _| {}).unwrap();
    let lengths: Vec<usize> = capture.views.iter().map(|view| view.clip.frames).collect();
    assert_eq!(lengths, [3, 3, 1]);
    assert_eq!([0, 1, 2].map(|t| capture.views[0].clip.frame(t)[5]), [0, 10, 20]);
    assert_eq!(capture.views[1].clip.rgb[0], 128);

    picture(dir.path(), "frames/b/1.jpg", (30, 24), 128);
    fault(dir.path(), &ALL, &["1.jpg: 30×24 pixels; expected 32×24, the size of the view's first frame"]);
    fs::remove_file(dir.path().join("frames/c/0.png")).unwrap();
    fault(dir.path(), &ALL, &["frames/c: empty; expected a clip of at least one frame"]);
}

#[test]
fn videos_keep_their_rate_length_and_levels() {
    let dir = stills();
    for (i, grey, seconds) in [(0, "0x404040", "0.4"), (1, "0x808080", "0.2"), (2, "0xffffff", "0.1")] {
        video(dir.path(), &format!("videos/v{i}.mp4"), &format!("color={grey}:s=32x24:r=30:d={seconds}"));
    }
    let posed = load_poses(dir.path(), &ALL).unwrap();
    let promised: Vec<Option<usize>> = posed.views.iter().map(|view| view.frames).collect();
    assert_eq!(promised, [Some(12), Some(6), Some(3)]);
    let capture = load(dir.path(), &LoadOptions { factor: None, max_height: Some(9) }, &mut |_, _| {}).unwrap();
    assert_eq!(capture.fps, 30.0);
    for (view, (frames, grey)) in capture.views.iter().zip([(12, 0x40), (6, 0x80), (3, 0xffu8)]) {
        assert_eq!((view.clip.width, view.clip.height, view.clip.frames), (12, 9, frames));
        assert!(view.clip.rgb.iter().all(|value| value.abs_diff(grey) <= 2), "{grey}: {:?}", &view.clip.rgb[..9]);
    }
}

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
    assert!(matches!(error, CaptureError::Unreadable { .. }));
    fs::write(&file, "words").unwrap();
    fault(dir.path(), &ALL, &["v1.mkv: unreadable: ", "Invalid data"]);
    fs::write(&file, "").unwrap();
    fault(dir.path(), &ALL, &["v1.mkv: empty"]);
    video(dir.path(), "videos/v1.mkv", "testsrc2=s=30x24:r=25:d=2");
    fault(dir.path(), &ALL, &["v1.mkv: 30×24 pixels; expected 32×24, the size in poses_bounds.npy (32×24)"]);
}

#[test]
fn single_clips_are_read_and_shrunk_by_area() {
    let dir = tempfile::tempdir().unwrap();
    let file = video(dir.path(), "truth.mp4", "testsrc2=s=64x36:r=24:d=0.5");
    let (clip, fps) = read_clip(&file).unwrap();
    assert_eq!((clip.width, clip.height, clip.frames, fps), (64, 36, 12, 24.0));
    let (small, _) = read_clip_resized(&file, 16, 9).unwrap();
    assert_eq!((small.width, small.height, small.frames), (16, 9, 12));
    for (i, value) in small.frame(7).iter().enumerate() {
        let (x, y, c) = (i / 3 % 16, i / 48, i % 3);
        let block = (0..16).map(|k| u32::from(clip.frame(7)[((y * 4 + k / 4) * 64 + x * 4 + k % 4) * 3 + c]));
        assert_eq!(u32::from(*value), (block.sum::<u32>() + 8) / 16, "pixel {x}, {y}");
    }
    let says = |path: &Path, width, height| read_clip_resized(path, width, height).unwrap_err().to_string();
    assert!(says(&file, 128, 72).contains("holds 64×36 pictures; expected at least 128×72"));
    assert!(says(&file, 32, 32).contains("64×36 pixels; expected 36×36, the shape of the 32×32 pictures"));
    assert!(says(&dir.path().join("none.mp4"), 16, 9).contains("none.mp4: no such file or folder"));
    picture(dir.path(), "folder/b.png", (4, 4), 2);
    picture(dir.path(), "folder/a.png", (4, 4), 1);
    let (clip, fps) = read_clip(&dir.path().join("folder")).unwrap();
    assert_eq!((clip.frames, clip.rgb[0], clip.frame(1)[0], fps), (2, 1, 2, 25.0));
    assert_eq!(read_clip(&dir.path().join("folder/a.png")).unwrap().0.rgb, [1].repeat(48));
}

#[test]
fn a_directory_without_a_capture_says_what_is_missing() {
    let dir = tempfile::tempdir().unwrap();
    fault(&dir.path().join("none"), &ALL, &["none: no such directory"]);
    fault(dir.path(), &ALL, &["poses_bounds.npy: no such file; expected the camera poses"]);
    let poses = dir.path().join("poses_bounds.npy");
    fs::write(&poses, "[1, 2, 3]").unwrap();
    fault(dir.path(), &ALL, &["poses_bounds.npy: no npy file"]);
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
        (1, 0.5, "a matrix that is no rotation: determinant 0.5000"),
        (8, f64::NAN, "position [1, NaN, 0]; expected finite"),
        (15, 10.0, "near 10, far 10; expected 0 < near < far"),
        (4, 0.0, "picture height 0; expected"),
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

/// A folder of `../shared/data`, or a loud line where it is absent.
fn shared(name: &str) -> Option<PathBuf> {
    let dir = Path::new(env!("CARGO_MANIFEST_DIR")).ancestors().nth(3)?.join("shared/data").join(name);
    let nearer = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../shared/data").join(name);
    let found = [nearer, dir].into_iter().find(|dir| dir.is_dir());
    if found.is_none() {
        eprintln!("NOT RUN: ../shared/data/{name} is absent; real footage was not read");
    }
    found
}

#[test]
fn campfire_is_normalised() {
    let Some(dir) = shared("campfire") else { return };
    let posed = load_poses(&dir, &ALL).unwrap();
    assert_eq!((posed.views.len(), posed.near, posed.fps), (9, 1.0, 25.0));
    assert!(posed.views.iter().all(|view| view.clip_bytes() == Some(640 * 360 * 3 * 100)));
    assert!((posed.far - 6.103003521277757 / 2.027358405634139).abs() < 0.01, "{}", posed.far);
    let mean = posed.views.iter().map(|view| view.camera.position()).sum::<DVec3>() / 9.0;
    assert!(mean.length() < 1e-12, "{mean}");
    let axis = |column: usize| -> DVec3 {
        posed.views.iter().map(|view| view.camera.world_from_camera.matrix3.col(column)).sum::<DVec3>().normalize()
    };
    assert!(axis(2).abs_diff_eq(DVec3::Z, 1e-12), "{}", axis(2));
    assert!(axis(1).reject_from(DVec3::Z).normalize().abs_diff_eq(DVec3::Y, 1e-12), "{}", axis(1));
    // One clip, small: the picture's mean is that of the whole picture.
    let options = LoadOptions { factor: None, max_height: Some(90) };
    let view = &load_only(&dir, &options, &[4], &mut |_, _| {}).unwrap().views[0];
    assert_eq!((view.name.as_str(), view.clip.width, view.clip.height, view.clip.frames), ("0004", 160, 90, 100));
    let mean = long_exposure(&view.clip, LongExposure::Mean).iter().sum::<f32>() / (160.0 * 90.0 * 3.0);
    let (truth, _) = read_clip_resized(&dir.join("truth/0004.mp4"), 160, 90).unwrap();
    let true_mean = long_exposure(&truth, LongExposure::Mean).iter().sum::<f32>() / (160.0 * 90.0 * 3.0);
    assert_eq!(truth.frames, 260);
    assert!((mean - true_mean).abs() < 0.03, "{mean} {true_mean}");
}

#[test]
fn fern_is_read_at_its_folder_s_factor() {
    let Some(dir) = shared("fern") else { return };
    let posed = load_poses(&dir, &ALL).unwrap();
    assert_eq!((posed.views.len(), posed.views[0].camera.width, posed.views[0].camera.height), (20, 1008, 756));
    assert!((posed.views[0].camera.focal_px.x - 3260.5263328805895 / 4.0).abs() < 1e-9);
    assert_eq!(posed.views[3].name, "image003");
}
