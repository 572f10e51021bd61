//! Clips from a folder of weights: the reference data's small model through the command, to a scene; stopped runs; bad input.

#[path = "../../generator/tests/parity/sums.rs"]
mod sums;

use self::golden as golden_path;
use crate::support::{Ended, Folder};
use loop3d_media::{Encoder, Encoding, Ffmpeg, Purpose};
use loop3d_torch::weights::{Safetensors, TensorSource};
use serde_json::Value;
use std::path::{Path, PathBuf};
use std::process::Stdio;
use std::time::{Duration, Instant};
use std::{env, fs, thread};

/// Where the parts of the reference data go in a folder of weights.
const PARTS: [(&str, &str); 5] = [
    ("syncam_dit/weights.safetensors", "diffusion_pytorch_model.safetensors"),
    ("syncam_dit/config.json", "config.json"),
    ("umt5/weights.safetensors", "models_t5_umt5-xxl-enc-bf16.safetensors"),
    ("wan_vae/weights.safetensors", "Wan2.1_VAE.safetensors"),
    ("tokenizer/tokenizer.json", "google/umt5-xxl/tokenizer.json"),
];
const SMALL: &str = "--size 96x64 --frames 9 --steps 2 --dtype f32 --device cpu --threads 1";

/// A file of the reference data.
fn golden(name: &str) -> PathBuf {
    let folder = env::var_os("LOOP3D_GOLDEN").map(PathBuf::from);
    let own = || Path::new(env!("CARGO_MANIFEST_DIR")).join("generator/tests/parity/data");
    folder.unwrap_or_else(own).join(name)
}

fn json(name: &str) -> Value {
    serde_json::from_slice(&fs::read(golden(name)).unwrap()).unwrap()
}

/// A folder with `weights/`, a whole model.
fn with_weights() -> Folder {
    let folder = Folder::new(0);
    fs::create_dir_all(folder.path("weights/google/umt5-xxl")).unwrap();
    for (from, to) in PARTS {
        fs::copy(golden(from), folder.path("weights").join(to)).unwrap();
    }
    folder
}

/// The command, with contexts cached in the folder.
fn command(folder: &Folder, words: &str, prompt: &str) -> std::process::Command {
    let mut command = folder.command(&format!("generate {words}"));
    command.arg(prompt).env("XDG_CACHE_HOME", folder.path("cache"));
    command
}

fn generate(folder: &Folder, words: &str) -> Ended {
    Ended::of(&mut command(folder, words, "a campfire"))
}

#[track_caller]
fn generated(folder: &Folder, words: &str) -> Ended {
    let ended = generate(folder, words);
    assert_eq!(ended.code, Some(0), "{}", ended.stderr);
    ended
}

/// The clip of a camera.
fn clip(folder: &Folder, name: &str, camera: usize) -> Vec<u8> {
    folder.bytes(&format!("{name}/f24_aperture5/scene1/videos/cam{camera:02}.mp4"))
}

/// The rig of the reference run: two cameras of the released file.
fn released_pair(folder: &Folder) {
    let cameras = json("cameras/camera_extrinsics.json");
    let pair =
        serde_json::json!({ "frame0": { "cam01": cameras["frame0"]["cam01"], "cam03": cameras["frame0"]["cam03"] } });
    fs::write(folder.path("pair.json"), pair.to_string()).unwrap();
}

/// Whether two files of one encoder show the same, but for what it makes of single levels.
fn nearly(folder: &Folder, a: &[u8], b: &[u8]) -> bool {
    let [a, b] = [a, b].map(|bytes| {
        fs::write(folder.path("compared.mp4"), bytes).unwrap();
        loop3d_media::read_clip(&folder.path("compared.mp4")).unwrap().0
    });
    let off = |(a, b): (&u8, &u8)| f64::from(a.abs_diff(*b)).powi(2);
    a.rgb.len() == b.rgb.len() && a.rgb.iter().zip(&b.rgb).map(off).sum::<f64>() / (a.rgb.len() as f64) < 0.5
}

