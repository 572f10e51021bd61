//! Bad input and failing machines: the exit code, the place that the message names, and nothing left behind. The whole messages are
//! in `texts/errors.txt`.

use crate::support::{COMMANDS, Ended, Folder, SIZE, VIEWS, empty_png, row};
use std::fs;

pub const FIT: &str = "fit --views capture -o a.loop3d --preset draft --quiet";

/// A case: name, what is done to a good capture, arguments after [`FIT`], exit code, parts of the message.
pub type Case = (&'static str, fn(&Folder), &'static str, i32, &'static [&'static str]);

fn good(_: &Folder) {}

fn videos(folder: &Folder, bytes: &[u8]) {
    fs::create_dir(folder.path("capture/videos")).unwrap();
    for view in 0..VIEWS {
        fs::write(folder.path(&format!("capture/videos/v{view}.mp4")), bytes).unwrap();
    }
}

pub const CASES: &[Case] = &[
    ("no folder", good, "--views none", 65, &["none: "]),
    (
        "empty folder",
        |folder| {
            fs::remove_dir_all(folder.path("capture")).unwrap();
            fs::create_dir(folder.path("capture")).unwrap();
        },
        "",
        65,
        &["capture: ", "poses_bounds.npy (llff)"],
    ),
    (
        "no poses",
        |folder| fs::remove_file(folder.path("capture/poses_bounds.npy")).unwrap(),
        "",
        65,
        &["capture: ", "poses_bounds.npy (llff)"],
    ),
    (
        "no views",
        |folder| fs::remove_dir_all(folder.path("capture/frames")).unwrap(),
        "",
        65,
        &["capture: ", "videos/"],
    ),
    (
        "counts differ",
        |folder| fs::remove_dir_all(folder.path("capture/frames/v2")).unwrap(),
        "",
        65,
        &["poses_bounds.npy: ", "4 poses", "3 views"],
    ),
    (
        "one view",
        |folder| {
            for view in 1..VIEWS {
                fs::remove_dir_all(folder.path(&format!("capture/frames/v{view}"))).unwrap();
            }
            folder.poses(&[row(0.0, SIZE)]);
        },
        "",
        65,
        &["poses_bounds.npy: ", "1 pose", "at least 2"],
    ),
    (
        "unreadable clip",
        |folder| fs::write(folder.path("capture/frames/v1/03.png"), "words").unwrap(),
        "",
        65,
        &["v1/03.png: "],
    ),
    (
        "truncated frame",
        |folder| {
            let file = folder.path("capture/frames/v2/05.png");
            let bytes = fs::read(&file).unwrap();
            fs::write(&file, &bytes[..bytes.len() / 2]).unwrap();
        },
        "",
        65,
        &["v2/05.png: "],
    ),
    ("unreadable video", |folder| videos(folder, b"words"), "", 65, &["v0.mp4: "]),
    ("empty video", |folder| videos(folder, b""), "", 65, &["v0.mp4: ", "empty"]),
    (
        "empty clip",
        |folder| {
            fs::remove_dir_all(folder.path("capture/frames/v3")).unwrap();
            fs::create_dir(folder.path("capture/frames/v3")).unwrap();
        },
        "",
        65,
        &["frames/v3: ", "empty"],
    ),
    ("sizes differ", |folder| folder.pose(9, 64.0), "", 65, &["v1: ", "48×32", "64×32"]),
    ("focal NaN", |folder| folder.pose(14, f64::NAN), "", 65, &["poses_bounds.npy: row 1: ", "NaN"]),
    ("focal zero", |folder| folder.pose(14, 0.0), "", 65, &["row 1: ", "focal length 0"]),
    ("no rotation", |folder| folder.pose(1, 0.5), "", 65, &["row 1: ", "rotation"]),
    ("near beyond far", |folder| folder.pose(15, 9.0), "", 65, &["row 1: ", "near 9", "far 8"]),
    ("one camera", good, "--cameras v0", 2, &["--cameras", "1 of 4", "(v0)", "at least 2"]),
    ("one camera named twice", good, "--cameras v1,1", 2, &["--cameras", "1 of 4", "(v1)"]),
    ("rate", good, "--fps=-1", 2, &["--fps is -1"]),
    ("end before start", good, "--start 1 --end 1", 2, &["--end is 1", "more than --start"]),
    ("hold-out", good, "--hold-out 1,4", 2, &["--hold-out", "view 4", "0 to 3"]),
    ("all held out", good, "--hold-out 0,1,2,3", 2, &["0 training view", "4 of 4"]),
    ("one left", good, "--hold-out 0,1,2,2", 2, &["1 training view", "3 of 4"]),
    ("lead held out", good, "--hold-out 1 --lead 1", 2, &["--lead", "view 1", "held out"]),
    ("no number", good, "--hold-out x", 2, &["'x' for '--hold-out"]),
    ("frames", good, "--frames 0", 2, &["--frames", "1 to 4096"]),
    ("planes", good, "--planes 1", 2, &["--planes", "2 to 256"]),
    ("nothing to resume", good, "--resume", 2, &["a.loop3d.resume: ", "--resume"]),
    (
        "no checkpoint",
        |folder| fs::write(folder.path("a.loop3d.resume"), "words").unwrap(),
        "--resume",
        65,
        &["a.loop3d.resume"],
    ),
    (
        "memory",
        |folder| {
            let size = (60_000, 60_000);
            folder.poses(&[0.0, 0.1, 0.2, 0.3].map(|x| row(x, size)));
            (0..VIEWS).for_each(|view| empty_png(&folder.path(&format!("capture/frames/v{view}/00.png")), size));
        },
        "",
        75,
        &["MiB", "--max-height", "--factor"],
    ),
];

