//! A source seen under other names: the same model is published under the names of its first code and of others.

use super::{TensorSource, WeightsError};
use std::collections::BTreeMap;
use std::rc::Rc;
use tch::Tensor;

/// A source whose tensors go by the names that a model asks for.
pub struct Renamed {
    place: String,
    source: Rc<dyn TensorSource>,
    /// New name to the name in the source.
    names: BTreeMap<String, String>,
}

impl Renamed {
    /// `source` with the name `rename(name)` for each of its names; tensors for which that is `None` are hidden. `layout` says
    /// in error messages which names the file has.
    ///
    /// # Errors
    /// Two tensors would go by one name.
    pub fn new(
        source: Rc<dyn TensorSource>,
        layout: &str,
        rename: impl Fn(&str) -> Option<String>,
    ) -> Result<Self, WeightsError> {
        let place = format!("{} (names of {layout})", source.place());
        let mut names = BTreeMap::new();
        for old in source.names() {
            let Some(new) = rename(&old) else { continue };
            if let Some(first) = names.insert(new.clone(), old.clone()) {
                let [first, second] = [first, old].map(|old| format!("{place} as {old}"));
                return Err(WeightsError::Twice { name: new, first, second });
            }
        }
        Ok(Self { place, source, names })
    }

    fn old(&self, name: &str) -> Result<&str, WeightsError> {
        let old = self.names.get(name).map(String::as_str);
        old.ok_or_else(|| WeightsError::Missing { place: self.place.clone(), name: name.to_owned() })
    }
}

impl TensorSource for Renamed {
    fn place(&self) -> String {
        self.place.clone()
    }

    fn names(&self) -> Vec<String> {
        self.names.keys().cloned().collect()
    }

    fn shape(&self, name: &str) -> Option<Vec<i64>> {
        self.source.shape(self.names.get(name)?)
    }

    fn load(&self, name: &str) -> Result<Tensor, WeightsError> {
        self.source.load(self.old(name)?)
    }

    fn rows(&self, name: &str, rows: &[i64]) -> Result<Tensor, WeightsError> {
        self.source.rows(self.old(name)?, rows)
    }
}
