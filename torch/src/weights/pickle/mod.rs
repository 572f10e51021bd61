//! What `torch.save` writes: a zip file of stored entries (since PyTorch 1.6), or a row of pickles before. A state dict of
//! tensors comes out of it; nothing in it is ever run.
//!
//! [`zip`] and [`legacy`] find the object and the bytes of its storages, [`machine`] builds the object out of the few
//! instructions and [`globals`] that tensors need, [`state`] finds the dict of tensors in it, [`view`] makes tensors out of
//! storages.

mod globals;
mod graph;
mod legacy;
mod machine;
mod state;
mod view;
mod zip;

use super::bytes::Bytes;
use super::{TensorSource, WeightsError, dense};
use std::collections::BTreeMap;
use std::path::Path;
use tch::Tensor;
use view::View;

/// A file that `torch.save` wrote.
#[derive(Debug)]
pub struct Pickle {
    place: String,
    bytes: Bytes,
    tensors: BTreeMap<String, View>,
}

impl Pickle {
    /// Maps a file and finds its tensors. The file must not be changed while it is open.
    ///
    /// Of a dict under `model_state`, `state_dict`, `model_state_dict`, `model` or `module` the inner names are taken, and
    /// all else in the file is left alone. The names of other dicts in dicts are joined by a dot.
    ///
    /// # Errors
    /// It cannot be opened, is broken, holds no state dict, or asks for anything but tensors.
    pub fn open(path: &Path) -> Result<Self, WeightsError> {
        Self::new(path.display().to_string(), Bytes::map(path)?)
    }

    /// A file in memory, called `place` in error messages.
    ///
    /// # Errors
    /// It is broken, holds no state dict, or asks for anything but tensors.
    pub fn from_bytes(place: impl Into<String>, bytes: Vec<u8>) -> Result<Self, WeightsError> {
        Self::new(place.into(), Bytes::Owned(bytes))
    }

    fn new(place: String, bytes: Bytes) -> Result<Self, WeightsError> {
        let tensors = if legacy::is(&bytes) { legacy::read(&place, &bytes)? } else { zip::read(&place, &bytes)? };
        Ok(Self { place, bytes, tensors })
    }

    fn view(&self, name: &str) -> Result<(&View, &[u8]), WeightsError> {
        let found = self.tensors.get(name).and_then(|view| Some((view, self.bytes.get(view.range.clone())?)));
        found.ok_or_else(|| WeightsError::Missing { place: self.place.clone(), name: name.to_owned() })
    }
}

impl TensorSource for Pickle {
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
        let (view, data) = self.view(name)?;
        let tensor = view.tensor(&self.place, name, data);
        self.bytes.release(view.range.clone());
        tensor
    }

    fn rows(&self, name: &str, rows: &[i64]) -> Result<Tensor, WeightsError> {
        let (view, data) = self.view(name)?;
        if !view.is_contiguous() {
            return super::rows_of(self, name, rows);
        }
        let tensor = dense::rows(&self.place, name, (view.kind, &view.shape), data, rows);
        self.bytes.release(view.range.clone());
        tensor
    }
}

/// Where a file breaks the rules, for the readers of the parts.
#[derive(Clone, Copy)]
struct Place<'a>(&'a str);

impl Place<'_> {
    /// The file is damaged.
    fn wrong(self, at: impl Into<String>, found: impl Into<String>, expected: impl Into<String>) -> WeightsError {
        WeightsError::Malformed {
            place: self.0.to_owned(),
            at: at.into(),
            found: found.into(),
            expected: expected.into(),
            remedy: super::error::FETCH_AGAIN,
        }
    }

    /// The file asks for what could run code.
    fn forbidden(self, at: impl Into<String>, what: impl Into<String>) -> WeightsError {
        WeightsError::Forbidden { place: self.0.to_owned(), at: at.into(), what: what.into() }
    }

    /// The file is of a form that is not read.
    fn unsupported(self, what: impl Into<String>) -> WeightsError {
        WeightsError::Unsupported { place: self.0.to_owned(), what: what.into(), remedy: super::error::CONVERT }
    }

    /// Something is too large.
    fn limit(self, what: &'static str, found: u64, limit: u64) -> WeightsError {
        WeightsError::Limit { place: self.0.to_owned(), what, found, limit }
    }
}
