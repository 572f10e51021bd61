//! Each kernel on one window of a fitted scene, against libtorch with as many threads, in turns.

use crate::brute_force;
use crate::ceiling::Ceiling;
use crate::child::Task;
use crate::compositor::{CHUNK_BYTES, MemoryCase, Who};
use crate::input::{ViewWindow, looping_model, static_model};
use crate::samples::{Samples, in_turns, timed};
use crate::work::{self, Limit, RayCounts, Work};
use anyhow::Result;
use loop3d_capture::{Clip, LongExposure};
use loop3d_optimizer::cpu::CpuEngine;
use loop3d_optimizer::engine::{Engine, LoopingEngine, StaticEngine, ViewVisit};
use loop3d_optimizer::hits::Hits;
use loop3d_optimizer::kernels::compositor::static_tiles::{self, TexelGradient};
use loop3d_optimizer::looping_stage::model::{GradientBuffers, LoopingModel};
use loop3d_optimizer::looping_stage::{self, TARGET};
use loop3d_optimizer::patches::{ClipWindow, TargetSettings, looping_target};
use loop3d_optimizer::pyramid::LevelView;
use loop3d_optimizer::static_stage;
use loop3d_optimizer::torch::{self, Block, TorchLooping, TorchStatic};
use loop3d_scene::Scene;
use serde::{Deserialize, Serialize};
use std::borrow::Cow;
use std::path::Path;
use tch::{Device, Tensor};

/// Learning rate of the measured steps; what is fitted does not matter.
const LR: f32 = 1e-3;

/// One kernel.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Kernel {
    /// What it does.
    pub name: String,
    /// Of each repetition.
    pub seconds: Samples,
    /// What it was measured against.
    pub oracles: Vec<Oracle>,
    /// Estimate of what it needs.
    pub work: Work,
    /// What bounds it.
    pub limit: Limit,
    /// Share of that limit's ceiling that it reaches.
    pub share: f64,
}

/// libtorch's side.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Oracle {
    /// How libtorch does it.
    pub name: String,
    /// Of each repetition.
    pub seconds: Samples,
    /// How many times longer it takes.
    pub ratio: f64,
    /// The ratio that was asked for.
    pub wanted: Option<f64>,
}

impl Oracle {
    fn new(name: &str, ours: &Samples, seconds: Samples, wanted: Option<f64>) -> Self {
        Self { name: name.into(), ratio: ours.ratio(&seconds), seconds, wanted }
    }
}

/// Peak memory of the compositor beside libtorch's.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Memory {
    /// How libtorch does it.
    pub oracle: String,
    /// Bytes that our pass adds.
    pub ours: Option<u64>,
    /// Bytes that libtorch's adds.
    pub theirs: Option<u64>,
    /// The least ratio that was asked for.
    pub wanted: Option<f64>,
}

impl Memory {
    /// How many times more libtorch takes.
    pub fn ratio(&self) -> Option<f64> {
        Some(self.theirs? as f64 / self.ours?.max(1) as f64)
    }
}

const AT_ONCE: &str = "libtorch, all frames at once";
const IN_CHUNKS: &str = "libtorch, 1 GiB of frames at a time";

/// A scene, a window of it, and what was captured there.
pub struct Bench<'a> {
    scene: &'a Scene,
    view_window: ViewWindow,
    clip: Clip,
    model: LoopingModel,
    hits: Hits,
    repetitions: usize,
    ceiling: Ceiling,
    rows: Vec<Kernel>,
}

impl<'a> Bench<'a> {
    /// `clip` is the window's, see [`ViewWindow::cut`].
    pub fn new(scene: &'a Scene, view_window: ViewWindow, clip: Clip, repetitions: usize, ceiling: Ceiling) -> Self {
        let model = looping_model(scene);
        let hits = view_window.hits(scene, &model.grid);
        Self { scene, view_window, clip, model, hits, repetitions, ceiling, rows: Vec::new() }
    }

    /// Measures all kernels.
    ///
    /// # Errors
    /// Shapes that do not fit.
    pub fn run(mut self) -> Result<Vec<Kernel>> {
        self.targets()?;
        self.looping_step()?;
        self.static_step()?;
        Ok(self.rows)
    }

    fn push(&mut self, name: String, seconds: Samples, oracles: Vec<Oracle>, work: Work) {
        let (limit, share) = work.share(&self.ceiling, seconds.median());
        self.rows.push(Kernel { name, seconds, oracles, work, limit, share });
    }

