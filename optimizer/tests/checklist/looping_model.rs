//! Texels of the looping stage: storage, resampling, what a step may and may not do.

use crate::common::{camera, random_table};
use fastrand::Rng;
use glam::{DAffine3, DVec3};
use loop3d_optimizer::grid::Rgba;
use loop3d_optimizer::grid::{LOOPING, TexelGrid};
use loop3d_optimizer::hits::{Hits, Window};
use loop3d_optimizer::kernels::texel::UNIT;
use loop3d_optimizer::looping_stage::model::{LoopingModel, Target};
use loop3d_scene::{Camera, Planes, Tile};
use std::collections::HashSet;

const PLANES: Planes = Planes { near: 1.0, far: 4.0, count: 3 };
/// No multiple of the eight frames of a chunk.
const FRAMES: usize = 11;

/// Random texels that 16 bits hold exactly.
fn texels(count: usize, rng: &mut Rng) -> Vec<Rgba> {
    let texel = |rng: &mut Rng| {
        let a = rng.u16(..);
        [rng.u16(..=a), rng.u16(..=a), rng.u16(..=a), a].map(|v| f32::from(v) * UNIT)
    };
    (0..count).map(|_| texel(rng)).collect()
}

/// Ids of all texels of the backdrop.
fn backdrop(grid: &TexelGrid) -> Vec<u32> {
    let tiles = grid.places().filter(|(plane, ..)| plane + 1 == grid.table.planes);
    let n = grid.tile_texels() as u32;
    tiles.filter_map(|(.., tile)| grid.first_texel(tile)).flat_map(|first| (0..n).map(move |i| first + i)).collect()
}

/// Random texels, `frames` long; those of the backdrop are opaque.
fn model(side: usize, frames: usize, rng: &mut Rng) -> (LoopingModel, Vec<Rgba>, Vec<Vec<Rgba>>) {
    let grid = TexelGrid::new(random_table(3, 4, 5, [-8, -8], rng), side);
    let mut static_texels = texels(grid.static_texel_count(), rng);
    let mut looping_texels: Vec<Vec<Rgba>> = (0..frames).map(|_| texels(grid.looping_texel_count(), rng)).collect();
    for id in backdrop(&grid) {
        match id & LOOPING {
            0 => static_texels[id as usize][3] = 1.0,
            _ => looping_texels.iter_mut().for_each(|frame| frame[(id & !LOOPING) as usize][3] = 1.0),
        }
    }
    (LoopingModel::new(grid, static_texels.clone(), &looping_texels, vec![1.0]), static_texels, looping_texels)
}

/// The right part of the picture of a camera beside the middle: many texels are not seen.
fn hits(grid: &TexelGrid) -> Hits {
    let reference = Camera { world_from_camera: DAffine3::IDENTITY, ..camera(64, 48, 60.0, DVec3::ZERO) };
    let window = Window { x: 12, y: 4, width: 19, height: 16 };
    Hits::new(grid, &reference, &PLANES, &camera(32, 24, 30.0, DVec3::new(0.1, 0.05, 0.0)), window)
}

fn random_target(pixels: usize, rng: &mut Rng) -> Target {
    // As far from any colour as can be: black or white.
    let byte = |rng: &mut Rng| if rng.bool() { 255 } else { 0 };
    (0..FRAMES.div_ceil(8))
        .map(|_| (0..pixels).map(|_| std::array::from_fn(|_| std::array::from_fn(|_| byte(rng)))).collect())
        .collect()
}

#[test]
fn frames_come_back_as_they_were_given() {
    for frames in [1, 7, 8, 11, 16, 17] {
        let (model, static_texels, looping_texels) = model(4, frames, &mut Rng::with_seed(frames as u64));
        assert_eq!(model.frames, frames);
        assert_eq!(model.looping_texels(), looping_texels, "{frames} frames");
        let n = static_texels.len();
        assert_eq!((&model.static_texels[..n], &model.static_texels[n..]), (&static_texels[..], &[[0.0; 4]][..]));
    }
}

#[test]
fn the_same_side_leaves_texels_alone() {
    let (model, static_texels, looping_texels) = model(6, FRAMES, &mut Rng::with_seed(1));
    let same = model.resampled(6);
    assert_eq!(
        (&same.static_texels[..static_texels.len()], same.looping_texels()),
        (&static_texels[..], looping_texels)
    );
    assert_eq!(same.exposures, [1.0]);
}

#[test]
fn a_constant_stays_constant_up_and_down() {
    let (model, ..) = model(8, FRAMES, &mut Rng::with_seed(2));
    let colour = [0.3, 0.2, 0.1, 0.6];
    let (ns, nl) = (model.grid.static_texel_count(), model.grid.looping_texel_count());
    let mut model = LoopingModel::new(model.grid, vec![colour; ns], &vec![vec![colour; nl]; FRAMES], vec![1.0]);
    for side in [16, 5, 12, 4, 8] {
        model = model.resampled(side);
        assert_eq!(model.grid.side, side);
        let (static_texels, looping_texels) = (&model.static_texels, model.looping_texels());
        assert_eq!((static_texels.len() - 1, looping_texels[10].len()), (ns * side * side / 64, nl * side * side / 64));
        let existing = static_texels[..static_texels.len() - 1].iter().chain(looping_texels.iter().flatten());
        for texel in existing {
            assert!((0..4).all(|c| (texel[c] - colour[c]).abs() < UNIT), "side {side}: {texel:?}");
        }
        assert_eq!(static_texels[static_texels.len() - 1], [0.0; 4]);
    }
}

