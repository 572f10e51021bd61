//! Builds the object of a pickle, of the instructions that tensors in dicts need (protocol 2). The instructions that look up
//! and call functions of Python are matched against a short list ([`Global`]) and never call anything.
//!
//! A pickle makes at most one value an instruction, so its size bounds the memory.

use super::Place;
use super::globals::Global;
use super::graph::{Graph, Id, Node, Storage, Tensor};
use crate::weights::WeightsError;
use std::collections::HashMap;
use std::ops::Range;

/// The largest pickle that is read. The one of a model of a thousand tensors has 100 KiB; numbers lie elsewhere in the file.
pub(super) const MOST_BYTES: usize = 16 << 20;
/// The most values in a pickle, on its stack, and in its memo.
const MOST_VALUES: usize = 2 << 20;
/// The most digits of a whole number, in bytes.
const MOST_DIGITS: usize = 16;

/// Runs the pickle at the beginning of `text`, and says how many bytes it has.
pub(super) fn run<'a>(place: Place<'_>, text: &'a [u8]) -> Result<(Graph<'a>, usize), WeightsError> {
    let text = &text[..text.len().min(MOST_BYTES)];
    let mut machine =
        Machine { place, text, at: 0, nodes: Vec::new(), stack: Vec::new(), marks: Vec::new(), memo: HashMap::new() };
    loop {
        if let Some(root) = machine.step()? {
            return Ok((Graph { text, nodes: machine.nodes, root }, machine.at));
        }
        let sizes = [machine.nodes.len(), machine.stack.len(), machine.marks.len()];
        if let Some(&size) = sizes.iter().find(|size| **size > MOST_VALUES) {
            return Err(place.limit("a pickle with a number of values", size as u64, MOST_VALUES as u64));
        }
    }
}

struct Machine<'a, 'p> {
    place: Place<'p>,
    text: &'a [u8],
    /// The next byte.
    at: usize,
    nodes: Vec<Node>,
    stack: Vec<Id>,
    /// Heights of the stack.
    marks: Vec<usize>,
    memo: HashMap<u32, Id>,
}

impl Machine<'_, '_> {
    /// One instruction; the object if it was the last.
    fn step(&mut self) -> Result<Option<Id>, WeightsError> {
        let start = self.at;
        let [code] = self.bytes()?;
        match code {
            b'\x80' => match self.bytes()? {
                [2] => {}
                [found] => return Err(self.place.unsupported(format!("pickle protocol {found} (only 2 is)"))),
            },
            b'}' => self.push(Node::Dict(Vec::new())),
            b']' => self.push(Node::List(Vec::new())),
            b')' => self.push(Node::Tuple(Box::new([]))),
            b'(' => self.marks.push(self.stack.len()),
            b'c' => self.global()?,
            b'R' => self.reduce()?,
            b'b' => self.build()?,
            b't' => {
                let items = self.above_mark()?;
                self.push(Node::Tuple(items.into()));
            }
            b'\x85' => self.tuple(1)?,
            b'\x86' => self.tuple(2)?,
            b'\x87' => self.tuple(3)?,
            b's' => {
                let value = self.pop()?;
                let key = self.pop()?;
                self.set_items(&[key, value])?;
            }
            b'u' => {
                let items = self.above_mark()?;
                self.set_items(&items)?;
            }
            b'a' => {
                let item = self.pop()?;
                self.append(&[item])?;
            }
            b'e' => {
                let items = self.above_mark()?;
                self.append(&items)?;
            }
            b'X' => {
                let length = u32::from_le_bytes(self.bytes()?);
                let range = self.take(length as usize)?;
                let text = std::str::from_utf8(&self.text[range.clone()]);
                text.map_err(|_| self.wrong("bytes that are no UTF-8", "a text"))?;
                self.push(Node::Text(range));
            }
            b'J' => {
                let value = i32::from_le_bytes(self.bytes()?);
                self.push(Node::Int(value.into()));
            }
            b'K' => {
                let [value] = self.bytes()?;
                self.push(Node::Int(value.into()));
            }
            b'M' => {
                let value = u16::from_le_bytes(self.bytes()?);
                self.push(Node::Int(value.into()));
            }
            b'\x8a' => self.long()?,
            b'G' => {
                let _: [u8; 8] = self.bytes()?;
                self.push(Node::Float);
            }
            b'N' => self.push(Node::None),
            b'\x88' | b'\x89' => self.push(Node::Bool),
            b'q' => {
                let [slot] = self.bytes()?;
                self.remember(slot.into())?;
            }
            b'r' => {
                let slot = u32::from_le_bytes(self.bytes()?);
                self.remember(slot)?;
            }
            b'h' => {
                let [slot] = self.bytes()?;
                self.recall(slot.into())?;
            }
            b'j' => {
                let slot = u32::from_le_bytes(self.bytes()?);
                self.recall(slot)?;
            }
            b'Q' => self.storage()?,
            b'.' => return Ok(Some(self.pop()?)),
            other => {
                let what =
                    format!("the instruction {:?} ({other:#04x})", char::from(other).escape_default().to_string());
                return Err(self.place.forbidden(format!("byte {start} of its pickle"), what));
            }
        }
        Ok(None)
    }

