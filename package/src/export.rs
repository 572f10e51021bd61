//! A scene written as a package.

use crate::geometry::{Mesh, meshes};
use crate::gltf::{self, Shown};
use crate::parts::Parts;
use crate::poster::{self, Tolerance};
use crate::video::{self, Video};
use crate::visibility::visibility;
use crate::{ExportError, Likeness, compare, open, shots};
use glam::DVec3;
use loop3d_scene::package::{
    CHUNK_FRAMES, CameraLimits, Chunk, Codec, Head, Image, Looping, PackageError, Role, Still, Stream, VERSION, gain,
    gain_of, layout_bytes,
};
use loop3d_scene::{Block, Kind, Packing, PageRules, Scene, TILE, Tile, render, write_file};
use serde::Serialize;
use std::io::Write;
use std::path::Path;

/// Pages of looping tiles: half of the largest frame of H.264 level 5.2, whose other half is alpha.
const LOOPING_RULES: PageRules = PageRules { halo: 0, align: 16, limit: [4096, 2304 / 2] };
/// Textures of static tiles: what phones have.
const STATIC_RULES: PageRules = PageRules { halo: 1, align: 1, limit: [4096, 4096] };
/// Textures of the poster, in texels before they are shrunk.
const POSTER_RULES: PageRules = PageRules { halo: POSTER_SCALE, align: POSTER_SCALE, limit: [8192, 8192] };
/// Texels of a pixel of the poster, across and down.
const POSTER_SCALE: usize = 2;

const STATIC_TOLERANCE: Tolerance = Tolerance { alpha: 1, colour: 3 };
const POSTER_TOLERANCE: Tolerance = Tolerance { alpha: 4, colour: 8 };
/// The least mean square error of pictures would be at 1, if tiles beside each other did not lose their likeness to gains: at 256×144
/// campfire took 4 % less for equal dB with 1, and 7 % with 0.6.
const SHOWN_POWER: f32 = 0.6;
/// From places that were not filmed more may be seen of a tile.
const LEAST_SHOWN: f32 = 0.25;

/// What to write.
#[derive(Clone, Debug, PartialEq)]
pub struct Settings {
    /// The codecs of the looping tiles, at least one.
    pub codecs: Vec<Codec>,
    /// 0–100.
    pub quality: u8,
}

/// What was written.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Report {
    /// Bytes of the file.
    pub bytes: u64,
    /// Bytes of the JSON.
    pub json_bytes: u64,
    /// Bytes of the parts of each role: name, bytes.
    pub parts: Vec<(String, u64)>,
    /// Against the scene that was exported.
    pub likeness: Likeness,
}

