//! Packages with wrong bytes: always an error that names the part, never a panic, never more memory than the reader states.

use crate::support::small_scene;
use fastrand::Rng;
use loop3d_package::format::{Arrival, Assembly, Codec, Limits, PackageError, Reader, unpack};
use loop3d_package::{Settings, export};
use loop3d_scene::Scene;
use loop3d_scene::job::Unwatched;
use sha2::{Digest, Sha256};
use std::time::{Duration, Instant};

/// The largest request of each thread: the readers of weights are watched in the same way.
#[path = "../../../torch/tests/weights/allocations.rs"]
mod allocations;

/// Small enough that a size that was believed would be seen.
const LIMITS: Limits = Limits { json_bytes: 1 << 20, part_bytes: 1 << 20, texel_bytes: 4 << 20, table_places: 1 << 16 };

/// The bytes of a package of a scene.
fn package(scene: &Scene, codec: Codec) -> Vec<u8> {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("a.glb");
    export(scene, &path, &Settings { codecs: vec![codec], quality: 80, max_bytes: None }, &mut Unwatched).unwrap();
    std::fs::read(path).unwrap()
}

/// Reads in pieces of random lengths, down to the tiles.
fn read(bytes: &[u8], random: &mut Rng) -> (Vec<Arrival>, Result<(), PackageError>) {
    let mut reader = Reader::new(LIMITS);
    let mut arrivals = Vec::new();
    let mut result = Ok(());
    let mut rest = bytes;
    while !rest.is_empty() && result.is_ok() {
        let (piece, after) = rest.split_at(random.usize(1..=rest.len().min(20_000)));
        result = reader.push(piece, &mut arrivals);
        rest = after;
    }
    if result.is_err() {
        assert_eq!(reader.push(&[0], &mut arrivals), result, "the first error is final");
    }
    let result = result.and_then(|()| reader.finish());
    let result = result.and_then(|()| {
        let head = reader.head().unwrap();
        let part = |wanted: usize| {
            arrivals.iter().find_map(|arrival| match arrival {
                Arrival::Part { index, bytes } if *index == wanted => Some(&bytes[..]),
                _ => None,
            })
        };
        let [static_layout, looping_layout, gains] =
            [head.static_tiles.layout, head.looping_tiles.layout, head.looping_tiles.gains].map(|p| part(p).unwrap());
        let assembly = Assembly::new(head, static_layout, looping_layout, gains)?;
        for stream in head.looping_tiles.streams.iter().filter(|stream| stream.codec.block_side().is_some()) {
            for chunk in &stream.chunks {
                let size = head.looping_tiles.pages[chunk.page].map(|side| side as usize);
                for frame in chunk.frames(part(chunk.part).unwrap()) {
                    unpack(stream.codec, size, frame)?;
                }
            }
        }
        assembly.finish().map(drop)
    });
    (arrivals, result)
}

fn json_length(bytes: &[u8]) -> usize {
    u32::from_le_bytes(bytes[12..16].try_into().unwrap()) as usize
}

/// Another JSON in the same file, with lengths and the seal set right.
fn with_json(bytes: &[u8], mut json: Vec<u8>) -> Vec<u8> {
    let rest = &bytes[20 + json_length(bytes)..];
    json.resize(json.len().next_multiple_of(4), b' ');
    let mut new = bytes[..8].to_vec();
    new.extend((20 + (json.len() + rest.len()) as u32).to_le_bytes());
    new.extend((json.len() as u32).to_le_bytes());
    new.extend(b"JSON");
    new.extend(&json);
    new.extend(&rest[..8]);
    new.extend(Sha256::digest(&json));
    new.extend(&rest[8 + 32..]);
    new
}

