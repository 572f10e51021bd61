//! Tensors that are in memory already.

use super::{TensorSource, WeightsError};
use std::collections::BTreeMap;
use tch::Tensor;

/// Tensors in memory by name: what small files, tests and trainers hold.
#[derive(Debug, Default)]
pub struct Memory {
    place: String,
    tensors: BTreeMap<String, Tensor>,
}

impl Memory {
    /// `tensors` under the name `place` in error messages.
    pub fn new(place: impl Into<String>, tensors: impl IntoIterator<Item = (String, Tensor)>) -> Self {
        Self { place: place.into(), tensors: tensors.into_iter().collect() }
    }

    /// Reads a whole safetensors file, for small ones.
    ///
    /// # Errors
    /// libtorch cannot read it.
    pub fn safetensors(path: &std::path::Path) -> Result<Self, WeightsError> {
        let place = path.display().to_string();
        let tensors = Tensor::read_safetensors(path)
            .map_err(|error| WeightsError::Unreadable { place: place.clone(), reason: error.to_string() })?;
        Ok(Self::new(place, tensors))
    }
}

impl TensorSource for Memory {
    fn place(&self) -> String {
        self.place.clone()
    }

    fn names(&self) -> Vec<String> {
        self.tensors.keys().cloned().collect()
    }

    fn shape(&self, name: &str) -> Option<Vec<i64>> {
        Some(self.tensors.get(name)?.size())
    }

    fn load(&self, name: &str) -> Result<Tensor, WeightsError> {
        let tensor = self.tensors.get(name);
        let missing = || WeightsError::Missing { place: self.place.clone(), name: name.to_owned() };
        Ok(tensor.ok_or_else(missing)?.shallow_clone())
    }
}
