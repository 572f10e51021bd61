//! The transformer and the view module against the published code. Every bound is 0 where the specification page says 0.

use crate::golden::{Golden, difference, json, near, one_thread, same};
use loop3d_generator::cameras::Cameras;
use loop3d_generator::dit::{
    Config, Dit, DitError, Hints, Input, Layout, Rounding, Text, Tokens, ViewTokens, identify,
};
use loop3d_generator::vae::Latents;
use loop3d_generator::weights::names_dit::{diffusers_from_original, original_from_diffusers};
use loop3d_torch::weights::{Memory, Weights};
use std::collections::{BTreeMap, BTreeSet};
use std::rc::Rc;
use tch::{Device, Kind, Tensor};

const BASE: &str = "wan_dit/weights_diffusers.safetensors";
const BASE_IO: &str = "wan_dit/io.safetensors";
const SYNCAM: &str = "syncam_dit/weights.safetensors";
const SYNCAM_IO: &str = "syncam_dit/io.safetensors";

pub type Tensors = BTreeMap<String, Tensor>;

/// The tensors of a file.
pub fn tensors(file: &str) -> Tensors {
    let file = Golden::open(file);
    file.names().into_iter().map(|name| (name.clone(), file.get(&name))).collect()
}

fn original(tensors: Tensors) -> Tensors {
    tensors.into_iter().map(|(name, tensor)| (original_from_diffusers(&name).unwrap(), tensor)).collect()
}

pub fn source(tensors: Tensors, kind: Option<Kind>) -> Weights {
    one_thread();
    Weights::new(Rc::new(Memory::new("test", tensors)), kind, Device::Cpu)
}

/// A model with the heads and ε of the folder's `config.json`.
pub fn model(folder: &str, tensors: Tensors, kind: Option<Kind>) -> Dit {
    let hints: Hints = serde_json::from_value(json(&format!("{folder}/config.json"))).unwrap();
    let weights = source(tensors, kind);
    let dit = Dit::with_config(&weights, Config::new(&weights, &hints)).unwrap();
    assert_eq!(weights.unused(), Vec::<String>::new());
    dit.rounded(Rounding::Published)
}

pub fn syncam() -> Dit {
    model("syncam_dit", tensors(SYNCAM), None)
}

/// The inputs of a file under a prefix, in one kind.
struct Given {
    latents: Latents,
    time: f64,
    text: Text,
    cameras: Option<Cameras>,
}

impl Given {
    fn read(io: &Golden, prefix: &str, kind: Kind) -> Self {
        let get = |name: &str| io.get(&format!("{prefix}{name}")).to_kind(kind);
        Self {
            latents: Latents::new(get("x")).unwrap(),
            time: io.get(&format!("{prefix}timestep")).double_value(&[0]),
            text: Text::new(get("context")).unwrap(),
            cameras: io.has(&format!("{prefix}cam")).then(|| Cameras::new(get("cam")).unwrap()),
        }
    }

    fn input(&self) -> Input<'_> {
        Input { latents: &self.latents, time: self.time, text: &self.text, cameras: self.cameras.as_ref() }
    }

    fn through(&self, dit: &Dit) -> Tensor {
        dit.velocity(&self.input()).unwrap()
    }
}

/// Exchanges two tensors of one shape.
fn exchanged(mut tensors: Tensors, a: &str, b: &str) -> Tensors {
    let (first, second) = (tensors.remove(a).unwrap(), tensors.remove(b).unwrap());
    tensors.extend([(a.to_owned(), second), (b.to_owned(), first)]);
    tensors
}

#[test]
fn sizes_come_from_the_shapes() {
    for (folder, file, views) in [("wan_dit", BASE, false), ("syncam_dit", SYNCAM, true)] {
        let config = json(&format!("{folder}/config.json"));
        let number = |name: &str| config[name].as_i64().unwrap();
        let expected = Config {
            dim: number("dim"),
            heads: number("num_heads"),
            layers: number("num_layers") as usize,
            hidden: number("ffn_dim"),
            text: number("text_dim"),
            frequencies: number("freq_dim"),
            channels: number("in_dim"),
            outputs: number("out_dim"),
            patch: serde_json::from_value(config["patch_size"].clone()).unwrap(),
            eps: config["eps"].as_f64().unwrap(),
            views,
        };
        let all = tensors(file);
        let all = if views { all } else { original(all) };
        let shapes: BTreeMap<_, _> = all.iter().map(|(name, tensor)| (name.clone(), tensor.size())).collect();
        assert_eq!(expected.parameters().into_iter().collect::<BTreeMap<_, _>>(), shapes);
        assert_eq!(*model(folder, all, None).config(), expected);
    }
}

