//! What a pixel shows, as one byte: the values of [`Geometry::ids`](super::Geometry).

/// Nothing but the sky, moving clouds included.
pub const SKY: u8 = 0;
/// The ground, water included.
pub const GROUND: u8 = 1;
/// The first backdrop; the others follow, near to far.
pub const BACKDROP: u8 = 2;
/// The first prop; the others follow.
pub const PROP: u8 = 8;
/// The still parts of the thing, such as a flag's pole.
pub const THING: u8 = 16;
/// The moving parts of the thing, such as a flag's cloth.
pub const MOVING: u8 = 17;
