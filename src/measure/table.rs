//! The figures of all clips, as tables.

use super::report::{ClipReport, Report, SetReport, ViewReport};

/// Name and cell of a column. Arrows and `=1` show which way is better.
type Column<T> = (&'static str, fn(&T) -> Option<String>);

const CLIPS: [Column<ClipReport>; 10] = [
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

const VIEWS: [Column<ViewReport>; 4] = [
    ("matches ↑", |view| Some(view.metrics.matches.to_string())),
    ("epipolar px ↓", |view| Some(format!("{:.2}", view.metrics.epipolar_px?))),
    ("RotErr ° ↓", |view| Some(format!("{:.3}", view.metrics.pose?.rotation.to_degrees()))),
    ("TransErr ↓", |view| Some(format!("{:.4}", view.metrics.pose?.translation))),
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
const TOGETHER: &str = "\
together: correlation between views of how much they move, and of how bright they are (1: synchronous). lag: frames by which a view
is late against the first. Against the first view, by their first frames: matches: points that both see. epipolar: median distance of
the matches from where the cameras allow them. RotErr, TransErr: the pose that the matches ask for against the given one (TransErr in
the unit of the cameras, after scaling).";

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
    if report.set.clips.len() > 1 {
        parts.push(TOGETHER.to_owned());
    }
    parts.join("\n\n")
}

fn set(set: &SetReport) -> String {
    let mut lines = table("clip", &CLIPS, &set.clips, |clip| &clip.name);
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
    if !set.views.is_empty() {
        lines.extend(table("view", &VIEWS, &set.views, |view| &view.name));
    }
    lines.join("\n")
}

/// Head and rows of one table; columns that no row has are left out.
fn table<T>(first: &str, columns: &[Column<T>], rows: &[T], name: fn(&T) -> &String) -> Vec<String> {
    let columns: Vec<&Column<T>> =
        columns.iter().filter(|(_, cell)| rows.iter().any(|row| cell(row).is_some())).collect();
    let mut lines =
        vec![std::iter::once(first).chain(columns.iter().map(|(name, _)| *name)).map(str::to_owned).collect()];
    lines.extend(rows.iter().map(|row| {
        let cells = columns.iter().map(|(_, cell)| cell(row).unwrap_or_else(|| "–".to_owned()));
        std::iter::once(name(row).clone()).chain(cells).collect::<Vec<_>>()
    }));
    aligned(&lines)
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
    use loop3d_generator::metrics::{Activity, ClipMetrics, Synchrony, ViewMetrics};

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
                views: vec![ViewReport {
                    name: "long".to_owned(),
                    metrics: ViewMetrics { matches: 812, epipolar_px: Some(0.314), pose: None },
                }],
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
        assert_eq!(lines[4..6], ["view  matches ↑  epipolar px ↓", "long        812           0.31"]);
        assert_eq!((fps(25.0), fps(29.97)), ("25".to_owned(), "29.97".to_owned()));
    }
}
