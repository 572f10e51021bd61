//! What a training run is made of between its steps, on disk and in memory.

use super::TrainError;
use super::adamw::Entry;
use super::stage::Parameters;
use crate::samplers::resume;
use crate::training::TrainConfig;
use serde_json::{Value, json};
use std::path::Path;

/// Parameters in training, in the order of their names, after a number of steps.
pub(super) struct State {
    pub(super) names: Vec<String>,
    pub(super) entries: Vec<Entry>,
    pub(super) step: u64,
}

/// What checkpoints of one run agree in.
pub(super) fn run(config: &TrainConfig, sizes: &Value, latents: Option<String>) -> Value {
    json!({ "settings": config, "sizes": sizes, "latents": latents })
}

impl State {
    pub(super) fn new(parameters: Parameters) -> Self {
        let (names, entries) = parameters.into_iter().map(|(name, value)| (name, Entry::new(value))).unzip();
        Self { names, entries, step: 0 }
    }

    /// The parameters as a model in training takes them.
    pub(super) fn parameters(&self) -> Parameters {
        let values = self.entries.iter().map(|entry| entry.value.shallow_clone());
        self.names.iter().cloned().zip(values).collect()
    }

    pub(super) fn save(&self, path: &Path, run: &Value) -> Result<(), TrainError> {
        let tensors: Vec<_> = self
            .names
            .iter()
            .zip(&self.entries)
            .flat_map(|(name, entry)| {
                let parts = [
                    ("value", &entry.value),
                    ("first", &entry.first),
                    ("second", &entry.second),
                    ("average", &entry.average),
                ];
                parts.map(|(part, tensor)| (format!("{part}.{name}"), tensor.detach()))
            })
            .collect();
        Ok(resume::save(path, run, self.step as usize, &tensors)?)
    }

    /// Goes on from a checkpoint, if there is one.
    pub(super) fn resume(&mut self, path: &Path, run: &Value) -> Result<bool, TrainError> {
        let Some(mut saved) = resume::load(path, run)? else { return Ok(false) };
        self.step = saved.done as u64;
        for (name, entry) in self.names.iter().zip(&mut self.entries) {
            let mut take = |part: &str| {
                let key = format!("{part}.{name}");
                let missing = || loop3d_torch::weights::WeightsError::Missing {
                    place: path.display().to_string(),
                    name: key.clone(),
                };
                saved.tensors.remove(&key).ok_or_else(missing)
            };
            entry.value = take("value")?.set_requires_grad(true);
            entry.first = take("first")?;
            entry.second = take("second")?;
            entry.average = take("average")?;
        }
        Ok(true)
    }
}
