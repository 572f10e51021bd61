//! The native window: mouse and keys, the clock, the overlay and the renderer.

mod bar;
mod controls;
mod dialog;
mod icons;
mod overlay;
mod pace;
mod panels;
mod screen;
mod shown;
mod style;
mod timer;

use crate::{Clock, OrbitCamera, RenderError, RendererOptions};
use controls::{Action, Controls};
use dialog::{Choice, Dialog};
use loop3d_scene::{Blame, Camera, Fault, Scene};
use pace::Pace;
use screen::Screen;
use shown::{Card, Facts, Figures, Panels, ROOM_FOR_CARDS, SCALES};
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::{Duration, Instant};
use winit::application::ApplicationHandler;
use winit::dpi::PhysicalSize;
use winit::event::WindowEvent;
use winit::event_loop::{ActiveEventLoop, ControlFlow, EventLoop};
use winit::window::{Fullscreen, Window, WindowId};

/// A device that fails again within this time is given up.
const RECOVERY: Duration = Duration::from_secs(5);

/// How long a message is shown.
const NOTE_STAYS: Duration = Duration::from_secs(5);

/// Saves a screenshot (`[height, width, 3]` bytes, width, height) and returns its path, or why it could not.
pub type SaveScreenshot = dyn Fn(&[u8], u32, u32) -> Result<PathBuf, String>;

/// Reads the file of a scene that was dropped on the window or chosen in its dialog, or says why it could not.
pub type LoadScene = dyn Fn(&Path) -> Result<Scene, String>;

/// What the window starts with.
pub struct WindowOptions {
    /// Width and height in pixels; `None` for the reference camera's aspect ratio at up to 1280×720.
    pub size: Option<[u32; 2]>,
    /// Frame of the loop to start with.
    pub time: f64,
    /// Camera whose position the view starts from.
    pub from: Option<Camera>,
    /// Shown until a scene is opened, in a window that starts without one.
    pub invitation: Option<String>,
    /// How to draw.
    pub renderer: RendererOptions,
    /// Saves screenshots (key S).
    pub save: Box<SaveScreenshot>,
    /// Reads other scenes.
    pub load: Box<LoadScene>,
}

/// Why a window could not be opened or was closed.
#[derive(Debug, thiserror::Error)]
pub enum WindowError {
    /// There is no display, or it refuses.
    #[error("cannot open a window: {0}; without one, use view --screenshot, render, or serve (in a browser)")]
    NoWindow(String),
    /// Nothing can be drawn.
    #[error(transparent)]
    Render(#[from] RenderError),
}

impl Blame for WindowError {
    fn fault(&self) -> Fault {
        match self {
            Self::NoWindow(_) => Fault::Machine,
            Self::Render(error) => error.fault(),
        }
    }
}

/// winit panics where a library of X11 is missing; this makes it an error.
fn open_event_loop() -> Result<EventLoop<()>, WindowError> {
    let hook = std::panic::take_hook();
    std::panic::set_hook(Box::new(|_| {}));
    let opened = std::panic::catch_unwind(EventLoop::new);
    std::panic::set_hook(hook);
    let missing =
        "a library of the window system is missing (Debian: apt-get install libxkbcommon-x11-0 libxcursor1 libxi6)";
    let opened = opened.map_err(|_| WindowError::NoWindow(missing.to_owned()))?;
    opened.map_err(|e| {
        let said = e.to_string();
        // winit starts with a position in its own source.
        let reason =
            said.rsplit_once(".rs:").and_then(|(_, rest)| rest.split_once(": ")).map_or(&*said, |(_, reason)| reason);
        WindowError::NoWindow(reason.to_owned())
    })
}

/// Shows a scene until the window is closed. `name` appears in the title.
///
/// # Errors
/// There is no display, no GPU that draws to it, or the GPU fails twice in a row.
pub fn show(scene: Arc<Scene>, name: String, options: WindowOptions) -> Result<(), WindowError> {
    let event_loop = open_event_loop()?;
    event_loop.set_control_flow(ControlFlow::Poll);
    let mut viewer = Viewer::new(scene, name, options);
    event_loop.run_app(&mut viewer).map_err(|e| WindowError::NoWindow(e.to_string()))?;
    viewer.error.map_or(Ok(()), Err)
}

struct Viewer {
    scene: Arc<Scene>,
    name: String,
    /// The last message, and when it was shown.
    note: Option<(String, Instant)>,
    options: WindowOptions,
    camera: OrbitCamera,
    clock: Clock,
    controls: Controls,
    panels: Panels,
    dialog: Option<Dialog>,
    render_scale: f64,
    sways: bool,
    pace: Pace,
    screen: Option<Screen>,
    error: Option<WindowError>,
    last_frame: Instant,
    last_recovery: Option<Instant>,
}

impl Viewer {
    fn new(scene: Arc<Scene>, name: String, options: WindowOptions) -> Self {
        let mut camera = OrbitCamera::new(&scene);
        let mut clock = Clock::new(scene.frames, scene.fps);
        clock.seek(options.time);
        if let Some(from) = &options.from {
            camera.look_from(from);
        }
        Self {
            camera,
            clock,
            scene,
            name,
            note: None,
            options,
            controls: Controls::default(),
            panels: Panels::default(),
            dialog: None,
            render_scale: 1.0,
            sways: true,
            pace: Pace::new(),
            screen: None,
            error: None,
            last_frame: Instant::now(),
            last_recovery: None,
        }
    }

