//! Looping stage on tensors.

use super::adam::{SparseAdam, rows_from};
use super::listing::{CACHED_BYTES, Listing};
use super::neighbours::{Neighbours, Texels};
use super::target::{self, Block};
use super::view_cache::ViewCache;
use crate::engine::{LoopingEngine, ViewVisit};
use crate::error::FitError;
use crate::grid::Rgba;
use crate::grid::TexelGrid;
use crate::hits::Hits;
use crate::kernels::compositor::looping_tiles::EMPTY;
use crate::kernels::lanes::LANES;
use crate::kernels::planewise;
use crate::looping_stage::TARGET;
use crate::looping_stage::model::{EPSILON, LoopingModel, SPARSITY, TV_ALPHA, TV_RGB, Target};
use crate::pyramid::LevelView;
use loop3d_capture::Clip;
use loop3d_scene::Tile;
use loop3d_torch::{download, gradient, upload};
use std::cell::RefCell;
use std::rc::Rc;
use tch::{Device, Kind, Tensor};

/// Width of the robust penalty of a colour (METHOD §4.4, D25): `2 |r|² / (|r|² / 3 + 0.04)`.
const WIDTH: f64 = 0.04;
/// Copies of a chunk's samples and texels that are alive at once, about: what autograd keeps, and temporaries.
const COPIES: usize = 8;

/// A looping level: premultiplied texels as leaves.
#[derive(Debug)]
pub struct TorchLooping {
    grid: TexelGrid,
    frames: usize,
    /// Of each training view.
    exposures: Vec<f32>,
    device: Device,
    working_set: usize,
    /// `[static texels + 1, 4]`, the transparent texel at the end.
    static_texels: Tensor,
    /// `[looping texels, frames, 4]`.
    looping_texels: Tensor,
    static_backdrop: Tensor,
    looping_backdrop: Tensor,
    neighbours: Neighbours,
    static_adam: SparseAdam,
    looping_adam: SparseAdam,
    listings: RefCell<ViewCache<Listing>>,
}

/// A view's target on the device.
#[derive(Debug)]
pub struct TorchTarget {
    /// Bytes, row-major: `[pixels, frames, 3]`.
    bytes: Tensor,
}

impl TorchTarget {
    /// The bytes, row-major: `[pixels, frames, 3]`.
    pub fn bytes(&self) -> Vec<u8> {
        let mut out = vec![0; self.bytes.numel()];
        self.bytes.to_device(Device::Cpu).contiguous().copy_data(&mut out, self.bytes.numel());
        out
    }
}

/// Loss and gradient of one window.
#[derive(Clone, Debug)]
pub struct LoopingGradient {
    /// Mean of ψ over colour values.
    pub loss: f64,
    /// dL/d(static texel).
    pub static_texels: Vec<Rgba>,
    /// dL/d(looping texel), `[frame][texel]`.
    pub looping_texels: Vec<Vec<Rgba>>,
}

struct Descent {
    loss: f64,
    static_texels: Tensor,
    looping_texels: Tensor,
    static_coverage: Tensor,
    looping_coverage: Tensor,
}

impl TorchLooping {
    /// Takes over the texels of `model`; the optimiser starts afresh. `working_set`: bytes that temporary tensors may take.
    pub fn new(model: &LoopingModel, device: Device, working_set: usize) -> Self {
        let (grid, frames) = (model.grid.clone(), model.frames);
        let (ns, nl, n) = (grid.static_texel_count(), grid.looping_texel_count(), grid.tile_texels());
        let static_texels = upload(&model.static_texels, device);
        let by_frame = upload(&model.looping_texels().concat(), device).view([frames as i64, nl as i64, 4]);
        let looping_texels = by_frame.permute([1, 0, 2]).contiguous();
        let backdrop = grid.table.planes - 1;
        let before = |plane: usize| {
            let earlier = |(p, .., tile): &(usize, usize, usize, Tile)| *p < plane && matches!(tile, Tile::Looping(_));
            grid.places().filter(earlier).count() * n
        };
        Self {
            static_backdrop: rows_from(planewise::static_starts(&grid)[backdrop], ns, 2, device),
            looping_backdrop: rows_from(before(backdrop), nl, 3, device),
            neighbours: Neighbours::new(&grid, device),
            static_adam: SparseAdam::new(&static_texels.narrow(0, 0, ns as i64), n, EPSILON).shared(),
            looping_adam: SparseAdam::new(&looping_texels, n, EPSILON).shared(),
            listings: RefCell::new(ViewCache::new(CACHED_BYTES)),
            exposures: model.exposures.clone(),
            grid,
            frames,
            device,
            working_set,
            static_texels,
            looping_texels,
        }
    }

    fn listing(&self, hits: &Hits) -> Listing {
        Listing::new(hits, self.grid.static_texel_count(), self.device)
    }

    fn kept_listing(&self, visit: &ViewVisit<'_>) -> Rc<Listing> {
        let make = || {
            let listing = self.listing(visit.hits());
            let bytes = listing.bytes();
            (listing, bytes)
        };
        self.listings.borrow_mut().get(visit.view, make)
    }

