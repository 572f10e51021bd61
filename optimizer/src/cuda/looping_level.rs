//! The looping stage on our kernels.

use super::calls;
use super::error::CudaError;
use super::launch::Kernels;
use super::source::CHUNK;
use super::target::looping_target;
use super::view::{ViewHits, VisibleTexels};
use crate::engine::{LoopingEngine, ViewVisit};
use crate::error::FitError;
use crate::grid::Rgba;
use crate::grid::for_neighbours;
use crate::grid::{LOOPING, TexelGrid};
use crate::hits::Hits;
use crate::kernels::adam::{BETA1, BETA2};
use crate::kernels::lanes::LANES;
use crate::looping_stage::TARGET;
use crate::looping_stage::model::{EPSILON, LoopingModel, SPARSITY, TV_ALPHA, TV_RGB, Target};
use crate::pyramid::LevelView;
use crate::torch::ViewCache;
use loop3d_capture::Clip;
use loop3d_scene::Tile;
use loop3d_torch::{download, upload};
use std::cell::RefCell;
use std::rc::Rc;
use tch::{Device, Kind, Tensor};

/// Bytes of hits, and of clips, that stay on the device between visits of their views.
const KEPT_BYTES: usize = 2 << 30;
/// Of a list of neighbours: no texel there (`NOTHING` of `common.cuh`).
const NOTHING: i32 = i32::MAX;

/// Texels of one kind with their optimiser.
#[derive(Debug)]
struct Texels {
    /// `[static texels + 1, 4]` or `[looping texels, frames, 4]`.
    values: Tensor,
    first_moments: Tensor,
    /// One for all channels of a texel: `[static texels + 1]` or `[looping texels, frames]`.
    second_moments: Tensor,
    /// Ids of the four neighbours of each texel: `[texels, 4]`.
    neighbours: Tensor,
    /// First texel of the farthest plane, which is opaque.
    backdrop: usize,
}

impl Texels {
    fn new(values: Tensor, neighbours: &[[i32; 4]], backdrop: usize) -> Self {
        let texels = values.size();
        Self {
            first_moments: values.zeros_like(),
            second_moments: Tensor::zeros(&texels[..texels.len() - 1], (Kind::Float, values.device())),
            neighbours: Tensor::from_slice(neighbours.as_flattened()).to_device(values.device()),
            values,
            backdrop,
        }
    }
}

/// A looping level under optimisation on the device.
#[derive(Debug)]
pub struct CudaLooping {
    kernels: Kernels,
    working_set: usize,
    grid: TexelGrid,
    frames: usize,
    /// Of each training view.
    exposures: Vec<f32>,
    static_texels: Texels,
    looping_texels: Texels,
    /// Steps that each tile took, static tiles first: `[tiles]`.
    taken: Tensor,
    /// Size and ε of each tile's present step: `[tiles, 2]`.
    steps: Tensor,
    views: RefCell<ViewCache<ViewHits>>,
    clips: RefCell<ViewCache<Tensor>>,
}

/// A view's target on the device.
#[derive(Debug)]
pub struct CudaTarget {
    /// Bytes: `[pixels, 3, frames]`.
    bytes: Tensor,
}

impl CudaTarget {
    /// The bytes: `[pixel][channel][frame]`.
    pub fn bytes(&self) -> Vec<u8> {
        let mut out = vec![0; self.bytes.numel()];
        self.bytes.to_device(Device::Cpu).copy_data(&mut out, self.bytes.numel());
        out
    }
}

/// Neighbours on their plane of all static and of all looping texels, by id.
fn neighbours(grid: &TexelGrid) -> [Vec<[i32; 4]>; 2] {
    let mut lists = [grid.static_texel_count(), grid.looping_texel_count()].map(|texels| vec![[NOTHING; 4]; texels]);
    for (plane, row, column, _) in grid.places() {
        let (x0, y0) = ((column * grid.side) as i64, (row * grid.side) as i64);
        for_neighbours(grid, plane, x0, y0, |_, own, neighbour| {
            let list = &mut lists[usize::from(own & LOOPING != 0)][(own & !LOOPING) as usize];
            if let Some(free) = list.iter_mut().find(|id| **id == NOTHING) {
                *free = neighbour as i32;
            }
        });
    }
    lists
}