    fn wrong(&self, found: impl Into<String>, expected: impl Into<String>) -> WeightsError {
        self.place.wrong(format!("byte {} of its pickle", self.at), found, expected)
    }

    /// The next bytes, which have a fixed number.
    fn bytes<const N: usize>(&mut self) -> Result<[u8; N], WeightsError> {
        let found = self.text.get(self.at..).and_then(|rest| rest.first_chunk::<N>());
        let bytes = *found.ok_or_else(|| self.wrong("the end", format!("{N} more bytes")))?;
        self.at += N;
        Ok(bytes)
    }

    /// The range of the next `length` bytes.
    fn take(&mut self, length: usize) -> Result<Range<usize>, WeightsError> {
        let left = self.text.len() - self.at;
        if length > left {
            return Err(self.wrong(format!("{left} bytes"), format!("a text of {length} bytes")));
        }
        let range = self.at..self.at + length;
        self.at = range.end;
        Ok(range)
    }

    /// The bytes up to the end of the line.
    fn line(&mut self) -> Result<Range<usize>, WeightsError> {
        let length = self.text[self.at..].iter().position(|byte| *byte == b'\n');
        let range = self.take(length.ok_or_else(|| self.wrong("the end", "the name of a global"))?)?;
        self.at += 1;
        Ok(range)
    }

    fn push(&mut self, node: Node) {
        // Far below u32's end: `run` counts.
        self.stack.push(self.nodes.len() as Id);
        self.nodes.push(node);
    }

    fn pop(&mut self) -> Result<Id, WeightsError> {
        let floor = self.marks.last().copied().unwrap_or(0);
        let top = if self.stack.len() > floor { self.stack.pop() } else { None };
        top.ok_or_else(|| self.wrong("an empty stack", "a value"))
    }

    /// All values since the last mark.
    fn above_mark(&mut self) -> Result<Vec<Id>, WeightsError> {
        let mark = self.marks.pop().ok_or_else(|| self.wrong("no mark", "a mark"))?;
        Ok(self.stack.split_off(mark.min(self.stack.len())))
    }

    /// The value on top of the stack, which stays there.
    fn top(&mut self) -> Result<&mut Node, WeightsError> {
        let error = self.wrong("an empty stack", "a value");
        let floor = self.marks.last().copied().unwrap_or(0);
        let id = self.stack.get(floor..).and_then(<[Id]>::last);
        id.and_then(|id| self.nodes.get_mut(*id as usize)).ok_or(error)
    }

    fn node(&self, id: Id) -> &Node {
        self.nodes.get(id as usize).unwrap_or(&Node::None)
    }

    fn tuple(&mut self, length: usize) -> Result<(), WeightsError> {
        let mut items = vec![0; length];
        for item in items.iter_mut().rev() {
            *item = self.pop()?;
        }
        self.push(Node::Tuple(items.into()));
        Ok(())
    }

    fn set_items(&mut self, items: &[Id]) -> Result<(), WeightsError> {
        let even = items.len().is_multiple_of(2);
        let error = self.wrong(format!("{} values", items.len()), "keys and values of a dict");
        match self.top()? {
            Node::Dict(pairs) if even => pairs.extend(items.chunks_exact(2).map(|pair| (pair[0], pair[1]))),
            _ => return Err(error),
        }
        Ok(())
    }

    fn append(&mut self, items: &[Id]) -> Result<(), WeightsError> {
        let error = self.wrong("another value", "a list to append to");
        let Node::List(list) = self.top()? else { return Err(error) };
        list.extend(items);
        Ok(())
    }

    fn long(&mut self) -> Result<(), WeightsError> {
        let [length] = self.bytes()?;
        if usize::from(length) > MOST_DIGITS {
            return Err(self.wrong(format!("a whole number of {length} bytes"), format!("at most {MOST_DIGITS}")));
        }
        let digits = &self.text[self.take(length.into())?];
        // Two's complement, the lowest byte first.
        let sign = digits.last().map_or(0, |byte| if byte & 0x80 == 0 { 0 } else { 0xff });
        let mut bytes = [sign; MOST_DIGITS];
        bytes[..digits.len()].copy_from_slice(digits);
        self.push(Node::Int(i128::from_le_bytes(bytes)));
        Ok(())
    }

    fn remember(&mut self, slot: u32) -> Result<(), WeightsError> {
        let floor = self.marks.last().copied().unwrap_or(0);
        let top = self.stack.get(floor..).and_then(<[Id]>::last).copied();
        let id = top.ok_or_else(|| self.wrong("an empty stack", "a value"))?;
        // Each slot takes an instruction: the size of the pickle bounds them, and this a pickle of nothing else.
        if self.memo.len() >= MOST_VALUES {
            return Err(self.place.limit("a memo", self.memo.len() as u64, MOST_VALUES as u64));
        }
        self.memo.insert(slot, id);
        Ok(())
    }

