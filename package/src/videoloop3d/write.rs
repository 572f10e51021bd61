//! A scene as the original project's folder.

use super::obj::{self, Quad};
use super::{Meta, Own};
use crate::ExportError;
use crate::png::png;
use crate::poster::{extend, straight};
use glam::{DVec2, DVec3};
use image::codecs::png::{CompressionType, FilterType};
use loop3d_scene::job::{Event, Observer, check};
use loop3d_scene::{Packing, PageRules, Scene, TileKind, Unfinished, cover, write_file};
use rayon::prelude::*;
use std::fs;
use std::io::Write;
use std::path::Path;

/// One texture for each kind, as large as desktop GPUs take.
const RULES: PageRules = PageRules { halo: 1, align: 1, limit: [16384, 16384] };

/// Writes the folder `dir`, which must be new or empty. It appears once it is whole. Returns its bytes.
///
/// # Errors
/// The folder cannot be written, the scene does not fit in one texture of each kind, or `observer` asks to stop.
pub fn export_folder(scene: &Scene, dir: &Path, observer: &mut dyn Observer) -> Result<u64, ExportError> {
    scene.validate()?;
    let failed = |error| ExportError::Folder { path: dir.to_owned(), error };
    if fs::read_dir(dir).is_ok_and(|mut entries| entries.next().is_some()) || dir.is_file() {
        return Err(ExportError::Occupied { path: dir.to_owned() });
    }
    let packings = [TileKind::Static, TileKind::Looping].map(|kind| Packing::new(&scene.tiles, kind, &RULES));
    let [static_packing, looping_packing] = packings;
    let (static_packing, looping_packing) = (static_packing?, looping_packing?);
    if static_packing.pages.len().max(looping_packing.pages.len()) > 1 {
        return Err(ExportError::TooManyTiles { limit: RULES.limit[0] });
    }
    let unfinished = Unfinished::folder(dir)?;
    fs::create_dir(unfinished.path().join("dynamic")).map_err(failed)?;
    let mut bytes = 0;
    let mut put = |name: &str, content: &[u8]| -> Result<(), ExportError> {
        bytes += content.len() as u64;
        Ok(write_file(unfinished.path().join(name), |out: &mut dyn Write| out.write_all(content))?)
    };
    put("geometry.obj", obj::write(&quads(scene, &static_packing, &looping_packing)).as_bytes())?;
    put("meta.json", serde_json::to_string_pretty(&meta(scene)).unwrap_or_default().as_bytes())?;
    put("static.png", &texture(scene, &static_packing, 0)?)?;
    let all: Vec<usize> = (0..scene.frames).collect();
    // As many at a time as there are cores: never all frames in memory.
    for some in all.chunks(rayon::current_num_threads()) {
        let coded: Vec<Result<Vec<u8>, ExportError>> =
            some.par_iter().map(|&frame| texture(scene, &looping_packing, frame)).collect();
        for (&frame, coded) in some.iter().zip(coded) {
            put(&format!("dynamic/{frame:04}.png"), &coded?)?;
            let done = (frame + 1) as f64 / scene.frames as f64;
            check(observer.event(Event::step("writing images", done)), ExportError::Stopped)?;
        }
    }
    unfinished.finish()?;
    Ok(bytes)
}

/// The only page of a packing at a frame; one transparent texel where there is none.
fn texture(scene: &Scene, packing: &Packing, frame: usize) -> Result<Vec<u8>, ExportError> {
    let size = packing.pages.first().copied().unwrap_or([1, 1]);
    let mut texels = vec![0; size[0] * size[1] * 4];
    packing.fill(0, scene, frame, |value| value, &mut texels);
    let mut pixels = straight(&texels);
    extend(&mut pixels, size);
    png(&pixels, size, CompressionType::Default, FilterType::Adaptive)
}

fn quads(scene: &Scene, static_packing: &Packing, looping_packing: &Packing) -> Vec<Quad> {
    let camera = &scene.reference;
    let origin = DVec2::new(scene.tiles.origin_px[0].into(), scene.tiles.origin_px[1].into());
    let quad = cover(&scene.tiles, static_packing, looping_packing, TileKind::Looping).into_iter().map(|rectangle| {
        let packing = if rectangle.kind == TileKind::Static { static_packing } else { looping_packing };
        let size = packing.pages[0].map(|side| side as f64);
        let shift = packing.blocks[rectangle.block].shift();
        let z = scene.planes.depth(rectangle.plane);
        let [left, upper, right, lower] = rectangle.bounds;
        let corner = |x: i32, y: i32| {
            let pixel = origin + DVec2::new(x.into(), y.into()) + 0.5;
            ((pixel - camera.center_px) * z / camera.focal_px).to_array()
        };
        let uv = |x: i32, y: i32| {
            [(f64::from(x + shift[0]) + 0.5) / size[0], 1.0 - (f64::from(y + shift[1]) + 0.5) / size[1]]
        };
        let (corners, uvs) = ([corner(left, upper), corner(right, lower)], [uv(left, upper), uv(right, lower)]);
        Quad { kind: rectangle.kind, z, corners, uvs }
    });
    quad.collect()
}

fn meta(scene: &Scene) -> Meta {
    let camera = &scene.reference;
    let reference_from_world = camera.world_from_camera.inverse();
    let poses = || scene.views.iter().map(|view| reference_from_world * view.camera.world_from_camera);
    let limit = poses().map(|pose| pose.translation.abs()).fold(DVec3::ZERO, DVec3::max) * 0.8;
    let up: DVec3 = poses().map(|pose| pose.matrix3.y_axis).sum();
    let up = up.try_normalize().unwrap_or(DVec3::Y) * DVec3::new(1.0, -1.0, 1.0);
    Meta {
        fps: scene.fps,
        fov: 2.0 * (f64::from(camera.height) / 2.0 / camera.focal_px.y).atan().to_degrees(),
        frame_count: scene.frames,
        near: scene.planes.near,
        far: scene.planes.far,
        up: up.to_array(),
        lookat: [0.0, 0.0, scene.planes.focus()],
        limit: limit.to_array(),
        loop3d: Some(Own {
            reference: *camera,
            origin_px: scene.tiles.origin_px,
            views: scene.views.clone(),
            fit: scene.fit.clone(),
        }),
    }
}
