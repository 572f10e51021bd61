//! UniPC of order 2 with B₂(h) = eʰ − 1 for flow matching (arXiv 2302.04867; generate-syncammaster §5): a predictor for the next
//! latents, and a corrector that uses the next velocity for the present ones. Good at 20 to 30 steps.
//!
//! α = 1 − σ, λ = ln α − ln σ, and the model's prediction is the clean latents m = z − σ v. With h = λ_t − λ_s the step from s to
//! t is σ_t/σ_s · z − α_t (e^{−h} − 1) m, plus terms in the differences of predictions.

use tch::Tensor;

/// A run of UniPC: what it keeps of earlier steps.
#[derive(Debug, Default)]
pub struct UniPc {
    past: Vec<Past>,
}

/// An earlier step.
#[derive(Debug)]
struct Past {
    /// Corrected latents before the step.
    z: Tensor,
    /// Clean latents as predicted there.
    clean: Tensor,
}

/// Steps that order 2 looks back on.
const KEPT: usize = 2;

impl UniPc {
    /// The latents after step `k` of the noise levels `sigmas`, for a velocity `v` at `z`.
    pub fn step(&mut self, k: usize, sigmas: &[f32], z: &Tensor, v: &Tensor) -> Tensor {
        let clean = z - v * f64::from(sigmas[k]);
        let z = match self.past.last() {
            Some(last) if k > 0 => self.corrected(k, sigmas, last, &clean),
            _ => z.shallow_clone(),
        };
        self.past.push(Past { z: z.shallow_clone(), clean });
        if self.past.len() > KEPT {
            self.past.remove(0);
        }
        self.predicted(k, sigmas, &z)
    }

    /// The latents of step `k` again, now that the model was asked there.
    fn corrected(&self, k: usize, sigmas: &[f32], last: &Past, clean: &Tensor) -> Tensor {
        let step = Step::new(sigmas, k - 1);
        let change = clean - &last.clean;
        let correction = match self.before_last() {
            // The predictor before had order 1, and the corrector's one weight is 1/2.
            None => change * 0.5,
            Some(earlier) => {
                let ratio = step.ratio(sigmas, k - 1);
                let [b0, b1] = step.phi();
                // [1 1; r 1] ρ = b for the earlier and the new difference.
                let first = (b0 - b1) / (1.0 - ratio);
                (&earlier.clean - &last.clean) / ratio * first + change * (b0 - first)
            }
        };
        step.apply(&last.z, &last.clean, Some(&correction))
    }

    /// The latents of step `k + 1`. The last step has order 1, since there λ is infinite.
    fn predicted(&self, k: usize, sigmas: &[f32], z: &Tensor) -> Tensor {
        let step = Step::new(sigmas, k);
        let Some(last) = self.past.last() else { return z.shallow_clone() };
        let last_step = k + 2 == sigmas.len();
        let difference = self.before_last().filter(|_| !last_step).map(|earlier| {
            let ratio = step.ratio(sigmas, k);
            (&earlier.clean - &last.clean) / ratio * 0.5
        });
        step.apply(z, &last.clean, difference.as_ref())
    }

    fn before_last(&self) -> Option<&Past> {
        self.past.len().checked_sub(KEPT).map(|i| &self.past[i])
    }

    /// What a checkpoint keeps.
    #[must_use]
    pub fn state(&self) -> Vec<(String, Tensor)> {
        let of = |(i, past): (usize, &Past)| {
            [(format!("unipc.{i}.z"), past.z.shallow_clone()), (format!("unipc.{i}.clean"), past.clean.shallow_clone())]
        };
        self.past.iter().enumerate().flat_map(of).collect()
    }

    /// The run that a checkpoint kept.
    pub fn restored(mut get: impl FnMut(&str) -> Option<Tensor>) -> Self {
        let mut past = Vec::new();
        while let (Some(z), Some(clean)) =
            (get(&format!("unipc.{}.z", past.len())), get(&format!("unipc.{}.clean", past.len())))
        {
            past.push(Past { z, clean });
        }
        Self { past }
    }
}

/// Coefficients of the step from σ_k to σ_{k+1}.
struct Step {
    /// λ at its beginning.
    from: f64,
    h: f64,
    alpha: f64,
    shrink: f64,
}

impl Step {
    fn new(sigmas: &[f32], k: usize) -> Self {
        let (s, t) = (f64::from(sigmas[k]), f64::from(sigmas[k + 1]));
        Self { from: lambda(s), h: lambda(t) - lambda(s), alpha: 1.0 - t, shrink: t / s }
    }

    /// How far back the step before began, in units of h; negative.
    fn ratio(&self, sigmas: &[f32], k: usize) -> f64 {
        (lambda(f64::from(sigmas[k - 1])) - self.from) / self.h
    }

    /// The right-hand sides of the corrector's conditions: φ_k(−h) k! / B₂.
    fn phi(&self) -> [f64; 2] {
        let hh = -self.h;
        let first = hh.exp_m1();
        let second = first / hh - 1.0;
        let third = second / hh - 0.5;
        [second / first, 2.0 * third / first]
    }

    /// The step of first order, with `difference` weighted by B₂.
    fn apply(&self, z: &Tensor, clean: &Tensor, difference: Option<&Tensor>) -> Tensor {
        let b = self.alpha * (-self.h).exp_m1();
        let first = z * self.shrink - clean * b;
        difference.map_or_else(|| first.shallow_clone(), |difference| &first - difference * b)
    }
}

fn lambda(sigma: f64) -> f64 {
    (1.0 - sigma).ln() - sigma.ln()
}
