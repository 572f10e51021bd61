//! Mouse, touch and keys, collected into one camera input for each frame, and into actions.

use crate::CameraInput;
use glam::DVec2;
use std::time::{Duration, Instant};
use winit::event::{ElementState, KeyEvent, MouseButton, MouseScrollDelta, Touch, TouchPhase, WindowEvent};
use winit::keyboard::{Key, NamedKey};

/// Two clicks within this time and distance are a double click.
const DOUBLE_CLICK: Duration = Duration::from_millis(350);
const DOUBLE_CLICK_PX: f64 = 6.0;

/// Doublings of the zoom for a notch of the wheel: three notches enlarge by half. (On X11, winit 0.30 reports a wheel without an axis of
/// its own, as through VNC or xdotool, at the press and again at the release: there one notch counts twice.) And the pixels of a touchpad
/// that make a notch.
const ZOOM_PER_NOTCH: f64 = 0.2;
const PX_PER_NOTCH: f64 = 60.0;

/// What a key or the overlay asks for.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) enum Action {
    PlayOrPause,
    Step {
        forward: bool,
    },
    Faster,
    Slower,
    Reverse,
    /// To a moment of the loop, in frames.
    Seek(f64),
    Speed(f64),
    /// Pauses after this many rounds.
    Rounds(Option<u32>),
    /// Draws this fraction of the window's pixels, along each side.
    RenderScale(f64),
    /// Whether the camera sways while nobody touches it.
    Sway(bool),
    Screenshot,
    Fullscreen,
    Open,
    /// Open and close cards of the overlay.
    Help,
    Figures,
    Settings,
    /// The open card, full screen, or the window.
    Close,
}

/// What is pressed, and what was done since the last frame.
#[derive(Debug, Default)]
pub(super) struct Controls {
    pointer: DVec2,
    orbits: bool,
    pans: bool,
    last_click: Option<(Instant, DVec2)>,
    /// In pixels.
    orbit: DVec2,
    pan: DVec2,
    zoom: f64,
    reset: bool,
    is_noticed: bool,
    /// Fingers down, each where it is.
    fingers: Vec<(u64, DVec2)>,
}

impl Controls {
    /// The camera input since the last call, in a window of this height in pixels.
    pub(super) fn take(&mut self, height: u32) -> CameraInput {
        let height = f64::from(height.max(1));
        let take = std::mem::take::<DVec2>;
        CameraInput {
            orbit: take(&mut self.orbit) / height,
            pan: take(&mut self.pan) / height,
            zoom: std::mem::take(&mut self.zoom),
            is_held: self.orbits || self.pans || !self.fingers.is_empty(),
            reset: std::mem::take(&mut self.reset),
            is_noticed: std::mem::take(&mut self.is_noticed),
        }
    }

    /// Notes that a person is there.
    pub(super) fn notice(&mut self) {
        self.is_noticed = true;
    }

    /// Notes what an event does to the camera. Returns what else it asks for.
    pub(super) fn event(&mut self, event: &WindowEvent) -> Option<Action> {
        match event {
            WindowEvent::CursorMoved { position, .. } => self.moved(DVec2::new(position.x, position.y)),
            WindowEvent::MouseInput { state, button, .. } => self.button(*button, state.is_pressed()),
            WindowEvent::MouseWheel { delta, .. } => {
                self.zoom += ZOOM_PER_NOTCH
                    * match delta {
                        MouseScrollDelta::LineDelta(_, lines) => f64::from(*lines),
                        MouseScrollDelta::PixelDelta(px) => px.y / PX_PER_NOTCH,
                    };
            }
            WindowEvent::Touch(touch) => self.touch(touch),
            WindowEvent::Focused(false) => (self.orbits, self.pans) = (false, false),
            WindowEvent::KeyboardInput { event, .. } => return self.key(event),
            _ => {}
        }
        None
    }

    fn moved(&mut self, pointer: DVec2) {
        let way = pointer - self.pointer;
        self.pointer = pointer;
        if self.orbits {
            self.orbit += way;
        } else if self.pans {
            self.pan += way;
        }
    }

    fn button(&mut self, button: MouseButton, is_down: bool) {
        match button {
            MouseButton::Left => self.orbits = is_down,
            MouseButton::Right | MouseButton::Middle => self.pans = is_down,
            _ => {}
        }
        if button == MouseButton::Left && is_down {
            let now = Instant::now();
            let click = (now, self.pointer);
            let is_double = self.last_click.is_some_and(|(then, at)| {
                now.duration_since(then) < DOUBLE_CLICK && at.distance(self.pointer) < DOUBLE_CLICK_PX
            });
            self.reset |= is_double;
            // A third click counts as a first one.
            self.last_click = (!is_double).then_some(click);
        }
    }

