//! A run: from noise, or from a given clip, to the latents of all views (generate-syncammaster §5, §7 and §8).

use super::clip::{Held, Reference, noised};
use super::guidance::Texts;
use super::resume::{Saved, bytes, load, save};
use super::settings::{Settings, SolverKind};
use super::solver::Solver;
use super::views::{ViewsHow, averaged, pairs};
use super::windows::{GUARD, Windowed};
use super::{Backbone, Cond, SamplerError, Schedule};
use crate::seeded::seeded;
use serde_json::{Value, json};
use sha2::{Digest, Sha256};
use std::ops::ControlFlow;
use std::path::Path;
use tch::{Device, Kind, Tensor};

/// What is to be sampled.
#[derive(Debug)]
pub struct Job {
    /// How.
    pub settings: Settings,
    /// Views, channels, latent frames, rows and columns: `[V, C, N, h, w]`.
    pub shape: [i64; 5],
    /// Kind of the latents: f32, whatever the kind of the weights. The published runs in bf16 keep them in bf16.
    pub kind: Kind,
    /// Where the latents are.
    pub device: Device,
    /// What the clips show.
    pub texts: Texts,
    /// The cameras of all V views.
    pub cond: Cond,
    /// A clip to begin with.
    pub given: Given,
    /// What tells the weights apart from others, such as a digest: a checkpoint is of one model.
    pub model: String,
}

/// A clip that a run begins with.
#[derive(Debug)]
pub enum Given {
    /// None: the run begins with noise.
    Nothing,
    /// Latents `[1 or V, C, N, h, w]` that all views begin with, noised by the strength.
    Clip(Tensor),
    /// The finished first view, `[1, C, N, h, w]`: the others are made beside it.
    Reference(Tensor),
}

/// Where a run is.
#[derive(Debug)]
pub struct Progress<'a> {
    /// Steps that were made.
    pub done: usize,
    /// Steps of the run.
    pub total: usize,
    /// The latents of the views that are being made.
    pub latents: &'a Tensor,
}

/// A run on a model.
pub struct Sampler<'a> {
    job: &'a Job,
    backbone: &'a dyn Backbone,
    schedule: Schedule,
    noise: Tensor,
    stages: Vec<Stage>,
}

/// Views that are made together.
#[derive(Clone, Copy, Debug, PartialEq)]
enum Stage {
    /// The first so many views.
    Together(i64),
    /// The views from this one on, beside the first one.
    Beside(i64),
}

/// What changes from step to step.
struct State {
    done: usize,
    z: Tensor,
    /// Views of the stage before.
    finished: Option<Tensor>,
    solver: Solver,
}

/// Names of the state's tensors in a checkpoint.
const LATENTS: &str = "latents";
const FINISHED: &str = "finished";

impl<'a> Sampler<'a> {
    /// A run of `job` on `backbone`.
    ///
    /// # Errors
    /// A setting is outside of its range, or a given clip has another shape than the job.
    pub fn new(job: &'a Job, backbone: &'a dyn Backbone) -> Result<Self, SamplerError> {
        let (settings, shape) = (&job.settings, job.shape);
        let schedule = match settings.solver {
            SolverKind::Euler => Schedule::new,
            SolverKind::UniPc => Schedule::unipc,
        }(settings.steps, settings.shift, settings.strength)?;
        let refused = |name, found: String, expected| Err(SamplerError::Setting { name, found, expected });
        if shape.iter().any(|axis| *axis < 1) {
            return refused("size of the latents", format!("{shape:?}"), "at least 1 of everything");
        }
        settings.check_windows()?;
        if matches!(job.given, Given::Nothing) && settings.strength < 1.0 {
            return refused("strength", settings.strength.to_string(), "1 where no clip is given");
        }
        let views = shape[0];
        let stages = match &job.given {
            Given::Reference(_) if views < 2 => {
                return refused("views", views.to_string(), "a second one beside the given clip");
            }
            Given::Reference(_) => vec![Stage::Beside(1)],
            _ if settings.views == ViewsHow::Reference && views > 2 => vec![Stage::Together(2), Stage::Beside(2)],
            _ => vec![Stage::Together(views)],
        };
        if let Given::Clip(clip) | Given::Reference(clip) = &job.given {
            let (found, mut expected) = (clip.size(), shape.to_vec());
            if found.first() == Some(&1) || matches!(job.given, Given::Reference(_)) {
                expected[0] = 1;
            }
            if found != expected {
                return Err(SamplerError::Shape { what: "given clip", found, expected });
            }
        }
        let noise = noise(settings.seed, &shape).to_device(job.device).to_kind(job.kind);
        Ok(Self { job, backbone, schedule, noise, stages })
    }

