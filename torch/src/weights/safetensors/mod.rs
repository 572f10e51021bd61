//! Safetensors: one file, mapped, and one tensor at a time out of it. [`Shards`] reads a model in several files.

mod header;
mod shards;

pub use shards::Shards;

use super::bytes::Bytes;
use super::{TensorSource, WeightsError, dense};
use header::Stored;
use std::collections::BTreeMap;
use std::path::Path;
use tch::Tensor;

/// One safetensors file.
#[derive(Debug)]
pub struct Safetensors {
    place: String,
    bytes: Bytes,
    tensors: BTreeMap<String, Stored>,
}

impl Safetensors {
    /// Maps a file and reads its header. The file must not be changed while it is open.
    ///
    /// # Errors
    /// It cannot be opened, or its header is broken or does not match its size.
    pub fn open(path: &Path) -> Result<Self, WeightsError> {
        Self::new(path.display().to_string(), Bytes::map(path)?)
    }

    /// A file in memory, called `place` in error messages.
    ///
    /// # Errors
    /// Its header is broken or does not match its size.
    pub fn from_bytes(place: impl Into<String>, bytes: Vec<u8>) -> Result<Self, WeightsError> {
        Self::new(place.into(), Bytes::Owned(bytes))
    }

    fn new(place: String, bytes: Bytes) -> Result<Self, WeightsError> {
        let tensors = header::read(&place, &bytes)?;
        Ok(Self { place, bytes, tensors })
    }

    fn stored(&self, name: &str) -> Result<(&Stored, &[u8]), WeightsError> {
        let found = self.tensors.get(name).and_then(|stored| Some((stored, self.bytes.get(stored.range.clone())?)));
        found.ok_or_else(|| WeightsError::Missing { place: self.place.clone(), name: name.to_owned() })
    }
}

impl TensorSource for Safetensors {
    fn place(&self) -> String {
        self.place.clone()
    }

    fn names(&self) -> Vec<String> {
        self.tensors.keys().cloned().collect()
    }

    fn shape(&self, name: &str) -> Option<Vec<i64>> {
        Some(self.tensors.get(name)?.shape.clone())
    }

    fn load(&self, name: &str) -> Result<Tensor, WeightsError> {
        let (stored, data) = self.stored(name)?;
        let tensor = dense::tensor(&self.place, name, stored.kind, &stored.shape, data);
        self.bytes.release(stored.range.clone());
        tensor
    }

    fn rows(&self, name: &str, rows: &[i64]) -> Result<Tensor, WeightsError> {
        let (stored, data) = self.stored(name)?;
        let tensor = dense::rows(&self.place, name, (stored.kind, &stored.shape), data, rows);
        self.bytes.release(stored.range.clone());
        tensor
    }
}
