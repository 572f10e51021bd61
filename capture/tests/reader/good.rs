//! Every layout, every option.

use crate::build::{ALL, fault, picture, point_in_world, shrunk, stills, video};
use crate::scene;
use glam::DVec3;
use loop3d_capture::{CaptureError, load, load_poses};
use loop3d_media::{read_clip, read_clip_resized};
use loop3d_scene::job::{Event, Unwatched};
use std::fs;
use std::ops::ControlFlow;
use std::path::Path;
use std::process::{Command, Stdio};

#[test]
fn stills_are_clips_of_one_frame_in_a_normalised_world() {
    let dir = stills();
    let mut heard = Vec::new();
    let mut observer = |event: Event<'_>| {
        if let Event::Step { done, .. } = event {
            heard.push(done);
        }
        ControlFlow::Continue(())
    };
    let capture = load(dir.path(), &ALL, &mut observer).unwrap();
    assert_eq!(heard, [0.0, 1.0 / 3.0, 2.0 / 3.0, 1.0]);
    assert_eq!((capture.near, capture.far, capture.fps), (1.0, 5.0, 25.0));
    for (i, view) in capture.views.iter().enumerate() {
        assert_eq!(view.name, format!("v{i}"));
        assert_eq!((view.clip.width, view.clip.height, view.clip.frames), (32, 24, 1));
        assert_eq!(view.clip.rgb, [100 + i as u8].repeat(32 * 24 * 3));
        // Nearest bound 2 becomes 1: positions 0, 1, 2 become −½, 0, ½.
        let position = DVec3::new(i as f64 * 0.5 - 0.5, 0., 0.);
        assert!(view.camera.position().abs_diff_eq(position, 1e-12), "{}", view.camera.position());
        let on_disk = DVec3::new(i as f64, 0., 0.);
        assert!(point_in_world(&capture.normalisation, on_disk).abs_diff_eq(position, 1e-12));
    }
}

#[test]
fn only_some_views_have_the_cameras_of_the_whole_capture() {
    let dir = stills();
    let all = load(dir.path(), &ALL, &mut Unwatched).unwrap();
    let posed = load_poses(dir.path(), &ALL).unwrap();
    let some = posed.load(&[2, 0], &mut Unwatched).unwrap();
    let names: Vec<&str> = some.views.iter().map(|view| view.name.as_str()).collect();
    assert_eq!(names, ["v2", "v0"]);
    assert_eq!(some.views[0].camera, all.views[2].camera);
    assert_eq!(some.views[0].clip, all.views[2].clip);
    let mut nothing = |_: Event<'_>| panic!("nothing is decoded");
    let error = posed.load(&[0, 3], &mut nothing).unwrap_err();
    assert!(matches!(error, CaptureError::NoSuchView { index: 3, views: 3, .. }), "{error}");
    assert!(error.to_string().ends_with("view 3 was asked for, the capture has views 0 to 2"), "{error}");
}

#[test]
fn loading_stops_between_two_views() {
    let dir = stills();
    let mut stop = |event: Event<'_>| match event {
        Event::Step { done, .. } if done > 0.5 => ControlFlow::Break(()),
        _ => ControlFlow::Continue(()),
    };
    let error = load(dir.path(), &ALL, &mut stop).unwrap_err();
    assert!(matches!(error, CaptureError::Stopped), "{error}");
}

#[test]
fn options_shrink_pictures_and_cameras_alike() {
    let dir = stills();
    let sizes = |factor, max_height| {
        let capture = load(dir.path(), &shrunk(factor, max_height), &mut Unwatched).unwrap();
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
        (shrunk(Some(0), None), "factor is 0; expected at least 1"),
        (shrunk(None, Some(0)), "max-height is 0; expected at least 1"),
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
        let options = shrunk(factor, max_height);
        let capture = load(dir.path(), &options, &mut Unwatched).unwrap();
        (capture.views[0].clip.rgb[0], capture.views[0].clip.width, capture.views[0].camera.focal_px.y)
    };
    assert_eq!(grey_and_width(None, None), (100, 32, 20.));
    assert_eq!(grey_and_width(Some(2), None), (50, 16, 10.));
    assert_eq!(grey_and_width(Some(4), None), (70, 8, 5.));
    assert_eq!(grey_and_width(None, Some(8)), (50, 11, 10. * (8. / 12.)));
    fs::remove_dir_all(dir.path().join("images")).unwrap();
    fs::remove_dir_all(dir.path().join("images_2")).unwrap();
    assert_eq!(grey_and_width(None, None), (70, 8, 5.));
    let options = shrunk(Some(2), None);
    fault(dir.path(), &options, &["v0.jpg: holds 8×6 images; expected at least 16×12"]);
}

