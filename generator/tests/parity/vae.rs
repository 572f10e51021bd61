//! The autoencoder against the published code. Every bound is 0 where the specification page says 0.

use crate::golden::{Golden, difference, json, near, same, weights};
use loop3d_generator::nn::{CausalConv3d, Past};
use loop3d_generator::vae::{Config, DecoderPast, EncoderPast, Latents, Pixels, Tiles, Vae, VaeError, Warmup};
use loop3d_generator::weights::names_vae::{diffusers_from_original, original_from_diffusers};
use loop3d_torch::weights::{Memory, Weights};
use std::collections::{BTreeMap, BTreeSet};
use std::convert::Infallible;
use std::rc::Rc;
use tch::{Device, Kind, Tensor};

const WEIGHTS: &str = "wan_vae/weights.safetensors";
pub const IO: &str = "wan_vae/io.safetensors";
const PIPELINE: &str = "syncam_pipeline/f32_2steps.safetensors";

pub fn vae() -> Vae {
    Vae::new(&weights(WEIGHTS)).unwrap()
}

pub fn model(tensors: impl IntoIterator<Item = (String, Tensor)>) -> Vae {
    Vae::new(&Weights::new(Rc::new(Memory::new("test", tensors)), None, Device::Cpu)).unwrap()
}

/// The tensors of the file of weights.
pub fn tensors() -> BTreeMap<String, Tensor> {
    let file = Golden::open(WEIGHTS);
    file.names().into_iter().map(|name| (name.clone(), file.get(&name))).collect()
}

/// The whole clip as the decoder gives it, not clamped.
pub fn decoded(vae: &Vae, z: Tensor) -> Tensor {
    let frames: Vec<Tensor> = vae.decoding(&Latents::new(z).unwrap()).map(Pixels::into_tensor).collect();
    Tensor::cat(&frames, 2)
}

pub fn pixels(x: Tensor) -> Pixels {
    Pixels::new(x).unwrap()
}

/// `z · std + mean` in place of `z / (1/std) + mean`, with the constants of the data's own configuration.
fn constants() -> [Tensor; 2] {
    let config = json("wan_vae/config.json");
    ["mean", "std"].map(|name| {
        let values: Vec<f32> = config[name].as_array().unwrap().iter().map(|v| v.as_f64().unwrap() as f32).collect();
        Tensor::from_slice(&values).reshape([1, -1, 1, 1, 1])
    })
}

#[test]
fn sizes_come_from_the_shapes() {
    let config = json("wan_vae/config.json");
    let multipliers: Vec<i64> = serde_json::from_value(config["dim_mult"].clone()).unwrap();
    let halves_time: Vec<bool> = serde_json::from_value(config["temperal_downsample"].clone()).unwrap();
    let dim = config["dim"].as_i64().unwrap();
    let residuals = config["num_res_blocks"].as_u64().unwrap() as usize;
    let source = weights(WEIGHTS);
    let vae = Vae::new(&source).unwrap();
    assert_eq!(*vae.config(), Config { dim, multipliers, residuals, halves_time });
    assert_eq!(source.unused(), Vec::<String>::new());

    let mut fewer = tensors();
    fewer.remove("decoder.upsamples.3.time_conv.bias");
    let fewer = Weights::new(Rc::new(Memory::new("vae.safetensors", fewer)), None, Device::Cpu);
    let error = Vae::new(&fewer).unwrap_err().to_string();
    assert!(error.contains("vae.safetensors: no tensor decoder.upsamples.3.time_conv.bias"), "{error}");
}

#[test]
fn encode() {
    let (vae, io) = (vae(), Golden::open(IO));
    let x = pixels(io.get("x"));
    let moments = vae.moments(&x).unwrap();
    same("mu_raw", &moments.mean, &io.get("mu_raw"));
    same("logvar", &moments.log_variance, &io.get("logvar"));
    same("mu_normalised", vae.encode(&x).unwrap().tensor(), &io.get("mu_normalised"));

    // The clip backwards is another clip.
    let backwards = vae.encode(&pixels(io.get("x").flip([2]))).unwrap();
    assert!(difference(backwards.tensor(), &io.get("mu_normalised")) > 1e-2);
}

#[test]
fn one_image() {
    let (vae, io) = (vae(), Golden::open(IO));
    let encoded = vae.encode(&pixels(io.get("x").narrow(2, 0, 1))).unwrap();
    same("image.mu_normalised", encoded.tensor(), &io.get("image.mu_normalised"));
    same("image.video", &decoded(&vae, io.get("z").narrow(2, 0, 1)), &io.get("image.video"));
    let second = decoded(&vae, io.get("z").narrow(2, 1, 1));
    assert!(difference(&second, &io.get("image.video")) > 1e-2);
}

