//! `loop3d info`: what a scene file contains.

use crate::output::{print, size};
use anyhow::Result;
use loop3d_package::format::{Head, Role};
use loop3d_scene::SceneInfo;
use serde::Serialize;
use std::fmt;
use std::fs::File;
use std::io::Read;
use std::path::{Path, PathBuf};

/// Check every byte of a scene file and show what it contains.
#[derive(clap::Args, Debug)]
#[command(after_help = "Example: loop3d info fountain.loop3d")]
pub struct InfoArgs {
    /// The scene (*.loop3d, *.glb).
    file: PathBuf,
    /// Print JSON for programs.
    #[arg(long)]
    json: bool,
}

impl InfoArgs {
    /// Prints to standard output.
    ///
    /// # Errors
    /// The file cannot be read or is not a complete scene.
    pub fn run(&self) -> Result<()> {
        let scene = loop3d_package::open(&self.file)?;
        let file_bytes = std::fs::metadata(&self.file).map(|about| about.len()).ok();
        let info = SceneInfo { file_bytes, ..SceneInfo::of(&scene) };
        let package = match is_package(&self.file) {
            true => Some(PackageInfo::of(&*loop3d_package::check(&self.file)?)),
            false => None,
        };
        print(&match (self.json, package) {
            (true, package) => serde_json::to_string_pretty(&Info { info, package })?,
            (false, Some(package)) => format!("{package}\n{info}"),
            (false, None) => info.to_string(),
        })
    }
}

/// Whether a file starts as packages do.
fn is_package(path: &Path) -> bool {
    let mut start = [0; 4];
    File::open(path).and_then(|mut file| file.read_exact(&mut start)).is_ok() && start == *b"glTF"
}

/// What `--json` prints.
#[derive(Serialize)]
struct Info {
    #[serde(flatten)]
    info: SceneInfo,
    /// Absent for a scene file.
    #[serde(skip_serializing_if = "Option::is_none")]
    package: Option<PackageInfo>,
}

/// How a package holds its scene.
#[derive(Serialize)]
struct PackageInfo {
    /// Version of the program that wrote it.
    tool: String,
    /// Codecs of the looping tiles; a player picks one.
    codecs: Vec<String>,
    /// Pages of static and of looping tiles.
    pages: [usize; 2],
    /// Kind and bytes of the parts, in the order of the file.
    parts: Vec<(String, u64)>,
}

impl PackageInfo {
    fn of(head: &Head) -> Self {
        let mut parts: Vec<(Role, u64)> = Vec::new();
        for part in &head.parts {
            match parts.iter_mut().find(|(role, _)| *role == part.role) {
                Some((_, bytes)) => *bytes += part.length,
                None => parts.push((part.role, part.length)),
            }
        }
        Self {
            tool: head.tool.clone(),
            codecs: head.looping_tiles.streams.iter().map(|stream| stream.codec.to_string()).collect(),
            pages: [head.static_tiles.images.len(), head.looping_tiles.pages.len()],
            parts: parts.into_iter().map(|(role, bytes)| (role.to_string(), bytes)).collect(),
        }
    }
}

impl fmt::Display for PackageInfo {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let codecs = if self.codecs.is_empty() { "none".to_owned() } else { self.codecs.join(" and ") };
        writeln!(f, "{:<12}written by {}", "package", self.tool)?;
        writeln!(f, "{:<12}{codecs}; the quality is not kept in a package", "codec")?;
        let [statics, loopings] = self.pages;
        writeln!(f, "{:<12}{statics} of static tiles, {loopings} of looping tiles", "pages")?;
        write!(f, "parts")?;
        self.parts
            .iter()
            .try_for_each(|(name, bytes)| write!(f, "\n  {name:<10}{:>9}  {}", size(*bytes), meaning(name)))
    }
}

/// What a part is for.
fn meaning(role: &str) -> &'static str {
    match role {
        "layout" => "where each tile is on its page",
        "gains" => "how bright each looping tile is coded",
        "picture" => "the first picture that a viewer shows (JPEG)",
        "geometry" => "meshes for other glTF viewers",
        "static" => "static tiles (PNG)",
        "poster" => "looping tiles at frame 0, for other glTF viewers (PNG)",
        "video" => "looping tiles, all frames",
        _ => "",
    }
}
