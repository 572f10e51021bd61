//! Static stage on tensors.

use super::adam::{SparseAdam, rows_from};
use super::listing::{CACHED_BYTES, Listing};
use super::neighbours::{Neighbours, Texels};
use super::view_cache::ViewCache;
use crate::engine::{StaticEngine, ViewVisit};
use crate::grid::{Rgba, TexelGrid};
use crate::hits::Hits;
use crate::kernels::compositor::static_tiles::{EMPTY, TexelGradient};
use crate::static_stage::loss::{SPARSITY, TV_ALPHA, TV_RGB};
use crate::static_stage::model::{EPSILON, OPACITY_RATE, StaticModel};
use loop3d_torch::{download, gradient, upload};
use tch::{Device, Kind, Tensor};

/// A static level: logits as leaves.
#[derive(Debug)]
pub struct TorchStatic {
    grid: TexelGrid,
    device: Device,
    /// `[texels, 4]`.
    logits: Tensor,
    /// `[texels, 1]`: whether the texel is on the backdrop, which is opaque.
    opaque: Tensor,
    neighbours: Neighbours,
    adam: SparseAdam,
    listings: ViewCache<Listing>,
}

/// Loss and gradient of one view.
struct Descent {
    /// Mean squared error.
    error: f64,
    /// dL/d(shown): `[texels, 4]`.
    gradient: Tensor,
    /// Σ of bilinear weights: `[texels]`.
    coverage: Tensor,
}

impl TorchStatic {
    /// Takes over the texels of `model`; the optimiser starts afresh.
    pub fn new(model: StaticModel, device: Device) -> Self {
        let n = model.grid.static_texel_count();
        let logits = upload(&model.logits, device);
        Self {
            opaque: rows_from(model.starts[model.grid.table.planes - 1], n, 2, device),
            neighbours: Neighbours::new(&model.grid, device),
            adam: SparseAdam::new(&logits, model.grid.tile_texels(), EPSILON).with_rates(&[
                1.0,
                1.0,
                1.0,
                OPACITY_RATE,
            ]),
            listings: ViewCache::new(CACHED_BYTES),
            grid: model.grid,
            device,
            logits,
        }
    }

    /// Premultiplied RGBA of `logits`, and the transparent texel at the end: `[texels + 1, 4]`.
    fn shown(&self, logits: &Tensor) -> Tensor {
        let straight = logits.sigmoid();
        let alpha = straight.narrow(1, 3, 1);
        let alpha = alpha.ones_like().where_self(&self.opaque, &alpha);
        let texels = Tensor::cat(&[straight.narrow(1, 0, 3) * &alpha, alpha], 1);
        Tensor::cat(&[texels, Tensor::zeros([1, 4], (Kind::Float, self.device))], 0)
    }

    fn listing(&self, hits: &Hits) -> Listing {
        Listing::new(hits, self.grid.static_texel_count(), self.device)
    }

    fn descent(&self, listing: &Listing, image: &[[f32; 3]]) -> Descent {
        let texels = self.grid.static_texel_count() as i64;
        let shown = tch::no_grad(|| self.shown(&self.logits)).set_requires_grad(true);
        let samples = listing.sample(&shown, None);
        let colour = listing.over(&samples).squeeze_dim(1).narrow(1, 0, 3);
        let image = listing.sorted(&upload(image, self.device));
        let exposure = tch::no_grad(|| {
            let ratio: Tensor = (&image + 0.01) / (&colour + 0.01);
            ((ratio.to_kind(Kind::Double).log().mean(Kind::Double).exp() + 3.0) / 4.0).to_kind(Kind::Float)
        });
        let error = (colour * exposure - image).square().sum(Kind::Double);
        (&error + listing.sparsity(&samples, EMPTY) * f64::from(SPARSITY)).backward();
        let coverage = listing.static_coverage(texels + 1);
        let frames = shown.unsqueeze(1);
        self.neighbours.backward(&[Texels { leaf: &frames, coverage: &coverage }], 1, (TV_RGB, TV_ALPHA));
        Descent {
            error: error.double_value(&[]) / (3 * listing.pixels()).max(1) as f64,
            gradient: gradient(&shown).narrow(0, 0, texels),
            coverage: coverage.narrow(0, 0, texels),
        }
    }

    /// Renders a window: premultiplied RGBA of each pixel.
    pub fn render(&self, hits: &Hits) -> Vec<Rgba> {
        let listing = self.listing(hits);
        tch::no_grad(|| {
            let image = listing.over(&listing.sample(&self.shown(&self.logits), None));
            download(&listing.unsorted(&image))
        })
    }

    /// Mean squared error of a window, and dL/d(shown texel) of all its terms.
    pub fn gradient(&self, hits: &Hits, image: &[[f32; 3]]) -> (f64, TexelGradient) {
        let Descent { error, gradient, coverage } = self.descent(&self.listing(hits), image);
        let coverage = download::<1>(&coverage).into_iter().map(|[c]| c).collect();
        (error, TexelGradient { gradient: download(&gradient), coverage })
    }

    fn descend(&mut self, listing: &Listing, image: &[[f32; 3]], lr: f32) -> f64 {
        let Descent { error, gradient: of_shown, coverage } = self.descent(listing, image);
        let leaf = self.logits.detach().set_requires_grad(true);
        (self.shown(&leaf).narrow(0, 0, of_shown.size()[0]) * of_shown).sum(Kind::Float).backward();
        self.logits = tch::no_grad(|| self.adam.step(&self.logits, &gradient(&leaf), &coverage, lr));
        error
    }
}

impl StaticEngine for TorchStatic {
    fn step(&mut self, visit: &ViewVisit<'_>, image: &[[f32; 3]], lr: f32) -> f64 {
        let (transparent, device) = (self.grid.static_texel_count(), self.device);
        let make = || {
            let listing = Listing::new(visit.hits(), transparent, device);
            let bytes = listing.bytes();
            (listing, bytes)
        };
        let listing = self.listings.get(visit.view, make);
        self.descend(&listing, image, lr)
    }

    fn finish(self) -> StaticModel {
        StaticModel::new(self.grid, download(&self.logits))
    }
}
