//! Which pixels move and which stand still.

use crate::error::ClosingError;
use crate::footage::Footage;
use loop3d_capture::loopable_mask;
use loop3d_media::{AreaFilter, Clip, MediaError, Size, images};
use std::path::{Path, PathBuf};

/// How far the shape of a mask may be off the clip's.
const SAME_SHAPE: f64 = 0.02;

/// What each pixel of the small clip does: `[height, width]`.
pub struct Moving {
    /// Which ones move.
    pub moves: Vec<bool>,
    /// Which ones would, and are kept still by a mask.
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
    let mut moves = match &masks.moves {
        Some(file) => white(file, footage)?,
        None => found.clone(),
    };
    if let Some(file) = &masks.still {
        moves.iter_mut().zip(white(file, footage)?).for_each(|(moves, still)| *moves &= !still);
    }
    let frozen = moves.iter().zip(found).map(|(moves, found)| found && !moves).collect();
    Ok(Moving { moves, frozen })
}

/// Where a mask for the clip's frames is white, as seen by the small clip.
fn white(file: &Path, footage: &Footage) -> Result<Vec<bool>, ClosingError> {
    if !file.exists() {
        return Err(MediaError::NoClip { file: file.to_owned() }.into());
    }
    let found = images::size(file)?;
    let (expected, corner) = footage.of;
    let shape = |size: Size| f64::from(size.0) / f64::from(size.1);
    if (shape(found) / shape(expected) - 1.0).abs() > SAME_SHAPE {
        return Err(ClosingError::Mask { file: file.to_owned(), found, expected });
    }
    let rgb = images::read_whole(file, found)?;
    // To the clip's size by the nearest pixel, cut as the clip was, then to the small one's.
    let (width, height) = footage.kept.size();
    let along =
        |at: u32, from: u32, to: u32| ((2 * u64::from(at) + 1) * u64::from(from) / (2 * u64::from(to))) as usize;
    let mut cut = Vec::with_capacity(width as usize * height as usize * 3);
    for y in 0..height {
        let row = along(y + corner.1, found.1, expected.1) * found.0 as usize;
        for x in 0..width {
            let at = (row + along(x + corner.0, found.0, expected.0)) * 3;
            cut.extend_from_slice(&rgb[at..at + 3]);
        }
    }
    let (w, h) = (footage.small.width, footage.small.height);
    let mut small = vec![0; w * h * 3];
    AreaFilter::new((width, height), (w as u32, h as u32)).apply(&cut, &mut small);
    Ok(small.as_chunks::<3>().0.iter().map(|rgb| rgb.iter().map(|&v| u32::from(v)).sum::<u32>() >= 3 * 128).collect())
}