/// First static and first looping texel of the farthest plane.
fn backdrops(grid: &TexelGrid) -> [usize; 2] {
    let mut before = [0; 2];
    for (plane, _, _, tile) in grid.places() {
        if plane + 1 < grid.table.planes {
            before[usize::from(matches!(tile, Tile::Looping(_)))] += grid.tile_texels();
        }
    }
    before
}

impl CudaLooping {
    /// Takes over the texels of `model`; the optimiser starts afresh. `working_set`: bytes that the tables of one block of
    /// patch locations may take.
    pub fn new(model: &LoopingModel, kernels: Kernels, working_set: usize) -> Self {
        let (grid, frames, device) = (model.grid.clone(), model.frames, kernels.device());
        let (ns, nl) = (grid.static_texel_count(), grid.looping_texel_count());
        // Frame by frame: the host has no room for all of them once more.
        let by_frame: Vec<Tensor> = (0..frames).map(|t| upload(&model.frame(t), device)).collect();
        let [of_statics, of_loopings] = neighbours(&grid);
        let [static_backdrop, looping_backdrop] = backdrops(&grid);
        let tiles = ((ns + nl) / grid.tile_texels()) as i64;
        Self {
            working_set,
            frames,
            exposures: model.exposures.clone(),
            static_texels: Texels::new(upload(&model.static_texels, device), &of_statics, static_backdrop),
            looping_texels: Texels::new(Tensor::stack(&by_frame, 1), &of_loopings, looping_backdrop),
            taken: Tensor::zeros([tiles], (Kind::Int, device)),
            steps: Tensor::zeros([tiles, 2], (Kind::Float, device)),
            views: RefCell::new(ViewCache::new(KEPT_BYTES)),
            clips: RefCell::new(ViewCache::new(KEPT_BYTES)),
            grid,
            kernels,
        }
    }

    fn view(&self, visit: &ViewVisit<'_>) -> Rc<ViewHits> {
        let make = || ViewHits::new(visit.hits(), &self.grid, self.kernels.device());
        self.views.borrow_mut().get(visit.view, make)
    }

    /// Floats that a kernel will write before any reads them.
    fn floats(&self, shape: &[usize]) -> Tensor {
        let shape: Vec<i64> = shape.iter().map(|n| *n as i64).collect();
        Tensor::empty(shape.as_slice(), (Kind::Float, self.kernels.device()))
    }

    /// Sum of the static taps of each hit: `[hits, 4]`.
    fn static_samples(&self, view: &ViewHits) -> Result<Tensor, CudaError> {
        let static_samples = self.floats(&[view.hits, 4]);
        let call = calls::SampleStaticTexels {
            taps: &view.taps,
            fraction: &view.fraction,
            static_texels: &self.static_texels.values,
            hits: view.hits,
            static_samples: &static_samples,
        };
        self.kernels.run(view.hits, &call)?;
        Ok(static_samples)
    }

    /// The exposed render: `[pixels, 3, frames]`.
    fn image(&self, view: &ViewHits, exposure: f32) -> Result<Tensor, CudaError> {
        let image = self.floats(&[view.pixels, 3, self.frames]);
        let call = calls::Compose {
            start: &view.start,
            taps: &view.taps,
            fraction: &view.fraction,
            static_samples: &self.static_samples(view)?,
            looping_texels: &self.looping_texels.values,
            pixels: view.pixels,
            frames: self.frames,
            exposure,
            image: &image,
        };
        self.kernels.run(view.pixels * self.frames, &call)?;
        Ok(image)
    }

