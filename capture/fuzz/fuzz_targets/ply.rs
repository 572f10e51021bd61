//! Points in a PLY file, named by `transforms.json`.
#![no_main]

use libfuzzer_sys::fuzz_target;

const POSES: &[u8] = br#"{"ply_file_path": "points.ply", "fl_x": 50, "w": 64, "h": 48, "frames": [
    {"file_path": "a.png", "transform_matrix": [[1,0,0,0],[0,1,0,0],[0,0,1,0]]}]}"#;

fuzz_target!(|bytes: &[u8]| {
    let mut all = (POSES.len() as u16).to_le_bytes().to_vec();
    all.extend(POSES);
    all.extend(bytes);
    loop3d_capture_fuzz::read(&["transforms.json", "points.ply"], &all);
});
