//! Little-endian numbers from bytes that may end too early or announce too much.

use std::path::Path;

use crate::error::CaptureError;

/// A file's bytes, and how far they have been read.
pub(crate) struct Bytes<'a> {
    file: &'a Path,
    bytes: &'a [u8],
    at: usize,
}

impl<'a> Bytes<'a> {
    pub(crate) fn new(file: &'a Path, bytes: &'a [u8]) -> Self {
        Self { file, bytes, at: 0 }
    }

    /// An error at the current byte.
    pub(crate) fn bad(&self, problem: impl Into<String>) -> CaptureError {
        CaptureError::Bad { file: self.file.to_owned(), place: format!("byte {}", self.at), problem: problem.into() }
    }

    /// The next `count` bytes, which hold `what`.
    pub(crate) fn take(&mut self, count: usize, what: &str) -> Result<&'a [u8], CaptureError> {
        let left = &self.bytes[self.at..];
        let Some(taken) = left.get(..count) else {
            return Err(self.bad(format!("truncated: {} bytes left; expected {count} for {what}", left.len())));
        };
        self.at += count;
        Ok(taken)
    }

    fn array<const N: usize>(&mut self, what: &str) -> Result<[u8; N], CaptureError> {
        let mut array = [0; N];
        array.copy_from_slice(self.take(N, what)?);
        Ok(array)
    }

    pub(crate) fn u32(&mut self, what: &str) -> Result<u32, CaptureError> {
        self.array(what).map(u32::from_le_bytes)
    }

    pub(crate) fn u64(&mut self, what: &str) -> Result<u64, CaptureError> {
        self.array(what).map(u64::from_le_bytes)
    }

    pub(crate) fn f64(&mut self, what: &str) -> Result<f64, CaptureError> {
        self.array(what).map(f64::from_le_bytes)
    }

    /// `N` doubles.
    pub(crate) fn f64s<const N: usize>(&mut self, what: &str) -> Result<[f64; N], CaptureError> {
        let bytes = self.take(N * 8, what)?;
        let mut values = [0.0; N];
        for (value, bytes) in values.iter_mut().zip(bytes.as_chunks::<8>().0) {
            *value = f64::from_le_bytes(*bytes);
        }
        Ok(values)
    }

    /// A count of things of at least `least_bytes` each: more than the rest of the file can hold is an error, and nothing is
    /// allocated for it.
    pub(crate) fn count(&mut self, least_bytes: usize, what: &str) -> Result<usize, CaptureError> {
        let promised = self.u64(what)?;
        let room = (self.bytes.len() - self.at) / least_bytes;
        match usize::try_from(promised) {
            Ok(count) if count <= room => Ok(count),
            _ => Err(self.bad(format!(
                "{promised} announced for {what}; expected at most {room}, all that the file has room for"
            ))),
        }
    }

    /// Text up to a zero byte.
    pub(crate) fn text(&mut self, what: &str) -> Result<String, CaptureError> {
        let left = &self.bytes[self.at..];
        let Some(length) = left.iter().position(|&byte| byte == 0) else {
            return Err(self.bad(format!("truncated: no end of {what}; expected a zero byte")));
        };
        let text = String::from_utf8(left[..length].to_vec())
            .map_err(|_| self.bad(format!("{what} is not UTF-8 text; expected a name")))?;
        self.at += length + 1;
        Ok(text)
    }

    /// Nothing may be left.
    pub(crate) fn end(&self) -> Result<(), CaptureError> {
        match self.bytes.len() - self.at {
            0 => Ok(()),
            left => Err(self.bad(format!("{left} bytes left over; expected the end of the file"))),
        }
    }
}
