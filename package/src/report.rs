//! What an export wrote, and how good it is.

use crate::png::png;
use crate::poster::{extend, straight};
use crate::{ExportError, Likeness, compare};
use image::codecs::png::{CompressionType, FilterType};
use loop3d_package_format::{Codec, premultiplied, unpacked_bytes};
use loop3d_scene::job::{Event, Observer, check};
use loop3d_scene::{Packing, PageRules, Scene, Shot, TileKind};
use serde::Serialize;

/// Frames that a player holds at a time, decoded or as blocks.
const DECODED_FRAMES: u64 = 3;
/// Frames whose PNG is measured, for all.
const MEASURED_FRAMES: usize = 4;

/// What was written.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Report {
    /// Names of the codecs.
    pub codecs: Vec<String>,
    /// The quality that was requested or found.
    pub quality: u8,
    /// Bytes of the file.
    pub bytes: u64,
    /// Bytes of headers, JSON and seal.
    pub json_bytes: u64,
    /// Name and bytes of the parts of each role.
    pub parts: Vec<(String, u64)>,
    /// Compared with the scene that was exported.
    pub likeness: Likeness,
    /// Seconds that coding took, all tries together.
    pub coding_seconds: f64,
    /// Milliseconds to read the whole package back, over the frames of the loop.
    pub decoding_ms_per_frame: f64,
    /// Bytes on a GPU that plays it: static tiles, two frames that it blends, three decoded ones.
    pub gpu_bytes: u64,
    /// The same scene as plain PNG.
    pub plain_png: PlainPng,
}

/// GPU memory of a player: static tiles as RGBA of 8 bits; of the looping tiles a page of 8 bits for each of the two frames that it
/// blends, and three decoded frames of 12 bits a pixel, colour and alpha. With blocks it is those two frames and the next one, as they
/// are. Of several codecs the one that takes most counts.
pub(crate) fn gpu_bytes(static_packing: &Packing, looping_packing: &Packing, codecs: &[Codec]) -> u64 {
    let texels = |packing: &Packing| packing.pages.iter().map(|[w, h]| (w * h) as u64).sum::<u64>();
    let frames = |&codec: &Codec| {
        let blocks: Option<usize> = looping_packing.pages.iter().map(|&page| unpacked_bytes(codec, page)).sum();
        blocks.map_or((2 * 4 + DECODED_FRAMES * 3) * texels(looping_packing), |bytes| DECODED_FRAMES * bytes as u64)
    };
    4 * texels(static_packing) + codecs.iter().map(frames).max().unwrap_or(0)
}

/// What the scene takes the way the original project publishes it: a PNG of straight RGBA for each frame.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct PlainPng {
    /// Bytes, from the static texture and four frames.
    pub bytes: u64,
    /// Compared with the scene that was exported.
    pub likeness: Likeness,
    /// Bytes on a GPU that holds all frames, as with the original project's viewer.
    pub gpu_bytes: u64,
}

impl PlainPng {
    pub(crate) fn of(scene: &Scene, shots: &[Shot], observer: &mut dyn Observer) -> Result<Self, ExportError> {
        let rules = PageRules { halo: 1, align: 1, limit: [16384, 16384] };
        let (mut bytes, mut gpu_bytes) = (0.0, 0);
        let kinds = [(TileKind::Static, 1), (TileKind::Looping, scene.frames)];
        for (index, (kind, frames)) in kinds.into_iter().enumerate() {
            let packing = Packing::new(&scene.tiles, kind, &rules)?;
            let measured = frames.min(MEASURED_FRAMES);
            let images = packing.pages.len() * measured;
            for image in 0..images {
                let (page, frame) = (image / measured, image % measured * frames / measured);
                let size = packing.pages[page];
                let mut texels = vec![0; size[0] * size[1] * 4];
                packing.fill(page, scene, frame, |value| value, &mut texels);
                let mut pixels = straight(&texels);
                extend(&mut pixels, size);
                let png = png(&pixels, size, CompressionType::Default, FilterType::Adaptive)?;
                bytes += (png.len() * frames) as f64 / measured as f64;
                let done = 0.25 * (index as f64 + (image + 1) as f64 / images as f64);
                check(observer.event(Event::step("comparing with PNG", done)), ExportError::Stopped)?;
            }
            gpu_bytes += packing.pages.iter().map(|[width, height]| (width * height * 4 * frames) as u64).sum::<u64>();
        }
        let rounded = |texels: &[u16]| {
            let mut rounded = Vec::with_capacity(texels.len());
            let mut some = Vec::new();
            for texels in texels.chunks(1 << 16) {
                premultiplied(&straight(texels), &mut some);
                rounded.extend_from_slice(&some);
            }
            rounded
        };
        let plain = Scene {
            static_texels: rounded(&scene.static_texels),
            looping_texels: rounded(&scene.looping_texels),
            tiles: scene.tiles.clone(),
            views: Vec::new(),
            fit: serde_json::Value::Null,
            ..*scene
        };
        Ok(Self { bytes: bytes as u64, likeness: compare(scene, &plain, shots), gpu_bytes })
    }
}
