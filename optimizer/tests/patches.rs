//! The factorised search and the looping target against brute force: unfolded patches and obvious loops.
#![cfg(test)]

use loop3d_optimizer::patches::{
    ClipRef, ClipWindow, Grid, LoopMatches, MIN_RHO, PatchError, Span, TargetSettings, TimeClip, TimeRows, fold,
    looping_target, match_loop, search,
};

/// Bytes that look like noise: a linear congruential generator's high bits.
struct Noise(u64);

impl Noise {
    fn byte(&mut self) -> u8 {
        self.0 = self.0.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        (self.0 >> 56) as u8
    }
    fn bytes(&mut self, len: usize) -> Vec<u8> {
        (0..len).map(|_| self.byte()).collect()
    }
}

/// `[F, h, w, 3]` bytes and their shape.
struct Frames {
    frames: usize,
    height: usize,
    width: usize,
    rgb: Vec<u8>,
}

impl Frames {
    fn noise(frames: usize, height: usize, width: usize, seed: u64) -> Self {
        Self { frames, height, width, rgb: Noise(seed).bytes(frames * height * width * 3) }
    }
    fn at(&self, t: usize, y: usize, x: usize, c: usize) -> u8 {
        self.rgb[((t * self.height + y) * self.width + x) * 3 + c]
    }
    fn select(&self, frames: impl Iterator<Item = usize>) -> Self {
        let len = self.height * self.width * 3;
        let chosen: Vec<usize> = frames.collect();
        let rgb = chosen.iter().flat_map(|&t| &self.rgb[t * len..(t + 1) * len]).copied().collect();
        Self { frames: chosen.len(), height: self.height, width: self.width, rgb }
    }
    fn clip(&self) -> ClipRef<'_> {
        ClipRef::new(self.frames, self.height, self.width, &self.rgb).unwrap()
    }
    fn window(&self) -> ClipWindow<'_> {
        ClipWindow { clip: self.clip(), x0: 0, y0: 0 }
    }
    fn time_clip(&self) -> TimeClip {
        TimeClip::from_window(&self.window(), self.height, self.width, 1).unwrap()
    }
    /// `[h, w, 3, F]`, 0–1.
    fn render(&self) -> Vec<f32> {
        let mut out = Vec::with_capacity(self.rgb.len());
        for y in 0..self.height {
            for x in 0..self.width {
                for c in 0..3 {
                    out.extend((0..self.frames).map(|t| f32::from(self.at(t, y, x, c)) / 255.0));
                }
            }
        }
        out
    }
    fn target(&self, clip: &Self, settings: &TargetSettings) -> Vec<f32> {
        looping_target(&self.render(), self.height, self.width, self.frames, &clip.window(), settings).unwrap()
    }
    fn matches(&self, clip: &Self, settings: &TargetSettings) -> LoopMatches {
        let render = self.render();
        let render = TimeRows::new("render", self.height, self.width, self.frames, &render).unwrap();
        match_loop(&render, &clip.time_clip().rows(), settings).unwrap()
    }
}

/// Locations as the documentation has them, found without the library.
fn starts(size: usize, patch: usize, stride: usize) -> Vec<usize> {
    let mut starts: Vec<usize> = (0..size).filter(|k| k % stride == 0 && k + patch <= size).collect();
    if starts.last().unwrap() + patch < size {
        starts.push(size - patch);
    }
    starts
}

/// One unfolded patch.
fn patch(clip: &Frames, y: usize, x: usize, p: usize, times: impl Iterator<Item = usize>) -> Vec<f64> {
    let mut out = Vec::new();
    for t in times {
        for y in y..y + p {
            for x in x..x + p {
                out.extend((0..3).map(|c| f64::from(clip.at(t, y, x, c))));
            }
        }
    }
    out
}

fn distance(a: &[f64], b: &[f64]) -> f64 {
    a.iter().zip(b).map(|(a, b)| (a - b) * (a - b)).sum()
}

