//! Tufts of grass that bend in the wind.

use crate::light::leaf_light;
use crate::motion::{Coverage, Motion, Paint, Sheet};
use crate::noise::{Noise, mix, smoothstep};
use crate::wind::{WIND, wind};
use glam::{Vec2, Vec3, Vec4};

/// A row of grass blades on an upright sheet.
pub struct Blades {
    noise: Noise,
    x: [f32; 2],
    z: f32,
    height: f32,
    spacing: f32,
    blades: Vec<Blade>,
    coverage: Coverage,
}

#[derive(Clone, Copy)]
struct Blade {
    root: f32,
    /// y of the root: blades of a row do not stand in one line.
    ground: f32,
    height: f32,
    /// Sideways displacement of the tip for each unit of height, in still air.
    lean: f32,
    half_width: f32,
    color: Vec3,
}

/// How far gusts, and each blade's own flutter, bend a blade, for each unit of its height.
const GUST: f32 = 0.17;
const FLUTTER: f32 = 0.05;
const SWAY: f32 = GUST * WIND + FLUTTER;

impl Blade {
    fn grow(noise: Noise, i: i32, x: [f32; 2], spacing: f32, height: f32) -> Self {
        let root = x[0] + (i as f32 + noise.uniform(i, 0, 1)) * spacing;
        // Tufts: taller in the middle of the row and in clumps.
        let across = (root - x[0]) / (x[1] - x[0]) * 2.0 - 1.0;
        let clump = 0.78 + 0.3 * noise.salted(3).line(root * 3.5);
        let dry = noise.uniform(i, 0, 4);
        let green = Vec3::new(0.10, 0.21, 0.05).lerp(Vec3::new(0.30, 0.30, 0.09), dry * dry);
        Self {
            root,
            ground: 0.06 * (noise.uniform(i, 0, 7) - 0.75),
            height: height * clump * mix(0.45, 1.0, noise.uniform(i, 0, 2)) * (1.0 - 0.6 * across.powi(4)),
            lean: 0.75 * (noise.uniform(i, 0, 3) - 0.5) + 0.25 * across,
            half_width: 0.011 * mix(0.7, 1.25, noise.uniform(i, 0, 5)),
            color: green * mix(0.55, 1.25, noise.uniform(i, 0, 6)),
        }
    }
}

impl Blades {
    /// Blades between the two x, at depth z, about `height` tall.
    pub fn new(noise: Noise, x: [f32; 2], z: f32, height: f32) -> Self {
        let spacing = 0.0085 * z.sqrt();
        let count = ((x[1] - x[0]) / spacing) as i32;
        let blades: Vec<Blade> = (0..count).map(|i| Blade::grow(noise, i, x, spacing, height)).collect();
        let (low, high) = (Vec2::new(x[0] - height, -1.4 * height), Vec2::new(x[1] + height, 0.0));
        let mut coverage = Coverage::new(low, high, 0.02);
        for blade in &blades {
            for step in 0..=24 {
                let s = step as f32 / 24.0;
                let at = Vec2::new(blade.root + blade.lean * blade.height * s * s, blade.ground - s * blade.height);
                let swing = SWAY * blade.height * s * s + blade.half_width;
                coverage.mark(at, Vec2::new(swing, blade.height / 48.0));
            }
        }
        Self { noise, x, z, height, spacing, blades, coverage }
    }
}

impl Motion for Blades {
    fn sheet(&self) -> Sheet {
        Sheet::Upright(self.z)
    }

    fn covers(&self, uv: Vec2) -> bool {
        self.coverage.contains(uv)
    }

    fn pose(&self, time: f32) -> Box<dyn Paint + '_> {
        let noise = self.noise;
        let bends = self.blades.iter().enumerate().map(|(i, blade)| {
            let flutter = FLUTTER * noise.salted(4).plane(Vec2::new(i as f32 * 3.7, time * 1.7)).clamp(-1.0, 1.0);
            (blade.lean + GUST * wind(noise.salted(5), blade.root, time) + flutter) * blade.height
        });
        Box::new(Swaying { row: self, bends: bends.collect() })
    }
}

struct Swaying<'a> {
    row: &'a Blades,
    /// Sideways displacement of each blade's tip.
    bends: Vec<f32>,
}

impl Paint for Swaying<'_> {
    fn paint(&self, uv: Vec2) -> Vec4 {
        let row = self.row;
        let up = -uv.y;
        // No blade leans or bends further than its own height.
        let margin = row.height * 0.75 * (up / row.height).clamp(0.05, 1.0).powi(2) + 2.0 * row.spacing;
        let index = |x: f32| ((x - row.x[0]) / row.spacing).clamp(0.0, row.blades.len() as f32) as usize;
        let some = index(uv.x - margin)..index(uv.x + margin);
        for (blade, bend) in row.blades[some.clone()].iter().zip(&self.bends[some]) {
            let s = (up + blade.ground) / blade.height;
            if (0.0..1.0).contains(&s) {
                let middle = blade.root + bend * s * s;
                let half = blade.half_width * (1.0 - s * s * 0.92) * mix(0.25, 1.0, smoothstep(0.0, 0.2, s));
                let side = (uv.x - middle) / half;
                if side.abs() < 1.0 {
                    let rib = 1.0 + 0.28 * side;
                    let deep = mix(0.28, 1.15, smoothstep(0.0, 0.8, s));
                    let color = blade.color * leaf_light(Vec3::new(uv.x, uv.y, row.z)) * (rib * deep);
                    return color.extend(1.0);
                }
            }
        }
        Vec4::ZERO
    }
}
