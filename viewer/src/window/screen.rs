//! A window's surface with the renderer that draws to it.

use super::overlay::{Overlay, Painting};
use super::timer::Timer;
use crate::canvas::Canvas;
use crate::resolve::{OutputSize, resolve_pipeline};
use crate::{Backend, Gpu, OrbitCamera, RenderError, Renderer, RendererOptions};
use loop3d_scene::Scene;
use std::sync::Arc;
use std::time::{Duration, Instant};
use wgpu::CurrentSurfaceTexture as Current;
use winit::event_loop::OwnedDisplayHandle;
use winit::window::Window;

pub(super) struct Screen {
    pub(super) window: Arc<Window>,
    pub(super) renderer: Renderer,
    pub(super) gpu: Gpu,
    pub(super) overlay: Overlay,
    surface: wgpu::Surface<'static>,
    configuration: wgpu::SurfaceConfiguration,
    /// Resolve an image of the window's size, or a smaller one.
    pipelines: [wgpu::RenderPipeline; 2],
    canvas: Canvas,
    scale: f64,
    timer: Option<Timer>,
}

impl Screen {
    /// Opens the GPU for a window, and puts the scene on it.
    pub(super) fn open(
        window: Arc<Window>,
        display: &OwnedDisplayHandle,
        scene: Arc<Scene>,
        options: &RendererOptions,
        scale: f64,
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
        let pipelines =
            [OutputSize::Same, OutputSize::Enlarged].map(|size| resolve_pipeline(&gpu, configuration.format, size));
        let canvas = canvas(&renderer, &configuration, scale);
        let overlay = Overlay::new(&gpu, &window, configuration.format);
        let timer = Timer::new(&gpu);
        Ok(Self { window, renderer, gpu, overlay, surface, configuration, pipelines, canvas, scale, timer })
    }

    pub(super) fn width(&self) -> u32 {
        self.configuration.width
    }

    pub(super) fn height(&self) -> u32 {
        self.configuration.height
    }

    /// Takes the window's new size. A window of no size keeps the old one.
    pub(super) fn resize(&mut self, width: u32, height: u32) {
        if width > 0 && height > 0 {
            (self.configuration.width, self.configuration.height) = within(&self.gpu, width, height);
            self.surface.configure(&self.gpu.device, &self.configuration);
            self.canvas = canvas(&self.renderer, &self.configuration, self.scale);
        }
    }

    /// Draws this fraction of the window's pixels, along each side.
    pub(super) fn set_scale(&mut self, scale: f64) {
        self.scale = scale;
        self.canvas = canvas(&self.renderer, &self.configuration, scale);
    }

    /// Pixels that are drawn.
    pub(super) fn drawn_size(&self) -> [u32; 2] {
        [self.canvas.width, self.canvas.height]
    }

    /// GPU memory of scene and image.
    pub(super) fn bytes(&self) -> u64 {
        self.renderer.statistics().bytes + self.canvas.bytes()
    }

    /// Milliseconds that the GPU worked on a frame, where the adapter reports them.
    pub(super) fn gpu_ms(&self) -> Option<f64> {
        self.timer.as_ref().and_then(Timer::ms)
    }

    /// Shows one frame with the overlay over it. A window that cannot take one now is skipped. Returns how long it waited for the
    /// window.
    pub(super) fn draw(
        &mut self,
        camera: &OrbitCamera,
        time: f64,
        overlay: &Painting,
    ) -> Result<Duration, RenderError> {
        let start = Instant::now();
        let texture = match self.surface.get_current_texture() {
            Current::Success(texture) | Current::Suboptimal(texture) => texture,
            Current::Outdated | Current::Lost => {
                self.surface.configure(&self.gpu.device, &self.configuration);
                return self.gpu.check().map(|()| start.elapsed());
            }
            Current::Timeout | Current::Occluded => {
                // Such a window does not wait for its screen, so this loop must not spin.
                std::thread::sleep(Duration::from_millis(15));
                return self.gpu.check().map(|()| start.elapsed());
            }
            // The device is gone; the surface does not always report that to the device's own handlers.
            Current::Validation => {
                let reason = || RenderError::Lost("the window's surface no longer works".to_owned());
                return Err(self.gpu.check().err().unwrap_or_else(reason));
            }
        };
        let waited = start.elapsed();
        let view = texture.texture.create_view(&wgpu::TextureViewDescriptor::default());
        let [width, height] = self.drawn_size();
        let camera = camera.camera(width, height);
        if let Some(timer) = &mut self.timer {
            timer.poll(&self.gpu);
        }
        let passes = self.timer.as_ref().and_then(Timer::passes);
        let is_measured = passes.is_some();
        let [first, last] = passes.map_or([None, None], |passes| passes.map(Some));
        let mut encoder = self.gpu.device.create_command_encoder(&wgpu::CommandEncoderDescriptor::default());
        self.renderer.draw(&self.canvas, &mut encoder, &camera, time, first);
        let is_enlarged = self.drawn_size() != [self.width(), self.height()];
        self.canvas.resolve(&self.pipelines[usize::from(is_enlarged)], &mut encoder, &view, last);
        if let Some(timer) = self.timer.as_ref().filter(|_| is_measured) {
            timer.resolve(&mut encoder);
        }
        self.overlay.paint(&self.gpu, overlay, &mut encoder, &view);
        self.gpu.queue.submit([encoder.finish()]);
        if let Some(timer) = self.timer.as_mut().filter(|_| is_measured) {
            timer.request();
        }
        self.gpu.check()?;
        self.window.pre_present_notify();
        let presented = Instant::now();
        self.gpu.queue.present(texture);
        Ok(waited + presented.elapsed())
    }
}

/// The canvas of a window's image.
fn canvas(renderer: &Renderer, configuration: &wgpu::SurfaceConfiguration, scale: f64) -> Canvas {
    let side = |side: u32| (f64::from(side) * scale).round().max(1.0) as u32;
    renderer.canvas(side(configuration.width), side(configuration.height))
}

/// Sides clamped to what the GPU can draw.
fn within(gpu: &Gpu, width: u32, height: u32) -> (u32, u32) {
    (width.clamp(1, gpu.max_side()), height.clamp(1, gpu.max_side()))
}
