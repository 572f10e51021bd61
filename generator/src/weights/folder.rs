//! What a folder of weights holds, in the layout of the publishers or of diffusers (generate-syncammaster, "Weights folder").
//!
//! | part | original | diffusers |
//! |---|---|---|
//! | transformer | `diffusion_pytorch_model.safetensors`, or its index of shards | `transformer/` |
//! | view module | `step20000.ckpt`: the whole transformer with the module | |
//! | text encoder | `models_t5_umt5-xxl-enc-bf16.pth` | `text_encoder/` |
//! | VAE | `Wan2.1_VAE.pth` | `vae/` |
//! | tokenizer | `google/umt5-xxl/tokenizer.json` | `tokenizer/tokenizer.json` |

use serde::Serialize;
use std::path::{Path, PathBuf};

/// A part of the model.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Part {
    /// The diffusion transformer.
    Transformer,
    /// SynCamMaster's checkpoint: the transformer with the module between views.
    ViewModule,
    /// The text encoder.
    TextEncoder,
    /// The video autoencoder.
    Vae,
    /// The text encoder's tokenizer.
    Tokenizer,
}

/// Where the publishers have a part.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
pub struct Published {
    /// Repository on Hugging Face.
    pub repository: &'static str,
    /// File in it.
    pub file: &'static str,
    /// Its licence.
    pub licence: &'static str,
}

/// Why a folder cannot be used.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum FolderError {
    /// There is no such folder.
    #[error("{}: no such folder; expected one with the weights of {WAN}", path.display())]
    NoFolder {
        /// Its path.
        path: PathBuf,
    },
    /// A part is missing.
    #[error(
        "{}: the {part} is missing; expected {} of {} ({})",
        path.display(), part.published().file, part.published().repository, part.published().licence
    )]
    Missing {
        /// The folder.
        path: PathBuf,
        /// What is missing.
        part: Part,
    },
    /// A config.json cannot be read.
    #[error("{}: {reason}; expected the config.json that was published with the weights", path.display())]
    Config {
        /// The file.
        path: PathBuf,
        /// What was found.
        reason: String,
    },
}

const WAN: &str = "Wan-AI/Wan2.1-T2V-1.3B";

impl Part {
    /// All parts, in the order in which a run needs them.
    pub const ALL: [Self; 5] = [Self::Tokenizer, Self::TextEncoder, Self::Transformer, Self::ViewModule, Self::Vae];

    /// Where it is published.
    #[must_use]
    pub fn published(self) -> Published {
        let (repository, file, licence) = match self {
            Self::Transformer => (WAN, "diffusion_pytorch_model.safetensors", "Apache-2.0"),
            Self::ViewModule => ("KwaiVGI/SynCamMaster-Wan2.1", "step20000.ckpt", "published without a licence file"),
            Self::TextEncoder => (WAN, "models_t5_umt5-xxl-enc-bf16.pth", "Apache-2.0"),
            Self::Vae => (WAN, "Wan2.1_VAE.pth", "Apache-2.0"),
            Self::Tokenizer => (WAN, "google/umt5-xxl/tokenizer.json", "Apache-2.0"),
        };
        Published { repository, file, licence }
    }

    /// Paths in a folder, the first one that is there counts.
    fn places(self) -> &'static [&'static str] {
        match self {
            Self::Transformer => &[
                "diffusion_pytorch_model.safetensors.index.json",
                "diffusion_pytorch_model.safetensors",
                "transformer",
            ],
            Self::ViewModule => &["step20000.ckpt", "step20000.safetensors"],
            Self::TextEncoder => {
                &["models_t5_umt5-xxl-enc-bf16.pth", "models_t5_umt5-xxl-enc-bf16.safetensors", "text_encoder"]
            }
            Self::Vae => &["Wan2.1_VAE.pth", "Wan2.1_VAE.safetensors", "vae"],
            Self::Tokenizer => &["google/umt5-xxl/tokenizer.json", "tokenizer/tokenizer.json", "tokenizer.json"],
        }
    }
}

impl std::fmt::Display for Part {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(match self {
            Self::Transformer => "transformer",
            Self::ViewModule => "view module",
            Self::TextEncoder => "text encoder",
            Self::Vae => "VAE",
            Self::Tokenizer => "tokenizer",
        })
    }
}

/// A folder of weights.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Folder {
    root: PathBuf,
}

impl Folder {
    /// A folder that is there.
    ///
    /// # Errors
    /// It is not.
    pub fn new(root: &Path) -> Result<Self, FolderError> {
        if root.is_dir() {
            Ok(Self { root: root.to_owned() })
        } else {
            Err(FolderError::NoFolder { path: root.to_owned() })
        }
    }

    /// Its path.
    #[must_use]
    pub fn root(&self) -> &Path {
        &self.root
    }

