//! The self-check: before a fit trusts the kernels, they must agree with the CPU kernels on a tiny scene. Some drivers and
//! devices are new to us, and a wrong result looks like a bad capture.

use super::engine::CudaEngine;
use super::error::CudaError;
use super::launch::Kernels;
use crate::cpu::CpuEngine;
use crate::engine::{Engine, LoopingEngine, ViewVisit};
use crate::error::FitError;
use crate::grid::Rgba;
use crate::grid::{TexelGrid, renumber};
use crate::hits::{Hits, Window};
use crate::kernels::adam::BETA1;
use crate::kernels::texel::{UNIT, unorm};
use crate::looping_stage::model::LoopingModel;
use crate::pyramid::LevelView;
use fastrand::Rng;
use glam::{DAffine3, DVec2, DVec3};
use loop3d_capture::Clip;
use loop3d_scene::{Camera, Planes, Tile, TileTable};
use std::borrow::Cow;

/// Not a multiple of a chunk.
const FRAMES: usize = 11;
const CLIP_FRAMES: usize = 19;
const WIDTH: usize = 18;
const HEIGHT: usize = 15;
const SIDE: usize = 4;
const LR: f32 = 0.02;
const EXPOSURE: f32 = 0.95;

/// Rounding of a sum of a few products of values up to 1.
const MOST_RENDER: f64 = 1e-4;
/// Rounding decides between keys that are as good, and each choice is one of many votes for a byte.
const MOST_TARGET: f64 = 0.02;
const MOST_LOSS: f64 = 1e-4;
/// As a fraction of the greatest gradient.
const MOST_GRADIENT: f64 = 1e-3;
/// Gradients that cancel have a rounded sign, and Adam's steps follow it.
const MOST_TEXELS: f64 = 0.01;

fn camera(x: f64) -> Camera {
    Camera {
        width: WIDTH as u32,
        height: HEIGHT as u32,
        focal_px: DVec2::splat(20.0),
        center_px: DVec2::new(WIDTH as f64 / 2.0, HEIGHT as f64 / 2.0),
        world_from_camera: DAffine3::from_translation(DVec3::new(x, 0.02, 0.0)),
    }
}

/// Three planes of static, looping and empty tiles, of which rays let some light through to the last.
fn scene(rng: &mut Rng) -> (LoopingModel, Hits) {
    let mut table = TileTable::empty(3, 3, 4, [-3, -2]);
    for (place, tile) in table.tiles.iter_mut().enumerate() {
        *tile = match (place * 7) % 5 {
            0 if place < 24 => Tile::Empty,
            1 | 3 => Tile::Looping(0),
            _ => Tile::Static(0),
        };
    }
    renumber(&mut table);
    let grid = TexelGrid::new(table, SIDE);
    let reference = Camera { world_from_camera: DAffine3::IDENTITY, ..camera(0.0) }.resized(58, 44);
    let planes = Planes { near: 1.0, far: 3.0, count: 3 };
    let window = Window { x: 0, y: 0, width: WIDTH, height: HEIGHT };
    let hits = Hits::new(&grid, &reference, &planes, &camera(0.03), window);
    let mut texels = |count: usize| -> Vec<Rgba> {
        let mut texel = || {
            let a = 0.1 + 0.6 * rng.f32();
            // What 16 bits hold: of texels nearer than that the CPU says that they are equal.
            [rng.f32() * a, rng.f32() * a, rng.f32() * a, a].map(|v| f32::from(unorm(v)) * UNIT)
        };
        (0..count).map(|_| texel()).collect()
    };
    let static_texels = texels(grid.static_texel_count());
    let looping_texels: Vec<_> = (0..FRAMES).map(|_| texels(grid.looping_texel_count())).collect();
    (LoopingModel::new(grid, static_texels, &looping_texels, vec![EXPOSURE]), hits)
}

