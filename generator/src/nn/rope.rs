//! Rotary position embedding on a grid of three axes (generate-syncammaster §3): the pairs of neighbouring features of a head
//! are complex numbers, turned by the angle p · 10000^(−2j/n), in f64.
//!
//! Of a head's D features the last 2·⌊D/3⌋ belong to the second and third axis, the others to the first. In the self-attention
//! the first axis is time, in the attention between views it is the view.

use tch::{Device, Kind, Tensor};

/// Base of the angles.
const THETA: f64 = 10_000.0;

/// The rotations of every place of a grid, for heads of one width.
#[derive(Debug)]
pub struct Rope {
    /// `[places, 1, head / 2]`, complex f64, places in row-major order of the grid.
    turns: Tensor,
}

impl Rope {
    /// How many of a head's features belong to each axis; `None` unless all three are even and positive.
    #[must_use]
    pub fn split(head: i64) -> Option<[i64; 3]> {
        let third = head / 3;
        let split = [head - 2 * third, third, third];
        split.iter().all(|features| *features > 0 && features % 2 == 0).then_some(split)
    }

    /// The rotations of a grid `[a, b, c]`, `split` as [`Rope::split`] returns it.
    #[must_use]
    pub fn new(grid: [i64; 3], split: [i64; 3], device: Device) -> Self {
        let places = grid.iter().product();
        let turns: Vec<Tensor> = (0..3)
            .map(|axis| {
                let mut shape = [1, 1, 1, split[axis] / 2];
                shape[axis] = grid[axis];
                let expanded = [grid[0], grid[1], grid[2], split[axis] / 2];
                along(grid[axis], split[axis]).to_device(device).reshape(shape).expand(expanded, false)
            })
            .collect();
        Self { turns: Tensor::cat(&turns, -1).reshape([places, 1, -1]) }
    }

    /// Turns `[b, places, heads · head]`, head by head.
    pub fn turn(&self, x: &Tensor, heads: i64) -> Tensor {
        let [b, places, width] = [0, 1, 2].map(|axis| x.size()[axis]);
        let pairs = x.to_kind(Kind::Double).reshape([b, places, heads, -1, 2]).view_as_complex();
        (pairs * &self.turns).view_as_real().reshape([b, places, width]).to_kind(x.kind())
    }

    /// Cosines and sines, `[places, 1, head / 2, 2]`, f64.
    pub fn cos_sin(&self) -> Tensor {
        self.turns.view_as_real()
    }
}

/// The rotations along one axis, `[length, features / 2]`, complex f64.
fn along(length: i64, features: i64) -> Tensor {
    let options = (Kind::Double, Device::Cpu);
    let exponents = Tensor::arange_start_step(0, features, 2, options) / features as f64;
    let frequencies = Tensor::pow_scalar(THETA, &exponents).reciprocal();
    let angles = Tensor::arange(length, options).outer(&frequencies);
    Tensor::polar(&angles.ones_like(), &angles)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn heads_are_split_into_even_parts() {
        assert_eq!(Rope::split(128), Some([44, 42, 42]));
        assert_eq!(Rope::split(32), Some([12, 10, 10]));
        for odd in [0, 2, 16, 64, 127] {
            assert_eq!(Rope::split(odd), None, "{odd}");
        }
    }

    #[test]
    fn each_axis_turns_its_own_features() {
        let rope = Rope::new([2, 3, 2], [4, 2, 2], Device::Cpu);
        // The place (1, 2, 1): angles 1 and 1/100 along the first axis, 2 and 1 along the others.
        let found = rope.cos_sin().get(11).get(0);
        for (pair, angle) in [1.0f64, 0.01, 2.0, 1.0].into_iter().enumerate() {
            let pair = pair as i64;
            assert!((found.double_value(&[pair, 0]) - angle.cos()).abs() < 1e-15);
            assert!((found.double_value(&[pair, 1]) - angle.sin()).abs() < 1e-15);
        }
        // The pair (1, 0) becomes (cos, sin) in every head.
        let x = Tensor::from_slice(&[1.0f32, 0.0]).repeat([1, 12, 8]);
        let turned = rope.turn(&x, 2).reshape([12, 2, 4, 2]).get(11);
        for head in 0..2 {
            let off = (turned.get(head) - found.to_kind(Kind::Float)).abs().max().double_value(&[]);
            assert_eq!(off, 0.0);
        }
    }
}
