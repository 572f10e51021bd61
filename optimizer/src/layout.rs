//! Where the planes of a scene are and how far they extend, from the cameras alone (METHOD D7).

use crate::config::{FitConfig, PlaneCount};
use glam::{DAffine3, DVec2};
use loop3d_scene::{Camera, PlaneProjector, Planes, TILE, Tile, TileTable};

/// Fewest planes that `--planes auto` chooses.
const MIN_PLANES: usize = 24;
/// Most planes that `--planes auto` chooses.
const MAX_PLANES: usize = 96;
/// Parallax between neighbouring planes, in pixels at the camera farthest from the reference, that `auto` aims at.
const PARALLAX_PX: f64 = 1.0;
/// Reference pixels that planes reach beyond what the cameras see, so that a viewer may lean out a little.
const MARGIN_PX: f64 = 16.0;

/// The frame that a scene is fitted in.
#[derive(Clone, Debug)]
pub struct Layout {
    /// The reference camera: the average pose, the mean focal length, the views' image size.
    pub reference: Camera,
    /// The planes.
    pub planes: Planes,
    /// Static tiles in all places of all planes that a training camera can see.
    pub dense: TileTable,
}

impl Layout {
    /// The layout for `cameras` (those that are fitted to) in a normalised world whose depths lie in `near..far`.
    pub fn new(cameras: &[Camera], near: f64, far: f64, config: &FitConfig) -> Self {
        let n = cameras.len() as f64;
        let first = cameras[0];
        let center = first.center_px / DVec2::new(first.width.into(), first.height.into());
        let reference = Camera {
            width: first.width,
            height: first.height,
            focal_px: cameras.iter().map(|c| c.focal_px).sum::<DVec2>() / n,
            center_px: center * DVec2::new(first.width.into(), first.height.into()),
            world_from_camera: DAffine3::IDENTITY,
        };
        let (near, far) = (near * config.near_factor, far * config.far_factor);
        let reach = cameras.iter().map(|c| c.position().truncate().length()).fold(0.0, f64::max);
        let parallax_px = reach * reference.focal_px.max_element() * (1.0 / near - 1.0 / far);
        let auto = (parallax_px / PARALLAX_PX).ceil() as usize + 1;
        let count = match config.planes {
            PlaneCount::Auto => auto.clamp(MIN_PLANES, MAX_PLANES),
            PlaneCount::Count(n) => n,
        };
        let planes = Planes { near, far, count };
        Self { reference, planes, dense: dense_table(&reference, &planes, cameras) }
    }
}

/// Corners of what any camera sees on each plane, and of all planes together: (least, greatest) reference pixel.
fn seen(reference: &Camera, planes: &Planes, cameras: &[Camera]) -> Vec<(DVec2, DVec2)> {
    let mut out = vec![(DVec2::INFINITY, DVec2::NEG_INFINITY); planes.count];
    for camera in cameras {
        let projector = PlaneProjector::new(reference, planes, camera);
        let (w, h) = (f64::from(camera.width), f64::from(camera.height));
        for (x, y) in [(0.0, 0.0), (w, 0.0), (0.0, h), (w, h)] {
            let Some((a, b)) = projector.pixel_slopes(x, y) else { continue };
            for plane in projector.planes() {
                let at = DVec2::from(projector.on_plane(plane, a, b));
                out[plane] = (out[plane].0.min(at), out[plane].1.max(at));
            }
        }
    }
    out
}

fn dense_table(reference: &Camera, planes: &Planes, cameras: &[Camera]) -> TileTable {
    let seen: Vec<_> = seen(reference, planes, cameras)
        .into_iter()
        .map(|(least, greatest)| (least - MARGIN_PX, greatest + MARGIN_PX))
        .collect();
    let least = seen.iter().fold(DVec2::INFINITY, |a, s| a.min(s.0)).floor();
    let greatest = seen.iter().fold(DVec2::NEG_INFINITY, |a, s| a.max(s.1)).ceil();
    let size = (greatest - least) / TILE as f64;
    let (columns, rows) = (size.x.ceil() as usize, size.y.ceil() as usize);
    let mut table = TileTable::empty(planes.count, rows, columns, [least.x as i32, least.y as i32]);
    let mut id = 0;
    for (plane, (from, to)) in seen.iter().enumerate() {
        let place = |p: DVec2| ((p - least) / TILE as f64).floor();
        let (from, to) = (place(*from), place(*to));
        for row in (from.y.max(0.0) as usize)..rows.min(to.y.max(0.0) as usize + 1) {
            for column in (from.x.max(0.0) as usize)..columns.min(to.x.max(0.0) as usize + 1) {
                let index = table.index(plane, row, column);
                table.tiles[index] = Tile::Static(id);
                id += 1;
            }
        }
    }
    table
}
