//! COLMAP's text model.
#![no_main]

use libfuzzer_sys::fuzz_target;

fuzz_target!(|bytes: &[u8]| loop3d_capture_fuzz::read(&["cameras.txt", "images.txt", "points3D.txt"], bytes));
