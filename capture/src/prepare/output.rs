//! Writes the capture: steadied, undistorted clips, and their poses as COLMAP's text model, which most tools read.

use super::error::{PrepareError, tell};
use super::journal::Journal;
use super::takes::{PosedTake, may_be_copied};
use super::warp::Warp;
use crate::layouts::{COLMAP_TEXT, PosedScene, ScenePoint};
use crate::raw::RawCapture;
use loop3d_media::{Encoder, Encoding, Ffmpeg, Purpose, Size, Source, images};
use loop3d_scene::job::Observer;
use std::path::{Path, PathBuf};

/// What all clips of a capture are.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Kind {
    Videos,
    Stills,
    /// Folders of frames: where takes are of several kinds.
    Frames,
}

impl Kind {
    fn of(posed: &[PosedTake<'_>]) -> Self {
        let all = |is: &dyn Fn(&Source) -> bool| posed.iter().all(|(take, ..)| is(&take.source));
        if all(&|source| matches!(source, Source::Video(_))) {
            Self::Videos
        } else if all(&|source| matches!(source, Source::Still(_))) {
            Self::Stills
        } else {
            Self::Frames
        }
    }

    fn folder(self) -> &'static str {
        match self {
            Self::Videos => "videos",
            Self::Stills => "images",
            Self::Frames => "frames",
        }
    }
}

/// Writes clips and poses under `output`; clips whose `input` is unchanged stay. Returns how many stayed.
pub(super) fn write(
    output: &Path,
    posed: &[PosedTake<'_>],
    raw: &RawCapture,
    journal: &mut Journal,
    input: &str,
    observer: &mut dyn Observer,
) -> Result<usize, PrepareError> {
    let kind = Kind::of(posed);
    let folder = output.join(kind.folder());
    let io = |file: &Path| {
        let file = file.to_owned();
        move |source| PrepareError::Io { file, source }
    };
    std::fs::create_dir_all(&folder).map_err(io(&folder))?;
    let (mut cameras, mut reused) = (Vec::new(), 0);
    for (index, (take, motion, view)) in posed.iter().enumerate() {
        let step = format!("clip {}", take.name);
        let seen = view.intrinsics.camera(take.size, view.world_from_camera);
        let copied = may_be_copied(take, motion, view) && kind != Kind::Frames;
        let extension = take.source.path().extension().unwrap_or_default().to_string_lossy().into_owned();
        let name = match kind {
            Kind::Frames => take.name.clone(),
            _ if copied => format!("{}.{extension}", take.name),
            Kind::Videos => format!("{}.mp4", take.name),
            Kind::Stills => format!("{}.png", take.name),
        };
        let file = folder.join(name);
        let done = journal.is_done(&step, input, std::slice::from_ref(&file));
        reused += usize::from(done);
        if copied {
            cameras.push(seen);
            if !done {
                std::fs::copy(take.source.path(), &file).map_err(io(&file))?;
            }
        } else {
            let left = || PrepareError::NothingLeft { clip: take.name.clone() };
            let warp = Warp::new(view.lens, seen, motion).ok_or_else(left)?;
            cameras.push(warp.camera());
            if !done {
                let fraction = |frame: usize| {
                    let of_clip = frame as f64 / motion.from_first.len().max(1) as f64;
                    (index as f64 + of_clip.min(1.0)) / posed.len() as f64
                };
                let mut sink = Sink::new(kind, &file, &warp, take.fps())?;
                take.each(&mut |frame, rgb| {
                    tell(observer, "straightening", fraction(frame))?;
                    let map = motion.from_first.get(frame).copied().unwrap_or_default();
                    sink.frame(&warp.apply(rgb, &map))
                })?;
                sink.finish()?;
            }
        }
        if !done {
            journal.done(&step, input)?;
        }
    }
    tell(observer, "writing poses", 1.0)?;
    let points = points(posed, raw);
    let model = PosedScene {
        names: posed.iter().map(|(take, ..)| take.name.clone()).collect(),
        cameras,
        bounds: bounds(posed),
        points,
    };
    COLMAP_TEXT.write(output, &model).map_err(io(output))?;
    Ok(reused)
}

/// Depth bounds as the poses give them. Without points, they are used in their place.
fn bounds(posed: &[PosedTake<'_>]) -> Vec<[f64; 2]> {
    posed.iter().map(|(.., view)| view.bounds.unwrap_or([1.0, 2.0])).collect()
}

/// The points of the poses, each seen by the views into whose images it falls. Where there are no points but bounds, points that
/// give the same bounds.
fn points(posed: &[PosedTake<'_>], raw: &RawCapture) -> Vec<ScenePoint> {
    if raw.points.is_empty() {
        /// As many as a view's bounds need to be read again.
        const FOR_BOUNDS: usize = 2001;
        let of_view = |(index, (_, _, view)): (usize, &PosedTake<'_>)| {
            let bounds = view.bounds.into_iter();
            let pose = view.world_from_camera;
            bounds
                .flat_map(move |[near, far]| {
                    (0..FOR_BOUNDS).map(move |i| {
                        let depth = near + (far - near) * i as f64 / (FOR_BOUNDS - 1) as f64;
                        ScenePoint { position: pose.transform_point3(depth * glam::DVec3::Z), seen_by: vec![index] }
                    })
                })
                .collect::<Vec<_>>()
        };
        return posed.iter().enumerate().flat_map(of_view).collect();
    }
    let cameras: Vec<_> =
        posed.iter().map(|(take, _, view)| view.intrinsics.camera(take.size, view.world_from_camera)).collect();
    let point = |&position: &glam::DVec3| {
        let sees = |index: &usize| {
            let camera = &cameras[*index];
            camera.project(position).is_some_and(|pixel| {
                (0.0..=f64::from(camera.width)).contains(&pixel.x)
                    && (0.0..=f64::from(camera.height)).contains(&pixel.y)
            })
        };
        ScenePoint { position, seen_by: (0..cameras.len()).filter(sees).collect() }
    };
    raw.points.iter().map(point).collect()
}

/// Where frames go.
enum Sink {
    Video(Encoder),
    Still { file: PathBuf, size: Size },
    Frames { folder: PathBuf, size: Size, count: usize },
}

impl Sink {
    fn new(kind: Kind, file: &Path, warp: &Warp, fps: f64) -> Result<Self, PrepareError> {
        let camera = warp.camera();
        let size = (camera.width, camera.height);
        let path = file.to_owned();
        Ok(match kind {
            Kind::Videos => {
                let encoding = Encoding { size, fps, purpose: Purpose::Footage };
                Self::Video(Encoder::start(&Ffmpeg::default(), file, &encoding)?)
            }
            Kind::Stills => Self::Still { file: path, size },
            Kind::Frames => {
                std::fs::create_dir_all(file).map_err(|source| PrepareError::Io { file: path.clone(), source })?;
                Self::Frames { folder: path, size, count: 0 }
            }
        })
    }

    fn frame(&mut self, rgb: &[u8]) -> Result<(), PrepareError> {
        match self {
            Self::Video(encoder) => encoder.frame(rgb)?,
            Self::Still { file, size } => images::write(file, rgb, *size)?,
            Self::Frames { folder, size, count } => {
                images::write(&folder.join(format!("{count:05}.png")), rgb, *size)?;
                *count += 1;
            }
        }
        Ok(())
    }

    fn finish(self) -> Result<(), PrepareError> {
        match self {
            Self::Video(encoder) => Ok(encoder.finish()?),
            _ => Ok(()),
        }
    }
}