    /// One Adam step on a view; returns the mean of ψ over colour values.
    fn descend(&mut self, view: &ViewHits, target: &CudaTarget, exposure: f32, lr: f32) -> Result<f64, CudaError> {
        let static_samples = self.static_samples(view)?;
        let begin = calls::BeginSteps {
            tiles: &view.tiles,
            n: view.tile_count,
            lr,
            epsilon: EPSILON,
            beta1: BETA1,
            beta2: BETA2,
            taken: &self.taken,
            steps: &self.steps,
        };
        self.kernels.run(view.tile_count, &begin)?;
        let slots = self.floats(&[view.hits, CHUNK, 4]);
        let loss = self.floats(&[view.pixels, CHUNK]).zero_();
        let gradient = self.floats(&[view.static_texels.count, 4]).zero_();
        let moved = self.floats(&[view.looping_texels.count, CHUNK, 4]);
        for first in (0..self.frames).step_by(CHUNK) {
            let count = CHUNK.min(self.frames - first);
            let data = calls::DataGradient {
                start: &view.start,
                taps: &view.taps,
                fraction: &view.fraction,
                static_samples: &static_samples,
                looping_texels: &self.looping_texels.values,
                target: &target.bytes,
                pixels: view.pixels,
                frames: self.frames,
                first,
                count,
                exposure,
                sparsity: SPARSITY,
                slots: &slots,
                loss: &loss,
            };
            self.kernels.run(view.pixels * count, &data)?;
            self.gather_static_gradients(&view.static_texels, &slots, (first, count), &gradient)?;
            self.move_looping_texels(&view.looping_texels, &slots, (first, count), &moved)?;
        }
        self.move_static_texels(&view.static_texels, &gradient)?;
        let values = (view.pixels * 3 * self.frames).max(1) as f64;
        Ok(loss.sum(Kind::Double).double_value(&[]) / values)
    }

    /// Adds the gradients of a chunk's frames (first, count) to those of the visible static texels.
    fn gather_static_gradients(
        &self,
        visible: &VisibleTexels,
        slots: &Tensor,
        (first, count): (usize, usize),
        gradient: &Tensor,
    ) -> Result<(), CudaError> {
        let call = calls::GatherStaticGradients {
            seen: &visible.texels,
            cover: &visible.cover,
            first_entry: &visible.first,
            entry_hit: &visible.hit,
            entry_weight: &visible.weight,
            neighbours: &self.static_texels.neighbours,
            slots,
            static_texels: &self.static_texels.values,
            looping_texels: &self.looping_texels.values,
            n: visible.count,
            frames: self.frames,
            first,
            count,
            tv_rgb: TV_RGB,
            tv_alpha: TV_ALPHA,
            gradient,
        };
        self.kernels.run(visible.count, &call)
    }

    /// Moves a chunk's frames (first, count) of the visible looping texels, by way of `moved`.
    fn move_looping_texels(
        &self,
        visible: &VisibleTexels,
        slots: &Tensor,
        (first, count): (usize, usize),
        moved: &Tensor,
    ) -> Result<(), CudaError> {
        let tile_texels = self.grid.tile_texels();
        let call = calls::MoveLoopingTexels {
            seen: &visible.texels,
            cover: &visible.cover,
            first_entry: &visible.first,
            entry_hit: &visible.hit,
            entry_weight: &visible.weight,
            neighbours: &self.looping_texels.neighbours,
            slots,
            static_texels: &self.static_texels.values,
            looping_texels: &self.looping_texels.values,
            steps: &self.steps,
            n: visible.count,
            frames: self.frames,
            first,
            count,
            static_tiles: self.grid.static_texel_count() / tile_texels,
            tile_texels,
            backdrop: self.looping_texels.backdrop,
            tv_rgb: TV_RGB,
            tv_alpha: TV_ALPHA,
            beta1: BETA1,
            beta2: BETA2,
            first_moments: &self.looping_texels.first_moments,
            second_moments: &self.looping_texels.second_moments,
            moved,
        };
        self.kernels.run(visible.count * count, &call)?;
        let call = calls::StoreLoopingTexels {
            seen: &visible.texels,
            moved,
            n: visible.count,
            frames: self.frames,
            first,
            count,
            looping_texels: &self.looping_texels.values,
        };
        self.kernels.run(visible.count * count, &call)
    }

