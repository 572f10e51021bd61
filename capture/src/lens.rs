//! Lens models: from the ray of a pinhole to where a real lens projects it.
//!
//! Places are in the plane at depth 1, x right and y down, before the focal length. Formulas and orders of parameters: COLMAP,
//! <https://colmap.github.io/cameras.html>; OpenCV, <https://docs.opencv.org/4.x/d9/d0c/group__calib3d.html> and its fisheye page;
//! FOV: Devernay and Faugeras 2001; division: Fitzgibbon 2001; EUCM: Khomutenko et al. 2016; Fisheye624: Project Aria.

use glam::DVec2;

/// How a lens departs from a pinhole.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) enum Lens {
    /// Not at all.
    Pinhole,
    /// Brown's: radial `(1 + n₁r² + n₂r⁴ + …) / (1 + d₁r² + …)` and two tangential terms p₁, p₂ in OpenCV's order.
    Brown { numerator: [f64; 4], denominator: [f64; 3], tangential: [f64; 2] },
    /// Equidistant: `θ (1 + k₁θ² + k₂θ⁴ + …)`, tan θ = r.
    Fisheye { k: [f64; 4] },
    /// `atan(2 r tan(ω/2)) / ω`.
    Fov { omega: f64 },
    /// Equidistant first, then Brown's radial and tangential terms and a thin prism on top.
    ThinPrismFisheye { k: [f64; 4], tangential: [f64; 2], prism: [f64; 2] },
    /// Fisheye624: six radial terms in θ, then tangential and prism terms of what they give.
    RadTanThinPrismFisheye { k: [f64; 6], tangential: [f64; 2], prism: [f64; 4] },
    /// `r = d / (1 + k d²)`, where d is the distorted radius.
    Division { k: f64 },
    /// The enhanced unified model.
    Eucm { alpha: f64, beta: f64 },
}

impl Lens {
    /// Brown's model of radial and tangential terms; the pinhole where all are 0.
    pub(crate) fn brown(numerator: [f64; 4], denominator: [f64; 3], tangential: [f64; 2]) -> Self {
        let mut all = numerator.iter().chain(&denominator).chain(&tangential);
        if all.all(|&term| term == 0.0) { Self::Pinhole } else { Self::Brown { numerator, denominator, tangential } }
    }

    /// Where the lens projects the pinhole's point `p`; `None` where the formula has no solution.
    pub(crate) fn distort(&self, p: DVec2) -> Option<DVec2> {
        let r = p.length();
        let bent = match *self {
            Self::Pinhole => p,
            Self::Brown { numerator, denominator, tangential } => {
                let r2 = r * r;
                p * ((1.0 + series(&numerator, r2)) / (1.0 + series(&denominator, r2))) + tangent(p, tangential)
            }
            Self::Fisheye { k } => {
                let theta = r.atan();
                equidistant(p) * (1.0 + series(&k, theta * theta))
            }
            Self::Fov { omega } => {
                if r * omega == 0.0 {
                    // tan(ω/2)·2/ω, at most 1 for small ω.
                    p * if omega == 0.0 { 1.0 } else { 2.0 * (omega / 2.0).tan() / omega }
                } else {
                    p * ((2.0 * r * (omega / 2.0).tan()).atan() / (omega * r))
                }
            }
            Self::ThinPrismFisheye { k, tangential, prism } => {
                let q = equidistant(p);
                let r2 = q.length_squared();
                q * (1.0 + series(&k, r2)) + tangent(q, tangential) + DVec2::from(prism) * r2
            }
            Self::RadTanThinPrismFisheye { k, tangential, prism: [s0, s1, s2, s3] } => {
                let theta = r.atan();
                let q = equidistant(p) * (1.0 + series(&k, theta * theta));
                let r2 = q.length_squared();
                // Its tangential terms are in the other order: p₀ goes with x.
                let swapped = [tangential[1], tangential[0]];
                q + tangent(q, swapped) + DVec2::new(s0 * r2 + s1 * r2 * r2, s2 * r2 + s3 * r2 * r2)
            }
            Self::Division { k } => {
                // The smaller root of k·r·d² − d + r = 0.
                let inside = 1.0 - 4.0 * k * r * r;
                p * (2.0 / (1.0 + inside.sqrt()))
            }
            Self::Eucm { alpha, beta } => {
                let rho = (beta * r * r + 1.0).sqrt();
                p / (alpha * rho + 1.0 - alpha)
            }
        };
        bent.is_finite().then_some(bent)
    }

    /// The radius up to which the lens is one to one: beyond it, polynomials fold the image back over itself. Searched up to
    /// `farthest`.
    pub(crate) fn one_to_one_up_to(&self, farthest: f64) -> f64 {
        const DIRECTIONS: u32 = 16;
        const STEPS: u32 = 512;
        let along = |direction: u32| {
            let ray = DVec2::from_angle(f64::from(direction) * std::f64::consts::TAU / f64::from(DIRECTIONS));
            let mut before = f64::NEG_INFINITY;
            for step in 1..=STEPS {
                let r = farthest * f64::from(step) / f64::from(STEPS);
                match self.distort(ray * r).map(|bent| bent.dot(ray)) {
                    Some(now) if now > before => before = now,
                    _ => return farthest * f64::from(step - 1) / f64::from(STEPS),
                }
            }
            f64::INFINITY
        };
        (0..DIRECTIONS).map(along).fold(f64::INFINITY, f64::min)
    }
}

