//! Long clips: the memories' modules and the blending of windows against StreamingT2V's.

use crate::golden::{Golden, difference, json, near, slack, weights};
use loop3d_generator::long::{
    AnchorTokens, FrameEncoder, FrameEncoderSizes, ImageTower, Injector, MixedAttention, MixedSizes, TowerSizes,
};
use loop3d_generator::samplers::Windows;
use loop3d_torch::weights::{Memory, TensorSource, Weights};
use std::rc::Rc;
use tch::{Device, Kind, Tensor};

/// The gate of generate.md §4, on a machine that sums as the reference's did.
fn gate() -> f64 {
    2e-6 + slack()
}

/// The weights with some of them set to 0.
fn with_zeros(file: &str, zeros: &[&str]) -> Weights {
    let golden = Memory::safetensors(&crate::golden::path(file)).unwrap();
    let tensors = golden.names().into_iter().map(|name| {
        let tensor = golden.load(&name).unwrap();
        let tensor = if zeros.contains(&&*name) { tensor.zeros_like() } else { tensor };
        (name, tensor)
    });
    Weights::new(Rc::new(Memory::new("zeros", tensors)), None, Device::Cpu)
}

const WEIGHTS: &str = "streaming/weights.safetensors";

fn number(config: &serde_json::Value, part: &str, name: &str) -> i64 {
    config[part][name].as_i64().unwrap()
}

#[test]
fn injector() {
    let (config, io) = (json("streaming/config.json"), Golden::open("streaming/modules.safetensors"));
    let size = |name| number(&config, "cam", name);
    let made = |weights: &Weights| Injector::new(&weights.at("cam"), size("channels"), size("head_dim")).unwrap();
    let (x, before) = (io.get("cam.x"), io.get("cam.cond"));
    let found = made(&weights(WEIGHTS)).forward(&x, &before, size("batch"));
    near("cam", &found, &io.get("cam.out"), gate());
    // Of the frames before, the wrong clip's are others.
    let other = made(&weights(WEIGHTS)).forward(&x, &before.flip([0]), size("batch"));
    assert!(difference(&other, &io.get("cam.out")) > 1e-2);
    // As it begins, it changes nothing.
    let zeros = ["cam.temporal_transformer.proj_out.weight", "cam.temporal_transformer.proj_out.bias"];
    assert_eq!(difference(&made(&with_zeros(WEIGHTS, &zeros)).forward(&x, &before, size("batch")), &x), 0.0);
}

#[test]
fn frame_encoder() {
    let (config, io) = (json("streaming/config.json"), Golden::open("streaming/modules.safetensors"));
    let channels: Vec<i64> = serde_json::from_value(config["econd"]["channels"].clone()).unwrap();
    for (name, norm) in [("econd", false), ("econd_norm", true)] {
        let sizes = FrameEncoderSizes {
            channels: channels.clone().try_into().unwrap(),
            output: number(&config, "econd", "out"),
            norm,
        };
        let encoder = FrameEncoder::new(&weights(WEIGHTS).at(name), &sizes).unwrap();
        let x = io.get(&format!("{name}.x"));
        near(name, &encoder.forward(&x), &io.get(&format!("{name}.out")), gate());
        assert!(difference(&encoder.forward(&(x * 0.9)), &io.get(&format!("{name}.out"))) > 1e-4);
    }
}

#[test]
fn anchor() {
    let (config, io) = (json("streaming/config.json"), Golden::open("streaming/modules.safetensors"));
    let size = |name| number(&config, "anchor", name);
    let anchor = AnchorTokens::new(&weights(WEIGHTS).at("anchor"), size("dim"), size("inner"), size("k")).unwrap();
    near("one frame", &anchor.forward(&io.get("anchor.x")), &io.get("anchor.out"), gate());
    near("three frames", &anchor.forward(&io.get("anchor3.x")), &io.get("anchor3.out"), gate());

    let size = |name| number(&config, "apm", name);
    let sizes = MixedSizes {
        width: size("query_dim"),
        heads: [size("heads"), size("head_dim")],
        tokens: [size("text_tokens"), size("anchor_tokens")],
        context: size("dim"),
    };
    let made = |weights: &Weights| MixedAttention::new(&weights.at("apm"), &sizes).unwrap();
    let apm = made(&weights(WEIGHTS));
    let (x, context) = (io.get("apm.x"), io.get("apm.ctx").to_kind(Kind::Float));
    let mixed = io.get("apm.mixed");
    near("mixed", &apm.mixed(&context).narrow(1, 0, mixed.size()[1]), &mixed, gate());
    near("attention", &apm.forward(&x, &context), &io.get("apm.out"), gate());
    let silent = made(&with_zeros(WEIGHTS, &["apm.alpha"]));
    near("without the anchor", &silent.forward(&x, &context), &io.get("apm.out_alpha0"), gate());
    assert!(difference(&io.get("apm.out"), &io.get("apm.out_alpha0")) > 1e-3);
    // As it begins, the anchor's tokens do not count, to the bit.
    let other = Tensor::cat(&[context.narrow(1, 0, sizes.tokens[0]), context.narrow(1, 0, sizes.tokens[1]) * 5.0], 1);
    assert_eq!(difference(&silent.forward(&x, &other), &silent.forward(&x, &context)), 0.0);
}

