//! Random weights of any model, as a safetensors file: to run and measure a model of the published size without its weights.

use crate::seeded::seeded;
use serde_json::{Map, Value, json};
use std::fs::File;
use std::io::{self, BufWriter, Write};
use std::path::Path;
use tch::{Device, Kind, Tensor};

/// Numbers that are in memory at a time.
const PIECE: i64 = 1 << 22;

/// Writes a file of random parameters of these names and shapes, a few at a time. `kind` is f32 or bf16. Norms get ones; everything
/// else gets N(0, 1/√inputs), so that numbers keep their size on their way through a model.
///
/// `Config::parameters` of each model lists what to write.
///
/// # Errors
/// The file cannot be written, or numbers of another kind are asked for.
pub fn write_random(parameters: &[(String, Vec<i64>)], kind: Kind, seed: i64, path: &Path) -> io::Result<()> {
    let dtype = match kind {
        Kind::Float => "F32",
        Kind::BFloat16 => "BF16",
        other => {
            return Err(io::Error::new(io::ErrorKind::InvalidInput, format!("found {other:?}, expected f32 or bf16")));
        }
    };
    let mut header = Map::new();
    let mut end = 0;
    for (name, shape) in parameters {
        let start = end;
        end += shape.iter().product::<i64>() * kind.elt_size_in_bytes() as i64;
        header.insert(name.clone(), json!({ "dtype": dtype, "shape": shape, "data_offsets": [start, end] }));
    }
    let mut header = Value::Object(header).to_string();
    let mut file = BufWriter::new(File::create(path)?);
    // Padded with blanks, so that the numbers begin at a multiple of 8 bytes.
    while !header.len().is_multiple_of(8) {
        header.push(' ');
    }
    file.write_all(&(header.len() as u64).to_le_bytes())?;
    file.write_all(header.as_bytes())?;
    seeded(seed, || parameters.iter().try_for_each(|(name, shape)| write_one(&mut file, name, shape, kind)))?;
    file.flush()
}

fn write_one(file: &mut impl Write, name: &str, shape: &[i64], kind: Kind) -> io::Result<()> {
    let count: i64 = shape.iter().product();
    // Norms have one axis (`weight`) or one axis longer than 1 (`gamma`).
    let norm = name.ends_with("gamma") || (name.ends_with("weight") && shape.len() == 1);
    let inputs: i64 = if shape.len() > 1 { shape[1..].iter().product() } else { count };
    let scale = 1.0 / (inputs.max(1) as f64).sqrt();
    let mut left = count;
    while left > 0 {
        let piece = left.min(PIECE);
        let options = (Kind::Float, Device::Cpu);
        let numbers = if norm { Tensor::ones([piece], options) } else { Tensor::randn([piece], options) * scale };
        let numbers = numbers.to_kind(kind);
        let mut bytes = vec![0; piece as usize * kind.elt_size_in_bytes()];
        numbers.copy_data_u8(&mut bytes, piece as usize);
        file.write_all(&bytes)?;
        left -= piece;
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::dit::{Config, Dit};
    use crate::vae::{self, Vae};
    use loop3d_torch::weights::{Memory, TensorSource, Weights};
    use std::rc::Rc;

    #[test]
    fn models_of_any_size_can_be_made() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("dit.safetensors");
        let config =
            Config { dim: 256, heads: 2, layers: 3, hidden: 96, text: 24, frequencies: 16, ..Config::default() };
        let config = config.with_views();
        for kind in [Kind::Float, Kind::BFloat16] {
            write_random(&config.parameters(), kind, 1, &path).unwrap();
            let weights = Weights::new(Rc::new(Memory::safetensors(&path).unwrap()), None, Device::Cpu);
            assert_eq!(*Dit::new(&weights).unwrap().config(), config);
            assert_eq!(weights.unused(), Vec::<String>::new());
            let table = weights.tensor("blocks.1.ffn.0.weight", &[96, 256]).unwrap();
            assert_eq!(table.kind(), kind);
            let deviation = table.to_kind(Kind::Double).std(false).double_value(&[]);
            assert!((deviation * 16.0 - 1.0).abs() < 0.05, "{deviation}");
        }
        // The same seed, the same file; another seed, another.
        let read = || std::fs::read(&path).unwrap();
        let first = read();
        write_random(&config.parameters(), Kind::BFloat16, 1, &path).unwrap();
        assert_eq!(read(), first);
        write_random(&config.parameters(), Kind::BFloat16, 2, &path).unwrap();
        assert_ne!(read(), first);
        assert!(write_random(&config.parameters(), Kind::Int64, 2, &path).is_err());

        // A header of more than 64 KiB, as published sizes have.
        let many: Vec<_> = (0..1500).map(|i| (format!("blocks.{i}.self_attn.q.bias"), vec![2])).collect();
        write_random(&many, Kind::Float, 1, &path).unwrap();
        assert_eq!(Memory::safetensors(&path).unwrap().names().len(), many.len());

        let small = vae::Config { dim: 4, ..vae::Config::default() };
        write_random(&small.parameters(), Kind::Float, 1, &path).unwrap();
        let source = Rc::new(Memory::safetensors(&path).unwrap());
        let weights = Weights::new(source.clone(), None, Device::Cpu);
        assert_eq!(*Vae::new(&weights).unwrap().config(), small);
        assert_eq!(weights.unused(), Vec::<String>::new());
        assert_eq!(source.names().len(), small.parameters().len());
    }
}
