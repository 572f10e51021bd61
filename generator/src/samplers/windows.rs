//! Clips that are longer than the model's context, and loops without training (generate-long §4, generate-loop §2): the model sees
//! overlapping windows of the latents, and where two of them overlap, the first θ latents of the overlap come from the left one, the
//! others from the right one. θ is drawn anew for every boundary and step, so that no boundary stays anywhere ("randomised blending",
//! StreamingT2V). All windows share one noise, since they are cut from one tensor.
//!
//! A loop lies on a ring: its windows overlap all the way around, and every step begins at another latent, so that none stays at an
//! end. Positions belong to the places in a window, not to the latents.
//!
//! The first place of a window that does not begin the clip is a guard: an uncompressed first frame has other statistics than the
//! frames after it. It gets the latent before, and what the model says of it is thrown away (θ is at least 1).

use super::dice::SplitMix;
use super::{Backbone, BackboneError, Cond};
use serde::{Deserialize, Serialize};
use tch::Tensor;

/// Latents by which the beginning of a ring moves from step to step, where their number allows it.
const STRIDE: i64 = 7;
/// Latents at the beginning of a window that only guard the others.
pub const GUARD: i64 = 1;

/// How θ is drawn for an overlap of O latents. P is the chance that the left window supplies latent f = 1…O of it.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Blending {
    /// The article's: θ up to O, P = 1 − f/(O + 1).
    #[default]
    Paper,
    /// The released code's: θ up to O − 1, P = 1 − f/O. The last latent always comes from the right.
    Released,
}

/// Windows of one length over latents on a line or on a ring, with the same space between them.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Windows {
    /// Latents of the clip.
    total: i64,
    /// Latents of a window.
    length: i64,
    /// First latent of each window; on a ring any number, otherwise 0 for the first one.
    starts: Vec<i64>,
    ring: bool,
}

impl Windows {
    /// Windows of at most `length` latents over a clip of `total`, neighbours overlapping by `overlap` or a little more. A window is
    /// longer than its overlap.
    #[must_use]
    pub fn on_a_line(total: i64, length: i64, overlap: i64) -> Self {
        let length = length.min(total);
        let count = if length == total { 1 } else { (total - overlap + length - overlap - 1) / (length - overlap) };
        let starts = (0..count).map(|i| i * (total - length) / (count - 1).max(1)).collect();
        Self { total, length, starts, ring: false }
    }

    /// Windows over a ring of `total` latents that begin at `start`; a short ring is one window that overlaps itself by the guard.
    #[must_use]
    pub fn on_a_ring(total: i64, length: i64, overlap: i64, start: i64) -> Self {
        let length = length.min(total + 1);
        let count = if length > total { 1 } else { (total + length - overlap - 1) / (length - overlap) };
        let starts = (0..count).map(|i| start + i * total / count).collect();
        Self { total, length, starts, ring: true }
    }

    /// How many they are.
    #[must_use]
    pub fn count(&self) -> usize {
        self.starts.len()
    }

    /// Latents of a window.
    #[must_use]
    pub fn length(&self) -> i64 {
        self.length
    }

    /// The latents that each window overlaps the one before it by; none for the first one on a line.
    #[must_use]
    pub fn overlaps(&self) -> Vec<i64> {
        let last = self.starts.last().map(|start| start - self.total);
        let before = std::iter::once(last.filter(|_| self.ring)).chain(self.starts.iter().copied().map(Some));
        self.starts.iter().zip(before).map(|(start, before)| before.map_or(0, |b| b + self.length - start)).collect()
    }

    /// θ for each window's overlap with the one before it, at least `least`: 0, or [`GUARD`].
    #[must_use]
    pub fn draw(&self, how: Blending, least: i64, seed: i64, step: usize) -> Vec<i64> {
        let mut random = SplitMix::of_step(seed, step);
        // Neighbouring boundaries never change places.
        let apart = self.starts.windows(2).map(|pair| pair[1] - pair[0]).min().unwrap_or(self.total);
        let mut draw = |overlap: i64| {
            let most = if how == Blending::Paper { overlap } else { overlap - 1 }.min(least + apart);
            if overlap == 0 { 0 } else { least + random.below((most - least).max(0) as u64 + 1) as i64 }
        };
        self.overlaps().into_iter().map(&mut draw).collect()
    }

