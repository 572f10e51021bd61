//! Light that drifts: a camera that meters, a sun behind clouds. What stands still tells by how much each frame is brighter, in each
//! channel, and what moves by how much it changes slowly besides.

use loop3d_media::Clip;
use rayon::prelude::*;

/// Values of a pixel's mean that tell of gains: not black, where noise is all there is, and not near white, which is clipped.
const TELLING: std::ops::RangeInclusive<f32> = 16.0..=235.0;
/// The part of the pixels that is stillest, which is asked.
const STILLEST: f64 = 0.5;
/// Rounds in which frames and the stillest pixels are found from each other.
const ROUNDS: usize = 3;
/// Fewest pixels that can be asked.
const FEWEST: usize = 50;
/// Values that are enough to ask.
const ENOUGH: usize = 40_001;
/// Parts of the picture, along each side, that are asked alone.
const PARTS: usize = 4;
/// By how much of the correction one may be off it.
const AGREE: f32 = 0.4;
/// The part of them that must say the same.
const MOST: f64 = 0.65;
/// A correction below this part of a value changes nothing: half a level of 128.
const NOTHING: f32 = 0.004;
/// Drift of moving pixels over the whole clip that is taken for light: less is nothing, more is another scene.
const DRIFT: std::ops::RangeInclusive<f32> = 0.01..=0.3;
/// Part of the moving pixels' changes that a straight line must explain to be drift.
const EXPLAINED: f32 = 0.5;

/// Factors that bring each frame to the light of the whole clip: `[frame][channel]`.
#[derive(Clone, Debug, PartialEq)]
pub struct Gains(pub Vec<[f32; 3]>);

impl Gains {
    /// Of frames whose light does not change.
    pub fn none(frames: usize) -> Self {
        Self(vec![[1.0; 3]; frames])
    }

    /// Whether there is nothing to correct.
    pub fn is_none(&self) -> bool {
        self.0.iter().flatten().all(|&gain| gain == 1.0)
    }

    /// The largest part by which a value is changed.
    pub fn largest(&self) -> f32 {
        self.0.iter().flatten().map(|gain| (gain - 1.0).abs()).fold(0.0, f32::max)
    }

    /// Those of both, one after the other.
    pub fn with(&self, others: &Self) -> Self {
        let both = |(a, b): (&[f32; 3], &[f32; 3])| [0, 1, 2].map(|c| a[c] * b[c]);
        Self(self.0.iter().zip(&others.0).map(both).collect())
    }

    /// For each value of each channel of a frame what becomes of it.
    pub fn table(&self, frame: usize) -> [[u8; 256]; 3] {
        self.0[frame].map(|gain| std::array::from_fn(|value| (value as f32 * gain).round().clamp(0.0, 255.0) as u8))
    }

    /// Corrects the pixels of a clip for which `is_meant` holds.
    pub fn apply(&self, clip: &mut Clip, is_meant: impl Fn(usize) -> bool + Sync) {
        let bytes = clip.width * clip.height * 3;
        clip.rgb.par_chunks_mut(bytes).enumerate().for_each(|(t, frame)| {
            let table = self.table(t);
            for (pixel, rgb) in frame.as_chunks_mut::<3>().0.iter_mut().enumerate() {
                if is_meant(pixel) {
                    *rgb = [0, 1, 2].map(|c| table[c][usize::from(rgb[c])]);
                }
            }
        });
    }
}

/// The gains of a clip's frames, told from what stands still.
pub fn of_still(clip: &Clip) -> Gains {
    let values = clip.width * clip.height * 3;
    let means = means(clip);
    let telling: Vec<usize> = (0..values).filter(|&i| TELLING.contains(&means[i])).collect();
    let telling: Vec<usize> = telling.iter().copied().step_by(telling.len().div_ceil(ENOUGH).max(1)).collect();
    let mut gains = Gains::none(clip.frames);
    if telling.len() < FEWEST || clip.frames < 3 {
        return gains;
    }
    let mut asked = telling.clone();
    for _ in 0..ROUNDS {
        gains = Gains(normalised(
            (0..clip.frames).into_par_iter().map(|t| ratios(clip.frame(t), &means, &asked)).collect(),
        ));
        let unrest = |&i: &usize| -> f32 {
            let off = |t: usize| (f32::from(clip.frame(t)[i]) * gains.0[t][i % 3] - means[i]).abs();
            (0..clip.frames).map(off).sum::<f32>()
        };
        let mut ranked: Vec<(f32, usize)> = telling.par_iter().map(|i| (unrest(i), *i)).collect();
        let kept = ((telling.len() as f64 * STILLEST) as usize).max(FEWEST).min(ranked.len());
        ranked.select_nth_unstable_by(kept - 1, |a, b| a.0.total_cmp(&b.0).then(a.1.cmp(&b.1)));
        asked = ranked[..kept].iter().map(|(_, i)| *i).collect();
    }
    let is_light = gains.largest() >= NOTHING && agree(clip, &means, &telling, &gains);
    if is_light { gains } else { Gains::none(clip.frames) }
}

