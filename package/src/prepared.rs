//! Everything of a package except its coded frames, and the whole file once there are some.

use crate::ExportError;
use crate::codecs::{self, PageFrames};
use crate::coded::CodedPage;
use crate::gains::{darken, gains};
use crate::geometry::{Mesh, meshes};
use crate::gltf::{self, Shown};
use crate::parts::Parts;
use crate::poster::{self, Tolerance};
use glam::DVec3;
use loop3d_package_format::{
    CHUNK_FRAMES, CameraLimits, Chunk, Codec, Head, LoopingTiles, POSTER_SCALE, PackageError, Role, StaticPage,
    StaticTiles, Stream, VERSION, layout_bytes, poster_packing,
};
use loop3d_scene::job::Observer;
use loop3d_scene::{Packing, PageRules, Scene, TileKind, render};

/// The largest page of looping tiles: half of the largest frame of H.264 level 5.2; the other half is alpha.
const LOOPING_LIMIT: [usize; 2] = [4096, 2304 / 2];
/// The sides of pages of looping tiles are multiples of this: whole macroblocks.
const LOOPING_ALIGN: usize = 16;
/// Textures of static tiles: the largest that phones have.
const STATIC_RULES: PageRules = PageRules { halo: 1, align: 1, limit: [4096, 4096] };
const POSTER_TOLERANCE: Tolerance = Tolerance { alpha: 4, colour: 8 };

/// How far static tiles may be off. Where nothing moves, an image is as good as they are.
fn static_tolerance(quality: u8) -> Tolerance {
    let colour = ((100 - quality.min(100)) as f64 * 0.06).round() as u8;
    Tolerance { alpha: colour.div_ceil(3), colour }
}

/// A package without its coded frames.
pub(crate) struct Prepared<'a> {
    scene: &'a Scene,
    pub static_packing: Packing,
    pub looping_packing: Packing,
    gains: Vec<u8>,
    parts: Parts,
    meshes: Vec<Mesh>,
    layouts: [usize; 2],
    gains_part: usize,
    picture: usize,
    geometry: usize,
    exact: bool,
    posters: Vec<usize>,
}

/// The bytes of a file.
pub(crate) struct Package {
    pub start: Vec<u8>,
    pub parts: Parts,
}

impl Package {
    pub(crate) fn bytes(&self) -> u64 {
        (self.start.len() + self.parts.bytes.len()) as u64
    }
}

impl<'a> Prepared<'a> {
    /// What a package in these codecs has in common at any quality.
    ///
    /// With PNG, pixels are the scene's to 8 bits. Only video is coded darker where little shows: PNG must be exact, and blocks have one
    /// size however dark they are. A GPU that samples pages directly filters across tiles, so such pages have halos.
    pub(crate) fn new(scene: &'a Scene, codecs: &[Codec], observer: &mut dyn Observer) -> Result<Self, ExportError> {
        let exact = codecs.contains(&Codec::Png);
        let sampled = codecs.iter().any(|codec| codec.block_side().is_some());
        let looping_rules = PageRules { halo: usize::from(sampled), align: LOOPING_ALIGN, limit: LOOPING_LIMIT };
        let static_packing = Packing::new(&scene.tiles, TileKind::Static, &STATIC_RULES)?;
        let looping_packing = Packing::new(&scene.tiles, TileKind::Looping, &looping_rules)?;
        let poster = poster_packing(&scene.tiles)?;
        let gains =
            if exact || sampled { vec![0; scene.tiles.counts().1] } else { gains(scene, &looping_packing, observer)? };
        let mut parts = Parts::default();
        let layouts = [
            parts.add(Role::Layout, &layout_bytes(&static_packing.blocks)?),
            parts.add(Role::Layout, &layout_bytes(&looping_packing.blocks)?),
        ];
        let gains_part = parts.add(Role::Gains, &gains);
        let picture = parts.add(Role::Picture, &picture(scene)?);
        let meshes = meshes(scene, &static_packing, &poster);
        let geometry = parts.add(Role::Geometry, &gltf::geometry_bytes(&meshes));
        // The poster first: with it a player shows the scene without motion, at half its sharpness where it will move.
        let mut posters = Vec::new();
        for page in 0..poster.pages.len() {
            let png = poster::page(&poster, page, scene, POSTER_SCALE, POSTER_TOLERANCE)?;
            posters.push(parts.add(Role::Poster, &png));
        }
        Ok(Self {
            exact,
            scene,
            static_packing,
            looping_packing,
            gains,
            parts,
            meshes,
            layouts,
            gains_part,
            picture,
            geometry,
            posters,
        })
    }

