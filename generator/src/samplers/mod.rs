//! How clips are drawn from a model that predicts velocities: noise levels, solvers, guidance, several views, loops, given clips,
//! and runs that can be stopped and continued.
//!
//! Samplers know the trait [`Backbone`] alone. They compose around it: windows over long clips and rings ([`Windowed`]) wrap the
//! model, guidance ([`Texts`]) joins passes of it, [`averaged`] joins pairs of views, and [`Sampler`] steps the latents.

mod backbone;
mod clip;
mod dice;
mod error;
mod euler;
mod guidance;
pub(crate) mod resume;
mod run;
mod schedule;
mod settings;
mod solver;
mod unipc;
mod views;
mod windows;

pub use backbone::{Backbone, BackboneError, Cond};
pub use clip::{Held, Reference, noised};
pub use error::SamplerError;
pub use euler::euler;
pub use guidance::{Texts, three_pass, two_pass};
pub use resume::{Saved, load, save};
pub use run::{Given, Job, Progress, Sampler, noise};
pub use schedule::{Schedule, training_weights};
pub use settings::{Passes, Settings, SolverKind};
pub use unipc::UniPc;
pub use views::{ViewsHow, averaged, pairs};
pub use windows::{Blending, GUARD, Windowed, Windows};
