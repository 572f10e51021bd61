//! COLMAP's camera models: <https://colmap.github.io/cameras.html>.

use super::Camera;
use crate::lens::Lens;
use crate::raw::Intrinsics;
use glam::DVec2;
use loop3d_media::Size;

/// Names by number, and how many parameters each has.
const MODELS: [(&str, usize); 18] = [
    ("SIMPLE_PINHOLE", 3),
    ("PINHOLE", 4),
    ("SIMPLE_RADIAL", 4),
    ("RADIAL", 5),
    ("OPENCV", 8),
    ("OPENCV_FISHEYE", 8),
    ("FULL_OPENCV", 12),
    ("FOV", 5),
    ("SIMPLE_RADIAL_FISHEYE", 4),
    ("RADIAL_FISHEYE", 5),
    ("THIN_PRISM_FISHEYE", 12),
    ("RAD_TAN_THIN_PRISM_FISHEYE", 16),
    ("SIMPLE_DIVISION", 4),
    ("DIVISION", 5),
    ("SIMPLE_FISHEYE", 3),
    ("FISHEYE", 4),
    ("EUCM", 6),
    ("EQUIRECTANGULAR", 2),
];

/// Name and number of parameters of a model by its number.
pub(super) fn by_id(id: i32) -> Result<(&'static str, usize), String> {
    let model = usize::try_from(id).ok().and_then(|id| MODELS.get(id)).copied();
    model.ok_or_else(|| format!("camera model {id}; expected 0 to {}", MODELS.len() - 1))
}

/// The camera of a model by its name. The error says what was found and what was expected.
pub(super) fn camera(name: &str, size: [u64; 2], params: &[f64]) -> Result<Camera, String> {
    let known = || MODELS.map(|(name, _)| name).join(", ");
    let (_, count) = MODELS
        .iter()
        .find(|(known, _)| *known == name)
        .ok_or_else(|| format!("camera model {name}; expected one of {}", known()))?;
    if params.len() != *count {
        return Err(format!("{} parameters; expected {count} for {name}", params.len()));
    }
    if let Some(found) = params.iter().find(|value| !value.is_finite()) {
        return Err(format!("parameter {found} of {name}; expected finite numbers"));
    }
    let [Ok(width), Ok(height)] = size.map(u32::try_from) else {
        return Err(format!(
            "images of {}×{} pixels; expected sides of at most {}",
            size[0],
            size[1],
            crate::raw::MOST
        ));
    };
    let size: Size = (width, height);
    // One focal length: f, cx, cy, …; two: fx, fy, cx, cy, …
    let one = |lens: Lens| camera_of(size, DVec2::splat(params[0]), &params[1..3], lens);
    let two = |lens: Lens| camera_of(size, DVec2::new(params[0], params[1]), &params[2..4], lens);
    let brown = |numerator, denominator, tangential| Lens::brown(numerator, denominator, tangential);
    let simple = |k1, k2| brown([k1, k2, 0., 0.], [0.; 3], [0.; 2]);
    let fisheye = |k1, k2| Lens::Fisheye { k: [k1, k2, 0., 0.] };
    Ok(match (name, params) {
        ("SIMPLE_PINHOLE", _) => one(Lens::Pinhole),
        ("PINHOLE", _) => two(Lens::Pinhole),
        ("SIMPLE_RADIAL", &[.., k]) => one(simple(k, 0.)),
        ("RADIAL", &[.., k1, k2]) => one(simple(k1, k2)),
        ("OPENCV", &[.., k1, k2, p1, p2]) => two(brown([k1, k2, 0., 0.], [0.; 3], [p1, p2])),
        ("OPENCV_FISHEYE", &[.., k1, k2, k3, k4]) => two(Lens::Fisheye { k: [k1, k2, k3, k4] }),
        ("FULL_OPENCV", &[.., k1, k2, p1, p2, k3, k4, k5, k6]) => two(brown([k1, k2, k3, 0.], [k4, k5, k6], [p1, p2])),
        ("FOV", &[.., omega]) => two(Lens::Fov { omega }),
        ("SIMPLE_RADIAL_FISHEYE", &[.., k]) => one(fisheye(k, 0.)),
        ("RADIAL_FISHEYE", &[.., k1, k2]) => one(fisheye(k1, k2)),
        ("THIN_PRISM_FISHEYE", &[.., k1, k2, p1, p2, k3, k4, s1, s2]) => {
            two(Lens::ThinPrismFisheye { k: [k1, k2, k3, k4], tangential: [p1, p2], prism: [s1, s2] })
        }
        ("RAD_TAN_THIN_PRISM_FISHEYE", &[.., k0, k1, k2, k3, k4, k5, p0, p1, s0, s1, s2, s3]) => {
            two(Lens::RadTanThinPrismFisheye {
                k: [k0, k1, k2, k3, k4, k5],
                tangential: [p0, p1],
                prism: [s0, s1, s2, s3],
            })
        }
        ("SIMPLE_DIVISION", &[.., k]) => one(Lens::Division { k }),
        ("DIVISION", &[.., k]) => two(Lens::Division { k }),
        ("SIMPLE_FISHEYE", _) => one(fisheye(0., 0.)),
        ("FISHEYE", _) => two(fisheye(0., 0.)),
        ("EUCM", &[.., alpha, beta]) => two(Lens::Eucm { alpha, beta }),
        _ => {
            return Err(format!(
                "camera model {name}; expected a lens with a focal length, which panoramas do not have"
            ));
        }
    })
}

