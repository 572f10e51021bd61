//! Metrics on small clips whose figures are known or obvious.
#![cfg(test)]

use loop3d_optimizer::metrics::{
    Appearance, MetricsError, PatchConfig, ViewMetrics, appearance, baselines, coh, com, crop_px, evaluate, loop_q,
    mean_scores, nn_error, psnr_mean, psnr_static, ssim_static, std_err,
};
use loop3d_optimizer::patches::{ClipRef, ClipWindow, TimeClip};

fn noise(len: usize, seed: u64) -> Vec<u8> {
    let mut state = seed;
    (0..len)
        .map(|_| {
            state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
            (state >> 56) as u8
        })
        .collect()
}

fn clip(frames: usize, height: usize, width: usize, rgb: &[u8]) -> TimeClip {
    let clip = ClipRef::new(frames, height, width, rgb).unwrap();
    TimeClip::from_window(&ClipWindow { clip, x0: 0, y0: 0 }, height, width, 1).unwrap()
}

fn noise_clip(frames: usize, height: usize, width: usize, seed: u64) -> TimeClip {
    clip(frames, height, width, &noise(frames * height * width * 3, seed))
}

fn select(clip: &TimeClip, frames: &[usize]) -> TimeClip {
    clip.map_time(frames.len(), |line, out| out.iter_mut().zip(frames).for_each(|(out, &t)| *out = line[t])).unwrap()
}

#[test]
fn nn_error_equals_brute_force() {
    let (height, width, fa, fb) = (14, 17, 9, 12);
    let (a, b) = (noise_clip(fa, height, width, 1), noise_clip(fb, height, width, 2));
    let (a_frames, b_frames): (Vec<_>, Vec<_>) =
        ((0..fa).map(|t| a.frame(t)).collect(), (0..fb).map(|t| b.frame(t)).collect());
    for config in [
        PatchConfig { patch: 5, stride: 2, frames: 7 },
        PatchConfig { patch: 11, stride: 4, frames: 5 },
        PatchConfig { patch: 17, stride: 6, frames: 3 },
        PatchConfig { patch: 3, stride: 3, frames: 9 },
    ] {
        let p = config.patch.min(height);
        let starts = |size: usize| -> Vec<usize> {
            let mut starts: Vec<usize> = (0..=size - p).step_by(config.stride).collect();
            if starts.last() != Some(&(size - p)) {
                starts.push(size - p);
            }
            starts
        };
        let patch = |frames: &[Vec<u8>], t: usize, y: usize, x: usize| -> Vec<i64> {
            let rows = (t..t + config.frames).flat_map(|t| (y..y + p).map(move |y| (t, y)));
            rows.flat_map(|(t, y)| &frames[t][(y * width + x) * 3..(y * width + x + p) * 3])
                .map(|&v| i64::from(v))
                .collect()
        };
        let (mut sum, mut count) = (0i64, 0usize);
        for &y in &starts(height) {
            for &x in &starts(width) {
                let keys: Vec<_> = (0..=fb - config.frames).map(|j| patch(&b_frames, j, y, x)).collect();
                for i in 0..=fa - config.frames {
                    let query = patch(&a_frames, i, y, x);
                    let square = |key: &&Vec<i64>| query.iter().zip(*key).map(|(q, k)| (q - k).pow(2)).sum::<i64>();
                    let nearest = keys.iter().min_by_key(square).unwrap();
                    sum += query.iter().zip(nearest).map(|(q, k)| (q - k).abs()).sum::<i64>();
                    count += query.len();
                }
            }
        }
        let (found, expected) = (nn_error(&a, &b, config).unwrap(), sum as f64 / count as f64);
        assert!((found - expected).abs() < 1e-9, "{config:?}: {found}, brute force {expected}");
    }
}

#[test]
fn a_part_of_the_truth_is_coherent_and_not_complete() {
    let truth = noise_clip(30, 20, 22, 3);
    let part = select(&truth, &(5..17).collect::<Vec<_>>());
    assert_eq!(coh(&part, &truth).unwrap(), 0.0);
    assert!(com(&part, &truth).unwrap() > 10.0);
    assert_eq!(com(&truth, &truth).unwrap(), 0.0);
    // Cut out of noise, the seam resembles nothing.
    assert!(loop_q(&part, &truth).unwrap() > 10.0);
}

