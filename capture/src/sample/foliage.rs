//! Foliage: tufts of grass and clumps of leaves that sway in gusts.

use super::garden::{FIRE, TORCH, firelight, skylight};
use super::geometry::Arch;
use super::motion::{Motion, Paint, Sheet};
use super::noise::{Noise, mix, smoothstep};
use glam::{Vec2, Vec3, Vec4};

/// Wind at a place and time, about −1 to 1: gusts that travel to the right.
fn wind(noise: Noise, x: f32, time: f32) -> f32 {
    noise.plane(Vec2::new(x * 0.8 - time * 0.75, time * 0.55)) + 0.4 * noise.salted(1).plane(Vec2::new(x * 2.2 - time * 1.6, time * 0.9))
}

/// Light on a leaf at `point`: sky, and the fires from either side of it, since leaves let light through.
fn leaf_light(point: Vec3) -> Vec3 {
    skylight(Vec3::new(-0.2, -0.75, -0.6)) + 0.62 * firelight(&FIRE, point) + 0.5 * firelight(&TORCH, point)
}

/// A row of grass blades on an upright sheet.
pub struct Blades {
    noise: Noise,
    x: [f32; 2],
    z: f32,
    height: f32,
    spacing: f32,
}

#[derive(Clone, Copy)]
struct Blade {
    root: f32,
    /// y of the root: blades of a row do not stand in one line.
    ground: f32,
    height: f32,
    bend: f32,
    half_width: f32,
    color: Vec3,
}

impl Blades {
    /// Blades between the two x, at depth z, about `height` tall.
    pub fn new(noise: Noise, x: [f32; 2], z: f32, height: f32) -> Self {
        Self { noise, x, z, height, spacing: 0.0085 * z.sqrt() }
    }

    fn reach(&self) -> f32 {
        self.height * 0.75
    }
}

impl Motion for Blades {
    fn sheet(&self) -> Sheet {
        Sheet::Upright(self.z)
    }

    fn covers(&self, uv: Vec2) -> bool {
        let margin = self.reach() * (-uv.y / self.height).clamp(0.0, 1.2);
        (self.x[0] - margin..self.x[1] + margin).contains(&uv.x) && (-1.15 * self.height..0.0).contains(&uv.y)
    }

    fn pose(&self, time: f32) -> Box<dyn Paint + '_> {
        let noise = self.noise;
        let count = ((self.x[1] - self.x[0]) / self.spacing) as i32;
        let blades = (0..count)
            .map(|i| {
                let root = self.x[0] + (i as f32 + noise.uniform(i, 0, 1)) * self.spacing;
                // Tufts: taller in the middle of the row and in clumps.
                let across = (root - self.x[0]) / (self.x[1] - self.x[0]) * 2.0 - 1.0;
                let clump = 0.78 + 0.3 * noise.salted(3).line(root * 3.5);
                let height = self.height * clump * mix(0.45, 1.0, noise.uniform(i, 0, 2)) * (1.0 - 0.6 * across.powi(4));
                let lean = 0.75 * (noise.uniform(i, 0, 3) - 0.5) + 0.25 * across;
                let flutter = 0.05 * noise.salted(4).plane(Vec2::new(i as f32 * 3.7, time * 1.7));
                let sway = 0.17 * wind(noise.salted(5), root, time) + flutter;
                let dry = noise.uniform(i, 0, 4);
                let green = Vec3::new(0.10, 0.21, 0.05).lerp(Vec3::new(0.30, 0.30, 0.09), dry * dry);
                let shade = mix(0.55, 1.25, noise.uniform(i, 0, 6));
                Blade {
                    root,
                    ground: 0.06 * (noise.uniform(i, 0, 7) - 0.75),
                    height,
                    bend: (lean + sway) * height,
                    half_width: 0.011 * mix(0.7, 1.25, noise.uniform(i, 0, 5)),
                    color: green * shade,
                }
            })
            .collect();
        Box::new(Swaying { row: self, blades })
    }
}

struct Swaying<'a> {
    row: &'a Blades,
    blades: Vec<Blade>,
}

