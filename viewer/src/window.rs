//! The window that a person looks through: mouse and keys, the clock, and the renderer.

mod controls;
mod screen;

use crate::{Backend, Clock, Options, OrbitCamera, RenderError};
use controls::{Action, Controls};
use loop3d_scene::{Camera, FileError, Scene};
use screen::Screen;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::{Duration, Instant};
use winit::application::ApplicationHandler;
use winit::dpi::PhysicalSize;
use winit::event::WindowEvent;
use winit::event_loop::{ActiveEventLoop, ControlFlow, EventLoop};
use winit::window::{Fullscreen, Window, WindowId};

/// A device that fails again within so short a time is given up.
const RECOVERY: Duration = Duration::from_secs(5);

/// The title's figures change so often.
const TITLE_EVERY: Duration = Duration::from_millis(500);

/// Saves a screenshot (`[height, width, 3]` bytes, width, height) and returns where, or why not.
pub type SavePicture = dyn Fn(&[u8], u32, u32) -> Result<PathBuf, String>;

/// What the window starts with.
pub struct WindowOptions {
    /// Width and height in pixels; the reference camera's shape, enlarged to a good size, where none is given.
    pub size: Option<[u32; 2]>,
    /// Frame of the loop to start with.
    pub time: f64,
    /// Camera whose place is looked from.
    pub from: Option<Camera>,
    /// The system's interface to the GPU.
    pub backend: Backend,
    /// What the key S does with the picture.
    pub save: Box<SavePicture>,
}

/// Why there is no window, or no longer.
#[derive(Debug, thiserror::Error)]
pub enum WindowError {
    /// There is no screen, or it refuses.
    #[error("no window can be opened: {0}")]
    NoWindow(String),
    /// Nothing can be drawn.
    #[error(transparent)]
    Render(#[from] RenderError),
}

/// winit panics where a library of X11 is missing; a user gets a sentence instead.
fn open_event_loop() -> Result<EventLoop<()>, WindowError> {
    let told = std::panic::take_hook();
    std::panic::set_hook(Box::new(|_| {}));
    let opened = std::panic::catch_unwind(EventLoop::new);
    std::panic::set_hook(told);
    let missing =
        "a library of the window system is missing (Debian: apt-get install libxkbcommon-x11-0 libxcursor1 libxi6)";
    let opened = opened.map_err(|_| WindowError::NoWindow(missing.to_owned()))?;
    opened.map_err(|e| WindowError::NoWindow(e.to_string()))
}

/// Shows a scene until the window is closed. `name` stands in the title.
///
/// # Errors
/// There is no screen, no GPU that draws to it, or the GPU fails twice in a row.
pub fn show(scene: Arc<Scene>, name: String, options: WindowOptions) -> Result<(), WindowError> {
    let event_loop = open_event_loop()?;
    event_loop.set_control_flow(ControlFlow::Poll);
    let mut viewer = Viewer {
        camera: OrbitCamera::new(&scene),
        clock: Clock::new(scene.frames, scene.fps),
        scene,
        name,
        note: String::new(),
        options,
        controls: Controls::default(),
        screen: None,
        error: None,
        last_frame: Instant::now(),
        last_recovery: None,
        title_since: Instant::now(),
        shown: 0,
    };
    viewer.clock.seek(viewer.options.time);
    if let Some(from) = viewer.options.from {
        viewer.camera.look_from(&from);
    }
    event_loop.run_app(&mut viewer).map_err(|e| WindowError::NoWindow(e.to_string()))?;
    viewer.error.map_or(Ok(()), Err)
}

struct Viewer {
    scene: Arc<Scene>,
    name: String,
    /// The last thing that happened, for the title.
    note: String,
    options: WindowOptions,
    camera: OrbitCamera,
    clock: Clock,
    controls: Controls,
    screen: Option<Screen>,
    error: Option<WindowError>,
    last_frame: Instant,
    last_recovery: Option<Instant>,
    title_since: Instant,
    /// Frames shown since the title changed.
    shown: u32,
}

impl Viewer {
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
        let renderer = Options { backend: self.options.backend, ..Options::default() };
        let display = event_loop.owned_display_handle();
        self.screen = Some(Screen::open(window, &display, Arc::clone(&self.scene), &renderer)?);
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
        self.clock.advance(seconds);
        let Some(screen) = &mut self.screen else { return };
        self.camera.advance(&self.controls.take(screen.height()), seconds);
        match screen.draw(&self.camera, self.clock.time()) {
            Ok(()) => self.shown += 1,
            Err(error) => {
                // A device that was lost comes back as a new one; at once lost again, it is no use.
                let again = self.last_recovery.is_some_and(|last| now.duration_since(last) < RECOVERY);
                self.last_recovery = Some(now);
                let result = if again { Err(error.into()) } else { self.open(event_loop) };
                if let Err(error) = result {
                    return self.fail(event_loop, error);
                }
            }
        }
        self.title(now);
        if let Some(screen) = &self.screen {
            screen.window.request_redraw();
        }
    }

