//! Which of a layout's cameras become views: those that are named, or a narrow group out of a dome of cameras.

use crate::error::CaptureError;
use crate::raw::RawView;
use std::path::Path;

/// Views of a group look within this angle of one of them, in degrees: beyond, planes do not hold a scene together.
const NARROW_DEGREES: f64 = 12.0;

/// Indices of the views that `asked` names, in the order of `names`: each by its name (case and extension ignored) or by the
/// first number in it.
pub(crate) fn named(dir: &Path, names: &[String], asked: &[String]) -> Result<Vec<usize>, CaptureError> {
    let mut picked = Vec::new();
    for asked in asked {
        let stem = |name: &str| name.rsplit_once('.').map_or(name, |(stem, _)| stem).to_lowercase();
        let number: Option<u64> = asked.parse().ok();
        let of_name = |name: &String| name.eq_ignore_ascii_case(asked) || stem(name) == asked.to_lowercase();
        let of_number = |name: &String| number.is_some() && first_number(name) == number;
        let all = |matches: &dyn Fn(&String) -> bool| -> Vec<usize> {
            (0..names.len()).filter(|&index| matches(&names[index])).collect()
        };
        let found = Some(all(&of_name)).filter(|found| !found.is_empty()).unwrap_or_else(|| all(&of_number));
        let problem = match found.as_slice() {
            &[index] => {
                picked.push(index);
                continue;
            }
            [] => format!("no such camera; expected some of {}", names.join(", ")),
            several => {
                let several: Vec<&str> = several.iter().map(|&index| names[index].as_str()).collect();
                format!("could be {}; expected the name of one", several.join(" or "))
            }
        };
        return Err(CaptureError::NoSuchCamera { dir: dir.to_owned(), asked: asked.clone(), problem });
    }
    picked.sort_unstable();
    picked.dedup();
    Ok(picked)
}

/// The first run of digits.
fn first_number(name: &str) -> Option<u64> {
    let start = name.find(|c: char| c.is_ascii_digit())?;
    let digits = &name[start..];
    digits[..digits.find(|c: char| !c.is_ascii_digit()).unwrap_or(digits.len())].parse().ok()
}

/// The view with the most others looking within [`NARROW_DEGREES`] of it (the first of those), and that group, itself included.
pub(crate) fn narrow(views: &[RawView]) -> (usize, Vec<usize>) {
    let least = NARROW_DEGREES.to_radians().cos();
    let look = |index: usize| views[index].world_from_camera.matrix3.z_axis;
    let group = |middle: usize| -> Vec<usize> {
        (0..views.len()).filter(|&other| look(middle).dot(look(other)) >= least).collect()
    };
    let groups = (0..views.len()).map(|middle| (middle, group(middle)));
    groups
        .fold((0, Vec::new()), |best: (usize, Vec<usize>), next| if next.1.len() > best.1.len() { next } else { best })
}

/// The note about a group that was chosen by default.
pub(crate) fn narrow_note(views: &[RawView], middle: usize, group: &[usize]) -> String {
    let name = |index: usize| views[index].name.as_deref().unwrap_or_default();
    let names: Vec<&str> = group.iter().map(|&index| name(index)).collect();
    format!(
        "using the {} of {} cameras that look within {NARROW_DEGREES}° of {}: {} (choose others with --cameras)",
        group.len(),
        views.len(),
        name(middle),
        names.join(", ")
    )
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::lens::Lens;
    use crate::raw::Intrinsics;
    use glam::{DAffine3, DVec2};

    #[test]
    fn names_and_numbers_name_views() {
        let names = ["cam01.mp4", "cam02.mp4", "cam12.mp4", "C_12_35mm"].map(str::to_owned);
        let of = |asked: &[&str]| {
            let asked: Vec<String> = asked.iter().map(|&asked| asked.to_owned()).collect();
            named(Path::new("d"), &names, &asked).map_err(|error| error.to_string())
        };
        assert_eq!(of(&["2", "1"]), Ok(vec![0, 1]));
        assert_eq!(of(&["CAM12", "cam02.mp4", "02"]), Ok(vec![1, 2]));
        assert!(of(&["12"]).unwrap_err().contains("--cameras 12: could be cam12.mp4 or C_12_35mm"));
        assert!(of(&["7"]).unwrap_err().contains("no such camera; expected some of cam01.mp4, cam02.mp4"));
    }

    #[test]
    fn the_largest_group_is_taken() {
        let view = |degrees: f64| RawView {
            name: Some(format!("at{degrees}")),
            place: String::new(),
            world_from_camera: DAffine3::from_rotation_y(degrees.to_radians()),
            intrinsics: Intrinsics::Pixels { size: None, focal_px: DVec2::ONE, center_px: None },
            lens: Lens::Pinhole,
            bounds: None,
        };
        let views = [-40.0, -35.0, 0.0, 11.0, 20.0, 90.0].map(view);
        let (middle, group) = narrow(&views);
        assert_eq!((middle, group.as_slice()), (3, [2, 3, 4].as_slice()));
        let note = narrow_note(&views, middle, &group);
        assert!(note.starts_with("using the 3 of 6 cameras that look within 12° of at11: at0, at11, at20"), "{note}");
    }
}
