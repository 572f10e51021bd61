//! The camera that a person moves: it orbits around the focus, pans and zooms, and stays within the captured range.
//!
//! Everything is in the axes of the reference camera. Mouse, touch and keys write one [`CameraInput`] a frame; the camera reads that and
//! nothing else.

use glam::{DAffine3, DVec2, DVec3};
use loop3d_scene::{Camera, Scene};

/// Seconds in which a released motion falls to 1/e.
const INERTIA_S: f64 = 0.18;

/// Seconds in which what lies beyond a limit comes back to 1/e of it.
const RETURN_S: f64 = 0.12;

/// Beyond its limits a value gives way by this part of its range and no more.
const GIVE: f64 = 0.15;

/// Rows of texels that the greatest zoom still shows; fewer are a blur. And the bounds of that zoom.
const LEAST_ROWS: f64 = 90.0;
const MOST_ZOOM: [f64; 2] = [2.0, 8.0];

/// Untouched for so long, the camera begins to sway.
const IDLE_S: f64 = 4.0;

/// Seconds over which the sway grows to its full size, the part of the range that it fills, and the seconds of its two swings.
const SWAY_RAMP_S: f64 = 3.0;
const SWAY_PART: f64 = 0.5;
const SWAY_PERIOD_S: DVec2 = DVec2::new(9.0, 13.0);

/// Smallest limit of the orbit, in radians, so that a capture from one position still responds to a drag.
const LEAST_ORBIT: f64 = 0.01;

/// What a person does to the camera in one frame, from every device together.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct CameraInput {
    /// Drag of the orbit in image heights, x to the right, y down.
    pub orbit: DVec2,
    /// Drag of the image in image heights.
    pub pan: DVec2,
    /// Doublings of the size of things; negative makes them smaller.
    pub zoom: f64,
    /// A button or finger is down: the camera rests where it is held.
    pub is_held: bool,
    /// Back to the reference camera.
    pub reset: bool,
    /// A key was pressed that is none of the camera's: somebody is there, and it does not sway.
    pub is_noticed: bool,
}

/// A value that is dragged, swings on, and is softly kept within limits.
#[derive(Clone, Copy, Debug, PartialEq)]
struct Axis {
    value: f64,
    /// Per second.
    velocity: f64,
    low: f64,
    high: f64,
}

impl Axis {
    fn new(low: f64, high: f64) -> Self {
        Self { value: 0.0, velocity: 0.0, low, high }
    }

    fn range(&self) -> f64 {
        self.high - self.low
    }

    fn advance(&mut self, drag: f64, is_held: bool, seconds: f64) {
        let give = GIVE * self.range();
        // Resistance grows to a standstill at the end of the give.
        let beyond = if drag > 0.0 { self.value - self.high } else { self.low - self.value };
        let ease = if give > 0.0 { (1.0 - beyond.max(0.0) / give).clamp(0.0, 1.0) } else { 0.0 };
        if is_held {
            self.value += drag * ease;
            self.velocity = drag * ease / seconds;
        } else {
            // A step of a wheel or a key, spread over the inertia, so that it ends where it was meant to.
            self.velocity += drag * ease / INERTIA_S;
            let fall = (-seconds / INERTIA_S).exp();
            self.value += self.velocity * INERTIA_S * (1.0 - fall);
            self.velocity *= fall;
        }
        let inside = self.value.clamp(self.low, self.high);
        if !is_held && self.value != inside {
            self.velocity = 0.0;
            self.value = inside + (self.value - inside) * (-seconds / RETURN_S).exp();
        }
        self.value = self.value.clamp(self.low - give, self.high + give);
    }

    fn reset(&mut self) {
        (self.value, self.velocity) = (0.0, 0.0);
    }
}

/// The camera that a person moves.
#[derive(Clone, Debug, PartialEq)]
pub struct OrbitCamera {
    reference: Camera,
    /// Depth of the point that the camera orbits around.
    focus: f64,
    /// Angles of the camera's position as seen from the focus, to the right and down.
    orbit: [Axis; 2],
    /// Shift of camera and focus.
    pan: [Axis; 2],
    /// Doublings of the focal length.
    zoom: Axis,
    idle_s: f64,
    /// Where a mouse or a tilted phone looks from, on top of the orbit: −1 to 1 is the whole range.
    pose: DVec2,
    is_swaying: bool,
    /// On top of all the rest, in the camera's axes: what makes the view that it started from exact.
    start: DAffine3,
}