#[test]
fn base_model_in_diffusers_names() {
    let dit = model("wan_dit", original(tensors(BASE)), None);
    let io = Golden::open(BASE_IO);
    let out = Given::read(&io, "", Kind::Float).through(&dit);
    same("out", &out, &io.get("out"));
    near("out_diffusers", &out, &io.get("out_diffusers"), 1e-5);
    same("v1.out", &Given::read(&io, "v1.", Kind::Float).through(&dit), &io.get("v1.out"));

    // Two keys of one shape exchanged.
    let wrong = exchanged(tensors(BASE), "blocks.0.attn1.to_q.weight", "blocks.0.attn1.to_k.weight");
    let wrong = Given::read(&io, "", Kind::Float).through(&model("wan_dit", original(wrong), None));
    assert!(difference(&wrong, &io.get("out")) > 1e-3);
}

#[test]
fn both_layouts_have_the_same_names() {
    let pairs: BTreeMap<String, String> = serde_json::from_value(json("wan_dit/keys_diffusers.json")).unwrap();
    assert_eq!(pairs.values().collect::<BTreeSet<_>>(), tensors(BASE).keys().collect::<BTreeSet<_>>());
    for (original, diffusers) in &pairs {
        assert_eq!(diffusers_from_original(original).as_ref(), Some(diffusers));
        assert_eq!(original_from_diffusers(diffusers).as_ref(), Some(original));
    }
    // norm3 is norm2 there, and no other norm is.
    assert_eq!(original_from_diffusers("blocks.0.norm2.bias").as_deref(), Some("blocks.0.norm3.bias"));
}

#[test]
fn views() {
    let (dit, io) = (syncam(), Golden::open(SYNCAM_IO));
    let two = Given::read(&io, "", Kind::Float);
    same("out", &two.through(&dit), &io.get("out"));
    same("v3.out", &Given::read(&io, "v3.", Kind::Float).through(&dit), &io.get("v3.out"));
    let large = Golden::open("syncam_dit/io_30x52.safetensors");
    same("30x52", &Given::read(&large, "", Kind::Float).through(&dit), &large.get("out"));

    // The text of one view for all is the text of every view.
    let one = Text::new(two.text.tensor().narrow(0, 0, 1)).unwrap();
    if difference(&one.tensor().expand_as(two.text.tensor()), two.text.tensor()) == 0.0 {
        same("one text", &dit.velocity(&Input { text: &one, ..two.input() }).unwrap(), &io.get("out"));
    }

    let off = |wrong: &Dit, given: &Given| difference(&given.through(wrong), &io.get("out"));
    let wrong = exchanged(tensors(SYNCAM), "blocks.0.mvs_attn.q.weight", "blocks.0.mvs_attn.k.weight");
    assert!(off(&model("syncam_dit", wrong, None), &two) > 1e-3);
    // Without the learned gate, row 2 of the table.
    let mut wrong = tensors(SYNCAM);
    let table = wrong.get_mut("blocks.0.modulation_mvs").unwrap();
    let _ = table.narrow(1, 2, 1).fill_(1.0);
    assert!(off(&model("syncam_dit", wrong, None), &two) > 1e-3);
    // The cameras of the views exchanged.
    let mut wrong = Given::read(&io, "", Kind::Float);
    wrong.cameras = Some(Cameras::new(io.get("cam").flip([0])).unwrap());
    assert!(off(&dit, &wrong) > 1e-3);
}

#[test]
fn half_precision_rounds_the_time() {
    let io = Golden::open(SYNCAM_IO);
    let given = Given::read(&io, "", Kind::BFloat16);
    let dit = model("syncam_dit", tensors(SYNCAM), Some(Kind::BFloat16));
    same("bf16.out", &given.through(&dit), &io.get("bf16.out"));
    let exact = given.through(&dit.rounded(Rounding::Exact));
    assert!(difference(&exact, &io.get("bf16.out")) > 0.0);
}

