//! Training samples of the generator, from an index to the bytes of both clips: `cargo bench -p loop3d-bench --bench scenes`.
//! The throughput is in frames; 400 a second on two cores are wanted (generate-tiny §2).
#![allow(missing_docs, reason = "a program of macros")]

use criterion::{Criterion, Throughput, criterion_group, criterion_main};
use loop3d_sample::scenes::TrainingConfig;

fn samples(criterion: &mut Criterion) {
    let mut group = criterion.benchmark_group("training samples");
    group.sample_size(20);
    for (name, frames) in [("clips 64x64x16, 2 views", 16), ("stills 64x64, 2 views", 1)] {
        let config = TrainingConfig { frames, ..TrainingConfig::default() };
        group.throughput(Throughput::Elements((config.views * frames) as u64));
        // Another scene each time: things differ in cost.
        let mut index = 0;
        group.bench_function(name, |bencher| {
            bencher.iter(|| {
                index += 1;
                config.sample(index, 12.0).clips(frames)
            });
        });
    }
    group.finish();
}

criterion_group!(scenes, samples);
criterion_main!(scenes);
