//! Synchronous clips of one scene from several cameras, out of words: the Wan2.1 text-to-video model with SynCamMaster's
//! attention across views.
//!
//! What there is so far, each by itself: [`rig`] places cameras and writes them as a capture that `fit` reads, `vae` turns clips
//! into latents and latents into frames (exactly periodic ones, too), [`metrics`] measure clips, `service` fetches clips from a
//! server of videos. Text encoder, diffusion transformer, samplers and the command that joins them are still to come.
//!
//! `vae` needs the feature `torch`, `service` the feature of that name; the others need none.

pub mod metrics;
pub mod rig;
#[cfg(feature = "service")]
pub mod service;

#[cfg(feature = "torch")]
pub mod nn;
#[cfg(feature = "torch")]
pub mod vae;
#[cfg(feature = "torch")]
pub mod weights;
