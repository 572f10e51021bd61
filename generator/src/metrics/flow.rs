//! OFS and MAWE of a clip, with its optical flow: frames are resized to 720 × 720, as the released code of StreamingT2V does.

use super::dis::dense_inverse_search;
use super::warp::MaweSum;
use super::{Mawe, MetricError};
use loop3d_media::Clip;
use loop3d_media::bilinear::{Tap, mix, taps};

/// Side of the frames whose flow is measured.
const SIDE: usize = 720;

/// The flow measures of a clip. `seen` hears the fraction that is done.
///
/// # Errors
/// Fewer than two frames.
pub fn flow_measures(clip: &Clip, seen: &mut dyn FnMut(f64)) -> Result<Mawe, MetricError> {
    let (columns, rows) = (taps(clip.width, SIDE), taps(clip.height, SIDE));
    let frame = |t: usize| resized(clip.frame(t), clip.width, &columns, &rows);
    let mut sum = MaweSum::default();
    let mut left = frame(0);
    for t in 1..clip.frames {
        let right = frame(t);
        sum.add(&left, &right, &dense_inverse_search(&left, &right, SIDE, SIDE))?;
        left = right;
        seen(t as f64 / (clip.frames - 1) as f64);
    }
    sum.finish()
}

/// A frame `[height, width, 3]` of bytes at the size of the taps, bilinear.
pub(super) fn resized(rgb: &[u8], width: usize, columns: &[Tap], rows: &[Tap]) -> Vec<f32> {
    let at = |x: usize, y: usize, channel: usize| f32::from(rgb[3 * (y * width + x) + channel]);
    let pixel = |column: &Tap, row: &Tap| -> [f32; 3] {
        std::array::from_fn(|channel| {
            let across = |y: usize| mix(at(column.first, y, channel), at(column.second, y, channel), column.weight);
            mix(across(row.first), across(row.second), row.weight)
        })
    };
    rows.iter().flat_map(|row| columns.iter().flat_map(move |column| pixel(column, row))).collect()
}