/// Fails if what was found differs by more than rounding. NaN does, too.
fn expect(what: &'static str, found: f64, most: f64) -> Result<(), FitError> {
    if found <= most { Ok(()) } else { Err(CudaError::Disagree { what, found, most }.into()) }
}

fn greatest(a: &[f32], b: &[f32]) -> f64 {
    let differences = a.iter().zip(b).map(|(a, b)| f64::from((a - b).abs()));
    // Not f64::max, which drops NaN.
    differences.fold(0.0, |most, d| if d <= most { most } else { d })
}

/// Greatest difference between gradients and those that are a fresh optimiser's first moments, as a fraction of the greatest one.
fn gradients_apart(gradients: &[Rgba], moments: &[Rgba]) -> f64 {
    let whole: Vec<f32> = moments.as_flattened().iter().map(|m| m / (1.0 - BETA1)).collect();
    let most = gradients.as_flattened().iter().fold(0.0f32, |most, g| most.max(g.abs()));
    greatest(gradients.as_flattened(), &whole) / f64::from(most)
}

/// Fraction of the values that differ by more than a twentieth of a step: optimisers may keep their moments in fewer bits.
fn apart(a: &[Rgba], b: &[Rgba]) -> f64 {
    let pairs = a.as_flattened().iter().zip(b.as_flattened());
    let near = pairs.filter(|(a, b)| (**a - **b).abs() <= 0.05 * LR).count();
    (4 * a.len() - near) as f64 / (4 * a.len()).max(1) as f64
}

/// Renders, searches a target, compares gradients and takes two steps with the kernels and on the CPU.
///
/// # Errors
/// [`CudaError::Disagree`] where they differ by more than rounding, or those of the device.
pub fn check(kernels: &Kernels) -> Result<(), FitError> {
    let mut rng = Rng::with_seed(7);
    let (model, hits) = scene(&mut rng);
    let list = || hits.clone();
    let visit = ViewVisit::new(0, &list);
    let mut ours = CudaEngine::new(kernels.clone()).looping_level(model.clone());
    expect("a render", greatest(&model.render(&hits), &ours.render(&hits)?), MOST_RENDER)?;

    let rgb = (0..CLIP_FRAMES * HEIGHT * WIDTH * 3).map(|_| rng.u8(..)).collect();
    let clip = Clip { width: WIDTH, height: HEIGHT, frames: CLIP_FRAMES, rgb };
    let view = LevelView { camera: camera(0.03), clip: Cow::Owned(clip) };
    let target = LoopingEngine::search_target(&model, &visit, &view)?;
    let (adopted, found) = (ours.upload_target(target.clone()), ours.search_target(&visit, &view)?);
    let (wanted, found) = (adopted.bytes(), found.bytes());
    let differ = wanted.iter().zip(&found).filter(|(a, b)| a != b).count() as f64 / wanted.len() as f64;
    expect("a looping target", differ, MOST_TARGET)?;

    let (_, static_texels, looping_texels) = model.gradients(&hits, &target, EXPOSURE);
    let mut cpu = CpuEngine.looping_level(model);
    for step in 0..2 {
        let wanted = LoopingEngine::step(&mut cpu, &visit, &target, LR)?;
        let found = ours.step(&visit, &adopted, LR)?;
        expect("the loss of a step", (found - wanted).abs() / wanted, MOST_LOSS)?;
        if step == 0 {
            let (of_statics, of_loopings) = ours.first_moments();
            expect("the gradient of static texels", gradients_apart(&static_texels, &of_statics), MOST_GRADIENT)?;
            let apart = gradients_apart(&looping_texels.concat(), &of_loopings.concat());
            expect("the gradient of looping texels", apart, MOST_GRADIENT)?;
        }
    }
    let ours = ours.finish();
    expect("static texels after two steps", apart(&cpu.static_texels, &ours.static_texels), MOST_TEXELS)?;
    expect(
        "looping texels after two steps",
        apart(&cpu.looping_texels().concat(), &ours.looping_texels().concat()),
        MOST_TEXELS,
    )
}
