use super::*;
use clap::Parser;
use glam::{DAffine3, DVec2};
use loop3d_scene::{Camera, Planes, SceneView, TILE_VALUES, Tile, TileTable};
use std::fs;
use std::process::Command;

/// A folder of this test's own with a scene in it, removed at its end.
struct Folder(PathBuf);

impl Folder {
    /// Far plane green; on the near one a looping tile in the middle that is red in frame 0 and blue in frame 1.
    fn new(test: &str, width: u32) -> Self {
        let folder = std::env::temp_dir().join(format!("loop3d-render-{test}-{}", std::process::id()));
        let _ = fs::remove_dir_all(&folder);
        fs::create_dir_all(&folder).unwrap();
        let reference = Camera {
            width,
            height: 48,
            focal_px: DVec2::splat(60.0),
            center_px: DVec2::new(f64::from(width) / 2.0, 24.0),
            world_from_camera: DAffine3::IDENTITY,
        };
        let mut tiles = TileTable::empty(2, 3, 4, [0, 0]);
        tiles.tiles[5] = Tile::Looping(0);
        (0..12).for_each(|i| tiles.tiles[12 + i] = Tile::Static(i as u32));
        let of = |texel: [u16; 4]| texel.into_iter().cycle().take(TILE_VALUES);
        let scene = Scene {
            reference,
            planes: Planes { near: 1.0, far: 4.0, count: 2 },
            tiles,
            fps: 10.0,
            frames: 2,
            static_texels: (0..12).flat_map(|_| of([0, 65535, 0, 65535])).collect(),
            looping_texels: of([65535, 0, 0, 65535]).chain(of([0, 0, 65535, 65535])).collect(),
            views: vec![SceneView { name: "a".to_owned(), camera: reference, held_out: false }],
            fit: serde_json::Value::Null,
        };
        loop3d_scene::save(&scene, folder.join("a.loop3d")).unwrap();
        Self(folder)
    }

    /// Runs `render a.loop3d` with these arguments, `@` standing for this folder.
    fn render(&self, arguments: &str) -> Result<()> {
        #[derive(Parser)]
        struct Cli {
            #[command(flatten)]
            render: RenderArgs,
        }
        let folder = self.0.to_str().unwrap();
        let arguments = format!("render @/a.loop3d --quiet {arguments}").replace('@', folder);
        Cli::try_parse_from(arguments.split(' '))?.render.run()
    }

    /// The message of a refusal, which leaves nothing behind.
    fn refused(&self, arguments: &str) -> String {
        let before = self.names();
        let error = self.render(arguments).unwrap_err();
        assert_eq!(self.names(), before);
        format!("{error:#}")
    }

    fn names(&self) -> Vec<String> {
        let names = fs::read_dir(&self.0).unwrap().map(|e| e.unwrap().file_name().into_string().unwrap());
        let mut names: Vec<_> = names.collect();
        names.sort();
        names
    }
}

impl Drop for Folder {
    fn drop(&mut self) {
        let _ = fs::remove_dir_all(&self.0);
    }
}

#[test]
fn png_frames_are_the_loop_as_seen_by_the_view() {
    let folder = Folder::new("png", 64);
    folder.render("-o @/frames/ --path view:0 --frames 5 --start 1").unwrap();
    assert_eq!(folder.names(), ["a.loop3d", "frames"]);
    for i in 0..5 {
        let picture = image::open(folder.0.join(format!("frames/{i:05}.png"))).unwrap().to_rgb8();
        assert_eq!(picture.dimensions(), (64, 48));
        let expected = if i % 2 == 0 { [0, 0, 255] } else { [255, 0, 0] };
        assert_eq!((picture.get_pixel(24, 24).0, picture.get_pixel(50, 24).0), (expected, [0, 255, 0]), "frame {i}");
    }
    assert!(!folder.0.join("frames/00005.png").exists());
    let error = folder.refused("-o @/frames");
    assert!(error.contains("found a folder with files in it, expected a new or empty folder"), "{error}");
}

