//! The original project's folder as a scene.
//!
//! The texel centres of all rectangles lie on one lattice, which becomes the pixel grid of the scene's reference image, so no texel is
//! resampled. The original project's tiles repeat their neighbours' border: where several rectangles have a texel, it is their mean.

use super::obj::{self, Quad};
use super::{Meta, Own};
use crate::ExportError;
use crate::png::rgba_of_any_png;
use glam::{DAffine3, DVec2, DVec3};
use loop3d_package_format::premultiplied;
use loop3d_scene::job::{Event, Observer, check};
use loop3d_scene::{Camera, Planes, Scene, SceneView, TILE, TILE_VALUES, Tile, TileKind, TileTable};
use std::fs;
use std::path::Path;

/// The files that every folder has.
const FILES: [&str; 4] = ["meta.json", "geometry.obj", "static.png", "dynamic/0000.png"];
/// How far a texel centre may be from its place, in texels.
const OFF_LATTICE: f64 = 0.05;
/// The most planes that the gaps between depths may give: a scene of this kind has fewer.
const MOST_PLANES: usize = 4096;
/// The most tiles along a side of a plane.
const MOST_TILES: usize = 4096;

/// Reads a folder.
///
/// # Errors
/// A file is missing or damaged, the rectangles are those of another kind of scene, or `observer` asks to stop.
pub fn import(dir: &Path, observer: &mut dyn Observer) -> Result<Scene, ExportError> {
    if !dir.is_dir() {
        let found = if dir.exists() { "something else" } else { "no such folder" };
        return Err(ExportError::NoFolder { dir: dir.to_owned(), found });
    }
    let is_missing = |name: &&str| !dir.join(name).exists();
    let missing: Vec<&str> = FILES.into_iter().filter(is_missing).collect();
    if !missing.is_empty() {
        let expected = "meta.json, geometry.obj, static.png and dynamic/0000.png, 0001.png …";
        return Err(ExportError::NoImport { dir: dir.to_owned(), missing, expected });
    }
    let read = |name: &str| {
        let path = dir.join(name);
        fs::read(&path).map_err(|error| ExportError::Read { path, error })
    };
    let bad = |name: &str, found: String, expected: &str| ExportError::Import {
        path: dir.join(name),
        found,
        expected: expected.to_owned(),
    };
    let meta: Meta = serde_json::from_slice(&read("meta.json")?)
        .map_err(|error| bad("meta.json", error.to_string(), "fps, fov, frame_count, near, far, up, lookat, limit"))?;
    let good = meta.fps.is_finite() && meta.fps > 0.0 && meta.frame_count >= 1 && meta.fov > 0.0 && meta.fov < 180.0;
    if !good || !meta.limit.iter().all(|limit| limit.is_finite()) {
        let found = format!("fps {}, frame_count {}, fov {}", meta.fps, meta.frame_count, meta.fov);
        return Err(bad("meta.json", found, "positive numbers, fov below 180, finite limits"));
    }
    let text =
        String::from_utf8(read("geometry.obj")?).map_err(|error| bad("geometry.obj", error.to_string(), "text"))?;
    let quads = obj::read(&text)
        .map_err(|line| bad("geometry.obj", format!("line {}: {}", line.line, line.found), line.expected))?;
    let texture = |name: &str| -> Result<Texture, ExportError> {
        let (rgba, size) = rgba_of_any_png(&read(name)?, name)?;
        let mut texels = Vec::new();
        premultiplied(&rgba, &mut texels);
        Ok(Texture { size, texels })
    };
    let geometry = |found: &str, expected: &str| bad("geometry.obj", found.to_owned(), expected);
    let static_texture = texture("static.png")?;
    let first = texture("dynamic/0000.png")?;
    let sizes = [static_texture.size, first.size];
    let lattice = Lattice::of(&quads, sizes).map_err(|(found, expected)| geometry(&found, expected))?;
    let planes = planes(&quads).ok_or_else(|| geometry("other depths", "planes even in disparity"))?;
    let (mut table, places) = lattice
        .table(&quads, sizes, &planes, meta.loop3d.as_ref())
        .map_err(|(found, expected)| geometry(&found, expected))?;

    // Before memory is allocated for them.
    let last = format!("dynamic/{:04}.png", meta.frame_count - 1);
    if !dir.join(&last).is_file() {
        let found = format!("frame_count {}", meta.frame_count);
        return Err(bad("meta.json", found, "as many images; the last is missing"));
    }
    // Every tile that a rectangle reaches, frame after frame. Tiles that never move or never show are sorted out at the end.
    let tiles = table.counts().1;
    let values = tiles.checked_mul(meta.frame_count).and_then(|n| n.checked_mul(TILE_VALUES));
    let mut texels: Vec<u16> = Vec::new();
    let room = values.filter(|&values| texels.try_reserve_exact(values).is_ok());
    let bytes = 2 * values.unwrap_or(usize::MAX / 2) as u64;
    let too_many = || ExportError::Memory { path: dir.to_owned(), bytes };
    texels.resize(room.ok_or_else(too_many)?, 0);
    for frame in 0..meta.frame_count {
        let name = format!("dynamic/{frame:04}.png");
        let moving = texture(&name)?;
        if moving.size != first.size {
            return Err(bad(&name, format!("{:?} pixels", moving.size), "the size of the first frame"));
        }
        let mut seen = vec![0u8; tiles * TILE * TILE];
        for (quad, place) in quads.iter().zip(&places) {
            let source = if quad.kind == TileKind::Static { &static_texture } else { &moving };
            for (y, x) in (0..=place.cells[1]).flat_map(|y| (0..=place.cells[0]).map(move |x| (y, x))) {
                let from = ((place.texel[1] + y) * source.size[0] + place.texel[0] + x) * 4;
                let (row, column) = (place.at[1] + y, place.at[0] + x);
                let Tile::Looping(tile) = table.tiles[table.index(place.plane, row / TILE, column / TILE)] else {
                    continue;
                };
                let texel = row % TILE * TILE + column % TILE;
                let seen = &mut seen[tile as usize * TILE * TILE + texel];
                let to = (tile as usize * meta.frame_count + frame) * TILE_VALUES + 4 * texel;
                for (old, &new) in texels[to..to + 4].iter_mut().zip(&source.texels[from..from + 4]) {
                    let count = u32::from(*seen);
                    *old = ((u32::from(*old) * count + u32::from(new) + count / 2) / (count + 1)) as u16;
                }
                *seen = seen.saturating_add(1);
            }
        }
        let done = (frame + 1) as f64 / meta.frame_count as f64;
        check(observer.event(Event::step("reading images", done)), ExportError::Stopped)?;
    }
    let (mut static_texels, mut looping_texels) = (Vec::new(), Vec::new());
    let (mut static_tiles, mut looping_tiles) = (0, 0);
    for place in &mut table.tiles {
        let Tile::Looping(tile) = *place else { continue };
        let frames = &texels[tile as usize * meta.frame_count * TILE_VALUES..][..meta.frame_count * TILE_VALUES];
        let first = &frames[..TILE_VALUES];
        *place = if frames.iter().all(|&value| value == 0) {
            Tile::Empty
        } else if frames.chunks_exact(TILE_VALUES).all(|frame| frame == first) {
            static_texels.extend(first);
            static_tiles += 1;
            Tile::Static(static_tiles - 1)
        } else {
            looping_texels.extend(frames);
            looping_tiles += 1;
            Tile::Looping(looping_tiles - 1)
        };
    }
    let reference = lattice.reference(&meta);
    let (views, fit) = match meta.loop3d {
        Some(own) => (own.views, own.fit),
        None => (limit_views(&reference, meta.limit), serde_json::json!({"imported": "videoloop3d"})),
    };
    let frames = meta.frame_count;
    let fps = meta.fps;
    let scene = Scene { reference, planes, tiles: table, fps, frames, static_texels, looping_texels, views, fit };
    scene.validate()?;
    Ok(scene)
}

