//! How two cameras with known lenses stand to each other, from points that both see.
//!
//! RANSAC over five matches each (the least that determine an essential matrix, Nistér 2004). A sample is solved by Gauss-Newton in
//! rotation and direction, from rest in several directions, instead of by its polynomial of degree ten: the cameras of a rig differ by a
//! moderate turn, and a sample that does not settle is only one sample. A candidate is scored by the number of matches whose
//! Sampson distance is within a pixel and that lie in front of both cameras; the best is refined on all of these.

use super::epipolar::Match;
use glam::{DAffine3, DMat3, DQuat, DVec2, DVec3};
use loop3d_scene::Camera;

/// Samples.
const SAMPLES: usize = 400;
/// Matches of a sample.
const OF_SAMPLE: usize = 5;
/// Steps of Gauss-Newton, of a sample and of the refinement.
const STEPS: usize = 8;
/// A match agrees within this, in pixels.
const AGREES_PX: f64 = 1.0;
/// Fewest matches that must agree.
const FEWEST: usize = 12;

/// The pose of a second camera relative to a first.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct RelativePose {
    /// `first_from_second`; its translation is of length 1, because images have no scale.
    pub pose: DAffine3,
    /// Number of matches that agree with it.
    pub agreeing: usize,
}

/// A match as rays: (x, y, 1) in the cameras' own axes.
type Rays = (DVec3, DVec3);

/// Estimates where `second` stands relative to `first`; only their lenses are used. `None` where too few matches agree.
#[must_use]
pub fn relative_pose(first: &Camera, second: &Camera, matches: &[Match]) -> Option<RelativePose> {
    let ray = |camera: &Camera, pixel: DVec2| ((pixel - camera.center_px) / camera.focal_px).extend(1.0);
    let rays: Vec<Rays> = matches.iter().map(|m| (ray(first, m.first), ray(second, m.second))).collect();
    if rays.len() < FEWEST {
        return None;
    }
    let focal = (first.focal_px.min_element() * second.focal_px.min_element()).sqrt();
    let within = AGREES_PX / focal;
    let mut random = Random(0x9e37_79b9_7f4a_7c15);
    let mut best: Option<(usize, Estimate)> = None;
    for _ in 0..SAMPLES {
        let sample: [Rays; OF_SAMPLE] = std::array::from_fn(|_| rays[random.below(rays.len())]);
        let start = Estimate { turn: DQuat::IDENTITY, way: random.direction() };
        let Some(estimate) = start.refined(&sample) else { continue };
        for estimate in [estimate, Estimate { way: -estimate.way, ..estimate }] {
            let agreeing = rays.iter().filter(|rays| estimate.agrees(rays, within)).count();
            if best.is_none_or(|(most, _)| agreeing > most) {
                best = Some((agreeing, estimate));
            }
        }
    }
    let (_, mut estimate) = best?;
    for _ in 0..2 {
        let agreeing: Vec<Rays> = rays.iter().filter(|rays| estimate.agrees(rays, within)).copied().collect();
        if agreeing.len() < FEWEST {
            return None;
        }
        estimate = estimate.refined(&agreeing).unwrap_or(estimate);
    }
    let agreeing = rays.iter().filter(|rays| estimate.agrees(rays, within)).count();
    let pose = DAffine3::from_rotation_translation(estimate.turn, estimate.way);
    (agreeing >= FEWEST).then_some(RelativePose { pose, agreeing })
}

/// A candidate: `first_from_second` as a turn and a unit vector.
#[derive(Clone, Copy, Debug)]
struct Estimate {
    turn: DQuat,
    way: DVec3,
}

impl Estimate {
    /// E with pᵀ·E·q = 0 for rays p of the first and q of the second camera.
    fn essential(&self) -> DMat3 {
        let t = self.way;
        let cross =
            DMat3::from_cols(DVec3::new(0.0, t.z, -t.y), DVec3::new(-t.z, 0.0, t.x), DVec3::new(t.y, -t.x, 0.0));
        cross * DMat3::from_quat(self.turn)
    }

    /// Signed Sampson distance, in units of the rays' plane.
    fn sampson(essential: &DMat3, (p, q): &Rays) -> f64 {
        let (eq, ep) = (*essential * *q, essential.transpose() * *p);
        let slope = eq.truncate().length_squared() + ep.truncate().length_squared();
        p.dot(eq) / slope.max(1e-18).sqrt()
    }

