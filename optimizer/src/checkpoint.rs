//! Checkpoints, from which a stopped fit resumes: the texels after a whole level. Optimiser and targets start afresh at every
//! level, and random numbers depend on seed and level alone, so a resumed fit ends exactly as an uninterrupted one.
//!
//! A safetensors file beside the scene: F32 tensors, U16 ones of what loops, and one JSON document in the metadata.

use crate::error::FitError;
use crate::grid::Rgba;
use crate::grid::TexelGrid;
use crate::looping_stage::model::LoopingModel;
use crate::static_stage::model::StaticModel;
use loop3d_scene::{Tile, TileTable, safetensors_head, write_file};
use safetensors::{Dtype, SafeTensors};
use serde::{Deserialize, Serialize};
use std::path::Path;

/// The model after a level.
#[derive(Clone, Debug)]
pub enum Model {
    /// In the static stage.
    Static(StaticModel),
    /// In the looping stage.
    Looping(LoopingModel),
}

impl Model {
    /// The model of the static stage, if it is in it.
    pub fn into_static(self) -> Option<StaticModel> {
        match self {
            Self::Static(model) => Some(model),
            Self::Looping(_) => None,
        }
    }
}

/// A model, and the level to continue with.
#[derive(Clone, Debug)]
pub struct Checkpoint {
    /// Index of the next level of the schedule.
    pub next: usize,
    /// The texels so far.
    pub model: Model,
}

#[derive(Serialize, Deserialize)]
struct Document {
    next: usize,
    side: usize,
    origin_px: [i32; 2],
    looping: bool,
    exposures: Vec<f32>,
    /// CRC-32 of the tensors' bytes: tiles, static_texels, looping_texels.
    crc32: u32,
    /// Everything the fit depends on: settings, views, version of this program.
    fit: serde_json::Value,
}

const KEY: &str = "loop3d-checkpoint";

impl Checkpoint {
    /// Writes the checkpoint of a fit described by `fit`. An older one stays until the new one is whole on disk.
    ///
    /// # Errors
    /// [`FitError::Io`].
    pub fn save(&self, path: &Path, fit: &serde_json::Value) -> Result<(), FitError> {
        let (grid, static_texels, moving, exposures) = match &self.model {
            Model::Static(model) => (&model.grid, &model.logits[..], None, Vec::new()),
            Model::Looping(model) => (
                &model.grid,
                &model.static_texels[..model.grid.static_texel_count()],
                Some(model),
                model.exposures.clone(),
            ),
        };
        let table: Vec<u32> = grid.table.tiles.iter().map(|tile| tile.code()).collect();
        let (tiles, static_bytes): (&[u8], &[u8]) = (bytemuck::cast_slice(&table), bytemuck::cast_slice(static_texels));
        // Frame by frame, twice: all of them at once would be as much again as the model.
        let frames = moving.map_or(0, |model| model.frames);
        let frame = |t: usize| moving.map_or(Vec::new(), |model| model.stored_frame(t));
        let mut crc = crc32fast::Hasher::new();
        crc.update(tiles);
        crc.update(static_bytes);
        (0..frames).for_each(|t| crc.update(bytemuck::cast_slice(&frame(t))));
        let document = Document {
            next: self.next,
            side: grid.side,
            origin_px: grid.table.origin_px,
            looping: moving.is_some(),
            exposures,
            crc32: crc.finalize(),
            fit: fit.clone(),
        };
        let TileTable { planes, rows, columns, .. } = grid.table;
        let looping_texel_count = moving.map_or(0, |_| grid.looping_texel_count());
        let tensors: [(&str, Dtype, &[usize]); 3] = [
            ("tiles", Dtype::U32, &[planes, rows, columns]),
            ("statics", Dtype::F32, &[static_texels.len(), 4]),
            ("loopings", Dtype::U16, &[frames, looping_texel_count, 4]),
        ];
        let written = write_file(path, |out| {
            out.write_all(&safetensors_head(KEY, &document, &tensors)?)?;
            out.write_all(tiles)?;
            out.write_all(static_bytes)?;
            (0..frames).try_for_each(|t| out.write_all(bytemuck::cast_slice(&frame(t))))
        });
        written.map_err(|e| FitError::Io { path: path.into(), source: std::io::Error::other(e.to_string()) })
    }

