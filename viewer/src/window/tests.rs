//! A device that is lost while its window is open, on a screen in software.

use super::*;
use crate::testing::hard_scene;
use std::process::{Command, Stdio};
use winit::event::StartCause;
use winit::platform::x11::EventLoopBuilderExtX11;

/// Pictures between what the test does to the device.
const PAUSE: usize = 5;

/// Takes the device away from a window: once, which it has to survive, and at once again, which it has to report.
struct Thief {
    viewer: Viewer,
    pictures: usize,
    before: Vec<u8>,
}

impl Thief {
    fn picture(&mut self) -> Vec<u8> {
        self.viewer.screen.as_mut().unwrap().renderer.render(&self.viewer.scene.reference, 1.5).unwrap()
    }

    fn steal(&mut self) {
        self.viewer.screen.as_ref().unwrap().gpu.device.destroy();
    }
}

impl ApplicationHandler for Thief {
    fn new_events(&mut self, event_loop: &ActiveEventLoop, cause: StartCause) {
        self.viewer.new_events(event_loop, cause);
    }

    fn resumed(&mut self, event_loop: &ActiveEventLoop) {
        self.viewer.resumed(event_loop);
    }

    fn window_event(&mut self, event_loop: &ActiveEventLoop, window: WindowId, event: WindowEvent) {
        let is_picture = event == WindowEvent::RedrawRequested;
        self.viewer.window_event(event_loop, window, event);
        if !is_picture {
            return;
        }
        self.pictures += 1;
        if self.pictures == PAUSE {
            assert!(self.viewer.last_recovery.is_none());
            self.before = self.picture();
            self.steal();
        } else if self.pictures == 2 * PAUSE {
            assert!(self.viewer.last_recovery.is_some() && self.viewer.error.is_none());
            assert_eq!(self.picture(), self.before);
            self.steal();
        }
        assert!(self.pictures < 3 * PAUSE, "a device that was lost twice in a row is given up");
    }
}

#[test]
#[ignore = "wants a screen; `a_window_survives_a_lost_device` gives it one"]
fn on_this_screen() {
    let scene = Arc::new(hard_scene(3, 5));
    let options = WindowOptions {
        size: Some([160, 96]),
        time: 0.0,
        from: None,
        renderer: RendererOptions::default(),
        invitation: None,
        save: Box::new(|_, _, _| Err(String::new())),
        load: Box::new(|_| Err(String::new())),
    };
    let event_loop = EventLoop::builder().with_x11().with_any_thread(true).build().unwrap();
    event_loop.set_control_flow(ControlFlow::Poll);
    let mut thief = Thief { viewer: Viewer::new(scene, "a".to_owned(), options), pictures: 0, before: Vec::new() };
    event_loop.run_app(&mut thief).unwrap();
    assert!(thief.pictures >= 2 * PAUSE);
    let error = thief.viewer.error.unwrap();
    assert!(matches!(error, WindowError::Render(RenderError::Lost(_))), "{error}");
    // Reaches the process that waits, which then knows that this did not end too early.
    println!("given up after {} pictures", thief.pictures);
}

#[test]
fn a_window_survives_a_lost_device() {
    let me = std::env::current_exe().unwrap();
    let mut child = Command::new("xvfb-run");
    child.arg("-a").arg(me).args(["--exact", "window::tests::on_this_screen", "--ignored", "--nocapture"]);
    let Ok(output) = child.stdin(Stdio::null()).output() else {
        eprintln!("NOT RUN: there is no xvfb-run; `cargo xtask setup --tests` installs it");
        return;
    };
    let said = String::from_utf8_lossy(&output.stdout) + String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success() && said.contains("given up after"), "{said}");
}
