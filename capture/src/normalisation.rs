//! The world that a scene is fitted in (METHOD §1.3): scaled so that the nearest bound is 1, then moved so that the average
//! pose is the identity. In this order.

use crate::poses::Pose;
use glam::{DAffine3, DMat3, DVec3};

/// The way between the capture's own frame (the poses on disk) and the world of a scene.
///
/// `point_in_world = recentring · (scale · point_in_capture)`.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Normalisation {
    /// Units of the world for one unit of the capture: 1 / (nearest bound of all views).
    pub scale: f64,
    /// Rigid motion after scaling: the inverse of the average pose.
    pub recentring: DAffine3,
}

impl Default for Normalisation {
    /// The capture's own frame is the world.
    fn default() -> Self {
        Self { scale: 1.0, recentring: DAffine3::IDENTITY }
    }
}

impl Normalisation {
    /// A camera pose of the capture's own frame, in the world. Stays rigid: camera axes keep their length.
    fn pose_to_world(&self, capture_from_camera: DAffine3) -> DAffine3 {
        let scaled = DAffine3 { translation: self.scale * capture_from_camera.translation, ..capture_from_camera };
        self.recentring * scaled
    }
}

/// Normalises `poses` in place and returns how, with the far bound in world units (the near bound is 1). The error says
/// what was found and what was expected.
pub(crate) fn normalise(poses: &mut [Pose]) -> Result<(Normalisation, f64), &'static str> {
    let near = poses.iter().map(|pose| pose.near).fold(f64::INFINITY, f64::min);
    let far = poses.iter().map(|pose| pose.far).fold(0.0, f64::max);
    let scale = 1.0 / near;
    let scaled = Normalisation { scale, ..Default::default() };
    let average = average_pose(poses.iter().map(|pose| scaled.pose_to_world(pose.camera.world_from_camera)))?;
    let normalisation = Normalisation { scale, recentring: average.inverse() };
    for pose in poses {
        pose.camera.world_from_camera = normalisation.pose_to_world(pose.camera.world_from_camera);
        pose.near *= scale;
        pose.far *= scale;
    }
    Ok((normalisation, far / near))
}

/// Average pose (METHOD §1.3): mean position, mean viewing direction, mean down as the hint for the second axis.
fn average_pose(poses: impl Iterator<Item = DAffine3>) -> Result<DAffine3, &'static str> {
    /// Mean axes shorter than this are a sum of opposites whose direction is rounding noise.
    const SHORTEST: f64 = 1e-6;
    let (mut count, mut position, mut forward, mut down) = (0.0, DVec3::ZERO, DVec3::ZERO, DVec3::ZERO);
    for pose in poses {
        count += 1.0;
        position += pose.translation;
        down += pose.matrix3.y_axis;
        forward += pose.matrix3.z_axis;
    }
    if forward.length() < SHORTEST * count {
        return Err(
            "the views face opposite ways and have no average direction; expected views of one scene from one side",
        );
    }
    let z = forward.normalize();
    let right = (down / count).cross(z);
    if right.length() < SHORTEST {
        return Err(
            "the views are rolled against each other and have no average upright; expected views that agree on up",
        );
    }
    let x = right.normalize();
    let y = z.cross(x).normalize();
    Ok(DAffine3 { matrix3: DMat3::from_cols(x, y, z), translation: position / count })
}

#[cfg(test)]
mod tests {
    use super::*;
    use glam::DVec2;
    use loop3d_scene::Camera;

    /// A camera that looks along +z from `position`.
    fn ahead(position: [f64; 3], [near, far]: [f64; 2]) -> Pose {
        let camera = Camera {
            width: 64,
            height: 36,
            focal_px: DVec2::splat(50.0),
            center_px: DVec2::new(32.0, 18.0),
            world_from_camera: DAffine3::from_translation(position.into()),
        };
        Pose { camera, near, far }
    }

    /// Cameras with turned axes and uneven bounds: nothing in them is normalised by chance.
    fn uneven() -> Vec<Pose> {
        let turned = |i: u32| {
            let t = f64::from(i);
            let bounds = [2.5 + t, 20.0 + 3.0 * t];
            let mut pose = ahead([t, 0.3 * t * t, 5.0 - t], bounds);
            let turn = DMat3::from_rotation_y(0.4 + 0.1 * t) * DMat3::from_rotation_x(-0.2 * t);
            pose.camera.world_from_camera.matrix3 = turn * DMat3::from_rotation_z(0.05 * t - 0.3);
            pose
        };
        (0..5).map(turned).collect()
    }

    #[test]
    fn average_pose_is_the_identity_and_the_nearest_bound_is_1() {
        let mut poses = uneven();
        let (_, far) = normalise(&mut poses).unwrap();
        let average = average_pose(poses.iter().map(|pose| pose.camera.world_from_camera)).unwrap();
        assert!(average.abs_diff_eq(DAffine3::IDENTITY, 1e-12), "{average:?}");
        assert_eq!(poses.iter().map(|pose| pose.near).fold(f64::INFINITY, f64::min), 1.0);
        assert!((far - 32.0 / 2.5).abs() < 1e-12);
        for pose in &poses {
            let rotation = pose.camera.world_from_camera.matrix3;
            assert!((rotation.transpose() * rotation).abs_diff_eq(DMat3::IDENTITY, 1e-12));
        }
    }

    #[test]
    fn what_cameras_see_does_not_change() {
        let before = uneven();
        let mut after = before.clone();
        let (normalisation, _) = normalise(&mut after).unwrap();
        let point = DVec3::new(3.0, -1.0, 17.0);
        let moved = normalisation.recentring.transform_point3(normalisation.scale * point);
        for (before, after) in before.iter().zip(&after) {
            let (before, after) = (before.camera.project(point).unwrap(), after.camera.project(moved).unwrap());
            assert!(before.abs_diff_eq(after, 1e-9), "{before} {after}");
        }
    }

    #[test]
    fn opposite_views_have_no_average() {
        let ahead = ahead([0.; 3], [1.0, 2.0]);
        let mut behind = ahead;
        behind.camera.world_from_camera.matrix3 = DMat3::from_rotation_y(std::f64::consts::PI);
        assert!(normalise(&mut [ahead, behind]).unwrap_err().contains("opposite ways"));
        let mut rolled = ahead;
        rolled.camera.world_from_camera.matrix3 = DMat3::from_rotation_z(std::f64::consts::PI);
        assert!(normalise(&mut [ahead, rolled]).unwrap_err().contains("agree on up"));
    }
}
