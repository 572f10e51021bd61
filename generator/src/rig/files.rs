//! A rig on disk: the folder of SynCamVideo v2, which `fit` and `--rig FILE` read.

use super::{Rig, RigError};
use loop3d_capture::{PosedScene, Writer};
use loop3d_media::Size;
use std::path::{Path, PathBuf};

/// Where a rig was written, and where its clips belong.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RigFiles {
    /// The capture's folder, `DIR/f24_aperture5/scene1`.
    pub capture: PathBuf,
    /// `cameras/camera_extrinsics.json` in it.
    pub cameras: PathBuf,
    /// A clip for each camera, in their order: `videos/cam01.mp4` and so on. Not written here.
    pub clips: Vec<PathBuf>,
}

impl Rig {
    /// Nearest and farthest depth that `fit` may look at: half and twenty times the distance to the common point.
    #[must_use]
    pub fn bounds(&self) -> Vec<[f64; 2]> {
        self.cameras.iter().map(|camera| self.distance(camera)).map(|d| [0.5 * d, 20.0 * d]).collect()
    }

    /// The cameras of images of `size` as capture's writers take them, named `cam01`, `cam02`, … in their order.
    #[must_use]
    pub fn scene(&self, size: Size) -> PosedScene {
        let names = (0..self.cameras.len()).map(super::name).collect();
        PosedScene { names, cameras: self.pinholes(size), bounds: self.bounds(), points: Vec::new() }
    }

    /// Writes the cameras as SynCamVideo v2 has them under `dir`, and makes the folder of clips. The reference becomes `cam01`.
    ///
    /// # Errors
    /// A file or folder cannot be written.
    pub fn write(&self, dir: &Path, size: Size) -> Result<RigFiles, RigError> {
        let failed = |source| RigError::Write { dir: dir.to_owned(), source };
        let writer: Writer = "syncam-v2".parse().map_err(|name: String| failed(std::io::Error::other(name)))?;
        let capture = writer.capture(dir, self.focal);
        let files = writer.write(&capture, &self.scene(size)).map_err(failed)?;
        let folder = writer.clips(&capture);
        std::fs::create_dir_all(&folder).map_err(failed)?;
        let clip = |index| folder.join(format!("{}.mp4", writer.clip_name(index, self.focal)));
        let clips = (0..self.cameras.len()).map(clip).collect();
        Ok(RigFiles { cameras: files.into_iter().next_back().unwrap_or_default(), capture, clips })
    }
}
