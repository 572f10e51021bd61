use super::*;
use crate::testing::{Random, camera_near, random_scene, reference};
use crate::{Planes, TileTable};

/// A scene of `planes` planes that fill the image of `reference(32, 32)` with static tiles of `texel(plane, i)`.
fn static_scene(planes: usize, mut texel: impl FnMut(usize, usize) -> [u16; 4]) -> Scene {
    let mut tiles = TileTable::empty(planes, 2, 2, [0, 0]);
    tiles.tiles.iter_mut().enumerate().for_each(|(i, t)| *t = Tile::Static(i as u32));
    Scene {
        reference: reference(32, 32),
        planes: Planes { near: 1.0, far: 5.0, count: planes },
        tiles,
        fps: 25.0,
        frames: 1,
        static_texels: (0..planes * 4 * 256).flat_map(|i| texel(i / 1024, i % 1024)).collect(),
        looping_texels: vec![],
        views: vec![],
        fit: serde_json::Value::Null,
    }
}

#[test]
fn an_opaque_plane_seen_from_the_reference_is_its_texels() {
    let mut random = Random::new(1);
    let scene = static_scene(2, |_, _| {
        let [r, g, b, _] = random.texel();
        [r, g, b, 65535]
    });
    let image = render(&scene, &scene.reference, 0.0);
    assert_eq!((image.width, image.height), (32, 32));
    for (row, column) in (0..32).flat_map(|r| (0..32).map(move |c| (r, c))) {
        let tile = row / 16 * 2 + column / 16;
        let texel = (tile * 256 + row % 16 * 16 + column % 16) * 4;
        for channel in 0..4 {
            let expected = f32::from(scene.static_texels[texel + channel]) / 65535.0;
            let found = image.rgba[(row * 32 + column) * 4 + channel];
            assert!((found - expected).abs() < 1e-6, "row {row} column {column}: {found}, expected {expected}");
        }
    }
}

#[test]
fn two_half_transparent_planes_composite_to_the_value_by_hand() {
    // Near: red 0.4 of alpha 0.6; far: (0.1, 0.5, 0.2) of alpha 0.8. Over: near + 0.4·far.
    let near = [26214, 0, 0, 39321];
    let far = [6553, 32767, 13107, 52428];
    let scene = static_scene(2, |plane, _| if plane == 0 { near } else { far });
    let image = render(&scene, &scene.reference, 0.0);
    let expected = [0.4 + 0.4 * 0.1, 0.4 * 0.5, 0.4 * 0.2, 0.6 + 0.4 * 0.8];
    for pixel in image.rgba.chunks_exact(4) {
        for (found, expected) in pixel.iter().zip(expected) {
            assert!((found - expected).abs() < 2e-5, "{pixel:?}, expected {expected:?}");
        }
    }
    assert_eq!(image.to_rgb8()[..3], [112, 51, 20]);
}

#[test]
fn nothing_shows_behind_an_opaque_plane_and_nothing_outside_of_tiles() {
    let mut scene = static_scene(2, |plane, _| if plane == 0 { [0, 0, 65535, 65535] } else { [65535; 4] });
    scene.tiles.tiles[0] = Tile::Empty; // tile 0 of plane 0: the white plane shows through
    scene.tiles.tiles[7] = Tile::Empty;
    let rgb = render(&scene, &scene.reference, 0.0).to_rgb8();
    assert_eq!(rgb[..3], [255; 3]);
    assert_eq!(rgb[rgb.len() - 3..], [0, 0, 255]);
    let mut aside = scene.reference;
    aside.world_from_camera.translation.x = 100.0;
    assert!(render(&scene, &aside, 0.0).rgba.iter().all(|&v| v == 0.0));
}

