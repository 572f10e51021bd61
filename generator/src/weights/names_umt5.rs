//! The two names of every parameter of the UMT5 encoder: those of Wan's original file and those of transformers
//! (generate-syncammaster §1). Both have the same tensors.

use loop3d_torch::weights::{Renamed, TensorSource, WeightsError};
use std::rc::Rc;

/// transformers' two names of the table of tokens, which encoder and decoder share.
const SHARED: &str = "shared.weight";
const ENCODERS: &str = "encoder.embed_tokens.weight";

/// Parameters outside of the layers, original and transformers.
const OUTSIDE: [(&str, &str); 2] =
    [("token_embedding.weight", SHARED), ("norm.weight", "encoder.final_layer_norm.weight")];

/// Parameters of a layer, original and transformers.
const IN_A_LAYER: [(&str, &str); 10] = [
    ("norm1.weight", "layer.0.layer_norm.weight"),
    ("attn.q.weight", "layer.0.SelfAttention.q.weight"),
    ("attn.k.weight", "layer.0.SelfAttention.k.weight"),
    ("attn.v.weight", "layer.0.SelfAttention.v.weight"),
    ("attn.o.weight", "layer.0.SelfAttention.o.weight"),
    ("pos_embedding.embedding.weight", "layer.0.SelfAttention.relative_attention_bias.weight"),
    ("norm2.weight", "layer.1.layer_norm.weight"),
    ("ffn.gate.0.weight", "layer.1.DenseReluDense.wi_0.weight"),
    ("ffn.fc1.weight", "layer.1.DenseReluDense.wi_1.weight"),
    ("ffn.fc2.weight", "layer.1.DenseReluDense.wo.weight"),
];

/// The name in transformers' files of a parameter of the original file; `None` if the original has none of this name.
#[must_use]
pub fn transformers_from_original(name: &str) -> Option<String> {
    rename(name, OUTSIDE, "blocks.", "encoder.block.", IN_A_LAYER)
}

/// The name in the original file of a parameter of transformers' files; `None` if those have none of this name.
#[must_use]
pub fn original_from_transformers(name: &str) -> Option<String> {
    let name = if name == ENCODERS { SHARED } else { name };
    let swapped = |pairs: (&'static str, &'static str)| (pairs.1, pairs.0);
    rename(name, OUTSIDE.map(swapped), "encoder.block.", "blocks.", IN_A_LAYER.map(swapped))
}

/// `source` under the original names, whichever of the two it has. Names of neither layout stay as they are.
///
/// # Errors
/// A file that mixes the two so that a parameter is there twice.
pub fn original(source: Rc<dyn TensorSource>) -> Result<Rc<dyn TensorSource>, WeightsError> {
    let has = |name| source.shape(name).is_some();
    if !has(SHARED) && !has(ENCODERS) {
        return Ok(source);
    }
    // Where the table of tokens is there under both of its names, one of them is enough.
    let both = has(SHARED) && has(ENCODERS);
    let rename = |name: &str| {
        let kept = !(both && name == ENCODERS);
        kept.then(|| original_from_transformers(name).unwrap_or_else(|| name.to_owned()))
    };
    Ok(Rc::new(Renamed::new(source, "transformers", rename)?))
}

fn rename(
    name: &str,
    outside: [(&str, &str); 2],
    from: &str,
    to: &str,
    in_a_layer: [(&str, &str); 10],
) -> Option<String> {
    if let Some((_, other)) = outside.iter().find(|(one, _)| *one == name) {
        return Some((*other).to_owned());
    }
    let (layer, parameter) = name.strip_prefix(from)?.split_once('.')?;
    let layer: usize = layer.parse().ok()?;
    let (_, other) = in_a_layer.iter().find(|(one, _)| *one == parameter)?;
    Some(format!("{to}{layer}.{other}"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_of_no_parameter_have_no_other_name() {
        for name in ["", "shared.weight", "blocks.x.norm1.weight", "blocks.0.norm3.weight", "blocks.0"] {
            assert_eq!(transformers_from_original(name), None, "{name}");
        }
        for name in
            ["norm.weight", "decoder.block.0.layer.0.layer_norm.weight", "encoder.block.0.layer.2.layer_norm.weight"]
        {
            assert_eq!(original_from_transformers(name), None, "{name}");
        }
        assert_eq!(original_from_transformers(ENCODERS).as_deref(), Some("token_embedding.weight"));
    }
}
