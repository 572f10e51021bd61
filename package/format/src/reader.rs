//! The strict reader: a package, read while it arrives.

use crate::document::{EXTENSION, Head, SEAL_BYTES, VERSION};
use crate::error::{check, damaged, limit};
use crate::{PackageError, document::Sha256Sum};
use serde::Deserialize;
use sha2::{Digest, Sha256};
use std::sync::Arc;

/// The most that a reader accepts. It never holds more than the JSON or one part at a time, and never asks for more memory than twice
/// the bytes of it that have arrived.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Limits {
    /// Bytes of the JSON chunk.
    pub json_bytes: u64,
    /// Bytes of one part.
    pub part_bytes: u64,
    /// Bytes of all texels of the scene, 16 bits a channel.
    pub texel_bytes: u64,
    /// Places of the tile table, of 8 bytes each.
    pub table_places: u64,
}

impl Default for Limits {
    fn default() -> Self {
        Self { json_bytes: 16 << 20, part_bytes: 256 << 20, texel_bytes: 8 << 30, table_places: 4 << 20 }
    }
}

/// Something that arrived whole.
#[derive(Clone, Debug, PartialEq)]
pub enum Arrival {
    /// The head, checked.
    Head(Arc<Head>),
    /// A part, checked against its SHA-256.
    Part {
        /// Its index in [`Head::parts`].
        index: usize,
        /// Its bytes.
        bytes: Vec<u8>,
    },
}

/// Turns bytes into a head and parts. The first error is final: later calls return it again.
pub struct Reader {
    limits: Limits,
    section: Section,
    /// Bytes of the current section that have arrived.
    buffer: Vec<u8>,
    /// Bytes of the whole section.
    wanted: u64,
    json: Vec<u8>,
    /// Bytes of the file, as its header says.
    file_length: u64,
    binary_length: u64,
    head: Option<Arc<Head>>,
    failure: Option<PackageError>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Section {
    FileHeader,
    JsonHeader,
    Json,
    BinaryHeader,
    Seal,
    Part(usize),
    /// Zeros between a part and the next multiple of 4.
    Padding(usize),
    End,
}

const MAGIC: u32 = u32::from_le_bytes(*b"glTF");
const JSON: u32 = u32::from_le_bytes(*b"JSON");
const BINARY: u32 = u32::from_le_bytes(*b"BIN\0");

impl Reader {
    /// A reader at the first byte of a package.
    pub fn new(limits: Limits) -> Self {
        Self {
            limits,
            section: Section::FileHeader,
            buffer: Vec::new(),
            wanted: 12,
            json: Vec::new(),
            file_length: 0,
            binary_length: 0,
            head: None,
            failure: None,
        }
    }

    /// Takes the next bytes and adds what became whole to `arrivals`, even where an error follows it.
    ///
    /// # Errors
    /// The bytes are not a package, or are damaged.
    pub fn push(&mut self, mut bytes: &[u8], arrivals: &mut Vec<Arrival>) -> Result<(), PackageError> {
        if let Some(failure) = &self.failure {
            return Err(failure.clone());
        }
        let result = loop {
            let missing = self.wanted - self.buffer.len() as u64;
            if self.section == Section::End {
                break check(bytes.is_empty(), "end of file", "more bytes", format!("{} bytes", self.file_length));
            }
            let now = bytes.len().min(usize::try_from(missing).unwrap_or(usize::MAX));
            let (taken, rest) = bytes.split_at(now);
            self.buffer.extend_from_slice(taken);
            bytes = rest;
            if (now as u64) < missing {
                break Ok(());
            }
            let whole = std::mem::take(&mut self.buffer);
            if let Err(error) = self.advance(whole, arrivals) {
                break Err(error);
            }
        };
        self.failure = result.as_ref().err().cloned();
        result
    }

    /// The file has ended.
    ///
    /// # Errors
    /// It ended too early, or an earlier error.
    pub fn finish(&self) -> Result<(), PackageError> {
        match (&self.failure, self.section) {
            (Some(failure), _) => Err(failure.clone()),
            (None, Section::End) => Ok(()),
            (None, Section::FileHeader) if self.buffer.len() < 4 => {
                Err(PackageError::NotAPackage { found: format!("{} bytes", self.buffer.len()) })
            }
            (None, _) => Err(PackageError::Truncated {
                place: self.place(),
                found: self.buffer.len() as u64,
                expected: self.wanted,
            }),
        }
    }

    /// The head, once it has arrived.
    pub fn head(&self) -> Option<&Arc<Head>> {
        self.head.as_ref()
    }

    fn place(&self) -> String {
        let part = |index| self.head.as_ref().map_or_else(String::new, |head| head.part_name(index));
        match self.section {
            Section::FileHeader => "file header".to_owned(),
            Section::JsonHeader | Section::Json => "JSON".to_owned(),
            Section::BinaryHeader => "header of the binary chunk".to_owned(),
            Section::Seal => "seal of the JSON".to_owned(),
            Section::Part(index) => part(index),
            Section::Padding(index) => format!("padding after {}", part(index)),
            Section::End => "end of file".to_owned(),
        }
    }

