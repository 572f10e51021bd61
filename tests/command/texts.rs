//! Every text that a user reads in one place: `texts/help.txt` has the help of each command, `texts/errors.txt` what bad input
//! says and how it ends. A change of wording shows up there as a change of a file.

use crate::bad_input::{self, CASES, not_scenes};
use crate::support::{COMMANDS, Ended, Folder, VIEWS};
use std::fmt::Write;
use std::fs;
use std::path::Path;

/// Set to anything, the tests write the files instead of comparing them.
const WRITE: &str = "LOOP3D_WRITE_TEXTS";

/// Compares a text with its file.
fn compare(name: &str, text: &str) {
    let file = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/command/texts").join(name);
    if std::env::var_os(WRITE).is_some() {
        return fs::write(file, text).unwrap();
    }
    let recorded = fs::read_to_string(&file).unwrap_or_default();
    let first = recorded.lines().zip(text.lines()).position(|(a, b)| a != b);
    let line = first.unwrap_or_else(|| recorded.lines().count().min(text.lines().count()));
    assert!(
        recorded == text,
        "line {} of tests/command/texts/{name} differs from what the command prints now:\n  recorded: {}\n  now:      {}\n\
         If the new wording is right, run `{WRITE}=1 cargo test --test command texts` and commit the file.",
        line + 1,
        recorded.lines().nth(line).unwrap_or("(nothing)"),
        text.lines().nth(line).unwrap_or("(nothing)"),
    );
}

#[test]
fn the_help_of_every_command_is_as_recorded() {
    let folder = Folder::new(0);
    let mut text = String::new();
    for words in std::iter::once("--help".to_owned()).chain(COMMANDS.iter().map(|name| format!("{name} --help"))) {
        let help = folder.done(&words).stdout;
        writeln!(text, "$ loop3d {words}\n{}\n", help.trim_end()).unwrap();
    }
    compare("help.txt", &text);
}

/// What a user reads after a command that failed, without what differs from machine to machine.
fn section(name: &str, words: &str, ended: &Ended, folder: &Folder) -> String {
    let place = folder.path("").display().to_string();
    let said = format!("{}{}", ended.stdout, ended.stderr).replace(place.trim_end_matches('/'), "FOLDER");
    // Free memory, and what ffmpeg and ffprobe say in their own words.
    let said = match name {
        "memory" => without_numbers(&said),
        "unreadable video" | "measure: another kind of file" | "loop: not a clip" => {
            said.lines().map(without_cause).collect::<Vec<_>>().join("\n")
        }
        _ => said,
    };
    let code = ended.code.map_or("none".to_owned(), |code| code.to_string());
    format!("# {name}\n$ loop3d {words}\n{}\nexit code {code}\n\n", said.trim_end())
}

/// A line without what a decoder says after "unreadable: ".
fn without_cause(line: &str) -> String {
    let known = "unreadable: ";
    line.find(known).map_or(line.to_owned(), |at| format!("{}…", &line[..at + known.len()]))
}

/// A text with `N` for each number.
fn without_numbers(text: &str) -> String {
    let mut short = String::new();
    for c in text.chars() {
        match c {
            '0'..='9' if short.ends_with('N') => {}
            '0'..='9' => short.push('N'),
            other => short.push(other),
        }
    }
    short
}

