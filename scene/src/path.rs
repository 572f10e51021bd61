//! Camera paths: the camera and the moment of the loop for each frame of a video.

mod keyframes;
mod spiral;

use crate::{Blame, Camera, Fault, Scene};
pub use keyframes::{Keyframe, KeyframePath};

/// Frames of the spiral at the scene's rate, before rounding up to whole loops (METHOD §1.6).
const SPIRAL_FRAMES: f64 = 120.0;

/// Where the camera goes.
#[derive(Clone, Debug, PartialEq)]
pub enum CameraPath {
    /// Two turns around the reference camera (METHOD §1.6). It ends where it starts.
    Spiral,
    /// The camera of a captured view, by its index. It does not move.
    View(usize),
    /// A path from a file.
    Keyframes(KeyframePath),
}

/// Size, rate and length of a video along a path.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct VideoSpec {
    /// Width in pixels.
    pub width: u32,
    /// Height in pixels.
    pub height: u32,
    /// Frames per second of the video. The loop keeps the scene's own speed: its frames are blended or skipped.
    pub fps: f64,
    /// Number of frames; `None` for the path's own length. Spiral and view then last a whole number of loops, so that the
    /// video itself loops.
    pub frames: Option<usize>,
    /// Frame of the loop that the video starts with.
    pub start: f64,
}

/// One frame of a video.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Shot {
    /// The camera.
    pub camera: Camera,
    /// Moment of the loop, in its frames; not reduced to the loop's length.
    pub time: f64,
}

/// Why a path gives no frames.
#[derive(Clone, Debug, PartialEq, thiserror::Error)]
pub enum PathError {
    /// Not the JSON of a path; serde names line and column.
    #[error("camera path: {0}")]
    Json(String),
    /// A keyframe with bad values.
    #[error("camera path, keyframe {index}: found {found}, expected {expected}")]
    Keyframe {
        /// Counted from 0.
        index: usize,
        /// What was found there.
        found: String,
        /// What was expected.
        expected: &'static str,
    },
    /// Another bad value of a path.
    #[error("camera path, {place}: found {found}, expected {expected}")]
    Value {
        /// Name of the value.
        place: &'static str,
        /// What was found there.
        found: String,
        /// What was expected.
        expected: &'static str,
    },
    /// The size, rate or start of the video is out of range.
    #[error("video, {value}: found {found}, expected {expected}")]
    VideoSpec {
        /// Name of the value.
        value: &'static str,
        /// What was asked for.
        found: String,
        /// What was expected.
        expected: &'static str,
    },
    /// Between keyframes the camera reaches the point that it looks at, or looks along `up`.
    #[error(
        "camera path at {time_s:.2} s: the camera has no direction: found `look_at` at its position or along `up`, \
         expected keyframes that keep them apart"
    )]
    NoDirection {
        /// Seconds from the start.
        time_s: f64,
    },
    /// The scene has no such view.
    #[error("the scene has no view {index}; its views are 0 to {}", count.saturating_sub(1))]
    NoView {
        /// What was asked for.
        index: usize,
        /// Views of the scene.
        count: usize,
    },
}

impl Blame for PathError {
    fn fault(&self) -> Fault {
        match self {
            Self::Json(_) | Self::Keyframe { .. } | Self::Value { .. } | Self::NoDirection { .. } => Fault::Input,
            Self::VideoSpec { .. } | Self::NoView { .. } => Fault::Usage,
        }
    }
}

impl CameraPath {
    /// Camera and moment of each frame of the video, at least one.
    ///
    /// # Errors
    /// The scene does not have the view, the path has no direction somewhere, or the video has no size or rate.
    pub fn shots(&self, scene: &Scene, spec: &VideoSpec) -> Result<Vec<Shot>, PathError> {
        let &VideoSpec { width, height, fps, start, .. } = spec;
        let bad = |value, found: String, expected| Err(PathError::VideoSpec { value, found, expected });
        if width == 0 || height == 0 {
            return bad("size", format!("{width}×{height}"), "at least 1×1");
        }
        if !(fps.is_finite() && fps > 0.0) {
            return bad("fps", fps.to_string(), "a positive number");
        }
        if !start.is_finite() {
            return bad("start", start.to_string(), "a number");
        }
        let (count, step) = self.frames(scene, spec);
        let camera_at = |index: usize| match self {
            Self::Spiral => Ok(spiral::camera(scene, width, height, index as f64 / count as f64)),
            Self::View(view) => match scene.views.get(*view) {
                Some(view) => Ok(view.camera.covering(width, height)),
                None => Err(PathError::NoView { index: *view, count: scene.views.len() }),
            },
            Self::Keyframes(path) => path.camera(scene, width, height, index as f64 / fps),
        };
        (0..count).map(|i| Ok(Shot { camera: camera_at(i)?, time: start + i as f64 * step })).collect()
    }

