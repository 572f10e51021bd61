//! Pictures of the GPU against those of the CPU compositor, on every backend that this machine has.

#[path = "../support/mod.rs"]
mod support;

use loop3d_scene::{Camera, PlaneProjector, Scene, TILE, Tile};
use loop3d_viewer::{Backend, Options, RenderError, Renderer};
use std::io::Write;
use std::sync::Arc;
use support::{cameras, hard_scene};

/// Lavapipe and llvmpipe on a machine without a GPU.
const BACKENDS: [Backend; 2] = [Backend::Vulkan, Backend::Gl];

/// Most that a channel may differ, of 255.
const TOLERANCE: u8 = 2;

/// A renderer, or a loud line where the machine has none.
fn renderer(scene: &Arc<Scene>, options: &Options) -> Option<Renderer> {
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

fn on(backend: Backend) -> Options {
    Options { backend, ..Options::default() }
}

/// Whether a pixel lies within a texel of a border of a tile that is there.
fn is_at_border(scene: &Scene, camera: &Camera, x: usize, y: usize) -> bool {
    let projector = PlaneProjector::new(&scene.reference, &scene.planes, camera);
    let Some((a, b)) = projector.pixel_slopes(x as f64 + 0.5, y as f64 + 0.5) else { return false };
    projector.planes().any(|plane| {
        let (x_ref, y_ref) = projector.on_plane(plane, a, b);
        let side = TILE as f64;
        let [u, v] = [x_ref - f64::from(scene.tiles.origin_px[0]), y_ref - f64::from(scene.tiles.origin_px[1])];
        let is_near = |texel: f64| (texel + 1.0).rem_euclid(side) < 2.0;
        let around = [(-1.0, -1.0), (1.0, -1.0), (-1.0, 1.0), (1.0, 1.0)];
        (is_near(u) || is_near(v))
            && around.iter().any(|(right, lower)| {
                let place = |texel: f64| (texel / side).floor() as i64;
                scene.tiles.get(plane, place(v + lower), place(u + right)) != Tile::Empty
            })
    })
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
        let Some(mut streamed) = renderer(&scene, &Options { loop_budget_bytes: 0, ..on(backend) }) else { continue };
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

#[test]
fn pictures_in_flight_do_not_disturb_each_other() {
    let scene = Arc::new(hard_scene(9, 9));
    for backend in BACKENDS {
        let Some(mut renderer) = renderer(&scene, &Options { loop_budget_bytes: 0, ..on(backend) }) else { continue };
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
        assert!(matches!(limit, RenderError::PictureSize { width: u32::MAX, .. }), "{limit}");
        assert!(good.render(&Camera { height: 0, ..scene.reference }, 0.0).is_err());
        // It goes on.
        assert!(good.render(&scene.reference, 0.0).is_ok());

        let error = |scene: Scene| Renderer::new(Arc::new(scene), &on(backend)).err().map(|e| e.to_string());
        let broken = Scene { static_texels: vec![1], ..(*scene).clone() };
        assert!(error(broken).unwrap().starts_with("the scene is broken: static texels: found 1 values"));
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
        let still = |tile: &mut Tile| {
            if matches!(tile, Tile::Looping(_)) {
                *tile = Tile::Empty;
            }
        };
        one_frame.tiles.tiles.iter_mut().for_each(still);
        check(one_frame.clone());
        one_frame.static_texels.clear();
        one_frame.tiles.tiles.fill(Tile::Empty);
        check(one_frame);
    }
}
