use super::*;
use crate::readback::Readback;
use crate::testing::{cameras, hard_scene};
use crate::{Backend, Gpu};
use fastrand::Rng;
use loop3d_package_format::{
    Assembly, CameraLimits, LoopingTiles, Part, Role, Sha256Sum, StaticPage, StaticTiles, VERSION, layout_bytes,
    premultiplied, rgba_from_yuv, yuv_from_rgba,
};
use loop3d_scene::{PageRules, render};

/// A package in pieces: pages of bytes instead of PNG and video.
struct Pages {
    head: Head,
    parts: [Vec<u8>; 3],
    /// Straight RGBA of each page of static tiles.
    static_pages: Vec<Vec<u8>>,
    /// Each frame of each page of looping tiles, darkened by the gains: premultiplied RGBA, or planes of video.
    looping: Vec<Vec<Vec<u8>>>,
    form: FrameForm,
}

impl Pages {
    /// Of small pages, so that there are several; texels are what they happen to be.
    fn of(scene: &Scene, form: FrameForm, seed: u64) -> Self {
        let mut random = Rng::with_seed(seed);
        let pack = |kind, halo, align| {
            Packing::new(&scene.tiles, kind, &PageRules { halo, align, limit: [160, 128] }).unwrap()
        };
        let (static_packing, looping_packing) = (pack(TileKind::Static, 1, 1), pack(TileKind::Looping, 0, 16));
        assert!(static_packing.pages.len() > 1 && looping_packing.pages.len() > 1);
        let gains: Vec<u8> = (0..scene.tiles.counts().1).map(|_| random.u8(..=16)).collect();
        let sides = |page: &[usize; 2]| page.map(|side| side as u32);
        let part = |role| Part { role, offset: 0, length: 0, sha256: Sha256Sum([0; 32]) };
        let head = Head {
            version: VERSION,
            tool: String::new(),
            reference: scene.reference,
            planes: scene.planes,
            rows: scene.tiles.rows,
            columns: scene.tiles.columns,
            origin_px: scene.tiles.origin_px,
            fps: scene.fps,
            frames: scene.frames,
            views: scene.views.clone(),
            camera_limits: CameraLimits { min: glam::DVec3::ZERO, max: glam::DVec3::ZERO },
            fit: scene.fit.clone(),
            parts: vec![part(Role::Layout)],
            picture: 0,
            static_tiles: StaticTiles {
                layout: 0,
                images: static_packing
                    .pages
                    .iter()
                    .map(sides)
                    .map(|[width, height]| StaticPage { part: 0, width, height })
                    .collect(),
            },
            looping_tiles: LoopingTiles {
                layout: 0,
                gains: 0,
                pages: looping_packing.pages.iter().map(sides).collect(),
                halo: 0,
                streams: Vec::new(),
            },
        };
        let filled = |packing: &Packing, page: usize, frame| {
            let [width, height] = packing.pages[page];
            let mut texels = vec![0; width * height * 4];
            packing.fill(page, scene, frame, |value| value, &mut texels);
            texels
        };
        // Whatever the bytes mean: alpha is kept, and colour is some straight colour.
        let straight = |page| {
            let texels = filled(&static_packing, page, 0);
            texels.iter().map(|&value| (value >> 8) as u8).collect::<Vec<u8>>()
        };
        // A thirtieth, so that most gains do not end at 1.
        let coded = |page, frame| {
            let texels = filled(&looping_packing, page, frame);
            let mut coded = texels.iter().map(|&value| (f32::from(value >> 8) / 30.0) as u8 * 3).collect::<Vec<u8>>();
            if form == FrameForm::Planes {
                let texels: Vec<u16> = coded.iter().map(|&value| 257 * u16::from(value)).collect();
                yuv_from_rgba(looping_packing.pages[page], &texels, &mut coded);
            }
            coded
        };
        let frames = |page| (0..scene.frames).map(|frame| coded(page, frame)).collect();
        Self {
            parts: [
                layout_bytes(&static_packing.blocks).unwrap(),
                layout_bytes(&looping_packing.blocks).unwrap(),
                gains,
            ],
            static_pages: (0..static_packing.pages.len()).map(straight).collect(),
            looping: (0..looping_packing.pages.len()).map(frames).collect(),
            form,
            head,
        }
    }

    fn layouts(&self) -> Layouts {
        let [static_layout, looping_layout, gains] = &self.parts;
        Layouts::read(&self.head, static_layout, looping_layout, gains).unwrap()
    }