/// The slow and obvious way: every plane dense at one moment, every ray cut with every plane in 3D.
fn render_dense(scene: &Scene, camera: &Camera, time: f64) -> RenderedImage {
    let (rows, columns) = (scene.tiles.rows * TILE, scene.tiles.columns * TILE);
    let texel = |plane: usize, column: i64, row: i64, frame: usize| -> [f64; 4] {
        if column < 0 || row < 0 || column >= columns as i64 || row >= rows as i64 {
            return [0.0; 4];
        }
        let (column, row) = (column as usize, row as usize);
        let inside = (row % TILE * TILE + column % TILE) * 4;
        let values = match scene.tiles.tiles[scene.tiles.index(plane, row / TILE, column / TILE)] {
            Tile::Empty => return [0.0; 4],
            Tile::Static(i) => &scene.static_texels[i as usize * TILE_VALUES + inside..],
            Tile::Looping(i) => &scene.looping_texels[(i as usize * scene.frames + frame) * TILE_VALUES + inside..],
        };
        [0, 1, 2, 3].map(|c| f64::from(values[c]) / 65535.0)
    };
    let t = time.rem_euclid(scene.frames as f64);
    let frames = [(t.floor() as usize, 1.0 - t.fract()), ((t.floor() as usize + 1) % scene.frames, t.fract())];
    let reference_from_world = scene.reference.world_from_camera.inverse();
    let mut rgba = vec![];
    for (y, x) in (0..camera.height).flat_map(|y| (0..camera.width).map(move |x| (y, x))) {
        let ray =
            reference_from_world.transform_vector3(camera.ray(glam::DVec2::new(f64::from(x), f64::from(y)) + 0.5));
        let centre = reference_from_world.transform_point3(camera.position());
        let (mut out, mut transmittance) = ([0.0; 4], 1.0);
        for plane in 0..scene.planes.count {
            let reach = (scene.planes.depth(plane) - centre.z) / ray.z;
            if ray.z <= 0.0 || reach <= 0.0 {
                continue;
            }
            let point = scene.reference.world_from_camera.transform_point3(centre + reach * ray);
            let seen = scene.reference.project(point).unwrap();
            let u = seen.x - f64::from(scene.tiles.origin_px[0]) - 0.5;
            let v = seen.y - f64::from(scene.tiles.origin_px[1]) - 0.5;
            let mut sample = [0.0; 4];
            for (i, j) in [(0, 0), (1, 0), (0, 1), (1, 1)] {
                let (column, row) = (u.floor() + f64::from(i), v.floor() + f64::from(j));
                let weight = (1.0 - (u - column).abs()) * (1.0 - (v - row).abs());
                for (frame, fraction) in frames {
                    let value = texel(plane, column as i64, row as i64, frame);
                    (0..4).for_each(|c| sample[c] += weight * fraction * value[c]);
                }
            }
            (0..4).for_each(|c| out[c] += transmittance * sample[c]);
            transmittance *= 1.0 - sample[3];
        }
        rgba.extend(out.map(|v| v as f32));
    }
    RenderedImage { width: camera.width as usize, height: camera.height as usize, rgba }
}

/// Largest difference of two images. What lies behind the early stop is allowed: see [`OPAQUE_BELOW`].
fn assert_same(found: &RenderedImage, expected: &RenderedImage) {
    assert_eq!((found.width, found.height), (expected.width, expected.height));
    for (i, (f, e)) in found.rgba.iter().zip(&expected.rgba).enumerate() {
        assert!((f - e).abs() < OPAQUE_BELOW + 1e-5, "value {i}: {f}, expected {e}");
    }
}

#[test]
fn random_tiles_from_random_cameras_equal_dense_planes() {
    let mut random = Random::new(5);
    for seed in 0..6 {
        let scene = random_scene(seed, 4, 3, 72, 40);
        let camera = camera_near(&mut random, &scene.reference, 0.3, 0.2).resized(61, 35);
        let time = random.between(-3.0, 6.0);
        let expected = render_dense(&scene, &camera, time);
        let lit = expected.rgba.iter().filter(|&&v| v > 0.1).count();
        assert!(lit > expected.rgba.len() / 4, "a black image would prove nothing");
        assert_same(&render(&scene, &camera, time), &expected);
    }
}

#[test]
fn cameras_turned_far_away_and_between_the_planes_equal_dense_planes() {
    let scene = random_scene(9, 4, 2, 64, 48);
    for (angle, z) in [(1.2, 0.0), (-2.0, 1.0), (0.1, 1.5), (0.0, 20.0)] {
        let mut camera = scene.reference;
        camera.world_from_camera = glam::DAffine3::from_rotation_translation(
            glam::DQuat::from_rotation_y(angle),
            glam::DVec3::new(0.05, 0.0, z),
        );
        assert_same(&render(&scene, &camera, 0.0), &render_dense(&scene, &camera, 0.0));
    }
}

#[test]
fn a_time_between_two_frames_is_their_blend_and_the_seam_blends_last_and_first() {
    // One looping plane of alpha 1, so that a blend of texels is a blend of images.
    let mut random = Random::new(8);
    let mut scene = static_scene(2, |_, _| [0, 0, 0, 65535]);
    scene.frames = 5;
    (0..4).for_each(|i| scene.tiles.tiles[i] = Tile::Looping(i as u32));
    (4..8).for_each(|i| scene.tiles.tiles[i] = Tile::Static(i as u32 - 4));
    let texels = 4 * 5 * 256;
    scene.looping_texels = (0..texels).flat_map(|_| [random.texel()[0], random.texel()[1], 0, 65535]).collect();
    scene.static_texels.truncate(4 * TILE_VALUES);
    let camera = camera_near(&mut random, &scene.reference, 0.02, 0.01);
    let at = |time: f64| render(&scene, &camera, time).rgba;
    let assert_mean = |found: Vec<f32>, a: Vec<f32>, b: Vec<f32>, fraction: f32| {
        let far = found.iter().zip(a.iter().zip(&b)).map(|(f, (a, b))| (f - (a + fraction * (b - a))).abs());
        assert!(far.fold(0.0, f32::max) < 1e-5);
    };
    assert_mean(at(1.5), at(1.0), at(2.0), 0.5);
    assert_mean(at(3.25), at(3.0), at(4.0), 0.25);
    assert_mean(at(4.5), at(4.0), at(0.0), 0.5);
    assert_eq!(at(5.0), at(0.0));
    assert_eq!(at(-1.0), at(4.0));
    assert_eq!(at(12.0), at(2.0));
    assert_ne!(at(0.0), at(1.0));
}