    /// The latents that a window sees, `[length]`.
    pub fn places(&self, window: usize) -> Tensor {
        let start = self.starts[window];
        let places: Vec<i64> = (start..start + self.length).map(|place| place.rem_euclid(self.total)).collect();
        Tensor::from_slice(&places)
    }

    /// One clip out of what was made of each window; time is `axis`.
    pub fn blended(&self, parts: &[Tensor], thetas: &[i64], axis: i64) -> Tensor {
        let bounds: Vec<i64> = self.starts.iter().zip(thetas).map(|(start, theta)| start + theta).collect();
        let first = bounds.first().copied().unwrap_or(0);
        let ends = bounds[1..].iter().copied().chain([first + self.total]);
        let taken: Vec<Tensor> = parts
            .iter()
            .zip(thetas)
            .zip(bounds.iter().zip(ends))
            .map(|((part, theta), (from, to))| part.narrow(axis, *theta, to - from))
            .collect();
        let whole = Tensor::cat(&taken, axis);
        if self.ring { whole.roll(first.rem_euclid(self.total), axis) } else { whole }
    }

    /// Where a ring of n latents begins at a step: 7 · step mod n, or with the next larger stride that shares no divisor with n,
    /// so that every latent comes to every place.
    #[must_use]
    pub fn turn(latents: i64, step: usize) -> i64 {
        let stride = (STRIDE..).find(|stride| gcd(*stride, latents) == 1).unwrap_or(1);
        (stride * step as i64).rem_euclid(latents)
    }
}

/// A model that sees a clip through windows.
pub struct Windowed<'a> {
    pub(super) backbone: &'a dyn Backbone,
    pub(super) windows: Windows,
    pub(super) thetas: Vec<i64>,
}

impl Backbone for Windowed<'_> {
    fn velocity(&self, z: &Tensor, sigma: f64, text: &Tensor, cond: &Cond) -> Result<Tensor, BackboneError> {
        let seen = |window| {
            let places = self.windows.places(window).to_device(z.device());
            self.backbone.velocity(&z.index_select(2, &places), sigma, text, &cond.of_frames(&places))
        };
        let parts = (0..self.windows.count()).map(seen).collect::<Result<Vec<_>, _>>()?;
        Ok(self.windows.blended(&parts, &self.thetas, 2))
    }
}

