//! What `torch.save` wrote before PyTorch 1.6: a magic number, a protocol number, sizes of the machine, the object, the keys of
//! its storages, each a pickle, then each storage as its count of numbers (u64) and the numbers.

use super::graph::{Graph, Node};
use super::view::View;
use super::{Place, machine, state};
use crate::weights::WeightsError;
use std::collections::BTreeMap;
use std::ops::Range;
use tch::Kind;

/// The pickle of the magic number: protocol 2, a whole number of 10 bytes.
const START: &[u8] = b"\x80\x02\x8a\x0a\x6c\xfc\x9c\x46\xf9\x20\x6a\xa8\x50\x19.";
const PROTOCOL: i128 = 1001;

/// Whether the file begins like one.
pub(super) fn is(file: &[u8]) -> bool {
    file.starts_with(START)
}

/// All tensors of the file.
pub(super) fn read(place: &str, file: &[u8]) -> Result<BTreeMap<String, View>, WeightsError> {
    let place = Place(place);
    let mut at = START.len();
    let mut next = || {
        let (graph, length) = machine::run(place, file.get(at..).unwrap_or_default())?;
        at += length;
        Ok(graph)
    };
    let protocol = next()?;
    if !matches!(protocol.node(protocol.root), Node::Int(PROTOCOL)) {
        return Err(place.wrong("the protocol", protocol.node(protocol.root).noun(), format!("the number {PROTOCOL}")));
    }
    let _sizes = next()?;
    let object = next()?;
    let keys = next()?;

    let storages = storages(place, file, at, &kinds(&object), &keys)?;
    let mut tensors = BTreeMap::new();
    for (name, tensor) in state::tensors(place, &object)? {
        let key = object.str(&tensor.storage.key).unwrap_or_default();
        let missing = || place.wrong(format!("tensor {name}"), format!("no storage {key}"), "its storage");
        let storage = storages.get(key).ok_or_else(missing)?;
        let view = View::new(place, &name, tensor, storage)?;
        tensors.insert(name, view);
    }
    Ok(tensors)
}

/// The kind of each storage of the object.
fn kinds<'a>(object: &Graph<'a>) -> BTreeMap<&'a str, Kind> {
    let storage = |node: &Node| if let Node::Storage(storage) = node { Some(storage.clone()) } else { None };
    let storages = object.nodes.iter().filter_map(storage);
    storages.filter_map(|storage| Some((object.str(&storage.key)?, storage.kind))).collect()
}

/// Where each storage lies in the file, from byte `at` on, in the order of `keys`.
fn storages<'a>(
    place: Place<'_>,
    file: &[u8],
    mut at: usize,
    kinds: &BTreeMap<&str, Kind>,
    keys: &Graph<'a>,
) -> Result<BTreeMap<&'a str, Range<usize>>, WeightsError> {
    let Node::List(list) = keys.node(keys.root) else {
        return Err(place.wrong("its keys", keys.node(keys.root).noun(), "a list of texts"));
    };
    let mut storages = BTreeMap::new();
    for key in list {
        let key = keys.text(*key).ok_or_else(|| place.wrong("its keys", "another value", "texts"))?;
        let found = || format!("a file of {} bytes", file.len());
        let short = || place.wrong(format!("storage {key}"), found(), format!("its numbers from byte {at} on"));
        let kind =
            kinds.get(key).ok_or_else(|| place.wrong("its keys", format!("storage {key}"), "one of a tensor"))?;
        let count = file.get(at..).and_then(|rest| rest.first_chunk::<8>()).ok_or_else(short)?;
        let size = u64::from_le_bytes(*count).checked_mul(kind.elt_size_in_bytes() as u64);
        let start = at + count.len();
        let end = size.and_then(|size| start.checked_add(usize::try_from(size).ok()?)).filter(|end| *end <= file.len());
        let range = start..end.ok_or_else(short)?;
        at = range.end;
        storages.insert(key, range);
    }
    Ok(storages)
}
