//! The text encoder against the published code. Every bound is 0, in f32 and in bf16.

use crate::golden::{Golden, difference, json, path, same, weights};
use loop3d_generator::text::TextError;
use loop3d_generator::text::umt5::{Config, Encoder, bias, buckets};
use loop3d_generator::weights::names_umt5::{original, original_from_transformers, transformers_from_original};
use loop3d_torch::weights::{Memory, TensorSource, Weights, WeightsError, open};
use std::collections::{BTreeMap, BTreeSet};
use std::rc::Rc;
use tch::{Device, Kind, Tensor};

const WEIGHTS: &str = "umt5/weights.safetensors";
const IO: &str = "umt5/io.safetensors";

/// The tensors of the file of weights.
fn tensors() -> BTreeMap<String, Tensor> {
    let file = Golden::open(WEIGHTS);
    file.names().into_iter().map(|name| (name.clone(), file.get(&name))).collect()
}

fn held(tensors: impl IntoIterator<Item = (String, Tensor)>) -> Weights {
    Weights::new(Rc::new(Memory::new("test", tensors)), None, Device::Cpu)
}

/// The output of a case, cut to the tokens that the data hold.
fn encoded(weights: &Weights, io: &Golden, case: &str) -> Tensor {
    let encoder = Encoder::new(weights).unwrap();
    let out = encoder.encode(weights, &io.get(&format!("{case}.ids")), &io.get(&format!("{case}.mask"))).unwrap();
    let expected = [case, &format!("bf16.{case}")].map(|case| format!("{case}.out"));
    let held = expected.iter().find(|name| io.has(name)).unwrap();
    out.narrow(1, 0, io.get(held).size()[1])
}

/// All cases of the data.
fn cases(io: &Golden) -> Vec<String> {
    let names = io.names();
    let cases: Vec<String> = names.iter().filter_map(|name| name.strip_suffix(".ids")).map(str::to_owned).collect();
    assert!(!cases.is_empty());
    cases
}

#[test]
fn sizes_come_from_the_shapes() {
    let file = json("umt5/config.json");
    let size = |name: &str| file[name].as_i64().unwrap();
    let source = weights(WEIGHTS);
    let encoder = Encoder::new(&source).unwrap();
    let expected = Config {
        vocabulary: size("vocab"),
        width: size("dim"),
        layers: size("num_layers") as usize,
        heads: size("num_heads"),
        head: size("d_kv"),
        feed_forward: size("dim_ffn"),
        buckets: size("num_buckets"),
    };
    assert_eq!(*encoder.config(), expected);
    assert_eq!(source.unused(), Vec::<String>::new());

    let mut fewer = tensors();
    let name = format!("blocks.{}.ffn.fc2.weight", size("num_layers") - 1);
    fewer.remove(&name);
    let error = Encoder::new(&held(fewer)).unwrap_err();
    assert_eq!(error, WeightsError::Missing { place: "test".to_owned(), name });
    let mut other = tensors();
    other.insert("norm.weight".to_owned(), Tensor::ones([3], (Kind::Float, Device::Cpu)));
    assert!(matches!(Encoder::new(&held(other)), Err(WeightsError::Shape { .. })));
}

#[test]
fn every_case_in_f32() {
    let (weights, io) = (weights(WEIGHTS), Golden::open(IO));
    for case in cases(&io) {
        same(&case, &encoded(&weights, &io, &case), &io.get(&format!("{case}.out")));
    }
}

#[test]
fn every_case_in_bf16() {
    let source = Rc::new(Memory::safetensors(&path(WEIGHTS)).unwrap());
    let (weights, io) = (Weights::new(source, Kind::BFloat16, Device::Cpu), Golden::open(IO));
    let held: Vec<String> = cases(&io).into_iter().filter(|case| io.has(&format!("bf16.{case}.out"))).collect();
    assert!(!held.is_empty());
    for case in held {
        same(&case, &encoded(&weights, &io, &case), &io.get(&format!("bf16.{case}.out")));
    }
}

