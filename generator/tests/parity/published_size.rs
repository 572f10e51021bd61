//! The transformer at its published width, with random weights: slow or large, so only run when asked for (`--ignored`).

use crate::golden::one_thread;
use loop3d_generator::cameras::Cameras;
use loop3d_generator::dit::{Config, Dit, Input, Text, identify};
use loop3d_generator::estimate::{Memory, Size};
use loop3d_generator::samplers::noise;
use loop3d_generator::vae::Latents;
use loop3d_generator::weights::random::write_random;
use loop3d_torch::weights::{self, Weights};
use std::fs;
use std::rc::Rc;
use std::time::Instant;
use tch::{Device, Kind, Tensor};

/// Writes random weights and loads them again.
fn model(config: &Config, kind: Kind) -> Dit {
    one_thread();
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("random.safetensors");
    write_random(&config.parameters(), kind, 0, &path).unwrap();
    let weights = Weights::new(Rc::new(weights::Memory::safetensors(&path).unwrap()), None, Device::Cpu);
    assert!(identify(&weights).unwrap().views);
    let dit = Dit::new(&weights).unwrap();
    assert_eq!((dit.config(), weights.unused().len()), (config, 0));
    dit
}

/// A pass over noise of this shape.
fn pass(dit: &Dit, shape: [i64; 5]) -> Tensor {
    let _guard = tch::no_grad_guard();
    let latents = Latents::new(noise(0, &shape)).unwrap();
    let text = Text::new(noise(1, &[1, 512, dit.config().text])).unwrap();
    let cameras = Cameras::new(noise(2, &[shape[0], shape[2], 12])).unwrap();
    dit.velocity(&Input { latents: &latents, time: 800.0, text: &text, cameras: Some(&cameras) }).unwrap()
}

/// The most memory that this process ever held, in bytes.
fn peak() -> u64 {
    let status = fs::read_to_string("/proc/self/status").unwrap();
    let line = status.lines().find_map(|line| line.strip_prefix("VmHWM:")).unwrap();
    line.trim().trim_end_matches(" kB").parse::<u64>().unwrap() * 1024
}

#[test]
#[ignore = "writes 3.5 GB and needs 8 GB of memory"]
fn two_views_in_bf16() {
    let dit = model(&Config::default().with_views(), Kind::BFloat16);
    let start = Instant::now();
    let v = pass(&dit, [2, 16, 3, 8, 12]);
    println!(
        "a pass of 144 tokens took {:.1} s; peak memory {:.1} GB",
        start.elapsed().as_secs_f64(),
        peak() as f64 / 1e9
    );
    assert_eq!(v.size(), [2, 16, 3, 8, 12]);
    let deviation = v.to_kind(Kind::Double).std(true).double_value(&[]);
    assert!(deviation > 0.01 && deviation < 100.0, "{deviation}");
}

#[test]
#[ignore = "a minute; reads the peak memory of the process, so run it alone"]
fn memory_is_what_the_estimate_says() {
    let config = Config { layers: 1, ..Config::default().with_views() };
    let dit = model(&config, Kind::Float);
    let small = [2, 16, 1, 2, 2];
    let _ = pass(&dit, small);
    let before = peak();
    let _ = pass(&dit, [2, 16, 2, 60, 104]);
    let size = Size { views: 2, latents: [2, 60, 104] };
    let (found, expected) = ((peak() - before) as f64, Memory::new(&config, &size, Kind::Float).activations as f64);
    println!("{:.2} GB, estimated {:.2} GB", found / 1e9, expected / 1e9);
    // Loading left some memory free for the pass, and libtorch keeps some.
    assert!(found > 0.5 * expected && found < 1.5 * expected, "{found} {expected}");
}
