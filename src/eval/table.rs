//! The figures of all views, as a table.

use super::figures::{Better, FRAMES, Figure, LOOPS, defined, number};
use super::report::{Report, ViewReport};
use loop3d_optimizer::metrics::{Baselines, Scores};
use loop3d_scene::Scene;

/// What the figures mean; docs/BENCHMARKS.md lists ours.
const LEGEND: &str = "\
frozen scene, hard cut: baselines made from the held-out clip, which the fit never sees: its mean image, and its first frames cut to a loop.
static: pixels that never move. STDerr: squared error of each pixel's standard deviation over time (levels 0–255). Com. (completeness): mean
distance from clip patches to their nearest neighbours in the loop. Coh. (coherence): the reverse. LoopQ: coherence across the seam, at best
equal to Coh. detail: sharpness against the clip's (below 1 is softer). grid: lines along rows and columns against the clip's (above 1 is a
woven pattern). specks: single pixels that stick out. flicker: change from frame to frame where the clip is static (levels).";

/// Width of the row names.
const NAMES: usize = 12;

/// A table for each view, and a table of means if there are several.
pub fn of(report: &Report, scene: &Scene) -> String {
    let mut parts = Vec::new();
    for view in &report.views {
        let title = title(view, scene);
        parts.push(block(&title, &view.metrics.scores, view.psnr_whole, view.baselines.as_ref()));
    }
    if let (true, Some(scores)) = (report.views.len() > 1, &report.mean.scores) {
        let title = format!("mean of {} views", report.views.len());
        parts.push(block(&title, scores, report.mean.psnr_whole, report.mean.baselines.as_ref()));
    }
    if report.views.iter().any(|view| view.baselines.is_some()) {
        parts.push(LEGEND.to_owned());
    }
    parts.join("\n\n")
}

/// The view, what was compared, and how much of it is static.
pub fn title(view: &ViewReport, scene: &Scene) -> String {
    let (index, [width, height]) = (view.metrics.view, view.size);
    let name = scene.views.get(index).map_or("", |view| view.name.as_str());
    let against = if view.frames == 1 {
        "a still".to_owned()
    } else {
        format!("a loop of {} frames against a clip of {}", scene.frames, view.frames)
    };
    let percent = 100.0 * view.metrics.scores.static_share;
    format!("view {index} ({name}): {width}×{height}, {against}, {percent:.0}% static")
}

/// The scene's figures and those of the baselines, by name.
pub fn rows<'a>(ours: &'a Scores, baselines: Option<&'a Baselines>) -> Vec<(&'static str, &'a Scores)> {
    let mut rows = vec![("this scene", ours)];
    if let Some(baselines) = baselines {
        rows.extend([("frozen scene", &baselines.frozen), ("hard cut", &baselines.hard_cut)]);
    }
    rows
}

fn block(title: &str, ours: &Scores, whole: Option<f64>, baselines: Option<&Baselines>) -> String {
    let rows = rows(ours, baselines);
    let mut lines = vec![title.to_owned()];
    lines.extend(table(&LOOPS, &rows));
    lines.extend(table(&FRAMES, &rows));
    if let Some(whole) = whole {
        lines.push(format!("PSNR over the whole image: {} dB", number(whole, 2)));
    }
    lines.join("\n")
}

/// Head and rows of one table; a column in which no figure is defined is left out, and so is a table without columns.
fn table(figures: &[Figure], rows: &[(&str, &Scores)]) -> Vec<String> {
    let figures = defined(figures, rows);
    if figures.is_empty() {
        return Vec::new();
    }
    let names = figures.iter().map(|figure| format!("  {}", heading(figure)));
    let mut lines = vec![format!("{:NAMES$}{}", "", names.collect::<String>())];
    for (name, scores) in rows {
        let cell =
            |figure: &&Figure| format!("  {:>width$}", figure.shown(scores), width = heading(figure).chars().count());
        lines.push(format!("{name:NAMES$}{}", figures.iter().map(cell).collect::<String>()));
    }
    lines
}

/// The head of a column. Arrows show which way is better; `=1` is best at 1.
fn heading(figure: &Figure) -> String {
    let sign = match figure.better {
        Better::Higher => "↑",
        Better::Lower => "↓",
        Better::One => "=1",
    };
    format!("{} {sign}", figure.name)
}

#[cfg(test)]
mod tests {
    use super::*;
    use loop3d_optimizer::metrics::Appearance;

    #[test]
    fn columns_are_aligned_and_undefined_figures_are_dashes() {
        let ours = Scores {
            static_share: 0.25,
            psnr_static: Some(31.234),
            ssim_static: Some(0.91),
            psnr_mean: Some(f64::INFINITY),
            std_err: None,
            com: Some(12.0),
            coh: None,
            loop_q: None,
            appearance: Appearance { detail: Some(0.9), specks: Some(1234.4), ..Appearance::default() },
        };
        let baselines = Baselines { frozen: Scores { coh: Some(0.0), ..ours }, hard_cut: ours };
        assert_eq!(
            block("view 4", &ours, Some(22.5), Some(&baselines)),
            "view 4\n\
             \x20             static PSNR dB ↑  static SSIM ↑  mean PSNR dB ↑  Com. ↓  Coh. ↓\n\
             this scene               31.23         0.9100               ∞   12.00       –\n\
             frozen scene             31.23         0.9100               ∞   12.00    0.00\n\
             hard cut                 31.23         0.9100               ∞   12.00       –\n\
             \x20             detail =1  specks per million ↓\n\
             this scene        0.900                  1234\n\
             frozen scene      0.900                  1234\n\
             hard cut          0.900                  1234\n\
             PSNR over the whole image: 22.50 dB"
        );
    }
}
