//! Frames that a GPU samples as they are: blocks of texels, compressed losslessly.
//!
//! A frame is one Zstandard frame (RFC 8878) that states the size of its content: the blocks of a page, row after row, 16 bytes each,
//! whatever the codec. Where the sides of a page are not multiples of a block's, the last blocks reach beyond it.

use crate::error::{check, damaged};
use crate::{Codec, PackageError};
use ruzstd::decoding::FrameDecoder;

/// Bytes of a block, in every codec that has blocks.
const BYTES_OF_BLOCK: usize = 16;

/// Blocks of a page of `size` texels across and down; `None` where the codec has no blocks.
pub fn blocks_across(codec: Codec, size: [usize; 2]) -> Option<[usize; 2]> {
    codec.block_side().map(|side| size.map(|texels| texels.div_ceil(side)))
}

/// Bytes of the blocks of a page of `size` texels; `None` where the codec has no blocks.
pub fn unpacked_bytes(codec: Codec, size: [usize; 2]) -> Option<usize> {
    blocks_across(codec, size).map(|[across, down]| across * down * BYTES_OF_BLOCK)
}

/// The most bytes that a frame takes: Zstandard stores what it cannot compress, with three bytes for each 128 KiB.
pub(crate) fn most_packed_bytes(unpacked: usize) -> usize {
    unpacked + unpacked / 256 + 64
}

/// The blocks of a frame of a page of `size` texels.
///
/// Allocates no more than about three times the bytes of these blocks, whatever the frame says.
///
/// # Errors
/// The codec has no blocks, or the frame does not hold exactly the blocks of such a page.
pub fn unpack(codec: Codec, size: [usize; 2], frame: &[u8]) -> Result<Vec<u8>, PackageError> {
    let place = || format!("{codec} frame of {}×{} texels", size[0], size[1]);
    let no_blocks = || damaged(place(), "a codec without blocks", "one with blocks");
    let expected = unpacked_bytes(codec, size).ok_or_else(no_blocks)?;
    let broken = |error: &dyn ToString| damaged(place(), error.to_string(), "a Zstandard frame of its blocks");
    let mut decoder = FrameDecoder::new();
    decoder.set_max_window_size(expected as u64);
    decoder.init(frame).map_err(|error| broken(&error))?;
    let found = decoder.content_size();
    check(found == expected as u64, place(), format!("{found} bytes of blocks"), expected)?;
    let mut blocks = Vec::new();
    blocks.try_reserve_exact(expected).map_err(|error| broken(&error))?;
    blocks.resize(expected, 0);
    // It never writes beyond the slice; a frame with more content is an error.
    let written = decoder.decode_all(frame, &mut blocks).map_err(|error| broken(&error))?;
    check(written == expected, place(), format!("{written} bytes of blocks"), expected)?;
    Ok(blocks)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A Zstandard frame that says `content` bytes, and repeats a byte as often as each run says.
    fn runs(content: u32, runs: &[u32]) -> Vec<u8> {
        let mut frame = vec![0x28, 0xb5, 0x2f, 0xfd, 0xa0];
        frame.extend(content.to_le_bytes());
        for (i, run) in runs.iter().enumerate() {
            let last = u32::from(i + 1 == runs.len());
            frame.extend(&(last | 1 << 1 | run << 3).to_le_bytes()[..3]);
            frame.push((i % 100) as u8 + 7);
        }
        frame
    }

    fn said(frame: &[u8]) -> String {
        unpack(Codec::Etc2, [16, 16], frame).unwrap_err().to_string()
    }

    #[test]
    fn blocks_cover_the_page() {
        assert_eq!(unpacked_bytes(Codec::Bc7, [32, 16]), Some(8 * 4 * 16));
        assert_eq!(blocks_across(Codec::Astc6x6, [32, 16]), Some([6, 3]));
        assert_eq!(unpacked_bytes(Codec::Av1, [32, 16]), None);
    }

    #[test]
    fn a_frame_is_its_blocks_and_nothing_else() {
        let blocks = unpack(Codec::Etc2, [16, 16], &runs(256, &[200, 56])).unwrap();
        assert_eq!(blocks, [[7; 200].as_slice(), &[8; 56]].concat());
        let place = "damaged: etc2 frame of 16×16 texels: found ";
        assert_eq!(said(&runs(255, &[255])), format!("{place}255 bytes of blocks, expected 256"));
        assert_eq!(said(&runs(256, &[255])), format!("{place}255 bytes of blocks, expected 256"));
        let long = runs(256, &[131_072; 1000]);
        for bad in [&long[..], &[], &[0; 40], &runs(256, &[256])[..9], &[runs(256, &[256]), runs(1, &[1])].concat()] {
            let said = said(bad);
            assert!(said.starts_with(place) && said.ends_with("expected a Zstandard frame of its blocks"), "{said}");
        }
        let video = unpack(Codec::H264, [16, 16], &runs(256, &[256])).unwrap_err().to_string();
        assert!(video.contains("h264") && video.ends_with("expected one with blocks"), "{video}");
    }

    #[test]
    fn a_window_that_is_larger_than_the_page_is_not_asked_for() {
        // No single segment: a window of 64 MiB, and four bytes of content size.
        let mut frame = vec![0x28, 0xb5, 0x2f, 0xfd, 0x80, 16 << 3];
        frame.extend(256u32.to_le_bytes());
        // The last block: a run of 8·32.
        frame.extend([1 | 1 << 1, 8, 0, 7]);
        assert!(said(&frame).contains("window_size"), "{}", said(&frame));
    }
}
