//! The garden: what is where, and what a ray that meets nothing moving sees.

use crate::cameras::MIDDLE;
use crate::flame::Flame;
use crate::geometry::{Arch, Hit, Ray, Shape};
use crate::grass::Blades;
use crate::leaves::Leaves;
use crate::light::{FIRE, Light, TORCH, firelight, skylight};
use crate::motion::Motion;
use crate::noise::Noise;
use crate::stone::Material;
use crate::water::{Fall, Mist, Pool, Stream};
use glam::{Vec2, Vec3};

/// Light that leaves a point towards every viewer, linear RGB.
#[derive(Clone, Copy, Debug, Default)]
pub struct Radiance {
    /// Sky, torch and own light.
    pub steady: Vec3,
    /// Light of the fire, which flickers a little.
    pub fire: Vec3,
}

/// Everything static, and the moving things in front of it.
pub struct Garden {
    noise: Noise,
    solids: Vec<(Shape, Material)>,
    /// Moving things in no particular order.
    pub(crate) motions: Vec<Box<dyn Motion>>,
}

/// Whether the basin's rim is cut away at `p`, for the spout.
fn notched(p: Vec3) -> bool {
    p.x.abs() < 0.13 && p.y < -0.34 && (3.4..4.1).contains(&p.z)
}

impl Garden {
    /// The garden of a seed.
    pub fn new(seed: u64) -> Self {
        let noise = Noise::new(seed);
        let arch = Arch { center: Vec2::new(0.6, -0.42), radius: 1.6, z: [2.55, 3.0] };
        let block = |low: [f32; 3], high: [f32; 3]| Shape::Box(low.into(), high.into());
        let tube = |x: f32, z: f32, inner: f32, outer: f32, top: f32, bottom: f32| {
            Shape::Tube(Vec2::new(x, z), inner, outer, top, bottom)
        };
        let solids = vec![
            (Shape::Ground, Material::Flagstones),
            (Shape::Arch(arch), Material::Voussoirs(arch)),
            // Fountain: face, wings, their caps, the lip that the water leaves.
            (block([-0.74, -1.72, 5.0], [0.74, 0.0, 5.8]), Material::Ashlar),
            (block([-0.85, -1.85, 4.9], [0.85, -1.72, 5.9]), Material::Coping),
            (block([-1.45, -0.92, 5.1], [1.45, 0.0, 5.75]), Material::Ashlar),
            (block([-1.52, -1.02, 5.03], [1.52, -0.92, 5.8]), Material::Coping),
            (block([-0.56, -1.42, 4.86], [0.56, -1.33, 5.05]), Material::Coping),
            // Basin and its rim.
            (tube(0.0, 5.0, 1.05, 1.22, -0.36, 0.0), Material::Ashlar),
            (tube(0.0, 5.0, 1.03, 1.29, -0.42, -0.34), Material::Coping),
            // The spout in the rim that feeds the stream.
            (block([-0.2, -0.43, 3.5], [-0.12, -0.27, 4.02]), Material::Coping),
            (block([0.12, -0.43, 3.5], [0.2, -0.27, 4.02]), Material::Coping),
            (block([-0.2, -0.35, 3.52], [0.2, -0.27, 3.76]), Material::Coping),
            // Back wall with its coping and two pillars.
            (block([-9.0, -1.62, 6.8], [9.0, 0.0, 7.2]), Material::Brick),
            (block([-9.0, -1.73, 6.72], [9.0, -1.62, 7.28]), Material::Coping),
            (block([-3.1, -1.95, 6.6], [-2.6, 0.0, 7.3]), Material::Ashlar),
            (block([-3.18, -2.07, 6.52], [-2.52, -1.95, 7.38]), Material::Coping),
            (block([2.3, -1.95, 6.6], [2.8, 0.0, 7.3]), Material::Ashlar),
            (block([2.22, -2.07, 6.52], [2.88, -1.95, 7.38]), Material::Coping),
            // Fire bowl on its foot.
            (tube(1.62, 4.2, 0.0, 0.22, -0.09, 0.0), Material::Coping),
            (tube(1.62, 4.2, 0.0, 0.10, -0.62, -0.09), Material::Iron),
            (Shape::Bowl(Vec3::new(1.62, -0.84, 4.2), 0.29), Material::Iron),
            (tube(1.62, 4.2, 0.26, 0.31, -0.87, -0.82), Material::Iron),
            (tube(1.62, 4.2, 0.0, 0.255, -0.85, -0.84), Material::Embers),
            // Torch.
            (tube(-1.33, 6.45, 0.0, 0.035, -1.25, -0.85), Material::Iron),
            (Shape::Bowl(Vec3::new(-1.33, -1.27, 6.45), 0.1), Material::Iron),
            (block([-1.35, -1.04, 6.45], [-1.31, -1.0, 6.8]), Material::Iron),
            (block([-30.0, -20.0, 8.3], [30.0, 0.0, 8.31]), Material::Hills),
            (block([-30.0, -20.0, 9.0], [30.0, 0.0, 9.01]), Material::Sky),
        ];
        Self { noise, solids, motions: motions(noise, arch) }
    }

