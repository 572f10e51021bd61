//! Seconds of repeated work, taken in turns: whatever else the machine does meets all sides alike.

use anyhow::Result;
use serde::{Deserialize, Serialize};
use std::hint::black_box;
use std::thread::sleep;
use std::time::{Duration, Instant};

/// Rest before each measurement, so that one side's idle threads have stopped spinning when the other's begin.
const REST: Duration = Duration::from_millis(30);

/// Seconds of each repetition, in the order they were taken.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Samples(pub Vec<f64>);

impl Samples {
    /// The middle one.
    pub fn median(&self) -> f64 {
        median(&self.0)
    }

    /// How many times longer `other` took: the median of the ratios of each repetition.
    pub fn ratio(&self, other: &Self) -> f64 {
        median(&self.0.iter().zip(&other.0).map(|(own, other)| other / own).collect::<Vec<_>>())
    }
}

/// The middle value; the mean of the two middle ones of an even number; NaN of none.
pub fn median(values: &[f64]) -> f64 {
    let mut sorted = values.to_vec();
    sorted.sort_unstable_by(f64::total_cmp);
    match sorted.len() {
        0 => f64::NAN,
        n if n % 2 == 1 => sorted[n / 2],
        n => (sorted[n / 2 - 1] + sorted[n / 2]) / 2.0,
    }
}

/// Something that is measured: does its work once and returns the seconds that count.
pub type Side<'a> = &'a mut dyn FnMut() -> Result<f64>;

/// Seconds of one run of `work`.
///
/// # Errors
/// Those of the work.
pub fn timed<T>(work: impl FnOnce() -> Result<T>) -> Result<f64> {
    let start = Instant::now();
    black_box(work()?);
    Ok(start.elapsed().as_secs_f64())
}

/// Runs all sides once, then the next repetition, so many times.
///
/// # Errors
/// Those of the sides.
pub fn in_turns<const N: usize>(repetitions: usize, mut sides: [Side<'_>; N]) -> Result<[Samples; N]> {
    let mut samples = std::array::from_fn(|_| Samples::default());
    for _ in 0..repetitions {
        for (side, samples) in sides.iter_mut().zip(&mut samples) {
            sleep(REST);
            samples.0.push(side()?);
        }
    }
    Ok(samples)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn medians() {
        assert_eq!(median(&[3.0, 1.0, 2.0]), 2.0);
        assert_eq!(median(&[4.0, 1.0, 2.0, 9.0]), 3.0);
        assert!(median(&[]).is_nan());
    }

    #[test]
    fn a_ratio_is_taken_within_repetitions() {
        // In the second repetition the machine was slow for both.
        let (ours, theirs) = (Samples(vec![1.0, 4.0, 2.0]), Samples(vec![10.0, 40.0, 22.0]));
        assert_eq!(ours.ratio(&theirs), 10.0);
    }

    #[test]
    fn sides_take_turns() {
        let order = std::cell::RefCell::new(Vec::new());
        let side = |name: char, seconds: f64| {
            order.borrow_mut().push(name);
            Ok(seconds)
        };
        let [a, b] = in_turns(2, [&mut || side('a', 1.0), &mut || side('b', 2.0)]).unwrap();
        assert_eq!((a.0, b.0), (vec![1.0, 1.0], vec![2.0, 2.0]));
        assert_eq!(*order.borrow(), ['a', 'b', 'a', 'b']);
    }
}
