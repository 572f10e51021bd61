//! Everything that the result of a fit depends on. Only the same fit may resume a checkpoint.

use loop3d_capture::{Capture, View};
use loop3d_optimizer::config::{FitConfig, Schedule};
use serde_json::{Value, json};

/// The description that [`Checkpoint::load`](loop3d_optimizer::checkpoint::Checkpoint::load) compares.
///
/// It leaves out the number of threads, on which results do not depend.
pub fn describe(capture: &Capture, config: &FitConfig, schedule: &Schedule, device: &str, held_out: &[usize]) -> Value {
    json!({
        "version": env!("CARGO_PKG_VERSION"),
        // Presets may change from build to build.
        "config": { "settings": config, "schedule": schedule },
        "device": device,
        "held_out": held_out,
        "views": capture.views.iter().map(|view| describe_view(capture, view)).collect::<Vec<_>>(),
    })
}

fn describe_view(capture: &Capture, view: &View) -> Value {
    let (camera, clip) = (&view.camera, &view.clip);
    let mut numbers = vec![capture.fps, capture.near, capture.far];
    numbers.extend(camera.focal_px.to_array());
    numbers.extend(camera.center_px.to_array());
    numbers.extend(camera.world_from_camera.to_cols_array());
    let mut crc = crc32fast::Hasher::new();
    numbers.iter().for_each(|number| crc.update(&number.to_le_bytes()));
    crc.update(&clip.rgb);
    json!({
        "name": view.name,
        "size": [clip.width, clip.height],
        "frames": clip.frames,
        "crc32": format!("{:08x}", crc.finalize()),
    })
}
