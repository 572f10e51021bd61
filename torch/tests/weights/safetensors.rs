//! Single safetensors files and shards.

use crate::forge::{floats, safetensors};
use loop3d_torch::weights::{Safetensors, Shards, TensorSource, WeightsError};
use std::fs;
use std::path::Path;
use tch::{Device, Kind, Tensor};

/// One of each kind, with the file that tch's own writer makes of them.
fn kinds() -> Vec<(String, Tensor)> {
    let numbers = Tensor::arange(6, (Kind::Float, Device::Cpu)).reshape([2, 3]) - 2.5;
    let kinds = [
        Kind::Float,
        Kind::Half,
        Kind::BFloat16,
        Kind::Double,
        Kind::Int64,
        Kind::Int,
        Kind::Int16,
        Kind::Int8,
        Kind::Uint8,
        Kind::Bool,
    ];
    let of = |kind| (format!("a.{kind:?}"), numbers.abs().to_kind(kind));
    let empty = Tensor::zeros([0, 4], (Kind::Float, Device::Cpu));
    let one = Tensor::from(7.5f32);
    let others = [("empty".to_owned(), empty), ("one".to_owned(), one), ("signed".to_owned(), numbers.shallow_clone())];
    kinds.into_iter().map(of).chain(others).collect()
}

#[track_caller]
fn same(found: &Tensor, expected: &Tensor) {
    assert_eq!((found.kind(), found.size()), (expected.kind(), expected.size()));
    assert!(found.equal(expected), "{found} is not {expected}");
}

fn refused(file: Vec<u8>) -> String {
    Safetensors::from_bytes("model.safetensors", file).unwrap_err().to_string()
}

#[test]
fn every_kind_comes_back() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("model.safetensors");
    let tensors = kinds();
    Tensor::write_safetensors(&tensors, &path).unwrap();
    let file = Safetensors::open(&path).unwrap();
    assert_eq!(file.names().len(), tensors.len());
    for (name, expected) in &tensors {
        assert_eq!(file.shape(name).as_ref(), Some(&expected.size()), "{name}");
        same(&file.load(name).unwrap(), expected);
        if expected.dim() > 0 && expected.numel() > 0 {
            same(&file.rows(name, &[1, 0, 1]).unwrap(), &expected.index_select(0, &Tensor::from_slice(&[1i64, 0, 1])));
        }
    }
    let error = file.load("b").unwrap_err();
    assert_eq!(error, WeightsError::Missing { place: path.display().to_string(), name: "b".to_owned() });
    assert_eq!(
        file.rows("signed", &[2]).unwrap_err().to_string(),
        format!("{}: row 2 of tensor signed was asked for, which has 2 rows", path.display())
    );
}

#[test]
fn eight_bit_floats_become_floats() {
    let header = r#"{"a":{"dtype":"F8_E4M3","shape":[3],"data_offsets":[0,3]},"b":{"dtype":"F8_E5M2","shape":[2],"data_offsets":[3,5]}}"#;
    let file = Safetensors::from_bytes("f8", safetensors(header, &[0x38, 0xb8, 0x40, 0x3c, 0xc0])).unwrap();
    let [a, b] = ["a", "b"].map(|name| Vec::<f32>::try_from(file.load(name).unwrap().to_kind(Kind::Float)).unwrap());
    assert_eq!((&a[..], &b[..]), (&[1.0, -1.0, 2.0][..], &[1.0, -2.0][..]));
}

