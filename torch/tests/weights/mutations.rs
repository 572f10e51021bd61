//! Files with random damage: whatever it is, the reader returns a model or an error. It does not panic, and it does not
//! allocate what the file does not hold.

use crate::allocations;
use crate::forge::{Saved, archive, dict, floats, legacy, safetensors, state_dict, tensor, whole};
use fastrand::Rng;
use loop3d_torch::weights::{Pickle, Safetensors, TensorSource, WeightsError};
use std::panic::{AssertUnwindSafe, catch_unwind};

/// In the ordinary run; a hundred times and more in the long one.
const QUICK: u64 = 25_000;
const LONG: u64 = 1_000_000;
/// The largest allocation for a file of a few KiB.
const MOST_BYTES: usize = 1 << 18;

/// Bytes that are instructions, ends of ranges, digits and separators.
const TELLING: &[u8] = b"\x00\x01\x7f\x80\x81\xff\x02\x85\x86\x87\x88\x89\x8a.()}]cRbtsuaeXJKMGNqrhjQ\n0129-e[]{}:,\"";

/// Damages one to four places.
fn damaged(rng: &mut Rng, bytes: &[u8]) -> Vec<u8> {
    let mut bytes = bytes.to_vec();
    for _ in 0..rng.usize(1..=4) {
        if bytes.is_empty() {
            break;
        }
        let at = rng.usize(..bytes.len());
        let length = rng.usize(1..=(bytes.len() - at).min(16));
        match rng.u8(..8) {
            0 => bytes[at] ^= 1 << rng.u8(..8),
            1 => bytes[at] = TELLING[rng.usize(..TELLING.len())],
            2 => bytes[at] = rng.u8(..),
            3 => bytes.insert(at, TELLING[rng.usize(..TELLING.len())]),
            4 => drop(bytes.drain(at..at + length)),
            5 => {
                let copy = bytes[at..at + length].to_vec();
                let to = rng.usize(..=bytes.len());
                bytes.splice(to..to, copy);
            }
            6 => bytes[at..at + length].fill(if rng.bool() { 0xff } else { 0 }),
            _ if rng.u8(..4) == 0 => bytes.truncate(at),
            _ => {
                // A number, one more or less, or very large.
                let other = TELLING[rng.usize(..TELLING.len())];
                bytes[at] = if rng.bool() { bytes[at].wrapping_add(1) } else { other };
            }
        }
    }
    bytes
}

#[derive(Default, Debug)]
struct Counts {
    read: u64,
    forbidden: u64,
    other: u64,
}

/// Reads everything of a file, damaged by each seed.
fn survive<S: TensorSource>(
    seeds: std::ops::Range<u64>,
    damage: impl Fn(&mut Rng) -> Vec<u8>,
    open: impl Fn(Vec<u8>) -> Result<S, WeightsError>,
) -> Counts {
    let mut counts = Counts::default();
    for seed in seeds {
        let file = damage(&mut Rng::with_seed(seed));
        let size = file.len();
        allocations::largest();
        let work = || {
            let source = open(file)?;
            for name in source.names() {
                let shape = source.shape(&name).unwrap();
                let tensor = source.load(&name)?;
                assert_eq!(tensor.size(), shape, "{name}");
                assert!(tensor.numel() <= size, "{name}: {} numbers of a file of {size} bytes", tensor.numel());
                if shape.first().is_some_and(|rows| *rows > 0) {
                    assert_eq!(source.rows(&name, &[0])?.size()[1..], shape[1..], "{name}");
                }
            }
            Ok::<(), WeightsError>(())
        };
        match catch_unwind(AssertUnwindSafe(work)) {
            Err(_) => panic!("seed {seed}: the reader panicked, see above"),
            Ok(Ok(())) => counts.read += 1,
            Ok(Err(WeightsError::Forbidden { .. })) => counts.forbidden += 1,
            Ok(Err(_)) => counts.other += 1,
        }
        let largest = allocations::largest();
        assert!(largest <= MOST_BYTES, "seed {seed}: {largest} bytes at once for a file of {size}");
    }
    counts
}

fn pickles(count: u64) -> Counts {
    let transposed = Saved { name: "t", shape: vec![3, 2], strides: vec![1, 3], ..Saved::floats("t", "0", &[2, 3]) };
    let scalar = Saved { shape: vec![], strides: vec![], ..Saved::floats("s", "1", &[1]) };
    let tensors = [Saved::floats("a.weight", "0", &[2, 3]), transposed, scalar, Saved::floats("empty", "2", &[0, 4])];
    let nested = whole(&dict(&[("epoch", b"K\x03".to_vec()), ("state_dict", dict(&[("w", tensor(&tensors[0]))]))]));
    let pickles = [state_dict(&tensors), nested];
    let data = floats((0..6).map(|i| i as f32));
    let storages: [(&str, &[u8]); 3] = [("0", &data), ("1", &data[..4]), ("2", &[])];
    let damage = |rng: &mut Rng| {
        let pickle = &pickles[rng.usize(..pickles.len())];
        // Mostly the pickle, in a whole file; else the file.
        let packed = if rng.u8(..4) == 0 { legacy } else { archive };
        if rng.u8(..4) == 0 {
            damaged(rng, &packed(pickle, &storages))
        } else {
            packed(&damaged(rng, pickle), &storages)
        }
    };
    survive(0..count, damage, |file| Pickle::from_bytes("damaged", file))
}

fn headers(count: u64) -> Counts {
    let header = r#"{"__metadata__":{"format":"pt"},"a.weight":{"dtype":"F32","shape":[2,3],"data_offsets":[0,24]},"b":{"dtype":"BF16","shape":[2],"data_offsets":[24,28]},"empty":{"dtype":"I64","shape":[0,4],"data_offsets":[28,28]},"mask":{"dtype":"BOOL","shape":[4],"data_offsets":[28,32]}}"#;
    let data = [floats((0..6).map(|i| i as f32)), vec![0; 4], vec![0, 1, 2, 255]].concat();
    let damage = |rng: &mut Rng| {
        if rng.u8(..4) == 0 {
            return damaged(rng, &safetensors(header, &data));
        }
        let header = damaged(rng, header.as_bytes());
        [&(header.len() as u64).to_le_bytes(), &header[..], &data].concat()
    };
    survive(0..count, damage, |file| Safetensors::from_bytes("damaged", file))
}

/// A test that only ever saw one outcome would test nothing.
fn every_outcome(counts: &Counts, with_forbidden: bool) {
    assert!(counts.read > 100 && counts.other > 100, "{counts:?}");
    assert_eq!(counts.forbidden > 100, with_forbidden, "{counts:?}");
}

#[test]
fn damaged_pickles() {
    every_outcome(&pickles(QUICK), true);
}

#[test]
fn damaged_headers() {
    every_outcome(&headers(QUICK), false);
}

#[test]
#[ignore = "minutes: a million of each"]
fn a_million_of_each() {
    every_outcome(&pickles(LONG), true);
    every_outcome(&headers(LONG), false);
}
