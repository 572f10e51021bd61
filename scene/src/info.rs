//! Facts about a scene, for people and programs.

use crate::{Camera, Scene, TILE, Tile};
use glam::DVec3;
use serde::Serialize;
use serde_json::Value;
use std::fmt;

/// Facts about a scene. Serialised for programs, [`Display`](fmt::Display)ed for people.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct SceneInfo {
    /// Width and height of the reference camera's image.
    pub size_px: [u32; 2],
    /// Length of the loop in frames.
    pub frames: usize,
    /// Frames per second.
    pub fps: f64,
    /// Number of planes.
    pub planes: usize,
    /// Depth of the first plane, in world units.
    pub near: f64,
    /// Depth of the last plane.
    pub far: f64,
    /// Tile rows and columns of a plane.
    pub tile_grid: [usize; 2],
    /// Reference pixel of the planes' upper left corner.
    pub origin_px: [i32; 2],
    /// Number of tiles of one frame.
    pub static_tiles: usize,
    /// Number of tiles of all frames.
    pub looping_tiles: usize,
    /// Fraction of the table's places that hold a tile, 0 to 1.
    pub tile_fraction: f64,
    /// Number of tiles of each plane, nearest first.
    pub tiles_per_plane: Vec<usize>,
    /// Bytes of all texels.
    pub texel_bytes: u64,
    /// Planes with a tile under a pixel of the reference camera, mean over its image.
    pub overdraw_mean: f64,
    /// The most planes with a tile under one pixel.
    pub overdraw_max: u32,
    /// The cameras of the capture.
    pub views: Vec<ViewInfo>,
    /// Bytes of the file, where it came from one.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub file_bytes: Option<u64>,
    /// Settings of the fit.
    pub fit: Value,
}

/// Facts about a camera of the capture.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct ViewInfo {
    /// Name of the view.
    pub name: String,
    /// True where it was held out of the fit.
    pub held_out: bool,
    /// Its position in the world.
    pub position: DVec3,
}

impl SceneInfo {
    /// The facts of a valid scene.
    pub fn of(scene: &Scene) -> Self {
        let tiles = &scene.tiles;
        let (static_tiles, looping_tiles) = tiles.counts();
        let per_plane = tiles.tiles.chunks((tiles.rows * tiles.columns).max(1));
        let (overdraw_mean, overdraw_max) = overdraw(scene);
        let views = scene.views.iter();
        Self {
            size_px: [scene.reference.width, scene.reference.height],
            frames: scene.frames,
            fps: scene.fps,
            planes: scene.planes.count,
            near: scene.planes.near,
            far: scene.planes.far,
            tile_grid: [tiles.rows, tiles.columns],
            origin_px: tiles.origin_px,
            static_tiles,
            looping_tiles,
            tile_fraction: (static_tiles + looping_tiles) as f64 / tiles.tiles.len().max(1) as f64,
            tiles_per_plane: per_plane.map(|p| p.iter().filter(|&&t| t != Tile::Empty).count()).collect(),
            texel_bytes: 2 * (scene.static_texels.len() + scene.looping_texels.len()) as u64,
            overdraw_mean,
            overdraw_max,
            views: views
                .map(|v| ViewInfo { name: v.name.clone(), held_out: v.held_out, position: v.camera.position() })
                .collect(),
            file_bytes: None,
            fit: scene.fit.clone(),
        }
    }
}

/// Mean and maximum over the reference image of the planes with a tile under a pixel. The reference camera sees
/// texels one to one, so a tile covers 16×16 pixels.
fn overdraw(scene: &Scene) -> (f64, u32) {
    let (tiles, Camera { width, height, .. }) = (&scene.tiles, scene.reference);
    // The tiles of all planes at one place cover the same pixels.
    let mut sum = 0.0;
    let mut most = 0;
    for (row, column) in (0..tiles.rows).flat_map(|r| (0..tiles.columns).map(move |c| (r, c))) {
        let count = (0..tiles.planes).filter(|&k| tiles.tiles[tiles.index(k, row, column)] != Tile::Empty).count();
        let pixels = overlap(tiles.origin_px[0], column, width) * overlap(tiles.origin_px[1], row, height);
        if pixels > 0 {
            sum += (count as i64 * pixels) as f64;
            most = most.max(count as u32);
        }
    }
    (sum / (f64::from(width) * f64::from(height)), most)
}

