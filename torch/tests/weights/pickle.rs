//! Files of `torch.save` that PyTorch would not write, or no longer does. What it writes is in the generator's parity tests.

use crate::allocations;
use crate::forge::{Saved, archive, dict, floats, global, legacy, state_dict, stored, tensor, text, whole, zip};
use loop3d_torch::weights::{Pickle, TensorSource, WeightsError};
use tch::Tensor;

fn numbers(tensor: &Tensor) -> Vec<f32> {
    Vec::try_from(tensor.flatten(0, -1)).unwrap()
}

/// A file of one storage of six floats.
fn file(pickle: &[u8]) -> Vec<u8> {
    archive(pickle, &[("0", &floats((0..6).map(|i| i as f32)))])
}

fn open(pickle: &[u8]) -> Result<Pickle, WeightsError> {
    Pickle::from_bytes("model.pth", file(pickle))
}

#[track_caller]
fn refused(pickle: &[u8], expected: &str) {
    let error = open(pickle).unwrap_err().to_string();
    assert!(error.starts_with("model.pth") && error.contains(expected), "{error}");
}

fn saved() -> Saved {
    Saved::floats("a.weight", "0", &[2, 3])
}

#[test]
fn views_of_a_storage() {
    let transposed = Saved { name: "t", shape: vec![3, 2], strides: vec![1, 3], ..saved() };
    let row = Saved { name: "row", shape: vec![3], strides: vec![1], offset: 3, ..saved() };
    let column = Saved { name: "column", shape: vec![2], strides: vec![3], offset: 2, ..saved() };
    let model = open(&state_dict(&[saved(), transposed, row, column])).unwrap();
    assert_eq!(model.names(), ["a.weight", "column", "row", "t"]);
    assert_eq!(model.shape("t"), Some(vec![3, 2]));
    assert_eq!(numbers(&model.load("a.weight").unwrap()), [0.0, 1.0, 2.0, 3.0, 4.0, 5.0]);
    assert_eq!(numbers(&model.load("t").unwrap()), [0.0, 3.0, 1.0, 4.0, 2.0, 5.0]);
    assert_eq!(numbers(&model.load("row").unwrap()), [3.0, 4.0, 5.0]);
    assert_eq!(numbers(&model.load("column").unwrap()), [2.0, 5.0]);
    assert_eq!(numbers(&model.rows("a.weight", &[1]).unwrap()), [3.0, 4.0, 5.0]);
    assert_eq!(numbers(&model.rows("t", &[2, 0]).unwrap()), [2.0, 5.0, 0.0, 3.0]);
    for name in ["t", "a.weight"] {
        assert!(matches!(model.rows(name, &[3]), Err(WeightsError::NoRow { row: 3, .. })));
    }
    assert!(matches!(model.load("b"), Err(WeightsError::Missing { .. })));
}

#[test]
fn sizes_beyond_four_gigabytes_are_read_from_zip64() {
    let pickle = state_dict(&[saved()]);
    let data = floats((0..6).map(|i| i as f32));
    let file = zip(&[stored("m/data.pkl", &pickle), stored("m/data/0", &data)], true);
    let model = Pickle::from_bytes("model.pth", file).unwrap();
    assert_eq!(numbers(&model.load("a.weight").unwrap()), [0.0, 1.0, 2.0, 3.0, 4.0, 5.0]);
}

#[test]
fn the_format_before_pytorch_1_6() {
    let column = Saved { name: "column", shape: vec![2], strides: vec![3], offset: 2, ..saved() };
    let other = Saved::floats("b", "other", &[1]);
    let data = floats((0..6).map(|i| i as f32));
    let storages: [(&str, &[u8]); 2] = [("other", &floats([9.0])), ("0", &data)];
    let file = legacy(&state_dict(&[saved(), column, other]), &storages);
    let model = Pickle::from_bytes("model.pt", file.clone()).unwrap();
    assert_eq!(numbers(&model.load("a.weight").unwrap()), [0.0, 1.0, 2.0, 3.0, 4.0, 5.0]);
    assert_eq!(numbers(&model.load("column").unwrap()), [2.0, 5.0]);
    assert_eq!(numbers(&model.load("b").unwrap()), [9.0]);

    let open = |file: Vec<u8>| Pickle::from_bytes("model.pt", file).map(|_| ()).unwrap_err().to_string();
    let cut = open(file[..file.len() - 1].to_vec());
    assert!(cut.contains("model.pt, storage 0: found a file of"), "{cut}");
    let absent = open(legacy(&state_dict(&[saved()]), &[]));
    assert!(absent.contains("tensor a.weight: found no storage 0, expected its storage"), "{absent}");
    let strange = open(legacy(&state_dict(&[saved()]), &[("7", &data)]));
    assert!(strange.contains("its keys: found storage 7, expected one of a tensor"), "{strange}");
}