    /// Steps of the run.
    #[must_use]
    pub fn total(&self) -> usize {
        self.stages.len() * self.schedule.steps()
    }

    /// Makes the latents of all views, `[V, C, N, h, w]`. With a checkpoint, continues where a run of the same job was stopped,
    /// to the same bytes, and saves after every step. `progress` is called after each step, and may stop the run.
    ///
    /// # Errors
    /// The checkpoint's, the model's, and [`SamplerError::Stopped`].
    pub fn run(
        &self,
        checkpoint: Option<&Path>,
        progress: &mut dyn FnMut(&Progress<'_>) -> ControlFlow<()>,
    ) -> Result<Tensor, SamplerError> {
        let _guard = tch::no_grad_guard();
        let (identity, total) = (self.identity(), self.total());
        let saved = checkpoint.map(|path| load(path, &identity)).transpose()?.flatten();
        let mut state = match (saved, checkpoint) {
            (Some(saved), Some(path)) => self.restored(saved, path)?,
            _ => State { done: 0, z: self.start(self.stages[0]), finished: None, solver: self.solver() },
        };
        while state.done < total {
            let (stage, k) = (self.stages[state.done / self.schedule.steps()], state.done % self.schedule.steps());
            if k == 0 && state.done > 0 {
                let next = State { z: self.start(stage), solver: self.solver(), ..state };
                state = State { finished: Some(state.z), ..next };
            }
            let v = self.velocity(stage, k, &state)?;
            state.z = state.solver.step(k, self.schedule.sigmas(), &state.z, &v);
            state.done += 1;
            if state.z.isfinite().all().int64_value(&[]) == 0 {
                return Err(SamplerError::NotFinite { step: state.done, total });
            }
            if let Some(path) = checkpoint {
                save(path, &identity, state.done, &state.tensors())?;
            }
            let stop = progress(&Progress { done: state.done, total, latents: &state.z }).is_break();
            if stop && state.done < total {
                return Err(SamplerError::Stopped { done: state.done, total });
            }
        }
        let first = match &self.job.given {
            Given::Reference(clip) => Some(self.taken(clip)),
            _ => state.finished,
        };
        Ok(first.map_or_else(|| state.z.shallow_clone(), |first| Tensor::cat(&[&first, &state.z], 0)))
    }

    /// The latents that a stage begins with.
    fn start(&self, stage: Stage) -> Tensor {
        let (from, count) = match stage {
            Stage::Together(views) => (0, views),
            Stage::Beside(from) => (from, self.job.shape[0] - from),
        };
        let noise = self.noise.narrow(0, from, count);
        match &self.job.given {
            Given::Nothing => noise,
            Given::Clip(clip) => {
                let clip = self.taken(clip).expand(self.job.shape, false).narrow(0, from, count);
                noised(&clip, &noise, self.schedule.sigmas()[0])
            }
            Given::Reference(clip) => noised(&self.taken(clip), &noise, self.schedule.sigmas()[0]),
        }
    }

    fn velocity(&self, stage: Stage, k: usize, state: &State) -> Result<Tensor, SamplerError> {
        let Job { settings, texts, cond, shape, .. } = self.job;
        let windows = settings.windows(shape[2], k);
        let thetas = windows.draw(settings.blending, GUARD, settings.seed, k);
        let whole = !settings.ring && windows.count() == 1;
        let windowed = Windowed { backbone: self.backbone, windows, thetas };
        let backbone: &dyn Backbone = if whole { self.backbone } else { &windowed };
        let (z, sigma) = (&state.z, self.schedule.sigmas()[k]);
        let joint = settings.views == ViewsHow::Joint;
        match stage {
            Stage::Together(views) => {
                let mut guided =
                    |z: &Tensor, cond: &Cond| texts.velocity(backbone, z, f64::from(sigma), cond, settings.guidance);
                if joint || views == 1 {
                    return guided(z, cond);
                }
                averaged(z, cond, &pairs(views, k, settings.seed), &mut guided)
            }
            Stage::Beside(from) => {
                let held = self.held(state);
                let views: Vec<i64> = (from..shape[0]).collect();
                if joint {
                    return held.velocity(backbone, z, sigma, (texts, cond, &views));
                }
                let one =
                    |view: &i64| held.velocity(backbone, &z.narrow(0, view - from, 1), sigma, (texts, cond, &[*view]));
                Ok(Tensor::cat(&views.iter().map(one).collect::<Result<Vec<_>, _>>()?, 0))
            }
        }
    }

    /// The first view, finished or given.
    fn held(&self, state: &State) -> Held {
        let settings = &self.job.settings;
        let scale = settings.guidance;
        let (clean, how) = match (&self.job.given, &state.finished) {
            (Given::Reference(clip), _) => {
                (self.taken(clip), Reference::Guided { text: settings.guide_text, clip: settings.guide_video })
            }
            (_, finished) => {
                let clean = finished.as_ref().unwrap_or(&state.z).narrow(0, 0, 1);
                let clean_form = settings.clean_reference;
                (clean, if clean_form { Reference::Clean { scale } } else { Reference::Noised { scale } })
            }
        };
        Held { clean, noise: self.noise.narrow(0, 0, 1), how }
    }

    fn solver(&self) -> Solver {
        Solver::new(self.job.settings.solver)
    }

    fn taken(&self, tensor: &Tensor) -> Tensor {
        tensor.to_device(self.job.device).to_kind(self.job.kind)
    }

    /// What a checkpoint must have been made by.
    fn identity(&self) -> Value {
        let job = self.job;
        let given = match &job.given {
            Given::Nothing => Value::Null,
            Given::Clip(clip) => json!({ "clip": digest(clip) }),
            Given::Reference(clip) => json!({ "reference": digest(clip) }),
        };
        json!({
            "settings": job.settings,
            "shape": job.shape,
            "kind": format!("{:?}", job.kind),
            "model": job.model,
            "text": digest(&job.texts.positive),
            "negative": job.texts.negative.as_ref().map(digest),
            "cameras": job.cond.cameras.as_ref().map(|cameras| digest(cameras.tensor())),
            "given": given,
        })
    }

    fn restored(&self, saved: Saved, path: &Path) -> Result<State, SamplerError> {
        let unreadable = |reason: String| SamplerError::Unreadable { path: path.to_owned(), reason };
        let get = |name: &str| saved.tensors.get(name).map(|tensor| tensor.to_device(self.job.device));
        let z = get(LATENTS).ok_or_else(|| unreadable(format!("no tensor {LATENTS}")))?;
        let (done, total) = (saved.done, self.total());
        if done == 0 || done > total {
            return Err(unreadable(format!("found {done} steps, expected 1 to {total}")));
        }
        let expected = self.start(self.stages[(done - 1) / self.schedule.steps()]).size();
        if z.size() != expected {
            return Err(unreadable(format!("{LATENTS} has the shape {:?}, expected {expected:?}", z.size())));
        }
        let finished = get(FINISHED);
        if finished.is_none() && done > self.schedule.steps() {
            return Err(unreadable(format!("no tensor {FINISHED}")));
        }
        Ok(State { done, z, finished, solver: Solver::restored(self.job.settings.solver, get) })
    }
}

impl State {
    fn tensors(&self) -> Vec<(String, Tensor)> {
        let mut tensors = self.solver.state();
        tensors.push((LATENTS.to_owned(), self.z.shallow_clone()));
        tensors.extend(self.finished.as_ref().map(|tensor| (FINISHED.to_owned(), tensor.shallow_clone())));
        tensors
    }
}

/// The published noise: one stream of PyTorch's CPU generator for all views, f32.
pub fn noise(seed: i64, shape: &[i64]) -> Tensor {
    seeded(seed, || Tensor::randn(shape, (Kind::Float, Device::Cpu)))
}

fn digest(tensor: &Tensor) -> String {
    let mut sha = Sha256::new();
    sha.update(format!("{:?}{:?}", tensor.kind(), tensor.size()));
    sha.update(bytes(tensor));
    sha.finalize().iter().take(8).map(|byte| format!("{byte:02x}")).collect()
}
