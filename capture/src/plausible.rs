//! Poses and depths that no capture has: slips of whatever wrote them, which would cost terabytes of planes.

use crate::bounds::percentile;
use crate::error::{CaptureError, all};
use crate::raw::{RawCapture, RawView};
use glam::DVec3;

/// A near bound this many times nearer than the others' is a slip.
const SLIP: f64 = 50.0;

/// How far a camera may be from the middle of all, in nearest depths. At this distance the nearest plane is a hundred screens wide.
const SPREAD: f64 = 100.0;

/// Forgets the depths of views whose near bound cannot be: far below the others', or below what cameras so far apart can see.
pub(crate) fn forget_slips(views: &[RawView], known: &mut [Option<[f64; 2]>], notes: &mut Vec<String>) {
    let usual = middle(known.iter().flatten().map(|bounds| bounds[0]));
    let center = center(views);
    let apart = middle(views.iter().map(|view| position(view).distance(center))).unwrap_or(0.0);
    let mut slips = Vec::new();
    for (view, bounds) in views.iter().zip(known) {
        let Some([near, _]) = *bounds else { continue };
        if usual.is_some_and(|usual| near * SLIP < usual) || near * SPREAD < apart {
            slips.push(format!("{} ({near})", view.place));
            *bounds = None;
        }
    }
    if !slips.is_empty() {
        notes.push(format!("nearest depths that cannot be, of {}, are found otherwise", slips.join(", ")));
    }
}

/// Checks that the cameras stand beside each other.
pub(crate) fn check_spread(raw: &RawCapture, bounds: &[[f64; 2]]) -> Result<(), CaptureError> {
    let near = bounds.iter().map(|bounds| bounds[0]).fold(f64::INFINITY, f64::min);
    let center = center(&raw.views);
    all(raw.views.iter().map(|view| {
        let distance = position(view).distance(center);
        if distance <= SPREAD * near {
            return Ok(());
        }
        let [x, y, z] = position(view).to_array();
        let problem = format!(
            "a camera at ({x}, {y}, {z}), {distance} from the middle of all, where the nearest depth is {near}; expected cameras \
             beside each other, within {SPREAD} nearest depths: mend its pose, or leave it out (--cameras)"
        );
        Err(CaptureError::Bad { file: raw.file.clone(), place: view.place.clone(), problem })
    }))?;
    Ok(())
}

fn position(view: &RawView) -> DVec3 {
    view.world_from_camera.translation
}

/// The middle of all positions along each axis, which a single far one does not move.
fn center(views: &[RawView]) -> DVec3 {
    DVec3::from_array([0, 1, 2].map(|axis| middle(views.iter().map(|view| position(view)[axis])).unwrap_or(0.0)))
}

/// The median of finite values.
fn middle(values: impl Iterator<Item = f64>) -> Option<f64> {
    let mut values: Vec<f64> = values.collect();
    values.sort_by(f64::total_cmp);
    (!values.is_empty()).then(|| percentile(&values, 0.5))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::lens::Lens;
    use crate::raw::Intrinsics;
    use glam::{DAffine3, DVec2};

    fn capture(places: &[[f64; 3]]) -> RawCapture {
        let view = |(index, position): (usize, &[f64; 3])| RawView {
            name: Some(format!("cam{index}")),
            place: format!("row {index}"),
            world_from_camera: DAffine3::from_translation((*position).into()),
            intrinsics: Intrinsics::Pixels { size: None, focal_px: DVec2::ONE, center_px: None },
            lens: Lens::Pinhole,
            bounds: None,
        };
        let views = places.iter().enumerate().map(view).collect();
        RawCapture { file: "poses".into(), views, points: Vec::new(), notes: Vec::new() }
    }

    const ROW: [[f64; 3]; 4] = [[0.0; 3], [0.1, 0.0, 0.0], [0.2, 0.0, 0.0], [0.3, 0.1, 0.0]];

    #[test]
    fn near_bounds_that_cannot_be_are_forgotten() {
        let raw = capture(&ROW);
        let forget = |known: [Option<[f64; 2]>; 4]| {
            let (mut known, mut notes) = (known, Vec::new());
            forget_slips(&raw.views, &mut known, &mut notes);
            (known, notes.concat())
        };
        let sound = [Some([2.0, 9.0]), None, Some([1.0, 9.0]), Some([0.1, 900.0])];
        assert_eq!(forget(sound), (sound, String::new()));
        // One beside sound ones, and all.
        let (known, note) = forget([Some([2.0, 9.0]), Some([1e-9, 9.0]), Some([1.0, 9.0]), None]);
        assert_eq!(known, [Some([2.0, 9.0]), None, Some([1.0, 9.0]), None]);
        assert!(note.contains("row 1 (0.000000001)"), "{note}");
        assert_eq!(forget([Some([1e-9, 9.0]); 4]).0, [None; 4]);
    }

    #[test]
    fn a_camera_far_away_is_named() {
        let bounds = [[2.0, 6.0]; 5];
        assert!(check_spread(&capture(&ROW), &bounds[..4]).is_ok());
        let far = [&ROW[..], &[[5000.0, 3.0, 9000.0]]].concat();
        let error = check_spread(&capture(&far), &bounds).unwrap_err().to_string();
        assert!(error.starts_with("poses: row 4: a camera at (5000, 3, 9000)"), "{error}");
    }
}
