//! A training run: steps, checkpoints, log, pictures.

use super::log::Log;
use super::pool::Pool;
use super::stage::{Nets, Parameters, Stage};
use super::state::{self, State};
use super::{TrainError, adamw, dit, lift, parallel, track, vae};
use crate::sizes::Sizes;
use crate::tiny;
use crate::tiny::store::{Stored, from_bytes, to_bytes};
use crate::training::{StageKind, TrainConfig};
use loop3d_scene::job::{Event, Observer};
use loop3d_torch::guarded;
use loop3d_torch::weights::{Fresh, Memory, Weights};
use serde_json::{Map, json};
use std::path::{Path, PathBuf};
use std::rc::Rc;
use std::time::{Duration, Instant};
use tch::{Device, no_grad};

/// Time between checkpoints, and between measures and pictures.
const CHECKPOINT: Duration = Duration::from_secs(300);
/// Steps between lines of the log.
const LOG: u64 = 20;

/// What a run came to.
#[derive(Clone, Debug, PartialEq)]
pub struct Trained {
    /// Steps that were made, of all.
    pub steps: [u64; 2],
    /// The averaged weights.
    pub weights: PathBuf,
    /// Measures on unseen scenes.
    pub measures: Vec<(&'static str, f64)>,
}

/// Trains one stage in a folder, which keeps its checkpoint, log, pictures and weights, until the steps or the time are used up.
/// If there is a checkpoint, it continues from there.
///
/// # Errors
/// Settings that cannot work, a checkpoint of another run, a loss that is not finite, a disk that is full.
pub fn train(
    config: &TrainConfig,
    folder: &Path,
    time: Option<Duration>,
    threads: usize,
    observer: &mut dyn Observer,
) -> Result<Trained, TrainError> {
    config.check()?;
    // Sums of the descent itself are the same on any number of threads only on one.
    tch::set_num_threads(1);
    let (sizes, run) = (&config.sizes, Run { config, folder, time, threads });
    match config.stage {
        StageKind::Vae => run.train(&vae::VaeStage { config: sizes.vae.clone() }, Parameters::new(), observer),
        StageKind::Lift => run.train(&lift::LiftStage { config: sizes.lift.clone() }, Parameters::new(), observer),
        kind @ (StageKind::Stills | StageKind::Clips) => {
            let mut frozen = Parameters::new();
            let mut latents = String::new();
            for part in [StageKind::Vae, StageKind::Lift] {
                let stored = stored(&run.folder.join(format!("{}.safetensors", part.name())), part)?;
                if part == StageKind::Vae {
                    latents = stored.latents();
                }
                let names = stored.parameters.into_iter();
                frozen.extend(names.map(|(name, tensor)| (format!("{}.{name}", part.name()), tensor)));
            }
            let stage = dit::DitStage {
                kind,
                config: config.dit(),
                vae: sizes.vae.clone(),
                lift: sizes.lift.clone(),
                curriculum: config.curriculum(),
                latents,
            };
            run.train(&stage, frozen, observer)
        }
        StageKind::Track => {
            let mut frozen = Parameters::new();
            let mut read = |stage: StageKind| {
                let part = stage.part();
                let stored = stored(&run.folder.join(format!("{part}.safetensors")), stage)?;
                let copies = parallel::copies(&stored.parameters, config.bf16);
                frozen.extend(copies.into_iter().map(|(name, tensor)| (format!("{part}.{name}"), tensor)));
                Ok::<_, TrainError>(stored)
            };
            let (vae, dit) = (read(StageKind::Vae)?, read(StageKind::Clips)?);
            let stage = track::TrackStage {
                sizes: Sizes { dit: tiny::sizes(&dit, "dit.safetensors")?, ..sizes.clone() },
                base: dit.card.digest.clone(),
                latents: vae.latents(),
            };
            run.train(&stage, frozen, observer)
        }
    }
}

/// Losses since the last line of the log.
#[derive(Default)]
struct Since {
    steps: f64,
    loss: f64,
    parts: Vec<(&'static str, f64)>,
}

impl Since {
    fn add(&mut self, descent: &parallel::Descent) {
        self.steps += 1.0;
        self.loss += descent.loss;
        if self.parts.is_empty() {
            self.parts = descent.parts.iter().map(|(name, _)| (*name, 0.0)).collect();
        }
        self.parts.iter_mut().zip(&descent.parts).for_each(|(sum, part)| sum.1 += part.1);
    }

    fn means(self) -> Vec<(&'static str, f64)> {
        let parts = self.parts.into_iter().map(|(name, sum)| (name, sum / self.steps));
        [("loss", self.loss / self.steps)].into_iter().chain(parts).collect()
    }
}

/// Weights of a part from a file.
fn stored(path: &Path, stage: StageKind) -> Result<Stored, TrainError> {
    let unreadable =
        |error: std::io::Error| TrainError::Unreadable { path: path.to_owned(), reason: error.to_string() };
    let bytes = std::fs::read(path).map_err(unreadable)?;
    Ok(from_bytes(&bytes, stage.part(), &path.display().to_string())?)
}

struct Run<'a> {
    config: &'a TrainConfig,
    folder: &'a Path,
    time: Option<Duration>,
    threads: usize,
}

impl Run<'_> {
    fn file(&self, ending: &str) -> PathBuf {
        self.folder.join(format!("{}{ending}", self.config.stage.name()))
    }