#[test]
fn a_periodic_truth_has_a_seamless_loop() {
    let period = noise_clip(9, 18, 18, 4);
    let truth = select(&period, &(0..40).map(|t| t % 9).collect::<Vec<_>>());
    let render = select(&period, &(0..9).map(|t| (t + 4) % 9).collect::<Vec<_>>());
    assert_eq!(loop_q(&render, &truth).unwrap(), 0.0);
    assert_eq!(coh(&render, &truth).unwrap(), 0.0);
    // One frame short of the period: the seam jumps.
    let cut = select(&render, &(0..8).collect::<Vec<_>>());
    assert_eq!(coh(&cut, &truth).unwrap(), 0.0);
    assert!(loop_q(&cut, &truth).unwrap() > 1.0);
}

#[test]
fn the_seam_is_the_end_followed_by_the_beginning() {
    // Grey ramp 0, 10, … 90: the nearest patch of a seam is known by hand. With 3 frames the seam is 80 90 0 10.
    let ramp = |values: &[u8]| {
        let rgb: Vec<u8> = values.iter().flat_map(|&v| [v; 20 * 20 * 3]).collect();
        clip(values.len(), 20, 20, &rgb)
    };
    let truth = ramp(&[0, 10, 20, 30, 40, 50, 60, 70, 80, 90]);
    let seam = ramp(&[80, 90, 0, 10]);
    let config = PatchConfig { patch: 17, stride: 6, frames: 3 };
    // 80 90 0 lies nearest to 40..60 up to 70 80 90; the mean 56.7 says 50 60 70 (distances 30, 30, 70) over 40 50 60 (40, 40, 60: 6800
    // against 6700). 90 0 10: mean 33.3, 20 30 40 (70, 30, 30: 6700).
    let expected = (130.0 / 3.0 + 130.0 / 3.0) / 2.0;
    assert!((nn_error(&seam, &truth, config).unwrap() - expected).abs() < 1e-9);
    // The other two configurations likewise, by their own seams.
    let seams = [
        (vec![40, 50, 60, 70, 80, 90, 0, 10, 20, 30, 40, 50], PatchConfig { patch: 5, stride: 2, frames: 7 }),
        (vec![60, 70, 80, 90, 0, 10, 20, 30], PatchConfig { patch: 11, stride: 4, frames: 5 }),
        (vec![80, 90, 0, 10], config),
    ];
    let mean = seams.iter().map(|(seam, config)| nn_error(&ramp(seam), &truth, *config).unwrap()).sum::<f64>() / 3.0;
    assert!((loop_q(&truth, &truth).unwrap() - mean).abs() < 1e-9);
}

#[test]
fn deviation_of_known_clips() {
    let truth = noise_clip(12, 9, 9, 5);
    assert_eq!(std_err(&truth, &truth).unwrap(), 0.0);
    // 100 ± 20 against 100 ± 5 in the red channel, still elsewhere: (20 − 5)² / 3.
    let flicker = |by: u8| clip(2, 1, 1, &[100 - by, 7, 7, 100 + by, 7, 7]);
    assert!((std_err(&flicker(20), &flicker(5)).unwrap() - 75.0).abs() < 1e-9);
    assert_eq!(psnr_mean(&flicker(20), &flicker(5)).unwrap(), f64::INFINITY);
    // Means 110 and 100 in one channel of three: MSE 100/3.
    let still = clip(1, 1, 1, &[110, 7, 7]);
    let expected = 10.0 * (255.0f64 * 255.0 * 3.0 / 100.0).log10();
    assert!((psnr_mean(&still, &flicker(5)).unwrap() - expected).abs() < 1e-9);
}

