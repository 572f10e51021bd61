//! Fits a multi-tile video (a multiplane image of static and looping tiles) to a capture.
//!
//! How a fit runs:
//!
//! 1. [`plan::FitPlan`] works out from sizes alone which views are fitted, how long the loop is, where the planes are
//!    ([`layout`]) and which levels run. [`memory`] and [`duration`] estimate what that will take.
//! 2. The *static stage* ([`static_stage`]) starts from a plane sweep and fits a multiplane image to the long exposures, coarse
//!    to fine. Between levels it culls the tiles that no view needs.
//! 3. Tiles under moving pixels become looping tiles of T frames each.
//! 4. The *looping stage* ([`looping_stage`]) alternates, coarse to fine: the E-step searches each view's looping target, a
//!    retargeted clip built from the nearest-neighbour field of temporal patches ([`patches`]); the M-step descends to it.
//! 5. The texels become a [`Scene`](loop3d_scene::Scene). [`metrics`] compares its renders with held-out clips.
//!
//! [`engine`] has the traits of whoever holds and moves the texels: the CPU kernels ([`cpu`], always there), plain libtorch
//! (feature `torch`, the oracle in tests) and our CUDA kernels (feature `cuda`). [`device`] chooses one of them.
//!
//! ```
//! use loop3d_capture::Capture;
//! use loop3d_optimizer::config::{FitConfig, Preset};
//! use loop3d_optimizer::device::{DeviceChoice, fit_on};
//! use loop3d_optimizer::fit::FitInput;
//! use loop3d_optimizer::error::FitError;
//! use loop3d_scene::Scene;
//! use loop3d_scene::job::Unwatched;
//!
//! /// Fits all views except the last, so that the result can be evaluated against it.
//! fn fitted(capture: &Capture) -> Result<Scene, FitError> {
//!     let device = DeviceChoice::Auto.settle()?;
//!     if let Some(note) = device.note() {
//!         eprintln!("{note}");
//!     }
//!     let config = FitConfig { preset: Preset::Draft, ..FitConfig::default() };
//!     let held_out = [capture.views.len() - 1];
//!     let input = FitInput { capture, config: &config, held_out: &held_out };
//!     fit_on(&device, input, None, &mut Unwatched)
//! }
//! ```
//!
//! `examples/fit_in_memory.rs` fits a capture that is made in code. Modules that are hidden here are open for benches and tests
//! alone.

pub mod checkpoint;
pub mod config;
#[doc(hidden)]
pub mod context;
pub mod cpu;
#[cfg(feature = "cuda")]
#[doc(hidden)]
pub mod cuda;
pub mod device;
pub mod duration;
pub mod engine;
pub mod error;
pub mod fit;
#[doc(hidden)]
pub mod grid;
#[doc(hidden)]
pub mod hits;
#[doc(hidden)]
pub mod kernels;
pub mod layout;
pub mod looping_stage;
pub mod memory;
pub mod metrics;
pub mod passers;
pub mod patches;
pub mod plan;
#[doc(hidden)]
pub mod pyramid;
pub mod static_stage;
#[cfg(feature = "torch")]
#[doc(hidden)]
pub mod torch;
#[doc(hidden)]
pub mod training;
