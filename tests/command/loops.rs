//! `loop3d loop`: from a clip to a file; `loop3d fit --depth`: from a clip and its depth to a scene.

use crate::support::{Ended, Folder, SIZE};
use loop3d_media::read_clip;
use loop3d_scene::Tile;
use std::fs;

/// Frames of the clip: five times the eight that its patch swings in.
const FRAMES: usize = 40;

#[test]
fn a_clip_becomes_a_loop_in_every_form_and_leaves_nothing_else() {
    let folder = Folder::new(FRAMES);
    let ended = folder.done("loop capture/frames/v0 -o a.mp4 --json --repeat 2 --compare beside");
    let report: serde_json::Value = serde_json::from_str(&ended.stdout).unwrap();
    let frames = report["frames"].as_u64().unwrap() as usize;
    assert_eq!((frames % 8, report["of"].as_u64()), (0, Some(FRAMES as u64)), "{report}");
    assert!(report["seam"].as_f64().unwrap() < 1.2 && report["moving"].as_f64().unwrap() < 0.6, "{report}");
    assert!(ended.stderr.contains("wrote a.mp4") && ended.stderr.contains("seam"), "{}", ended.stderr);
    let (twice, fps) = read_clip(&folder.path("a.mp4")).unwrap();
    assert_eq!((twice.frames, twice.width, twice.height, fps), (2 * frames, SIZE.0 as usize, SIZE.1 as usize, 25.0));
    let (all, _) = read_clip(&folder.path("beside/compare.mp4")).unwrap();
    assert_eq!((all.frames, all.width), (3 * frames, 3 * SIZE.0 as usize));
    for name in ["cut", "fade", "loop"] {
        assert_eq!(read_clip(&folder.path(&format!("beside/{name}.mp4"))).unwrap().0.frames, frames, "{name}");
    }
    for name in ["b.webm", "b.gif", "b.webp", "b.avif"] {
        folder.done(&format!("loop capture/frames/v0 -o {name} --seconds 0.64 --quiet"));
    }
    folder.done("loop capture/frames/v0 -o frames --seconds 0.64 --quiet");
    folder.done("loop capture/frames/v0 -o low --seconds 0.64 --max-height 16 --quiet");
    let (low, _) = read_clip(&folder.path("low")).unwrap();
    assert_eq!((low.frames, low.width, low.height), (16, 24, 16));
    assert_eq!(fs::read_dir(folder.path("frames")).unwrap().count(), 16);
    // What stands still in the clip is one value in all frames.
    let (made, _) = read_clip(&folder.path("frames")).unwrap();
    assert!((1..16).all(|t| made.frame(t)[..3] == made.frame(0)[..3]));
    assert!((1..16).any(|t| made.frame(t) != made.frame(0)));
    assert_eq!(folder.names(), ["a.mp4", "b.avif", "b.gif", "b.webm", "b.webp", "beside", "capture", "frames", "low"]);
}

#[test]
fn what_cannot_be_closed_is_told_and_an_older_file_stays() {
    let folder = Folder::new(5);
    fs::write(folder.path("a.mp4"), "older").unwrap();
    folder.run("loop capture/frames/v0 -o a.mp4").said(65, &["capture/frames/v0: 5 frames; expected at least 12"]);
    let wrong = "loop capture/frames/v0 -o a.mp4 --mask capture/poses_bounds.npy";
    folder.run(wrong).said(65, &["poses_bounds.npy: unreadable"]);
    folder.run("loop none -o a.mp4").said(65, &["none: no such file or folder"]);
    assert_eq!(folder.bytes("a.mp4"), b"older");
    assert_eq!(folder.names(), ["a.mp4", "capture"]);
    folder.done("loop capture/frames/v0 -o a.mp4 --boomerang");
    assert_eq!(read_clip(&folder.path("a.mp4")).unwrap().0.frames, 8);
    // The clip itself is never replaced.
    let before = folder.bytes("a.mp4");
    folder.run("loop a.mp4 -o a.mp4").said(2, &["--output: a.mp4 is an input"]);
    folder.run("loop a.mp4 -o ./a.mp4").said(2, &["a.mp4 is an input"]);
    folder.run("loop a.mp4 -o b.mp4 --mask none.png").said(65, &["none.png: no such file"]);
    folder.run("loop a.mp4 -o b --compare b").said(2, &["--compare: found b, which is --output"]);
    folder.run("loop a.mp4 -o b.mp4 --end 0").said(2, &["--end: found 0"]);
    assert_eq!(folder.bytes("a.mp4"), before);
}