#[test]
fn traces_and_tables() {
    let (weights, io) = (weights(WEIGHTS), Golden::open(IO));
    let encoder = Encoder::new(&weights).unwrap();
    let mut seen = 0;
    let mut observe = |layer: usize, x: &Tensor| {
        let name = format!("trace.short_block{layer}_out");
        if io.has(&name) {
            same(&name, x, &io.get(&name));
            seen += 1;
        }
    };
    let _ = encoder.encode_observed(&weights, &io.get("short.ids"), &io.get("short.mask"), &mut observe).unwrap();
    assert!(seen > 0);

    let rows = encoder.config().buckets;
    same("buckets", &buckets(&io.get("bucket.rel"), rows), &io.get("bucket.idx"));
    let name = io.names().into_iter().find(|name| name.starts_with("trace.pos_bias_block0_len")).unwrap();
    let expected = io.get(&name);
    let table = |layer: usize| tensors().remove(&format!("blocks.{layer}.pos_embedding.embedding.weight")).unwrap();
    same(&name, &bias(&table(0), expected.size()[3]), &expected);
    // Query and key exchanged.
    assert!(difference(&bias(&table(0), expected.size()[3]).transpose(2, 3), &expected) > 1e-2);
}

#[test]
fn a_table_of_biases_that_all_layers_share_is_another_model() {
    let io = Golden::open(IO);
    let mut shared = tensors();
    let first = shared["blocks.0.pos_embedding.embedding.weight"].shallow_clone();
    for (name, tensor) in &mut shared {
        if name.ends_with("pos_embedding.embedding.weight") {
            *tensor = first.shallow_clone();
        }
    }
    assert!(difference(&encoded(&held(shared), &io, "short"), &io.get("short.out")) > 1e-1);
}

#[test]
fn both_layouts_give_one_model() {
    let listed: BTreeMap<String, serde_json::Value> =
        serde_json::from_value(json("umt5/keys_transformers.json")).unwrap();
    let originals = tensors();
    let renamed: BTreeSet<String> = originals.keys().map(|name| transformers_from_original(name).unwrap()).collect();
    let second = "encoder.embed_tokens.weight";
    assert_eq!(listed.keys().cloned().collect::<BTreeSet<_>>(), &renamed | &BTreeSet::from([second.to_owned()]));
    for name in originals.keys() {
        assert_eq!(original_from_transformers(&transformers_from_original(name).unwrap()).as_ref(), Some(name));
    }

    // Through files, with the table of tokens under one of its names, the other, or both.
    let folder = tempfile::tempdir().unwrap();
    let io = Golden::open(IO);
    let pairs = || originals.iter().map(|(name, t)| (transformers_from_original(name).unwrap(), t.shallow_clone()));
    let first = "shared.weight";
    for kept in [vec![first], vec![second], vec![first, second]] {
        let table = originals["token_embedding.weight"].shallow_clone();
        let tables = kept.iter().map(|name| ((*name).to_owned(), table.copy()));
        let all: Vec<(String, Tensor)> = pairs().filter(|(name, _)| name != first).chain(tables).collect();
        let file = folder.path().join("model.safetensors");
        Tensor::write_safetensors(&all, &file).unwrap();
        let weights = Weights::new(original(open(&file).unwrap()).unwrap(), None, Device::Cpu).checked();
        same("short", &encoded(&weights, &io, "short"), &io.get("short.out"));
        assert_eq!(weights.unused(), Vec::<String>::new());
    }
    // The original layout passes through.
    let source: Rc<dyn TensorSource> = Rc::new(Memory::new("test", tensors()));
    assert!(Rc::ptr_eq(&original(source.clone()).unwrap(), &source));

    // Two keys of one shape exchanged.
    let mut wrong = originals;
    let [a, b] = ["blocks.0.attn.q.weight", "blocks.0.attn.k.weight"];
    let (first, second) = (wrong.remove(a).unwrap(), wrong.remove(b).unwrap());
    wrong.extend([(a.to_owned(), second), (b.to_owned(), first)]);
    assert!(difference(&encoded(&held(wrong), &io, "short"), &io.get("short.out")) > 1e-2);
}

