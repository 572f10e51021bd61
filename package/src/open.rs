//! A scene from any file that holds one: a master, or a package whose video is decoded.

use crate::{ExportError, video};
use loop3d_scene::package::{Assembly, Codec, Event, Head, Limits, PackageError, Reader, premultiplied};
use loop3d_scene::{Kind, Scene};
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
        // Shorter files are left to the master's reader.
        Ok(File::open(path)?.read(&mut start)? == 4 && start == *b"glTF")
    };
    if is_package().unwrap_or(false) { open_package(path) } else { Ok(loop3d_scene::load(path)?) }
}

fn open_package(path: &Path) -> Result<Scene, ExportError> {
    let unreadable = |error| ExportError::Read { path: path.to_owned(), error };
    let bad = |error| ExportError::Package { path: path.to_owned(), error };
    let mut file = File::open(path).map_err(unreadable)?;
    let mut reader = Reader::new(Limits::default());
    let (mut piece, mut events) = (vec![0; PIECE], Vec::new());
    loop {
        let count = file.read(&mut piece).map_err(unreadable)?;
        if count == 0 {
            break;
        }
        reader.push(&piece[..count], &mut events).map_err(bad)?;
    }
    reader.finish().map_err(bad)?;
    let head = Arc::clone(reader.head().ok_or_else(|| bad(PackageError::NotAPackage { found: "no head".to_owned() }))?);
    let mut parts = vec![Vec::new(); head.parts.len()];
    for event in events {
        if let Event::Part { index, bytes } = event {
            parts[index] = bytes;
        }
    }
    scene(&head, &parts).map_err(|error| match error {
        ExportError::Format(error) => bad(error),
        other => other,
    })
}

/// The scene of a head that was checked, and its parts.
///
/// # Errors
/// A layout, a picture or a video is broken.
pub(crate) fn scene(head: &Head, parts: &[Vec<u8>]) -> Result<Scene, ExportError> {
    let [still, looping, gains] = [head.still.layout, head.looping.layout, head.looping.gains].map(|part| &parts[part]);
    let mut assembly = Assembly::new(head, still, looping, gains)?;
    let mut texels = Vec::new();
    for (page, image) in head.still.images.iter().enumerate() {
        let size = [image.width as usize, image.height as usize];
        let rgba = video::rgba_of_png(&parts[image.part], size, &format!("static image {page}"))?;
        premultiplied(&rgba, &mut texels);
        assembly.set_page(Kind::Static, page, 0, size[0], &texels)?;
    }
    // Of several streams that of the best: PNG is exact, and AV1 is made with no less care than H.264.
    let order = [Codec::Png, Codec::H264, Codec::Av1];
    let stream = order.iter().find_map(|&codec| head.looping.streams.iter().find(|stream| stream.codec == codec));
    let Some(stream) = stream else { return Ok(assembly.finish()?) };
    for (page, size) in head.looping.pages.iter().enumerate() {
        let size = size.map(|side| side as usize);
        let mut frames: Vec<&[u8]> = Vec::with_capacity(head.frames);
        for chunk in stream.chunks.iter().filter(|chunk| chunk.page == page) {
            let mut rest = &parts[chunk.part][..];
            for &bytes in &chunk.sizes {
                let (frame, after) = rest.split_at_checked(bytes as usize).unwrap_or((rest, &[]));
                frames.push(frame);
                rest = after;
            }
        }
        let description = stream.description(page).unwrap_or_default();
        video::decode(stream.codec, size, &description, &frames, &mut |frame, texels| {
            Ok(assembly.set_page(Kind::Looping, page, frame, size[0], texels)?)
        })?;
    }
    Ok(assembly.finish()?)
}
