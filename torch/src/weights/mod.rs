//! Named tensors of a model, whatever file they lie in. A model's constructor takes a [`Weights`] and asks for each parameter
//! by its name and shape; what it never asked for is left over and can be named ([`Weights::unused`]).
//!
//! [`open()`] reads [`Safetensors`], [`Shards`] of them, and what `torch.save` writes ([`Pickle`]), whatever the file is called.
//! [`Memory`] holds tensors that are there already, [`Fresh`] draws those of a model that was never trained, [`Renamed`] shows
//! a source under other names. Files are mapped, and tensors
//! are copied out of the map one at a time: a model that asks for its layers one by one needs the memory of one layer.

mod bytes;
mod dense;
mod error;
mod fresh;
mod memory;
mod open;
mod pickle;
mod renamed;
mod safetensors;

pub use error::WeightsError;
pub use fresh::{Fresh, Start, normals};
pub use memory::Memory;
pub use open::open;
pub use pickle::Pickle;
pub use renamed::Renamed;
pub use safetensors::{Safetensors, Shards};

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
    /// Shape of a tensor for a model that expects `expected`. Only a source that makes what it is asked for looks at it.
    fn shape_for(&self, name: &str, expected: &[i64]) -> Option<Vec<i64>> {
        let _ = expected;
        self.shape(name)
    }
    /// Reads one tensor, in the kind it is stored in, on the CPU.
    ///
    /// # Errors
    /// No tensor of this name, or what the file's reader finds.
    fn load(&self, name: &str) -> Result<Tensor, WeightsError>;
    /// Some rows of a table, in the order asked for: `[rows, …]` out of `[n, …]`. Readers of files read these rows alone.
    ///
    /// # Errors
    /// No tensor of this name, no such row, or what the file's reader finds.
    fn rows(&self, name: &str, rows: &[i64]) -> Result<Tensor, WeightsError> {
        rows_of(self, name, rows)
    }
}

/// Rows of a tensor that is read whole.
fn rows_of(source: &(impl TensorSource + ?Sized), name: &str, rows: &[i64]) -> Result<Tensor, WeightsError> {
    let table = source.load(name)?;
    let count = table.size().first().copied().unwrap_or(0);
    if let Some(&row) = rows.iter().find(|row| !(0..count).contains(*row)) {
        return Err(WeightsError::NoRow { place: source.place(), name: name.to_owned(), row, rows: count });
    }
    Ok(table.index_select(0, &Tensor::from_slice(rows)))
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
    /// Whether parameters that are not finite are errors.
    checked: bool,
}

impl Weights {
    /// All parameters of `source`, cast to `kind` if there is one, on `device`.
    pub fn new(source: Rc<dyn TensorSource>, kind: impl Into<Option<Kind>>, device: Device) -> Self {
        Self { source, used: Rc::default(), prefix: String::new(), device, kind: kind.into(), checked: false }
    }

    /// The same parameters, each checked when it is read: one that is infinite or not a number is an error. It takes one more
    /// pass through the numbers, and no memory.
    #[must_use]
    pub fn checked(&self) -> Self {
        Self { checked: true, ..self.clone() }
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
        let full = self.found(name, shape)?;
        let tensor = self.source.load(&full)?;
        self.taken(full, &tensor)
    }

    /// Whether the parameter `name` of this module is there in this shape, without reading it.
    ///
    /// # Errors
    /// It is missing or has another shape.
    pub fn expect(&self, name: &str, shape: &[i64]) -> Result<(), WeightsError> {
        let full = self.found(name, shape)?;
        self.used.borrow_mut().insert(full);
        Ok(())
    }

    /// Rows of the parameter `name` of this module, a table of the shape `shape`: `[rows, …]`. A file's other rows are not
    /// read.
    ///
    /// # Errors
    /// As for [`Weights::tensor`], and a row that the table does not have.
    pub fn rows(&self, name: &str, shape: &[i64], rows: &[i64]) -> Result<Tensor, WeightsError> {
        let full = self.found(name, shape)?;
        let tensor = self.source.rows(&full, rows)?;
        self.taken(full, &tensor)
    }

    /// The full name of a parameter that is there in this shape.
    fn found(&self, name: &str, shape: &[i64]) -> Result<String, WeightsError> {
        let name = self.full(name);
        match self.source.shape_for(&name, shape) {
            None => Err(WeightsError::Missing { place: self.source.place(), name }),
            Some(found) if found != shape => {
                Err(WeightsError::Shape { place: self.source.place(), name, found, expected: shape.to_vec() })
            }
            Some(_) => Ok(name),
        }
    }

    /// A tensor of the source as a model takes it.
    fn taken(&self, name: String, tensor: &Tensor) -> Result<Tensor, WeightsError> {
        if self.checked {
            finite(tensor).map_err(|count| WeightsError::NotFinite {
                place: self.source.place(),
                name: name.clone(),
                count,
                of: tensor.numel() as i64,
            })?;
        }
        self.used.borrow_mut().insert(name);
        let tensor = tensor.to_device(self.device);
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

/// Whether all numbers are finite, or how many are not.
fn finite(tensor: &Tensor) -> Result<(), i64> {
    if !matches!(tensor.kind(), Kind::Half | Kind::BFloat16 | Kind::Float | Kind::Double) {
        return Ok(());
    }
    // A sum is not finite if one of its numbers is not. Only then are they looked at one by one, since it may have overflowed.
    let kind = if tensor.kind() == Kind::Double { Kind::Double } else { Kind::Float };
    if tensor.sum(kind).double_value(&[]).is_finite() {
        return Ok(());
    }
    let count = tensor.isfinite().logical_not().sum(Kind::Int64).int64_value(&[]);
    if count == 0 { Ok(()) } else { Err(count) }
}
