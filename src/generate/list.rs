//! `--list-weights`: what a folder of weights holds and lacks, and what a run with it takes.

use super::local::{duration, kind_name};
use crate::failure::bad_input;
use crate::output::print;
use anyhow::Result;
use loop3d_generator::generate::{Contents, Entry, device, kind, speed};
use loop3d_generator::options::{Dtype, Place};
use loop3d_generator::weights::folder::Folder;
use serde::Serialize;
use std::fmt::Write;
use std::path::Path;

/// Steps and passes of the published run.
const STEPS: f64 = 50.0;
const GUIDED: f64 = 2.0;

/// The list, and what this machine makes of it.
#[derive(Serialize)]
struct Listed {
    #[serde(flatten)]
    contents: Contents,
    /// Whether a run of several views has all that it needs.
    complete: bool,
    /// Operations per second that this machine does.
    speed: f64,
    /// Seconds of one pass, and of a run of 50 steps with guidance.
    pass_s: Option<f64>,
    run_s: Option<f64>,
}

/// Prints what a folder holds.
///
/// # Errors
/// There is no such folder, or it lacks something that a run of several views needs.
pub fn list(path: &Path, dtype: Dtype, json: bool) -> Result<()> {
    let folder = Folder::new(path).map_err(loop3d_generator::generate::GenerateError::from)?;
    let (device, _) = device(Place::Auto)?;
    let kind = kind(dtype, device);
    let contents = Contents::of(&folder, kind);
    let speed = speed(kind, device);
    let pass_s = contents.operations.map(|count| count / speed);
    let run_s = pass_s.map(|seconds| seconds * STEPS * GUIDED);
    let listed = Listed { complete: contents.complete(), contents, speed, pass_s, run_s };
    print(&if json {
        serde_json::to_string_pretty(&listed)?
    } else {
        table(path, &listed, kind_name(kind.elt_size_in_bytes()))
    })?;
    if listed.complete { Ok(()) } else { Err(bad_input(format!("{}: not complete", path.display()))) }
}

fn table(path: &Path, listed: &Listed, kind: &str) -> String {
    let mut text = format!("{}\n", path.display());
    for entry in &listed.contents.parts {
        let _ = writeln!(text, "  {:<12}  {}", entry.part.to_string(), line(path, entry));
    }
    let contents = &listed.contents;
    let gib = |bytes: u64| bytes as f64 / f64::from(1 << 30);
    if let (Some(memory), Some(pass), Some(run)) = (contents.memory, listed.pass_s, listed.run_s) {
        let views = if contents.views { "two views" } else { "one view" };
        let _ = write!(
            text,
            "{views} of 832×480, 81 frames, {}:\n  memory        {:.2} GiB for the words, {:.2} GiB for the transformer, {:.2} GiB to \
             decode\n  time          about {} a pass at {:.3} TFLOP/s, {} for 50 steps with guidance",
            kind,
            gib(memory.text),
            gib(memory.sampling),
            gib(memory.decoding),
            duration(pass),
            listed.speed / 1e12,
            duration(run),
        );
    }
    text.trim_end().to_owned()
}

fn line(folder: &Path, entry: &Entry) -> String {
    let published = entry.published;
    let from = format!("{} of {} ({})", published.file, published.repository, published.licence);
    match (&entry.path, &entry.error) {
        (None, _) if entry.missing => format!("missing: {from}"),
        (None, _) => "not needed".to_owned(),
        (Some(_), Some(error)) => format!("unusable: {error}"),
        (Some(path), None) => {
            let name = path.strip_prefix(folder).unwrap_or(path).display();
            let size = format!("{:.1} MB", entry.bytes as f64 / 1e6);
            let numbers = entry.parameters.map(|count| format!(", {:.1} M numbers", count as f64 / 1e6));
            let kind = entry.kind.as_ref().map(|kind| format!(" in {kind}"));
            let model = entry.model.as_ref().map(|model| format!(": {model}"));
            let [numbers, kind, model] = [numbers, kind, model].map(Option::unwrap_or_default);
            format!("{name}{model}, {size}{numbers}{kind}")
        }
    }
}
