//! The bytes of a master scene file (`*.loop3d`): one safetensors file.
//!
//! | tensor | type, shape | |
//! |---|---|---|
//! | `tile_table` | U32 `[planes, rows, columns]` | 0 empty, 1 + 2i static tile i, 2 + 2i looping tile i |
//! | `static_texels` | U16 `[tiles, 16, 16, 4]` | premultiplied RGBA, 65535 = 1.0 |
//! | `looping_texels` | U16 `[tiles, frames, 16, 16, 4]` | |
//! | `checksum` | U32 `[1]` | CRC-32 (IEEE) of every byte of the file before it |
//!
//! Everything else is one JSON document (`Document`) in the safetensors metadata under the key `loop3d`. Equal
//! scenes give equal bytes. Texels are streamed both ways: a scene is never in memory twice.

use crate::{Camera, Planes, Scene, SceneError, SceneView, TILE, TILE_VALUES, Tile, TileTable};
use safetensors::Dtype;
use safetensors::tensor::{Metadata, TensorInfo};
use serde::{Deserialize, Serialize};
use std::collections::HashMap;
use std::io::{self, Read, Write};

/// The newest format that this build reads, and the one that it writes.
pub const FORMAT: u64 = 1;

const KEY: &str = "loop3d";
/// The largest header: the safetensors library's own limit.
const HEADER_LIMIT: u64 = 100_000_000;
/// Bytes that are converted at a time.
const CHUNK: usize = 1 << 16;

const TABLE: &str = "tile_table";
const STATIC: &str = "static_texels";
const LOOPING: &str = "looping_texels";
const CHECKSUM: &str = "checksum";

/// Why bytes are not a scene.
#[derive(Debug, thiserror::Error)]
pub(crate) enum FormatError {
    #[error("{0}")]
    Io(#[from] io::Error),
    #[error(
        "not a scene file: found {found}, expected a loop3d scene (*.loop3d: safetensors with the metadata key `loop3d`) or a package (*.glb)"
    )]
    NotAScene { found: String },
    #[error("cut short: found {found} bytes, expected {expected}")]
    Truncated { found: u64, expected: u64 },
    #[error("written by loop3d {tool}, format {format}; this build reads up to {FORMAT}; update loop3d")]
    Newer { tool: String, format: u64 },
    #[error("damaged: {place}: found {found}, expected {expected}")]
    Damaged { place: String, found: String, expected: String },
    #[error("damaged: {0}")]
    Scene(#[from] SceneError),
    #[error("needs {bytes} bytes of memory for its texels, which this machine does not have free")]
    Memory { bytes: u64 },
}

fn damaged(place: &str, found: impl ToString, expected: impl ToString) -> FormatError {
    FormatError::Damaged { place: place.to_owned(), found: found.to_string(), expected: expected.to_string() }
}

/// The JSON document of a scene file.
#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Document {
    format: u64,
    tool: String,
    reference: Camera,
    planes: Planes,
    /// See [`TileTable::origin_px`].
    origin_px: [i32; 2],
    fps: f64,
    frames: usize,
    views: Vec<SceneView>,
    fit: serde_json::Value,
}

/// The fields that every format has had since the first.
#[derive(Deserialize)]
struct Version {
    format: u64,
    tool: String,
}

/// Writes a valid scene.
pub(crate) fn write(scene: &Scene, out: &mut dyn Write) -> Result<(), FormatError> {
    scene.validate()?;
    let document = Document {
        format: FORMAT,
        tool: env!("CARGO_PKG_VERSION").to_owned(),
        reference: scene.reference,
        planes: scene.planes,
        origin_px: scene.tiles.origin_px,
        fps: scene.fps,
        frames: scene.frames,
        views: scene.views.clone(),
        fit: scene.fit.clone(),
    };
    let (static_tiles, looping_tiles) = scene.tiles.counts();
    let tensors: [(&str, Dtype, &[usize]); 4] = [
        (TABLE, Dtype::U32, &[scene.tiles.planes, scene.tiles.rows, scene.tiles.columns]),
        (STATIC, Dtype::U16, &[static_tiles, TILE, TILE, 4]),
        (LOOPING, Dtype::U16, &[looping_tiles, scene.frames, TILE, TILE, 4]),
        (CHECKSUM, Dtype::U32, &[1]),
    ];
    let mut out = Summed::<dyn Write> { inner: out, sum: crc32fast::Hasher::new() };
    out.write_all(&safetensors_head(KEY, &document, &tensors)?)?;
    write_values(&mut out, &scene.tiles.tiles, |tile| tile.code().to_le_bytes())?;
    write_values(&mut out, &scene.static_texels, |v| v.to_le_bytes())?;
    write_values(&mut out, &scene.looping_texels, |v| v.to_le_bytes())?;
    let sum = out.sum.finalize();
    out.inner.write_all(&sum.to_le_bytes())?;
    Ok(())
}

