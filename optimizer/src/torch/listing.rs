//! Hits on the device, ordered so that compositing is a few large operations.
//!
//! Pixels are sorted by falling number of hits, and hits by rank (first, second, … of their pixel), so that the hits of
//! one rank belong to a first part of the pixels.

use crate::grid::LOOPING;
use crate::hits::Hits;
use tch::{Device, Kind, Tensor};

/// Bytes of listings that a level caches.
pub(super) const CACHED_BYTES: usize = 4 << 30;

/// Four texels and weights for each of a list of hits.
#[derive(Debug)]
struct Taps {
    /// `[hits]` each.
    texels: [Tensor; 4],
    /// `[hits, 1, 1]` each.
    weights: [Tensor; 4],
}

impl Taps {
    fn new(taps: &[([i32; 4], [f32; 4])], device: Device) -> Self {
        let column = |k: usize| taps.iter().map(|t| t.0[k]).collect::<Vec<i32>>();
        let weights = |k: usize| taps.iter().map(|t| t.1[k]).collect::<Vec<f32>>();
        Self {
            texels: std::array::from_fn(|k| Tensor::from_slice(&column(k)).to_device(device)),
            weights: std::array::from_fn(|k| Tensor::from_slice(&weights(k)).view([-1, 1, 1]).to_device(device)),
        }
    }

    /// Bilinear samples of `[texels, frames, 4]`: `[hits, frames, 4]`.
    fn sample(&self, table: &Tensor) -> Tensor {
        let tap = |k: usize| table.index_select(0, &self.texels[k]) * &self.weights[k];
        tap(0) + tap(1) + tap(2) + tap(3)
    }

    /// Σ of weights by texel: `[texels]`.
    fn coverage(&self, texels: i64, device: Device) -> Tensor {
        let mut sum = Tensor::zeros([texels], (Kind::Float, device));
        for (texels, weights) in self.texels.iter().zip(&self.weights) {
            sum = sum.index_add(0, texels, &weights.flatten(0, -1));
        }
        sum
    }
}

/// The hits of one view.
#[derive(Debug)]
pub(super) struct Listing {
    pixels: i64,
    device: Device,
    /// Hits of each rank.
    counts: Vec<i64>,
    /// Pixels (row-major) in the order of the listing: `[pixels]`.
    order: Tensor,
    /// The inverse of `order`.
    place: Tensor,
    /// Pixel of each hit, as its place in `order`: `[hits]`.
    pixel: Tensor,
    /// Taps in static texels, of all hits; looping taps are the transparent texel with weight 0.
    static_texels: Taps,
    /// Numbers of the hits with looping taps.
    moving: Tensor,
    /// Taps in looping texels, of the hits in `moving`; static taps are texel 0 with weight 0.
    looping_texels: Taps,
    bytes: usize,
}

impl Listing {
    /// Lists `hits`; `transparent` is the id of the transparent static texel.
    pub(super) fn new(hits: &Hits, transparent: usize, device: Device) -> Self {
        let mut order: Vec<usize> = (0..hits.pixels()).collect();
        order.sort_by_key(|p| std::cmp::Reverse(hits.of(*p).len()));
        let mut place = vec![0i64; order.len()];
        for (at, pixel) in order.iter().enumerate() {
            place[*pixel] = at as i64;
        }
        let deepest = order.first().map_or(0, |p| hits.of(*p).len());
        let (mut static_texels, mut moving, mut looping_texels) =
            (Vec::with_capacity(hits.hits.len()), Vec::new(), Vec::new());
        let mut pixel = Vec::with_capacity(hits.hits.len());
        let mut counts = Vec::with_capacity(deepest);
        for rank in 0..deepest {
            let mut count = 0;
            for (at, p) in order.iter().enumerate() {
                let Some(hit) = hits.hits[hits.of(*p)].get(rank) else { break };
                let weights = hit.weights();
                let loops = hit.taps.map(|tap| tap & LOOPING != 0);
                if loops.contains(&true) {
                    moving.push(static_texels.len() as i32);
                    looping_texels.push((
                        std::array::from_fn(|k| if loops[k] { (hit.taps[k] & !LOOPING) as i32 } else { 0 }),
                        std::array::from_fn(|k| if loops[k] { weights[k] } else { 0.0 }),
                    ));
                }
                static_texels.push((
                    std::array::from_fn(|k| if loops[k] { transparent as i32 } else { hit.taps[k] as i32 }),
                    std::array::from_fn(|k| if loops[k] { 0.0 } else { weights[k] }),
                ));
                pixel.push(at as i32);
                count += 1;
            }
            counts.push(count);
        }
        let order: Vec<i64> = order.into_iter().map(|p| p as i64).collect();
        let to_device = |t: Tensor| t.to_device(device);
        Self {
            pixels: order.len() as i64,
            device,
            counts,
            bytes: 16 * order.len() + 36 * static_texels.len() + 36 * moving.len(),
            order: to_device(Tensor::from_slice(&order)),
            place: to_device(Tensor::from_slice(&place)),
            pixel: to_device(Tensor::from_slice(&pixel)),
            static_texels: Taps::new(&static_texels, device),
            moving: to_device(Tensor::from_slice(&moving)),
            looping_texels: Taps::new(&looping_texels, device),
        }
    }

