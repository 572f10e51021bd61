//! Engine and element in a real browser.
#![cfg(not(target_arch = "wasm32"))]

#[cfg(test)]
mod element;
#[cfg(test)]
mod memory;
#[cfg(test)]
mod pictures;
#[cfg(test)]
#[path = "../../../package/tests/packages/support.rs"]
mod support;
#[cfg(test)]
#[path = "../../../package/tests/packages/tools.rs"]
mod tools;