    fn agrees(&self, rays: &Rays, within: f64) -> bool {
        Self::sampson(&self.essential(), rays).abs() < within && self.is_in_front(rays)
    }

    /// Whether the rays meet in front of both cameras: depths a, b of least squares in a·p = b·R·q + t.
    fn is_in_front(&self, (p, q): &Rays) -> bool {
        let r = self.turn * *q;
        let (pp, pr, rr) = (p.length_squared(), p.dot(r), r.length_squared());
        let (pt, rt) = (p.dot(self.way), r.dot(self.way));
        // [pp −pr; −pr rr]·[a b] = [pt −rt], whose determinant is positive.
        rr * pt - pr * rt > 0.0 && pr * pt - pp * rt > 0.0
    }

    /// Moved by a turn in the second camera's axes and a shift of the way along its tangents.
    fn moved(&self, by: [f64; 5]) -> Self {
        let (across, up) = self.way.any_orthonormal_pair();
        let turn = self.turn * DQuat::from_scaled_axis(DVec3::new(by[0], by[1], by[2]));
        Self { turn: turn.normalize(), way: (self.way + across * by[3] + up * by[4]).normalize() }
    }

    /// Gauss-Newton on the Sampson distances. `None` where it does not settle.
    fn refined(self, rays: &[Rays]) -> Option<Self> {
        const SMALL: f64 = 1e-6;
        let cost = |estimate: &Self| {
            let essential = estimate.essential();
            rays.iter().map(|rays| Self::sampson(&essential, rays).powi(2)).sum::<f64>()
        };
        let (mut now, mut damping) = (self, 1e-9);
        let mut least = cost(&now);
        for _ in 0..STEPS {
            let essential = now.essential();
            let turned: [DMat3; 5] = std::array::from_fn(|i| {
                let mut by = [0.0; 5];
                by[i] = SMALL;
                now.moved(by).essential()
            });
            let (mut matrix, mut right) = ([[0.0; 5]; 5], [0.0; 5]);
            for rays in rays {
                let here = Self::sampson(&essential, rays);
                let slope: [f64; 5] = std::array::from_fn(|i| (Self::sampson(&turned[i], rays) - here) / SMALL);
                for ((row, right), a) in matrix.iter_mut().zip(&mut right).zip(slope) {
                    *right -= a * here;
                    row.iter_mut().zip(slope).for_each(|(value, b)| *value += a * b);
                }
            }
            let scale = (0..5).map(|i| matrix[i][i]).fold(0.0, f64::max);
            for (i, row) in matrix.iter_mut().enumerate() {
                row[i] += damping * scale;
            }
            let step = solved(matrix, right)?;
            // Farther than it is linear.
            let length = step.iter().map(|x| x * x).sum::<f64>().sqrt();
            let next = now.moved(step.map(|x| x * (0.3 / length).min(1.0)));
            let reached = cost(&next);
            if reached < least {
                (now, least, damping) = (next, reached, damping * 0.1);
            } else {
                damping = (damping * 100.0).max(1e-6);
            }
        }
        least.is_finite().then_some(now)
    }
}

/// Solves five linear equations by elimination with pivots; `None` where they are singular.
fn solved(mut a: [[f64; 5]; 5], mut b: [f64; 5]) -> Option<[f64; 5]> {
    for i in 0..5 {
        let pivot = (i..5).max_by(|x, y| a[*x][i].abs().total_cmp(&a[*y][i].abs()))?;
        a.swap(i, pivot);
        b.swap(i, pivot);
        if a[i][i].abs() < 1e-30 {
            return None;
        }
        for row in i + 1..5 {
            let factor = a[row][i] / a[i][i];
            let above = a[i];
            a[row].iter_mut().zip(above).for_each(|(value, above)| *value -= factor * above);
            b[row] -= factor * b[i];
        }
    }
    for i in (0..5).rev() {
        let known: f64 = (i + 1..5).map(|column| a[i][column] * b[column]).sum();
        b[i] = (b[i] - known) / a[i][i];
    }
    Some(b)
}

/// Numbers that look random and are the same in every run (xorshift64).
struct Random(u64);

