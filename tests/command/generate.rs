//! Clips from a service that answers as it is told, faults included; rigs drawn; clips measured.

use crate::support::{FRAMES, Folder};
use serde_json::Value;
use std::fs;

#[test]
fn a_rig_is_drawn_with_its_cameras_and_what_to_expect_of_it() {
    let folder = Folder::new(0);
    let ended = folder.done("generate --draw-rig rig.png --rig arc --cameras 7 --spread 10");
    assert!(ended.stderr.contains("wrote rig.png: 7 cameras, up to 0.52 m apart"), "{}", ended.stderr);
    assert_eq!(image::open(folder.path("rig.png")).unwrap().to_rgb8().dimensions(), (1420, 560));
    // A wide rig comes with advice, and a rig is read from a capture, too.
    let ended = folder.done("generate --draw-rig wide.png --rig hemi36");
    assert_eq!(ended.stderr.matches("note: ").count(), 2, "{}", ended.stderr);
    let ended = folder.done("generate --draw-rig of-capture.png --rig capture --quiet");
    assert_eq!(ended.stderr, "");
    assert_ne!(folder.bytes("rig.png"), folder.bytes("of-capture.png"));
}

#[test]
fn clips_are_measured_as_files_as_a_folder_and_as_a_capture() {
    let folder = Folder::new(FRAMES);
    let json = |words: &str| -> Value { serde_json::from_str(&folder.done(words).stdout).unwrap() };
    let report = json("measure capture --json --quiet");
    let clips = report["clips"].as_array().unwrap();
    assert_eq!(clips.len(), 4);
    for (clip, name) in clips.iter().zip(["v0", "v1", "v2", "v3"]) {
        assert_eq!((clip["name"].as_str(), &clip["frames"]), (Some(name), &FRAMES.into()));
        // Two rounds of a pattern of eight frames: its seam is one of its own steps, and a part of it moves.
        assert!((0.4..=1.0).contains(&clip["seam"]["worst_shift"].as_f64().unwrap()), "{clip}");
        assert!((0.05..0.9).contains(&clip["activity"]["moving"].as_f64().unwrap()), "{clip}");
        assert_eq!((&clip["cuts"], clip.get("flow")), (&Value::Array(Vec::new()), None));
    }
    // View 1 is three frames ahead of view 0.
    assert_eq!(report["synchrony"]["lags"].as_array().map(Vec::len), Some(3), "{report}");
    let cut = json("measure capture/frames/v0/00.png --json");
    assert!(cut["clips"][0]["seam"].is_null() && cut["synchrony"].is_null(), "{cut}");

    // The folder of the clips is the same clips, without cameras.
    let frames = json("measure capture/frames --json");
    assert_eq!(frames["clips"][3]["seam"], report["clips"][3]["seam"]);
    let against = json("measure capture --against capture --json");
    assert_eq!((&against["pairs"][0]["equal"], &against["cameras"]["rotation"]), (&true.into(), &0.0.into()));
    let others = json("measure capture/frames/v0 --against capture/frames/v1 --json");
    assert!((5.0..40.0).contains(&others["pairs"][0]["psnr_db"].as_f64().unwrap()), "{others}");
    assert!(others.get("cameras").is_none());
    assert_eq!(report["views"].as_array().map(Vec::len), Some(3));
    // Half of a round does not close.
    fs::create_dir(folder.path("half")).unwrap();
    for frame in ["00.png", "01.png", "02.png", "03.png"] {
        fs::copy(folder.path(&format!("capture/frames/v0/{frame}")), folder.path(&format!("half/{frame}"))).unwrap();
    }
    let half = json("measure half --flow --json");
    assert!(half["clips"][0]["seam"]["worst_shift"].as_f64().unwrap() > 1.2, "{half}");
    assert!(half["clips"][0]["flow"]["value"].as_f64().unwrap() > 0.0, "{half}");

    let table = folder.done("measure capture --against capture/frames --quiet").stdout;
    for part in ["clip   size  frames  fps", "v0    48×32      16   25", "together: motion ", "v3 against v3: equal"] {
        assert!(table.contains(part), "{table}");
    }
    folder.run("measure capture --against capture/frames/v0").said(65, &["found 1 clips; expected 4"]);
    let frame = folder.path("capture/frames/v0/03.png");
    fs::write(&frame, &fs::read(&frame).unwrap()[..100]).unwrap();
    folder.run("measure capture --quiet").said(65, &["v0/03.png"]);
    folder.pose(1, 0.5);
    folder.run("measure capture").said(65, &["poses_bounds.npy: row 1: "]);
}

