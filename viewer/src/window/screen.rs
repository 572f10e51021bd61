//! A window's surface with the renderer that draws to it.

use crate::target::Canvas;
use crate::{Backend, Gpu, Options, OrbitCamera, RenderError, Renderer, pipelines};
use loop3d_scene::Scene;
use std::sync::Arc;
use wgpu::CurrentSurfaceTexture as Current;
use winit::event_loop::OwnedDisplayHandle;
use winit::window::Window;

pub(super) struct Screen {
    pub(super) window: Arc<Window>,
    pub(super) renderer: Renderer,
    gpu: Gpu,
    surface: wgpu::Surface<'static>,
    configuration: wgpu::SurfaceConfiguration,
    pipeline: wgpu::RenderPipeline,
    canvas: Canvas,
}

impl Screen {
    /// Opens the GPU for a window, and puts the scene on it.
    pub(super) fn open(
        window: Arc<Window>,
        display: &OwnedDisplayHandle,
        scene: Arc<Scene>,
        options: &Options,
    ) -> Result<Self, RenderError> {
        let open = |backend: Backend| {
            let instance = backend.instance(Some(Box::new(display.clone())));
            let surface = instance
                .create_surface(Arc::clone(&window))
                .map_err(|e| RenderError::NoAdapter { backend: backend.name(), reason: e.to_string() })?;
            let gpu = pollster::block_on(Gpu::open(&instance, backend, Some(&surface)))?;
            Ok((surface, gpu))
        };
        let (surface, gpu) = options.backend.or_gl(open)?;
        let size = window.inner_size();
        let unusable =
            || RenderError::NoDevice { adapter: gpu.name.clone(), reason: "it cannot draw to this window".to_owned() };
        let (width, height) = within(&gpu, size.width, size.height);
        let mut configuration = surface.get_default_config(&gpu.adapter, width, height).ok_or_else(unusable)?;
        // Colours are blended as the footage has them; an sRGB surface would brighten them.
        configuration.format = configuration.format.remove_srgb_suffix();
        if !surface.get_capabilities(&gpu.adapter).formats.contains(&configuration.format) {
            return Err(unusable());
        }
        configuration.present_mode = wgpu::PresentMode::AutoVsync;
        surface.configure(&gpu.device, &configuration);
        let renderer = Renderer::on(gpu.clone(), scene, options)?;
        let pipeline = pipelines::resolve(&gpu, configuration.format);
        let canvas = renderer.canvas(width, height);
        Ok(Self { window, renderer, gpu, surface, configuration, pipeline, canvas })
    }

    pub(super) fn width(&self) -> u32 {
        self.configuration.width
    }

    pub(super) fn height(&self) -> u32 {
        self.configuration.height
    }

    /// Takes the window's new size; a window without any keeps the old one.
    pub(super) fn resize(&mut self, width: u32, height: u32) {
        if width > 0 && height > 0 {
            (self.configuration.width, self.configuration.height) = within(&self.gpu, width, height);
            self.surface.configure(&self.gpu.device, &self.configuration);
            self.canvas = self.renderer.canvas(self.width(), self.height());
        }
    }

    /// Shows one picture. A window that cannot take one now is passed over.
    pub(super) fn draw(&mut self, camera: &OrbitCamera, time: f64) -> Result<(), RenderError> {
        let texture = match self.surface.get_current_texture() {
            Current::Success(texture) | Current::Suboptimal(texture) => texture,
            Current::Outdated | Current::Lost => {
                self.surface.configure(&self.gpu.device, &self.configuration);
                return self.gpu.check();
            }
            Current::Timeout | Current::Occluded => {
                // Such a window does not wait for its screen.
                std::thread::sleep(std::time::Duration::from_millis(15));
                return self.gpu.check();
            }
            Current::Validation => return self.gpu.check(),
        };
        let view = texture.texture.create_view(&wgpu::TextureViewDescriptor::default());
        let camera = camera.camera(self.width(), self.height());
        self.renderer.draw_on(&self.canvas, &self.pipeline, &view, &camera, time)?;
        self.window.pre_present_notify();
        self.gpu.queue.present(texture);
        Ok(())
    }
}

/// Sides that the GPU can draw.
fn within(gpu: &Gpu, width: u32, height: u32) -> (u32, u32) {
    (width.clamp(1, gpu.max_side()), height.clamp(1, gpu.max_side()))
}
