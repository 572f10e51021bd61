//! Exposures of views from their static pixels.

use fastrand::Rng;
use loop3d_optimizer::looping_stage::{ExposureView, exposures};

/// 200 pixels whose long exposure is `bright` times the render where they are static (the first `fixed`), anything
/// where they move.
fn view(bright: f32, fixed: usize, seed: u64) -> ExposureView {
    let mut rng = Rng::with_seed(seed);
    let rendered: Vec<[f32; 4]> = (0..200).map(|_| std::array::from_fn(|_| 0.5 + 0.4 * rng.f32())).collect();
    let pixel = |i: usize, c: &[f32; 4], rng: &mut Rng| {
        std::array::from_fn(|k| if i < fixed { bright * c[k] } else { 3.0 * rng.f32() })
    };
    let captured = rendered.iter().enumerate().map(|(i, c)| pixel(i, c, &mut rng)).collect();
    ExposureView { captured, rendered, loopable: (0..200).map(|i| i >= fixed).collect() }
}

#[test]
fn a_brighter_view_is_exposed_more_by_as_much() {
    let found = exposures(&[view(1.0, 120, 1), view(1.05, 60, 2)]);
    assert!((found[1] / found[0] / 1.05 - 1.0).abs() < 0.002, "{found:?}");
    assert!((found[0] * found[1] - 1.0).abs() < 1e-6, "{found:?}");
}

#[test]
fn what_moves_does_not_count() {
    let mut views = [view(0.9, 150, 3), view(1.1, 150, 4), view(1.0, 150, 5)];
    let before = exposures(&views);
    for ExposureView { captured, rendered, loopable } in &mut views {
        for i in (0..200).filter(|i| loopable[*i]) {
            captured[i] = [0.0; 3];
            rendered[i] = [7.0; 4];
        }
    }
    assert_eq!(exposures(&views), before);
    assert!((before.iter().product::<f32>() - 1.0).abs() < 1e-5, "{before:?}");
    assert!((before[1] / before[0] / (1.1 / 0.9) - 1.0).abs() < 0.005, "{before:?}");
}

#[test]
fn a_hundredth_of_the_pixels_is_too_few() {
    // 2 of 200 are not more than 1 %: nothing is known of these views.
    assert_eq!(exposures(&[view(1.0, 2, 6), view(1.5, 2, 7)]), [1.0, 1.0]);
    assert_eq!(exposures(&[view(1.0, 0, 6), view(1.5, 0, 7)]), [1.0, 1.0]);
    // 3 are.
    let found = exposures(&[view(1.0, 3, 6), view(1.5, 3, 7)]);
    assert!((found[1] / found[0] / 1.5 - 1.0).abs() < 0.01, "{found:?}");
    assert!(exposures(&[]).is_empty());
}