#[test]
fn two_views_are_those_of_the_published_code() {
    let folder = with_weights();
    released_pair(&folder);
    let config = json("syncam_pipeline/config.json");
    let number = |name: &str| config[name].as_f64().unwrap();
    let words = format!(
        "--model weights -o clips --rig pair.json --size {}x{} --frames {} --steps {} --guidance {} --shift {} --seed {} \
         --dtype f32 --device cpu --threads 1 --quiet",
        number("width"),
        number("height"),
        number("num_frames"),
        number("steps"),
        number("cfg_scale"),
        number("shift"),
        number("seed"),
    );
    let prompt = config["prompt"].as_str().unwrap();
    let run = |words: &str| {
        let ended = Ended::of(&mut command(&folder, words, prompt));
        assert_eq!((ended.code, ended.stderr.as_str()), (Some(0), ""));
    };
    run(&words);
    // The same frames in the same encoder: any other level of any pixel would be another file.
    let file = Safetensors::open(&golden("syncam_pipeline/f32_2steps.safetensors")).unwrap();
    let expected = file.load("frames_u8").unwrap();
    let size = expected.size();
    let (count, frame) = (size[1] as usize, (size[2] * size[3] * 3) as usize);
    for view in 0..size[0] {
        let mut rgb = vec![0u8; count * frame];
        expected.get(view).copy_data(&mut rgb, count * frame);
        let encoding = Encoding { size: (size[3] as u32, size[2] as u32), fps: 16.0, purpose: Purpose::Footage };
        let encode = |rgb: &[u8]| {
            let mut encoder = Encoder::start(&Ffmpeg::default(), &folder.path("expected.mp4"), &encoding).unwrap();
            rgb.chunks(frame).for_each(|frame| encoder.frame(frame).unwrap());
            encoder.finish().unwrap();
            folder.bytes("expected.mp4")
        };
        let made = clip(&folder, "clips", view as usize + 1);
        let truth = encode(&rgb);
        // Where the processor sums in another order, a level may be the next one.
        let is_same = |other: &[u8]| {
            if sums::are_those_of_the_reference() { made == other } else { nearly(&folder, &made, other) }
        };
        assert!(is_same(&truth), "view {view}");
        // Another picture is another file.
        rgb[..frame].iter_mut().for_each(|level| *level ^= 8);
        assert!(!is_same(&encode(&rgb)), "view {view}");
    }
    let record: Value = serde_json::from_slice(&folder.bytes("clips/generate.json")).unwrap();
    assert_eq!((&record["prompt"], &record["model"]["seed"]), (&config["prompt"], &0.into()));
    assert_eq!(record["views"].as_array().map(Vec::len), Some(size[0] as usize));
    assert_eq!(record["model"]["size"], serde_json::json!([size[3], size[2]]));
    assert!(!folder.path("clips.resume").exists());

    // However two views are made, they are the same; from the cache of words, too.
    for how in ["reference", "joint"] {
        run(&format!("{} -o {how} --views-how {how}", words.replace("-o clips", "")));
        assert!(clip(&folder, how, 2) == clip(&folder, "clips", 2), "{how}");
    }
    run(&words.replace("--seed 0", "--seed 1").replace("-o clips", "-o other"));
    assert!(clip(&folder, "other", 2) != clip(&folder, "clips", 2));
}

#[test]
fn words_become_a_scene() {
    let folder = with_weights();
    let words = "--model weights -o fire --rig arc --cameras 4 --spread 10 --fit fire.loop3d --fit-preset draft";
    let small = SMALL.replace("--frames 9", "--frames 17").replace("96x64", "48x32");
    let ended = generated(&folder, &format!("{words} {small}"));
    for part in [
        "TFLOP",
        "memory: about",
        "wrote fire/f24_aperture5/scene1: 4 clips of 48×32, 17 frames at 16 fps",
        "wrote fire.loop3d",
    ] {
        assert!(ended.stderr.contains(part), "{part}: {}", ended.stderr);
    }
    folder.done("render fire.loop3d -o frames --path view:1 --frames 1 --size 48x32 --renderer cpu --quiet");
    let frame = fs::read_dir(folder.path("frames")).unwrap().next().unwrap().unwrap().path();
    assert_eq!(image::open(frame).unwrap().to_rgb8().dimensions(), (48, 32));
    let measured = folder.done("measure fire/f24_aperture5/scene1 --json --quiet").stdout;
    let measured: Value = serde_json::from_str(&measured).unwrap();
    assert_eq!(measured["clips"].as_array().map(Vec::len), Some(4));

    // A loop: four frames for each latent.
    let ended = generated(
        &folder,
        &format!("--model weights -o ring --loop on --rig pair {SMALL} --frames 8").replace("--frames 9 ", ""),
    );
    assert!(ended.stderr.contains("wrote ring/f24_aperture5/scene1: 2 clips of 96×64, 8 frames"), "{}", ended.stderr);
}

