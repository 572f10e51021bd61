//! Cameras as the models take them (generate-data §3): for each view and latent frame the top 3×4 of the pose relative to the
//! first view's, row by row.

use crate::rig::CameraInput;
use tch::{Kind, Tensor};

/// Numbers of a camera: the rows of `[R, t]`.
pub const CAMERA: i64 = 12;

/// Cameras `[V, n, 12]` of V views and n latent frames.
#[derive(Debug)]
pub struct Cameras(Tensor);

/// A tensor is not one of cameras.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error(
    "cameras: found the shape {found:?} of {kind}, expected floating-point [views, latent frames, 12] and no axis of length 0; \
     a camera is the top 3×4 of its pose relative to the first view's, row by row"
)]
pub struct CamerasError {
    /// Shape of the tensor.
    pub found: Vec<i64>,
    /// Its kind.
    pub kind: String,
}

impl Cameras {
    /// Takes `[V, n, 12]`.
    ///
    /// # Errors
    /// Another shape, an axis of length 0, or whole numbers.
    pub fn new(tensor: Tensor) -> Result<Self, CamerasError> {
        let (found, kind) = (tensor.size(), tensor.kind());
        let real = matches!(kind, Kind::Float | Kind::Double | Kind::Half | Kind::BFloat16);
        if found.len() != 3 || found[2] != CAMERA || found.contains(&0) || !real {
            return Err(CamerasError { found, kind: format!("{kind:?}") });
        }
        Ok(Self(tensor))
    }

    /// The cameras of a rig, in f32 on the CPU.
    ///
    /// # Errors
    /// The rig has no view or no frame.
    pub fn from_rig(input: &CameraInput) -> Result<Self, CamerasError> {
        let shape = [input.views as i64, input.frames as i64, CAMERA];
        Self::new(Tensor::from_slice(&input.values).reshape(shape))
    }

    /// `[V, n, 12]`.
    pub fn tensor(&self) -> &Tensor {
        &self.0
    }

    /// V.
    #[must_use]
    pub fn views(&self) -> i64 {
        self.0.size()[0]
    }

    /// n.
    #[must_use]
    pub fn frames(&self) -> i64 {
        self.0.size()[1]
    }

    /// The cameras of some views or frames: `index` holds whole numbers, `axis` is 0 for views and 1 for frames.
    pub(crate) fn select(&self, axis: i64, index: &Tensor) -> Self {
        Self(self.0.index_select(axis, &index.to_device(self.0.device())))
    }
}
