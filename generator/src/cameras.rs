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

    /// The same cameras, relative to the first view's at the same time.
    #[must_use]
    pub fn relative_to_first(&self) -> Self {
        let size = [self.views(), self.frames(), 3, 4];
        let exact = self.0.to_kind(Kind::Double);
        let last = Tensor::from_slice(&[0.0f64, 0.0, 0.0, 1.0]).to_device(exact.device());
        let last = last.expand([size[0], size[1], 1, 4], false);
        let poses = Tensor::cat(&[exact.reshape(size), last], 2);
        let relative = poses.get(0).inverse().matmul(&poses);
        Self(relative.narrow(2, 0, 3).reshape([size[0], size[1], CAMERA]).to_kind(self.0.kind()))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::rig::network_input;
    use glam::{DAffine3, DQuat, DVec3};

    #[test]
    fn relative_to_another_view() {
        let pose = |angle: f64, x: f64| {
            DAffine3::from_rotation_translation(DQuat::from_rotation_y(angle), DVec3::new(x, 0.3 * x, 2.0 - x))
        };
        let poses = [pose(0.1, 0.4), pose(-0.4, 1.5), pose(0.7, -0.8)];
        let input =
            |poses: &[DAffine3]| Cameras::from_rig(&network_input(&[poses.to_vec(), poses.to_vec()]).unwrap()).unwrap();
        // All relative to the first; then the last two relative to the second, as if the first had not been there.
        let some = input(&poses).select(0, &Tensor::from_slice(&[1i64, 2]));
        let expected = input(&poses[1..]);
        let off = |a: &Cameras, b: &Cameras| (&a.0 - &b.0).abs().max().double_value(&[]);
        assert!(off(&some.relative_to_first(), &expected) < 1e-6);
        assert!(off(&some, &expected) > 0.1);
    }
}
