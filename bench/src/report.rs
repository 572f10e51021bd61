//! All that was measured: JSON for programs, tables for people.

use crate::browser::{self, Browser};
use crate::ceiling::Ceiling;
use crate::fit::FitCost;
use crate::gpu::Gpu;
use crate::growth::Growth;
use crate::kernels::{Kernel, Memory};
use crate::samples::Samples;
use crate::viewer::{self, ViewerCost};
use crate::work::Limit;
use serde::{Deserialize, Serialize};
use std::fmt::{self, Display, Formatter};

/// One run. Parts that were not asked for are absent.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Report {
    /// Threads of our kernels, and of libtorch.
    pub threads: (usize, usize),
    /// Fewer repetitions and smaller fits.
    pub quick: bool,
    /// What the machine can do.
    pub ceiling: Option<Ceiling>,
    /// A whole fit.
    pub fit: Option<FitCost>,
    /// Kernels against libtorch.
    pub kernels: Vec<Kernel>,
    /// Memory of the compositor against libtorch's.
    pub memory: Vec<Memory>,
    /// The looping stage on a GPU, where there is one.
    pub gpu: Option<Gpu>,
    /// Fits of growing captures.
    pub growth: Vec<Growth>,
    /// The GPU renderer on each adapter.
    pub viewer: Vec<ViewerCost>,
    /// The viewer in a browser beside the original project's way.
    pub browser: Option<Browser>,
}

const MB: f64 = 1e6;
const GB: f64 = 1e9;

/// A ratio beside the one that was asked for.
fn against(ratio: f64, wanted: Option<f64>) -> String {
    match wanted {
        Some(wanted) if ratio >= wanted => format!("{ratio:.1} × (wanted {wanted:.0} ×)"),
        Some(wanted) => format!("{ratio:.1} × (wanted {wanted:.0} ×: SHORT)"),
        None => format!("{ratio:.1} ×"),
    }
}

fn megabytes(bytes: Option<u64>) -> String {
    bytes.map_or("?".into(), |bytes| format!("{:.0} MB", bytes as f64 / MB))
}

fn tenths(bytes: u64) -> String {
    format!("{:.1} MB", bytes as f64 / MB)
}

impl Display for Report {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        let (ours, torch) = self.threads;
        writeln!(f, "{ours} threads, {torch} of libtorch; medians{}", if self.quick { "; quick" } else { "" })?;
        if let Some(ceiling) = &self.ceiling {
            let Ceiling { bytes_per_second, operations_per_second } = ceiling;
            let (bytes, operations) = (bytes_per_second / GB, operations_per_second / GB);
            writeln!(f, "ceiling: copy {bytes:.1} GB/s, multiply-add {operations:.0} GFLOP/s")?;
        }
        self.fit.iter().try_for_each(|fit| write_fit(f, fit))?;
        if !self.kernels.is_empty() {
            writeln!(f, "\nkernel")?;
        }
        self.kernels.iter().try_for_each(|kernel| write_kernel(f, kernel))?;
        for memory in &self.memory {
            let ratio = memory.ratio().map_or("?".into(), |ratio| against(ratio, memory.wanted));
            let (ours, theirs) = (megabytes(memory.ours), megabytes(memory.theirs));
            writeln!(f, "  peak memory of the compositor {ours}; {}: {theirs}, {ratio}", memory.oracle)?;
        }
        self.gpu.iter().try_for_each(|gpu| write_gpu(f, gpu))?;
        self.growth.iter().try_for_each(|growth| write_growth(f, growth))?;
        self.viewer.iter().try_for_each(|cost| write_viewer(f, cost))?;
        self.browser.iter().try_for_each(|browser| write_browser(f, browser))
    }
}

fn write_fit(f: &mut Formatter<'_>, fit: &FitCost) -> fmt::Result {
    let ((width, height), (static_tiles, looping_tiles)) = (fit.size, fit.tiles);
    let (views, planes, frames) = (fit.views, fit.planes, fit.frames);
    writeln!(
        f,
        "\ndraft fit: {views} views of {width}×{height}, {planes} planes, T = {frames}, {static_tiles} static and {looping_tiles} looping tiles"
    )?;
    let total: f64 = fit.stages.iter().map(|stage| stage.seconds).sum();
    for stage in &fit.stages {
        let (seconds, share) = (stage.seconds, 100.0 * stage.seconds / total);
        writeln!(f, "  {:<16}{seconds:>8.1} s{share:>5.0} %{:>10}", stage.name, megabytes(stage.peak_bytes))?;
    }
    writeln!(f, "  {:<16}{total:>8.1} s{:>17}", "total", megabytes(fit.peak_bytes()))
}

