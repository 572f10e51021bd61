//! Planes of pixels become a scene.

use crate::edges::Edge;
use crate::error::ReliefError;
use crate::layers::{Layers, Paint};
use crate::sweep::{before, matte};
use glam::{DAffine3, DVec2, DVec3};
use loop3d_scene::{Camera, Scene, SceneView, TILE, TILE_VALUES, Tile, TileTable};
use rayon::prelude::*;

/// Texels of a tile.
const TEXELS: usize = TILE * TILE;

/// What a scene is made of.
pub struct Relief<'a> {
    /// Name of the clip.
    pub name: String,
    /// Its size.
    pub size: (u32, u32),
    /// Focal length in pixels.
    pub focal_px: f64,
    /// Its layers.
    pub layers: &'a Layers,
    /// What each plane shows.
    pub covers: &'a [Vec<(u32, Paint)>],
    /// Frames of the loop.
    pub frames: usize,
    /// Frames per second.
    pub fps: f64,
    /// Which pixels change over the loop.
    pub moving: &'a [bool],
    /// Whether the clean plate changes over the loop.
    pub plate_moves: bool,
    /// Bytes that the scene may have; `None`: that is not known.
    pub free: Option<u64>,
    /// What to note in the scene.
    pub settings: serde_json::Value,
}

/// A frame of the loop: RGB bytes `[height, width, 3]`.
pub struct Frame {
    /// What the clip shows.
    pub rgb: Vec<u8>,
    /// What is behind things, where a clean plate says so.
    pub plate: Option<Vec<u8>>,
}

/// A tile and what each of its texels shows.
struct Source {
    paints: Vec<Option<Paint>>,
    looping: bool,
}

/// Makes the scene. `frame` gives frame t of the loop.
///
/// # Errors
/// Those of `frame`; more texels than there is memory for.
pub fn build<E: From<ReliefError>>(
    relief: &Relief<'_>,
    mut frame: impl FnMut(usize) -> Result<Frame, E>,
) -> Result<Scene, E> {
    let Relief { layers, .. } = relief;
    let (width, height) = layers.size();
    let (columns, rows) = (width.div_ceil(TILE), height.div_ceil(TILE));
    let origin = -(layers.margin as i32);
    let mut table = TileTable::empty(layers.planes.count, rows, columns, [origin; 2]);
    let per_plane = |cover: &Vec<(u32, Paint)>| tiles(cover, relief, (columns, rows));
    let places: Vec<Option<Source>> = relief.covers.par_iter().flat_map_iter(per_plane).collect();
    let (mut statics, mut loopings) = (Vec::new(), Vec::new());
    for (tile, source) in table.tiles.iter_mut().zip(places) {
        let Some(source) = source else { continue };
        let list = if source.looping { &mut loopings } else { &mut statics };
        let index = list.len() as u32;
        *tile = if source.looping { Tile::Looping(index) } else { Tile::Static(index) };
        list.push(source);
    }
    let frames = if loopings.is_empty() { 1 } else { relief.frames };
    let needed = ((statics.len() + loopings.len() * frames) * TILE_VALUES * size_of::<u16>()) as u64;
    if let Some(free) = relief.free.filter(|free| *free < needed) {
        return Err(ReliefError::Memory { needed, free, tiles: loopings.len(), frames }.into());
    }
    let mut static_texels = vec![0; statics.len() * TILE_VALUES];
    let mut looping_texels = vec![0; loopings.len() * frames * TILE_VALUES];
    for t in 0..frames {
        let shown = frame(t)?;
        if t == 0 {
            fill(&statics, &mut static_texels, 1, 0, &shown, layers);
        }
        fill(&loopings, &mut looping_texels, frames, t, &shown, layers);
    }
    let reference = Camera {
        width: relief.size.0,
        height: relief.size.1,
        focal_px: DVec2::splat(relief.focal_px),
        center_px: DVec2::new(f64::from(relief.size.0), f64::from(relief.size.1)) / 2.0,
        world_from_camera: DAffine3::IDENTITY,
    };
    Ok(Scene {
        reference,
        planes: layers.planes,
        tiles: table,
        fps: relief.fps,
        frames,
        static_texels,
        looping_texels,
        views: views(&relief.name, reference, layers.reach),
        fit: relief.settings.clone(),
    })
}

