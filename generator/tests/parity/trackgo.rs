//! Masks and arrows: the adapter and its loss against an oracle in f64 that was written from TrackGo's formulas.

use crate::golden::{Golden, difference, near};
use glam::DVec2;
use loop3d_generator::metrics::obj_mc;
use loop3d_generator::motion::{Arrow, Background, Joining, Maps};
use loop3d_generator::nn::split_heads;
use tch::{Kind, Tensor};

const HEADS: i64 = 2;
const GATE: f64 = 1e-9;
const GATE_F32: f64 = 1e-5;

struct Case {
    file: Golden,
    kind: Kind,
}

impl Case {
    fn get(&self, name: &str) -> Tensor {
        self.file.get(name).to_kind(self.kind)
    }

    fn maps(&self, how: &Joining) -> Maps {
        let projected = |x: &str, w: &str| split_heads(&self.get(x).matmul(&self.get(w).tr()), HEADS);
        let base = (projected("x", "w.q"), projected("x", "w.k"));
        let tracks = (projected("f", "w.tq"), projected("f", "w.tk"));
        Maps::new((&base.0, &base.1), (&tracks.0, &tracks.1), how)
    }

    fn output(&self, maps: &Maps, how: &Joining) -> Tensor {
        let v = split_heads(&self.get("x").matmul(&self.get("w.v").tr()), HEADS);
        let gate = Tensor::ones([1], (self.kind, tch::Device::Cpu));
        maps.attended(&v, &gate, how).transpose(1, 2).flatten(2, 3)
    }
}

fn how(threshold: f64, background: Background) -> Joining {
    Joining { threshold, background, normalise: false }
}

#[test]
fn maps_and_outputs() {
    for (kind, gate) in [(Kind::Double, GATE), (Kind::Float, GATE_F32)] {
        let case = Case { file: Golden::open("trackgo/oracle.safetensors"), kind };
        let free = how(1.0, Background::FREE);
        let maps = case.maps(&free);
        near("tracks", &maps.tracks, &case.get("train.track_map"), gate);
        near("base", &maps.base, &case.get("train.base_map"), gate);
        near("output", &case.output(&maps, &free), &case.get("train.out"), gate);
        assert_eq!(difference(&maps.dead, &case.file.get("train.dead_rows")), 0.0);
        // τ as printed: every form of it gives what none gives.
        for tau in ["tau_0", "tau_-100", "tau_-1e4"] {
            near(tau, &maps.base, &case.get(&format!("{tau}.base_map")), gate);
            near(tau, &case.output(&maps, &free), &case.get(&format!("{tau}.out")), gate);
        }
        for (name, background) in
            [("damped_0", Background::FREE), ("damped_-100", Background::DAMPED), ("damped_-10000", Background::FROZEN)]
        {
            let maps = case.maps(&how(1.0, background));
            near(name, &maps.base, &case.get(&format!("{name}.base_map")), gate);
            near(name, &case.output(&maps, &free), &case.get(&format!("{name}.out")), gate);
        }
        let normalised = Joining { normalise: true, ..free };
        near("normalised", &maps.base, &case.get("normalised.base_map"), gate);
        near("normalised", &case.output(&maps, &normalised), &case.get("normalised.out"), gate);
        assert!(difference(&case.output(&maps, &normalised), &case.get("train.out")) > 1e-2);
        // Without the tracks.
        let open = how(f64::INFINITY, Background::FREE);
        let base = case.maps(&open);
        let v = split_heads(&case.get("x").matmul(&case.get("w.v").tr()), HEADS);
        let none = Tensor::zeros([1], (kind, tch::Device::Cpu));
        let output = base.attended(&v, &none, &open).transpose(1, 2).flatten(2, 3);
        near("base alone", &output, &case.get("base_only.out"), gate);
    }
}

