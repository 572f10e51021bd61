//! The command `loop3d`.
fn main() {}