#[test]
fn a_new_view_module_changes_nothing() {
    let io = Golden::open(SYNCAM_IO);
    let given = Given::read(&io, "", Kind::Float);
    let zeroed = |name: &str| name.contains("cam_encoder") || name.contains("projector");
    let mut fresh = tensors(SYNCAM);
    let names: Vec<String> = fresh.keys().cloned().collect();
    for name in names {
        let replacement = if zeroed(&name) {
            fresh[&name].zeros_like()
        } else if name.contains("mvs_attn") {
            fresh[&name.replace("mvs_attn", "self_attn")].copy()
        } else if let Some(block) = name.strip_suffix("modulation_mvs") {
            fresh[&format!("{block}modulation")].narrow(1, 0, 3).copy()
        } else {
            continue;
        };
        fresh.insert(name, replacement);
    }
    let out = given.through(&model("syncam_dit", fresh, None));
    same("zero_init.out", &out, &io.get("zero_init.out"));

    let of_views = |name: &String| ["mvs", "cam_encoder", "projector"].iter().any(|part| name.contains(part));
    let base: Tensors = tensors(SYNCAM).into_iter().filter(|(name, _)| !of_views(name)).collect();
    let base = model("syncam_dit", base, None);
    same("base", &base.velocity(&Input { cameras: None, ..given.input() }).unwrap(), &out);
    assert!(difference(&given.through(&syncam()), &out) > 1e-3);
}

#[test]
fn traces() {
    let (dit, io) = (syncam(), Golden::open(SYNCAM_IO));
    let given = Given::read(&io, "", Kind::Float);
    let mut seen = BTreeSet::new();
    let mut x = None;
    let _ = dit.velocity_observed(&given.input(), &mut |name, tensor| {
        let name = format!("trace.{name}");
        if io.has(&name) {
            same(&name, tensor, &io.get(&name));
            seen.insert(name.clone());
        }
        if name == "trace.block0_self_attn_in" {
            x = Some(tensor.copy());
        }
    });
    let expected: BTreeSet<String> = io.names().into_iter().filter(|name| name.starts_with("trace.")).collect();
    assert_eq!(seen, expected);

    // The order of the view attention's tokens: views in a frame, not frames in a view.
    let grid: Vec<i64> = serde_json::from_value(json("syncam_dit/config.json")["grid"].clone()).unwrap();
    let (v, f) = (given.latents.batch(), given.latents.frames());
    let tokens = Tokens::new(x.unwrap(), [f, grid[0], grid[1]]).unwrap();
    let right = ViewTokens::from_tokens(&tokens);
    assert_eq!(right.tensor().size(), io.get("trace.block0_mvs_attn_in").size());
    assert_eq!(ViewTokens::grid_of(&tokens), [v, grid[0], grid[1]]);
    let swapped = tokens.tensor().reshape(right.tensor().size());
    assert!(difference(&swapped, right.tensor()) > 1e-2);
}

#[test]
fn gradients_of_the_view_module() {
    let (io, train) = (Golden::open(SYNCAM_IO), Golden::open("syncam_dit/train.safetensors"));
    let mut all = tensors(SYNCAM);
    let expected: BTreeMap<String, Tensor> =
        train.names().into_iter().filter_map(|n| Some((n.strip_prefix("grad0.")?.to_owned(), train.get(&n)))).collect();
    assert!(!expected.is_empty());
    for name in expected.keys() {
        let trained = all.remove(name).unwrap().set_requires_grad(true);
        all.insert(name.clone(), trained);
    }
    let copies: Tensors = all.iter().map(|(name, tensor)| (name.clone(), tensor.shallow_clone())).collect();
    let dit = model("syncam_dit", copies, None);
    let (clean, noise) = (train.get("latents"), train.get("noise0"));
    let (time, weight) = (train.get("timestep0"), train.get("weight0"));
    let sigma = &time / 1000.0;
    let mut given = Given::read(&io, "", Kind::Float);
    given.latents = Latents::new((1.0 - &sigma) * &clean + &sigma * &noise).unwrap();
    given.time = time.double_value(&[0]);
    let loss = given.through(&dit).mse_loss(&(&noise - &clean), tch::Reduction::Mean) * weight;
    loss.backward();
    let first = train.get("losses").double_value(&[0]);
    let off = (loss.double_value(&[0]) - first).abs() / first;
    assert!(off <= 1e-6, "loss: off by {off:e}");
    for (name, gradient) in &expected {
        let bound = 1e-6 * gradient.abs().max().double_value(&[]);
        near(name, &all[name].grad(), gradient, bound);
    }
    let [q, k] = ["q", "k"].map(|part| format!("blocks.0.mvs_attn.{part}.weight"));
    assert!(difference(&all[&q].grad(), &expected[&k]) > 1e-6);
}

