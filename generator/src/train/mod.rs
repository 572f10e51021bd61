//! Training of the small model ([`crate::tiny`]) on procedural scenes, stage by stage.
//!
//! A step's batch is cut into shards of a fixed number. Each shard is computed by one thread, and the gradients are added in the
//! order of the shards: the same weights come out to the bit, whatever the number of threads. Samples are drawn by their index,
//! so that a resumed run gives the same weights as an uninterrupted one.

mod accept;
mod adamw;
mod dit;
mod error;
mod lift;
mod log;
mod moves;
mod parallel;
mod pictures;
mod pool;
mod run;
mod score;
mod stage;
mod state;
mod track;
mod vae;

pub use accept::{Acceptance, NovelViews, accept};
pub use error::TrainError;
pub use run::{Trained, train};