#[test]
fn psnr_of_a_known_offset() {
    let dark: Vec<u8> = noise(4 * 6 * 8 * 3, 6).iter().map(|v| v / 2).collect();
    let bright: Vec<u8> = dark.iter().map(|v| v + 16).collect();
    let (a, b) = (clip(4, 6, 8, &dark), clip(4, 6, 8, &bright));
    let expected = 20.0 * (255.0f64 / 16.0).log10();
    let all = vec![true; 48];
    assert!((psnr_static(&a, &b, &all).unwrap().unwrap() - expected).abs() < 1e-9);
    assert!((psnr_mean(&a, &b).unwrap() - expected).abs() < 1e-9);
    assert_eq!(psnr_static(&a, &a, &all).unwrap(), Some(f64::INFINITY));
    assert_eq!(psnr_static(&a, &b, &[false; 48]).unwrap(), None);
    // Wrong pixels outside the mask do not count, and the longer clip is cut.
    let mut spoilt = bright.clone();
    spoilt[..12].fill(0);
    spoilt.extend([0; 6 * 8 * 3]);
    let mut mask = all;
    mask[..4].fill(false);
    assert!((psnr_static(&a, &clip(5, 6, 8, &spoilt), &mask).unwrap().unwrap() - expected).abs() < 1e-9);
}

/// SSIM of one pixel and channel by its definition: an 11×11 Gaussian window, cut at the border.
fn ssim_at(a: &[u8], b: &[u8], (height, width): (usize, usize), (y, x, c): (usize, usize, usize)) -> f64 {
    let (mut total, mut sums) = (0.0, [0.0; 5]);
    for v in y.saturating_sub(5)..(y + 6).min(height) {
        for u in x.saturating_sub(5)..(x + 6).min(width) {
            let r2 = (v as f64 - y as f64).powi(2) + (u as f64 - x as f64).powi(2);
            let weight = (-r2 / (2.0 * 1.5 * 1.5)).exp();
            let unit = |frame: &[u8]| f64::from(frame[(v * width + u) * 3 + c]) / 127.5 - 1.0;
            let (p, q) = (unit(a), unit(b));
            total += weight;
            for (sum, value) in sums.iter_mut().zip([p, q, p * p, q * q, p * q]) {
                *sum += weight * value;
            }
        }
    }
    let [ma, mb, aa, bb, ab] = sums.map(|sum| sum / total);
    let (c1, c2) = (0.0004, 0.0036);
    (2.0 * ma * mb + c1) * (2.0 * (ab - ma * mb) + c2) / ((ma * ma + mb * mb + c1) * (aa - ma * ma + bb - mb * mb + c2))
}

#[test]
fn ssim_of_known_pictures() {
    let (a, b) = (noise(15 * 13 * 3, 7), noise(15 * 13 * 3, 8));
    let mixed: Vec<u8> = a.iter().zip(&b).map(|(a, b)| (u16::from(*a) * 3 / 4 + u16::from(*b) / 4) as u8).collect();
    let (first, second) = (clip(1, 15, 13, &a), clip(1, 15, 13, &mixed));
    let all = vec![true; 15 * 13];
    assert!((ssim_static(&first, &first, &all).unwrap().unwrap() - 1.0).abs() < 1e-6);
    for (y, x) in [(0, 0), (7, 6), (14, 3), (2, 12)] {
        let mut one = vec![false; 15 * 13];
        one[y * 13 + x] = true;
        let expected = (0..3).map(|c| ssim_at(&a, &mixed, (15, 13), (y, x, c))).sum::<f64>() / 3.0;
        let found = ssim_static(&first, &second, &one).unwrap().unwrap();
        assert!((found - expected).abs() < 1e-4, "({y}, {x}): {found}, by definition {expected}");
    }
    // Two flat greys have no variance: (2ab + c1) / (a² + b² + c1) with 0.6 and 0.2.
    let (light, grey) = (clip(1, 3, 3, &[204; 27]), clip(1, 3, 3, &[153; 27]));
    let expected = (2.0 * 0.6 * 0.2 + 0.0004) / (0.36 + 0.04 + 0.0004);
    assert!((ssim_static(&light, &grey, &[true; 9]).unwrap().unwrap() - expected).abs() < 1e-4);
    assert_eq!(ssim_static(&light, &grey, &[false; 9]).unwrap(), None);
}