/// Other bad input, in a folder with a capture of stills, the scene `a.loop3d` fitted to it and the files of [`prepare`]: name, arguments.
const OTHERS: &[(&str, &str)] = &[
    ("no such command", "dance"),
    ("loop: no clip", "loop none.mp4 -o a.mp4"),
    ("loop: no output", "loop capture/frames/v0"),
    ("loop: unknown kind of output", "loop capture/frames/v0 -o a.avi"),
    ("loop: output in no folder", "loop capture/frames/v0 -o none/a.mp4"),
    ("loop: length", "loop capture/frames/v0 -o a.mp4 --seconds never"),
    ("loop: ends before it starts", "loop capture/frames/v0 -o a.mp4 --start 2 --end 1"),
    ("loop: starts after the end", "loop capture/frames/v0 -o a.mp4 --start 2 --quiet"),
    ("loop: quality", "loop capture/frames/v0 -o a.mp4 --crf 52"),
    ("loop: comparison in a folder in use", "loop capture/frames/v0 -o a.mp4 --compare capture"),
    ("loop: not a clip", "loop words.txt -o a.mp4 --quiet"),
    ("fit: no capture named", "fit"),
    ("fit: no name to derive", "fit --views /"),
    ("fit: output is a folder", "fit --views capture -o folder"),
    ("fit: output in no folder", "fit --views capture -o none/a.loop3d"),
    ("fit: output is a device", "fit --views capture -o /dev/full"),
    ("fit: no threads", "fit --views capture --threads 0"),
    ("fit: unknown preset", "fit --views capture --preset best"),
    ("fit: unknown device", "fit --views capture --device abacus"),
    ("fit: unknown layout", "fit --views capture --layout atlas"),
    ("fit: near plane", "fit --views capture --near-factor=-1"),
    ("fit: far plane", "fit --views capture --far-factor 0.1"),
    ("fit: factor", "fit --views capture --factor 0"),
    ("fit: unknown camera", "fit --views capture --cameras nobody --quiet"),
    ("fit: starts after the end", "fit --views capture --start 9 --quiet"),
    ("fit: one camera", "fit --views capture --cameras v0 --quiet"),
    ("fit: negative rate", "fit --views capture --fps=-1 --quiet"),
    ("fit: preview is a file", "fit --views capture -o b.loop3d --preview words.txt --quiet"),
    ("eval: no scene", "eval none.loop3d --views capture"),
    ("eval: nothing held out", "eval a.loop3d --views capture"),
    ("eval: no such view", "eval a.loop3d --views capture --view 7"),
    ("eval: one clip for two views", "eval a.loop3d --views capture --view 0,1 --truth capture/frames/v0"),
    ("eval: no such clip", "eval a.loop3d --views capture --view 0 --truth none.mp4 --quiet"),
    ("eval: another capture", "eval a.loop3d --views other --view 0"),
    ("report: kind of file", "report a.loop3d -o a.pdf"),
    ("report: output in no folder", "report a.loop3d -o none/a.html"),
    ("report: no scene", "report none.loop3d -o a.html"),
    ("report: nothing held out", "report a.loop3d --views capture -o a.html"),
    ("report: a view of no capture", "report a.loop3d --view 1 -o a.html"),
    ("report: a rate of no capture", "report a.loop3d --fps 25 -o a.html"),
    ("report: another capture", "report a.loop3d --views other --view 0 -o a.html"),
    ("render: unknown kind of video", "render a.loop3d -o a.avi"),
    ("render: odd size", "render a.loop3d -o a.mp4 --size 63x48"),
    ("render: size", "render a.loop3d -o a.mp4 --size 0x10"),
    ("render: quality", "render a.loop3d -o a.mp4 --crf 99"),
    ("render: no such view", "render a.loop3d -o seen --path view:9"),
    ("render: view is not a number", "render a.loop3d -o seen --path view:x"),
    ("render: rate", "render a.loop3d -o seen --fps 0"),
    ("render: no such kind of path", "render a.loop3d -o seen --path spiraal"),
    ("render: no path file", "render a.loop3d -o seen --path none.json"),
    ("render: path is not JSON", "render a.loop3d -o seen --path words.txt"),
    ("render: path without direction", "render a.loop3d -o seen --path stuck.json"),
    ("render: folder in use", "render a.loop3d -o capture"),
    ("render: output in no folder", "render a.loop3d -o none/seen"),
    ("view: no such scene", "view none.loop3d"),
    ("view: camera", "view a.loop3d --camera left"),
    ("view: no such view", "view a.loop3d --camera view:9"),
    ("view: time", "view a.loop3d --time nan"),
    ("view: unknown backend", "view a.loop3d --backend abacus"),
    ("view: screenshot", "view a.loop3d --screenshot a.jpg"),
    ("export: kind of file", "export a.loop3d -o a.zip"),
    ("export: a file for a folder", "export a.loop3d -o a.glb --format videoloop3d"),
    ("export: no size", "export a.loop3d -o a.glb --max-mb=-1"),
    ("export: output in no folder", "export a.loop3d -o none/a.glb"),
    ("export: unknown codec", "export a.loop3d -o a.glb --codec mpeg2"),
    ("export: quality", "export a.loop3d -o a.glb --quality 101"),
    ("export: no scene", "export capture -o a.glb"),
    ("export: folder in use", "export a.loop3d -o capture --format videoloop3d --quiet"),
    ("import: another folder", "import capture --quiet"),
    ("import: no folder", "import none --quiet"),
    ("import: no name to derive", "import /"),
    ("serve: nothing there", "serve none.glb"),
    ("serve: folder without packages", "serve capture"),
    ("info: no scene", "info none.loop3d"),
    ("info: a folder", "info capture"),
    ("info: a foreign glTF file", "info foreign.glb"),
    ("sample: folder in use", "sample capture"),
    ("sample: odd size", "sample garden --width 63 --height 216"),
    ("sample: no frames", "sample garden --frames 0"),
    ("sample: unknown layout", "sample garden --layout atlas"),
    ("sample: unknown word in a scene", "sample garden --scene fleg"),
    ("sample: nothing moves in a scene", "sample garden --scene red"),
    ("sample: one view of a scene", "sample garden --scene flag --views 1"),
    ("sample: depth of the garden", "sample garden --depth"),
    ("prepare: no clips", "prepare none -o made --quiet"),
    ("prepare: one clip", "prepare one -o made --quiet"),
    ("prepare: folder in use", "prepare capture/frames -o capture --quiet"),
    ("doctor: drawing", "doctor capture --picture a.jpg"),
    ("doctor: no capture", "doctor none --quiet"),
    ("doctor: no poses", "doctor folder --quiet"),
    ("generate: nothing to do", "generate fire"),
    ("generate: no folder", "generate fire --engine http://localhost:1"),
    ("generate: nothing to say", "generate --engine http://localhost:1 -o made"),
    ("generate: not a field", "generate fire --engine http://localhost:1 -o made --engine-field steps"),
    ("generate: a service has no rig", "generate fire --engine http://localhost:1 -o made --rig arc"),
    ("generate: a seed without words", "generate --draw-rig rig.png --seed 1"),
    ("generate: steps without weights", "generate fire --engine http://localhost:1 -o made --steps 5"),
    ("generate: weights and a service", "generate fire --engine http://localhost:1 -o made --model weights"),
    ("generate: a list and a drawing", "generate --list-weights folder --draw-rig rig.png"),
    ("generate: kind of drawing", "generate --draw-rig rig.jpg"),
    ("generate: drawing in no folder", "generate --draw-rig none/rig.png"),
    ("generate: misspelt rig", "generate --draw-rig rig.png --rig grit"),
    ("generate: rig of another file", "generate --draw-rig rig.png --rig words.txt"),
    ("generate: number of cameras", "generate --draw-rig rig.png --cameras 10"),
    ("generate: spread", "generate --draw-rig rig.png --rig arc --spread 0"),
    ("generate: distance", "generate --draw-rig rig.png --distance nan"),
    ("generate: cameras in one place", "generate --draw-rig rig.png --rig pair --spread 0.01"),
    ("measure: no clips named", "measure"),
    ("measure: nothing there", "measure none.mp4"),
    ("measure: folder without clips", "measure folder"),
    ("measure: another kind of file", "measure words.txt --quiet"),
    ("measure: against another number", "measure capture --against capture/frames/v0 --quiet"),
    ("measure: against another size", "measure capture/frames/v0 --against small.png --quiet"),
];

