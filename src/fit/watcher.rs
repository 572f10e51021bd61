//! Shows the progress of a fit, saves its checkpoints and stops it.

use super::preview::Preview;
use crate::losses::Recorder;
use crate::progress::Progress;
use crate::stop::Stop;
use loop3d_optimizer::checkpoint::Checkpoint;
use loop3d_optimizer::error::FitError;
use loop3d_optimizer::fit::FitObserver;
use loop3d_scene::job::{Event, Observer};
use serde_json::Value;
use std::ops::ControlFlow;
use std::path::{Path, PathBuf};
use std::time::Instant;

/// Weight of the newest loss in the running mean that is shown: the loss differs from view to view.
const NEWEST: f64 = 0.05;

/// The command's observer of a fit.
pub struct Watcher {
    progress: Progress,
    checkpoint: PathBuf,
    description: Value,
    stop: Stop,
    stage: String,
    loss: f64,
    /// The last stage that is saved in a checkpoint.
    kept: Option<String>,
    preview: Option<Preview>,
    losses: Option<Recorder>,
    /// When the fit began.
    pub started: Instant,
}

impl Watcher {
    /// Watches the fit that `description` describes, until `stop` is asked for.
    pub fn new(progress: Progress, checkpoint: &Path, description: Value, stop: Stop) -> Self {
        let (stage, started) = (String::new(), Instant::now());
        Self {
            progress,
            checkpoint: checkpoint.into(),
            description,
            stop,
            stage,
            loss: 0.0,
            kept: None,
            preview: None,
            losses: None,
            started,
        }
    }

    /// Writes a preview after every level.
    pub fn with_preview(self, preview: Option<Preview>) -> Self {
        Self { preview, ..self }
    }

    /// Records the losses.
    pub fn with_losses(self, losses: Option<Recorder>) -> Self {
        Self { losses, ..self }
    }

    /// The record of the losses, to be completed with the scene.
    pub fn take_losses(&mut self) -> Option<Recorder> {
        self.losses.take()
    }

    /// How to continue a stopped fit, which was itself `resumed` or not.
    pub fn how_to_continue(&self, resumed: bool) -> String {
        let mut typed: Vec<String> = std::env::args().map(|word| quoted(&word)).collect();
        if !resumed {
            typed.push("--resume".to_owned());
        }
        let typed = typed.join(" ");
        match &self.kept {
            Some(stage) => format!("continue after `{stage}` with\n  {typed}"),
            None if resumed => format!("continue from where this fit started with\n  {typed}"),
            None => "no level was finished, so there is nothing to continue from".to_owned(),
        }
    }

    /// Ends with one line.
    pub fn finish(self, result: &str) {
        self.progress.finish(result);
    }
}

impl Observer for Watcher {
    fn event(&mut self, event: Event<'_>) -> ControlFlow<()> {
        match event {
            Event::Note(line) => self.progress.note(line),
            Event::Step { stage, done, loss } => {
                if let (Some(losses), Some(loss)) = (&mut self.losses, loss) {
                    losses.step(stage, loss);
                }
                let loss = loss.unwrap_or(0.0);
                if stage == self.stage {
                    self.loss += NEWEST * (loss - self.loss);
                } else {
                    self.loss = loss;
                    self.stage = stage.to_owned();
                }
                self.progress.share(done, &format!("{}, loss {:.5}", self.stage, self.loss));
            }
            Event::Preview { number, width, height, rgb } => {
                if let Some(problem) = self.preview.as_ref().and_then(|p| p.write(number, width, height, rgb).err()) {
                    // A fit of an hour does not fail because a preview cannot be written.
                    self.progress.note(&format!("{problem:#}"));
                    self.preview = None;
                }
            }
        }
        if self.stop.asked() { ControlFlow::Break(()) } else { ControlFlow::Continue(()) }
    }
}

impl FitObserver for Watcher {
    fn save(&mut self, checkpoint: &Checkpoint) -> Result<(), FitError> {
        checkpoint.save(&self.checkpoint, &self.description)?;
        self.kept = Some(self.stage.clone());
        if let Some(problem) = self.losses.as_mut().and_then(|losses| losses.level_done(checkpoint.next).err()) {
            self.progress.note(&format!("the losses are not recorded any more: {problem:#}"));
            self.losses = None;
        }
        Ok(())
    }
}

/// A word quoted for a shell.
fn quoted(word: &str) -> String {
    let plain = |c: char| c.is_alphanumeric() || "-_./,:=+@%".contains(c);
    if !word.is_empty() && word.chars().all(plain) {
        word.to_owned()
    } else {
        format!("'{}'", word.replace('\'', "'\\''"))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn words_are_quoted_where_a_shell_would_split_them() {
        assert_eq!(["a/b-1.mp4", "my scene", "it's", ""].map(quoted), ["a/b-1.mp4", "'my scene'", "'it'\\''s'", "''"]);
    }
}