#[test]
fn a_view_is_evaluated_inside_its_border() {
    assert_eq!((crop_px(360), crop_px(144), crop_px(720)), (40, 16, 80));
    let (height, width, crop) = (26, 30, 3);
    let truth = noise(20 * height * width * 3, 9);
    let mut render = truth[..8 * height * width * 3].to_vec();
    // The border of the render is wrong, and must not count.
    for (k, value) in render.iter_mut().enumerate() {
        let (y, x) = (k / 3 / width % height, k / 3 % width);
        if y < crop || x < crop || y >= height - crop || x >= width - crop {
            *value = 255 - *value;
        }
    }
    let mask: Vec<bool> = (0..height * width).map(|k| k / width < 8).collect();
    let truth = ClipRef::new(20, height, width, &truth).unwrap();
    let render = ClipRef::new(8, height, width, &render).unwrap();
    let scores = evaluate(&render, &truth, &mask, crop).unwrap();
    assert_eq!(scores.static_share, 0.25);
    assert_eq!((scores.psnr_static, scores.coh), (Some(f64::INFINITY), Some(0.0)));
    assert!((scores.ssim_static.unwrap() - 1.0).abs() < 1e-6);
    // The render is the truth's own beginning: the hard cut.
    let plain = baselines(&truth, 8, &mask, crop).unwrap();
    assert_eq!(plain.hard_cut, scores);
    let frozen = plain.frozen;
    assert!(frozen.psnr_mean.unwrap() > 55.0, "only rounded: {frozen:?}");
    // Equal queries, equal keys: the seam of a frozen scene is as any of its moments.
    assert_eq!(frozen.loop_q, frozen.coh);
    assert!(frozen.std_err.unwrap() > 4000.0, "the truth's variance: {frozen:?}");

    let view = ViewMetrics { view: 4, scores };
    let json = serde_json::to_value(view).unwrap();
    assert_eq!((json["view"].as_u64(), json["static_share"].as_f64()), (Some(4), Some(0.25)));
    assert_eq!((json["coh"].as_f64(), json["psnr_static"].is_null()), (Some(0.0), true));
    let mean = mean_scores(&[view, ViewMetrics { view: 5, scores: frozen }]).unwrap();
    assert!((mean.coh.unwrap() - frozen.coh.unwrap() / 2.0).abs() < 1e-12);
    assert_eq!(mean_scores(&[]), None);
}

#[test]
fn appearance_of_known_clips() {
    let (height, width) = (7, 9);
    let truth = noise_clip(3, height, width, 21).map_time(3, |line, out| {
        out.iter_mut().zip(line).for_each(|(out, v)| *out = v & !1);
    });
    let truth = truth.unwrap();
    let half = truth.map_time(3, |line, out| out.iter_mut().zip(line).for_each(|(out, v)| *out = v / 2)).unwrap();
    // The left half is static.
    let mask: Vec<bool> = (0..height * width).map(|at| at % width < width / 2).collect();
    let own = appearance(&truth, &truth, &mask).unwrap();
    assert_eq!((own.detail, own.detail_moving, own.grid), (Some(1.0), Some(1.0), Some(1.0)));
    let soft = appearance(&half, &truth, &mask).unwrap();
    for figure in [soft.detail, soft.detail_moving] {
        assert!((figure.unwrap() - 0.5).abs() < 1e-6, "{soft:?}");
    }
    assert!((soft.grid.unwrap() - 1.0).abs() < 1e-6 && soft.specks.unwrap() < own.specks.unwrap(), "{soft:?}");
    assert!((soft.flicker.unwrap() - own.flicker.unwrap() / 2.0).abs() < 1e-9, "{soft:?}");

    // Stripes three pixels apart have the same second differences along rows and both diagonals, and none along columns: the
    // ratio is a half; of a line of one in rows and columns more.
    let grey = |at: &dyn Fn(usize, usize) -> u8| {
        let rgb: Vec<u8> = (0..12 * 12).flat_map(|i| [at(i / 12, i % 12); 3]).collect();
        clip(1, 12, 12, &rgb)
    };
    let stripes = grey(&|_, x| if x % 3 == 0 { 90 } else { 60 });
    let woven = grey(&|y, x| 60 + 20 * u8::from(x % 3 == 0) + 20 * u8::from(y % 3 == 0));
    let all = vec![false; 144];
    let ratio = appearance(&woven, &stripes, &all).unwrap().grid.unwrap();
    assert!(ratio > 1.2, "{ratio}");
    assert!((appearance(&stripes, &woven, &all).unwrap().grid.unwrap() - 1.0 / ratio).abs() < 1e-6);

    // One pixel of the hundred inside; a pixel of the border has no eight neighbours.
    let speck = |level: u8, at: usize| {
        let rgb: Vec<u8> = (0..144).flat_map(|i| [100, 100, if i == at { level } else { 100 }]).collect();
        appearance(&clip(1, 12, 12, &rgb), &stripes, &all).unwrap().specks
    };
    assert_eq!(
        [speck(125, 30), speck(124, 30), speck(75, 30), speck(125, 5)].map(Option::unwrap),
        [1e4, 0.0, 1e4, 0.0]
    );

    // From 10 to 14 and back across the seam; flat, so there is no detail to compare.
    let flat = clip(2, 3, 3, &[[10; 27], [14; 27]].concat());
    let expected = Appearance { specks: Some(0.0), flicker: Some(4.0), ..Appearance::default() };
    assert_eq!(appearance(&flat, &flat, &[true; 9]).unwrap(), expected);
    assert_eq!(appearance(&flat, &flat, &[false; 9]).unwrap().flicker, None);
}

