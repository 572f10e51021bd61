//! Where patches sit, and how an axis is cut so that every patch is a run of whole segments.

use super::PatchError;
use std::ops::Range;

/// Patch locations along one axis.
///
/// Locations are `0, s, 2s, …` and a last one at `size − p` where that is off the grid, so that the whole window is
/// covered (the published code leaves up to `s − 1` last pixels without any patch, METHOD §4.5, D22).
///
/// The axis is cut at every patch's start and end. Patches are then unions of neighbouring segments, so sums over
/// segments are shared between overlapping patches and nothing is ever subtracted: no cancellation, nothing negative.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Axis {
    /// Pixels of a patch along this axis.
    pub patch: usize,
    /// First pixel of each location, ascending.
    pub starts: Vec<usize>,
    /// Ends of the segments: segment `k` is the pixels `cuts[k]..cuts[k + 1]`.
    pub cuts: Vec<usize>,
    segments: Vec<Range<usize>>,
    locations: Vec<Range<usize>>,
}

impl Axis {
    /// Needs `1 ≤ stride ≤ patch ≤ size`.
    fn new(size: usize, patch: usize, stride: usize) -> Self {
        let mut starts: Vec<usize> = (0..=size - patch).step_by(stride).collect();
        if starts.last() != Some(&(size - patch)) {
            starts.push(size - patch);
        }
        let mut cuts: Vec<usize> = starts.iter().flat_map(|&start| [start, start + patch]).collect();
        cuts.sort_unstable();
        cuts.dedup();
        let at = |pixel: usize| cuts.partition_point(|&cut| cut < pixel);
        let segments = starts.iter().map(|&start| at(start)..at(start + patch)).collect();
        let locations = cuts[..cuts.len() - 1]
            .iter()
            .map(|&cut| {
                let first = starts.partition_point(|&start| start + patch <= cut);
                first..starts.partition_point(|&start| start <= cut)
            })
            .collect();
        Self { patch, starts, cuts, segments, locations }
    }

    /// Number of locations.
    pub fn len(&self) -> usize {
        self.starts.len()
    }

    /// Never true: an axis has at least one location.
    pub fn is_empty(&self) -> bool {
        self.starts.is_empty()
    }

    /// Segments that make up the patch at a location.
    pub fn segments_of(&self, location: usize) -> Range<usize> {
        self.segments[location].clone()
    }

    /// Locations whose patches cover a segment; never empty.
    pub fn locations_of(&self, segment: usize) -> Range<usize> {
        self.locations[segment].clone()
    }

    /// Number of segments; together they are the whole axis.
    pub fn segment_count(&self) -> usize {
        self.cuts.len() - 1
    }

    /// Pixels of a segment.
    pub fn pixels_of(&self, segment: usize) -> Range<usize> {
        self.cuts[segment]..self.cuts[segment + 1]
    }

    /// The most segments that one patch spans, and the most locations that cover one segment.
    pub(super) fn depths(&self) -> (usize, usize) {
        let most = |ranges: &[Range<usize>]| ranges.iter().map(ExactSizeIterator::len).max().unwrap_or(1);
        (most(&self.segments), most(&self.locations))
    }
}

/// Patch locations over a window: the product of two axes.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Grid {
    /// Along y.
    pub rows: Axis,
    /// Along x.
    pub columns: Axis,
}

impl Grid {
    /// Grid of `patch × patch` patches every `stride` pixels over a window. In a window smaller than the patch, the
    /// patch shrinks to `min(patch, height, width)`, and the stride to the patch.
    ///
    /// # Errors
    /// An empty window; `patch` 0; `stride` 0, or larger than the patch, which would leave pixels without any.
    pub fn new(height: usize, width: usize, patch: usize, stride: usize) -> Result<Self, PatchError> {
        if height == 0 || width == 0 {
            return Err(PatchError::Empty { what: "window", shape: format!("[{height}, {width}]") });
        }
        if patch == 0 {
            return Err(PatchError::Setting { name: "patch", found: "0".into(), expected: "at least 1 pixel" });
        }
        if stride == 0 || stride > patch {
            return Err(PatchError::Setting {
                name: "stride",
                found: stride.to_string(),
                expected: "at least 1 pixel and at most the patch",
            });
        }
        let patch = patch.min(height).min(width);
        let stride = stride.min(patch);
        Ok(Self { rows: Axis::new(height, patch, stride), columns: Axis::new(width, patch, stride) })
    }

    /// Number of locations.
    pub fn len(&self) -> usize {
        self.rows.len() * self.columns.len()
    }

    /// Never true: a grid has at least one location.
    pub fn is_empty(&self) -> bool {
        self.rows.is_empty() || self.columns.is_empty()
    }

    /// Pixels along the side of a patch.
    pub fn patch(&self) -> usize {
        self.rows.patch
    }

    /// Size of the window that the grid covers: height, width.
    pub fn size(&self) -> (usize, usize) {
        (self.rows.cuts[self.rows.segment_count()], self.columns.cuts[self.columns.segment_count()])
    }
}