/// The depth of the clip's picture: near on the left.
fn depth(folder: &Folder) {
    let near = |x: u32| if x < SIZE.0 / 2 { 220 } else { 60 };
    image::GrayImage::from_fn(SIZE.0, SIZE.1, |x, _| image::Luma([near(x)])).save(folder.path("depth.png")).unwrap();
}

#[test]
fn a_clip_and_its_depth_become_a_scene_that_everything_takes() {
    let folder = Folder::new(FRAMES);
    depth(&folder);
    let ended = folder.done("fit --views capture/frames/v0 --depth depth.png -o a.loop3d --frames 16 --fov 62");
    assert!(ended.stderr.contains("depth.png: taken for disparity: bright is near"), "{}", ended.stderr);
    let scene = loop3d_scene::load(folder.path("a.loop3d")).unwrap();
    assert_eq!((scene.frames, scene.views.len(), scene.views[0].name.as_str()), (16, 5, "v0"));
    assert!((scene.reference.focal_px.x - 24.0 / 31f64.to_radians().tan()).abs() < 1e-9);
    // From where it was filmed it is the loop.
    folder.done("loop capture/frames/v0 -o loop --seconds 0.64 --quiet");
    folder.done("render a.loop3d -o seen --path view:0 --renderer cpu --quiet");
    let [seen, made] = ["seen", "loop"].map(|name| read_clip(&folder.path(name)).unwrap().0);
    assert_eq!(seen.frames, 16);
    let off = seen.rgb.iter().zip(&made.rgb).map(|(a, b)| a.abs_diff(*b)).max();
    assert!(off.unwrap() <= 1, "{off:?}");
    // From the side, what is near has moved more.
    folder.done("render a.loop3d -o side --path view:1 --renderer cpu --frames 1 --quiet");
    let (side, _) = read_clip(&folder.path("side")).unwrap();
    assert!(side.frame(0) != seen.frame(0));
    assert!(side.frame(0).chunks_exact(3).all(|rgb| rgb != [0, 0, 0]), "no holes");
    folder.done("export a.loop3d -o a.glb --quiet");
    folder.done("info a.glb");
}

#[test]
fn what_a_clean_plate_shows_is_behind_the_thing_that_it_lacks() {
    let folder = Folder::new(FRAMES);
    // A grey box in the middle, and the same place without it.
    depth(&folder);
    let [before, plate] = [true, false].map(|thing| {
        image::RgbImage::from_fn(SIZE.0, SIZE.1, |x, _| match x {
            0..24 if thing => image::Rgb([90, 90, 90]),
            _ => image::Rgb([20, (4 * x) as u8, 200]),
        })
    });
    fs::create_dir(folder.path("still")).unwrap();
    (0..20).for_each(|frame| before.save(folder.path(&format!("still/{frame:02}.png"))).unwrap());
    plate.save(folder.path("plate.png")).unwrap();
    folder.done("fit --views still --depth depth.png --fill plate.png -o a.loop3d --quiet");
    let scene = loop3d_scene::load(folder.path("a.loop3d")).unwrap();
    // From the left the box has moved to the right less than it reaches: just beside it is what the plate has there.
    let seen = loop3d_scene::render(&scene, &scene.views[2].camera, 0.0).to_rgb8();
    let middle = &seen[(16 * 48) * 3..(17 * 48) * 3];
    let edge = (0..48).rfind(|x| middle[3 * x + 2] < 120).unwrap();
    let beside = &middle[3 * (edge + 2)..3 * (edge + 3)];
    assert!(edge < 23 && beside[0] < 40 && beside[2] > 180 && beside[1] < 4 * 25, "{edge} {beside:?}");
    image::RgbImage::new(30, 30).save(folder.path("square.png")).unwrap();
    let wrong = "fit --views still --depth depth.png --fill square.png -o b.loop3d";
    folder.run(wrong).said(65, &["square.png: found 30×30; expected the shape of the clip's frames, 48×32"]);
    assert_eq!(folder.names(), ["a.loop3d", "capture", "depth.png", "plate.png", "square.png", "still"]);
}

