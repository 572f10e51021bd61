//! Whether views change together, without a network: changes in brightness and amount of motion over time.
//!
//! For each view two curves over time, the mean grey level and the mean difference from the frame before. Two views of one event have
//! curves that rise and fall together: their correlation is near 1, and it is largest at a lag of 0. This says nothing about what is
//! seen; CLIP-V and FVD-V need networks.

use super::error::{MetricError, at_least, equal, mean_difference};
use loop3d_media::Clip;
use serde::Serialize;

/// How much views change together.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Synchrony {
    /// Mean correlation of the amounts of motion over all pairs of views; `None` where no pair moves unevenly.
    pub motion: Option<f64>,
    /// The same of the mean grey levels.
    pub brightness: Option<f64>,
    /// For each view after the first, the lag in frames at which its motion is most like the first view's: 0 where they are
    /// synchronous, positive where it is late. `None` where it moves evenly.
    pub lags: Vec<Option<i64>>,
}

/// What a view does over time: all that [`synchrony`] needs of it, so that one clip at a time is in memory.
#[derive(Clone, Debug, PartialEq)]
pub struct Curves {
    /// Mean absolute difference of each frame from the one before, in grey levels: one value fewer than frames.
    motion: Vec<f64>,
    /// Mean grey level of each frame.
    brightness: Vec<f64>,
}

impl Curves {
    /// The curves of a clip.
    #[must_use]
    pub fn of(clip: &Clip) -> Self {
        let level = |t| {
            let frame = clip.frame(t);
            frame.iter().map(|x| f64::from(*x)).sum::<f64>() / frame.len().max(1) as f64
        };
        Self {
            motion: (1..clip.frames).map(|t| mean_difference(clip.frame(t - 1), clip.frame(t))).collect(),
            brightness: (0..clip.frames).map(level).collect(),
        }
    }
}

/// Compares views of one event.
///
/// # Errors
/// Fewer than two views, fewer than eight frames, or views that differ in their number.
pub fn synchrony(views: &[Curves]) -> Result<Synchrony, MetricError> {
    at_least("synchrony", "views", views.len(), 2)?;
    let frames = views[0].brightness.len();
    at_least("synchrony", "frames", frames, 8)?;
    for view in views {
        equal("synchrony", "number of frames of a view", &view.brightness.len(), &frames)?;
    }
    let most = (frames / 4) as i64;
    let lag = |other: &Curves| {
        let at = |lag: i64| Some((lag, lagged(&views[0].motion, &other.motion, lag)?));
        // The smallest of equal lags: nearest to 0 first.
        let mut lags: Vec<i64> = (-most..=most).collect();
        lags.sort_by_key(|lag| lag.abs());
        let best =
            lags.into_iter().filter_map(at).reduce(|best, next| if next.1 > best.1 + 1e-12 { next } else { best });
        best.map(|(lag, _)| lag)
    };
    let mean = |curve: fn(&Curves) -> &[f64]| mean(&views.iter().map(curve).collect::<Vec<_>>());
    Ok(Synchrony {
        motion: mean(|curves| &curves.motion),
        brightness: mean(|curves| &curves.brightness),
        lags: views[1..].iter().map(lag).collect(),
    })
}

/// Mean correlation over all pairs.
fn mean(curves: &[&[f64]]) -> Option<f64> {
    let pairs = (0..curves.len()).flat_map(|i| (0..i).map(move |j| (i, j)));
    let values: Vec<f64> = pairs.filter_map(|(i, j)| correlation(curves[i], curves[j])).collect();
    (!values.is_empty()).then(|| values.iter().sum::<f64>() / values.len() as f64)
}

/// Correlation of `a` at t with `b` at t + lag, where both are.
fn lagged(a: &[f64], b: &[f64], lag: i64) -> Option<f64> {
    let skip = lag.unsigned_abs() as usize;
    if lag >= 0 {
        correlation(a.get(..a.len().checked_sub(skip)?)?, b.get(skip..)?)
    } else {
        correlation(a.get(skip..)?, b.get(..b.len().checked_sub(skip)?)?)
    }
}

/// Pearson's correlation; `None` where a curve is flat.
fn correlation(a: &[f64], b: &[f64]) -> Option<f64> {
    let n = a.len() as f64;
    let (mean_a, mean_b) = (a.iter().sum::<f64>() / n, b.iter().sum::<f64>() / n);
    let sum = |f: &dyn Fn(f64, f64) -> f64| a.iter().zip(b).map(|(a, b)| f(a - mean_a, b - mean_b)).sum::<f64>();
    let below = (sum(&|a, _| a * a) * sum(&|_, b| b * b)).sqrt();
    (below > 1e-9).then(|| sum(&|a, b| a * b) / below)
}
