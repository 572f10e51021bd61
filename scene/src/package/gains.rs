//! Gains: tiles that are seen little are coded darker than they are, so that a video coder spends less on them.
//!
//! An error of coding is multiplied by the gain when the tile is made as bright as it was, and divided by about as much where the tile is
//! hidden behind others. One byte `g` for each looping tile, in the order of the layout: block after block, row after row. A coded
//! value times 2^(g/4) is the texel's.

use super::PackageError;
use super::error::check;

/// The largest gain: 2^4 = 16.
const MOST: u8 = 16;

/// The byte of a tile of whose error this share shows, 0–1.
pub fn gain_of(share: f32) -> u8 {
    // `as u8` saturates, which ends the gains of tiles that nobody sees.
    ((-4.0 * share.log2()).round() as u8).min(MOST)
}

/// What the coded value is multiplied with.
pub fn gain(byte: u8) -> f32 {
    (f32::from(byte) / 4.0).exp2()
}

/// The gains of `tiles` tiles.
pub(super) fn read(bytes: &[u8], tiles: usize) -> Result<Vec<f32>, PackageError> {
    check(
        bytes.len() == tiles,
        "gains",
        format!("{} bytes", bytes.len()),
        format!("{tiles}, one for each looping tile"),
    )?;
    if let Some(index) = bytes.iter().position(|&byte| byte > MOST) {
        check(false, format!("gains, tile {index}"), bytes[index], format!("at most {MOST}"))?;
    }
    Ok(bytes.iter().map(|&byte| gain(byte)).collect())
}
