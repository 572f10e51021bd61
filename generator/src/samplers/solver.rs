//! The solver of a run, with what it keeps between steps.

use super::settings::SolverKind;
use super::{UniPc, euler};
use tch::Tensor;

#[derive(Debug)]
pub(super) enum Solver {
    Euler,
    UniPc(UniPc),
}

impl Solver {
    pub(super) fn new(kind: SolverKind) -> Self {
        Self::restored(kind, |_| None)
    }

    pub(super) fn restored(kind: SolverKind, get: impl FnMut(&str) -> Option<Tensor>) -> Self {
        match kind {
            SolverKind::Euler => Self::Euler,
            SolverKind::UniPc => Self::UniPc(UniPc::restored(get)),
        }
    }

    pub(super) fn step(&mut self, k: usize, sigmas: &[f32], z: &Tensor, v: &Tensor) -> Tensor {
        match self {
            Self::Euler => euler(z, v, sigmas[k], sigmas[k + 1]),
            Self::UniPc(run) => run.step(k, sigmas, z, v),
        }
    }

    pub(super) fn state(&self) -> Vec<(String, Tensor)> {
        match self {
            Self::Euler => Vec::new(),
            Self::UniPc(run) => run.state(),
        }
    }
}