#[test]
fn an_mp4_has_its_size_rate_length_and_colours() {
    let folder = Folder::new("mp4", 64);
    fs::write(folder.0.join("out.mp4"), "an older file").unwrap();
    folder.render("-o @/out.mp4 --path view:0 --frames 4 --fps 20").unwrap();
    assert_eq!(folder.names(), ["a.loop3d", "out.mp4"]);
    let out = folder.0.join("out.mp4");
    let entries = "stream=codec_name,width,height,pix_fmt,r_frame_rate,nb_frames,color_space";
    let probe = Command::new("ffprobe")
        .args(["-v", "error", "-show_entries", entries, "-of", "csv=p=0"])
        .arg(&out)
        .output()
        .unwrap();
    assert_eq!(String::from_utf8(probe.stdout).unwrap().trim(), "h264,64,48,yuv420p,bt709,20/1,4");
    let raw = Command::new("ffmpeg")
        .args(["-v", "error", "-i"])
        .arg(&out)
        .args(["-f", "rawvideo", "-pix_fmt", "rgb24", "-"])
        .output()
        .unwrap()
        .stdout;
    let pixel = |frame: usize, x: usize, y: usize| &raw[((frame * 48 + y) * 64 + x) * 3..][..3];
    // Times 0, ½, 1, 1½ of a loop of 2: red, both, blue, both.
    for (frame, expected) in [[255, 0, 0], [128, 0, 128], [0, 0, 255], [128, 0, 128]].into_iter().enumerate() {
        for (found, expected) in pixel(frame, 24, 24).iter().zip(expected) {
            assert!(found.abs_diff(expected) < 12, "frame {frame}: {:?}", pixel(frame, 24, 24));
        }
        assert!(pixel(frame, 55, 40)[1] > 240);
    }
}

#[test]
fn odd_sizes_are_cropped_when_captured_and_refused_when_asked_for() {
    let folder = Folder::new("odd", 63);
    folder.render("-o @/out.mp4 --frames 1").unwrap();
    let error = folder.refused("-o @/b.mp4 --size 65x48");
    assert_eq!(error, "size 65×48: an mp4 needs even sides, such as 64x48");
    folder.render("-o @/odd --size 65x47 --frames 1").unwrap();
    assert_eq!(image::image_dimensions(folder.0.join("odd/00000.png")).unwrap(), (65, 47));
}

#[test]
fn a_path_file_gives_size_rate_and_length() {
    let folder = Folder::new("path", 64);
    let path = r#"{"fps": 4, "size": [32, 24], "keyframes": [
        {"time_s": 0, "position": [0, 0, 0], "look_at": [0, 0, 4]},
        {"time_s": 1.5, "position": [100, 0, 0], "look_at": [100, 0, 4]}]}"#;
    fs::write(folder.0.join("p.json"), path).unwrap();
    folder.render("-o @/frames --path @/p.json").unwrap();
    assert_eq!(fs::read_dir(folder.0.join("frames")).unwrap().count(), 6);
    let first = image::open(folder.0.join("frames/00000.png")).unwrap().to_rgb8();
    assert_eq!((first.dimensions(), first.get_pixel(28, 12).0), ((32, 24), [0, 255, 0]));
    // The camera has left the planes.
    let last = image::open(folder.0.join("frames/00005.png")).unwrap().to_rgb8();
    assert_eq!(last.get_pixel(28, 12).0, [0, 0, 0]);
}

#[test]
fn bad_requests_are_refused_with_what_was_found_and_expected() {
    let folder = Folder::new("bad", 64);
    let said = |arguments: &str, expected: &str| {
        let error = folder.refused(arguments);
        assert!(error.contains(expected), "{arguments}: {error}");
    };
    said("-o @/a.avi", "expected a file that ends in mp4, webm, gif, webp, avif, or a folder");
    said("-o @/missing/a.mp4", "no such folder");
    said("-o @/missing/frames/", "no such folder");
    said("-o @/a.mp4 --path view:9", "the scene has no view 9");
    said("-o @/a.mp4 --path view:x", "expected spiral, reference, view:N");
    said("-o @/a.mp4 --path @/none.json", "expected spiral, reference, view:N");
    said("-o @/a.mp4 --path @/a.loop3d", "expected spiral, reference, view:N");
    said("-o @/a.mp4 --size 64", "expected WIDTHxHEIGHT");
    said("-o @/a.mp4 --size 64x99999", "sides of 1 to 16384");
    said("-o @/a.mp4 --fps 0", "fps: found 0, expected a positive number");
    said("-o @/a.mp4 --frames 0", "--frames");
    said("-o @/a.mp4 --crf 52", "--crf");
}

#[cfg(feature = "viewer")]
#[test]
fn the_gpu_draws_what_the_cpu_draws() {
    let folder = Folder::new("gpu", 64);
    folder.render("-o @/cpu --frames 12 --fps 15 --renderer cpu").unwrap();
    folder.render("-o @/auto --frames 12 --fps 15").unwrap();
    let gpu = folder.render("-o @/gpu --frames 12 --fps 15 --renderer gpu");
    let mut names = vec!["cpu", "auto", "gpu"];
    if let Err(error) = gpu {
        assert!(error.to_string().contains("no graphics adapter"), "{error:#}");
        // Around the test harness, which shows what a passing test prints to nobody.
        let line = format!("NOT TESTED, no adapter here: {error}\n");
        assert!(std::io::Write::write_all(&mut std::io::stderr(), line.as_bytes()).is_ok());
        names.pop();
    }
    for frame in 0..12 {
        let [cpu, others @ ..] = &names[..] else { return };
        let read = |name: &str| image::open(folder.0.join(format!("{name}/{frame:05}.png"))).unwrap().to_rgb8();
        let expected = read(cpu);
        for name in others {
            let found = read(name);
            assert!(found.iter().zip(expected.iter()).all(|(f, e)| f.abs_diff(*e) <= 2), "{name}, frame {frame}");
        }
    }
}

