//! Any bytes are a package or an error; never a panic.
//!
//! Each input is read as it is, and once more with all lengths and checksums set right, so that what they protect is reached.
#![no_main]

use libfuzzer_sys::fuzz_target;
use loop3d_package_format::{Assembly, Arrival, Limits, PackageError, Reader, unpack};
use serde_json::Value;
use sha2::{Digest, Sha256};

fuzz_target!(|bytes: &[u8]| {
    let _ = read(bytes);
    if let Some(sealed) = sealed(bytes) {
        let _ = read(&sealed);
    }
});

fn read(bytes: &[u8]) -> Result<(), PackageError> {
    let limits = Limits { json_bytes: 1 << 20, part_bytes: 1 << 20, texel_bytes: 16 << 20, table_places: 1 << 16 };
    let mut reader = Reader::new(limits);
    let mut arrivals = Vec::new();
    for piece in bytes.chunks(1000) {
        reader.push(piece, &mut arrivals)?;
    }
    reader.finish()?;
    let parts: Vec<&[u8]> = arrivals
        .iter()
        .filter_map(|arrival| match arrival {
            Arrival::Part { bytes, .. } => Some(&bytes[..]),
            Arrival::Head(_) => None,
        })
        .collect();
    let Some(head) = reader.head() else { return Ok(()) };
    let assembly =
        Assembly::new(head, parts[head.static_tiles.layout], parts[head.looping_tiles.layout], parts[head.looping_tiles.gains])?;
    for stream in head.looping_tiles.streams.iter().filter(|stream| stream.codec.block_side().is_some()) {
        for chunk in &stream.chunks {
            let size = head.looping_tiles.pages[chunk.page].map(|side| side as usize);
            for frame in chunk.frames(parts[chunk.part]) {
                unpack(stream.codec, size, frame)?;
            }
        }
    }
    assembly.finish().map(drop)
}

/// The same JSON and parts with right lengths and checksums; `None` where there is no JSON.
fn sealed(bytes: &[u8]) -> Option<Vec<u8>> {
    let length = u32::from_le_bytes(bytes.get(12..16)?.try_into().ok()?) as usize;
    let mut document: Value = serde_json::from_slice(bytes.get(20..20usize.checked_add(length)?)?).ok()?;
    let binary = bytes.get(20 + length + 8..)?;
    for part in document.pointer_mut("/extensions/LOOP3D_scene/parts")?.as_array_mut()? {
        let [from, length] = ["offset", "length"].map(|field| part[field].as_u64().unwrap_or(u64::MAX));
        let range = usize::try_from(from).ok()?..usize::try_from(from.checked_add(length)?).ok()?;
        let sum: String = Sha256::digest(binary.get(range)?).iter().map(|byte| format!("{byte:02x}")).collect();
        *part.get_mut("sha256")? = sum.into();
    }
    let mut json = serde_json::to_vec(&document).ok()?;
    json.resize(json.len().next_multiple_of(4), b' ');
    let mut file = b"glTF\x02\0\0\0".to_vec();
    file.extend(u32::try_from(20 + json.len() + 8 + binary.len()).ok()?.to_le_bytes());
    file.extend(u32::try_from(json.len()).ok()?.to_le_bytes());
    file.extend(b"JSON");
    file.extend(&json);
    file.extend(u32::try_from(binary.len()).ok()?.to_le_bytes());
    file.extend(b"BIN\0");
    file.extend(Sha256::digest(&json));
    file.extend(binary.get(32..)?);
    Some(file)
}
