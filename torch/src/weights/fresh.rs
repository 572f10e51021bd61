//! Parameters of a model that was never trained: each is drawn when the model asks for it.

use super::{TensorSource, WeightsError};
use std::cell::RefCell;
use std::collections::BTreeMap;
use std::f32::consts::TAU;
use tch::Tensor;

/// How a parameter begins.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Start {
    /// Every number is this one.
    Constant(f32),
    /// Normally distributed around 0 with this standard deviation.
    Normal(f32),
}

impl Start {
    /// What keeps numbers at their size on the way through a model: 1/√inputs for matrices and kernels, ones for the weights of
    /// norms, zeros for biases.
    #[must_use]
    pub fn usual(name: &str, shape: &[i64]) -> Self {
        let last = name.rsplit('.').next().unwrap_or(name);
        match (last, shape.len()) {
            ("bias", _) => Self::Constant(0.0),
            ("weight", 0 | 1) => Self::Constant(1.0),
            _ => Self::Normal(1.0 / (shape[1..].iter().product::<i64>().max(1) as f32).sqrt()),
        }
    }
}

/// How parameters begin, by their names and shapes.
type Rule = Box<dyn Fn(&str, &[i64]) -> Start>;

/// Draws parameters from a seed. A parameter depends on the seed and its own name alone, not on what was asked for before.
pub struct Fresh {
    seed: u64,
    start: Rule,
    made: RefCell<BTreeMap<String, Tensor>>,
}

impl Fresh {
    /// Parameters that begin as `start` says of their names and shapes.
    pub fn new(seed: u64, start: impl Fn(&str, &[i64]) -> Start + 'static) -> Self {
        Self { seed, start: Box::new(start), made: RefCell::default() }
    }

    /// All parameters that were asked for, by name.
    pub fn made(&self) -> BTreeMap<String, Tensor> {
        self.made.borrow().iter().map(|(name, tensor)| (name.clone(), tensor.shallow_clone())).collect()
    }

    fn draw(&self, name: &str, shape: &[i64]) -> Tensor {
        let count = shape.iter().product::<i64>() as usize;
        let numbers = match (self.start)(name, shape) {
            Start::Constant(value) => vec![value; count],
            Start::Normal(deviation) => normals(named_seed(self.seed, name), count, deviation),
        };
        Tensor::from_slice(&numbers).reshape(shape)
    }
}

/// FNV-1a of the name, begun at the seed.
fn named_seed(seed: u64, name: &str) -> u64 {
    let begin = 0xcbf2_9ce4_8422_2325 ^ seed.wrapping_mul(0x9e37_79b9_7f4a_7c15);
    name.bytes().fold(begin, |hash, byte| (hash ^ u64::from(byte)).wrapping_mul(0x0000_0100_0000_01b3))
}

/// `count` normally distributed numbers of a seed, the same on every machine that rounds logarithm and cosine alike (Box and
/// Muller's transform).
#[must_use]
pub fn normals(seed: u64, count: usize, deviation: f32) -> Vec<f32> {
    let mut random = fastrand::Rng::with_seed(seed);
    let mut numbers = Vec::with_capacity(count + 1);
    while numbers.len() < count {
        // 1 − u is never 0.
        let radius = deviation * (-2.0 * (1.0 - random.f32()).ln()).sqrt();
        let (sin, cos) = (TAU * random.f32()).sin_cos();
        numbers.extend([radius * cos, radius * sin]);
    }
    numbers.truncate(count);
    numbers
}

impl TensorSource for Fresh {
    fn place(&self) -> String {
        "new parameters".to_owned()
    }

    fn names(&self) -> Vec<String> {
        self.made.borrow().keys().cloned().collect()
    }

    fn shape(&self, name: &str) -> Option<Vec<i64>> {
        Some(self.made.borrow().get(name)?.size())
    }

    fn shape_for(&self, name: &str, expected: &[i64]) -> Option<Vec<i64>> {
        let mut made = self.made.borrow_mut();
        Some(made.entry(name.to_owned()).or_insert_with(|| self.draw(name, expected)).size())
    }

    fn load(&self, name: &str) -> Result<Tensor, WeightsError> {
        let made = self.made.borrow();
        let missing = || WeightsError::Missing { place: self.place(), name: name.to_owned() };
        Ok(made.get(name).ok_or_else(missing)?.shallow_clone())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::weights::Weights;
    use std::rc::Rc;
    use tch::{Device, Kind};

    #[test]
    fn parameters_depend_on_seed_and_name_alone() {
        let fresh = |seed| Weights::new(Rc::new(Fresh::new(seed, Start::usual)), None, Device::Cpu);
        let (a, b, other) = (fresh(1), fresh(1), fresh(2));
        let _ = b.tensor("first", &[7]).unwrap();
        let drawn = |weights: &Weights, name: &str| weights.at("layer").tensor(name, &[40, 100]).unwrap();
        assert_eq!(drawn(&a, "weight"), drawn(&b, "weight"));
        assert_ne!(drawn(&a, "weight"), drawn(&other, "weight"));
        assert_ne!(drawn(&a, "weight"), drawn(&a, "w"));
        // 4000 numbers of deviation 1/√100: their mean square is 0.01 within five of its deviations, √(2/4000) of it.
        let square = drawn(&a, "weight").square().mean(Kind::Double).double_value(&[]);
        assert!((square / 0.01 - 1.0).abs() < 0.12, "{square}");
        assert_eq!(a.tensor("norm.weight", &[3]).unwrap(), Tensor::from_slice(&[1f32; 3]));
        assert_eq!(a.tensor("norm.bias", &[3]).unwrap(), Tensor::from_slice(&[0f32; 3]));
        // Asked for again in another shape, it is the one that was made.
        assert!(a.tensor("norm.bias", &[4]).is_err());
    }
}
