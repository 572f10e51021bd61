//! The sample's cameras come back from every layout.

use glam::{DAffine3, DVec2, DVec3};
use loop3d_capture::{LoadOptions, PosedScene, ScenePoint, Writer, load_poses};
use loop3d_sample::{SampleConfig, cameras};

const CONFIG: SampleConfig = SampleConfig { width: 64, height: 36, frames: 2, fps: 25.0, seed: 7, shaky: false };

fn posed(layout: Writer) -> PosedScene {
    let cameras = cameras(&CONFIG);
    let names = (0..cameras.len()).map(|index| layout.clip_name(index, 0.9)).collect();
    // A wall across the view, so that all cameras see all points.
    let point = |i: u32| {
        let position = DVec3::new(f64::from(i % 9) * 0.1 - 0.4, -1.5 + f64::from(i / 9) * 0.05, 3.0 + f64::from(i % 7));
        ScenePoint { position, seen_by: (0..9).collect() }
    };
    PosedScene { names, bounds: vec![[2.0, 10.0]; 9], cameras, points: (0..90).map(point).collect() }
}

#[test]
fn the_sample_s_cameras_come_back_from_every_layout() {
    for layout in Writer::all() {
        let above = tempfile::tempdir().unwrap();
        let posed = posed(layout);
        let dir = layout.capture(above.path(), 0.9);
        layout.write(&dir, &posed).unwrap();
        let clips = dir.join("images");
        std::fs::create_dir_all(&clips).unwrap();
        for (index, name) in posed.names.iter().enumerate() {
            // Texture that moves with the camera: layouts without points see depths in it.
            let from = posed.cameras[index];
            let frame = image::RgbImage::from_fn(64, 36, |x, y| {
                let ray = from.ray(DVec2::new(f64::from(x) + 0.5, f64::from(y) + 0.5));
                let depth = if ray.y < 0.0 { 3.0 } else { 8.0 };
                let at = from.position() + ray * (depth / ray.z);
                let wave = |a: f64, b: f64| (a * at.x + b * at.y).sin();
                let grey = 128.0 + 50.0 * wave(4.1, 2.7) + 40.0 * wave(-6.3, 8.1) + 30.0 * wave(15.0, 11.0);
                image::Rgb([grey.clamp(0.0, 255.0) as u8; 3])
            });
            frame.save(clips.join(format!("{name}.png"))).unwrap();
        }
        let read = load_poses(&dir, &LoadOptions::default()).unwrap_or_else(|error| panic!("{layout}: {error}"));
        assert_eq!(read.views.len(), 9, "{layout}");
        for (view, camera) in read.views.iter().zip(&posed.cameras) {
            let undo = read.normalisation.recentring.inverse();
            let mut pose: DAffine3 = undo * view.camera.world_from_camera;
            pose.translation /= read.normalisation.scale;
            assert!(pose.abs_diff_eq(camera.world_from_camera, 1e-4), "{layout} {}: {pose:?}", view.name);
            assert!(view.camera.focal_px.abs_diff_eq(camera.focal_px, 1e-4), "{layout}: {}", view.camera.focal_px);
            assert!(view.camera.center_px.abs_diff_eq(camera.center_px, 1e-4), "{layout}");
        }
    }
}
