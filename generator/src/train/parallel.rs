//! Gradients of a step's shards, on several threads, to the same bit on any number of them.

use super::TrainError;
use super::stage::{Loss, Nets, Parameters, Stage};
use loop3d_torch::weights::{Memory, Weights};
use loop3d_torch::{TorchError, guarded};
use std::rc::Rc;
use std::thread;
use tch::{Device, Kind, Tensor};

/// How a step is computed.
#[derive(Clone, Copy, Debug)]
pub(super) struct Computing {
    pub(super) threads: usize,
    /// Whether linear layers multiply in bf16.
    pub(super) bf16: bool,
}

/// What a step's shards say together.
pub(super) struct Descent {
    /// Of each trained parameter, in the order of the names: the mean over the shards; `None` where none of them uses it.
    pub(super) gradients: Vec<Option<Tensor>>,
    pub(super) loss: f64,
    pub(super) parts: Vec<(&'static str, f64)>,
}

/// A thread's own handles of the same tensors.
pub(super) fn handles(parameters: &Parameters) -> Parameters {
    parameters.iter().map(|(name, tensor)| (name.clone(), tensor.shallow_clone())).collect()
}

/// Parameters as a model takes them.
pub(super) fn weights(place: &str, parameters: Parameters) -> Weights {
    Weights::new(Rc::new(Memory::new(place, parameters)), None, Device::Cpu)
}

/// Parameters as a loss takes them: with `bf16`, the weights of linear layers as copies in that kind, through which gradients flow back.
pub(super) fn copies(parameters: &Parameters, bf16: bool) -> Parameters {
    let copy = |(name, tensor): (&String, &Tensor)| {
        let linear = tensor.dim() == 2 && name.ends_with(".weight");
        let kind = if bf16 && linear { Kind::BFloat16 } else { tensor.kind() };
        (name.clone(), if kind == tensor.kind() { tensor.shallow_clone() } else { tensor.to_kind(kind) })
    };
    parameters.iter().map(copy).collect()
}

struct Share {
    shard: usize,
    gradients: Vec<Option<Tensor>>,
    loss: f64,
    parts: Vec<(&'static str, f64)>,
}

/// The mean gradient of `shards` with respect to the parameters `names`.
pub(super) fn descent<S: Stage>(
    stage: &S,
    parameters: &Parameters,
    names: &[String],
    frozen: &Parameters,
    shards: &[S::Shard],
    how: Computing,
) -> Result<Descent, TrainError> {
    let count = how.threads.clamp(1, shards.len());
    let own: Vec<_> = (0..count).map(|_| (handles(parameters), handles(frozen))).collect();
    let mut shares = thread::scope(|scope| {
        let workers: Vec<_> = own
            .into_iter()
            .enumerate()
            .map(|(worker, (parameters, frozen))| {
                scope.spawn(move || {
                    // One thread each: sums that libtorch shares out between threads depend on their number.
                    tch::set_num_threads(1);
                    let mine = (worker..shards.len()).step_by(count);
                    mine.map(|shard| share(stage, &parameters, names, &frozen, (shard, &shards[shard]), how.bf16))
                        .collect()
                })
            })
            .collect();
        let mut shares = Vec::new();
        for worker in workers {
            let ended: Result<Vec<Share>, TrainError> =
                worker.join().map_err(|_| TrainError::Thread("it panicked".to_owned()))?;
            shares.extend(ended?);
        }
        Ok::<_, TrainError>(shares)
    })?;
    shares.sort_by_key(|share| share.shard);
    let scale = 1.0 / shards.len() as f64;
    let mut shares = shares.into_iter();
    let Some(mut sum) = shares.next() else { return Err(TrainError::Thread("there was nothing to do".to_owned())) };
    for share in shares {
        for (sum, gradient) in sum.gradients.iter_mut().zip(&share.gradients) {
            match (sum.as_mut(), gradient) {
                (Some(sum), Some(gradient)) => drop(sum.g_add_(gradient)),
                (None, Some(gradient)) => *sum = Some(gradient.shallow_clone()),
                (_, None) => {}
            }
        }
        sum.loss += share.loss;
        sum.parts.iter_mut().zip(&share.parts).for_each(|(sum, part)| sum.1 += part.1);
    }
    sum.gradients.iter_mut().flatten().for_each(|gradient| drop(gradient.g_mul_scalar_(scale)));
    sum.parts.iter_mut().for_each(|part| part.1 *= scale);
    Ok(Descent { gradients: sum.gradients, loss: sum.loss * scale, parts: sum.parts })
}

fn share<S: Stage>(
    stage: &S,
    parameters: &Parameters,
    names: &[String],
    frozen: &Parameters,
    (number, shard): (usize, &S::Shard),
    bf16: bool,
) -> Result<Share, TrainError> {
    guarded(|| {
        let trained = weights("training", copies(parameters, bf16));
        let nets = Nets { trained, frozen: weights("frozen", handles(frozen)) };
        let Loss { total, parts } = stage.loss(&nets, shard)?;
        let inputs: Vec<&Tensor> = names.iter().filter_map(|name| parameters.get(name)).collect();
        let gradients = Tensor::f_run_backward(&[&total], &inputs, false, false)
            .map_err(|error| TrainError::Torch(TorchError::Thrown(error.to_string())))?;
        // A parameter that a shard does not use has no gradient there.
        let gradients = gradients.into_iter().map(|gradient| gradient.defined().then_some(gradient)).collect();
        Ok(Share { shard: number, gradients, loss: total.double_value(&[]), parts })
    })
}