#[test]
fn broken_files_are_named_with_place_and_remedy() {
    let good = safetensors(r#"{"a":{"dtype":"F32","shape":[2],"data_offsets":[0,8]}}"#, &floats([1.0, 2.0]));
    assert!(Safetensors::from_bytes("good", good.clone()).is_ok());
    let cut = good[..good.len() - 3].to_vec();
    assert_eq!(
        refused(cut),
        "model.safetensors, tensor a: found data_offsets [0, 8] in 5 bytes of data, expected a file of at least 70 bytes; \
         the file may be damaged or half downloaded: fetch it again"
    );
    let longer = [good.clone(), vec![0]].concat();
    assert!(refused(longer).contains("the end: found a file of 71 bytes, expected 70 bytes, as its header says"));
    assert!(refused(good[..30].to_vec()).contains("a length of 54 bytes in a file of 30, expected at most 22 bytes"));
    assert!(refused(vec![1, 2]).contains("found 2 bytes, expected at least 8"));
    let endless = [u64::MAX.to_le_bytes().as_slice(), b"{}"].concat();
    assert!(refused(endless).contains("a header of 18446744073709551615, at most 100000000 is read"));

    let one = |text: &str| refused(safetensors(text, &[0; 8]));
    assert!(one("{").contains("the header: found EOF"));
    let twice = r#"{"a":{"dtype":"F32","shape":[1],"data_offsets":[0,4]},"a":{"dtype":"F32","shape":[1],"data_offsets":[4,8]}}"#;
    assert!(one(twice).contains("tensor a is described twice"));
    let kind = one(r#"{"a":{"dtype":"F4","shape":[16],"data_offsets":[0,8]}}"#);
    assert!(
        kind.contains("model.safetensors, tensor a: the kind F4 is not supported; save the tensor as F32"),
        "{kind}"
    );
    let shape = one(r#"{"a":{"dtype":"F32","shape":[3],"data_offsets":[0,8]}}"#);
    assert!(shape.contains("tensor a: found data_offsets [0, 8], expected the 12 bytes of F32 [3]"), "{shape}");
    let huge = one(r#"{"a":{"dtype":"F32","shape":[9223372036854775807,4],"data_offsets":[0,8]}}"#);
    assert!(huge.contains("expected one that fits in memory"), "{huge}");
    let gap = one(r#"{"a":{"dtype":"F32","shape":[1],"data_offsets":[4,8]}}"#);
    assert!(gap.contains("tensor a: found data from byte 66, expected from byte 62"), "{gap}");
    let overlap = r#"{"a":{"dtype":"F32","shape":[2],"data_offsets":[0,8]},"b":{"dtype":"F32","shape":[1],"data_offsets":[4,8]}}"#;
    assert!(one(overlap).contains("tensor b: found data from byte"));
}

/// Writes two shards and their index.
fn shards(folder: &Path) -> Vec<(String, Tensor)> {
    let tensors = kinds();
    let (first, second) = tensors.split_at(tensors.len() / 2);
    let mut map = serde_json::Map::new();
    for (file, part) in [("model-1-of-2.safetensors", first), ("model-2-of-2.safetensors", second)] {
        Tensor::write_safetensors(part, folder.join(file)).unwrap();
        map.extend(part.iter().map(|(name, _)| (name.clone(), file.into())));
    }
    write_index(folder, &map);
    tensors
}

fn write_index(folder: &Path, map: &serde_json::Map<String, serde_json::Value>) {
    let index = serde_json::json!({ "metadata": { "total_size": 1 }, "weight_map": map });
    fs::write(folder.join("model.safetensors.index.json"), index.to_string()).unwrap();
}

fn read_index(folder: &Path) -> serde_json::Map<String, serde_json::Value> {
    let text = fs::read_to_string(folder.join("model.safetensors.index.json")).unwrap();
    serde_json::from_str::<serde_json::Value>(&text).unwrap()["weight_map"].as_object().unwrap().clone()
}

#[test]
fn shards_are_one_model() {
    let folder = tempfile::tempdir().unwrap();
    let tensors = shards(folder.path());
    let model = Shards::open(&folder.path().join("model.safetensors.index.json")).unwrap();
    let mut names: Vec<&String> = tensors.iter().map(|(name, _)| name).collect();
    names.sort();
    assert_eq!(model.names().iter().collect::<Vec<_>>(), names);
    for (name, expected) in &tensors {
        same(&model.load(name).unwrap(), expected);
    }
    same(&model.rows("signed", &[1]).unwrap(), &tensors[tensors.len() - 1].1.narrow(0, 1, 1));
    assert!(matches!(model.load("b"), Err(WeightsError::Missing { .. })));
}

#[test]
fn shards_that_do_not_fit_their_index() {
    let folder = tempfile::tempdir().unwrap();
    let folder = folder.path();
    let index = folder.join("model.safetensors.index.json");
    let opened = || Shards::open(&index).map(|_| ()).unwrap_err();
    shards(folder);
    let second = folder.join("model-2-of-2.safetensors");

    // A tensor in both.
    let file = Safetensors::open(&second).unwrap();
    let again = file.names().into_iter().map(|name| (name.clone(), file.load(&name).unwrap()));
    let again: Vec<_> = again.chain([("a.Float".to_owned(), Tensor::from(1.0f32))]).collect();
    drop(file);
    Tensor::write_safetensors(&again, &second).unwrap();
    let error = opened();
    let first = folder.join("model-1-of-2.safetensors").display().to_string();
    let twice = WeightsError::Twice { name: "a.Float".to_owned(), first, second: second.display().to_string() };
    assert_eq!(error, twice);

    // A tensor in none.
    shards(folder);
    let mut map = read_index(folder);
    map.insert("c".to_owned(), "model-2-of-2.safetensors".into());
    write_index(folder, &map);
    let error = opened().to_string();
    assert!(
        error.contains("model-2-of-2.safetensors, tensor c: found no such tensor, expected the one that"),
        "{error}"
    );

    // A file that points out of the folder.
    map.insert("c".to_owned(), "../secret.safetensors".into());
    write_index(folder, &map);
    let error = opened().to_string();
    assert!(error.contains(r#"found "../secret.safetensors" for tensor c, expected the name of a file"#), "{error}");

    // A file that was not downloaded.
    shards(folder);
    fs::remove_file(&second).unwrap();
    let error = opened().to_string();
    assert!(error.contains("names the shard") && error.contains("for 7 tensors, but it is not there"), "{error}");

    fs::write(&index, "{}").unwrap();
    assert!(opened().to_string().contains("weight_map: found missing field `weight_map`"));
}
