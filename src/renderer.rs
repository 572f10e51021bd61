//! What renders the frames of `loop3d render`: the GPU, or the exact CPU compositor.

use anyhow::Result;
use loop3d_scene::{Scene, Shot};
use std::sync::Arc;

/// What renders.
#[derive(Clone, Copy, Debug, PartialEq, Eq, clap::ValueEnum)]
pub enum RendererChoice {
    /// The GPU where there is one, else the CPU.
    Auto,
    /// The GPU.
    Gpu,
    /// The exact compositor on the CPU.
    Cpu,
}

impl RendererChoice {
    /// Renders each shot and hands its image (`[height, width, 3]` bytes) to `each`, in order.
    ///
    /// # Errors
    /// An error of `each`, or of the GPU where `Gpu` was chosen.
    pub fn render_each(
        self,
        scene: Scene,
        shots: &[Shot],
        quiet: bool,
        mut each: impl FnMut(Vec<u8>) -> Result<()>,
    ) -> Result<()> {
        let scene = Arc::new(scene);
        let mut done = 0;
        if self != Self::Cpu {
            let end = gpu::render_each(&scene, shots, self == Self::Auto, &mut |image| {
                done += 1;
                each(image)
            })?;
            match end {
                gpu::End::Rendered => return Ok(()),
                gpu::End::Failed(why) if self == Self::Gpu => return Err(why),
                gpu::End::Failed(why) if !quiet => eprintln!("rendering on the CPU instead of the GPU: {why:#}"),
                gpu::End::Failed(_) => {}
            }
        }
        shots[done..].iter().try_for_each(|shot| each(loop3d_scene::render(&scene, &shot.camera, shot.time).to_rgb8()))
    }
}

#[cfg(feature = "viewer")]
mod gpu {
    use super::*;
    use loop3d_viewer::{Pending, RenderError, Renderer, RendererOptions};
    use std::collections::VecDeque;

    /// Images that the GPU draws while the CPU encodes.
    const IN_FLIGHT: usize = 3;

    /// How far the GPU got.
    pub enum End {
        Rendered,
        /// The images handed over before the failure are good.
        Failed(anyhow::Error),
    }

    /// Renders until the end or until the GPU fails. With `only_real`, a GPU in software counts as none, since it is slower than the
    /// compositor on the same cores.
    ///
    /// # Errors
    /// An error of `each`.
    pub fn render_each(
        scene: &Arc<Scene>,
        shots: &[Shot],
        only_real: bool,
        each: &mut dyn FnMut(Vec<u8>) -> Result<()>,
    ) -> Result<End> {
        let failed = |error: RenderError| Ok(End::Failed(error.into()));
        let mut renderer = match Renderer::new(Arc::clone(scene), &RendererOptions::default()) {
            Ok(renderer) => renderer,
            Err(error) => return failed(error),
        };
        if only_real && renderer.is_software() {
            return Ok(End::Failed(anyhow::anyhow!("{} is a GPU in software", renderer.adapter())));
        }
        let mut pending: VecDeque<Pending> = VecDeque::new();
        for shot in shots {
            match renderer.start(&shot.camera, shot.time) {
                Ok(image) => pending.push_back(image),
                Err(error) => return failed(error),
            }
            if pending.len() > IN_FLIGHT
                && let Some(first) = pending.pop_front()
            {
                match renderer.finish(first) {
                    Ok(image) => each(image)?,
                    Err(error) => return failed(error),
                }
            }
        }
        for last in pending {
            match renderer.finish(last) {
                Ok(image) => each(image)?,
                Err(error) => return failed(error),
            }
        }
        Ok(End::Rendered)
    }
}

#[cfg(not(feature = "viewer"))]
mod gpu {
    use super::*;

    /// As with the feature `viewer`; without it the GPU always fails.
    pub enum End {
        #[allow(dead_code, reason = "constructed with the feature `viewer` only")]
        Rendered,
        Failed(anyhow::Error),
    }

    /// There is no GPU renderer in this build.
    pub fn render_each(_: &Arc<Scene>, _: &[Shot], _: bool, _: &mut dyn FnMut(Vec<u8>) -> Result<()>) -> Result<End> {
        Ok(End::Failed(crate::failure::mistake("this build has no GPU renderer; rebuild with --features viewer")))
    }
}
