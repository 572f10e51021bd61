//! Who draws the pictures of `loop3d render`: the GPU, or the exact CPU compositor.

use anyhow::Result;
use loop3d_scene::{Scene, Shot};
use std::sync::Arc;

/// What draws.
#[derive(Clone, Copy, Debug, PartialEq, Eq, clap::ValueEnum)]
pub enum Painter {
    /// The GPU where there is one, else the CPU.
    Auto,
    /// The GPU.
    Gpu,
    /// The exact compositor on the CPU.
    Cpu,
}

impl Painter {
    /// Hands the picture of each shot in turn (`[height, width, 3]` bytes) to `each`.
    ///
    /// # Errors
    /// Those of `each`, and of a GPU that was insisted on.
    pub fn paint(
        self,
        scene: Scene,
        shots: &[Shot],
        quiet: bool,
        mut each: impl FnMut(Vec<u8>) -> Result<()>,
    ) -> Result<()> {
        let scene = Arc::new(scene);
        let mut done = 0;
        if self != Self::Cpu {
            let end = gpu::paint(&scene, shots, self == Self::Auto, &mut |picture| {
                done += 1;
                each(picture)
            })?;
            match end {
                gpu::End::Painted => return Ok(()),
                gpu::End::Failed(why) if self == Self::Gpu => return Err(why),
                gpu::End::Failed(why) if !quiet => eprintln!("without the GPU, on the CPU's cores instead: {why:#}"),
                gpu::End::Failed(_) => {}
            }
        }
        shots[done..].iter().try_for_each(|shot| each(loop3d_scene::render(&scene, &shot.camera, shot.time).to_rgb8()))
    }
}

#[cfg(feature = "viewer")]
mod gpu {
    use super::*;
    use loop3d_viewer::{RendererOptions, Pending, RenderError, Renderer};
    use std::collections::VecDeque;

    /// Pictures that the GPU works at while the CPU encodes.
    const IN_FLIGHT: usize = 3;

    /// How far the GPU came.
    pub enum End {
        Painted,
        /// Pictures handed over before are good.
        Failed(anyhow::Error),
    }

    /// Paints until the end or until the GPU fails. `only_real`: a processor that plays a GPU counts as none, since it is slower than the
    /// compositor on the same cores.
    ///
    /// # Errors
    /// Those of `each`.
    pub fn paint(
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
                Ok(picture) => pending.push_back(picture),
                Err(error) => return failed(error),
            }
            if pending.len() > IN_FLIGHT
                && let Some(first) = pending.pop_front()
            {
                match renderer.finish(first) {
                    Ok(picture) => each(picture)?,
                    Err(error) => return failed(error),
                }
            }
        }
        for last in pending {
            match renderer.finish(last) {
                Ok(picture) => each(picture)?,
                Err(error) => return failed(error),
            }
        }
        Ok(End::Painted)
    }
}

#[cfg(not(feature = "viewer"))]
mod gpu {
    use super::*;

    /// As with the feature `viewer`; nothing else happens without it.
    pub enum End {
        #[allow(dead_code, reason = "of the other build")]
        Painted,
        Failed(anyhow::Error),
    }

    /// There is no GPU renderer in this build.
    pub fn paint(_: &Arc<Scene>, _: &[Shot], _: bool, _: &mut dyn FnMut(Vec<u8>) -> Result<()>) -> Result<End> {
        Ok(End::Failed(crate::failure::mistake("this loop3d was built without its feature `viewer`")))
    }
}
