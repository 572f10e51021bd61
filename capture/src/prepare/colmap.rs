//! Runs the program COLMAP on one still of each view, with settings for a handful of wide views from nearby places.

use super::error::{PrepareError, tell};
use loop3d_scene::job::Observer;
use std::fs::OpenOptions;
use std::io::{ErrorKind, Write};
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

/// How COLMAP is run.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Colmap {
    /// The program.
    pub program: PathBuf,
    /// Whether one lens took all views: its parameters are then estimated from all of them.
    pub one_lens: bool,
}

/// Models of the lens, with one focal length: estimated from a few nearby views, two differ by more than pixels are oblong (fern:
/// by 1.5 %).
const ONE_LENS: &str = "RADIAL";
const EACH_ITS_OWN: &str = "SIMPLE_RADIAL";

impl Colmap {
    /// Tells a run from one with other settings.
    pub(super) fn fingerprint(&self) -> String {
        format!("{} {}", self.program.display(), self.one_lens)
    }

    /// Finds the cameras of the images in `stills`. The models are in `work/sparse/`; the largest is returned.
    pub(super) fn run(&self, stills: &Path, work: &Path, observer: &mut dyn Observer) -> Result<PathBuf, PrepareError> {
        let io = |file: &Path| {
            let file = file.to_owned();
            move |source| PrepareError::Io { file, source }
        };
        let (database, sparse, log) = (work.join("colmap.db"), work.join("sparse"), work.join("colmap.log"));
        for file in [&database, &log] {
            match std::fs::remove_file(file) {
                Err(error) if error.kind() != ErrorKind::NotFound => return Err(io(file)(error)),
                _ => {}
            }
        }
        if sparse.exists() {
            std::fs::remove_dir_all(&sparse).map_err(io(&sparse))?;
        }
        std::fs::create_dir_all(&sparse).map_err(io(&sparse))?;
        let (one, model) = if self.one_lens { ("1", ONE_LENS) } else { ("0", EACH_ITS_OWN) };
        let paths = [database.as_os_str(), stills.as_os_str(), sparse.as_os_str()];

        tell(observer, "COLMAP: features", 0.0)?;
        // Options were renamed in version 3.12: of each pair the one that this program knows is passed.
        let features: [(&[&str], &str); 6] = [
            (&["ImageReader.single_camera"], one),
            (&["ImageReader.camera_model"], model),
            (&["FeatureExtraction.use_gpu", "SiftExtraction.use_gpu"], "0"),
            // Few images: features that survive slanted views, at the price of time.
            (&["SiftExtraction.estimate_affine_shape"], "1"),
            (&["SiftExtraction.domain_size_pooling"], "1"),
            (&["SiftExtraction.max_num_features"], "4000"),
        ];
        self.step("feature_extractor", &[("database_path", paths[0]), ("image_path", paths[1])], &features, &log)?;
        tell(observer, "COLMAP: matching", 1.0 / 3.0)?;
        let matching: [(&[&str], &str); 1] = [(&["FeatureMatching.use_gpu", "SiftMatching.use_gpu"], "0")];
        self.step("exhaustive_matcher", &[("database_path", paths[0])], &matching, &log)?;
        tell(observer, "COLMAP: cameras", 2.0 / 3.0)?;
        // The views are close to each other: small angles must do, and so must models of few views.
        let mapping: [(&[&str], &str); 6] = [
            (&["Mapper.init_min_tri_angle"], "3"),
            (&["Mapper.tri_min_angle"], "0.5"),
            (&["Mapper.filter_min_tri_angle"], "0.5"),
            (&["Mapper.abs_pose_min_num_inliers"], "20"),
            (&["Mapper.min_model_size"], "2"),
            (&["Mapper.multiple_models"], "0"),
        ];
        let three = [("database_path", paths[0]), ("image_path", paths[1]), ("output_path", paths[2])];
        self.step("mapper", &three, &mapping, &log)?;
        let entries = std::fs::read_dir(&sparse).map_err(io(&sparse))?.flatten().map(|entry| entry.path());
        let size = |folder: &PathBuf| std::fs::metadata(folder.join("images.bin")).map_or(0, |data| data.len());
        let largest = entries.max_by_key(size).filter(|folder| size(folder) > 0);
        let views = std::fs::read_dir(stills).map_err(io(stills))?.count();
        largest.ok_or(PrepareError::NoModel { views, log })
    }

    fn step(
        &self,
        name: &str,
        paths: &[(&str, &std::ffi::OsStr)],
        options: &[(&[&str], &str)],
        log: &Path,
    ) -> Result<(), PrepareError> {
        let io = |source| PrepareError::Io { file: log.to_owned(), source };
        let start = |command: &mut Command| {
            // It opens windows where it can, unless told not to.
            let output = command.env("QT_QPA_PLATFORM", "offscreen").stdin(Stdio::null()).output();
            output.map_err(|error| match error.kind() {
                ErrorKind::NotFound => PrepareError::NoColmap { program: self.program.clone() },
                _ => PrepareError::Io { file: self.program.clone(), source: error },
            })
        };
        let help = start(Command::new(&self.program).args([name, "-h"]))?;
        let known = format!("{}{}", String::from_utf8_lossy(&help.stdout), String::from_utf8_lossy(&help.stderr));
        let mut command = Command::new(&self.program);
        command.arg(name);
        for (option, path) in paths {
            command.arg(format!("--{option}")).arg(path);
        }
        for (names, value) in options {
            if let Some(option) = names.iter().find(|option| known.contains(&format!("--{option} "))) {
                command.args([&format!("--{option}"), *value]);
            }
        }
        let output = start(&mut command)?;
        let mut file = OpenOptions::new().create(true).append(true).open(log).map_err(io)?;
        file.write_all(&output.stdout).and_then(|()| file.write_all(&output.stderr)).map_err(io)?;
        if output.status.success() {
            return Ok(());
        }
        let all = format!("{}\n{}", String::from_utf8_lossy(&output.stdout), String::from_utf8_lossy(&output.stderr));
        let said = all.lines().rev().map(str::trim).find(|line| !line.is_empty()).unwrap_or("no output").to_owned();
        Err(PrepareError::Colmap { step: name.to_owned(), said, log: log.to_owned() })
    }
}
