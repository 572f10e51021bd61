//! Values made for a view, cached until its next visit as long as there is room: within a level its hits never change.

use std::collections::HashMap;
use std::rc::Rc;

/// Values by view, up to a total number of bytes.
#[derive(Debug)]
pub(crate) struct ViewCache<T> {
    values: HashMap<usize, Rc<T>>,
    room: usize,
}

impl<T> ViewCache<T> {
    /// An empty cache with room for `bytes`.
    pub(crate) fn new(bytes: usize) -> Self {
        Self { values: HashMap::new(), room: bytes }
    }

    /// The value of a view: the cached one, or the one that `make` returns with its size in bytes.
    pub(crate) fn get(&mut self, view: usize, make: impl FnOnce() -> (T, usize)) -> Rc<T> {
        if let Some(value) = self.values.get(&view) {
            return value.clone();
        }
        let (value, bytes) = make();
        let value = Rc::new(value);
        if bytes <= self.room {
            self.room -= bytes;
            self.values.insert(view, value.clone());
        }
        value
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_fits_is_made_once() {
        let mut cache = ViewCache::new(10);
        let mut made = 0;
        for (view, bytes) in [(0, 6), (1, 5), (2, 4), (0, 6), (1, 5), (2, 4)] {
            let make = || {
                made += 1;
                (view * 10, bytes)
            };
            assert_eq!(*cache.get(view, make), view * 10);
        }
        // View 0 leaves no room for view 1, but enough for view 2.
        assert_eq!(made, 4);
    }
}