/// Leftmost and rightmost column of the tile that stands nearest, red at frame 0, in the middle row of an image that is a part of a PNG.
fn red(file: &Path, left: u32, width: u32, row: u32) -> [u32; 2] {
    let image = image::open(file).unwrap().to_rgb8();
    let is_red = |x: &u32| image.get_pixel(left + x, row)[0] > 128;
    let first = (0..width).find(is_red).unwrap();
    [first, (0..width).rev().find(is_red).unwrap()]
}

/// The folder's scene with two views this far apart: the captured range.
fn widen(folder: &Folder, apart: f64) -> Scene {
    let mut scene = loop3d_scene::load(folder.0.join("a.loop3d")).unwrap();
    let at = |x: f64| Camera { world_from_camera: DAffine3::from_translation(glam::DVec3::X * x), ..scene.reference };
    let views = [-apart / 2.0, apart / 2.0].map(|x| SceneView { name: "a".to_owned(), camera: at(x), held_out: false });
    scene.views = views.to_vec();
    loop3d_scene::save(&scene, folder.0.join("a.loop3d")).unwrap();
    scene
}

#[test]
fn two_eyes_see_near_things_shifted_by_their_distance() {
    let folder = Folder::new("stereo", 64);
    let scene = widen(&folder, 0.4);
    folder.render("-o @/one --path reference --frames 1 --renderer cpu").unwrap();
    folder.render("-o @/two --path reference --frames 1 --renderer cpu --stereo sbs --eye-distance 0.2").unwrap();
    let two = folder.0.join("two/00000.png");
    assert_eq!(image::image_dimensions(&two).unwrap(), (128, 48));
    let middle = red(&folder.0.join("one/00000.png"), 0, 64, 24);
    let [left, right] = [red(&two, 0, 64, 24), red(&two, 64, 64, 24)];
    // The near plane at depth 1 moves by f·d/2·(1 − 1/focus) from the middle: to the right for the left eye.
    let shift = 60.0 * 0.1 * (1.0 - 1.0 / scene.planes.focus());
    for (eye, sign) in [(left, 1.0), (right, -1.0)] {
        for (now, then) in eye.into_iter().zip(middle) {
            assert!(
                (f64::from(now) - f64::from(then) - sign * shift).abs() <= 1.0,
                "{left:?} {middle:?} {right:?}, {shift}"
            );
        }
    }
    // Beyond the captured range it is limited, and never leaves it.
    folder.render("-o @/far --path view:1 --frames 1 --renderer cpu --stereo sbs --eye-distance 9").unwrap();
    let eyes = Eyes::SideBySide { distance: eyes::distance_of_two(&scene, Some(9.0)).unwrap().0 };
    let shot = Shot { camera: scene.views[1].camera, time: 0.0 };
    let places: Vec<f64> = eyes.shots(&scene, &[shot]).iter().map(|shot| shot.camera.position().x).collect();
    assert!((places[0] + 0.2).abs() < 1e-9 && (places[1] - 0.2).abs() < 1e-9, "{places:?}");
    assert!(folder.refused("-o @/x --stereo sbs --eye-distance 0").contains("--eye-distance"));
}

#[test]
fn a_quilt_goes_from_left_to_right_and_upwards() {
    let folder = Folder::new("quilt", 64);
    widen(&folder, 0.3);
    folder.render("-o @/q --quilt 3x2 --frames 1 --renderer cpu").unwrap();
    let file = folder.0.join("q_qs3x2a1.3333/00000.png");
    assert_eq!(image::image_dimensions(&file).unwrap(), (192, 96));
    // The lower row first: from view to view, the near tile moves to the left.
    let places: Vec<u32> = (0..6).map(|view| red(&file, view % 3 * 64, 64, 48 * (1 - view / 3) + 24)[0]).collect();
    assert!(places.windows(2).all(|pair| pair[1] < pair[0]), "{places:?}");
    assert!(folder.refused("-o @/x.mp4 --quilt 300x1 --frames 1").contains("--size is that of one view"));
}
