//! The one resampling of a prepared clip: lens, shake and cut in a single step, by cubic convolution (Keys 1981), so that nothing is
//! blurred twice.

use crate::lens::Lens;
use crate::steady::{Motion, through};
use crate::undistort::{bend, largest_where};
use glam::{DMat3, DVec2};
use loop3d_scene::Camera;
use rayon::prelude::*;

/// From the frames of a take to frames of a pinhole where the first frame was taken.
#[derive(Clone, Debug)]
pub(super) struct Warp {
    pub(super) lens: Lens,
    /// Of the frames on disk.
    pub(super) source: Camera,
    /// First column and row that is kept.
    pub(super) corner: DVec2,
    pub(super) size: (u32, u32),
}

impl Warp {
    /// Cut to what all frames of `motion` show; `None` where nothing is left.
    pub(super) fn new(lens: Lens, source: Camera, motion: &Motion) -> Option<Self> {
        let size = DVec2::new(f64::from(source.width), f64::from(source.height));
        // Nothing was seen more than half a pixel beyond the outermost centres.
        let inside = |at: DVec2| at.cmpge(DVec2::splat(0.5)).all() && at.cmple(size - 0.5).all();
        let (corner, kept) =
            largest_where(&lens, &source, |at| motion.from_first.iter().all(|map| inside(through(map, at))))?;
        Some(Self { lens, source, corner: DVec2::new(f64::from(corner.0), f64::from(corner.1)), size: even(kept)? })
    }

    /// The pinhole, with the pose of the source.
    pub(super) fn camera(&self) -> Camera {
        Camera {
            width: self.size.0,
            height: self.size.1,
            center_px: self.source.center_px - self.corner,
            ..self.source
        }
    }

    /// Straightens a frame whose places are at `from_first` of the first frame's.
    pub(super) fn apply(&self, frame: &[u8], from_first: &DMat3) -> Vec<u8> {
        let (width, height) = (self.size.0 as usize, self.size.1 as usize);
        let source = (self.source.width as usize, self.source.height as usize);
        let mut out = vec![0; width * height * 3];
        out.par_chunks_mut(width * 3).enumerate().for_each(|(row, line)| {
            for (column, pixel) in line.as_chunks_mut::<3>().0.iter_mut().enumerate() {
                let place = DVec2::new(column as f64 + 0.5, row as f64 + 0.5) + self.corner;
                let bent = bend(&self.lens, &self.source, place).unwrap_or(place);
                *pixel = cubic(frame, source, through(from_first, bent));
            }
        });
        out
    }
}

/// Encoders want even sides.
fn even((width, height): (u32, u32)) -> Option<(u32, u32)> {
    (width >= 2 && height >= 2).then_some((width & !1, height & !1))
}

/// Keys's weights (a = −½) of the four cells around a place `t` after the second.
fn weights(t: f32) -> [f32; 4] {
    let (t2, t3) = (t * t, t * t * t);
    [0.5 * (-t3 + 2.0 * t2 - t), 0.5 * (3.0 * t3 - 5.0 * t2 + 2.0), 0.5 * (-3.0 * t3 + 4.0 * t2 + t), 0.5 * (t3 - t2)]
}

/// The colour at a place of RGB bytes; the rim extends outside.
fn cubic(frame: &[u8], (width, height): (usize, usize), place: DVec2) -> [u8; 3] {
    let at = place - 0.5;
    let first = at.floor();
    let [across, down] = [(at.x - first.x) as f32, (at.y - first.y) as f32].map(weights);
    let cell =
        |at: f64, offset: usize, count: usize| (at + offset as f64 - 1.0).clamp(0.0, count as f64 - 1.0) as usize;
    let mut sum = [0.5f32; 3]; // rounds to the nearest byte
    for (j, down) in down.iter().enumerate() {
        let line = cell(first.y, j, height) * width;
        for (i, across) in across.iter().enumerate() {
            let pixel = &frame[(line + cell(first.x, i, width)) * 3..][..3];
            for (sum, &value) in sum.iter_mut().zip(pixel) {
                *sum += down * across * f32::from(value);
            }
        }
    }
    sum.map(|value| value.clamp(0.0, 255.0) as u8)
}

#[cfg(test)]
mod tests {
    use super::*;
    use glam::DAffine3;

    #[test]
    fn shake_is_undone_and_the_rim_is_cut() {
        let source = Camera {
            width: 100,
            height: 80,
            focal_px: DVec2::splat(90.0),
            center_px: DVec2::new(50.0, 40.0),
            world_from_camera: DAffine3::IDENTITY,
        };
        let scene = |p: DVec2| 128.0 + 100.0 * (0.2 * p.x).sin() * (0.23 * p.y).cos();
        let shaken = DMat3::from_translation(DVec2::new(4.3, -2.6));
        let frame: Vec<u8> = (0..100 * 80)
            .flat_map(|i: u32| {
                let at = DVec2::new(f64::from(i % 100) + 0.5, f64::from(i / 100) + 0.5);
                [scene(through(&shaken.inverse(), at)).round() as u8; 3]
            })
            .collect();
        let motion = Motion { from_first: vec![DMat3::IDENTITY, shaken], ..Motion::none((100, 80)) };
        let warp = Warp::new(Lens::Pinhole, source, &motion).unwrap();
        let camera = warp.camera();
        assert!(
            (94..=96).contains(&camera.width) && (76..=78).contains(&camera.height),
            "{}×{}",
            camera.width,
            camera.height
        );
        let steady = warp.apply(&frame, &shaken);
        let corner = source.center_px - camera.center_px;
        for (at, pixel) in steady.as_chunks::<3>().0.iter().enumerate() {
            let place =
                DVec2::new((at % camera.width as usize) as f64 + 0.5, (at / camera.width as usize) as f64 + 0.5);
            let expected = scene(place + corner);
            assert!((f64::from(pixel[0]) - expected).abs() < 2.0, "{place}: {} expected {expected}", pixel[0]);
        }
    }
}