/// The start of a safetensors file: the length of the header, and the header, with `document` as JSON in the metadata under `key`.
/// The tensors' bytes follow in the order given. For files too large to be assembled in memory.
///
/// # Errors
/// The document cannot be written as JSON, or a name is used twice.
pub fn safetensors_head(
    key: &str,
    document: &impl Serialize,
    tensors: &[(&str, Dtype, &[usize])],
) -> io::Result<Vec<u8>> {
    let mut end = 0;
    let tensors = tensors.iter().map(|&(name, dtype, shape)| {
        let start = end;
        end += shape.iter().product::<usize>() * dtype.bitsize() / 8;
        (name.to_owned(), TensorInfo { dtype, shape: shape.to_vec(), data_offsets: (start, end) })
    });
    let metadata = HashMap::from([(key.to_owned(), serde_json::to_string(document)?)]);
    let metadata = Metadata::new(Some(metadata), tensors.collect()).map_err(io::Error::other)?;
    let mut header = serde_json::to_vec(&metadata)?;
    header.resize(header.len().next_multiple_of(8), b' ');
    let mut head = (header.len() as u64).to_le_bytes().to_vec();
    head.append(&mut header);
    Ok(head)
}

/// Reads a scene of `length` bytes. Every count, index and number is checked, and no input makes it panic.
pub(crate) fn read(input: &mut dyn Read, length: u64) -> Result<Scene, FormatError> {
    let mut input = Summed::<dyn Read> { inner: input, sum: crc32fast::Hasher::new() };
    let not_a_scene = |found: &str| FormatError::NotAScene { found: found.to_owned() };
    if length < 8 {
        return Err(not_a_scene(&format!("{length} bytes")));
    }
    let header_length = u64::from_le_bytes(input.take_array()?);
    if header_length > HEADER_LIMIT {
        return Err(not_a_scene("another kind of file"));
    }
    if header_length + 8 > length {
        return Err(FormatError::Truncated { found: length, expected: header_length + 8 });
    }
    let mut header = vec![0; header_length as usize];
    input.read_exact(&mut header)?;
    if header.first() != Some(&b'{') {
        return Err(not_a_scene("another kind of file"));
    }
    let header: Metadata = serde_json::from_slice(&header).map_err(|e| damaged("header", e, "tensors and metadata"))?;
    let document = header.metadata().as_ref().and_then(|m| m.get(KEY));
    let document = document.ok_or_else(|| not_a_scene("a safetensors file of something else"))?;
    let expected = 8 + header_length + header.data_len() as u64;
    if length != expected {
        return Err(if length < expected {
            FormatError::Truncated { found: length, expected }
        } else {
            damaged("file", format!("{length} bytes"), format!("{expected} bytes"))
        });
    }
    // A newer document may have any other fields, so its version is read first.
    let bad_document = |e| damaged("metadata", e, "the document of a loop3d scene");
    let Version { format, tool } = serde_json::from_str(document).map_err(bad_document)?;
    if format > FORMAT {
        return Err(FormatError::Newer { tool, format });
    }
    if format != FORMAT {
        return Err(damaged("metadata", format!("format {format}"), format!("format {FORMAT}")));
    }
    let document: Document = serde_json::from_str(document).map_err(bad_document)?;

    let [planes, rows, columns] = shape(&header, TABLE, Dtype::U32)?;
    let static_shape: [usize; 4] = shape(&header, STATIC, Dtype::U16)?;
    let looping_shape: [usize; 5] = shape(&header, LOOPING, Dtype::U16)?;
    let [1] = shape(&header, CHECKSUM, Dtype::U32)? else {
        return Err(damaged(CHECKSUM, "another shape", "[1]"));
    };
    // The tensors follow each other in this order, with nothing between them.
    let mut start = 0;
    for name in [TABLE, STATIC, LOOPING, CHECKSUM] {
        let (found, end) = header.info(name).map_or((0, 0), |info| info.data_offsets);
        if found != start {
            return Err(damaged(name, format!("offset {found}"), format!("offset {start}")));
        }
        start = end;
    }
    if start != header.data_len() {
        return Err(damaged("tensors", format!("data after {CHECKSUM}"), "none"));
    }
    if static_shape[1..] != [TILE, TILE, 4] {
        return Err(damaged(STATIC, format!("{static_shape:?}"), "[tiles, 16, 16, 4]"));
    }
    if looping_shape[1..] != [document.frames, TILE, TILE, 4] {
        let expected = format!("[tiles, {}, 16, 16, 4]", document.frames);
        return Err(damaged(LOOPING, format!("{looping_shape:?}"), expected));
    }
    // The sizes in the header add up to the size of the file, so these products cannot overflow or ask for more memory than
    // the file has bytes.
    let codes = input.read_values(planes * rows * columns, u32::from_le_bytes)?;
    let static_texels = input.read_values(static_shape[0] * TILE_VALUES, u16::from_le_bytes)?;
    let looping_texels = input.read_values(looping_shape[0] * looping_shape[1] * TILE_VALUES, u16::from_le_bytes)?;
    let sum = input.sum.clone().finalize();
    let stored = u32::from_le_bytes(input.take_array()?);
    if sum != stored {
        return Err(damaged("checksum", format!("{sum:08x}"), format!("{stored:08x}")));
    }
    let tiles = TileTable {
        planes,
        rows,
        columns,
        origin_px: document.origin_px,
        tiles: codes.into_iter().map(Tile::from_code).collect(),
    };
    let Document { reference, planes, fps, frames, views, fit, .. } = document;
    let scene = Scene { reference, planes, tiles, fps, frames, static_texels, looping_texels, views, fit };
    scene.validate()?;
    Ok(scene)
}