#[cfg(feature = "service")]
#[path = "../../generator/tests/stub/mod.rs"]
mod stub;

#[cfg(feature = "service")]
mod service {
    use super::stub::{Answer, Stub, answer, stub};
    use super::*;
    use crate::support::{Ended, SIZE};
    use loop3d_media::{Encoder, Encoding, Ffmpeg, Purpose};
    use std::thread;
    use std::time::{Duration, Instant};

    /// The words of every clip.
    const WORDS: &str = "a fire \"at night\"";
    const KEY: &str = "sk-very-secret-0123";

    fn done() -> Answer {
        answer(200, "", br#"{"id": "video_1", "status": "completed", "progress": 100}"#)
    }

    /// An answer that breaks off.
    fn broken(bytes: &[u8]) -> Answer {
        answer(200, "", bytes).map(|mut bytes| {
            bytes.truncate(bytes.len() - 100);
            bytes
        })
    }

    /// A short clip.
    fn clip(folder: &Folder) -> Vec<u8> {
        let file = folder.path("served.mp4");
        let encoding = Encoding { size: SIZE, fps: 16.0, purpose: Purpose::Footage };
        let mut encoder = Encoder::start(&Ffmpeg::default(), &file, &encoding).unwrap();
        for frame in 0..12_u8 {
            encoder.frame(&vec![10 * frame; (SIZE.0 * SIZE.1 * 3) as usize]).unwrap();
        }
        encoder.finish().unwrap();
        let bytes = fs::read(&file).unwrap();
        fs::remove_file(file).unwrap();
        bytes
    }

    fn generate(folder: &Folder, address: &str, words: &str) -> Ended {
        let mut command = folder.command(&format!("generate --engine {address} -o fire --engine-timeout 1 {words}"));
        let ended = Ended::of(command.arg(WORDS).env("LOOP3D_ENGINE_KEY", KEY));
        assert!(!format!("{}{}", ended.stdout, ended.stderr).contains(KEY), "{}", ended.stderr);
        ended
    }

    #[test]
    fn a_clip_is_written_with_its_record() {
        let folder = Folder::new(0);
        let served = clip(&folder);
        image::save_buffer(folder.path("first.png"), &[9; 12], 2, 2, image::ExtendedColorType::Rgb8).unwrap();
        let Stub { address, asked } = stub(vec![done(), answer(200, "", &served)]);
        let words =
            "--seed 7 --seconds 5 --size 48x32 --engine-model wan --image first.png --engine-field num_frames=81";
        let ended = generate(&folder, &address, &format!("{words} --negative blurry"));
        assert_eq!(ended.code, Some(0), "{}", ended.stderr);
        for part in ["wrote fire/clip.mp4: 48×32, 12 frames at 16 fps", "next: ", "loop3d measure fire/clip.mp4"] {
            assert!(ended.stderr.contains(part), "{}", ended.stderr);
        }
        assert_eq!(folder.bytes("fire/clip.mp4"), served);
        let record: Value = serde_json::from_slice(&folder.bytes("fire/generate.json")).unwrap();
        assert_eq!((&record["prompt"], &record["fps"]), (&WORDS.into(), &16.0.into()));
        assert_eq!((&record["service"]["seed"], &record["service"]["model"]), (&7.into(), &"wan".into()));
        assert_eq!(record["service"]["fields"][0][1], "81");
        assert_eq!((&record["views"][0]["file"], &record["views"][0]["frames"]), (&"clip.mp4".into(), &12.into()));
        // From black to grey and never back: the seam is eleven steps high.
        let seam = record["views"][0]["seam"]["ratio"].as_f64().unwrap();
        assert!((10.0..12.0).contains(&seam), "{record}");
        assert!(!String::from_utf8(folder.bytes("fire/generate.json")).unwrap().contains(KEY));
        let asked = String::from_utf8_lossy(&asked.lock().unwrap().join(&b'\n')).into_owned();
        for (name, value) in [
            ("prompt", WORDS),
            ("seed", "7"),
            ("seconds", "5"),
            ("size", "48x32"),
            ("model", "wan"),
            ("negative_prompt", "blurry"),
            ("num_frames", "81"),
        ] {
            assert!(asked.contains(&format!("name=\"{name}\"\r\n\r\n{value}\r\n")), "{name}: {asked}");
        }
        assert!(asked.contains("filename=\"image.png\"") && asked.contains(KEY));

        let measured = folder.done("measure fire --quiet").stdout;
        assert!(measured.contains("clip  48×32"), "{measured}");
        // What is there is not written over, and the service is not asked.
        generate(&folder, "http://127.0.0.1:9", "").said(2, &["fire: found a folder with files in it"]);
    }

    #[test]
    fn a_service_that_fails_is_reported_and_leaves_nothing() {
        let folder = Folder::new(0);
        let served = clip(&folder);
        let before = folder.names();
        let begin = Instant::now();
        let said = format!(r#"{{"error": {{"message": "bad key {KEY}"}}}}"#);
        let html = || answer(200, "Content-Type: text/html\r\n", b"<html>Welcome to nginx</html>");
        let cases: Vec<(&str, Vec<Answer>, i32, &[&str])> = vec![
            ("401", vec![answer(401, "", said.as_bytes())], 2, &["status 401", "[key]", "LOOP3D_ENGINE_KEY"]),
            ("404", vec![answer(404, "", b"{\"detail\": \"Not Found\"}")], 2, &["status 404", "/v1/videos"]),
            ("429", vec![answer(429, "Retry-After: 600\r\n", b"slowly")], 75, &["status 429", "slowly", "try again"]),
            ("500", vec![answer(500, "", b"oops")], 75, &["status 500", "oops"]),
            ("HTML", vec![html()], 65, &["nginx", "JSON"]),
            ("HTML for a clip", vec![done(), html()], 65, &["nginx", "MP4"]),
            ("a clip that breaks off", vec![done(), broken(&served)], 75, &["broke off"]),
            ("half a clip", vec![done(), answer(200, "", &served[..served.len() / 2])], 65, &["its clip: "]),
            ("never", vec![None], 75, &["POST http://127.0.0.1:", "timeout", "running"]),
        ];
        for (name, answers, code, parts) in cases {
            let Stub { address, .. } = stub(answers);
            let ended = generate(&folder, &address, "--quiet");
            ended.said(code, parts);
            assert_eq!((ended.stdout.as_str(), folder.names()), ("", before.clone()), "{name}");
        }
        assert!(begin.elapsed() < Duration::from_secs(10), "{:?}", begin.elapsed());
    }

    #[test]
    fn wrong_arguments_are_reported_before_the_service_is_asked() {
        let folder = Folder::new(0);
        fs::write(folder.path("words.txt"), "words, only words").unwrap();
        let before = folder.names();
        let cases: [(&str, &str, i32, &[&str]); 6] = [
            ("localhost", "", 2, &["--engine: no http:// or https://"]),
            ("http://me:pass@host", "", 2, &["--engine: a user name"]),
            ("http://localhost:1", "--image words.txt", 65, &["words.txt is not a PNG, JPEG or WebP image"]),
            ("http://localhost:1", "--image none.png", 65, &["none.png: "]),
            ("http://localhost:1", "--engine-field seed=1", 2, &["--engine-field names seed"]),
            ("http://localhost:1", "--rig arc", 2, &["a service makes one view", "--draw-rig"]),
        ];
        for (address, words, code, parts) in cases {
            generate(&folder, address, words).said(code, parts);
            assert_eq!(folder.names(), before, "{words}");
        }
        let mut command = folder.command("generate --engine http://localhost:1 -o fire");
        Ended::of(command.arg(" ")).said(2, &["the words are empty"]);
    }

    #[test]
    #[cfg(unix)]
    fn ctrl_c_stops_the_wait_and_leaves_nothing() {
        let folder = Folder::new(0);
        let before = folder.names();
        let Stub { address, asked } = stub(vec![None]);
        let mut command = folder.command(&format!("generate fire --engine {address} -o fire --quiet"));
        let child = command.stderr(std::process::Stdio::piped()).spawn().unwrap();
        let begin = Instant::now();
        while asked.lock().unwrap().is_empty() {
            assert!(begin.elapsed() < Duration::from_secs(20));
            thread::sleep(Duration::from_millis(10));
        }
        let id = child.id().to_string();
        std::process::Command::new("kill").args(["-INT", &id]).status().unwrap();
        let output = child.wait_with_output().unwrap();
        let stderr = String::from_utf8_lossy(&output.stderr).into_owned();
        assert_eq!(output.status.code(), Some(130), "{stderr}");
        assert!(stderr.contains("stopped; fire was not written"), "{stderr}");
        assert_eq!(folder.names(), before);
    }
}