#[test]
fn decode() {
    let (vae, io) = (vae(), Golden::open(IO));
    let (z, video) = (io.get("z"), io.get("video"));
    same("video", &decoded(&vae, z.shallow_clone()), &video);
    let clamped = vae.decode(&Latents::new(z.shallow_clone()).unwrap(), None);
    same("clamped", clamped.tensor(), &video.clamp(-1.0, 1.0));

    // Rows and columns exchanged: the kernels are not symmetric.
    let turned = decoded(&vae, z.transpose(3, 4).contiguous()).transpose(3, 4);
    assert!(difference(&turned, &video) > 1e-2);
}

#[test]
fn the_last_bit_needs_the_published_way_to_undo_the_normalisation() {
    let (vae, io) = (vae(), Golden::open(IO));
    let z = io.get("z");
    let [mean, std] = constants();
    let (published, plain) = (&z / std.reciprocal() + &mean, &z * &std + &mean);
    let off = difference(&published, &plain);
    assert!(off > 0.0 && off < 2e-6, "off by {off:e}");
    // Latents that the model restores to z · std + mean, as closely as f32 can.
    let close = decoded(&vae, (plain - mean) * std.reciprocal());
    let off = difference(&close, &io.get("video"));
    assert!(off > 0.0 && off < 1e-5, "off by {off:e}");
}

#[test]
fn traces() {
    let (vae, io) = (vae(), Golden::open(IO));
    let config = vae.config().clone();
    let file = weights(WEIGHTS);
    let pieces = |prefix: &str| io.names().iter().filter(|name| name.starts_with(prefix)).count() as i64;
    let mut seen = 0;
    let mut check = |name: String, found: &Tensor| {
        if io.has(&name) {
            same(&name, found, &io.get(&name));
            seen += 1;
        }
    };

    // What goes into the decoder: restored latents after the 1×1×1 convolution.
    let [mean, std] = constants();
    let conv2 = CausalConv3d::new(&file.at("conv2"), 16, 16, [1, 1, 1]).unwrap();
    let z = conv2.forward(&(io.get("z") / std.reciprocal() + mean));
    let mut past = DecoderPast::default();
    for latent in 0..pieces("trace.dec.conv1.latent") {
        let _ = vae.decoder().step_observed(&z.narrow(2, latent, 1), &mut past, &mut |module, output| {
            // Stages are counted in the data, modules in the file.
            let number = module.strip_prefix("upsamples.").map(|i| i.parse::<usize>().unwrap() + 1);
            let stage = number.filter(|n| n % (config.residuals + 2) == 0).map(|n| n / (config.residuals + 2) - 1);
            let name = stage.map_or_else(|| module.to_owned(), |stage| format!("up{stage}"));
            check(format!("trace.dec.{name}.latent{latent}"), output);
        });
    }
    let mut past = EncoderPast::default();
    let mut start = 0;
    for chunk in 0..pieces("trace.enc.mid.chunk") {
        let frames = if chunk == 0 { 1 } else { config.time() };
        let x = io.get("x").narrow(2, start, frames);
        start += frames;
        let _ = vae.encoder().step_observed(&x, &mut past, &mut |module, output| {
            let name = module.replace("downsamples.", "down").replace("middle", "mid");
            check(format!("trace.enc.{name}.chunk{chunk}"), output);
        });
    }
    assert_eq!(seen, io.names().iter().filter(|name| name.starts_with("trace.")).count());

    // A convolution padded on both sides in time, and one that forgets the latent before.
    let conv1 = file.at("decoder").at("conv1");
    let (out, inner) = (conv1.shape("weight").unwrap()[0], conv1.shape("weight").unwrap()[1]);
    let [weight, bias] =
        [("weight", vec![out, inner, 3, 3, 3]), ("bias", vec![out])].map(|(n, s)| conv1.tensor(n, &s).unwrap());
    let both_sides = z.conv3d(&weight, Some(&bias), 1, 1, 1, 1).narrow(2, 1, 1);
    assert!(difference(&both_sides, &io.get("trace.dec.conv1.latent1")) > 1e-2);
    let causal = CausalConv3d::new(&conv1, inner, out, [3, 3, 3]).unwrap();
    let forgetful = causal.step(&z.narrow(2, 1, 1), &mut Past::default());
    assert!(difference(&forgetful, &io.get("trace.dec.conv1.latent1")) > 1e-2);
}