fn camera_of(size: Size, focal_px: DVec2, center: &[f64], lens: Lens) -> Camera {
    let center_px = Some(DVec2::from_slice(center));
    Camera { intrinsics: Intrinsics::Pixels { size: Some(size), focal_px, center_px }, lens }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn parameters_go_where_the_model_has_them() {
        let params: Vec<f64> = (1..=16).map(|i| f64::from(i) / 100.0).collect();
        let lens = |name| {
            let count = MODELS.iter().find(|model| model.0 == name).unwrap().1;
            let camera = camera(name, [64, 48], &params[..count]).ok().unwrap();
            let Intrinsics::Pixels { focal_px, center_px, size } = camera.intrinsics else { panic!("pixels") };
            assert_eq!(size, Some((64, 48)));
            (camera.lens, focal_px.to_array(), center_px.unwrap().to_array())
        };
        assert_eq!(lens("SIMPLE_PINHOLE"), (Lens::Pinhole, [0.01; 2], [0.02, 0.03]));
        assert_eq!(lens("SIMPLE_RADIAL").0, Lens::brown([0.04, 0., 0., 0.], [0.; 3], [0.; 2]));
        let opencv = Lens::brown([0.05, 0.06, 0., 0.], [0.; 3], [0.07, 0.08]);
        assert_eq!(lens("OPENCV"), (opencv, [0.01, 0.02], [0.03, 0.04]));
        let full = Lens::brown([0.05, 0.06, 0.09, 0.], [0.10, 0.11, 0.12], [0.07, 0.08]);
        assert_eq!(lens("FULL_OPENCV").0, full);
        let prism =
            Lens::ThinPrismFisheye { k: [0.05, 0.06, 0.09, 0.10], tangential: [0.07, 0.08], prism: [0.11, 0.12] };
        assert_eq!(lens("THIN_PRISM_FISHEYE").0, prism);
        assert_eq!(lens("EUCM"), (Lens::Eucm { alpha: 0.05, beta: 0.06 }, [0.01, 0.02], [0.03, 0.04]));
        assert_eq!(lens("DIVISION"), (Lens::Division { k: 0.05 }, [0.01, 0.02], [0.03, 0.04]));
        assert_eq!(lens("SIMPLE_DIVISION"), (Lens::Division { k: 0.04 }, [0.01; 2], [0.02, 0.03]));
        for (id, (name, count)) in MODELS.iter().enumerate() {
            assert_eq!(by_id(id as i32), Ok((*name, *count)));
            assert_eq!(camera(name, [64, 48], &params[..*count]).is_ok(), *name != "EQUIRECTANGULAR", "{name}");
        }
    }
}