    /// Frames (first, count) that are handled together.
    fn chunks(&self, listing: &Listing) -> Vec<(i64, i64)> {
        let (hits, moving) = listing.hits();
        let rows = hits + 4 * moving + listing.pixels() as usize + self.grid.looping_texel_count();
        let frame_bytes = rows * size_of::<Rgba>() * COPIES;
        let run = (self.working_set / frame_bytes.max(1)).clamp(1, self.frames);
        (0..self.frames).step_by(run).map(|t| (t as i64, run.min(self.frames - t) as i64)).collect()
    }

    /// RGB of samples `[hits, frames, 4]` in the order of the listing: `[pixels, frames, 3]`.
    fn compose(listing: &Listing, samples: &Tensor) -> Tensor {
        listing.over(samples).narrow(2, 0, 3)
    }

    /// RGB, row-major: `[pixels, frames, 3]`.
    fn image(&self, listing: &Listing) -> Tensor {
        tch::no_grad(|| {
            let chunks = self.chunks(listing).into_iter().map(|(first, count)| {
                let samples = listing.sample(&self.static_texels, Some(&self.looping_texels.narrow(1, first, count)));
                let image = Self::compose(listing, &samples);
                listing.unsorted(&image).expand([-1, count, -1], false)
            });
            Tensor::cat(&chunks.collect::<Vec<_>>(), 1)
        })
    }

    /// Σ ψ of some frames (first, count); it and the sparsity of rays are propagated back to the leaves `(static_texels, looping_texels)`, the
    /// latter of these frames alone.
    fn data_gradient(
        listing: &Listing,
        target: &TorchTarget,
        (first, count): (i64, i64),
        exposure: f32,
        (static_texels, looping_texels): (&Tensor, &Tensor),
    ) -> f64 {
        let wanted = listing.sorted(&target.bytes.narrow(1, first, count)).to_kind(Kind::Float) / 255.0;
        let samples = listing.sample(static_texels, Some(looping_texels));
        let r = Self::compose(listing, &samples) * f64::from(exposure) - wanted;
        let squared = r.square().sum_dim_intlist(-1, true, Kind::Float);
        let penalty = (&squared * 2.0 / (&squared / 3.0 + WIDTH)).sum(Kind::Double);
        if penalty.requires_grad() {
            // Where nothing moves there is one sample for all frames.
            let times = count / samples.size()[1];
            (&penalty + listing.sparsity(&samples, EMPTY) * (f64::from(SPARSITY) * times as f64)).backward();
        }
        penalty.double_value(&[])
    }

    /// Forward and backward through the compositor alone: what [`LoopingModel::compositor`] does, for measuring one against
    /// the other. The gradients are dropped; returns the mean of ψ over colour values.
    pub fn compositor(&self, visit: &ViewVisit<'_>, target: &TorchTarget) -> f64 {
        let (listing, exposure) = (self.kept_listing(visit), self.exposures[visit.view]);
        let static_texels = self.static_texels.detach().set_requires_grad(true);
        let chunks = self.chunks(&listing).into_iter().map(|(first, count)| {
            let looping_texels =
                self.looping_texels.narrow(1, first, count).contiguous().detach().set_requires_grad(true);
            Self::data_gradient(&listing, target, (first, count), exposure, (&static_texels, &looping_texels))
        });
        chunks.sum::<f64>() / (listing.pixels() as usize * 3 * self.frames).max(1) as f64
    }

    fn descent(&self, listing: &Listing, target: &TorchTarget, exposure: f32) -> Descent {
        let (ns, nl) = (self.grid.static_texel_count() as i64, self.grid.looping_texel_count() as i64);
        let static_coverage = listing.static_coverage(ns + 1);
        let looping_coverage = listing.looping_coverage(nl);
        let static_texels = self.static_texels.detach().set_requires_grad(true);
        let (mut loss, mut of_frames) = (0.0, Vec::new());
        for (first, count) in self.chunks(listing) {
            let looping_texels =
                self.looping_texels.narrow(1, first, count).contiguous().detach().set_requires_grad(true);
            loss += Self::data_gradient(listing, target, (first, count), exposure, (&static_texels, &looping_texels));
            let texels = [
                Texels { leaf: &static_texels.unsqueeze(1), coverage: &static_coverage },
                Texels { leaf: &looping_texels, coverage: &looping_coverage },
            ];
            self.neighbours.backward(&texels, count, (TV_RGB, TV_ALPHA));
            of_frames.push(gradient(&looping_texels));
        }
        Descent {
            loss: loss / (listing.pixels() as usize * 3 * self.frames).max(1) as f64,
            static_texels: gradient(&static_texels).narrow(0, 0, ns),
            looping_texels: Tensor::cat(&of_frames, 1),
            static_coverage: static_coverage.narrow(0, 0, ns),
            looping_coverage,
        }
    }

