//! `cameras.bin`, `images.bin`, `points3D.bin`: little-endian, a count, then entries.

use super::{Camera, Image, Point, models, params, pose};
use crate::bytes::Bytes;
use crate::error::CaptureError;
use crate::layouts::layout::PosedScene;
use glam::DVec3;
use std::collections::HashMap;
use std::path::Path;

/// Number of the model PINHOLE.
const PINHOLE: i32 = 1;

/// Each camera: id u32, model i32, width u64, height u64, parameters f64.
pub(super) fn cameras(file: &Path, bytes: &[u8]) -> Result<HashMap<u32, Camera>, CaptureError> {
    let mut bytes = Bytes::new(file, bytes);
    let mut cameras = HashMap::new();
    for _ in 0..bytes.count(24, "the number of cameras")? {
        let id = bytes.u32("a camera's id")?;
        let (name, count) = models::by_id(bytes.u32("a camera's model")?.cast_signed()).map_err(|p| bytes.bad(p))?;
        let size = [bytes.u64("a camera's width")?, bytes.u64("a camera's height")?];
        let params = (0..count).map(|_| bytes.f64("a camera's parameters")).collect::<Result<Vec<_>, _>>()?;
        let camera = models::camera(name, size, &params).map_err(|p| bytes.bad(format!("camera {id}: {p}")))?;
        if cameras.insert(id, camera).is_some() {
            return Err(bytes.bad(format!("a second camera {id}; expected each id once")));
        }
    }
    bytes.end()?;
    Ok(cameras)
}

/// Each image: id u32, quaternion w x y z and translation f64, camera u32, name up to a zero byte, number of points u64, and
/// for each x f64, y f64, point's id u64.
pub(super) fn images(file: &Path, bytes: &[u8]) -> Result<Vec<Image>, CaptureError> {
    let mut bytes = Bytes::new(file, bytes);
    let count = bytes.count(73, "the number of images")?;
    let mut images = Vec::with_capacity(count);
    for _ in 0..count {
        let id = bytes.u32("an image's id")?;
        let pose = bytes.f64s("an image's pose")?;
        let camera = bytes.u32("an image's camera")?;
        let name = bytes.text("an image's name")?;
        let points = bytes.count(24, "an image's number of points")?;
        bytes.take(points * 24, "an image's points")?;
        images.push(Image { id, camera, place: format!("image {id} ({name})"), name, pose });
    }
    bytes.end()?;
    Ok(images)
}

/// Each point: id u64, position f64, colour u8, error f64, length of the track u64, and for each image id u32, point u32.
pub(super) fn points(file: &Path, bytes: &[u8]) -> Result<Vec<Point>, CaptureError> {
    let mut bytes = Bytes::new(file, bytes);
    let count = bytes.count(51, "the number of points")?;
    let mut points = Vec::with_capacity(count);
    for _ in 0..count {
        bytes.u64("a point's id")?;
        let position = DVec3::from_array(bytes.f64s("a point's position")?);
        bytes.take(3 + 8, "a point's colour and error")?;
        let track = bytes.count(8, "a point's number of images")?;
        let track = bytes.take(track * 8, "a point's images")?;
        let seen_by =
            track.as_chunks::<8>().0.iter().map(|&[a, b, c, d, ..]| u32::from_le_bytes([a, b, c, d])).collect();
        points.push(Point { position, seen_by });
    }
    bytes.end()?;
    Ok(points)
}

/// `points3D.bin`, `cameras.bin`, `images.bin` of a pinhole for each view; ids count from 1.
pub(super) fn write(scene: &PosedScene) -> Vec<Vec<u8>> {
    let views = scene.cameras.len();
    let [mut cameras, mut images] = [0, 1].map(|_| (views as u64).to_le_bytes().to_vec());
    let mut points = (scene.points.len() as u64).to_le_bytes().to_vec();
    let floats =
        |bytes: &mut Vec<u8>, values: &[f64]| bytes.extend(values.iter().flat_map(|value| value.to_le_bytes()));
    for (index, (name, camera)) in scene.names.iter().zip(&scene.cameras).enumerate() {
        let id = index as u32 + 1;
        cameras.extend(id.to_le_bytes());
        cameras.extend(PINHOLE.to_le_bytes());
        cameras.extend([camera.width, camera.height].iter().flat_map(|&side| u64::from(side).to_le_bytes()));
        floats(&mut cameras, &params(scene, index));
        images.extend(id.to_le_bytes());
        floats(&mut images, &pose(scene, index));
        images.extend(id.to_le_bytes());
        images.extend(name.as_bytes());
        images.extend(b".png\0");
        images.extend(0u64.to_le_bytes());
    }
    for (id, point) in (1u64..).zip(&scene.points) {
        points.extend(id.to_le_bytes());
        floats(&mut points, &point.position.to_array());
        points.extend([128; 3]);
        points.extend(0f64.to_le_bytes());
        points.extend((point.seen_by.len() as u64).to_le_bytes());
        for &view in &point.seen_by {
            points.extend((view as u32 + 1).to_le_bytes());
            points.extend(0u32.to_le_bytes());
        }
    }
    vec![points, cameras, images]
}
