//! Shows a streamed scene on a surface, such as the canvas of a web page.

use crate::canvas::Canvas;
use crate::resolve::{OutputSize, resolve_pipeline};
use crate::{Gpu, OrbitCamera, RenderError, Streamed};
use wgpu::CurrentSurfaceTexture as Current;

/// A surface with the scene that is drawn to it.
pub struct Display {
    gpu: Gpu,
    surface: wgpu::Surface<'static>,
    configuration: wgpu::SurfaceConfiguration,
    /// Resolve an image of the surface's size, or a smaller one.
    pipelines: [wgpu::RenderPipeline; 2],
    scale: f64,
    scene: Option<(Streamed, Canvas)>,
}

impl Display {
    /// A surface of a GPU that was opened for it.
    ///
    /// # Errors
    /// The GPU cannot draw to the surface.
    pub fn new(gpu: Gpu, surface: wgpu::Surface<'static>, width: u32, height: u32) -> Result<Self, RenderError> {
        let unusable =
            || RenderError::NoDevice { adapter: gpu.name.clone(), reason: "it cannot draw to this surface".to_owned() };
        let (width, height) = within(&gpu, width, height);
        let mut configuration = surface.get_default_config(&gpu.adapter, width, height).ok_or_else(unusable)?;
        // Colours are blended as the footage has them; an sRGB surface would brighten them.
        configuration.format = configuration.format.remove_srgb_suffix();
        surface.configure(&gpu.device, &configuration);
        let pipelines =
            [OutputSize::Same, OutputSize::Enlarged].map(|size| resolve_pipeline(&gpu, configuration.format, size));
        gpu.check()?;
        Ok(Self { gpu, surface, configuration, pipelines, scale: 1.0, scene: None })
    }

    /// The GPU.
    pub fn gpu(&self) -> &Gpu {
        &self.gpu
    }

    /// Whether the GPU still works.
    ///
    /// # Errors
    /// What went wrong with it.
    pub fn check(&self) -> Result<(), RenderError> {
        self.gpu.check()
    }

    /// Shows another scene.
    pub fn set_scene(&mut self, scene: Streamed) {
        let [width, height] = self.drawn_size();
        let canvas = scene.canvas(width, height);
        self.scene = Some((scene, canvas));
    }

    /// The scene.
    pub fn scene(&self) -> Option<&Streamed> {
        self.scene.as_ref().map(|(scene, _)| scene)
    }

    /// The scene, to fill it.
    pub fn scene_mut(&mut self) -> Option<&mut Streamed> {
        self.scene.as_mut().map(|(scene, _)| scene)
    }

    /// Takes the surface's new size in pixels, and the fraction of it along each side that is drawn and then enlarged.
    pub fn resize(&mut self, width: u32, height: u32, scale: f64) {
        let (width, height) = within(&self.gpu, width, height);
        if (width, height) != (self.configuration.width, self.configuration.height) {
            (self.configuration.width, self.configuration.height) = (width, height);
            self.surface.configure(&self.gpu.device, &self.configuration);
        }
        self.scale = scale;
        let [width, height] = self.drawn_size();
        if let Some((scene, canvas)) = &mut self.scene
            && [canvas.width, canvas.height] != [width, height]
        {
            *canvas = scene.canvas(width, height);
        }
    }

    /// Pixels that are drawn.
    pub fn drawn_size(&self) -> [u32; 2] {
        let side = |side: u32| (f64::from(side) * self.scale).round().max(1.0) as u32;
        [side(self.configuration.width), side(self.configuration.height)]
    }

    /// GPU memory of scene and image.
    pub fn bytes(&self) -> u64 {
        self.scene.as_ref().map_or(0, |(scene, canvas)| scene.statistics().bytes + canvas.bytes())
    }

    /// Shows one frame. A surface that cannot take one now is skipped.
    ///
    /// # Errors
    /// The GPU failed.
    pub fn draw(&mut self, camera: &OrbitCamera, time: f64) -> Result<(), RenderError> {
        let [width, height] = self.drawn_size();
        let Some((scene, canvas)) = &mut self.scene else { return Ok(()) };
        let texture = match self.surface.get_current_texture() {
            Current::Success(texture) | Current::Suboptimal(texture) => texture,
            Current::Outdated | Current::Lost => {
                self.surface.configure(&self.gpu.device, &self.configuration);
                return self.gpu.check();
            }
            Current::Timeout | Current::Occluded | Current::Validation => return self.gpu.check(),
        };
        let view = texture.texture.create_view(&wgpu::TextureViewDescriptor::default());
        let mut encoder = self.gpu.device.create_command_encoder(&wgpu::CommandEncoderDescriptor::default());
        scene.draw(canvas, &mut encoder, &camera.camera(width, height), time);
        let is_enlarged = [width, height] != [self.configuration.width, self.configuration.height];
        canvas.resolve(&self.pipelines[usize::from(is_enlarged)], &mut encoder, &view, None);
        self.gpu.queue.submit([encoder.finish()]);
        self.gpu.queue.present(texture);
        self.gpu.check()
    }
}

/// Sides clamped to what the GPU can draw.
fn within(gpu: &Gpu, width: u32, height: u32) -> (u32, u32) {
    (width.clamp(1, gpu.max_side()), height.clamp(1, gpu.max_side()))
}
