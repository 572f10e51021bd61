//! Gains: tiles that are mostly hidden are coded darker than they are, so that a video coder spends less on them.
//!
//! A coding error is multiplied by the gain when the tile is brightened again, and divided by about as much where the tile is hidden
//! behind others. There is one byte `g` for each looping tile, in the order of the layout: block after block, row after row. A coded
//! value times 2^(g/4) is the texel's.

use crate::PackageError;
use crate::error::check;

/// The largest gain: 2^4 = 16.
const MOST: u8 = 16;

/// The byte of a tile of whose error this fraction shows, 0–1.
pub fn gain_of(fraction: f32) -> u8 {
    // `as u8` saturates, which bounds the gains of tiles that are invisible.
    ((-4.0 * fraction.log2()).round() as u8).min(MOST)
}

/// The factor of the coded value.
pub fn gain(byte: u8) -> f32 {
    (f32::from(byte) / 4.0).exp2()
}

/// The gains of `tiles` tiles, whose pages have a halo of `halo` texels. Pages that a GPU filters directly have no gains.
pub(crate) fn read(bytes: &[u8], tiles: usize, halo: u32) -> Result<Vec<f32>, PackageError> {
    let most = if halo == 0 { MOST } else { 0 };
    check(
        bytes.len() == tiles,
        "gains",
        format!("{} bytes", bytes.len()),
        format!("{tiles}, one for each looping tile"),
    )?;
    if let Some(index) = bytes.iter().position(|&byte| byte > most) {
        check(false, format!("gains, tile {index}"), bytes[index], format!("at most {most}"))?;
    }
    Ok(bytes.iter().map(|&byte| gain(byte)).collect())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn gains_undo_what_is_shown_and_end_at_sixteen() {
        assert_eq!([1.0, 0.5, 0.25, 0.7].map(gain_of), [0, 4, 8, 2]);
        assert_eq!([0.0, 1e-6].map(gain_of), [16, 16]);
        assert_eq!([0, 4, 16].map(gain), [1.0, 2.0, 16.0]);
        assert_eq!(read(&[0, 4], 2, 0).unwrap(), [1.0, 2.0]);
        assert_eq!(
            read(&[0], 2, 0).unwrap_err().to_string(),
            "damaged: gains: found 1 bytes, expected 2, one for each looping tile"
        );
        assert!(read(&[0, 17], 2, 0).unwrap_err().to_string().contains("gains, tile 1: found 17"));
        assert!(read(&[0, 1], 2, 1).unwrap_err().to_string().ends_with("found 1, expected at most 0"));
    }
}
