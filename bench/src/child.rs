//! Work in a process of its own, so that its peak memory is its own.

use crate::compositor::{self, MemoryCase};
use crate::fit::{self, FitCase};
use anyhow::{Context, Result, bail};
use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};
use std::process::{Command, Stdio};

/// What a child does. Travels as JSON on its command line; the result comes back as JSON on its standard output.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Task {
    /// A whole fit; gives a [`fit::FitCost`].
    Fit(FitCase),
    /// The compositor's memory; gives bytes, or null where the system does not report them.
    Memory(MemoryCase),
}

impl Task {
    /// Does the task here and now; the result as JSON.
    ///
    /// # Errors
    /// Those of the task.
    pub fn run(&self) -> Result<String> {
        Ok(match self {
            Self::Fit(case) => serde_json::to_string(&fit::run(case)?)?,
            Self::Memory(case) => serde_json::to_string(&compositor::peak_bytes(case)?)?,
        })
    }

    /// Has a child do the task.
    ///
    /// # Errors
    /// The child fails, or its result is not a `T`.
    pub fn in_child<T: DeserializeOwned>(&self) -> Result<T> {
        let program = std::env::current_exe().context("the program's own file is not known")?;
        let mut child = Command::new(program);
        child.arg("child").arg(serde_json::to_string(self)?).stderr(Stdio::inherit());
        if matches!(self, Self::Memory(_)) {
            // glibc gives large blocks back at once: nothing that setting up has freed hides part of the peak.
            child.env("MALLOC_MMAP_THRESHOLD_", "65536");
        }
        let output = child.output().context("no child process could be started")?;
        if !output.status.success() {
            bail!("{self:?} failed in its child process ({})", output.status);
        }
        serde_json::from_slice(&output.stdout).with_context(|| format!("the result of {self:?}"))
    }
}
