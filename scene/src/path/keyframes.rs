//! Camera paths from JSON: keyframes with smooth motion between them.
//!
//! ```json
//! { "fps": 25, "size": [1280, 720],
//!   "keyframes": [
//!     { "time_s": 0, "position": [0, 0, 0],      "look_at": [0, 0, 4] },
//!     { "time_s": 2, "position": [0.2, 0, 0.1],  "look_at": [0, 0, 4], "up": [0, -1, 0], "fov_deg": 40 },
//!     { "time_s": 4, "position": [0, 0, 0],      "look_at": [0, 0, 4] } ] }
//! ```
//!
//! Coordinates are the scene's world: OpenCV axes, x right, y **down**, z forward, the reference camera near the
//! origin. `fps`, `size`, `up` (default: the reference camera's) and `fov_deg` (vertical; default: the reference
//! camera's) may be left out.

use super::PathError;
use crate::{Camera, Scene};
use glam::{DVec2, DVec3};
use serde::{Deserialize, Serialize};

/// A path through keyframes: a cubic through their positions, targets, up directions and fields of view, with the
/// finite difference over both neighbours as its speed (Catmull-Rom for even times). Where the last keyframe equals
/// the first in everything except time, the motion is smooth over the seam too. Before the first and after the last keyframe
/// the camera does not move.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct KeyframePath {
    /// Frames per second that the path asks for.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub fps: Option<f64>,
    /// Width and height in pixels that the path asks for.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub size: Option<[u32; 2]>,
    /// At least one, in order of time.
    pub keyframes: Vec<Keyframe>,
}

/// Where the camera is at one time.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Keyframe {
    /// Seconds from the start of the video, at least 0.
    pub time_s: f64,
    /// Centre of projection in the world.
    pub position: DVec3,
    /// A point in the world that appears in the centre of the image.
    pub look_at: DVec3,
    /// Direction in the world of the image's upper edge.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub up: Option<DVec3>,
    /// Vertical field of view in degrees.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub fov_deg: Option<f64>,
}

/// Position, target, up, field of view.
type Values = [f64; 10];

impl KeyframePath {
    /// Reads and checks the JSON of a path.
    ///
    /// # Errors
    /// Not such JSON (with line and column), or the first bad value.
    pub fn parse(json: &str) -> Result<Self, PathError> {
        let path: Self = serde_json::from_str(json).map_err(|e| PathError::Json(e.to_string()))?;
        path.validate()?;
        Ok(path)
    }

    /// Time of the last keyframe.
    pub fn duration_s(&self) -> f64 {
        self.keyframes.last().map_or(0.0, |k| k.time_s)
    }

    fn validate(&self) -> Result<(), PathError> {
        let bad = |place, found: String, expected| Err(PathError::Value { place, found, expected });
        if let Some(fps) = self.fps.filter(|&fps| !(fps.is_finite() && fps > 0.0)) {
            return bad("fps", fps.to_string(), "a positive number");
        }
        if let Some([width, height]) = self.size.filter(|s| s.contains(&0)) {
            return bad("size", format!("{width}×{height}"), "at least 1×1");
        }
        if self.keyframes.is_empty() {
            return bad("keyframes", "none".to_owned(), "at least one");
        }
        let mut earliest = 0.0;
        for (index, key) in self.keyframes.iter().enumerate() {
            let check = |good: bool, found: String, expected| {
                if good { Ok(()) } else { Err(PathError::Keyframe { index, found, expected }) }
            };
            let later = key.time_s.is_finite() && if index == 0 { key.time_s >= 0.0 } else { key.time_s > earliest };
            let expected = "a time from 0 on, later than that of the keyframe before";
            check(later, format!("time_s {}", key.time_s), expected)?;
            earliest = key.time_s;
            let good = key.fov_deg.is_none_or(|fov| fov > 0.0 && fov < 180.0);
            check(good, format!("fov_deg {}", key.fov_deg.unwrap_or_default()), "an angle between 0 and 180 degrees")?;
            let good = key.position.is_finite() && key.look_at.is_finite() && key.position != key.look_at;
            let found = format!("position {}, look_at {}", key.position, key.look_at);
            check(good, found, "two different points of finite coordinates")?;
            if let Some(up) = key.up {
                let good = up.is_finite() && Camera::pose_looking_at(key.position, key.look_at, up).is_some();
                check(good, format!("up {up}"), "a direction other than the line of sight")?;
            }
        }
        Ok(())
    }

