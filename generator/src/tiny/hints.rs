//! What is known of other views from the first one: its frames, lifted to planes and seen from there, as latents.

use super::config::{LATENT_CHANNELS, SPACE};
use super::planes::Warp;
use super::{Lift, Vae};
use loop3d_scene::Camera;
use tch::Tensor;

/// The hints of one sample and what they were made of.
#[derive(Debug)]
pub struct Hints {
    /// Latents and their coverage, `[v, n, 17, h/8, w/8]`; zeros for the first view. Where nothing is covered, they show what is
    /// nearest to it in the first view, at infinity.
    pub latents: Tensor,
    /// The first clip as it is seen from each camera, `[v, t, 3, h, w]`.
    pub pixels: Tensor,
}

/// Hints for the views of `cameras` from the clip `[t, 3, h, w]` of the first of them.
#[must_use]
pub fn hints(vae: &Vae, lift: &Lift, clip: &Tensor, cameras: &[Camera]) -> Hints {
    let focal = cameras.first().map_or(1.0, |camera| camera.focal_px.x / f64::from(camera.width));
    let planes = lift.planes(clip, focal);
    let (mut pixels, mut coverage) = (vec![clip.shallow_clone()], vec![clip.narrow(1, 0, 1).zeros_like()]);
    for camera in cameras.iter().skip(1) {
        let seen = Warp::new(&cameras[0], camera).see(clip, &planes);
        pixels.push(seen.pixels);
        coverage.push(seen.coverage);
    }
    let pixels = Tensor::stack(&pixels, 0);
    let coverage = Tensor::stack(&coverage, 0).flatten(0, 1);
    let side = [SPACE, SPACE];
    let covered =
        coverage.avg_pool2d(side, side, [0, 0], false, true, None::<i64>).unflatten(0, [cameras.len() as i64, -1]);
    let latents = vae.encode(&pixels);
    // A latent is covered as its frames are on average.
    let [v, n] = [0, 1].map(|axis| latents.size()[axis]);
    let covered =
        covered.reshape([v, n, -1, 1, covered.size()[3], covered.size()[4]]).mean_dim(2, false, covered.kind());
    let first = Tensor::arange(v, (latents.kind(), latents.device())).gt(0.0).to_kind(latents.kind());
    let all = Tensor::cat(&[latents, covered], 2) * first.reshape([v, 1, 1, 1, 1]);
    debug_assert_eq!(all.size()[2], LATENT_CHANNELS + 1);
    Hints { latents: all, pixels }
}