/// How many of the pixels 0..size a tile covers along one axis.
fn overlap(origin: i32, tile: usize, size: u32) -> i64 {
    let start = i64::from(origin) + (tile * TILE) as i64;
    ((start + TILE as i64).min(i64::from(size)) - start.max(0)).max(0)
}

impl fmt::Display for SceneInfo {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let [width, height] = self.size_px;
        let [rows, columns] = self.tile_grid;
        let [x, y] = self.origin_px;
        let tiles = self.static_tiles + self.looping_tiles;
        let percent = 100.0 * self.tile_fraction;
        let line = |f: &mut fmt::Formatter<'_>, name: &str, value: String| writeln!(f, "{name:<12}{value}");
        line(f, "image", format!("{width}×{height}"))?;
        let seconds = self.frames as f64 / self.fps;
        line(f, "loop", format!("{} frames at {} fps, {seconds:.2} s", self.frames, self.fps))?;
        let (near, far) = (self.near, self.far);
        line(f, "planes", format!("{}, depth {near:.3} to {far:.3}, nearest first", self.planes))?;
        line(
            f,
            "table",
            format!("{rows} rows × {columns} columns of 16×16 texels on each plane, from pixel ({x}, {y})"),
        )?;
        let kinds = format!("{} static, {} looping", self.static_tiles, self.looping_tiles);
        line(f, "tiles", format!("{tiles} ({kinds}), {percent:.1} % of the table"))?;
        let per_plane: Vec<String> = self.tiles_per_plane.iter().map(usize::to_string).collect();
        line(f, "per plane", per_plane.join(" "))?;
        let (mean, most) = (self.overdraw_mean, self.overdraw_max);
        line(f, "overdraw", format!("{mean:.2} tiles under a pixel of the reference camera, at most {most}"))?;
        line(f, "texels", bytes(self.texel_bytes))?;
        if let Some(file) = self.file_bytes {
            line(f, "file", bytes(file))?;
        }
        let held_out = self.views.iter().filter(|v| v.held_out).count();
        line(f, "views", format!("{}, {held_out} held out", self.views.len()))?;
        for (index, view) in self.views.iter().enumerate() {
            let DVec3 { x, y, z } = view.position;
            let note = if view.held_out { "  held out" } else { "" };
            writeln!(f, "  {index:>3}  {:<12} at ({x:7.3}, {y:7.3}, {z:7.3}){note}", view.name)?;
        }
        let settings = settings(&self.fit);
        write!(f, "{:<12}{}", "fit", if settings.is_empty() { "settings are not in the file" } else { "" })?;
        settings.iter().try_for_each(|(name, words)| write!(f, "\n  {name:<10}{words}"))
    }
}

/// A size as all commands print it: MB of 10^6 bytes, so that sizes can be compared at a glance.
fn bytes(count: u64) -> String {
    if count < 10_000 { format!("{count} bytes") } else { format!("{:.2} MB", count as f64 / 1e6) }
}

/// The settings of a fit, a line for each group of them.
fn settings(fit: &Value) -> Vec<(String, String)> {
    let Some(groups) = fit.as_object() else {
        return if fit.is_null() { Vec::new() } else { vec![("settings".to_owned(), words(fit))] };
    };
    groups.iter().map(|(name, value)| (name.replace('_', " "), words(value))).collect()
}

