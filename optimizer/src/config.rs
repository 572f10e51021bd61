//! Settings of a fit: the command line, the scene file's record and the code read the same struct.

use crate::error::FitError;
use clap::{Args, ValueEnum};
use serde::{Deserialize, Serialize};
use std::fmt;
use std::ops::RangeInclusive;
use std::str::FromStr;

/// How much time a fit takes for how much quality.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, ValueEnum, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Preset {
    /// A first look, in a minute or two.
    Draft,
    /// What to publish.
    #[default]
    Standard,
    /// Twice the work of standard.
    Fine,
}

/// The long exposure of a view (METHOD §1.4, D7).
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, ValueEnum, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Exposure {
    /// The mean of all frames: it treats all views alike, so that the geometry stays consistent.
    #[default]
    Mean,
    /// The published method: frames weighted by how far they are from the mean.
    Deviation,
    /// The median of all frames.
    Median,
}

/// Nearest plane without `--near-factor`.
const NEAR_FACTOR: f64 = 0.9;
/// Farthest plane without `--far-factor`.
const FAR_FACTOR: f64 = 2.0;
/// Seed without `--seed`.
const SEED: u64 = 1;

/// Settings of a fit.
#[derive(Clone, Debug, PartialEq, Args, Serialize, Deserialize)]
pub struct FitConfig {
    /// Trade time for quality
    #[arg(long, value_enum, default_value_t)]
    pub preset: Preset,
    /// Number of planes; auto: enough for about one pixel of parallax between neighbours
    #[arg(long, default_value_t)]
    pub planes: PlaneCount,
    /// Length of the loop in frames [default: two seconds, or half the shortest clip if that is less]
    #[arg(long)]
    pub frames: Option<usize>,
    /// Depth of the nearest plane, as a multiple of the nearest scene depth
    #[arg(long, default_value_t = NEAR_FACTOR)]
    pub near_factor: f64,
    /// Depth of the farthest plane, as a multiple of the farthest scene depth
    #[arg(long, default_value_t = FAR_FACTOR)]
    pub far_factor: f64,
    /// How to merge each clip into the image that the static stage fits
    #[arg(long, value_enum, default_value_t)]
    pub exposure: Exposure,
    /// Index, from 0, of the view whose clip the loop starts from [default: the most central view]
    #[arg(long)]
    pub lead: Option<usize>,
    /// Seed of all random choices
    #[arg(long, default_value_t = SEED)]
    pub seed: u64,
}

impl Default for FitConfig {
    /// The settings of a command line without flags.
    fn default() -> Self {
        Self {
            preset: Preset::default(),
            planes: PlaneCount::default(),
            frames: None,
            near_factor: NEAR_FACTOR,
            far_factor: FAR_FACTOR,
            exposure: Exposure::default(),
            lead: None,
            seed: SEED,
        }
    }
}

impl FitConfig {
    /// Checks the settings that clap cannot check.
    ///
    /// # Errors
    /// [`FitError::Setting`] for the first setting that makes no sense.
    pub fn validate(&self) -> Result<(), FitError> {
        let bad =
            |option, found: String, expected: &str| Err(FitError::Setting { option, found, expected: expected.into() });
        let positive = |x: f64| x.is_finite() && x > 0.0;
        if self.frames.is_some_and(|t| !(1..=4096).contains(&t)) {
            return bad("--frames", format!("{}", self.frames.unwrap_or(0)), "1 to 4096");
        }
        if matches!(self.planes, PlaneCount::Count(n) if !PlaneCount::RANGE.contains(&n)) {
            return bad("--planes", self.planes.to_string(), &PlaneCount::expected());
        }
        if !positive(self.near_factor) {
            return bad("--near-factor", self.near_factor.to_string(), "a number above 0");
        }
        if !positive(self.far_factor) || self.far_factor < self.near_factor {
            return bad("--far-factor", self.far_factor.to_string(), "a number that is at least --near-factor");
        }
        Ok(())
    }
}

/// Number of planes of a scene.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum PlaneCount {
    /// About one pixel of parallax between neighbouring planes at the outermost camera.
    #[default]
    Auto,
    /// This many, at least 2.
    Count(usize),
}

impl PlaneCount {
    /// Numbers of planes that a scene may have.
    pub const RANGE: RangeInclusive<usize> = 2..=loop3d_scene::MAX_PLANES;

    fn expected() -> String {
        format!("`auto` or a number from {} to {}", Self::RANGE.start(), Self::RANGE.end())
    }
}

impl FromStr for PlaneCount {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        match text.parse() {
            _ if text == "auto" => Ok(Self::Auto),
            Ok(n) if Self::RANGE.contains(&n) => Ok(Self::Count(n)),
            _ => Err(format!("expected {}", Self::expected())),
        }
    }
}

