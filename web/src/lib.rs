//! The viewer's engine for browsers.
#![cfg(target_arch = "wasm32")]
