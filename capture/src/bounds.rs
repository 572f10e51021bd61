//! Nearest and farthest depth of a view from points on the scene's surfaces.

use glam::{DAffine3, DVec3};
use loop3d_scene::Camera;

/// With fewer points than this, depths are unknown.
const FEWEST: usize = 10;

/// Fraction of the points that may be nearer than the near bound, and as many beyond the far one: as in LLFF's own tool (METHOD
/// §1.2), so that a COLMAP model and the `poses_bounds.npy` made from it agree.
const OUTLIERS: f64 = 0.001;

/// From this many points on, percentiles alone leave wild ones out.
const MANY: usize = 1000;

/// Points this many times nearer or farther than the next one, and all beyond them, are alone.
const GAP: f64 = 3.0;

/// Most lone points at an end, as a fraction of all; one may always be.
const LONE: f64 = 0.01;

/// Nearest and farthest depth, and how many lone points do not count.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) struct Bounds {
    pub range: [f64; 2],
    pub lone: usize,
}

/// Bounds of some depths, in any order: their 0.1 and 99.9 percentiles, linear between values. Where they are so few that one
/// point would be such a percentile, those at an end that lie apart from all others do not count. `None` where there are too few
/// in front of the camera, or they are all the same.
pub(crate) fn of_depths(depths: impl Iterator<Item = f64>) -> Option<Bounds> {
    let mut depths: Vec<f64> = depths.filter(|depth| depth.is_finite() && *depth > 0.0).collect();
    if depths.len() < FEWEST {
        return None;
    }
    depths.sort_by(f64::total_cmp);
    let [below, above] = if depths.len() < MANY { lone(&depths) } else { [0, 0] };
    let kept = &depths[below..depths.len() - above];
    let [near, far] = [percentile(kept, OUTLIERS), percentile(kept, 1.0 - OUTLIERS)];
    (near < far).then_some(Bounds { range: [near, far], lone: below + above })
}

/// How many of ascending `depths` are alone at the near end, and at the far one.
fn lone(depths: &[f64]) -> [usize; 2] {
    let most = ((depths.len() as f64 * LONE) as usize).max(1);
    let count = |apart: &dyn Fn(usize) -> bool| (1..=most).rev().find(|&count| apart(count)).unwrap_or(0);
    let last = depths.len() - 1;
    [
        count(&|count| depths[count] > GAP * depths[count - 1]),
        count(&|count| depths[last + 1 - count] > GAP * depths[last - count]),
    ]
}

/// What a person should know about lone points.
pub(crate) fn lone_note(lone: usize) -> String {
    format!(
        "{lone} time(s) a lone point, {GAP} times nearer or farther than all others, does not count for a view's depths"
    )
}

/// Bounds of the `points` that fall into the image of `camera`.
pub(crate) fn of_points(camera: &Camera, points: &[DVec3]) -> Option<Bounds> {
    let camera_from_world = camera.world_from_camera.inverse();
    let inside = points.iter().filter(|&&point| {
        camera.project(point).is_some_and(|pixel| {
            (0.0..=f64::from(camera.width)).contains(&pixel.x) && (0.0..=f64::from(camera.height)).contains(&pixel.y)
        })
    });
    of_depths(inside.map(|&point| depth(&camera_from_world, point)))
}

/// Depth of a point along the viewing axis.
pub(crate) fn depth(camera_from_world: &DAffine3, point: DVec3) -> f64 {
    camera_from_world.transform_point3(point).z
}

/// Value at `fraction` (0 to 1) of ascending `values`, linear between them.
pub(crate) fn percentile(values: &[f64], fraction: f64) -> f64 {
    let at = fraction * (values.len().max(1) - 1) as f64;
    let (below, above) = (at.floor() as usize, at.ceil() as usize);
    values[below] + (values[above] - values[below]) * (at - at.floor())
}

#[cfg(test)]
mod tests {
    use super::*;
    use glam::DVec2;

    #[test]
    fn percentiles_leave_outliers_out() {
        // 1 to 2 evenly, and one point at 0.01 and one at 900.
        let depths = (0..=4000).map(|i| 1.0 + f64::from(i) / 4000.0).chain([0.01, 900.0, -5.0, f64::NAN]);
        let [near, far] = of_depths(depths).unwrap().range;
        assert!((near - 1.00075).abs() < 1e-5 && (far - 1.99925).abs() < 1e-5, "{near} {far}");
        assert_eq!(of_depths((1..9).map(f64::from)), None);
        assert_eq!(of_depths([2.0; 50].into_iter()), None);
    }

    #[test]
    fn lone_points_among_few_do_not_count() {
        let scene = || (0..60).map(|i| 2.0 + f64::from(i) / 30.0);
        let clean = of_depths(scene()).unwrap();
        assert_eq!(clean.lone, 0);
        assert_eq!(of_depths(scene().chain([0.02, 50.0])), Some(Bounds { lone: 2, ..clean }));
        // A few are a thing, and so is whatever is only somewhat nearer.
        let [near, _] = of_depths(scene().chain([0.02, 0.021, 0.022])).unwrap().range;
        assert!(near < 0.03);
        assert_eq!(of_depths(scene().chain([0.9])).unwrap().lone, 0);
    }

    #[test]
    fn points_outside_of_the_image_do_not_count() {
        let camera = Camera {
            width: 100,
            height: 100,
            focal_px: DVec2::splat(100.0),
            center_px: DVec2::splat(50.0),
            world_from_camera: DAffine3::IDENTITY,
        };
        let seen = (0..=100).map(|i| DVec3::new(0.0, 0.0, 2.0 + f64::from(i) / 100.0));
        let aside = (0..100).map(|_| DVec3::new(9.0, 0.0, 8.0));
        let behind = (0..100).map(|_| DVec3::new(0.0, 0.0, -1.0));
        let points: Vec<DVec3> = seen.chain(aside).chain(behind).collect();
        let [near, far] = of_points(&camera, &points).unwrap().range;
        assert!((near - 2.001).abs() < 1e-9 && (far - 2.999).abs() < 1e-9, "{near} {far}");
    }
}
