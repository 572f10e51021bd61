//! Attention of several heads with a norm on queries and keys, and positions as rotations.

use crate::nn::{Linear, RmsNorm, attended, split_heads};
use loop3d_torch::weights::{Weights, WeightsError};
use tch::Tensor;

const EPS: f64 = 1e-6;
/// Whole turns that positions on a ring make, at most: those of the training's eight latents. On a longer ring they turn more
/// slowly, and so does what moves.
const HARMONICS: i64 = 4;

/// `q`, `k`, `v`, `o`, `norm_q`, `norm_k`.
#[derive(Debug)]
pub(super) struct Attention {
    q: Linear,
    k: Linear,
    v: Linear,
    o: Linear,
    norm_q: RmsNorm,
    norm_k: RmsNorm,
    heads: i64,
}

impl Attention {
    /// From `width` features to the same, attending to places of `other` features.
    pub(super) fn new(weights: &Weights, width: i64, other: i64, heads: i64) -> Result<Self, WeightsError> {
        let linear = |name, inputs| Linear::new(&weights.at(name), inputs, width);
        let norm = |name| RmsNorm::new(&weights.at(name), width, EPS);
        Ok(Self {
            q: linear("q", width)?,
            k: linear("k", other)?,
            v: linear("v", other)?,
            o: linear("o", width)?,
            norm_q: norm("norm_q")?,
            norm_k: norm("norm_k")?,
            heads,
        })
    }

    /// `[b, s, width]` attends to `[b, n, other]`; with positions only to itself.
    pub(super) fn forward(&self, x: &Tensor, other: &Tensor, positions: Option<&Positions>) -> Tensor {
        let [q, k, v] = self.projected(x, other, positions);
        self.o.forward(&attended(&q, &k, &v))
    }

    /// The same to itself, where something else attends: from queries, keys and values `[b, heads, s, head]` to the values' means.
    pub(super) fn forward_with(
        &self,
        x: &Tensor,
        positions: &Positions,
        attend: impl FnOnce(&Tensor, &Tensor, &Tensor) -> Tensor,
    ) -> Tensor {
        let [q, k, v] = self.projected(x, x, Some(positions));
        self.o.forward(&attend(&q, &k, &v).transpose(1, 2).flatten(2, 3))
    }

    fn projected(&self, x: &Tensor, other: &Tensor, positions: Option<&Positions>) -> [Tensor; 3] {
        let heads = |x: Tensor| split_heads(&x, self.heads);
        let mut q = heads(self.norm_q.forward(&self.q.forward(x)));
        let mut k = heads(self.norm_k.forward(&self.k.forward(other)));
        if let Some(positions) = positions {
            (q, k) = (positions.turn(&q), positions.turn(&k));
        }
        [q, k, heads(self.v.forward(other))]
    }
}

/// An axis of positions.
#[derive(Clone, Copy, Debug)]
pub(super) enum Axis {
    /// Positions on a line: angles p · 100^(−j/n).
    Line(i64),
    /// Positions on a ring of this many places: whole turns, so that a shift around the ring changes nothing.
    Ring(i64),
}

/// Rotations of the places of a grid.
#[derive(Debug)]
pub(super) struct Positions {
    /// `[places, head / 2]`.
    cos: Tensor,
    sin: Tensor,
}

impl Positions {
    /// Places of a grid in row-major order; each axis has the same part of a head's features.
    pub(super) fn new(axes: &[Axis], head: i64) -> Self {
        let pairs = head / 2 / axes.len() as i64;
        let mut angles: Vec<Vec<f32>> = vec![Vec::new()];
        for axis in axes {
            let (Axis::Line(length) | Axis::Ring(length)) = *axis;
            let along = |place: i64| (0..pairs).map(move |pair| angle(*axis, place, pair, pairs));
            let longer = |before: &Vec<f32>| {
                let before = before.clone();
                (0..length).map(move |place| before.iter().copied().chain(along(place)).collect::<Vec<f32>>())
            };
            angles = angles.iter().flat_map(longer).collect();
        }
        // Features left over by the division do not turn.
        angles.iter_mut().for_each(|place| place.resize((head / 2) as usize, 0.0));
        let angles = Tensor::from_slice(&angles.concat()).reshape([-1, head / 2]);
        Self { cos: angles.cos(), sin: angles.sin() }
    }

    /// `[b, heads, places, head]` → the same shape.
    fn turn(&self, x: &Tensor) -> Tensor {
        let halves = x.chunk(2, -1);
        let (a, b) = (&halves[0], &halves[1]);
        Tensor::cat(&[a * &self.cos - b * &self.sin, b * &self.cos + a * &self.sin], -1)
    }
}

fn angle(axis: Axis, place: i64, pair: i64, pairs: i64) -> f32 {
    match axis {
        Axis::Line(_) => place as f32 * 100f32.powf(-(pair as f32) / pairs as f32),
        Axis::Ring(length) => {
            let harmonic = 1 + pair % HARMONICS;
            // The whole number first, so that equal places have equal angles.
            std::f32::consts::TAU * ((harmonic * place) % length) as f32 / length as f32
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use loop3d_torch::weights::{Fresh, Start, normals};
    use std::rc::Rc;
    use tch::Device;

    #[test]
    fn a_shift_around_the_ring_shifts_the_result() {
        let weights = Weights::new(Rc::new(Fresh::new(1, Start::usual)), None, Device::Cpu);
        let attention = Attention::new(&weights, 24, 24, 2).unwrap();
        let x = Tensor::from_slice(&normals(2, 3 * 8 * 24, 1.0)).reshape([3, 8, 24]);
        let off = |axis: Axis| {
            let positions = Positions::new(&[axis], 12);
            let forward = |x: &Tensor| attention.forward(x, x, Some(&positions));
            (forward(&x).roll(3, 1) - forward(&x.roll(3, 1))).abs().max().double_value(&[])
        };
        assert!(off(Axis::Ring(8)) < 1e-5);
        // On a line the ends are ends.
        assert!(off(Axis::Line(8)) > 1e-3);
    }

    #[test]
    fn each_axis_turns_its_own_pairs() {
        // Six pairs: three of rows, three of columns.
        let positions = Positions::new(&[Axis::Line(2), Axis::Line(3)], 12);
        let place = 5;
        for (pair, expected) in [1.0f32, 100f32.powf(-1.0 / 3.0), 100f32.powf(-2.0 / 3.0)].into_iter().enumerate() {
            let angle = |pair: usize| {
                let value = |x: &Tensor| x.double_value(&[place, pair as i64]);
                value(&positions.sin).atan2(value(&positions.cos))
            };
            assert!((angle(pair) - f64::from(expected)).abs() < 1e-6);
            assert!((angle(pair + 3) - 2.0 * f64::from(expected)).abs() < 1e-6);
        }
    }
}
