//! The vendor extension of a package: everything that glTF cannot express.

use glam::DVec3;
use loop3d_scene::{Camera, Planes, SceneView};
use serde::{Deserialize, Serialize};
use std::fmt;

/// Name of the glTF extension.
pub const EXTENSION: &str = "LOOP3D_scene";

/// Version of the extension that this build writes and reads.
pub const VERSION: u32 = 1;

/// Bytes before the first part: the SHA-256 of the JSON chunk's data.
pub const SEAL_BYTES: u64 = 32;

/// Frames from one key frame of a video to the next. A reader can start at any key frame.
pub const CHUNK_FRAMES: usize = 12;

/// The extension `LOOP3D_scene` of the glTF document.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Head {
    /// [`VERSION`].
    pub version: u32,
    /// Version of the program that wrote it.
    pub tool: String,
    /// See [`Scene`](loop3d_scene::Scene).
    pub reference: Camera,
    /// See [`Scene`](loop3d_scene::Scene).
    pub planes: Planes,
    /// Tile rows of a plane.
    pub rows: usize,
    /// Tile columns of a plane.
    pub columns: usize,
    /// See [`TileTable`](loop3d_scene::TileTable).
    pub origin_px: [i32; 2],
    /// Frames per second.
    pub fps: f64,
    /// Frames of the loop.
    pub frames: usize,
    /// The cameras of the capture.
    pub views: Vec<SceneView>,
    /// Where an interactive camera should stay.
    pub camera_limits: CameraLimits,
    /// Settings of the fit, as the master has them.
    pub fit: serde_json::Value,
    /// All parts, in the order of their bytes.
    pub parts: Vec<Part>,
    /// Index of a part: a JPEG of what the reference camera sees at frame 0.
    pub picture: usize,
    /// The static tiles.
    #[serde(rename = "static")]
    pub static_tiles: StaticTiles,
    /// The looping tiles.
    #[serde(rename = "looping")]
    pub looping_tiles: LoopingTiles,
}

/// The box around the positions of the captured views, in the world (the reference camera's axes where it was fitted).
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct CameraLimits {
    /// Least coordinates.
    pub min: DVec3,
    /// Greatest coordinates.
    pub max: DVec3,
}

/// A run of bytes that is useful on its own.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Part {
    /// What it is.
    pub role: Role,
    /// First byte, from the start of the binary chunk's data; a multiple of 4.
    pub offset: u64,
    /// Bytes.
    pub length: u64,
    /// SHA-256 of these bytes.
    pub sha256: Sha256Sum,
}

/// What a part is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Role {
    /// Blocks of one kind of tiles: [`layout_bytes`](crate::layout_bytes).
    Layout,
    /// How much darker than it is each looping tile is coded: [`gain`](crate::gain()).
    Gains,
    /// A JPEG.
    Picture,
    /// Vertices and indices of the standard meshes.
    Geometry,
    /// A PNG of static tiles, straight alpha.
    Static,
    /// A PNG of looping tiles at frame 0 and half the resolution, straight alpha: for the standard meshes.
    Poster,
    /// Coded frames of one page of looping tiles, of any codec.
    Video,
}

impl fmt::Display for Role {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Layout => "layout",
            Self::Gains => "gains",
            Self::Picture => "picture",
            Self::Geometry => "geometry",
            Self::Static => "static",
            Self::Poster => "poster",
            Self::Video => "video",
        })
    }
}

/// The static tiles: blocks on pages, each a PNG.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct StaticTiles {
    /// Index of the part with the blocks.
    pub layout: usize,
    /// The pages.
    pub images: Vec<StaticPage>,
}

/// A page of static tiles.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct StaticPage {
    /// Index of the part.
    pub part: usize,
    /// In texels.
    pub width: u32,
    /// In texels.
    pub height: u32,
}

/// The looping tiles: blocks on pages, each a video, in one or several codecs.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct LoopingTiles {
    /// Index of the part with the blocks.
    pub layout: usize,
    /// Index of the part with the gains.
    pub gains: usize,
    /// Width and height of each page in texels, multiples of 16. A frame of video is twice as high: colour over alpha.
    pub pages: Vec<[u32; 2]>,
    /// Width in texels of the frame around each block that repeats its neighbours on the plane: 0 or 1. Pages that a GPU samples have 1.
    #[serde(default, skip_serializing_if = "is_zero")]
    pub halo: u32,
    /// The same frames in one or several codecs; a reader picks one.
    pub streams: Vec<Stream>,
}

fn is_zero(count: &u32) -> bool {
    *count == 0
}