/// Changes a number of the JSON, a character, or the bytes of a part together with its SHA-256.
fn lie(bytes: &[u8], random: &mut Rng) -> Vec<u8> {
    let mut json = bytes[20..20 + json_length(bytes)].to_vec();
    let mut file = bytes.to_vec();
    let start = json.windows(12).position(|w| w == b"LOOP3D_scene").unwrap();
    match random.u8(..3) {
        0 => {
            let digits: Vec<usize> = (start..json.len())
                .filter(|&i| json[i].is_ascii_digit() && !json[i - 1].is_ascii_alphanumeric())
                .collect();
            let at = digits[random.usize(..digits.len())];
            let end = (at..json.len()).find(|&i| !json[i].is_ascii_digit()).unwrap();
            let lies =
                ["0", "1", "-1", "17", "65536", "4294967295", "4294967296", "18446744073709551615", "1e300", "0.5"];
            json.splice(at..end, lies[random.usize(..lies.len())].bytes());
        }
        1 => {
            let at = random.usize(start..json.len());
            json[at] = b"0919,:{}[]\"-en"[random.usize(..14)];
        }
        _ => {
            // One of the layouts, which come first: blocks that lie about their places; or the frames that come last.
            let binary = 20 + json.len() + 8;
            let reader = &mut Reader::new(LIMITS);
            reader.push(bytes, &mut Vec::new()).unwrap();
            let parts = &reader.head().unwrap().parts;
            let part = &parts[[0, 1, parts.len() - 1][random.usize(..3)]];
            let [from, length] = [binary + part.offset as usize, part.length as usize];
            for _ in 0..random.usize(1..4) {
                file[from + random.usize(..length)] = random.u8(..);
            }
            let sum: String = Sha256::digest(&file[from..from + length]).iter().map(|b| format!("{b:02x}")).collect();
            let at = json.windows(64).position(|w| w == part.sha256.to_string().as_bytes()).unwrap();
            json[at..at + 64].copy_from_slice(sum.as_bytes());
        }
    }
    with_json(&file, json)
}

/// `LOOP3D_MUTATIONS=100000` makes it as thorough as a release wants it; `LOOP3D_SEEDS=FOLDER` writes what the fuzz target starts from.
#[test]
fn mutated_packages_are_errors_that_name_the_part() {
    let mut random = Rng::with_seed(5);
    let codecs: &[Codec] = if cfg!(feature = "blocks") { &[Codec::Png, Codec::Etc2] } else { &[Codec::Png] };
    let packages: Vec<Vec<u8>> = codecs.iter().map(|&codec| package(&small_scene(1, 3), codec)).collect();
    for bytes in &packages {
        assert_eq!(read(bytes, &mut random).1, Ok(()));
    }
    if let Ok(folder) = std::env::var("LOOP3D_SEEDS") {
        for (i, bytes) in packages.iter().enumerate() {
            std::fs::write(format!("{folder}/{i}.glb"), bytes).unwrap();
        }
    }
    let count = std::env::var("LOOP3D_MUTATIONS").ok().map(|count| count.parse::<usize>().unwrap());
    let (started, mut done, mut survived) = (Instant::now(), 0, 0);
    allocations::largest();
    while count.map_or(done < 200 || started.elapsed() < Duration::from_secs(10), |count| done < count) {
        done += 1;
        let bytes = &packages[done % packages.len()];
        let mut mutated = bytes.clone();
        let lies = random.u8(..4) == 0;
        match random.u8(..4) {
            _ if lies => mutated = lie(bytes, &mut random),
            0 => mutated.truncate(random.usize(..bytes.len())),
            1 => mutated.extend(std::iter::repeat_n(random.u8(..), random.usize(1..9))),
            // Sizes and types of the container.
            2 => {
                let word = [0, 4, 8, 12, 16, 20 + json_length(bytes), 24 + json_length(bytes)][random.usize(..7)];
                let lie = if random.bool() { random.u32(..) } else { 1 << random.u32(..32) };
                mutated[word..word + 4].copy_from_slice(&lie.to_le_bytes());
            }
            _ => {
                for _ in 0..random.usize(1..=8) {
                    let at = random.usize(..bytes.len());
                    mutated[at] ^= 1 << random.u8(..8);
                }
            }
        }
        if mutated == *bytes {
            continue;
        }
        match read(&mutated, &mut random).1 {
            // A number that nothing depends on, such as the place of a camera, may be any.
            Ok(()) => {
                assert!(lies);
                survived += 1;
            }
            Err(
                PackageError::Damaged { place, .. }
                | PackageError::TooLarge { place, .. }
                | PackageError::Truncated { place, .. },
            ) => assert!(!place.is_empty()),
            Err(PackageError::Memory { bytes }) => panic!("{bytes} bytes are within the limits"),
            Err(PackageError::NotAPackage { found }) => assert!(!found.is_empty()),
            Err(PackageError::Newer { version, .. }) => assert!(lies && version > 1),
        }
    }
    assert!(survived * 5 < done, "{survived} of {done} lies were believed");
    // Twice the largest part or JSON, or the texels, or the tile table; and the file itself, which this test copies.
    let allowed = (2 * LIMITS.part_bytes.max(LIMITS.json_bytes)).max(LIMITS.texel_bytes) as usize;
    let largest = allocations::largest();
    assert!(largest <= allowed.max(2 * packages[0].len()), "{largest} bytes were asked for at once");
    eprintln!("{done} mutations, {survived} harmless, largest allocation {largest} bytes");
}

