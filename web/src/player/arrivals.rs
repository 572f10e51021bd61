//! Decoded images and frames on their way to the GPU.

use super::Player;
use crate::error::{of_gpu, of_package};
use js_sys::Uint8Array;
use loop3d_package_format::unpack;
use loop3d_viewer::{Display, FrameForm, RenderError, Streamed};
use wasm_bindgen::JsValue;
use wasm_bindgen::prelude::wasm_bindgen;
use web_sys::{HtmlVideoElement, ImageBitmap, VideoFrame};
use wgpu::ExternalImageSource;

#[wasm_bindgen]
impl Player {
    /// Shows a page of static tiles.
    #[wasm_bindgen(js_name = setStaticPage)]
    pub fn set_static_page(&mut self, page: usize, image: ImageBitmap) -> Result<(), JsValue> {
        self.streamed(|scene| scene.set_static_page(page, |queue, texture| copy_bitmap(queue, image, texture)))
    }

    /// Shows a page of the poster, if it has the expected size.
    #[wasm_bindgen(js_name = setPosterPage)]
    pub fn set_poster_page(&mut self, page: usize, image: ImageBitmap) -> Result<(), JsValue> {
        let size = [image.width(), image.height()];
        self.streamed(|scene| match scene.poster_size(page) {
            Some(expected) if expected == size => {
                scene.set_poster_page(page, |queue, texture| copy_bitmap(queue, image, texture))
            }
            _ => Ok(()),
        })
    }

    /// Frames whose page is needed but not there yet, the most urgent first.
    pub fn missing(&self, page: usize) -> Vec<u32> {
        let scene = self.display.as_ref().and_then(Display::scene);
        let missing = scene.map(|scene| scene.missing(page, self.clock.time(), self.clock.is_reverse()));
        missing.unwrap_or_default().into_iter().map(|frame| frame as u32).collect()
    }

    /// The coded bytes of a frame; nothing until they have arrived.
    #[wasm_bindgen(js_name = frameBytes)]
    pub fn frame_bytes(&self, page: usize, frame: usize) -> Option<Uint8Array> {
        self.parts.frame(page, frame).map(|(bytes, _)| Uint8Array::from(bytes))
    }

    /// The key frame that decoding a frame starts from; nothing until its bytes have arrived.
    #[wasm_bindgen(js_name = keyFrame)]
    pub fn key_frame(&self, page: usize, frame: usize) -> Option<u32> {
        self.parts.frame(page, frame).map(|(_, first)| first as u32)
    }

    /// Shows a page of a decoded frame, or drops it if it is no longer needed.
    #[wasm_bindgen(js_name = setFrame)]
    pub fn set_frame(&mut self, page: usize, frame: usize, image: VideoFrame) -> Result<(), JsValue> {
        self.image([page, frame], FrameForm::Stacked, ExternalImageSource::VideoFrame(image))
    }

    /// As `setFrame`, for a video element that shows the frame.
    #[wasm_bindgen(js_name = setVideoFrame)]
    pub fn set_video_frame(&mut self, page: usize, frame: usize, video: HtmlVideoElement) -> Result<(), JsValue> {
        self.image([page, frame], FrameForm::Stacked, ExternalImageSource::HTMLVideoElement(video))
    }

    /// As `setFrame`, for a stream of PNG images.
    #[wasm_bindgen(js_name = setPngFrame)]
    pub fn set_png_frame(&mut self, page: usize, frame: usize, image: ImageBitmap) -> Result<(), JsValue> {
        self.image([page, frame], FrameForm::Rgba, ExternalImageSource::ImageBitmap(image))
    }

    /// Whether `setPlanes` can show frames.
    #[wasm_bindgen(js_name = takesPlanes)]
    pub fn takes_planes(&self) -> bool {
        self.display.as_ref().and_then(Display::scene).is_some_and(|scene| scene.takes(FrameForm::Planes))
    }