/// The camera of the clip, and four that mark how far one can look around: viewers keep to the box around all views.
fn views(name: &str, reference: Camera, reach: f64) -> Vec<SceneView> {
    let view = |name: &str, at: DVec3| SceneView {
        name: name.to_owned(),
        camera: Camera { world_from_camera: DAffine3::from_translation(at), ..reference },
        held_out: false,
    };
    let ends = [("left", DVec3::NEG_X), ("right", DVec3::X), ("above", DVec3::NEG_Y), ("below", DVec3::Y)];
    std::iter::once(view(name, DVec3::ZERO)).chain(ends.map(|(name, to)| view(name, to * reach))).collect()
}

/// The tiles of a plane, row by row.
fn tiles(cover: &[(u32, Paint)], relief: &Relief<'_>, (columns, rows): (usize, usize)) -> Vec<Option<Source>> {
    let (width, _) = relief.layers.size();
    let mut tiles: Vec<Option<Source>> = (0..columns * rows).map(|_| None).collect();
    for &(place, paint) in cover {
        let (x, y) = (place as usize % width, place as usize / width);
        let tile = tiles[y / TILE * columns + x / TILE]
            .get_or_insert_with(|| Source { paints: vec![None; TEXELS], looping: false });
        tile.paints[y % TILE * TILE + x % TILE] = Some(paint);
        tile.looping |= match paint {
            Paint::Pixel { pixel, .. } => relief.moving[pixel as usize],
            Paint::Edge(edge) => {
                let Edge { pixel, back, .. } = relief.layers.edges[edge as usize];
                relief.moving[pixel as usize] || relief.moving[back as usize]
            }
            Paint::Matte(_) => true,
            Paint::Behind(_) => false,
            Paint::Plate(_) => relief.plate_moves,
        };
    }
    tiles
}