    fn open(&mut self, event_loop: &ActiveEventLoop) -> Result<(), WindowError> {
        let window = match self.screen.take() {
            Some(old) => Arc::clone(&old.window),
            None => {
                let [width, height] = self.options.size.unwrap_or_else(|| {
                    let Camera { width, height, .. } = self.scene.reference;
                    let scale = (1280.0 / f64::from(width)).min(720.0 / f64::from(height));
                    [width, height].map(|side| (f64::from(side) * scale).round().max(1.0) as u32)
                });
                let attributes =
                    Window::default_attributes().with_title("loop3d").with_inner_size(PhysicalSize::new(width, height));
                Arc::new(event_loop.create_window(attributes).map_err(|e| WindowError::NoWindow(e.to_string()))?)
            }
        };
        let renderer = &self.options.renderer;
        let display = event_loop.owned_display_handle();
        window.set_title(&format!("{} – loop3d", self.name));
        self.screen = Some(Screen::open(window, &display, Arc::clone(&self.scene), renderer, self.render_scale)?);
        self.last_frame = Instant::now();
        Ok(())
    }

    fn fail(&mut self, event_loop: &ActiveEventLoop, error: WindowError) {
        self.error.get_or_insert(error);
        event_loop.exit();
    }

    fn frame(&mut self, event_loop: &ActiveEventLoop) {
        let now = Instant::now();
        let seconds = now.duration_since(self.last_frame).as_secs_f64();
        self.last_frame = now;
        self.take_choice(event_loop);
        if self.is_small() {
            self.panels.keep_one();
        }
        let Some(screen) = &mut self.screen else { return };
        let facts = Facts {
            sways: self.sways,
            invitation: self.options.invitation.as_deref(),
            clock: &self.clock,
            is_fullscreen: screen.window.fullscreen().is_some(),
            render_scale: self.render_scale,
            note: self.note.as_ref().filter(|(_, when)| when.elapsed() < NOTE_STAYS).map(|(text, _)| text.as_str()),
            figures: self.panels.figures.then(|| figures(&self.scene, screen, &self.pace)),
        };
        let mut actions = Vec::new();
        let painting =
            screen.overlay.run(&screen.gpu, &screen.window, (&facts, &self.panels), seconds as f32, &mut actions);
        // In full screen the pointer fades with the overlay.
        screen.window.set_cursor_visible(screen.window.fullscreen().is_none() || !screen.overlay.is_gone());
        if !screen.overlay.is_scrubbing() {
            self.clock.advance(seconds);
        }
        self.camera.advance(&self.controls.take(screen.height()), seconds);
        match screen.draw(&self.camera, self.clock.time(), &painting) {
            Ok(waited) => {
                screen.renderer.prepare(self.clock.soon(seconds));
                self.pace.count(now, now.elapsed().saturating_sub(waited));
            }
            Err(error) => {
                // A lost device is opened again, but not if it is lost again at once.
                let again = self.last_recovery.is_some_and(|last| now.duration_since(last) < RECOVERY);
                self.last_recovery = Some(now);
                let result = if again { Err(error.into()) } else { self.open(event_loop) };
                if let Err(error) = result {
                    return self.fail(event_loop, error);
                }
            }
        }
        for action in actions {
            self.act(event_loop, action);
        }
        if let Some(screen) = &self.screen {
            screen.window.request_redraw();
        }
    }

    fn act(&mut self, event_loop: &ActiveEventLoop, action: Action) {
        match action {
            Action::PlayOrPause => self.clock.toggle(),
            Action::Step { forward } => self.clock.step(forward),
            Action::Faster => self.clock.set_speed(self.clock.speed() * 1.25),
            Action::Slower => self.clock.set_speed(self.clock.speed() / 1.25),
            Action::Reverse => self.clock.reverse(),
            Action::Seek(time) => self.clock.seek(time),
            Action::Speed(speed) => self.clock.set_speed(speed),
            Action::Rounds(rounds) => self.clock.stop_after(rounds),
            Action::RenderScale(scale) => {
                self.render_scale = scale.clamp(SCALES[0], SCALES[1]);
                if let Some(screen) = &mut self.screen {
                    screen.set_scale(self.render_scale);
                }
            }
            Action::Sway(sways) => {
                self.sways = sways;
                self.camera.set_swaying(sways);
            }
            Action::Screenshot => self.screenshot(),
            Action::Fullscreen => {
                if let Some(Screen { window, .. }) = &self.screen {
                    let full = window.fullscreen().is_none().then_some(Fullscreen::Borderless(None));
                    window.set_fullscreen(full);
                }
            }
            Action::Open => {
                if let (None, Some(screen)) = (&self.dialog, &self.screen) {
                    self.dialog = Some(Dialog::open(&screen.window));
                }
            }
            Action::Help => self.panels.toggle(Card::Help, self.is_small()),
            Action::Figures => self.panels.toggle(Card::Figures, self.is_small()),
            Action::Settings => self.panels.toggle(Card::Settings, self.is_small()),
            Action::Close => self.close(event_loop),
        }
    }