    /// The first solid along a ray.
    pub(crate) fn trace(&self, ray: &Ray) -> Option<(Hit, Material)> {
        let mut best: Option<(Hit, Material)> = None;
        for (shape, material) in &self.solids {
            let limit = best.map_or(f32::MAX, |(hit, _)| hit.t);
            if let Some(hit) = shape.hit(ray, limit)
                && material.covers(self.noise, hit.uv)
                && !(matches!(shape, Shape::Tube(..)) && notched(ray.at(hit.t)))
            {
                best = Some((hit, *material));
            }
        }
        best
    }

    /// Whether a solid is between two points.
    fn shadowed(&self, from: Vec3, to: Vec3) -> bool {
        let ray = Ray { origin: from, direction: to - from };
        self.solids.iter().any(|(shape, material)| {
            !matches!(material, Material::Sky | Material::Hills | Material::Iron | Material::Embers)
                && shape.hit(&ray, 0.999).is_some()
        })
    }

    /// Fraction of the sky that reaches a point: how much nearer solids are than the open half space.
    fn openness(&self, point: Vec3, normal: Vec3) -> f32 {
        let mut hidden = 0.0;
        for (reach, weight) in [(0.06, 1.6), (0.2, 0.9), (0.5, 0.45)] {
            let tap = point + normal * reach;
            let free = self.solids.iter().map(|(shape, _)| shape.distance(tap)).fold(reach, f32::min);
            hidden += weight * (reach - free.max(0.0)) / reach;
        }
        (1.0 - 0.42 * hidden).max(0.12)
    }

    /// Light that leaves a solid at `hit`. `sample` (any two numbers in [0, 1)) picks a point of each fire for its shadow.
    pub(crate) fn shade(&self, ray: &Ray, hit: &Hit, material: Material, sample: Vec2) -> Radiance {
        let point = ray.at(hit.t);
        // View-independent size of a pixel there: from the middle of the cameras, 1 px = depth / 345.
        let footprint = (point - MIDDLE).length() / 345.0;
        let soffit = matches!(material, Material::Voussoirs(_)) && hit.normal.z.abs() < 0.5;
        let look = material.look(self.noise, hit.uv, point, soffit, footprint);
        if look.albedo == Vec3::ZERO {
            return Radiance { steady: look.emission, fire: Vec3::ZERO };
        }
        let bent = hit.normal - hit.tangents[0] * look.slope.x - hit.tangents[1] * look.slope.y;
        let normal = bent.normalize_or(hit.normal);
        let open = self.openness(point, hit.normal);
        let start = point + hit.normal * 2e-3;
        let from_fire = |light: &Light| {
            let angle = sample.x * std::f32::consts::TAU;
            let spread = Vec3::new(angle.cos(), 2.0 * sample.y - 1.0, angle.sin()) * light.radius;
            let toward = light.position + spread - point;
            let cosine = normal.dot(toward.normalize());
            let faces = hit.normal.dot(toward) > 0.0 && cosine > 0.0;
            if faces && !self.shadowed(start, light.position + spread) {
                firelight(light, point) * cosine
            } else {
                Vec3::ZERO
            }
        };
        let around = skylight(normal) * open + 0.035 * firelight(&FIRE, point) * open;
        let mut steady = look.albedo * (around + from_fire(&TORCH)) + look.emission;
        let mut fire = look.albedo * from_fire(&FIRE);
        // Evening haze, by distance along z so that every camera sees the same.
        let haze = 1.0 - (-0.014 * (point.z - 2.5).max(0.0)).exp();
        steady = steady.lerp(Vec3::new(0.24, 0.19, 0.26), haze);
        fire *= 1.0 - haze;
        Radiance { steady, fire }
    }
}

fn motions(noise: Noise, arch: Arch) -> Vec<Box<dyn Motion>> {
    let salted = |salt: u32| noise.salted(100 + salt);
    vec![
        Box::new(Fall::fountain(salted(0))),
        Box::new(Fall::spout(salted(13))),
        Box::new(Pool::new(salted(1))),
        Box::new(Stream::new(salted(2))),
        Box::new(Mist::new(salted(3))),
        Box::new(Flame::new(salted(4), Vec3::new(1.62, -0.82, 4.2), [0.25, 0.82])),
        Box::new(Flame::new(salted(5), Vec3::new(-1.33, -1.25, 6.45), [0.11, 0.44])),
        Box::new(Blades::new(salted(6), [-2.5, -1.25], 4.35, 0.55)),
        Box::new(Blades::new(salted(7), [-2.1, -1.0], 3.75, 0.42)),
        Box::new(Blades::new(salted(8), [0.95, 2.3], 3.0, 0.46)),
        Box::new(Blades::new(salted(14), [1.15, 2.2], 2.8, 0.40)),
        Box::new(Leaves::bush(salted(9), Vec3::new(-2.35, -0.55, 5.5), Vec2::new(0.75, 0.62))),
        Box::new(Leaves::bush(salted(10), Vec3::new(-2.0, -0.4, 5.2), Vec2::new(0.6, 0.45))),
        Box::new(Leaves::bush(salted(11), Vec3::new(2.45, -0.45, 5.6), Vec2::new(0.8, 0.55))),
        Box::new(Leaves::garland(salted(12), arch)),
    ]
}
