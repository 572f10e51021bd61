//! The object that a pickle describes, as data. Values name each other by number, so that shared and even circular values
//! need no recursion, and the whole is freed at once.

use super::globals::Global;
use std::ops::Range;
use tch::Kind;

/// Number of a value in its [`Graph`].
pub(super) type Id = u32;

/// A value. Texts are ranges of the pickle.
#[derive(Debug)]
pub(super) enum Node {
    None,
    Bool,
    Int(i128),
    Float,
    Text(Range<usize>),
    Tuple(Box<[Id]>),
    List(Vec<Id>),
    Dict(Vec<(Id, Id)>),
    Global(Global),
    Storage(Storage),
    Tensor(Box<Tensor>),
}

impl Node {
    /// What error messages call it.
    pub(super) fn noun(&self) -> &'static str {
        match self {
            Self::None => "None",
            Self::Bool => "a bool",
            Self::Int(_) => "an integer",
            Self::Float => "a float",
            Self::Text(_) => "a text",
            Self::Tuple(_) => "a tuple",
            Self::List(_) => "a list",
            Self::Dict(_) => "a dict",
            Self::Global(_) => "a global",
            Self::Storage(_) => "a storage",
            Self::Tensor(_) => "a tensor",
        }
    }
}

/// A storage: numbers in a row, in another part of the file.
#[derive(Clone, Debug)]
pub(super) struct Storage {
    pub(super) kind: Kind,
    /// Its name in the file, a range of the pickle.
    pub(super) key: Range<usize>,
    /// How many numbers it has.
    pub(super) numbers: u64,
}

/// A tensor as a view of a storage, as yet unchecked.
#[derive(Debug)]
pub(super) struct Tensor {
    pub(super) storage: Storage,
    /// The number of the storage that it begins with.
    pub(super) offset: i64,
    pub(super) shape: Vec<i64>,
    pub(super) strides: Vec<i64>,
}

/// All values of a pickle.
#[derive(Debug)]
pub(super) struct Graph<'a> {
    /// The pickle.
    pub(super) text: &'a [u8],
    pub(super) nodes: Vec<Node>,
    /// The object itself.
    pub(super) root: Id,
}

impl<'a> Graph<'a> {
    pub(super) fn node(&self, id: Id) -> &Node {
        // Numbers are made with their nodes.
        self.nodes.get(id as usize).unwrap_or(&Node::None)
    }

    /// A text; `None` if the value is none.
    pub(super) fn text(&self, id: Id) -> Option<&'a str> {
        if let Node::Text(range) = self.node(id) { self.str(range) } else { None }
    }

    /// A range of the pickle, which was checked to be text when it was read.
    pub(super) fn str(&self, range: &Range<usize>) -> Option<&'a str> {
        std::str::from_utf8(self.text.get(range.clone())?).ok()
    }
}
