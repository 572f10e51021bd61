//! The figures of loops against the clip that they were made of: `loops CLIP LOOP …`. METHOD §6.2 says what they mean, and which border
//! is left out; the seam is the mean change from the last frame to the first over the mean of the others.
#![allow(clippy::print_stdout, reason = "a table is what it is for")]

use anyhow::{Context, Result};
use loop3d_capture::{Clip, loopable_mask};
use loop3d_media::read_clip_resized;
use loop3d_optimizer::metrics::{crop_px, evaluate};
use std::path::Path;

fn main() -> Result<()> {
    let mut files = std::env::args().skip(1);
    let clip = files.next().context("expected CLIP LOOP …")?;
    let (clip, _) = loop3d_media::read_clip(Path::new(&clip))?;
    let still: Vec<bool> = loopable_mask(&clip).iter().map(|moving| !moving).collect();
    let frozen = Frozen::of(&clip, &still);
    let moving_truth = frozen.frozen(&clip);
    println!("{:40} frames  seam  STDerr   Com.   Coh.  LoopQ  ratio  still changes  Com. of what moves", "loop");
    for name in files {
        let (shown, _) = read_clip_resized(Path::new(&name), clip.width as u32, clip.height as u32)?;
        let scores = evaluate(&(&shown).into(), &(&clip).into(), &still, crop_px(clip.height))?;
        let of_moving =
            evaluate(&(&frozen.frozen(&shown)).into(), &(&moving_truth).into(), &still, crop_px(clip.height))?;
        let figure = |value: Option<f64>| value.unwrap_or(f64::NAN);
        let (std_err, com, coh, loop_q) =
            (figure(scores.std_err), figure(scores.com), figure(scores.coh), figure(scores.loop_q));
        let (ratio, seam) = (loop_q / coh, seam(&shown));
        println!(
            "{name:40} {:6} {seam:5.2} {std_err:7.2} {com:6.3} {coh:6.3} {loop_q:6.3} {ratio:6.2}  {:13.3}  {:.3}",
            shown.frames,
            still_change(&shown, &still),
            figure(of_moving.com),
        );
    }
    Ok(())
}

/// What stands still in a clip, as one image: the noise of two thirds of a picture would hide what the rest does.
struct Frozen<'a> {
    still: &'a [bool],
    mean: Vec<u8>,
}

impl<'a> Frozen<'a> {
    fn of(clip: &Clip, still: &'a [bool]) -> Self {
        let sum = |i: usize| (0..clip.frames).map(|t| u32::from(clip.frame(t)[i])).sum::<u32>();
        let mean = (0..clip.frame(0).len()).map(|i| (sum(i) / clip.frames as u32) as u8).collect();
        Self { still, mean }
    }

    /// A clip with it.
    fn frozen(&self, clip: &Clip) -> Clip {
        let mut rgb = clip.rgb.clone();
        for frame in rgb.chunks_exact_mut(self.mean.len()) {
            for (at, value) in frame.iter_mut().enumerate().filter(|(at, _)| self.still[at / 3]) {
                *value = self.mean[at];
            }
        }
        Clip { rgb, ..*clip }
    }
}

fn change(a: &[u8], b: &[u8]) -> f64 {
    a.iter().zip(b).map(|(a, b)| f64::from(a.abs_diff(*b))).sum::<f64>() / a.len() as f64
}

fn seam(clip: &Clip) -> f64 {
    let others: f64 = (1..clip.frames).map(|t| change(clip.frame(t - 1), clip.frame(t))).sum();
    change(clip.frame(clip.frames - 1), clip.frame(0)) * (clip.frames - 1) as f64 / others
}

/// Mean change of still values from frame to frame: an encoder may add some, the loop itself none.
fn still_change(clip: &Clip, still: &[bool]) -> f64 {
    let (mut sum, mut count) = (0.0, 0.0f64);
    for t in 1..clip.frames {
        for (_, (a, b)) in clip.frame(t - 1).iter().zip(clip.frame(t)).enumerate().filter(|(at, _)| still[at / 3]) {
            sum += f64::from(a.abs_diff(*b));
            count += 1.0;
        }
    }
    sum / count.max(1.0)
}
