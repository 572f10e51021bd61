//! The same points in two views: corners (Shi and Tomasi) on three scales with descriptors of gradient directions as SIFT has them
//! (Lowe 2004, §6): 4 × 4 cells of 8 directions over 16 × 16 pixels. Upright, since the cameras of a rig are. A match is mutual
//! and clearly better than the second best.

use super::epipolar::Match;
use super::grey::Grey;
use glam::DVec2;
use rayon::prelude::*;

/// Scales, each half the one before: a point may be twice as large in one view as in the other.
const SCALES: usize = 3;
/// Most corners of the finest scale; each coarser one has half as many.
const MOST: usize = 2000;
/// Half a side of the window over which gradients are summed for a corner.
const RADIUS: usize = 2;
/// Corners keep this far from each other, in pixels of their scale.
const APART: usize = 4;
/// Least mean square of the gradient in its weakest direction, in levels²; below is noise.
const LEAST: f32 = 4.0;
/// Half a side of a descriptor.
const HALF: usize = 8;
/// Largest ratio of the best distance to the second best (Lowe).
const RATIO: f32 = 0.8;

/// 4 × 4 cells of 8 directions, of length 1.
type Descriptor = [f32; 128];

/// A corner with what is around it.
#[derive(Clone, Debug)]
struct Corner {
    /// In pixels of the whole image, centres at halves.
    place: DVec2,
    descriptor: Descriptor,
}

/// The points of an image that can be found in another view.
#[derive(Clone, Debug)]
pub struct Features(Vec<Corner>);

impl Features {
    /// Finds them in an RGB image, bytes `[height, width, 3]`.
    #[must_use]
    pub fn of(rgb: &[u8], width: usize, height: usize) -> Self {
        let mut scale = Grey::of_bytes(rgb, width, height);
        let mut found = Vec::new();
        for level in 0..SCALES {
            if scale.width.min(scale.height) < 4 * HALF {
                break;
            }
            found.extend(corners(&scale, MOST >> level, (1 << level) as f64));
            scale = scale.half();
        }
        Self(found)
    }

    /// The points that both have.
    #[must_use]
    pub fn matches(&self, other: &Self) -> Vec<Match> {
        let forth = best(&self.0, &other.0);
        let back = best(&other.0, &self.0);
        let pair = |(i, j): (usize, &Option<usize>)| {
            let j = (*j)?;
            (back[j] == Some(i)).then(|| Match { first: self.0[i].place, second: other.0[j].place })
        };
        forth.iter().enumerate().filter_map(pair).collect()
    }
}

/// For each corner the one that is clearly most alike.
fn best(from: &[Corner], to: &[Corner]) -> Vec<Option<usize>> {
    let nearest = |corner: &Corner| {
        // Of unit vectors: squared distance = 2 − 2 cos.
        let likeness = |other: &Corner| corner.descriptor.iter().zip(&other.descriptor).map(|(a, b)| a * b).sum();
        let (mut first, mut second, mut at) = (f32::NEG_INFINITY, f32::NEG_INFINITY, None);
        for (index, other) in to.iter().enumerate() {
            let likeness: f32 = likeness(other);
            if likeness > first {
                (second, first, at) = (first, likeness, Some(index));
            } else if likeness > second {
                second = likeness;
            }
        }
        let distance = |likeness: f32| (2.0 - 2.0 * likeness).max(0.0).sqrt();
        at.filter(|_| second == f32::NEG_INFINITY || distance(first) < RATIO * distance(second))
    };
    from.par_iter().map(nearest).collect()
}

/// The strongest corners of one scale, whose pixels are `size` pixels of the whole image wide.
fn corners(grey: &Grey, most: usize, size: f64) -> Vec<Corner> {
    let (width, height) = (grey.width, grey.height);
    let slopes = slopes(grey);
    let strength = strength(&slopes, width, height);
    let border = HALF + 1;
    let is_peak = |x: usize, y: usize| {
        let value = strength[y * width + x];
        let around = || (y - APART..=y + APART).flat_map(|row| (x - APART..=x + APART).map(move |at| row * width + at));
        let here = y * width + x;
        // Of equal ones the first.
        value >= LEAST && around().all(|at| strength[at] < value || at == here || (strength[at] == value && at > here))
    };
    let rows = border..height.saturating_sub(border);
    let mut peaks: Vec<(usize, usize)> = rows
        .into_par_iter()
        .flat_map_iter(|y| {
            let is_peak = &is_peak;
            (border..width.saturating_sub(border)).filter(move |x| is_peak(*x, y)).map(move |x| (x, y))
        })
        .collect();
    peaks.sort_by(|a, b| strength[b.1 * width + b.0].total_cmp(&strength[a.1 * width + a.0]));
    peaks.truncate(most);
    let corner = |&(x, y): &(usize, usize)| {
        // A parabola through the peak and its neighbours.
        let vertex = |before: f32, peak: f32, after: f32| {
            let bend = before - 2.0 * peak + after;
            if bend < 0.0 { f64::from(((before - after) / (2.0 * bend)).clamp(-0.5, 0.5)) } else { 0.0 }
        };
        let at = y * width + x;
        let offset = DVec2::new(
            vertex(strength[at - 1], strength[at], strength[at + 1]),
            vertex(strength[at - width], strength[at], strength[at + width]),
        );
        let place = size * (DVec2::new(x as f64 + 0.5, y as f64 + 0.5) + offset);
        Corner { place, descriptor: describe(&slopes, width, x, y) }
    };
    peaks.par_iter().map(corner).collect()
}

