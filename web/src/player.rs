//! The player: a package, the GPU that shows it, a camera and a clock.

use crate::error::{of_gpu, of_package};
use crate::parts::Parts;
use crate::screen::Screen;
use camera_step::CameraStep;
use glam::DVec2;
use js_sys::Uint8Array;
use loop3d_viewer::{CameraState, Clock, Display, OrbitCamera, Streamed};
use wasm_bindgen::JsValue;
use wasm_bindgen::prelude::wasm_bindgen;

mod arrivals;
mod camera_step;
mod plan;

/// Plays one scene. Without a screen it reads the package and keeps camera and time.
#[wasm_bindgen]
pub struct Player {
    parts: Parts,
    display: Option<Display>,
    size: [u32; 2],
    scale: f64,
    camera: Option<OrbitCamera>,
    clock: Clock,
    is_blending: bool,
    loop_budget_bytes: u64,
    /// Whether drawing now would change the image.
    is_stale: bool,
}

#[wasm_bindgen]
impl Player {
    /// A player that has read nothing yet. `loop_budget_bytes`: GPU memory for the frames of the loop.
    #[wasm_bindgen(constructor)]
    pub fn new(loop_budget_bytes: f64) -> Self {
        Self {
            parts: Parts::new(),
            display: None,
            size: [1, 1],
            scale: 1.0,
            camera: None,
            clock: Clock::new(1, 1.0),
            is_blending: true,
            // `as` saturates.
            loop_budget_bytes: loop_budget_bytes as u64,
            is_stale: true,
        }
    }

    /// Takes the next bytes of the package. `takeArrived` also lists the parts that were complete before an error.
    pub fn push(&mut self, bytes: &[u8]) -> Result<(), JsValue> {
        let result = self.parts.push(bytes).map_err(|cause| of_package(&cause));
        if let (None, Some((head, layouts))) = (&self.camera, self.parts.plan()) {
            let mut camera = OrbitCamera::new(&head.bare_scene(layouts.tiles.clone()));
            camera.set_shape(self.size[0], self.size[1]);
            self.camera = Some(camera);
            self.clock = Clock::new(head.frames, head.fps);
            self.place_scene()?;
        }
        result
    }

    /// To be called after the last bytes: an error where some are missing.
    pub fn finish(&self) -> Result<(), JsValue> {
        self.parts.finish().map_err(|cause| of_package(&cause))
    }

    /// Indices of the parts that have arrived since the last call.
    #[wasm_bindgen(js_name = takeArrived)]
    pub fn take_arrived(&mut self) -> Vec<u32> {
        self.parts.take_arrived()
    }

    /// The bytes of a part, if they have arrived.
    pub fn part(&self, index: usize) -> Option<Uint8Array> {
        self.parts.part(index).map(Uint8Array::from)
    }

    /// Draws on a screen from now on. Its scene is empty at first.
    pub fn show(&mut self, screen: Screen) -> Result<(), JsValue> {
        self.display = Some(screen.0);
        self.resize(self.size[0], self.size[1], self.scale);
        self.place_scene()?;
        Ok(())
    }

    /// Drops the screen.
    pub fn hide(&mut self) {
        self.display = None;
    }

    /// Whether all static tiles are on the GPU.
    #[wasm_bindgen(js_name = hasStatic)]
    pub fn has_static(&self) -> bool {
        self.display.as_ref().and_then(Display::scene).is_some_and(Streamed::has_static)
    }

    /// Whether the frames of the current moment are on the GPU.
    #[wasm_bindgen(js_name = isReady)]
    pub fn is_ready(&self) -> bool {
        self.display.as_ref().and_then(Display::scene).is_some_and(|scene| scene.is_ready(self.clock.time()))
    }

    /// Chooses the stream to play.
    #[wasm_bindgen(js_name = chooseStream)]
    pub fn choose_stream(&mut self, index: usize) {
        self.parts.choose(index);
    }

    /// Sets the size of the canvas in pixels, and the fraction of it that is drawn along each side.
    pub fn resize(&mut self, width: u32, height: u32, scale: f64) {
        (self.size, self.scale) = ([width.max(1), height.max(1)], scale.clamp(0.1, 1.0));
        self.is_stale = true;
        if let Some(camera) = &mut self.camera {
            camera.set_shape(width.max(1), height.max(1));
        }
        if let Some(display) = &mut self.display {
            display.resize(width, height, self.scale);
        }
    }

    /// Advances the camera and the clock by a stretch of real time. Returns whether the image changes.
    pub fn advance(&mut self, seconds: f64, step: &CameraStep) -> bool {
        let Some(camera) = &mut self.camera else { return false };
        let [width, height] = self.size;
        let before = (camera.camera(width, height), self.clock.time());
        camera.advance(&step.input(), seconds);
        camera.set_pose(step.pose());
        self.clock.advance(seconds);
        self.is_stale |= before != (camera.camera(width, height), self.clock.time());
        self.is_stale
    }

