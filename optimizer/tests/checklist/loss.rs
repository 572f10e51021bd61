//! Penalties and their slopes.

use fastrand::Rng;
use loop3d_optimizer::hits::{Hit, Hits};
use loop3d_optimizer::kernels::compositor::looping_tiles::{robust, robust_weight};
use loop3d_optimizer::kernels::compositor::static_tiles::backward;
use loop3d_optimizer::static_stage::loss::{exposure, squared_error};

#[test]
fn the_robust_penalty_weighs_three_channels_alike() {
    // The square of a grey difference, the same in three channels.
    let grey = |r: f32| 3.0 * r * r;
    assert_eq!(robust(0.0), 0.0);
    assert!((robust(grey(0.2)) - 3.0).abs() < 1e-6);
    // METHOD §4.4: 2 r²/(r² + 0.04) of 0.1 is 0.02/0.05, for each of three channels.
    assert!((robust(grey(0.1)) - 1.2).abs() < 1e-6);
    assert!((robust(grey(1e4)) - 6.0).abs() < 1e-5);
    for r in [
        [-0.9f32, 0.3, 0.1],
        [-0.2; 3],
        [-0.03, 0.0, 0.02],
        [0.004, 0.5, 0.1],
        [0.115, 0.1, 0.1],
        [0.5, 0.0, 0.0],
        [2.0; 3],
    ] {
        let penalty = |r: [f64; 3]| {
            let square: f64 = r.iter().map(|r| r * r).sum();
            2.0 * square / (square / 3.0 + 0.04)
        };
        let weight = robust_weight(r.iter().map(|r| r * r).sum());
        for c in 0..3 {
            let moved = |by: f64| {
                let mut r = r.map(f64::from);
                r[c] += by;
                penalty(r)
            };
            let difference = (moved(1e-5) - moved(-1e-5)) / 2e-5;
            let slope = f64::from(weight * r[c]);
            assert!((slope - difference).abs() < 1e-4 * (1.0 + difference.abs()), "{r:?} {c}: {slope} {difference}");
        }
    }
}

/// dL/dα of the sparsity term alone (weight 1) for one ray.
fn sparsity_slopes(alphas: &[f32]) -> Vec<f64> {
    let hits = Hits {
        start: vec![0, alphas.len() as u32],
        hits: vec![Hit { taps: [0; 4], fraction: [0.0; 2] }; alphas.len()],
        plane: (0..alphas.len() as u16).collect(),
    };
    let mut samples: Vec<[f32; 4]> = alphas.iter().map(|a| [0.3 * a, 0.2 * a, 0.1 * a, *a]).collect();
    backward(&hits, &mut samples, &[[0.0; 4]], 1.0);
    assert!(samples.iter().all(|s| s[..3] == [0.0; 3]), "{samples:?}");
    samples.iter().map(|s| f64::from(s[3])).collect()
}

#[test]
fn sparsity_favours_one_opaque_plane() {
    // ‖α‖₁/‖α‖₂ is least, 1, where one plane is opaque alone: descent lifts the strongest and fades the others.
    let slopes = sparsity_slopes(&[0.2, 0.9, 0.1, 0.05]);
    assert!(slopes[1] < -0.1 && [0, 2, 3].iter().all(|i| slopes[*i] > 0.1), "{slopes:?}");
    // It is greatest where all of 32 are alike, and constant along multiples of an α.
    let alike = sparsity_slopes(&[0.3; 32]);
    assert!(alike.iter().all(|s| s.abs() < 1e-4), "{alike:?}");
    assert!(sparsity_slopes(&[0.7])[0].abs() < 1e-5);
}

#[test]
fn sparsity_slopes_are_finite_differences() {
    let alphas = [0.35f32, 0.6, 0.02, 0.9, 0.11];
    let ratio = |a: &[f64]| a.iter().sum::<f64>() / a.iter().map(|a| a * a).sum::<f64>().sqrt();
    for (i, slope) in sparsity_slopes(&alphas).into_iter().enumerate() {
        let at = |change: f64| {
            let mut a: Vec<f64> = alphas.iter().map(|a| f64::from(*a)).collect();
            a[i] += change;
            ratio(&a)
        };
        let difference = (at(1e-6) - at(-1e-6)) / 2e-6;
        assert!((slope - difference).abs() < 1e-4, "α {i}: {slope} {difference}");
    }
}

#[test]
fn exposure_takes_a_quarter_of_the_log_ratio() {
    let mut rng = Rng::with_seed(1);
    let image: Vec<[f32; 4]> = (0..50).map(|_| std::array::from_fn(|_| 0.3 + 0.5 * rng.f32())).collect();
    // With the published offset of 0.01 the ratio is exact.
    let exact: Vec<[f32; 3]> = image.iter().map(|c| std::array::from_fn(|k| 1.2 * (c[k] + 0.01) - 0.01)).collect();
    assert!((exposure(&image, &exact) - 4.2 / 4.0).abs() < 1e-5, "{}", exposure(&image, &exact));
    // Without it nearly: (1.2 c + 0.01)/(c + 0.01) is 1.1939 at c = 0.3 and more for brighter ones.
    let scaled: Vec<[f32; 3]> = image.iter().map(|c| std::array::from_fn(|k| 1.2 * c[k])).collect();
    assert!((1.0485..1.05).contains(&exposure(&image, &scaled)), "{}", exposure(&image, &scaled));
    let same: Vec<[f32; 3]> = image.iter().map(|c| [c[0], c[1], c[2]]).collect();
    assert!((exposure(&image, &same) - 1.0).abs() < 1e-6);
}

#[test]
fn the_squared_errors_gradient_is_its_finite_difference() {
    let mut rng = Rng::with_seed(2);
    let image: Vec<[f32; 4]> = (0..7).map(|_| std::array::from_fn(|_| rng.f32())).collect();
    let target: Vec<[f32; 3]> = (0..7).map(|_| std::array::from_fn(|_| rng.f32())).collect();
    let mut gradient = vec![[9.0; 4]; 3];
    let error = squared_error(&image, &target, 1.1, &mut gradient);
    let sum = |pixel: usize, channel: usize, change: f64| -> f64 {
        let mut sum = 0.0;
        for (p, (c, t)) in image.iter().zip(&target).enumerate() {
            for k in 0..3 {
                let c = f64::from(c[k]) + if (p, k) == (pixel, channel) { change } else { 0.0 };
                sum += (1.1 * c - f64::from(t[k])).powi(2);
            }
        }
        sum
    };
    assert!((error - sum(0, 0, 0.0) / 21.0).abs() < 1e-6, "{error}");
    assert_eq!(gradient.len(), 7);
    for (pixel, g) in gradient.iter().enumerate() {
        for channel in 0..3 {
            let difference = (sum(pixel, channel, 1e-4) - sum(pixel, channel, -1e-4)) / 2e-4;
            assert!((f64::from(g[channel]) - difference).abs() < 1e-5, "{pixel}, {channel}: {g:?} {difference}");
        }
        assert_eq!(g[3], 0.0);
    }
}
