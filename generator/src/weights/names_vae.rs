//! The two names of every parameter of the Wan2.1 VAE: those of the original file and those of diffusers' (generate-syncammaster
//! §2). Both have the same tensors.
//!
//! A name is a module and a parameter in it. `modules` pairs the modules, `IN_A_BLOCK` the parameters of a residual block;
//! all other parameters keep their names.

use loop3d_torch::weights::{Renamed, TensorSource, WeightsError};
use std::rc::Rc;

/// Modules of the encoder that are numbered in one row: four stages of two residual blocks, and three changes of size.
const DOWN: usize = 11;
/// The same of the decoder, with three residual blocks a stage.
const UP: usize = 15;
/// Modules of a stage of the decoder.
const UP_STAGE: usize = 4;

/// Modules that have no number of their own, original and diffusers.
const MODULES: [(&str, &str); 14] = [
    ("conv1.", "quant_conv."),
    ("conv2.", "post_quant_conv."),
    ("encoder.conv1.", "encoder.conv_in."),
    ("encoder.middle.0.", "encoder.mid_block.resnets.0."),
    ("encoder.middle.1.", "encoder.mid_block.attentions.0."),
    ("encoder.middle.2.", "encoder.mid_block.resnets.1."),
    ("encoder.head.0.", "encoder.norm_out."),
    ("encoder.head.2.", "encoder.conv_out."),
    ("decoder.conv1.", "decoder.conv_in."),
    ("decoder.middle.0.", "decoder.mid_block.resnets.0."),
    ("decoder.middle.1.", "decoder.mid_block.attentions.0."),
    ("decoder.middle.2.", "decoder.mid_block.resnets.1."),
    ("decoder.head.0.", "decoder.norm_out."),
    ("decoder.head.2.", "decoder.conv_out."),
];

/// Layers of a residual block, original and diffusers.
const IN_A_BLOCK: [(&str, &str); 5] = [
    ("residual.0.", "norm1."),
    ("residual.2.", "conv1."),
    ("residual.3.", "norm2."),
    ("residual.6.", "conv2."),
    ("shortcut.", "conv_shortcut."),
];

/// The name in diffusers' files of a parameter of the original file; `None` if the original has none of this name.
#[must_use]
pub fn diffusers_from_original(name: &str) -> Option<String> {
    rename(name, modules(), IN_A_BLOCK)
}

/// The name in the original file of a parameter of diffusers' files; `None` if those have none of this name.
#[must_use]
pub fn original_from_diffusers(name: &str) -> Option<String> {
    rename(name, modules().map(|(original, diffusers)| (diffusers, original)), IN_A_BLOCK.map(|(o, d)| (d, o)))
}

/// `source` under the original names, whichever of the two it has: what [`Vae::new`](crate::vae::Vae::new) takes. Names of
/// neither layout stay as they are.
///
/// # Errors
/// A file that mixes the two so that a parameter is there twice.
pub fn original(source: Rc<dyn TensorSource>) -> Result<Rc<dyn TensorSource>, WeightsError> {
    let names = source.names();
    let diffusers = names.iter().any(|name| MODULES.iter().any(|(_, diffusers)| name.starts_with(diffusers)));
    if !diffusers {
        return Ok(source);
    }
    let rename = |name: &str| Some(original_from_diffusers(name).unwrap_or_else(|| name.to_owned()));
    Ok(Rc::new(Renamed::new(source, "diffusers", rename)?))
}

/// All modules, original and diffusers.
fn modules() -> impl Iterator<Item = (String, String)> {
    let single = MODULES.map(|(original, diffusers)| (original.to_owned(), diffusers.to_owned()));
    let down = (0..DOWN).map(|i| (format!("encoder.downsamples.{i}."), format!("encoder.down_blocks.{i}.")));
    let up = (0..UP).map(|i| {
        let (stage, place) = (i / UP_STAGE, i % UP_STAGE);
        let module = if place + 1 == UP_STAGE { "upsamplers.0".to_owned() } else { format!("resnets.{place}") };
        (format!("decoder.upsamples.{i}."), format!("decoder.up_blocks.{stage}.{module}."))
    });
    single.into_iter().chain(down).chain(up)
}

fn rename(
    name: &str,
    mut modules: impl Iterator<Item = (String, String)>,
    in_a_block: [(&str, &str); 5],
) -> Option<String> {
    let (parameter, module) = modules.find_map(|(from, to)| Some((name.strip_prefix(&from)?, to)))?;
    let renamed = in_a_block.iter().find_map(|(from, to)| Some(format!("{to}{}", parameter.strip_prefix(from)?)));
    Some(module + renamed.as_deref().unwrap_or(parameter))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_of_no_module_have_no_other_name() {
        for name in
            ["", "conv3.weight", "decoder.upsamples.15.residual.2.weight", "encoder.downsamples.11.resample.1.bias"]
        {
            assert_eq!(diffusers_from_original(name), None, "{name}");
        }
        assert_eq!(original_from_diffusers("decoder.up_blocks.4.resnets.0.norm1.gamma"), None);
        // The number of a module is not cut short: 1 is not 10.
        let ten = diffusers_from_original("encoder.downsamples.10.residual.2.bias");
        assert_eq!(ten.as_deref(), Some("encoder.down_blocks.10.conv1.bias"));
    }
}