fn write_kernel(f: &mut Formatter<'_>, kernel: &Kernel) -> fmt::Result {
    let seconds = kernel.seconds.median();
    let (bytes, operations) = (kernel.work.bytes / MB, kernel.work.operations / GB);
    let limit = match kernel.limit {
        Limit::Memory => "copy",
        Limit::Arithmetic => "multiply-add",
    };
    writeln!(f, "  {:<66}{:>8.1} ms", kernel.name, seconds * 1e3)?;
    writeln!(f, "      {bytes:.0} MB, {operations:.2} GFLOP: {:.0} % of the {limit} ceiling", 100.0 * kernel.share)?;
    for oracle in &kernel.oracles {
        let ratio = against(oracle.ratio, oracle.wanted);
        writeln!(f, "      {:<62}{:>8.1} ms  {ratio}", oracle.name, oracle.seconds.median() * 1e3)?;
    }
    Ok(())
}

fn write_gpu(f: &mut Formatter<'_>, gpu: &Gpu) -> fmt::Result {
    writeln!(f, "\n{:<32}{:>14}{:>14}", gpu.device, "target", "looping step")?;
    for side in &gpu.sides {
        let (target, step) = (side.target.median() * 1e3, side.step.median() * 1e3);
        writeln!(f, "  {:<30}{target:>11.1} ms{step:>11.1} ms", side.name)?;
    }
    Ok(())
}

fn write_growth(f: &mut Formatter<'_>, growth: &Growth) -> fmt::Result {
    writeln!(f, "\nfit time by {}: to the power {:.2}", growth.of, growth.exponent())?;
    for point in &growth.points {
        let (seconds, peak) = (point.seconds.median(), megabytes(point.peak_bytes));
        writeln!(f, "  {:>6}{seconds:>10.1} s{peak:>10}{:>6} planes", point.value, point.planes)?;
    }
    Ok(())
}

fn write_viewer(f: &mut Formatter<'_>, cost: &ViewerCost) -> fmt::Result {
    let ((width, height), (planes, quads)) = (cost.size, (cost.planes, cost.quads));
    let ms = |samples: &Samples| samples.median() * 1e3;
    writeln!(f, "\nviewer: {width}×{height} on {}, {planes} planes, one draw of {quads} quads", cost.adapter)?;
    let ratio = against(cost.ratio, Some(viewer::WANTED));
    let (own, whole, cpu) = (ms(&cost.seconds), ms(&cost.whole_planes), ms(&cost.cpu_seconds));
    writeln!(f, "  a picture {own:.1} ms, CPU {cpu:.2} ms of it; whole planes {whole:.1} ms: {ratio}")?;
    let ((shaded, blended), (bytes, least)) = (cost.fragments, cost.bytes);
    writeln!(
        f,
        "  {shaded:.2} fragments for a pixel, {blended:.2} of them blended; {bytes:.0} bytes asked for, least {least:.0}"
    )?;
    let streamed = &cost.streamed;
    writeln!(
        f,
        "  GPU memory {}; {} frames streamed through {}: {}, {} of {} pictures late, {} frames missed, upload {:.1} ms",
        megabytes(Some(cost.gpu_bytes)),
        streamed.frames,
        streamed.frames_on_gpu,
        megabytes(Some(streamed.gpu_bytes)),
        streamed.late,
        streamed.pictures,
        streamed.missed,
        streamed.upload_seconds * 1e3,
    )
}