    fn recall(&mut self, slot: u32) -> Result<(), WeightsError> {
        let id = self.memo.get(&slot).copied();
        self.stack.push(id.ok_or_else(|| self.wrong(format!("memo {slot}, which is empty"), "a value"))?);
        Ok(())
    }

    fn global(&mut self) -> Result<(), WeightsError> {
        let start = self.at - 1;
        let (module, name) = (self.line()?, self.line()?);
        let [module, name] = [module, name].map(|range| String::from_utf8_lossy(&self.text[range]));
        match Global::named(&module, &name) {
            Some(global) => self.push(Node::Global(global)),
            None => {
                // Of a stranger's bytes only what can be shown.
                let shown: String = format!("{module}.{name}").chars().flat_map(char::escape_debug).take(200).collect();
                return Err(self.place.forbidden(format!("byte {start} of its pickle"), shown));
            }
        }
        Ok(())
    }

    /// The call of a global: what it would build.
    fn reduce(&mut self) -> Result<(), WeightsError> {
        let arguments = self.pop()?;
        let called = self.pop()?;
        let Node::Tuple(arguments) = self.node(arguments) else {
            return Err(self.wrong(self.node(arguments).noun(), "a tuple of arguments"));
        };
        let built = match (self.node(called), &arguments[..]) {
            (Node::Global(Global::OrderedDict), []) => Node::Dict(Vec::new()),
            (Node::Global(Global::RebuildTensor), [storage, offset, shape, strides, ..]) => {
                let Node::Storage(storage) = self.node(*storage) else {
                    return Err(self.wrong(self.node(*storage).noun(), "the storage of a tensor"));
                };
                let tensor = Tensor {
                    storage: storage.clone(),
                    offset: self.whole(*offset)?,
                    shape: self.wholes(*shape)?,
                    strides: self.wholes(*strides)?,
                };
                Node::Tensor(Box::new(tensor))
            }
            (Node::Global(Global::RebuildParameter), [tensor, ..]) if matches!(self.node(*tensor), Node::Tensor(_)) => {
                let tensor = *tensor;
                self.stack.push(tensor);
                return Ok(());
            }
            (called, arguments) => {
                let found = format!("a call of {} with {} arguments", called.noun(), arguments.len());
                return Err(self.wrong(found, "an ordered dict, a tensor or a parameter"));
            }
        };
        self.push(built);
        Ok(())
    }

    /// State of an object. Ordered dicts of modules carry versions of the modules, which say nothing about tensors.
    fn build(&mut self) -> Result<(), WeightsError> {
        self.pop()?;
        let noun = self.top()?.noun();
        if noun == "a dict" { Ok(()) } else { Err(self.wrong(format!("state of {noun}"), "that of a dict")) }
    }

    /// `("storage", type, key, device, numbers)`: where the numbers of a tensor are.
    fn storage(&mut self) -> Result<(), WeightsError> {
        let id = self.pop()?;
        let parts = if let Node::Tuple(parts) = self.node(id) { &parts[..] } else { &[] };
        // Before PyTorch 1.6 there was one more part, None but for views of storages.
        let (parts, view) = parts.split_at(parts.len().min(5));
        if view.iter().any(|part| !matches!(self.node(*part), Node::None)) {
            return Err(self.place.unsupported("a view of a storage in the format before PyTorch 1.6"));
        }
        let nodes: Vec<&Node> = parts.iter().map(|part| self.node(*part)).collect();
        let storage = match nodes[..] {
            [
                Node::Text(tag),
                Node::Global(Global::Storage(kind)),
                Node::Text(key),
                Node::Text(_),
                Node::Int(numbers),
            ] if &self.text[tag.clone()] == b"storage" => {
                u64::try_from(*numbers).ok().map(|numbers| Storage { kind: *kind, key: key.clone(), numbers })
            }
            _ => None,
        };
        let storage = storage.ok_or_else(|| self.wrong("another persistent id", "the place of a storage"))?;
        self.push(Node::Storage(storage));
        Ok(())
    }

    fn whole(&self, id: Id) -> Result<i64, WeightsError> {
        let value = if let Node::Int(value) = self.node(id) { i64::try_from(*value).ok() } else { None };
        value.ok_or_else(|| self.wrong(self.node(id).noun(), "a whole number of 64 bits"))
    }

    fn wholes(&self, id: Id) -> Result<Vec<i64>, WeightsError> {
        let Node::Tuple(items) = self.node(id) else {
            return Err(self.wrong(self.node(id).noun(), "a tuple of sizes"));
        };
        // A tensor has few axes; the same long tuple could be asked for by many tensors.
        if items.len() > MOST_AXES {
            return Err(self.wrong(format!("{} axes", items.len()), format!("at most {MOST_AXES}")));
        }
        items.iter().map(|item| self.whole(*item)).collect()
    }
}

/// More axes than any parameter has.
const MOST_AXES: usize = 16;
