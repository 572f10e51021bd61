//! Pictures of the GPU against those of the CPU compositor, on every backend that this machine has.

#[path = "../support/borders.rs"]
mod borders;
#[path = "../support/mod.rs"]
mod support;

use borders::is_at_border;
use glam::{DAffine3, DVec3};
use loop3d_scene::{Camera, Scene, SceneView, TILE_VALUES, Tile, TileTable};
use loop3d_viewer::{Backend, Clock, Gpu, OrbitCamera, RenderError, Renderer, RendererOptions, Tier};
use std::io::Write;
use std::sync::Arc;
use support::{cameras, hard_scene};

/// Lavapipe and llvmpipe on a machine without a GPU.
const BACKENDS: [Backend; 2] = [Backend::Vulkan, Backend::Gl];

/// Most that a channel may differ, of 255.
const TOLERANCE: u8 = 2;

/// A renderer, or a loud line where the machine has none.
fn renderer(scene: &Arc<Scene>, options: &RendererOptions) -> Option<Renderer> {
    let result = Renderer::new(Arc::clone(scene), options);
    if let Err(error @ RenderError::NoAdapter { .. }) = &result {
        // Around the test harness, which shows what a passing test prints to nobody.
        let line = format!("NOT TESTED, no adapter here: {error}\n");
        assert!(std::io::stderr().write_all(line.as_bytes()).is_ok());
        return None;
    }
    assert!(result.is_ok(), "{:?}", result.err());
    result.ok()
}

fn on(backend: Backend) -> RendererOptions {
    RendererOptions { backend, ..RendererOptions::default() }
}

#[test]
fn ten_cameras_and_five_times_look_as_the_cpu_compositor_has_them() {
    let scene = Arc::new(hard_scene(7, 5));
    for backend in BACKENDS {
        let Some(mut renderer) = renderer(&scene, &on(backend)) else { continue };
        let (mut different, mut at_borders, mut pixels, mut worst) = (0, 0, 0, 0);
        for camera in cameras(&scene, 11) {
            for time in [0.0, 1.0, 2.37, 4.5, -0.25] {
                let found = renderer.render(&camera, time).unwrap();
                let expected = loop3d_scene::render(&scene, &camera, time).to_rgb8();
                assert_eq!(found.len(), expected.len());
                for (i, (f, e)) in found.chunks_exact(3).zip(expected.chunks_exact(3)).enumerate() {
                    let error = f.iter().zip(e).map(|(f, e)| f.abs_diff(*e)).max().unwrap_or(0);
                    worst = worst.max(error);
                    pixels += 1;
                    if error > TOLERANCE {
                        different += 1;
                        let width = camera.width as usize;
                        at_borders += usize::from(is_at_border(&scene, &camera, i % width, i / width));
                    }
                }
            }
        }
        println!("{}: {different} of {pixels} pixels differ, worst by {worst}", renderer.adapter());
        assert!(different * 1000 <= pixels, "{backend:?}: {different} of {pixels} pixels differ, worst by {worst}");
        assert_eq!(at_borders, 0, "{backend:?}: differing pixels at tile borders; {different} in all, worst {worst}");
    }
}

#[test]
fn streamed_frames_give_the_pixels_of_resident_ones() {
    let scene = Arc::new(hard_scene(8, 9));
    for backend in BACKENDS {
        let Some(mut resident) = renderer(&scene, &on(backend)) else { continue };
        let Some(mut streamed) = renderer(&scene, &RendererOptions { loop_budget_bytes: 0, ..on(backend) }) else {
            continue;
        };
        assert_eq!((resident.statistics().frames_on_gpu, streamed.statistics().frames_on_gpu), (9, 4));
        assert!(streamed.statistics().bytes < resident.statistics().bytes);
        // Forward over the seam, backward, and jumps.
        let times = (0..24).map(|i| f64::from(i) * 0.5).chain((0..12).map(|i| 5.3 - f64::from(i))).chain([100.75, 3.0]);
        for time in times {
            let [a, b] = [&mut resident, &mut streamed].map(|r| r.render(&scene.reference, time).unwrap());
            assert!(a == b, "{backend:?} at {time}");
        }
    }
}

/// As the window does it: a picture, then what the next one needs.
#[test]
fn a_streamed_loop_is_there_before_it_is_shown() {
    let scene = Arc::new(hard_scene(8, 40));
    let Some(mut renderer) = renderer(&scene, &RendererOptions { loop_budget_bytes: 0, ..on(Backend::Auto) }) else {
        return;
    };
    let camera = scene.reference.covering(32, 18);
    let picture_s = 1.0 / 60.0;
    for (speed, is_reverse) in [(1.0, false), (0.3, false), (2.0, true), (4.0, false)] {
        let mut clock = Clock::new(scene.frames, scene.fps);
        clock.set_speed(speed);
        if is_reverse {
            clock.reverse();
        }
        let mut first = None;
        // Three rounds at 60 pictures a second.
        while clock.rounds() < 3 {
            renderer.render(&camera, clock.time()).unwrap();
            let missed = renderer.missed_frames();
            assert_eq!(missed, *first.get_or_insert(missed), "at {} × {speed}", clock.time());
            renderer.prepare(clock.soon(picture_s));
            clock.advance(picture_s);
        }
    }
    // A jump cannot be foreseen.
    let before = renderer.missed_frames();
    renderer.render(&camera, 20.5).unwrap();
    assert_eq!(renderer.missed_frames(), before + 2);
}

