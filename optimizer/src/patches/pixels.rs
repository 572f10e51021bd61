//! Clips as the search wants them: the frames of one pixel and channel lie side by side.

use super::PatchError;
use loop3d_capture::Clip;
use rayon::prelude::*;

/// A value of an image; distances are in units of 0–255.
pub trait Sample: Copy + Send + Sync {
    /// The value in units of 0–255.
    fn level(self) -> f32;
}

impl Sample for u8 {
    #[inline(always)]
    fn level(self) -> f32 {
        f32::from(self)
    }
}

/// 0–1, as renders are.
impl Sample for f32 {
    #[inline(always)]
    fn level(self) -> f32 {
        self * 255.0
    }
}

/// Borrowed RGB bytes of a clip, frame after frame: `[frames, height, width, 3]`.
#[derive(Clone, Copy, Debug)]
pub struct ClipRef<'a> {
    /// Number of frames.
    pub frames: usize,
    /// Height in pixels.
    pub height: usize,
    /// Width in pixels.
    pub width: usize,
    /// `frames · height · width · 3` bytes.
    pub rgb: &'a [u8],
}

impl<'a> ClipRef<'a> {
    /// A clip over borrowed bytes.
    ///
    /// # Errors
    /// An empty shape, or bytes that do not match it.
    pub fn new(frames: usize, height: usize, width: usize, rgb: &'a [u8]) -> Result<Self, PatchError> {
        check("clip", [frames, height, width, 3], rgb.len())?;
        Ok(Self { frames, height, width, rgb })
    }
}

impl<'a> From<&'a Clip> for ClipRef<'a> {
    fn from(clip: &'a Clip) -> Self {
        Self { frames: clip.frames, height: clip.height, width: clip.width, rgb: &clip.rgb }
    }
}

/// The rectangle of a clip that begins at `(x0, y0)`; its size comes with the render that it is compared to.
#[derive(Clone, Copy, Debug)]
pub struct ClipWindow<'a> {
    /// The whole clip.
    pub clip: ClipRef<'a>,
    /// Left column.
    pub x0: usize,
    /// Top row.
    pub y0: usize,
}

/// Borrowed pixels with contiguous time: `[height, width, 3, frames]`.
#[derive(Clone, Copy, Debug)]
pub struct TimeRows<'a, S> {
    /// Height in pixels.
    pub height: usize,
    /// Width in pixels.
    pub width: usize,
    /// Number of frames.
    pub frames: usize,
    /// At least `height · width · 3 · frames` values; more may follow.
    data: &'a [S],
}

impl<'a, S: Sample> TimeRows<'a, S> {
    /// Pixels over a borrowed buffer of exactly `height · width · 3 · frames` values. `what` names it in errors.
    ///
    /// # Errors
    /// An empty shape, or a length that does not match it.
    pub fn new(
        what: &'static str,
        height: usize,
        width: usize,
        frames: usize,
        data: &'a [S],
    ) -> Result<Self, PatchError> {
        check(what, [height, width, 3, frames], data.len())?;
        Ok(Self { height, width, frames, data })
    }

    /// All frames of the three channels of a run of pixels in one row: `[pixels, 3, frames]`.
    pub(super) fn run(&self, y: usize, x: std::ops::Range<usize>) -> &'a [S] {
        let line = 3 * self.frames;
        &self.data[(y * self.width + x.start) * line..(y * self.width + x.end) * line]
    }
}

/// Owned bytes with contiguous time: `[height, width, 3, frames]`.
#[derive(Clone, Debug)]
pub struct TimeClip {
    height: usize,
    width: usize,
    frames: usize,
    /// The pixels, then [`TimeClip::SPARE`] zeros.
    data: Vec<u8>,
}

impl TimeClip {
    /// Zeros after the last pixel, so that a vector load at any sample stays inside the buffer.
    pub const SPARE: usize = 8;

