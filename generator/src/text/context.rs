//! The context of a prompt.

use super::LENGTH;
use tch::Tensor;

/// What the diffusion model attends to: a row for each token of a prompt, the end token included. On the CPU.
#[derive(Debug)]
pub struct Context {
    rows: Tensor,
}

impl Context {
    /// Of the rows `[tokens, width]`, at most [`LENGTH`].
    pub(super) fn new(rows: Tensor) -> Self {
        Self { rows }
    }

    /// The rows of the tokens, `[tokens, width]`.
    pub fn rows(&self) -> &Tensor {
        &self.rows
    }

    /// `[1, 512, width]`, zero beyond the tokens, as the diffusion model takes it. It attends to the zero rows, too: there is
    /// no mask.
    pub fn padded(&self) -> Tensor {
        let missing = LENGTH as i64 - self.rows.size()[0];
        self.rows.constant_pad_nd([0, 0, 0, missing]).unsqueeze(0)
    }
}