/// Browsers have 16-bit floats; what cannot blend those accumulates in 8 bits.
#[test]
fn lower_tiers_draw_the_same_picture() {
    let scene = Arc::new(hard_scene(7, 5));
    for (backend, tier) in BACKENDS.into_iter().flat_map(|backend| [(backend, Tier::Half), (backend, Tier::Limited)]) {
        let Ok(mut gpu) = Gpu::open_headless(backend) else { continue };
        gpu.tier = tier;
        let mut renderer = Renderer::on(gpu, Arc::clone(&scene), &on(backend)).unwrap();
        assert_eq!(renderer.tier(), tier);
        let (mut different, mut pixels) = (0, 0);
        for camera in cameras(&scene, 11) {
            let found = renderer.render(&camera, 2.37).unwrap();
            let expected = loop3d_scene::render(&scene, &camera, 2.37).to_rgb8();
            for (f, e) in found.chunks_exact(3).zip(expected.chunks_exact(3)) {
                pixels += 1;
                different += usize::from(f.iter().zip(e).any(|(f, e)| f.abs_diff(*e) > TOLERANCE));
            }
        }
        assert!(different * 1000 <= pixels, "{backend:?}, {tier:?}: {different} of {pixels} pixels differ");
    }
}

/// A scene as a fit leaves it: the farthest plane is opaque and reaches beyond what any camera of the capture sees. All of it is
/// white, so whatever is darker is the background, or a crack between tiles.
#[test]
fn the_background_is_never_seen_inside_of_the_captured_range() {
    let mut scene = hard_scene(12, 5);
    scene.static_texels.chunks_exact_mut(4).chain(scene.looping_texels.chunks_exact_mut(4)).for_each(|t| t.fill(t[3]));
    let (planes, rows, columns) = (scene.tiles.planes, scene.tiles.rows + 8, scene.tiles.columns + 8);
    let [x, y] = scene.tiles.origin_px;
    let mut wide = TileTable::empty(planes, rows, columns, [x - 64, y - 64]);
    for plane in 0..planes {
        for row in 0..rows {
            for column in 0..columns {
                let place = wide.index(plane, row, column);
                wide.tiles[place] = scene.tiles.get(plane, row as i64 - 4, column as i64 - 4);
            }
        }
    }
    let mut count = scene.static_texels.len() / TILE_VALUES;
    for place in wide.index(planes - 1, 0, 0)..wide.tiles.len() {
        match wide.tiles[place] {
            Tile::Empty => {
                wide.tiles[place] = Tile::Static(count as u32);
                scene.static_texels.extend([u16::MAX; TILE_VALUES]);
                count += 1;
            }
            Tile::Static(i) => scene.static_texels[i as usize * TILE_VALUES..][..TILE_VALUES].fill(u16::MAX),
            Tile::Looping(i) => {
                let values = TILE_VALUES * scene.frames;
                scene.looping_texels[i as usize * values..][..values].fill(u16::MAX);
            }
        }
    }
    scene.tiles = wide;
    let places = [(-0.2, -0.1), (0.2, -0.1), (0.2, 0.1), (-0.2, 0.1), (0.0, 0.0)];
    let at = |(x, y): (f64, f64)| Camera {
        world_from_camera: scene.reference.world_from_camera * DAffine3::from_translation(DVec3::new(x, y, 0.0)),
        ..scene.reference
    };
    let view = |camera| SceneView { name: "a".into(), camera, held_out: false };
    scene.views = places.map(|place| view(at(place))).into();
    let scene = Arc::new(scene);
    for backend in BACKENDS {
        let Some(mut renderer) = renderer(&scene, &on(backend)) else { continue };
        for (i, view) in scene.views.iter().enumerate() {
            let mut orbit = OrbitCamera::new(&scene);
            orbit.look_from(&view.camera);
            for (width, height) in [(160, 96), (333, 187)] {
                for camera in [view.camera.covering(width, height), orbit.camera(width, height)] {
                    let picture = renderer.render(&camera, i as f64 * 0.83).unwrap();
                    let darkest = picture.iter().min().copied();
                    assert_eq!(darkest, Some(255), "{backend:?}, place {i}, {width}×{height}");
                }
            }
        }
    }
}