impl Paint for Swaying<'_> {
    fn paint(&self, uv: Vec2) -> Vec4 {
        let Blades { spacing, z, .. } = *self.row;
        let up = -uv.y;
        let margin = self.row.reach() * (up / self.row.height).clamp(0.05, 1.0).powi(2) + 2.0 * spacing;
        let index = |x: f32| ((x - self.row.x[0]) / spacing).clamp(0.0, self.blades.len() as f32) as usize;
        for blade in &self.blades[index(uv.x - margin)..index(uv.x + margin)] {
            let s = (up + blade.ground) / blade.height;
            if (0.0..1.0).contains(&s) {
                let middle = blade.root + blade.bend * s * s;
                let half = blade.half_width * (1.0 - s * s * 0.92);
                let side = (uv.x - middle) / half;
                if side.abs() < 1.0 {
                    let rib = 1.0 + 0.28 * side;
                    let deep = mix(0.28, 1.15, smoothstep(0.0, 0.8, s));
                    let color = blade.color * leaf_light(Vec3::new(uv.x, uv.y, z)) * (rib * deep);
                    return color.extend(1.0);
                }
            }
        }
        Vec4::ZERO
    }
}

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
        let cell = 0.062;
        let low = center.truncate() - half * 1.3;
        let count = (half * 2.6 / cell).ceil();
        let clump = Clump::Bush(center.truncate(), half);
        Self { noise, z: center.z, clump, cell, sway: 0.035, low, count: [count.x as i32, count.y as i32] }
    }

    /// A creeper over the left shoulder of `arch`.
    pub fn garland(noise: Noise, arch: Arch) -> Self {
        let cell = 0.047;
        let low = Vec2::new(-1.75, -2.1);
        let count = ((Vec2::new(0.75, -0.55) - low) / cell).ceil();
        let clump = Clump::Garland(arch);
        Self { noise, z: arch.z[0] - 0.03, clump, cell, sway: 0.018, low, count: [count.x as i32, count.y as i32] }
    }

    /// How thickly leaves grow at a place: none below 0.
    fn density(&self, p: Vec2) -> f32 {
        match &self.clump {
            Clump::Bush(center, half) => {
                let d = (p - *center) / *half;
                let radius = 1.0 + 0.22 * self.noise.salted(7).plane(p * 2.6) + 0.14 * self.noise.salted(8).plane(p * 6.0);
                radius - d.length()
            }
            Clump::Garland(arch) => {
                let around = arch.along(p.x, p.y);
                // Trails hang from the edge, of uneven length.
                let trail = 0.13 + 0.13 * self.noise.salted(7).line(p.x * 5.5) + 0.10 * self.noise.salted(8).line(p.x * 15.0);
                let hang = around.y + trail;
                let cover = 0.30 + 0.26 * self.noise.salted(9).plane(p * 3.2) - around.y;
                let high = (-0.62 - p.y) * 1.2 + 0.22 * self.noise.salted(6).plane(p * 3.0);
                hang.min(cover).min(high)
            }
        }
    }

    /// Leaf of a grid place, or none.
    fn leaf(&self, i: i32, j: i32, time: f32) -> Option<Leaf> {
        let noise = self.noise;
        let jitter = Vec2::new(noise.uniform(i, j, 1), noise.uniform(i, j, 2)) - 0.5;
        let at = self.low + (Vec2::new(i as f32, j as f32) + 0.5 + 0.8 * jitter) * self.cell;
        let density = self.density(at);
        let thick = density / (4.0 * self.cell);
        if thick < noise.uniform(i, j, 3) * 0.7 {
            return None;
        }
        let gust = wind(noise.salted(11), at.x + 0.6 * at.y, time);
        let flutter = noise.salted(12).plane(Vec2::new((i * 31 + j * 17) as f32 * 0.71, time * 1.6));
        let moved = at + Vec2::new(gust, 0.35 * gust) * self.sway + 0.004 * flutter;
        let angle = match self.clump {
            Clump::Bush(..) => std::f32::consts::TAU * noise.uniform(i, j, 4),
            Clump::Garland(..) => 1.57 + 2.0 * (noise.uniform(i, j, 4) - 0.5),
        } + 0.35 * flutter + 0.2 * gust;
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
        let size = self.cell * mix(0.62, 0.95, noise.uniform(i, j, 8));
        Some(Leaf { at: moved, axis: Vec2::from_angle(angle), size, color: color * (shade * below) })
    }
}

impl Motion for Leaves {
    fn sheet(&self) -> Sheet {
        Sheet::Upright(self.z)
    }

    fn covers(&self, uv: Vec2) -> bool {
        let p = (uv - self.low) / self.cell;
        let inside = p.x > 0.0 && p.y > 0.0 && p.x < self.count[0] as f32 && p.y < self.count[1] as f32;
        // A leaf stands within its cell, moves by `sway` and is about a cell long.
        inside && self.density(uv) > -1.6 * (2.0 * self.cell + self.sway)
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
