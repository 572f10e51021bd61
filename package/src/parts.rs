//! The parts of a package, one after the other.

use loop3d_package_format::{Part, Role, SEAL_BYTES, Sha256Sum};
use sha2::{Digest, Sha256};

/// The binary chunk under construction.
#[derive(Clone, Default)]
pub(crate) struct Parts {
    pub entries: Vec<Part>,
    /// The bytes after the seal.
    pub bytes: Vec<u8>,
}

impl Parts {
    /// Adds a part, and zeros up to the next multiple of 4. Returns its index.
    pub(crate) fn add(&mut self, role: Role, bytes: &[u8]) -> usize {
        self.entries.push(Part {
            role,
            offset: SEAL_BYTES + self.bytes.len() as u64,
            length: bytes.len() as u64,
            sha256: Sha256Sum(Sha256::digest(bytes).into()),
        });
        self.bytes.extend(bytes);
        self.bytes.resize(self.bytes.len().next_multiple_of(4), 0);
        self.entries.len() - 1
    }

    /// Bytes of the binary chunk's data.
    pub(crate) fn length(&self) -> u64 {
        SEAL_BYTES + self.bytes.len() as u64
    }

    /// Bytes of all parts of a role.
    pub(crate) fn of_role(&self, role: Role) -> u64 {
        self.entries.iter().filter(|part| part.role == role).map(|part| part.length).sum()
    }
}
