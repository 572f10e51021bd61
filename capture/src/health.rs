//! What looking through a view's clip shows: how much the camera moves, how bright it is, how much of it can loop.

use crate::error::CaptureError;
use crate::exposure::{LongExposure, long_exposure};
use crate::load::PosedView;
use crate::loopable::loopable_mask;
use crate::steady::Follower;
use loop3d_media::Clip;

/// Rows of the frames that are looked at.
const ROWS: u32 = 360;
/// Frames that are followed, spread over the clip.
const FOLLOWED: usize = 30;
/// Values from here up count as white.
const WHITE: u8 = 254;

/// What is known about a view's clip.
#[derive(Clone, Debug, PartialEq)]
pub struct ClipHealth {
    /// Frames that could be read.
    pub frames: usize,
    /// How far the image moves off the first frame, in pixels of the frames on disk; `None` for stills, and where too much of it
    /// changes to tell.
    pub motion_px: Option<f64>,
    /// How far near and far things move against each other, in the same pixels: 0 for a camera that does not travel, `None` for stills
    /// and where there are too few features to say.
    pub parallax_px: Option<f64>,
    /// The first frame that does not match the first one of the clip: a cut, or a camera that turned away.
    pub lost_at: Option<usize>,
    /// Mean of all pixels and frames: red, green, blue, 0 to 1.
    pub mean: [f64; 3],
    /// Fraction of the values that are white, and so have no detail.
    pub white: f64,
    /// Fraction of the pixels that rise and fall, and so can loop.
    pub loopable: f64,
    /// Detail of the mean image relative to its contrast: lower than in other views where this one is blurred.
    pub sharpness: f64,
}

impl PosedView {
    /// Looks through the clip, at most 360 pixels high. Gives the clip at that size, too, for those who look for more.
    ///
    /// # Errors
    /// What can be wrong with a clip.
    pub fn examine(&self) -> Result<(ClipHealth, Clip), CaptureError> {
        let height = self.camera.height.min(ROWS);
        let width = (f64::from(self.camera.width) * f64::from(height) / f64::from(self.camera.height)).round().max(1.0);
        let clip = self.read_resized(width as u32, height)?;
        let size = (clip.width as u32, clip.height as u32);
        let scale = f64::from(self.source_size.1) / f64::from(height);
        let mut follower = Follower::new(clip.frame(0), size);
        let step = clip.frames.div_ceil(FOLLOWED).max(1);
        let lost_at = (step..clip.frames).step_by(step).find(|&frame| !follower.push(clip.frame(frame)));
        let motion = follower.finish();
        let known = clip.frames > 1 && lost_at != Some(step) && motion.is_known();
        let mut sums = [0u64; 3];
        let mut white = 0u64;
        for pixel in clip.rgb.as_chunks::<3>().0 {
            for (sum, &value) in sums.iter_mut().zip(pixel) {
                *sum += u64::from(value);
                white += u64::from(value >= WHITE);
            }
        }
        let pixels = (clip.rgb.len() / 3) as f64;
        let loopable = loopable_mask(&clip).iter().filter(|&&loops| loops).count();
        let health = ClipHealth {
            frames: clip.frames,
            motion_px: known.then_some(motion.largest_px * scale),
            parallax_px: motion.parallax_px.map(|px| px * scale),
            lost_at,
            mean: sums.map(|sum| sum as f64 / pixels / 255.0),
            white: white as f64 / pixels / 3.0,
            loopable: loopable as f64 / (clip.width * clip.height) as f64,
            sharpness: sharpness(&long_exposure(&clip, LongExposure::Mean), clip.width),
        };
        Ok((health, clip))
    }
}

/// Root of the mean square of the second differences along rows and columns, relative to the deviation, of an image's green.
fn sharpness(image: &[f32], width: usize) -> f64 {
    let green: Vec<f64> = image.as_chunks::<3>().0.iter().map(|pixel| f64::from(pixel[1])).collect();
    let (mut bends, mut count) = (0.0, 0usize);
    for at in width..green.len().saturating_sub(width) {
        if at % width > 0 && at % width + 1 < width {
            let bend = green[at - 1] + green[at + 1] + green[at - width] + green[at + width] - 4.0 * green[at];
            bends += bend * bend;
            count += 1;
        }
    }
    let mean = green.iter().sum::<f64>() / green.len() as f64;
    let variance = green.iter().map(|value| (value - mean).powi(2)).sum::<f64>() / green.len() as f64;
    (bends / count.max(1) as f64 / variance.max(1e-12)).sqrt()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_blurred_image_is_less_sharp() {
        let image = |period: f32| -> Vec<f32> {
            (0..60 * 40)
                .flat_map(|i| [0.5 + 0.4 * ((i % 60) as f32 * std::f32::consts::TAU / period).sin(); 3])
                .collect()
        };
        let (fine, coarse) = (sharpness(&image(5.0), 60), sharpness(&image(10.0), 60));
        // Second differences of a sine: (2 sin(π/period))².
        let expected = |period: f64| (2.0 * (std::f64::consts::PI / period).sin()).powi(2);
        assert!((fine - expected(5.0)).abs() < 0.02 && (coarse - expected(10.0)).abs() < 0.02, "{fine} {coarse}");
    }
}