/// The arguments of a case.
pub fn command(words: &str) -> String {
    if words.contains("--views") { FIT.replace("--views capture", words) } else { format!("{FIT} {words}") }
}

#[test]
fn a_fit_of_bad_input_says_what_is_wrong_and_leaves_an_older_scene_as_it_is() {
    for (name, spoil, words, code, parts) in CASES {
        let folder = Folder::new(8);
        spoil(&folder);
        fs::write(folder.path("a.loop3d"), "older").unwrap();
        let before = folder.names();
        let ended = folder.run(&command(words));
        ended.said(*code, parts);
        assert!(ended.stdout.is_empty(), "{name}");
        assert_eq!((folder.bytes("a.loop3d"), folder.names()), (b"older".to_vec(), before), "{name}");
    }
}

#[test]
fn outputs_that_cannot_be_written_are_reported_before_the_work() {
    let folder = Folder::new(8);
    fs::write(folder.path("file"), "x").unwrap();
    fs::create_dir(folder.path("folder")).unwrap();
    let before = folder.names();
    let mut targets = vec![("folder", 2, "folder: "), ("none/a.loop3d", 2, "none: "), ("file/a.loop3d", 2, "file: ")];
    if cfg!(target_os = "linux") {
        // Its folder exists, but the system does not let anyone write there.
        targets.push(("/proc/a.loop3d", 2, "/proc/a.loop3d: "));
        targets.push(("/dev/full", 2, "/dev/full: "));
    }
    for (target, code, place) in targets {
        folder.run(&format!("fit --views capture --quiet -o {target}")).said(code, &[place]);
    }
    assert_eq!(folder.names(), before);
}

#[test]
fn a_drawing_that_cannot_be_written_is_reported_before_the_clips_are_read() {
    let folder = Folder::new(2);
    fs::create_dir(folder.path("folder.png")).unwrap();
    for (file, part) in [("a.jpg", "a.jpg"), ("none/a.png", "none: "), ("folder.png", "is a folder")] {
        let ended = folder.run(&format!("doctor capture --picture {file}"));
        ended.said(2, &[part]);
        assert_eq!((ended.stdout.as_str(), ended.stderr.lines().count()), ("", 1), "{file}: {}", ended.stderr);
    }
    folder.done("doctor capture --picture a.png --quiet");
    assert_eq!(image::open(folder.path("a.png")).unwrap().to_rgb8().width(), 1200);
    assert_eq!(folder.names(), ["a.png", "capture", "folder.png"]);
}

#[test]
fn files_of_another_kind_are_bad_input_and_words_that_are_no_file_are_wrong_usage() {
    let folder = Folder::new(1);
    folder.done("fit --views capture -o a.loop3d --preset draft --planes 4 --quiet");
    folder.run("render a.loop3d -o seen --path none.json").said(65, &["none.json: cannot be read", "--path"]);
    fs::create_dir(folder.path("folder.json")).unwrap();
    folder.run("render a.loop3d -o seen --path folder.json").said(65, &["folder.json: cannot be read"]);
    folder.run("render a.loop3d -o seen --path spiraal").said(2, &["--path: found spiraal"]);
    folder.run("render a.loop3d -o seen --fps 0").said(2, &["--fps: found 0"]);
    folder.run("render a.loop3d -o seen --start nan").said(2, &["--start: found NaN"]);

    folder.run("import none --quiet").said(65, &["none: no such folder"]);
    fs::create_dir(folder.path("published")).unwrap();
    fs::write(folder.path("published/meta.json"), "{}").unwrap();
    let missing = "published: found no geometry.obj, static.png, dynamic/0000.png; expected ";
    folder.run("import published --quiet").said(65, &[missing]);
    assert_eq!(folder.names(), ["a.loop3d", "capture", "folder.json", "published"]);
}

