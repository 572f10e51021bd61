//! Materials of what is static: relief and colour of stone, brick, iron and sky, as functions of surface
//! coordinates in world units. All are faded where they become finer than a pixel.

use crate::geometry::Arch;
use crate::noise::{Noise, mix, smoothstep};
use glam::{Vec2, Vec3};

/// What a solid is made of.
#[derive(Clone, Copy, Debug)]
pub enum Material {
    /// Irregular slabs with moss between them.
    Flagstones,
    /// Courses of old brick.
    Brick,
    /// Large pale dressed blocks.
    Ashlar,
    /// Slabs on top of walls and the basin's rim.
    Coping,
    /// The stones of the arch, wedge-shaped around its opening.
    Voussoirs(Arch),
    /// The iron of the fire bowls.
    Iron,
    /// Glowing coals.
    Embers,
    /// The evening sky.
    Sky,
    /// Far hills with trees, cut out along their outline.
    Hills,
}

/// Colour and relief of a place on a surface.
#[derive(Clone, Copy, Debug)]
pub struct Look {
    /// Diffuse reflectance, linear RGB.
    pub albedo: Vec3,
    /// Light of its own, linear RGB.
    pub emission: Vec3,
    /// Slope of the relief along the two tangents.
    pub slope: Vec2,
}

/// One place of a pattern of stones.
#[derive(Clone, Copy)]
struct Stone {
    /// Height above the joint in world units.
    height: f32,
    /// 0 in the joint, 1 in the stone.
    inside: f32,
    /// Random numbers of this stone, in [0, 1).
    tone: [f32; 2],
}

const MOSS: Vec3 = Vec3::new(0.075, 0.125, 0.035);

/// Courses of `row` height with blocks about `length` long and joints of `joint`.
fn blocks(noise: Noise, uv: Vec2, row: f32, length: f32, joint: f32) -> Stone {
    let wobble = noise.salted(9);
    let w = uv + 0.07 * row * Vec2::new(wobble.plane(uv * (0.7 / row)), wobble.plane(uv * (0.7 / row) + 31.7));
    let course = (w.y / row).floor();
    let j = course as i32;
    let along = w.x / length + 0.5 * course + 0.3 * noise.uniform(j, 0, 7);
    let start = |i: i32| i as f32 + 0.36 * (noise.uniform(i, j, 1) - 0.5);
    let mut i = along.floor() as i32;
    if along < start(i) {
        i -= 1;
    } else if along >= start(i + 1) {
        i += 1;
    }
    let half = Vec2::new((start(i + 1) - start(i)) * length, row) * 0.5;
    let middle = Vec2::new((start(i) + start(i + 1)) * 0.5 * length, row * 0.5);
    let local = Vec2::new(along * length, w.y - course * row) - middle;
    let round = 0.12 * row;
    let q = local.abs() - half + joint * 0.5 + round;
    let edge = round - q.max(Vec2::ZERO).length() - q.max_element().min(0.0);
    let bulge = smoothstep(0.0, 0.09 * row + joint, edge);
    let tilt = (noise.uniform(i, j, 4) - 0.5) * local.x + (noise.uniform(i, j, 5) - 0.5) * local.y;
    Stone {
        height: joint * 0.9 * bulge + 0.10 * tilt * bulge,
        inside: smoothstep(-0.2 * joint, 0.5 * joint, edge),
        tone: [noise.uniform(i, j, 2), noise.uniform(i, j, 3)],
    }
}

/// Irregular slabs: cells around jittered points, apart by a joint.
fn slabs(noise: Noise, uv: Vec2, size: f32) -> Stone {
    let p = uv / size + 0.09 * Vec2::new(noise.plane(uv * 3.1), noise.plane(uv * 3.1 + 17.3));
    let cell = p.floor();
    let mut nearest = (f32::MAX, Vec2::ZERO, (0, 0));
    let point = |dx: i32, dy: i32| {
        let (i, j) = (cell.x as i32 + dx, cell.y as i32 + dy);
        let at = Vec2::new(i as f32, j as f32)
            + 0.5
            + 0.62 * (Vec2::new(noise.uniform(i, j, 1), noise.uniform(i, j, 2)) - 0.5);
        (at - p, (i, j))
    };
    for dy in -1..=1 {
        for dx in -1..=1 {
            let (to, id) = point(dx, dy);
            if to.length_squared() < nearest.0 {
                nearest = (to.length_squared(), to, id);
            }
        }
    }
    // Distance to the nearest bisector of this cell and another.
    let mut edge = f32::MAX;
    for dy in -2..=2 {
        for dx in -2..=2 {
            let (to, id) = point(dx, dy);
            if id != nearest.2 {
                let across = to - nearest.1;
                edge = edge.min((to + nearest.1).dot(across) * 0.5 / across.length());
            }
        }
    }
    let (i, j) = nearest.2;
    let edge = edge * size - 0.012;
    let local = -nearest.1 * size;
    let tilt = (noise.uniform(i, j, 3) - 0.5) * local.x + (noise.uniform(i, j, 4) - 0.5) * local.y;
    let bulge = smoothstep(-0.004, 0.035, edge);
    Stone {
        height: 0.02 * bulge + 0.12 * tilt * bulge,
        inside: smoothstep(-0.004, 0.01, edge),
        tone: [noise.uniform(i, j, 5), noise.uniform(i, j, 6)],
    }
}

