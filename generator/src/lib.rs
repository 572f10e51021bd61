//! Synchronous clips of one scene from several cameras, out of words: the Wan2.1 text-to-video model with SynCamMaster's
//! attention across views.
//!
//! What stands so far, each by itself: [`rig`] places cameras and writes them as a capture that `fit` reads, `text` makes contexts
//! out of prompts, `dit` is the diffusion transformer, `samplers` draw clips from it (or from any model that predicts velocities),
//! `vae` turns clips into latents and latents into frames (exactly periodic ones, too), `estimate` says what that costs, [`metrics`]
//! measure clips, `service` fetches clips from a server of videos. The command that joins them is still to come.
//!
//! `service` needs the feature of that name; [`metrics`] and [`rig`] need none; all others need the feature `torch`.

pub mod metrics;
pub mod rig;
#[cfg(feature = "service")]
pub mod service;

#[cfg(feature = "torch")]
pub mod cameras;
#[cfg(feature = "torch")]
pub mod dit;
#[cfg(feature = "torch")]
pub mod estimate;
#[cfg(feature = "torch")]
pub mod nn;
#[cfg(feature = "torch")]
pub mod samplers;
#[cfg(feature = "torch")]
mod seeded;
#[cfg(feature = "torch")]
pub mod text;
#[cfg(feature = "torch")]
pub mod vae;
#[cfg(feature = "torch")]
pub mod weights;