#[test]
fn a_run_that_was_killed_goes_on_to_the_same_bytes() {
    let folder = with_weights();
    let words = format!("--model weights --rig arc --cameras 3 {SMALL}").replace("--steps 2", "--steps 12");
    generated(&folder, &format!("{words} -o whole"));
    let mut child =
        command(&folder, &format!("{words} -o killed"), "a campfire").stderr(Stdio::null()).spawn().unwrap();
    let begin = Instant::now();
    while !folder.path("killed.resume").exists() {
        assert!(begin.elapsed() < Duration::from_secs(30));
        thread::sleep(Duration::from_millis(1));
    }
    child.kill().unwrap();
    child.wait().unwrap();
    assert!(folder.path("killed.resume").exists() && !folder.path("killed").exists(), "it was too fast to be killed");
    // Another run does not go on from there.
    generate(&folder, &format!("{words} --seed 5 -o killed"))
        .said(2, &["killed.resume", "settings.seed: 0 there, 5 here"]);
    let ended = generated(&folder, &format!("{words} -o killed"));
    assert!(ended.stderr.contains("continuing from killed.resume"), "{}", ended.stderr);
    for camera in 1..=3 {
        assert!(clip(&folder, "killed", camera) == clip(&folder, "whole", camera), "{camera}");
    }
    assert!(!folder.path("killed.resume").exists());
}

#[test]
#[cfg(unix)]
fn ctrl_c_keeps_the_steps_that_were_made() {
    let folder = with_weights();
    let words = format!("--model weights --rig arc --cameras 3 {SMALL} -o fire").replace("--steps 2", "--steps 1000");
    let mut command = command(&folder, &words, "a campfire");
    let child = command.stderr(Stdio::piped()).spawn().unwrap();
    let begin = Instant::now();
    while !folder.path("fire.resume").exists() {
        assert!(begin.elapsed() < Duration::from_secs(30));
        thread::sleep(Duration::from_millis(5));
    }
    std::process::Command::new("kill").args(["-INT", &child.id().to_string()]).status().unwrap();
    let output = child.wait_with_output().unwrap();
    let stderr = String::from_utf8_lossy(&output.stderr).into_owned();
    assert_eq!(output.status.code(), Some(130), "{stderr}");
    assert!(stderr.contains("stopped; fire was not written; the same command continues from fire.resume"), "{stderr}");
}

#[test]
fn weights_are_listed_with_what_is_missing() {
    let folder = with_weights();
    let listed = folder.done("generate --list-weights weights").stdout;
    for part in [
        "diffusion_pytorch_model.safetensors: a Wan2.1 text-to-video model of width 64 with 2 blocks",
        "view module   not needed",
        "in f32",
        "two views of 832×480, 81 frames",
        "for 50 steps with guidance",
    ] {
        assert!(listed.contains(part), "{part}: {listed}");
    }
    let json: Value = serde_json::from_str(&folder.done("generate --list-weights weights --json").stdout).unwrap();
    assert_eq!((&json["complete"], &json["views"]), (&true.into(), &true.into()));
    assert!(json["run_s"].as_f64().unwrap() > json["pass_s"].as_f64().unwrap());

    fs::remove_file(folder.path("weights/Wan2.1_VAE.safetensors")).unwrap();
    let transformer = folder.path("weights/diffusion_pytorch_model.safetensors");
    let bytes = fs::read(&transformer).unwrap();
    fs::write(&transformer, &bytes[..bytes.len() - 1000]).unwrap();
    let ended = folder.run("generate --list-weights weights");
    ended.said(65, &["not complete"]);
    for part in
        ["missing: Wan2.1_VAE.pth of Wan-AI/Wan2.1-T2V-1.3B (Apache-2.0)", "transformer   unusable: ", "fetch it again"]
    {
        assert!(ended.stdout.contains(part), "{part}: {}", ended.stdout);
    }
    assert!(folder.run("generate --list-weights nowhere").stderr.contains("nowhere: no such folder"));
}

