//! What the kernels are measured on: a window of a fitted scene, and what was captured there.

use anyhow::{Context, Result};
use loop3d_capture::Clip;
use loop3d_optimizer::grid::Rgba;
use loop3d_optimizer::grid::{TexelGrid, renumber};
use loop3d_optimizer::hits::{Hits, Window};
use loop3d_optimizer::looping_stage::model::LoopingModel;
use loop3d_optimizer::static_stage::model::{StaticModel, logit};
use loop3d_scene::{Camera, Scene, TILE, TILE_VALUES, Tile, UNIT};

/// The window of the published code (METHOD §4.2): height, width.
const WINDOW: (usize, usize) = (180, 320);

/// The middle of one view's image.
#[derive(Clone, Copy, Debug)]
pub struct ViewWindow {
    /// Index of the view in the capture.
    pub view: usize,
    /// The whole image's camera.
    pub camera: Camera,
    /// At most 320 × 180 pixels.
    pub window: Window,
}

impl ViewWindow {
    /// The window of the middle one of the views that were fitted to.
    ///
    /// # Errors
    /// A scene without such views.
    pub fn new(scene: &Scene) -> Result<Self> {
        let fitted: Vec<usize> = (0..scene.views.len()).filter(|view| !scene.views[*view].held_out).collect();
        let view = *fitted.get(fitted.len() / 2).context("the scene has no view that it was fitted to")?;
        let camera = scene.views[view].camera;
        let (all_rows, all_columns) = (camera.height as usize, camera.width as usize);
        let (height, width) = (WINDOW.0.min(all_rows), WINDOW.1.min(all_columns));
        let window = Window { x: (all_columns - width) / 2, y: (all_rows - height) / 2, width, height };
        Ok(Self { view, camera, window })
    }

    /// The hits of the window.
    pub fn hits(&self, scene: &Scene, grid: &TexelGrid) -> Hits {
        Hits::new(grid, &scene.reference, &scene.planes, &self.camera, self.window)
    }

    /// The window of at most `frames` frames of the view's clip.
    pub fn cut(&self, clip: &Clip, frames: usize) -> Clip {
        let Window { x, y, width, height } = self.window;
        let frames = frames.min(clip.frames);
        let row = |t: usize, row: usize| {
            let first = ((y + row) * clip.width + x) * 3;
            &clip.frame(t)[first..first + width * 3]
        };
        let rgb = (0..frames).flat_map(|t| (0..height).flat_map(move |r| row(t, r))).copied().collect();
        Clip { width, height, frames, rgb }
    }
}

fn rgba(texels: &[u16]) -> Vec<Rgba> {
    texels.chunks_exact(4).map(|t| std::array::from_fn(|c| f32::from(t[c]) * UNIT)).collect()
}

/// The scene's texels as the looping stage holds them; one view, of exposure 1.
pub fn looping_model(scene: &Scene) -> LoopingModel {
    let tiles = || scene.looping_texels.chunks_exact(scene.frames * TILE_VALUES);
    let frame = |t: usize| tiles().flat_map(|tile| rgba(&tile[t * TILE_VALUES..(t + 1) * TILE_VALUES])).collect();
    let looping_texels: Vec<Vec<Rgba>> = (0..scene.frames).map(frame).collect();
    let grid = TexelGrid::new(scene.tiles.clone(), TILE);
    LoopingModel::new(grid, rgba(&scene.static_texels), &looping_texels, vec![1.0])
}

/// The scene's first frame as the static stage holds it: all tiles static.
pub fn static_model(scene: &Scene) -> StaticModel {
    let mut table = scene.tiles.clone();
    let mut logits = Vec::new();
    for tile in &mut table.tiles {
        let texels = match *tile {
            Tile::Empty => continue,
            Tile::Static(slot) => &scene.static_texels[slot as usize * TILE_VALUES..],
            Tile::Looping(slot) => &scene.looping_texels[slot as usize * scene.frames * TILE_VALUES..],
        };
        let straight = |[r, g, b, a]: Rgba| [r, g, b].map(|c| logit(c / a.max(1e-4)));
        logits.extend(rgba(&texels[..TILE_VALUES]).into_iter().map(|texel| {
            let [r, g, b] = straight(texel);
            [r, g, b, logit(texel[3])]
        }));
        *tile = Tile::Static(0);
    }
    renumber(&mut table);
    StaticModel::new(TexelGrid::new(table, TILE), logits)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::synthetic;

    #[test]
    fn both_models_show_the_scene() {
        let scene = synthetic::scene(64, 48, 3);
        let view_window = ViewWindow::new(&scene).unwrap();
        assert_eq!(view_window.window, Window { x: 0, y: 0, width: 64, height: 48 });
        let (looping, static_only) = (looping_model(&scene), static_model(&scene));
        let frames = looping.render(&view_window.hits(&scene, &looping.grid));
        let hits = view_window.hits(&scene, &static_only.grid);
        let image = loop3d_optimizer::kernels::compositor::static_tiles::forward(&hits, &static_only.shown).image;
        let truth = loop3d_scene::render(&scene, &view_window.camera, 0.0).to_rgb8();
        let backdrop = scene.planes.count - 1;
        assert!(static_only.starts[backdrop] < static_only.grid.static_texel_count());
        for (pixel, truth) in truth.chunks_exact(3).enumerate() {
            for c in 0..3 {
                // [pixel][channel][frame]; a byte is rounded, and rays end where 1/1024 of the light is left.
                let first = frames[(pixel * 3 + c) * 3] * 255.0;
                assert!((first - f32::from(truth[c])).abs() < 0.8, "{first}, {}", truth[c]);
                // The static stage's backdrop is opaque and the scene's is not: the same light, or more.
                assert!(image[pixel][c] * 255.0 > first - 0.8);
            }
        }
    }

    #[test]
    fn a_window_is_cut_from_the_middle() {
        let scene = synthetic::scene(330, 184, 1);
        let view_window = ViewWindow::new(&scene).unwrap();
        assert_eq!(view_window.window, Window { x: 5, y: 2, width: 320, height: 180 });
        let rgb = (0..2 * 184 * 330 * 3).map(|i| (i % 251) as u8).collect();
        let cut = view_window.cut(&Clip { width: 330, height: 184, frames: 2, rgb }, 1);
        assert_eq!((cut.width, cut.height, cut.frames, cut.rgb.len()), (320, 180, 1, 320 * 180 * 3));
        assert_eq!(usize::from(cut.rgb[320 * 3]), ((3 * 330 + 5) * 3) % 251);
    }
}
