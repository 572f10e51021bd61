//! Every stage by itself and a whole tiny fit, against values worked out by other means than the code's own.

// `cfg(test)` tells clippy that helpers are tests, too.
#[cfg(test)]
mod common;
#[cfg(test)]
mod cull;
#[cfg(test)]
mod exposures;
#[cfg(test)]
mod grid;
#[cfg(test)]
mod hits;
#[cfg(test)]
mod layout;
#[cfg(test)]
mod looping_model;
#[cfg(test)]
mod loss;
#[cfg(test)]
mod opening;
#[cfg(test)]
mod passers;
#[cfg(test)]
mod sweep;
#[cfg(test)]
mod tiny_fit;
