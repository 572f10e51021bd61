//! `cargo xtask readme-animation`: the README's animation, the demo's scene while the camera sways.

use crate::process::{command, run};
use anyhow::{Context, Result, bail};
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

/// What the README shows.
const ANIMATION: &str = "docs/images/sample.webp";
/// Largest size of it, in bytes: a README loads quickly.
const LIMIT: u64 = 1_500_000;
/// Quality of the WebP file, 0–100.
const QUALITY: u32 = 60;

/// Reads `[--scene FILE]`; without it, the scene that the demo leaves.
///
/// # Errors
/// An unknown argument, or the scene does not exist.
pub fn scene(root: &Path, args: &[&str]) -> Result<PathBuf> {
    let scene = match *args {
        [] => root.join("out/sample.loop3d"),
        ["--scene", file] => std::path::absolute(file).with_context(|| format!("--scene {file}"))?,
        _ => bail!("readme-animation: found `{}`, expected nothing or `--scene FILE`", args.join(" ")),
    };
    if !scene.is_file() {
        bail!("{}: no such file; `cargo xtask demo` makes the scene", scene.display());
    }
    Ok(scene)
}

/// Renders the scene and encodes the animation.
///
/// # Errors
/// A step failed, or the result is too large.
pub fn run_all(root: &Path, scene: &Path) -> Result<()> {
    let video = root.join("target/readme.mp4");
    println!("rendering {}", scene.display());
    run(&mut render(scene, &video))?;
    let target = root.join(ANIMATION);
    println!("encoding {}", target.display());
    run(&mut encode(&video, &target))?;
    let size = fs::metadata(&target).with_context(|| target.display().to_string())?.len();
    if size > LIMIT {
        bail!("{}: {size} bytes; expected at most {LIMIT}", target.display());
    }
    println!("wrote {}: {size} bytes", target.display());
    Ok(())
}

fn render(scene: &Path, video: &Path) -> Command {
    let mut render = command("cargo", ["run", "--release", "--package", "loop3d", "--", "render"]);
    // Lossless: only the WebP encoder loses anything. The spiral path starts again where it ends.
    render.arg(scene).arg("-o").arg(video).args(["--path", "spiral", "--crf", "0"]);
    render
}

fn encode(video: &Path, target: &Path) -> Command {
    let mut ffmpeg = command("ffmpeg", ["-v", "error", "-y", "-i"]);
    ffmpeg.arg(video).args(["-c:v", "libwebp_anim", "-loop", "0"]);
    ffmpeg.args(["-quality", &QUALITY.to_string(), "-compression_level", "6"]).arg(target);
    ffmpeg
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::process::line;

    #[test]
    fn the_scene_is_rendered_without_loss_and_encoded_as_webp() {
        let (scene, video) = (Path::new("a.loop3d"), Path::new("a.mp4"));
        assert!(line(&render(scene, video)).ends_with("render a.loop3d -o a.mp4 --path spiral --crf 0"));
        let encode = line(&encode(video, Path::new("a.webp")));
        assert!(encode.contains("-i a.mp4 ") && encode.contains("-loop 0") && encode.ends_with(" a.webp"), "{encode}");
    }

    #[test]
    fn a_missing_scene_says_what_makes_it() {
        let error = scene(Path::new("/none"), &[]).unwrap_err().to_string();
        assert!(error.contains("cargo xtask demo"), "{error}");
    }
}