/// How frames are coded.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Codec {
    /// H.264: AVC samples with lengths of four bytes; colour over alpha.
    H264,
    /// AV1: temporal units; colour over alpha.
    Av1,
    /// PNG: premultiplied RGBA of 8 bits, one image a frame.
    Png,
    /// Blocks of BC7, which desktop GPUs sample; see [`unpack`](crate::unpack).
    Bc7,
    /// Blocks of ASTC of 4×4 texels, which phones' GPUs sample.
    #[serde(rename = "astc-4x4")]
    Astc4x4,
    /// Blocks of ASTC of 6×6 texels: less than half of the memory.
    #[serde(rename = "astc-6x6")]
    Astc6x6,
    /// Blocks of ETC2 with EAC alpha, which older phones' GPUs sample too.
    Etc2,
}

impl Codec {
    /// All codecs.
    pub const ALL: [Self; 7] = [Self::H264, Self::Av1, Self::Png, Self::Bc7, Self::Astc4x4, Self::Astc6x6, Self::Etc2];

    /// Texels along a side of a block; `None` where frames are not blocks that a GPU samples.
    pub fn block_side(self) -> Option<usize> {
        match self {
            Self::H264 | Self::Av1 | Self::Png => None,
            Self::Bc7 | Self::Astc4x4 | Self::Etc2 => Some(4),
            Self::Astc6x6 => Some(6),
        }
    }

    /// A page's entry in [`Stream::names`], where it is the same for every page.
    pub fn fixed_name(self) -> Option<&'static str> {
        match self {
            Self::H264 | Self::Av1 => None,
            Self::Png => Some("image/png"),
            Self::Bc7 => Some("bc7-rgba-unorm"),
            Self::Astc4x4 => Some("astc-4x4-unorm"),
            Self::Astc6x6 => Some("astc-6x6-unorm"),
            Self::Etc2 => Some("etc2-rgba8unorm"),
        }
    }
}

impl fmt::Display for Codec {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::H264 => "h264",
            Self::Av1 => "av1",
            Self::Png => "png",
            Self::Bc7 => "bc7",
            Self::Astc4x4 => "astc-4x4",
            Self::Astc6x6 => "astc-6x6",
            Self::Etc2 => "etc2",
        })
    }
}

/// All frames of all pages in one codec.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Stream {
    /// The codec.
    pub codec: Codec,
    /// For each page the codec's name as WebCodecs takes it, such as `avc1.640033`; otherwise [`Codec::fixed_name`].
    pub names: Vec<String>,
    /// For each page the decoder configuration that WebCodecs calls `description`, in hex; empty where the codec has none.
    pub descriptions: Vec<String>,
    /// In playback order: the first frames of all pages, then the next ones.
    pub chunks: Vec<Chunk>,
}

/// Consecutive frames of one page, which can be decoded without others.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Chunk {
    /// Index of the part.
    pub part: usize,
    /// The page.
    pub page: usize,
    /// The first frame, of a video a key frame.
    pub first: usize,
    /// Bytes of each frame; the frames follow one another.
    pub sizes: Vec<u32>,
}

/// A SHA-256, in JSON 64 lowercase hex digits.
#[derive(Clone, Copy, PartialEq, Eq)]
pub struct Sha256Sum(pub [u8; 32]);

impl fmt::Display for Sha256Sum {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.iter().try_for_each(|byte| write!(f, "{byte:02x}"))
    }
}

impl fmt::Debug for Sha256Sum {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{self}")
    }
}

impl Serialize for Sha256Sum {
    fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

impl<'de> Deserialize<'de> for Sha256Sum {
    fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = String::deserialize(deserializer)?;
        let bytes = crate::hex::bytes_from_hex(&text).and_then(|bytes| bytes.try_into().ok());
        bytes.map(Self).ok_or_else(|| serde::de::Error::custom("a SHA-256 is 64 lowercase hex digits"))
    }
}

impl Chunk {
    /// The frames in the bytes of its part. In a head that was checked, the sizes add up to the part.
    pub fn frames<'a>(&self, part: &'a [u8]) -> impl Iterator<Item = &'a [u8]> {
        let mut rest = part;
        self.sizes.iter().map_while(move |&size| {
            let (frame, after) = rest.split_at_checked(size as usize)?;
            rest = after;
            Some(frame)
        })
    }
}

impl Stream {
    /// The decoder configuration of a page; empty where the codec has none. `None` where it is not hex.
    pub fn description(&self, page: usize) -> Option<Vec<u8>> {
        crate::hex::bytes_from_hex(self.descriptions.get(page)?)
    }
}
