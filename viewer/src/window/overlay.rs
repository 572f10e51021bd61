//! The overlay over the image. It appears when the pointer moves, fades when the pointer is idle, and ignores drags that began on the scene.

use super::controls::Action;
use super::panels;
use super::shown::{Facts, Panels};
use super::style;
use crate::Gpu;
use egui::{Rect, TextureId, ViewportId};
use egui_wgpu::ScreenDescriptor;
use std::time::{Duration, Instant};
use winit::event::{ElementState, TouchPhase, WindowEvent};
use winit::window::Window;

/// How long it stays after the pointer moved.
const STAYS: Duration = Duration::from_millis(2500);

/// The position of a pointer outside the window.
const NOWHERE: egui::Pos2 = egui::pos2(f32::NEG_INFINITY, f32::NEG_INFINITY);

/// Seconds in which it appears and fades.
const COMES_S: f32 = 0.12;
const GOES_S: f32 = 0.4;

/// Who has the pointer while a button or a finger is down.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Holder {
    Overlay,
    Scene,
}

/// One frame of the overlay, ready to be painted.
pub(super) struct Painting {
    primitives: Vec<egui::ClippedPrimitive>,
    pixels_per_point: f32,
}

/// The overlay of one window on one GPU.
pub(super) struct Overlay {
    state: egui_winit::State,
    renderer: egui_wgpu::Renderer,
    /// Textures that the last painting no longer needs.
    outdated: Vec<TextureId>,
    /// What it covered in the last frame, in points.
    covered: Vec<Rect>,
    pointer: egui::Pos2,
    holder: Option<Holder>,
    /// Buttons and fingers down.
    down: u32,
    is_scrubbing: bool,
    awake_until: Instant,
    opacity: f32,
}

impl Overlay {
    /// The overlay of a window whose surface has this format.
    pub(super) fn new(gpu: &Gpu, window: &Window, format: wgpu::TextureFormat) -> Self {
        let context = egui::Context::default();
        style::apply(&context);
        let (scale, side) = (window.scale_factor() as f32, gpu.max_side() as usize);
        Self {
            state: egui_winit::State::new(context, ViewportId::ROOT, window, Some(scale), None, Some(side)),
            renderer: egui_wgpu::Renderer::new(&gpu.device, format, egui_wgpu::RendererOptions::default()),
            outdated: Vec::new(),
            covered: Vec::new(),
            pointer: NOWHERE,
            holder: None,
            down: 0,
            is_scrubbing: false,
            awake_until: Instant::now() + STAYS,
            opacity: 1.0,
        }
    }

    /// Shows it for a while.
    pub(super) fn wake(&mut self) {
        self.awake_until = Instant::now() + STAYS;
    }

    /// Whether it has faded away.
    pub(super) fn is_gone(&self) -> bool {
        self.opacity == 0.0
    }

    /// Whether the timeline is held; time does not advance then.
    pub(super) fn is_scrubbing(&self) -> bool {
        self.is_scrubbing
    }