    /// Whether cards would lie on each other.
    fn is_small(&self) -> bool {
        self.screen.as_ref().is_some_and(|screen| {
            let points = |side: u32| f64::from(side) / screen.window.scale_factor();
            points(screen.width().min(screen.height())) < ROOM_FOR_CARDS
        })
    }

    /// Closes the open card, else leaves full screen, else closes the window.
    fn close(&mut self, event_loop: &ActiveEventLoop) {
        let window = self.screen.as_ref().map(|screen| &screen.window);
        if self.panels.help || self.panels.settings {
            (self.panels.help, self.panels.settings) = (false, false);
        } else if let Some(window) = window.filter(|window| window.fullscreen().is_some()) {
            window.set_fullscreen(None);
        } else {
            event_loop.exit();
        }
    }

    fn notify(&mut self, note: String) {
        self.note = Some((note, Instant::now()));
    }

    /// Acts on the dialog's answer, once it has one.
    fn take_choice(&mut self, event_loop: &ActiveEventLoop) {
        let Some(choice) = self.dialog.as_ref().and_then(Dialog::choice) else { return };
        self.dialog = None;
        match choice {
            Choice::File(path) => self.open_file(event_loop, &path),
            Choice::Nothing => {}
            Choice::NoDialog => self.notify(
                "No file dialog is available (on Linux it needs a desktop portal or zenity). Drop a scene on the window instead."
                    .to_owned(),
            ),
        }
    }

    fn screenshot(&mut self) {
        let Some(screen) = &mut self.screen else { return };
        let [width, height] = [screen.width(), screen.height()];
        let saved = screen.renderer.render(&self.camera.camera(width, height), self.clock.time());
        let saved = saved.map_err(|e| e.to_string()).and_then(|rgb| (self.options.save)(&rgb, width, height));
        self.notify(match saved {
            Ok(path) => format!("wrote {}", path.display()),
            Err(why) => format!("could not save a screenshot: {why}"),
        });
    }

    fn open_file(&mut self, event_loop: &ActiveEventLoop, path: &Path) {
        match (self.options.load)(path) {
            Ok(scene) => {
                self.scene = Arc::new(scene);
                self.camera = OrbitCamera::new(&self.scene);
                self.camera.set_swaying(self.sways);
                if let Some(screen) = &self.screen {
                    self.camera.set_shape(screen.width(), screen.height());
                }
                self.options.invitation = None;
                self.clock = Clock::new(self.scene.frames, self.scene.fps);
                self.name = path.file_name().unwrap_or_default().to_string_lossy().into_owned();
                self.note = None;
                if let Err(error) = self.open(event_loop) {
                    self.fail(event_loop, error);
                }
            }
            Err(why) => self.notify(why),
        }
    }
}

fn figures(scene: &Scene, screen: &Screen, pace: &Pace) -> Figures {
    let (static_tiles, looping_tiles) = scene.tiles.counts();
    Figures {
        adapter: screen.renderer.adapter().to_owned(),
        tiles: [static_tiles, looping_tiles],
        renderer: screen.renderer.statistics(),
        size: screen.drawn_size(),
        bytes: screen.bytes(),
        fps: pace.fps,
        cpu_ms: pace.cpu_ms,
        gpu_ms: screen.gpu_ms(),
    }
}

impl ApplicationHandler for Viewer {
    fn resumed(&mut self, event_loop: &ActiveEventLoop) {
        if self.screen.is_none() {
            match self.open(event_loop) {
                Ok(()) => self.frame(event_loop),
                Err(error) => self.fail(event_loop, error),
            }
        }
    }

    fn window_event(&mut self, event_loop: &ActiveEventLoop, _: WindowId, event: WindowEvent) {
        if let Some(screen) = &mut self.screen
            && screen.overlay.event(&screen.window, &event)
        {
            return self.controls.notice();
        }
        match &event {
            WindowEvent::CloseRequested => event_loop.exit(),
            WindowEvent::Resized(size) => {
                if let Some(screen) = &mut self.screen {
                    screen.resize(size.width, size.height);
                    self.camera.set_shape(screen.width(), screen.height());
                }
            }
            WindowEvent::DroppedFile(path) => self.open_file(event_loop, path),
            WindowEvent::RedrawRequested => self.frame(event_loop),
            event => {
                if let Some(action) = self.controls.event(event) {
                    if let Some(screen) = &mut self.screen {
                        screen.overlay.wake();
                    }
                    self.act(event_loop, action);
                }
            }
        }
    }
}

#[cfg(test)]
#[cfg(target_os = "linux")]
mod tests;
