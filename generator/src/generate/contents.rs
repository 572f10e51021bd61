//! What a folder of weights holds: each part with its file, size, numbers and model, or what is wrong with it.

use super::models::{stored, transformer};
use super::plan::{Stages, published};
use super::{GenerateError, plan};
use crate::text::{Tokenizer, umt5};
use crate::vae;
use crate::weights::folder::{Folder, Part, Published, bytes};
use crate::weights::{names_umt5, names_vae};
use loop3d_torch::weights::{TensorSource, Weights, WeightsError, open};
use serde::Serialize;
use std::path::{Path, PathBuf};
use std::rc::Rc;
use tch::Kind;

/// A part of a folder.
#[derive(Clone, Debug, Serialize)]
pub struct Entry {
    /// Which part.
    pub part: Part,
    /// Its file or folder; none if it is missing.
    pub path: Option<PathBuf>,
    /// Bytes on disk.
    pub bytes: u64,
    /// Numbers in it, of files of weights.
    pub parameters: Option<u64>,
    /// Kind of most of them.
    pub kind: Option<String>,
    /// What it is.
    pub model: Option<String>,
    /// Why it cannot be used.
    pub error: Option<String>,
    /// Whether a run lacks it.
    pub missing: bool,
    /// Where it is published.
    pub published: Published,
}

/// What a folder holds.
#[derive(Clone, Debug, Serialize)]
pub struct Contents {
    /// The parts, in the order in which a run needs them.
    pub parts: Vec<Entry>,
    /// Whether the transformer has the module between views.
    pub views: bool,
    /// Memory of each stage for two views of 832×480 in 81 frames (one view without the module).
    pub memory: Option<Stages>,
    /// Floating-point operations of one pass of the transformer at that size.
    pub operations: Option<f64>,
}

/// What is known of one part.
#[derive(Default)]
struct Found {
    parameters: Option<u64>,
    kind: Option<String>,
    model: Option<String>,
}

impl Contents {
    /// Looks at a folder. Parts that cannot be used are listed with the reason.
    #[must_use]
    pub fn of(folder: &Folder, kind: Kind) -> Self {
        let (mut dit, mut text, mut vae) = (None, None, None);
        let mut parts = Vec::new();
        for part in Part::ALL {
            let path = folder.find(part);
            let looked = path.as_deref().map(|path| match part {
                Part::Transformer | Part::ViewModule => {
                    transformer(folder, path).and_then(|(identity, config, source)| {
                        let found = weights(source.as_ref(), &config.parameters(), identity.name)?;
                        dit = Some(config);
                        Ok(found)
                    })
                }
                Part::TextEncoder => encoder(path).map(|(config, found)| {
                    text = Some(config);
                    found
                }),
                Part::Vae => autoencoder(path).map(|(config, found)| {
                    vae = Some(config);
                    found
                }),
                Part::Tokenizer => Tokenizer::open(path).map(|_| Found::default()).map_err(GenerateError::from),
            });
            let (found, error) = match looked.transpose() {
                Ok(found) => (found.unwrap_or_default(), None),
                Err(error) => (Found::default(), Some(error.to_string())),
            };
            parts.push(Entry {
                part,
                bytes: path.as_deref().map_or(0, bytes),
                path,
                parameters: found.parameters,
                kind: found.kind,
                model: found.model,
                error,
                missing: false,
                published: part.published(),
            });
        }
        let views = dit.as_ref().is_some_and(|config| config.views);
        let missing = folder.missing(views);
        parts.iter_mut().for_each(|entry| entry.missing = missing.contains(&entry.part));
        let cost = dit.as_ref().map(|config| published(config, text.as_ref(), vae.as_ref(), kind));
        Self { parts, views, memory: cost.map(|(memory, _)| memory), operations: cost.map(|(_, count)| count) }
    }

    /// Whether a run of several views has all that it needs.
    #[must_use]
    pub fn complete(&self) -> bool {
        self.parts.iter().all(|entry| !entry.missing && entry.error.is_none())
    }
}

fn encoder(path: &Path) -> Result<(umt5::Config, Found), GenerateError> {
    let source = names_umt5::original(open(path)?)?;
    let config = umt5::Encoder::new(&stored(&source))?.config().clone();
    let name = if config == umt5::Config::default() {
        "UMT5-XXL".to_owned()
    } else {
        of_width("a UMT5 encoder", config.width)
    };
    let found = weights(source.as_ref(), &config.parameters(), name)?;
    Ok((config, found))
}

fn autoencoder(path: &Path) -> Result<(vae::Config, Found), GenerateError> {
    let source = names_vae::original(open(path)?)?;
    let weights_of = Weights::new(Rc::clone(&source), None, tch::Device::Cpu);
    let config = vae::Config::from_weights(&weights_of);
    for (name, shape) in config.parameters() {
        weights_of.expect(&name, &shape)?;
    }
    let name =
        if config == vae::Config::default() { "Wan2.1 VAE".to_owned() } else { of_width("a Wan2.1 VAE", config.dim) };
    let found = weights(source.as_ref(), &config.parameters(), name)?;
    Ok((config, found))
}

fn of_width(what: &str, width: i64) -> String {
    format!("{what} of width {width}")
}

fn weights(source: &dyn TensorSource, parameters: &[(String, Vec<i64>)], model: String) -> Result<Found, WeightsError> {
    let largest = parameters.iter().max_by_key(|(_, shape)| shape.iter().product::<i64>());
    let kind = match largest {
        Some((name, _)) => Some(match source.rows(name, &[0])?.kind() {
            Kind::Float => "f32".to_owned(),
            Kind::BFloat16 => "bf16".to_owned(),
            Kind::Half => "f16".to_owned(),
            other => format!("{other:?}"),
        }),
        None => None,
    };
    Ok(Found { parameters: Some(plan::weights(parameters)), kind, model: Some(model) })
}
