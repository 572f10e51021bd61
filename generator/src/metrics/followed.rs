//! Points followed through a clip: each goes with the optical flow from frame to frame.

use super::MetricError;
use super::dis::dense_inverse_search;
use super::error::at_least;
use super::flow::resized;
use super::warp::Flow;
use glam::DVec2;
use loop3d_media::Clip;
use loop3d_media::bilinear::taps;

/// Frames whose shorter side is less are enlarged to it: the flow's patches are of 8 pixels, whatever they show.
const LEAST: usize = 256;

/// Where points of the first frame go, `[points][frames]`, in pixels; the centre of the first is (½, ½). Points that leave the picture
/// stay at its rim.
///
/// # Errors
/// No frame.
pub fn followed(clip: &Clip, starts: &[DVec2]) -> Result<Vec<Vec<DVec2>>, MetricError> {
    at_least("tracks", "frames", clip.frames, 1)?;
    let scale = LEAST.div_ceil(clip.width.min(clip.height).max(1)).max(1);
    let [width, height] = [clip.width, clip.height].map(|side| side * scale);
    let (columns, rows) = (taps(clip.width, width), taps(clip.height, height));
    let frame = |t: usize| resized(clip.frame(t), clip.width, &columns, &rows);
    let end = DVec2::new(width as f64, height as f64) - 0.5;
    let mut places: Vec<DVec2> = starts.iter().map(|start| *start * scale as f64).collect();
    let mut paths: Vec<Vec<DVec2>> = starts.iter().map(|start| vec![*start]).collect();
    let mut left = frame(0);
    for t in 1..clip.frames {
        let right = frame(t);
        let flow = dense_inverse_search(&left, &right, width, height);
        for (place, path) in places.iter_mut().zip(&mut paths) {
            *place = (*place + at(&flow, *place)).clamp(DVec2::splat(0.5), end);
            path.push(*place / scale as f64);
        }
        left = right;
    }
    Ok(paths)
}

/// The flow at a place, bilinear.
fn at(flow: &Flow, place: DVec2) -> DVec2 {
    let place = (place - 0.5).max(DVec2::ZERO);
    let (corner, part) = (place.floor(), place - place.floor());
    let value = |dx: usize, dy: usize| {
        let (x, y) = ((corner.x as usize + dx).min(flow.width - 1), (corner.y as usize + dy).min(flow.height - 1));
        DVec2::from_array(flow.xy[y * flow.width + x].map(f64::from))
    };
    let row = |dy: usize| value(0, dy).lerp(value(1, dy), part.x);
    row(0).lerp(row(1), part.y)
}

#[cfg(test)]
#[allow(clippy::unwrap_used, reason = "a test")]
mod tests {
    use super::*;

    #[test]
    fn a_picture_that_slides_takes_its_points_along() {
        // A picture of waves that goes 1.5 pixels to the right and half a pixel up in each frame.
        let frames = 6;
        let wave = |x: f64, y: f64| 128.0 + 50.0 * (0.45 * x + 0.1 * y).sin() + 50.0 * (0.4 * y - 0.15 * x).cos();
        let pixel = |i: usize| {
            let (t, y, x) = (i / (48 * 64), i / 64 % 48, i % 64);
            [wave(x as f64 - 1.5 * t as f64, y as f64 + 0.5 * t as f64) as u8; 3]
        };
        let rgb = (0..frames * 48 * 64).flat_map(pixel).collect();
        let clip = Clip { width: 64, height: 48, frames, rgb };
        let starts = [DVec2::new(20.5, 30.5), DVec2::new(33.0, 21.25)];
        let found = followed(&clip, &starts).unwrap();
        for (path, start) in found.iter().zip(starts) {
            for (t, place) in path.iter().enumerate() {
                let expected = start + DVec2::new(1.5, -0.5) * t as f64;
                assert!(place.distance(expected) < 0.4, "{t}: {place}, not {expected}");
            }
        }
        // At the rim they stay.
        assert_eq!(followed(&clip, &[DVec2::new(63.5, 10.0)]).unwrap()[0].len(), frames);
        assert!(followed(&Clip { frames: 0, rgb: Vec::new(), ..clip }, &starts).is_err());
    }
}