#[test]
fn twice_the_texels_are_bilinear_across_tile_borders() {
    // A ramp along x on a full plane: bilinear samples of a ramp are the ramp, whatever tile they stand in.
    let mut table = loop3d_scene::TileTable::empty(2, 1, 3, [0, 0]);
    table.tiles = [Tile::Static(0), Tile::Looping(0), Tile::Static(0)].repeat(2);
    loop3d_optimizer::grid::renumber(&mut table);
    let grid = TexelGrid::new(table, 4);
    let ramp = |x: f32| 0.05 + 0.07 * x;
    let (mut static_texels, mut looping) = (vec![[0.0; 4]; 64], vec![[0.0; 4]; 32]);
    for (plane, x, y) in (0..2).flat_map(|p| (0..12).flat_map(move |x| (0..4).map(move |y| (p, x, y)))) {
        let id = grid.texel(plane, x, y);
        let out =
            if id & LOOPING == 0 { &mut static_texels[id as usize] } else { &mut looping[(id & !LOOPING) as usize] };
        *out = [ramp(x as f32); 4];
    }
    let fine = LoopingModel::new(grid, static_texels, &vec![looping; 2], vec![]).resampled(8);
    let frames = fine.looping_texels();
    for x in 1..23 {
        let id = fine.grid.texel(1, x, 5);
        let looping = |id: u32| frames[1][(id & !LOOPING) as usize][2];
        let found = if id & LOOPING == 0 { fine.static_texels[id as usize][2] } else { looping(id) };
        let expected = ramp((x as f32 + 0.5) / 2.0 - 0.5);
        assert!((found - expected).abs() < UNIT, "x = {x}: {found}, expected {expected}");
    }
}

#[test]
fn wild_steps_leave_texels_that_can_be_shown() {
    let mut rng = Rng::with_seed(3);
    let (mut model, static_texels, _) = model(8, FRAMES, &mut rng);
    let hits = hits(&model.grid);
    for step in 0..6 {
        let target = random_target(hits.pixels(), &mut rng);
        let loss = model.step(&hits, &target, 1.0 + 0.2 * step as f32, 0.7);
        assert!(loss.is_finite() && (0.0..2.0).contains(&loss), "{loss}");
        let looping_texels = model.looping_texels();
        for texel in model.static_texels[..static_texels.len()].iter().chain(looping_texels.iter().flatten()) {
            let [r, g, b, a] = *texel;
            assert!((0.0..=1.0).contains(&a) && [r, g, b].iter().all(|c| (0.0..=a).contains(c)), "{texel:?}");
        }
        for id in backdrop(&model.grid) {
            match id & LOOPING {
                0 => assert_eq!(model.static_texels[id as usize][3], 1.0),
                _ => assert!(looping_texels.iter().all(|f| f[(id & !LOOPING) as usize][3] == 1.0)),
            }
        }
    }
    assert_eq!(model.static_texels[static_texels.len()], [0.0; 4]);
}

#[test]
fn a_step_makes_the_backdrop_opaque_where_it_is_seen() {
    let mut rng = Rng::with_seed(5);
    let (model, static_texels, looping_texels) = model(8, FRAMES, &mut rng);
    let half = |texels: &[Rgba]| texels.iter().map(|t| t.map(|v| 0.5 * v)).collect::<Vec<_>>();
    let frames: Vec<Vec<Rgba>> = looping_texels.iter().map(|f| half(f)).collect();
    let mut model = LoopingModel::new(model.grid, half(&static_texels), &frames, vec![1.0]);
    let before = model.looping_texels();
    let hits = hits(&model.grid);
    let seen: HashSet<u32> = hits.hits.iter().flat_map(|hit| hit.taps).collect();
    model.step(&hits, &random_target(hits.pixels(), &mut rng), 1.0, 0.01);
    let after = model.looping_texels();
    let mut counts = [0, 0];
    for id in backdrop(&model.grid) {
        let at = (id & !LOOPING) as usize;
        let (old, new) =
            if id & LOOPING == 0 { (0.5, model.static_texels[at][3]) } else { (before[10][at][3], after[10][at][3]) };
        assert!((old - 0.5).abs() < UNIT, "texel {id:x}: {old}");
        assert_eq!(new, if seen.contains(&id) { 1.0 } else { old }, "texel {id:x}");
        counts[usize::from(id & LOOPING != 0)] += usize::from(seen.contains(&id));
    }
    assert!(counts.iter().all(|n| *n > 20), "{counts:?}");
}