/// Distance tables of all locations by brute force, `[locations][queries][keys]`.
fn brute_tables(x: &Frames, y: &Frames, p: usize, s: usize, span: Span) -> Vec<Vec<Vec<f64>>> {
    let p = p.min(x.height).min(x.width);
    let s = s.min(p);
    let queries = if span.circular { x.frames } else { x.frames + 1 - span.frames };
    let mut tables = Vec::new();
    for &row in &starts(x.height, p, s) {
        for &column in &starts(x.width, p, s) {
            let keys: Vec<Vec<f64>> =
                (0..=y.frames - span.frames).map(|j| patch(y, row, column, p, j..j + span.frames)).collect();
            let table = (0..queries).map(|i| {
                let query = patch(x, row, column, p, (i..i + span.frames).map(|t| t % x.frames));
                keys.iter().map(|key| distance(&query, key)).collect()
            });
            tables.push(table.collect());
        }
    }
    tables
}

fn assert_tables(x: &Frames, y: &Frames, p: usize, s: usize, span: Span) {
    let grid = Grid::new(x.height, x.width, p, s).unwrap();
    let queries = if span.circular { x.frames } else { x.frames + 1 - span.frames };
    let keys = y.frames + 1 - span.frames;
    let (a, b) = (x.time_clip(), y.time_clip());
    let found = search(&a.rows(), &b.rows(), &grid, span, queries * keys, |table, out: &mut [f32]| {
        assert_eq!((table.queries, table.keys, table.width % 8), (queries, keys, 0));
        for i in 0..queries {
            for j in 0..table.width {
                if j < keys {
                    out[i * keys + j] = table.at(i, j);
                } else {
                    assert_eq!(table.at(i, j), f32::INFINITY);
                }
            }
        }
    })
    .unwrap();
    let expected: Vec<f64> = brute_tables(x, y, p, s, span).into_iter().flatten().flatten().collect();
    assert_eq!(found.len(), expected.len());
    for (k, (&found, expected)) in found.iter().zip(expected).enumerate() {
        assert!(found >= 0.0);
        assert!((f64::from(found) - expected).abs() <= 1e-6 * expected, "value {k}: {found}, brute force {expected}");
    }
}

#[test]
fn tables_equal_brute_force() {
    // Sizes that are no multiples of the strides, frames that are no multiples of 4 or 8, both query modes.
    let (x, y) = (Frames::noise(7, 21, 30, 1), Frames::noise(19, 21, 30, 2));
    for (p, s) in [(11, 4), (3, 2), (5, 2), (17, 6), (4, 4), (1, 1), (50, 7)] {
        for frames in [1, 2, 3, 5, 7] {
            for circular in [false, true] {
                if p < 17 || frames == 3 {
                    assert_tables(&x, &y, p, s, Span { frames, circular });
                }
            }
        }
    }
}

#[test]
fn tables_equal_brute_force_across_blocks() {
    // Wide enough for several blocks of columns, tall enough for several strips.
    let (x, y) = (Frames::noise(5, 5, 300, 3), Frames::noise(9, 5, 300, 4));
    assert_tables(&x, &y, 3, 2, Span { frames: 3, circular: true });
    let (x, y) = (Frames::noise(4, 131, 9, 5), Frames::noise(8, 131, 9, 6));
    assert_tables(&x, &y, 5, 2, Span { frames: 3, circular: false });
    // More frames than a block's share of the cache allows for many columns.
    let (x, y) = (Frames::noise(61, 3, 23, 7), Frames::noise(333, 3, 23, 8));
    assert_tables(&x, &y, 3, 2, Span { frames: 3, circular: true });
}

