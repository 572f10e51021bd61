//! What a user can get wrong, and what a machine can: exit code, message, and nothing left behind.

use crate::support::{Ended, Folder, SIZE, VIEWS, empty_png, row};
use std::fs;

const FIT: &str = "fit --views capture -o a.loop3d --preset draft --quiet";

/// A case: name, what is done to a good capture, words after [`FIT`], exit code, parts of the message.
type Case = (&'static str, fn(&Folder), &'static str, i32, &'static [&'static str]);

fn good(_: &Folder) {}

fn videos(folder: &Folder, bytes: &[u8]) {
    fs::create_dir(folder.path("capture/videos")).unwrap();
    for view in 0..VIEWS {
        fs::write(folder.path(&format!("capture/videos/v{view}.mp4")), bytes).unwrap();
    }
}

const CASES: &[Case] = &[
    ("no folder", good, "--views none", 2, &["none: no such directory"]),
    (
        "empty folder",
        |folder| {
            fs::remove_dir_all(folder.path("capture")).unwrap();
            fs::create_dir(folder.path("capture")).unwrap();
        },
        "",
        2,
        &["no camera poses found; looked for poses_bounds.npy (llff)"],
    ),
    (
        "no poses",
        |folder| fs::remove_file(folder.path("capture/poses_bounds.npy")).unwrap(),
        "",
        2,
        &["no camera poses found; looked for poses_bounds.npy (llff)"],
    ),
    (
        "no views",
        |folder| fs::remove_dir_all(folder.path("capture/frames")).unwrap(),
        "",
        2,
        &["capture: no views found; expected videos/"],
    ),
    (
        "counts differ",
        |folder| fs::remove_dir_all(folder.path("capture/frames/v2")).unwrap(),
        "",
        2,
        &["poses_bounds.npy: holds 4 poses, ", "frames holds 3 views"],
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
        2,
        &["poses_bounds.npy: holds 1 pose(s); expected at least 2"],
    ),
    (
        "unreadable clip",
        |folder| fs::write(folder.path("capture/frames/v1/03.png"), "words").unwrap(),
        "",
        2,
        &["v1/03.png: unreadable: "],
    ),
    (
        "truncated frame",
        |folder| {
            let file = folder.path("capture/frames/v2/05.png");
            let bytes = fs::read(&file).unwrap();
            fs::write(&file, &bytes[..bytes.len() / 2]).unwrap();
        },
        "",
        2,
        &["v2/05.png: unreadable: "],
    ),
    ("unreadable video", |folder| videos(folder, b"words"), "", 2, &["v0.mp4: unreadable: "]),
    ("empty video", |folder| videos(folder, b""), "", 2, &["v0.mp4: empty; expected a clip of at least one frame"]),
    (
        "empty clip",
        |folder| {
            fs::remove_dir_all(folder.path("capture/frames/v3")).unwrap();
            fs::create_dir(folder.path("capture/frames/v3")).unwrap();
        },
        "",
        2,
        &["frames/v3: empty; expected a clip of at least one frame"],
    ),
    ("sizes differ", |folder| folder.pose(9, 64.0), "", 2, &["v1: 48×32 pixels; expected 64×32, the size in poses_"]),
    ("focal NaN", |folder| folder.pose(14, f64::NAN), "", 2, &["poses_bounds.npy: row 1: focal length NaN; expected"]),
    ("focal zero", |folder| folder.pose(14, 0.0), "", 2, &["row 1: focal length 0; expected"]),
    ("no rotation", |folder| folder.pose(1, 0.5), "", 2, &["row 1: a matrix that is no rotation"]),
    (
        "near beyond far",
        |folder| folder.pose(15, 9.0),
        "",
        2,
        &["row 1: depth bounds near 9, far 8; expected 0 < near < far"],
    ),
    ("hold-out", good, "--hold-out 1,4", 2, &["--hold-out names view 4, but the capture has views 0 to 3"]),
    ("all held out", good, "--hold-out 0,1,2,3", 2, &["0 training view(s) left after holding out 4 of 4"]),
    ("one left", good, "--hold-out 0,1,2,2", 2, &["1 training view(s) left after holding out 3 of 4"]),
    ("lead held out", good, "--hold-out 1 --lead 1", 2, &["--lead names view 1, which is held out"]),
    ("no number", good, "--hold-out x", 2, &["invalid value 'x' for '--hold-out"]),
    ("frames", good, "--frames 0", 2, &["--frames is 0; expected 1 to 4096"]),
    ("planes", good, "--planes 1", 2, &["expected `auto` or a number from 2 to 256"]),
    ("nothing to resume", good, "--resume", 2, &["a.loop3d.resume: no such checkpoint"]),
    (
        "no checkpoint",
        |folder| fs::write(folder.path("a.loop3d.resume"), "words").unwrap(),
        "--resume",
        2,
        &["a.loop3d.resume: this build cannot resume from this checkpoint"],
    ),
    (
        "memory",
        |folder| {
            let size = (60_000, 60_000);
            folder.poses(&[0.0, 0.1, 0.2, 0.3].map(|x| row(x, size)));
            (0..VIEWS).for_each(|view| empty_png(&folder.path(&format!("capture/frames/v{view}/00.png")), size));
        },
        "",
        1,
        &["this fit needs about ", " MiB are free; shrink the images (--max-height or --factor)"],
    ),
];