#[test]
fn undefined_figures_are_none() {
    let still = noise(12 * 12 * 3, 10);
    let still = ClipRef::new(1, 12, 12, &still).unwrap();
    let scores = evaluate(&still, &still, &[true; 144], 1).unwrap();
    assert_eq!((scores.std_err, scores.com, scores.coh, scores.loop_q), (None, None, None, None));
    assert_eq!((scores.static_share, scores.psnr_mean), (1.0, Some(f64::INFINITY)));
    let nothing_static = evaluate(&still, &still, &[false; 144], 1).unwrap();
    assert_eq!((nothing_static.psnr_static, nothing_static.ssim_static), (None, None));
    // Six frames: too short for the configuration of seven.
    let short = noise_clip(6, 12, 12, 11);
    let expected = MetricsError::TooShort { what: "render", frames: 6, needed: 7 };
    assert_eq!(coh(&short, &noise_clip(9, 12, 12, 12)), Err(expected));
    let error = loop_q(&noise_clip(9, 12, 12, 12), &short).unwrap_err();
    assert_eq!(error.to_string(), "truth has 6 frames, this metric compares patches of 7");
}

#[test]
fn bad_input_is_named() {
    let bytes = noise(3 * 8 * 10 * 3, 13);
    let truth = ClipRef::new(3, 8, 10, &bytes).unwrap();
    let turned = ClipRef::new(3, 10, 8, &bytes).unwrap();
    let error = evaluate(&turned, &truth, &[true; 80], 0).unwrap_err();
    assert_eq!(error.to_string(), "render is 8x10 pixels, truth is 10x8: they must be equal");
    let error = evaluate(&truth, &truth, &[true; 79], 0).unwrap_err();
    assert_eq!(error.to_string(), "static mask has 79 pixels, expected 80 (10x8)");
    let error = evaluate(&truth, &truth, &[true; 80], 4).unwrap_err();
    assert_eq!(error, MetricsError::Crop { crop_px: 4, width: 10, height: 8 });
    let error = baselines(&truth, 0, &[true; 80], 1).unwrap_err();
    assert_eq!(error.to_string(), "clip is empty: shape [6, 8, 3, 0]");
    let (a, b) = (noise_clip(3, 8, 10, 14), noise_clip(3, 10, 8, 15));
    assert!(matches!(std_err(&a, &b), Err(MetricsError::Sizes { .. })));
    assert!(matches!(psnr_static(&a, &a, &[true]), Err(MetricsError::Mask { found: 1, expected: 80, .. })));
}