    fn targets(&mut self) -> Result<()> {
        let Clip { width, height, frames: captured, ref rgb } = self.clip;
        let (frames, render) = (self.model.frames, self.model.render(&self.hits));
        let [h, w, t, f] = [height, width, frames, captured].map(|n| n as i64);
        let queries = Tensor::from_slice(&render).view([h, w, 3, t]).permute([3, 2, 0, 1]).contiguous();
        let keys = Tensor::from_slice(rgb).view([f, h, w, 3]).permute([0, 3, 1, 2]).contiguous();
        // The engine on libtorch has the channels last.
        let (queries_last, keys_last) =
            (queries.permute([0, 2, 3, 1]).contiguous(), keys.permute([0, 2, 3, 1]).contiguous());
        for (choice, settings, wanted) in [
            ("nearest for rare keys too", TargetSettings::REFERENCE, Some(30.0)),
            ("nearest", TargetSettings::OTHER, Some(8.0)),
            ("balanced, what fits use", TARGET, None),
        ] {
            eprintln!("looping target, {choice}");
            let window = ClipWindow { clip: (&self.clip).into(), x0: 0, y0: 0 };
            let mut ours = || timed(|| Ok(looping_target::<u8>(&render, height, width, frames, &window, &settings)?));
            let mut theirs = || {
                let block = Block { bytes: CHUNK_BYTES };
                timed(|| match settings.entropic_epsilon {
                    Some(_) => Ok(torch::looping_target(&queries_last, &keys_last, &settings, block)?),
                    None => Ok(brute_force::looping_target(&queries, &keys, &settings, CHUNK_BYTES as i64)),
                })
            };
            let [ours, theirs] = in_turns(self.repetitions, [&mut ours, &mut theirs])?;
            let how = if settings.entropic_epsilon.is_some() {
                "libtorch, sums shared"
            } else {
                "libtorch, unfolded patches"
            };
            let oracle = Oracle::new(how, &ours, theirs, wanted);
            let TargetSettings { patch, stride, patch_frames, .. } = settings;
            let name = format!("looping target {patch}×{patch}×{patch_frames} stride {stride}, {choice}");
            let work = work::looping_target((height, width), (frames, captured), &settings)?;
            self.push(name, ours, vec![oracle], work);
        }
        Ok(())
    }

    fn looping_step(&mut self) -> Result<()> {
        eprintln!("looping compositor and step");
        let view = LevelView { camera: self.view_window.camera, clip: Cow::Borrowed(&self.clip) };
        let target = looping_stage::opening(&view, self.model.frames);
        let (hits, model) = (&self.hits, &self.model);
        let list = || hits.clone();
        let visit = ViewVisit::new(0, &list);
        visit.hits();
        let engine = |who: Who| {
            let torch = TorchLooping::new(model, Device::Cpu, who.working_set());
            let target = torch.upload_target(target.clone());
            // Lists the hits, which libtorch's side does once, as in a fit.
            torch.compositor(&visit, &target);
            (torch, target)
        };
        let ((whole, whole_target), (mut chunked, chunked_target)) = (engine(Who::Torch), engine(Who::TorchInChunks));
        let (mut buffers, mut stepped) = (GradientBuffers::default(), model.clone());
        let [compositor, at_once, in_chunks] = in_turns(
            self.repetitions,
            [
                &mut || timed(|| Ok(model.compositor(hits, &target, 1.0, &mut buffers))),
                &mut || timed(|| Ok(whole.compositor(&visit, &whole_target))),
                &mut || timed(|| Ok(chunked.compositor(&visit, &chunked_target))),
            ],
        )?;
        drop((whole, whole_target));
        let mut whole_steps = Samples::default();
        let [step, their_step] = in_turns(
            self.repetitions,
            [
                &mut || {
                    // A step's own compositor cannot be timed apart: the same pass beside it is taken off.
                    let composing = timed(|| Ok(model.compositor(hits, &target, 1.0, &mut buffers)))?;
                    let whole = timed(|| Ok(LoopingModel::step(&mut stepped, hits, &target, 1.0, LR)))?;
                    whole_steps.0.push(whole);
                    Ok((whole - composing).max(0.0))
                },
                &mut || timed(|| Ok(LoopingEngine::step(&mut chunked, &visit, &chunked_target, LR)?)),
            ],
        )?;
        let seen = RayCounts::new(self.scene, &self.model.grid, hits);
        let (composing, stepping) = (seen.compositor(), seen.step());
        let both_work =
            Work { bytes: composing.bytes + stepping.bytes, operations: composing.operations + stepping.operations };
        let oracles = vec![
            Oracle::new(AT_ONCE, &compositor, at_once, Some(10.0)),
            Oracle::new(IN_CHUNKS, &compositor, in_chunks, None),
        ];
        self.push("looping compositor, forward and backward".into(), compositor, oracles, composing);
        self.push("total variation and Adam".into(), step, Vec::new(), stepping);
        let oracle = Oracle::new(IN_CHUNKS, &whole_steps, their_step, None);
        self.push("looping step, all of it".into(), whole_steps, vec![oracle], both_work);
        Ok(())
    }

