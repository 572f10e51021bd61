//! Parts of the model as files: bf16 numbers, what they are, and a digest.

use super::TinyError;
use safetensors::tensor::{Dtype, SafeTensors, TensorView, serialize};
use serde::{Deserialize, Serialize};
use serde_json::Value;
use sha2::{Digest, Sha256};
use std::collections::{BTreeMap, HashMap};
use tch::{Device, Kind, Tensor};

/// Number of this format.
const FORMAT: u32 = 1;
/// Key of the file's metadata.
const KEY: &str = "loop3d";

/// What a file of weights says of itself.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Card {
    /// Number of the format.
    pub format: u32,
    /// Which part it is: `vae`, `lift`, `dit` or `track`.
    pub part: String,
    /// Its sizes.
    pub sizes: Value,
    /// How it was trained.
    pub training: Value,
    /// What it was trained on: the digest of the encoder whose latents it knows, if any.
    pub latents: Option<String>,
    /// SHA-256 of its numbers.
    pub digest: String,
}

/// A part that was read.
#[derive(Debug)]
pub struct Stored {
    /// What it is.
    pub card: Card,
    /// Its parameters, in f32.
    pub parameters: BTreeMap<String, Tensor>,
}

impl Stored {
    /// What tells the latents of an autoencoder apart from those of others: the digest of its encoder. Its decoder may be trained
    /// on.
    #[must_use]
    pub fn latents(&self) -> String {
        let encoder = self.parameters.iter().filter(|(name, _)| name.starts_with("encoder."));
        let numbers: Vec<_> = encoder.map(|(name, tensor)| (name.as_str(), shape(tensor), bytes(tensor))).collect();
        digest(numbers.iter().map(|(name, shape, bytes)| (*name, shape.as_slice(), bytes.as_slice())))
    }
}

/// Numbers as they are stored.
fn bytes(tensor: &Tensor) -> Vec<u8> {
    let tensor = tensor.detach().to_device(Device::Cpu).to_kind(Kind::BFloat16).contiguous();
    let mut bytes = vec![0; 2 * tensor.numel()];
    tensor.copy_data_u8(&mut bytes, tensor.numel());
    bytes
}

fn shape(tensor: &Tensor) -> Vec<usize> {
    tensor.size().iter().map(|side| *side as usize).collect()
}

/// A part as the bytes of a safetensors file.
///
/// # Errors
/// The file cannot be put together.
pub fn to_bytes(
    part: &str,
    sizes: Value,
    training: Value,
    latents: Option<String>,
    parameters: &BTreeMap<String, Tensor>,
) -> Result<Vec<u8>, TinyError> {
    let numbers: Vec<_> = parameters.iter().map(|(name, tensor)| (name, shape(tensor), bytes(tensor))).collect();
    let digest = digest(numbers.iter().map(|(name, shape, bytes)| (name.as_str(), shape.as_slice(), bytes.as_slice())));
    let card = Card { format: FORMAT, part: part.to_owned(), sizes, training, latents, digest };
    let broken =
        |error: &dyn std::fmt::Display| TinyError::NotOurs { place: part.to_owned(), reason: error.to_string() };
    let text = serde_json::to_string(&card).map_err(|error| broken(&error))?;
    let views = numbers.iter().map(|(name, shape, bytes)| {
        TensorView::new(Dtype::BF16, shape.clone(), bytes).map(|view| (name.as_str(), view))
    });
    let views = views.collect::<Result<Vec<_>, _>>().map_err(|error| broken(&error))?;
    serialize(views, Some(HashMap::from([(KEY.to_owned(), text)]))).map_err(|error| broken(&error))
}