#[test]
fn image_tower() {
    let io = Golden::open("clip_vision/io.safetensors");
    let sizes: TowerSizes = serde_json::from_value(json("clip_vision/config.json")).unwrap();
    let tower = ImageTower::new(&weights("clip_vision/weights_openclip.safetensors"), &sizes).unwrap();
    near("vector", &tower.forward(&io.get("x")), &io.get("out"), gate());
    assert!(difference(&tower.forward(&io.get("x").flip([3])), &io.get("out")) > 1e-3);
    // Preparation: an even grey is even, with the published means and deviations.
    let grey = Tensor::full([1, 3, 40, 60], -0.2, (Kind::Float, Device::Cpu));
    let prepared = tower.prepared(&grey);
    assert_eq!(prepared.size(), [1, 3, sizes.image, sizes.image]);
    for (channel, (mean, deviation)) in
        (0..).zip([(0.48145466, 0.26862954), (0.4578275, 0.26130258), (0.40821073, 0.27577711)])
    {
        let off = prepared.get(0).get(channel) - (0.4 - mean) / deviation;
        assert!(off.abs().max().double_value(&[]) < 1e-5);
    }
    let zero = tower.forward(&tower.prepared(&Tensor::zeros([1, 3, 9, 9], (Kind::Float, Device::Cpu))));
    near("nothing", &tower.nothing(Kind::Float), &zero, 1e-5);
}

/// What the data's denoiser does with a window at a step: half of it, and a slope from its first to its last place.
fn toy(window: &Tensor, step: usize) -> Tensor {
    let n = window.size()[1];
    window * 0.5 + Tensor::linspace(-1, 1, n, (Kind::Float, Device::Cpu)) * 0.1 * (step + 1) as f64
}

/// Makes every window of `x` `[channels, frames]` and blends them.
fn sweep(x: &Tensor, step: usize, windows: &Windows, thetas: &[i64]) -> Tensor {
    let parts: Vec<Tensor> = (0..windows.count()).map(|i| toy(&x.index_select(1, &windows.places(i)), step)).collect();
    windows.blended(&parts, thetas, 1)
}

#[test]
fn blending() {
    let io = Golden::open("streaming/blending.safetensors");
    let row = |tensor: &Tensor, step: i64| Vec::<i64>::try_from(tensor.get(step)).unwrap();
    let mut x = io.get("x");
    let windows = Windows::on_a_line(x.size()[1], 24, 8);
    for step in 0..io.get("thetas").size()[0] as usize {
        let thetas: Vec<i64> = [0].into_iter().chain(row(&io.get("thetas"), step as i64)).collect();
        let expected = io.get(&format!("after{step}"));
        let shifted: Vec<i64> = thetas.iter().map(|theta| (theta + 1) % 9).collect();
        assert!(difference(&sweep(&x, step, &windows, &[&[0], &shifted[1..]].concat()), &expected) > 1e-3);
        x = sweep(&x, step, &windows, &thetas);
        near(&format!("step {step}"), &x, &expected, 1e-7);
    }
    let mut x = io.get("ring.x");
    let offsets: Vec<i64> = io.get("ring.offsets").try_into().unwrap();
    for (step, offset) in offsets.into_iter().enumerate() {
        let windows = Windows::on_a_ring(x.size()[1], 21, 7, offset);
        x = sweep(&x, step, &windows, &row(&io.get("ring.thetas"), step as i64));
        near(&format!("ring, step {step}"), &x, &io.get(&format!("ring.after{step}")), 1e-7);
    }
    // The chances that the data name.
    for (name, choices) in [("p_left_paper", 9.0), ("p_left_code", 8.0)] {
        let law: Vec<f64> = (1..=8).map(|frame| 1.0 - f64::from(frame) / choices).collect();
        near(name, &Tensor::from_slice(&law), &io.get(name), 1e-12);
    }
    // One window is the clip.
    let clip = io.get("x");
    let whole = Windows::on_a_line(56, 56, 8);
    assert_eq!(difference(&sweep(&clip, 0, &whole, &[0]), &toy(&clip, 0)), 0.0);
}
