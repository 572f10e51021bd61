//! Opens a scene from any file that holds one: a master, or a package, whose video is decoded.

use crate::coded::CodedFrames;
use crate::png::rgba_of_png;
use crate::{ExportError, codecs, textures};
use loop3d_package_format::{
    Arrival, Assembly, Codec, Head, Layouts, Limits, PackageError, Reader, Stream, premultiplied,
};
use loop3d_scene::{Scene, TileKind};
use std::fs::File;
use std::io::Read;
use std::path::Path;
use std::sync::Arc;

/// Bytes that are read at a time.
const PIECE: usize = 1 << 18;

/// Reads a scene: a package where the file starts as glTF does, else a master.
///
/// # Errors
/// The file cannot be read, is neither, or is damaged; ffmpeg is missing or fails.
pub fn open(path: impl AsRef<Path>) -> Result<Scene, ExportError> {
    let path = path.as_ref();
    let is_package = || -> std::io::Result<bool> {
        let mut start = [0; 4];
        // Shorter files are left to the reader of masters.
        Ok(File::open(path)?.read(&mut start)? == 4 && start == *b"glTF")
    };
    if is_package().unwrap_or(false) { open_package(path) } else { Ok(loop3d_scene::load(path)?) }
}

/// Checks every byte of a package without decoding its images and videos, and returns its head.
///
/// # Errors
/// The file cannot be read, is not a package, or is damaged.
pub fn check(path: impl AsRef<Path>) -> Result<Arc<Head>, ExportError> {
    let path = path.as_ref();
    collect(path)?.head().map_err(|error| in_file(error, path))
}

fn open_package(path: &Path) -> Result<Scene, ExportError> {
    collect(path)?.scene().map_err(|error| in_file(error, path))
}

/// All parts of a package, each checked against its SHA-256.
fn collect(path: &Path) -> Result<Collector, ExportError> {
    let unreadable = |error| ExportError::Read { path: path.to_owned(), error };
    let mut file = File::open(path).map_err(unreadable)?;
    let mut piece = vec![0; PIECE];
    let mut collector = Collector::new();
    loop {
        let count = file.read(&mut piece).map_err(unreadable)?;
        if count == 0 {
            break;
        }
        collector.push(&piece[..count]).map_err(|error| in_file(error, path))?;
    }
    Ok(collector)
}

/// The scene of a package in memory, in pieces.
pub(crate) fn open_bytes(pieces: &[&[u8]]) -> Result<Scene, ExportError> {
    let mut collector = Collector::new();
    pieces.iter().try_for_each(|piece| collector.push(piece))?;
    collector.scene()
}

fn in_file(error: ExportError, path: &Path) -> ExportError {
    match error {
        ExportError::Format(error) => ExportError::Package { path: path.to_owned(), error },
        other => other,
    }
}

/// A reader and the parts that have arrived.
struct Collector {
    reader: Reader,
    parts: Vec<Vec<u8>>,
    arrivals: Vec<Arrival>,
}

impl Collector {
    fn new() -> Self {
        Self { reader: Reader::new(Limits::default()), parts: Vec::new(), arrivals: Vec::new() }
    }

    fn push(&mut self, bytes: &[u8]) -> Result<(), ExportError> {
        self.reader.push(bytes, &mut self.arrivals)?;
        for arrival in self.arrivals.drain(..) {
            // Parts arrive in order.
            if let Arrival::Part { bytes, .. } = arrival {
                self.parts.push(bytes);
            }
        }
        Ok(())
    }

    /// The head, once all bytes and the layouts of the tiles were checked.
    fn head(self) -> Result<Arc<Head>, ExportError> {
        self.reader.finish()?;
        match self.reader.head() {
            Some(head) => {
                let [static_layout, looping_layout, gains] = layouts(head, &self.parts);
                Layouts::read(head, static_layout, looping_layout, gains)?;
                Ok(Arc::clone(head))
            }
            None => Err(PackageError::NotAPackage { found: "no head".to_owned() }.into()),
        }
    }

    fn scene(self) -> Result<Scene, ExportError> {
        self.reader.finish()?;
        match self.reader.head() {
            Some(head) => scene(head, &self.parts),
            None => Err(PackageError::NotAPackage { found: "no head".to_owned() }.into()),
        }
    }
}

/// The parts with the blocks of static and of looping tiles, and with the gains.
fn layouts<'a>(head: &Head, parts: &'a [Vec<u8>]) -> [&'a [u8]; 3] {
    [head.static_tiles.layout, head.looping_tiles.layout, head.looping_tiles.gains].map(|part| &*parts[part])
}

/// The scene of a head that was checked, and its parts.
///
/// # Errors
/// A layout, an image or a video is damaged.
fn scene(head: &Head, parts: &[Vec<u8>]) -> Result<Scene, ExportError> {
    let [static_layout, looping_layout, gains] = layouts(head, parts);
    let mut assembly = Assembly::new(head, static_layout, looping_layout, gains)?;
    let mut texels = Vec::new();
    for (page, image) in head.static_tiles.images.iter().enumerate() {
        let size = [image.width as usize, image.height as usize];
        let rgba = rgba_of_png(&parts[image.part], size, &format!("static image {page}"))?;
        premultiplied(&rgba, &mut texels);
        assembly.set_page(TileKind::Static, page, 0, size[0], &texels)?;
    }
    let Some(stream) = best_stream(&head.looping_tiles.streams) else { return Ok(assembly.finish()?) };
    textures::check(stream.codec)?;
    for (page, size) in head.looping_tiles.pages.iter().enumerate() {
        let size = size.map(|side| side as usize);
        let chunks = stream.chunks.iter().filter(|chunk| chunk.page == page);
        let frames: Vec<&[u8]> = chunks.flat_map(|chunk| chunk.frames(&parts[chunk.part])).collect();
        let description = stream.description(page).unwrap_or_default();
        let coded = CodedFrames { codec: stream.codec, size, description: &description, frames: &frames };
        codecs::decode(&coded, &mut |frame, texels| {
            Ok(assembly.set_page(TileKind::Looping, page, frame, size[0], texels)?)
        })?;
    }
    Ok(assembly.finish()?)
}

/// The stream that is likely to be the best; one that this build decodes, where there is one.
fn best_stream(streams: &[Stream]) -> Option<&Stream> {
    use Codec::{Astc4x4, Astc6x6, Av1, Bc7, Etc2, H264, Png};
    let order = [Png, Bc7, Astc4x4, Etc2, Astc6x6, H264, Av1];
    let mut there = order.iter().filter_map(|&codec| streams.iter().find(|stream| stream.codec == codec));
    let decodable = there.clone().find(|stream| textures::check(stream.codec).is_ok());
    decodable.or_else(|| there.next())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_best_stream_is_one_that_this_build_decodes_where_there_is_one() {
        let stream = |codec| Stream { codec, names: Vec::new(), descriptions: Vec::new(), chunks: Vec::new() };
        let best = |codecs: &[Codec]| {
            let streams: Vec<Stream> = codecs.iter().copied().map(stream).collect();
            best_stream(&streams).map(|stream| stream.codec)
        };
        assert_eq!(best(&[Codec::Av1, Codec::H264]), Some(Codec::H264));
        assert_eq!(best(&[]), None);
        let of_both = if cfg!(feature = "blocks") { Codec::Bc7 } else { Codec::H264 };
        assert_eq!(best(&[Codec::H264, Codec::Bc7]), Some(of_both));
        assert_eq!(best(&[Codec::Etc2]), Some(Codec::Etc2));
        assert_eq!(textures::check(Codec::Etc2).is_ok(), cfg!(feature = "blocks"));
    }
}
