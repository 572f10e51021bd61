//! The looping atlas of a master on the GPU: all frames of the loop where they fit the budget, else a few layers that frames stream
//! through.
//!
//! Not the ring of packages (`ring.rs`), though both keep frames in layers. Here a frame is in memory, is uploaded whole when it is
//! drawn or announced, and replaces the least recently used one. There frames arrive from decoders late, in pages and in any order, so
//! the ring has to say which are wanted, and a frame counts only once all of its pages have come.

use crate::Gpu;
use crate::atlas::{Atlas, conversion};
use crate::texture::{array_view, texture, texture_bytes};
use loop3d_scene::Scene;

/// Layers that frames stream through: the two of a moment, and two to come.
const RING: usize = 4;

/// Frames of the loop in the layers of an array texture.
pub(crate) struct LoopFrames {
    texture: wgpu::Texture,
    layers: Layers,
    staging: Vec<u16>,
    /// Frames that were not on the GPU when they were drawn.
    missed: u64,
}

impl LoopFrames {
    /// All frames, uploaded, where they take at most `budget_bytes` and the device has as many layers; else room for a few.
    pub(crate) fn new(gpu: &Gpu, scene: &Scene, atlas: &Atlas, budget_bytes: u64) -> Self {
        let all = scene.frames as u64 * atlas.bytes();
        let resident = all <= budget_bytes && scene.frames <= gpu.max_layers() as usize;
        // A static scene has one layer. wgpu's GL backend makes arrays of at least two layers.
        let frames = if atlas.packing().blocks.is_empty() { 1 } else { scene.frames };
        let count = if resident { frames } else { frames.min(RING) };
        let usage = wgpu::TextureUsages::COPY_DST;
        let texture = texture(gpu, "looping tiles", atlas.size(), count.max(2) as u32, gpu.tier.texels(), usage);
        let mut frames = Self { texture, layers: Layers::new(count), staging: vec![0; atlas.values()], missed: 0 };
        if resident && !atlas.packing().blocks.is_empty() {
            (0..count).for_each(|frame| {
                frames.layer(gpu, scene, atlas, frame);
            });
        }
        frames
    }

    /// The layers of the two frames of a moment; frames that are not there are uploaded.
    pub(crate) fn layers(&mut self, gpu: &Gpu, scene: &Scene, atlas: &Atlas, frames: [usize; 2]) -> [u32; 2] {
        if atlas.packing().blocks.is_empty() {
            return [0; 2];
        }
        frames.map(|frame| {
            let (layer, is_there) = self.layer(gpu, scene, atlas, frame);
            self.missed += u64::from(!is_there);
            layer
        })
    }

    /// Uploads the frames of a moment to come, where they are missing.
    pub(crate) fn prepare(&mut self, gpu: &Gpu, scene: &Scene, atlas: &Atlas, frames: [usize; 2]) {
        if !atlas.packing().blocks.is_empty() {
            for frame in frames {
                self.layer(gpu, scene, atlas, frame);
            }
        }
    }

    /// Frames that had to be uploaded while an image waited for them.
    pub(crate) fn missed(&self) -> u64 {
        self.missed
    }

    /// The frame's layer, and whether the frame was in it before.
    fn layer(&mut self, gpu: &Gpu, scene: &Scene, atlas: &Atlas, frame: usize) -> (u32, bool) {
        let (layer, is_there) = self.layers.place(frame);
        if !is_there {
            atlas.fill(scene, frame, conversion(gpu.tier.texels()), &mut self.staging);
            write_layer(gpu, &self.texture, atlas, layer as u32, &self.staging);
        }
        (layer as u32, is_there)
    }

    pub(crate) fn view(&self) -> wgpu::TextureView {
        array_view(&self.texture)
    }

    /// GPU memory that it takes.
    pub(crate) fn bytes(&self) -> u64 {
        texture_bytes(&self.texture)
    }

    /// Number of frames that there is room for.
    pub(crate) fn room(&self) -> usize {
        self.layers.slots.len()
    }
}

/// Uploads one layer. The queue orders writes after what was submitted before and before what is submitted next, so a layer may
/// be written while an earlier image is being drawn from it.
pub(crate) fn write_layer(gpu: &Gpu, texture: &wgpu::Texture, atlas: &Atlas, layer: u32, texels: &[u16]) {
    let (width, height) = (atlas.width as u32, atlas.height as u32);
    gpu.queue.write_texture(
        wgpu::TexelCopyTextureInfo {
            texture,
            mip_level: 0,
            origin: wgpu::Origin3d { x: 0, y: 0, z: layer },
            aspect: wgpu::TextureAspect::All,
        },
        bytemuck::cast_slice(texels),
        wgpu::TexelCopyBufferLayout { offset: 0, bytes_per_row: Some(8 * width), rows_per_image: Some(height) },
        wgpu::Extent3d { width, height, depth_or_array_layers: 1 },
    );
}

/// Which frame is in which layer.
struct Layers {
    /// Frame and moment of last use.
    slots: Vec<Option<(usize, u64)>>,
    uses: u64,
}

impl Layers {
    fn new(count: usize) -> Self {
        Self { slots: vec![None; count], uses: 0 }
    }

    /// The layer for a frame, and whether the frame is already in it. Otherwise the frame replaces the least recently used one.
    fn place(&mut self, frame: usize) -> (usize, bool) {
        self.uses += 1;
        let there = self.slots.iter().position(|slot| slot.is_some_and(|(f, _)| f == frame));
        let oldest = || (0..self.slots.len()).min_by_key(|&i| self.slots[i].map(|(_, used)| used));
        let layer = there.or_else(oldest).unwrap_or(0);
        if let Some(slot) = self.slots.get_mut(layer) {
            *slot = Some((frame, self.uses));
        }
        (layer, there.is_some())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn layers_keep_what_was_used_last() {
        let mut layers = Layers::new(3);
        assert_eq!([layers.place(0), layers.place(1), layers.place(2)], [(0, false), (1, false), (2, false)]);
        assert_eq!(layers.place(0), (0, true));
        assert_eq!(layers.place(7), (1, false));
        assert_eq!([layers.place(0), layers.place(7), layers.place(2)], [(0, true), (1, true), (2, true)]);
        assert_eq!(layers.place(1), (0, false));
    }

    #[test]
    fn playback_uploads_each_frame_once_a_round() {
        let mut layers = Layers::new(RING);
        let mut uploads = 0;
        // A 60 Hz screen, a loop of 40 frames at 25 fps, three rounds.
        for shown in 0..288 {
            let first = (f64::from(shown) * 25.0 / 60.0) as usize % 40;
            for frame in [first, (first + 1) % 40] {
                uploads += usize::from(!layers.place(frame).1);
            }
        }
        assert_eq!(uploads, 3 * 40 + 1);
    }
}
