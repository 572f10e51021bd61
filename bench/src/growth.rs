//! How the time of a fit grows with what it is given.

use crate::capture::{FRAMES, posed};
use crate::child::Task;
use crate::fit::{FitCase, FitCost};
use crate::samples::Samples;
use anyhow::Result;
use serde::{Deserialize, Serialize};
use std::path::Path;

/// Time of a fit at one point.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Point {
    /// The quantity that grows.
    pub value: usize,
    /// Of each repetition, without loading.
    pub seconds: Samples,
    /// Peak resident memory of the last repetition.
    pub peak_bytes: Option<u64>,
    /// Planes that the fit chose.
    pub planes: usize,
}

/// One quantity grows; all others stay.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Growth {
    /// The quantity.
    pub of: String,
    /// At least three, ascending.
    pub points: Vec<Point>,
}

impl Growth {
    /// Time is about proportional to the quantity to this power: the slope from the first to the last point.
    pub fn exponent(&self) -> f64 {
        let (Some(first), Some(last)) = (self.points.first(), self.points.last()) else { return f64::NAN };
        let rise = (last.seconds.median() / first.seconds.median()).ln();
        rise / (last.value as f64 / first.value as f64).ln()
    }
}

/// The case that all others vary in one quantity, and the values of each.
struct Plan {
    base: FitCase,
    views: [usize; 3],
    clip_frames: [usize; 3],
    rows: [usize; 3],
    frames: [usize; 3],
}

impl Plan {
    fn new(capture: &Path, views: usize, clip_frames: usize, quick: bool) -> Self {
        // Lengths of the loop are whole chunks of eight frames, as the automatic one is.
        let (rows, frames) = if quick { ([54, 72, 108], [8, 16, 32]) } else { ([90, 120, 160], [8, 24, 48]) };
        Self {
            base: FitCase {
                capture: capture.to_owned(),
                height: rows[1] as u32,
                views: None,
                clip_frames,
                frames: Some(frames[1]),
                scene: None,
            },
            views: [views.div_ceil(3).max(2), views.div_ceil(3).max(2).midpoint(views), views],
            clip_frames: [clip_frames / 2, clip_frames * 3 / 4, clip_frames],
            rows,
            frames,
        }
    }

    /// Quantities, and the cases of each.
    fn cases(&self) -> [(&'static str, [(usize, FitCase); 3]); 4] {
        let vary = |values: [usize; 3], set: fn(&mut FitCase, usize)| {
            values.map(|value| {
                let mut case = self.base.clone();
                set(&mut case, value);
                (value, case)
            })
        };
        [
            ("views", vary(self.views, |case, n| case.views = Some(n))),
            ("frames of a clip", vary(self.clip_frames, |case, n| case.clip_frames = n)),
            ("rows of the pictures", vary(self.rows, |case, n| case.height = n as u32)),
            ("frames T of the loop", vary(self.frames, |case, n| case.frames = Some(n))),
        ]
    }
}

/// Fits all cases in turn, so many times, each in a process of its own.
///
/// # Errors
/// Whatever is wrong with the capture.
pub fn measure(capture: &Path, quick: bool, repetitions: usize) -> Result<Vec<Growth>> {
    let posed = posed(capture, u32::MAX)?;
    let shortest = posed.views.iter().filter_map(|view| view.frames).min().unwrap_or(FRAMES);
    let plan = Plan::new(capture, posed.views.len(), shortest.min(FRAMES), quick);
    let mut all: Vec<Growth> = Vec::new();
    for repetition in 0..repetitions {
        for (index, (of, cases)) in plan.cases().into_iter().enumerate() {
            if repetition == 0 {
                all.push(Growth { of: of.into(), points: Vec::new() });
            }
            for (place, (value, case)) in cases.into_iter().enumerate() {
                eprintln!("fit with {of} = {value}");
                let cost: FitCost = Task::Fit(case).in_child()?;
                let points = &mut all[index].points;
                if repetition == 0 {
                    let seconds = Samples::default();
                    points.push(Point { value, seconds, peak_bytes: None, planes: cost.planes });
                }
                points[place].seconds.0.push(cost.fit_seconds());
                points[place].peak_bytes = cost.peak_bytes();
            }
        }
    }
    Ok(all)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_exponent_is_the_slope_between_the_ends() {
        let point = |value, seconds| Point { value, seconds: Samples(vec![seconds]), peak_bytes: None, planes: 8 };
        let growth = Growth { of: "rows".into(), points: vec![point(10, 1.0), point(20, 3.0), point(40, 16.0)] };
        assert!((growth.exponent() - 2.0).abs() < 1e-12);
    }

    #[test]
    fn each_quantity_varies_alone_and_meets_the_base() {
        let plan = Plan::new(Path::new("x"), 9, 100, true);
        let cases = plan.cases();
        let values = cases.each_ref().map(|(_, points)| points.each_ref().map(|(value, _)| *value));
        assert_eq!(values, [[3, 6, 9], [50, 75, 100], [54, 72, 108], [8, 16, 32]]);
        assert_eq!(cases[2].1[1].1, plan.base);
        assert_eq!(cases[3].1[1].1, plan.base);
        assert_eq!(cases[0].1[0].1, FitCase { views: Some(3), ..plan.base.clone() });
    }
}
