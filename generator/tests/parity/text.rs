//! Prompts to tokens and contexts against the published code.

use crate::golden::{Golden, difference, json, path, same};
use loop3d_generator::text::{Cache, LENGTH, NEGATIVE_PROMPT, TextError, TextModel, Tokenizer, Warning, clean};
use loop3d_torch::weights::{Memory, Weights, open};
use std::fs;
use std::path::PathBuf;
use std::rc::Rc;
use tch::{Device, Kind, Tensor};

const CASES: &str = "tokenizer/cases.json";
const TOKENIZER: &str = "tokenizer/tokenizer.json";
const PIPELINE: &str = "syncam_pipeline/f32_2steps.safetensors";

fn tokenizer() -> Tokenizer {
    Tokenizer::open(&path(TOKENIZER)).unwrap()
}

fn ids(case: &serde_json::Value) -> Vec<i64> {
    serde_json::from_value(case["ids"].clone()).unwrap()
}

#[test]
fn every_case_is_cleaned_and_split() {
    let file = json(CASES);
    let tokenizer = tokenizer();
    let (mut seen, mut skipped) = (0, Vec::new());
    for case in file["cases"].as_array().unwrap() {
        let text = case["text"].as_str().unwrap();
        let cleaned = clean(text);
        // The rule: text that was decoded in the wrong encoding is reported and not repaired.
        if cleaned.garbled {
            assert_ne!(cleaned.text, case["clean"].as_str().unwrap(), "{text:?} was reported as garbled and is right");
            skipped.push(text);
            continue;
        }
        assert_eq!(cleaned.text, case["clean"].as_str().unwrap(), "{text:?}");
        let tokens = tokenizer.tokens(&cleaned.text).unwrap();
        assert_eq!((tokens.ids, tokens.cut), (ids(case), 0), "{text:?}");
        seen += 1;
    }
    assert!(seen > 9 * skipped.len(), "skipped {skipped:?}");

    // A text that is not cleaned has other tokens.
    let changed = file["cases"].as_array().unwrap().iter().filter(|case| {
        let tokens = tokenizer.tokens(case["text"].as_str().unwrap()).unwrap();
        tokens.ids != ids(case)
    });
    assert!(changed.count() > 0);
}

#[test]
fn long_prompts_are_cut_before_the_end_token() {
    let case = &json(CASES)["long"];
    let cleaned = clean(case["text"].as_str().unwrap());
    assert_eq!(cleaned.text.len(), case["clean"].as_str().map_or(cleaned.text.len(), str::len));
    let tokens = tokenizer().tokens(&cleaned.text).unwrap();
    assert_eq!(tokens.ids, ids(case));
    assert!(tokens.cut > 0);
    let (padded, mask) = tokens.padded();
    assert_eq!((padded.size(), mask.size()), (vec![1, LENGTH as i64], vec![1, LENGTH as i64]));
    assert_eq!(mask.sum(Kind::Int64).int64_value(&[]), tokens.ids.len() as i64);
}

#[test]
fn a_tokenizer_that_is_none_is_named() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("tokenizer.json");
    let refused = || Tokenizer::open(&file).map(|_| ()).unwrap_err().to_string();
    assert!(refused().contains("tokenizer.json: cannot be read"), "{}", refused());
    fs::write(&file, "{}").unwrap();
    assert!(refused().contains("expected the tokenizer.json of the text encoder"), "{}", refused());
    let mut without = json(TOKENIZER);
    without["added_tokens"] = serde_json::json!([]);
    without["post_processor"] = serde_json::Value::Null;
    for piece in without["model"]["vocab"].as_array_mut().unwrap() {
        if piece[0] == "</s>" {
            piece[0] = "<end>".into();
        }
    }
    fs::write(&file, without.to_string()).unwrap();
    assert!(refused().contains("no token </s>"), "{}", refused());
}

fn source(kind: Option<Kind>) -> Weights {
    crate::golden::one_thread();
    Weights::new(open(&path("umt5/weights.safetensors")).unwrap(), kind, Device::Cpu)
}

fn model(cache: Option<&PathBuf>) -> TextModel {
    TextModel::new(tokenizer(), source(None), cache.map(Cache::new)).unwrap()
}

/// The prompts of the pipeline's run, with the contexts that it computed.
fn prompts() -> [(String, Tensor); 2] {
    let (config, run) = (json("syncam_pipeline/config.json"), Golden::open(PIPELINE));
    [("prompt", "context_pos"), ("negative_prompt", "context_neg")]
        .map(|(prompt, context)| (config[prompt].as_str().unwrap().to_owned(), run.get(context)))
}

#[test]
fn the_pipelines_contexts() {
    let model = model(None);
    let [positive, negative] = prompts();
    for (prompt, expected) in [&positive, &negative] {
        let encoded = model.encode(prompt).unwrap();
        assert_eq!((encoded.warnings, encoded.cached), (vec![], false));
        same(prompt, &encoded.context.rows().unsqueeze(0), expected);
        let padded = encoded.context.padded();
        let (tokens, length) = (expected.size()[1], LENGTH as i64);
        assert_eq!(padded.size(), [1, length, expected.size()[2]]);
        same("tokens", &padded.narrow(1, 0, tokens), expected);
        assert_eq!(padded.narrow(1, tokens, length - tokens).abs().max().double_value(&[]), 0.0);
    }
    // Two words exchanged.
    let swapped: Vec<&str> = positive.0.split(' ').rev().collect();
    let other = model.encode(&swapped.join(" ")).unwrap().context.padded();
    let expected = model.encode(&positive.0).unwrap().context.padded();
    assert!(difference(&other, &expected) > 1e-2);
}