    fn move_static_texels(&self, visible: &VisibleTexels, gradient: &Tensor) -> Result<(), CudaError> {
        let call = calls::MoveStaticTexels {
            seen: &visible.texels,
            gradient,
            steps: &self.steps,
            n: visible.count,
            tile_texels: self.grid.tile_texels(),
            backdrop: self.static_texels.backdrop,
            beta1: BETA1,
            beta2: BETA2,
            first_moments: &self.static_texels.first_moments,
            second_moments: &self.static_texels.second_moments,
            static_texels: &self.static_texels.values,
        };
        self.kernels.run(visible.count, &call)
    }

    /// Renders a window: RGB as `[pixel][channel][frame]`, frames contiguous.
    ///
    /// # Errors
    /// Those of the device.
    pub fn render(&self, hits: &Hits) -> Result<Vec<f32>, FitError> {
        let (view, _) = ViewHits::new(hits, &self.grid, self.kernels.device());
        Ok(download::<1>(&self.image(&view, 1.0)?).into_iter().map(|[v]| v).collect())
    }

    /// Adam's first moments: of the static texels, and of the looping ones as `[frame][texel]`. After one step of a fresh
    /// optimiser they are a tenth of the gradient, total variation included.
    pub fn first_moments(&self) -> (Vec<Rgba>, Vec<Vec<Rgba>>) {
        let mut static_texels = download(&self.static_texels.first_moments);
        static_texels.truncate(self.grid.static_texel_count());
        (static_texels, self.by_frame(&self.looping_texels.first_moments))
    }

    fn by_frame(&self, looping_texels: &Tensor) -> Vec<Vec<Rgba>> {
        (0..self.frames as i64).map(|t| download(&looping_texels.select(1, t))).collect()
    }
}

/// A clip on a device, time contiguous: bytes `[height, width, 3, frames]`; and its bytes.
fn upload_clip(clip: &Clip, device: Device) -> (Tensor, usize) {
    let shape = [clip.frames, clip.height, clip.width, 3].map(|n| n as i64);
    let clip = Tensor::from_slice(&clip.rgb).view(shape).to_device(device).permute([1, 2, 3, 0]).contiguous();
    let bytes = clip.numel();
    (clip, bytes)
}

impl LoopingEngine for CudaLooping {
    type Target = CudaTarget;

    fn upload_target(&self, target: Target) -> CudaTarget {
        let chunks = target.iter().map(|chunk| {
            let bytes = Tensor::from_slice(chunk.as_flattened().as_flattened()).to_device(self.kernels.device());
            bytes.view([-1, 3, LANES as i64])
        });
        let bytes = Tensor::cat(&chunks.collect::<Vec<_>>(), 2).narrow(2, 0, self.frames as i64).contiguous();
        CudaTarget { bytes }
    }

    fn search_target(&self, visit: &ViewVisit<'_>, view: &LevelView<'_>) -> Result<CudaTarget, FitError> {
        let render = self.image(&self.view(visit), self.exposures[visit.view])?;
        let device = self.kernels.device();
        let clip = self.clips.borrow_mut().get(visit.view, || upload_clip(&view.clip, device));
        Ok(CudaTarget { bytes: looping_target(&self.kernels, &render, &clip, &TARGET, self.working_set)? })
    }

    fn step(&mut self, visit: &ViewVisit<'_>, target: &CudaTarget, lr: f32) -> Result<f64, FitError> {
        let view = self.view(visit);
        Ok(self.descend(&view, target, self.exposures[visit.view], lr)?)
    }

    fn finish(self) -> LoopingModel {
        let (static_texels, looping_texels) =
            (download(&self.static_texels.values), self.by_frame(&self.looping_texels.values));
        LoopingModel::new(self.grid, static_texels, &looping_texels, self.exposures)
    }
}