/// A setting in words: lists of groups only by their number.
fn words(value: &Value) -> String {
    match value {
        Value::Null => "none".to_owned(),
        Value::Bool(true) => "yes".to_owned(),
        Value::Bool(false) => "no".to_owned(),
        Value::Number(number) => number.to_string(),
        Value::String(text) => text.clone(),
        Value::Array(entries) if entries.iter().any(Value::is_object) => entries.len().to_string(),
        Value::Array(entries) => entries.iter().map(words).collect::<Vec<_>>().join(" "),
        Value::Object(entries) => {
            let pairs = entries.iter().map(|(name, value)| match value {
                Value::Object(_) => format!("{} ({})", name.replace('_', " "), words(value)),
                _ => format!("{} {}", name.replace('_', " "), words(value)),
            });
            pairs.collect::<Vec<_>>().join(", ")
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing::random_scene;
    use crate::{PlaneProjector, TILE_VALUES};

    #[test]
    fn hits_are_those_that_the_taps_of_the_reference_camera_find() {
        let scene = random_scene(3, 5, 2, 56, 40); // the last tiles reach beyond the image
        let info = SceneInfo::of(&scene);
        let projector = PlaneProjector::new(&scene.reference, &scene.planes, &scene.reference);
        let (mut sum, mut most) = (0, 0);
        for (x, y) in (0..40).flat_map(|y| (0..56).map(move |x| (f64::from(x) + 0.5, f64::from(y) + 0.5))) {
            let (a, b) = projector.pixel_slopes(x, y).unwrap();
            let hit = |&k: &usize| {
                let (x, y) = projector.on_plane(k, a, b);
                let taps = scene.tiles.taps(k, x, y);
                taps.is_some_and(|t| t.iter().any(|t| t.weight > 1e-6 && t.tile != Tile::Empty))
            };
            let count = projector.planes().filter(hit).count();
            sum += count;
            most = most.max(count);
        }
        assert!((info.overdraw_mean - sum as f64 / (56.0 * 40.0)).abs() < 1e-12);
        assert_eq!(info.overdraw_max as usize, most);
    }

    #[test]
    fn settings_of_a_fit_are_lines_in_words() {
        let fit = serde_json::json!({
            "config": { "planes": 32, "preset": "draft", "held_out": [4, 5], "loss": { "weight": 0.5 }, "keep_passers": false },
            "levels": [{ "a": 1 }, { "a": 2 }],
        });
        let text = SceneInfo { fit, ..SceneInfo::of(&random_scene(3, 5, 2, 56, 40)) }.to_string();
        assert!(!text.contains(['{', '}', '"', '[']), "{text}");
        for said in
            ["\n  config    ", "planes 32", "held out 4 5", "loss (weight 0.5)", "keep passers no", "\n  levels    2"]
        {
            assert!(text.contains(said), "{said:?} in {text}");
        }
        let none = SceneInfo { fit: Value::Null, ..SceneInfo::of(&random_scene(3, 5, 2, 56, 40)) }.to_string();
        assert!(none.ends_with("fit         settings are not in the file"), "{none}");
    }

    #[test]
    fn counts_and_sizes_are_those_of_the_scene() {
        let scene = random_scene(3, 5, 2, 56, 40);
        let info = SceneInfo::of(&scene);
        let (static_tiles, looping_tiles) = scene.tiles.counts();
        assert_eq!((info.static_tiles, info.looping_tiles), (static_tiles, looping_tiles));
        assert_eq!(info.tiles_per_plane.iter().sum::<usize>(), static_tiles + looping_tiles);
        assert_eq!(info.texel_bytes, 2 * ((static_tiles + 2 * looping_tiles) * TILE_VALUES) as u64);
        let places = 5 * scene.tiles.rows * scene.tiles.columns;
        assert_eq!(info.tile_fraction, (static_tiles + looping_tiles) as f64 / places as f64);
        let json = serde_json::to_value(&info).unwrap();
        assert_eq!((&json["size_px"][0], &json["views"][1]["held_out"]), (&56.into(), &true.into()));
        assert!(json.get("file_bytes").is_none());
        let text = SceneInfo { file_bytes: Some(2_345_678), ..info }.to_string();
        for said in [
            "image       56×40\n",
            "loop        2 frames at 25 fps, 0.08 s\n",
            "planes      5, depth 1.000 to 10.000",
            "file        2.35 MB\n",
            "views       3, 1 held out\n",
        ] {
            assert!(text.contains(said), "{said:?} in {text}");
        }
    }
}
