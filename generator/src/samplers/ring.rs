//! Loops without training (generate-loop §2): the latents lie on a ring, and every step begins at another one, so that none stays
//! at an end. Positions belong to the places in the model's window, not to the latents.
//!
//! The first place is a guard: an uncompressed first frame has other statistics than the frames after it. It gets the latent before
//! the window's first, and its velocity is thrown away.

use super::{Backbone, BackboneError, Cond};
use tch::Tensor;

/// Latents by which the beginning moves from step to step, where their number allows it.
const STRIDE: i64 = 7;

/// A model that sees a ring from one of its latents on.
pub struct Ring<'a> {
    backbone: &'a dyn Backbone,
    start: i64,
}

impl<'a> Ring<'a> {
    /// The ring of `latents` as it is seen at a step.
    #[must_use]
    pub fn new(backbone: &'a dyn Backbone, latents: i64, step: usize) -> Self {
        Self { backbone, start: Self::start(latents, step) }
    }

    /// Where a ring of n latents begins at a step: 7 · step mod n, or with the next larger stride that shares no divisor with n,
    /// so that every latent comes to every place.
    #[must_use]
    pub fn start(latents: i64, step: usize) -> i64 {
        let stride = (STRIDE..).find(|stride| gcd(*stride, latents) == 1).unwrap_or(1);
        (stride * step as i64).rem_euclid(latents)
    }
}

impl Backbone for Ring<'_> {
    fn velocity(&self, z: &Tensor, sigma: f64, text: &Tensor, cond: &Cond) -> Result<Tensor, BackboneError> {
        let n = z.size()[2];
        let places: Vec<i64> = (-1..n).map(|place| (self.start + place).rem_euclid(n)).collect();
        let places = Tensor::from_slice(&places).to_device(z.device());
        let v = self.backbone.velocity(&z.index_select(2, &places), sigma, text, &cond.of_frames(&places))?;
        Ok(v.narrow(2, 1, n).roll(self.start, 2))
    }
}

fn gcd(a: i64, b: i64) -> i64 {
    if b == 0 { a } else { gcd(b, a % b) }
}

#[cfg(test)]
mod tests {
    use super::*;
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

    #[test]
    fn every_latent_comes_to_every_place_but_the_guards() {
        for n in [20i64, 7, 14, 1, 42] {
            let z = Tensor::arange(n, (Kind::Double, Device::Cpu)).reshape([1, 1, n, 1, 1]);
            let cameras = (&z + 1.0).reshape([1, n, 1]).expand([1, n, 12], false);
            let cond = Cond { cameras: Some(crate::cameras::Cameras::new(cameras).unwrap()) };
            let text = Tensor::zeros([1], (Kind::Double, Device::Cpu));
            let mut seen = vec![vec![0; n as usize]; n as usize];
            for step in 0..n as usize {
                let v = Ring::new(&Places, n, step).velocity(&z, 0.5, &text, &cond).unwrap();
                assert_eq!(v.size(), z.size());
                for latent in 0..n {
                    // By hand: the latent stands `latent − start` places behind the guard.
                    let place = (latent - Ring::start(n, step)).rem_euclid(n);
                    let expected = (latent * 1000 + place + 1) as f64 + (latent + 1) as f64 * 1e6;
                    assert_eq!(v.double_value(&[0, 0, latent, 0, 0]), expected);
                    seen[latent as usize][place as usize] += 1;
                }
            }
            assert!(seen.iter().flatten().all(|count| *count == 1), "{n}");
        }
        assert_eq!([0, 1, 2, 3].map(|step| Ring::start(20, step)), [0, 7, 14, 1]);
    }
}