/// Gradients by central differences, 0 at the rim.
fn slopes(grey: &Grey) -> Vec<[f32; 2]> {
    let (width, height) = (grey.width, grey.height);
    let mut slopes = vec![[0.0; 2]; width * height];
    for y in 1..height.saturating_sub(1) {
        for x in 1..width.saturating_sub(1) {
            let at = y * width + x;
            let v = &grey.values;
            slopes[at] = [(v[at + 1] - v[at - 1]) / 2.0, (v[at + width] - v[at - width]) / 2.0];
        }
    }
    slopes
}

/// The smaller eigenvalue of the mean gradient matrix around each pixel, 0 at the rim.
fn strength(slopes: &[[f32; 2]], width: usize, height: usize) -> Vec<f32> {
    let count = ((2 * RADIUS + 1) * (2 * RADIUS + 1)) as f32;
    let mut strength = vec![0.0; width * height];
    strength.par_chunks_mut(width).enumerate().skip(RADIUS).take(height.saturating_sub(2 * RADIUS)).for_each(
        |(y, line)| {
            // Sums of columns, then along the row.
            let mut sums = vec![[0.0_f32; 3]; width];
            for row in y - RADIUS..=y + RADIUS {
                for (sum, [dx, dy]) in sums.iter_mut().zip(&slopes[row * width..]) {
                    *sum = [sum[0] + dx * dx, sum[1] + dx * dy, sum[2] + dy * dy];
                }
            }
            for x in RADIUS..width.saturating_sub(RADIUS) {
                let around = &sums[x - RADIUS..=x + RADIUS];
                let [xx, xy, yy] = around.iter().fold([0.0; 3], |a, b| [a[0] + b[0], a[1] + b[1], a[2] + b[2]]);
                let (mean, half) = ((xx + yy) / 2.0, (xx - yy) / 2.0);
                line[x] = (mean - half.hypot(xy)) / count;
            }
        },
    );
    strength
}

/// The descriptor around a pixel.
fn describe(slopes: &[[f32; 2]], width: usize, x: usize, y: usize) -> Descriptor {
    let mut bins: Descriptor = [0.0; 128];
    let reach = HALF as i32;
    for dy in -reach..=reach {
        for dx in -reach..=reach {
            let [sx, sy] = slopes[(y as i32 + dy) as usize * width + (x as i32 + dx) as usize];
            let weight = (-((dx * dx + dy * dy) as f32) / (2.0 * (HALF * HALF) as f32)).exp();
            let magnitude = weight * sx.hypot(sy);
            // Places in cells and directions, spread over the two nearest of each.
            let direction = (sy.atan2(sx) / std::f32::consts::TAU).rem_euclid(1.0) * 8.0;
            let cell = |d: i32| (d as f32 + HALF as f32) / 4.0 - 0.5;
            let spread = |at: f32| {
                let low = at.floor();
                [(low as i32, 1.0 - (at - low)), (low as i32 + 1, at - low)]
            };
            for (row, by_row) in spread(cell(dy)) {
                for (column, by_column) in spread(cell(dx)) {
                    if (0..4).contains(&row) && (0..4).contains(&column) {
                        for (bin, by_bin) in spread(direction) {
                            let at = (row * 4 + column) * 8 + bin.rem_euclid(8);
                            bins[at as usize] += magnitude * by_row * by_column * by_bin;
                        }
                    }
                }
            }
        }
    }
    // Light that changes the largest gradients only must not change the whole.
    let unit = |bins: Descriptor| {
        let length = bins.iter().map(|value| value * value).sum::<f32>().sqrt().max(1e-6);
        bins.map(|value| value / length)
    };
    unit(unit(bins).map(|value| value.min(0.2)))
}

#[cfg(test)]
mod tests {
    use super::super::ViewMetrics;
    use super::*;
    use glam::{DAffine3, DQuat, DVec3};
    use loop3d_scene::Camera;

