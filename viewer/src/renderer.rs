//! The renderer of masters: a scene on a GPU, and images of it.

use crate::atlas::{Atlas, conversion};
use crate::canvas::{Atlases, Canvas};
use crate::gpu::{Backend, Gpu};
use crate::loop_frames::{LoopFrames, write_layer};
use crate::readback::Readback;
use crate::texture::texture;
use crate::tiles::TilePass;
use crate::tiles::pipeline::Filter;
use crate::tiles::quads::quads;
use crate::{RenderError, Tier};
use loop3d_scene::{Camera, MAX_PLANES, Moment, Scene, TileKind};
use std::sync::{Arc, mpsc};

/// Options of a [`Renderer`].
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct RendererOptions {
    /// The graphics API.
    pub backend: Backend,
    /// GPU memory for the frames of the loop. Where all frames need more, they stream through four layers.
    pub loop_budget_bytes: u64,
}

impl Default for RendererOptions {
    fn default() -> Self {
        // A loop of 60 frames of the size of the paper's scenes fits an integrated GPU beside everything else.
        Self { backend: Backend::Auto, loop_budget_bytes: 192 << 20 }
    }
}

/// What an image costs.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Statistics {
    /// Rectangles of the one draw.
    pub quads: usize,
    /// Width and height of the static atlas in texels.
    pub static_atlas: [usize; 2],
    /// Width and height of the looping atlas in texels.
    pub looping_atlas: [usize; 2],
    /// Frames of the loop that are on the GPU at a time.
    pub frames_on_gpu: usize,
    /// GPU memory of atlases and quads; images come on top.
    pub bytes: u64,
}

/// An image that the GPU is drawing; [`Renderer::finish`] waits for it.
pub struct Pending {
    readback: Readback,
    submission: wgpu::SubmissionIndex,
    arrival: mpsc::Receiver<Result<(), wgpu::BufferAsyncError>>,
}

/// A scene on a GPU.
pub struct Renderer {
    pub(crate) pass: TilePass,
    looping_atlas: Atlas,
    loop_frames: LoopFrames,
    statistics: Statistics,
    /// Room for images that were taken, for the next ones.
    spare: Vec<Readback>,
}

impl Renderer {
    /// Uploads a scene to the best GPU of the backend, for images without a window.
    ///
    /// # Errors
    /// There is no GPU, or the scene is damaged or does not fit it.
    pub fn new(scene: Arc<Scene>, options: &RendererOptions) -> Result<Self, RenderError> {
        Self::on(Gpu::open_headless(options.backend)?, scene, options)
    }

    /// Uploads a scene to an open GPU.
    ///
    /// # Errors
    /// The scene is damaged or does not fit the GPU, or the GPU fails.
    pub fn on(gpu: Gpu, scene: Arc<Scene>, options: &RendererOptions) -> Result<Self, RenderError> {
        scene.validate()?;
        if scene.planes.count > MAX_PLANES {
            return Err(RenderError::TooManyPlanes { count: scene.planes.count, limit: MAX_PLANES });
        }
        let static_atlas = Atlas::pack(&scene.tiles, TileKind::Static, gpu.max_side())?;
        let looping_atlas = Atlas::pack(&scene.tiles, TileKind::Looping, gpu.max_side())?;
        let static_tiles = upload_static(&gpu, &scene, &static_atlas);
        let loop_frames = LoopFrames::new(&gpu, &scene, &looping_atlas, options.loop_budget_bytes);
        let list = quads(&scene.tiles, &static_atlas, &looping_atlas);
        let atlases = Atlases { static_tiles, looping_tiles: loop_frames.view() };
        let pass = TilePass::new(gpu, scene, Filter::Exact, atlases, &list);
        let statistics = Statistics {
            quads: list.len(),
            static_atlas: [static_atlas.width, static_atlas.height],
            looping_atlas: [looping_atlas.width, looping_atlas.height],
            frames_on_gpu: loop_frames.room(),
            bytes: static_atlas.bytes() + loop_frames.bytes() + pass.quad_bytes(),
        };
        pass.gpu.check()?;
        Ok(Self { pass, looping_atlas, loop_frames, statistics, spare: Vec::new() })
    }

    /// Name of the adapter.
    pub fn adapter(&self) -> &str {
        &self.pass.gpu.name
    }

    /// Whether the adapter renders in software.
    pub fn is_software(&self) -> bool {
        self.pass.gpu.is_software
    }

    /// Tier of the adapter.
    pub fn tier(&self) -> Tier {
        self.pass.gpu.tier
    }

    /// What an image costs.
    pub fn statistics(&self) -> Statistics {
        self.statistics
    }

    /// Uploads what the moment `time` needs before it is drawn: called between two images, for one of the next.
    pub fn prepare(&mut self, time: f64) {
        let frames = Moment::of(time, self.pass.scene.frames).frames;
        self.loop_frames.prepare(&self.pass.gpu, &self.pass.scene, &self.looping_atlas, frames);
    }

    /// Frames of the loop that were not on the GPU when an image needed them, so that it waited.
    pub fn missed_frames(&self) -> u64 {
        self.loop_frames.missed()
    }