    /// One finger orbits, two pan and zoom.
    fn touch(&mut self, touch: &Touch) {
        let at = DVec2::new(touch.location.x, touch.location.y);
        let finger = self.fingers.iter().position(|(id, _)| *id == touch.id);
        match (touch.phase, finger) {
            (TouchPhase::Started, None) => self.fingers.push((touch.id, at)),
            (TouchPhase::Moved, Some(index)) => {
                let way = at - self.fingers[index].1;
                match self.fingers[..] {
                    [_] => self.orbit += way,
                    [a, b] => {
                        let other = if index == 0 { b.1 } else { a.1 };
                        let (before, after) = (other.distance(self.fingers[index].1), other.distance(at));
                        self.pan += way / 2.0;
                        self.zoom += if before > 1.0 && after > 1.0 { (after / before).log2() } else { 0.0 };
                    }
                    _ => {}
                }
                self.fingers[index].1 = at;
            }
            (TouchPhase::Ended | TouchPhase::Cancelled, Some(index)) => {
                self.fingers.remove(index);
            }
            _ => {}
        }
    }

    fn key(&mut self, event: &KeyEvent) -> Option<Action> {
        if event.state != ElementState::Pressed {
            return None;
        }
        self.is_noticed = true;
        let action = match event.logical_key.as_ref() {
            Key::Named(NamedKey::ArrowLeft) => return Some(Action::Step { forward: false }),
            Key::Named(NamedKey::ArrowRight) => return Some(Action::Step { forward: true }),
            Key::Character("[") => return Some(Action::Slower),
            Key::Character("]") => return Some(Action::Faster),
            Key::Named(NamedKey::Space) => Action::PlayOrPause,
            Key::Named(NamedKey::Escape) => Action::Close,
            Key::Named(NamedKey::ArrowUp | NamedKey::ArrowDown) => Action::Reverse,
            Key::Character("f" | "F") => Action::Fullscreen,
            Key::Character("s" | "S") => Action::Screenshot,
            Key::Character("h" | "H" | "?") | Key::Named(NamedKey::F1) => Action::Help,
            Key::Character("i" | "I") => Action::Figures,
            Key::Character("q" | "Q") => Action::Settings,
            Key::Character("o" | "O") => Action::Open,
            Key::Character("r" | "R") => {
                self.reset = true;
                return None;
            }
            _ => return None,
        };
        // These do not repeat while a key is held.
        (!event.repeat).then_some(action)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_drag_is_taken_once_and_in_picture_heights() {
        let mut controls = Controls::default();
        controls.moved(DVec2::new(100.0, 50.0));
        assert_eq!(controls.take(100), CameraInput::default());
        controls.button(MouseButton::Left, true);
        controls.moved(DVec2::new(110.0, 45.0));
        controls.moved(DVec2::new(120.0, 45.0));
        let held = CameraInput { is_held: true, ..CameraInput::default() };
        assert_eq!(controls.take(100), CameraInput { orbit: DVec2::new(0.2, -0.05), ..held });
        assert_eq!(controls.take(100), held);
        controls.button(MouseButton::Left, false);
        controls.button(MouseButton::Right, true);
        controls.moved(DVec2::new(120.0, 55.0));
        assert_eq!(controls.take(100), CameraInput { pan: DVec2::new(0.0, 0.1), ..held });
    }

    fn touch(controls: &mut Controls, phase: TouchPhase, id: u64, x: f64, y: f64) {
        let location = winit::dpi::PhysicalPosition::new(x, y);
        let device_id = winit::event::DeviceId::dummy();
        controls.event(&WindowEvent::Touch(Touch { device_id, phase, location, force: None, id }));
    }

    #[test]
    fn one_finger_orbits_and_two_pan_and_zoom() {
        let mut controls = Controls::default();
        let held = CameraInput { is_held: true, ..CameraInput::default() };
        touch(&mut controls, TouchPhase::Started, 1, 100.0, 100.0);
        touch(&mut controls, TouchPhase::Moved, 1, 110.0, 95.0);
        assert_eq!(controls.take(100), CameraInput { orbit: DVec2::new(0.1, -0.05), ..held });
        // The second finger 40 pixels to the right; it goes as far again.
        touch(&mut controls, TouchPhase::Started, 2, 150.0, 95.0);
        touch(&mut controls, TouchPhase::Moved, 2, 190.0, 95.0);
        assert_eq!(controls.take(100), CameraInput { pan: DVec2::new(0.2, 0.0), zoom: 1.0, ..held });
        touch(&mut controls, TouchPhase::Ended, 1, 110.0, 95.0);
        touch(&mut controls, TouchPhase::Moved, 2, 190.0, 105.0);
        assert_eq!(controls.take(100), CameraInput { orbit: DVec2::new(0.0, 0.1), ..held });
        touch(&mut controls, TouchPhase::Cancelled, 2, 190.0, 105.0);
        assert_eq!(controls.take(100), CameraInput::default());
    }

    #[test]
    fn three_notches_of_the_wheel_enlarge_by_half() {
        let mut controls = Controls::default();
        for _ in 0..3 {
            let device_id = winit::event::DeviceId::dummy();
            let (delta, phase) = (MouseScrollDelta::LineDelta(0.0, 1.0), TouchPhase::Moved);
            controls.event(&WindowEvent::MouseWheel { device_id, delta, phase });
        }
        assert!((controls.take(100).zoom.exp2() - 1.5).abs() < 0.02);
    }

    #[test]
    fn a_double_click_resets_once() {
        let mut controls = Controls::default();
        let mut click = || {
            controls.button(MouseButton::Left, true);
            controls.button(MouseButton::Left, false);
            controls.take(100).reset
        };
        assert_eq!([click(), click(), click(), click()], [false, true, false, true]);
    }
}
