//! What a chunk of a long clip knows of those before it (StreamingT2V, generate-long): the last frames through [`Injector`]s (CAM, short
//! memory), and one early frame as tokens beside the words (APM, long memory). Both begin without any effect, and learn beside a base
//! that stays as it is.
//!
//! | part | does |
//! |---|---|
//! | [`FrameEncoder`] | the last frames of the chunk before → features that are added in the extractor |
//! | [`Injector`] | the extractor's features → what every new frame takes from them, at a skip |
//! | [`ImageTower`] | an anchor frame → a vector (OpenCLIP) |
//! | [`AnchorTokens`] | such vectors → tokens behind the words |
//! | [`MixedAttention`] | attention of pictures to the words, with the anchor's tokens mixed in |

mod anchor;
mod frame_encoder;
mod image_tower;
mod injector;
mod mixed_attention;

pub use anchor::AnchorTokens;
pub use frame_encoder::{FrameEncoder, FrameEncoderSizes};
pub use image_tower::{ImageTower, TowerSizes};
pub use injector::Injector;
pub use mixed_attention::{MixedAttention, MixedSizes};
