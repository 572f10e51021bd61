//! `cargo xtask demo`: fits, measures and renders the sample capture, with the commands that a newcomer would type. With `--generate`:
//! clips from words, their scene and its video.

use crate::options::Options;
use crate::process::{command, line, output, run, succeeds};
use crate::setup;
use crate::timing::Timing;
use crate::web;
use anyhow::{Context, Result, bail};
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

/// The held-out view; its truth comes with the sample.
const HELD_OUT: usize = 4;

/// Where the demo reads and writes.
struct Places {
    capture: PathBuf,
    truth: PathBuf,
    scene: PathBuf,
    video: PathBuf,
    package: PathBuf,
    page: PathBuf,
    table: PathBuf,
    /// A capture of which one clip and its depth are used, the scene of those, and its video.
    fall: PathBuf,
    one_clip: PathBuf,
    one_clip_video: PathBuf,
}

impl Places {
    fn new(out: &Path) -> Self {
        let capture = out.join("sample");
        Self {
            truth: capture.join(format!("truth/{HELD_OUT:04}.mp4")),
            capture,
            scene: out.join("sample.loop3d"),
            video: out.join("sample.mp4"),
            package: out.join("sample.glb"),
            page: out.join("sample.html"),
            fall: out.join("fall"),
            one_clip: out.join("one-clip.loop3d"),
            one_clip_video: out.join("one-clip.mp4"),
            table: out.join("sample.metrics.txt"),
        }
    }

    /// Whether the sample is complete: the later steps need the poses and the truth of the held-out view.
    fn sampled(&self) -> bool {
        self.capture.join("poses_bounds.npy").exists() && self.truth.exists()
    }

    /// The one clip, and the depth of its frames.
    fn clip(&self) -> [PathBuf; 2] {
        ["videos/0000.mp4", "depth/0000.npy"].map(|name| self.fall.join(name))
    }
}

/// The scene of which one clip and its depth become a scene, and the field of view of its cameras, in degrees.
const FALL: &str = "a waterfall on stone, before trees";
const FOV: &str = "52.66";

/// What clips are made from with `--generate`.
const WORDS: &str = "a red flag waving on grass, before a wall";

/// What to do.
#[derive(Debug, PartialEq, Eq)]
pub struct Demo {
    /// Where results go.
    out: PathBuf,
    /// Clips from words instead of the sample.
    generate: bool,
}

impl Demo {
    /// Reads `[--generate] [--out DIR]` [default: `out/` in the checkout].
    ///
    /// # Errors
    /// An unknown argument, or no folder after `--out`.
    pub fn parse(root: &Path, args: &[&str]) -> Result<Self> {
        let (generate, rest) = match args {
            ["--generate", rest @ ..] => (true, rest),
            [rest @ .., "--generate"] => (true, rest),
            rest => (false, rest),
        };
        let out = match rest {
            [] => root.join("out"),
            ["--out", folder] => std::path::absolute(folder).with_context(|| format!("--out {folder}"))?,
            _ => bail!("demo: found `{}`, expected nothing, `--generate` or `--out DIR`", args.join(" ")),
        };
        Ok(Self { out, generate })
    }

    /// Sets up, builds, and makes scenes and videos.
    ///
    /// # Errors
    /// A step failed.
    pub fn run(&self, root: &Path) -> Result<()> {
        if self.generate { generate_all(root, &self.out) } else { run_all(root, &self.out) }
    }
}

/// Sets up, builds with libtorch, and makes clips from words, their scene and its video.
fn generate_all(root: &Path, out: &Path) -> Result<()> {
    let mut timing = Timing::default();
    timing.step("setup", || setup::run(root, Options { torch: true, ..Options::default() }))?;
    let build = ["build", "--release", "--package", "loop3d", "--features", "torch"];
    timing.step("build", || run(&mut command("cargo", build)))?;
    let out = out.strip_prefix(root).unwrap_or(out);
    fs::create_dir_all(out).with_context(|| format!("cannot make {}", out.display()))?;
    let [clips, scene, video] = ["flag", "flag.loop3d", "flag.mp4"].map(|name| out.join(name));
    if clips.join("generate.json").exists() {
        println!("{} exists already; remove it to make it again", clips.display());
    } else {
        timing.step("generate", || run(&mut part(generate(&clips))))?;
    }
    timing.step("fit", || run(&mut part(fit_generated(&clips, &scene))))?;
    timing.step("render", || run(&mut part(render_generated(&scene, &video))))?;
    println!("\n{timing}");
    println!("clips    {}", clips.display());
    println!("scene    {}", scene.display());
    println!("video    {}", video.display());
    println!("\nLook around in it: target/release/loop3d view {}", scene.display());
    Ok(())
}

fn with_torch() -> Command {
    command("cargo", ["run", "--quiet", "--release", "--package", "loop3d", "--features", "torch", "--"])
}

