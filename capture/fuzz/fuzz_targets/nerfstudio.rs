//! `transforms.json`.
#![no_main]

use libfuzzer_sys::fuzz_target;

fuzz_target!(|bytes: &[u8]| loop3d_capture_fuzz::read(&["transforms.json"], bytes));
