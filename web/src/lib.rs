//! The viewer's engine for browsers: a package comes in, pictures appear on a canvas. `web/ts/engine.ts` drives it.
//!
//! Pictures and video are decoded by the browser and copied to textures. Only what the processor decoded anyway passes through this memory.
#![cfg(target_arch = "wasm32")]

mod error;
mod parts;
mod player;
mod screen;
