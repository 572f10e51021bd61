//! The engine and the element in a real browser.
#![cfg(not(target_arch = "wasm32"))]

#[cfg(test)]
mod element;
#[cfg(test)]
mod images;
#[cfg(test)]
mod memory;
#[cfg(test)]
#[path = "../../../package/tests/packages/support.rs"]
mod support;
#[cfg(test)]
#[path = "../../../package/tests/packages/tools.rs"]
mod tools;