/// Reads a part from the bytes of a file, which errors call `place`.
///
/// # Errors
/// Bytes of another kind, of another part or version, or damaged.
pub fn from_bytes(bytes: &[u8], part: &str, place: &str) -> Result<Stored, TinyError> {
    let not_ours = |reason: String| TinyError::NotOurs { place: place.to_owned(), reason };
    let (_, header) = SafeTensors::read_metadata(bytes).map_err(|error| not_ours(error.to_string()))?;
    let text = header.metadata().as_ref().and_then(|metadata| metadata.get(KEY));
    let text = text.ok_or_else(|| not_ours("its header does not name this program".to_owned()))?;
    // The version first: another one may have other fields.
    let value: Value = serde_json::from_str(text).map_err(|error| not_ours(error.to_string()))?;
    let format = value.get("format").cloned().unwrap_or_default();
    if format != FORMAT {
        return Err(TinyError::Version { place: place.to_owned(), found: format.to_string(), expected: FORMAT });
    }
    let card: Card = serde_json::from_value(value).map_err(|error| not_ours(error.to_string()))?;
    if card.part != part {
        return Err(not_ours(format!("found the part \"{}\", expected \"{part}\"", card.part)));
    }
    let parsed = SafeTensors::deserialize(bytes).map_err(|error| not_ours(error.to_string()))?;
    let mut views: Vec<(String, TensorView<'_>)> = parsed.tensors();
    views.sort_by(|a, b| a.0.cmp(&b.0));
    let found = digest(views.iter().map(|(name, view)| (name.as_str(), view.shape(), view.data())));
    if found != card.digest {
        return Err(TinyError::Digest { place: place.to_owned(), found, expected: card.digest });
    }
    let tensor = |view: &TensorView<'_>| {
        let shape: Vec<i64> = view.shape().iter().map(|side| *side as i64).collect();
        Tensor::from_data_size(view.data(), &shape, Kind::BFloat16).to_kind(Kind::Float)
    };
    if let Some((name, view)) = views.iter().find(|(_, view)| view.dtype() != Dtype::BF16) {
        return Err(not_ours(format!("{name} is of the kind {:?}, expected BF16", view.dtype())));
    }
    Ok(Stored { parameters: views.iter().map(|(name, view)| (name.clone(), tensor(view))).collect(), card })
}

/// SHA-256 of names, shapes and numbers, as 16 hexadecimal digits.
fn digest<'a>(tensors: impl Iterator<Item = (&'a str, &'a [usize], &'a [u8])>) -> String {
    let mut digest = Sha256::new();
    for (name, shape, bytes) in tensors {
        digest.update(format!("{name} {shape:?} "));
        digest.update(bytes);
    }
    digest.finalize().iter().take(8).map(|byte| format!("{byte:02x}")).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn what_was_written_is_read_and_nothing_else() {
        let parameters = BTreeMap::from([
            ("b.weight".to_owned(), Tensor::from_slice(&[1.5f32, -2.0, 0.25]).reshape([3, 1])),
            ("a".to_owned(), Tensor::from_slice(&[7.0f32])),
        ]);
        let bytes =
            to_bytes("lift", json!({"width": 3}), json!({"steps": 5}), Some("0123".to_owned()), &parameters).unwrap();
        let read = from_bytes(&bytes, "lift", "here").unwrap();
        assert_eq!(read.parameters, parameters);
        assert_eq!((&read.card.sizes, read.card.latents.as_deref()), (&json!({"width": 3}), Some("0123")));
        let said = |bytes: &[u8], part| from_bytes(bytes, part, "here").unwrap_err().to_string();
        assert!(said(&bytes, "vae").contains("found the part \"lift\", expected \"vae\""));
        // The last number changes.
        let mut damaged = bytes.clone();
        *damaged.last_mut().unwrap() ^= 1;
        assert!(said(&damaged, "lift").starts_with("here: damaged: "));
        let of_text = |from: &str, to: &str| {
            let at = bytes.windows(from.len()).position(|window| window == from.as_bytes()).unwrap();
            let mut other = bytes.clone();
            other[at..at + to.len()].copy_from_slice(to.as_bytes());
            other
        };
        assert!(said(&of_text("\\\"format\\\":1", "\\\"format\\\":7"), "lift").contains("format 7, expected 1"));
        assert!(said(&of_text("loop3d", "loop4d"), "lift").contains("does not name this program"));
        assert!(said(b"hello", "lift").starts_with("here: not weights of the small model"));
    }
}