#[test]
fn pieces_equal_the_whole() {
    // In f64, since a whole clip is summed in another order: in f32 the two are up to 5e-6 apart.
    let source = Rc::new(Memory::new("test", tensors()));
    let (vae, io) = (Vae::new(&Weights::new(source, Kind::Double, Device::Cpu)).unwrap(), Golden::open(IO));
    let x = io.get("x").to_kind(Kind::Double);
    let whole = vae.encoder().step(&x, &mut EncoderPast::default());
    let mut past = EncoderPast::default();
    let mut pieces = vec![vae.encoder().step(&x.narrow(2, 0, 1), &mut past)];
    for start in (1..x.size()[2]).step_by(4) {
        pieces.push(vae.encoder().step(&x.narrow(2, start, 4), &mut past));
    }
    near("encoder", &Tensor::cat(&pieces, 2), &whole, 1e-12);

    let z = io.get("z").to_kind(Kind::Double);
    let whole = vae.decoder().step(&z, &mut DecoderPast::default());
    let mut past = DecoderPast::default();
    let mut pieces: Vec<Tensor> =
        (0..z.size()[2]).map(|latent| vae.decoder().step(&z.narrow(2, latent, 1), &mut past)).collect();
    near("decoder", &Tensor::cat(&pieces, 2), &whole, 1e-12);

    // Without a past, every latent would be a first one.
    pieces = (0..z.size()[2]).map(|i| vae.decoder().step(&z.narrow(2, i, 1), &mut DecoderPast::default())).collect();
    assert_eq!(Tensor::cat(&pieces, 2).size()[2], z.size()[2]);
    assert!(difference(&pieces[1], &whole.narrow(2, 1, 1)) > 1e-2);
}

#[test]
fn both_layouts_give_one_model() {
    let pairs: BTreeMap<String, String> = serde_json::from_value(json("wan_vae/keys_diffusers.json")).unwrap();
    let original = tensors();
    assert_eq!(pairs.keys().collect::<BTreeSet<_>>(), original.keys().collect::<BTreeSet<_>>());
    for (original, diffusers) in &pairs {
        assert_eq!(diffusers_from_original(original).as_ref(), Some(diffusers));
        assert_eq!(original_from_diffusers(diffusers).as_ref(), Some(original));
    }

    let io = Golden::open(IO);
    let renamed =
        |(name, tensor): (&String, &Tensor)| (original_from_diffusers(&pairs[name]).unwrap(), tensor.shallow_clone());
    same("video", &decoded(&model(original.iter().map(renamed)), io.get("z")), &io.get("video"));

    // Two keys of one shape exchanged.
    let mut wrong = original;
    let [a, b] = ["decoder.middle.0.residual.2.weight", "decoder.middle.2.residual.2.weight"];
    let (first, second) = (wrong.remove(a).unwrap(), wrong.remove(b).unwrap());
    wrong.extend([(a.to_owned(), second), (b.to_owned(), first)]);
    assert!(difference(&decoded(&model(wrong), io.get("z")), &io.get("video")) > 1e-2);
}

/// The last latents of the pipeline's run.
fn final_latents(file: &str) -> Latents {
    let run = Golden::open(file);
    let last = (0..).take_while(|step| run.has(&format!("step{step}.latents"))).last().unwrap();
    Latents::new(run.get(&format!("step{last}.latents"))).unwrap()
}

#[test]
fn the_pipelines_frames_whole_and_tiled() {
    let (vae, run) = (vae(), Golden::open(PIPELINE));
    let latents = final_latents(PIPELINE);
    let view0 = latents.clip(0).unwrap();
    let whole = vae.decode(&view0, None);
    same("video_view0", &whole.tensor().squeeze_dim(0), &run.get("video_view0"));

    let config = json("syncam_pipeline/config.json");
    let pair = |name: &str| serde_json::from_value::<[i64; 2]>(config[name].clone()).unwrap();
    let (size, stride) = (pair("tile_latents"), pair("tile_stride_latents"));
    let tiled = vae.decode(&view0, Some(Tiles::new(size, stride).unwrap()));
    let expected = run.get("video_tiled_view0");
    same("video_tiled_view0", &tiled.tensor().squeeze_dim(0), &expected);
    // Without an overlap there is nothing to blend.
    let hard = vae.decode(&view0, Some(Tiles::new(size, size).unwrap()));
    assert!(difference(&hard.tensor().squeeze_dim(0), &expected) > 1e-4);
    // Tiles as large as the frame are the frame.
    same("one tile", vae.decode(&view0, Some(Tiles::default())).tensor(), whole.tensor());

    let expected = run.get("frames_u8");
    for view in 0..latents.batch() {
        let frames = vae.decode(&latents.clip(view).unwrap(), None).to_u8();
        same(&format!("frames of view {view}"), &frames.squeeze_dim(0), &expected.get(view));
    }
    assert!(latents.clip(latents.batch()).is_none());
    let swapped = vae.decode(&latents.clip(1).unwrap(), None).to_u8();
    assert!(difference(&swapped.squeeze_dim(0), &expected.get(0)) > 0.0);
}

