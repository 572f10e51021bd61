//! The two names of every parameter of the Wan2.1 transformer: those of the original file and those of diffusers'
//! (generate-syncammaster §3). Both have the same tensors. SynCamMaster's parameters exist in original names only; they keep
//! them.
//!
//! Names are translated from the front: `IN_A_BLOCK` pairs what follows `blocks.i.`, `OUTSIDE` the rest. What is in neither
//! table has the same name in both.

use loop3d_torch::weights::{Renamed, TensorSource, WeightsError};
use std::rc::Rc;

/// A tensor that only files of diffusers have.
const DIFFUSERS: &str = "condition_embedder.time_proj.weight";

/// Parameters and modules outside of blocks, original and diffusers.
const OUTSIDE: [(&str, &str); 8] = [
    ("text_embedding.0.", "condition_embedder.text_embedder.linear_1."),
    ("text_embedding.2.", "condition_embedder.text_embedder.linear_2."),
    ("time_embedding.0.", "condition_embedder.time_embedder.linear_1."),
    ("time_embedding.2.", "condition_embedder.time_embedder.linear_2."),
    ("time_projection.1.", "condition_embedder.time_proj."),
    ("head.head.", "proj_out."),
    ("head.modulation", "scale_shift_table"),
    ("patch_embedding.", "patch_embedding."),
];

/// Parameters and modules of a block, original and diffusers.
const IN_A_BLOCK: [(&str, &str); 20] = [
    ("self_attn.q.", "attn1.to_q."),
    ("self_attn.k.", "attn1.to_k."),
    ("self_attn.v.", "attn1.to_v."),
    ("self_attn.o.", "attn1.to_out.0."),
    ("self_attn.norm_q.", "attn1.norm_q."),
    ("self_attn.norm_k.", "attn1.norm_k."),
    ("cross_attn.q.", "attn2.to_q."),
    ("cross_attn.k.", "attn2.to_k."),
    ("cross_attn.v.", "attn2.to_v."),
    ("cross_attn.o.", "attn2.to_out.0."),
    ("cross_attn.norm_q.", "attn2.norm_q."),
    ("cross_attn.norm_k.", "attn2.norm_k."),
    ("norm3.", "norm2."),
    ("ffn.0.", "ffn.net.0.proj."),
    ("ffn.2.", "ffn.net.2."),
    // Before `modulation`, which is the beginning of it.
    ("modulation_mvs", "modulation_mvs"),
    ("modulation", "scale_shift_table"),
    ("cam_encoder.", "cam_encoder."),
    ("mvs_attn.", "mvs_attn."),
    ("projector.", "projector."),
];

/// The name in diffusers' files of a parameter of the original file; `None` if the original has none of this name.
#[must_use]
pub fn diffusers_from_original(name: &str) -> Option<String> {
    rename(name, &OUTSIDE, &IN_A_BLOCK)
}

/// The name in the original file of a parameter of diffusers' files; `None` if those have none of this name.
#[must_use]
pub fn original_from_diffusers(name: &str) -> Option<String> {
    let back = |(original, diffusers)| (diffusers, original);
    rename(name, &OUTSIDE.map(back), &IN_A_BLOCK.map(back))
}

/// `source` under the original names, whichever of the two it has. Names of neither layout stay as they are.
///
/// # Errors
/// A file that mixes the two so that a parameter is there twice.
pub fn original(source: Rc<dyn TensorSource>) -> Result<Rc<dyn TensorSource>, WeightsError> {
    if source.shape(DIFFUSERS).is_none() {
        return Ok(source);
    }
    let rename = |name: &str| Some(original_from_diffusers(name).unwrap_or_else(|| name.to_owned()));
    Ok(Rc::new(Renamed::new(source, "diffusers", rename)?))
}

fn rename(name: &str, outside: &[(&str, &str)], in_a_block: &[(&str, &str)]) -> Option<String> {
    let Some(in_blocks) = name.strip_prefix("blocks.") else {
        return translate(name, outside);
    };
    let (number, parameter) = in_blocks.split_once('.')?;
    number.parse::<usize>().ok()?;
    Some(format!("blocks.{number}.{}", translate(parameter, in_a_block)?))
}

fn translate(name: &str, table: &[(&str, &str)]) -> Option<String> {
    table.iter().find_map(|(from, to)| Some(format!("{to}{}", name.strip_prefix(from)?)))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_of_no_module_have_no_other_name() {
        for name in ["", "blocks.", "blocks.0", "blocks.x.norm3.bias", "blocks.0.attn1.to_q.bias", "norm3.weight"] {
            assert_eq!(diffusers_from_original(name), None, "{name}");
        }
        assert_eq!(original_from_diffusers("blocks.0.norm3.weight"), None);
    }

    #[test]
    fn the_view_module_keeps_its_names() {
        for name in ["blocks.7.modulation_mvs", "blocks.12.mvs_attn.norm_q.weight", "blocks.0.cam_encoder.bias"] {
            assert_eq!(diffusers_from_original(name).as_deref(), Some(name));
            assert_eq!(original_from_diffusers(name).as_deref(), Some(name));
        }
    }
}
