//! Named tensors of a model, whatever file they lie in. A model's constructor takes a [`Weights`] and asks for each parameter
//! by its name and shape; what it never asked for is left over and can be named ([`Weights::unused`]).

mod error;
mod memory;

pub use error::WeightsError;
pub use memory::Memory;

use std::cell::RefCell;
use std::collections::BTreeSet;
use std::rc::Rc;
use tch::{Device, Kind, Tensor};

/// Where tensors come from: a file, a set of shards, or memory.
pub trait TensorSource {
    /// What error messages call it, usually a path.
    fn place(&self) -> String;
    /// All names, sorted.
    fn names(&self) -> Vec<String>;
    /// Shape of a tensor; `None` if there is none of this name.
    fn shape(&self, name: &str) -> Option<Vec<i64>>;
    /// Reads one tensor, in the kind it is stored in, on the CPU.
    ///
    /// # Errors
    /// No tensor of this name, or what the file's reader finds.
    fn load(&self, name: &str) -> Result<Tensor, WeightsError>;
}

/// The parameters of one part of a model, seen from one of its modules: names are relative to a prefix.
#[derive(Clone)]
pub struct Weights {
    source: Rc<dyn TensorSource>,
    used: Rc<RefCell<BTreeSet<String>>>,
    prefix: String,
    device: Device,
    /// Kind that parameters are cast to; as stored if `None`.
    kind: Option<Kind>,
}

impl Weights {
    /// All parameters of `source`, cast to `kind` if there is one, on `device`.
    pub fn new(source: Rc<dyn TensorSource>, kind: impl Into<Option<Kind>>, device: Device) -> Self {
        Self { source, used: Rc::default(), prefix: String::new(), device, kind: kind.into() }
    }

    /// The parameters of a module: `at("blocks").at(0)` has those whose names begin with `blocks.0.`.
    #[must_use]
    pub fn at(&self, module: impl std::fmt::Display) -> Self {
        Self { prefix: format!("{}{module}.", self.prefix), ..self.clone() }
    }

    /// Whether there is a parameter of this name.
    pub fn has(&self, name: &str) -> bool {
        self.source.shape(&self.full(name)).is_some()
    }

    /// Shape of a parameter, if there is one of this name.
    pub fn shape(&self, name: &str) -> Option<Vec<i64>> {
        self.source.shape(&self.full(name))
    }

    /// How many numbered modules `at(0)`, `at(1)`, … there are.
    pub fn count(&self) -> usize {
        let names = self.source.names();
        (0..).take_while(|i| names.iter().any(|name| name.starts_with(&format!("{}{i}.", self.prefix)))).count()
    }

    /// The parameter `name` of this module.
    ///
    /// # Errors
    /// It is missing, has another shape, or cannot be read.
    pub fn tensor(&self, name: &str, shape: &[i64]) -> Result<Tensor, WeightsError> {
        let full = self.full(name);
        let place = || self.source.place();
        let found =
            self.source.shape(&full).ok_or_else(|| WeightsError::Missing { place: place(), name: full.clone() })?;
        if found != shape {
            return Err(WeightsError::Shape { place: place(), name: full, found, expected: shape.to_vec() });
        }
        let tensor = self.source.load(&full)?.to_device(self.device);
        self.used.borrow_mut().insert(full);
        Ok(self.kind.map_or_else(|| tensor.shallow_clone(), |kind| tensor.to_kind(kind)))
    }

    /// Names that no module of this source has asked for yet.
    pub fn unused(&self) -> Vec<String> {
        let used = self.used.borrow();
        self.source.names().into_iter().filter(|name| !used.contains(name)).collect()
    }

    fn full(&self, name: &str) -> String {
        format!("{}{name}", self.prefix)
    }
}
