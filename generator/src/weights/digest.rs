//! A digest of any model that reads little of it.

use loop3d_torch::weights::{TensorSource, WeightsError};
use sha2::{Digest, Sha256};
use tch::Kind;

/// SHA-256 of the names, shapes and kinds of all tensors, and of their first, middle and last rows, as 16 hexadecimal digits. A
/// digest of all numbers would read gigabytes.
///
/// # Errors
/// The tensors cannot be read.
pub fn digest(source: &dyn TensorSource) -> Result<String, WeightsError> {
    let mut digest = Sha256::new();
    for name in source.names() {
        let shape = source.shape(&name).unwrap_or_default();
        digest.update(format!("{name} {shape:?} "));
        let rows = match shape.first() {
            Some(&count) if count > 0 => source.rows(&name, &[0, (count - 1) / 2, count - 1])?,
            _ => source.load(&name)?,
        };
        digest.update(format!("{:?}\n", rows.kind()));
        let rows = rows.to_kind(Kind::Float).contiguous();
        let mut numbers = vec![0f32; rows.numel()];
        rows.copy_data(&mut numbers, rows.numel());
        numbers.iter().for_each(|number| digest.update(number.to_le_bytes()));
    }
    Ok(digest.finalize().iter().take(8).map(|byte| format!("{byte:02x}")).collect())
}
