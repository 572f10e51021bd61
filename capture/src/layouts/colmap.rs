//! COLMAP's sparse models, binary and text: <https://colmap.github.io/format.html>.
//!
//! Poses are read from `images`, where COLMAP writes each image's own pose also when cameras sit in rigs; its `rigs` and
//! `frames` files repeat them in another form and are not needed.

mod binary;
mod models;
mod text;

use super::layout::{Layout, LensOptions, PosedScene, Writer, here, number};
use crate::bounds;
use crate::error::{CaptureError, all};
use crate::lens::Lens;
use crate::raw::{Intrinsics, RawCapture, RawView};
use glam::{DAffine3, DQuat, DVec3};
use std::collections::HashMap;
use std::path::{Path, PathBuf};

/// Where a capture may keep its model, best first; `.` is the capture itself.
const PLACES: [&str; 6] = ["sparse/0", "sparse", "colmap/sparse/0", "colmap/sparse", "dense/sparse", "."];

/// The three files that are read.
const FILES: [&str; 3] = ["cameras", "images", "points3D"];

/// Found by a model's cameras and images.
pub(crate) const LAYOUT: Layout = Layout {
    name: "colmap",
    sign: "sparse/0/, sparse/, colmap/sparse/0/, colmap/sparse/, dense/sparse/ or the folder itself with \
           cameras and images, both .bin or .txt",
    find: |dir| Model::find(dir).map(|model| model.file(FILES[1])),
    read,
    surrounds: false,
    writers: &[BINARY, TEXT],
};

const BINARY: Writer = Writer {
    name: "colmap",
    capture: here,
    clips: "videos",
    clip_name: number,
    files: &["sparse/0/points3D.bin", "sparse/0/cameras.bin", "sparse/0/images.bin"],
    contents: binary::write,
};

/// What most tools read.
pub(crate) const TEXT: Writer = Writer {
    name: "colmap-text",
    files: &["sparse/0/points3D.txt", "sparse/0/cameras.txt", "sparse/0/images.txt"],
    contents: text::write,
    ..BINARY
};

/// A model on disk.
#[derive(Clone, Debug, PartialEq, Eq)]
struct Model {
    folder: PathBuf,
    extension: &'static str,
}

impl Model {
    /// The first model there is under `dir`; binary before text, as COLMAP itself does. Its cameras and images must be there.
    fn find(dir: &Path) -> Option<Self> {
        let places = PLACES.iter().map(|place| if *place == "." { dir.to_owned() } else { dir.join(place) });
        let models =
            places.flat_map(|folder| ["bin", "txt"].map(|extension| Self { folder: folder.clone(), extension }));
        let mut complete = models.filter(|model| FILES[..2].iter().all(|name| model.file(name).is_file()));
        complete.next()
    }

    /// The model that an `images` file belongs to.
    fn of(images: &Path) -> Self {
        let is_text = images.extension().is_some_and(|extension| extension == "txt");
        let folder = images.parent().unwrap_or(Path::new("")).to_owned();
        Self { folder, extension: if is_text { "txt" } else { "bin" } }
    }

    /// This model, or the one beside it that has most images: where COLMAP could not join all images it writes `0`, `1`, … in the
    /// order in which they came up. And how many there are.
    fn largest(&self) -> (Self, usize) {
        let is_number = |folder: &Path| {
            folder.file_name().and_then(|name| name.to_str()).is_some_and(|name| name.parse::<u32>().is_ok())
        };
        let Some(above) = self.folder.parent().filter(|_| is_number(&self.folder)) else { return (self.clone(), 1) };
        let folders = std::fs::read_dir(above).into_iter().flatten().flatten().map(|entry| entry.path());
        let models = folders.filter(|folder| is_number(folder)).map(|folder| Self { folder, ..*self });
        let mut models: Vec<Self> =
            models.filter(|model| FILES[..2].iter().all(|name| model.file(name).is_file())).collect();
        models.sort_by(|a, b| a.folder.cmp(&b.folder));
        let size = |model: &Self| std::fs::metadata(model.file(FILES[1])).map_or(0, |data| data.len());
        // The first of the largest.
        let largest = models.iter().rev().max_by_key(|model| size(model)).cloned();
        (largest.unwrap_or_else(|| self.clone()), models.len())
    }

    fn file(&self, name: &str) -> PathBuf {
        self.folder.join(format!("{name}.{}", self.extension))
    }
}

/// One line of `cameras`.
struct Camera {
    intrinsics: Intrinsics,
    lens: Lens,
}

/// One entry of `images`.
struct Image {
    id: u32,
    camera: u32,
    name: String,
    /// w, x, y, z and the translation, of the transform from world to camera.
    pose: [f64; 7],
    place: String,
}