#[test]
fn texels_that_no_pixel_sees_do_not_move_and_seen_ones_do() {
    let mut rng = Rng::with_seed(4);
    let (mut model, static_texels, looping_texels) = model(8, FRAMES, &mut rng);
    let hits = hits(&model.grid);
    let mut seen_static = vec![false; static_texels.len() + 1];
    let mut seen_looping = vec![false; looping_texels[0].len()];
    for (tap, w) in hits.hits.iter().flat_map(|hit| hit.taps.into_iter().zip(hit.weights())) {
        let list = if tap & LOOPING == 0 { &mut seen_static } else { &mut seen_looping };
        list[(tap & !LOOPING) as usize] |= w > 0.0;
    }
    for _ in 0..3 {
        let target = random_target(hits.pixels(), &mut rng);
        model.step(&hits, &target, 1.0, 0.1);
    }
    let check = |seen: &[bool], before: &[Rgba], after: &[Rgba], what: &str| {
        let (mut moved, mut count) = (0, 0);
        for (i, (before, after)) in before.iter().zip(after).enumerate() {
            if seen[i] {
                count += 1;
                moved += usize::from(before != after);
            } else {
                assert_eq!(before, after, "{what}, texel {i}");
            }
        }
        assert!(count < before.len() && count > 100, "{what}: {count} of {} seen", before.len());
        assert!(moved * 10 > count * 9, "{what}: {moved} of {count} seen ones moved");
    };
    check(&seen_static, &static_texels, &model.static_texels, "static");
    for (t, (before, after)) in looping_texels.iter().zip(model.looping_texels()).enumerate() {
        check(&seen_looping, before, &after, &format!("frame {t}"));
    }
}

/// Two full planes of one grey each: the front one static or looping, the opaque backdrop static.
fn bright_before_dark(front: Tile, bright: Rgba, dark: f32) -> LoopingModel {
    let mut table = loop3d_scene::TileTable::empty(2, 4, 5, [-8, -8]);
    let (before, behind) = table.tiles.split_at_mut(20);
    before.fill(front);
    behind.fill(Tile::Static(0));
    loop3d_optimizer::grid::renumber(&mut table);
    let grid = TexelGrid::new(table, 8);
    let mut static_texels = vec![bright; grid.static_texel_count()];
    for id in backdrop(&grid) {
        static_texels[id as usize] = [dark, dark, dark, 1.0];
    }
    let looping_texels = vec![vec![bright; grid.looping_texel_count()]; FRAMES];
    LoopingModel::new(grid, static_texels, &looping_texels, vec![1.0])
}

/// Steps towards one grey level, and then all values of the front texels that the window sees.
fn front_after(mut model: LoopingModel, steps: usize, grey: u8) -> Vec<Rgba> {
    let hits = Hits::new(
        &model.grid,
        &Camera { world_from_camera: DAffine3::IDENTITY, ..camera(64, 48, 60.0, DVec3::ZERO) },
        &Planes { near: 1.0, far: 4.0, count: 2 },
        &camera(32, 24, 30.0, DVec3::new(0.1, 0.05, 0.0)),
        Window { x: 12, y: 4, width: 19, height: 16 },
    );
    let target = vec![vec![[[grey; 8]; 3]; hits.pixels()]; FRAMES.div_ceil(8)];
    for _ in 0..steps {
        model.step(&hits, &target, 1.0, 0.02);
    }
    let backdrop: HashSet<u32> = backdrop(&model.grid).into_iter().collect();
    let looping_texels = model.looping_texels();
    let seen: HashSet<u32> = hits
        .hits
        .iter()
        .flat_map(|hit| hit.taps.into_iter().zip(hit.weights()))
        .filter_map(|(tap, w)| (w > 0.0).then_some(tap))
        .filter(|tap| !backdrop.contains(tap))
        .collect();
    let values = seen.into_iter().flat_map(|id| match id & LOOPING {
        0 => model.static_texels.get(id as usize).into_iter().copied().collect(),
        _ => looping_texels.iter().map(|frame| frame[(id & !LOOPING) as usize]).collect::<Vec<_>>(),
    });
    values.collect()
}

#[test]
fn a_near_white_opaque_texel_before_a_dark_one_stays() {
    for front in [Tile::Static(0), Tile::Looping(0)] {
        // The target is brighter than any texel can be: every channel presses against its opacity in every step.
        let values = front_after(bright_before_dark(front, [0.97, 0.97, 0.97, 0.97], 0.1), 200, 255);
        let least = values.iter().map(|texel| texel[3].min(texel[0])).fold(1.0, f32::min);
        assert!(values.len() > 100 && least > 0.96, "{front:?}: eroded to {least}");
    }
}

#[test]
fn a_bright_texel_comes_back_from_nothing() {
    for front in [Tile::Static(0), Tile::Looping(0)] {
        let values = front_after(bright_before_dark(front, [0.0; 4], 0.1), 40, 230);
        let mean = values.iter().map(|texel| f64::from(texel[3])).sum::<f64>() / values.len() as f64;
        assert!(values.len() > 100 && mean > 0.2, "{front:?}: still {mean}");
        assert!(values.iter().all(|[r, g, b, a]| [r, g, b].iter().all(|c| *c <= a)));
    }
}
