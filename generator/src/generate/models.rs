//! The models of a folder of weights: opened, named and checked by their shapes, before any of them is read.

use super::GenerateError;
use crate::dit::{self, Identity, identify};
use crate::text::{self, umt5};
use crate::vae;
use crate::weights::folder::{Folder, Part};
use crate::weights::{digest, names_dit, names_umt5, names_vae};
use loop3d_torch::weights::{TensorSource, Weights, WeightsError, open};
use std::path::PathBuf;
use std::rc::Rc;
use tch::Device;

/// The parts of a model, under the original names.
pub struct Models {
    /// What the transformer is.
    pub identity: Identity,
    /// Its sizes.
    pub dit: dit::Config,
    /// Those of the text encoder.
    pub text: umt5::Config,
    /// Those of the VAE.
    pub vae: vae::Config,
    pub(super) dit_source: Rc<dyn TensorSource>,
    pub(super) text_source: Rc<dyn TensorSource>,
    pub(super) vae_source: Rc<dyn TensorSource>,
    pub(super) tokenizer: PathBuf,
}

/// Weights of a source on the CPU, as they are stored.
pub(super) fn stored(source: &Rc<dyn TensorSource>) -> Weights {
    Weights::new(Rc::clone(source), None, Device::Cpu)
}

fn all_there(weights: &Weights, parameters: &[(String, Vec<i64>)]) -> Result<(), WeightsError> {
    parameters.iter().try_for_each(|(name, shape)| weights.expect(name, shape))
}

impl Models {
    /// Opens the files of a folder and checks the names and shapes of everything that a run needs.
    ///
    /// # Errors
    /// A part is missing, cut short, of another model, or does not fit the others.
    pub fn open(folder: &Folder) -> Result<Self, GenerateError> {
        let (_, path) = folder.transformer()?;
        // What is missing is said before what is broken.
        let [tokenizer, text, vae] = [Part::Tokenizer, Part::TextEncoder, Part::Vae].map(|part| folder.get(part));
        let (tokenizer, text, vae) = (tokenizer?, text?, vae?);
        let (identity, dit, dit_source) = transformer(folder, &path)?;
        let text_source = names_umt5::original(open(&text)?)?;
        let text = umt5::Encoder::new(&stored(&text_source))?.config().clone();
        if dit.text != text.width {
            return Err(dit::DitError::TextWidth { found: text.width, expected: dit.text }.into());
        }
        let vae_source = names_vae::original(open(&vae)?)?;
        let weights = stored(&vae_source);
        let vae = vae::Config::from_weights(&weights);
        all_there(&weights, &vae.parameters())?;
        text::Tokenizer::open(&tokenizer)?;
        Ok(Self { identity, dit, text, vae, dit_source, text_source, vae_source, tokenizer })
    }

    /// What tells the weights of a run apart from others.
    ///
    /// # Errors
    /// They cannot be read.
    pub fn digest(&self) -> Result<String, WeightsError> {
        digest(self.dit_source.as_ref())
    }
}

/// Names, sizes and weights of the transformer.
pub(super) fn transformer(
    folder: &Folder,
    path: &std::path::Path,
) -> Result<(Identity, dit::Config, Rc<dyn TensorSource>), GenerateError> {
    let source = open(path)?;
    let identity = identify(&stored(&source))?;
    let source = names_dit::original(source)?;
    let weights = stored(&source);
    let config = dit::Config::new(&weights, &folder.hints()?);
    all_there(&weights, &config.parameters())?;
    Ok((identity, config, source))
}