fn write_browser(f: &mut Formatter<'_>, browser: &Browser) -> fmt::Result {
    let Some((original, ours)) = browser.sides() else { return Ok(()) };
    let ((width, height), frames) = (browser.size, browser.frames);
    writeln!(f, "\nChromium: {width}×{height} on {}, {frames} frames", browser.adapter)?;
    let ms = original.milliseconds.median();
    let (bytes, gpu) = (tenths(original.bytes), tenths(original.gpu_bytes));
    writeln!(f, "  original's way: {ms:.1} ms a picture, {bytes} loaded, {gpu} on the GPU")?;
    for side in ours {
        let (ms, missed) = (side.milliseconds.median(), side.missed);
        let (bytes, gpu) = (tenths(side.bytes), tenths(side.gpu_bytes));
        let faster = against(side.speed(original), Some(browser::WANTED_SPEED));
        let lighter = against(side.lightness(original), Some(browser::WANTED_BYTES));
        writeln!(f, "  ours on {}: {ms:.1} ms, {faster}; {bytes}, {lighter}; {gpu}; {missed} missed", side.name)?;
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::fit::StageCost;
    use crate::gpu::Side;
    use crate::kernels::Oracle;
    use crate::work::Work;

    fn report() -> Report {
        let stage = |name: &str, seconds, peak| StageCost { name: name.into(), seconds, peak_bytes: Some(peak) };
        let oracle =
            Oracle { name: "libtorch".into(), seconds: Samples(vec![3.0, 2.0, 2.5]), ratio: 25.0, wanted: Some(30.0) };
        Report {
            threads: (2, 2),
            ceiling: Some(Ceiling { bytes_per_second: 2e10, operations_per_second: 1.5e11 }),
            fit: Some(FitCost {
                size: (384, 216),
                views: 9,
                planes: 20,
                frames: 48,
                tiles: (100, 200),
                stages: vec![stage("loading", 1.0, 3_000_000), stage("static, 8/16", 3.0, 2_000_000)],
            }),
            kernels: vec![Kernel {
                name: "looping target".into(),
                seconds: Samples(vec![0.1]),
                oracles: vec![oracle],
                work: Work { bytes: 5e7, operations: 3e9 },
                limit: Limit::Arithmetic,
                share: 0.2,
            }],
            gpu: Some(Gpu {
                device: "NVIDIA X".into(),
                sides: vec![Side {
                    name: "CUDA kernels".into(),
                    target: Samples(vec![0.004]),
                    step: Samples(vec![0.002]),
                }],
            }),
            memory: vec![Memory { oracle: "libtorch".into(), ours: Some(1), theirs: Some(9), wanted: Some(8.0) }],
            browser: Some(browser::tests::browser()),
            ..Report::default()
        }
    }

    #[test]
    fn json_holds_everything() {
        let json = serde_json::to_value(report()).unwrap();
        assert_eq!(json["kernels"][0]["oracles"][0]["seconds"], serde_json::json!([3.0, 2.0, 2.5]));
        assert_eq!(json["fit"]["stages"][1]["name"], "static, 8/16");
        assert_eq!(json["kernels"][0]["limit"], "arithmetic");
        assert_eq!(serde_json::from_value::<Report>(json).unwrap(), report());
    }

    #[test]
    fn tables_say_what_falls_short() {
        let table = report().to_string();
        let lines: Vec<String> =
            table.lines().map(|line| line.split_whitespace().collect::<Vec<_>>().join(" ")).collect();
        for expected in [
            "2 threads, 2 of libtorch; medians",
            "ceiling: copy 20.0 GB/s, multiply-add 150 GFLOP/s",
            "static, 8/16 3.0 s 75 % 2 MB",
            "total 4.0 s 3 MB",
            "looping target 100.0 ms",
            "50 MB, 3.00 GFLOP: 20 % of the multiply-add ceiling",
            "libtorch 2500.0 ms 25.0 × (wanted 30 ×: SHORT)",
            "NVIDIA X target looping step",
            "CUDA kernels 4.0 ms 2.0 ms",
            "peak memory of the compositor 0 MB; libtorch: 0 MB, 9.0 × (wanted 8 ×)",
            "Chromium: 1280×720 on X, 48 frames",
            "original's way: 9.0 ms a picture, 30.0 MB loaded, 300.0 MB on the GPU",
            "ours on webgpu: 4.0 ms, 2.2 × (wanted 3 ×: SHORT); 1.5 MB, 20.0 × (wanted 15 ×); 60.0 MB; 1 missed",
        ] {
            assert!(lines.iter().any(|line| line == expected), "{expected}\n{table}");
        }
    }
}