#[test]
fn the_pipelines_clip_from_grey_levels() {
    let run = Golden::open("syncam_pipeline/f32_v2v.safetensors");
    let given = Pixels::from_u8(&run.get("input_u8").unsqueeze(0)).unwrap();
    let encoded = vae().encode(&given).unwrap().into_tensor();
    // Noised to the first sigma by the noise of the other runs; both views have the one clip.
    let noise = Golden::open(PIPELINE).get("noise");
    let sigma = run.get("sigmas").get(0);
    let start = (1.0 - &sigma) * encoded + sigma * noise;
    same("start_latents", &start, &run.get("start_latents"));
    assert!(difference(&start, &run.get("start_latents").flip([3])) > 1e-2);
}

#[test]
fn half_precision() {
    let file = "syncam_pipeline/bf16_2steps.safetensors";
    let source = Memory::new("test", tensors());
    crate::golden::one_thread();
    let vae = Vae::new(&Weights::new(Rc::new(source), Kind::BFloat16, Device::Cpu)).unwrap();
    let (latents, expected) = (final_latents(file), Golden::open(file).get("frames_u8"));
    for view in 0..latents.batch() {
        let pixels = vae.decode(&latents.clip(view).unwrap(), None);
        assert_eq!(pixels.tensor().kind(), Kind::BFloat16);
        same(&format!("frames of view {view}"), &pixels.to_u8().squeeze_dim(0), &expected.get(view));
    }
    // The same latents in f32 differ.
    let exact = self::vae().decode(&latents.clip(0).unwrap(), None).to_u8();
    assert!(difference(&exact.squeeze_dim(0), &expected.get(0)) > 0.0);
}

#[test]
fn frames_are_handed_out_as_they_are_decoded() {
    let (vae, io) = (vae(), Golden::open(IO));
    let latents = Latents::new(io.get("z")).unwrap();
    for tiles in [None, Some(Tiles::new([3, 4], [2, 2]).unwrap())] {
        let mut lengths = Vec::new();
        let counted: Result<(), Infallible> = vae.decode_each(&latents, tiles, |frames| {
            lengths.push(frames.frames());
            Ok(())
        });
        counted.unwrap();
        let expected: Vec<i64> = (0..latents.frames()).map(|i| if i == 0 { 1 } else { 4 }).collect();
        assert_eq!(lengths, expected);
        // An error ends it.
        let mut calls = 0;
        let stopped = vae.decode_each(&latents, tiles, |_| {
            calls += 1;
            Err("full")
        });
        assert_eq!((stopped, calls), (Err("full"), 1));
    }
    assert_eq!(vae.decoding(&latents).len(), latents.frames() as usize);
}

#[test]
fn what_cannot_be_taken_is_named() {
    let (vae, io) = (vae(), Golden::open(IO));
    let error = Latents::new(io.get("z").squeeze_dim(0)).unwrap_err();
    assert!(error.to_string().contains("unsqueeze(0)"), "{error}");
    let error = Latents::new(io.get("z").transpose(1, 2)).unwrap_err();
    assert!(error.to_string().contains("expected [batch, 16, latent frames"), "{error}");
    assert!(matches!(Pixels::new(io.get("x").to_kind(Kind::Uint8)), Err(VaeError::Kind { .. })));
    assert!(matches!(Pixels::from_u8(&io.get("x")), Err(VaeError::Kind { .. })));
    let x = io.get("x");
    let short = vae.encode(&pixels(x.narrow(2, 0, 4))).unwrap_err();
    assert_eq!(short, VaeError::Frames { found: 4, expected: "1 and a multiple of 4".to_owned() });
    let narrow = vae.encode(&pixels(x.narrow(4, 0, 12))).unwrap_err();
    assert_eq!(narrow, VaeError::FrameSize { width: 12, height: x.size()[3], multiple: 8 });
    let odd = vae.encode_ring(&pixels(x.narrow(2, 0, 5)), Warmup::QUICK).unwrap_err();
    assert_eq!(odd, VaeError::Frames { found: 5, expected: "a multiple of 4".to_owned() });
    assert_eq!(Warmup::new(0), Err(VaeError::Warmup { found: 0 }));
}

#[test]
fn grey_levels_survive_a_round_trip() {
    let levels = Tensor::arange(256, (Kind::Uint8, Device::Cpu)).reshape([1, 1, 16, 16, 1]).repeat([1, 1, 1, 1, 3]);
    let there = Pixels::from_u8(&levels).unwrap();
    assert_eq!(there.tensor().size(), [1, 3, 1, 16, 16]);
    // ⌊·⌋ may take a level off where 2/255 was rounded down.
    assert!(difference(&there.to_u8(), &levels) <= 1.0);
    let ends = Pixels::new(Tensor::from_slice(&[-1.5f32, 0.0, 1.5]).reshape([1, 3, 1, 1, 1])).unwrap().to_u8();
    assert_eq!(Vec::<u8>::try_from(ends.flatten(0, -1)).unwrap(), [0, 127, 255]);
}