#[test]
fn dicts_of_trainers() {
    let model = dict(&[("w", tensor(&saved()))]);
    let other = dict(&[("m", tensor(&saved()))]);
    for wrapper in ["model_state", "state_dict", "model_state_dict", "model", "module"] {
        let checkpoint =
            whole(&dict(&[("epoch", b"K\x03".to_vec()), (wrapper, model.clone()), ("optimizer", other.clone())]));
        assert_eq!(open(&checkpoint).unwrap().names(), ["w"], "{wrapper}");
    }
    let twice = whole(&dict(&[("state_dict", dict(&[("model", model.clone())]))]));
    assert_eq!(open(&twice).unwrap().names(), ["w"]);
    let parts =
        whole(&dict(&[("unet", model.clone()), ("ema", dict(&[("deep", model.clone())])), ("step", b"N".to_vec())]));
    assert_eq!(open(&parts).unwrap().names(), ["ema.deep.w", "unet.w"]);
    let parameter =
        [global("torch._utils", "_rebuild_parameter"), b"(".to_vec(), tensor(&saved()), b"\x88N".to_vec()].concat();
    let parameter = whole(&dict(&[("w", [parameter, b"tR".to_vec()].concat())]));
    assert_eq!(open(&parameter).unwrap().shape("w"), Some(vec![2, 3]));
    let both = whole(&dict(&[("a", dict(&[("w", tensor(&saved()))])), ("a.w", tensor(&saved()))]));
    assert!(matches!(open(&both), Err(WeightsError::Twice { .. })));
    // Versions of modules, which `state_dict()` carries along.
    let versions =
        [dict(&[("w", tensor(&saved()))]), b"}".to_vec(), text("_metadata"), dict(&[]), b"sb".to_vec()].concat();
    assert_eq!(open(&whole(&versions)).unwrap().names(), ["w"]);
}

#[test]
fn nothing_is_run() {
    let system = [global("posix", "system"), b"(".to_vec(), text("touch /tmp/x"), b"tR".to_vec()].concat();
    let error = open(&whole(&system)).unwrap_err();
    let at = "byte 2 of its pickle".to_owned();
    assert_eq!(error, WeightsError::Forbidden { place: "model.pth".to_owned(), at, what: "posix.system".to_owned() });
    assert!(error.to_string().contains("save its state dict with safetensors.torch.save_file"), "{error}");
    refused(&whole(&global("builtins", "eval")), "builtins.eval, which is refused");
    refused(&whole(&global("torch._utils", "_rebuild_tensor_v3")), "torch._utils._rebuild_tensor_v3");
    refused(&whole(&global("torch", "load")), "torch.load");
    refused(&whole(&global("\x1b[2J", "x")), "\\u{1b}[2J.x");
    // Instructions that build objects in other ways.
    for (code, shown) in
        [(b'i', "\"i\" (0x69)"), (b'o', "\"o\" (0x6f)"), (0x81, "(0x81)"), (0x93, "(0x93)"), (b'P', "\"P\" (0x50)")]
    {
        refused(&whole(&[code]), &format!("the instruction {shown}").replace("the instruction (", "("));
    }
    // Calls of what is no function.
    refused(&whole(&[global("torch", "FloatStorage"), b")R".to_vec()].concat()), "a call of a global with 0 arguments");
    refused(&whole(b"K\x01)R"), "a call of an integer with 0 arguments");
    refused(&[b"\x80\x04".as_slice(), b"}."].concat(), "pickle protocol 4 (only 2 is) is not supported");
}

