//! The CPU kernels against libtorch: forward passes, gradients by autograd, optimiser steps, looping targets, whole fits.
#![cfg(feature = "torch")]

mod common;
mod device;
mod fit;
mod looping;
mod still;
mod target;
