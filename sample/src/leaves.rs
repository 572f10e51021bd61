//! Bushes and creepers: clumps of leaves that rustle in the wind.

use crate::geometry::Arch;
use crate::light::leaf_light;
use crate::motion::{Coverage, Motion, Paint, Sheet};
use crate::noise::{Noise, mix, smoothstep};
use crate::wind::{WIND, wind};
use glam::{Vec2, Vec3, Vec4};

/// Half the length of the longest leaf, in cells.
const LONGEST: f32 = 0.95;
/// How far a leaf moves down for each unit that wind moves it sideways.
const DIP: f32 = 0.35;

/// Where leaves grow on their sheet.
enum Clump {
    /// A rounded bush: middle (x, y) and half axes.
    Bush(Vec2, Vec2),
    /// A creeper that hangs over the arch's edge into its opening.
    Garland(Arch),
}

/// A clump of leaves on an upright sheet.
pub struct Leaves {
    noise: Noise,
    z: f32,
    clump: Clump,
    /// Side of a leaf's grid cell.
    cell: f32,
    /// How far wind moves a leaf.
    sway: f32,
    low: Vec2,
    count: [i32; 2],
    coverage: Coverage,
}

#[derive(Clone, Copy)]
struct Leaf {
    at: Vec2,
    axis: Vec2,
    size: f32,
    color: Vec3,
}

impl Leaves {
    /// A bush around `center`, its half axes `half`.
    pub fn bush(noise: Noise, center: Vec3, half: Vec2) -> Self {
        let clump = Clump::Bush(center.truncate(), half);
        Self::new(
            noise,
            center.z,
            clump,
            [0.062, 0.035],
            [center.truncate() - half * 1.3, center.truncate() + half * 1.3],
        )
    }

    /// A creeper over the left shoulder of `arch`.
    pub fn garland(noise: Noise, arch: Arch) -> Self {
        let corners = [Vec2::new(-1.75, -2.1), Vec2::new(0.75, -0.55)];
        Self::new(noise, arch.z[0] - 0.03, Clump::Garland(arch), [0.047, 0.018], corners)
    }

    fn new(noise: Noise, z: f32, clump: Clump, [cell, sway]: [f32; 2], [low, high]: [Vec2; 2]) -> Self {
        let count = ((high - low) / cell).ceil();
        let coverage = Coverage::new(low, high, 0.5 * cell);
        let mut leaves = Self { noise, z, clump, cell, sway, low, count: [count.x as i32, count.y as i32], coverage };
        for j in 0..leaves.count[1] {
            for i in 0..leaves.count[0] {
                if let Some((at, _)) = leaves.grown(i, j) {
                    let size = cell * LONGEST + 0.004;
                    leaves.coverage.mark(at, Vec2::new(size + WIND * sway, size + DIP * WIND * sway));
                }
            }
        }
        leaves
    }

    /// How thickly leaves grow at a place: none below 0.
    fn density(&self, p: Vec2) -> f32 {
        match &self.clump {
            Clump::Bush(center, half) => {
                let d = (p - *center) / *half;
                let radius =
                    1.0 + 0.22 * self.noise.salted(7).plane(p * 2.6) + 0.14 * self.noise.salted(8).plane(p * 6.0);
                radius - d.length()
            }
            Clump::Garland(arch) => {
                let around = arch.along(p.x, p.y);
                // Trails hang from the edge, of uneven length.
                let trail =
                    0.13 + 0.13 * self.noise.salted(7).line(p.x * 5.5) + 0.10 * self.noise.salted(8).line(p.x * 15.0);
                let hang = around.y + trail;
                let cover = 0.30 + 0.26 * self.noise.salted(9).plane(p * 3.2) - around.y;
                let high = (-0.62 - p.y) * 1.2 + 0.22 * self.noise.salted(6).plane(p * 3.0);
                hang.min(cover).min(high)
            }
        }
    }

    /// Where the leaf of a grid place hangs without wind and how thickly leaves grow there; none where there is no leaf.
    fn grown(&self, i: i32, j: i32) -> Option<(Vec2, f32)> {
        let noise = self.noise;
        let jitter = Vec2::new(noise.uniform(i, j, 1), noise.uniform(i, j, 2)) - 0.5;
        let at = self.low + (Vec2::new(i as f32, j as f32) + 0.5 + 0.8 * jitter) * self.cell;
        let density = self.density(at);
        let thick = density / (4.0 * self.cell);
        (thick >= noise.uniform(i, j, 3) * 0.7).then_some((at, density))
    }

