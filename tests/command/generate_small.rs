//! The small model: words to clips with the weights of the program, its training, and bad input.

use crate::support::{Ended, Folder};
use serde_json::Value;
use std::fs;

const WORDS: &str = "a red flag waving on grass";

fn generate(folder: &Folder, words: &str, prompt: &str) -> Ended {
    Ended::of(folder.command(&format!("generate {words}")).arg(prompt))
}

fn clip(folder: &Folder, name: &str, camera: usize) -> Vec<u8> {
    folder.bytes(&format!("{name}/f24_aperture5/scene1/videos/cam{camera:02}.mp4"))
}

#[test]
fn words_become_clips_of_all_cameras() {
    let folder = Folder::new(0);
    let words = "--cameras 3 --frames 4 --quiet";
    let ended = generate(&folder, &format!("{words} -o flag"), WORDS);
    assert_eq!((ended.code, ended.stderr.as_str()), (Some(0), ""));
    let record: Value = serde_json::from_slice(&folder.bytes("flag/generate.json")).unwrap();
    let small = &record["small"];
    assert_eq!((&small["caption"], &small["frames"], &small["size"]), (&WORDS.into(), &4.into(), &[64, 64].into()));
    let views = record["views"].as_array().unwrap();
    assert_eq!(views.len(), 3);
    for view in views {
        assert_eq!((&view["size"], &view["frames"]), (&[64, 64].into(), &4.into()));
    }
    // Each camera sees something else; the same words and seed are the same clips, another seed others.
    let first = clip(&folder, "flag", 1);
    assert!(first != clip(&folder, "flag", 2) && clip(&folder, "flag", 2) != clip(&folder, "flag", 3));
    assert_eq!(generate(&folder, &format!("{words} -o again"), WORDS).code, Some(0));
    assert!((1..=3).all(|camera| clip(&folder, "again", camera) == clip(&folder, "flag", camera)));
    assert_eq!(generate(&folder, &format!("{words} -o other --seed 3"), WORDS).code, Some(0));
    assert!(first != clip(&folder, "other", 1));
    // A capture that `measure` and `fit` take.
    let measured = folder.done("measure flag/f24_aperture5/scene1 --json --quiet").stdout;
    let measured: Value = serde_json::from_str(&measured).unwrap();
    assert_eq!(measured["clips"].as_array().map(Vec::len), Some(3));
}

#[test]
fn what_the_model_does_not_know_is_said() {
    let folder = Folder::new(0);
    let said = |words: &str, prompt: &str, code: i32, parts: &[&str]| {
        generate(&folder, &format!("{words} -o clips"), prompt).said(code, parts);
        assert!(!folder.path("clips").exists());
    };
    said("", "a red dragon on grass", 2, &["unknown word \"dragon\"", "the nearest known word is", "Known words:"]);
    said("", "on grass", 2, &["found nothing that moves"]);
    said("", " ", 2, &["the words are empty"]);
    said("--frames 5", WORDS, 2, &["--frames: found 5, expected an even number from 2 to 64"]);
    said("--size 832x480", WORDS, 2, &["--size: found 832x480; the small model makes 64x64"]);
    // A rig wider than the training's is noted.
    let wide = generate(&folder, "--rig arc --cameras 3 --spread 80 --frames 2 -o wide", WORDS);
    assert_eq!(wide.code, Some(0), "{}", wide.stderr);
    let note = "note: cameras are up to 40° from the first one, and the model was trained up to";
    assert!(wide.stderr.contains(note), "{}", wide.stderr);
}

