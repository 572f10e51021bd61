//! Tests of the sample capture: its frames, its geometry, its motion, its files and its errors.

use super::*;
use glam::{DMat3, DVec2, DVec3};
use loop3d_capture::Writer;
use loop3d_media::{Ffmpeg, MediaError};
use loop3d_scene::job::{Event, Unwatched};
use loop3d_scene::{Blame, Fault};
use std::ops::ControlFlow;
use std::path::{Path, PathBuf};

const SMALL: SampleConfig = SampleConfig { width: 96, height: 54, frames: 6, fps: 25.0, seed: 7, shaky: false };

/// A path of this test's own that does not exist.
fn fresh(name: &str) -> PathBuf {
    let path = std::env::temp_dir().join(format!("loop3d-sample-{}-{name}", std::process::id()));
    let _ = std::fs::remove_dir_all(&path);
    let _ = std::fs::remove_file(&path);
    path
}

fn mean_difference(a: &[f32], b: &[f32], keep: impl Fn(usize) -> bool) -> f64 {
    let kept: Vec<f64> = (0..a.len()).filter(|&i| keep(i)).map(|i| f64::from((a[i] - b[i]).abs())).collect();
    kept.iter().sum::<f64>() / kept.len() as f64
}

#[test]
fn a_seed_gives_the_same_bytes_on_any_number_of_threads() {
    let one = rayon::ThreadPoolBuilder::new().num_threads(1).build().unwrap().install(|| render_view(&SMALL, 2, 3));
    let three = rayon::ThreadPoolBuilder::new().num_threads(3).build().unwrap().install(|| render_view(&SMALL, 2, 3));
    assert_eq!(one, three);
    assert_eq!(one.len(), 96 * 54 * 3);
    let other = render_view(&SampleConfig { seed: 8, ..SMALL }, 2, 3);
    let differing = one.iter().zip(&other).filter(|(a, b)| a.abs_diff(**b) > 8).count();
    assert!(differing > one.len() / 4, "only {differing} of {} bytes differ by more than 8", one.len());
}

/// Colours of two views at the same points of the still surroundings, both without noise: the mean absolute
/// difference, and how many points it is of. `stretch` scales the depths, so anything but 1 is wrong.
fn reprojected(stretch: f64) -> (f64, usize) {
    let config = SampleConfig { width: 192, height: 108, ..SMALL };
    let garden = Garden::new(config.seed);
    let (from, to) = (cameras(&config)[0], cameras(&config)[8]);
    let stages = [from, to].map(|camera| Stage::new(&garden, &config, &camera));
    let frames = [stages[0].frame(1.0), stages[1].frame(1.0)];
    let (still, depths) =
        ([stages[0].static_mask(), stages[1].static_mask()], [stages[0].depths(), stages[1].depths()]);
    let (mut sum, mut count) = (0.0, 0);
    for y in 1..107usize {
        for x in 1..191usize {
            let i = y * 192 + x;
            let flat =
                [i - 1, i + 1, i - 192, i + 192].iter().all(|&n| (depths[0][n] / depths[0][i] - 1.0).abs() < 0.03);
            let ray = from.ray(DVec2::new(x as f64 + 0.5, y as f64 + 0.5));
            let point = from.position() + ray * f64::from(depths[0][i]) * stretch;
            let Some(there) = to.project(point) else { continue };
            let corner = there - 0.5;
            let (cx, cy) = (corner.x.floor(), corner.y.floor());
            if !flat || !still[0][i] || cx < 0.0 || cy < 0.0 || cx > 190.0 || cy > 106.0 {
                continue;
            }
            let base = cy as usize * 192 + cx as usize;
            let four = [base, base + 1, base + 192, base + 193];
            let depth = to.world_from_camera.inverse().transform_point3(point).z / stretch;
            if four.iter().any(|&n| !still[1][n] || (f64::from(depths[1][n]) / depth - 1.0).abs() > 0.04) {
                continue;
            }
            let (fx, fy) = ((corner.x - cx) as f32, (corner.y - cy) as f32);
            let weights = [(1.0 - fx) * (1.0 - fy), fx * (1.0 - fy), (1.0 - fx) * fy, fx * fy];
            for c in 0..3 {
                let there: f32 = (0..4).map(|k| weights[k] * frames[1][four[k] * 3 + c]).sum();
                sum += f64::from((there - frames[0][i * 3 + c]).abs());
            }
            count += 1;
        }
    }
    (sum / (3 * count) as f64, count)
}

