//! Any bytes are a package or an error; never a panic.
#![no_main]

use libfuzzer_sys::fuzz_target;
use loop3d_scene::package::{Assembly, Event, Limits, Reader};

fuzz_target!(|bytes: &[u8]| {
    let limits = Limits { json_bytes: 1 << 20, part_bytes: 1 << 20, texel_bytes: 16 << 20, table_places: 1 << 16 };
    let mut reader = Reader::new(limits);
    let mut events = Vec::new();
    for piece in bytes.chunks(1000) {
        if reader.push(piece, &mut events).is_err() {
            return;
        }
    }
    if reader.finish().is_err() {
        return;
    }
    let Some(head) = reader.head() else { return };
    let part = |wanted: usize| {
        events.iter().find_map(|event| match event {
            Event::Part { index, bytes } if *index == wanted => Some(&bytes[..]),
            _ => None,
        })
    };
    if let (Some(still), Some(looping)) = (part(head.still.layout), part(head.looping.layout))
        && let Some(gains) = part(head.looping.gains)
        && let Ok(assembly) = Assembly::new(head, still, looping, gains)
    {
        let _ = assembly.finish();
    }
});