    /// Frames of all pages together.
    pub(crate) fn frames(&self) -> usize {
        self.looping_packing.pages.len() * self.scene.frames
    }

    /// Codes all looping pages. `frame_done` is called after each frame of each page.
    pub(crate) fn code(
        &self,
        codec: Codec,
        quality: u8,
        frame_done: &mut dyn FnMut() -> Result<(), ExportError>,
    ) -> Result<Vec<CodedPage>, ExportError> {
        let code_page = |(page, &[width, height]): (usize, &[usize; 2])| {
            let source = |frame: usize, texels: &mut Vec<u16>| {
                texels.clear();
                texels.resize(width * height * 4, 0);
                self.looping_packing.fill(page, self.scene, frame, |value| value, texels);
                darken(&self.looping_packing, page, &self.gains, texels);
            };
            let (count, fps) = (self.scene.frames, self.scene.fps);
            codecs::encode(
                codec,
                quality,
                &PageFrames { size: [width, height], count, fps, source: &source },
                frame_done,
            )
        };
        self.looping_packing.pages.iter().enumerate().map(code_page).collect()
    }

    /// The file with static tiles of a quality and these coded pages: for each codec one for each page.
    pub(crate) fn with(&self, quality: u8, coded: &[(Codec, Vec<CodedPage>)]) -> Result<Package, ExportError> {
        let scene = self.scene;
        let mut parts = self.parts.clone();
        let mut images = Vec::new();
        for (page, &[width, height]) in self.static_packing.pages.iter().enumerate() {
            let tolerance = static_tolerance(if self.exact { 100 } else { quality });
            let png = poster::page(&self.static_packing, page, scene, 1, tolerance)?;
            images.push(StaticPage { part: parts.add(Role::Static, &png), width: width as u32, height: height as u32 });
        }
        let streams = if self.looping_packing.pages.is_empty() {
            Vec::new()
        } else {
            add_streams(&mut parts, coded, scene.frames)
        };
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
            picture: self.picture,
            static_tiles: StaticTiles { layout: self.layouts[0], images },
            looping_tiles: LoopingTiles {
                layout: self.layouts[1],
                gains: self.gains_part,
                pages: self.looping_packing.pages.iter().map(|page| page.map(|side| side as u32)).collect(),
                halo: self.looping_packing.halo as u32,
                streams,
            },
        };
        let static_parts: Vec<usize> = head.static_tiles.images.iter().map(|image| image.part).collect();
        let shown = Shown { geometry: self.geometry, images: [&static_parts, &self.posters] };
        let document = gltf::document(scene, &head, &self.meshes, &shown, parts.length());
        let found = parts.length();
        let too_large = || PackageError::TooLarge { place: "file".to_owned(), found, limit: u32::MAX.into() };
        let start = gltf::glb_head(&document, found).ok_or_else(too_large)?;
        Ok(Package { start, parts })
    }
}

/// Puts the chunks of all streams in playback order.
fn add_streams(parts: &mut Parts, coded: &[(Codec, Vec<CodedPage>)], frames: usize) -> Vec<Stream> {
    let mut streams: Vec<Stream> = coded
        .iter()
        .map(|(codec, pages)| Stream {
            codec: *codec,
            names: pages.iter().map(|page| page.name.clone()).collect(),
            descriptions: pages.iter().map(|page| hex(&page.description)).collect(),
            chunks: Vec::new(),
        })
        .collect();
    for start in (0..frames).step_by(CHUNK_FRAMES) {
        for ((codec, pages), stream) in coded.iter().zip(&mut streams) {
            let end = frames.min(start + CHUNK_FRAMES);
            // PNG frames need no others: each is a part of its own.
            let step = if *codec == Codec::Png { 1 } else { CHUNK_FRAMES };
            for first in (start..end).step_by(step) {
                for (page, coded) in pages.iter().enumerate() {
                    let frames = &coded.frames[first..end.min(first + step)];
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
