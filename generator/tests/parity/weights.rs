//! Files of weights against what PyTorch put into them.

use crate::golden::{Golden, difference, path, same};
use crate::vae::{IO, decoded, tensors};
use loop3d_generator::vae::Vae;
use loop3d_generator::weights::names_vae::{diffusers_from_original, original};
use loop3d_torch::weights::{Pickle, TensorSource, Weights, open};
use std::collections::BTreeSet;
use std::fs;
use tch::{Device, Kind, Tensor};

/// Same kind, shape and numbers; empty tensors have no largest difference.
#[track_caller]
fn equal(name: &str, found: &Tensor, expected: &Tensor) {
    assert_eq!(found.size(), expected.size(), "{name}");
    if expected.numel() > 0 {
        same(name, found, expected);
    } else {
        assert_eq!(found.kind(), expected.kind(), "{name}");
    }
}

/// The tensors of a file against those of another, one for one if the file is `whole`, else each that it has.
fn compare(file: &str, expected: &str, whole: bool) {
    let source = open(&path(&format!("pickle/{file}"))).unwrap();
    let expected = Golden::open(&format!("pickle/{expected}"));
    let names: BTreeSet<String> = source.names().into_iter().collect();
    let known: BTreeSet<String> = expected.names().into_iter().collect();
    assert!(!names.is_empty() && names.is_subset(&known), "{file}: {names:?}");
    assert!(!whole || names == known, "{file}: {names:?}");
    for name in &names {
        let held = expected.get(name);
        assert_eq!(source.shape(name), Some(held.size()), "{file}: {name}");
        equal(&format!("{file}: {name}"), &source.load(name).unwrap(), &held);
        let rows = held.size().first().copied().unwrap_or(0);
        if rows > 0 {
            let picked = [rows - 1, 0];
            let expected = held.index_select(0, &Tensor::from_slice(&picked));
            equal(&format!("{file}: rows of {name}"), &source.rows(name, &picked).unwrap(), &expected);
        }
    }
}

#[test]
fn pickles_of_every_form() {
    compare("state_dict.ckpt", "expected.safetensors", true);
    compare("plain_dict.ckpt", "expected.safetensors", true);
    compare("nested.ckpt", "expected.safetensors", false);
    compare("module_state_dict.ckpt", "module_expected.safetensors", true);
    compare("legacy.pt", "expected.safetensors", false);

    // A parameter, under another name than in the expected file.
    let parameter = open(&path("pickle/parameter.ckpt")).unwrap();
    let expected = Golden::open("pickle/expected.safetensors");
    let [name] = &parameter.names()[..] else { panic!("{:?}", parameter.names()) };
    let found = parameter.load(name).unwrap();
    assert!(expected.names().iter().any(|name| {
        let held = expected.get(name);
        held.kind() == found.kind() && held.size() == found.size() && difference(&held, &found) == 0.0
    }));
}

#[test]
fn a_byte_of_a_storage_is_seen() {
    let expected = Golden::open("pickle/expected.safetensors");
    let mut file = fs::read(path("pickle/state_dict.ckpt")).unwrap();
    // The bytes of a tensor of floats, wherever they lie.
    let found = expected.names().into_iter().find_map(|name| {
        let tensor = expected.get(&name);
        if tensor.kind() != Kind::Float || tensor.numel() < 8 {
            return None;
        }
        let numbers = Vec::<f32>::try_from(tensor.flatten(0, -1)).unwrap();
        let bytes: Vec<u8> = numbers.iter().flat_map(|number| number.to_le_bytes()).collect();
        Some((file.windows(bytes.len()).position(|window| window == bytes)?, name))
    });
    let (at, name) = found.unwrap();
    file[at] ^= 1;
    let damaged = Pickle::from_bytes("damaged", file).unwrap();
    assert!(difference(&damaged.load(&name).unwrap(), &expected.get(&name)) > 0.0);
}

#[test]
fn a_file_of_diffusers_is_the_same_autoencoder() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("diffusion_pytorch_model.safetensors");
    let renamed = |(name, tensor): (String, Tensor)| (diffusers_from_original(&name).unwrap(), tensor);
    let held: Vec<(String, Tensor)> = tensors().into_iter().map(renamed).collect();
    Tensor::write_safetensors(&held, &file).unwrap();

    // The folder has one file of weights, so its path will do.
    let weights = Weights::new(original(open(folder.path()).unwrap()).unwrap(), None, Device::Cpu).checked();
    let vae = Vae::new(&weights).unwrap();
    let io = Golden::open(IO);
    same("video", &decoded(&vae, io.get("z")), &io.get("video"));
    assert_eq!(weights.unused(), Vec::<String>::new());

    // Under names of neither layout it is no model.
    let strange = |(name, tensor): (String, Tensor)| (format!("model.{name}"), tensor);
    Tensor::write_safetensors(&tensors().into_iter().map(strange).collect::<Vec<_>>(), &file).unwrap();
    let error = Vae::new(&Weights::new(original(open(&file).unwrap()).unwrap(), None, Device::Cpu)).unwrap_err();
    assert!(error.to_string().contains("no tensor encoder."), "{error}");
}