    fn title(&mut self, now: Instant) {
        let since = now.duration_since(self.title_since);
        let Some(screen) = &self.screen else { return };
        if since < TITLE_EVERY {
            return;
        }
        let per_s = f64::from(self.shown) / since.as_secs_f64();
        let (time, frames) = (self.clock.time() as usize, self.scene.frames);
        let state = if self.clock.is_playing() { "" } else { ", paused" };
        let direction = if self.clock.is_reverse() { "−" } else { "" };
        let speed = self.clock.speed();
        let note = &self.note;
        screen.window.set_title(&format!(
            "{} · frame {time} of {frames} × {direction}{speed:.1}{state} · {per_s:.0} pictures/s · {} · {} MB {note}",
            self.name,
            screen.renderer.adapter(),
            screen.renderer.statistics().bytes >> 20
        ));
        (self.title_since, self.shown) = (now, 0);
    }

    fn act(&mut self, event_loop: &ActiveEventLoop, action: Action) {
        match action {
            Action::PlayOrPause => self.clock.toggle(),
            Action::Step { forward } => self.clock.step(forward),
            Action::Faster => self.clock.set_speed(self.clock.speed() * 1.25),
            Action::Slower => self.clock.set_speed(self.clock.speed() / 1.25),
            Action::Reverse => self.clock.reverse(),
            Action::Screenshot => self.screenshot(),
            Action::Fullscreen => {
                if let Some(Screen { window, .. }) = &self.screen {
                    let full = window.fullscreen().is_none().then_some(Fullscreen::Borderless(None));
                    window.set_fullscreen(full);
                }
            }
            Action::Close => event_loop.exit(),
        }
    }

    fn screenshot(&mut self) {
        let Some(screen) = &mut self.screen else { return };
        let [width, height] = [screen.width(), screen.height()];
        let saved = screen.renderer.render(&self.camera.camera(width, height), self.clock.time());
        let saved = saved.map_err(|e| e.to_string()).and_then(|rgb| (self.options.save)(&rgb, width, height));
        self.note = match saved {
            Ok(path) => format!("· wrote {}", path.display()),
            Err(why) => format!("· no screenshot: {why}"),
        };
    }

    fn open_file(&mut self, event_loop: &ActiveEventLoop, path: &Path) {
        let checked = loop3d_scene::load(path).map_err(|e: FileError| e.to_string());
        match checked {
            Ok(scene) => {
                self.scene = Arc::new(scene);
                self.camera = OrbitCamera::new(&self.scene);
                self.clock = Clock::new(self.scene.frames, self.scene.fps);
                self.name = path.file_name().unwrap_or_default().to_string_lossy().into_owned();
                self.note.clear();
                if let Err(error) = self.open(event_loop) {
                    self.fail(event_loop, error);
                }
            }
            Err(why) => self.note = format!("· {why}"),
        }
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
        match &event {
            WindowEvent::CloseRequested => event_loop.exit(),
            WindowEvent::Resized(size) => {
                if let Some(screen) = &mut self.screen {
                    screen.resize(size.width, size.height);
                }
            }
            WindowEvent::DroppedFile(path) => self.open_file(event_loop, path),
            WindowEvent::RedrawRequested => self.frame(event_loop),
            event => {
                if let Some(action) = self.controls.event(event) {
                    self.act(event_loop, action);
                }
            }
        }
    }
}