#[test]
fn two_views_agree_on_the_static_surroundings() {
    let (right, points) = reprojected(1.0);
    let (wrong, _) = reprojected(1.06);
    assert!(points > 4000, "{points} points");
    // What is left is the blur of interpolating one image.
    assert!(right < 4.0, "{right}");
    assert!(wrong > 1.5 * right, "true depths {right}, wrong depths {wrong}");
}

#[test]
fn motion_flows_and_does_not_repeat() {
    let config = SampleConfig { frames: 80, ..SMALL };
    let garden = Garden::new(config.seed);
    let stage = Stage::new(&garden, &config, &cameras(&config)[HELD_OUT]);
    let first = first_frame(&config, HELD_OUT);
    let frames: Vec<Vec<f32>> = (first..first + 80).map(|i| stage.frame(i as f32 / 25.0)).collect();
    let still = stage.static_mask();
    let (mut near, mut far, mut least) = (Vec::new(), Vec::new(), f64::MAX);
    for i in 0..frames.len() {
        for j in i + 1..frames.len() {
            let difference = mean_difference(&frames[i], &frames[j], |k| !still[k / 3]);
            if j == i + 1 {
                near.push(difference);
            } else if j > i + 5 {
                far.push(difference);
                least = least.min(difference);
            }
        }
    }
    let mean = |v: &[f64]| v.iter().sum::<f64>() / v.len() as f64;
    assert!(mean(&far) > 6.0, "frames far apart differ by only {}", mean(&far));
    assert!(least > 0.6 * mean(&far), "two frames far apart differ by only {least}, on average {}", mean(&far));
    assert!(mean(&near) < 0.75 * mean(&far), "neighbours differ by {}, others by {}", mean(&near), mean(&far));
}

#[test]
fn surroundings_are_static() {
    let garden = Garden::new(SMALL.seed);
    let stage = Stage::new(&garden, &SMALL, &cameras(&SMALL)[HELD_OUT]);
    assert!(stage.static_fraction() > 0.5, "{}", stage.static_fraction());
    let frames: Vec<Vec<f32>> = (0..40).map(|i| stage.frame(i as f32 * 0.17)).collect();
    let still = stage.static_mask();
    let mut widest = 0.0f32;
    for i in (0..frames[0].len()).filter(|i| still[i / 3]) {
        let (low, high) = frames.iter().map(|f| f[i]).fold((255.0f32, 0.0f32), |(l, h), v| (l.min(v), h.max(v)));
        widest = widest.max(high - low);
    }
    // The fire's flicker is there, and well below the 15 of the loopable mask (METHOD §1.5).
    assert!((0.5..7.5).contains(&widest), "{widest}");
}

#[test]
fn views_are_asynchronous_and_the_truth_covers_more() {
    let config = SampleConfig::default();
    for view in 1..VIEWS {
        assert!(first_frame(&config, view) >= first_frame(&config, view - 1) + 2 * config.frames);
    }
    assert_eq!(truth_frames(&config), 200);
}

#[test]
fn bounds_contain_every_depth() {
    let garden = Garden::new(SMALL.seed);
    for camera in cameras(&SMALL) {
        let stage = Stage::new(&garden, &SMALL, &camera);
        let [near, far] = stage.bounds;
        assert!((2.0..3.0).contains(&near) && (8.0..10.0).contains(&far), "{near} {far}");
        assert!(stage.depths().iter().all(|&d| (near..=far).contains(&f64::from(d))));
    }
    let depths = depth_map(&SMALL, HELD_OUT);
    // The arch on the left is the nearest solid, the sky the farthest.
    assert!((2.3..3.0).contains(&depths[27 * 96 + 2]), "{}", depths[27 * 96 + 2]);
    assert!(depths[60] > 8.0, "{}", depths[60]);
}

