//! A small picture of a finished line, and facts about it.

use super::list::Kind;
use image::codecs::jpeg::JpegEncoder;
use std::path::Path;

/// Width of the picture in pixels, at most.
const WIDTH: u32 = 480;

/// Draws the picture of a scene to `file`, and returns its facts. Of anything else, and where it fails, there is none: the result itself is
/// not worse for it.
pub fn of(kind: Kind, output: &Path, file: &Path) -> Option<serde_json::Value> {
    let _ = std::fs::remove_file(file);
    if kind != Kind::Fit {
        return None;
    }
    let scene = loop3d_scene::load(output).ok()?;
    let mut facts = serde_json::to_value(loop3d_scene::SceneInfo::of(&scene)).ok()?;
    if let Some(facts) = facts.as_object_mut() {
        // The settings are in the command.
        facts.remove("fit");
    }
    let (width, height) = (scene.reference.width, scene.reference.height);
    let small = width.clamp(1, WIDTH);
    let tall = (u64::from(height) * u64::from(small) / u64::from(width.max(1))).max(1) as u32;
    let rgb = loop3d_scene::render(&scene, &scene.reference.resized(small, tall), 0.0).to_rgb8();
    let mut jpeg = Vec::new();
    JpegEncoder::new_with_quality(&mut jpeg, 85).encode(&rgb, small, tall, image::ExtendedColorType::Rgb8).ok()?;
    loop3d_scene::write_file(file, |out| out.write_all(&jpeg)).ok()?;
    Some(facts)
}
