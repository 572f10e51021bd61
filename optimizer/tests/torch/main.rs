//! The CPU's and the CUDA kernels against libtorch and each other: forward passes, gradients by autograd, optimiser steps, looping targets, whole fits.
#![cfg(feature = "torch")]

// `cfg(test)` tells clippy that helpers are tests, too.
#[cfg(test)]
mod common;
#[cfg(test)]
mod cuda;
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