/// Writes `scene` as a package. An older file at `path` is replaced when the new one is whole. `tick` is told what is being done and which share of it
/// is done, and says whether to go on.
///
/// # Errors
/// The target cannot be written, ffmpeg is missing or fails, or `tick` says stop.
pub fn export(
    scene: &Scene,
    path: &Path,
    settings: &Settings,
    tick: &mut dyn FnMut(&str, f64) -> bool,
) -> Result<Report, ExportError> {
    scene.validate()?;
    let still = Packing::new(&scene.tiles, Kind::Static, &STATIC_RULES)?;
    let looping = Packing::new(&scene.tiles, Kind::Looping, &LOOPING_RULES)?;
    let poster = Packing::new(&scene.tiles, Kind::Looping, &POSTER_RULES)?;
    let mut parts = Parts::default();
    let static_layout = parts.add(Role::Layout, &layout_bytes(&still.blocks)?);
    let looping_layout = parts.add(Role::Layout, &layout_bytes(&looping.blocks)?);
    let gains = gains(scene, &looping, settings, tick)?;
    let gains_part = parts.add(Role::Gains, &gains);
    let picture = parts.add(Role::Picture, &picture(scene)?);
    let mut all_meshes: Vec<(Kind, Mesh)> = Vec::new();
    all_meshes.extend(meshes(scene, &still).into_iter().map(|mesh| (Kind::Static, mesh)));
    all_meshes.extend(meshes(scene, &poster).into_iter().map(|mesh| (Kind::Looping, mesh)));
    let geometry = parts.add(Role::Geometry, &gltf::geometry_bytes(&all_meshes));
    let mut images = Vec::new();
    for (page, &[width, height]) in still.pages.iter().enumerate() {
        let png = poster::page(&still, page, scene, 1, STATIC_TOLERANCE)?;
        images.push(Image { part: parts.add(Role::Static, &png), width: width as u32, height: height as u32 });
    }
    let mut posters = Vec::new();
    for page in 0..poster.pages.len() {
        let png = poster::page(&poster, page, scene, POSTER_SCALE, POSTER_TOLERANCE)?;
        posters.push(parts.add(Role::Poster, &png));
    }

    let mut streams = Vec::new();
    let total = settings.codecs.len() * looping.pages.len() * scene.frames;
    let mut done = 0;
    for &codec in &settings.codecs {
        let mut videos = Vec::new();
        for (page, &[width, height]) in looping.pages.iter().enumerate() {
            let source = |frame: usize, texels: &mut Vec<u16>| {
                texels.clear();
                texels.resize(width * height * 4, 0);
                looping.fill(page, scene, frame, |value| value, texels);
                darken(&looping, page, &gains, width, texels);
            };
            let mut tick = || {
                done += 1;
                if tick("coding", done as f64 / total as f64) { Ok(()) } else { Err(ExportError::Stopped) }
            };
            let size = [width, height];
            videos.push(video::encode(codec, settings.quality, scene.fps, size, scene.frames, &source, &mut tick)?);
        }
        if !videos.is_empty() {
            streams.push((codec, videos));
        }
    }
    let streams = add_streams(&mut parts, streams, scene.frames);

    let head = Head {
        version: VERSION,
        tool: env!("CARGO_PKG_VERSION").to_owned(),
        reference: scene.reference,
        planes: scene.planes,
        rows: scene.tiles.rows,
        columns: scene.tiles.columns,
        origin_px: scene.tiles.origin_px,
        fps: scene.fps,
        frames: scene.frames,
        views: scene.views.clone(),
        camera_limits: camera_limits(scene),
        fit: scene.fit.clone(),
        parts: parts.entries.clone(),
        picture,
        still: Still { layout: static_layout, images },
        looping: Looping {
            layout: looping_layout,
            gains: gains_part,
            pages: looping.pages.iter().map(|page| page.map(|side| side as u32)).collect(),
            streams,
        },
    };
    let static_parts: Vec<usize> = head.still.images.iter().map(|image| image.part).collect();
    let shown = Shown { geometry, images: [&static_parts, &posters] };
    let document = gltf::document(scene, &head, &all_meshes, &shown, parts.length());
    let too_large =
        || PackageError::TooLarge { place: "file".to_owned(), found: parts.length(), limit: u32::MAX.into() };
    let start = gltf::glb_head(&document, parts.length()).ok_or_else(too_large)?;
    write_file(path, |out: &mut dyn Write| {
        out.write_all(&start)?;
        out.write_all(&parts.bytes)
    })?;
    let reread = open(path)?;
    let shots = shots(scene).unwrap_or_default();
    let roles = [Role::Layout, Role::Gains, Role::Picture, Role::Geometry, Role::Static, Role::Poster, Role::Video];
    Ok(Report {
        bytes: (start.len() + parts.bytes.len()) as u64,
        json_bytes: start.len() as u64,
        parts: roles.iter().map(|&role| (role.to_string(), parts.of_role(role))).collect(),
        likeness: compare(scene, &reread, &shots),
    })
}