    /// Leaf of a grid place at a time, or none.
    fn leaf(&self, i: i32, j: i32, time: f32) -> Option<Leaf> {
        let noise = self.noise;
        let (at, density) = self.grown(i, j)?;
        let gust = wind(noise.salted(11), at.x + 0.6 * at.y, time);
        let flutter = noise.salted(12).plane(Vec2::new((i * 31 + j * 17) as f32 * 0.71, time * 1.6)).clamp(-1.0, 1.0);
        let moved = at + Vec2::new(gust, DIP * gust) * self.sway + 0.004 * flutter;
        let angle = match self.clump {
            Clump::Bush(..) => std::f32::consts::TAU * noise.uniform(i, j, 4),
            Clump::Garland(..) => 1.57 + 2.0 * (noise.uniform(i, j, 4) - 0.5),
        } + 0.35 * flutter
            + 0.2 * gust;
        let young = noise.uniform(i, j, 5);
        let mut color = Vec3::new(0.055, 0.13, 0.035).lerp(Vec3::new(0.17, 0.26, 0.06), young * young);
        let flowers = match self.clump {
            Clump::Bush(..) => (Vec3::new(0.62, 0.16, 0.22), 0.10 + 0.25 * self.noise.salted(13).plane(at * 3.0)),
            Clump::Garland(..) => (Vec3::new(0.42, 0.25, 0.66), 0.16 + 0.45 * self.noise.salted(13).plane(at * 5.0)),
        };
        if noise.uniform(i, j, 6) < flowers.1 {
            color = flowers.0 * mix(0.7, 1.2, young);
        }
        // Outer leaves catch the light, inner ones are in each other's shade; the underside of a clump is dark.
        let outer = 1.0 - smoothstep(0.0, 0.4, density);
        let shade = mix(0.5, 1.2, noise.uniform(i, j, 7)) * mix(0.7, 1.15, outer);
        let below = match &self.clump {
            Clump::Bush(center, half) => mix(1.2, 0.5, smoothstep(-0.8, 0.9, (at.y - center.y) / half.y)),
            Clump::Garland(..) => 1.0,
        };
        let size = self.cell * mix(0.62, LONGEST, noise.uniform(i, j, 8));
        Some(Leaf { at: moved, axis: Vec2::from_angle(angle), size, color: color * (shade * below) })
    }
}

impl Motion for Leaves {
    fn sheet(&self) -> Sheet {
        Sheet::Upright(self.z)
    }

    fn covers(&self, uv: Vec2) -> bool {
        self.coverage.contains(uv)
    }

    fn pose(&self, time: f32) -> Box<dyn Paint + '_> {
        let [columns, rows] = self.count;
        let leaves = (0..rows).flat_map(|j| (0..columns).map(move |i| self.leaf(i, j, time))).collect();
        Box::new(Rustling { clump: self, leaves })
    }
}

struct Rustling<'a> {
    clump: &'a Leaves,
    leaves: Vec<Option<Leaf>>,
}

impl Paint for Rustling<'_> {
    fn paint(&self, uv: Vec2) -> Vec4 {
        let [columns, rows] = self.clump.count;
        let home = ((uv - self.clump.low) / self.clump.cell).floor();
        let (hi, hj) = (home.x as i32, home.y as i32);
        let mut top: Option<(u32, Vec3)> = None;
        for j in (hj - 1).max(0)..=(hj + 1).min(rows - 1) {
            for i in (hi - 1).max(0)..=(hi + 1).min(columns - 1) {
                let Some(leaf) = self.leaves[(j * columns + i) as usize] else { continue };
                let d = uv - leaf.at;
                let (along, across) = (d.dot(leaf.axis) / leaf.size, d.perp_dot(leaf.axis) / leaf.size);
                // A pointed oval.
                if along.abs() < 1.0 && across.abs() < 0.52 * (1.0 - along * along) {
                    let order = self.clump.noise.bits(i, j, 10);
                    if top.is_none_or(|(other, _)| order > other) {
                        let crease = if across > 0.0 { 1.13 } else { 0.82 };
                        top = Some((order, leaf.color * (crease * (1.0 + 0.15 * along))));
                    }
                }
            }
        }
        top.map_or(Vec4::ZERO, |(_, color)| (color * leaf_light(uv.extend(self.clump.z))).extend(1.0))
    }
}
