//! Random numbers of libtorch from a seed.

use std::sync::{Mutex, PoisonError};

/// Draws from PyTorch's generator, seeded. libtorch has one generator for all threads, and nothing else may be drawn between the
/// seed and the numbers.
pub(crate) fn seeded<T>(seed: i64, draw: impl FnOnce() -> T) -> T {
    static GENERATOR: Mutex<()> = Mutex::new(());
    let _guard = GENERATOR.lock().unwrap_or_else(PoisonError::into_inner);
    tch::manual_seed(seed);
    draw()
}
