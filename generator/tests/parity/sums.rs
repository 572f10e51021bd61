//! Whether this machine sums as the machine of the reference data did. Shared by the tests that hold something to those data.

use super::golden_path as path;
use loop3d_torch::weights::{Memory, TensorSource};
use std::sync::OnceLock;

/// By plain operators on the data's 1000 times, the training weights of generate-loop.md are those of the data, to the last bit. MKL and oneDNN
/// choose their instructions by the model of the processor; where they take others than ours knew (seen on an Intel Xeon of model 167 with AMX,
/// whatever the environment said), nothing else is equal to the bit.
pub fn are_those_of_the_reference() -> bool {
    static ARE: OnceLock<bool> = OnceLock::new();
    *ARE.get_or_init(|| {
        let file = Memory::safetensors(&path("scheduler/scheduler.safetensors")).unwrap();
        let times = file.load("train1000_shift5.timesteps").unwrap();
        let n = times.numel() as f64;
        let raised = (((&times - n / 2.0) / n).pow_tensor_scalar(2) * -2.0).exp();
        let above = &raised - raised.min();
        let weights = &above * (above.sum(None).reciprocal() * n);
        let are = weights == file.load("train1000_shift5.weights").unwrap();
        if !are {
            eprintln!(
                "this machine sums in another order than the reference's: results are nearly equal, not to the bit"
            );
        }
        are
    })
}