#[test]
fn a_fit_of_bad_input_says_what_is_wrong_and_leaves_an_older_scene_as_it_is() {
    for (name, spoil, words, code, parts) in CASES {
        let folder = Folder::new(8);
        spoil(&folder);
        fs::write(folder.path("a.loop3d"), "older").unwrap();
        let before = folder.names();
        let words =
            if words.contains("--views") { FIT.replace("--views capture", words) } else { format!("{FIT} {words}") };
        let ended = folder.run(&words);
        ended.said(*code, parts);
        assert!(ended.stdout.is_empty(), "{name}");
        assert_eq!((folder.bytes("a.loop3d"), folder.names()), (b"older".to_vec(), before), "{name}");
    }
}

#[test]
fn targets_that_cannot_be_written_are_told_before_the_work() {
    let folder = Folder::new(8);
    fs::write(folder.path("file"), "x").unwrap();
    fs::create_dir(folder.path("folder")).unwrap();
    let before = folder.names();
    let mut targets = vec![
        ("folder", "folder: is a folder; expected a file"),
        ("none/a.loop3d", "none: no such folder"),
        ("file/a.loop3d", "file: no such folder"),
    ];
    if cfg!(target_os = "linux") {
        targets.push(("/proc/a.loop3d", "/proc/a.loop3d: cannot be written: "));
        targets.push(("/dev/full", "/dev/full: is no regular file; expected a file"));
    }
    for (target, said) in targets {
        folder.run(&format!("fit --views capture --quiet -o {target}")).said(2, &[said]);
    }
    assert_eq!(folder.names(), before);
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
    let mut command = folder.command(FIT);
    Ended::of(command.env("PATH", folder.path("none"))).said(1, &["ffprobe was not found", "apt-get install ffmpeg"]);
    let mut command = folder.command("sample garden");
    Ended::of(command.env("PATH", folder.path("none"))).said(1, &["cannot run ffmpeg", "apt install ffmpeg"]);
    assert_eq!(folder.names(), ["capture"]);
}

#[test]
fn scenes_that_are_none_are_refused_by_every_verb_that_reads_them() {
    let folder = Folder::new(1);
    folder.done("fit --views capture -o a.loop3d --preset draft --planes 4 --quiet");
    let whole = folder.bytes("a.loop3d");
    let newer = {
        let mut bytes = whole.clone();
        let (old, new) = (br#"\"format\":1,"#, br#"\"format\":9,"#);
        let at = bytes.windows(old.len()).position(|part| part == old).expect("the format's number");
        bytes[at..at + new.len()].copy_from_slice(new);
        bytes
    };
    let mut flipped = whole.clone();
    flipped[whole.len() - 1] ^= 1;
    let cut = whole[..whole.len() / 2].to_vec();
    fs::write(folder.path("old.mp4"), "older").unwrap();
    for (bytes, said) in [
        (b"words, only words".to_vec(), "not a scene file"),
        (cut, "b.loop3d: "),
        (flipped, "b.loop3d: "),
        (newer, "format 9; this build reads up to 1"),
    ] {
        fs::write(folder.path("b.loop3d"), bytes).unwrap();
        for words in ["info b.loop3d", "eval b.loop3d --views capture", "render b.loop3d -o old.mp4"] {
            folder.run(words).said(2, &["error: b.loop3d: ", said]);
        }
    }
    folder.run("info none.loop3d").said(2, &["none.loop3d: cannot be read"]);
    assert_eq!(folder.bytes("old.mp4"), b"older");

    folder.run("eval a.loop3d --views capture").said(2, &["a.loop3d: no view was held out; say which"]);
    folder
        .run("eval a.loop3d --views capture --view 7")
        .said(2, &["--view names view 7, but a.loop3d has views 0 to 3"]);
    let two = "eval a.loop3d --views capture --view 0,1 --truth capture/frames/v0";
    folder.run(two).said(2, &["--truth is the clip of one view, found 2"]);
    fs::rename(folder.path("capture/frames/v2"), folder.path("capture/frames/w")).unwrap();
    let renamed = "found the views v0, v1, v3, w, expected `v2` of a.loop3d among them";
    folder.run("eval a.loop3d --views capture --view 2").said(2, &[renamed]);
}

#[test]
fn samples_are_not_written_over_anything_else() {
    let folder = Folder::new(1);
    folder.run("sample capture").said(2, &["capture: found a folder that is not empty and holds no earlier sample"]);
    folder.run("sample garden --width 63 --height 216").said(2, &["found 63x216 pixels, expected even numbers"]);
    assert_eq!(folder.names(), ["capture"]);
}

#[test]
fn every_verb_has_help_with_an_example() {
    let folder = Folder::new(1);
    for verb in ["sample", "fit", "eval", "render", "info"] {
        let help = folder.done(&format!("{verb} --help")).stdout;
        assert!(help.contains("Example") && help.contains(&format!("loop3d {verb} ")), "{help}");
    }
    folder.run("").said(2, &["Usage: loop3d <COMMAND>"]);
    folder.run("dance").said(2, &["unrecognized subcommand 'dance'"]);
}
