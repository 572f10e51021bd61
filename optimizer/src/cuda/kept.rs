//! What was made for a view, kept for its next visit as long as there is room.

use std::collections::HashMap;
use std::rc::Rc;

/// Values by view, up to a number of bytes together.
#[derive(Debug)]
pub(super) struct Kept<T> {
    values: HashMap<usize, Rc<T>>,
    room: usize,
}

impl<T> Kept<T> {
    /// Room for `bytes`.
    pub(super) fn new(bytes: usize) -> Self {
        Self { values: HashMap::new(), room: bytes }
    }

    /// The value of a view: the one that is kept, or what `make` makes, with its size in bytes.
    pub(super) fn get(&mut self, view: usize, make: impl FnOnce() -> (T, usize)) -> Rc<T> {
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
        let mut kept = Kept::new(10);
        let mut made = 0;
        for (view, bytes) in [(0, 6), (1, 5), (2, 4), (0, 6), (1, 5), (2, 4)] {
            let make = || {
                made += 1;
                (view * 10, bytes)
            };
            assert_eq!(*kept.get(view, make), view * 10);
        }
        // View 1 has no room beside view 0, view 2 has.
        assert_eq!(made, 4);
    }
}