struct Texture {
    size: [usize; 2],
    texels: Vec<u16>,
}

type Mismatch = (String, &'static str);

/// The lattice of texel centres: slope (x/z, y/z) = (lattice point + offset) · spacing.
struct Lattice {
    spacing: DVec2,
    offset: DVec2,
}

/// The place of a rectangle on the lattice of its plane, from the tile table's origin, and in its texture.
struct Place {
    plane: usize,
    at: [usize; 2],
    texel: [usize; 2],
    /// Texels across and down, less one.
    cells: [usize; 2],
}

/// The first texel and the number of cells of a rectangle in its texture.
fn texels_of(quad: &Quad, size: [usize; 2]) -> Result<([usize; 2], [usize; 2]), Mismatch> {
    let at = |[u, v]: [f64; 2]| DVec2::new(u * size[0] as f64 - 0.5, (1.0 - v) * size[1] as f64 - 0.5);
    let [from, to] = quad.uvs.map(at);
    let whole = |p: DVec2| p.abs_diff_eq(p.round(), OFF_LATTICE);
    let inside = from.round().min_element() >= 0.0
        && to.round().x <= (size[0] - 1) as f64
        && to.round().y <= (size[1] - 1) as f64
        && (to - from).round().min_element() >= 1.0;
    if !whole(from) || !whole(to) || !inside {
        return Err((format!("a rectangle from texel {from} to {to}"), "corners at texel centres of its texture"));
    }
    let cells = (to - from).round();
    Ok(([from.x.round() as usize, from.y.round() as usize], [cells.x as usize, cells.y as usize]))
}

impl Lattice {
    fn of(quads: &[Quad], sizes: [[usize; 2]; 2]) -> Result<Self, Mismatch> {
        let (mut spacing, mut offset) = (DVec2::ZERO, DVec2::ZERO);
        let Some(first) = quads.first() else { return Err(("no rectangles".to_owned(), "at least one")) };
        for quad in quads {
            let (_, cells) = texels_of(quad, sizes[quad.kind as usize])?;
            let [from, to] = quad.corners.map(|corner| DVec2::from(corner) / quad.z);
            spacing += (to - from) / DVec2::new(cells[0] as f64, cells[1] as f64) / quads.len() as f64;
        }
        offset += DVec2::from(first.corners[0]) / first.z / spacing;
        Ok(Self { spacing, offset: offset - offset.floor() })
    }

    /// The lattice point of a corner, where it is near one.
    fn point(&self, corner: [f64; 2], z: f64) -> Result<[i64; 2], Mismatch> {
        let p = DVec2::from(corner) / z / self.spacing - self.offset;
        if !p.abs_diff_eq(p.round(), OFF_LATTICE) {
            return Err((format!("a corner at lattice point {p}"), "texels of one size on one lattice"));
        }
        Ok([p.x.round() as i64, p.y.round() as i64])
    }

    /// A table in which every tile that a rectangle reaches loops, and the places of the rectangles.
    fn table(
        &self,
        quads: &[Quad],
        sizes: [[usize; 2]; 2],
        planes: &Planes,
        own: Option<&Own>,
    ) -> Result<(TileTable, Vec<Place>), Mismatch> {
        let mut low = [i64::MAX; 2];
        let mut high = [i64::MIN; 2];
        let mut found = Vec::with_capacity(quads.len());
        for quad in quads {
            let (texel, cells) = texels_of(quad, sizes[quad.kind as usize])?;
            let [from, to] = [self.point(quad.corners[0], quad.z)?, self.point(quad.corners[1], quad.z)?];
            if [to[0] - from[0], to[1] - from[1]] != cells.map(|cells| cells as i64) {
                return Err((format!("{cells:?} texels over other {from:?} to {to:?}"), "texels of one size"));
            }
            for axis in 0..2 {
                low[axis] = low[axis].min(from[axis]);
                high[axis] = high[axis].max(to[axis]);
            }
            let step = (1.0 / planes.near - 1.0 / planes.far) / (planes.count - 1) as f64;
            let plane = ((1.0 / planes.near - 1.0 / quad.z) / step).round() as usize;
            found.push((from, Place { plane, at: [0; 2], texel, cells }));
        }
        // Pixel centres of the reference image are lattice points: see `reference`. Our own tiles are cut where they were.
        if let Some(own) = own {
            for (axis, low) in low.iter_mut().enumerate() {
                let cut = i64::from(own.origin_px[axis]) - self.pixels_before(own)[axis];
                *low = cut + (*low - cut).div_euclid(TILE as i64) * TILE as i64;
            }
        }
        let [columns, rows] = [0, 1].map(|axis| ((high[axis] - low[axis]) as usize + 1).div_ceil(TILE));
        if columns > MOST_TILES || rows > MOST_TILES {
            return Err((format!("planes of {columns}×{rows} tiles"), "at most 4096×4096"));
        }
        let before = own.map_or([0; 2], |own| self.pixels_before(own));
        let origin_px = [0, 1].map(|axis| (low[axis] + before[axis]) as i32);
        let mut table = TileTable::empty(planes.count, rows, columns, origin_px);
        let mut places = Vec::with_capacity(found.len());
        let mut next = 0;
        for (from, place) in found {
            let at = [0, 1].map(|axis| (from[axis] - low[axis]) as usize);
            for row in at[1] / TILE..=(at[1] + place.cells[1]) / TILE {
                for column in at[0] / TILE..=(at[0] + place.cells[0]) / TILE {
                    let index = table.index(place.plane, row, column);
                    if table.tiles[index] == Tile::Empty {
                        table.tiles[index] = Tile::Looping(next);
                        next += 1;
                    }
                }
            }
            places.push(Place { at, ..place });
        }
        Ok((table, places))
    }

    /// Pixels of our own reference image before lattice point (0, 0).
    fn pixels_before(&self, own: &Own) -> [i64; 2] {
        (own.reference.center_px - DVec2::splat(0.5) + self.offset).round().to_array().map(|pixels| pixels as i64)
    }

    /// The camera whose pixel centres are the lattice: pixel (i + ½, j + ½) of slope ((i, j) + offset) · spacing. Where the folder does not give
    /// the size of its image, it follows from the field of view, 16:9.
    fn reference(&self, meta: &Meta) -> Camera {
        let focal_px = self.spacing.recip();
        let center_px = DVec2::splat(0.5) - self.offset;
        if let Some(own) = &meta.loop3d {
            return own.reference;
        }
        let height = 2.0 * (meta.fov.to_radians() / 2.0).tan() * focal_px.y;
        let [width, height] = [(height * 16.0 / 9.0).round() as u32, height.round() as u32];
        Camera { width, height, focal_px, center_px, world_from_camera: DAffine3::IDENTITY }
    }
}

/// The planes that the depths lie on; `None` where they are not even in disparity.
fn planes(quads: &[Quad]) -> Option<Planes> {
    let mut disparities: Vec<f64> = quads.iter().map(|quad| 1.0 / quad.z).collect();
    disparities.sort_by(|a, b| b.total_cmp(a));
    // Depths are written with as many digits as a float of 32 bits has.
    disparities.dedup_by(|a, b| (*a - *b).abs() < 1e-5 * *b);
    let (&near, &far) = (disparities.first()?, disparities.last()?);
    if disparities.len() == 1 {
        // A second plane behind the only one stays empty.
        return Some(Planes { near: 1.0 / near, far: 2.0 / near, count: 2 });
    }
    let step = disparities.windows(2).map(|pair| pair[0] - pair[1]).fold(f64::INFINITY, f64::min);
    let count = ((near - far) / step).round() as usize + 1;
    // The step from the whole range: the smallest gap has the largest error.
    let step = (near - far) / (count - 1) as f64;
    let even = disparities.iter().all(|d| {
        let index = (near - d) / step;
        (index - index.round()).abs() < OFF_LATTICE
    });
    (even && count <= MOST_PLANES).then_some(Planes { near: 1.0 / near, far: 1.0 / far, count })
}

/// Views at the reference camera and at the limits of movement, which bound paths and the viewer's camera.
fn limit_views(reference: &Camera, limit: [f64; 3]) -> Vec<SceneView> {
    let [x, y, _] = limit;
    let places = [("reference", 0.0, 0.0), ("left", -x, 0.0), ("right", x, 0.0), ("up", 0.0, -y), ("down", 0.0, y)];
    let view = places.into_iter().map(|(name, x, y)| SceneView {
        name: name.to_owned(),
        camera: Camera { world_from_camera: DAffine3::from_translation(DVec3::new(x, y, 0.0)), ..*reference },
        held_out: false,
    });
    view.collect()
}
