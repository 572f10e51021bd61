//! Contexts that were encoded before, each in a safetensors file of its own. Encoding a prompt reads 11 GB of weights; its
//! context has at most 8 MB.

use super::{Context, LENGTH};
use loop3d_torch::weights::{Safetensors, TensorSource, WeightsError};
use sha2::{Digest, Sha256};
use std::path::{Path, PathBuf};
use std::{fs, process};
use tch::Tensor;

/// The largest file that is read: twice the published context in f32.
const MOST_BYTES: u64 = 32 << 20;

/// A folder of contexts.
#[derive(Clone, Debug)]
pub struct Cache {
    folder: PathBuf,
}

impl Cache {
    /// The cache in `folder`, which is made with the first context.
    pub fn new(folder: impl Into<PathBuf>) -> Self {
        Self { folder: folder.into() }
    }

    /// The key of a cleaned prompt under a model with the digest `model`.
    #[must_use]
    pub fn key(cleaned: &str, model: &str) -> String {
        // The length keeps model and prompt apart.
        let digest = Sha256::new().chain_update(format!("{} {model} ", model.len())).chain_update(cleaned);
        format!("{:x}", digest.finalize())
    }

    /// The file of a key.
    #[must_use]
    pub fn path(&self, key: &str) -> PathBuf {
        self.folder.join(format!("{key}.safetensors"))
    }

    /// The context of a key; `None` if there is none, or its file is broken and has to be made anew.
    #[must_use]
    pub fn load(&self, key: &str) -> Option<Context> {
        let path = self.path(key);
        let size = fs::metadata(&path).ok()?.len();
        // Read rather than mapped: another process may replace it.
        let bytes = (size <= MOST_BYTES).then(|| fs::read(&path).ok())??;
        let file = Safetensors::from_bytes(path.display().to_string(), bytes).ok()?;
        // The name of the tensor is the key: a file that was renamed is not taken for another's.
        let rows = file.load(key).ok()?;
        let fits = rows.dim() == 2 && (1..=LENGTH as i64).contains(&rows.size()[0]) && rows.size()[1] > 0;
        (fits && rows.is_floating_point() && rows.isfinite().all().int64_value(&[]) != 0).then(|| Context::new(rows))
    }

    /// Keeps a context. The file is whole or not there at all: it is written under another name first.
    ///
    /// # Errors
    /// The folder cannot be made or the file not written.
    pub fn store(&self, key: &str, context: &Context) -> Result<(), WeightsError> {
        let unwritable = |path: &Path, error: &dyn std::fmt::Display| WeightsError::Unreadable {
            place: path.display().to_string(),
            reason: format!("cannot be written: {error}"),
        };
        fs::create_dir_all(&self.folder).map_err(|error| unwritable(&self.folder, &error))?;
        let path = self.path(key);
        let unfinished = self.folder.join(format!(".{key}.{}.part", process::id()));
        let written = Tensor::write_safetensors(&[(key, context.rows())], &unfinished)
            .map_err(|error| unwritable(&unfinished, &error))
            .and_then(|()| fs::rename(&unfinished, &path).map_err(|error| unwritable(&path, &error)));
        if written.is_err() {
            // Of no use to anyone; that it may not be there is fine.
            let _ = fs::remove_file(&unfinished);
        }
        written
    }
}