/// Whether most parts of the picture, also those that move, brighten along with the gains, and by as much: a fire that lights its
/// surroundings, or a shadow, does not change all alike.
fn agree(clip: &Clip, means: &[f32], telling: &[usize], gains: &Gains) -> bool {
    let mut parts = vec![Vec::new(); PARTS * PARTS];
    for &i in telling {
        let (x, y) = (i / 3 % clip.width, i / 3 / clip.width);
        parts[y * PARTS / clip.height * PARTS + x * PARTS / clip.width].push(i);
    }
    parts.retain(|part| part.len() >= FEWEST);
    let log = |gain: [f32; 3]| gain.iter().map(|gain| gain.ln()).sum::<f32>() / 3.0;
    let ours: Vec<f32> = gains.0.iter().map(|gain| log(*gain)).collect();
    let square: f32 = ours.iter().map(|gain| gain * gain).sum();
    // The slope of a part's gains over the common ones: motion has nothing to do with these, and averages out.
    let follows = |part: &Vec<usize>| {
        let product = |t: usize| ours[t] * log(ratios(clip.frame(t), means, part));
        let slope = (0..clip.frames).map(product).sum::<f32>() / square.max(f32::MIN_POSITIVE);
        (slope - 1.0).abs() <= AGREE
    };
    let following = parts.par_iter().filter(|part| follows(part)).count();
    following as f64 >= MOST * parts.len() as f64
}

/// The slow drift of the pixels that move, in a clip whose gains are corrected: a straight line through their mean.
pub fn of_moving(clip: &Clip, moving: &[bool]) -> Gains {
    let none = Gains::none(clip.frames);
    let count = moving.iter().filter(|&&moving| moving).count();
    if count < FEWEST || clip.frames < 3 {
        return none;
    }
    let levels: Vec<[f32; 3]> = (0..clip.frames)
        .into_par_iter()
        .map(|t| {
            let mut sums = [0.0f64; 3];
            for (rgb, _) in clip.frame(t).as_chunks::<3>().0.iter().zip(moving).filter(|(_, moving)| **moving) {
                sums.iter_mut().zip(rgb).for_each(|(sum, value)| *sum += f64::from(*value));
            }
            sums.map(|sum| ((sum / count as f64) as f32).max(1.0).ln())
        })
        .collect();
    let middle = (clip.frames - 1) as f32 / 2.0;
    let slopes = [0, 1, 2].map(|c| {
        let mean = levels.iter().map(|level| level[c]).sum::<f32>() / levels.len() as f32;
        let (mut product, mut square, mut all) = (0.0f32, 0.0f32, 0.0f32);
        for (t, level) in levels.iter().enumerate() {
            let (x, y) = (t as f32 - middle, level[c] - mean);
            product += x * y;
            square += x * x;
            all += y * y;
        }
        let slope = product / square;
        let explained = slope * product / all.max(f32::MIN_POSITIVE);
        let drift = (slope * clip.frames as f32).abs();
        if explained >= EXPLAINED && DRIFT.contains(&drift) { slope } else { 0.0 }
    });
    if slopes == [0.0; 3] {
        return none;
    }
    Gains((0..clip.frames).map(|t| slopes.map(|slope| (-slope * (t as f32 - middle)).exp())).collect())
}

/// Mean of each value over time.
fn means(clip: &Clip) -> Vec<f32> {
    let values = clip.width * clip.height * 3;
    (0..values)
        .into_par_iter()
        .map(|i| (0..clip.frames).map(|t| u32::from(clip.rgb[t * values + i])).sum::<u32>() as f32 / clip.frames as f32)
        .collect()
}

