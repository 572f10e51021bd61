//! Which pixels move and which stand still.

use crate::error::ClosingError;
use crate::footage::Footage;
use crate::surface::nearest;
use loop3d_capture::loopable_mask;
use loop3d_media::{AreaFilter, Clip, MediaError, Size, images, is_same_shape};
use std::path::{Path, PathBuf};

/// Over how many pixels to each side the edge of a mask is softened, twice.
const SOFT: usize = 2;
/// The part of its motion from which on a pixel moves.
const LEAST: f32 = 0.02;

/// What each pixel of the small clip does: `[height, width]`.
pub struct Moving {
    /// Which ones move.
    pub moves: Vec<bool>,
    /// How much of its motion each one shows, 0–1: part of it only at the edges of masks.
    pub part: Vec<f32>,
    /// Which ones would move, and are kept still by a mask, at least in part.
    pub frozen: Vec<bool>,
}

/// Files that overrule what is found.
#[derive(Clone, Debug, Default)]
pub struct Masks {
    /// White moves, and nothing else does.
    pub moves: Option<PathBuf>,
    /// White stands still.
    pub still: Option<PathBuf>,
}

/// Which pixels of the small clip move.
///
/// # Errors
/// A mask that cannot be read or has another shape.
pub fn moving(footage: &Footage, clip: &Clip, masks: &Masks) -> Result<Moving, ClosingError> {
    let found = loopable_mask(clip);
    let mut part: Vec<f32> = match &masks.moves {
        Some(file) => white(file, footage)?,
        None => found.iter().map(|found| f32::from(u8::from(*found))).collect(),
    };
    if let Some(file) = &masks.still {
        part.iter_mut().zip(white(file, footage)?).for_each(|(part, still)| *part *= 1.0 - still);
    }
    part.iter_mut().for_each(|part| *part = if *part < LEAST { 0.0 } else { *part });
    let moves = part.iter().map(|part| *part > 0.0).collect();
    let frozen = part.iter().zip(found).map(|(part, found)| found && *part < 1.0 - LEAST).collect();
    Ok(Moving { moves, part, frozen })
}

/// How white a mask for the clip's frames is, 0–1, as seen by the small clip, with soft edges.
fn white(file: &Path, footage: &Footage) -> Result<Vec<f32>, ClosingError> {
    if !file.exists() {
        return Err(MediaError::NoClip { file: file.to_owned() }.into());
    }
    let found = images::size(file)?;
    let (expected, corner) = footage.of;
    if !is_same_shape(found, expected) {
        return Err(ClosingError::Mask { file: file.to_owned(), found, expected });
    }
    let rgb = images::read_whole(file, found)?;
    // To the clip's size, cut as the clip was, then to the small one's.
    let (width, height) = footage.kept.size();
    let cut = cut(&rgb, found, expected, corner, (width, height));
    let (w, h) = (footage.small.width, footage.small.height);
    let mut small = vec![0; w * h * 3];
    AreaFilter::new((width, height), (w as u32, h as u32)).apply(&cut, &mut small);
    let mut soft: Vec<f32> =
        small.as_chunks::<3>().0.iter().map(|rgb| rgb.iter().map(|&v| f32::from(v)).sum::<f32>() / 765.0).collect();
    for _ in 0..2 {
        soft = blurred(&blurred(&soft, w, 1), w, w);
    }
    Ok(soft)
}

/// An image of `found` size brought to `expected` size by the nearest pixel, and of that the part of `size` from column and row `corner` on: as
/// the frames of a loop are a part of those of its clip. RGB bytes.
#[must_use]
pub fn cut(rgb: &[u8], found: Size, expected: Size, corner: Size, size: Size) -> Vec<u8> {
    let along = |at: u32, from: u32, to: u32| nearest(at as usize, from as usize, to as usize);
    let mut cut = Vec::with_capacity(size.0 as usize * size.1 as usize * 3);
    for y in 0..size.1 {
        let row = along(y + corner.1, found.1, expected.1) * found.0 as usize;
        for x in 0..size.0 {
            let at = (row + along(x + corner.0, found.0, expected.0)) * 3;
            cut.extend_from_slice(&rgb[at..at + 3]);
        }
    }
    cut
}

/// The mean of the values up to [`SOFT`] before and behind each, along rows (`stride` 1) or columns (`stride` the width).
fn blurred(values: &[f32], width: usize, stride: usize) -> Vec<f32> {
    let length = if stride == 1 { width } else { values.len() / width };
    let of = |at: usize| {
        let place = if stride == 1 { at % width } else { at / width };
        let (before, behind) = (place.min(SOFT), SOFT.min(length - 1 - place));
        let near = (at - before * stride..=at + behind * stride).step_by(stride);
        near.map(|i| values[i]).sum::<f32>() / (before + behind + 1) as f32
    };
    (0..values.len()).map(of).collect()
}
