//! Runs on toy fields: what a sampler does with views, rings and checkpoints, whatever the model.

use crate::golden::{difference, one_thread, same};
use loop3d_generator::cameras::Cameras;
use loop3d_generator::samplers::{
    Backbone, BackboneError, Cond, Given, Job, Passes, Sampler, SamplerError, Settings, SolverKind, Texts, ViewsHow,
    load, noise,
};
use std::cell::Cell;
use std::ops::ControlFlow;
use tch::{Device, Kind, Tensor};

/// A field that mixes views, frames, text and cameras, and counts its passes.
#[derive(Default)]
struct Toy {
    passes: Cell<usize>,
    views: Cell<i64>,
}

impl Backbone for Toy {
    fn velocity(&self, z: &Tensor, sigma: f64, text: &Tensor, cond: &Cond) -> Result<Tensor, BackboneError> {
        self.passes.set(self.passes.get() + 1);
        self.views.set(self.views.get().max(z.size()[0]));
        let cameras = cond.cameras.as_ref().unwrap().tensor().sum_dim_intlist(2, false, None);
        let n = z.size()[2];
        let place = Tensor::arange(n, (z.kind(), Device::Cpu)).reshape([1, 1, n, 1, 1]) * 0.01;
        let mixed = z + z.mean_dim(0, true, None) * 0.5 + cameras.reshape([-1, 1, n, 1, 1]).to_kind(z.kind()) * 0.1;
        Ok((mixed + place).tanh() * (0.5 + sigma) + text.mean(None).to_kind(z.kind()))
    }
}

fn job(views: i64, settings: Settings) -> Job {
    one_thread();
    let shape = [views, 2, 5, 2, 3];
    // Cameras that stand apart from the first one, which has no turn.
    let mut cameras = Tensor::zeros([views, 5, 3, 4], (Kind::Float, Device::Cpu));
    cameras += Tensor::eye_m(3, 4, (Kind::Float, Device::Cpu));
    let aside = Tensor::arange(views, (Kind::Float, Device::Cpu)).reshape([views, 1, 1]);
    cameras.narrow(3, 3, 1).squeeze_dim(3).copy_(&aside.expand([views, 5, 3], false));
    Job {
        settings,
        shape,
        kind: Kind::Float,
        device: Device::Cpu,
        texts: Texts {
            positive: Tensor::from_slice(&[0.2f32]).reshape([1, 1, 1]),
            negative: Some(Tensor::from_slice(&[-0.1f32]).reshape([1, 1, 1])),
        },
        cond: Cond { cameras: Some(Cameras::new(cameras.reshape([views, 5, 12])).unwrap()) },
        given: Given::Nothing,
        model: "toy".to_owned(),
    }
}

fn short() -> Settings {
    Settings { steps: 6, guidance: 3.0, ..Settings::default() }
}

fn run(job: &Job) -> Tensor {
    Sampler::new(job, &Toy::default()).unwrap().run(None, &mut |_| ControlFlow::Continue(())).unwrap()
}

#[test]
fn a_run_stopped_after_any_step_gives_the_same_bytes() {
    let folder = tempfile::tempdir().unwrap();
    for (name, views, settings) in [
        ("euler", 2, short()),
        ("unipc", 2, Settings { solver: SolverKind::UniPc, ..short() }),
        ("pairs", 5, short()),
        ("reference", 4, Settings { views: ViewsHow::Reference, solver: SolverKind::UniPc, ..short() }),
        ("ring", 3, Settings { ring: true, ..short() }),
        ("windows", 2, Settings { chunk: 3, overlap: 1, solver: SolverKind::UniPc, ..short() }),
        ("windows of a ring", 3, Settings { chunk: 4, overlap: 2, ring: true, ..short() }),
    ] {
        let job = job(views, settings);
        let (toy, whole) = (Toy::default(), run(&job));
        let sampler = Sampler::new(&job, &toy).unwrap();
        assert_eq!(whole.size(), job.shape);
        for stop in 1..sampler.total() {
            let path = folder.path().join(format!("{name}{stop}.safetensors"));
            let stopped = sampler.run(Some(&path), &mut |progress| match progress.done == stop {
                true => ControlFlow::Break(()),
                false => ControlFlow::Continue(()),
            });
            assert!(matches!(stopped, Err(SamplerError::Stopped { done, .. }) if done == stop));
            // What a crash while saving leaves behind.
            std::fs::write(path.with_extension("safetensors.part"), b"half").unwrap();
            let mut first = None;
            let resumed = sampler.run(Some(&path), &mut |progress| {
                first.get_or_insert(progress.done);
                ControlFlow::Continue(())
            });
            same(&format!("{name} stopped after {stop}"), &resumed.unwrap(), &whole);
            assert_eq!(first, Some(stop + 1));
        }
        // A finished run is there at once.
        let path = folder.path().join(format!("{name}1.safetensors"));
        toy.passes.set(0);
        same("finished", &sampler.run(Some(&path), &mut |_| ControlFlow::Break(())).unwrap(), &whole);
        assert_eq!(toy.passes.get(), 0);
    }
}

