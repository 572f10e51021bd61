//! The system's dialog that opens a scene.

use std::path::PathBuf;
use std::sync::mpsc::{self, Receiver, TryRecvError};
use std::thread;
use std::time::{Duration, Instant};
use winit::window::Window;

/// No person closes a dialog sooner: it never appeared.
const SOONEST: Duration = Duration::from_millis(250);

/// A dialog that is open.
pub(super) struct Dialog {
    answer: Receiver<Option<PathBuf>>,
    since: Instant,
}

/// How it ended.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Choice {
    File(PathBuf),
    Nothing,
    /// This system shows no dialogs.
    NoDialog,
}

impl Dialog {
    /// Opens it. The window keeps playing.
    pub(super) fn open(window: &Window) -> Self {
        let dialog = rfd::AsyncFileDialog::new()
            .set_parent(window)
            .set_title("Open a scene")
            .add_filter("3D video loops", &["loop3d", "glb"])
            .add_filter("All files", &["*"])
            // Created on this thread, as macOS requires.
            .pick_file();
        let (send, answer) = mpsc::channel();
        // Nothing receives it once the window is closed.
        thread::spawn(move || drop(send.send(pollster::block_on(dialog).map(|file| file.path().to_owned()))));
        Self { answer, since: Instant::now() }
    }

    /// The answer, once there is one.
    pub(super) fn choice(&self) -> Option<Choice> {
        match self.answer.try_recv() {
            Ok(Some(path)) => Some(Choice::File(path)),
            Ok(None) if self.since.elapsed() < SOONEST => Some(Choice::NoDialog),
            Ok(None) => Some(Choice::Nothing),
            Err(TryRecvError::Empty) => None,
            Err(TryRecvError::Disconnected) => Some(Choice::NoDialog),
        }
    }
}
