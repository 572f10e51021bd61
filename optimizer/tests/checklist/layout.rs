//! Planes and the dense table, from cameras alone.

use crate::common::{camera, config, meet, turned};
use glam::{DAffine3, DVec2, DVec3};
use loop3d_optimizer::layout::Layout;
use loop3d_scene::{Camera, TILE, Tile};

/// Five cameras on a cross of half width `reach`, turned a little and rolled a lot.
fn cross(reach: f64) -> Vec<Camera> {
    [(0.0, 0.0), (reach, 0.0), (-reach, 0.0), (0.0, 0.6 * reach), (0.0, -0.6 * reach)]
        .into_iter()
        .enumerate()
        .map(|(i, (x, y))| {
            let straight = camera(96, 54, 80.0 + i as f64, DVec3::new(x, y, 0.02 * i as f64));
            turned(straight, -0.2 * x, 0.15 * y, 0.9 - 0.3 * i as f64)
        })
        .collect()
}

/// Cameras that differ in place only, so that parallax is the same all over the picture.
fn row(reach: f64) -> Vec<Camera> {
    [-reach, 0.0, 0.5 * reach].map(|x| camera(96, 54, 80.0, DVec3::new(x, 0.0, 0.0))).to_vec()
}

#[test]
fn the_reference_is_the_average_camera_at_the_identity() {
    let mut cameras = cross(0.3);
    cameras.iter_mut().for_each(|c| c.center_px = DVec2::new(46.0, 28.0));
    let reference = Layout::new(&cameras, 1.0, 5.0, &config(&[])).reference;
    assert_eq!(reference.world_from_camera, DAffine3::IDENTITY);
    assert_eq!((reference.width, reference.height), (96, 54));
    assert!(reference.focal_px.abs_diff_eq(DVec2::splat(82.0), 1e-12), "{}", reference.focal_px);
    assert!(reference.center_px.abs_diff_eq(DVec2::new(46.0, 28.0), 1e-12), "{}", reference.center_px);
}

#[test]
fn planes_reach_from_the_near_factor_to_the_far_factor() {
    let usual = Layout::new(&row(0.3), 1.5, 5.0, &config(&[])).planes;
    assert!((usual.near - 1.35).abs() < 1e-12 && (usual.far - 10.0).abs() < 1e-12, "{usual:?}");
    let asked = config(&["--near-factor", "0.5", "--far-factor", "3", "--planes", "7"]);
    let planes = Layout::new(&row(0.3), 1.5, 5.0, &asked).planes;
    assert!((planes.near - 0.75).abs() < 1e-12 && (planes.far - 15.0).abs() < 1e-12, "{planes:?}");
    assert_eq!(planes.count, 7);
    assert!((planes.depth(0) - 0.75).abs() < 1e-12 && (planes.depth(6) - 15.0).abs() < 1e-9);
}

#[test]
fn plane_four_of_the_published_example_stands_at_1_0282() {
    // METHOD §2.1: near 0.9, far 26.674, 32 planes.
    let planes = Layout::new(&row(0.3), 1.0, 13.337, &config(&["--planes", "32"])).planes;
    assert!((planes.depth(4) - 1.0282).abs() < 5e-5, "{}", planes.depth(4));
}

#[test]
fn neighbouring_planes_are_a_pixel_apart_at_the_outermost_camera() {
    for reach in [0.4, 0.6, 0.9] {
        let cameras = row(reach);
        let layout = Layout::new(&cameras, 1.0, 8.0, &config(&[]));
        assert!((25..96).contains(&layout.planes.count), "{} planes", layout.planes.count);
        // What the reference camera sees in one pixel is seen by the outermost in places that differ by plane.
        let seen = |plane: usize| {
            let point = meet(&layout.reference, DVec2::new(70.0, 20.0), layout.planes.depth(plane)).unwrap();
            cameras[0].project(point).unwrap()
        };
        for plane in 1..layout.planes.count {
            let parallax = seen(plane).distance(seen(plane - 1));
            assert!((0.95..1.0 + 1e-9).contains(&parallax), "reach {reach}, plane {plane}: {parallax} px");
        }
    }
}

#[test]
fn automatic_plane_counts_stay_between_24_and_96() {
    let count = |reach: f64| Layout::new(&row(reach), 1.0, 8.0, &config(&[])).planes.count;
    assert_eq!((count(0.0), count(0.01), count(5.0)), (24, 24, 96));
    // Asked for, any number is right.
    assert_eq!(Layout::new(&row(5.0), 1.0, 8.0, &config(&["--planes", "200"])).planes.count, 200);
}

#[test]
fn every_pixel_of_every_camera_has_a_tile_on_every_plane() {
    let cameras = cross(0.4);
    let layout = Layout::new(&cameras, 1.0, 6.0, &config(&["--planes", "9"]));
    let (static_texels, looping_texels) = layout.dense.counts();
    assert_eq!(looping_texels, 0);
    // Numbered in table order.
    let ids: Vec<Tile> = layout.dense.tiles.iter().copied().filter(|t| *t != Tile::Empty).collect();
    assert_eq!(ids, (0..static_texels as u32).map(Tile::Static).collect::<Vec<_>>());
    for (index, camera) in cameras.iter().enumerate() {
        for plane in 0..9 {
            for (i, j) in (0..=32).flat_map(|i| (0..=18).map(move |j| (i, j))) {
                let pixel = DVec2::new(3.0 * f64::from(i), 3.0 * f64::from(j));
                let point = meet(camera, pixel, layout.planes.depth(plane)).unwrap();
                let at = layout.reference.project(point).unwrap();
                let origin = DVec2::from(layout.dense.origin_px.map(f64::from));
                let place = ((at - origin) / TILE as f64).floor();
                let tile = layout.dense.get(plane, place.y as i64, place.x as i64);
                assert_ne!(tile, Tile::Empty, "camera {index}, plane {plane}, pixel {pixel}");
            }
        }
    }
    // Far planes are seen by all cameras alike, near ones in different parts: the table is no full box.
    assert!(static_texels < layout.dense.tiles.len(), "{static_texels} of {}", layout.dense.tiles.len());
}