/// `c₁x + c₂x² + …`
fn series(coefficients: &[f64], x: f64) -> f64 {
    coefficients.iter().rev().fold(0.0, |sum, c| (sum + c) * x)
}

/// Tangential terms in OpenCV's order.
fn tangent(p: DVec2, [p1, p2]: [f64; 2]) -> DVec2 {
    let (r2, xy) = (p.length_squared(), 2.0 * p.x * p.y);
    DVec2::new(p1 * xy + p2 * (r2 + 2.0 * p.x * p.x), p1 * (r2 + 2.0 * p.y * p.y) + p2 * xy)
}

/// `p` at the distance θ from the axis instead of tan θ.
fn equidistant(p: DVec2) -> DVec2 {
    let r = p.length();
    if r < 1e-12 { p } else { p * (r.atan() / r) }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn assert_at(lens: Lens, p: (f64, f64), expected: (f64, f64)) {
        let found = lens.distort(p.into()).unwrap();
        assert!(found.abs_diff_eq(expected.into(), 1e-9), "{lens:?} puts {p:?} at {found}, expected {expected:?}");
    }

    /// Each value worked out by hand from the published formula, r² = 0.25 at (0.3, 0.4).
    #[test]
    fn each_model_by_hand() {
        let p = (0.3, 0.4);
        assert_at(Lens::Pinhole, p, p);
        let radial = 1.0 + 0.1 * 0.25 - 0.2 * 0.0625;
        let brown = |numerator, denominator, tangential| Lens::brown(numerator, denominator, tangential);
        assert_at(brown([0.1, -0.2, 0., 0.], [0.; 3], [0.; 2]), p, (0.3 * radial, 0.4 * radial));
        let rational = radial / (1.0 + 0.3 * 0.25);
        assert_at(brown([0.1, -0.2, 0., 0.], [0.3, 0., 0.], [0.; 2]), p, (0.3 * rational, 0.4 * rational));
        // 2·p₁·x·y + p₂(r² + 2x²) and p₁(r² + 2y²) + 2·p₂·x·y.
        let tangential = (0.3 + 0.01 * 0.24 + 0.02 * 0.43, 0.4 + 0.01 * 0.57 + 0.02 * 0.24);
        assert_at(brown([0.; 4], [0.; 3], [0.01, 0.02]), p, tangential);
        let theta = 0.5f64.atan();
        let bent = theta * (1.0 + 0.05 * theta * theta) / 0.5;
        assert_at(Lens::Fisheye { k: [0.05, 0., 0., 0.] }, p, (0.3 * bent, 0.4 * bent));
        let fov = (2.0 * 0.5 * 0.4f64.tan()).atan() / 0.8 / 0.5;
        assert_at(Lens::Fov { omega: 0.8 }, p, (0.3 * fov, 0.4 * fov));
        let (u, v, r2) = (0.6 * theta, 0.8 * theta, theta * theta);
        let prism = Lens::ThinPrismFisheye { k: [0.05, 0., 0., 0.], tangential: [0.; 2], prism: [0.03, 0.04] };
        assert_at(prism, p, (u * (1.0 + 0.05 * r2) + 0.03 * r2, v * (1.0 + 0.05 * r2) + 0.04 * r2));
        let aria = Lens::RadTanThinPrismFisheye { k: [0.; 6], tangential: [0.01, 0.], prism: [0., 0.05, 0., 0.] };
        assert_at(aria, p, (u + 0.01 * (r2 + 2.0 * u * u) + 0.05 * r2 * r2, v + 0.01 * 2.0 * u * v));
        // d = 0.4 on disk is r = 0.4 / (1 − 0.2·0.16).
        let r = 0.4 / (1.0 - 0.2 * 0.16);
        assert_at(Lens::Division { k: -0.2 }, (r, 0.), (0.4, 0.));
        let eucm = 1.0 / (0.6 * (1.1f64 * 0.25 + 1.0).sqrt() + 0.4);
        assert_at(Lens::Eucm { alpha: 0.6, beta: 1.1 }, p, (0.3 * eucm, 0.4 * eucm));
        assert_at(Lens::Fov { omega: 0.8 }, (0., 0.), (0., 0.));
        assert_at(Lens::Fisheye { k: [0.; 4] }, (0., 0.), (0., 0.));
    }

    #[test]
    fn folding_back_is_found() {
        // r − 0.3r³ turns at r = √(1/0.9).
        let lens = Lens::brown([-0.3, 0., 0., 0.], [0.; 3], [0.; 2]);
        let limit = lens.one_to_one_up_to(2.0);
        assert!((limit - (1.0f64 / 0.9).sqrt()).abs() < 0.01, "{limit}");
        assert_eq!(lens.one_to_one_up_to(1.0), f64::INFINITY);
        assert_eq!(Lens::Division { k: 0.1 }.distort(DVec2::new(2.0, 0.0)), None);
    }

    #[test]
    fn no_terms_are_a_pinhole() {
        assert_eq!(Lens::brown([0.; 4], [0.; 3], [0.; 2]), Lens::Pinhole);
    }
}