    fn static_step(&mut self) -> Result<()> {
        eprintln!("static compositor and step");
        let model = static_model(self.scene);
        let hits = self.view_window.hits(self.scene, &model.grid);
        let picture = static_stage::long_exposure_image(&self.clip, LongExposure::Mean);
        let list = || hits.clone();
        let visit = ViewVisit::new(0, &list);
        visit.hits();
        let (starts, shown, texels) = (model.starts.clone(), model.shown.clone(), model.grid.static_texel_count());
        let mut gradient = TexelGradient { gradient: vec![[0.0; 4]; texels], coverage: vec![0.0; texels] };
        let slope = vec![[1e-6; 4]; hits.pixels()];
        let (mut ours, mut theirs) = (CpuEngine.static_level(model.clone()), TorchStatic::new(model, Device::Cpu));
        // Lists the hits, as above.
        theirs.step(&visit, &picture, LR);
        let [compositor, ours, theirs] = in_turns(
            self.repetitions,
            [
                &mut || {
                    timed(|| {
                        let mut forward = static_tiles::forward(&hits, &shown);
                        static_tiles::backward(&hits, &mut forward.samples, &slope, 0.0);
                        static_tiles::scatter(&hits, &forward.samples, &starts, &mut gradient);
                        Ok(())
                    })
                },
                &mut || timed(|| Ok(ours.step(&visit, &picture, LR))),
                &mut || timed(|| Ok(theirs.step(&visit, &picture, LR))),
            ],
        )?;
        let composing = work::static_compositor(&hits, texels);
        // Total variation and Adam, on logits and what is shown of them.
        let texels = texels as f64;
        let stepping =
            Work { bytes: composing.bytes + texels * 13.0 * 16.0, operations: composing.operations + texels * 160.0 };
        self.push("static compositor, forward and backward".into(), compositor, Vec::new(), composing);
        let oracle = Oracle::new("libtorch", &ours, theirs, None);
        self.push("static step, all of it".into(), ours, vec![oracle], stepping);
        Ok(())
    }
}

/// Peak memory of the compositor, each side in a process of its own.
///
/// # Errors
/// A child that fails.
pub fn memory(scene: &Path) -> Result<Vec<Memory>> {
    eprintln!("memory of the looping compositor");
    let bytes =
        |who: Who| -> Result<Option<u64>> { Task::Memory(MemoryCase { scene: scene.to_owned(), who }).in_child() };
    let ours = bytes(Who::Ours)?;
    let row = |oracle: &str, theirs, wanted| Memory { oracle: oracle.into(), ours, theirs, wanted };
    Ok(vec![row(AT_ONCE, bytes(Who::Torch)?, Some(8.0)), row(IN_CHUNKS, bytes(Who::TorchInChunks)?, None)])
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::synthetic;

    #[test]
    fn both_compositors_measure_the_same_loss() {
        let scene = synthetic::scene(48, 40, 5);
        let view_window = ViewWindow::new(&scene).unwrap();
        let model = looping_model(&scene);
        let hits = view_window.hits(&scene, &model.grid);
        let clip = Clip { width: 48, height: 40, frames: 5, rgb: (0..48 * 40 * 15).map(|i| (i % 253) as u8).collect() };
        let view = LevelView { camera: view_window.camera, clip: Cow::Owned(clip) };
        let target = looping_stage::opening(&view, 5);
        let list = || hits.clone();
        let ours = model.compositor(&hits, &target, 1.0, &mut GradientBuffers::default());
        for working_set in [1, usize::MAX] {
            let torch = TorchLooping::new(&model, Device::Cpu, working_set);
            let theirs = torch.compositor(&ViewVisit::new(0, &list), &torch.upload_target(target.clone()));
            assert!((ours - theirs).abs() < 1e-3 * ours, "{ours} {theirs}");
        }
    }

    #[test]
    fn ratios_of_memory() {
        let row = Memory { oracle: String::new(), ours: Some(10), theirs: Some(85), wanted: Some(8.0) };
        assert_eq!(row.ratio(), Some(8.5));
        assert_eq!(Memory { ours: None, ..row }.ratio(), None);
    }
}