/// A limit on the size of files stands for a full disk: writing fails in the middle in the same way.
#[test]
#[cfg(unix)]
fn a_full_disk_is_a_failure_that_leaves_an_older_scene_as_it_is() {
    let folder = Folder::new(2);
    fs::write(folder.path("a.loop3d"), "older").unwrap();
    let mut command = std::process::Command::new("sh");
    // Without the trap the signal of the limit would end the program before the error does.
    command.current_dir(folder.path("")).arg("-c").arg(format!("trap '' XFSZ; ulimit -f 8; exec \"$0\" {FIT}"));
    Ended::of(command.arg(env!("CARGO_BIN_EXE_loop3d"))).said(1, &["a.loop3d.resume: ", "File too large"]);
    assert_eq!(
        (folder.bytes("a.loop3d"), folder.names()),
        (b"older".to_vec(), vec!["a.loop3d".into(), "capture".into()])
    );
}

#[test]
#[cfg(unix)]
fn videos_without_ffmpeg_are_a_failure_that_says_how_to_get_it() {
    let folder = Folder::new(2);
    videos(&folder, b"video");
    for words in [FIT, "sample garden"] {
        let mut command = folder.command(words);
        Ended::of(command.env("PATH", folder.path("none"))).said(1, &["ffmpeg", "Debian", "macOS"]);
    }
    assert_eq!(folder.names(), ["capture"]);
}

#[test]
fn every_command_refuses_files_that_are_not_scenes() {
    let folder = Folder::new(1);
    folder.done("fit --views capture -o a.loop3d --preset draft --planes 4 --quiet");
    fs::write(folder.path("old.mp4"), "older").unwrap();
    for (name, bytes) in not_scenes(&folder.bytes("a.loop3d")) {
        fs::write(folder.path("b.loop3d"), bytes).unwrap();
        for words in ["info b.loop3d", "eval b.loop3d --views capture", "render b.loop3d -o old.mp4"] {
            let ended = folder.run(words);
            assert_eq!(
                (ended.code, ended.stderr.starts_with("error: b.loop3d: ")),
                (Some(65), true),
                "{name}: {words}"
            );
        }
    }
    folder.run("info none.loop3d").said(65, &["none.loop3d: "]);
    assert_eq!(folder.bytes("old.mp4"), b"older");

    folder.run("eval a.loop3d --views capture").said(2, &["a.loop3d: ", "--view"]);
    folder.run("eval a.loop3d --views capture --view 7").said(2, &["view 7", "a.loop3d has views 0 to 3"]);
    let two = "eval a.loop3d --views capture --view 0,1 --truth capture/frames/v0";
    folder.run(two).said(2, &["--truth", "--view"]);
    fs::rename(folder.path("capture/frames/v2"), folder.path("capture/frames/w")).unwrap();
    let renamed = "found the views v0, v1, v3, w; expected `v2` of a.loop3d";
    folder.run("eval a.loop3d --views capture --view 2").said(65, &[renamed]);
}

/// Files that are not scenes of this version, made of one that is.
pub fn not_scenes(scene: &[u8]) -> [(&'static str, Vec<u8>); 4] {
    let (old, new) = (br#"\"format\":1,"#, br#"\"format\":9,"#);
    let at = scene.windows(old.len()).position(|part| part == old).expect("the format's number");
    let (mut newer, mut flipped) = (scene.to_vec(), scene.to_vec());
    newer[at..at + new.len()].copy_from_slice(new);
    flipped[scene.len() - 1] ^= 1;
    [
        ("text", b"words, only words".to_vec()),
        ("cut short", scene[..scene.len() / 2].to_vec()),
        ("a flipped bit", flipped),
        ("a newer format", newer),
    ]
}

#[test]
fn samples_are_not_written_over_anything_else() {
    let folder = Folder::new(1);
    folder.run("sample capture").said(2, &["capture: "]);
    folder.run("sample garden --width 63 --height 216").said(2, &["63x216", "even"]);
    assert_eq!(folder.names(), ["capture"]);
}

#[test]
fn every_command_has_help_with_an_example() {
    let folder = Folder::new(1);
    for name in COMMANDS {
        let help = folder.done(&format!("{name} --help")).stdout;
        assert!(help.contains("Example") && help.contains(&format!("loop3d {name} ")), "{help}");
    }
    folder.run("").said(2, &["Usage: loop3d <COMMAND>"]);
    folder.run("dance").said(2, &["'dance'"]);
}