    /// Bytes on the device.
    pub(super) fn bytes(&self) -> usize {
        self.bytes
    }

    /// Number of pixels.
    pub(super) fn pixels(&self) -> i64 {
        self.pixels
    }

    /// Number of hits, and of those with looping taps.
    pub(super) fn hits(&self) -> (usize, usize) {
        (self.pixel.numel(), self.moving.numel())
    }

    /// Samples of all hits: `[hits, frames, 4]` from `[texels, 4]` and `[texels, frames, 4]`, or `[hits, 1, 4]` where no
    /// hit moves.
    pub(super) fn sample(&self, static_texels: &Tensor, looping_texels: Option<&Tensor>) -> Tensor {
        let fixed = self.static_texels.sample(&static_texels.unsqueeze(1));
        match looping_texels {
            Some(looping_texels) if self.moving.numel() > 0 => {
                let moving = self.looping_texels.sample(looping_texels);
                fixed.expand([-1, moving.size()[1], -1], false).contiguous().index_add(0, &self.moving, &moving)
            }
            _ => fixed,
        }
    }

    /// Premultiplied *over* (METHOD §2.6), from the back: `C_k = s_k + (1 − a_k) C_{k+1}`. Takes samples `[hits, frames, 4]`,
    /// gives `[pixels, frames, 4]` in the order of the listing.
    pub(super) fn over(&self, samples: &Tensor) -> Tensor {
        let frames = samples.size()[1];
        let grown = |image: &Tensor, rows: i64| image.constant_pad_nd([0, 0, 0, 0, 0, rows - image.size()[0]]);
        let mut image = Tensor::zeros([0, frames, 4], (Kind::Float, self.device));
        if self.counts.is_empty() {
            return Tensor::zeros([self.pixels, frames, 4], (Kind::Float, self.device));
        }
        for s in samples.split_with_sizes(self.counts.as_slice(), 0).iter().rev() {
            image = s + (1.0 - s.narrow(2, 3, 1)) * grown(&image, s.size()[0]);
        }
        grown(&image, self.pixels)
    }

    /// Σ over pixels and frames of `‖a‖₁ / ‖a‖₂`, a = the opacities of the pixel's samples `[hits, frames, 4]` (METHOD §3.3);
    /// ‖a‖₂ is at least `empty`.
    pub(super) fn sparsity(&self, samples: &Tensor, empty: f32) -> Tensor {
        let alpha = samples.select(2, 3);
        let zeros = Tensor::zeros([self.pixels, alpha.size()[1]], (Kind::Float, self.device));
        let l1 = zeros.index_add(0, &self.pixel, &alpha);
        // Clamped before the root, whose slope at 0 is infinite.
        let l2 = zeros.index_add(0, &self.pixel, &alpha.square()).clamp_min(f64::from(empty).powi(2)).sqrt();
        (l1 / l2).sum(Kind::Double)
    }

    /// From row-major pixels to the order of the listing, along dimension 0.
    pub(super) fn sorted(&self, pixels: &Tensor) -> Tensor {
        pixels.index_select(0, &self.order)
    }

    /// From the order of the listing to row-major pixels, along dimension 0.
    pub(super) fn unsorted(&self, pixels: &Tensor) -> Tensor {
        pixels.index_select(0, &self.place)
    }

    /// Σ of weights by static texel, the transparent one included.
    pub(super) fn static_coverage(&self, texels: i64) -> Tensor {
        self.static_texels.coverage(texels, self.device)
    }

    /// Σ of weights by looping texel.
    pub(super) fn looping_coverage(&self, texels: i64) -> Tensor {
        if self.moving.numel() == 0 {
            return Tensor::zeros([texels], (Kind::Float, self.device));
        }
        self.looping_texels.coverage(texels, self.device)
    }
}
