//! What a set of weights is, by the names and shapes of a few of its tensors.

use super::DitError;
use crate::weights::names_dit::diffusers_from_original;
use loop3d_torch::weights::Weights;

/// Which names a file uses.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Layout {
    /// Those of Wan's own release, and of SynCamMaster's checkpoint.
    Original,
    /// Those of diffusers: [`crate::weights::names_dit::original_from_diffusers`] translates them.
    Diffusers,
}

/// Weights that [`super::Dit`] can run.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Identity {
    /// The published model that has these sizes, or the sizes.
    pub name: String,
    /// Which names the file uses.
    pub layout: Layout,
    /// Whether it has SynCamMaster's module between views.
    pub views: bool,
}

/// A tensor, what has a tensor of this name, and what to do.
const OTHERS: [(&str, &str, &str); 13] = [
    ("patch_embed.proj.weight", "the transformer of CogVideoX", TAKE_WAN),
    ("mixins.patch_embed.proj.weight", "the transformer of CogVideoX", TAKE_WAN),
    ("model.diffusion_model.mixins.patch_embed.proj.weight", "the transformer of CogVideoX", TAKE_WAN),
    ("double_blocks.0.img_attn_qkv.weight", "the transformer of HunyuanVideo", TAKE_WAN),
    ("model.diffusion_model.patch_embedding.weight", "names that begin with model.diffusion_model.", STRIP),
    ("diffusion_model.patch_embedding.weight", "names that begin with diffusion_model.", STRIP),
    ("model.diffusion_model.input_blocks.0.0.weight", "a U-Net", TAKE_WAN),
    ("down_blocks.0.resnets.0.conv1.weight", "a U-Net", TAKE_WAN),
    ("token_embedding.weight", "the text encoder of Wan2.1", ANOTHER_FILE),
    ("shared.weight", "a T5 text encoder", ANOTHER_FILE),
    ("encoder.conv1.weight", "the VAE of Wan2.1", ANOTHER_FILE),
    ("encoder.conv_in.weight", "a VAE", ANOTHER_FILE),
    ("visual.conv1.weight", "a CLIP image encoder", ANOTHER_FILE),
];
const TAKE_WAN: &str = "take the weights of Wan-AI/Wan2.1-T2V-1.3B";
const STRIP: &str = "remove the prefix, or take the file of Wan-AI/Wan2.1-T2V-1.3B";
const ANOTHER_FILE: &str =
    "take diffusion_pytorch_model.safetensors or SynCamMaster's step20000.ckpt of the same folder";

/// Says what `weights` are, in either layout.
///
/// # Errors
/// They are of a model that [`super::Dit`] cannot run, which the error names.
pub fn identify(weights: &Weights) -> Result<Identity, DitError> {
    let layout = if weights.has("condition_embedder.time_proj.weight") { Layout::Diffusers } else { Layout::Original };
    let shape = |name: &str| match layout {
        Layout::Original => weights.shape(name),
        Layout::Diffusers => weights.shape(&diffusers_from_original(name)?),
    };
    let refused = |found: String, remedy| Err(DitError::Model { found, remedy });
    let (Some(patch), Some(_)) = (shape("patch_embedding.weight"), shape("blocks.0.self_attn.q.weight")) else {
        let other = OTHERS.iter().find(|(name, ..)| weights.has(name));
        return match other {
            Some((_, what, remedy)) => refused((*what).to_owned(), remedy),
            None => refused("an unknown model (it has no patch_embedding.weight)".to_owned(), TAKE_WAN),
        };
    };
    if weights.has("vace_blocks.0.before_proj.weight") || weights.has("vace_blocks.0.proj_in.weight") {
        return refused("Wan2.1 VACE".to_owned(), TAKE_WAN);
    }
    let (dim, channels) = (patch[0], patch.get(1).copied().unwrap_or(0));
    let layers = weights.at("blocks").count();
    let image =
        weights.has("img_emb.proj.1.weight") || weights.has("condition_embedder.image_embedder.ff.net.0.proj.weight");
    match channels {
        16 if image => return refused("Wan2.1 with an image encoder".to_owned(), TAKE_WAN),
        16 => {}
        36 if image => return refused("Wan2.1 image-to-video (36 input channels)".to_owned(), TAKE_WAN),
        36 => return refused("Wan2.2 image-to-video A14B (36 input channels, no image encoder)".to_owned(), TAKE_WAN),
        48 => return refused("Wan2.2 TI2V-5B (48 channels, another VAE)".to_owned(), TAKE_WAN),
        _ => return refused(format!("a variant of Wan with {channels} input channels"), TAKE_WAN),
    }
    let name = match (dim, layers) {
        (1536, 30) => "Wan2.1 T2V-1.3B".to_owned(),
        // Both halves of Wan2.2 have these sizes, too. One alone makes clips, less good ones.
        (5120, 40) => "Wan2.1 T2V-14B, or one half of Wan2.2 T2V-A14B".to_owned(),
        _ => format!("a Wan2.1 text-to-video model of width {dim} with {layers} blocks"),
    };
    Ok(Identity { name, layout, views: weights.has("blocks.0.cam_encoder.weight") })
}