    /// Takes an event of pointer or finger. Returns whether it belongs to the overlay alone. Whichever is pressed first, overlay or scene,
    /// keeps the pointer until it is released.
    pub(super) fn event(&mut self, window: &Window, event: &WindowEvent) -> bool {
        let point = |x: f64, y: f64| {
            let scale = window.scale_factor();
            egui::pos2((x / scale) as f32, (y / scale) as f32)
        };
        let is_mine = match event {
            WindowEvent::CursorMoved { position, .. } => {
                self.pointer = point(position.x, position.y);
                if self.holder != Some(Holder::Scene) {
                    self.wake();
                }
                self.holder == Some(Holder::Overlay)
            }
            WindowEvent::MouseInput { state, .. } => {
                let holder = self.holder.unwrap_or_else(|| self.under_pointer());
                self.held(holder, *state == ElementState::Pressed);
                holder == Holder::Overlay
            }
            WindowEvent::Touch(touch) => {
                if self.holder.is_none() {
                    self.pointer = point(touch.location.x, touch.location.y);
                    self.wake();
                }
                let holder = self.holder.unwrap_or_else(|| self.under_pointer());
                match touch.phase {
                    TouchPhase::Started => self.held(holder, true),
                    TouchPhase::Ended | TouchPhase::Cancelled => {
                        self.held(holder, false);
                        self.pointer = NOWHERE;
                    }
                    TouchPhase::Moved => {}
                }
                holder == Holder::Overlay
            }
            WindowEvent::MouseWheel { .. } => self.holder.unwrap_or_else(|| self.under_pointer()) == Holder::Overlay,
            WindowEvent::CursorLeft { .. } => {
                self.pointer = NOWHERE;
                false
            }
            WindowEvent::Focused(false) => {
                (self.holder, self.down) = (None, 0);
                false
            }
            // Keys belong to the scene, whatever has the focus.
            WindowEvent::KeyboardInput { .. } | WindowEvent::Ime(_) => return false,
            _ => false,
        };
        let is_scenes = self.holder == Some(Holder::Scene)
            || !is_mine
                && matches!(
                    event,
                    WindowEvent::MouseInput { .. } | WindowEvent::Touch(_) | WindowEvent::MouseWheel { .. }
                );
        if !is_scenes {
            // Whether egui wants a repaint does not matter: every frame is drawn anew.
            let _ = self.state.on_window_event(window, event);
        }
        is_mine
    }

    fn under_pointer(&self) -> Holder {
        let covers = self.covered.iter().any(|rect| rect.contains(self.pointer));
        if covers { Holder::Overlay } else { Holder::Scene }
    }

    fn held(&mut self, holder: Holder, is_down: bool) {
        self.down = if is_down { self.down + 1 } else { self.down.saturating_sub(1) };
        self.holder = (self.down > 0).then_some(holder);
    }

    /// Lays out the overlay and collects the actions that it asks for.
    pub(super) fn run(
        &mut self,
        gpu: &Gpu,
        window: &Window,
        (facts, panels): (&Facts<'_>, &Panels),
        seconds: f32,
        actions: &mut Vec<Action>,
    ) -> Painting {
        let is_wanted = Instant::now() < self.awake_until
            || panels.settings
            || self.is_scrubbing
            || self.under_pointer() == Holder::Overlay;
        let step = if is_wanted { seconds / COMES_S } else { -seconds / GOES_S };
        self.opacity = (self.opacity + step).clamp(0.0, 1.0);
        let input = self.state.take_egui_input(window);
        let context = self.state.egui_ctx().clone();
        let mut output = context.run_pass(input, |context| {
            (self.covered, self.is_scrubbing) = panels::show(context, facts, panels, self.opacity, actions);
        });
        self.state.handle_platform_output(window, output.platform_output);
        for id in self.outdated.drain(..) {
            self.renderer.free_texture(&id);
        }
        for (id, deltas) in output.textures_delta.set.drain() {
            for delta in deltas {
                self.renderer.update_texture(&gpu.device, &gpu.queue, id, &delta);
            }
        }
        self.outdated.extend(output.textures_delta.free.drain());
        let pixels_per_point = output.pixels_per_point;
        Painting { primitives: context.tessellate(output.shapes, pixels_per_point), pixels_per_point }
    }

    /// Paints over a finished image.
    pub(super) fn paint(
        &mut self,
        gpu: &Gpu,
        painting: &Painting,
        encoder: &mut wgpu::CommandEncoder,
        output: &wgpu::TextureView,
    ) {
        let size = output.texture().size();
        let screen =
            ScreenDescriptor { size_in_pixels: [size.width, size.height], pixels_per_point: painting.pixels_per_point };
        // Commands come only from paint callbacks, of which there are none.
        self.renderer.update_buffers(&gpu.device, &gpu.queue, encoder, &painting.primitives, &screen);
        let pass = encoder.begin_render_pass(&wgpu::RenderPassDescriptor {
            label: Some("overlay"),
            color_attachments: &[Some(wgpu::RenderPassColorAttachment {
                view: output,
                depth_slice: None,
                resolve_target: None,
                ops: wgpu::Operations { load: wgpu::LoadOp::Load, store: wgpu::StoreOp::Store },
            })],
            ..Default::default()
        });
        self.renderer.render(&mut pass.forget_lifetime(), &painting.primitives, &screen);
    }
}
