//! The autoencoder on rings of latents: periodic to the last bit after the exact warm-up, and not before.

use crate::golden::{Golden, difference, same, slack};
use crate::vae::{IO, decoded, model, pixels, tensors, vae};
use loop3d_generator::vae::{Latents, Tiles, Vae, Warmup};
use std::collections::BTreeMap;
use tch::Tensor;

#[test]
fn cyclic_decoding_by_warm_up() {
    let (vae, io) = (vae(), Golden::open(IO));
    let ring = io.get("cyclic.z");
    let n = ring.size()[2];
    let steady = io.get("cyclic.video");
    let by_warmup = io.get("cyclic.warmup_latents");
    let errors = io.get("cyclic.warmup_error");
    let exact = vae.exact_warmup().latents();
    for row in 0..by_warmup.size()[0] {
        let (warmup, expected) = (by_warmup.int64_value(&[row]), errors.double_value(&[row]));
        // Not clamped, as the data are.
        let unrolled = Tensor::from_slice(&(-warmup..n).map(|i| i.rem_euclid(n)).collect::<Vec<_>>());
        let video = decoded(&vae, ring.index_select(2, &unrolled));
        // In f32, as the data's differences.
        let off = (video.narrow(2, video.size()[2] - 4 * n, 4 * n) - &steady).abs().max().double_value(&[]);
        assert!((off - expected).abs() <= 1e-12 + slack(), "warm-up {warmup}: off by {off:e}, expected {expected:e}");
        if slack() == 0.0 || warmup >= exact {
            assert_eq!(off <= slack(), warmup >= exact, "warm-up {warmup}: off by {off:e}");
        }
    }
}

#[test]
fn a_ring_is_a_ring() {
    let (vae, io) = (vae(), Golden::open(IO));
    let ring = |shift| Latents::new(io.get("cyclic.z").roll(shift, 2)).unwrap();
    let exact = vae.exact_warmup();
    let video = vae.decode_ring(&ring(0), exact, None);
    same("cyclic.video", video.tensor(), &io.get("cyclic.video").clamp(-1.0, 1.0));
    // A ring that begins one latent earlier, in tiles, too; a short warm-up shows where it began.
    same("shifted", &vae.decode_ring(&ring(1), exact, None).tensor().roll(-4, 2), video.tensor());
    let tiles = Some(Tiles::new([2, 2], [1, 1]).unwrap());
    let tiled = vae.decode_ring(&ring(0), exact, tiles);
    same("tiled and shifted", &vae.decode_ring(&ring(1), exact, tiles).tensor().roll(-4, 2), tiled.tensor());
    let short = Warmup::new(4).unwrap();
    let [a, b] = [0, 1].map(|shift| vae.decode_ring(&ring(shift), short, None).tensor().roll(-4 * shift, 2));
    assert!(difference(&a, &b) > 1e-3);

    let frames = io.get("cyclic.video");
    let clip = |shift: i64| pixels(frames.roll(shift, 2));
    let encoded = vae.encode_ring(&clip(0), exact).unwrap();
    assert_eq!(encoded.frames() * 4, frames.size()[2]);
    same("encoded and shifted", &vae.encode_ring(&clip(4), exact).unwrap().tensor().roll(-1, 2), encoded.tensor());
    let short = vae.encode_ring(&clip(0), short).unwrap();
    assert!(difference(short.tensor(), encoded.tensor()) > 1e-6);
}

/// The golden model without the last residual block of each stage.
fn smaller() -> Vae {
    let mut kept = BTreeMap::new();
    for (row, period) in [("encoder.downsamples.", 3), ("decoder.upsamples.", 4)] {
        for (name, tensor) in tensors() {
            let Some((number, rest)) = name.strip_prefix(row).and_then(|rest| rest.split_once('.')) else {
                if !name.contains("samples.") {
                    kept.insert(name, tensor);
                }
                continue;
            };
            let number: usize = number.parse().unwrap();
            let (stage, place) = (number / period, number % period);
            let place = match place {
                last if last + 2 == period => continue,
                change if change + 1 == period => change - 1,
                block => block,
            };
            kept.insert(format!("{row}{}.{rest}", stage * (period - 1) + place), tensor);
        }
    }
    model(kept)
}

#[test]
fn the_exact_warm_up_follows_the_depth() {
    let vae = smaller();
    assert_eq!(vae.config().residuals, 1);
    assert_eq!(vae.exact_warmup().latents(), 30);
    let ring = Latents::new(Golden::open(IO).get("cyclic.z")).unwrap();
    let at = |warmup| vae.decode_ring(&ring, Warmup::new(warmup).unwrap(), None);
    let steady = at(40);
    same("30", at(30).tensor(), steady.tensor());
    assert!(difference(at(20).tensor(), steady.tensor()) > 0.0);
}
