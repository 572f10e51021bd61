//! The parts of a package that have arrived. They are kept compressed, so that a lost GPU can be filled again.

use loop3d_package_format::{Arrival, Head, Layouts, Limits, PackageError, Reader, Role, Stream};
use std::sync::Arc;

/// The reader of a package, and the parts that a player may need again.
pub struct Parts {
    reader: Reader,
    arrivals: Vec<Arrival>,
    parts: Vec<Option<Vec<u8>>>,
    /// Indices of the parts that have arrived since the last `take_arrived`.
    arrived: Vec<u32>,
    layouts: Option<Layouts>,
    stream: Option<usize>,
}

impl Parts {
    /// Nothing has arrived.
    pub fn new() -> Self {
        let reader = Reader::new(Limits::default());
        Self { reader, arrivals: Vec::new(), parts: Vec::new(), arrived: Vec::new(), layouts: None, stream: None }
    }

    /// Takes the next bytes. Parts that were complete before an error are kept.
    pub fn push(&mut self, bytes: &[u8]) -> Result<(), PackageError> {
        let result = self.reader.push(bytes, &mut self.arrivals);
        for arrival in std::mem::take(&mut self.arrivals) {
            match arrival {
                Arrival::Head(head) => self.parts.resize(head.parts.len(), None),
                Arrival::Part { index, bytes } => self.keep(index, bytes)?,
            }
        }
        result
    }

    /// To be called after the last bytes: an error where some are missing.
    pub fn finish(&self) -> Result<(), PackageError> {
        self.reader.finish()
    }

    fn keep(&mut self, index: usize, bytes: Vec<u8>) -> Result<(), PackageError> {
        let Some(head) = self.reader.head().cloned() else { return Ok(()) };
        let role = head.parts.get(index).map(|part| part.role);
        // Only one of several streams is played.
        let is_other = role == Some(Role::Video) && self.stream().is_some_and(|stream| !stream.has(index));
        if role == Some(Role::Geometry) || is_other {
            return Ok(());
        }
        if let Some(slot) = self.parts.get_mut(index) {
            *slot = Some(bytes);
            self.arrived.push(index as u32);
        }
        let layouts =
            [head.static_tiles.layout, head.looping_tiles.layout, head.looping_tiles.gains].map(|part| self.part(part));
        if let ([Some(static_layout), Some(looping_layout), Some(gains)], None) = (layouts, &self.layouts) {
            self.layouts = Some(Layouts::read(&head, static_layout, looping_layout, gains)?);
        }
        Ok(())
    }

    /// The parts that have arrived since the last call.
    pub fn take_arrived(&mut self) -> Vec<u32> {
        std::mem::take(&mut self.arrived)
    }

    /// The head of the package, once it has arrived.
    pub fn head(&self) -> Option<&Arc<Head>> {
        self.reader.head()
    }

    /// The head and the layouts, once they have arrived.
    pub fn plan(&self) -> Option<(&Arc<Head>, &Layouts)> {
        Some((self.head()?, self.layouts.as_ref()?))
    }

    /// The bytes of a part; `None` until they have arrived, and where they are not kept.
    pub fn part(&self, index: usize) -> Option<&[u8]> {
        self.parts.get(index)?.as_deref()
    }

    /// Chooses the stream to play and drops the others.
    pub fn choose(&mut self, stream: usize) {
        self.stream = Some(stream);
        let Some(head) = self.reader.head().cloned() else { return };
        let Some(chosen) = head.looping_tiles.streams.get(stream) else { return };
        for (index, part) in head.parts.iter().enumerate() {
            if part.role == Role::Video && !chosen.has(index) {
                self.parts[index] = None;
            }
        }
    }

    /// The chosen stream.
    pub fn stream(&self) -> Option<&Stream> {
        self.head()?.looping_tiles.streams.get(self.stream?)
    }

    /// The bytes of a frame of a page, and the key frame that decoding it starts from; `None` until they have arrived.
    pub fn frame(&self, page: usize, frame: usize) -> Option<(&[u8], usize)> {
        let chunks = self.stream()?.chunks.iter();
        let chunk = chunks.rev().find(|chunk| chunk.page == page && chunk.first <= frame)?;
        let index = frame - chunk.first;
        let size = *chunk.sizes.get(index)? as usize;
        let start: usize = chunk.sizes[..index].iter().map(|&size| size as usize).sum();
        Some((self.part(chunk.part)?.get(start..start + size)?, chunk.first))
    }
}

/// Whether a part belongs to a stream.
trait HasPart {
    fn has(&self, part: usize) -> bool;
}

impl HasPart for Stream {
    fn has(&self, part: usize) -> bool {
        self.chunks.iter().any(|chunk| chunk.part == part)
    }
}