/// Where `cargo xtask setup --tests` puts ONNX Runtime.
const RUNTIME: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/.torch/onnxruntime/lib/libonnxruntime.so.1.27.0");

#[test]
fn a_model_of_pictures_gives_the_depth() {
    if !cfg!(all(target_os = "linux", target_arch = "x86_64")) {
        eprintln!("not run: the set-up brings ONNX Runtime for Linux on x86-64 only");
        return;
    }
    let folder = Folder::new(FRAMES);
    fs::write(folder.path("mean.onnx"), include_bytes!("mean.onnx")).unwrap();
    let fit = |model: &str, runtime: &str| {
        let words =
            format!("fit --views capture/frames/v0 --depth-model {model} --depth-side 28 --frames 16 -o a.loop3d");
        Ended::of(folder.command(&words).env("ORT_DYLIB_PATH", runtime))
    };
    fit("none.onnx", RUNTIME).said(65, &["none.onnx: cannot be read"]);
    fit("capture/poses_bounds.npy", RUNTIME).said(65, &["poses_bounds.npy: no ONNX model"]);
    fit("mean.onnx", "/none.so").said(1, &["--depth-model: /none.so", "pip install onnxruntime"]);
    assert_eq!(folder.names(), ["capture", "mean.onnx"]);
    fit("mean.onnx", RUNTIME).said(0, &["mean.onnx: taken for disparity", "wrote a.loop3d"]);
    let scene = loop3d_scene::load(folder.path("a.loop3d")).unwrap();
    assert_eq!((scene.frames, scene.views.len()), (16, 5));
    // Its picture has bright and dark parts, which are near and far.
    let per_plane = scene.tiles.tiles.len() / scene.planes.count;
    let shown = |tiles: &&[Tile]| tiles.iter().any(|tile| *tile != Tile::Empty);
    assert!(scene.tiles.tiles.chunks(per_plane).filter(shown).count() >= 2);
}

#[test]
fn a_clip_without_depth_and_depth_with_flags_of_captures_are_refused() {
    let folder = Folder::new(FRAMES);
    depth(&folder);
    fs::write(folder.path("a.mp4"), "words").unwrap();
    folder.run("fit --views a.mp4").said(2, &["a.mp4 is one clip", "--depth FILE"]);
    let fit = "fit --views capture/frames/v0 --depth depth.png -o a.loop3d";
    folder.run(&format!("{fit} --hold-out 1 --cameras a")).said(2, &["found --cameras, --hold-out"]);
    folder.run(&format!("{fit} --preset draft")).said(2, &["a setting of a fit"]);
    folder.run(&format!("{fit} --fov 5")).said(2, &["--fov: found 5, expected 10 to 150 degrees"]);
    let other = fit.replace("depth.png", "capture/poses_bounds.npy");
    folder.run(&other).said(65, &["poses_bounds.npy: 17×4 values; expected the shape of the clip's frames, 48×32"]);
    folder.run(&fit.replace("depth.png", "none.png")).said(65, &["none.png: cannot be read"]);
    assert_eq!(folder.names(), ["a.mp4", "capture", "depth.png"]);
}