impl Random {
    fn next(&mut self) -> u64 {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        self.0
    }

    fn below(&mut self, count: usize) -> usize {
        (self.next() % count.max(1) as u64) as usize
    }

    /// A direction, all of them alike.
    fn direction(&mut self) -> DVec3 {
        loop {
            let v = DVec3::from_array(std::array::from_fn(|_| (self.next() >> 11) as f64 / (1_u64 << 52) as f64 - 1.0));
            if (0.01..1.0).contains(&v.length_squared()) {
                return v.normalize();
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const SIZE: (u32, u32) = (832, 480);

    fn camera(pose: DAffine3) -> Camera {
        let center_px = DVec2::new(416.0, 240.0);
        Camera { width: SIZE.0, height: SIZE.1, focal_px: DVec2::splat(840.0), center_px, world_from_camera: pose }
    }

    /// Matches of points in space, rounded by `noise` pixels; every `wrong`th is of two different points.
    fn matches(first: &Camera, second: &Camera, noise: f64, wrong: usize) -> Vec<Match> {
        let mut random = Random(7);
        let mut point = || {
            let [x, y, z] = std::array::from_fn(|_| (random.next() >> 11) as f64 / (1_u64 << 53) as f64);
            DVec3::new(2.0 * x - 1.0, 1.2 * y - 0.6, 2.0 + 3.0 * z)
        };
        let points: Vec<DVec3> = (0..300).map(|_| point()).collect();
        let seen = |camera: &Camera, p: DVec3| camera.project(p).unwrap();
        let mut shake = Random(9);
        let mut shaken = |p: DVec2| p + noise * shake.direction().truncate();
        let pair = |i: usize| {
            let other =
                if wrong > 0 && i.is_multiple_of(wrong) { points[(i * 37 + 11) % points.len()] } else { points[i] };
            Match { first: shaken(seen(first, points[i])), second: shaken(seen(second, other)) }
        };
        (0..points.len()).map(pair).collect()
    }

    fn errors(found: &DAffine3, wanted: &DAffine3) -> (f64, f64) {
        let turn = (found.matrix3 * wanted.matrix3.transpose()).to_cols_array();
        let angle = ((turn[0] + turn[4] + turn[8] - 1.0) / 2.0).clamp(-1.0, 1.0).acos().to_degrees();
        (angle, found.translation.angle_between(wanted.translation).to_degrees())
    }

    #[test]
    fn poses_come_back_from_exact_noisy_and_partly_wrong_matches() {
        let poses = [
            // To the right and turned back, forward, up and rolled.
            (DVec3::Y * -0.10, DVec3::new(0.3, 0.0, 0.02)),
            (DVec3::X * 0.05, DVec3::new(0.02, 0.0, 0.5)),
            (DVec3::new(0.1, 0.2, -0.1), DVec3::new(-0.6, -0.4, 0.1)),
        ];
        for (axis, position) in poses {
            let wanted = DAffine3::from_rotation_translation(DQuat::from_scaled_axis(axis), position);
            let (first, second) = (camera(DAffine3::IDENTITY), camera(wanted));
            for (noise, wrong, most) in [(0.0, 0, [0.01, 0.1]), (0.3, 0, [0.3, 3.0]), (0.3, 3, [0.3, 3.0])] {
                let found = relative_pose(&first, &second, &matches(&first, &second, noise, wrong)).unwrap();
                let (turn, way) = errors(&found.pose, &wanted);
                assert!(turn < most[0] && way < most[1], "{axis} noise {noise} wrong {wrong}: {turn}° {way}°");
                assert!(found.agreeing >= if wrong > 0 { 150 } else { 250 }, "{found:?}");
                // It is this pose and not its inverse.
                assert!(errors(&found.pose, &wanted.inverse()).1 > 20.0);
            }
        }
    }

    #[test]
    fn unrelated_points_have_no_pose() {
        let (first, second) = (camera(DAffine3::IDENTITY), camera(DAffine3::from_translation(DVec3::X)));
        let wrong = matches(&first, &second, 0.0, 1);
        let found = relative_pose(&first, &second, &wrong);
        assert!(found.is_none_or(|found| found.agreeing < wrong.len() / 4), "{found:?}");
        assert_eq!(relative_pose(&first, &second, &wrong[..5]), None);
    }
}