    /// The file or folder of a part.
    #[must_use]
    pub fn find(&self, part: Part) -> Option<PathBuf> {
        part.places().iter().map(|place| self.root.join(place)).find(|path| path.exists())
    }

    /// The file or folder of a part.
    ///
    /// # Errors
    /// It is not there; the error names where it is published.
    pub fn get(&self, part: Part) -> Result<PathBuf, FolderError> {
        self.find(part).ok_or_else(|| FolderError::Missing { path: self.root.clone(), part })
    }

    /// The weights that the transformer is made of: SynCamMaster's checkpoint where it is there, since it holds all of them.
    ///
    /// # Errors
    /// Neither is there.
    pub fn transformer(&self) -> Result<(Part, PathBuf), FolderError> {
        match self.find(Part::ViewModule) {
            Some(path) => Ok((Part::ViewModule, path)),
            None => Ok((Part::Transformer, self.get(Part::Transformer)?)),
        }
    }

    /// The parts that a run of several views needs and that are not there. `has_views` says whether the transformer's own file
    /// has the view module.
    #[must_use]
    pub fn missing(&self, has_views: bool) -> Vec<Part> {
        let whole = self.find(Part::ViewModule).is_some();
        let needed = |part: &Part| match part {
            Part::Transformer => !whole,
            Part::ViewModule => !has_views,
            _ => true,
        };
        Part::ALL.into_iter().filter(|part| needed(part) && self.find(*part).is_none()).collect()
    }

    /// The `config.json` of the transformer, if there is one.
    ///
    /// # Errors
    /// It is not what a `config.json` is.
    pub fn hints(&self) -> Result<crate::dit::Hints, FolderError> {
        let places = ["config.json", "transformer/config.json"].map(|place| self.root.join(place));
        let Some(path) = places.into_iter().find(|path| path.is_file()) else {
            return Ok(crate::dit::Hints::default());
        };
        let text = std::fs::read_to_string(&path).map_err(|error| error.to_string());
        let parsed = text.and_then(|text| serde_json::from_str(&text).map_err(|error| error.to_string()));
        parsed.map_err(|reason| FolderError::Config { path, reason })
    }
}

/// Bytes on disk of a file, a folder, or an index with all that lies beside it under the same beginning of its name.
#[must_use]
pub fn bytes(path: &Path) -> u64 {
    let of = |path: &Path| std::fs::metadata(path).map_or(0, |about| about.len());
    let inside = |folder: &Path, begins: &str| {
        let entries = std::fs::read_dir(folder).into_iter().flatten().flatten();
        let counted = entries.filter(|entry| entry.file_name().to_string_lossy().starts_with(begins));
        counted.filter(|entry| entry.path().is_file()).map(|entry| of(&entry.path())).sum()
    };
    let name = path.file_name().unwrap_or_default().to_string_lossy();
    match name.strip_suffix(".safetensors.index.json") {
        _ if path.is_dir() => inside(path, ""),
        Some(begins) => inside(path.parent().unwrap_or(Path::new(".")), begins),
        None => of(path),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::fs;

    #[test]
    fn either_layout_is_found_and_what_is_missing_has_its_publisher() {
        let dir = tempfile::tempdir().unwrap();
        let folder = Folder::new(dir.path()).unwrap();
        let all = vec![Part::Tokenizer, Part::TextEncoder, Part::Transformer, Part::ViewModule, Part::Vae];
        assert_eq!(folder.missing(false), all);
        let said = folder.get(Part::ViewModule).unwrap_err().to_string();
        assert!(said.ends_with(
            "the view module is missing; expected step20000.ckpt of KwaiVGI/SynCamMaster-Wan2.1 (published without a licence file)"
        ));
        fs::create_dir_all(dir.path().join("transformer")).unwrap();
        fs::create_dir_all(dir.path().join("google/umt5-xxl")).unwrap();
        fs::write(dir.path().join("google/umt5-xxl/tokenizer.json"), "{}").unwrap();
        fs::write(dir.path().join("Wan2.1_VAE.pth"), "12345").unwrap();
        assert_eq!(folder.missing(true), [Part::TextEncoder]);
        assert_eq!(folder.transformer().unwrap().0, Part::Transformer);
        // The whole checkpoint needs no base.
        fs::remove_dir(dir.path().join("transformer")).unwrap();
        fs::write(dir.path().join("step20000.ckpt"), "").unwrap();
        assert_eq!(folder.missing(false), [Part::TextEncoder]);
        assert_eq!(folder.transformer().unwrap().0, Part::ViewModule);
        assert_eq!(bytes(&dir.path().join("Wan2.1_VAE.pth")), 5);
        fs::write(dir.path().join("config.json"), "{").unwrap();
        assert!(folder.hints().unwrap_err().to_string().contains("config.json: EOF"));
        assert!(Folder::new(&dir.path().join("none")).is_err());
    }
}
