//! What a stopped fit goes on from: the texels after a whole level. The optimiser and the targets start afresh at
//! every level and random numbers depend on seed and level alone, so a resumed fit ends as an uninterrupted one.
//!
//! A safetensors file beside the scene: F32 tensors, and one JSON document in the metadata.

use crate::error::FitError;
use crate::grid::TexelGrid;
use crate::kernels::still::Rgba;
use crate::looping_stage::model::LoopingModel;
use crate::static_stage::model::StaticModel;
use loop3d_scene::{Tile, TileTable, write_file};
use safetensors::tensor::TensorView;
use safetensors::{Dtype, SafeTensors};
use serde::{Deserialize, Serialize};
use std::collections::HashMap;
use std::path::Path;

/// The model after a level.
#[derive(Clone, Debug)]
pub enum Model {
    /// In the static stage.
    Still(StaticModel),
    /// In the looping stage.
    Looping(LoopingModel),
}

impl Model {
    /// The model of the static stage, if it is in it.
    pub fn into_still(self) -> Option<StaticModel> {
        match self {
            Self::Still(model) => Some(model),
            Self::Looping(_) => None,
        }
    }
}

/// A model, and what is left to do.
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
    /// CRC-32 of the tensors' bytes: tiles, statics, loopings.
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
        let (grid, statics, loopings) = match &self.model {
            Model::Still(model) => (&model.grid, &model.logits[..], Vec::new()),
            Model::Looping(model) => {
                (&model.grid, &model.statics[..model.grid.static_texels()], model.loopings().concat())
            }
        };
        let failed = |e: String| FitError::Io { path: path.into(), source: std::io::Error::other(e) };
        let table: Vec<u32> = grid.table.tiles.iter().map(|tile| tile.code()).collect();
        let (t, l) = match &self.model {
            Model::Still(_) => (0, 0),
            Model::Looping(m) => (m.frames, grid.looping_texels()),
        };
        let (tiles, still, moving): (&[u8], &[u8], &[u8]) =
            (bytemuck::cast_slice(&table), bytemuck::cast_slice(statics), bytemuck::cast_slice(&loopings));
        let document = Document {
            next: self.next,
            side: grid.side,
            origin_px: grid.table.origin_px,
            looping: matches!(self.model, Model::Looping(_)),
            exposures: match &self.model {
                Model::Still(_) => Vec::new(),
                Model::Looping(model) => model.exposures.clone(),
            },
            crc32: crc32([tiles, still, moving]),
            fit: fit.clone(),
        };
        let metadata = serde_json::to_string(&document).map_err(|e| failed(e.to_string()))?;
        let view = |dtype, shape: Vec<usize>, bytes| TensorView::new(dtype, shape, bytes);
        let tensors = [
            ("tiles", view(Dtype::U32, table_shape(&grid.table), tiles)),
            ("statics", view(Dtype::F32, vec![statics.len(), 4], still)),
            ("loopings", view(Dtype::F32, vec![t, l, 4], moving)),
        ];
        let mut checked = Vec::new();
        for (name, tensor) in tensors {
            checked.push((name, tensor.map_err(|e| failed(e.to_string()))?));
        }
        let bytes = safetensors::serialize(checked, Some(HashMap::from([(KEY.to_owned(), metadata)])))
            .map_err(|e| failed(e.to_string()))?;
        write_file(path, |out| out.write_all(&bytes)).map_err(|e| failed(e.to_string()))
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
            return Err(bad("it is damaged: its checksum is another".into()));
        }
        let &[planes, rows, columns] = tiles.shape() else { return Err(bad("`tiles` is not 3-dimensional".into())) };
        let codes: Vec<u32> = bytemuck::pod_collect_to_vec(tiles.data());
        let table = TileTable {
            tiles: codes.into_iter().map(Tile::from_code).collect(),
            ..TileTable::empty(planes, rows, columns, document.origin_px)
        };
        let grid = TexelGrid::new(table, document.side);
        let statics: Vec<Rgba> = bytemuck::pod_collect_to_vec(tensor("statics")?.data());
        if statics.len() != grid.static_texels() {
            return Err(bad(format!("{} static texels; expected {}", statics.len(), grid.static_texels())));
        }
        let model = if document.looping {
            let loopings = tensor("loopings")?;
            let texels: Vec<Rgba> = bytemuck::pod_collect_to_vec(loopings.data());
            let (n, frames) = (grid.looping_texels(), loopings.shape().first().copied().unwrap_or(0));
            if frames == 0 || texels.len() != n * frames {
                return Err(bad(format!("{} looping texels; expected {frames} frames of {n}", texels.len())));
            }
            let by_frame: Vec<Vec<Rgba>> = (0..frames).map(|t| texels[t * n..(t + 1) * n].to_vec()).collect();
            Model::Looping(LoopingModel::new(grid, statics, &by_frame, document.exposures))
        } else {
            Model::Still(StaticModel::new(grid, statics))
        };
        Ok(Self { next: document.next, model })
    }
}

fn crc32(tensors: [&[u8]; 3]) -> u32 {
    let mut hasher = crc32fast::Hasher::new();
    tensors.iter().for_each(|bytes| hasher.update(bytes));
    hasher.finalize()
}

fn table_shape(table: &TileTable) -> Vec<usize> {
    vec![table.planes, table.rows, table.columns]
}

/// The first thing that two descriptions of fits differ in: (what, expected, found).
fn difference(expected: &serde_json::Value, found: &serde_json::Value) -> Option<(&'static str, String, String)> {
    ["version", "config", "device", "held_out", "views"]
        .into_iter()
        .find_map(|key| (expected[key] != found[key]).then(|| (key, expected[key].to_string(), found[key].to_string())))
}
