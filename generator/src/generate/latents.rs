//! From a prompt to the latents of all views: the text encoder layer by layer, dropped, then the transformer step by step.

use super::models::Models;
use super::watched::Watched;
use super::{GenerateError, Request};
use crate::cameras::Cameras;
use crate::dit::Dit;
use crate::samplers::{Cond, Given, Job, Sampler, Texts};
use crate::text::{Cache, TextModel, Tokenizer, Warning};
use crate::vae::{CHANNELS, Latents};
use loop3d_scene::job::{self, Event, Observer, Part as Share};
use loop3d_torch::guarded;
use loop3d_torch::weights::Weights;
use std::ops::ControlFlow;
use std::path::{Path, PathBuf};
use std::rc::Rc;
use tch::{Kind, Tensor};

/// Fraction of the progress that is the text's.
const TEXT: f64 = 0.05;

/// What a run keeps on disk.
#[derive(Clone, Debug, Default)]
pub struct Files {
    /// Latents, saved after every step. If the file exists, the run resumes from it.
    pub checkpoint: Option<PathBuf>,
    /// Contexts of prompts.
    pub contexts: Option<PathBuf>,
}

/// What a run made.
#[derive(Debug)]
pub struct Made {
    /// Latents of all views, `[V, 16, n, h, w]`.
    pub latents: Latents,
    /// What should be said about the words.
    pub warnings: Vec<Warning>,
    /// What tells the weights apart from others.
    pub model: String,
}

/// Makes the latents of a request's views.
///
/// # Errors
/// Weights that cannot be read or computed with, a checkpoint of another run, [`GenerateError::Stopped`].
pub fn sample(
    models: &Models,
    request: &Request,
    files: &Files,
    observer: &mut dyn Observer,
) -> Result<Made, GenerateError> {
    request.check(models)?;
    let (texts, warnings) = texts(models, request, files, &mut Share::new(observer, 0.0, TEXT))?;
    let model = models.digest()?;
    let job = job(models, request, texts, model.clone())?;
    let mut rest = Share::new(observer, TEXT, 1.0);
    let latents = guarded(|| run(models, &job, request.kind, files.checkpoint.as_deref(), &mut rest))?;
    Ok(Made { latents: Latents::new(latents)?, warnings, model })
}

/// Encodes both prompts. The encoder's weights are not kept.
fn texts(
    models: &Models,
    request: &Request,
    files: &Files,
    observer: &mut dyn Observer,
) -> Result<(Texts, Vec<Warning>), GenerateError> {
    let total = request.settings.steps;
    let stopped = GenerateError::Stopped { done: 0, total };
    let tokenizer = Tokenizer::open(&models.tokenizer)?;
    let weights = Weights::new(Rc::clone(&models.text_source), None, request.device).checked();
    let model = TextModel::new(tokenizer, weights, files.contexts.as_ref().map(Cache::new))?;
    let layers = models.text.layers as f64;
    let mut asked = false;
    let mut encode = |prompt: &str, from: f64| {
        let encoded = model.encode_observed(prompt, &mut |layer| {
            asked |= observer.event(Event::step("reading the words", from + 0.5 * layer as f64 / layers)).is_break();
        });
        let answer = if asked { ControlFlow::Break(()) } else { ControlFlow::Continue(()) };
        encoded.map_err(GenerateError::from).map(|encoded| (encoded, answer))
    };
    let (positive, answer) = encode(&request.prompt, 0.0)?;
    job::check(answer, stopped)?;
    let mut warnings = positive.warnings;
    let negative = if request.settings.guidance == 1.0 {
        None
    } else {
        let (negative, answer) = encode(&request.negative, 0.5)?;
        job::check(answer, GenerateError::Stopped { done: 0, total })?;
        warnings.extend(negative.warnings.into_iter().filter(|warning| matches!(warning, Warning::Cut { .. })));
        Some(negative.context.padded())
    };
    Ok((Texts { positive: positive.context.padded(), negative }, warnings))
}

fn job(models: &Models, request: &Request, texts: Texts, model: String) -> Result<Job, GenerateError> {
    let space = models.vae.space();
    let [width, height] = request.size.map(|side| i64::from(side) / space);
    let cameras = if models.dit.views {
        Some(Cameras::from_rig(&request.rig.network_input(request.latents as usize)?)?)
    } else {
        None
    };
    Ok(Job {
        settings: request.settings.clone(),
        shape: [request.views() as i64, CHANNELS, i64::from(request.latents), height, width],
        kind: Kind::Float,
        device: request.device,
        texts: on_device(texts, request),
        cond: Cond { cameras },
        given: Given::Nothing,
        model: format!("{model} {:?}", request.kind),
    })
}

fn on_device(texts: Texts, request: &Request) -> Texts {
    let taken = |tensor: &Tensor| tensor.to_device(request.device);
    Texts { positive: taken(&texts.positive), negative: texts.negative.as_ref().map(taken) }
}

fn run(
    models: &Models,
    job: &Job,
    kind: Kind,
    checkpoint: Option<&Path>,
    observer: &mut dyn Observer,
) -> Result<Tensor, GenerateError> {
    let weights = Weights::new(Rc::clone(&models.dit_source), kind, job.device).checked();
    let dit = Dit::with_config(&weights, models.dit.clone())?;
    let passes = job.settings.passes(job.shape[0], job.shape[2], false).count;
    let total = Sampler::new(job, &dit)?.total();
    let watched = Watched::new(&dit, observer, total, passes);
    let result = Sampler::new(job, &watched)?.run(checkpoint, &mut |progress| {
        if watched.step(progress.done) { ControlFlow::Break(()) } else { ControlFlow::Continue(()) }
    });
    match (result, watched.state()) {
        (Ok(latents), _) => Ok(latents),
        (Err(_), (done, true)) => Err(GenerateError::Stopped { done, total }),
        (Err(error), _) => Err(error.into()),
    }
}
