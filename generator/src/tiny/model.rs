//! The whole small model.

use super::store::{Stored, from_bytes};
use super::{Dit, Lift, TinyError, TrackAdapter, Vae};
use crate::sizes::{DitConfig, LiftConfig, TrackConfig, VaeConfig};
use loop3d_torch::weights::{Memory, Weights};
use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};
use std::path::Path;
use std::rc::Rc;
use tch::Device;

/// Name of the part that follows tracks.
const TRACK: &str = "track";

/// What the file of that part says of its sizes.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct TrackSizes {
    /// Those of the adapter.
    pub(crate) track: TrackConfig,
    /// The digest of the transformer that it was trained for.
    pub(crate) base: String,
}

/// Its parts, ready to compute.
#[derive(Debug)]
pub struct TinyModel {
    /// Clips ↔ latents.
    pub vae: Vae,
    /// Depth from one picture.
    pub lift: Lift,
    /// Noise, words, cameras → latents.
    pub dit: Dit,
    /// Tracks → what makes the transformer follow them, if there is such a part.
    pub track: Option<TrackAdapter>,
    /// Sizes of the transformer.
    pub config: DitConfig,
    /// How far from the middle the cameras of the training were, at most, in degrees.
    pub seen_deg: f64,
    /// What tells its weights apart from others.
    pub digest: String,
}

impl TinyModel {
    /// Reads `vae.safetensors`, `lift.safetensors` and `dit.safetensors`, and `track.safetensors` if it is there, of a folder that
    /// `loop3d generate-train` wrote.
    ///
    /// # Errors
    /// A file is missing, damaged, of another version, or does not belong to the others.
    pub fn open(folder: &Path) -> Result<Self, TinyError> {
        let read = |part: &str| {
            let path = folder.join(format!("{part}.safetensors"));
            let place = path.display().to_string();
            let bytes = std::fs::read(&path)
                .map_err(|error| TinyError::NotOurs { place: place.clone(), reason: error.to_string() })?;
            from_bytes(&bytes, part, &place)
        };
        let place = |part: &str| folder.join(format!("{part}.safetensors"));
        let model = Self::of(read("vae")?, read("lift")?, read("dit")?, &place("dit").display().to_string())?;
        let track = place(TRACK);
        if track.exists() { model.following(read(TRACK)?, &track.display().to_string()) } else { Ok(model) }
    }

    /// The weights that come with the program.
    ///
    /// # Errors
    /// None that a build which passes its tests has.
    pub fn shipped() -> Result<Self, TinyError> {
        let read = |part: &str, bytes: &[u8]| from_bytes(bytes, part, &format!("{part}.safetensors of the program"));
        let vae = read("vae", include_bytes!("../../weights/vae.safetensors"))?;
        let lift = read("lift", include_bytes!("../../weights/lift.safetensors"))?;
        let dit = read("dit", include_bytes!("../../weights/dit.safetensors"))?;
        let track = read(TRACK, include_bytes!("../../weights/track.safetensors"))?;
        Self::of(vae, lift, dit, "dit.safetensors of the program")?.following(track, "track.safetensors of the program")
    }

    /// The same with an adapter that follows tracks.
    fn following(self, track: Stored, place: &str) -> Result<Self, TinyError> {
        let of: TrackSizes = sizes(&track, place)?;
        if of.base != self.digest {
            return Err(TinyError::OtherBase { place: place.to_owned(), found: self.digest, expected: of.base });
        }
        let adapter = TrackAdapter::new(&weights(track, place), &of.track, &self.config)?;
        Ok(Self { track: Some(adapter), ..self })
    }

    /// Puts the parts together.
    pub(crate) fn of(vae: Stored, lift: Stored, dit: Stored, place: &str) -> Result<Self, TinyError> {
        let found = vae.latents();
        if let Some(expected) = dit.card.latents.clone()
            && expected != found
        {
            return Err(TinyError::Mixed { place: place.to_owned(), found, expected });
        }
        let config: DitConfig = sizes(&dit, place)?;
        let seen_deg = dit.card.training.get("spread_deg").and_then(serde_json::Value::as_f64).unwrap_or(0.0);
        let (vae_config, lift_config): (VaeConfig, LiftConfig) = (sizes(&vae, place)?, sizes(&lift, place)?);
        let digest = dit.card.digest.clone();
        Ok(Self {
            vae: Vae::new(&weights(vae, place), &vae_config)?,
            lift: Lift::new(&weights(lift, place), &lift_config)?,
            dit: Dit::new(&weights(dit, place), &config)?,
            track: None,
            config,
            seen_deg,
            digest,
        })
    }
}

/// The sizes of a part, as its file says.
pub(crate) fn sizes<T: DeserializeOwned>(stored: &Stored, place: &str) -> Result<T, TinyError> {
    serde_json::from_value(stored.card.sizes.clone())
        .map_err(|error| TinyError::NotOurs { place: place.to_owned(), reason: format!("sizes: {error}") })
}

fn weights(stored: Stored, place: &str) -> Weights {
    Weights::new(Rc::new(Memory::new(place, stored.parameters)), None, Device::Cpu)
}