impl fmt::Display for PlaneCount {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Auto => f.write_str("auto"),
            Self::Count(n) => write!(f, "{n}"),
        }
    }
}

/// One pyramid level of a stage: every tile has `side`² texels, pictures are `side`/16 of their size.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub struct Level {
    /// Texels along a side of a tile.
    pub side: usize,
    /// Visits of every view.
    pub epochs: usize,
    /// Learning rate at the start; it falls to a tenth by the end of the level.
    pub lr: f32,
}

impl Level {
    /// Learning rate of epoch `epoch`: falls exponentially to a tenth over the level.
    pub fn learning_rate(&self, epoch: usize) -> f32 {
        self.lr * 0.1f32.powf(epoch as f32 / self.epochs.max(1) as f32)
    }
}

/// What a preset does in each stage. Field names on disk are those of the first version: checkpoints compare them.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Schedule {
    /// Levels of the static stage; tiles are culled between them.
    #[serde(rename = "still")]
    pub static_levels: Vec<Level>,
    /// Levels of the looping stage.
    #[serde(rename = "looping")]
    pub looping_levels: Vec<Level>,
    /// A view's looping target is searched at every visit of this number.
    #[serde(rename = "refresh")]
    pub search_every: usize,
}

/// Rows that the first level of the static stage has at most, where all planes are still whole.
const FIRST_ROWS: u32 = 270;
/// Views that epochs are counted for. With more of them a texel is seen more often in an epoch, and epochs are fewer.
const VIEWS: usize = 8;

impl Preset {
    /// The schedule of a preset for `views` training views of pictures `height` pixels high. Tuned on campfire and fountain
    /// (docs/EXPERIMENTS.md).
    pub fn schedule(self, height: u32, views: usize) -> Schedule {
        let level = |(side, epochs, lr): (usize, usize, f32)| Level {
            side,
            epochs: (epochs * VIEWS).div_ceil(views.max(VIEWS)),
            lr,
        };
        // At half size from the start, or at a quarter where that would be too large. A few epochs on whole planes tell
        // which tiles are worth the others, and half of the finest level which are worth the rest.
        let half = height / 2 <= FIRST_ROWS;
        let static_levels = |whole: usize, first: usize, then: usize, last: usize| {
            let mut levels = if half {
                vec![(8, whole, 0.05), (8, first, 0.05)]
            } else {
                vec![(4, whole, 0.05), (4, first, 0.05), (8, then, 0.05)]
            };
            levels.extend([(16, last, 0.05), (16, last, 0.03)]);
            levels.into_iter().map(level).collect()
        };
        let looping_levels = |levels: &[_]| levels.iter().copied().map(level).collect();
        let long = |times: usize, search_every: usize| Schedule {
            static_levels: static_levels(8 * times, 40 * times, 30 * times, 20 * times),
            looping_levels: looping_levels(&[
                (4, 40 * times, 0.02),
                (6, 30 * times, 0.02),
                (8, 30 * times, 0.02),
                (12, 20 * times, 0.015),
                (16, 24 * times, 0.01),
            ]),
            search_every,
        };
        match self {
            Self::Draft => Schedule {
                static_levels: static_levels(4, 20, 15, 10),
                looping_levels: looping_levels(&[(4, 16, 0.02), (8, 12, 0.015), (16, 9, 0.01)]),
                search_every: 3,
            },
            Self::Standard => long(1, 3),
            Self::Fine => long(2, 2),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use clap::{Command, FromArgMatches};

    #[test]
    fn defaults_are_those_of_the_command_line() {
        let command = FitConfig::augment_args(Command::new("fit"));
        let matches = command.get_matches_from(["fit"]);
        assert_eq!(FitConfig::from_arg_matches(&matches).unwrap(), FitConfig::default());
    }

    #[test]
    fn the_fine_schedule_is_the_standard_one_with_twice_the_epochs() {
        let epochs = |levels: &[Level]| levels.iter().map(|level| (level.side, level.epochs)).collect::<Vec<_>>();
        let [standard, fine] = [Preset::Standard, Preset::Fine].map(|preset| preset.schedule(360, 8));
        assert_eq!(epochs(&standard.static_levels), [(8, 8), (8, 40), (16, 20), (16, 20)]);
        assert_eq!(epochs(&standard.looping_levels), [(4, 40), (6, 30), (8, 30), (12, 20), (16, 24)]);
        assert_eq!(epochs(&fine.looping_levels), [(4, 80), (6, 60), (8, 60), (12, 40), (16, 48)]);
        assert_eq!((standard.search_every, fine.search_every), (3, 2));
    }

    #[test]
    fn schedules_keep_their_names_on_disk() {
        let json = serde_json::to_value(Preset::Draft.schedule(360, 8)).unwrap();
        let names: Vec<&String> = json.as_object().unwrap().keys().collect();
        assert_eq!(names, ["looping", "refresh", "still"]);
    }
}