    /// The scene as the CPU reads it.
    fn scene(&self) -> Scene {
        let [static_layout, looping_layout, gains] = &self.parts;
        let mut assembly = Assembly::new(&self.head, static_layout, looping_layout, gains).unwrap();
        let mut texels = Vec::new();
        for (page, pixels) in self.static_pages.iter().enumerate() {
            premultiplied(pixels, &mut texels);
            assembly
                .set_page(TileKind::Static, page, 0, self.head.static_tiles.images[page].width as usize, &texels)
                .unwrap();
        }
        for (page, frames) in self.looping.iter().enumerate() {
            for (frame, pixels) in frames.iter().enumerate() {
                let size = self.head.looping_tiles.pages[page].map(|side| side as usize);
                if self.form == FrameForm::Planes {
                    rgba_from_yuv(size, pixels, &mut texels);
                } else {
                    texels = pixels.iter().map(|&value| u16::from(value) * 257).collect();
                }
                assembly.set_page(TileKind::Looping, page, frame, size[0], &texels).unwrap();
            }
        }
        assembly.finish().unwrap()
    }
}

fn write(pixels: &[u8]) -> impl FnOnce(&wgpu::Queue, &wgpu::Texture) {
    move |queue, texture| {
        let layout = wgpu::TexelCopyBufferLayout {
            offset: 0,
            bytes_per_row: Some(4 * texture.width()),
            rows_per_image: Some(texture.height()),
        };
        queue.write_texture(texture.as_image_copy(), pixels, layout, texture.size());
    }
}

/// The picture as bytes.
fn drawn(streamed: &mut Streamed, camera: &Camera, time: f64) -> Vec<u8> {
    let gpu = streamed.pass.gpu.clone();
    let readback = Readback::new(&streamed.pass, camera.width, camera.height);
    let mut encoder = gpu.device.create_command_encoder(&wgpu::CommandEncoderDescriptor::default());
    streamed.draw(&readback.canvas, &mut encoder, camera, time);
    readback.resolve(&streamed.pass.resolve, &mut encoder);
    gpu.queue.submit([encoder.finish()]);
    let _arrival = readback.request();
    gpu.device.poll(wgpu::PollType::wait_indefinitely()).unwrap();
    readback.rgb8().unwrap()
}

/// Draws a scene whose frames come in a form on every backend that is there; `most` steps of 8 bits may a channel be off.
fn check(form: FrameForm, most: u8) {
    let mut seen = 0;
    for backend in [Backend::Vulkan, Backend::Gl] {
        let Ok(gpu) = Gpu::open_headless(backend) else { continue };
        let hard = hard_scene(7, 6);
        let pages = Pages::of(&hard, form, 7);
        let scene = pages.scene();
        let mut streamed = Streamed::new(gpu, &pages.head, pages.layouts(), 0).unwrap();
        assert_eq!(streamed.statistics().layers, 4);
        for (page, pixels) in pages.static_pages.iter().enumerate() {
            assert!(!streamed.has_static());
            streamed.set_static_page(page, write(pixels)).unwrap();
        }
        assert!(streamed.has_static() && streamed.takes(form));
        for (camera, time) in cameras(&hard, 7).iter().zip([0.0, 1.5, 5.25, 2.0, 4.75, 0.5, 3.0, 5.5, 1.0, 4.0]) {
            for page in 0..pages.looping.len() {
                for frame in streamed.missing(page, time, false) {
                    let bytes = &pages.looping[page][frame];
                    assert!(!streamed.set_frame_bytes([page, frame], time, false, form, &bytes[1..]).unwrap());
                    assert!(streamed.set_frame_bytes([page, frame], time, false, form, bytes).unwrap());
                }
                assert!(streamed.missing(page, time, false).is_empty());
            }
            assert!(streamed.is_ready(time));
            let expected = render(&scene, camera, time).to_rgb8();
            let found = drawn(&mut streamed, camera, time);
            let worst = found.iter().zip(&expected).map(|(a, b)| a.abs_diff(*b)).max().unwrap();
            assert!(worst <= most, "{backend:?}, {time}: off by {worst}");
        }
        assert_eq!(streamed.statistics().missed, 0);
        // A frame that is not there is shown by its neighbour, and counted.
        drawn(&mut streamed, &hard.reference, 2.0);
        drawn(&mut streamed, &hard.reference, 2.0);
        assert_eq!(streamed.statistics().missed, 1);
        seen += 1;
    }
    assert!(seen > 0 || Gpu::open_headless(Backend::Auto).is_err(), "no backend drew");
}

#[test]
fn pages_fill_the_atlases_as_the_cpu_reads_them() {
    // The looping atlas has 8 bits, which a gain does not leave whole numbers of.
    check(FrameForm::Rgba, 4);
}

#[test]
fn planes_of_video_become_the_colours_that_the_cpu_reads() {
    check(FrameForm::Planes, 4);
}