    /// Reads the checkpoint of the fit described by `fit`.
    ///
    /// # Errors
    /// [`FitError::Io`], [`FitError::BadCheckpoint`], and [`FitError::OtherFit`] where `fit` is another one.
    pub fn load(path: &Path, fit: &serde_json::Value) -> Result<Self, FitError> {
        let bad = |reason: String| FitError::BadCheckpoint { path: path.into(), reason };
        let bytes = std::fs::read(path).map_err(|source| FitError::Io { path: path.into(), source })?;
        let (_, metadata) = SafeTensors::read_metadata(&bytes).map_err(|e| bad(e.to_string()))?;
        let document = metadata.metadata().as_ref().and_then(|m| m.get(KEY));
        let document = document.ok_or_else(|| bad(format!("no `{KEY}` in its metadata")))?;
        let document: Document = serde_json::from_str(document).map_err(|e| bad(e.to_string()))?;
        if let Some((what, expected, found)) = difference(fit, &document.fit) {
            return Err(FitError::OtherFit { path: path.into(), what, expected, found });
        }
        let tensors = SafeTensors::deserialize(&bytes).map_err(|e| bad(e.to_string()))?;
        let tensor = |name| tensors.tensor(name).map_err(|e| bad(e.to_string()));
        let tiles = tensor("tiles")?;
        if crc32([tiles.data(), tensor("statics")?.data(), tensor("loopings")?.data()]) != document.crc32 {
            return Err(bad("damaged: the checksum does not match".into()));
        }
        let &[planes, rows, columns] = tiles.shape() else { return Err(bad("`tiles` is not 3-dimensional".into())) };
        let codes: Vec<u32> = bytemuck::pod_collect_to_vec(tiles.data());
        let table = TileTable {
            tiles: codes.into_iter().map(Tile::from_code).collect(),
            ..TileTable::empty(planes, rows, columns, document.origin_px)
        };
        let grid = TexelGrid::new(table, document.side);
        let static_texels: Vec<Rgba> = bytemuck::pod_collect_to_vec(tensor("statics")?.data());
        if static_texels.len() != grid.static_texel_count() {
            return Err(bad(format!("{} static texels; expected {}", static_texels.len(), grid.static_texel_count())));
        }
        let model = if document.looping {
            let looping_texels = tensor("loopings")?;
            let (n, frames) = (grid.looping_texel_count(), looping_texels.shape().first().copied().unwrap_or(0));
            let (found, size) = (looping_texels.data().len(), n * size_of::<[u16; 4]>());
            if frames == 0 || found != size * frames {
                return Err(bad(format!("{found} bytes of looping texels; expected {frames} frames of {size}")));
            }
            let frame = |t: usize| bytemuck::pod_collect_to_vec(&looping_texels.data()[t * size..(t + 1) * size]);
            Model::Looping(LoopingModel::from_frames(grid, static_texels, frames, document.exposures, frame))
        } else {
            Model::Static(StaticModel::new(grid, static_texels))
        };
        Ok(Self { next: document.next, model })
    }
}

fn crc32(tensors: [&[u8]; 3]) -> u32 {
    let mut hasher = crc32fast::Hasher::new();
    tensors.iter().for_each(|bytes| hasher.update(bytes));
    hasher.finalize()
}

/// The first thing that two descriptions of fits differ in: (what, expected, found).
fn difference(expected: &serde_json::Value, found: &serde_json::Value) -> Option<(&'static str, String, String)> {
    ["version", "config", "device", "held_out", "views"]
        .into_iter()
        .find_map(|key| (expected[key] != found[key]).then(|| (key, expected[key].to_string(), found[key].to_string())))
}