#[test]
fn distances_of_equal_patches_are_zero_and_none_is_negative() {
    // Bright and nearly constant: where |a|² + |b|² − 2ab cancels.
    let mut noise = Noise(9);
    let rgb: Vec<u8> = (0..12 * 20 * 20 * 3).map(|_| 250 + noise.byte() % 2).collect();
    let clip = Frames { frames: 12, height: 20, width: 20, rgb }.time_clip();
    let grid = Grid::new(20, 20, 11, 4).unwrap();
    let span = Span { frames: 3, circular: false };
    let least = search(&clip.rows(), &clip.rows(), &grid, span, 2, |table, out: &mut [f32]| {
        out[0] = (0..10).map(|i| table.at(i, i)).fold(0.0, f32::max);
        out[1] = table.values.iter().copied().fold(f32::INFINITY, f32::min);
    })
    .unwrap();
    assert_eq!(least.len(), 2 * 4 * 4);
    assert!(least.iter().all(|&v| v == 0.0), "{least:?}");
}

/// Chosen keys against brute-force scores, and the folded clip against scattered patches.
fn assert_target(x: &Frames, y: &Frames, settings: &TargetSettings) {
    let span = Span { frames: settings.patch_frames, circular: true };
    let p = settings.patch.min(x.height).min(x.width);
    let s = settings.stride.min(p);
    let dim = (3 * p * p * settings.patch_frames) as f64 * 255.0 * 255.0;
    let matches = x.matches(y, settings);
    let tables = brute_tables(x, y, p, s, span);
    assert_eq!(matches.chosen().len(), tables.len() * x.frames);
    for (table, chosen) in tables.iter().zip(matches.chosen().chunks(x.frames)) {
        let minima: Vec<f64> =
            (0..table[0].len()).map(|j| table.iter().map(|row| row[j] / dim).fold(f64::INFINITY, f64::min)).collect();
        for (row, &key) in table.iter().zip(chosen) {
            let score = |j: usize| match settings.rho {
                None => row[j] / dim,
                Some(rho) => row[j] / dim / (f64::from(rho.max(MIN_RHO)) + minima[j]),
            };
            let best = (0..row.len()).min_by(|&a, &b| score(a).total_cmp(&score(b))).unwrap();
            // A choice may differ only where rounding decides: with rho 0 on noise, many keys score nearly 1.
            let (found, least) = (score(usize::from(key)), score(best));
            assert!(found <= least * (1.0 + 1e-6), "key {key} scores {found}, key {best} {least}");
        }
    }

    // Votes for each frame of the clip, scattered patch by patch: `[pixel and channel and loop frame][clip frame]`.
    let mut votes = vec![vec![0u32; y.frames]; x.rgb.len()];
    let mut chosen = matches.chosen().chunks(x.frames);
    for &row in &starts(x.height, p, s) {
        for &column in &starts(x.width, p, s) {
            for (i, &key) in chosen.next().unwrap().iter().enumerate() {
                for shift in 0..settings.patch_frames {
                    for yy in row..row + p {
                        for xx in column..column + p {
                            for c in 0..3 {
                                let at = ((yy * x.width + xx) * 3 + c) * x.frames + (i + shift) % x.frames;
                                votes[at][usize::from(key) + shift] += 1;
                            }
                        }
                    }
                }
            }
        }
    }
    let expected_at = |k: usize| {
        let (pixel, c) = (k / (3 * x.frames), k / x.frames % 3);
        let (mut sum, mut weights) = (0.0, 0.0);
        for (frame, &n) in votes[k].iter().enumerate() {
            let weight = f64::from(n * n);
            sum += weight * f64::from(y.at(frame, pixel / x.width, pixel % x.width, c));
            weights += weight;
        }
        sum / weights
    };
    let target = x.target(y, settings);
    let bytes = looping_target::<u8>(&x.render(), x.height, x.width, x.frames, &y.window(), settings).unwrap();
    assert_eq!(target.len(), votes.len());
    for (k, &value) in target.iter().enumerate() {
        let expected: f64 = expected_at(k);
        assert!(
            (f64::from(value) * 255.0 - expected).abs() < 1e-4,
            "value {k}: {value}, scattered {}",
            expected / 255.0
        );
        assert!((f64::from(bytes[k]) - expected).abs() <= 0.5, "byte {k}: {}, scattered {expected}", bytes[k]);
    }
}