#[test]
fn a_checkpoint_of_another_run_is_refused() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("run.safetensors");
    let stop = |job: &Job| {
        Sampler::new(job, &Toy::default()).unwrap().run(Some(&path), &mut |_| ControlFlow::Break(())).unwrap_err()
    };
    assert!(matches!(stop(&job(2, short())), SamplerError::Stopped { done: 1, total: 6 }));
    let error = stop(&job(2, Settings { steps: 7, seed: 3, ..short() })).to_string();
    assert!(error.contains("settings.seed: 0 there, 3 here; settings.steps: 6 there, 7 here"), "{error}");
    let mut other = job(2, short());
    other.texts.positive = &other.texts.positive + 1.0;
    other.model = "other".to_owned();
    let error = stop(&other).to_string();
    assert!(error.contains("model: \"toy\" there, \"other\" here; text: "), "{error}");

    // Cut anywhere, it is refused and never half read.
    let whole = std::fs::read(&path).unwrap();
    for length in [0, 7, 8, 100, whole.len() / 2, whole.len() - 1] {
        std::fs::write(&path, &whole[..length]).unwrap();
        let error = stop(&job(2, short()));
        assert!(matches!(error, SamplerError::Unreadable { .. }), "{length}: {error}");
    }
    let missing = load(&folder.path().join("none"), &serde_json::Value::Null);
    assert!(missing.unwrap().is_none());
    let nowhere = folder.path().join("no/folder.safetensors");
    let error =
        Sampler::new(&job(2, short()), &Toy::default()).unwrap().run(Some(&nowhere), &mut |_| ControlFlow::Break(()));
    assert!(matches!(error, Err(SamplerError::Unwritable { .. })));
}

#[test]
fn pairs_and_references_show_the_model_two_views() {
    for (how, passes) in [(ViewsHow::Pairs, 3 * (3 + 2)), (ViewsHow::Reference, 6 + 6 * 2), (ViewsHow::Joint, 6)] {
        let toy = Toy::default();
        let job = job(4, Settings { views: how, guidance: 1.0, ..short() });
        let made = Sampler::new(&job, &toy).unwrap().run(None, &mut |_| ControlFlow::Continue(())).unwrap();
        assert_eq!(made.size(), job.shape);
        let views = if how == ViewsHow::Joint { 4 } else { 2 };
        assert_eq!((toy.passes.get(), toy.views.get()), (passes, views), "{how:?}");
        assert_eq!(job.settings.passes(4, 5, false), Passes { count: passes, views });
    }
    // The first pair of the reference way is the run of two views.
    let settings = || Settings { views: ViewsHow::Reference, ..short() };
    let (two, four) = (job(2, settings()), job(4, settings()));
    let expected = noise(0, &two.shape);
    same(
        "noise",
        &noise(0, &four.shape).narrow(0, 0, 2).flatten(0, -1).narrow(0, 0, 8),
        &expected.flatten(0, -1).narrow(0, 0, 8),
    );
    same("first pair", &run(&four).narrow(0, 0, 2), &run_on(&two, &noise(0, &four.shape).narrow(0, 0, 2)));
    // A clean reference is another one.
    let clean = job(4, Settings { clean_reference: true, ..settings() });
    assert!(difference(&run(&clean), &run(&four)) > 1e-3);
}

/// Euler's steps by hand from a given noise, for two views.
fn run_on(job: &Job, noise: &Tensor) -> Tensor {
    use loop3d_generator::samplers::{Schedule, euler, two_pass};
    let settings = &job.settings;
    let schedule = Schedule::new(settings.steps, settings.shift, 1.0).unwrap();
    let mut z = noise.copy();
    for k in 0..settings.steps {
        let (from, to) = (schedule.sigmas()[k], schedule.sigmas()[k + 1]);
        let pass = |text| Toy::default().velocity(&z, f64::from(from), text, &job.cond).unwrap();
        let v = two_pass(&pass(job.texts.negative.as_ref().unwrap()), &pass(&job.texts.positive), settings.guidance);
        z = euler(&z, &v, from, to);
    }
    z
}

