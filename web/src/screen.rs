//! A canvas with an open GPU.

use crate::error;
use loop3d_viewer::{Backend, Display, Gpu, RenderError};
use wasm_bindgen::JsValue;
use wasm_bindgen::prelude::wasm_bindgen;
use web_sys::HtmlCanvasElement;

/// A canvas with an open GPU, until a player takes it.
#[wasm_bindgen]
pub struct Screen(pub(crate) Display);

/// Opens the GPU for a canvas. The canvas is bound to this kind of GPU for life, even if this fails.
///
/// # Errors
/// `no-gpu`: no adapter can draw on the canvas.
#[wasm_bindgen(js_name = openScreen)]
pub async fn open_screen(canvas: HtmlCanvasElement) -> Result<Screen, JsValue> {
    open(canvas).await.map(Screen).map_err(|cause| error::of_gpu(&cause))
}

async fn open(canvas: HtmlCanvasElement) -> Result<Display, RenderError> {
    let (width, height) = (canvas.width(), canvas.height());
    let backend = if cfg!(feature = "webgpu") { Backend::Auto } else { Backend::Gl };
    let instance = backend.instance(None);
    let surface = instance
        .create_surface(wgpu::SurfaceTarget::Canvas(canvas))
        .map_err(|e| RenderError::NoAdapter { backend: backend.name(), reason: e.to_string() })?;
    let gpu = Gpu::open(&instance, backend, Some(&surface)).await?;
    Display::new(gpu, surface, width, height)
}