#[test]
fn target_equals_brute_force_in_both_settings_with_and_without_normalisation() {
    let (x, y) = (Frames::noise(9, 18, 26, 11), Frames::noise(21, 18, 26, 12));
    for settings in [TargetSettings::REFERENCE, TargetSettings::OTHER] {
        for rho in [None, Some(0.0), Some(0.02)] {
            assert_target(&x, &y, &TargetSettings { rho, ..settings });
        }
    }
    // A window smaller than the patch; a loop shorter than a patch; patches of other lengths.
    let (x, y) = (Frames::noise(5, 4, 9, 13), Frames::noise(11, 4, 9, 14));
    assert_target(&x, &y, &TargetSettings::REFERENCE);
    let (x, y) = (Frames::noise(2, 7, 7, 15), Frames::noise(11, 7, 7, 16));
    assert_target(&x, &y, &TargetSettings::OTHER);
    assert_target(&x, &y, &TargetSettings { patch_frames: 1, ..TargetSettings::OTHER });
    assert_target(&x, &y, &TargetSettings { patch_frames: 5, ..TargetSettings::REFERENCE });
}

#[test]
fn nearest_keys_give_a_sub_clip_back() {
    let clip = Frames::noise(30, 14, 19, 21);
    let render = clip.select(4..17);
    let same = render.render();
    for settings in [TargetSettings { rho: None, ..TargetSettings::REFERENCE }, TargetSettings::OTHER] {
        let matches = render.matches(&clip, &settings);
        for chosen in matches.chosen().chunks(13) {
            assert!((0..=10).all(|i| usize::from(chosen[i]) == 4 + i), "{chosen:?}");
        }
        // Queries 11 and 12 wrap around: frames 0, 1 and the last two hear them.
        for (k, (found, expected)) in render.target(&clip, &settings).iter().zip(&same).enumerate() {
            assert!(!(2..=10).contains(&(k % 13)) || found == expected, "value {k}: {found}, expected {expected}");
        }
    }
}

#[test]
fn an_aligned_loop_of_a_periodic_clip_is_its_own_target() {
    let period = Frames::noise(7, 13, 15, 31);
    let clip = period.select((0..23).map(|t| t % 7));
    // Begins at another phase than the clip: the seam of the loop is an ordinary moment of the clip.
    let render = period.select((0..7).map(|t| (t + 3) % 7));
    for settings in [TargetSettings::REFERENCE, TargetSettings::OTHER] {
        assert_eq!(render.target(&clip, &settings), render.render());
        let matches = render.matches(&clip, &settings);
        // Every moment appears at least three times in the clip, with equal distances: the first one is taken.
        assert!(matches.chosen().chunks(7).all(|chosen| chosen == [3, 4, 5, 6, 0, 1, 2]));
    }
}

#[test]
fn completeness_uses_more_of_the_clip() {
    let clip = Frames::noise(40, 24, 24, 41);
    let mut noise = Noise(42);
    // A static render, the clip's mean, with a little noise.
    let mut render = clip.select(0..12);
    let frame = 24 * 24 * 3;
    for k in 0..frame {
        let mean = (0..40).map(|t| usize::from(clip.rgb[t * frame + k])).sum::<usize>() / 40;
        for t in 0..12 {
            render.rgb[t * frame + k] = mean as u8 + noise.byte() % 4;
        }
    }
    for settings in [TargetSettings::REFERENCE, TargetSettings::OTHER] {
        let keys = |rho| render.matches(&clip, &TargetSettings { rho, ..settings }).distinct_keys();
        let (complete, nearest) = (keys(Some(0.0)), keys(None));
        assert!((1.0..=12.0).contains(&nearest) && complete <= 12.0, "{nearest} {complete}");
        assert!(complete > 2.0 * nearest, "{complete} keys with rho 0, {nearest} without normalisation");
        // A large rho is no normalisation.
        assert!((keys(Some(1e6)) - nearest).abs() < 0.1);
    }
}

