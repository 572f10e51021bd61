//! Ctrl-C and SIGTERM end a long job between two of its steps.

use crate::failure::code_of_signal;
use anyhow::{Context, Result};
use signal_hook::consts::{SIGINT, SIGTERM};
use signal_hook::flag;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, PoisonError};

/// The signals that ask a command to stop.
pub const SIGNALS: [i32; 2] = [SIGINT, SIGTERM];

/// The program's one listener: a second job in it waits for the same signals.
static LISTENER: Mutex<Option<Stop>> = Mutex::new(None);

/// Whether the user wants the command to stop.
#[derive(Clone, Debug, Default)]
pub struct Stop {
    asked: Arc<AtomicBool>,
    /// The last signal; 0 before the first.
    signal: Arc<AtomicUsize>,
}

impl Stop {
    /// Asked for by the first Ctrl-C or SIGTERM; the second ends the program at once.
    ///
    /// # Errors
    /// The system does not let signals be caught.
    pub fn on_ctrl_c() -> Result<Self> {
        let mut listener = LISTENER.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(stop) = &*listener {
            return Ok(stop.clone());
        }
        let stop = Self::default();
        for signal in SIGNALS {
            stop.listen(signal).context("Ctrl-C cannot be caught")?;
        }
        Ok(listener.insert(stop).clone())
    }

    fn listen(&self, signal: i32) -> std::io::Result<()> {
        // Before the flag is set: the first signal finds it unset.
        flag::register_conditional_shutdown(signal, code_of_signal(signal).into(), Arc::clone(&self.asked))?;
        flag::register_usize(signal, Arc::clone(&self.signal), signal.unsigned_abs() as usize)?;
        flag::register(signal, Arc::clone(&self.asked))?;
        Ok(())
    }

    /// Whether it was asked for.
    pub fn asked(&self) -> bool {
        self.asked.load(Ordering::Relaxed)
    }
}

/// The exit code of a command that was stopped.
pub fn exit_code() -> u8 {
    let listener = LISTENER.lock().unwrap_or_else(PoisonError::into_inner);
    let signal = listener.as_ref().map_or(0, |stop| stop.signal.load(Ordering::Relaxed));
    code_of_signal(SIGNALS.into_iter().find(|known| known.unsigned_abs() as usize == signal).unwrap_or(SIGINT))
}