/// One entry of `points3D`.
struct Point {
    position: DVec3,
    /// Ids of the images that see it.
    seen_by: Vec<u32>,
}

/// Reads the model of an `images` file. Views are in the order of their names.
fn read(images: &Path, _: LensOptions) -> Result<RawCapture, CaptureError> {
    let (model, models) = Model::of(images).largest();
    let mut notes = Vec::new();
    if models > 1 {
        let folder = model.folder.display();
        notes.push(format!("using {folder}, the largest of {models} models: COLMAP could not join their images"));
    }
    let file = |name| {
        let file = model.file(name);
        let bytes = std::fs::read(&file).map_err(|source| CaptureError::Io { file: file.clone(), source })?;
        Ok::<_, CaptureError>((file, bytes))
    };
    let [(cameras_file, cameras), (images_file, images)] = [file(FILES[0])?, file(FILES[1])?];
    // Points are optional: depths can be estimated from the images too.
    let points = if model.file(FILES[2]).is_file() { Some(file(FILES[2])?) } else { None };
    let (cameras, mut images, mut points) = if model.extension == "bin" {
        let points = points.map_or(Ok(Vec::new()), |(file, bytes)| binary::points(&file, &bytes))?;
        (binary::cameras(&cameras_file, &cameras)?, binary::images(&images_file, &images)?, points)
    } else {
        let points = points.map_or(Ok(Vec::new()), |(file, bytes)| text::points(&file, &bytes))?;
        (text::cameras(&cameras_file, &cameras)?, text::images(&images_file, &images)?, points)
    };
    images.sort_by(|a, b| a.name.cmp(&b.name));
    let mut seen: HashMap<u32, Vec<DVec3>> = HashMap::new();
    for point in &mut points {
        // A track may pass through an image twice.
        point.seen_by.sort_unstable();
        point.seen_by.dedup();
        for &image in &point.seen_by {
            seen.entry(image).or_default().push(point.position);
        }
    }
    let view = |image: Image| view(image, &images_file, &cameras_file, &cameras, &seen);
    let views = all(images.into_iter().map(view))?;
    let lone: usize = views.iter().map(|(_, lone)| lone).sum();
    if lone > 0 {
        notes.push(bounds::lone_note(lone));
    }
    let views = views.into_iter().map(|(view, _)| view).collect();
    let points = points.into_iter().map(|point| point.position).collect();
    Ok(RawCapture { file: images_file.clone(), views, points, notes })
}

/// The view of an image, and how many lone points do not count for its depths.
fn view(
    image: Image,
    images_file: &Path,
    cameras_file: &Path,
    cameras: &HashMap<u32, Camera>,
    seen: &HashMap<u32, Vec<DVec3>>,
) -> Result<(RawView, usize), CaptureError> {
    let bad = |problem| CaptureError::Bad { file: images_file.to_owned(), place: image.place.clone(), problem };
    let camera = cameras
        .get(&image.camera)
        .ok_or_else(|| bad(format!("camera {}; expected one of {}", image.camera, cameras_file.display())))?;
    let [w, x, y, z, tx, ty, tz] = image.pose;
    let quaternion = DQuat::from_xyzw(x, y, z, w);
    // Written with many digits or as exact doubles: a length far from 1 is not a rounding error.
    if (quaternion.length() - 1.0).is_nan() || (quaternion.length() - 1.0).abs() > 1e-2 {
        return Err(bad(format!("quaternion of length {}; expected 1", quaternion.length())));
    }
    let camera_from_world = DAffine3::from_rotation_translation(quaternion.normalize(), DVec3::new(tx, ty, tz));
    let depths = seen.get(&image.id).into_iter().flatten().map(|&point| bounds::depth(&camera_from_world, point));
    let bounds = bounds::of_depths(depths);
    let view = RawView {
        name: Some(image.name),
        world_from_camera: camera_from_world.inverse(),
        intrinsics: camera.intrinsics,
        lens: camera.lens,
        bounds: bounds.map(|bounds| bounds.range),
        place: image.place,
    };
    Ok((view, bounds.map_or(0, |bounds| bounds.lone)))
}

/// w, x, y, z and translation of camera-from-world.
fn pose(scene: &PosedScene, index: usize) -> [f64; 7] {
    let (_, q, t) = scene.cameras[index].world_from_camera.inverse().to_scale_rotation_translation();
    [q.w, q.x, q.y, q.z, t.x, t.y, t.z]
}

fn params(scene: &PosedScene, index: usize) -> [f64; 4] {
    let camera = &scene.cameras[index];
    [camera.focal_px.x, camera.focal_px.y, camera.center_px.x, camera.center_px.y]
}
