//! `DIR/report.html`: all lines of a batch on one page that needs nothing else.

use super::summary::{Row, Summary, duration, megabytes};
use crate::report::html::{Html, data_url};
use anyhow::Result;
use std::path::Path;

const TEMPLATE: &str = include_str!("report.html");

/// Writes the page.
///
/// # Errors
/// It cannot be written.
pub fn write(dir: &Path, list: &Path, summary: &Summary) -> Result<()> {
    let counts = summary.counts();
    let told: Vec<String> = ["done", "failed", "unfinished", "waiting"]
        .into_iter()
        .filter_map(|state| counts[state].as_u64().filter(|count| *count > 0).map(|count| format!("{count} {state}")))
        .collect();
    let seconds: f64 = summary.lines.iter().map(|row| row.seconds).sum();
    // What needs attention comes first.
    let mut rows: Vec<&Row> = summary.lines.iter().collect();
    rows.sort_by_key(|row| ["failed", "unfinished", "done", "waiting"].iter().position(|state| *state == row.state));
    let page = Html::fill(
        TEMPLATE,
        &[
            ("name", Html::text(list.file_name().unwrap_or_default().to_string_lossy())),
            ("counts", Html::text(format!("{}; {} of work", told.join(", "), duration(seconds)))),
            ("cards", Html::all(rows.into_iter().map(|row| card(dir, row)))),
            ("version", Html::text(summary.version)),
        ],
    );
    Ok(loop3d_scene::write_file(dir.join("report.html"), |out| out.write_all(page.0.as_bytes()))?)
}

fn card(dir: &Path, row: &Row) -> Html {
    let picture =
        std::fs::read(dir.join(".batch").join(format!("{}.jpg", row.name))).ok().filter(|_| row.state == "done");
    let picture = picture.map_or_else(
        || Html(format!("<div class=\"none\">{}</div>", Html::text(row.command))),
        |bytes| Html(format!("<img src=\"{}\" alt=\"{}\">", data_url("image/jpeg", &bytes), Html::text(&row.name))),
    );
    let mut facts: Vec<(&str, String)> = Vec::new();
    if row.attempts > 0 {
        facts.push(("Time", duration(row.seconds)));
    }
    facts.extend(row.peak_bytes.map(|bytes| ("Memory", megabytes(bytes))));
    facts.extend(row.output_bytes.map(|bytes| ("Size", megabytes(bytes))));
    if let Some(scene) = &row.scene {
        let number = |key: &str| scene[key].as_u64().unwrap_or(0);
        let size = |at: usize| scene["size_px"][at].as_u64().unwrap_or(0);
        facts.push(("Image", format!("{}×{}", size(0), size(1))));
        facts.push(("Loop", format!("{} frames at {} fps", number("frames"), scene["fps"].as_f64().unwrap_or(0.0))));
        facts.push(("Tiles", format!("{} static, {} looping", number("static_tiles"), number("looping_tiles"))));
        facts.push(("Planes", number("planes").to_string()));
    }
    if row.attempts > 1 {
        facts.push(("Attempts", row.attempts.to_string()));
    }
    let facts = Html::all(
        facts
            .into_iter()
            .map(|(name, value)| Html(format!("<div><dt>{name}</dt><dd>{}</dd></div>", Html::text(value)))),
    );
    let error = row.error.as_ref().filter(|_| row.state != "done").map_or_else(Html::default, |error| {
        let code = row.code.map_or(String::new(), |code| format!(" (exit code {code})"));
        Html(format!("<p class=\"error\">{}{code}</p>", Html::text(error)))
    });
    let (name, state) = (Html::text(&row.name), row.state);
    Html(format!(
        "<article class=\"{state}\">{picture}<h2>{name}</h2><p class=\"state\">{state}, line {}</p>{error}<dl>{facts}</dl></article>\n",
        row.line
    ))
}