#[test]
fn half_precision_stays_finite() {
    // Weights so large that sums leave the range of f16.
    let io = Golden::open(IO);
    let large = tensors().into_iter().map(|(name, t)| {
        let t = if name.ends_with("ffn.fc2.weight") { &t * (3e4 / t.abs().max().double_value(&[])) } else { t };
        (name, t.to_kind(Kind::Half))
    });
    let weights = held(large);
    let encoder = Encoder::new(&weights).unwrap();
    let mut largest = 0.0f64;
    let mut observe = |_, x: &Tensor| largest = largest.max(x.abs().max().double_value(&[]));
    let out = encoder.encode_observed(&weights, &io.get("short.ids"), &io.get("short.mask"), &mut observe).unwrap();
    assert_eq!(largest, 65504.0);
    assert!(out.isfinite().all().int64_value(&[]) != 0);
}

#[test]
fn what_cannot_be_encoded_is_named() {
    let (weights, io) = (weights(WEIGHTS), Golden::open(IO));
    let encoder = Encoder::new(&weights).unwrap();
    let (ids, mask) = (io.get("short.ids"), io.get("short.mask"));
    let error = encoder.encode(&weights, &ids, &mask.narrow(1, 0, 2)).unwrap_err();
    assert_eq!(error, TextError::Tokens { ids: ids.size(), mask: vec![ids.size()[0], 2] });
    assert!(matches!(
        encoder.encode(&weights, &ids.flatten(0, -1), &mask.flatten(0, -1)),
        Err(TextError::Tokens { .. })
    ));
    let beyond = ids.full_like(encoder.config().vocabulary);
    let error = encoder.encode(&weights, &beyond, &mask).unwrap_err();
    assert!(matches!(error, TextError::Weights(WeightsError::NoRow { .. })), "{error}");
}

/// Most memory that this process ever had, in bytes.
fn peak() -> u64 {
    let status = std::fs::read_to_string("/proc/self/status").unwrap();
    let line = status.lines().find_map(|line| line.strip_prefix("VmHWM:")).unwrap();
    line.trim().trim_end_matches(" kB").parse::<u64>().unwrap() << 10
}

#[test]
#[ignore = "a minute, by itself: the peak is the whole process's"]
fn the_published_sizes_take_the_memory_of_one_layer() {
    // A file of 11 GB that takes no room: all numbers are zero.
    let (mut end, mut header) = (0u64, serde_json::Map::new());
    for (name, shape) in Config::default().parameters() {
        let start = end;
        end += 2 * shape.iter().product::<i64>() as u64;
        header.insert(name, serde_json::json!({ "dtype": "BF16", "shape": shape, "data_offsets": [start, end] }));
    }
    let header = serde_json::Value::Object(header).to_string();
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("models_t5_umt5-xxl-enc-bf16.safetensors");
    let head = [&(header.len() as u64).to_le_bytes(), header.as_bytes()].concat();
    std::fs::write(&path, &head).unwrap();
    std::fs::File::options().append(true).open(&path).unwrap().set_len(head.len() as u64 + end).unwrap();

    for kind in [Kind::BFloat16, Kind::Float] {
        let weights = Weights::new(open(&path).unwrap(), kind, Device::Cpu);
        let encoder = Encoder::new(&weights).unwrap();
        assert_eq!(*encoder.config(), Config::default());
        let before = peak();
        // All 512 tokens would take minutes. They add 0.4 GB of attention in f32.
        let ids = Tensor::arange(64, (Kind::Int64, Device::Cpu)).unsqueeze(0) * 4000;
        let out = encoder.encode(&weights, &ids, &ids.ones_like()).unwrap();
        assert_eq!((out.size(), out.abs().max().double_value(&[])), (vec![1, 64, 4096], 0.0));
        println!("{kind:?}: {:.2} GB at most, {:.2} GB before", peak() as f64 / 1e9, before as f64 / 1e9);
        assert!(peak() < 1_100_000_000, "{kind:?}: {} bytes", peak());
    }
}