#[test]
fn the_grid_is_as_wide_as_promised() {
    let cameras = cameras(&SMALL);
    let at = |i: usize| cameras[i].position();
    for row in 0..3 {
        assert!((0.26..0.38).contains(&(at(3 * row + 2).x - at(3 * row).x)));
        assert!((0.14..0.22).contains(&(at(6 + row).y - at(row).y)));
    }
    // The middle one looks at the fountain.
    let pixel = cameras[HELD_OUT].project(DVec3::new(0.0, -0.74, 4.8)).unwrap();
    assert!((pixel - DVec2::new(48.0, 27.0)).length() < 2.0, "{pixel}");
}

#[test]
fn sensors_add_noise_and_exposures_that_differ_a_little() {
    let flat = vec![128.0f32; 60_000];
    let means: Vec<f64> = (0..VIEWS)
        .map(|view| {
            let read = Sensor::of_view(7, view).read(&flat, 11);
            let mean = read.iter().map(|&v| f64::from(v)).sum::<f64>() / 60_000.0;
            let variance = read.iter().map(|&v| (f64::from(v) - mean).powi(2)).sum::<f64>() / 60_000.0;
            assert!((0.9..1.2).contains(&variance.sqrt()), "sigma {}", variance.sqrt());
            mean
        })
        .collect();
    let (low, high) = means.iter().fold((f64::MAX, 0.0f64), |(l, h), &m| (l.min(m), h.max(m)));
    assert!((0.005..=0.0155).contains(&(high / low - 1.0)), "{low} to {high}");
    assert_eq!(Sensor::of_view(7, 1).read(&flat, 3), Sensor::of_view(7, 1).read(&flat, 3));
    assert_ne!(Sensor::of_view(7, 1).read(&flat, 3), Sensor::of_view(7, 1).read(&flat, 4));
    assert!(Sensor::ideal().read(&flat, 3).iter().all(|&v| v == 128));
}

#[test]
fn settings_out_of_range_are_refused() {
    for (config, found) in [
        (SampleConfig { width: 97, ..SMALL }, "found 97x54 pixels"),
        (SampleConfig { height: 8192, ..SMALL }, "found 96x8192 pixels"),
        (SampleConfig { frames: 1, ..SMALL }, "found 1 frames"),
        (SampleConfig { fps: f64::NAN, ..SMALL }, "found NaN fps"),
    ] {
        let target = fresh("range");
        let error = write(&target, &config, Writer::default(), &mut Unwatched).unwrap_err();
        assert!(matches!(error, SampleError::Config(_)));
        assert!(error.to_string().contains(found), "{error}");
        assert!(!target.exists());
    }
}

#[test]
fn a_missing_ffmpeg_is_named_with_the_way_to_get_it() {
    let target = fresh("no-ffmpeg");
    let none = programs(Path::new("/nonexistent/ffmpeg"));
    let error = write_with(&none, &target, &SMALL, Writer::default(), &mut Unwatched).unwrap_err();
    assert!(matches!(error, SampleError::Media(MediaError::FfmpegMissing { .. })), "{error}");
    assert!(error.fault() == Fault::Machine && error.to_string().contains("/nonexistent/ffmpeg"), "{error}");
    assert!(!target.exists(), "nothing may be written without ffmpeg");
}

/// ffmpeg at a given place.
fn programs(ffmpeg: &Path) -> Ffmpeg {
    Ffmpeg { ffmpeg: ffmpeg.to_owned(), ..Ffmpeg::default() }
}

/// A program that answers `-version` and then does `script`.
#[cfg(unix)]
fn pretender(name: &str, script: &str) -> PathBuf {
    use std::os::unix::fs::PermissionsExt;
    let path = fresh(name);
    std::fs::write(&path, format!("#!/bin/sh\n[ \"$1\" = -version ] && exit 0\n{script}\n")).unwrap();
    std::fs::set_permissions(&path, std::fs::Permissions::from_mode(0o755)).unwrap();
    path
}

