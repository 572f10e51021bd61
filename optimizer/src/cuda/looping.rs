//! The looping stage on our kernels.

use super::kept::Kept;
use super::launch::arguments;
use super::target::looping_target;
use super::view::{Seen, ViewHits};
use super::{CHUNK, CudaError, Kernel, Kernels};
use crate::engine::{LoopingEngine, Sight};
use crate::error::FitError;
use crate::grid::{LOOPING, TexelGrid};
use crate::hits::Hits;
use crate::kernels::adam::{BETA1, BETA2};
use crate::kernels::lanes::LANES;
use crate::kernels::still::Rgba;
use crate::looping_stage::TARGET;
use crate::looping_stage::model::{EPSILON, LoopingModel, SPARSITY, TV_ALPHA, TV_RGB, Target};
use crate::pyramid::LevelView;
use crate::static_stage::model::for_neighbours;
use crate::torch::{download, upload};
use loop3d_capture::Clip;
use loop3d_scene::Tile;
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
    statics: Texels,
    loopings: Texels,
    /// Steps that each tile took, static tiles first: `[tiles]`.
    taken: Tensor,
    /// Size and ε of each tile's present step: `[tiles, 2]`.
    steps: Tensor,
    views: RefCell<Kept<ViewHits>>,
    clips: RefCell<Kept<Tensor>>,
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
    let mut lists = [grid.static_texels(), grid.looping_texels()].map(|texels| vec![[NOTHING; 4]; texels]);
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
        let (ns, nl) = (grid.static_texels(), grid.looping_texels());
        // Frame by frame: the host has no room for all of them once more.
        let by_frame: Vec<Tensor> = (0..frames).map(|t| upload(&model.frame(t), device)).collect();
        let [of_statics, of_loopings] = neighbours(&grid);
        let [static_backdrop, looping_backdrop] = backdrops(&grid);
        let tiles = ((ns + nl) / grid.tile_texels()) as i64;
        Self {
            working_set,
            frames,
            exposures: model.exposures.clone(),
            statics: Texels::new(upload(&model.statics, device), &of_statics, static_backdrop),
            loopings: Texels::new(Tensor::stack(&by_frame, 1), &of_loopings, looping_backdrop),
            taken: Tensor::zeros([tiles], (Kind::Int, device)),
            steps: Tensor::zeros([tiles, 2], (Kind::Float, device)),
            views: RefCell::new(Kept::new(KEPT_BYTES)),
            clips: RefCell::new(Kept::new(KEPT_BYTES)),
            grid,
            kernels,
        }
    }

    fn view(&self, sight: &Sight<'_>) -> Rc<ViewHits> {
        let make = || ViewHits::new(sight.hits(), &self.grid, self.kernels.device());
        self.views.borrow_mut().get(sight.view, make)
    }

    /// Floats that a kernel will write before any reads them.
    fn floats(&self, shape: &[usize]) -> Tensor {
        let shape: Vec<i64> = shape.iter().map(|n| *n as i64).collect();
        Tensor::empty(shape.as_slice(), (Kind::Float, self.kernels.device()))
    }

    /// What the static taps of each hit make up: `[hits, 4]`.
    fn still(&self, view: &ViewHits) -> Result<Tensor, CudaError> {
        let still = self.floats(&[view.hits, 4]);
        let arguments = arguments![&view.taps, &view.fraction, &self.statics.values, view.hits, &still];
        self.kernels.run(Kernel::SampleStatics, view.hits, arguments)?;
        Ok(still)
    }

    /// The exposed render: `[pixels, 3, frames]`.
    fn image(&self, view: &ViewHits, exposure: f32) -> Result<Tensor, CudaError> {
        let (still, image) = (self.still(view)?, self.floats(&[view.pixels, 3, self.frames]));
        let arguments = arguments![
            &view.start,
            &view.taps,
            &view.fraction,
            &still,
            &self.loopings.values,
            view.pixels,
            self.frames,
            exposure,
            &image,
        ];
        self.kernels.run(Kernel::Compose, view.pixels * self.frames, arguments)?;
        Ok(image)
    }

    fn descend(&mut self, view: &ViewHits, target: &CudaTarget, exposure: f32, lr: f32) -> Result<f64, CudaError> {
        let still = self.still(view)?;
        let arguments = arguments![&view.tiles, view.tile_count, lr, EPSILON, BETA1, BETA2, &self.taken, &self.steps];
        self.kernels.run(Kernel::BeginSteps, view.tile_count, arguments)?;
        let slots = self.floats(&[view.hits, CHUNK, 4]);
        let loss = self.floats(&[view.pixels, CHUNK]).zero_();
        let gradient = self.floats(&[view.statics.count, 4]).zero_();
        let moved = self.floats(&[view.loopings.count, CHUNK, 4]);
        for first in (0..self.frames).step_by(CHUNK) {
            let count = CHUNK.min(self.frames - first);
            let arguments = arguments![
                &view.start,
                &view.taps,
                &view.fraction,
                &still,
                &self.loopings.values,
                &target.bytes,
                view.pixels,
                self.frames,
                first,
                count,
                exposure,
                SPARSITY,
                &slots,
                &loss,
            ];
            self.kernels.run(Kernel::Pull, view.pixels * count, arguments)?;
            self.gather_statics(&view.statics, &slots, (first, count), &gradient)?;
            self.move_loopings(&view.loopings, &slots, (first, count), &moved)?;
        }
        self.move_statics(&view.statics, &gradient)?;
        let values = (view.pixels * 3 * self.frames).max(1) as f64;
        Ok(loss.sum(Kind::Double).double_value(&[]) / values)
    }

    /// Adds the gradients of a chunk's frames (first, count) to those of the static texels seen.
    fn gather_statics(
        &self,
        seen: &Seen,
        slots: &Tensor,
        (first, count): (usize, usize),
        gradient: &Tensor,
    ) -> Result<(), CudaError> {
        let arguments = arguments![
            &seen.texels,
            &seen.cover,
            &seen.first,
            &seen.hit,
            &seen.weight,
            &self.statics.neighbours,
            slots,
            &self.statics.values,
            &self.loopings.values,
            seen.count,
            self.frames,
            first,
            count,
            TV_RGB,
            TV_ALPHA,
            gradient,
        ];
        self.kernels.run(Kernel::GatherStatics, seen.count, arguments)
    }

    /// Moves a chunk's frames (first, count) of the looping texels seen, by way of `moved`.
    fn move_loopings(
        &self,
        seen: &Seen,
        slots: &Tensor,
        (first, count): (usize, usize),
        moved: &Tensor,
    ) -> Result<(), CudaError> {
        let n = self.grid.tile_texels();
        let arguments = arguments![
            &seen.texels,
            &seen.cover,
            &seen.first,
            &seen.hit,
            &seen.weight,
            &self.loopings.neighbours,
            slots,
            &self.statics.values,
            &self.loopings.values,
            &self.steps,
            seen.count,
            self.frames,
            first,
            count,
            self.grid.static_texels() / n,
            n,
            self.loopings.backdrop,
            TV_RGB,
            TV_ALPHA,
            BETA1,
            BETA2,
            &self.loopings.first_moments,
            &self.loopings.second_moments,
            moved,
        ];
        self.kernels.run(Kernel::MoveLoopings, seen.count * count, arguments)?;
        let arguments = arguments![&seen.texels, moved, seen.count, self.frames, first, count, &self.loopings.values];
        self.kernels.run(Kernel::SettleLoopings, seen.count * count, arguments)
    }

    fn move_statics(&self, seen: &Seen, gradient: &Tensor) -> Result<(), CudaError> {
        let arguments = arguments![
            &seen.texels,
            gradient,
            &self.steps,
            seen.count,
            self.grid.tile_texels(),
            self.statics.backdrop,
            BETA1,
            BETA2,
            &self.statics.first_moments,
            &self.statics.second_moments,
            &self.statics.values,
        ];
        self.kernels.run(Kernel::MoveStatics, seen.count, arguments)
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
        let mut statics = download(&self.statics.first_moments);
        statics.truncate(self.grid.static_texels());
        (statics, self.by_frame(&self.loopings.first_moments))
    }

    fn by_frame(&self, loopings: &Tensor) -> Vec<Vec<Rgba>> {
        (0..self.frames as i64).map(|t| download(&loopings.select(1, t))).collect()
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

    fn adopt(&self, target: Target) -> CudaTarget {
        let chunks = target.iter().map(|chunk| {
            let bytes = Tensor::from_slice(chunk.as_flattened().as_flattened()).to_device(self.kernels.device());
            bytes.view([-1, 3, LANES as i64])
        });
        let bytes = Tensor::cat(&chunks.collect::<Vec<_>>(), 2).narrow(2, 0, self.frames as i64).contiguous();
        CudaTarget { bytes }
    }

    fn refresh(&self, sight: &Sight<'_>, view: &LevelView<'_>) -> Result<CudaTarget, FitError> {
        let render = self.image(&self.view(sight), self.exposures[sight.view])?;
        let device = self.kernels.device();
        let clip = self.clips.borrow_mut().get(sight.view, || upload_clip(&view.clip, device));
        Ok(CudaTarget { bytes: looping_target(&self.kernels, &render, &clip, &TARGET, self.working_set)? })
    }

    fn step(&mut self, sight: &Sight<'_>, target: &CudaTarget, lr: f32) -> Result<f64, FitError> {
        let view = self.view(sight);
        Ok(self.descend(&view, target, self.exposures[sight.view], lr)?)
    }

    fn finish(self) -> LoopingModel {
        let (statics, loopings) = (download(&self.statics.values), self.by_frame(&self.loopings.values));
        LoopingModel::new(self.grid, statics, &loopings, self.exposures)
    }
}