    const SIZE: (u32, u32) = (416, 240);

    fn camera(turn_y: f64, position: DVec3) -> Camera {
        let pose = DAffine3::from_rotation_translation(DQuat::from_rotation_y(turn_y), position);
        let center_px = DVec2::new(208.0, 120.0);
        Camera { width: SIZE.0, height: SIZE.1, focal_px: DVec2::splat(420.0), center_px, world_from_camera: pose }
    }

    /// Noise with details of several sizes.
    fn texture(x: f64, y: f64, seed: i64) -> f64 {
        let random = |x: i64, y: i64| {
            let mix = (x * 374_761_393 + y * 668_265_263 + seed * 40_503).wrapping_mul(1_274_126_177);
            ((mix ^ (mix >> 15)) & 0xffff) as f64 / 65_535.0
        };
        let smooth = |t: f64| t * t * (3.0 - 2.0 * t);
        let noise = |x: f64, y: f64| {
            let (i, j) = (x.floor() as i64, y.floor() as i64);
            let (u, v) = (smooth(x - x.floor()), smooth(y - y.floor()));
            let across = |j: i64| random(i, j) * (1.0 - u) + random(i + 1, j) * u;
            across(j) * (1.0 - v) + across(j + 1) * v
        };
        255.0 * (0.5 * noise(14.0 * x, 14.0 * y) + 0.3 * noise(31.0 * x, 31.0 * y) + 0.2 * noise(70.0 * x, 70.0 * y))
    }

    /// Where a pixel's ray meets a slanted plane, 3 in front.
    fn on_plane(camera: &Camera, pixel: DVec2) -> DVec3 {
        let ray = ((pixel - camera.center_px) / camera.focal_px).extend(1.0);
        let ray = camera.world_from_camera.matrix3 * ray;
        let (normal, origin) = (DVec3::new(0.3, 0.2, 1.0), camera.world_from_camera.translation);
        origin + ray * ((DVec3::Z * 3.0 - origin).dot(normal) / ray.dot(normal))
    }

    fn seen(camera: &Camera, seed: i64) -> Features {
        let pixel = |i: u32| DVec2::new(f64::from(i % SIZE.0) + 0.5, f64::from(i / SIZE.0) + 0.5);
        let value = |i: u32| {
            let p = on_plane(camera, pixel(i));
            texture(p.x, p.y, seed) as u8
        };
        let rgb: Vec<u8> = (0..SIZE.0 * SIZE.1).flat_map(|i| [value(i); 3]).collect();
        Features::of(&rgb, SIZE.0 as usize, SIZE.1 as usize)
    }

    #[test]
    fn points_of_one_surface_are_matched_and_those_of_another_are_not() {
        let (first, second) = (camera(0.0, DVec3::ZERO), camera(-0.1, DVec3::new(0.3, -0.05, 0.2)));
        let matches = seen(&first, 1).matches(&seen(&second, 1));
        let right = |camera: &Camera| {
            let off =
                |m: &&Match| camera.project(on_plane(&first, m.first)).is_some_and(|p| p.distance(m.second) < 1.5);
            matches.iter().filter(off).count() as f64 / matches.len() as f64
        };
        assert!(matches.len() > 200 && right(&second) > 0.85, "{} {}", matches.len(), right(&second));
        assert!(right(&camera(-0.1, DVec3::new(0.4, -0.05, 0.2))) < 0.1);
        // Under the right cameras the matches lie on their epipolar lines, under others they do not.
        let (a, b) = (seen(&first, 1), seen(&second, 1));
        let fit = |camera: &Camera| ViewMetrics::of(&a, &b, Some([&first, camera]));
        let (good, bad) = (fit(&second), fit(&camera(-0.1, DVec3::new(0.1, 0.3, 0.0))));
        assert!(good.matches == matches.len() && good.epipolar_px.unwrap() < 0.5, "{good:?}");
        assert!(bad.epipolar_px.unwrap() > 5.0, "{bad:?}");
        let turned = [good, bad].map(|fit| fit.pose.unwrap().translation);
        assert!(turned[0] < 0.05 && turned[1] > 0.2, "{turned:?}");
        assert_eq!(ViewMetrics::of(&a, &b, None).epipolar_px, None);
        let unrelated = seen(&first, 1).matches(&seen(&second, 2)).len();
        assert!(unrelated < matches.len() / 10, "{unrelated} of {}", matches.len());
        // Nothing to find, and nothing to find it in.
        assert!(Features::of(&[80; 3 * 64 * 64], 64, 64).matches(&Features::of(&[9; 27], 3, 3)).is_empty());
    }
}