/// The gain of each looping tile, in the order of the blocks.
fn gains(
    scene: &Scene,
    looping: &Packing,
    settings: &Settings,
    tick: &mut dyn FnMut(&str, f64) -> bool,
) -> Result<Vec<u8>, ExportError> {
    let tiles: usize = looping.blocks.iter().map(Block::tiles).sum();
    if settings.codecs.contains(&Codec::Png) {
        return Ok(vec![0; tiles]);
    }
    let shots = shots(scene).unwrap_or_default();
    let seen = visibility(scene, &shots, &mut || tick("looking", 0.0)).ok_or(ExportError::Stopped)?;
    let mut gains = Vec::with_capacity(tiles);
    for block in &looping.blocks {
        for (row, column) in block.rows.clone().flat_map(|row| block.columns.clone().map(move |column| (row, column))) {
            let tile = scene.tiles.get(block.plane, row as i64, column as i64);
            let Tile::Looping(tile) = tile else { continue };
            gains.push(gain_of(seen[tile as usize].powf(SHOWN_POWER).max(LEAST_SHOWN)));
        }
    }
    Ok(gains)
}

/// Divides the texels of a page by their tiles' gains.
fn darken(looping: &Packing, page: usize, gains: &[u8], width: usize, texels: &mut [u16]) {
    let mut next = 0;
    for block in &looping.blocks {
        let first = next;
        next += block.tiles();
        if block.page != page {
            continue;
        }
        for (tile, &byte) in gains[first..next].iter().enumerate().filter(|(_, byte)| **byte > 0) {
            let factor = 1.0 / gain(byte);
            let [i, j] = [tile / block.columns.len(), tile % block.columns.len()];
            for line in 0..TILE {
                let from = ((block.at[1] + i * TILE + line) * width + block.at[0] + j * TILE) * 4;
                texels[from..from + TILE * 4].iter_mut().for_each(|v| *v = (f32::from(*v) * factor + 0.5) as u16);
            }
        }
    }
}

/// Puts the chunks of all streams in playback order.
fn add_streams(parts: &mut Parts, coded: Vec<(Codec, Vec<Video>)>, frames: usize) -> Vec<Stream> {
    let mut streams: Vec<Stream> = coded
        .iter()
        .map(|(codec, videos)| Stream {
            codec: *codec,
            names: videos.iter().map(|video| video.name.clone()).collect(),
            descriptions: videos.iter().map(|video| hex(&video.description)).collect(),
            chunks: Vec::new(),
        })
        .collect();
    for start in (0..frames).step_by(CHUNK_FRAMES) {
        for ((codec, videos), stream) in coded.iter().zip(&mut streams) {
            let end = frames.min(start + CHUNK_FRAMES);
            // Pictures need no others: each is a part of its own.
            let step = if *codec == Codec::Png { 1 } else { CHUNK_FRAMES };
            for first in (start..end).step_by(step) {
                for (page, video) in videos.iter().enumerate() {
                    let frames = &video.frames[first..end.min(first + step)];
                    let part = parts.add(Role::Video, &frames.concat());
                    let sizes = frames.iter().map(|frame| frame.len() as u32).collect();
                    stream.chunks.push(Chunk { part, page, first, sizes });
                }
            }
        }
    }
    streams
}

fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}

/// The box around the captured views, or around the reference camera where there are none.
fn camera_limits(scene: &Scene) -> CameraLimits {
    let positions = || scene.views.iter().map(|view| view.camera.position());
    let at = scene.reference.position();
    let fold = |pick: fn(DVec3, DVec3) -> DVec3| positions().reduce(pick).unwrap_or(at);
    CameraLimits { min: fold(DVec3::min), max: fold(DVec3::max) }
}

/// A JPEG of what the reference camera sees at frame 0.
fn picture(scene: &Scene) -> Result<Vec<u8>, ExportError> {
    let shown = render(scene, &scene.reference, 0.0);
    let mut bytes = Vec::new();
    image::codecs::jpeg::JpegEncoder::new_with_quality(&mut bytes, 80)
        .encode(&shown.to_rgb8(), shown.width as u32, shown.height as u32, image::ExtendedColorType::Rgb8)
        .map_err(|error| ExportError::Image { what: "the picture of the reference camera".to_owned(), error })?;
    Ok(bytes)
}