#[test]
fn distinct_keys_are_counted_for_each_location() {
    let clip = Frames::noise(9, 3, 5, 43);
    let settings = TargetSettings { patch: 3, stride: 2, patch_frames: 1, rho: None, entropic_epsilon: None };
    let count = |frames: &[usize]| clip.select(frames.iter().copied()).matches(&clip, &settings).distinct_keys();
    assert_eq!(count(&[2, 5, 2, 2]), 2.0);
    assert_eq!(count(&[0, 1, 2, 3, 4, 5, 6, 7, 8]), 9.0);
}

#[test]
fn short_clips_are_extended_by_their_last_frame() {
    let render = Frames::noise(6, 9, 11, 51);
    for settings in [TargetSettings::REFERENCE, TargetSettings::OTHER] {
        let one = Frames::noise(1, 9, 11, 52);
        let everywhere = one.select([0; 6].into_iter()).render();
        assert_eq!(render.target(&one, &settings), everywhere);
        // Two frames: the one key is frames 0, 1, 1, and every frame of the loop hears all three.
        let two = Frames::noise(2, 9, 11, 53);
        for (k, value) in render.target(&two, &settings).into_iter().enumerate() {
            let byte = |t: usize| f32::from(two.rgb[t * 9 * 11 * 3 + k / 6]);
            let expected = (byte(0) + 2.0 * byte(1)) / 3.0 / 255.0;
            assert!((value - expected).abs() < 1e-6, "value {k}: {value}, expected {expected}");
        }
    }
}

#[test]
fn threads_do_not_change_the_result() {
    let (x, y) = (Frames::noise(8, 75, 140, 61), Frames::noise(20, 75, 140, 62));
    for settings in [TargetSettings::REFERENCE, TargetSettings { rho: Some(0.0), ..TargetSettings::OTHER }] {
        let with = |threads| {
            let pool = rayon::ThreadPoolBuilder::new().num_threads(threads).build().unwrap();
            pool.install(|| x.target(&y, &settings))
        };
        let one = with(1);
        assert!(one == with(2) && one == with(5));
    }
}

#[test]
fn a_window_reads_its_own_part_of_the_clip() {
    let clip = Frames::noise(10, 20, 31, 71);
    let window = ClipWindow { clip: clip.clip(), x0: 7, y0: 5 };
    let cut = TimeClip::from_window(&window, 9, 13, 12).unwrap();
    assert_eq!((cut.height(), cut.width(), cut.frames()), (9, 13, 12));
    for (k, line) in cut.lines().enumerate() {
        let (y, x, c) = (k / 39, k / 3 % 13, k % 3);
        let expected: Vec<u8> = (0..12).map(|t| clip.at(t.min(9), 5 + y, 7 + x, c)).collect();
        assert_eq!(line, expected);
    }
    let first_rows = Frames { frames: 1, height: 9, width: 13, rgb: cut.frame(3) };
    assert_eq!(first_rows.at(0, 2, 4, 1), clip.at(3, 7, 11, 1));
}

#[test]
fn the_grid_reaches_the_last_row_and_column() {
    let grid = Grid::new(180, 320, 11, 4).unwrap();
    assert_eq!((grid.rows.len(), grid.columns.len()), (44, 79));
    assert_eq!((grid.rows.starts[43], grid.columns.starts[78]), (169, 309));
    let grid = Grid::new(180, 320, 3, 2).unwrap();
    assert_eq!((grid.rows.starts.last(), grid.columns.starts.last()), (Some(&177), Some(&317)));
    let exact = Grid::new(19, 15, 11, 4).unwrap();
    assert_eq!((exact.rows.starts, exact.columns.starts), (vec![0, 4, 8], vec![0, 4]));
    let small = Grid::new(7, 30, 11, 4).unwrap();
    assert_eq!((small.patch(), small.rows.starts), (7, vec![0]));
    let tiny = Grid::new(2, 5, 11, 4).unwrap();
    assert_eq!((tiny.patch(), tiny.columns.starts), (2, vec![0, 2, 3]));
}

