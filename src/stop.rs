//! Ctrl-C ends a long job between two of its steps.

use anyhow::{Context, Result};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, PoisonError};

/// Whether the user wants the command to stop.
#[derive(Clone, Debug, Default)]
pub struct Stop(Arc<AtomicBool>);

impl Stop {
    /// Asked for by the first Ctrl-C (or SIGTERM); the second ends the program at once.
    ///
    /// # Errors
    /// The system lets no signal be caught.
    pub fn on_ctrl_c() -> Result<Self> {
        // A program has one handler: a second job in it waits for the same word.
        static CAUGHT: Mutex<Option<Stop>> = Mutex::new(None);
        let mut caught = CAUGHT.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(stop) = &*caught {
            return Ok(stop.clone());
        }
        let stop = Self::default();
        let flag = Arc::clone(&stop.0);
        ctrlc::set_handler(move || {
            if flag.swap(true, Ordering::Relaxed) {
                std::process::exit(130);
            }
        })
        .context("Ctrl-C cannot be caught")?;
        Ok(caught.insert(stop).clone())
    }

    /// Whether it was asked for.
    pub fn asked(&self) -> bool {
        self.0.load(Ordering::Relaxed)
    }
}
