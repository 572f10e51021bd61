//! The header of a safetensors file: the length of a JSON text as u64, the text, then the bytes of all tensors without a gap.

use crate::weights::WeightsError;
use crate::weights::dense::bytes;
use crate::weights::error::FETCH_AGAIN;
use serde::Deserialize;
use serde::de::{Deserializer, Error, IgnoredAny, MapAccess, Visitor};
use std::collections::BTreeMap;
use std::ops::Range;
use tch::Kind;

/// The largest header that is read: what the format's own library allows.
const MOST_HEADER: u64 = 100_000_000;
/// Bytes of the header's length.
const LENGTH: usize = 8;

/// Where a tensor lies in the file.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Stored {
    pub(super) kind: Kind,
    pub(super) shape: Vec<i64>,
    pub(super) range: Range<usize>,
}

/// A tensor as the header describes it.
#[derive(Deserialize)]
struct Described {
    dtype: String,
    shape: Vec<u64>,
    data_offsets: [u64; 2],
}

/// All tensors of a header, without its free text.
struct Header(BTreeMap<String, Described>);

impl<'de> Deserialize<'de> for Header {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Tensors;
        impl<'de> Visitor<'de> for Tensors {
            type Value = Header;

            fn expecting(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                f.write_str("an object that describes a tensor under each name")
            }

            fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Header, A::Error> {
                let mut tensors = BTreeMap::new();
                while let Some(name) = map.next_key::<String>()? {
                    if name == "__metadata__" {
                        map.next_value::<IgnoredAny>()?;
                    } else if tensors.insert(name.clone(), map.next_value()?).is_some() {
                        return Err(A::Error::custom(format!("tensor {name} is described twice")));
                    }
                }
                Ok(Header(tensors))
            }
        }
        deserializer.deserialize_map(Tensors)
    }
}

/// All tensors of the file `file`, checked against each other and against the file's size.
pub(super) fn read(place: &str, file: &[u8]) -> Result<BTreeMap<String, Stored>, WeightsError> {
    let wrong = |at: String, found: String, expected: String| WeightsError::Malformed {
        place: place.to_owned(),
        at,
        found,
        expected,
        remedy: FETCH_AGAIN,
    };
    let size = file.len();
    let short = || wrong("the start".to_owned(), format!("{size} bytes"), "at least 8".to_owned());
    let length = u64::from_le_bytes(*file.first_chunk::<LENGTH>().ok_or_else(short)?);
    if length > MOST_HEADER {
        return Err(WeightsError::Limit {
            place: place.to_owned(),
            what: "a header",
            found: length,
            limit: MOST_HEADER,
        });
    }
    let start = LENGTH + length as usize;
    let beyond = || {
        let found = format!("a length of {length} bytes in a file of {size}");
        wrong("the header".to_owned(), found, format!("at most {} bytes", size - LENGTH))
    };
    let text = file.get(LENGTH..start).ok_or_else(beyond)?;
    let Header(described) = serde_json::from_slice(text).map_err(|error| {
        wrong("the header".to_owned(), error.to_string(), "a description of each tensor".to_owned())
    })?;

    let data = size - start;
    let mut tensors = BTreeMap::new();
    for (name, Described { dtype, shape, data_offsets: [from, to] }) in described {
        let at = || format!("tensor {name}");
        let Some(kind) = kind(&dtype) else {
            return Err(WeightsError::Unsupported {
                place: format!("{place}, tensor {name}"),
                what: format!("the kind {dtype}"),
                remedy: "save the tensor as F32, F16 or BF16",
            });
        };
        let axes: Option<Vec<i64>> = shape.iter().map(|&n| i64::try_from(n).ok()).collect();
        let needed = axes.as_ref().and_then(|axes| bytes(kind, axes));
        let (Some(axes), Some(needed)) = (axes, needed) else {
            return Err(wrong(at(), format!("the shape {shape:?}"), "one that fits in memory".to_owned()));
        };
        if to.checked_sub(from) != Some(needed as u64) {
            let found = format!("data_offsets [{from}, {to}]");
            return Err(wrong(at(), found, format!("the {needed} bytes of {dtype} {shape:?}")));
        }
        if to > data as u64 {
            let found = format!("data_offsets [{from}, {to}] in {data} bytes of data");
            return Err(wrong(at(), found, format!("a file of at least {} bytes", to.saturating_add(start as u64))));
        }
        let range = start + from as usize..start + to as usize;
        tensors.insert(name, Stored { kind, shape: axes, range });
    }

    // No gap, no overlap, no bytes left: what is described is what is there.
    let mut ordered: Vec<(&String, &Range<usize>)> =
        tensors.iter().map(|(name, stored)| (name, &stored.range)).collect();
    ordered.sort_by_key(|(_, range)| (range.start, range.end));
    let mut end = start;
    for (name, range) in ordered {
        if range.start != end {
            let (found, expected) = (format!("data from byte {}", range.start), format!("from byte {end}"));
            return Err(wrong(format!("tensor {name}"), found, expected));
        }
        end = range.end;
    }
    if end != size {
        return Err(wrong(
            "the end".to_owned(),
            format!("a file of {size} bytes"),
            format!("{end} bytes, as its header says"),
        ));
    }
    Ok(tensors)
}

/// The kind of a name of the format; `None` for one that libtorch does not compute with.
fn kind(dtype: &str) -> Option<Kind> {
    Some(match dtype {
        "BOOL" => Kind::Bool,
        "U8" => Kind::Uint8,
        "I8" => Kind::Int8,
        "I16" => Kind::Int16,
        "I32" => Kind::Int,
        "I64" => Kind::Int64,
        "F16" => Kind::Half,
        "BF16" => Kind::BFloat16,
        "F32" => Kind::Float,
        "F64" => Kind::Double,
        "F8_E4M3" => Kind::Float8e4m3fn,
        "F8_E5M2" => Kind::Float8e5m2,
        _ => return None,
    })
}
