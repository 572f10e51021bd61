//! Which views a fit may use: known from their number alone, before any of them is loaded.

use crate::config::FitConfig;
use crate::error::FitError;

/// Indices of the views that are fitted to, of `views` in all.
///
/// # Errors
/// A view that is not there or leads though it is held out, or fewer than two views left.
pub fn training_views(views: usize, config: &FitConfig, held_out: &[usize]) -> Result<Vec<usize>, FitError> {
    for (option, list) in [("--hold-out", held_out), ("--lead", config.lead.as_slice())] {
        if let Some(&index) = list.iter().find(|index| **index >= views) {
            return Err(FitError::NoSuchView { option, index, last: views.saturating_sub(1) });
        }
    }
    if let Some(&index) = config.lead.iter().find(|index| held_out.contains(index)) {
        return Err(FitError::LeadHeldOut { index });
    }
    let training: Vec<usize> = (0..views).filter(|index| !held_out.contains(index)).collect();
    match training.len() {
        found @ (0 | 1) => Err(FitError::TooFewViews { views, held_out: views - found, found }),
        _ => Ok(training),
    }
}
