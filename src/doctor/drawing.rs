//! A drawing of the cameras of a capture: from the front, as seen from the scene, and from above, with their fields of view.

use crate::canvas::{CAMERA, Dot, FieldOfView, PAPER, SQUARE, dots, field_of_view, fill, ruler, text};
use image::RgbImage;
use loop3d_capture::{PosedCapture, Spread};

/// Size of the drawing and of its two squares, in pixels.
const SIZE: (u32, u32) = (1200, 660);
const SIDE: f64 = 540.0;
/// Left edges of the squares, and their upper edge.
const LEFT: [f64; 2] = [40.0, 620.0];
const TOP: f64 = 60.0;
/// Space for the cameras in a square; the rest is for their fields of view.
const ROOM: [f64; 2] = [420.0, 300.0];
/// Length of a drawn field of view, in pixels.
const LOOK: f64 = 150.0;

/// What the drawing needs to know about a camera.
#[derive(Clone, Copy, Debug)]
pub struct Seen {
    /// Right, down, forward of the average camera; the nearest depth of the scene is 1.
    pub place: [f64; 3],
    /// Viewing direction, a unit vector.
    pub forward: [f64; 3],
    /// Half of the horizontal field of view, as a slope.
    pub half_width: f64,
}

/// The cameras of a capture.
pub fn cameras(posed: &PosedCapture) -> Vec<Seen> {
    let places = Spread::of(posed).positions;
    let seen = |(place, view): (&[f64; 3], &loop3d_capture::PosedView)| Seen {
        place: *place,
        forward: view.camera.world_from_camera.matrix3.z_axis.to_array(),
        half_width: f64::from(view.camera.width) / 2.0 / view.camera.focal_px.x,
    };
    places.iter().zip(&posed.views).map(seen).collect()
}

/// Draws cameras, each with its index.
pub fn draw(cameras: &[Seen]) -> RgbImage {
    let mut canvas = RgbImage::from_pixel(SIZE.0, SIZE.1, PAPER);
    for (square, title) in ["from the front", "from above"].into_iter().enumerate() {
        let left = LEFT[square];
        fill(&mut canvas, [left, TOP, left + SIDE, TOP + SIDE], SQUARE);
        text(&mut canvas, (left as i64, 30), title);
        let above = square == 1;
        let flat = |camera: &Seen| [camera.place[0], if above { -camera.place[2] } else { camera.place[1] }];
        let (middle, scale) = frame(cameras.iter().map(flat));
        // Seen from above, cameras look up: they are in the lower part.
        let centre = [left + SIDE / 2.0, TOP + SIDE * if above { 0.68 } else { 0.5 }];
        let at = |camera: &Seen| {
            let place = flat(camera);
            [0, 1].map(|axis| centre[axis] + scale * (place[axis] - middle[axis]))
        };
        ruler(&mut canvas, [left, TOP + SIDE + 18.0], scale, "of the nearest distance");
        if above {
            let inside = [left, TOP, left + SIDE, TOP + SIDE];
            cameras.iter().for_each(|camera| field_of_view(&mut canvas, &seen(at(camera), camera), inside));
        }
        let dot = |(number, camera): (usize, &Seen)| Dot { at: at(camera), colour: CAMERA, number };
        dots(&mut canvas, &cameras.iter().enumerate().map(dot).collect::<Vec<_>>());
    }
    canvas
}

/// The field of view of a camera from above: forward is up.
fn seen(at: [f64; 2], camera: &Seen) -> FieldOfView {
    let [aside, _, ahead] = camera.forward;
    let flat = ahead.hypot(aside).max(1e-9);
    let towards = [aside / flat, -ahead / flat];
    FieldOfView { at, towards, half_width: camera.half_width, length: LOOK, colour: CAMERA }
}

/// Centre of the places, and the scale in pixels per unit at which all of them fit.
fn frame(places: impl Iterator<Item = [f64; 2]> + Clone) -> ([f64; 2], f64) {
    let ends = |axis: usize| {
        let values = places.clone().map(move |place| place[axis]);
        values.fold((f64::INFINITY, f64::NEG_INFINITY), |(least, most), value| (least.min(value), most.max(value)))
    };
    let ends = [ends(0), ends(1)];
    let fits = [0, 1].map(|axis| ROOM[axis] / (ends[axis].1 - ends[axis].0).max(1e-9));
    (ends.map(|(least, most)| (least + most) / 2.0), fits[0].min(fits[1]))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::canvas::LETTERS;

    #[test]
    fn cameras_are_drawn_in_place_and_look_forward() {
        let place = |x, y, z| Seen { place: [x, y, z], forward: [0.0, 0.0, 1.0], half_width: 0.5 };
        // 0.4 wide, 0.2 high; the last farther forward.
        let drawn = draw(&[place(-0.2, -0.1, 0.0), place(0.2, -0.1, 0.0), place(0.2, 0.1, 0.1)]);
        // 420 pixels for 0.4, about the middle of the left square.
        for (x, y) in [(100, 225), (520, 225), (520, 435)] {
            assert_eq!(*drawn.get_pixel(x, y), CAMERA, "{x} {y}");
        }
        // From above: the last is 105 pixels higher; fields of view are in front of the cameras, never behind.
        let middle = (TOP + SIDE * 0.68) as u32;
        for (x, y) in [(680, middle + 52), (1100, middle - 53)] {
            assert_eq!(*drawn.get_pixel(x, y), CAMERA, "{x} {y}");
        }
        let seen = drawn.get_pixel(680, middle + 20).0;
        assert!(seen[0] < SQUARE.0[0] && seen[0] > 200, "{seen:?}");
        assert_eq!(*drawn.get_pixel(680, middle + 70), SQUARE);
        // The ruler: 0.1 of 1050 pixels a unit.
        let dark = |x: u32| *drawn.get_pixel(x, 618) == LETTERS;
        assert!(dark(40) && dark(144) && !dark(148));
    }
}
