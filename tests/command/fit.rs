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
    assert!(ended.stderr.contains("about 0.") && ended.stderr.contains("wrote whole.loop3d"), "{}", ended.stderr);
    assert!(!folder.path("whole.loop3d.resume").exists());
    folder
});

#[test]
fn a_fit_is_like_its_footage_and_better_than_the_baselines() {
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
    // Softer than the clip and its first frames, which have the clip's own detail, and as still as a fit of no noise is.
    let hard_cut = |name| figure(&view["baselines"]["hard_cut"], name);
    assert!((0.3..1.2).contains(&ours("detail_moving")) && (0.9..1.1).contains(&hard_cut("detail")), "{view}");
    assert!((0.8..1.2).contains(&ours("grid")) && ours("flicker") < 2.0, "{view}");

    let table = folder.done("eval whole.loop3d --views capture --truth capture/frames/v1 --pictures look").stdout;
    let lines: Vec<&str> = table.lines().collect();
    assert!(lines[0].starts_with("view 1 (v1): 48×32, a loop of 8 frames against a clip of 16"), "{table}");
    assert!(lines[1].contains("static PSNR dB ↑") && lines[2].starts_with("this scene"), "{table}");
    assert!(lines[3].starts_with("frozen scene") && lines[4].starts_with("hard cut"), "{table}");
    assert!(lines[2].contains(&format!("{:.2}", ours("psnr_static"))), "{table}");
    assert!(lines[5].contains("detail =1") && lines[6].contains(&format!("{:.3}", ours("detail"))), "{table}");
    // Three pictures wide; below them two rounds of the loop. The first is the clip's own middle frame.
    let sheet = image::open(folder.path("look/view-1.png")).unwrap().to_rgb8();
    assert_eq!(sheet.dimensions(), (3 * 48, 32 + 2 * 8));
    let frames: Vec<_> = fs::read_dir(folder.path("capture/frames/v1")).unwrap().map(|e| e.unwrap().path()).collect();
    let middle = frames.iter().find(|file| file.ends_with("04.png")).unwrap();
    let truth = image::open(middle).unwrap().to_rgb8();
    assert!(truth.enumerate_pixels().all(|(x, y, pixel)| sheet.get_pixel(x, y) == pixel), "{middle:?}");
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
fn a_killed_fit_resumes_and_ends_as_an_uninterrupted_one() {
    let mut child = started("killed.loop3d");
    child.kill().unwrap();
    child.wait().unwrap();
    let other = FITTED.run(&format!("{FIT} -o killed.loop3d --resume --seed 3"));
    other.said(2, &["killed.loop3d.resume: ", "\"seed\":3"]);
    FITTED.done(&format!("{FIT} -o killed.loop3d --resume --threads 1"));
    assert!(FITTED.bytes("killed.loop3d") == FITTED.bytes("whole.loop3d"));
    assert!(!FITTED.path("killed.loop3d.resume").exists());
}

/// Whether a line of a text begins like this.
fn said(text: &str, start: &str) -> bool {
    text.lines().any(|line| line.starts_with(start))
}

#[test]
fn a_fit_says_what_it_replaces() {
    let mut child = started("replaced.loop3d");
    child.kill().unwrap();
    child.wait().unwrap();
    let (unfinished, older) = ("replaced.loop3d.resume: ", "replaced.loop3d: ");
    let ended = FITTED.done(&format!("{FIT} -o replaced.loop3d"));
    assert!(!said(&ended.stderr, older) && said(&ended.stderr, unfinished), "{}", ended.stderr);
    let ended = FITTED.done(&format!("{FIT} -o replaced.loop3d"));
    assert!(said(&ended.stderr, older) && !said(&ended.stderr, unfinished), "{}", ended.stderr);
    assert_eq!(FITTED.done(&format!("{FIT} -o replaced.loop3d --quiet")).stderr, "");
}

/// Sends a signal: `INT` is what Ctrl-C sends. With the shell's own `kill`, because not every system has the program.
#[cfg(unix)]
fn signal(child: &Child, name: &str) {
    let kill = Command::new("sh").args(["-c", &format!("kill -{name} {}", child.id())]).status().unwrap();
    assert!(kill.success());
}

#[test]
#[cfg(unix)]
fn ctrl_c_and_sigterm_say_how_to_continue_and_have_exit_codes_of_their_own() {
    for (name, code) in [("INT", 130), ("TERM", 143)] {
        let target = format!("stopped-{code}.loop3d");
        let child = started(&target);
        signal(&child, name);
        let output = child.wait_with_output().unwrap();
        let said = String::from_utf8(output.stderr).unwrap();
        assert_eq!(output.status.code(), Some(code), "{said}");
        assert!(said.contains("error: stopped; ") && said.ends_with(" --resume\n"), "{said}");
        assert!(!FITTED.path(&target).exists());
        FITTED.done(&format!("{FIT} -o {target} --resume --quiet"));
        assert!(FITTED.bytes(&target) == FITTED.bytes("whole.loop3d"));
    }
}

/// One image is a pipe, so that the fit is in the middle of loading for as long as the test wants.
#[test]
#[cfg(unix)]
fn ctrl_c_while_clips_are_loaded_ends_the_fit_and_leaves_all_as_it_was() {
    use std::io::Write;
    let folder = Folder::new(FRAMES);
    let image = folder.path("capture/frames/v2/05.png");
    let bytes = fs::read(&image).unwrap();
    fs::remove_file(&image).unwrap();
    assert!(Command::new("mkfifo").arg(&image).status().unwrap().success());
    for (name, older) in [("a.loop3d", "older scene"), ("a.loop3d.resume", "older checkpoint")] {
        fs::write(folder.path(name), older).unwrap();
    }
    let before = folder.names();
    for (name, code, words) in [("INT", 130, ""), ("TERM", 143, " --resume")] {
        let mut command = folder.command(&format!("{FIT} -o a.loop3d{words}"));
        let child = command.stdout(Stdio::null()).stderr(Stdio::piped()).spawn().unwrap();
        // Waits until the fit reads the image.
        let mut pipe = fs::OpenOptions::new().write(true).open(&image).unwrap();
        signal(&child, name);
        sleep(Duration::from_millis(300));
        // Nobody reads any more where the signal ended the program at once.
        let _ = pipe.write_all(&bytes);
        drop(pipe);
        let output = child.wait_with_output().unwrap();
        let said = String::from_utf8(output.stderr).unwrap();
        assert_eq!(output.status.code(), Some(code), "{said}");
        assert!(said.contains("error: stopped; ") && said.contains("a.loop3d was not changed"), "{said}");
        assert_eq!(folder.names(), before);
        assert_eq!(folder.bytes("a.loop3d"), b"older scene");
        assert_eq!(folder.bytes("a.loop3d.resume"), b"older checkpoint");
    }
}

#[test]
#[cfg(unix)]
fn ctrl_c_in_a_render_leaves_nothing() {
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
        signal(&child, "INT");
        let output = child.wait_with_output().unwrap();
        let said = String::from_utf8(output.stderr).unwrap();
        assert_eq!(output.status.code(), Some(130), "{said}");
        assert!(said.contains(&format!("error: stopped; {target} ")), "{said}");
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
    FITTED.run(&format!("{FIT} -o damaged.loop3d --resume")).said(65, &["damaged.loop3d.resume", "checksum"]);
}

#[test]
fn stills_make_a_static_scene() {
    let folder = Folder::new(1);
    folder.done("fit --views capture --hold-out 1,2 --preset draft --planes 6 --quiet --preview seen");
    // The last preview is what the reference camera sees of the scene; the first one is half as large.
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
    assert!(table.contains("mean of 2 views") && table.contains("PSNR over the whole image: "), "{table}");
}

/// Only the loaders of Mesa and Khronos can be set to find nothing.
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
    without("render whole.loop3d -o no-adapter --frames 2").said(0, &["GPU"]);
    FITTED.done("render whole.loop3d -o on-cpu --frames 2 --renderer cpu");
    assert!(FITTED.bytes("no-adapter/00001.png") == FITTED.bytes("on-cpu/00001.png"));
    without("render whole.loop3d -o insisted --frames 2 --renderer gpu").said(1, &["graphics adapter"]);
    assert!(!FITTED.path("insisted").exists());
}