/// By what each channel of a frame must be multiplied to have the mean's values: the median of what the values that are asked say. A
/// channel of which too few are asked has that of all channels.
fn ratios(frame: &[u8], means: &[f32], asked: &[usize]) -> [f32; 3] {
    let mut of: [Vec<f32>; 3] = Default::default();
    for &i in asked {
        of[i % 3].push(means[i] / f32::from(frame[i].max(1)));
    }
    let mut all = of.concat();
    let common = median(&mut all);
    of.map(|mut ratios| if ratios.len() < FEWEST { common } else { median(&mut ratios) })
}

/// Gains whose geometric mean over time is 1 in each channel.
fn normalised(mut gains: Vec<[f32; 3]>) -> Vec<[f32; 3]> {
    for c in 0..3 {
        let mean = (gains.iter().map(|gain| f64::from(gain[c]).ln()).sum::<f64>() / gains.len() as f64).exp() as f32;
        gains.iter_mut().for_each(|gain| gain[c] /= mean);
    }
    gains
}

fn median(values: &mut [f32]) -> f32 {
    let middle = values.len() / 2;
    *values.select_nth_unstable_by(middle, f32::total_cmp).1
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A quarter of the picture moves, the rest stands still; frame t is multiplied by `light(t)`, with some noise.
    fn clip(frames: usize, light: impl Fn(usize) -> [f32; 3]) -> Clip {
        let (width, height) = (120, 90);
        let mut rgb = Vec::new();
        let mut random = 1u32;
        for t in 0..frames {
            let light = light(t);
            for i in 0..width * height {
                let (x, y) = (i % width, i / width);
                let base =
                    if x < 30 { 60.0 + 40.0 * ((t * 7 + x * 5 + y) % 3) as f32 } else { 60.0 + (x + y / 3) as f32 };
                random = random.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
                let noise = (random >> 30) as f32 - 1.5;
                rgb.extend(light.map(|light| (base * light + noise).round() as u8));
            }
        }
        Clip { width, height, frames, rgb }
    }

    #[test]
    fn still_pixels_tell_the_light_of_each_frame() {
        let light = |t: usize| {
            let along = t as f32 / 39.0 - 0.5;
            [1.0 + 0.05 * along + 0.03 * along, 1.0 + 0.05 * along, 1.0 + 0.02 * along]
        };
        let gains = of_still(&clip(40, light));
        let middle = [0, 1, 2].map(|c| ((0..40).map(|t| light(t)[c].ln()).sum::<f32>() / 40.0).exp());
        for (t, gain) in gains.0.iter().enumerate() {
            for c in 0..3 {
                assert!((gain[c] * light(t)[c] / middle[c] - 1.0).abs() < 0.004, "{t} {c} {gain:?}");
            }
        }
    }

    #[test]
    fn light_of_a_fire_is_not_the_camera_s() {
        // The left half flickers, the right one hardly.
        let mut flickering = clip(40, |_| [1.0; 3]);
        let (width, bytes) = (flickering.width, flickering.width * flickering.height * 3);
        for (at, value) in flickering.rgb.iter_mut().enumerate() {
            let (t, x) = (at / bytes, at % bytes / 3 % width);
            let part = if x < width / 2 { 0.1 } else { 0.02 };
            *value = (f32::from(*value) * (1.0 + part * (t as f32 * 1.7).sin())).round() as u8;
        }
        assert!(of_still(&flickering).is_none());
    }

    #[test]
    fn light_that_does_not_change_is_left_alone() {
        assert!(of_still(&clip(40, |_| [1.0; 3])).is_none());
        let steady = clip(40, |_| [1.0; 3]);
        assert!(of_moving(&steady, &vec![true; 120 * 90]).is_none());
    }

    #[test]
    fn moving_pixels_tell_a_slow_drift_and_no_more() {
        let drifting = clip(60, |t| [1.0 + 0.1 * (t as f32 / 59.0 - 0.5), 1.0, 1.0]);
        let moving: Vec<bool> = (0..120 * 90).map(|i| i % 120 < 30).collect();
        let gains = of_moving(&drifting, &moving);
        assert!((gains.0[59][0] / gains.0[0][0] - 0.905).abs() < 0.02, "{:?} {:?}", gains.0[0], gains.0[59]);
        assert_eq!((gains.0[0][1], gains.0[59][2]), (1.0, 1.0));
        // Up and down is motion.
        assert!(of_moving(&clip(60, |t| [1.0 + 0.1 * (t as f32 / 3.0).sin(), 1.0, 1.0]), &moving).is_none());
    }
}
