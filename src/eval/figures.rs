//! The figures that a person reads: names, what they mean and which way is better. METHOD §6.2 defines them.

use loop3d_optimizer::metrics::Scores;

/// Which way a figure is better.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Better {
    /// The more the better.
    Higher,
    /// The less the better.
    Lower,
    /// Best at 1.
    One,
}

/// One figure.
#[derive(Debug)]
pub struct Figure {
    /// Its name, with the unit.
    pub name: &'static str,
    /// Which way is better.
    pub better: Better,
    /// Decimals to show.
    pub decimals: usize,
    /// Its value; `None` where it is undefined.
    pub of: fn(&Scores) -> Option<f64>,
    /// What it means, in one line.
    pub meaning: &'static str,
}

impl Figure {
    /// The value as it is shown.
    pub fn shown(&self, scores: &Scores) -> String {
        (self.of)(scores).map_or("–".to_owned(), |value| number(value, self.decimals))
    }
}

/// A number with so many decimals.
pub fn number(value: f64, decimals: usize) -> String {
    if value.is_infinite() { "∞".to_owned() } else { format!("{value:.decimals$}") }
}

/// Figures of the loop as a whole.
pub const LOOPS: [Figure; 7] = [
    Figure {
        name: "static PSNR dB",
        better: Better::Higher,
        decimals: 2,
        of: |s| s.psnr_static,
        meaning: "How close pixels that never move are to the clip, frame by frame.",
    },
    Figure {
        name: "static SSIM",
        better: Better::Higher,
        decimals: 4,
        of: |s| s.ssim_static,
        meaning: "How well the structure of static pixels is kept; 1 is identical.",
    },
    Figure {
        name: "mean PSNR dB",
        better: Better::Higher,
        decimals: 2,
        of: |s| s.psnr_mean,
        meaning: "How close the loop’s mean image over time is to the clip’s.",
    },
    Figure {
        name: "STDerr",
        better: Better::Lower,
        decimals: 1,
        of: |s| s.std_err,
        meaning: "Whether each pixel varies as much as in the clip: squared error of its standard deviation over time.",
    },
    Figure {
        name: "Com.",
        better: Better::Lower,
        decimals: 2,
        of: |s| s.com,
        meaning: "Completeness: how far patches of the clip are from the nearest ones of the loop. High if motion is missing.",
    },
    Figure {
        name: "Coh.",
        better: Better::Lower,
        decimals: 2,
        of: |s| s.coh,
        meaning: "Coherence: the reverse. High if the loop shows what never happens in the clip.",
    },
    Figure {
        name: "LoopQ",
        better: Better::Lower,
        decimals: 2,
        of: |s| s.loop_q,
        meaning: "Coherence across the seam. A seam that cannot be seen scores no more than Coh.",
    },
];

/// Figures of single frames.
pub const FRAMES: [Figure; 5] = [
    Figure {
        name: "detail",
        better: Better::One,
        decimals: 3,
        of: |s| s.appearance.detail,
        meaning: "Sharpness relative to the clip’s. Below 1 is softer.",
    },
    Figure {
        name: "detail, moving",
        better: Better::One,
        decimals: 3,
        of: |s| s.appearance.detail_moving,
        meaning: "The same for pixels that move.",
    },
    Figure {
        name: "grid",
        better: Better::One,
        decimals: 3,
        of: |s| s.appearance.grid,
        meaning: "Lines along rows and columns relative to the clip’s. Above 1 is a woven pattern.",
    },
    Figure {
        name: "specks per million",
        better: Better::Lower,
        decimals: 0,
        of: |s| s.appearance.specks,
        meaning: "Single pixels that stick out.",
    },
    Figure {
        name: "flicker",
        better: Better::Lower,
        decimals: 2,
        of: |s| s.appearance.flicker,
        meaning: "Change from frame to frame where the clip is static, in levels of 0–255.",
    },
];

/// Those of the figures that are defined for at least one of the rows.
pub fn defined<'a>(figures: &'a [Figure], rows: &[(&str, &Scores)]) -> Vec<&'a Figure> {
    figures.iter().filter(|figure| rows.iter().any(|(_, scores)| (figure.of)(scores).is_some())).collect()
}
