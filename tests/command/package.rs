//! `export` and `import`, and packages wherever a scene is read.

use crate::support::Folder;

/// A folder with `a.loop3d`, a tiny fitted scene.
fn fitted() -> Folder {
    let folder = Folder::new(crate::support::FRAMES);
    folder.done("fit --views capture --preset draft --frames 4 --planes 4 --device cpu -o a.loop3d --quiet");
    folder
}

#[test]
fn a_package_is_taken_where_a_master_is_and_bad_ones_are_not() {
    let folder = fitted();
    let report = folder.done("export a.loop3d -o a.glb --json --quiet").stdout;
    let report: serde_json::Value = serde_json::from_str(&report).unwrap();
    assert_eq!(report["bytes"], folder.bytes("a.glb").len());
    let mean_db = |report: &serde_json::Value| report["likeness"]["mean_db"].as_f64().unwrap();
    let exact = folder.done("export a.loop3d -o exact.glb --codec png --json --quiet").stdout;
    let exact: serde_json::Value = serde_json::from_str(&exact).unwrap();
    // Eight bits and nothing else; and a video of textures finer than a tile, which the lossless one must be far above.
    assert!(mean_db(&exact) > 45.0 && mean_db(&exact) > mean_db(&report) + 10.0, "{exact} {report}");
    assert!(mean_db(&report) > 25.0, "{report}");
    let parts: u64 = report["parts"].as_array().unwrap().iter().map(|part| part[1].as_u64().unwrap()).sum();
    assert!(parts <= report["bytes"].as_u64().unwrap());
    let ended = folder.done("export a.loop3d -o b.glb --codec png");
    assert!(ended.stdout.contains("plain PNG") && ended.stdout.contains("GPU memory"), "{}", ended.stdout);
    let mb = format!("{:.2} MB", folder.bytes("b.glb").len() as f64 / 1e6);
    ended.said(0, &[&format!("wrote b.glb: {mb}\nnext: loop3d serve b.glb")]);
    // Never onto itself: that would be a second lossy generation.
    #[cfg(unix)]
    std::os::unix::fs::symlink(folder.path("b.glb"), folder.path("link.glb")).unwrap();
    let before = folder.bytes("b.glb");
    for words in ["b.glb -o b.glb", "b.glb -o ./capture/../b.glb --codec av1", "link.glb -o b.glb", "b.glb -o link.glb"]
    {
        folder.run(&format!("export {words}")).said(2, &["is the scene that is read"]);
    }
    assert_eq!(folder.bytes("b.glb"), before);

    let info = |file| -> serde_json::Value {
        serde_json::from_str(&folder.done(&format!("info {file} --json")).stdout).unwrap()
    };
    let (master, package) = (info("a.loop3d"), info("a.glb"));
    for field in ["frames", "fps", "planes", "static_tiles", "looping_tiles", "views", "fit"] {
        assert_eq!(master[field], package[field], "{field}");
    }
    assert!(master.get("package").is_none());
    assert_eq!(package["package"]["codecs"], serde_json::json!(["h264"]));
    let parts = package["package"]["parts"].as_array().unwrap();
    let bytes: u64 = parts.iter().map(|part| part[1].as_u64().unwrap()).sum();
    assert!(bytes > 0 && bytes < folder.bytes("a.glb").len() as u64, "{parts:?}");
    let text = folder.done("info a.glb").stdout;
    for said in ["\ncodec       h264; ", "\n  picture ", "\n  video ", " MB\n", "\nfit"] {
        assert!(text.contains(said), "{said:?} in {text}");
    }
    assert!(!text.contains('{') && !text.contains(" kB"), "{text}");
    folder.done("render a.glb -o frames --path view:1 --frames 2 --renderer cpu --quiet");
    assert!(folder.path("frames/00001.png").exists());

    let old = folder.bytes("a.glb");
    std::fs::write(folder.path("cut.glb"), &old[..old.len() - 100]).unwrap();
    folder.run("info cut.glb").said(65, &["cut.glb: ", "(video)"]);
    let mut flipped = old.clone();
    flipped[old.len() - 200] ^= 1;
    std::fs::write(folder.path("flipped.glb"), flipped).unwrap();
    folder.run("render flipped.glb -o x.mp4").said(65, &["flipped.glb: ", "SHA-256"]);
    folder.run("export a.loop3d -o a.glb --max-mb 0.001").said(2, &["0.00 MB"]);
    assert_eq!(folder.bytes("a.glb"), old);
    folder.run("export a.loop3d -o a.zip").said(2, &["a.zip: ", "NAME.glb"]);
    folder.run("export a.loop3d -o no/a.glb").said(2, &["no: "]);
    folder.run("export a.loop3d -o a.glb --codec mpeg2").said(2, &["h264, av1, h264+av1, png, bc7, astc, etc2"]);
    folder.run("export a.loop3d -o a.glb --max-mb=-1").said(2, &["--max-mb"]);
    let mut without_ffmpeg = folder.command("export a.loop3d -o a.glb");
    crate::support::Ended::of(without_ffmpeg.env("PATH", "")).said(1, &["ffmpeg"]);
    assert_eq!(folder.bytes("a.glb"), old);
}

#[test]
fn the_original_projects_folder_is_written_and_read() {
    let folder = fitted();
    folder.done("export a.loop3d -o out --format videoloop3d --quiet");
    for name in ["geometry.obj", "static.png", "meta.json", "dynamic/0000.png", "dynamic/0003.png"] {
        assert!(folder.path("out").join(name).exists(), "{name}");
    }
    folder.done("import out --quiet");
    let back: serde_json::Value = serde_json::from_str(&folder.done("info out.loop3d --json").stdout).unwrap();
    assert_eq!(back["frames"], 4);
    folder.run("export a.loop3d -o out --format videoloop3d").said(2, &["out: "]);
    folder.run("import capture").said(65, &["found no meta.json, geometry.obj"]);
}
