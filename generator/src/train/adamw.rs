//! AdamW (Loshchilov and Hutter, "Decoupled Weight Decay Regularization", 2019), and the average of the weights.

use super::stage::Parameters;
use tch::{Kind, Tensor, no_grad};

const BETAS: [f64; 2] = [0.9, 0.99];
const EPS: f64 = 1e-8;
const DECAY: f64 = 0.01;
/// Largest length of the gradient.
const CLIP: f64 = 1.0;
/// Steps in which the learning rate rises: at most these, and at most a tenth of all.
const WARM_UP: f64 = 200.0;

/// The learning rate of a step: it rises, then falls to 0 as a cosine does.
pub(super) fn rate(step: u64, steps: u64, highest: f64) -> f64 {
    let (step, steps) = (step as f64, steps as f64);
    let rise = ((step + 1.0) / WARM_UP.min(steps / 10.0).max(1.0)).min(1.0);
    highest * rise * 0.5 * (1.0 + (std::f64::consts::PI * (step / steps).min(1.0)).cos())
}

/// A parameter with what descent remembers of it.
pub(super) struct Entry {
    pub(super) value: Tensor,
    pub(super) first: Tensor,
    pub(super) second: Tensor,
    pub(super) average: Tensor,
}

impl Entry {
    pub(super) fn new(value: Tensor) -> Self {
        let [first, second] = [value.zeros_like(), value.zeros_like()];
        Self { average: value.copy(), value: value.set_requires_grad(true), first, second }
    }
}

/// One step. `gradients` are those of the entries, in their order; an entry without one stays as it is. `step` counts from 0.
pub(super) fn step(entries: &mut [Entry], gradients: &[Option<Tensor>], step: u64, rate: f64, average: f64) {
    no_grad(|| {
        let length =
            gradients.iter().flatten().map(|g| g.square().sum(Kind::Double).double_value(&[])).sum::<f64>().sqrt();
        let scale = (CLIP / length.max(1e-12)).min(1.0);
        let [a, b] = BETAS;
        let t = step as f64 + 1.0;
        let [correct_a, correct_b] = BETAS.map(|beta| 1.0 - beta.powf(t));
        // Early on the average forgets faster, or it would be that of the first weights.
        let keep = average.min(t / (t + 9.0));
        for (entry, gradient) in entries.iter_mut().zip(gradients) {
            let Some(gradient) = gradient else { continue };
            let gradient = gradient * scale;
            let _ = entry.first.g_mul_scalar_(a).g_add_(&(&gradient * (1.0 - a)));
            let _ = entry.second.g_mul_scalar_(b).g_add_(&(gradient.square() * (1.0 - b)));
            if entry.value.dim() > 1 {
                let _ = entry.value.g_mul_scalar_(1.0 - rate * DECAY);
            }
            let change = &entry.first / ((&entry.second / correct_b).sqrt() + EPS) * (rate / correct_a);
            let _ = entry.value.g_sub_(&change);
            let _ = entry.average.g_mul_scalar_(keep).g_add_(&(entry.value.detach() * (1.0 - keep)));
        }
    });
}

/// The averaged parameters.
pub(super) fn averaged(names: &[String], entries: &[Entry]) -> Parameters {
    names.iter().cloned().zip(entries.iter().map(|entry| entry.average.copy())).collect()
}