    /// Starts to draw the image that `camera` sees at `time`, in frames of the loop, which goes round as in [`loop3d_scene::render`].
    /// Several images may be started before the first is finished.
    ///
    /// # Errors
    /// The image is too large for the GPU, or the GPU failed.
    pub fn start(&mut self, camera: &Camera, time: f64) -> Result<Pending, RenderError> {
        self.start_with(camera, time, |renderer, canvas, pass| renderer.pass.draw(canvas, pass))
    }

    /// As [`start`](Self::start), with `draw` in place of the draw of the tiles.
    pub(crate) fn start_with(
        &mut self,
        camera: &Camera,
        time: f64,
        draw: impl FnOnce(&Self, &Canvas, &mut wgpu::RenderPass<'_>),
    ) -> Result<Pending, RenderError> {
        let &Camera { width, height, .. } = camera;
        let limit = self.pass.gpu.max_side();
        if width == 0 || height == 0 || width.max(height) > limit {
            return Err(RenderError::ImageSize { width, height, limit });
        }
        let fits = self.spare.iter().position(|spare| (spare.canvas.width, spare.canvas.height) == (width, height));
        let readback = match fits {
            Some(index) => self.spare.swap_remove(index),
            None => Readback::new(&self.pass, width, height),
        };
        let mut encoder = self.pass.gpu.device.create_command_encoder(&wgpu::CommandEncoderDescriptor::default());
        self.set_view(&readback.canvas, camera, time);
        draw(self, &readback.canvas, &mut readback.canvas.tiles_pass(&mut encoder, None));
        readback.resolve(&self.pass.resolve, &mut encoder);
        let submission = self.pass.gpu.queue.submit([encoder.finish()]);
        self.pass.gpu.check()?;
        Ok(Pending { arrival: readback.request(), readback, submission })
    }

    /// Encodes the pass of the tiles. The commands must be submitted before the next image is drawn.
    #[cfg(feature = "window")]
    pub(crate) fn draw(
        &mut self,
        canvas: &Canvas,
        encoder: &mut wgpu::CommandEncoder,
        camera: &Camera,
        time: f64,
        timing: Option<wgpu::RenderPassTimestampWrites<'_>>,
    ) {
        self.set_view(canvas, camera, time);
        self.pass.draw(canvas, &mut canvas.tiles_pass(encoder, timing));
    }

    /// Writes the uniform, and uploads the moment's frames where they are missing.
    fn set_view(&mut self, canvas: &Canvas, camera: &Camera, time: f64) {
        let TilePass { gpu, scene, .. } = &self.pass;
        let moment = Moment::of(time, scene.frames);
        let layers = self.loop_frames.layers(gpu, scene, &self.looping_atlas, moment.frames);
        self.pass.set_view(canvas, camera, layers, moment.second_fraction);
    }

    /// A canvas for [`draw`](Self::draw).
    #[cfg(feature = "window")]
    pub(crate) fn canvas(&self, width: u32, height: u32) -> Canvas {
        self.pass.canvas(width, height)
    }

    /// Waits for an image: `[height, width, 3]` bytes over black.
    ///
    /// # Errors
    /// The GPU failed.
    pub fn finish(&mut self, pending: Pending) -> Result<Vec<u8>, RenderError> {
        let Pending { readback, submission, arrival } = pending;
        let lost = |reason: String| self.pass.gpu.check().err().unwrap_or(RenderError::Lost(reason));
        let wait = wgpu::PollType::Wait { submission_index: Some(submission), timeout: None };
        self.pass.gpu.device.poll(wait).map_err(|e| lost(e.to_string()))?;
        match arrival.try_recv() {
            Ok(Ok(())) => {}
            Ok(Err(e)) => return Err(lost(e.to_string())),
            Err(e) => return Err(lost(e.to_string())),
        }
        self.pass.gpu.check()?;
        let rgb = readback.rgb8()?;
        self.spare.push(readback);
        Ok(rgb)
    }

    /// Draws one image: [`start`](Self::start), then [`finish`](Self::finish).
    ///
    /// # Errors
    /// As theirs.
    pub fn render(&mut self, camera: &Camera, time: f64) -> Result<Vec<u8>, RenderError> {
        let pending = self.start(camera, time)?;
        self.finish(pending)
    }
}

fn upload_static(gpu: &Gpu, scene: &Scene, atlas: &Atlas) -> wgpu::TextureView {
    let usage = wgpu::TextureUsages::COPY_DST;
    let texture = texture(gpu, "static tiles", atlas.size(), 1, gpu.tier.texels(), usage);
    let mut texels = vec![0; atlas.values()];
    atlas.fill(scene, 0, conversion(gpu.tier.texels()), &mut texels);
    write_layer(gpu, &texture, atlas, 0, &texels);
    texture.create_view(&wgpu::TextureViewDescriptor::default())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing::hard_scene;

    #[test]
    fn after_a_lost_device_a_new_one_draws_the_same() {
        let scene = Arc::new(hard_scene(3, 5));
        let open = || Renderer::new(Arc::clone(&scene), &RendererOptions::default());
        let Ok(mut renderer) = open() else { return };
        let before = renderer.render(&scene.reference, 1.5).unwrap();
        renderer.pass.gpu.device.destroy();
        for _ in 0..2 {
            let error = renderer.render(&scene.reference, 1.5).unwrap_err();
            assert!(matches!(error, RenderError::Lost(_)), "{error}");
        }
        assert_eq!(open().unwrap().render(&scene.reference, 1.5).unwrap(), before);
    }
}