/// Weights in another state than published.
fn damaged(folder: &Folder, name: &str, change: impl Fn(Vec<u8>) -> Vec<u8>) -> impl FnOnce() {
    let file = folder.path("weights").join(name);
    let bytes = fs::read(&file).unwrap();
    fs::write(&file, change(bytes.clone())).unwrap();
    move || fs::write(file, bytes).unwrap()
}

#[test]
fn what_cannot_be_run_is_said_first_and_leaves_nothing() {
    const DIT: &str = "diffusion_pytorch_model.safetensors";
    let folder = with_weights();
    fs::create_dir(folder.path("empty")).unwrap();
    let twice = serde_json::json!({ "frame0": {
        "cam01": "[1 0 0 0] [0 1 0 0] [0 0 1 0] [0 0 0 1] ", "cam02": "[1 0 0 0] [0 1 0 0] [0 0 1 0] [0 0 0 1] "
    } });
    fs::write(folder.path("twice.json"), twice.to_string()).unwrap();
    let before = folder.names();
    let said = |words: &str, code: i32, parts: &[&str]| {
        generate(&folder, &format!("-o fire {words}")).said(code, parts);
        let names: Vec<String> = folder.names().into_iter().filter(|name| name != "cache").collect();
        assert_eq!(names, before, "{words}");
    };
    let pair = format!("--model weights --rig pair {SMALL}");
    let other = |from: &str, to: &str| pair.replace(from, to);
    said(
        &other("weights", "empty"),
        65,
        &["the transformer is missing; expected diffusion_pytorch_model.safetensors of Wan-AI"],
    );
    said(&other("weights", "nowhere"), 65, &["nowhere: no such folder"]);
    said(&other("96x64", "100x64"), 2, &["--size: found 100x64", "96x64 and 112x64"]);
    said(&other("--frames 9", "--frames 10"), 2, &["--frames: found 10", "9 and 13"]);
    said(
        &other("--shift 5", "").replace("--steps 2", "--steps 2 --shift 0"),
        2,
        &["shift: found 0, expected more than 0"],
    );
    said(&other("--rig pair", "--rig twice.json"), 65, &["cameras cam01 and cam02 are 0.000000 m apart"]);
    said(&other("96x64", "8192x8192").replace("--steps 2", "--steps 900"), 2, &["this run would take about", "--yes"]);
    said(&format!("{pair} --engine http://localhost"), 2, &["--engine"]);
    said(&format!("{pair} --cameras 1 --fit fire.loop3d").replace("--rig pair ", ""), 2, &["--fit: found one camera"]);
    said(&format!("{pair} --fit nowhere/fire.loop3d"), 2, &["nowhere: no such folder"]);

    let cut = damaged(&folder, DIT, |bytes| bytes[..bytes.len() / 2].to_vec());
    said(&pair, 65, &[DIT, "fetch it again"]);
    cut();
    let pickle = b"\x80\x02cos\nsystem\nX\x04\x00\x00\x00echo\x85R.".to_vec();
    let forbidden = damaged(&folder, DIT, |_| pickle.clone());
    said(&pair, 65, &[DIT]);
    forbidden();
    let another = damaged(&folder, DIT, |_| fs::read(golden("wan_vae/weights.safetensors")).unwrap());
    said(&pair, 65, &["found the VAE of Wan2.1, expected the transformer of Wan2.1 text-to-video"]);
    another();
    let base = damaged(&folder, DIT, |_| fs::read(golden("wan_dit/weights_diffusers.safetensors")).unwrap());
    said(&pair, 65, &["found 2 cameras and a transformer without a module between views; add step20000.ckpt"]);
    let alone = format!("--model weights -o alone --cameras 1 {SMALL} --quiet");
    generated(&folder, &alone);
    assert!(clip(&folder, "alone", 1).len() > 1000);
    fs::remove_dir_all(folder.path("alone")).unwrap();
    base();
    let broken = damaged(&folder, "Wan2.1_VAE.safetensors", |mut bytes| {
        let end = bytes.len() - 4;
        bytes[end..].copy_from_slice(&f32::NAN.to_le_bytes());
        bytes
    });
    generate(&folder, &format!("-o fire {pair}")).said(65, &["Wan2.1_VAE.safetensors", "not numbers"]);
    broken();
    // The steps were kept, and the mended file is enough.
    assert!(folder.path("fire.resume").exists());
    generated(&folder, &format!("-o fire {pair}"));
}