/// The shape of a required tensor.
fn shape<const N: usize>(header: &Metadata, name: &str, dtype: Dtype) -> Result<[usize; N], FormatError> {
    let expected = || format!("{dtype:?} of {N} dimensions");
    let info = header.info(name).ok_or_else(|| damaged(name, "nothing", expected()))?;
    let found = || format!("{:?} {:?}", info.dtype, info.shape);
    if info.dtype != dtype {
        return Err(damaged(name, found(), expected()));
    }
    info.shape.as_slice().try_into().map_err(|_| damaged(name, found(), expected()))
}

/// A reader or writer that computes the checksum of what passes through.
struct Summed<'a, S: ?Sized> {
    inner: &'a mut S,
    sum: crc32fast::Hasher,
}

impl Summed<'_, dyn Write + '_> {
    fn write_all(&mut self, bytes: &[u8]) -> io::Result<()> {
        self.sum.update(bytes);
        self.inner.write_all(bytes)
    }
}

impl Summed<'_, dyn Read + '_> {
    fn read_exact(&mut self, bytes: &mut [u8]) -> io::Result<()> {
        self.inner.read_exact(bytes)?;
        self.sum.update(bytes);
        Ok(())
    }

    fn take_array<const N: usize>(&mut self) -> io::Result<[u8; N]> {
        let mut bytes = [0; N];
        self.read_exact(&mut bytes)?;
        Ok(bytes)
    }

    fn read_values<const N: usize, V>(&mut self, count: usize, value: fn([u8; N]) -> V) -> Result<Vec<V>, FormatError> {
        let mut values = Vec::new();
        values.try_reserve_exact(count).map_err(|_| FormatError::Memory { bytes: count as u64 * N as u64 })?;
        let mut bytes = vec![0; CHUNK.min(count * N)];
        while values.len() < count {
            let length = CHUNK.min((count - values.len()) * N);
            self.read_exact(&mut bytes[..length])?;
            values.extend(bytes[..length].as_chunks::<N>().0.iter().map(|&b| value(b)));
        }
        Ok(values)
    }
}

fn write_values<const N: usize, V>(
    out: &mut Summed<'_, dyn Write + '_>,
    values: &[V],
    bytes: impl Fn(&V) -> [u8; N],
) -> io::Result<()> {
    let mut chunk = Vec::with_capacity(CHUNK);
    for values in values.chunks(CHUNK / N) {
        chunk.clear();
        chunk.extend(values.iter().flat_map(&bytes));
        out.write_all(&chunk)?;
    }
    Ok(())
}

#[cfg(test)]
mod tests;
