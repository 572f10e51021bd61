//! What the machine can do at most, with all threads: copy memory, and multiply and add.

use crate::samples::{Samples, in_turns, timed};
use anyhow::Result;
use multiversion::{multiversion, target::target_cfg_f};
use rayon::prelude::*;
use serde::{Deserialize, Serialize};
use std::hint::black_box;

/// Bytes of each of the two copied buffers: more than caches hold.
const BUFFER: usize = 512 << 20;
/// Multiply-adds of each lane of a task: about a tenth of a second.
const ROUNDS: usize = 20_000_000;
/// Independent chains, enough to hide the latency of a multiply-add, few enough for the registers.
const CHAINS: usize = 10;
const LANES: usize = 8;

/// Measured rates.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub struct Ceiling {
    /// Bytes read and written by a large copy.
    pub bytes_per_second: f64,
    /// Multiplications and additions of f32.
    pub operations_per_second: f64,
}

/// Measures both in turns; medians.
///
/// # Errors
/// None of its own.
pub fn measure(repetitions: usize) -> Result<Ceiling> {
    let threads = rayon::current_num_threads();
    let (from, mut to) = (vec![1u8; BUFFER], vec![2u8; BUFFER]);
    let part = BUFFER.div_ceil(threads);
    let mut copy = || {
        timed(|| {
            to.par_chunks_mut(part).zip(from.par_chunks(part)).for_each(|(to, from)| to.copy_from_slice(from));
            Ok(black_box(&to).len())
        })
    };
    let mut arithmetic = || timed(|| Ok((0..threads).into_par_iter().map(|_| multiply_add(ROUNDS)).sum::<f32>()));
    let [copy, arithmetic]: [Samples; 2] = in_turns(repetitions, [&mut copy, &mut arithmetic])?;
    Ok(Ceiling {
        bytes_per_second: 2.0 * BUFFER as f64 / copy.median(),
        operations_per_second: (2 * ROUNDS * CHAINS * LANES * threads) as f64 / arithmetic.median(),
    })
}

/// `x ← x·a + b` in registers.
#[multiversion(targets("x86_64+avx2+fma"))]
fn multiply_add(rounds: usize) -> f32 {
    let (a, b) = (black_box(0.999f32), black_box(0.001f32));
    let mut chains = [[0.5f32; LANES]; CHAINS];
    for _ in 0..rounds {
        for x in chains.as_flattened_mut() {
            // Without the instruction `mul_add` is a slow function.
            *x = if target_cfg_f!(any(target_feature = "fma", target_arch = "aarch64")) {
                x.mul_add(a, b)
            } else {
                *x * a + b
            };
        }
    }
    chains.as_flattened().iter().sum()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_loop_computes_what_it_says() {
        // x = 1 is the fixed point; each round halves nothing but a thousandth of the distance.
        let expected = (CHAINS * LANES) as f32 * (1.0 - 0.5 * 0.999f32.powi(1000));
        assert!((multiply_add(1000) - expected).abs() < 1e-2 * expected);
    }
}
