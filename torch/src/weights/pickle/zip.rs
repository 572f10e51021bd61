//! The zip file of `torch.save`: `NAME/data.pkl`, `NAME/byteorder`, and a storage in each `NAME/data/KEY`, all of them stored
//! without compression. Sizes and places beyond 4 GiB are in the fields of zip64.

use super::view::View;
use super::{Place, machine, state};
use crate::weights::WeightsError;
use std::collections::BTreeMap;
use std::ops::Range;

/// The most entries that are read: a storage each.
const MOST_ENTRIES: u64 = 1 << 20;
/// What a field of 32 bits says if zip64's has the value.
const ELSEWHERE: u64 = 0xffff_ffff;
/// Size of the record at the end, without a comment.
const END: usize = 22;
/// The longest comment after it.
const MOST_COMMENT: usize = 0xffff;

/// All tensors of the file.
pub(super) fn read(place: &str, file: &[u8]) -> Result<BTreeMap<String, View>, WeightsError> {
    let entries = entries(Place(place), file)?;
    let place = Place(place);
    let pickles: Vec<&str> = entries.keys().filter_map(|name| name.strip_suffix("data.pkl")).collect();
    let [folder] = pickles[..] else {
        return Err(place.wrong(
            "its entries",
            format!("{} named data.pkl", pickles.len()),
            "one, as torch.save writes",
        ));
    };
    let entry = |name: &str| entries.get(&format!("{folder}{name}"));
    let order = entry("byteorder").and_then(|range| file.get(range.clone())).unwrap_or(b"little");
    if order.trim_ascii() != b"little" {
        return Err(
            place.unsupported(format!("the byte order {:?}", String::from_utf8_lossy(&order[..order.len().min(20)])))
        );
    }
    let text = entry("data.pkl").and_then(|range| file.get(range.clone())).unwrap_or_default();
    if text.len() > machine::MOST_BYTES {
        return Err(place.limit("a pickle", text.len() as u64, machine::MOST_BYTES as u64));
    }
    let (graph, _) = machine::run(place, text)?;
    let mut tensors = BTreeMap::new();
    for (name, tensor) in state::tensors(place, &graph)? {
        let key = graph.str(&tensor.storage.key).unwrap_or_default();
        let missing = || place.wrong(format!("tensor {name}"), format!("no entry data/{key}"), "its storage");
        let storage = entry(&format!("data/{key}")).ok_or_else(missing)?;
        let view = View::new(place, &name, tensor, storage)?;
        tensors.insert(name, view);
    }
    Ok(tensors)
}

/// The names of all entries and where their bytes lie.
fn entries(place: Place<'_>, file: &[u8]) -> Result<BTreeMap<String, Range<usize>>, WeightsError> {
    let (count, mut rest) = directory(place, file)?;
    let mut entries = BTreeMap::new();
    for number in 0..count {
        let at = || format!("entry {number} of its directory");
        let short = || place.wrong(at(), format!("{} bytes", rest.len()), "46 bytes and a name");
        if u32_at(rest, 0) != Some(0x0201_4b50) {
            return Err(place.wrong(at(), "no entry", format!("{count} entries")));
        }
        let field = |offset| u16_at(rest, offset).map(usize::from).ok_or_else(short);
        let (flags, method) = (field(8)?, field(10)?);
        let [name_length, extra_length, comment_length] = [field(28)?, field(30)?, field(32)?];
        let wide = |offset| u32_at(rest, offset).map(u64::from).ok_or_else(short);
        let [packed, size, local] = [wide(20)?, wide(24)?, wide(42)?];
        let name = rest.get(46..46 + name_length).ok_or_else(short)?;
        let extra = rest.get(46 + name_length..46 + name_length + extra_length).ok_or_else(short)?;
        let next = rest.get(46 + name_length + extra_length + comment_length..).ok_or_else(short)?;

        let name = std::str::from_utf8(name).map_err(|_| place.wrong(at(), "a name that is no UTF-8", "a text"))?;
        let at = || format!("entry {}", name.escape_debug());
        if method != 0 || flags & 1 != 0 {
            let what = format!("{}, which is compressed or encrypted (torch.save does neither)", at());
            return Err(place.unsupported(what));
        }
        // Those of zip64 come in this order, each only if the short field does not have it.
        let mut long = extra_field(extra, 1).unwrap_or_default();
        let mut value = |short: u64| {
            if short != ELSEWHERE {
                return Ok(short);
            }
            let missing = || place.wrong(at(), "no zip64 field", "one, for a size beyond 4 GiB");
            let (value, rest) = long.split_first_chunk::<8>().ok_or_else(missing)?;
            long = rest;
            Ok(u64::from_le_bytes(*value))
        };
        let (size, packed, local) = (value(size)?, value(packed)?, value(local)?);
        if packed != size {
            return Err(place.wrong(at(), format!("{packed} bytes of {size}"), "as many: it is stored"));
        }
        let range = data(file, local, size);
        let outside = || {
            place.wrong(
                at(),
                format!("{size} bytes at byte {local}"),
                format!("a place in the file of {} bytes", file.len()),
            )
        };
        if entries.insert(name.to_owned(), range.ok_or_else(outside)?).is_some() {
            return Err(place.wrong(at(), "two of this name", "one"));
        }
        rest = next;
    }
    Ok(entries)
}

