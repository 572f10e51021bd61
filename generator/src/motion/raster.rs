//! Pictures of tracks: a disc at each point, one colour for each mask, black elsewhere (generate-motion §1).

use super::Part;
use glam::DVec2;

/// Radius of a disc: a part of the width, and at least so many pixels.
const RADIUS: (f64, f64) = (0.008, 1.5);

/// `[frames, 3, height, width]` with values in 0…1. Points outside of the picture are not drawn; where discs overlap, the later part is
/// in front.
#[must_use]
pub fn raster(parts: &[Part], frames: usize, [width, height]: [u32; 2]) -> Vec<f32> {
    let (w, h) = (width as usize, height as usize);
    let radius = (RADIUS.0 * f64::from(width)).max(RADIUS.1);
    let mut pictures = vec![0.0; frames * 3 * w * h];
    for (frame, picture) in pictures.chunks_exact_mut((3 * w * h).max(1)).enumerate() {
        for (number, part) in parts.iter().enumerate() {
            let colour = colour(number as f64 / parts.len() as f64);
            for point in part.points.iter().filter_map(|path| path.get(frame)) {
                disc(picture, [w, h], *point, radius, colour);
            }
        }
    }
    pictures
}

/// One disc, with a soft edge a pixel wide.
fn disc(picture: &mut [f32], [w, h]: [usize; 2], middle: DVec2, radius: f64, colour: [f64; 3]) {
    if !(middle.cmpge(DVec2::ZERO).all() && middle.cmplt(DVec2::new(w as f64, h as f64)).all()) {
        return;
    }
    let range = |centre: f64, side: usize| {
        let [from, to] = [centre - radius - 1.0, centre + radius + 1.0].map(|x| x.clamp(0.0, side as f64) as usize);
        from..(to + 1).min(side)
    };
    for y in range(middle.y, h) {
        for x in range(middle.x, w) {
            let distance = middle.distance(DVec2::new(x as f64 + 0.5, y as f64 + 0.5));
            let covered = (radius + 0.5 - distance).clamp(0.0, 1.0);
            for (channel, value) in colour.iter().enumerate() {
                let pixel = &mut picture[(channel * h + y) * w + x];
                *pixel += (covered * (value - f64::from(*pixel))) as f32;
            }
        }
    }
}

/// A hue 0…1 at full saturation and value.
fn colour(hue: f64) -> [f64; 3] {
    [0.0, 4.0, 2.0].map(|offset| (((6.0 * hue + offset).rem_euclid(6.0) - 3.0).abs() - 1.0).clamp(0.0, 1.0))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn discs_follow_their_points() {
        let paths = |points: &[[f64; 2]]| Part { points: vec![points.iter().map(|p| DVec2::from_array(*p)).collect()] };
        let parts = [paths(&[[4.0, 4.0], [7.5, 4.0]]), paths(&[[12.5, 2.5], [20.0, 2.5]])];
        let pictures = raster(&parts, 2, [16, 8]);
        let at = |frame: usize, x: usize, y: usize| {
            [0, 1, 2].map(|channel| pictures[((frame * 3 + channel) * 8 + y) * 16 + x])
        };
        assert_eq!(pictures.len(), 2 * 3 * 8 * 16);
        // Red at (4, 4) in the first frame; two hues evenly spaced are red and cyan.
        assert_eq!((at(0, 3, 3), at(0, 12, 2), at(0, 8, 6)), ([1.0, 0.0, 0.0], [0.0, 1.0, 1.0], [0.0; 3]));
        // The second one left the picture.
        assert!((0..16).all(|x| at(1, x, 2)[1] == 0.0));
        assert_eq!((at(1, 7, 3), at(1, 3, 3)), ([1.0, 0.0, 0.0], [0.0; 3]));
        // As large as a disc of 1.5 pixels.
        let area: f32 = (0..8).flat_map(|y| (0..9).map(move |x| (x, y))).map(|(x, y)| at(0, x, y)[0]).sum();
        assert!((area - 7.07).abs() < 0.5, "{area}");
    }
}
