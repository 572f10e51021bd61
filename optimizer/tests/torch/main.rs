//! The CPU kernels against libtorch: forward passes, gradients by autograd, optimiser steps, looping targets, whole fits.
#![cfg(feature = "torch")]

// `cfg(test)` tells clippy that helpers are tests, too.
#[cfg(test)]
mod common;
#[cfg(test)]
mod device;
#[cfg(test)]
mod fit;
#[cfg(test)]
mod looping;
#[cfg(test)]
mod still;
#[cfg(test)]
mod target;
