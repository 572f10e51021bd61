//! Fits a multi-tile video to a capture.
