//! Arrays as `.npy` files, written a frame at a time.

use crate::error::SampleError;
use crate::write::io_error;
use std::fs::File;
use std::io::{BufWriter, Write};
use std::path::{Path, PathBuf};

/// An array that is being written.
pub(crate) struct Npy {
    path: PathBuf,
    file: BufWriter<File>,
}

/// The header of NumPy's format 1.0: magic, version, length, a dictionary padded to a multiple of 64 bytes.
fn header(kind: &str, shape: &[usize]) -> Vec<u8> {
    let shape: String = shape.iter().map(|length| format!("{length}, ")).collect();
    let mut words = format!("{{'descr': '{kind}', 'fortran_order': False, 'shape': ({}), }}", shape.trim_end());
    while (10 + words.len() + 1) % 64 != 0 {
        words.push(' ');
    }
    words.push('\n');
    let mut bytes = b"\x93NUMPY\x01\x00".to_vec();
    bytes.extend((words.len() as u16).to_le_bytes());
    bytes.extend(words.as_bytes());
    bytes
}

impl Npy {
    /// Begins an array of `kind`, such as `<f4`. Its values follow in row-major order.
    pub fn start(path: &Path, kind: &str, shape: &[usize]) -> Result<Self, SampleError> {
        let file = File::create(path).map_err(|error| io_error(path, &error))?;
        let mut npy = Self { path: path.to_owned(), file: BufWriter::new(file) };
        npy.bytes(&header(kind, shape))?;
        Ok(npy)
    }

    /// Adds bytes.
    pub fn bytes(&mut self, bytes: &[u8]) -> Result<(), SampleError> {
        self.file.write_all(bytes).map_err(|error| io_error(&self.path, &error))
    }

    /// Adds numbers.
    pub fn floats(&mut self, values: &[f32]) -> Result<(), SampleError> {
        values.iter().try_for_each(|value| self.bytes(&value.to_le_bytes()))
    }

    /// Ends the array and returns its file.
    pub fn finish(mut self) -> Result<PathBuf, SampleError> {
        self.file.flush().map_err(|error| io_error(&self.path, &error))?;
        Ok(self.path)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_header_is_numpys() {
        let bytes = header("<f4", &[2, 3, 4]);
        assert_eq!(bytes.len() % 64, 0);
        assert_eq!(usize::from(u16::from_le_bytes([bytes[8], bytes[9]])), bytes.len() - 10);
        let words = std::str::from_utf8(&bytes[10..]).unwrap();
        assert!(words.starts_with("{'descr': '<f4', 'fortran_order': False, 'shape': (2, 3, 4,), }"), "{words}");
        assert!(words.ends_with('\n'));
    }
}
