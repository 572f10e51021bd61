//! The whole way from a prompt to a clip for each camera of a rig.
//!
//! [`Models::open`] checks a folder of weights by names and shapes, [`Plan::new`] says what a run costs, [`sample`] makes the
//! latents of all views (the text encoder first, which is dropped before the transformer is read), [`decode`] makes clips of them.
//! Each stage reads the weights that it needs and gives their memory back.

mod contents;
mod error;
mod frames;
mod latents;
mod models;
mod plan;
mod request;
mod speed;
mod watched;

pub use contents::{Contents, Entry};
pub use error::GenerateError;
pub use frames::decode;
pub use latents::{Files, Made, sample};
pub use models::Models;
pub use plan::{Plan, Stages};
pub use request::{Request, device, kind, threads};
pub use speed::speed;