#[test]
fn two_views_need_no_way() {
    let [pairs, reference, joint] = [ViewsHow::Pairs, ViewsHow::Reference, ViewsHow::Joint]
        .map(|views| run(&job(2, Settings { views, ..short() })));
    let plain = job(2, short());
    same("pairs", &pairs, &run_on(&plain, &noise(0, &plain.shape)));
    same("reference", &reference, &pairs);
    same("joint", &joint, &pairs);
    // With more views they differ.
    let [pairs, joint] = [ViewsHow::Pairs, ViewsHow::Joint].map(|views| run(&job(3, Settings { views, ..short() })));
    assert!(difference(&pairs, &joint) > 1e-3);
}

#[test]
fn a_ring_is_stepped_from_another_latent_each_time() {
    use loop3d_generator::samplers::{Schedule, euler, two_pass};
    let job = job(2, Settings { ring: true, ..short() });
    let settings = &job.settings;
    let schedule = Schedule::new(settings.steps, settings.shift, 1.0).unwrap();
    let n = job.shape[2];
    let mut z = noise(0, &job.shape);
    for k in 0..settings.steps {
        let (from, to) = (schedule.sigmas()[k], schedule.sigmas()[k + 1]);
        // By hand, for a stride of 7 (5 and 7 share no divisor): unroll, step, roll back.
        let start = (7 * k as i64) % n;
        let unrolled = z.roll(-start, 2);
        let window = Tensor::cat(&[unrolled.narrow(2, n - 1, 1), unrolled.shallow_clone()], 2);
        let camera = job.cond.cameras.as_ref().unwrap().tensor();
        let camera = camera.index_select(1, &Tensor::from_slice(&[0i64, 0, 1, 2, 3, 4]));
        let cond = Cond { cameras: Some(Cameras::new(camera).unwrap()) };
        let pass = |text| Toy::default().velocity(&window, f64::from(from), text, &cond).unwrap();
        let v = two_pass(&pass(job.texts.negative.as_ref().unwrap()), &pass(&job.texts.positive), settings.guidance);
        z = euler(&unrolled, &v.narrow(2, 1, n), from, to).roll(start, 2);
    }
    same("ring", &run(&job), &z);
    assert!(difference(&run(&self::job(2, short())), &z) > 1e-3);
}

#[test]
fn long_clips_are_seen_in_windows_that_share_what_was_drawn() {
    use loop3d_generator::samplers::{GUARD, Schedule, euler, two_pass};
    for (ring, chunk, overlap) in [(false, 3, 1), (false, 4, 3), (true, 4, 2), (true, 3, 2)] {
        let job = job(3, Settings { ring, chunk, overlap, views: ViewsHow::Joint, ..short() });
        let (settings, n) = (&job.settings, job.shape[2]);
        let schedule = Schedule::new(settings.steps, settings.shift, 1.0).unwrap();
        let mut z = noise(0, &job.shape);
        for k in 0..settings.steps {
            let (from, to) = (schedule.sigmas()[k], schedule.sigmas()[k + 1]);
            let windows = settings.windows(n, k);
            let thetas = windows.draw(settings.blending, GUARD, settings.seed, k);
            // By hand: whole stepped clips, of which the later window takes what lies behind its boundary.
            let mut stepped = vec![None; n as usize];
            let first: Vec<i64> = windows.places(0).try_into().unwrap();
            let from_first = (thetas[0]..windows.length()).map(|place| (0, place, first[place as usize]));
            let others = (1..windows.count()).flat_map(|window| {
                let places: Vec<i64> = windows.places(window).try_into().unwrap();
                (thetas[window]..windows.length()).map(move |place| (window, place, places[place as usize]))
            });
            // On a ring, the first window's own beginning is not the last one's to write.
            let own: Vec<i64> = (thetas[0]..windows.overlaps()[0]).map(|place| first[place as usize]).collect();
            for (window, place, latent) in from_first.chain(others) {
                let last = window + 1 == windows.count() && window > 0;
                if !(last && own.contains(&latent) && place >= windows.length() - windows.overlaps()[0]) {
                    stepped[latent as usize] = Some((window, place));
                }
            }
            let made: Vec<Tensor> = (0..windows.count())
                .map(|window| {
                    let places = windows.places(window);
                    let z = z.index_select(2, &places);
                    let camera = job.cond.cameras.as_ref().unwrap().tensor().index_select(1, &places);
                    let cond = Cond { cameras: Some(Cameras::new(camera).unwrap()) };
                    let pass = |text| Toy::default().velocity(&z, f64::from(from), text, &cond).unwrap();
                    let negative = pass(job.texts.negative.as_ref().unwrap());
                    euler(&z, &two_pass(&negative, &pass(&job.texts.positive), settings.guidance), from, to)
                })
                .collect();
            let latents = stepped.into_iter().map(|found| {
                let (window, place) = found.expect("every latent is made");
                made[window].narrow(2, place, 1)
            });
            z = Tensor::cat(&latents.collect::<Vec<_>>(), 2);
        }
        same(&format!("{ring} {chunk} {overlap}"), &run(&job), &z);
        let toy = Toy::default();
        let _ = Sampler::new(&job, &toy).unwrap().run(None, &mut |_| ControlFlow::Continue(())).unwrap();
        assert_eq!(job.settings.passes(3, n, false), Passes { count: toy.passes.get(), views: 3 });
        assert!(difference(&run(&self::job(3, Settings { chunk: 21, overlap: 7, ..settings.clone() })), &z) > 1e-3);
        // Another seed draws other boundaries.
        assert_ne!(
            settings.windows(50, 1).draw(settings.blending, GUARD, 0, 1),
            settings.windows(50, 1).draw(settings.blending, GUARD, 1, 1)
        );
    }
    // A window as long as the clip is the clip.
    let whole = run(&job(2, short()));
    same("one window", &run(&job(2, Settings { chunk: 5, overlap: 2, ..short() })), &whole);
    let refused = job(2, Settings { chunk: 3, overlap: 3, ..short() });
    let error = Sampler::new(&refused, &Toy::default()).err().unwrap().to_string();
    assert_eq!(error, "overlap: found 3 latents of windows of 3, expected at least 1, and less than a window");
}