    /// As `setFrame`, for the planes Y, Cb and Cr of a frame, one after the other without gaps (I420).
    #[wasm_bindgen(js_name = setPlanes)]
    pub fn set_planes(&mut self, page: usize, frame: usize, planes: &[u8]) -> Result<(), JsValue> {
        self.frame(|scene, time, is_reverse| {
            scene.set_frame_bytes([page, frame], time, is_reverse, FrameForm::Planes, planes)
        })
    }

    /// Whether `setBlocks` can show the frames of a stream.
    #[wasm_bindgen(js_name = takesBlocks)]
    pub fn takes_blocks(&self, stream: usize) -> bool {
        let stream = self.parts.head().and_then(|head| head.looping_tiles.streams.get(stream));
        let form = stream.and_then(|stream| FrameForm::blocks(stream.codec));
        let scene = self.display.as_ref().and_then(Display::scene);
        form.zip(scene).is_some_and(|(form, scene)| scene.takes(form))
    }

    /// As `setFrame`, for a stream of GPU blocks whose bytes have arrived.
    #[wasm_bindgen(js_name = setBlocks)]
    pub fn set_blocks(&mut self, page: usize, frame: usize) -> Result<(), JsValue> {
        let (Some(stream), Some((head, _))) = (self.parts.stream(), self.parts.plan()) else { return Ok(()) };
        let size = head.looping_tiles.pages.get(page).map(|page| page.map(|side| side as usize));
        let packed = self.parts.frame(page, frame);
        let (Some(form), Some(size), Some((packed, _))) = (FrameForm::blocks(stream.codec), size, packed) else {
            return Ok(());
        };
        let blocks = unpack(stream.codec, size, packed).map_err(|cause| of_package(&cause))?;
        self.frame(|scene, time, is_reverse| scene.set_frame_bytes([page, frame], time, is_reverse, form, &blocks))
    }
}

impl Player {
    fn streamed<T>(&mut self, fill: impl FnOnce(&mut Streamed) -> Result<T, RenderError>) -> Result<T, JsValue>
    where
        T: Default,
    {
        self.is_stale = true;
        let scene = self.display.as_mut().and_then(Display::scene_mut);
        scene.map_or(Ok(T::default()), fill).map_err(|cause| of_gpu(&cause))
    }

    fn image(&mut self, at: [usize; 2], form: FrameForm, source: ExternalImageSource) -> Result<(), JsValue> {
        let upload = |queue: &wgpu::Queue, texture: &wgpu::Texture| copy(queue, source, texture);
        self.frame(|scene, time, is_reverse| scene.set_frame(at, time, is_reverse, form, upload))
    }

    /// Shows a frame with `set`, which returns whether the frame was needed.
    fn frame(
        &mut self,
        set: impl FnOnce(&mut Streamed, f64, bool) -> Result<bool, RenderError>,
    ) -> Result<(), JsValue> {
        let (time, is_reverse) = (self.clock.time(), self.clock.is_reverse());
        let Some(scene) = self.display.as_mut().and_then(Display::scene_mut) else { return Ok(()) };
        self.is_stale |= set(scene, time, is_reverse).map_err(|cause| of_gpu(&cause))?;
        Ok(())
    }
}

fn copy_bitmap(queue: &wgpu::Queue, image: ImageBitmap, texture: &wgpu::Texture) {
    copy(queue, ExternalImageSource::ImageBitmap(image), texture);
}

/// Copies an image, value for value, to a texture of its size.
fn copy(queue: &wgpu::Queue, source: ExternalImageSource, texture: &wgpu::Texture) {
    let size = wgpu::Extent3d {
        width: texture.width().min(source.width()),
        height: texture.height().min(source.height()),
        depth_or_array_layers: 1,
    };
    queue.copy_external_image_to_texture(
        &wgpu::CopyExternalImageSourceInfo { source, origin: wgpu::Origin2d::ZERO, flip_y: false },
        wgpu::CopyExternalImageDestInfo {
            texture,
            mip_level: 0,
            origin: wgpu::Origin3d::ZERO,
            aspect: wgpu::TextureAspect::All,
            color_space: wgpu::PredefinedColorSpace::Srgb,
            premultiplied_alpha: false,
        },
        size,
    );
}
