//! The coders: ARM's for ASTC, etcpak for ETC2, Intel's for BC7, Zstandard around all; `texture2ddecoder` decodes BC7 and ETC2.

use crate::ExportError;
use ctt_astcenc::bindings::{astcenc_image, astcenc_type_ASTCENC_TYPE_U8};
use ctt_astcenc::{Context, Flags, Preset, Profile, Swizzle, config_init};
use ctt_etcpak::{Surface, etc2_rgba};
use intel_tex_2::{RgbaSurface, bc7};
use loop3d_package_format::{Codec, unpack, unpacked_bytes};
use texture2ddecoder::{decode_bc7, decode_etc2_rgba8};

/// Effort of the ASTC coder, 0–100. Twice the time would gain a tenth of a decibel.
const ASTC_EFFORT: Preset = Preset::Custom(30.0);
/// Compression level of Zstandard, 1–22.
const ZSTD_LEVEL: i32 = 19;

/// A frame as a package has it: the blocks of an image of `size` pixels of RGBA of 8 bits, compressed. `size` is a multiple of 16.
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

/// The blocks of an image.
fn blocks(codec: Codec, [width, height]: [usize; 2], rgba: &[u8]) -> Result<Vec<u8>, ExportError> {
    let bytes = unpacked_bytes(codec, [width, height]).ok_or_else(|| failed(codec, "this codec has no blocks"))?;
    let (across, down) = (width as u32, height as u32);
    let mut blocks = vec![0; bytes];
    match codec {
        Codec::Etc2 => {
            let bgra: Vec<u8> = rgba.as_chunks::<4>().0.iter().flat_map(|&[r, g, b, a]| [b, g, r, a]).collect();
            etc2_rgba::compress_blocks_into(&Surface::new(&bgra, across, down), true, &mut blocks);
        }
        Codec::Astc4x4 | Codec::Astc6x6 => {
            let mut pixels = rgba.to_vec();
            let code = |context: &mut Context, image: &mut astcenc_image| {
                context.compress(image, Swizzle::IDENTITY, &mut blocks)
            };
            astc(codec, Flags::USE_DECODE_UNORM8, [across, down], &mut pixels, code)?;
        }
        _ => {
            let surface = RgbaSurface { data: rgba, width: across, height: down, stride: 4 * across };
            bc7::compress_blocks_into(&bc7::alpha_fast_settings(), &surface, &mut blocks);
        }
    }
    Ok(blocks)
}

/// The pixels of a frame, RGBA of 8 bits.
///
/// # Errors
/// The frame is not one of an image of this size.
pub(crate) fn unpacked(codec: Codec, size: [usize; 2], frame: &[u8]) -> Result<Vec<u8>, ExportError> {
    let blocks = unpack(codec, size, frame)?;
    let [width, height] = size;
    if matches!(codec, Codec::Astc4x4 | Codec::Astc6x6) {
        let mut pixels = vec![0; width * height * 4];
        let decode =
            |context: &mut Context, image: &mut astcenc_image| context.decompress(&blocks, image, Swizzle::IDENTITY);
        astc(
            codec,
            Flags::DECOMPRESS_ONLY | Flags::USE_DECODE_UNORM8,
            [width as u32, height as u32],
            &mut pixels,
            decode,
        )?;
        return Ok(pixels);
    }
    let mut pixels = vec![0u32; width * height];
    let decode = if codec == Codec::Etc2 { decode_etc2_rgba8 } else { decode_bc7 };
    decode(&blocks, width, height, &mut pixels).map_err(|error| failed(codec, error))?;
    // Words whose bytes are, lowest first, blue, green, red, alpha.
    Ok(pixels.into_iter().map(u32::to_le_bytes).flat_map(|[b, g, r, a]| [r, g, b, a]).collect())
}

/// Runs ARM's coder on the pixels of an image, RGBA of 8 bits.
fn astc(
    codec: Codec,
    flags: Flags,
    [width, height]: [u32; 2],
    pixels: &mut [u8],
    work: impl FnOnce(&mut Context, &mut astcenc_image) -> Result<(), ctt_astcenc::Error>,
) -> Result<(), ExportError> {
    let side = codec.block_side().unwrap_or_default() as u32;
    let config = config_init(Profile::Ldr, side, side, 1, ASTC_EFFORT, flags);
    let context = config.and_then(|config| Context::new(&config));
    // An image is a volume of one slice, and each slice a pointer to its pixels.
    let mut slice = pixels.as_mut_ptr().cast();
    let (dim_x, dim_y, data_type) = (width, height, astcenc_type_ASTCENC_TYPE_U8);
    let mut image = astcenc_image { dim_x, dim_y, dim_z: 1, data_type, data: &raw mut slice };
    context.and_then(|mut context| work(&mut context, &mut image)).map_err(|error| failed(codec, error))
}

#[cfg(test)]
mod tests {
    use super::*;

    const BLOCKS: [Codec; 4] = [Codec::Bc7, Codec::Astc4x4, Codec::Astc6x6, Codec::Etc2];

    /// Premultiplied soft shapes, as atlases have them.
    fn image([width, height]: [usize; 2]) -> Vec<u8> {
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
    fn images_come_back_alike() {
        let size = [112, 48];
        let pixels = image(size);
        let mut all = Vec::new();
        for codec in BLOCKS {
            let frame = pack(codec, size, &pixels).unwrap();
            assert!(frame.len() <= unpacked_bytes(codec, size).unwrap() + 16);
            let found = psnr(&unpacked(codec, size, &frame).unwrap(), &pixels);
            all.push(found);
        }
        let least = [39.0, 39.0, 34.0, 30.0];
        assert!(all.iter().zip(least).all(|(&found, least)| found >= least), "{BLOCKS:?}: {all:.2?} dB");
        // A uniform image stays uniform, and fully transparent or opaque. Only ETC2 has no exact black.
        for colour in [[0; 4], [255; 4], [0, 0, 0, 255]] {
            let plain = colour.repeat(32 * 16);
            for codec in BLOCKS {
                let back = unpacked(codec, [32, 16], &pack(codec, [32, 16], &plain).unwrap()).unwrap();
                let near = if codec == Codec::Etc2 { 4 } else { 0 };
                for pixel in back.as_chunks::<4>().0 {
                    let alike = (0..3).all(|c| pixel[c].abs_diff(colour[c]) <= near) && pixel[3] == colour[3];
                    assert!(alike, "{codec}: {pixel:?}, not {colour:?}");
                }
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
