//! The sizes of the files that a visitor loads, as a web server sends them, and their limits.

use anyhow::{Context, Result, bail};
use std::fs;
use std::io::Write;
use std::path::Path;

/// A group of files, and the limit on their total size in bytes, compressed with brotli.
struct Budget {
    name: &'static str,
    limit: usize,
    covers: fn(&str) -> bool,
}

const BUDGETS: [Budget; 3] = [
    Budget { name: "wasm for WebGPU", limit: 200_000, covers: |file| file == "loop3d_webgpu.wasm" },
    Budget { name: "wasm for WebGL2", limit: 800_000, covers: |file| file == "loop3d_webgl2.wasm" },
    Budget {
        name: "page and scripts",
        limit: 60_000,
        covers: |file| ["loop3d.js", "page.js", "index.html", "page.css"].contains(&file),
    },
];

/// Checks and prints the sizes of the files in `folder`.
///
/// # Errors
/// A group of files is over its limit.
pub fn check(folder: &Path) -> Result<()> {
    let mut names: Vec<String> = Vec::new();
    for entry in fs::read_dir(folder).with_context(|| format!("cannot read {}", folder.display()))? {
        names.extend(entry?.file_name().into_string());
    }
    names.sort();
    let mut over = Vec::new();
    for Budget { name, limit, covers } in BUDGETS {
        let (mut raw, mut sent) = (0, 0);
        for file in names.iter().filter(|file| covers(file)) {
            let bytes = fs::read(folder.join(file)).with_context(|| format!("cannot read {file}"))?;
            raw += bytes.len();
            sent += compressed(&bytes)?;
        }
        println!("{name:18} {:8.1} kB, {:6.1} kB with brotli (limit {} kB)", kb(raw), kb(sent), limit / 1000);
        if sent > limit {
            over.push(name);
        }
    }
    if !over.is_empty() {
        bail!("over the size limit: {}", over.join(", "));
    }
    Ok(())
}

fn kb(bytes: usize) -> f64 {
    bytes as f64 / 1000.0
}

/// Size after brotli at its highest level, as web servers store files.
fn compressed(bytes: &[u8]) -> Result<usize> {
    let mut out = Vec::new();
    let mut writer = brotli::CompressorWriter::new(&mut out, 1 << 16, 11, 24);
    writer.write_all(bytes).and_then(|()| writer.flush()).context("brotli")?;
    drop(writer);
    Ok(out.len())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn brotli_makes_repetitions_small_and_noise_no_smaller() {
        assert!(compressed(&[7; 100_000]).unwrap() < 100);
        let mut state = 1u32;
        let noise: Vec<u8> = std::iter::repeat_with(|| {
            state = state.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
            (state >> 24) as u8
        })
        .take(10_000)
        .collect();
        assert!((9_900..10_200).contains(&compressed(&noise).unwrap()));
    }

    #[test]
    fn every_budget_covers_its_own_files() {
        let covering = |file: &str| BUDGETS.iter().filter(|budget| (budget.covers)(file)).count();
        assert_eq!(["loop3d_webgpu.wasm", "loop3d_webgl2.wasm", "loop3d.js", "scene.glb"].map(covering), [1, 1, 1, 0]);
    }
}
