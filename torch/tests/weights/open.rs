//! Readers are picked by what is in a file.

use crate::forge::{Saved, archive, floats, safetensors, state_dict};
use loop3d_torch::weights::{WeightsError, open};
use std::fs;
use std::path::Path;

fn safetensors_file() -> Vec<u8> {
    safetensors(r#"{"a":{"dtype":"F32","shape":[2],"data_offsets":[0,8]}}"#, &floats([1.0, 2.0]))
}

fn pickle_file() -> Vec<u8> {
    archive(&state_dict(&[Saved::floats("p", "0", &[2])]), &[("0", &floats([3.0, 4.0]))])
}

fn names(path: &Path) -> Vec<String> {
    open(path).unwrap().names()
}

fn refused(path: &Path) -> String {
    open(path).map(|_| ()).unwrap_err().to_string()
}

#[test]
fn by_content_and_not_by_name() {
    let folder = tempfile::tempdir().unwrap();
    let [a, b] = ["weights.pth", "weights.safetensors"].map(|name| folder.path().join(name));
    fs::write(&a, safetensors_file()).unwrap();
    fs::write(&b, pickle_file()).unwrap();
    assert_eq!(names(&a), ["a"]);
    assert_eq!(names(&b), ["p"]);
    assert_eq!(open(&a).unwrap().place(), a.display().to_string());
}

#[test]
fn folders_of_one_model() {
    let folder = tempfile::tempdir().unwrap();
    let folder = folder.path();
    let none = open(folder).map(|_| ()).unwrap_err();
    assert_eq!(none, WeightsError::Ambiguous { place: folder.display().to_string(), found: Vec::new() });
    fs::write(folder.join("config.json"), "{}").unwrap();
    fs::write(folder.join("model.safetensors"), safetensors_file()).unwrap();
    assert_eq!(names(folder), ["a"]);
    fs::write(folder.join("other.ckpt"), pickle_file()).unwrap();
    let error = refused(folder);
    assert!(error.contains(r#"found ["model.safetensors", "other.ckpt"], expected one file of weights"#), "{error}");
    // An index settles it.
    let index = folder.join("model.safetensors.index.json");
    fs::write(&index, r#"{"weight_map":{"a":"model.safetensors"}}"#).unwrap();
    assert_eq!(names(folder), ["a"]);
    assert_eq!(names(&index), ["a"]);
}

#[test]
fn what_is_no_file_of_weights() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("model.safetensors");
    assert!(refused(&path).contains("model.safetensors: cannot be read: No such file"));
    for (content, expected) in [
        (
            "version https://git-lfs.github.com/spec/v1\noid sha256:0\n",
            "a pointer of Git LFS, expected a safetensors file",
        ),
        ("<!DOCTYPE html><html>", "a page of HTML or XML"),
        ("\n<Error>", "a page of HTML or XML"),
        ("RIFF....AVI ", "the bytes 52 49 46 46 2e 2e 2e 2e 41 56 49 20, expected"),
        ("", "the bytes , expected"),
    ] {
        fs::write(&path, content).unwrap();
        let error = refused(&path);
        assert!(error.contains(&path.display().to_string()) && error.contains(expected), "{error}");
    }
    // Half a download.
    fs::write(&path, &safetensors_file()[..40]).unwrap();
    assert!(refused(&path).contains("a length of 54 bytes in a file of 40"));
    fs::write(&path, &pickle_file()[..100]).unwrap();
    assert!(refused(&path).contains("no directory at the end of 100 bytes"));
}
