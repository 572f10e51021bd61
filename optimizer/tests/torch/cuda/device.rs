//! NVRTC, which needs no GPU; and the device, where there is one.

use super::host::kernels;
use crate::common::{Setup, share_beyond};
use crate::looping_level::{model, target, visit};
use loop3d_optimizer::cuda::{ARCHS, CudaEngine, CudaError, Kernel, Kernels, compile, ready, source};
use loop3d_optimizer::engine::{Engine, LoopingEngine};

#[test]
fn all_kernels_compile_to_ptx() {
    for arch in ARCHS {
        let ptx = match compile(&source(), arch) {
            Err(CudaError::NoCompiler) => {
                eprintln!(
                    "\n*** NOT RUN: CUDA's run-time compiler is missing; `cargo xtask setup --cuda` fetches it ***\n"
                );
                return;
            }
            ptx => ptx.unwrap(),
        };
        assert!(ptx.contains(&format!(".target sm_{arch}\n")), "{}", &ptx[..400]);
        for kernel in Kernel::ALL {
            assert!(ptx.contains(&format!(".visible .entry {kernel}(")), "no {kernel} for sm_{arch}");
        }
        // Results must not depend on the order of threads.
        assert!(!ptx.contains("atom.") && !ptx.contains("red.") && !ptx.contains("bar.sync"), "sm_{arch}");
    }
}

#[test]
fn what_the_compiler_says_is_told() {
    let broken = source().replacen("residual += ", "residuel += ", 1);
    match compile(&broken, 80) {
        Err(CudaError::NoCompiler) => eprintln!("\n*** NOT RUN: CUDA's run-time compiler is missing ***\n"),
        Err(CudaError::Compile { arch: 80, log }) => {
            assert!(log.contains("compositor.cu(") && log.contains("\"residuel\" is undefined"), "{log}");
        }
        other => panic!("{other:?}"),
    }
}

/// The kernels on the GPU, or a loud line that there is none. Where there is one but our kernels do not work, that is a failure.
fn on_gpu() -> Option<Kernels> {
    if let Err(why) = loop3d_torch::cuda::open() {
        eprintln!("\n*** NOT RUN on a GPU: {why} ***\n");
        return None;
    }
    Some(ready().unwrap())
}

#[test]
fn the_gpu_does_what_this_processor_does() {
    let Some(gpu) = on_gpu() else { return };
    const LR: f32 = 0.02;
    for seed in 60..63 {
        let mut setup = Setup::new(seed, true);
        let start = model(&mut setup);
        let [mut there, mut here] =
            [gpu.clone(), kernels()].map(|kernels| CudaEngine::new(kernels).looping_level(start.clone()));
        for view in [0, 1, 0] {
            let hits = setup.hits(view);
            let wanted = target(&mut setup, hits.pixels());
            let list = || hits.clone();
            let (a, b) = (there.render(&hits).unwrap(), here.render(&hits).unwrap());
            assert!(a.iter().zip(&b).all(|(a, b)| (a - b).abs() < 1e-3), "seed {seed}");
            let targets = (there.upload_target(wanted.clone()), here.upload_target(wanted));
            assert_eq!(targets.0.bytes(), targets.1.bytes());
            let losses = (
                there.step(&visit(view, &list), &targets.0, LR).unwrap(),
                here.step(&visit(view, &list), &targets.1, LR).unwrap(),
            );
            assert!((losses.0 - losses.1).abs() < 1e-4 * losses.0, "seed {seed}: {losses:?}");
        }
        let (there, here) = (there.finish(), here.finish());
        let beyond = share_beyond(&there.static_texels, &here.static_texels, 0.01 * LR);
        assert!(beyond < 1e-3, "{beyond} of the static texels differ");
        let beyond = share_beyond(&there.looping_texels().concat(), &here.looping_texels().concat(), 0.01 * LR);
        assert!(beyond < 1e-3, "{beyond} of the looping texels differ");
    }
}

#[test]
fn the_gpu_gives_the_same_twice() {
    let Some(gpu) = on_gpu() else { return };
    let run = || {
        let mut setup = Setup::new(64, true);
        let mut ours = CudaEngine::new(gpu.clone()).looping_level(model(&mut setup));
        let hits = setup.hits(0);
        let adopted = ours.upload_target(target(&mut setup, hits.pixels()));
        let loss = ours.step(&visit(0, &|| hits.clone()), &adopted, 0.02).unwrap();
        let model = ours.finish();
        (loss, model.static_texels.clone(), model.looping_texels())
    };
    assert_eq!(run(), run());
}