    /// The camera at a time, for images of `width` × `height`.
    pub(super) fn camera(&self, scene: &Scene, width: u32, height: u32, time_s: f64) -> Result<Camera, PathError> {
        let plain = scene.reference.covering(width, height);
        let v = self.interpolate(&plain, time_s);
        let (position, target, up) =
            (DVec3::new(v[0], v[1], v[2]), DVec3::new(v[3], v[4], v[5]), DVec3::new(v[6], v[7], v[8]));
        let world_from_camera =
            Camera::pose_looking_at(position, target, up).ok_or(PathError::NoDirection { time_s })?;
        if self.keyframes.iter().all(|k| k.fov_deg.is_none()) {
            return Ok(Camera { world_from_camera, ..plain });
        }
        let size = DVec2::new(f64::from(width), f64::from(height));
        let focal_px = DVec2::splat(size.y / 2.0 / (v[9].to_radians() / 2.0).tan());
        Ok(Camera { width, height, focal_px, center_px: size / 2.0, world_from_camera })
    }

    fn interpolate(&self, plain: &Camera, time_s: f64) -> Values {
        let plain_fov = 2.0 * (f64::from(plain.height) / 2.0 / plain.focal_px.y).atan().to_degrees();
        let plain_up = -plain.world_from_camera.matrix3.y_axis;
        let keys = &self.keyframes;
        let values = |index: usize| -> Values {
            let k = &keys[index];
            let up = k.up.map_or(plain_up, DVec3::normalize);
            let (p, t) = (k.position, k.look_at);
            [p.x, p.y, p.z, t.x, t.y, t.z, up.x, up.y, up.z, k.fov_deg.unwrap_or(plain_fov)]
        };
        let last = keys.len() - 1;
        let next = keys.iter().position(|k| k.time_s > time_s);
        let next = match next {
            Some(0) => return values(0),
            Some(next) => next,
            None => return values(last),
        };
        let closed = last >= 2 && values(0) == values(last);
        // Change per second at a keyframe, over its two neighbours; over one at an open end.
        let speed = |index: usize| -> Values {
            let at_end = index == 0 || index == last;
            let (before, after, duration) = if closed && at_end {
                let duration = keys[1].time_s - keys[0].time_s + keys[last].time_s - keys[last - 1].time_s;
                (last - 1, 1, duration)
            } else {
                let (before, after) = (index.saturating_sub(1), (index + 1).min(last));
                (before, after, keys[after].time_s - keys[before].time_s)
            };
            let (before, after) = (values(before), values(after));
            std::array::from_fn(|i| (after[i] - before[i]) / duration)
        };
        let (from, to) = (values(next - 1), values(next));
        let (leaving, arriving) = (speed(next - 1), speed(next));
        let length = keys[next].time_s - keys[next - 1].time_s;
        let s = (time_s - keys[next - 1].time_s) / length;
        // The cubic Hermite basis.
        let (s2, s3) = (s * s, s * s * s);
        let mut mixed: Values = std::array::from_fn(|i| {
            (2.0 * s3 - 3.0 * s2 + 1.0) * from[i]
                + (s3 - 2.0 * s2 + s) * length * leaving[i]
                + (3.0 * s2 - 2.0 * s3) * to[i]
                + (s3 - s2) * length * arriving[i]
        });
        // A cubic may overshoot its ends; the angle must stay a valid one.
        mixed[9] = mixed[9].clamp(from[9].min(to[9]), from[9].max(to[9]));
        mixed
    }
}

#[cfg(test)]
mod tests {
    use super::super::{CameraPath, VideoSpec};
    use super::*;
    use crate::testing::random_scene;

    const SPEC: VideoSpec = VideoSpec { width: 64, height: 36, fps: 10.0, frames: None, start: 0.0 };

    fn path(keyframes: &str) -> KeyframePath {
        KeyframePath::parse(&format!("{{\"keyframes\": [{keyframes}]}}")).unwrap()
    }

    fn positions(path: &KeyframePath, spec: VideoSpec) -> Vec<DVec3> {
        let shots = CameraPath::Keyframes(path.clone()).shots(&random_scene(1, 2, 3, 64, 36), &spec).unwrap();
        shots.iter().map(|s| s.camera.position()).collect()
    }

    #[test]
    fn passes_through_its_keyframes_and_even_ones_at_even_speed() {
        let path = path(
            r#"{"time_s": 0, "position": [0, 0, 0], "look_at": [0, 0, 4]},
               {"time_s": 1, "position": [1, 0, 0], "look_at": [0, 0, 4], "up": [0, -3, 0]},
               {"time_s": 3, "position": [3, 0, 0], "look_at": [0, 0, 4]}"#,
        );
        let found = positions(&path, SPEC);
        assert_eq!(found.len(), 30);
        for (i, p) in found.iter().enumerate() {
            assert!(p.abs_diff_eq(DVec3::new(i as f64 / 10.0, 0.0, 0.0), 1e-12), "{i}: {p}");
        }
        // Longer than the path: the camera waits at the end.
        let found = positions(&path, VideoSpec { frames: Some(35), ..SPEC });
        assert_eq!((found.len(), found[34]), (35, DVec3::new(3.0, 0.0, 0.0)));
    }

