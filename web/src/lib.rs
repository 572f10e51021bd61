//! The engine of the browser viewer: the bytes of a package go in, frames appear on a canvas. `Player` is the one class that
//! JavaScript drives, through `web/ts/engine/engine.ts`:
//!
//! 1. `push` feeds bytes to the strict reader of packages (`parts.rs`), which keeps what a lost GPU has to be filled with again.
//! 2. `plan` describes the scene to JavaScript as soon as its head and layouts have arrived.
//! 3. `openScreen` opens the GPU for a canvas (`screen.rs`), and `show` draws there from then on.
//! 4. The browser decodes images and video frames. `setStaticPage`, `setFrame` and their siblings copy them to textures, from GPU to GPU
//!    where the browser can; only frames that the CPU decoded pass through this memory.
//! 5. `advance` moves camera and clock by what a person did (`CameraStep`) and by the time that has passed, and `draw` draws.
//!
//! Errors reach JavaScript as an `Error` with a `code` (`error.rs`). The crate is built once for WebGPU and once for WebGL 2 (features
//! `webgpu` and `webgl2`); for other targets than wasm it is empty except for its tests.
#![cfg(target_arch = "wasm32")]

mod error;
mod parts;
mod player;
mod screen;
