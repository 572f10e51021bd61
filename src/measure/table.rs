//! The figures of all clips, as tables.

use super::report::{ClipReport, Report, SetReport};

/// Name and cell of a column. Arrows and `=1` show which way is better.
type Column = (&'static str, fn(&ClipReport) -> Option<String>);

const COLUMNS: [Column; 10] = [
    ("size", |clip| Some(format!("{}×{}", clip.metrics.size[0], clip.metrics.size[1]))),
    ("frames", |clip| Some(clip.metrics.frames.to_string())),
    ("fps", |clip| Some(fps(clip.fps))),
    ("seam =1", |clip| Some(format!("{:.2}", clip.metrics.seam.as_ref()?.ratio?))),
    ("worst shift =1", |clip| Some(format!("{:.2}", clip.metrics.seam.as_ref()?.worst_shift?))),
    ("motion", |clip| Some(format!("{:.2}", clip.metrics.activity?.mean_difference))),
    ("moving", |clip| Some(format!("{:.0}%", 100.0 * clip.metrics.activity?.moving))),
    ("cuts ↓", |clip| Some(clip.metrics.cuts.len().to_string())),
    ("OFS", |clip| Some(format!("{:.2}", clip.flow.as_ref()?.motion()))),
    ("MAWE ↓", |clip| Some(format!("{:.2}", clip.flow.as_ref()?.value?))),
];

/// What the figures mean.
const LEGEND: &str = "\
seam: difference between the last frame and the first over the mean difference between neighbours (– for a clip that does not change).
worst shift: the largest difference next to the seam over the 99th percentile inside. motion: mean difference between neighbours (levels
0–255). moving: pixels that change by more than one level. cuts: frames at which a new scene begins.";

/// What the figures of `--flow` mean.
const FLOW: &str = "\
OFS: mean optical flow between neighbours, in pixels of 720×720. MAWE: what that flow leaves unexplained, squared, over 9.5 OFS.";

/// What the figures of several views mean.
const VIEWS: &str = "\
together: correlation between views of how much they move, and of how bright they are (1: synchronous). lag: frames by which a view
is late against the first.";

/// The whole text, without the final newline.
pub fn of(report: &Report) -> String {
    let mut parts = vec![set(&report.set)];
    if let Some(against) = &report.against {
        parts.push(format!("against\n{}", set(against)));
    }
    if !report.pairs.is_empty() {
        let lines = report.pairs.iter().map(|pair| {
            let psnr = pair.psnr_db.map_or("equal".to_owned(), |db| format!("PSNR {db:.2} dB"));
            format!("{} against {}: {psnr}", pair.clip, pair.against)
        });
        parts.push(lines.collect::<Vec<_>>().join("\n"));
    }
    if let Some(errors) = &report.cameras {
        let degrees = errors.rotation.to_degrees();
        parts.push(format!("cameras: RotErr {degrees:.3}°, TransErr {:.4} (units of the second)", errors.translation));
    }
    parts.push(LEGEND.to_owned());
    if report.set.clips.iter().any(|clip| clip.flow.is_some()) {
        parts.push(FLOW.to_owned());
    }
    if report.set.synchrony.is_some() {
        parts.push(VIEWS.to_owned());
    }
    parts.join("\n\n")
}

fn set(set: &SetReport) -> String {
    // Columns that no clip has are left out.
    let columns = COLUMNS.iter().filter(|(_, cell)| set.clips.iter().any(|clip| cell(clip).is_some()));
    let head = std::iter::once("clip").chain(columns.clone().map(|(name, _)| *name));
    let mut rows = vec![head.map(str::to_owned).collect::<Vec<_>>()];
    rows.extend(set.clips.iter().map(|clip| {
        let cells = columns.clone().map(|(_, cell)| cell(clip).unwrap_or_else(|| "–".to_owned()));
        std::iter::once(clip.name.clone()).chain(cells).collect::<Vec<_>>()
    }));
    let mut lines = aligned(&rows);
    if let Some(synchrony) = &set.synchrony {
        let number = |value: Option<f64>| value.map_or("–".to_owned(), |value| format!("{value:.2}"));
        let lags = synchrony.lags.iter().map(|lag| lag.map_or("–".to_owned(), |lag| lag.to_string()));
        lines.push(format!(
            "together: motion {}, brightness {}; lag {}",
            number(synchrony.motion),
            number(synchrony.brightness),
            lags.collect::<Vec<_>>().join(" ")
        ));
    }
    lines.join("\n")
}

/// Rows of equally many cells: the first column to the left, the others to the right.
fn aligned(rows: &[Vec<String>]) -> Vec<String> {
    let wide = |column: usize| rows.iter().map(|row| row[column].chars().count()).max().unwrap_or(0);
    let line = |row: &Vec<String>| {
        let cells = row.iter().enumerate().map(|(column, cell)| match (column, wide(column)) {
            (0, width) => format!("{cell:width$}"),
            (_, width) => format!("  {cell:>width$}"),
        });
        cells.collect::<String>()
    };
    rows.iter().map(line).collect()
}

/// A rate with as many decimals as it needs, at most three.
fn fps(fps: f64) -> String {
    let text = format!("{fps:.3}");
    text.trim_end_matches('0').trim_end_matches('.').to_owned()
}

#[cfg(test)]
mod tests {
    use super::*;
    use loop3d_generator::metrics::{Activity, ClipMetrics, Synchrony};

    #[test]
    fn columns_are_aligned_and_undefined_figures_are_dashes() {
        let activity = Some(Activity { mean_difference: 1.25, moving: 0.5 });
        let metrics = |frames, size, activity| ClipMetrics { size, frames, seam: None, activity, cuts: vec![3] };
        let clip = |name: &str, metrics| ClipReport {
            name: name.to_owned(),
            path: name.into(),
            fps: 23.976,
            metrics,
            flow: None,
        };
        let report = Report {
            set: SetReport {
                clips: vec![clip("a", metrics(1, [64, 48], None)), clip("long", metrics(120, [832, 480], activity))],
                synchrony: Some(Synchrony { motion: Some(0.5), brightness: None, lags: vec![Some(-2)] }),
            },
            against: None,
            pairs: Vec::new(),
            cameras: None,
        };
        let text = of(&report);
        let lines: Vec<&str> = text.lines().collect();
        assert_eq!(lines[0], "clip     size  frames     fps  motion  moving  cuts ↓");
        assert_eq!(lines[1], "a       64×48       1  23.976       –       –       1");
        assert_eq!(lines[2], "long  832×480     120  23.976    1.25     50%       1");
        assert_eq!(lines[3], "together: motion 0.50, brightness –; lag -2");
        assert_eq!((fps(25.0), fps(29.97)), ("25".to_owned(), "29.97".to_owned()));
    }
}
