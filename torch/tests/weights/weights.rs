//! What a model sees of a source.

use loop3d_torch::weights::{Memory, Renamed, TensorSource, Weights, WeightsError};
use std::rc::Rc;
use tch::{Device, Kind, Tensor};

fn source() -> Rc<dyn TensorSource> {
    let table = Tensor::arange(12, (Kind::Float, Device::Cpu)).reshape([4, 3]);
    let tensors =
        [("old.table", table), ("old.bias", Tensor::from_slice(&[1.0f32, 2.0])), ("other", Tensor::from(1i64))];
    Rc::new(Memory::new("memory", tensors.map(|(name, tensor)| (name.to_owned(), tensor))))
}

fn weights(source: Rc<dyn TensorSource>) -> Weights {
    Weights::new(source, None, Device::Cpu)
}

#[test]
fn rows_of_a_table() {
    let weights = Weights::new(source(), Kind::Double, Device::Cpu).at("old");
    let rows = weights.rows("table", &[4, 3], &[3, 0, 3]).unwrap();
    assert_eq!(Vec::<f64>::try_from(rows.flatten(0, -1)).unwrap(), [9.0, 10.0, 11.0, 0.0, 1.0, 2.0, 9.0, 10.0, 11.0]);
    assert_eq!(weights.unused(), ["old.bias", "other"]);
    assert!(matches!(weights.rows("table", &[4, 4], &[0]), Err(WeightsError::Shape { .. })));
    for row in [-1, 4] {
        let error = weights.rows("table", &[4, 3], &[row]).unwrap_err().to_string();
        assert_eq!(error, format!("memory: row {row} of tensor old.table was asked for, which has 4 rows"));
    }
}

#[test]
fn a_source_under_other_names() {
    let rename = |name: &str| (name != "other").then(|| name.replace("old.", "new."));
    let renamed: Rc<dyn TensorSource> = Rc::new(Renamed::new(source(), "nobody", rename).unwrap());
    assert_eq!(renamed.names(), ["new.bias", "new.table"]);
    assert_eq!(renamed.shape("new.table"), Some(vec![4, 3]));
    assert_eq!(renamed.shape("old.table"), None);
    let weights = weights(renamed);
    assert!(weights.tensor("new.bias", &[2]).unwrap().equal(&Tensor::from_slice(&[1.0f32, 2.0])));
    assert!(
        weights
            .rows("new.table", &[4, 3], &[1])
            .unwrap()
            .equal(&Tensor::from_slice(&[3.0f32, 4.0, 5.0]).reshape([1, 3]))
    );
    assert_eq!(weights.unused(), Vec::<String>::new());
    let error = weights.tensor("new.gone", &[2]).unwrap_err().to_string();
    assert!(error.starts_with("memory (names of nobody): no tensor new.gone"), "{error}");

    let clash = Renamed::new(source(), "nobody", |_| Some("same".to_owned())).map(|_| ()).unwrap_err();
    let [first, second] = ["old.bias", "old.table"].map(|old| format!("memory (names of nobody) as {old}"));
    assert_eq!(clash, WeightsError::Twice { name: "same".to_owned(), first, second });
}

#[test]
fn numbers_that_are_not_finite_are_found_if_asked_for() {
    for (kind, bad) in [Kind::Float, Kind::Half, Kind::BFloat16, Kind::Double]
        .into_iter()
        .flat_map(|kind| [f64::NAN, f64::INFINITY, f64::NEG_INFINITY].map(|bad| (kind, bad)))
    {
        let one = |numbers: &[f64]| {
            let tensor = Tensor::from_slice(numbers).to_kind(kind);
            weights(Rc::new(Memory::new("file", [("w".to_owned(), tensor)])))
        };
        assert!(one(&[1.0, bad]).tensor("w", &[2]).is_ok());
        let error = one(&[1.0, bad, bad]).checked().tensor("w", &[3]).unwrap_err();
        assert_eq!(error, WeightsError::NotFinite { place: "file".to_owned(), name: "w".to_owned(), count: 2, of: 3 });
        assert!(one(&[1.0, bad]).checked().rows("w", &[2], &[0]).is_ok());
        assert!(one(&[1.0, bad]).checked().rows("w", &[2], &[1]).is_err());
        assert!(one(&[1.0, 2.0]).checked().at("x").tensor("w", &[2]).is_err());
        assert!(one(&[1.0, 2.0]).checked().tensor("w", &[2]).is_ok());
    }
    // Finite numbers whose sum is not, and whole numbers.
    let large = Tensor::from_slice(&[f32::MAX, f32::MAX]);
    let source = Memory::new("file", [("w".to_owned(), large), ("i".to_owned(), Tensor::from(i64::MAX))]);
    let weights = weights(Rc::new(source)).checked();
    assert!(weights.tensor("w", &[2]).is_ok());
    assert!(weights.tensor("i", &[]).is_ok());
}
