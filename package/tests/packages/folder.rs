//! The original project's folder, there and back.

use crate::support::small_scene;
use loop3d_package::{ExportError, compare, export_folder, import, shots};
use loop3d_scene::job::Unwatched;
use loop3d_scene::{Scene, Tile};
use std::fs;

/// Tiles of a scene, as letters.
fn kinds(scene: &Scene) -> String {
    let letter = |tile: &Tile| match tile {
        Tile::Empty => '.',
        Tile::Static(_) => 's',
        Tile::Looping(_) => 'l',
    };
    scene.tiles.tiles.iter().map(letter).collect()
}

#[test]
fn a_scene_comes_back_alike() {
    let folder = tempfile::tempdir().unwrap();
    let dir = folder.path().join("out");
    let scene = small_scene(3, 4);
    export_folder(&scene, &dir, &mut Unwatched).unwrap();
    let back = import(&dir, &mut Unwatched).unwrap();
    let likeness = compare(&scene, &back, &shots(&scene));
    assert!(likeness.worst_db >= 45.0, "{likeness:?}");
    assert_eq!((back.frames, back.fps, &back.views, &back.fit), (4, 25.0, &scene.views, &scene.fit));
    let count = |scene: &Scene, letter| kinds(scene).matches(letter).count();
    for letter in ['s', 'l'] {
        assert_eq!(count(&back, letter), count(&scene, letter), "{letter}");
    }
    let names: Vec<_> = fs::read_dir(folder.path()).unwrap().map(|entry| entry.unwrap().file_name()).collect();
    assert_eq!(names, ["out"]);
    assert!(export_folder(&scene, &dir, &mut Unwatched).unwrap_err().to_string().contains("new or empty"));
}

#[test]
fn without_our_own_words_the_reference_picture_is_that_of_the_field_of_view() {
    let folder = tempfile::tempdir().unwrap();
    let dir = folder.path().join("out");
    let scene = small_scene(4, 2);
    export_folder(&scene, &dir, &mut Unwatched).unwrap();
    let mut meta: serde_json::Value = serde_json::from_slice(&fs::read(dir.join("meta.json")).unwrap()).unwrap();
    meta.as_object_mut().unwrap().remove("loop3d").unwrap();
    fs::write(dir.join("meta.json"), meta.to_string()).unwrap();
    let back = import(&dir, &mut Unwatched).unwrap();
    assert_eq!((back.reference.width, back.reference.height), (114, 64));
    assert_eq!(back.views.len(), 5);
    assert!((back.views[2].camera.position().x - 0.8 * 0.05).abs() < 1e-9);
    let likeness = compare(&scene, &back, &shots(&scene));
    assert!(likeness.worst_db >= 45.0, "{likeness:?}");
}

#[test]
fn broken_folders_are_named() {
    let folder = tempfile::tempdir().unwrap();
    let dir = folder.path().join("out");
    export_folder(&small_scene(5, 2), &dir, &mut Unwatched).unwrap();
    let said = || import(&dir, &mut Unwatched).unwrap_err().to_string();
    let obj = fs::read_to_string(dir.join("geometry.obj")).unwrap();
    let broken = |from: &str, to: &str| fs::write(dir.join("geometry.obj"), obj.replacen(from, to, 1)).unwrap();
    broken("vt ", "vt x");
    assert!(said().contains("geometry.obj: found line"), "{}", said());
    broken("v ", "v 0.0001");
    assert!(said().contains("geometry.obj: found"), "{}", said());
    broken("", "");
    let png = fs::read(dir.join("dynamic/0001.png")).unwrap();
    fs::write(dir.join("dynamic/0001.png"), &png[..png.len() / 2]).unwrap();
    assert!(said().contains("dynamic/0001.png"), "{}", said());
    fs::remove_file(dir.join("dynamic/0001.png")).unwrap();
    assert!(said().contains("meta.json: found frame_count 2"), "{}", said());
    fs::write(dir.join("meta.json"), "{}").unwrap();
    assert!(said().contains("meta.json: found missing field"), "{}", said());
    fs::remove_file(dir.join("static.png")).unwrap();
    fs::remove_file(dir.join("dynamic/0000.png")).unwrap();
    let error = import(&dir, &mut Unwatched).unwrap_err();
    let lacks = |names: &[&str]| matches!(&error, ExportError::NoImport { missing, .. } if missing[..] == *names);
    assert!(lacks(&["static.png", "dynamic/0000.png"]), "{error}");
    let error = import(&dir.join("none"), &mut Unwatched).unwrap_err();
    assert!(matches!(error, ExportError::NoFolder { .. }), "{error}");
}
