//! Broken poses of every layout: each error names the file and the place, what was found and what was expected. Nothing panics,
//! and nothing is set aside for what a file only promises.

use crate::build::{ALL, fault};
use crate::scene;
use std::fs;
use std::path::{Path, PathBuf};

/// A change to one file, and what the error must say.
type Case = (&'static str, fn(Vec<u8>) -> Vec<u8>, &'static [&'static str]);

/// Each case on a fresh copy of the scene that `write` writes; its result is the capture's folder.
fn try_all(write: impl Fn(&Path) -> PathBuf, cases: &[Case]) {
    for (file, change, parts) in cases {
        let above = tempfile::tempdir().unwrap();
        let dir = write(above.path());
        scene::write_pictures(&dir.join("images"));
        let path = dir.join(file);
        fs::write(&path, change(fs::read(&path).unwrap())).unwrap();
        fault(&dir, &ALL, parts);
    }
}

fn set(mut bytes: Vec<u8>, at: usize, new: &[u8]) -> Vec<u8> {
    bytes[at..at + new.len()].copy_from_slice(new);
    bytes
}

fn replaced(bytes: Vec<u8>, from: &str, to: &str) -> Vec<u8> {
    let text = String::from_utf8(bytes).unwrap();
    assert!(text.contains(from), "{from}");
    text.replacen(from, to, 1).into_bytes()
}

#[test]
fn broken_binary_models_are_told() {
    const HUGE: [u8; 8] = u64::MAX.to_le_bytes();
    let write = |dir: &Path| {
        scene::colmap_binary(&dir.join("sparse/0"));
        dir.to_owned()
    };
    try_all(
        write,
        &[
            (
                "sparse/0/cameras.bin",
                |b| b[..5].to_vec(),
                &["cameras.bin: byte 0: truncated: 5 bytes left; expected 8"],
            ),
            (
                "sparse/0/cameras.bin",
                |b| b[..b.len() - 3].to_vec(),
                &["cameras.bin: byte", "truncated: 5 bytes left; expected 8 for a camera's parameters"],
            ),
            (
                "sparse/0/cameras.bin",
                |b| set(b, 0, &HUGE),
                &["18446744073709551615 announced for the number of cameras; expected at most 11"],
            ),
            ("sparse/0/cameras.bin", |b| set(b, 0, &4u64.to_le_bytes()), &["56 bytes left over; expected the end"]),
            ("sparse/0/cameras.bin", |b| set(b, 12, &77i32.to_le_bytes()), &["camera model 77; expected 0 to 17"]),
            ("sparse/0/cameras.bin", |b| set(b, 12, &(-1i32).to_le_bytes()), &["camera model -1; expected 0 to 17"]),
            (
                "sparse/0/cameras.bin",
                |b| set(b, 32, &f64::NAN.to_le_bytes()),
                &["camera 31: parameter NaN of PINHOLE; expected finite"],
            ),
            (
                "sparse/0/cameras.bin",
                |b| set(b, 32, &(-1f64).to_le_bytes()),
                &["images.bin: image 9 (left side/view 3.png): focal length", "expected a positive number"],
            ),
            ("sparse/0/cameras.bin", |b| set(b, 16, &HUGE), &["camera 31: images of 18446744073709551615×72"]),
            (
                "sparse/0/cameras.bin",
                |b| set(b, 16, &0u64.to_le_bytes()),
                &["images of 0×72 pixels; expected 1 to 65536"],
            ),
            (
                "sparse/0/cameras.bin",
                |b| set(b, 16, &400u64.to_le_bytes()),
                &["view 3.png: 128×72 pixels; expected 400×72, the size in images.bin"],
            ),
            ("sparse/0/cameras.bin", |b| set(b, 8, &5u32.to_le_bytes()), &["a second camera 5; expected each id once"]),
            ("sparse/0/images.bin", |b| b[..b.len() / 2].to_vec(), &["images.bin: byte"]),
            ("sparse/0/images.bin", |b| set(b, 0, &HUGE), &["announced for the number of images"]),
            (
                "sparse/0/images.bin",
                |b| set(b, 12, &f64::NAN.to_le_bytes()),
                &["image 9 (left side/view 3.png): quaternion of length NaN; expected 1"],
            ),
            ("sparse/0/images.bin", |b| set(b, 12, &5f64.to_le_bytes()), &["quaternion of length 5."]),
            (
                "sparse/0/images.bin",
                |b| set(b, 44, &f64::INFINITY.to_le_bytes()),
                &["position", "expected finite numbers"],
            ),
            ("sparse/0/images.bin", |b| set(b, 68, &1u32.to_le_bytes()), &["camera 1; expected one of", "cameras.bin"]),
            ("sparse/0/images.bin", |b| set(b, 72, &[0xff]), &["an image's name is not UTF-8 text"]),
            (
                "sparse/0/images.bin",
                |b| set(b, 87, b"9"),
                &[
                    "no clip for left side/view 9.png; expected one of that name in",
                    "images, which holds 5: view 0.png",
                ],
            ),
            ("sparse/0/images.bin", |b| set(b, 87, b"0"), &["left side/view 0.png and left side/view 0.png are both"]),
            (
                "sparse/0/points3D.bin",
                |b| b[..b.len() - 1].to_vec(),
                &["points3D.bin: byte", "announced for a point's number of images"],
            ),
            ("sparse/0/points3D.bin", |b| set(b, 0, &HUGE), &["announced for the number of points"]),
        ],
    );
}

#[test]
fn broken_text_models_are_told() {
    let write = |dir: &Path| {
        scene::colmap_text(&dir.join("sparse"));
        dir.to_owned()
    };
    try_all(
        write,
        &[
            (
                "sparse/cameras.txt",
                |b| replaced(b, "31 PINHOLE", "31 PINHOLES"),
                &["cameras.txt: line 2: camera 31: camera model PINHOLES; expected one of SIMPLE_PINHOLE"],
            ),
            (
                "sparse/cameras.txt",
                |b| replaced(b, "64 36", "64"),
                &["line 2: camera 31: 3 parameters; expected 4 for PINHOLE"],
            ),
            ("sparse/cameras.txt", |b| replaced(b, "128", "wide"), &["line 2: 'wide'; expected a width"]),
            (
                "sparse/cameras.txt",
                |b| replaced(b, "31 PINHOLE", "31 EQUIRECTANGULAR"),
                &["4 parameters; expected 2 for EQUIRECTANGULAR"],
            ),
            ("sparse/cameras.txt", |b| [b, vec![0xff]].concat(), &["cameras.txt: byte", "not text; expected UTF-8"]),
            (
                "sparse/images.txt",
                |b| replaced(b, "31 left side/view 3.png", ""),
                &["line 3: ends early; expected an image's camera"],
            ),
            (
                "sparse/images.txt",
                |b| replaced(b, "31 left side/view 3.png", "31"),
                &["line 3: ends early; expected an image's name"],
            ),
            ("sparse/images.txt", |_| b"# nothing\n".to_vec(), &["images.txt: holds 0 pose(s); expected at least 2"]),
            (
                "sparse/points3D.txt",
                |b| replaced(b, " 70 0", " 70"),
                &["points3D.txt: line 1: ends early; expected a point's number in the image"],
            ),
        ],
    );
}

#[test]
fn broken_transforms_are_told() {
    let write = |dir: &Path| {
        scene::nerfstudio(dir);
        dir.to_owned()
    };
    try_all(
        write,
        &[
            ("transforms.json", |b| b[..b.len() / 2].to_vec(), &["transforms.json: line 1, column", "not JSON: EOF"]),
            ("transforms.json", |_| b"[1, 2]".to_vec(), &["top level: a list of 2; expected an object"]),
            ("transforms.json", |b| replaced(b, "\"frames\"", "\"pictures\""), &["top level: no frames; expected one"]),
            ("transforms.json", |_| b"{\"frames\": []}".to_vec(), &["no frames; expected one for each view"]),
            (
                "transforms.json",
                |b| replaced(b, "\"OPENCV\"", "\"EQUIRECTANGULAR\""),
                &["frames[0]: camera_model EQUIRECTANGULAR; expected OPENCV"],
            ),
            (
                "transforms.json",
                |b| replaced(b, "\"fl_x\"", "\"focal\""),
                &["frames[0]: no focal length; expected fl_x"],
            ),
            ("transforms.json", |b| replaced(b, "\"w\":128", "\"w\":127.5"), &["w 127.5; expected a whole number"]),
            (
                "transforms.json",
                |b| replaced(b, "\"fl_x\":129", "\"fl_x\":-129"),
                &["frame images/view 0.png: focal length"],
            ),
            (
                "transforms.json",
                |b| replaced(b, "images/view 0.png", "images/view 7.png"),
                &["frame images/view 7.png: no clip for images/view 7.png"],
            ),
            (
                "transforms.json",
                |b| replaced(b, "\"transform_matrix\":[[", "\"transform_matrix\":[[1.0,"),
                &["frames[0].transform_matrix[0]: 5 numbers; expected 4"],
            ),
            (
                "transforms.json",
                |b| replaced(b, "\"transform_matrix\":[[", "\"transform_matrix\":[[null,"),
                &["frames[0].transform_matrix[0]"],
            ),
            (
                "transforms.json",
                |b| replaced(b, "[1.0,0.0,0.0,0.0],[0.0,0.0,1.0,0.0]", "[1.0,0.0,0.0,0.0],[1.0,0.0,0.0,0.0]"),
                &["applied_transform: a transform of determinant 0"],
            ),
            (
                "sparse_pc.ply",
                |b| replaced(b, "vertex 160", "vertex 161"),
                &["sparse_pc.ply: vertex 160: truncated: 160 vertices; expected 161"],
            ),
        ],
    );
}

#[test]
fn broken_syncam_cameras_are_told() {
    try_all(
        scene::syncam,
        &[
            (
                "cameras/camera_extrinsics.json",
                |b| replaced(b, "] [", "] "),
                &["camera_extrinsics.json: frame0.view 0: 3 rows in"],
            ),
            (
                "cameras/camera_extrinsics.json",
                |b| replaced(b, "\"[", "\"[2 "),
                &["frame0.view 0: row 0 has 5 numbers; expected 3 or 4"],
            ),
            (
                "cameras/camera_extrinsics.json",
                |b| replaced(b, "\"[", "\"[nan "),
                &["frame0.view 0: row 0 has 5 numbers"],
            ),
            (
                "cameras/camera_extrinsics.json",
                |_| b"{\"frame0\": {\"cam01\": 7}}".to_vec(),
                &["frame0.cam01: 7; expected text"],
            ),
            ("cameras/camera_extrinsics.json", |_| b"{}".to_vec(), &["top level: no cameras; expected at least 2"]),
            (
                "cameras/camera_extrinsics.json",
                |_| {
                    b"{\"a\": {\"c\": \"[1 0 0] [0 1 0] [0 0 1] [0 0 0]\"}, \"b\": {\"c\": \"[1 0 0] [0 1 0] [0 0 1] [50 0 0]\"}}".to_vec()
                },
                &["b: camera c has moved by 0.500 m", "since a; expected static cameras"],
            ),
            (
                "cameras/camera_extrinsics.json",
                |_| b"{\"c1\": \"[1 0 0] [0 1 0] [0 0 3] [0 0 0]\"}".to_vec(),
                &["camera c1: a matrix that is not a rotation"],
            ),
        ],
    );
}

#[test]
fn broken_tables_are_told() {
    let write = |dir: &Path| {
        scene::realitycapture(dir);
        dir.to_owned()
    };
    try_all(
        write,
        &[
            (
                "cameras.csv",
                |b| replaced(b, ",heading", ",yaw"),
                &["cameras.csv: line 1: no column heading; expected #name, x"],
            ),
            ("cameras.csv", |b| replaced(b, ",0,0,0,0,0,0,0,0", ",0"), &["cameras.csv: line 2: 9 cells; expected 16"]),
            (
                "cameras.csv",
                |b| replaced(b, ",0,0,0,0,0,0,0,0", ",0,0,0,x,0,0,0,0"),
                &["line 2: k2 is 'x'; expected a number"],
            ),
            (
                "cameras.csv",
                |b| replaced(b, ",0,0,0,0,0,0,0,0", ",0,0,NaN,0,0,0,0,0"),
                &["line 2 (view 0.png): lens parameters that are not numbers"],
            ),
            ("cameras.csv", |b| replaced(b, "view 0", "view 7"), &["line 2 (view 7.png): no clip for view 7.png"]),
            (
                "cameras.csv",
                |b| b.iter().take_while(|&&c| c != b'\n').copied().collect(),
                &["line 2: no cameras; expected one line for each"],
            ),
        ],
    );
}