#[test]
fn pictures_in_flight_do_not_disturb_each_other() {
    let scene = Arc::new(hard_scene(9, 9));
    for backend in BACKENDS {
        let Some(mut renderer) = renderer(&scene, &RendererOptions { loop_budget_bytes: 0, ..on(backend) }) else {
            continue;
        };
        let shots: Vec<(Camera, f64)> = cameras(&scene, 3).into_iter().zip((0..).map(|i| f64::from(i) * 1.6)).collect();
        let alone: Vec<Vec<u8>> = shots.iter().map(|(c, t)| renderer.render(c, *t).unwrap()).collect();
        let pending: Vec<_> = shots.iter().map(|(c, t)| renderer.start(c, *t).unwrap()).collect();
        let together: Vec<Vec<u8>> = pending.into_iter().map(|p| renderer.finish(p).unwrap()).collect();
        assert!(alone == together, "{backend:?}");
    }
}

/// A loop that turns evenly: any two neighbouring half frames differ alike, over the seam too.
#[test]
fn the_seam_is_as_smooth_as_the_rest() {
    let frames = 12;
    let mut scene = hard_scene(10, frames);
    for (i, texel) in scene.looping_texels.chunks_exact_mut(4).enumerate() {
        let (tile_frame, inside) = (i / 256, i % 256);
        let phase = (tile_frame % frames) as f64 / frames as f64 + inside as f64 * 0.37;
        let value = |shift: f64| (32767.0 * (1.0 + (std::f64::consts::TAU * (phase + shift)).sin())) as u16;
        texel.copy_from_slice(&[value(0.0), value(0.33), value(0.66), u16::MAX]);
    }
    let scene = Arc::new(scene);
    for backend in BACKENDS {
        let Some(mut renderer) = renderer(&scene, &on(backend)) else { continue };
        let halves: Vec<Vec<u8>> =
            (0..2 * frames).map(|half| renderer.render(&scene.reference, half as f64 / 2.0).unwrap()).collect();
        let step = |half: usize| -> u64 {
            let (a, b) = (&halves[half], &halves[(half + 1) % halves.len()]);
            a.iter().zip(b).map(|(a, b)| u64::from(a.abs_diff(*b))).sum()
        };
        let others = (0..2 * frames - 2).map(step).max().unwrap();
        let seam = step(2 * frames - 2).max(step(2 * frames - 1));
        assert!(others > 100_000, "the loop moves");
        assert!(seam as f64 <= 1.01 * others as f64, "{backend:?}: {seam} over the seam, at most {others} elsewhere");
    }
}

#[test]
fn bad_input_is_an_error_that_says_why() {
    let scene = Arc::new(hard_scene(7, 2));
    for backend in BACKENDS {
        let Some(mut good) = renderer(&scene, &on(backend)) else { continue };
        let limit = good.render(&Camera { width: u32::MAX, ..scene.reference }, 0.0).unwrap_err();
        assert!(matches!(limit, RenderError::ImageSize { width: u32::MAX, .. }), "{limit}");
        assert!(good.render(&Camera { height: 0, ..scene.reference }, 0.0).is_err());
        // It goes on.
        assert!(good.render(&scene.reference, 0.0).is_ok());

        let error = |scene: Scene| Renderer::new(Arc::new(scene), &on(backend)).err().map(|e| e.to_string());
        let broken = Scene { static_texels: vec![1], ..(*scene).clone() };
        assert!(error(broken).unwrap().starts_with("the scene is damaged: static texels: found 1 values"));
        let mut many = (*scene).clone();
        many.planes.count = 300;
        many.tiles.planes = 300;
        many.tiles.tiles.resize(300 * many.tiles.rows * many.tiles.columns, Tile::Empty);
        assert_eq!(error(many).unwrap(), "the scene has 300 planes; the GPU renderer draws at most 256");
    }
    if cfg!(target_os = "linux") {
        let error = Renderer::new(scene, &on(Backend::Metal)).err().unwrap();
        assert!(matches!(error, RenderError::NoAdapter { backend: "metal", .. }), "{error}");
    }
}

/// A scene without looping tiles, without any tile, or with a loop of one frame.
#[test]
fn the_smallest_scenes_are_drawn() {
    for backend in BACKENDS {
        let mut one_frame = hard_scene(5, 1);
        let check = |scene: Scene| {
            let scene = Arc::new(scene);
            let Some(mut renderer) = renderer(&scene, &on(backend)) else { return };
            let found = renderer.render(&scene.reference, 0.5).unwrap();
            let expected = loop3d_scene::render(&scene, &scene.reference, 0.5).to_rgb8();
            assert!(found.iter().zip(&expected).all(|(f, e)| f.abs_diff(*e) <= TOLERANCE), "{backend:?}");
        };
        check(one_frame.clone());
        one_frame.looping_texels.clear();
        let remove_looping = |tile: &mut Tile| {
            if matches!(tile, Tile::Looping(_)) {
                *tile = Tile::Empty;
            }
        };
        one_frame.tiles.tiles.iter_mut().for_each(remove_looping);
        check(one_frame.clone());
        one_frame.static_texels.clear();
        one_frame.tiles.tiles.fill(Tile::Empty);
        check(one_frame);
    }
}