/// Puts the files beside the capture that [`OTHERS`] name.
fn prepare(folder: &Folder) {
    for name in ["folder", "other", "one", "other/frames"] {
        fs::create_dir_all(folder.path(name)).unwrap();
    }
    fs::write(folder.path("words.txt"), "words, only words").unwrap();
    image::RgbImage::new(8, 6).save(folder.path("small.png")).unwrap();
    let still = r#"{"time_s": 0, "position": [0, 0, 0], "look_at": [0, 0, 0]}"#;
    fs::write(folder.path("stuck.json"), format!(r#"{{"keyframes": [{still}]}}"#)).unwrap();
    fs::write(folder.path("foreign.glb"), b"glTF\x02\0\0\0\x14\0\0\0\0\0\0\0JSON").unwrap();
    fs::write(folder.path("one/clip.mp4"), "").unwrap();
    fs::copy(folder.path("capture/poses_bounds.npy"), folder.path("other/poses_bounds.npy")).unwrap();
    for view in 0..VIEWS {
        let (from, to) = (format!("capture/frames/v{view}"), format!("other/frames/w{view}"));
        fs::create_dir_all(folder.path(&to)).unwrap();
        fs::copy(folder.path(&format!("{from}/00.png")), folder.path(&format!("{to}/00.png"))).unwrap();
    }
}

#[test]
fn every_error_is_as_recorded() {
    let mut text = String::new();
    for (name, spoil, words, ..) in CASES {
        let folder = Folder::new(8);
        spoil(&folder);
        let words = bad_input::command(words);
        text += &section(name, &words, &folder.run(&words), &folder);
    }
    let folder = Folder::new(1);
    folder.done("fit --views capture -o a.loop3d --preset draft --planes 4 --quiet");
    prepare(&folder);
    for (name, words) in OTHERS {
        text += &section(name, words, &folder.run(words), &folder);
    }
    for (name, bytes) in not_scenes(&folder.bytes("a.loop3d")) {
        fs::write(folder.path("b.loop3d"), bytes).unwrap();
        text += &section(&format!("info: {name}"), "info b.loop3d", &folder.run("info b.loop3d"), &folder);
    }
    // A package without looping tiles needs no ffmpeg; tests/command/package.rs exports one that does.
    for words in ["sample garden", "render a.loop3d -o a.mp4"] {
        let ended = Ended::of(folder.command(&format!("{words} --quiet")).env("PATH", folder.path("none")));
        text += &section("without ffmpeg", &format!("{words} --quiet"), &ended, &folder);
    }
    assert!(text.matches("\nexit code ").count() >= 90 && !text.contains("exit code 0\n"), "{text}");
    compare("errors.txt", &text);
}