#[test]
fn bad_input_is_named() {
    let clip = Frames::noise(5, 8, 10, 81);
    let render = vec![0.5; 8 * 10 * 3 * 4];
    let try_target = |render: &[f32], size: (usize, usize, usize), at: (usize, usize), settings: TargetSettings| {
        let window = ClipWindow { clip: clip.clip(), x0: at.0, y0: at.1 };
        looping_target::<f32>(render, size.0, size.1, size.2, &window, &settings).unwrap_err()
    };
    let good = TargetSettings::OTHER;
    let error = try_target(&render, (8, 10, 5), (0, 0), good);
    assert_eq!(error.to_string(), "render: 960 values, expected 1200 for its shape [8, 10, 3, 5]");
    let error = try_target(&[], (8, 10, 0), (0, 0), good);
    assert_eq!(error.to_string(), "render is empty: shape [8, 10, 3, 0]");
    let error = try_target(&render, (8, 10, 4), (1, 0), good);
    assert_eq!(error.to_string(), "window 10x8 at (1, 0) does not lie inside the clip of 10x8 pixels");
    let error = try_target(&render, (8, 10, 4), (0, usize::MAX), good);
    assert!(matches!(error, PatchError::Outside { y0: usize::MAX, .. }));
    let error = try_target(&render, (8, 10, 4), (0, 0), TargetSettings { stride: 4, ..good });
    assert_eq!(error.to_string(), "patch setting stride is 4, expected at least 1 pixel and at most the patch");
    for (name, settings) in [
        ("stride", TargetSettings { stride: 0, ..good }),
        ("patch", TargetSettings { patch: 0, ..good }),
        ("patch_frames", TargetSettings { patch_frames: 0, ..good }),
        ("rho", TargetSettings { rho: Some(-1.0), ..good }),
        ("rho", TargetSettings { rho: Some(f32::NAN), ..good }),
    ] {
        let error = try_target(&render, (8, 10, 4), (0, 0), settings);
        assert!(matches!(&error, PatchError::Setting { name: found, .. } if *found == name), "{error}");
    }
    let error = ClipRef::new(5, 8, 10, &clip.rgb[1..]).unwrap_err();
    assert_eq!(error.to_string(), "clip: 1199 values, expected 1200 for its shape [5, 8, 10, 3]");

    let (short, wide) = (Frames::noise(2, 8, 10, 82), Frames::noise(5, 8, 11, 83));
    let grid = Grid::new(8, 10, 3, 2).unwrap();
    let span = Span { frames: 3, circular: false };
    let run = |x: &Frames, y: &Frames| {
        search(&x.time_clip().rows(), &y.time_clip().rows(), &grid, span, 1, |_, _: &mut [u8]| ()).unwrap_err()
    };
    assert_eq!(run(&short, &clip).to_string(), "queries' clip has 2 frames, a temporal patch needs 3");
    assert_eq!(run(&clip, &short).to_string(), "keys' clip has 2 frames, a temporal patch needs 3");
    assert_eq!(run(&clip, &wide).to_string(), "queries are 10x8 pixels, keys 11x8: they must be equal");
    let matches = clip.matches(&clip, &good);
    assert!(matches!(fold::<f32>(&matches, &wide.time_clip().rows()), Err(PatchError::Sizes { .. })));
    assert!(matches!(fold::<f32>(&matches, &short.time_clip().rows()), Err(PatchError::Length { expected: 1200, .. })));
}