fn gcd(a: i64, b: i64) -> i64 {
    if b == 0 { a } else { gcd(b, a % b) }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::collections::BTreeMap;
    use tch::{Device, Kind};

    /// A velocity that shows the place, the latent and the camera it was computed from.
    struct Places;

    impl Backbone for Places {
        fn velocity(&self, z: &Tensor, _: f64, _: &Tensor, cond: &Cond) -> Result<Tensor, BackboneError> {
            let n = z.size()[2];
            let place = Tensor::arange(n, (Kind::Double, Device::Cpu)).reshape([1, 1, n, 1, 1]);
            let camera = cond.cameras.as_ref().unwrap().tensor().narrow(2, 0, 1).reshape([-1, 1, n, 1, 1]);
            Ok(z * 1000.0 + place + camera * 1e6)
        }
    }

    /// Latent and place in its window of every latent of the velocity, checked against its camera.
    fn places(windows: Windows, thetas: Vec<i64>) -> Vec<i64> {
        let n = windows.total;
        let z = Tensor::arange(n, (Kind::Double, Device::Cpu)).reshape([1, 1, n, 1, 1]);
        let cameras = (&z + 1.0).reshape([1, n, 1]).expand([1, n, 12], false);
        let cond = Cond { cameras: Some(crate::cameras::Cameras::new(cameras).unwrap()) };
        let text = Tensor::zeros([1], (Kind::Double, Device::Cpu));
        let v = Windowed { backbone: &Places, windows, thetas }.velocity(&z, 0.5, &text, &cond).unwrap();
        assert_eq!(v.size(), z.size());
        let value = |latent: i64| v.double_value(&[0, 0, latent, 0, 0]) as i64;
        let place = |latent: i64| value(latent) - latent * 1000 - (latent + 1) * 1_000_000;
        (0..n).map(place).collect()
    }

    #[test]
    fn every_latent_of_a_short_ring_comes_to_every_place_but_the_guards() {
        for n in [20i64, 7, 14, 1] {
            let mut seen = vec![vec![0; n as usize]; n as usize];
            for step in 0..n as usize {
                let windows = Windows::on_a_ring(n, 21, 7, Windows::turn(n, step) - 1);
                let thetas = windows.draw(Blending::Paper, GUARD, 3, step);
                assert_eq!((windows.count(), &thetas[..]), (1, &[1][..]));
                for (latent, found) in (0..).zip(places(windows, thetas)) {
                    // By hand: the latent stands `latent − start` places behind the guard.
                    let place = (latent - Windows::turn(n, step)).rem_euclid(n);
                    assert_eq!(found, place + 1);
                    seen[latent as usize][place as usize] += 1;
                }
            }
            assert!(seen.iter().flatten().all(|count| *count == 1), "{n}");
        }
        assert_eq!([0, 1, 2, 3].map(|step| Windows::turn(20, step)), [0, 7, 14, 1]);
    }

    #[test]
    fn windows_cover_clips_of_any_length() {
        assert_eq!(Windows::on_a_ring(42, 21, 7, 5).starts, [5, 19, 33]);
        assert_eq!(Windows::on_a_line(56, 24, 8).starts, [0, 16, 32]);
        for total in 1..130 {
            for (length, overlap) in [(21, 7), (24, 8), (5, 1), (3, 2)] {
                for windows in
                    [Windows::on_a_line(total, length, overlap), Windows::on_a_ring(total, length, overlap, total / 2)]
                {
                    let overlaps = windows.overlaps();
                    let inner = if windows.count() == 1 { 1 } else { overlap };
                    let inside = overlaps.iter().skip(usize::from(!windows.ring));
                    assert!(inside.clone().all(|found| (inner..windows.length).contains(found)), "{windows:?}");
                    for how in [Blending::Paper, Blending::Released] {
                        let thetas = windows.draw(how, GUARD, 1, total as usize);
                        let found = places(windows.clone(), thetas);
                        assert!(found.iter().all(|place| (0..windows.length).contains(place)), "{windows:?}");
                        // Only the true beginning is at the first place of a window.
                        let firsts = found.iter().filter(|place| **place == 0).count();
                        assert_eq!(firsts, usize::from(!windows.ring), "{windows:?}");
                    }
                }
            }
        }
    }

    #[test]
    fn the_left_window_supplies_what_the_laws_say() {
        const DRAWS: usize = 100_000;
        // Ten boundaries a step.
        let windows = Windows::on_a_line(24 + 10 * 16, 24, 8);
        let count = |how, least| {
            let mut counts: BTreeMap<i64, f64> = BTreeMap::new();
            for step in 0..DRAWS / 10 {
                for theta in &windows.draw(how, least, 7, step)[1..] {
                    *counts.entry(*theta).or_default() += 1.0;
                }
            }
            move |latent| counts.iter().filter(|(theta, _)| **theta >= latent).map(|(_, count)| count).sum::<f64>()
        };
        // The guards follow the law of an overlap that is one shorter.
        for (how, least, choices) in [
            (Blending::Paper, 0, 9),
            (Blending::Released, 0, 8),
            (Blending::Paper, GUARD, 8),
            (Blending::Released, GUARD, 7),
        ] {
            let from_the_left = count(how, least);
            for latent in 1..=8i64 {
                let expected = (1.0 - (latent - least) as f64 / f64::from(choices)).max(0.0);
                let slack = 5.0 * (expected * (1.0 - expected) * DRAWS as f64).sqrt();
                let found = from_the_left(latent);
                assert!((found - expected * DRAWS as f64).abs() <= slack, "{how:?} {least} {latent}: {found}");
            }
        }
    }
}
