//! HDR videos of phones, brought to the range of ordinary video.
//!
//! PQ: SMPTE ST 2084; HLG: ARIB STD-B67, both in ITU-R BT.2100. Paper white, 203 nits (ITU-R BT.2408), becomes three quarters of
//! white, so that highlights have room above it.

/// How light becomes the numbers of a video.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Transfer {
    /// Gamma: shown as is.
    #[default]
    Ordinary,
    /// SMPTE ST 2084.
    Pq,
    /// ARIB STD-B67.
    Hlg,
}

/// Nits of paper white.
const PAPER: f64 = 203.0;

impl Transfer {
    /// By ffprobe's name.
    pub(crate) fn named(name: &str) -> Self {
        match name {
            "smpte2084" => Self::Pq,
            "arib-std-b67" => Self::Hlg,
            _ => Self::Ordinary,
        }
    }

    /// Nits of a value, 0 to 1, on a screen of 1000.
    fn nits(self, value: f64) -> f64 {
        match self {
            Self::Ordinary => PAPER * value.powf(2.4),
            Self::Pq => {
                let (m1, m2) = (2610.0 / 16384.0, 2523.0 / 4096.0 * 128.0);
                let (c1, c2, c3) = (3424.0 / 4096.0, 2413.0 / 4096.0 * 32.0, 2392.0 / 4096.0 * 32.0);
                let root = value.powf(1.0 / m2);
                10_000.0 * ((root - c1).max(0.0) / (c2 - c3 * root)).powf(1.0 / m1)
            }
            Self::Hlg => {
                let (a, b, c) = (0.178_832_77, 0.284_668_92, 0.559_910_73);
                let light = if value <= 0.5 { value * value / 3.0 } else { (((value - c) / a).exp() + b) / 12.0 };
                1000.0 * light.powf(1.2)
            }
        }
    }
}

/// ffmpeg's filters for it, each followed by a comma, or a curve for each decoded byte where ffmpeg lacks these `filters`.
pub(crate) fn tone(transfer: Transfer, filters: impl FnOnce() -> bool) -> (String, Option<[u8; 256]>) {
    if transfer == Transfer::Ordinary {
        return (String::new(), None);
    }
    if filters() {
        // Videos that do not name their primaries have those of the standard.
        let own = if transfer == Transfer::Pq { "smpte2084" } else { "arib-std-b67" };
        let filters = format!(
            "setparams=color_primaries=bt2020:color_trc={own}:colorspace=bt2020nc,zscale=transfer=linear:npl={PAPER},format=gbrpf32le,zscale=primaries=bt709,tonemap=tonemap=mobius:desat=0,\
             zscale=transfer=bt709:matrix=bt709:range=tv,format=yuv444p,"
        );
        return (filters, None);
    }
    let mut curve = [0; 256];
    for (value, shown) in (0..=u8::MAX).zip(&mut curve) {
        *shown = (255.0 * compressed(transfer.nits(f64::from(value) / 255.0) / PAPER)).round() as u8;
    }
    (String::new(), Some(curve))
}

/// Light, 1 for paper white, as the value of ordinary video, 0 to 1.
fn compressed(light: f64) -> f64 {
    /// Paper white as a fraction of white.
    const PAPER_WHITE: f64 = 0.75;
    // Straight below it, then ever slower towards white.
    let kept = if light <= 1.0 {
        PAPER_WHITE * light
    } else {
        1.0 - (1.0 - PAPER_WHITE) * (-(light - 1.0) * PAPER_WHITE / (1.0 - PAPER_WHITE) / 4.0).exp()
    };
    kept.powf(1.0 / 2.2)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn known_values_of_the_standards() {
        // BT.2408: 203 nits are 58 % in PQ and 75 % in HLG.
        assert!((Transfer::Pq.nits(0.5807) - 203.0).abs() < 2.0, "{}", Transfer::Pq.nits(0.5807));
        assert!((Transfer::Hlg.nits(0.75) - 203.0).abs() < 3.0, "{}", Transfer::Hlg.nits(0.75));
        assert!((Transfer::Pq.nits(1.0) - 10_000.0).abs() < 1e-6 && Transfer::Pq.nits(0.0) == 0.0);
    }

    #[test]
    fn the_plain_curve_rises_from_black_to_white() {
        for transfer in [Transfer::Pq, Transfer::Hlg] {
            let (filters, curve) = tone(transfer, || false);
            let curve = curve.unwrap();
            assert!(filters.is_empty() && curve[0] == 0 && curve[255] >= 250, "{}", curve[255]);
            assert!(curve.windows(2).all(|pair| pair[0] <= pair[1]));
            let paper = if transfer == Transfer::Pq { 148 } else { 191 };
            let expected = (255.0 * 0.75f64.powf(1.0 / 2.2)).round();
            assert!((f64::from(curve[paper]) - expected).abs() < 4.0, "{} {expected}", curve[paper]);
        }
        assert_eq!(tone(Transfer::Ordinary, || true), (String::new(), None));
    }
}