#[test]
fn the_published_negative_prompt() {
    assert_eq!(clean(NEGATIVE_PROMPT).text.matches(',').count(), NEGATIVE_PROMPT.matches('，').count());
    assert!(model(None).encode(NEGATIVE_PROMPT).unwrap().warnings.is_empty());
}

#[test]
fn odd_prompts() {
    let model = model(None);
    // Empty ones are encoded: the end token alone.
    for empty in ["", " \n", "\u{1b}[31m\u{7}"] {
        let encoded = model.encode(empty).unwrap();
        assert_eq!((encoded.cleaned.as_str(), encoded.context.rows().size()[0]), ("", 1));
        assert!(encoded.warnings.is_empty());
    }
    let long = "A campfire beside a wall. ".repeat(2_000);
    let encoded = model.encode(&long).unwrap();
    assert_eq!(encoded.context.rows().size()[0], LENGTH as i64);
    let [Warning::Cut { cut, kept }] = encoded.warnings[..] else { panic!("{:?}", encoded.warnings) };
    assert!(cut > 10_000 && kept == LENGTH);
    assert_eq!(model.encode("a cafÃ©").unwrap().warnings, [Warning::Garbled]);
    let coloured = model.encode("a \u{1b}[31mred\u{1b}[0m flag\u{0}").unwrap();
    assert_eq!(coloured.cleaned, "a red flag");
}

#[test]
fn contexts_are_encoded_once() {
    let folder = tempfile::tempdir().unwrap();
    let folder = folder.path().join("contexts");
    let model = model(Some(&folder));
    let prompt = "a candle  flame";
    let mut layers = Vec::new();
    let first = model.encode_observed(prompt, &mut |layer| layers.push(layer)).unwrap();
    assert_eq!(layers, (1..=model.encoder().config().layers).collect::<Vec<_>>());
    let again = model.encode_observed("a candle flame", &mut |_| panic!("it was encoded again")).unwrap();
    assert_eq!((first.cached, again.cached), (false, true));
    same("context", again.context.rows(), first.context.rows());
    // Nothing but the context is left in the folder.
    assert_eq!(fs::read_dir(&folder).unwrap().count(), 1);

    // Another prompt, other weights, another kind: other contexts.
    assert!(!model.encode("a candle").unwrap().cached);
    let bf16 = TextModel::new(tokenizer(), source(Some(Kind::BFloat16)), Some(Cache::new(&folder))).unwrap();
    assert_eq!(bf16.encode(prompt).unwrap().context.rows().kind(), Kind::BFloat16);
    let half = bf16.encode(prompt).unwrap();
    assert_eq!((half.cached, half.context.rows().kind()), (true, Kind::BFloat16));
    let golden = Golden::open("umt5/weights.safetensors");
    let other = golden.names().into_iter().map(|name| {
        let tensor = golden.get(&name);
        let changed = if name == "norm.weight" { tensor * 2.0 } else { tensor };
        (name, changed)
    });
    let other = Weights::new(Rc::new(Memory::new("test", other)), None, Device::Cpu);
    let other = TextModel::new(tokenizer(), other, Some(Cache::new(&folder))).unwrap();
    assert!(other.digest() != model.digest() && !other.encode(prompt).unwrap().cached);
}

#[test]
fn a_broken_cache_is_made_anew() {
    let folder = tempfile::tempdir().unwrap();
    let folder = folder.path().to_owned();
    let (model, cache) = (model(Some(&folder)), Cache::new(&folder));
    let prompt = "ocean waves";
    let expected = model.encode(prompt).unwrap();
    let file = cache.path(&Cache::key(prompt, model.digest()));
    let good = fs::read(&file).unwrap();
    let other = model.encode("clouds").unwrap();
    let others = fs::read(cache.path(&Cache::key("clouds", model.digest()))).unwrap();
    assert!(other.context.rows().size() != expected.context.rows().size());

    let mut infinite = good.clone();
    let end = infinite.len();
    infinite[end - 4..].copy_from_slice(&f32::INFINITY.to_le_bytes());
    for broken in [good[..good.len() / 2].to_vec(), Vec::new(), b"not weights".to_vec(), others, infinite] {
        fs::write(&file, &broken).unwrap();
        let encoded = model.encode(prompt).unwrap();
        assert!(!encoded.cached && encoded.warnings.is_empty());
        same("context", encoded.context.rows(), expected.context.rows());
        assert_eq!(fs::read(&file).unwrap(), good);
    }

    // A folder that cannot be written is no reason to stop.
    let blocked = folder.join("file");
    fs::write(&blocked, "").unwrap();
    let model = TextModel::new(tokenizer(), source(None), Some(Cache::new(&blocked))).unwrap();
    let encoded = model.encode(prompt).unwrap();
    same("context", encoded.context.rows(), expected.context.rows());
    assert!(matches!(&encoded.warnings[..], [Warning::NotCached { reason }] if reason.contains("cannot be")));
}

#[test]
fn weights_without_a_parameter_are_refused_at_once() {
    let golden = Golden::open("umt5/weights.safetensors");
    let fewer =
        golden.names().into_iter().filter(|name| name != "norm.weight").map(|name| (name.clone(), golden.get(&name)));
    let weights = Weights::new(Rc::new(Memory::new("text.pth", fewer)), None, Device::Cpu);
    let error = TextModel::new(tokenizer(), weights, None).map(|_| ()).unwrap_err();
    assert!(matches!(error, TextError::Weights(_)));
    assert!(error.to_string().starts_with("text.pth: no tensor norm.weight"), "{error}");
}