/// Most that zoom enlarges in a scene of this reference camera, whose pixels are its texels.
fn most_zoom(reference: &Camera) -> f64 {
    (f64::from(reference.height) / LEAST_ROWS).clamp(MOST_ZOOM[0], MOST_ZOOM[1])
}

/// Where the camera is, without sway or tilt: what a link to a view keeps.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct CameraState {
    /// The two angles, in radians.
    pub orbit: DVec2,
    /// Shift, in units of the reference camera's axes.
    pub pan: DVec2,
    /// Doublings of the size of things.
    pub zoom: f64,
}

impl OrbitCamera {
    /// A camera at the reference camera. Its limits come from the positions of the scene's views.
    pub fn new(scene: &Scene) -> Self {
        let focus = scene.planes.focus();
        let reference_from_world = scene.reference.world_from_camera.inverse();
        let places = scene.views.iter().map(|view| reference_from_world.transform_point3(view.camera.position()));
        let (low, high) =
            places.fold((DVec3::ZERO, DVec3::ZERO), |(low, high), place| (low.min(place), high.max(place)));
        let orbit = |low: f64, high: f64| {
            Axis::new((low / focus).atan().min(-LEAST_ORBIT), (high / focus).atan().max(LEAST_ORBIT))
        };
        // The orbit alone reaches every captured position; pan adds half as much.
        let pan = |low: f64, high: f64| Axis::new(0.5 * low, 0.5 * high);
        Self {
            reference: scene.reference,
            focus,
            orbit: [orbit(low.x, high.x), orbit(low.y, high.y)],
            pan: [pan(low.x, high.x), pan(low.y, high.y)],
            zoom: Axis::new(0.0, most_zoom(&scene.reference).log2()),
            start: DAffine3::IDENTITY,
            idle_s: 0.0,
            pose: DVec2::ZERO,
            is_swaying: true,
        }
    }

    /// Its state.
    pub fn state(&self) -> CameraState {
        let pair = |axes: &[Axis; 2]| DVec2::new(axes[0].value, axes[1].value);
        CameraState { orbit: pair(&self.orbit), pan: pair(&self.pan), zoom: self.zoom.value }
    }

    /// Moves to a state, as far as the limits allow.
    pub fn set_state(&mut self, state: &CameraState) {
        let CameraState { orbit, pan, zoom } = *state;
        let [across, down] = &mut self.orbit;
        let [right, below] = &mut self.pan;
        let axes = [across, down, right, below, &mut self.zoom];
        for (axis, value) in axes.into_iter().zip([orbit.x, orbit.y, pan.x, pan.y, zoom]) {
            if value.is_finite() {
                (axis.value, axis.velocity) = (value.clamp(axis.low, axis.high), 0.0);
            }
        }
        self.idle_s = 0.0;
    }

    /// Offsets the orbit by `pose`: 1 is half of the range, to the right and down. The limits hold.
    pub fn set_pose(&mut self, pose: DVec2) {
        if pose.is_finite() {
            self.pose = pose;
        }
    }

    /// Lets zoom go out until an image of this shape shows all that the reference camera does.
    pub fn set_shape(&mut self, width: u32, height: u32) {
        let [across, down] = [(width, self.reference.width), (height, self.reference.height)]
            .map(|(to, of)| f64::from(to) / f64::from(of));
        self.zoom.low = (across.min(down) / across.max(down)).log2().min(0.0);
    }

    /// Sets whether it sways while idle.
    pub fn set_swaying(&mut self, is_swaying: bool) {
        self.is_swaying = is_swaying;
    }

    /// The least and greatest angle to the right, and down, in radians.
    pub fn orbit_limits(&self) -> [[f64; 2]; 2] {
        self.orbit.map(|axis| [axis.low, axis.high])
    }

