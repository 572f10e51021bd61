//! RealityCapture's and RealityScan's table of cameras, "Internal/External camera parameters" (CSV).
//!
//! World: x east, y north, z up. An unrotated camera looks straight down with its upper edge north; heading turns it clockwise
//! (to the east), then pitch lifts its view, then roll. The focal length is for 35 mm film (36 mm wide), the principal point a
//! fraction of the image's longer side; Brown's lens.

use super::layout::{Layout, LensOptions, PosedScene, Writer, here, number};
use crate::error::{CaptureError, all};
use crate::lens::Lens;
use crate::raw::{Intrinsics, RawCapture, RawView, Side};
use glam::{DAffine3, DMat3, DVec2, DVec3};
use std::fmt::Write;
use std::path::{Path, PathBuf};

/// Found by the first line of its table.
pub(super) const LAYOUT: Layout = Layout {
    name: "realitycapture",
    sign: "a *.csv table that begins with #name",
    find,
    read,
    surrounds: false,
    writers: &[WRITER],
};

const WRITER: Writer = Writer {
    name: "realitycapture",
    capture: here,
    clips: "videos",
    clip_name: number,
    files: &["cameras.csv"],
    contents: |scene| vec![table(scene)],
};

/// Columns that must be there.
const COLUMNS: [&str; 8] = ["#name", "x", "y", "alt", "heading", "pitch", "roll", "f"];

/// The table in `dir`: the first CSV file by name whose first line names the columns.
fn find(dir: &Path) -> Option<PathBuf> {
    let entries = std::fs::read_dir(dir).ok()?.flatten().map(|entry| entry.path());
    let is_csv = |path: &PathBuf| path.extension().is_some_and(|extension| extension.eq_ignore_ascii_case("csv"));
    let mut tables: Vec<PathBuf> = entries.filter(|path| is_csv(path)).collect();
    tables.sort();
    tables.into_iter().find(|path| std::fs::read_to_string(path).is_ok_and(|text| clean(&text).starts_with("#name")))
}

/// Without the byte-order mark that Windows programs write.
fn clean(text: &str) -> &str {
    text.trim_start_matches('\u{feff}')
}

/// Reads the table. Views are in its order.
fn read(file: &Path, _: LensOptions) -> Result<RawCapture, CaptureError> {
    let text = std::fs::read_to_string(file).map_err(|source| CaptureError::Io { file: file.to_owned(), source })?;
    let bad =
        |line: usize, problem| CaptureError::Bad { file: file.to_owned(), place: format!("line {line}"), problem };
    let mut lines = clean(&text).lines().enumerate().filter(|(_, line)| !line.trim().is_empty());
    let header: Vec<&str> = lines.next().map_or(Vec::new(), |(_, line)| line.split(',').map(str::trim).collect());
    if let Some(missing) = COLUMNS.iter().find(|column| !header.contains(column)) {
        return Err(bad(1, format!("no column {missing}; expected {}", COLUMNS.join(", "))));
    }
    let row = |(index, line): (usize, &str)| {
        let cells: Vec<&str> = line.split(',').map(str::trim).collect();
        if cells.len() != header.len() {
            let problem = format!("{} cells; expected {}, one for each column", cells.len(), header.len());
            return Err(bad(index + 1, problem));
        }
        view(&header, &cells, index + 1).map_err(|problem| bad(index + 1, problem))
    };
    let views = all(lines.map(row))?;
    if views.is_empty() {
        return Err(bad(2, "no cameras; expected one line for each".to_owned()));
    }
    Ok(RawCapture { file: file.to_owned(), views, points: Vec::new(), notes: Vec::new() })
}

fn view(header: &[&str], cells: &[&str], line: usize) -> Result<RawView, String> {
    let cell = |name: &str| header.iter().zip(cells).find(|(column, _)| **column == name).map(|(_, cell)| *cell);
    // Lens columns are left out where the lens has no such term.
    let number = |name: &str| match cell(name) {
        Some(text) => text.parse::<f64>().map_err(|_| format!("{name} is '{text}'; expected a number")),
        None => Ok(0.0),
    };
    let name = cell("#name").unwrap_or_default().trim_matches('"').to_owned();
    let [heading, pitch, roll] = [number("heading")?, number("pitch")?, number("roll")?].map(f64::to_radians);
    let turn = DMat3::from_rotation_z(-heading) * DMat3::from_rotation_x(pitch) * DMat3::from_rotation_y(roll);
    // Its axes are right, up, backwards.
    let matrix3 = DMat3::from_cols(turn.x_axis, -turn.y_axis, -turn.z_axis);
    let position = DVec3::new(number("x")?, number("y")?, number("alt")?);
    let k = [number("k1")?, number("k2")?, number("k3")?, number("k4")?];
    Ok(RawView {
        place: format!("line {line} ({name})"),
        name: Some(name),
        world_from_camera: DAffine3 { matrix3, translation: position },
        intrinsics: Intrinsics::Relative {
            focal: number("f")? / 36.0,
            offset: DVec2::new(number("px")?, number("py")?),
            unit: Side::Longer,
        },
        lens: Lens::brown(k, [0.; 3], [number("t1")?, number("t2")?]),
        bounds: None,
    })
}

fn table(scene: &PosedScene) -> Vec<u8> {
    let mut table = "#name,x,y,alt,heading,pitch,roll,f,px,py,k1,k2,k3,k4,t1,t2\r\n".to_owned();
    for (name, camera) in scene.names.iter().zip(&scene.cameras) {
        let pose = camera.world_from_camera;
        // Its axes are right, up, backwards; its world is z up: heading about z, then pitch about x, then roll about y.
        let r = DMat3::from_cols(pose.matrix3.x_axis, -pose.matrix3.y_axis, -pose.matrix3.z_axis);
        let at = |row: usize, column: usize| r.col(column)[row];
        let heading = f64::atan2(at(0, 1), at(1, 1));
        let (pitch, roll) = (at(2, 1).clamp(-1.0, 1.0).asin(), f64::atan2(-at(2, 0), at(2, 2)));
        let angles = [heading, pitch, roll].map(|angle| angle.to_degrees().to_string()).join(",");
        let longer = f64::from(camera.width.max(camera.height));
        let focal = 36.0 * camera.focal_px.x / longer;
        let off = (camera.center_px - DVec2::new(f64::from(camera.width), f64::from(camera.height)) / 2.0) / longer;
        let t = pose.translation;
        // Writing to a String cannot fail.
        let _ =
            write!(table, "{name}.png,{},{},{},{angles},{focal},{},{},0,0,0,0,0,0\r\n", t.x, t.y, t.z, off.x, off.y);
    }
    table.into_bytes()
}
