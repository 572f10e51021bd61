//! Packages written and read again.

use crate::support::small_scene;
use loop3d_package::format::Codec;
#[cfg(feature = "blocks")]
use loop3d_package::format::{Head, Limits, Reader};
use loop3d_package::{ExportError, Settings, compare, export, open, shots};
use loop3d_scene::job::{Event, Unwatched};
#[cfg(not(feature = "blocks"))]
use loop3d_scene::{Blame, Fault};
use std::fs;
use std::ops::ControlFlow;

fn settings(codecs: &[Codec], quality: u8) -> Settings {
    Settings { codecs: codecs.to_vec(), quality, max_bytes: None }
}

#[test]
fn every_codec_comes_back_alike() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("a.glb");
    // Two chunks and one frame.
    let scene = small_scene(11, 25);
    for (codecs, least_db) in
        [(&[Codec::Png][..], 48.0), (&[Codec::H264], 40.0), (&[Codec::Av1], 38.0), (&[Codec::H264, Codec::Av1], 40.0)]
    {
        let report = export(&scene, &path, &settings(codecs, 90), &mut Unwatched).unwrap();
        let back = open(&path).unwrap();
        assert_eq!((back.frames, back.planes, &back.views, &back.fit), (25, scene.planes, &scene.views, &scene.fit));
        assert_eq!((back.tiles.counts(), back.reference), (scene.tiles.counts(), scene.reference));
        let likeness = compare(&scene, &back, &shots(&scene));
        assert_eq!(likeness, report.likeness);
        assert!(likeness.worst_db >= least_db, "{codecs:?} {likeness:?}");
        assert_eq!(report.bytes, fs::metadata(&path).unwrap().len());
    }
}

#[cfg(feature = "blocks")]
#[test]
fn blocks_come_back_alike() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("a.glb");
    let scene = small_scene(11, 14);
    let codecs = [Codec::Bc7, Codec::Astc4x4, Codec::Astc6x6, Codec::Etc2];
    let worst = codecs.map(|codec| {
        let report = export(&scene, &path, &settings(&[codec], 100), &mut Unwatched).unwrap();
        let back = open(&path).unwrap();
        assert_eq!((back.frames, back.tiles.counts()), (14, scene.tiles.counts()));
        assert_eq!(compare(&scene, &back, &shots(&scene)), report.likeness);
        report.likeness.worst_db
    });
    let least = [42.0, 42.0, 35.0, 29.0];
    assert!(worst.iter().zip(least).all(|(&worst, least)| worst >= least), "{codecs:?}: {worst:.2?} dB");
}

/// Nothing is coded or written first.
#[cfg(not(feature = "blocks"))]
#[test]
fn a_build_without_block_coders_names_the_feature() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("a.glb");
    for codec in [Codec::Bc7, Codec::Astc4x4, Codec::Astc6x6, Codec::Etc2] {
        let error = export(&small_scene(11, 2), &path, &settings(&[codec], 50), &mut Unwatched).unwrap_err();
        assert!(matches!(error, ExportError::NoBlocks { codec: found } if found == codec), "{error}");
        assert_eq!(error.fault(), Fault::Usage);
        assert!(error.to_string().contains("--features blocks"), "{error}");
        assert!(!path.exists());
    }
}

/// The head of a package.
#[cfg(feature = "blocks")]
fn head(bytes: &[u8]) -> std::sync::Arc<Head> {
    let mut reader = Reader::new(Limits::default());
    reader.push(bytes, &mut Vec::new()).unwrap();
    reader.head().unwrap().clone()
}

#[cfg(feature = "blocks")]
#[test]
fn pages_of_blocks_are_as_gpus_want_them_and_other_codecs_are_named() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("a.glb");
    export(&small_scene(11, 14), &path, &settings(&[Codec::Etc2], 50), &mut Unwatched).unwrap();
    let bytes = fs::read(&path).unwrap();
    let head = head(&bytes);
    let stream = &head.looping_tiles.streams[0];
    assert_eq!((head.looping_tiles.halo, &stream.names[..]), (1, &["etc2-rgba8unorm".to_owned()][..]));
    assert_eq!(stream.chunks.iter().map(|chunk| chunk.sizes.len()).collect::<Vec<_>>(), [12, 2]);
    let gains = &head.parts[head.looping_tiles.gains];
    let at = bytes.windows(8).position(|word| word[4..] == *b"BIN\0").unwrap() + 8 + gains.offset as usize;
    assert!(bytes[at..at + gains.length as usize].iter().all(|&gain| gain == 0));
    let other = serde_json::to_string(&*head).unwrap().replace("\"etc2\"", "\"etc3\"");
    let error = serde_json::from_str::<Head>(&other).unwrap_err().to_string();
    assert!(error.contains("`etc3`, expected one of `h264`, `av1`, `png`, `bc7`, `astc-4x4`"), "{error}");
}

#[test]
fn a_size_is_kept_and_quality_uses_it() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("a.glb");
    let scene = small_scene(12, 12);
    let bytes = |quality| export(&scene, &path, &settings(&[Codec::H264], quality), &mut Unwatched).unwrap().bytes;
    let [low, high] = [bytes(20), bytes(90)];
    let most = (low + high) / 2;
    let asked = Settings { max_bytes: Some(most), ..settings(&[Codec::H264], 50) };
    let report = export(&scene, &path, &asked, &mut Unwatched).unwrap();
    assert!(report.bytes <= most && report.quality > 20 && report.quality < 90, "{report:?}");
    assert!(report.bytes > low);
    let old = fs::read(&path).unwrap();
    let impossible = Settings { max_bytes: Some(1000), ..asked };
    let error = export(&scene, &path, &impossible, &mut Unwatched).unwrap_err();
    assert!(matches!(error, ExportError::Size { most: 1000, .. }), "{error}");
    assert_eq!(fs::read(&path).unwrap(), old);
}

#[test]
fn a_stopped_export_leaves_the_old_file() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("a.glb");
    fs::write(&path, "old").unwrap();
    let scene = small_scene(13, 12);
    for stop_at in [0.0, 0.3, 0.8, 0.9] {
        let mut observer = |event: Event<'_>| match event {
            Event::Step { done, .. } if done >= stop_at => ControlFlow::Break(()),
            _ => ControlFlow::Continue(()),
        };
        let error = export(&scene, &path, &settings(&[Codec::H264], 50), &mut observer).unwrap_err();
        assert!(matches!(error, ExportError::Stopped), "{error}");
    }
    assert_eq!(fs::read(&path).unwrap(), b"old");
    assert_eq!(fs::read_dir(folder.path()).unwrap().count(), 1);
}

#[test]
fn scenes_without_looping_or_static_tiles_are_packages_too() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("a.glb");
    let mut scene = small_scene(14, 1);
    let settings = settings(&[Codec::H264], 80);
    let check = |scene: &loop3d_scene::Scene| {
        let report = export(scene, &path, &settings, &mut Unwatched).unwrap();
        assert_eq!(open(&path).unwrap().tiles.counts(), scene.tiles.counts());
        assert!(report.likeness.worst_db > 38.0, "{report:?}");
    };
    check(&scene);
    let mut static_tiles = 0;
    let mut static_texels = Vec::new();
    for place in 0..scene.tiles.tiles.len() {
        if let Some(texels) = scene.tile_texels(scene.tiles.tiles[place], 0) {
            static_texels.extend(texels);
            scene.tiles.tiles[place] = loop3d_scene::Tile::Static(static_tiles);
            static_tiles += 1;
        }
    }
    scene.static_texels = static_texels;
    scene.looping_texels = Vec::new();
    check(&scene);
}