    fn descend(&mut self, listing: &Listing, target: &TorchTarget, exposure: f32, lr: f32) -> f64 {
        let descent = self.descent(listing, target, exposure);
        tch::no_grad(|| {
            let (texels, transparent) = (self.static_texels.size()[0] - 1, self.static_texels.narrow(0, -1, 1));
            let values = self.static_texels.narrow(0, 0, texels);
            let values = self.static_adam.step(&values, &descent.static_texels, &descent.static_coverage, lr);
            let values = project(&values, &self.static_backdrop, &descent.static_coverage);
            self.static_texels = Tensor::cat(&[values, transparent], 0);
            let values =
                self.looping_adam.step(&self.looping_texels, &descent.looping_texels, &descent.looping_coverage, lr);
            self.looping_texels = project(&values, &self.looping_backdrop, &descent.looping_coverage);
        });
        descent.loss
    }

    /// Renders a window: RGB as `[pixel][channel][frame]`, frames contiguous.
    pub fn render(&self, hits: &Hits) -> Vec<f32> {
        let image = self.image(&self.listing(hits)).permute([0, 2, 1]);
        download::<1>(&image).into_iter().map(|[v]| v).collect()
    }

    /// Loss of a window, and the gradients of all its terms, total variation included.
    pub fn gradient(&self, hits: &Hits, target: &TorchTarget, exposure: f32) -> LoopingGradient {
        let descent = self.descent(&self.listing(hits), target, exposure);
        LoopingGradient {
            loss: descent.loss,
            static_texels: download(&descent.static_texels),
            looping_texels: self.by_frame(&descent.looping_texels),
        }
    }

    fn by_frame(&self, looping_texels: &Tensor) -> Vec<Vec<Rgba>> {
        (0..self.frames as i64).map(|t| download(&looping_texels.select(1, t))).collect()
    }
}

/// The nearest valid texels, 0 ≤ colour ≤ α ≤ 1, and α = 1 on the backdrop (`kernels/projection.rs` has the formula): α is the
/// largest mean of itself with the 0, 1, 2 or 3 brightest colours. Texels of zero coverage stay as they are.
fn project(values: &Tensor, backdrop: &Tensor, coverage: &Tensor) -> Tensor {
    let last = values.dim() as i64 - 1;
    let (brightest_first, _) = values.narrow(last, 0, 3).sort(last, true);
    let own = values.narrow(last, 3, 1);
    let sums = Tensor::cat(&[own, brightest_first], last).cumsum(last, Kind::Float);
    let counts = Tensor::from_slice(&[1.0f32, 2.0, 3.0, 4.0]).to_device(values.device());
    let alpha = (sums / counts).amax([last].as_slice(), true).clamp(0.0, 1.0);
    let alpha = alpha.ones_like().where_self(backdrop, &alpha);
    let colour = values.narrow(last, 0, 3).clamp_min(0.0).minimum(&alpha);
    Tensor::cat(&[colour, alpha], last).where_self(&coverage.ne(0.0).view_as(backdrop), values)
}

/// A whole clip on a device: bytes `[frames, height, width, 3]`.
fn upload_clip(clip: &Clip, device: Device) -> Tensor {
    let shape = [clip.frames, clip.height, clip.width, 3].map(|n| n as i64);
    Tensor::from_slice(&clip.rgb).view(shape).to_device(device)
}

impl LoopingEngine for TorchLooping {
    type Target = TorchTarget;

    fn upload_target(&self, target: Target) -> TorchTarget {
        let chunks = target.iter().map(|chunk| {
            let bytes = Tensor::from_slice(chunk.as_flattened().as_flattened()).to_device(self.device);
            bytes.view([-1, 3, LANES as i64]).permute([0, 2, 1])
        });
        let bytes = Tensor::cat(&chunks.collect::<Vec<_>>(), 1).narrow(1, 0, self.frames as i64).contiguous();
        TorchTarget { bytes }
    }

    fn search_target(&self, visit: &ViewVisit<'_>, view: &LevelView<'_>) -> Result<TorchTarget, FitError> {
        let listing = self.kept_listing(visit);
        let clip = upload_clip(&view.clip, self.device);
        let (height, width) = (view.clip.height as i64, view.clip.width as i64);
        tch::no_grad(|| {
            let image = self.image(&listing);
            let exposure = f64::from(self.exposures[visit.view]);
            let render = (image * exposure).view([height, width, self.frames as i64, 3]).permute([2, 0, 1, 3]);
            let block = Block { bytes: self.working_set };
            let bytes = target::looping_target(&render, &clip, &TARGET, block)?;
            let bytes = bytes.permute([1, 2, 0, 3]).reshape([height * width, self.frames as i64, 3]);
            Ok(TorchTarget { bytes })
        })
    }

    fn step(&mut self, visit: &ViewVisit<'_>, target: &TorchTarget, lr: f32) -> Result<f64, FitError> {
        let listing = self.kept_listing(visit);
        Ok(self.descend(&listing, target, self.exposures[visit.view], lr))
    }

    fn finish(self) -> LoopingModel {
        let (static_texels, looping_texels) = (download(&self.static_texels), self.by_frame(&self.looping_texels));
        LoopingModel::new(self.grid, static_texels, &looping_texels, self.exposures)
    }
}
