//! `loop3d view`: a window that plays a scene, or one screenshot of it.

use crate::failure::mistake;
use crate::output::write_png;
use anyhow::Result;
use glam::{DAffine3, DVec2};
use loop3d_scene::{Camera, PathError, Planes, Scene, TILE, TILE_VALUES, Tile, TileTable};
use loop3d_viewer::window::{self, WindowOptions};
use loop3d_viewer::{Backend, OrbitCamera, Renderer, RendererOptions};
use std::path::{Path, PathBuf};
use std::sync::Arc;

/// Play a scene in a window; the mouse moves the camera.
#[derive(clap::Args, Debug)]
#[command(after_help = "Examples:\n  loop3d view fountain.loop3d\n  \
    loop3d view fountain.loop3d --screenshot fountain.png --size 1280x720 --time 12.5\n\n\
    Drag to look around; drag with the right button to pan; use the wheel to zoom; double-click or press R to reset. \
    Space: play or pause. Left, right: previous or next frame. Up or down: reverse. [ and ]: slower, faster. F: full screen. \
    S: screenshot. I: statistics. Q: speed, loops, quality. O: open. H: help. Esc: close. Drop another scene on the window to open it.")]
pub struct ViewArgs {
    /// The scene (*.loop3d, *.glb) [default: an empty window, to drop one on].
    scene: Option<PathBuf>,
    /// Size in pixels [default: of a window, the shape of the captured images in 1280x720; of a screenshot, that of the captured
    /// images].
    #[arg(long, value_name = "WxH", value_parser = crate::render::parse_size)]
    size: Option<[u32; 2]>,
    /// Frame of the loop to start with; may be fractional.
    #[arg(long, default_value_t = 0.0)]
    time: f64,
    /// Camera to start from: reference, or view:N (a captured view, from 0), as with `render --path`.
    #[arg(long, default_value = "reference")]
    camera: String,
    /// Write the first frame to a PNG instead of opening a window.
    #[arg(long, value_name = "FILE")]
    screenshot: Option<PathBuf>,
    /// Graphics API: auto, vulkan, metal, dx12 or gl.
    #[arg(long, default_value = "auto", value_parser = parse_backend)]
    backend: Backend,
    /// GPU memory for frames of the loop, in MiB. If all frames need more, they are streamed as they are shown.
    #[arg(long, value_name = "MIB", default_value_t = RendererOptions::default().loop_budget_bytes >> 20)]
    loop_memory: u64,
    /// List the graphics adapters of the backend and exit.
    #[arg(long)]
    list_adapters: bool,
}

fn parse_backend(text: &str) -> Result<Backend, String> {
    let found = Backend::ALL.into_iter().find(|backend| backend.name() == text);
    found.ok_or_else(|| format!("expected one of {}", Backend::ALL.map(Backend::name).join(", ")))
}

impl ViewArgs {
    /// Shows the scene until the window is closed.
    ///
    /// # Errors
    /// Bad arguments, a bad scene, no display, no GPU.
    pub fn run(&self) -> Result<()> {
        if self.list_adapters {
            return crate::output::print(&self.adapters());
        }
        let scene = match &self.scene {
            Some(path) => loop3d_package::open(path)?,
            None if self.screenshot.is_some() => return Err(mistake("--screenshot: missing SCENE")),
            None => nothing(),
        };
        let from = self.start(&scene)?;
        if !self.time.is_finite() {
            return Err(mistake(format!("--time: found {}, expected a number", self.time)));
        }
        if let Some(target) = &self.screenshot {
            return self.write_screenshot(Arc::new(scene), from, target);
        }
        let path = self.scene.as_deref().unwrap_or(Path::new("no scene"));
        let name = path.file_name().unwrap_or_default().to_string_lossy().into_owned();
        let stem = path.file_stem().unwrap_or_default().to_string_lossy().into_owned();
        let save = move |rgb: &[u8], width, height| {
            let free = (1..).map(|i| PathBuf::from(format!("{stem}-{i:02}.png"))).find(|path| !path.exists());
            let path = free.unwrap_or_default();
            write_png(&path, rgb, width, height).map_err(|e| format!("{e:#}"))?;
            // Where it is: a window is often started from a launcher, in no folder that a person knows.
            Ok(std::path::absolute(&path).unwrap_or(path))
        };
        let load = |path: &Path| loop3d_package::open(path).map_err(|e| e.to_string());
        let options = WindowOptions {
            size: self.size,
            time: self.time,
            from,
            invitation: self.scene.is_none().then(|| "Drop a scene here, or press O".to_owned()),
            renderer: self.renderer(),
            save: Box::new(save),
            load: Box::new(load),
        };
        Ok(window::show(Arc::new(scene), name, options)?)
    }

    fn renderer(&self) -> RendererOptions {
        RendererOptions { backend: self.backend, loop_budget_bytes: self.loop_memory.saturating_mul(1 << 20) }
    }

    fn adapters(&self) -> String {
        match &loop3d_viewer::adapters(self.backend)[..] {
            [] => format!("no graphics adapter for the backend `{}`", self.backend.name()),
            lines => lines.join("\n"),
        }
    }

    fn start(&self, scene: &Scene) -> Result<Option<Camera>> {
        if self.camera == "reference" {
            return Ok(None);
        }
        let index = crate::render::parse_view(&self.camera).ok().flatten();
        let expected = "expected reference, or view:N with N from 0";
        let index = index.ok_or_else(|| mistake(format!("--camera: found {}, {expected}", self.camera)))?;
        let missing = || PathError::NoView { index, count: scene.views.len() };
        Ok(Some(scene.views.get(index).ok_or_else(missing)?.camera))
    }

    fn write_screenshot(&self, scene: Arc<Scene>, from: Option<Camera>, target: &Path) -> Result<()> {
        if !target.extension().is_some_and(|extension| extension.eq_ignore_ascii_case("png")) {
            return Err(mistake(format!("--screenshot: found {}, expected NAME.png", target.display())));
        }
        let [width, height] = self.size.unwrap_or([scene.reference.width, scene.reference.height]);
        // Exactly the camera of `render --path view:N`.
        let camera =
            from.map_or_else(|| OrbitCamera::new(&scene).camera(width, height), |from| from.covering(width, height));
        let mut renderer = Renderer::new(scene, &self.renderer())?;
        write_png(target, &renderer.render(&camera, self.time)?, width, height)?;
        eprintln!("{}", crate::wrote::only(target, &format!("{width}×{height}")));
        Ok(())
    }
}

/// A scene with nothing in it, for a window that waits for one.
fn nothing() -> Scene {
    let (width, height) = (1280, 720);
    let [rows, columns] = [height, width].map(|side| (side as usize).div_ceil(TILE));
    let mut tiles = TileTable::empty(2, rows, columns, [0, 0]);
    // A renderer needs a tile; this one is transparent.
    tiles.tiles[0] = Tile::Static(0);
    let center_px = DVec2::new(f64::from(width), f64::from(height)) / 2.0;
    Scene {
        reference: Camera {
            width,
            height,
            focal_px: DVec2::splat(f64::from(width)),
            center_px,
            world_from_camera: DAffine3::IDENTITY,
        },
        planes: Planes { near: 1.0, far: 10.0, count: 2 },
        tiles,
        fps: 25.0,
        frames: 1,
        static_texels: vec![0; TILE_VALUES],
        looping_texels: Vec::new(),
        views: Vec::new(),
        fit: serde_json::Value::Null,
    }
}
