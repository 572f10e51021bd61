//! What goes where it is told.

use super::*;
use glam::DVec2;

#[test]
fn it_is_seen_where_it_was_told_to_be() {
    let still = scene("a red flag waving on grass");
    let mut gliding = scene("a red flag waving on grass");
    let camera = camera(4.0, 64);
    let way: Vec<DVec2> = (0..8).map(|frame| DVec2::new(14.0 + 5.0 * f64::from(frame), 40.0)).collect();
    gliding.glide(&camera, &Glide { way: way.clone(), radius: 6.0, depth_m: 1.6, seed: 3 });
    let (without, with) = (View::new(&still, &camera), View::new(&gliding, &camera));
    for (frame, centre) in way.iter().enumerate() {
        let [before, after] = [&without, &with].map(|view| view.frame(frame, way.len()));
        let geometry = with.geometry(frame, way.len());
        let (mut sum, mut count) = (DVec2::ZERO, 0.0);
        for index in 0..64 * 64 {
            let pixel = DVec2::new((index % 64) as f64 + 0.5, (index / 64) as f64 + 0.5);
            if pixel.distance(*centre) > 9.0 {
                // Elsewhere nothing has changed.
                assert_eq!(before[3 * index..][..3], after[3 * index..][..3], "{frame}: {pixel}");
            } else if geometry.ids[index] == ids::MOVING && (geometry.depth_m[index] - 1.6).abs() < 0.3 {
                (sum, count) = (sum + pixel, count + 1.0);
            }
        }
        assert!((sum / count).distance(*centre) < 0.6, "{frame}: {} is not {centre}", sum / count);
        assert!((40.0..140.0).contains(&count), "{count}");
    }
    // Halfway between two frames it is between their places, and after the last one it goes back to the first.
    assert_eq!(with.frame(8, 8), with.frame(0, 8));
    assert_ne!(with.moment(1.0 / 16.0), with.frame(0, 8));
}
