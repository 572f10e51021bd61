//! What everything that moves has in common: a flat sheet at a true depth, painted anew for every frame.

use crate::geometry::Ray;
use glam::{Vec2, Vec4};

/// A rectangle in the world that something moving is painted on.
#[derive(Clone, Copy, Debug)]
pub enum Sheet {
    /// Upright at this z; `uv` is (x, y).
    Upright(f32),
    /// Level at this y; `uv` is (x, z).
    Level(f32),
}

/// Something that moves.
pub trait Motion: Send + Sync {
    /// Where it is painted.
    fn sheet(&self) -> Sheet;
    /// Whether any frame may show something at `uv`.
    fn covers(&self, uv: Vec2) -> bool;
    /// Whether nothing behind it shows, wherever it covers.
    fn opaque(&self) -> bool {
        false
    }
    /// Its look at a time in seconds.
    fn pose(&self, time: f32) -> Box<dyn Paint + '_>;
}

/// A moving thing at one moment.
pub trait Paint: Send + Sync {
    /// Premultiplied linear RGB and coverage at `uv`.
    fn paint(&self, uv: Vec2) -> Vec4;
}

impl Sheet {
    /// Depth and `uv` where a ray meets the sheet.
    pub fn hit(&self, ray: &Ray) -> Option<(f32, Vec2)> {
        match *self {
            Sheet::Upright(z) => {
                let t = (z - ray.origin.z) / ray.direction.z;
                let p = ray.at(t);
                (t > 0.0).then_some((t, Vec2::new(p.x, p.y)))
            }
            Sheet::Level(y) => {
                let t = (y - ray.origin.y) / ray.direction.y;
                let p = ray.at(t);
                (t > 0.0).then_some((t, Vec2::new(p.x, p.z)))
            }
        }
    }
}

/// Which cells of a rectangle anything may ever be painted in: a tight bound for shapes without a formula.
pub struct Coverage {
    low: Vec2,
    cell: f32,
    columns: usize,
    marked: Vec<bool>,
}

impl Coverage {
    /// Nothing marked between two corners.
    pub fn new(low: Vec2, high: Vec2, cell: f32) -> Self {
        let count = ((high - low) / cell).ceil().max(Vec2::ONE);
        let (columns, rows) = (count.x as usize, count.y as usize);
        Self { low, cell, columns, marked: vec![false; columns * rows] }
    }

    /// Marks all cells that a box around `center` touches.
    pub fn mark(&mut self, center: Vec2, half: Vec2) {
        let rows = self.marked.len() / self.columns;
        let from = ((center - half - self.low) / self.cell).max(Vec2::ZERO);
        let to = ((center + half - self.low) / self.cell).max(Vec2::ZERO);
        for row in from.y as usize..(to.y as usize + 1).min(rows) {
            for column in from.x as usize..(to.x as usize + 1).min(self.columns) {
                self.marked[row * self.columns + column] = true;
            }
        }
    }

    /// Whether the cell at `p` is marked.
    pub fn contains(&self, p: Vec2) -> bool {
        let q = (p - self.low) / self.cell;
        if q.x < 0.0 || q.y < 0.0 || q.x >= self.columns as f32 {
            return false;
        }
        self.marked.get(q.y as usize * self.columns + q.x as usize).copied().unwrap_or(false)
    }
}
