//! The forms in which a decoded frame of a page comes.

use crate::Gpu;
use crate::pages::PageCoding;
use crate::texture::texture;
use loop3d_package_format::Codec;
use wgpu::{AstcBlock, AstcChannel, TextureFormat, TextureUsages};

/// The form of a decoded frame.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum FrameForm {
    /// An image of the page's size, premultiplied RGBA: a frame of `png`.
    Rgba,
    /// An image twice as high as the page, colour above and alpha below: video that was converted to RGB elsewhere.
    Stacked,
    /// The same video as its decoder left it: bytes of Y, then of Cb, then of Cr, these of half the size along each side (I420).
    Planes,
    /// Compressed blocks, row after row: [`FrameForm::blocks`].
    Blocks(TextureFormat),
}

impl FrameForm {
    /// The form of a codec's unpacked frames; `None` where they are not blocks.
    pub fn blocks(codec: Codec) -> Option<Self> {
        let astc = |block| TextureFormat::Astc { block, channel: AstcChannel::Unorm };
        let format = match codec {
            Codec::Bc7 => TextureFormat::Bc7RgbaUnorm,
            Codec::Astc4x4 => astc(AstcBlock::B4x4),
            Codec::Astc6x6 => astc(AstcBlock::B6x6),
            Codec::Etc2 => TextureFormat::Etc2Rgba8Unorm,
            Codec::H264 | Codec::Av1 | Codec::Png => return None,
        };
        Some(Self::Blocks(format))
    }

    /// Whether a GPU has textures of this form for a page of `size` texels.
    pub(crate) fn fits(self, gpu: &Gpu, size: [u32; 2]) -> bool {
        self.texture_size(size).iter().all(|&side| side <= gpu.max_side())
            && gpu.device.features().contains(self.format().required_features())
    }

    /// A texture for a page of `size` texels.
    pub(crate) fn texture(self, gpu: &Gpu, size: [u32; 2]) -> wgpu::Texture {
        // Browsers copy images by drawing them.
        let usage = match self {
            Self::Rgba | Self::Stacked => TextureUsages::COPY_DST | TextureUsages::RENDER_ATTACHMENT,
            Self::Planes | Self::Blocks(_) => TextureUsages::COPY_DST,
        };
        texture(gpu, "frame", self.texture_size(size), 1, self.format(), usage)
    }

    fn texture_size(self, [width, height]: [u32; 2]) -> [u32; 2] {
        match self {
            Self::Rgba => [width, height],
            Self::Stacked => [width, 2 * height],
            Self::Planes => [width, 3 * height],
            Self::Blocks(format) => {
                let (across, down) = format.block_dimensions();
                [width.next_multiple_of(across), height.next_multiple_of(down)]
            }
        }
    }

    fn format(self) -> TextureFormat {
        match self {
            Self::Rgba | Self::Stacked => TextureFormat::Rgba8Unorm,
            Self::Planes => TextureFormat::R8Unorm,
            Self::Blocks(format) => format,
        }
    }

    /// How the bytes of a page of `size` texels are laid out: bytes of a row, and rows; of texels or of blocks.
    pub(crate) fn rows(self, size: [u32; 2]) -> [u32; 2] {
        let ((across, down), bytes) = (self.format().block_dimensions(), self.format().block_copy_size(None));
        let [width, height] = self.texture_size(size);
        [width / across * bytes.unwrap_or(0), height / down]
    }

    /// How its values are turned into texels.
    pub(crate) fn coding(self) -> PageCoding {
        match self {
            Self::Rgba | Self::Blocks(_) => PageCoding::Plain,
            Self::Stacked => PageCoding::Stacked,
            Self::Planes => PageCoding::Planes,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_frame_has_the_bytes_that_a_package_says() {
        let page = [40, 16];
        let bytes = |form: FrameForm| form.rows(page).iter().product::<u32>();
        assert_eq!([FrameForm::Rgba, FrameForm::Stacked, FrameForm::Planes].map(bytes), [2560, 5120, 1920]);
        for codec in [Codec::Bc7, Codec::Astc4x4, Codec::Astc6x6, Codec::Etc2] {
            let expected = loop3d_package_format::unpacked_bytes(codec, page.map(|side| side as usize)).unwrap();
            assert_eq!(FrameForm::blocks(codec).map(bytes), Some(expected as u32), "{codec}");
        }
        assert_eq!(FrameForm::blocks(Codec::Av1), None);
        let six = FrameForm::blocks(Codec::Astc6x6).unwrap();
        assert_eq!((six.texture_size(page), six.rows(page)), ([42, 18], [7 * 16, 3]));
    }
}
