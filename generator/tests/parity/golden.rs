//! Where the reference data lie, and how tensors are compared.
#![allow(dead_code)]

use crate::sums;
use loop3d_torch::weights::{Memory, TensorSource, Weights};
use std::path::PathBuf;
use std::rc::Rc;
use std::{env, fs};
use tch::{Device, Kind, Tensor};

/// A file of the reference data, such as `umt5/io.safetensors`.
pub fn path(name: &str) -> PathBuf {
    let folder = env::var_os("LOOP3D_GOLDEN").map(PathBuf::from);
    folder.unwrap_or_else(|| PathBuf::from(concat!(env!("CARGO_MANIFEST_DIR"), "/tests/parity/data"))).join(name)
}

/// A JSON file of the reference data.
pub fn json(name: &str) -> serde_json::Value {
    serde_json::from_str(&fs::read_to_string(path(name)).unwrap()).unwrap()
}

/// A file of weights as a model takes them, in the kind they are stored in.
pub fn weights(name: &str) -> Weights {
    one_thread();
    Weights::new(Rc::new(Memory::safetensors(&path(name)).unwrap()), None, Device::Cpu)
}

/// The tensors of a file, by name.
pub struct Golden(Memory);

impl Golden {
    pub fn open(name: &str) -> Self {
        one_thread();
        Self(Memory::safetensors(&path(name)).unwrap())
    }

    pub fn names(&self) -> Vec<String> {
        self.0.names()
    }

    pub fn has(&self, name: &str) -> bool {
        self.0.shape(name).is_some()
    }

    #[track_caller]
    pub fn get(&self, name: &str) -> Tensor {
        self.0.load(name).unwrap()
    }
}

/// The reference was computed by one thread; with more, sums come in another order.
pub fn one_thread() {
    tch::set_num_threads(1);
}

/// Largest absolute difference of two tensors of one shape; infinite where one is not finite and the other is.
#[track_caller]
pub fn difference(a: &Tensor, b: &Tensor) -> f64 {
    assert_eq!(a.size(), b.size(), "shapes");
    let difference = (a.to_kind(Kind::Double) - b.to_kind(Kind::Double)).abs().max().double_value(&[]);
    if difference.is_nan() { f64::INFINITY } else { difference }
}

/// How far sums may be off on a machine whose own are not those of the reference's, as a part of the largest value.
const OTHER_SUMS: f64 = 2e-5;

/// How far values of about 1 may be off: not at all, on a machine that sums as the reference's did.
pub fn slack() -> f64 {
    if sums::are_those_of_the_reference() { 0.0 } else { OTHER_SUMS }
}

/// Equal to the last bit, on a machine that sums as the reference's did.
#[track_caller]
pub fn same(name: &str, found: &Tensor, expected: &Tensor) {
    assert_eq!(found.kind(), expected.kind(), "{name}: kinds");
    let off = difference(found, expected);
    if off > 0.0 && !sums::are_those_of_the_reference() {
        let largest = expected.to_kind(Kind::Double).abs().max().double_value(&[]);
        let most = match expected.kind() {
            Kind::Float | Kind::Double => OTHER_SUMS * largest.max(1.0),
            // Half precision rounds what is a little off to the next value, of eight bits, in each of many layers.
            Kind::BFloat16 | Kind::Half => largest / 32.0,
            Kind::Uint8 => 1.0,
            _ => 0.0,
        };
        assert!(off <= most, "{name}: off by {off:e}, expected at most {most:e}");
        return;
    }
    let off = difference(found, expected);
    assert!(off == 0.0, "{name}: off by {off:e}, expected no difference at all");
}

/// Equal within `bound`.
#[track_caller]
pub fn near(name: &str, found: &Tensor, expected: &Tensor, bound: f64) {
    let off = difference(found, expected);
    assert!(off <= bound, "{name}: off by {off:e}, expected at most {bound:e}");
}