/// Writes what frame `t` of the clip gives to all tiles, of which each has `frames` frames: premultiplied.
fn fill(sources: &[Source], texels: &mut [u16], frames: usize, t: usize, shown: &Frame, layers: &Layers) {
    let color = |rgb: &[u8], pixel: u32| [0, 1, 2].map(|channel| rgb[3 * pixel as usize + channel]);
    let wide = |value: u8| u16::from(value) * 257;
    let behind = |pixel: u32, rgb: &[u8]| {
        let swept = layers.swept[pixel as usize];
        swept.map_or_else(|| color(rgb, pixel), |(_, behind)| behind)
    };
    texels.par_chunks_mut(frames * TILE_VALUES).zip(sources).for_each(|(tile, source)| {
        let texels = tile.as_chunks_mut::<4>().0;
        for (at, paint) in source.paints.iter().enumerate() {
            let Some(paint) = paint else { continue };
            let (when, value) = match *paint {
                // What is shown later than the picture is shown now was filmed before.
                Paint::Pixel { pixel, delay } => {
                    let [r, g, b] = color(&shown.rgb, pixel).map(wide);
                    ((t + frames - usize::from(delay) % frames) % frames, [r, g, b, u16::MAX])
                }
                Paint::Edge(edge) => {
                    let Edge { pixel, back, alpha } = layers.edges[edge as usize];
                    (t, before(behind(pixel, &shown.rgb), behind(back, &shown.rgb), alpha))
                }
                Paint::Behind(pixel) => {
                    let [r, g, b] = behind(pixel, &shown.rgb).map(wide);
                    (t, [r, g, b, u16::MAX])
                }
                Paint::Matte(pixel) => (t, matte(color(&shown.rgb, pixel), behind(pixel, &shown.rgb))),
                Paint::Plate(pixel) => {
                    let [r, g, b] = color(shown.plate.as_deref().unwrap_or(&shown.rgb), pixel).map(wide);
                    (t, [r, g, b, u16::MAX])
                }
            };
            texels[when * TEXELS + at] = value;
        }
    });
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::depth::{Disparity, Meaning};
    use crate::picture::Picture;
    use loop3d_scene::render;

    const SIZE: (u32, u32) = (96, 64);

    /// A bright pillar before a wall with stripes; the left third of the wall changes from frame to frame.
    fn frame(t: usize) -> Vec<u8> {
        let colour = |i: usize| match i % 96 {
            40..56 => [250, 240, 30],
            x if x < 32 => [(40 * t + 5 * x % 40) as u8; 3],
            x => [60 + 10 * (x / 4 % 2) as u8, 90, 120],
        };
        (0..96 * 64).flat_map(colour).collect()
    }

    fn scene() -> Scene {
        let values = (0..96 * 64).map(|i| if (40..56).contains(&(i % 96)) { 1.0 } else { 0.125 }).collect();
        let disparity = Disparity { width: 96, height: 64, values, far: 8.0, meaning: Meaning::Depth, nearest: None };
        let picture = Picture::of((0..4).map(frame).collect(), 96, 4);
        let layers = Layers::new(&disparity, 96.0, None).with_soft_edges(&picture);
        let covers = layers.covers(&picture, None);
        let moving: Vec<bool> = (0..96 * 64).map(|i| i % 96 < 32).collect();
        let relief = Relief {
            name: "clip".into(),
            size: SIZE,
            focal_px: 96.0,
            layers: &layers,
            covers: &covers,
            frames: 4,
            fps: 25.0,
            moving: &moving,
            plate_moves: false,
            free: None,
            settings: serde_json::Value::Null,
        };
        let shown = |t| Ok::<_, ReliefError>(Frame { rgb: frame(t), plate: None });
        let tight = Relief { free: Some(100_000), name: String::new(), settings: serde_json::Value::Null, ..relief };
        assert!(matches!(build(&tight, shown), Err(ReliefError::Memory { .. })));
        build(&relief, shown).unwrap()
    }

    #[test]
    fn from_where_it_was_filmed_it_is_the_clip() {
        let scene = scene();
        let (statics, loopings) = scene.tiles.counts();
        assert!(statics > 10 && loopings > 4, "{statics} {loopings}");
        for t in 0..4 {
            let shown = render(&scene, &scene.reference, t as f64).to_rgb8();
            let off = shown.iter().zip(frame(t)).map(|(a, b)| a.abs_diff(b)).max();
            assert!(off.unwrap() <= 1, "frame {t}: {off:?}");
        }
    }

    #[test]
    fn from_the_ends_of_its_range_there_are_no_holes_and_the_pillar_moves_before_the_wall() {
        let scene = scene();
        for (index, shift) in [(1, 6), (2, -6)] {
            let shown = render(&scene, &scene.views[index].camera, 0.0).to_rgb8();
            let yellow: Vec<i64> = (0..96).filter(|x| shown[(32 * 96 + x) * 3] > 200).map(|x| x as i64).collect();
            let middle = yellow.iter().sum::<i64>() as f64 / yellow.len() as f64;
            // The wall at depth 8 moves by an eighth.
            let expected = 47.5 + f64::from(shift) * 8.0 / 7.0;
            assert!((middle - expected).abs() < 1.0, "{middle} {expected}");
            // Black is where nothing is; the scene itself has no value below 5 in all channels but in its left third.
            let holes = shown.chunks_exact(3).enumerate().filter(|(i, rgb)| i % 96 > 40 && rgb[2] < 20).count();
            assert_eq!(holes, 0);
        }
    }
}