#[test]
fn dead_rows_are_zero_and_have_gradients() {
    let case = Case { file: Golden::open("trackgo/oracle.safetensors"), kind: Kind::Double };
    let dead = case.file.get("low_alpha.dead_rows");
    assert!(dead.sum(Kind::Int64).int64_value(&[]) > 0);
    // The data do not name their α: it is the one whose dead rows are theirs.
    let low = (1..1000)
        .map(|step| how(f64::from(step) / 1000.0, Background::FREE))
        .find(|how| {
            let maps = case.maps(how);
            difference(&maps.dead, &dead) == 0.0 && difference(&maps.base, &case.get("low_alpha.base_map")) < GATE
        })
        .expect("an α with these dead rows");
    let maps = case.maps(&low);
    near("tracks", &maps.tracks, &case.get("low_alpha.track_map"), GATE);
    near("output", &case.output(&maps, &low), &case.get("low_alpha.out"), GATE);
    assert_eq!((&maps.base * maps.dead.unsqueeze(-1)).abs().max().double_value(&[]), 0.0);

    // Gradients by finite differences, of the loss and of the output, where rows are dead.
    let projected = |x: &str, w: &str| split_heads(&case.get(x).matmul(&case.get(w).tr()), HEADS).detach().copy();
    let inputs = [("x", "w.q"), ("x", "w.k"), ("f", "w.tq"), ("f", "w.tk")].map(|(x, w)| projected(x, w));
    let v = projected("x", "w.v");
    let gate = Tensor::from_slice(&[0.3f64]);
    let value = |inputs: &[Tensor; 4]| {
        let maps = Maps::new((&inputs[0], &inputs[1]), (&inputs[2], &inputs[3]), &low);
        maps.attended(&v, &gate, &low).square().sum(Kind::Double) + maps.loss(&case.get("loss.mask"))
    };
    let leaves = [0, 1, 2, 3].map(|i| inputs[i].copy().set_requires_grad(true));
    value(&leaves).backward();
    for (number, leaf) in leaves.iter().enumerate() {
        let gradient = leaf.grad();
        assert!(gradient.isfinite().all().int64_value(&[]) == 1);
        for place in [[0i64, 0, 1, 3], [4, 1, 5, 0], [9, 0, 2, 7]] {
            let moved = |by: f64| {
                let copies = [0, 1, 2, 3].map(|i| inputs[i].copy());
                let mut cell = copies[number].get(place[0]).get(place[1]).get(place[2]).get(place[3]);
                let _ = cell.g_add_scalar_(by);
                value(&copies).double_value(&[])
            };
            let expected = (moved(1e-5) - moved(-1e-5)) / 2e-5;
            let found = gradient.double_value(&place);
            assert!(
                (found - expected).abs() < 1e-6 * expected.abs().max(1.0),
                "{number} {place:?}: {found} {expected}"
            );
        }
    }
}

#[test]
fn attention_loss() {
    for (kind, gate) in [(Kind::Double, GATE), (Kind::Float, GATE_F32)] {
        let case = Case { file: Golden::open("trackgo/oracle.safetensors"), kind };
        let loss = case.maps(&how(1.0, Background::FREE)).loss(&case.get("loss.mask"));
        near("loss", &loss.reshape([1]), &case.get("loss.head_mean_first"), gate);
        assert!(difference(&loss.reshape([1]), &case.get("loss.per_head_sum")) > 0.1);
    }
}

#[test]
fn arrows_and_their_measure() {
    let file = Golden::open("trackgo/oracle.safetensors");
    let points = |name: &str| -> Vec<DVec2> {
        let tensor = file.get(name).reshape([-1, 2]);
        (0..tensor.size()[0]).map(|i| DVec2::new(tensor.double_value(&[i, 0]), tensor.double_value(&[i, 1]))).collect()
    };
    let arrow = Arrow { points: points("arrow.poly").iter().map(|p| p.to_array()).collect(), frames: None };
    let expected = points("arrow.positions");
    let found = arrow.positions(expected.len());
    assert!(found.iter().zip(&expected).all(|(a, b)| a.distance(*b) < GATE), "{found:?}");
    assert!(arrow.there_and_back(expected.len()).iter().zip(&expected).any(|(a, b)| a.distance(*b) > 1.0));

    let frames = file.get("objmc.want").size()[1] as usize;
    let tracks = |name: &str| points(name).chunks(frames).map(<[DVec2]>::to_vec).collect::<Vec<_>>();
    let value = obj_mc(&tracks("objmc.want"), &tracks("objmc.got")).unwrap();
    assert!((value - file.get("objmc.value").double_value(&[0])).abs() < GATE, "{value}");
    assert_eq!(obj_mc(&tracks("objmc.want"), &tracks("objmc.want")).unwrap(), 0.0);
    assert!(obj_mc(&tracks("objmc.want"), &tracks("objmc.got")[1..]).is_err());
    assert!(obj_mc(&[], &[]).is_err());
}
