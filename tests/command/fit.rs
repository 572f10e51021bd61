//! From footage to scene, figures and video.

use crate::support::{self, FRAMES, Folder};
use serde_json::Value;
use std::fs;
use std::process::{Child, Command, Stdio};
use std::sync::LazyLock;
use std::thread::sleep;
use std::time::{Duration, Instant};

const FIT: &str = "fit --views capture --hold-out 1 --preset draft --planes 6";

/// A capture and `whole.loop3d`, which an uninterrupted fit made of it.
static FITTED: LazyLock<Folder> = LazyLock::new(|| {
    let folder = Folder::new(FRAMES);
    let ended = folder.done(&format!("{FIT} -o whole.loop3d --threads 2"));
    assert!(
        ended.stderr.contains("memory: about 0.") && ended.stderr.contains("wrote whole.loop3d"),
        "{}",
        ended.stderr
    );
    assert!(!folder.path("whole.loop3d.resume").exists());
    folder
});

#[test]
fn a_fit_is_like_its_footage_and_better_than_plain_answers() {
    let folder = &*FITTED;
    let json: Value = serde_json::from_str(&folder.done("info whole.loop3d --json").stdout).unwrap();
    assert_eq!((&json["frames"], &json["fps"]), (&8.into(), &25.0.into()));

    let report: Value = serde_json::from_str(&folder.done("eval whole.loop3d --views capture --json").stdout).unwrap();
    assert_eq!(report["views"].as_array().unwrap().len(), 1);
    let view = &report["views"][0];
    assert_eq!(view["view"], 1);
    let figure = |of: &Value, name: &str| of[name].as_f64().unwrap_or_else(|| panic!("{name}: {of}"));
    let ours = |name| figure(view, name);
    let frozen = |name| figure(&view["baselines"]["frozen"], name);
    assert!((0.3..0.9).contains(&ours("static_share")), "{view}");
    assert!((25.0..60.0).contains(&ours("psnr_static")) && (0.85..=1.0).contains(&ours("ssim_static")), "{view}");
    assert!((24.0..60.0).contains(&ours("psnr_mean")), "{view}");
    assert!(ours("std_err") < 0.5 * frozen("std_err") && ours("com") < frozen("com"), "{view}");
    assert!(ours("loop_q") < frozen("loop_q"), "{view}");
    assert_eq!(figure(&report["mean"], "com"), ours("com"));

    let table = folder.done("eval whole.loop3d --views capture --truth capture/frames/v1").stdout;
    let lines: Vec<&str> = table.lines().collect();
    assert!(lines[0].starts_with("view 1 (v1): 48×32, a loop of 8 frames against a clip of 16"), "{table}");
    assert!(lines[1].contains("static PSNR dB ↑") && lines[2].starts_with("this scene"), "{table}");
    assert!(lines[3].starts_with("frozen scene") && lines[4].starts_with("hard cut"), "{table}");
    assert!(lines[2].contains(&format!("{:.2}", ours("psnr_static"))), "{table}");
}

#[test]
fn its_video_loops() {
    FITTED.done("render whole.loop3d -o frames --path view:1 --frames 9 --quiet");
    let frame = |t: usize| FITTED.bytes(&format!("frames/{t:05}.png"));
    assert_eq!(frame(8), frame(0));
    assert_ne!(frame(4), frame(0));
}

#[test]
fn one_seed_gives_one_file_on_any_number_of_threads_and_another_seed_another() {
    let whole = FITTED.bytes("whole.loop3d");
    let ended = FITTED.done(&format!("{FIT} -o again.loop3d --threads 1 --quiet"));
    assert_eq!((ended.stdout, ended.stderr), (String::new(), String::new()));
    assert!(FITTED.bytes("again.loop3d") == whole);
    FITTED.done(&format!("{FIT} -o other.loop3d --seed 2 --quiet"));
    assert!(FITTED.bytes("other.loop3d") != whole);
}

/// Starts a fit and waits for its first checkpoint.
fn started(target: &str) -> Child {
    let mut command = FITTED.command(&format!("{FIT} -o {target}"));
    let child = command.stdout(Stdio::null()).stderr(Stdio::piped()).spawn().unwrap();
    let checkpoint = FITTED.path(&format!("{target}.resume"));
    let patience = Instant::now();
    while !checkpoint.exists() {
        assert!(patience.elapsed() < Duration::from_secs(300), "no checkpoint");
        sleep(Duration::from_millis(2));
    }
    assert!(!FITTED.path(target).exists());
    child
}

#[test]
fn a_killed_fit_goes_on_and_ends_as_an_uninterrupted_one() {
    let mut child = started("killed.loop3d");
    child.kill().unwrap();
    child.wait().unwrap();
    let other = FITTED.run(&format!("{FIT} -o killed.loop3d --resume --seed 3"));
    other.said(2, &["killed.loop3d.resume: the checkpoint was made with other config", "\"seed\":3"]);
    FITTED.done(&format!("{FIT} -o killed.loop3d --resume --threads 1"));
    assert!(FITTED.bytes("killed.loop3d") == FITTED.bytes("whole.loop3d"));
    assert!(!FITTED.path("killed.loop3d.resume").exists());
}

#[test]
fn a_fit_says_what_it_replaces() {
    let mut child = started("again.loop3d");
    child.kill().unwrap();
    child.wait().unwrap();
    let unfinished = "again.loop3d.resume: is of an unfinished fit";
    let ended = FITTED.done(&format!("{FIT} -o again.loop3d"));
    assert!(ended.stderr.contains(unfinished) && !ended.stderr.contains("again.loop3d: is"), "{}", ended.stderr);
    let ended = FITTED.done(&format!("{FIT} -o again.loop3d"));
    assert!(
        ended.stderr.contains("again.loop3d: is replaced when") && !ended.stderr.contains(unfinished),
        "{}",
        ended.stderr
    );
    assert_eq!(FITTED.done(&format!("{FIT} -o again.loop3d --quiet")).stderr, "");
}

