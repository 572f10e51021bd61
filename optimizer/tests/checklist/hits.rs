//! Hit lists against explicit rays and planes.

use crate::common::{camera, meet, random_table, turned};
use fastrand::Rng;
use glam::{DAffine3, DVec2, DVec3};
use loop3d_optimizer::grid::{LOOPING, TexelGrid};
use loop3d_optimizer::hits::{Hit, Hits, Window};
use loop3d_scene::{Camera, Planes, Tile};

const PLANES: Planes = Planes { near: 1.0, far: 5.0, count: 5 };

/// A plane's texel ids as one picture, `u32::MAX` where there is none; filled tile by tile in table order.
fn pictures(grid: &TexelGrid) -> Vec<Vec<u32>> {
    let (side, table) = (grid.side, &grid.table);
    let width = table.columns * side;
    let mut out = vec![vec![u32::MAX; width * table.rows * side]; table.planes];
    let mut next = [0, LOOPING];
    for (index, tile) in table.tiles.iter().enumerate() {
        let (plane, place) = (index / (table.rows * table.columns), index % (table.rows * table.columns));
        let (row, column) = (place / table.columns, place % table.columns);
        let counter = match tile {
            Tile::Empty => continue,
            Tile::Static(_) => &mut next[0],
            Tile::Looping(_) => &mut next[1],
        };
        for y in 0..side {
            for x in 0..side {
                out[plane][(row * side + y) * width + column * side + x] = *counter;
                *counter += 1;
            }
        }
    }
    out
}

struct Case {
    grid: TexelGrid,
    reference: Camera,
    camera: Camera,
    window: Window,
}

fn case(seed: u64, side: usize) -> Case {
    let mut rng = Rng::with_seed(seed);
    let mut spread = |width: f64| width * (2.0 * rng.f64() - 1.0);
    let position = DVec3::new(spread(0.2), spread(0.2), spread(0.3));
    let camera_ = turned(camera(40, 30, 36.0, position), spread(0.15), spread(0.15), spread(0.4));
    let reference = Camera { world_from_camera: DAffine3::IDENTITY, ..camera(64, 48, 60.0, DVec3::ZERO) };
    let grid = TexelGrid::new(random_table(5, 4, 5, [-9, -7], &mut rng), side);
    Case { grid, reference, camera: camera_, window: Window { x: 3, y: 2, width: 35, height: 27 } }
}

/// The hits of one pixel, by rays.
fn by_rays(case: &Case, pictures: &[Vec<u32>], x: usize, y: usize) -> Vec<(u16, Hit)> {
    let grid = &case.grid;
    let (columns, rows) = ((grid.table.columns * grid.side) as i64, (grid.table.rows * grid.side) as i64);
    let mut out = Vec::new();
    for (plane, picture) in pictures.iter().enumerate() {
        let pixel = DVec2::new(x as f64 + 0.5, y as f64 + 0.5);
        let Some(point) = meet(&case.camera, pixel, PLANES.depth(plane)) else { continue };
        let at = case.reference.project(point).unwrap() - DVec2::from(grid.table.origin_px.map(f64::from));
        let at = at * grid.side as f64 / 16.0 - 0.5;
        let corner = at.floor();
        let (i, j) = (corner.x as i64, corner.y as i64);
        let texel = |i: i64, j: i64| {
            let inside = (0..columns).contains(&i) && (0..rows).contains(&j);
            if inside { picture[(j * columns + i) as usize] } else { u32::MAX }
        };
        let taps = [texel(i, j), texel(i + 1, j), texel(i, j + 1), texel(i + 1, j + 1)];
        if taps != [u32::MAX; 4] {
            let nothing = grid.static_texel_count() as u32;
            let taps = taps.map(|t| if t == u32::MAX { nothing } else { t });
            out.push((plane as u16, Hit { taps, fraction: (at - corner).as_vec2().to_array() }));
        }
    }
    out
}