/// A glTF binary with this JSON and, where there is one, this binary chunk.
fn glb(json: &str, binary: Option<&[u8]>) -> Vec<u8> {
    let chunk = |kind: &[u8], data: &[u8]| [&(data.len() as u32).to_le_bytes(), kind, data].concat();
    let chunks = [chunk(b"JSON", json.as_bytes()), binary.map_or(Vec::new(), |data| chunk(b"BIN\0", data))].concat();
    [b"glTF\x02\0\0\0".as_slice(), &(12 + chunks.len() as u32).to_le_bytes(), &chunks].concat()
}

#[test]
fn files_of_other_programs_are_not_packages() {
    let mut random = Rng::with_seed(7);
    let json = r#"{"asset": {"version": "2.0"}}   "#;
    for (foreign, expected) in [
        (glb(json, None), "a glTF binary without a binary chunk"),
        (glb(json, Some(&[0; 8])), "a glTF binary without it"),
        (glb(json, Some(&[0; 4096])), "a glTF binary without it"),
    ] {
        let error = read(&foreign, &mut random).1.unwrap_err();
        assert_eq!(error, PackageError::NotAPackage { found: expected.to_owned() });
    }
}

#[test]
fn a_package_cut_off_anywhere_yields_what_arrived_whole() {
    let mut random = Rng::with_seed(6);
    let bytes = package(&small_scene(2, 3), Codec::Png);
    let (all, result) = read(&bytes, &mut random);
    assert_eq!(result, Ok(()));
    let Arrival::Head(head) = &all[0] else { panic!("the head comes first") };
    let binary = 20 + json_length(&bytes) as u64 + 8;
    let cuts = (0..400).map(|_| random.usize(..bytes.len())).collect::<Vec<_>>();
    let ends = head.parts.iter().map(|part| (binary + part.offset + part.length) as usize);
    for cut in cuts.into_iter().chain(ends.clone().flat_map(|end| [end - 1, end])).chain([0, 3, 12, 20]) {
        let (some, result) = read(&bytes[..cut], &mut random);
        let whole = ends.clone().filter(|&end| end <= cut).count();
        let expected = if cut as u64 >= binary + 32 { 1 + whole } else { 0 };
        assert_eq!(some[..], all[..expected], "cut at {cut}");
        if cut == bytes.len() {
            continue;
        }
        let error = result.unwrap_err();
        let place = head.parts.get(whole).map(|part| format!("part {whole} ({})", part.role));
        if expected > 0 && !error.to_string().contains("padding") {
            assert!(error.to_string().contains(&format!("cut short: {}", place.unwrap())), "{error}");
        }
    }
}
