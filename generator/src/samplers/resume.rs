//! Checkpoints of a run: its latents after a step, what the solver keeps, and what the run was asked to do, in one safetensors file
//! that is written under another name and renamed, so that it is whole at any time.

use super::SamplerError;
use safetensors::tensor::{Dtype, SafeTensors, TensorView, serialize_to_file};
use serde_json::Value;
use std::collections::{BTreeMap, HashMap};
use std::fs::{self, File};
use std::io::ErrorKind;
use std::path::Path;
use tch::{Device, Kind, Tensor};

/// Keys of the file's metadata.
const RUN: &str = "run";
const DONE: &str = "steps_done";

/// What a checkpoint holds.
#[derive(Debug)]
pub struct Saved {
    /// Steps that were made.
    pub done: usize,
    /// Tensors by name, on the CPU.
    pub tensors: BTreeMap<String, Tensor>,
}

/// Writes a checkpoint of the run `run` (any JSON object that says what it is) after `done` steps.
///
/// # Errors
/// The file cannot be written, or a tensor is not of floats.
pub fn save(path: &Path, run: &Value, done: usize, tensors: &[(String, Tensor)]) -> Result<(), SamplerError> {
    let unwritable = |reason: String| SamplerError::Unwritable { path: path.to_owned(), reason };
    let mut data = Vec::new();
    for (name, tensor) in tensors {
        let dtype = dtypes().into_iter().find(|(kind, _)| *kind == tensor.kind());
        let (_, dtype) = dtype.ok_or_else(|| unwritable(format!("{name} is of the kind {:?}", tensor.kind())))?;
        data.push((name, dtype, tensor.size().iter().map(|axis| *axis as usize).collect(), bytes(tensor)));
    }
    let views = data.iter().map(|(name, dtype, shape, bytes): &(_, _, Vec<usize>, _)| {
        TensorView::new(*dtype, shape.clone(), bytes).map(|view| (name.as_str(), view))
    });
    let views = views.collect::<Result<Vec<_>, _>>().map_err(|error| unwritable(error.to_string()))?;
    let metadata = HashMap::from([(RUN.to_owned(), run.to_string()), (DONE.to_owned(), done.to_string())]);
    let mut part = path.as_os_str().to_owned();
    part.push(".part");
    serialize_to_file(views, Some(metadata), Path::new(&part)).map_err(|error| unwritable(error.to_string()))?;
    let settled = File::open(&part).and_then(|file| file.sync_all()).and_then(|()| fs::rename(&part, path));
    settled.map_err(|error| unwritable(error.to_string()))
}

/// Reads the checkpoint of the run `run`; `None` if there is none yet.
///
/// # Errors
/// It cannot be read, or it is of another run.
pub fn load(path: &Path, run: &Value) -> Result<Option<Saved>, SamplerError> {
    let unreadable = |reason: String| SamplerError::Unreadable { path: path.to_owned(), reason };
    let file = match fs::read(path) {
        Ok(file) => file,
        Err(error) if error.kind() == ErrorKind::NotFound => return Ok(None),
        Err(error) => return Err(unreadable(error.to_string())),
    };
    let (_, header) = SafeTensors::read_metadata(&file).map_err(|error| unreadable(error.to_string()))?;
    let entry = |key: &str| {
        let value = header.metadata().as_ref().and_then(|metadata| metadata.get(key));
        value.ok_or_else(|| unreadable(format!("its header does not say {key}")))
    };
    let there: Value = serde_json::from_str(entry(RUN)?).map_err(|error| unreadable(format!("{RUN}: {error}")))?;
    let mut differences = Vec::new();
    differ("", &there, run, &mut differences);
    if !differences.is_empty() {
        return Err(SamplerError::Differs { path: path.to_owned(), differences });
    }
    let done = entry(DONE)?.parse().map_err(|error| unreadable(format!("{DONE}: {error}")))?;
    let parsed = SafeTensors::deserialize(&file).map_err(|error| unreadable(error.to_string()))?;
    let mut tensors = BTreeMap::new();
    for (name, view) in parsed.iter() {
        let kind = dtypes().into_iter().find(|(_, dtype)| *dtype == view.dtype());
        let (kind, _) = kind.ok_or_else(|| unreadable(format!("{name} is of the kind {:?}", view.dtype())))?;
        let shape: Vec<i64> = view.shape().iter().map(|axis| *axis as i64).collect();
        tensors.insert(name.to_owned(), Tensor::from_data_size(view.data(), &shape, kind));
    }
    Ok(Some(Saved { done, tensors }))
}

/// Bytes of a tensor's numbers.
pub(super) fn bytes(tensor: &Tensor) -> Vec<u8> {
    let tensor = tensor.to_device(Device::Cpu).contiguous();
    let mut bytes = vec![0; tensor.numel() * tensor.kind().elt_size_in_bytes()];
    tensor.copy_data_u8(&mut bytes, tensor.numel());
    bytes
}

fn dtypes() -> [(Kind, Dtype); 4] {
    [(Kind::Float, Dtype::F32), (Kind::BFloat16, Dtype::BF16), (Kind::Half, Dtype::F16), (Kind::Double, Dtype::F64)]
}

/// Names the entries in which two JSON values differ.
fn differ(name: &str, there: &Value, here: &Value, differences: &mut Vec<String>) {
    if let (Value::Object(a), Value::Object(b)) = (there, here) {
        let names: std::collections::BTreeSet<&String> = a.keys().chain(b.keys()).collect();
        for key in names {
            let full = if name.is_empty() { key.clone() } else { format!("{name}.{key}") };
            differ(&full, a.get(key).unwrap_or(&Value::Null), b.get(key).unwrap_or(&Value::Null), differences);
        }
    } else if there != here {
        differences.push(format!("{name}: {there} there, {here} here"));
    }
}