#[test]
fn masks_and_arrows_change_what_moves() {
    let folder = Folder::new(0);
    let picture = |name: &str, [width, height]: [u32; 2], inside: fn(u32, u32) -> bool| {
        let rgb = (0..width * height).flat_map(|i| [if inside(i % width, i / width) { 255 } else { 0 }; 3]);
        image::RgbImage::from_raw(width, height, rgb.collect()).unwrap().save(folder.path(name)).unwrap();
    };
    picture("mask.png", [128, 128], |x, y| (20..60).contains(&x) && (40..80).contains(&y));
    picture("wide.png", [128, 64], |_, _| true);
    picture("none.png", [64, 64], |_, _| false);
    fs::write(folder.path("arrow.json"), r#"{"points": [[40, 60], [80, 60]]}"#).unwrap();
    let words = "--cameras 2 --frames 4 --quiet";
    let made = |name: &str, more: &str| {
        let ended = generate(&folder, &format!("{words} -o {name} {more}"), WORDS);
        assert_eq!((ended.code, ended.stderr.as_str()), (Some(0), ""), "{name}");
        [1, 2].map(|camera| clip(&folder, name, camera))
    };
    let still = made("still", "");
    let moved = made("moved", "--move mask.png:arrow.json");
    assert!((0..2).all(|view| moved[view] != still[view]));
    // An arrow in words is the same arrow; the background is another matter.
    assert_eq!(made("words", "--move mask.png:40,60;80,60"), moved);
    assert_ne!(made("frozen", "--move mask.png:arrow.json --background frozen"), moved);
    let record: Value = serde_json::from_slice(&folder.bytes("frozen/generate.json")).unwrap();
    assert_eq!(record["small"]["moves"], serde_json::json!([{"mask": "mask.png", "arrow": "arrow.json"}]));
    assert_eq!(record["small"]["background"], -1e4);

    let said = |words: &str, code: i32, parts: &[&str]| {
        generate(&folder, &format!("--frames 4 -o clips {words}"), WORDS).said(code, parts);
        assert!(!folder.path("clips").exists());
    };
    said("--move wide.png:arrow.json", 65, &["wide.png: a mask of 128×64, and the picture is 64×64"]);
    said("--move none.png:arrow.json", 65, &["none.png: found no pixel inside"]);
    said("--move all:70,5;20,5", 65, &["begins at 70, 5, outside of the picture of 64×64"]);
    said("--move all:20,5;20,5", 65, &["an arrow of 0.00 pixels"]);
    said("--move mask.png:gone.json", 65, &["gone.json"]);
    said("--move mask.png", 2, &["expected MASK:ARROW"]);
    said("--move mask.png:arrow.json --background 3", 2, &["expected free, damped, frozen"]);
    said("--background frozen", 2, &["--move"]);
    let both = generate(&folder, "--frames 2 -o two --cameras 1 --move mask.png:arrow.json --move all:1,1;9,1", WORDS);
    assert!(
        both.stderr.contains("note: masks 1 (mask.png) and 2 (all) overlap; where they do, the second one is in front"),
        "{}",
        both.stderr
    );
}

/// A stage of a very short training.
fn train(folder: &Folder, words: &str) -> Ended {
    folder.run(&format!("generate-train -o small --steps 2 --batch 4 --measured 1 --quiet {words}"))
}

#[test]
fn a_model_is_trained_and_used() {
    let folder = Folder::new(0);
    for stage in ["vae", "lift", "clips"] {
        let ended = train(&folder, &format!("--stage {stage}"));
        assert_eq!((ended.code, ended.stderr.as_str()), (Some(0), ""), "{stage}");
        let log = String::from_utf8(folder.bytes(&format!("small/{stage}.log.jsonl"))).unwrap();
        let last: Value = serde_json::from_str(log.lines().last().unwrap()).unwrap();
        assert_eq!(last["step"], 2.0);
    }
    let ended = generate(&folder, "--model small --cameras 2 --frames 2 --quiet -o clips", WORDS);
    assert_eq!((ended.code, ended.stderr.as_str()), (Some(0), ""));
    assert!(!clip(&folder, "clips", 2).is_empty());

    // A number that changed.
    let path = folder.path("small/dit.safetensors");
    let mut bytes = fs::read(&path).unwrap();
    *bytes.last_mut().unwrap() ^= 1;
    fs::write(&path, bytes).unwrap();
    generate(&folder, "--model small -o damaged", WORDS).said(65, &["dit.safetensors: damaged"]);
    // Weights of something else.
    fs::write(&path, "hello").unwrap();
    generate(&folder, "--model small -o damaged", WORDS).said(65, &["dit.safetensors: not weights of the small model"]);
}

#[test]
fn a_training_says_what_is_wrong() {
    let folder = Folder::new(0);
    train(&folder, "--stage lift --minutes 0").said(2, &["--minutes: found 0, expected more than 0"]);
    train(&folder, "--stage lift --steps 0").said(2, &["--steps"]);
    train(&folder, "--stage lift --resume").said(2, &["small/lift.checkpoint.safetensors: no such checkpoint"]);
    train(&folder, "--stage stills").said(65, &["small/vae.safetensors", "expected weights of an earlier stage"]);
    // A checkpoint is not overwritten by mistake.
    fs::create_dir_all(folder.path("small")).unwrap();
    fs::write(folder.path("small/lift.checkpoint.safetensors"), "old").unwrap();
    train(&folder, "--stage lift").said(2, &["an unfinished training; pass --resume to go on with it"]);
    train(&folder, "--stage lift --resume").said(65, &["not a checkpoint that can be read"]);
    assert_eq!(folder.bytes("small/lift.checkpoint.safetensors"), b"old");
}
