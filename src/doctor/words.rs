//! The doctor's report as text.

use super::report::{Fit, Report, ViewReport};

/// The whole text, without the final newline.
pub fn of(report: &Report) -> String {
    let mut text = format!("{}: ", report.capture);
    match &report.layout {
        Some(layout) => text += &format!("{} views, poses from {layout}\n\n", report.views.len()),
        None => text += "cannot be read\n\n",
    }
    if !report.views.is_empty() {
        let width = report.views.iter().map(|view| view.name.chars().count()).max().unwrap_or(0).max(4);
        text += &format!("   # {:<width$}  size        fps     frames  motion   exposure  loopable\n", "view");
        text.extend(report.views.iter().enumerate().map(|(index, view)| line(index, view, width)));
        text += "The fit matches exposure and white balance.\n\n";
    }
    if let Some(cameras) = &report.cameras {
        let [wide, high, deep] = cameras.spread;
        text += &format!(
            "Cameras as seen from the scene, {wide:.2} wide, {high:.2} high, {deep:.2} deep (nearest depth 1, farthest {:.1}):\n{}\n",
            cameras.far, cameras.map
        );
    }
    if let Some(fit) = &report.fit {
        text += &expected(fit);
    }
    text.extend(report.notes.iter().map(|note| format!("note: {note}\n")));
    if report.problems.is_empty() {
        text += "No problems found.";
        return text;
    }
    let list = report.problems.iter().enumerate().map(|(index, problem)| {
        let kind = if problem.stops { "prevents a fit" } else { "lowers quality" };
        format!("{}. {} ({kind})\n   → {}", index + 1, problem.what, problem.remedy)
    });
    text + "Problems:\n" + &list.collect::<Vec<_>>().join("\n")
}

fn line(index: usize, view: &ViewReport, width: usize) -> String {
    let or_dash = |value: Option<String>| value.unwrap_or_else(|| "–".to_owned());
    let percent = |fraction: f64| format!("{:.0} %", 100.0 * fraction);
    let [w, h] = view.source_size;
    let size = format!("{w}×{h}");
    let fps = or_dash(view.source_fps.map(|fps| format!("{fps:.2}")));
    let frames = or_dash(view.frames.map(|frames| frames.to_string()));
    let motion = or_dash(view.motion_px.map(|px| format!("{px:.2} px")));
    let exposure = or_dash(view.exposure.map(|exposure| format!("{exposure:.2} ×")));
    let loopable = or_dash(view.loopable.map(percent));
    let name = &view.name;
    format!("{index:>4} {name:<width$}  {size:<10}  {fps:>5}  {frames:>8}  {motion:>7}  {exposure:>8}  {loopable:>8}\n")
}

fn expected(fit: &Fit) -> String {
    let minutes =
        |seconds: f64| if seconds < 90.0 { format!("{seconds:.0} s") } else { format!("{:.0} min", seconds / 60.0) };
    let gib = |bytes: u64| format!("{:.1} GiB", bytes as f64 / f64::from(1 << 30));
    let free = fit.free_bytes.map_or(String::new(), |bytes| format!(" ({} free)", gib(bytes)));
    format!(
        "Planes: {} ({:.1} px of parallax from nearest to farthest, {:.2} px from plane to plane).\nExpected for a fit: {} to {} on {} cores, {} of memory{free}.\n\n",
        fit.planes,
        fit.parallax_px,
        fit.plane_step_px,
        minutes(fit.seconds[0]),
        minutes(fit.seconds[1]),
        fit.cores,
        gib(fit.memory_bytes)
    )
}