    /// The transformer is what clips make of it.
    fn weights(&self) -> PathBuf {
        let stage = self.config.stage;
        let name = if stage == StageKind::Clips { stage.part() } else { stage.name() };
        self.folder.join(format!("{name}.safetensors"))
    }

    fn train<S: Stage + 'static>(
        &self,
        stage: &S,
        frozen: Parameters,
        observer: &mut dyn Observer,
    ) -> Result<Trained, TrainError> {
        let config = self.config;
        let checkpoint = config.checkpoint(self.folder);
        let log = Log::new(&self.file(".log.jsonl"));
        let run = state::run(config, &stage.sizes(), stage.latents());
        let mut state = guarded(|| self.fresh(stage, &frozen))?;
        state.resume(&checkpoint, &run)?;
        let mut pool = Pool::new(config.seed, config.batch, config.reuse);
        let (began, begun_at) = (Instant::now(), state.step);
        let mut saved = Instant::now();
        let mut since = Since::default();
        let name = config.stage.name();
        while state.step < config.steps && self.time.is_none_or(|time| began.elapsed() < time) {
            let done = state.step as f64 / config.steps as f64;
            let first = state.step * config.batch as u64;
            let samples = pool.samples(first, config.batch as u64, &stage.scenes(done));
            let size = config.batch / config.shards;
            let shards: Vec<S::Shard> = (first..)
                .step_by(size)
                .zip(samples.chunks(size))
                .map(|(first, samples)| stage.shard(samples, first, done))
                .collect();
            let how = parallel::Computing { threads: self.threads, bf16: config.bf16 };
            let descent = parallel::descent(stage, &state.parameters(), &state.names, &frozen, &shards, how)?;
            if !descent.loss.is_finite() {
                return Err(TrainError::Diverged { step: state.step, loss: descent.loss });
            }
            let rate = adamw::rate(state.step, config.steps, config.rate);
            adamw::step(&mut state.entries, &descent.gradients, state.step, rate, config.average);
            state.step += 1;
            since.add(&descent);
            if state.step % LOG == 0 {
                let speed = ((state.step - begun_at) * config.batch as u64) as f64 / began.elapsed().as_secs_f64();
                let mut line = vec![("step", state.step as f64), ("samples_per_s", speed)];
                line.extend(std::mem::take(&mut since).means());
                log.line(&line)?;
            }
            let event =
                Event::Step { stage: name, done: state.step as f64 / config.steps as f64, loss: Some(descent.loss) };
            let stop = observer.event(event).is_break();
            if saved.elapsed() >= CHECKPOINT && !stop {
                state.save(&checkpoint, &run)?;
                self.measure(stage, &state, &frozen, &log)?;
                saved = Instant::now();
            }
            if stop {
                break;
            }
        }
        state.save(&checkpoint, &run)?;
        let measures = self.measure(stage, &state, &frozen, &log)?;
        Ok(Trained { steps: [state.step, config.steps], weights: self.weights(), measures })
    }

    fn fresh<S: Stage + 'static>(&self, stage: &S, frozen: &Parameters) -> Result<State, TrainError> {
        // Not borrowed from the stage, which the source would outlive.
        let fresh = Rc::new(Fresh::new(self.config.seed, S::start));
        let trained = Weights::new(fresh.clone(), None, Device::Cpu);
        stage.build(&Nets { trained, frozen: parallel::weights("frozen", parallel::handles(frozen)) })?;
        let mut parameters = fresh.made();
        no_grad(|| stage.begin(&mut parameters, frozen, self.config.seed))?;
        if let Some(file) = &self.config.from {
            let stored = stored(file, self.config.stage)?;
            let source = Rc::new(Memory::new(file.display().to_string(), stored.parameters));
            let weights = Weights::new(source, None, Device::Cpu);
            for (name, value) in &mut parameters {
                *value = weights.tensor(name, &value.size())?.copy();
            }
        }
        Ok(State::new(parameters))
    }

    /// Writes the averaged weights, and measures them.
    fn measure<S: Stage>(
        &self,
        stage: &S,
        state: &State,
        frozen: &Parameters,
        log: &Log,
    ) -> Result<Vec<(&'static str, f64)>, TrainError> {
        let nets = |average: &Parameters| Nets {
            trained: parallel::weights("averaged", parallel::handles(average)),
            frozen: parallel::weights("frozen", parallel::handles(frozen)),
        };
        tch::set_num_threads(self.threads as i32);
        let average = adamw::averaged(&state.names, &state.entries);
        let measures = guarded(|| {
            no_grad(|| {
                stage.measure(&nets(&average), self.config.measured, &self.file(&format!("-{:06}.png", state.step)))
            })
        });
        tch::set_num_threads(1);
        let measures = measures?;
        let path = self.weights();
        let training = serde_json::json!({
            "settings": self.config,
            "steps": state.step,
            "measures": measures.iter().map(|(name, value)| ((*name).to_owned(), json!(value))).collect::<Map<_, _>>(),
            "spread_deg": stage.scenes(state.step as f64 / self.config.steps as f64).spread_deg,
        });
        let bytes = to_bytes(self.config.stage.part(), stage.sizes(), training, stage.latents(), &average)?;
        loop3d_scene::write_file(&path, |out| out.write_all(&bytes))?;
        let mut line = vec![("step", state.step as f64)];
        line.extend(measures.iter().copied());
        log.line(&line)?;
        Ok(measures)
    }
}