/// How many entries there are, and the directory that lists them.
fn directory<'a>(place: Place<'_>, file: &'a [u8]) -> Result<(u64, &'a [u8]), WeightsError> {
    let from = file.len().saturating_sub(END + MOST_COMMENT);
    let tail = &file[from..];
    let end = (0..(tail.len() + 1).saturating_sub(END)).rev().find(|&at| u32_at(tail, at) == Some(0x0605_4b50));
    let truncated = || {
        let found = format!("no directory at the end of {} bytes", file.len());
        place.wrong("the end", found, "the directory of a zip file that torch.save wrote")
    };
    let end = from + end.ok_or_else(truncated)?;
    let mut count = u16_at(file, end + 10).map(u64::from).ok_or_else(truncated)?;
    let [mut size, mut start] = [12, 16].map(|field| u32_at(file, end + field).map_or(0, u64::from));
    // Before the record lies the place of zip64's, if there is one.
    let locator = end.checked_sub(20).filter(|&at| u32_at(file, at) == Some(0x0706_4b50));
    if let Some(locator) = locator {
        let record = u64_at(file, locator + 8).and_then(|at| usize::try_from(at).ok());
        let record = record.filter(|&at| u32_at(file, at) == Some(0x0606_4b50)).ok_or_else(truncated)?;
        let field = |offset| u64_at(file, record.saturating_add(offset)).ok_or_else(truncated);
        (count, size, start) = (field(32)?, field(40)?, field(48)?);
    }
    if count > MOST_ENTRIES {
        return Err(place.limit("a number of entries", count, MOST_ENTRIES));
    }
    let directory = range(start, size).and_then(|range| file.get(range)).ok_or_else(truncated)?;
    Ok((count, directory))
}

/// The bytes of an entry, after its own header at `local`; `None` outside of the file.
fn data(file: &[u8], local: u64, size: u64) -> Option<Range<usize>> {
    let at = usize::try_from(local).ok()?;
    let header = file.get(at..at.checked_add(30)?)?;
    if u32_at(header, 0) != Some(0x0403_4b50) {
        return None;
    }
    let lengths = usize::from(u16_at(header, 26)?) + usize::from(u16_at(header, 28)?);
    let range = range((at + 30 + lengths) as u64, size)?;
    file.get(range.clone())?;
    Some(range)
}

fn range(start: u64, size: u64) -> Option<Range<usize>> {
    let start = usize::try_from(start).ok()?;
    Some(start..start.checked_add(usize::try_from(size).ok()?)?)
}

/// The bytes of the extra field `id`.
fn extra_field(mut extra: &[u8], id: u16) -> Option<&[u8]> {
    loop {
        let (found, length) = (u16_at(extra, 0)?, usize::from(u16_at(extra, 2)?));
        let field = extra.get(4..4 + length)?;
        if found == id {
            return Some(field);
        }
        extra = &extra[4 + length..];
    }
}

fn u16_at(bytes: &[u8], at: usize) -> Option<u16> {
    Some(u16::from_le_bytes(*bytes.get(at..)?.first_chunk()?))
}

fn u32_at(bytes: &[u8], at: usize) -> Option<u32> {
    Some(u32::from_le_bytes(*bytes.get(at..)?.first_chunk()?))
}

fn u64_at(bytes: &[u8], at: usize) -> Option<u64> {
    Some(u64::from_le_bytes(*bytes.get(at..)?.first_chunk()?))
}