#[test]
fn views_beside_a_given_clip() {
    let given = noise(9, &[1, 2, 5, 2, 3]);
    for views in [ViewsHow::Pairs, ViewsHow::Joint] {
        let mut job = job(4, Settings { views, ..short() });
        job.given = Given::Reference(given.shallow_clone());
        let toy = Toy::default();
        let made = Sampler::new(&job, &toy).unwrap().run(None, &mut |_| ControlFlow::Continue(())).unwrap();
        same("given", &made.narrow(0, 0, 1), &given);
        let groups = if views == ViewsHow::Joint { 1 } else { 3 };
        assert_eq!(toy.passes.get(), 6 * 3 * groups);
        assert_eq!(job.settings.passes(4, 5, true), Passes { count: toy.passes.get(), views: toy.views.get() });
        job.settings.strength = 0.5;
        assert!(difference(&run(&job), &made) > 1e-3);
    }
}

#[test]
fn what_cannot_be_run_is_named() {
    let error = |job: &Job| Sampler::new(job, &Toy::default()).err().unwrap().to_string();
    let begun = error(&job(2, Settings { strength: 0.5, ..short() }));
    assert_eq!(begun, "strength: found 0.5, expected 1 where no clip is given");
    let mut alone = job(1, short());
    alone.given = Given::Reference(noise(0, &[1, 2, 5, 2, 3]));
    assert!(error(&alone).starts_with("views: found 1"));
    let mut other = job(2, short());
    other.given = Given::Clip(noise(0, &[1, 2, 4, 2, 3]));
    assert_eq!(error(&other), "given clip: found the shape [1, 2, 4, 2, 3], expected [1, 2, 5, 2, 3]");
    let mut silent = job(2, short());
    silent.texts.negative = None;
    let failed = Sampler::new(&silent, &Toy::default()).unwrap().run(None, &mut |_| ControlFlow::Continue(()));
    assert!(matches!(failed, Err(SamplerError::NoNegative { .. })));
}

/// A field that breaks down below a noise level.
struct Broken;

impl Backbone for Broken {
    fn velocity(&self, z: &Tensor, sigma: f64, _: &Tensor, _: &Cond) -> Result<Tensor, BackboneError> {
        Ok(if sigma > 0.9 { z.zeros_like() } else { z / 0.0 })
    }
}

#[test]
fn numbers_that_are_none_end_a_run_before_they_are_saved() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("run.safetensors");
    let job = job(2, short());
    let run = || Sampler::new(&job, &Broken).unwrap().run(Some(&path), &mut |_| ControlFlow::Continue(())).unwrap_err();
    let SamplerError::NotFinite { step, total: 6 } = run() else { panic!("{}", run()) };
    assert!(step > 1);
    // The checkpoint is the last good one, and a resumed run finds the same.
    assert!(std::fs::metadata(&path).is_ok());
    assert!(matches!(run(), SamplerError::NotFinite { step: again, .. } if again == step));
}
