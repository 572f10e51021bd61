//! The cameras of training samples against their law.

use super::*;
use crate::scenes::dice::Dice;
use glam::DVec3;

/// Each of ten equal parts of a range holds a tenth of the values, within four standard deviations.
fn uniform(values: &[f64], [low, high]: [f64; 2], what: &str) {
    let mut counts = [0usize; 10];
    for value in values {
        assert!((low..=high).contains(value), "{what}: {value} is outside of {low} to {high}");
        counts[(((value - low) / (high - low) * 10.0) as usize).min(9)] += 1;
    }
    let expected = values.len() as f64 / 10.0;
    let most = 4.0 * (expected * 0.9).sqrt();
    assert!(counts.iter().all(|count| (*count as f64 - expected).abs() < most), "{what}: {counts:?}");
}

/// Azimuth, elevation (degrees) and distance of a camera, from its pose.
fn polar(camera: &Camera) -> [f64; 3] {
    let offset = camera.position() - CENTER;
    let azimuth = offset.x.atan2(offset.z).to_degrees().rem_euclid(360.0);
    [azimuth, (offset.y / offset.length()).asin().to_degrees(), offset.length()]
}

/// Of many samples the first view, and all differences to it.
fn drawn(spread_deg: f64) -> (Vec<[f64; 3]>, Vec<[f64; 3]>) {
    let (mut first, mut apart) = (Vec::new(), Vec::new());
    for index in 0..4000 {
        let dice = &mut Dice::new(9, index, 0);
        let standpoint = Standpoint::draw(dice);
        let views = [(); 3].map(|()| polar(&standpoint.around(spread_deg, dice).camera(64, 64)));
        for other in &views[1..] {
            let turn = (other[0] - views[0][0] + 180.0).rem_euclid(360.0) - 180.0;
            apart.push([turn, other[1] - views[0][1], other[2] - views[0][2]]);
        }
        first.push(views[0]);
    }
    (first, apart)
}

#[test]
fn cameras_follow_their_law() {
    for spread in [4.0, 24.0] {
        let (views, apart) = drawn(spread);
        let column = |k: usize| views.iter().map(|view| view[k]).collect::<Vec<f64>>();
        uniform(&column(0), [0.0, 360.0], "azimuth");
        uniform(&column(1), [-1e-9, 30.0 + 1e-9], "elevation");
        uniform(&column(2), [2.5 - 1e-9, 4.5 + 1e-9], "distance");
        // The difference of two uniform values in ±θ has a triangular distribution: a quarter of it is beyond ±θ.
        let beyond = apart.iter().filter(|d| d[0].abs() > spread).count() as f64 / apart.len() as f64;
        assert!((beyond - 0.25).abs() < 0.02, "{beyond} beyond {spread} degrees");
        assert!(
            apart
                .iter()
                .all(|d| d[0].abs() <= 2.0 * spread && d[1].abs() <= spread && d[2].abs() <= 0.04 * spread + 1e-9)
        );
        let mean = apart.iter().map(|d| d[0]).sum::<f64>() / apart.len() as f64;
        assert!(mean.abs() < 0.05 * spread, "the order of views tells nothing, found a mean turn of {mean}");
    }
}

#[test]
fn cameras_look_at_the_centre_upright_through_the_lens_of_the_data() {
    let sample = TrainingConfig { width: 832, height: 480, ..TrainingConfig::default() }.sample(3, 12.0);
    assert_eq!(sample.cameras.len(), 2);
    for camera in &sample.cameras {
        let middle = camera.project(CENTER).unwrap();
        assert!((middle - camera.center_px).length() < 1e-9);
        assert!((camera.focal_px.x - 840.404).abs() < 1e-3 && camera.focal_px.x == camera.focal_px.y);
        let above = camera.project(CENTER + 0.1 * DVec3::Y).unwrap();
        assert!((above.x - camera.center_px.x).abs() < 1e-9 && above.y < camera.center_px.y);
        assert!((camera.world_from_camera.matrix3.determinant() - 1.0).abs() < 1e-12);
    }
}

#[test]
fn baselines_grow_and_then_stay() {
    let curriculum = Curriculum::default();
    let steps = [0.0, 0.2, 0.4, 0.8, 1.0].map(|done| curriculum.spread_deg(done));
    assert_eq!(steps, [4.0, 9.0, 14.0, 24.0, 24.0]);
    assert_eq!(Curriculum { ramp: 0.0, ..curriculum }.spread_deg(0.0), 24.0);
}

#[test]
fn the_grid_is_that_of_captures() {
    let middle = Standpoint { azimuth_deg: 10.0, elevation_deg: 12.0, distance_m: 3.0 };
    let grid = middle.grid(9, 6.0);
    let offsets: Vec<(f64, f64)> =
        grid.iter().map(|place| (place.azimuth_deg - 10.0, place.elevation_deg - 12.0)).collect();
    let expected = [(0, 0), (-3, 0), (3, 0), (0, 3), (0, -3), (-6, 3), (6, 3), (-6, -3), (6, -3)];
    assert_eq!(offsets, expected.map(|(a, e)| (f64::from(a), f64::from(e))));
    assert_eq!(middle.grid(4, 6.0), grid[..4]);
}
