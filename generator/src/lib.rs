//! Synchronous clips of one scene from several cameras, out of words: the Wan2.1 text-to-video model with SynCamMaster's
//! attention across views.
//!
//! `generate` is the whole way: a prompt and a [`rig`] in, a clip for each camera out. Its parts also stand by
//! themselves: [`rig`] places cameras and writes them as a capture that `fit` reads, `text` makes contexts out of prompts, `dit` is
//! the diffusion transformer, `samplers` draw clips from it (or from any model that predicts velocities), `vae` turns clips into
//! latents and latents into frames (exactly periodic ones, too), `weights` finds and names the published files, `estimate` says
//! what a pass costs, [`metrics`] measure clips, `service` fetches clips from a server of videos.
//!
//! `service` needs the feature of that name; [`metrics`], [`options`], [`rig`], [`sizes`] and [`training`] need none; all
//! others need the feature `torch`.

pub mod metrics;
pub mod motion;
pub mod options;
pub mod rig;
#[cfg(feature = "service")]
pub mod service;
pub mod sizes;
pub mod training;

#[cfg(feature = "torch")]
pub mod cameras;
#[cfg(feature = "torch")]
pub mod dit;
#[cfg(feature = "torch")]
pub mod estimate;
#[cfg(feature = "torch")]
pub mod generate;
#[cfg(feature = "torch")]
pub mod long;
#[cfg(feature = "torch")]
pub mod nn;
#[cfg(feature = "torch")]
pub mod samplers;
#[cfg(feature = "torch")]
mod seeded;
#[cfg(feature = "torch")]
pub mod text;
#[cfg(feature = "torch")]
pub mod tiny;
#[cfg(feature = "torch")]
pub mod train;
#[cfg(feature = "torch")]
pub mod vae;
#[cfg(feature = "torch")]
pub mod weights;