/// Radiance of the evening sky on its backdrop, at (x, y).
pub fn sky(noise: Noise, p: Vec2) -> Vec3 {
    let up = smoothstep(-1.6, -3.2, p.y);
    let toward_sun = (-0.5 * (p.x + 1.6).powi(2) / 4.0).exp();
    let low = Vec3::new(0.62, 0.30, 0.20).lerp(Vec3::new(1.25, 0.55, 0.22), toward_sun);
    let high = Vec3::new(0.075, 0.11, 0.27);
    let mut color =
        low.lerp(Vec3::new(0.30, 0.21, 0.34), smoothstep(0.0, 0.45, up)).lerp(high, smoothstep(0.3, 1.0, up));
    let q = Vec2::new(p.x * 0.55, p.y * 2.6);
    let bank = noise.fractal(q + 0.5 * noise.plane(q * 1.3), 5, 0.52, 0.02);
    let cloud = smoothstep(0.02, 0.62, bank);
    let lit = Vec3::new(1.1, 0.42, 0.24).lerp(Vec3::new(0.42, 0.20, 0.27), smoothstep(0.1, 0.9, up));
    color = color.lerp(lit, 0.72 * cloud);
    color
}

/// Height (as y) of the hills' outline at x: ridges, with trees on them.
fn outline(noise: Noise, x: f32) -> f32 {
    let ridge = -2.02 - 0.16 * noise.line(x * 0.45) - 0.05 * noise.line(x * 1.7 + 4.0);
    let cell = (x / 0.34).floor();
    let mut tree = 0.0f32;
    for i in [cell as i32 - 1, cell as i32, cell as i32 + 1] {
        let center = (i as f32 + 0.5 + 0.5 * (noise.uniform(i, 0, 1) - 0.5)) * 0.34;
        let tall = 0.45 * noise.uniform(i, 0, 2).powi(3);
        let d = ((x - center) / (0.05 + 0.06 * noise.uniform(i, 0, 3))).abs();
        tree = tree.max(tall * (1.0 - d).max(0.0).powf(0.55));
    }
    ridge - tree - 0.02 * noise.line(x * 14.0)
}

impl Material {
    /// Whether the surface is there at `uv` (hills end at their outline).
    pub fn covers(&self, noise: Noise, uv: Vec2) -> bool {
        !matches!(self, Material::Hills) || uv.y > outline(noise.salted(60), uv.x)
    }

    fn stone(&self, noise: Noise, uv: Vec2, level: bool) -> Stone {
        match *self {
            Material::Flagstones => slabs(noise.salted(10), uv, 0.43),
            Material::Brick => blocks(noise.salted(11), uv, 0.125, 0.31, 0.018),
            Material::Ashlar => blocks(noise.salted(12), uv + Vec2::new(0.21, 0.0), 0.215, 0.42, 0.011),
            Material::Coping => blocks(noise.salted(13), uv + Vec2::new(0.0, 0.21), 0.5, 0.52, 0.010),
            Material::Voussoirs(arch) if !level => {
                let around = arch.along(uv.x, uv.y);
                if around.y < 0.3 {
                    blocks(noise.salted(14), around, 0.3, 0.235, 0.010)
                } else {
                    blocks(noise.salted(15), uv, 0.19, 0.33, 0.011)
                }
            }
            Material::Voussoirs(_) => blocks(noise.salted(16), uv, 0.22, 0.235, 0.012),
            Material::Iron | Material::Embers | Material::Sky | Material::Hills => {
                Stone { height: 0.0, inside: 1.0, tone: [0.5, 0.5] }
            }
        }
    }

    fn height(&self, noise: Noise, uv: Vec2, soffit: bool, footprint: f32) -> (f32, Stone) {
        let stone = self.stone(noise, uv, soffit);
        let (rough, scale) = match self {
            Material::Flagstones => (0.013, 9.0),
            Material::Brick => (0.009, 15.0),
            Material::Iron => (0.003, 22.0),
            Material::Sky | Material::Hills | Material::Embers => return (0.0, stone),
            Material::Ashlar | Material::Coping | Material::Voussoirs(_) => (0.010, 11.0),
        };
        let grain = noise.salted(20).fractal(uv * scale, 4, 0.6, footprint * scale);
        (stone.height + rough * grain, stone)
    }