    /// Advances by `seconds` of real time, with the input of that time.
    pub fn advance(&mut self, input: &CameraInput, seconds: f64) {
        if !(seconds.is_finite() && seconds > 0.0) {
            return;
        }
        let CameraInput { orbit, pan, zoom, is_held, reset, .. } = *input;
        if *input != CameraInput::default() {
            // The drag starts from where the sway had moved the camera.
            let sway = self.sway();
            self.orbit[0].value += sway.x;
            self.orbit[1].value += sway.y;
            self.idle_s = 0.0;
        } else {
            self.idle_s += seconds;
        }
        if reset {
            self.orbit.iter_mut().chain(&mut self.pan).for_each(Axis::reset);
            self.zoom.reset();
            self.start = DAffine3::IDENTITY;
            return;
        }
        // The scene follows the pointer, so the camera moves the other way. A drag of half the image's height spans the whole range.
        let [across, down] = &mut self.orbit;
        across.advance(-2.0 * orbit.x * across.range(), is_held, seconds);
        down.advance(-2.0 * orbit.y * down.range(), is_held, seconds);
        // At the depth of the focus, things stay under the pointer.
        let height =
            f64::from(self.reference.height) / (self.reference.focal_px.y * self.zoom.value.exp2()) * self.focus;
        self.pan[0].advance(-pan.x * height, is_held, seconds);
        self.pan[1].advance(-pan.y * height, is_held, seconds);
        self.zoom.advance(zoom, is_held, seconds);
    }

    /// Moves to another camera, and looks where that looks, until a reset. Only its lens is not taken.
    pub fn look_from(&mut self, camera: &Camera) {
        let reference_from_world = self.reference.world_from_camera.inverse();
        let place = reference_from_world.transform_point3(camera.position());
        for (axis, shift) in self.orbit.iter_mut().zip([place.x, place.y]) {
            axis.value = (shift / self.focus).atan().clamp(axis.low, axis.high);
            axis.velocity = 0.0;
        }
        self.start = self.pose(self.angles()).inverse() * reference_from_world * camera.world_from_camera;
    }

    /// The two angles, without sway and tilt.
    fn angles(&self) -> DVec2 {
        DVec2::new(self.orbit[0].value, self.orbit[1].value)
    }

    /// The camera at these angles, which looks at the focus, in the axes of the reference camera.
    fn pose(&self, angles: DVec2) -> DAffine3 {
        let pan = DVec3::new(self.pan[0].value, self.pan[1].value, 0.0);
        let target = DVec3::Z * self.focus + pan;
        // In the plane of the captured positions, so that a captured position is reached exactly.
        let position = DVec3::new(angles.x.tan(), angles.y.tan(), 0.0) * self.focus + pan;
        // Never degenerate: the target lies ahead by the focus.
        Camera::pose_looking_at(position, target, DVec3::NEG_Y).unwrap_or(DAffine3::IDENTITY)
    }

    /// The idle camera's offset in its two angles.
    fn sway(&self) -> DVec2 {
        let swinging_s = self.idle_s - IDLE_S;
        if swinging_s <= 0.0 || !self.is_swaying {
            return DVec2::ZERO;
        }
        let size = SWAY_PART * (swinging_s / SWAY_RAMP_S).min(1.0);
        let swing = |axis: &Axis, period: f64| {
            let wave = (std::f64::consts::TAU * swinging_s / period).sin();
            // Towards the limits from its present position.
            size * if wave > 0.0 {
                wave * (axis.high - axis.value).max(0.0)
            } else {
                wave * (axis.value - axis.low).max(0.0)
            }
        };
        DVec2::new(swing(&self.orbit[0], SWAY_PERIOD_S.x), swing(&self.orbit[1], SWAY_PERIOD_S.y))
    }

    /// The camera for an image of any size. Without zoom it shows no more than the reference camera does: what does not fit the shape is
    /// cropped. Zoomed out ([`OrbitCamera::set_shape`]), it shows all of that, with nothing around it.
    pub fn camera(&self, width: u32, height: u32) -> Camera {
        let mut angles = self.angles() + self.sway();
        if self.pose != DVec2::ZERO {
            let [across, down] = self.orbit;
            angles += 0.5 * self.pose * DVec2::new(across.range(), down.range());
            angles = angles.clamp(DVec2::new(across.low, down.low), DVec2::new(across.high, down.high));
        }
        let camera = self.reference.covering(width, height);
        Camera {
            world_from_camera: self.reference.world_from_camera * self.pose(angles) * self.start,
            focal_px: camera.focal_px * self.zoom.value.exp2(),
            ..camera
        }
    }
}

#[cfg(test)]
mod tests;
