//! The losses of a fit, beside its scene: `fit --losses` writes them, `report` draws them.

use anyhow::{Context, Result};
use loop3d_scene::{Scene, SceneInfo, write_file};
use serde::{Deserialize, Serialize};
use serde_json::Value;
use std::path::{Path, PathBuf};
use std::time::Instant;

/// The file: NAME.fit.json beside NAME.loop3d (or NAME.glb).
pub fn file_of(scene: &Path) -> PathBuf {
    scene.with_extension("fit.json")
}

/// The losses of a fit.
#[derive(Debug, Default, Serialize, Deserialize)]
pub struct Losses {
    /// The scene that came of it; none before the fit is done.
    pub scene: Option<Mark>,
    /// Levels in order; without those before a checkpoint whose losses were not kept.
    pub levels: Vec<LevelLosses>,
}

/// What tells one scene from another and is the same in a scene file and a package.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Mark {
    frames: usize,
    tiles_per_plane: Vec<usize>,
    looping_tiles: usize,
    fit: Value,
}

impl Mark {
    /// The mark of a scene.
    pub fn of(info: &SceneInfo) -> Self {
        let SceneInfo { frames, looping_tiles, .. } = *info;
        Self { frames, tiles_per_plane: info.tiles_per_plane.clone(), looping_tiles, fit: info.fit.clone() }
    }
}

/// One level.
#[derive(Debug, PartialEq, Serialize, Deserialize)]
pub struct LevelLosses {
    /// Its index in the schedule.
    pub index: usize,
    /// Its name, such as "looping, 4/16".
    pub name: String,
    /// Steps with a loss.
    pub steps: usize,
    /// How long they took.
    pub seconds: f64,
    /// Mean of each epoch: the loss differs from view to view.
    pub losses: Vec<f64>,
}

impl Losses {
    /// Reads a file.
    ///
    /// # Errors
    /// It cannot be read, or holds something else.
    pub fn read(file: &Path) -> Result<Self> {
        let name = || file.display().to_string();
        let json = std::fs::read_to_string(file).with_context(name)?;
        serde_json::from_str(&json).context("expected the losses of a fit").with_context(name)
    }
}

/// Records a fit's losses as it runs.
pub struct Recorder {
    file: PathBuf,
    losses: Losses,
    /// Steps of an epoch: one for each view that is fitted to.
    views: usize,
    /// The level that runs: its name and its losses.
    name: String,
    steps: Vec<f64>,
    started: Instant,
}

impl Recorder {
    /// A recorder for the fit of the scene at this path to so many views. `done` levels were finished by an earlier run, whose
    /// losses are kept if they are still there.
    pub fn new(scene: &Path, views: usize, done: usize) -> Self {
        let file = file_of(scene);
        let mut losses = if done > 0 { Losses::read(&file).unwrap_or_default() } else { Losses::default() };
        losses.scene = None;
        losses.levels.retain(|level| level.index < done);
        Self { file, losses, views, name: String::new(), steps: Vec::new(), started: Instant::now() }
    }

    /// The loss of a step.
    pub fn step(&mut self, level: &str, loss: f64) {
        if self.steps.is_empty() {
            level.clone_into(&mut self.name);
        }
        // JSON has neither infinity nor NaN.
        if loss.is_finite() {
            self.steps.push(loss);
        }
    }

    /// A level is done; the next has this index.
    ///
    /// # Errors
    /// The file cannot be written.
    pub fn level_done(&mut self, next: usize) -> Result<()> {
        self.losses.levels.push(LevelLosses {
            index: next.saturating_sub(1),
            name: std::mem::take(&mut self.name),
            steps: self.steps.len(),
            seconds: self.started.elapsed().as_secs_f64(),
            losses: epochs(&std::mem::take(&mut self.steps), self.views),
        });
        self.started = Instant::now();
        self.write()
    }

    /// The fit is done.
    ///
    /// # Errors
    /// The file cannot be written.
    pub fn finish(mut self, scene: &Scene) -> Result<()> {
        self.losses.scene = Some(Mark::of(&SceneInfo::of(scene)));
        self.write()
    }

    fn write(&self) -> Result<()> {
        let json = serde_json::to_vec(&self.losses)?;
        Ok(write_file(&self.file, |out| out.write_all(&json))?)
    }
}

/// The means of epochs of so many steps.
fn epochs(steps: &[f64], views: usize) -> Vec<f64> {
    steps.chunks(views.max(1)).map(|epoch| epoch.iter().sum::<f64>() / epoch.len() as f64).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_epoch_is_the_mean_of_its_views() {
        assert_eq!(epochs(&[3.0, 1.0, 5.0, 2.0, 7.0], 2), [2.0, 3.5, 7.0]);
        assert_eq!(epochs(&[], 2), [0.0; 0]);
    }

    #[test]
    fn a_resumed_fit_keeps_the_levels_before_its_checkpoint() {
        let folder = tempfile::tempdir().unwrap();
        let scene = folder.path().join("a.loop3d");
        let mut first = Recorder::new(&scene, 1, 0);
        for (level, loss) in [("static, 8/16", 4.0), ("static, 16/16", 3.0), ("looping, 16/16", f64::NAN)] {
            first.step(level, loss);
            first.level_done(first.losses.levels.len() + 1).unwrap();
        }
        let mut second = Recorder::new(&scene, 1, 2);
        second.step("looping, 16/16", 1.0);
        second.level_done(3).unwrap();
        let read = Losses::read(&folder.path().join("a.fit.json")).unwrap();
        let levels: Vec<_> = read.levels.iter().map(|level| (level.index, &*level.name, &*level.losses)).collect();
        let expected = [(0, "static, 8/16", [4.0]), (1, "static, 16/16", [3.0]), (2, "looping, 16/16", [1.0])];
        assert_eq!(levels, expected.each_ref().map(|(index, name, losses)| (*index, *name, &losses[..])));
        assert!(read.scene.is_none());
        // A fit from the start forgets them.
        assert!(Recorder::new(&scene, 1, 0).losses.levels.is_empty());
    }
}