#[test]
fn poses_come_before_pixels() {
    let dir = stills();
    let posed = load_poses(dir.path(), &shrunk(Some(2), None)).unwrap();
    assert_eq!(posed.views[1].source_size, (32, 24));
    assert_eq!((posed.views[1].camera.width, posed.views[1].camera.height, posed.views[1].frames), (16, 12, Some(1)));
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
    let capture = load(dir.path(), &ALL, &mut Unwatched).unwrap();
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
    let capture = load(dir.path(), &shrunk(None, Some(9)), &mut Unwatched).unwrap();
    assert_eq!(capture.fps, 30.0);
    for (view, (frames, grey)) in capture.views.iter().zip([(12, 0x40), (6, 0x80), (3, 0xffu8)]) {
        assert_eq!((view.clip.width, view.clip.height, view.clip.frames), (12, 9, frames));
        assert!(view.clip.rgb.iter().all(|value| value.abs_diff(grey) <= 2), "{grey}: {:?}", &view.clip.rgb[..9]);
    }
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
    assert!(says(&file, 128, 72).contains("holds 64×36 images; expected at least 128×72"));
    assert!(says(&file, 32, 32).contains("64×36 pixels; expected 36×36, the shape of the 32×32 images"));
    assert!(says(&dir.path().join("none.mp4"), 16, 9).contains("none.mp4: no such file or folder"));
    picture(dir.path(), "folder/b.png", (4, 4), 2);
    picture(dir.path(), "folder/a.png", (4, 4), 1);
    let (clip, fps) = read_clip(&dir.path().join("folder")).unwrap();
    assert_eq!((clip.frames, clip.rgb[0], clip.frame(1)[0], fps), (2, 1, 2, 25.0));
    assert_eq!(read_clip(&dir.path().join("folder/a.png")).unwrap().0.rgb, [1].repeat(48));
}

/// Ten bits for each value, and paths with spaces and letters of other languages: in folders, in clips, in the poses' names.
#[test]
fn deep_videos_in_folders_of_any_name_are_read() {
    let above = tempfile::tempdir().unwrap();
    let dir = above.path().join("mein Gärtchen 庭");
    scene::colmap_text(&dir.join("sparse"));
    let images = dir.join("sparse/images.txt");
    let mut text = fs::read_to_string(&images).unwrap();
    for index in 0..5 {
        text = text.replace(&format!("left side/view {index}.png"), &format!("à gauche/Кадр {index}é.png"));
        let file = dir.join(format!("videos/кадр {index}É.mp4"));
        fs::create_dir_all(file.parent().unwrap()).unwrap();
        let source = format!("color=0x{0:02x}{0:02x}{0:02x}:s=128x72:r=25:d=0.2,format=yuv420p10le", 100 + 5 * index);
        let mut command = Command::new("ffmpeg");
        command.args(["-v", "error", "-y", "-f", "lavfi", "-i", &source, "-qp", "0"]).arg(&file).stdin(Stdio::null());
        assert!(command.status().expect("ffmpeg is part of set-up").success());
    }
    fs::write(images, text).unwrap();
    let capture = load(&dir, &ALL, &mut Unwatched).unwrap();
    let names: Vec<&str> = capture.views.iter().map(|view| view.name.as_str()).collect();
    assert_eq!(names, [0, 1, 2, 3, 4].map(|index| format!("кадр {index}É")));
    for (view, index) in capture.views.iter().zip(0..) {
        assert_eq!(view.clip.frames, 5);
        assert!(
            view.clip.rgb.iter().all(|value| value.abs_diff(100 + 5 * index) <= 2),
            "{}: {}",
            view.name,
            view.clip.rgb[0]
        );
    }
}