#[test]
fn hits_are_those_of_explicit_rays_near_to_far() {
    let (mut all, mut across, mut empty) = (0, 0, 0);
    for seed in 0..6 {
        let case = case(seed, [16, 8, 5][seed as usize % 3]);
        let pictures = pictures(&case.grid);
        let hits = Hits::new(&case.grid, &case.reference, &PLANES, &case.camera, case.window);
        assert_eq!(hits.pixels(), case.window.pixels());
        for pixel in 0..hits.pixels() {
            let (x, y) = (case.window.x + pixel % case.window.width, case.window.y + pixel / case.window.width);
            let expected = by_rays(&case, &pictures, x, y);
            let range = hits.of(pixel);
            let planes: Vec<u16> = expected.iter().map(|e| e.0).collect();
            assert_eq!(hits.plane[range.clone()], planes, "seed {seed}, pixel ({x}, {y})");
            assert!(planes.is_sorted_by(|a, b| a < b));
            for (found, (plane, expected)) in hits.hits[range].iter().zip(&expected) {
                assert_eq!(found.taps, expected.taps, "seed {seed}, pixel ({x}, {y}), plane {plane}");
                for (f, e) in found.fraction.iter().zip(expected.fraction) {
                    assert!((f - e).abs() < 1e-4, "seed {seed}, pixel ({x}, {y}): {found:?} {expected:?}");
                }
                assert!((found.weights().iter().sum::<f32>() - 1.0).abs() < 1e-6);
                let n = case.grid.tile_texels() as u32;
                all += 1;
                across += usize::from(found.taps.iter().any(|t| t / n != found.taps[0] / n));
                empty += usize::from(found.taps.contains(&(case.grid.static_texel_count() as u32)));
            }
        }
    }
    // The cases must have what they are about.
    assert!(all > 5000 && across > 500 && empty > 200, "{all} hits, {across} across borders, {empty} at empty places");
}

#[test]
fn sums_over_taps_are_bilinear_samples_of_the_whole_plane() {
    let case = case(11, 8);
    let (table, side) = (&case.grid.table, case.grid.side);
    let hits = Hits::new(&case.grid, &case.reference, &PLANES, &case.camera, case.window);
    // A value for every texel that is a linear function of its place: a bilinear sample gives the function itself.
    let value = |x: f64, y: f64| 3.0 + 0.25 * x - 0.5 * y;
    let mut values = std::collections::HashMap::new();
    for (plane, picture) in pictures(&case.grid).iter().enumerate() {
        for (i, id) in picture.iter().enumerate() {
            let width = table.columns * side;
            values.insert((plane, *id), value((i % width) as f64, (i / width) as f64));
        }
    }
    let nothing = case.grid.static_texel_count() as u32;
    let mut checked = 0;
    for pixel in 0..hits.pixels() {
        let at = DVec2::new((case.window.x + pixel % 35) as f64 + 0.5, (case.window.y + pixel / 35) as f64 + 0.5);
        for k in hits.of(pixel) {
            let (hit, plane) = (&hits.hits[k], usize::from(hits.plane[k]));
            if hit.taps.contains(&nothing) {
                continue;
            }
            let sample: f64 =
                hit.taps.iter().zip(hit.weights()).map(|(tap, w)| values[&(plane, *tap)] * f64::from(w)).sum();
            let seen = case.reference.project(meet(&case.camera, at, PLANES.depth(plane)).unwrap()).unwrap();
            let texel = (seen - DVec2::from(table.origin_px.map(f64::from))) * 0.5 - 0.5;
            assert!((sample - value(texel.x, texel.y)).abs() < 1e-4, "pixel {at}, plane {plane}: {sample}");
            checked += 1;
        }
    }
    assert!(checked > 800, "{checked}");
}

#[test]
fn a_camera_that_turns_its_back_sees_nothing() {
    let case = case(3, 16);
    let back = turned(case.camera, std::f64::consts::PI, 0.0, 0.0);
    let hits = Hits::new(&case.grid, &case.reference, &PLANES, &back, case.window);
    assert_eq!((hits.pixels(), hits.hits.len()), (35 * 27, 0));
}

#[test]
fn hits_by_plane_are_all_hits_once() {
    let case = case(4, 8);
    let hits = Hits::new(&case.grid, &case.reference, &PLANES, &case.camera, case.window);
    let lists = hits.by_plane(5);
    assert_eq!(lists.iter().map(Vec::len).sum::<usize>(), hits.hits.len());
    for (plane, list) in lists.iter().enumerate() {
        assert!(list.iter().all(|k| usize::from(hits.plane[*k as usize]) == plane) && list.is_sorted());
    }
}

#[test]
fn planes_behind_a_camera_are_not_seen() {
    // Between planes 1 and 2.
    let mut case = case(5, 8);
    let depth = (PLANES.depth(1) + PLANES.depth(2)) / 2.0;
    case.camera = camera(40, 30, 36.0, DVec3::new(0.05, -0.03, depth));
    let hits = Hits::new(&case.grid, &case.reference, &PLANES, &case.camera, case.window);
    let pictures = pictures(&case.grid);
    for pixel in 0..hits.pixels() {
        let expected = by_rays(&case, &pictures, case.window.x + pixel % 35, case.window.y + pixel / 35);
        let planes: Vec<u16> = expected.iter().map(|e| e.0).collect();
        assert_eq!(hits.plane[hits.of(pixel)], planes, "pixel {pixel}");
    }
}
