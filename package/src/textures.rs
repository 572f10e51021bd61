//! Pictures as blocks that GPUs sample, and back: BC7, ASTC, ETC2.

use crate::ExportError;
use block_compression::encode::compress_rgba8;
use block_compression::{BC7Settings, CompressionVariant};
use ctt_astcenc::bindings::{astcenc_image, astcenc_type_ASTCENC_TYPE_U8};
use ctt_astcenc::{Context, Flags, Preset, Profile, Swizzle, config_init};
use ctt_etcpak::{Surface, etc2_rgba};
use loop3d_scene::package::{Codec, unpack, unpacked_bytes};

/// How long ASTC is searched for, 0–100: twice as much time gains a tenth of a decibel.
const ASTC_EFFORT: Preset = Preset::Custom(30.0);
/// How hard Zstandard looks for repetitions, 1–22.
const ZSTD_LEVEL: i32 = 19;

/// A frame as a package has it: the blocks of a picture of `size` pixels of RGBA of 8 bits, compressed. `size` is a multiple of 16.
///
/// # Errors
/// An encoder fails, or the codec has no blocks.
pub(crate) fn pack(codec: Codec, size: [usize; 2], rgba: &[u8]) -> Result<Vec<u8>, ExportError> {
    let blocks = blocks(codec, size, rgba)?;
    zstd::bulk::compress(&blocks, ZSTD_LEVEL).map_err(|error| failed(codec, error))
}

fn failed(codec: Codec, error: impl ToString) -> ExportError {
    ExportError::Texture { codec, said: error.to_string() }
}

/// The blocks of a picture.
fn blocks(codec: Codec, [width, height]: [usize; 2], rgba: &[u8]) -> Result<Vec<u8>, ExportError> {
    let bytes = unpacked_bytes(codec, [width, height]).ok_or_else(|| failed(codec, "it has no blocks"))?;
    let (across, down) = (width as u32, height as u32);
    let mut blocks = vec![0; bytes];
    match codec {
        Codec::Etc2 => {
            let bgra: Vec<u8> = rgba.as_chunks::<4>().0.iter().flat_map(|&[r, g, b, a]| [b, g, r, a]).collect();
            etc2_rgba::compress_blocks_into(&Surface::new(&bgra, across, down), true, &mut blocks);
        }
        Codec::Astc4x4 | Codec::Astc6x6 => {
            let side = codec.block_side().unwrap_or_default() as u32;
            let failed = |error| failed(codec, error);
            let config = config_init(Profile::Ldr, side, side, 1, ASTC_EFFORT, Flags::USE_DECODE_UNORM8);
            let mut context = Context::new(&config.map_err(failed)?).map_err(failed)?;
            // The encoder takes a pointer to each slice of a volume, mutable because it is also what decoding writes to.
            let mut pixels = rgba.to_vec();
            let mut slice = pixels.as_mut_ptr().cast();
            let mut picture = astcenc_image {
                dim_x: across,
                dim_y: down,
                dim_z: 1,
                data_type: astcenc_type_ASTCENC_TYPE_U8,
                data: &raw mut slice,
            };
            context.compress(&mut picture, Swizzle::IDENTITY, &mut blocks).map_err(failed)?;
        }
        _ => {
            let variant = CompressionVariant::BC7(BC7Settings::alpha_fast());
            compress_rgba8(variant, rgba, &mut blocks, across, down, 4 * across);
        }
    }
    Ok(blocks)
}

/// The pixels of a frame, RGBA of 8 bits.
///
/// # Errors
/// The frame is not one of a picture of this size.
pub(crate) fn unpacked(codec: Codec, size: [usize; 2], frame: &[u8]) -> Result<Vec<u8>, ExportError> {
    let blocks = unpack(codec, size, frame)?;
    let [width, height] = size;
    let mut pixels = vec![0u32; width * height];
    match codec {
        Codec::Etc2 => texture2ddecoder::decode_etc2_rgba8(&blocks, width, height, &mut pixels),
        Codec::Astc4x4 | Codec::Astc6x6 => {
            let side = codec.block_side().unwrap_or_default();
            texture2ddecoder::decode_astc(&blocks, width, height, side, side, &mut pixels)
        }
        _ => texture2ddecoder::decode_bc7(&blocks, width, height, &mut pixels),
    }
    .map_err(|error| failed(codec, error))?;
    // Words whose bytes, the lowest first, are blue, green, red, alpha.
    Ok(pixels.into_iter().map(u32::to_le_bytes).flat_map(|[b, g, r, a]| [r, g, b, a]).collect())
}

#[cfg(test)]
mod tests {
    use super::*;

    const BLOCKS: [Codec; 4] = [Codec::Bc7, Codec::Astc4x4, Codec::Astc6x6, Codec::Etc2];

    /// Premultiplied soft shapes, as atlases have them.
    fn picture([width, height]: [usize; 2]) -> Vec<u8> {
        let wave = |a: f64, b: f64, x: usize, y: usize| 0.5 + 0.5 * (a * x as f64 + b * y as f64).sin();
        let pixel = |(y, x)| {
            let alpha = wave(0.11, 0.07, x, y);
            [wave(0.05, 0.1, x, y), wave(0.09, -0.04, x, y), wave(0.02, 0.06, x, y), 1.0]
                .map(|c| (255.0 * c * alpha).round() as u8)
        };
        (0..height).flat_map(|y| (0..width).map(move |x| (y, x))).flat_map(pixel).collect()
    }

    fn psnr(a: &[u8], b: &[u8]) -> f64 {
        assert_eq!(a.len(), b.len());
        let squares: f64 = a.iter().zip(b).map(|(&a, &b)| f64::from(a.abs_diff(b)).powi(2)).sum();
        10.0 * (255.0 * 255.0 * a.len() as f64 / squares.max(1e-9)).log10()
    }

    #[test]
    fn pictures_come_back_alike() {
        let size = [112, 48];
        let pixels = picture(size);
        for (codec, least_db) in BLOCKS.into_iter().zip([48.0, 46.0, 42.0, 40.0]) {
            let frame = pack(codec, size, &pixels).unwrap();
            assert!(frame.len() <= unpacked_bytes(codec, size).unwrap() + 16);
            let found = psnr(&unpacked(codec, size, &frame).unwrap(), &pixels);
            assert!(found >= least_db, "{codec}: {found:.1} dB");
        }
        // What is the same everywhere stays so: nothing is transparent by a little, or opaque but for a little.
        for colour in [[0; 4], [255; 4], [0, 0, 0, 255]] {
            let plain = colour.repeat(32 * 16);
            for codec in BLOCKS {
                let back = unpacked(codec, [32, 16], &pack(codec, [32, 16], &plain).unwrap()).unwrap();
                assert_eq!(back, plain, "{codec} {colour:?}");
            }
        }
    }

    #[test]
    fn any_bytes_are_blocks() {
        let mut random = fastrand::Rng::with_seed(3);
        let size = [256, 256];
        for codec in BLOCKS {
            let mut blocks = vec![0; unpacked_bytes(codec, size).unwrap()];
            for _ in 0..4 {
                random.fill(&mut blocks);
                let frame = zstd::bulk::compress(&blocks, 1).unwrap();
                assert_eq!(unpacked(codec, size, &frame).unwrap().len(), size[0] * size[1] * 4);
            }
        }
    }
}
