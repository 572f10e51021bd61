//! The dict of tensors in the object of a pickle.

use super::Place;
use super::graph::{Graph, Id, Node, Tensor};
use crate::weights::WeightsError;
use std::collections::BTreeMap;

/// Under which name trainers put the parameters of a model. What lies beside them (optimizer, epoch) is of no use here.
const WRAPPERS: [&str; 5] = ["model_state", "state_dict", "model_state_dict", "model", "module"];
/// How deep dicts in dicts are read.
const MOST_DEPTH: usize = 4;
/// The most entries of all dicts, where one dict may be in several places.
const MOST_ENTRIES: usize = 1 << 18;
/// The longest key of a dict.
const MOST_NAME: usize = 1024;

/// All tensors with their names.
pub(super) fn tensors<'g>(
    place: Place<'_>,
    graph: &'g Graph<'_>,
) -> Result<BTreeMap<String, &'g Tensor>, WeightsError> {
    let mut search = Search { place, graph, entries: 0, found: BTreeMap::new() };
    let dict = search.unwrapped()?;
    search.collect(dict, "", 0)?;
    if search.found.is_empty() {
        let what = match graph.node(graph.root) {
            Node::Dict(pairs) if pairs.is_empty() => "an empty dict".to_owned(),
            Node::Dict(pairs) => {
                let keys: Vec<&str> = pairs.iter().filter_map(|(key, _)| graph.text(*key)).take(5).collect();
                format!("a dict of {} entries without tensors, first {keys:?}", pairs.len())
            }
            other => other.noun().to_owned(),
        };
        return Err(place.wrong("its pickle", what, "a dict of tensors by name"));
    }
    Ok(search.found)
}

struct Search<'g, 'a, 'p> {
    place: Place<'p>,
    graph: &'g Graph<'a>,
    /// How many entries of dicts were read.
    entries: usize,
    found: BTreeMap<String, &'g Tensor>,
}

impl<'g, 'a> Search<'g, 'a, '_> {
    /// The entries of a dict; of a key that came twice the last. Keys that are no texts are left out.
    fn entries(&mut self, id: Id) -> Result<Option<BTreeMap<&'a str, Id>>, WeightsError> {
        let Node::Dict(pairs) = self.graph.node(id) else { return Ok(None) };
        self.entries += pairs.len();
        if self.entries > MOST_ENTRIES {
            return Err(self.place.limit("a number of entries", self.entries as u64, MOST_ENTRIES as u64));
        }
        let mut entries = BTreeMap::new();
        for (key, value) in pairs {
            let Some(key) = self.graph.text(*key) else { continue };
            if key.len() > MOST_NAME {
                return Err(self.place.limit("a name in bytes", key.len() as u64, MOST_NAME as u64));
            }
            entries.insert(key, *value);
        }
        Ok(Some(entries))
    }

    /// The dict of a model inside of the dicts that trainers put around it.
    fn unwrapped(&mut self) -> Result<BTreeMap<&'a str, Id>, WeightsError> {
        let mut dict = self.entries(self.graph.root)?.unwrap_or_default();
        for _ in 0..MOST_DEPTH {
            let mut inner = None;
            for id in WRAPPERS.iter().filter_map(|wrapper| dict.get(wrapper)) {
                inner = inner.or(self.entries(*id)?);
            }
            let Some(inner) = inner else { break };
            dict = inner;
        }
        Ok(dict)
    }

    fn collect(&mut self, dict: BTreeMap<&'a str, Id>, prefix: &str, depth: usize) -> Result<(), WeightsError> {
        for (key, id) in dict {
            let name = format!("{prefix}{key}");
            match self.graph.node(id) {
                Node::Tensor(tensor) => self.add(name, tensor)?,
                Node::Dict(_) if depth < MOST_DEPTH => {
                    if let Some(inner) = self.entries(id)? {
                        self.collect(inner, &format!("{name}."), depth + 1)?;
                    }
                }
                // Numbers and texts beside the tensors.
                _ => {}
            }
        }
        Ok(())
    }

    fn add(&mut self, name: String, tensor: &'g Tensor) -> Result<(), WeightsError> {
        if self.found.insert(name.clone(), tensor).is_none() {
            return Ok(());
        }
        let [first, second] = ["one dict", "another dict"].map(|dict| format!("{dict} of {}", self.place.0));
        Err(WeightsError::Twice { name, first, second })
    }
}