    #[test]
    fn a_closed_path_is_smooth_over_its_seam_and_an_open_one_need_not_be() {
        let closed = path(
            r#"{"time_s": 0, "position": [0, 0, 0], "look_at": [0, 0, 4]},
               {"time_s": 1, "position": [1, 0, 0], "look_at": [0, 0, 4]},
               {"time_s": 2, "position": [1, 1, 0], "look_at": [0, 0, 4]},
               {"time_s": 3, "position": [0, 1, 0], "look_at": [0, 0, 4]},
               {"time_s": 4, "position": [0, 0, 0], "look_at": [0, 0, 4]}"#,
        );
        let p = positions(&closed, VideoSpec { fps: 100.0, ..SPEC });
        assert_eq!(p.len(), 400);
        let bend = |i: usize| {
            let at = |i: usize| p[i % 400];
            (at(i + 1) - at(i)).distance(at(i) - at(i + 399))
        };
        // As smooth at the seam as at the keyframe a quarter of the way: the path is a symmetric round.
        assert!((bend(0) - bend(100)).abs() < 1e-9, "{} {}", bend(0), bend(100));
        assert!(bend(0) < 0.001);
    }

    #[test]
    fn a_field_of_view_is_vertical_and_one_keyframe_lasts_one_loop() {
        let scene = random_scene(1, 2, 3, 64, 36);
        let one = path(r#"{"time_s": 0, "position": [0, 0, 0], "look_at": [0, 0, 4], "fov_deg": 90}"#);
        let shots = CameraPath::Keyframes(one).shots(&scene, &VideoSpec { fps: 25.0, ..SPEC }).unwrap();
        assert_eq!(shots.len(), 3);
        assert!(shots[0].camera.focal_px.abs_diff_eq(DVec2::splat(18.0), 1e-9));
        let plain = path(r#"{"time_s": 0, "position": [0, 0, 0], "look_at": [0, 0, 4]}"#);
        let shots = CameraPath::Keyframes(plain).shots(&scene, &SPEC).unwrap();
        assert_eq!(shots[0].camera, scene.reference);
        let zoom = path(
            r#"{"time_s": 0, "position": [0, 0, 0], "look_at": [0, 0, 4], "fov_deg": 20},
               {"time_s": 1, "position": [0, 0, 0], "look_at": [0, 0, 4], "fov_deg": 60}"#,
        );
        let middle = zoom.camera(&scene, 64, 36, 0.5).unwrap();
        assert!((middle.focal_px.y - 18.0 / 20f64.to_radians().tan()).abs() < 1e-9);
    }

    #[test]
    fn bad_paths_are_refused_with_their_place() {
        let error = |json: &str| KeyframePath::parse(json).unwrap_err().to_string();
        let key = r#"{"time_s": 0, "position": [0, 0, 0], "look_at": [0, 0, 4]}"#;
        assert!(error("{").contains("line 1 column"));
        assert!(error(&format!(r#"{{"keyframes": [{key}], "speed": 2}}"#)).contains("unknown field `speed`"));
        assert!(error(&key.replace("time_s", "time")).contains("unknown field"));
        assert_eq!(error(r#"{"keyframes": []}"#), "camera path, keyframes: found none, expected at least one");
        assert_eq!(
            error(&format!(r#"{{"keyframes": [{key}, {key}]}}"#)),
            "camera path, keyframe 1: found time_s 0, expected a time from 0 on, later than that of the keyframe before"
        );
        let with = |from: &str, to: &str| error(&format!(r#"{{"keyframes": [{}]}}"#, key.replace(from, to)));
        assert!(with("\"time_s\": 0", "\"time_s\": -1").contains("keyframe 0: found time_s -1"));
        assert!(with("[0, 0, 4]", "[0, 0, 0]").contains("two different points"));
        assert!(with("[0, 0, 4]", "[0, 0, 1e999]").contains("number out of range"));
        assert!(with("[0, 0, 4]", "[0, 0, 4], \"up\": [0, 0, 1]").contains("found up [0, 0, 1]"));
        assert!(with("[0, 0, 4]", "[0, 0, 4], \"up\": [0, 0, 0]").contains("found up [0, 0, 0]"));
        assert!(with("[0, 0, 4]", "[0, 0, 4], \"fov_deg\": 180").contains("found fov_deg 180"));
        let extra = |extra: &str| error(&format!(r#"{{"keyframes": [{key}], {extra}}}"#));
        assert!(extra("\"fps\": 0").contains("fps: found 0"));
        assert!(extra("\"size\": [0, 9]").contains("size: found 0×9"));
    }

    #[test]
    fn a_direction_lost_on_the_way_is_an_error() {
        let through = path(
            r#"{"time_s": 0, "position": [0, 0, 0], "look_at": [0, 0, 1]},
               {"time_s": 1, "position": [0, 0, 2], "look_at": [0, 0, 1]}"#,
        );
        let found = CameraPath::Keyframes(through).shots(&random_scene(1, 2, 3, 64, 36), &SPEC);
        assert_eq!(found, Err(PathError::NoDirection { time_s: 0.5 }));
    }
}
