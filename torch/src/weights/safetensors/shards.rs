//! A model in several safetensors files with an index: `{"weight_map": {tensor: file}}`.

use super::Safetensors;
use crate::weights::error::FETCH_AGAIN;
use crate::weights::{TensorSource, WeightsError};
use serde::Deserialize;
use std::collections::BTreeMap;
use std::fs;
use std::path::{Component, Path};
use tch::Tensor;

/// The largest index that is read: a hundred times that of the largest model known.
const MOST_INDEX: u64 = 64 << 20;

/// What an index holds; its other entries are for people.
#[derive(Deserialize)]
struct Index {
    weight_map: BTreeMap<String, String>,
}

/// The shards of one model.
#[derive(Debug)]
pub struct Shards {
    place: String,
    files: Vec<Safetensors>,
    /// In which file each tensor is.
    owners: BTreeMap<String, usize>,
}

impl Shards {
    /// Opens all files that the index `…safetensors.index.json` names; they lie beside it.
    ///
    /// # Errors
    /// The index or a shard is broken, a shard is missing, lacks a tensor, or has one that another shard has, too.
    pub fn open(index: &Path) -> Result<Self, WeightsError> {
        let place = index.display().to_string();
        let files = files(&place, &read(index)?)?;
        let folder = index.parent().unwrap_or(Path::new(""));
        let mut shards = Self { place, files: Vec::new(), owners: BTreeMap::new() };
        for (file, tensors) in files {
            let path = folder.join(file);
            if !path.is_file() {
                let (index, shard) = (shards.place, path.display().to_string());
                return Err(WeightsError::NoShard { index, shard, tensors: tensors.len() });
            }
            shards.add(Safetensors::open(&path)?, &tensors)?;
        }
        Ok(shards)
    }

    /// Adds a file in which there should be `tensors`.
    fn add(&mut self, file: Safetensors, tensors: &[String]) -> Result<(), WeightsError> {
        if let Some(name) = tensors.iter().find(|name| file.shape(name).is_none()) {
            return Err(WeightsError::Malformed {
                place: file.place(),
                at: format!("tensor {name}"),
                found: "no such tensor".to_owned(),
                expected: format!("the one that {} names", self.place),
                remedy: "fetch the index and its shards from one place",
            });
        }
        for name in file.names() {
            if let Some(first) = self.owners.insert(name.clone(), self.files.len()) {
                return Err(WeightsError::Twice { name, first: self.files[first].place(), second: file.place() });
            }
        }
        self.files.push(file);
        Ok(())
    }

    fn owner(&self, name: &str) -> Result<&Safetensors, WeightsError> {
        let owner = self.owners.get(name).map(|&file| &self.files[file]);
        owner.ok_or_else(|| WeightsError::Missing { place: self.place.clone(), name: name.to_owned() })
    }
}

impl TensorSource for Shards {
    fn place(&self) -> String {
        self.place.clone()
    }

    fn names(&self) -> Vec<String> {
        self.owners.keys().cloned().collect()
    }

    fn shape(&self, name: &str) -> Option<Vec<i64>> {
        self.owner(name).ok()?.shape(name)
    }

    fn load(&self, name: &str) -> Result<Tensor, WeightsError> {
        self.owner(name)?.load(name)
    }

    fn rows(&self, name: &str, rows: &[i64]) -> Result<Tensor, WeightsError> {
        self.owner(name)?.rows(name, rows)
    }
}

/// The bytes of an index.
fn read(index: &Path) -> Result<Vec<u8>, WeightsError> {
    let place = || index.display().to_string();
    let unreadable =
        |error: std::io::Error| WeightsError::Unreadable { place: place(), reason: format!("cannot be read: {error}") };
    let size = fs::metadata(index).map_err(unreadable)?.len();
    if size > MOST_INDEX {
        return Err(WeightsError::Limit { place: place(), what: "an index", found: size, limit: MOST_INDEX });
    }
    fs::read(index).map_err(unreadable)
}

/// The files that an index names, and the tensors of each.
fn files(place: &str, text: &[u8]) -> Result<BTreeMap<String, Vec<String>>, WeightsError> {
    let wrong = |found: String, expected: &str| WeightsError::Malformed {
        place: place.to_owned(),
        at: "weight_map".to_owned(),
        found,
        expected: expected.to_owned(),
        remedy: FETCH_AGAIN,
    };
    let index: Index =
        serde_json::from_slice(text).map_err(|error| wrong(error.to_string(), "a file name for each tensor"))?;
    let mut files: BTreeMap<String, Vec<String>> = BTreeMap::new();
    for (tensor, file) in index.weight_map {
        // An index of a stranger does not point out of its folder.
        if !matches!(Path::new(&file).components().collect::<Vec<_>>()[..], [Component::Normal(_)]) {
            return Err(wrong(format!("{file:?} for tensor {tensor}"), "the name of a file in the same folder"));
        }
        files.entry(file).or_default().push(tensor);
    }
    Ok(files)
}