fn generate(clips: &Path) -> Command {
    let mut part = with_torch();
    part.args(["generate", WORDS, "-o"]).arg(clips);
    part
}

fn fit_generated(clips: &Path, scene: &Path) -> Command {
    let mut part = with_torch();
    part.arg("fit").arg("--views").arg(clips.join("f24_aperture5/scene1"));
    part.args(["--preset", "draft", "-o"]).arg(scene);
    part
}

fn render_generated(scene: &Path, video: &Path) -> Command {
    let mut part = with_torch();
    part.arg("render").arg(scene).arg("-o").arg(video).args(["--size", "512x512"]);
    part
}

/// Sets up, builds, and makes the sample, its scene, its video and its metrics.
fn run_all(root: &Path, out: &Path) -> Result<()> {
    let mut timing = Timing::default();
    timing.step("setup", || setup::run(root, Options::default()))?;
    timing.step("build", || run(&mut command("cargo", ["build", "--release", "--package", "loop3d"])))?;

    // Prints short paths: the current folder is the checkout.
    let places = Places::new(out.strip_prefix(root).unwrap_or(out));
    fs::create_dir_all(out).with_context(|| format!("cannot make {}", out.display()))?;
    if places.sampled() {
        println!("{} exists already; remove it to make it again", places.capture.display());
    } else {
        timing.step("sample", || run(&mut part(sample(&places))))?;
    }
    timing.step("fit", || run(&mut part(fit(&places))))?;
    timing.step("eval", || {
        let table = output(&mut part(eval(&places)))?;
        println!("{table}");
        fs::write(&places.table, table).with_context(|| format!("cannot write {}", places.table.display()))
    })?;
    timing.step("render", || run(&mut part(render(&places))))?;
    timing.step("package", || run(&mut part(export(&places.scene, &places.package))))?;
    timing.step("one clip", || {
        if !places.clip().iter().all(|file| file.exists()) {
            run(&mut part(fall(&places)))?;
        }
        run(&mut part(fit_one_clip(&places)))?;
        run(&mut part(render_one_clip(&places)))
    })?;
    let page = timing.step("page", || page(root, &places));

    println!("\n{timing}");
    println!("{}", endings(&places, page));
    Ok(())
}

/// Makes the page with the scene inside, with the browser viewer that is there, or one built now where Node.js is there.
///
/// # Errors
/// Says what is missing. The rest of the demo does not depend on it.
fn page(root: &Path, places: &Places) -> Result<()> {
    if !web::is_built(root) {
        if !succeeds(&mut command("npm", ["--version"])) {
            bail!("it needs Node.js: install it, then `cargo xtask web`");
        }
        println!("\nthe browser viewer, for the page (minutes at the first time)");
        setup::run(root, Options::WEB)?;
        web::run_all(root, Some(&root.join(&places.package)))?;
    }
    run(&mut part(export(&places.package, &places.page)))
}

/// What was made, and what one can do with each.
fn endings(places: &Places, page: Result<()>) -> String {
    let Places { scene, video, package, page: html, table, one_clip, one_clip_video, .. } = places;
    let show = |path: &Path| path.display().to_string();
    let page = match page {
        Ok(()) => [show(html), "open it in a browser; one file with the scene and the viewer, to send".to_owned()],
        Err(error) => ["no page".to_owned(), format!("{error:#}")],
    };
    let rows = [
        [show(video), "the video: play it with anything".to_owned()],
        [
            show(package),
            format!(
                "the package for the web: target/release/loop3d serve {} (with a QR code for a phone)",
                show(package)
            ),
        ],
        page,
        [show(scene), format!("the scene: look around in it with target/release/loop3d view {}", show(scene))],
        [
            show(one_clip_video),
            format!("a 3D loop from one clip and its depth: target/release/loop3d view {}", show(one_clip)),
        ],
        [show(table), "how close the scene is to the held-out view".to_owned()],
    ];
    let width = rows.iter().map(|[name, _]| name.len()).max().unwrap_or(0);
    rows.map(|[name, text]| format!("{name:<width$}  {text}")).join("\n")
}

/// Prints the command line of a step.
fn part(command: Command) -> Command {
    // A user of the installed command types what follows cargo's `--`.
    let line = line(&command);
    println!("\n$ loop3d {}", line.split_once(" -- ").map_or(&*line, |(_, own)| own));
    command
}

fn loop3d() -> Command {
    command("cargo", ["run", "--quiet", "--release", "--package", "loop3d", "--"])
}

fn sample(places: &Places) -> Command {
    let mut part = loop3d();
    part.arg("sample").arg(&places.capture);
    part
}

fn fit(places: &Places) -> Command {
    let mut part = loop3d();
    part.arg("fit").arg("--views").arg(&places.capture);
    part.args(["--hold-out", &HELD_OUT.to_string(), "--preset", "draft", "-o"]).arg(&places.scene);
    part
}