#[cfg(unix)]
#[test]
fn targets_that_cannot_be_written_are_named() {
    let program = pretender("idle-ffmpeg", "exit 0");
    let file = fresh("a-file");
    std::fs::write(&file, "in the way").unwrap();
    let error =
        write_with(&programs(&program), &file.join("sample"), &SMALL, Writer::default(), &mut Unwatched).unwrap_err();
    assert!(matches!(&error, SampleError::Io { path, .. } if *path == file.join("sample")), "{error}");

    let taken = fresh("taken");
    std::fs::create_dir_all(&taken).unwrap();
    std::fs::write(taken.join("poses_bounds.npy"), "someone's").unwrap();
    let error = write_with(&programs(&program), &taken, &SMALL, Writer::default(), &mut Unwatched).unwrap_err();
    assert!(matches!(&error, SampleError::Occupied(path) if *path == taken), "{error}");
    assert_eq!(std::fs::read_to_string(taken.join("poses_bounds.npy")).unwrap(), "someone's");
    std::fs::remove_dir_all(taken).unwrap();
    std::fs::remove_file(file).unwrap();
    std::fs::remove_file(program).unwrap();
}

#[cfg(unix)]
#[test]
fn what_a_failing_ffmpeg_says_is_passed_on() {
    let program = pretender("failing-ffmpeg", "cat > /dev/null; echo 'No space left on device' >&2; exit 1");
    let target = fresh("failing");
    let error =
        write_with(&programs(&program), &target, &SMALL, Writer::default(), &mut Unwatched).unwrap_err().to_string();
    assert!(error.contains("0000.mp4") && error.contains("No space left on device"), "{error}");
    assert!(!target.join("poses_bounds.npy").exists());
    std::fs::remove_dir_all(target).unwrap();
    std::fs::remove_file(program).unwrap();
}

#[test]
fn a_sample_that_is_stopped_has_no_poses_and_may_be_written_again() {
    let target = fresh("stopped");
    let mut stop = |_: Event<'_>| ControlFlow::Break(());
    let error = write(&target, &SMALL, Writer::default(), &mut stop).unwrap_err();
    assert!(matches!(error, SampleError::Stopped), "{error}");
    assert!(!target.join("poses_bounds.npy").exists());
    assert_eq!(std::fs::read_dir(target.join("videos")).unwrap().count(), 0, "an unfinished video leaves nothing");
    let config = SampleConfig { width: 32, height: 18, frames: 2, ..SMALL };
    write(&target, &config, Writer::default(), &mut Unwatched).unwrap();
    assert!(target.join("poses_bounds.npy").exists());
    std::fs::remove_dir_all(target).unwrap();
}

