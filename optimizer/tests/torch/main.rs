//! The CPU's and the CUDA kernels against libtorch and each other: forward passes, gradients by autograd, optimiser steps, looping targets, whole fits.
#![cfg(feature = "torch")]

// `cfg(test)` tells clippy that helpers are tests, too.
#[cfg(test)]
mod common;
#[cfg(test)]
#[cfg(feature = "cuda")]
mod cuda;
#[cfg(test)]
#[cfg(feature = "cuda")]
mod fit;
#[cfg(test)]
mod looping_level;
#[cfg(test)]
mod static_level;
#[cfg(test)]
mod target;