    /// Number of frames of the video, and frames of the loop between two of them.
    fn frames(&self, scene: &Scene, spec: &VideoSpec) -> (usize, f64) {
        let frames_per_loop_frame = spec.fps / scene.fps;
        if let Some(count) = spec.frames {
            return (count.max(1), 1.0 / frames_per_loop_frame);
        }
        let loop_frames = scene.frames as f64 * frames_per_loop_frame;
        let at_least = match self {
            Self::Spiral => SPIRAL_FRAMES * frames_per_loop_frame,
            Self::Keyframes(path) if path.duration_s() > 0.0 => {
                let count = (path.duration_s() * spec.fps).round() as usize;
                return (count.max(1), 1.0 / frames_per_loop_frame);
            }
            Self::View(_) | Self::Keyframes(_) => loop_frames,
        };
        // Whole loops. Where a loop is not a whole number of the video's frames, its speed changes slightly.
        let loops = (at_least / loop_frames - 1e-9).ceil().max(1.0);
        let count = (loops * loop_frames).round().max(1.0);
        (count as usize, loops * scene.frames as f64 / count)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing::random_scene;

    const SPEC: VideoSpec = VideoSpec { width: 64, height: 36, fps: 25.0, frames: None, start: 0.0 };

    #[test]
    fn a_spiral_lasts_whole_loops_and_ends_where_it_starts() {
        for (frames, expected) in [(1, 120), (7, 126), (50, 150), (60, 120), (121, 121)] {
            let scene = Scene { frames, ..random_scene(1, 2, 1, 64, 36) };
            let shots = CameraPath::Spiral.shots(&scene, &SPEC).unwrap();
            assert_eq!(shots.len(), expected);
            assert_eq!(shots.len() % frames, 0);
            assert_eq!(shots[expected - 1].time, (expected - 1) as f64);
            // The step over the seam is as small as the others.
            let step = |a: &Shot, b: &Shot| a.camera.position().distance(b.camera.position());
            let longest = shots.windows(2).map(|w| step(&w[0], &w[1])).fold(0.0, f64::max);
            assert!(longest > 0.0 && step(&shots[expected - 1], &shots[0]) <= longest * 1.001);
            let after = spiral::camera(&scene, 64, 36, 1.0).position();
            assert!(after.distance(shots[0].camera.position()) < 1e-12);
        }
    }

    #[test]
    fn another_rate_keeps_the_speed_of_the_loop_and_closes_it() {
        let scene = Scene { frames: 7, ..random_scene(1, 2, 1, 64, 36) };
        let shots = CameraPath::Spiral.shots(&scene, &VideoSpec { fps: 30.0, ..SPEC }).unwrap();
        // 18 loops of 7 frames at 25 fps are 151.2 frames at 30 fps.
        assert_eq!(shots.len(), 151);
        let step = shots[1].time;
        assert!((step * 151.0 - 18.0 * 7.0).abs() < 1e-9 && (step - 25.0 / 30.0).abs() < 0.002);
        let exact =
            CameraPath::Spiral.shots(&scene, &VideoSpec { fps: 50.0, frames: Some(4), start: 2.5, ..SPEC }).unwrap();
        assert_eq!(exact.iter().map(|s| s.time).collect::<Vec<_>>(), [2.5, 3.0, 3.5, 4.0]);
    }

    #[test]
    fn a_view_is_its_camera_for_one_loop() {
        let scene = Scene { frames: 9, ..random_scene(1, 2, 1, 64, 36) };
        let shots = CameraPath::View(2).shots(&scene, &SPEC).unwrap();
        assert_eq!(shots.len(), 9);
        assert!(shots.iter().all(|s| s.camera == scene.views[2].camera));
        let error = CameraPath::View(3).shots(&scene, &SPEC).unwrap_err();
        assert_eq!(error.to_string(), "the scene has no view 3; its views are 0 to 2");
    }

    #[test]
    fn a_video_without_size_rate_or_start_is_refused() {
        let scene = random_scene(1, 2, 1, 64, 36);
        let error = |spec: VideoSpec| {
            let error = CameraPath::Spiral.shots(&scene, &spec).unwrap_err();
            assert_eq!(error.fault(), Fault::Usage);
            error.to_string()
        };
        assert!(error(VideoSpec { width: 0, ..SPEC }).contains("found 0×36"));
        assert!(error(VideoSpec { fps: f64::NAN, ..SPEC }).contains("fps: found NaN"));
        assert!(error(VideoSpec { start: f64::INFINITY, ..SPEC }).contains("start: found inf"));
    }
}
