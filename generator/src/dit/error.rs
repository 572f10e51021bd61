//! What can be wrong with the transformer's weights and inputs.

use crate::cameras::CamerasError;
use crate::vae::VaeError;
use loop3d_torch::weights::WeightsError;

/// Errors of weights and inputs. All of them are the caller's.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum DitError {
    /// A parameter is missing or has another shape.
    #[error(transparent)]
    Weights(#[from] WeightsError),
    /// A tensor is not one of cameras.
    #[error(transparent)]
    Cameras(#[from] CamerasError),
    /// A tensor is not one of latents.
    #[error(transparent)]
    Latents(#[from] VaeError),
    /// The width cannot be shared out between heads.
    #[error(
        "heads: found {heads} for a width of {dim}, expected heads of one width that splits into three even parts (time, \
         height, width); give the number of heads of the model's config.json"
    )]
    Heads {
        /// Heads of every attention.
        heads: i64,
        /// Width of the model.
        dim: i64,
    },
    /// The weights are of another model.
    #[error("weights: found {found}, expected the transformer of Wan2.1 text-to-video; {remedy}")]
    Model {
        /// What the weights look like.
        found: String,
        /// What to do.
        remedy: &'static str,
    },
    /// Tokens do not fill their grid.
    #[error("tokens: found the shape {found:?}, expected [views, {}, width] for a grid of {grid:?}", grid.iter().product::<i64>())]
    Tokens {
        /// Shape of the tensor.
        found: Vec<i64>,
        /// Frames, rows and columns.
        grid: [i64; 3],
    },
    /// A tensor is not a text.
    #[error(
        "text: found the shape {found:?} of {kind}, expected floating-point [1 or views, tokens, width] and no axis of length 0"
    )]
    Text {
        /// Shape of the tensor.
        found: Vec<i64>,
        /// Its kind.
        kind: String,
    },
    /// A text of another encoder.
    #[error("text: found {found} features of a token, expected {expected}; take the text encoder of the same model")]
    TextWidth {
        /// Features of the text.
        found: i64,
        /// Features that the model takes.
        expected: i64,
    },
    /// Inputs are of different numbers of views.
    #[error("{what}: found {found} views, expected the {expected} of the latents")]
    Views {
        /// Which input.
        what: &'static str,
        /// Its views.
        found: i64,
        /// Views of the latents.
        expected: i64,
    },
    /// Cameras for another number of latent frames.
    #[error("cameras: found {found} latent frames, expected {expected}; repeat a fixed camera for every latent frame")]
    Frames {
        /// Frames of the cameras.
        found: i64,
        /// Frames of tokens.
        expected: i64,
    },
    /// A model with a view module needs cameras.
    #[error("cameras: found none, expected one for each view, since the weights have a module between views")]
    NoCameras,
    /// A model without a view module would ignore cameras.
    #[error(
        "cameras: found some, but the weights have no module between views that would heed them; load SynCamMaster's \
         checkpoint, or leave the cameras out"
    )]
    NoViewModule,
    /// Latents cannot be cut into patches.
    #[error(
        "latents: found {found:?} (frames, rows, columns), expected multiples of {patch:?}; crop or resize the clip"
    )]
    Size {
        /// Size of the latents.
        found: [i64; 3],
        /// Size of a patch.
        patch: [i64; 3],
    },
    /// Latents of another autoencoder.
    #[error("latents: found {found} channels, expected {expected}")]
    Channels {
        /// Channels of the latents.
        found: i64,
        /// Channels that the model takes.
        expected: i64,
    },
}