#[test]
fn objects_that_are_no_state_dict() {
    refused(&whole(b"}"), "found an empty dict, expected a dict of tensors by name");
    refused(&whole(&tensor(&saved())), "found a tensor, expected a dict of tensors by name");
    refused(&whole(&dict(&[("epoch", b"K\x03".to_vec())])), r#"a dict of 1 entries without tensors, first ["epoch"]"#);
    refused(&whole(b"(lp0\n"), "the instruction");
    refused(b"\x80\x02}", "found the end, expected 1 more bytes");
    refused(b"\x80\x02.", "found an empty stack, expected a value");
    refused(&whole(b"(}"), "found");
    refused(&whole(b"}X\xff\xff\xff\xff"), "a text of 4294967295 bytes");
    refused(&whole(b"h\x07"), "memo 7, which is empty");
    refused(&whole(b"}K\x01a"), "a list to append to");
    refused(&whole(b"}(K\x01u"), "found 1 values, expected keys and values of a dict");
    refused(&whole(b"}X\x01\x00\x00\x00\xff"), "bytes that are no UTF-8");
}

#[test]
fn views_that_leave_their_storage() {
    let wide = Saved { shape: vec![2, 4], strides: vec![4, 1], ..saved() };
    refused(
        &state_dict(&[wide]),
        "tensor a.weight: found the shape [2, 4] with strides [4, 1] from number 0, expected a view",
    );
    refused(&state_dict(&[Saved { offset: 1, ..saved() }]), "from number 1");
    refused(&state_dict(&[Saved { numbers: 7, ..saved() }]), "a storage of 24 bytes, expected 7 numbers of 4 bytes");
    refused(&state_dict(&[Saved { storage_type: "DoubleStorage", ..saved() }]), "expected 6 numbers of 8 bytes");
    refused(
        &state_dict(&[Saved { key: "1", ..saved() }]),
        "tensor a.weight: found no entry data/1, expected its storage",
    );
    let repeated = Saved { shape: vec![250, 250], strides: vec![0, 0], ..saved() };
    refused(&state_dict(&[repeated]), "tensor a.weight, which repeats its storage of 6 numbers is not supported");
    refused(
        &state_dict(&[Saved { shape: vec![1; 17], strides: vec![1; 17], ..saved() }]),
        "17 axes, expected at most 16",
    );
}

#[test]
fn archives_that_torch_does_not_write() {
    let pickle = state_dict(&[saved()]);
    let data = floats((0..6).map(|i| i as f32));
    let open = |file: Vec<u8>| Pickle::from_bytes("model.pth", file).map(|_| ()).unwrap_err().to_string();
    let entries = || vec![stored("m/data.pkl", &pickle), stored("m/data/0", &data)];
    let with = |entry| zip(&entries().into_iter().chain([entry]).collect::<Vec<_>>(), false);

    let whole = zip(&entries(), false);
    assert!(Pickle::from_bytes("model.pth", whole.clone()).is_ok());
    assert!(open(whole[..whole.len() - 10].to_vec()).contains("the end: found no directory at the end of"));
    assert!(open(Vec::new()).contains("no directory at the end of 0 bytes"));
    // Half a file with the end of another.
    let mut moved = whole.clone();
    moved.drain(..40);
    assert!(open(moved).contains("model.pth, "));

    let packed = zip(&[crate::forge::Entry { method: 8, ..stored("m/data.pkl", &pickle) }], false);
    assert!(open(packed).contains("entry m/data.pkl, which is compressed or encrypted"));
    assert!(open(zip(&[stored("m/data/0", &data)], false)).contains("found 0 named data.pkl"));
    assert!(open(with(stored("n/data.pkl", &pickle))).contains("found 2 named data.pkl"));
    assert!(open(with(stored("m/data/0", &data))).contains("entry m/data/0: found two of this name"));
    assert!(open(with(stored("m/byteorder", b"big"))).contains("the byte order \"big\" is not supported"));
}

#[test]
fn bombs() {
    allocations::largest();
    // A list in a list in a list…
    let nested = whole(&[vec![b']'; 100_000], vec![b'a'; 99_999]].concat());
    refused(&nested, "found a list, expected a dict of tensors by name");
    refused(&whole(&vec![b'('; 3 << 20]), "a pickle with a number of values of");
    refused(&whole(&vec![b'N'; 3 << 20]), "a pickle with a number of values of");
    refused(&vec![b'N'; 17 << 20], "a pickle of");
    // A dict that holds itself a thousand times, and dicts that hold each other.
    let own = [
        b"}q\x01(".to_vec(),
        (0..1000).flat_map(|i| [text(&i.to_string()), b"h\x01".to_vec()].concat()).collect(),
        b"u".to_vec(),
    ];
    refused(&whole(&own.concat()), "a number of entries of");
    let mut laughs = b"}q\x00".to_vec();
    for level in 0..20u8 {
        laughs.extend([b"}q".as_slice(), &[level + 1], b"("].concat());
        laughs.extend((0..100).flat_map(|i| [text(&i.to_string()), vec![b'h', level]].concat()));
        laughs.push(b'u');
    }
    assert!(open(&whole(&laughs)).is_err());
    refused(&whole(&dict(&[(&"x".repeat(2000), tensor(&saved()))])), "a name in bytes of 2000, at most 1024");
    // The values of the largest pickle that is read, in a table that grows by doubling.
    let largest = allocations::largest();
    assert!(largest <= 256 << 20, "{largest} bytes at once");
}