    /// Turns a window of a clip: `[F, H, W, 3]` → `[height, width, 3, max(F, min_frames)]`. A clip shorter than
    /// `min_frames` is extended by its last frame.
    ///
    /// # Errors
    /// A window that is empty or leaves the clip; bytes that do not match the clip's shape.
    pub fn from_window(
        window: &ClipWindow<'_>,
        height: usize,
        width: usize,
        min_frames: usize,
    ) -> Result<Self, PatchError> {
        let clip = window.clip;
        check("clip", [clip.frames, clip.height, clip.width, 3], clip.rgb.len())?;
        if height == 0 || width == 0 {
            return Err(PatchError::Empty { what: "window", shape: format!("[{height}, {width}]") });
        }
        let inside = |start: usize, len: usize, size: usize| len <= size && start <= size - len;
        if !inside(window.x0, width, clip.width) || !inside(window.y0, height, clip.height) {
            return Err(PatchError::Outside {
                width,
                height,
                x0: window.x0,
                y0: window.y0,
                clip_width: clip.width,
                clip_height: clip.height,
            });
        }
        let frames = clip.frames.max(min_frames);
        let (line, frame_bytes) = (width * 3, clip.height * clip.width * 3);
        let mut data = vec![0u8; height * line * frames + Self::SPARE];
        data[..height * line * frames].par_chunks_exact_mut(line * frames).enumerate().for_each(|(y, out)| {
            let offset = ((window.y0 + y) * clip.width + window.x0) * 3;
            // Eight frames together: each output line is then written eight neighbouring bytes at a time.
            for first in (0..frames).step_by(8) {
                let count = (frames - first).min(8);
                let mut rows = [&clip.rgb[..0]; 8];
                for (k, row) in rows.iter_mut().enumerate().take(count) {
                    let start = (first + k).min(clip.frames - 1) * frame_bytes + offset;
                    *row = &clip.rgb[start..start + line];
                }
                if count == 8 {
                    for (sample, out) in out.chunks_exact_mut(frames).enumerate() {
                        let eight: [u8; 8] = std::array::from_fn(|k| rows[k][sample]);
                        out[first..first + 8].copy_from_slice(&eight);
                    }
                } else {
                    for (sample, out) in out.chunks_exact_mut(frames).enumerate() {
                        for (k, out) in out[first..].iter_mut().enumerate() {
                            *out = rows[k][sample];
                        }
                    }
                }
            }
        });
        Ok(Self { height, width, frames, data })
    }

    /// The pixels.
    pub fn rows(&self) -> TimeRows<'_, u8> {
        TimeRows { height: self.height, width: self.width, frames: self.frames, data: &self.data }
    }

    /// Height in pixels.
    pub fn height(&self) -> usize {
        self.height
    }

    /// Width in pixels.
    pub fn width(&self) -> usize {
        self.width
    }

    /// Number of frames.
    pub fn frames(&self) -> usize {
        self.frames
    }

    /// The frames of each pixel and channel: `[height · width · 3]` lines of [`TimeClip::frames`] bytes.
    pub fn lines(&self) -> impl ExactSizeIterator<Item = &[u8]> {
        self.data[..self.height * self.width * 3 * self.frames].chunks_exact(self.frames)
    }

    /// A clip of the same size and `frames` frames, of which `fill(line, out)` computes each pixel and channel from all
    /// frames of that pixel and channel.
    ///
    /// # Errors
    /// No frame.
    pub fn map_time(&self, frames: usize, fill: impl Fn(&[u8], &mut [u8]) + Sync) -> Result<Self, PatchError> {
        let (height, width) = (self.height, self.width);
        if frames == 0 {
            return Err(PatchError::Empty { what: "clip", shape: format!("[{height}, {width}, 3, 0]") });
        }
        let len = height * width * 3 * frames;
        let mut data = vec![0u8; len + Self::SPARE];
        let lines = self.data.par_chunks_exact(self.frames);
        data[..len].par_chunks_exact_mut(frames).zip(lines).with_min_len(1024).for_each(|(out, line)| fill(line, out));
        Ok(Self { height, width, frames, data })
    }

    /// One frame: `[height, width, 3]`.
    pub fn frame(&self, index: usize) -> Vec<u8> {
        self.lines().map(|line| line[index]).collect()
    }

    /// All bytes from one pixel, channel 0 and frame on. Reads of up to [`TimeClip::SPARE`] bytes at any sample of the
    /// clip stay inside.
    pub(crate) fn bytes_from(&self, y: usize, x: usize, frame: usize) -> &[u8] {
        &self.data[(y * self.width + x) * 3 * self.frames + frame..]
    }
}

fn check(what: &'static str, shape: [usize; 4], found: usize) -> Result<(), PatchError> {
    let expected = shape.iter().product();
    if expected == 0 {
        return Err(PatchError::Empty { what, shape: format!("{shape:?}") });
    }
    if found != expected {
        return Err(PatchError::Length { what, shape: format!("{shape:?}"), found, expected });
    }
    Ok(())
}
