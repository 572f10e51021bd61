//! A still for each take, for COLMAP: the median over frames, without noise and without what moves; and motions on disk.

use super::error::PrepareError;
use super::takes::Take;
use crate::exposure::{LongExposure, long_exposure};
use crate::lens::Lens;
use crate::steady::Motion;
use glam::{DAffine3, DMat3, DVec2};
use loop3d_media::{Clip, Size, images};
use loop3d_scene::Camera;
use serde_json::{Value, json};
use std::path::Path;

/// Frames of the median, spread over the take. Odd: the median is a value that was seen.
const FRAMES: usize = 15;

/// Writes the still of a take as a PNG, in the geometry of its first frame.
pub(super) fn write(take: &Take, motion: &Motion, file: &Path) -> Result<(), PrepareError> {
    if let Some(folder) = file.parent() {
        std::fs::create_dir_all(folder).map_err(|source| PrepareError::Io { file: folder.to_owned(), source })?;
    }
    let (width, height) = take.size;
    let count = motion.from_first.len();
    let wanted = FRAMES.min(count);
    let picked: Vec<usize> = (0..wanted).map(|index| index * count / wanted).collect();
    let mut rgb = Vec::new();
    take.each(&mut |index, frame| {
        if picked.contains(&index) {
            let map = motion.from_first.get(index).copied().unwrap_or_default();
            if map == DMat3::IDENTITY {
                rgb.extend_from_slice(frame);
            } else {
                rgb.extend(super::warp::Warp::whole(take.size).apply(frame, &map));
            }
        }
        Ok(())
    })?;
    let frames = rgb.len() / (width as usize * height as usize * 3);
    let clip = Clip { width: width as usize, height: height as usize, frames, rgb };
    let median = long_exposure(&clip, LongExposure::Median);
    let bytes: Vec<u8> = median.iter().map(|value| (255.0 * value + 0.5) as u8).collect();
    Ok(images::write(file, &bytes, take.size)?)
}

/// Writes what a camera did.
pub(super) fn write_motion(file: &Path, motion: &Motion) -> Result<(), PrepareError> {
    let maps: Vec<Vec<f64>> = motion.from_first.iter().map(|map| map.to_cols_array().to_vec()).collect();
    let value = json!({
        "largest_px": motion.largest_px, "parallax_px": motion.parallax_px, "unsure": motion.unsure, "from_first": maps,
    });
    std::fs::write(file, value.to_string()).map_err(|source| PrepareError::Io { file: file.to_owned(), source })
}

/// Reads it again; `None` where it is not what was written.
pub(super) fn read_motion(file: &Path, size: Size) -> Option<Motion> {
    let value: Value = serde_json::from_slice(&std::fs::read(file).ok()?).ok()?;
    let number = |key: &str| value.get(key)?.as_f64();
    let map = |map: &Value| {
        let values: Option<Vec<f64>> = map.as_array()?.iter().map(Value::as_f64).collect();
        Some(DMat3::from_cols_array(values?.as_slice().try_into().ok()?))
    };
    let from_first: Option<Vec<DMat3>> = value.get("from_first")?.as_array()?.iter().map(map).collect();
    Some(Motion {
        size,
        from_first: from_first.filter(|maps| !maps.is_empty())?,
        largest_px: number("largest_px")?,
        parallax_px: match value.get("parallax_px")? {
            Value::Null => None,
            px => Some(px.as_f64()?),
        },
        unsure: value.get("unsure")?.as_u64()? as usize,
    })
}

impl super::warp::Warp {
    /// Keeps the size of the frames: what a frame does not show is filled from its rim.
    pub(super) fn whole((width, height): Size) -> Self {
        let camera = Camera {
            width,
            height,
            focal_px: DVec2::ONE,
            center_px: DVec2::ZERO,
            world_from_camera: DAffine3::IDENTITY,
        };
        Self { lens: Lens::Pinhole, source: camera, corner: DVec2::ZERO, size: (width, height) }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn motions_come_back_from_disk() {
        let dir = tempfile::tempdir().unwrap();
        let file = dir.path().join("a.json");
        let turned = DMat3::from_cols_array(&[1.01, 0.02, 1e-7, -0.02, 0.99, 1.0 / 3.0, 5.5, -6.25, 1.0]);
        let motion = Motion {
            from_first: vec![DMat3::IDENTITY, turned],
            largest_px: 6.1,
            parallax_px: Some(0.1),
            unsure: 1,
            ..Motion::none((64, 48))
        };
        write_motion(&file, &motion).unwrap();
        assert_eq!(read_motion(&file, (64, 48)), Some(motion.clone()));
        let bare = Motion { parallax_px: None, ..motion };
        write_motion(&file, &bare).unwrap();
        assert_eq!(read_motion(&file, (64, 48)), Some(bare));
        std::fs::write(&file, "{}").unwrap();
        assert_eq!(read_motion(&file, (64, 48)), None);
    }
}