fn eval(places: &Places) -> Command {
    let mut part = loop3d();
    part.arg("eval").arg(&places.scene).arg("--views").arg(&places.capture).arg("--truth").arg(&places.truth);
    part
}

fn render(places: &Places) -> Command {
    let mut part = loop3d();
    part.arg("render").arg(&places.scene).arg("-o").arg(&places.video);
    part
}

fn export(scene: &Path, target: &Path) -> Command {
    let mut part = loop3d();
    part.arg("export").arg(scene).arg("-o").arg(target);
    part
}

/// Two views are the fewest; one is used.
fn fall(places: &Places) -> Command {
    let mut part = loop3d();
    part.arg("sample").arg(&places.fall).args(["--scene", FALL, "--views", "2", "--depth"]);
    part
}

fn fit_one_clip(places: &Places) -> Command {
    let [clip, depth] = places.clip();
    let mut part = loop3d();
    part.arg("fit").arg("--views").arg(clip).arg("--depth").arg(depth).args(["--fov", FOV, "-o"]).arg(&places.one_clip);
    part
}

fn render_one_clip(places: &Places) -> Command {
    let mut part = loop3d();
    part.arg("render").arg(&places.one_clip).arg("-o").arg(&places.one_clip_video);
    part
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn types_what_the_readme_says() {
        let places = Places::new(Path::new("out"));
        let package = |places: &Places| export(&places.scene, &places.package);
        let page = |places: &Places| export(&places.package, &places.page);
        let steps: [&dyn Fn(&Places) -> Command; 9] =
            [&sample, &fit, &eval, &render, &package, &fall, &fit_one_clip, &render_one_clip, &page];
        let typed = steps.map(|part| line(&part(&places)).split_once(" -- ").unwrap().1.to_owned());
        assert_eq!(
            typed,
            [
                "sample out/sample",
                "fit --views out/sample --hold-out 4 --preset draft -o out/sample.loop3d",
                "eval out/sample.loop3d --views out/sample --truth out/sample/truth/0004.mp4",
                "render out/sample.loop3d -o out/sample.mp4",
                "export out/sample.loop3d -o out/sample.glb",
                "sample out/fall --scene 'a waterfall on stone, before trees' --views 2 --depth",
                "fit --views out/fall/videos/0000.mp4 --depth out/fall/depth/0000.npy --fov 52.66 -o out/one-clip.loop3d",
                "render out/one-clip.loop3d -o out/one-clip.mp4",
                "export out/sample.glb -o out/sample.html",
            ]
        );
    }

    #[test]
    fn it_ends_with_what_was_made_and_what_to_do_with_it() {
        let places = Places::new(Path::new("out"));
        let told = endings(&places, Ok(()));
        for part in ["out/sample.mp4", "serve out/sample.glb", "out/sample.html", "view out/one-clip.loop3d"] {
            assert!(told.contains(part), "{told}");
        }
        let told = endings(&places, Err(anyhow::anyhow!("it needs Node.js")));
        assert!(told.contains("no page") && told.contains("it needs Node.js") && !told.contains(".html"), "{told}");
    }

    #[test]
    fn clips_from_words_are_typed_too() {
        let (clips, scene) = (Path::new("out/flag"), Path::new("out/flag.loop3d"));
        let video = Path::new("out/flag.mp4");
        let typed = [generate(clips), fit_generated(clips, scene), render_generated(scene, video)]
            .map(|part| line(&part).split_once(" -- ").unwrap().1.to_owned());
        assert!(typed[0].starts_with("generate ") && typed[0].ends_with(" -o out/flag"), "{}", typed[0]);
        assert_eq!(typed[1], "fit --views out/flag/f24_aperture5/scene1 --preset draft -o out/flag.loop3d");
        assert_eq!(typed[2], "render out/flag.loop3d -o out/flag.mp4 --size 512x512");
    }

    #[test]
    fn the_out_folder_is_the_one_given_or_that_of_the_checkout() {
        let root = Path::new("/checkout");
        let parsed = |args: &[&str]| Demo::parse(root, args).map_err(|error| error.to_string());
        let demo = |out: &str, generate| Ok(Demo { out: out.into(), generate });
        assert_eq!(parsed(&[]), demo("/checkout/out", false));
        assert_eq!(parsed(&["--out", "/tmp/x"]), demo("/tmp/x", false));
        assert_eq!(parsed(&["--generate"]), demo("/checkout/out", true));
        assert_eq!(parsed(&["--out", "/tmp/x", "--generate"]), demo("/tmp/x", true));
        let refused = "demo: found `--out`, expected nothing, `--generate` or `--out DIR`";
        assert_eq!(parsed(&["--out"]), Err(refused.to_owned()));
    }
}
