//! A digest of a model that reads little of it.

use super::Config;
use loop3d_torch::weights::{Weights, WeightsError};
use sha2::{Digest, Sha256};
use tch::{Device, Kind};

/// SHA-256 of the names, shapes and kinds of all parameters, and of their first, middle and last rows.
pub(super) fn fingerprint(weights: &Weights, config: &Config) -> Result<String, WeightsError> {
    let mut digest = Sha256::new();
    for (name, shape) in config.parameters() {
        let last = shape[0] - 1;
        let rows = weights.rows(&name, &shape, &[0, last / 2, last])?;
        digest.update(format!("{name} {shape:?} {:?}\n", rows.kind()));
        let rows = rows.to_device(Device::Cpu).to_kind(Kind::Float).contiguous();
        let mut numbers = vec![0f32; rows.numel()];
        rows.copy_data(&mut numbers, rows.numel());
        numbers.iter().for_each(|number| digest.update(number.to_le_bytes()));
    }
    Ok(format!("{:x}", digest.finalize()))
}