#[test]
fn a_shaky_sample_walks_off_the_steady_one_and_begins_with_it() {
    let config = SampleConfig { shaky: true, frames: 30, ..SMALL };
    for view in 0..VIEWS {
        let camera = cameras(&config)[view];
        let turns = hand::walk(&config, view);
        assert_eq!((turns.len(), turns[0]), (30, DMat3::IDENTITY));
        // Where the middle of the first frame is in each.
        let off_px = |turn: &DMat3| {
            let ray = hand::turned(&camera, turn).world_from_camera.matrix3.transpose() * camera.ray(camera.center_px);
            ((ray / ray.z).truncate() * camera.focal_px).length()
        };
        let farthest = turns.iter().map(off_px).fold(0.0, f64::max);
        assert!((2.0..6.1).contains(&farthest), "view {view}: {farthest}");
    }
    // Where names may hold a colon, ffmpeg must not take what is before it for a protocol.
    let target = fresh(if cfg!(windows) { "shaky" } else { "shaky: 1" });
    let config = SampleConfig { frames: 3, ..config };
    write(&target, &config, Writer::default(), &mut Unwatched).unwrap();
    let (clip, _) = loop3d_media::read_clip(&target.join("videos/0004.mp4")).unwrap();
    let turn = hand::walk(&config, 4)[2];
    let garden = Garden::new(config.seed);
    let frame = |turn: &DMat3, index: usize| {
        let stage = Stage::new(&garden, &config, &hand::turned(&cameras(&config)[4], turn));
        Sensor::of_view(config.seed, 4).read(&stage.frame(index as f32 / 25.0), index)
    };
    let first = first_frame(&config, 4);
    let psnr = |a: &[u8], b: &[u8]| {
        let squares: f64 = a.iter().zip(b).map(|(x, y)| (f64::from(*x) - f64::from(*y)).powi(2)).sum();
        10.0 * (255.0f64.powi(2) * a.len() as f64 / squares).log10()
    };
    let [begins, turned, steady] = [
        psnr(clip.frame(0), &frame(&DMat3::IDENTITY, first)),
        psnr(clip.frame(2), &frame(&turn, first + 2)),
        psnr(clip.frame(2), &frame(&DMat3::IDENTITY, first + 2)),
    ];
    assert!(begins > 30.0 && turned > 30.0 && steady < turned - 1.5, "{begins} {turned} {steady}");
    std::fs::remove_dir_all(target).unwrap();
}

#[test]
fn the_whole_sample_is_written_and_reads_back() {
    if std::process::Command::new("ffmpeg").arg("-version").output().is_err() {
        eprintln!("NOT RUN: the_whole_sample_is_written_and_reads_back needs the ffmpeg program");
        return;
    }
    let target = fresh("whole");
    let mut heard = Vec::new();
    let mut observer = |event: Event<'_>| {
        if let Event::Step { done, .. } = event {
            heard.push(done);
        }
        ControlFlow::Continue(())
    };
    let report = write(&target, &SMALL, Writer::default(), &mut observer).unwrap();
    assert_eq!((report.files.len(), report.frames), (12, 9 * 6 + 15));
    assert!(report.files.iter().all(|f| f.is_file()));
    assert!(heard.is_sorted() && heard.last() == Some(&1.0), "{heard:?}");
    let left_over = std::fs::read_dir(target.join("videos")).unwrap().count();
    assert_eq!(left_over, 9);

    let decode = |path: PathBuf| {
        let run = std::process::Command::new("ffmpeg")
            .args(["-v", "error", "-i"])
            .arg(path)
            .args(["-f", "rawvideo", "-pix_fmt", "rgb24", "-"])
            .output()
            .unwrap();
        run.stdout.chunks(96 * 54 * 3).map(<[u8]>::to_vec).collect::<Vec<_>>()
    };
    let clip = decode(target.join("videos/0004.mp4"));
    let truth = decode(target.join("truth/0004.mp4"));
    assert_eq!((clip.len(), truth.len()), (6, 15));
    let rendered = render_view(&SMALL, 4, 5);
    let psnr = |a: &[u8], b: &[u8]| {
        let squares: f64 = a.iter().zip(b).map(|(x, y)| (f64::from(*x) - f64::from(*y)).powi(2)).sum();
        10.0 * (255.0f64.powi(2) * a.len() as f64 / squares).log10()
    };
    // Half-resolution colour costs the most.
    assert!(psnr(&clip[5], &rendered) > 30.0, "{}", psnr(&clip[5], &rendered));
    assert!(psnr(&truth[5], &rendered) > 30.0, "{}", psnr(&truth[5], &rendered));
    assert!(psnr(&truth[5], &rendered) > 3.0 + psnr(&truth[14], &rendered));

    // An earlier sample may be written again, with the same bytes.
    let before: Vec<Vec<u8>> = report.files.iter().map(|f| std::fs::read(f).unwrap()).collect();
    let again = write(&target, &SMALL, Writer::default(), &mut Unwatched).unwrap();
    assert_eq!(again, report);
    assert!(report.files.iter().zip(&before).all(|(f, bytes)| std::fs::read(f).unwrap() == *bytes));
    std::fs::remove_dir_all(target).unwrap();
}