#[test]
fn what_cannot_be_taken_is_named() {
    let (dit, io) = (syncam(), Golden::open(SYNCAM_IO));
    let given = Given::read(&io, "", Kind::Float);
    let (v, f) = (given.latents.batch(), given.latents.frames());
    let cameras = given.cameras.as_ref().unwrap().tensor();
    let with = |cameras: Tensor| {
        let cameras = Cameras::new(cameras).unwrap();
        dit.velocity(&Input { cameras: Some(&cameras), ..given.input() }).unwrap_err()
    };
    let fewer = with(cameras.narrow(0, 0, v - 1));
    assert_eq!(fewer, DitError::Views { what: "cameras", found: v - 1, expected: v });
    assert_eq!(with(cameras.narrow(1, 0, f - 1)), DitError::Frames { found: f - 1, expected: f });
    assert_eq!(dit.velocity(&Input { cameras: None, ..given.input() }).unwrap_err(), DitError::NoCameras);
    let base = model("wan_dit", original(tensors(BASE)), None);
    assert_eq!(base.velocity(&given.input()).unwrap_err(), DitError::NoViewModule);
    let narrow = Text::new(given.text.tensor().narrow(2, 0, 8)).unwrap();
    let error = dit.velocity(&Input { text: &narrow, ..given.input() }).unwrap_err();
    assert!(matches!(error, DitError::TextWidth { found: 8, .. }), "{error}");
    let odd = Latents::new(given.latents.tensor().narrow(3, 0, 3)).unwrap();
    let error = dit.velocity(&Input { latents: &odd, ..given.input() }).unwrap_err();
    assert!(matches!(error, DitError::Size { .. }), "{error}");
    let error = Cameras::new(cameras.narrow(2, 0, 9)).unwrap_err().to_string();
    assert!(error.contains("expected floating-point [views, latent frames, 12]"), "{error}");

    let weights = source(tensors(SYNCAM), None);
    let heads = Config { heads: 3, ..dit.config().clone() };
    assert!(matches!(Dit::with_config(&weights, heads), Err(DitError::Heads { .. })));
    let empty = Dit::new(&source(Tensors::new(), None)).unwrap_err().to_string();
    assert!(empty.contains("test: no tensor patch_embedding.weight"), "{empty}");
}

#[test]
fn weights_are_told_apart() {
    let base = identify(&source(tensors(BASE), None)).unwrap();
    assert_eq!((base.layout, base.views), (Layout::Diffusers, false));
    let syncam = identify(&source(tensors(SYNCAM), None)).unwrap();
    assert_eq!((syncam.layout, syncam.views), (Layout::Original, true));
    let published = |config: &Config| {
        let empty = |shape: Vec<i64>| Tensor::zeros(1, (Kind::Float, Device::Cpu)).expand(shape, false);
        source(config.parameters().into_iter().map(|(name, shape)| (name, empty(shape))).collect(), None)
    };
    let name = |config: &Config| identify(&published(config)).map(|identity| identity.name);
    assert_eq!(name(&Config::default()).unwrap(), "Wan2.1 T2V-1.3B");
    assert!(name(&Config::of_14b()).unwrap().starts_with("Wan2.1 T2V-14B"));

    let refused = |names: &[&str]| {
        let zero = || Tensor::zeros([1], (Kind::Float, Device::Cpu));
        identify(&source(names.iter().map(|name| ((*name).to_owned(), zero())).collect(), None))
            .unwrap_err()
            .to_string()
    };
    let channels = |channels| name(&Config { channels, ..Config::of_14b() }).unwrap_err().to_string();
    assert!(channels(36).contains("Wan2.2 image-to-video A14B (36 input channels"), "{}", channels(36));
    assert!(channels(48).contains("Wan2.2 TI2V-5B"));
    assert!(channels(32).contains("a variant of Wan with 32 input channels"));
    assert!(refused(&["patch_embed.proj.weight"]).contains("CogVideoX"));
    assert!(refused(&["token_embedding.weight"]).contains("the text encoder of Wan2.1"));
    assert!(refused(&["encoder.conv1.weight"]).contains("the VAE of Wan2.1"));
    assert!(refused(&["nothing"]).contains("an unknown model"));
}