    /// Uses the whole bytes of the current section and moves on to the next.
    fn advance(&mut self, whole: Vec<u8>, arrivals: &mut Vec<Arrival>) -> Result<(), PackageError> {
        let word = |i: usize| whole.get(4 * i..4 * i + 4).map_or(0, |b| u32::from_le_bytes([b[0], b[1], b[2], b[3]]));
        let next = match self.section {
            Section::FileHeader => {
                if word(0) != MAGIC || word(1) != 2 {
                    return Err(PackageError::NotAPackage { found: "other bytes at its start".to_owned() });
                }
                self.file_length = word(2).into();
                (Section::JsonHeader, 8)
            }
            Section::JsonHeader => {
                check(word(1) == JSON, "JSON", "another chunk", "the JSON chunk first")?;
                check(word(0) % 4 == 0, "JSON", format!("{} bytes", word(0)), "a multiple of 4")?;
                let length = u64::from(word(0));
                limit("JSON", length, self.limits.json_bytes)?;
                // Packages have a binary chunk with at least a seal.
                if 20 + length + 8 > self.file_length {
                    return Err(PackageError::NotAPackage { found: "a glTF binary without a binary chunk".to_owned() });
                }
                (Section::Json, length)
            }
            Section::Json => {
                self.json = whole;
                (Section::BinaryHeader, 8)
            }
            Section::BinaryHeader => {
                check(word(1) == BINARY, "header of the binary chunk", "another chunk", "the binary chunk")?;
                self.binary_length = word(0).into();
                let expected = 20 + self.json.len() as u64 + 8 + self.binary_length;
                check(self.file_length == expected, "file header", self.file_length, expected)?;
                if self.binary_length < SEAL_BYTES {
                    return Err(PackageError::NotAPackage { found: "a glTF binary without it".to_owned() });
                }
                (Section::Seal, SEAL_BYTES)
            }
            Section::Seal => {
                let json = std::mem::take(&mut self.json);
                let head = Arc::new(self.read_head(&json, &whole)?);
                self.head = Some(Arc::clone(&head));
                arrivals.push(Arrival::Head(head));
                self.part_or_end(0)
            }
            Section::Part(index) => {
                let Some(head) = &self.head else { return Err(damaged(self.place(), "no head", "a head")) };
                let (sum, expected) = (Sha256Sum(Sha256::digest(&whole).into()), head.parts[index].sha256);
                check(sum == expected, self.place(), format!("SHA-256 {sum}"), expected)?;
                let padding = whole.len().next_multiple_of(4) - whole.len();
                arrivals.push(Arrival::Part { index, bytes: whole });
                (Section::Padding(index), padding as u64)
            }
            Section::Padding(index) => {
                check(whole.iter().all(|&byte| byte == 0), self.place(), "other bytes", "zeros")?;
                self.part_or_end(index + 1)
            }
            Section::End => (Section::End, 0),
        };
        (self.section, self.wanted) = next;
        Ok(())
    }

    fn part_or_end(&self, index: usize) -> (Section, u64) {
        match self.head.as_ref().and_then(|head| head.parts.get(index)) {
            Some(part) => (Section::Part(index), part.length),
            None => (Section::End, 0),
        }
    }

    fn read_head(&self, json: &[u8], seal: &[u8]) -> Result<Head, PackageError> {
        let value = extension(json)?;
        // Before the version is trusted: every version has the seal.
        let sum = Sha256Sum(Sha256::digest(json).into());
        let expected = seal.try_into().map_or(String::new(), |seal| Sha256Sum(seal).to_string());
        check(sum.to_string() == expected, "JSON", format!("SHA-256 {sum}"), expected)?;
        // A newer version may have any other fields.
        #[derive(Deserialize)]
        struct Version {
            version: u32,
            tool: String,
        }
        let bad = |e: serde_json::Error| damaged("JSON", e, format!("the extension {EXTENSION}"));
        let Version { version, tool } = Version::deserialize(&value).map_err(bad)?;
        if version > VERSION {
            return Err(PackageError::Newer { tool, version });
        }
        let head: Head = serde_json::from_value(value).map_err(bad)?;
        head.check(self.binary_length, &self.limits)?;
        Ok(head)
    }
}

/// The extension in the glTF document.
fn extension(json: &[u8]) -> Result<serde_json::Value, PackageError> {
    #[derive(Deserialize)]
    struct Document {
        extensions: Option<Extensions>,
    }
    #[derive(Deserialize)]
    struct Extensions {
        #[serde(rename = "LOOP3D_scene")]
        scene: Option<serde_json::Value>,
    }
    let document: Document = serde_json::from_slice(json).map_err(|e| damaged("JSON", e, "a glTF document"))?;
    let found = document.extensions.and_then(|extensions| extensions.scene);
    found.ok_or_else(|| PackageError::NotAPackage { found: "a glTF binary without it".to_owned() })
}
