//! Clouds that drift over the sky by whole tiles.

use crate::geometry::Ray;
use crate::scenes::ids::SKY;
use crate::scenes::moving::{Bound, Layers, Moving, Posed};
use crate::scenes::sky::Sky;

/// A sky whose clouds move.
pub(crate) struct Drift(pub Sky);

struct At<'a> {
    sky: &'a Sky,
    phase: f32,
}

impl Moving for Drift {
    fn parts(&self) -> Vec<Bound> {
        vec![Bound::Sky]
    }

    fn pose(&self, phase: f32) -> Box<dyn Posed + '_> {
        Box::new(At { sky: &self.0, phase: phase - phase.floor() })
    }
}

impl Posed for At<'_> {
    fn paint(&self, _part: usize, ray: &Ray, layers: &mut Layers) {
        let color = self.sky.color(ray.direction, self.phase);
        layers.push(layers.until(), color.extend(1.0), SKY);
    }
}
