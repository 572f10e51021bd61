//! The looping target (`target.rs`), and the nearest-neighbour search of temporal patches under it and under the metrics:
//! for every location of a grid, which short stretch of one clip looks most like which of another (a nearest-neighbour field).
//!
//! A temporal patch is `patch × patch` pixels over `frames` frames. Queries and keys share their location, so a patch
//! distance is a box sum over space and a diagonal sum over time of per-pixel frame-to-frame distances (METHOD §5.1):
//! [`search()`] builds these tables with running blocks and hands each location's finished table to a visitor; no patch
//! is ever unfolded. Two things build on it: the looping target ([`looping_target`], METHOD §4.5) and the metrics
//! ([`crate::metrics`], METHOD §6.2).

mod error;
mod fold;
mod grid;
mod kernel;
mod pixels;
mod search;
pub(crate) mod sinkhorn;
mod target;

pub use error::PatchError;
pub use fold::{Folded, fold};
pub use grid::{Axis, Grid};
pub use pixels::{ClipRef, ClipWindow, Sample, TimeClip, TimeRows};
pub use search::{Span, Table, search};
pub use target::{LoopMatches, MIN_RHO, TargetSettings, looping_target, match_loop, nearest_keys};