/// What Ctrl-C sends. The shell's own `kill`: not every system has the program.
#[cfg(unix)]
fn interrupt(child: &Child) -> std::process::ExitStatus {
    Command::new("sh").args(["-c", &format!("kill -INT {}", child.id())]).status().unwrap()
}

#[test]
#[cfg(unix)]
fn ctrl_c_says_how_to_go_on() {
    let child = started("stopped.loop3d");
    assert!(interrupt(&child).success());
    let output = child.wait_with_output().unwrap();
    let said = String::from_utf8(output.stderr).unwrap();
    assert_eq!(output.status.code(), Some(130), "{said}");
    assert!(said.contains("error: stopped; go on after `static, ") && said.ends_with(" --resume\n"), "{said}");
    assert!(!FITTED.path("stopped.loop3d").exists());
    FITTED.done(&format!("{FIT} -o stopped.loop3d --resume --quiet"));
    assert!(FITTED.bytes("stopped.loop3d") == FITTED.bytes("whole.loop3d"));
}

#[test]
#[cfg(unix)]
fn ctrl_c_in_a_film_leaves_nothing() {
    FITTED.bytes("whole.loop3d");
    for target in ["cut-short.mp4", "cut-short/"] {
        let mut command = FITTED.command(&format!("render whole.loop3d -o {target} --frames 1000000"));
        let child = command.stdout(Stdio::null()).stderr(Stdio::piped()).spawn().unwrap();
        let begun = || FITTED.names().iter().any(|name| name.contains("cut-short"));
        let patience = Instant::now();
        while !begun() {
            assert!(patience.elapsed() < Duration::from_secs(300), "no temporary file");
            sleep(Duration::from_millis(2));
        }
        assert!(interrupt(&child).success());
        let output = child.wait_with_output().unwrap();
        let said = String::from_utf8(output.stderr).unwrap();
        assert_eq!(output.status.code(), Some(130), "{said}");
        assert!(said.contains(&format!("error: stopped; {target} was not written")), "{said}");
        assert!(!begun());
    }
}

#[test]
fn a_damaged_checkpoint_is_refused() {
    let mut child = started("damaged.loop3d");
    child.kill().unwrap();
    child.wait().unwrap();
    let mut bytes = FITTED.bytes("damaged.loop3d.resume");
    let last = bytes.len() - 1;
    bytes[last] ^= 1;
    fs::write(FITTED.path("damaged.loop3d.resume"), bytes).unwrap();
    FITTED.run(&format!("{FIT} -o damaged.loop3d --resume")).said(2, &["damaged.loop3d.resume: ", "checksum"]);
}

#[test]
fn stills_make_a_static_scene() {
    let folder = Folder::new(1);
    folder.done("fit --views capture --hold-out 1,2 --preset draft --planes 6 --quiet --preview seen");
    // The last level's picture is what the scene shows the reference camera; the first level's is half as large.
    assert_eq!(folder.names(), ["capture", "capture.loop3d", "seen"]);
    let seen =
        |level: usize| image::load_from_memory(&folder.bytes(&format!("seen/level-{level}.png"))).unwrap().to_rgb8();
    let scene = loop3d_scene::load(folder.path("capture.loop3d")).unwrap();
    let shown = loop3d_scene::render(&scene, &scene.reference, 0.0).to_rgb8();
    assert_eq!((seen(1).dimensions(), seen(4).dimensions()), ((24, 16), (48, 32)));
    let far = seen(4).iter().zip(&shown).filter(|(a, b)| a.abs_diff(**b) > 2).count();
    assert_eq!(far, 0);
    let json: Value = serde_json::from_str(&folder.done("info capture.loop3d --json").stdout).unwrap();
    assert_eq!(json["frames"], 1);
    let report: Value =
        serde_json::from_str(&folder.done("eval capture.loop3d --views capture --json").stdout).unwrap();
    assert_eq!(report["views"].as_array().unwrap().len(), 2);
    for figures in [&report["views"][0], &report["views"][1], &report["mean"]] {
        assert!(figures["psnr_whole"].as_f64().unwrap() > 40.0, "{report}");
        assert!(figures["com"].is_null() && figures.get("baselines").is_none(), "{report}");
        assert_eq!(figures["static_share"], 1.0);
    }
    let table = folder.done("eval capture.loop3d --views capture").stdout;
    assert!(table.contains("mean of 2 views") && table.contains("PSNR over the whole picture: "), "{table}");
}

/// Only Mesa's and Khronos' loaders can be told to find nothing.
#[cfg(all(target_os = "linux", feature = "viewer"))]
#[test]
fn without_an_adapter_auto_draws_on_the_cpu_and_says_so_and_gpu_is_an_error() {
    let without = |words: &str| {
        let mut command = FITTED.command(words);
        for variable in ["VK_DRIVER_FILES", "VK_ICD_FILENAMES", "__EGL_VENDOR_LIBRARY_FILENAMES"] {
            command.env(variable, "/dev/null");
        }
        support::Ended::of(&mut command)
    };
    without("render whole.loop3d -o no-adapter --frames 2").said(0, &["without the GPU", "no graphics adapter"]);
    FITTED.done("render whole.loop3d -o on-cpu --frames 2 --renderer cpu");
    assert!(FITTED.bytes("no-adapter/00001.png") == FITTED.bytes("on-cpu/00001.png"));
    without("render whole.loop3d -o insisted --frames 2 --renderer gpu").said(2, &["no graphics adapter"]);
    assert!(!FITTED.path("insisted").exists());
}