    /// Draws the current frame.
    pub fn draw(&mut self) -> Result<(), JsValue> {
        let (Some(display), Some(camera)) = (&mut self.display, &self.camera) else { return Ok(()) };
        let time = if self.is_blending { self.clock.time() } else { self.clock.time().floor() };
        self.is_stale = false;
        display.draw(camera, time).map_err(|cause| of_gpu(&cause))
    }

    /// Why the GPU has stopped working; nothing while it works.
    pub fn failure(&self) -> Option<js_sys::Error> {
        let cause = self.display.as_ref()?.check().err()?;
        Some(of_gpu(&cause).into())
    }

    /// Sets whether neighbouring frames are blended at moments between them.
    #[wasm_bindgen(js_name = setBlending)]
    pub fn set_blending(&mut self, is_blending: bool) {
        self.is_blending = is_blending;
        self.is_stale = true;
    }

    /// Sets whether the camera sways when nobody moves it.
    #[wasm_bindgen(js_name = setSwaying)]
    pub fn set_swaying(&mut self, is_swaying: bool) {
        if let Some(camera) = &mut self.camera {
            camera.set_swaying(is_swaying);
        }
    }

    /// The state of the camera: orbit x and y (radians), pan x and y (scene units), zoom (doublings).
    pub fn camera(&self) -> Option<Vec<f64>> {
        let CameraState { orbit, pan, zoom } = self.camera.as_ref()?.state();
        Some(vec![orbit.x, orbit.y, pan.x, pan.y, zoom])
    }

    /// Sets the state of the camera; the numbers are those of `camera`.
    #[wasm_bindgen(js_name = setCamera)]
    pub fn set_camera(&mut self, orbit_x: f64, orbit_y: f64, pan_x: f64, pan_y: f64, zoom: f64) {
        if let Some(camera) = &mut self.camera {
            let (orbit, pan) = (DVec2::new(orbit_x, orbit_y), DVec2::new(pan_x, pan_y));
            camera.set_state(&CameraState { orbit, pan, zoom });
            self.is_stale = true;
        }
    }

    /// Position in the loop, in frames.
    #[wasm_bindgen(getter)]
    pub fn time(&self) -> f64 {
        self.clock.time()
    }

    #[wasm_bindgen(setter)]
    pub fn set_time(&mut self, time: f64) {
        self.clock.seek(time);
        self.is_stale = true;
    }

    #[wasm_bindgen(getter)]
    pub fn playing(&self) -> bool {
        self.clock.is_playing()
    }

    #[wasm_bindgen(setter)]
    pub fn set_playing(&mut self, playing: bool) {
        if playing != self.clock.is_playing() {
            self.clock.toggle();
        }
    }

    #[wasm_bindgen(getter)]
    pub fn speed(&self) -> f64 {
        self.clock.speed()
    }

    #[wasm_bindgen(setter)]
    pub fn set_speed(&mut self, speed: f64) {
        self.clock.set_speed(speed);
    }

    #[wasm_bindgen(getter)]
    pub fn reverse(&self) -> bool {
        self.clock.is_reverse()
    }

    #[wasm_bindgen(setter)]
    pub fn set_reverse(&mut self, reverse: bool) {
        if reverse != self.clock.is_reverse() {
            self.clock.reverse();
        }
    }

    /// Loops played since the start or the last seek.
    #[wasm_bindgen(getter)]
    pub fn rounds(&self) -> u32 {
        self.clock.rounds()
    }

    /// Pauses after this many loops from now, or never.
    #[wasm_bindgen(js_name = stopAfter)]
    pub fn stop_after(&mut self, rounds: Option<u32>) {
        self.clock.stop_after(rounds);
    }

    /// Name of the graphics adapter.
    pub fn adapter(&self) -> String {
        self.display.as_ref().map_or_else(String::new, |display| display.gpu().name.clone())
    }

    /// Quads, layers, bytes on the GPU, frames missed.
    pub fn statistics(&self) -> Vec<f64> {
        let Some(display) = &self.display else { return vec![0.0; 4] };
        let scene = display.scene().map(Streamed::statistics);
        let [quads, layers, missed] =
            scene.map_or([0.0; 3], |scene| [scene.quads as f64, scene.layers as f64, scene.missed as f64]);
        vec![quads, layers, display.bytes() as f64, missed]
    }
}

impl Player {
    /// Puts an empty scene on the screen once both exist.
    fn place_scene(&mut self) -> Result<(), JsValue> {
        if let (Some(display), Some((head, layouts))) = (&mut self.display, self.parts.plan()) {
            let scene = Streamed::new(display.gpu().clone(), head, layouts.clone(), self.loop_budget_bytes);
            display.set_scene(scene.map_err(|cause| of_gpu(&cause))?);
        }
        self.is_stale = true;
        Ok(())
    }
}
