//! Tensors whose axes were checked: tokens on a grid, and texts. Latents are [`crate::vae::Latents`], cameras
//! [`crate::cameras::Cameras`].

use super::DitError;
use tch::{Kind, Tensor};

/// Tokens `[V, f·h·w, d]` of V views, in row-major order of the grid `[f, h, w]`.
#[derive(Debug)]
pub struct Tokens {
    tensor: Tensor,
    grid: [i64; 3],
}

impl Tokens {
    /// Takes `[V, f·h·w, d]`.
    ///
    /// # Errors
    /// Another number of axes or tokens.
    pub fn new(tensor: Tensor, grid: [i64; 3]) -> Result<Self, DitError> {
        let found = tensor.size();
        if found.len() != 3 || found[1] != grid.iter().product::<i64>() || found.contains(&0) {
            return Err(DitError::Tokens { found, grid });
        }
        Ok(Self { tensor, grid })
    }

    /// Other features of the same tokens.
    pub(super) fn with(&self, tensor: Tensor) -> Self {
        Self { tensor, grid: self.grid }
    }

    /// `[V, f·h·w, d]`.
    pub fn tensor(&self) -> &Tensor {
        &self.tensor
    }

    /// Frames, rows and columns.
    #[must_use]
    pub fn grid(&self) -> [i64; 3] {
        self.grid
    }

    /// V.
    #[must_use]
    pub fn views(&self) -> i64 {
        self.tensor.size()[0]
    }
}

/// Texts as the text encoder leaves them, `[1 or V, n, text width]`: one for all views, or one for each. Rows beyond a text's
/// end are zero and take part.
#[derive(Debug)]
pub struct Text(Tensor);

impl Text {
    /// Takes `[1 or V, n, text width]`.
    ///
    /// # Errors
    /// Another number of axes, an axis of length 0, or whole numbers.
    pub fn new(tensor: Tensor) -> Result<Self, DitError> {
        let (found, kind) = (tensor.size(), tensor.kind());
        let real = matches!(kind, Kind::Float | Kind::Double | Kind::Half | Kind::BFloat16);
        if found.len() != 3 || found.contains(&0) || !real {
            return Err(DitError::Text { found, kind: format!("{kind:?}") });
        }
        Ok(Self(tensor))
    }

    /// `[1 or V, n, text width]`.
    pub fn tensor(&self) -> &Tensor {
        &self.0
    }
}