    /// The look at surface coordinates `uv` (world units) and `point`, for a pixel `footprint` world units large.
    /// `soffit` is true on the inside of the arch's opening.
    pub fn look(&self, noise: Noise, uv: Vec2, point: Vec3, soffit: bool, footprint: f32) -> Look {
        if let Material::Sky = self {
            return Look { albedo: Vec3::ZERO, emission: sky(noise.salted(61), uv), slope: Vec2::ZERO };
        }
        let step = footprint.max(0.004);
        let (height, stone) = self.height(noise, uv, soffit, footprint);
        let (right, _) = self.height(noise, uv + Vec2::new(step, 0.0), soffit, footprint);
        let (down, _) = self.height(noise, uv + Vec2::new(0.0, step), soffit, footprint);
        let slope = Vec2::new(right - height, down - height) / step;
        let blotch = noise.salted(21).fractal(uv * 1.7, 4, 0.6, footprint * 1.7);
        let speck = noise.salted(22).fractal(uv * 21.0, 3, 0.7, footprint * 21.0);
        let [tone, tint] = stone.tone;
        let (body, joint, moss) = match self {
            Material::Flagstones => {
                let warm = Vec3::new(0.34, 0.27, 0.20).lerp(Vec3::new(0.24, 0.25, 0.27), tint);
                (warm * mix(0.62, 1.25, tone), Vec3::new(0.05, 0.055, 0.03), 0.35 + 0.5 * blotch)
            }
            Material::Brick => {
                let red = Vec3::new(0.37, 0.16, 0.095).lerp(Vec3::new(0.30, 0.20, 0.15), tint * tint);
                let low = smoothstep(-0.7, 0.0, point.y);
                (red * mix(0.5, 1.3, tone), Vec3::new(0.20, 0.18, 0.16), 0.7 * low - 0.25 + 0.5 * blotch)
            }
            Material::Ashlar => {
                let pale = Vec3::new(0.46, 0.41, 0.33).lerp(Vec3::new(0.38, 0.37, 0.36), tint);
                // Where water runs and splashes, stone is dark and green.
                let wet = smoothstep(0.85, 0.45, point.x.abs()) * smoothstep(-1.5, -0.9, point.y);
                (
                    pale * mix(0.72, 1.15, tone) * (1.0 - 0.45 * wet),
                    Vec3::new(0.14, 0.13, 0.11),
                    wet - 0.55 + 0.6 * blotch,
                )
            }
            Material::Coping => {
                let pale = Vec3::new(0.44, 0.40, 0.34);
                (pale * mix(0.75, 1.15, tone), Vec3::new(0.14, 0.13, 0.11), -0.2 + 0.7 * blotch)
            }
            Material::Voussoirs(_) => {
                let brown = Vec3::new(0.40, 0.33, 0.27).lerp(Vec3::new(0.30, 0.30, 0.31), tint);
                (brown * mix(0.6, 1.2, tone), Vec3::new(0.10, 0.09, 0.08), -0.15 + 0.65 * blotch)
            }
            Material::Iron => (Vec3::new(0.075, 0.07, 0.068), Vec3::ZERO, -9.0),
            Material::Embers => {
                let glow = smoothstep(-0.3, 0.6, noise.salted(23).plane(uv * 16.0));
                let emission = Vec3::new(0.25, 0.03, 0.005).lerp(Vec3::new(2.6, 0.85, 0.16), glow);
                return Look { albedo: Vec3::splat(0.03), emission, slope };
            }
            Material::Hills => {
                let haze = smoothstep(-2.4, -1.7, uv.y);
                let emission = Vec3::new(0.055, 0.05, 0.085).lerp(Vec3::new(0.17, 0.12, 0.15), haze)
                    * (1.0 + 0.25 * speck * 0.6 + 0.2 * blotch);
                return Look { albedo: Vec3::ZERO, emission, slope: Vec2::ZERO };
            }
            Material::Sky => (Vec3::ZERO, Vec3::ZERO, 0.0),
        };
        let weathered = body * (1.0 + 0.26 * blotch) * (1.0 + 0.34 * speck);
        let bare = joint.lerp(weathered, stone.inside);
        // Moss starts in the joints and spreads where it is damp.
        let grown = smoothstep(0.1, 0.75, moss + 0.45 * (1.0 - stone.inside) + 0.25 * speck);
        let green = MOSS * (1.0 + 0.45 * speck + 0.3 * blotch);
        Look { albedo: bare.lerp(green, 0.75 * grown).max(Vec3::splat(0.008)), emission: Vec3::ZERO, slope }
    }
}
