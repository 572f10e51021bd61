//! Is the head of a package consistent? Every count, offset and size is checked here once, before it is used.

use crate::document::{CHUNK_FRAMES, Codec, Head, Part, Role, SEAL_BYTES, StaticPage, Stream, VERSION};
use crate::error::{check, damaged, limit};
use crate::{Limits, PackageError, gpu_blocks};

/// The largest coded frame: that of H.264 level 5.2 and of phones' decoders.
pub(crate) const PAGE_LIMIT: [u32; 2] = [4096, 2304 / 2];
/// The longest side of an image.
const IMAGE_SIDE: u32 = 8192;
/// Counts beyond any real scene.
const PARTS: u64 = 1 << 20;
const FRAMES: u64 = 1 << 16;

impl Head {
    /// Checks every count, offset and size; the binary chunk has `binary_length` bytes.
    pub(crate) fn check(&self, binary_length: u64, limits: &Limits) -> Result<(), PackageError> {
        check(self.version == VERSION, "version", self.version, VERSION)?;
        check(self.fps.is_finite() && self.fps > 0.0, "fps", self.fps, "a positive number")?;
        check(self.frames >= 1, "frames", 0, "at least 1")?;
        limit("frames", self.frames as u64, FRAMES)?;
        self.planes.validate()?;
        self.reference.validate("reference camera")?;
        for (index, view) in self.views.iter().enumerate() {
            view.camera.validate(&format!("view {index} ({})", view.name))?;
        }
        let crate::CameraLimits { min, max } = self.camera_limits;
        let good = min.is_finite() && max.is_finite() && min.cmple(max).all();
        check(good, "camera limits", format!("{min} to {max}"), "finite numbers, min at most max")?;
        let shape = format!("{} × {} × {}", self.planes.count, self.rows, self.columns);
        check(self.rows >= 1 && self.columns >= 1, "tile table", &shape, "at least one row and column")?;
        let places = self.planes.count.checked_mul(self.rows).and_then(|n| n.checked_mul(self.columns));
        limit("places of the tile table", places.map_or(u64::MAX, |n| n as u64), limits.table_places)?;
        self.check_parts(binary_length, limits)?;
        self.part(self.picture, Role::Picture, "picture")?;
        self.part(self.static_tiles.layout, Role::Layout, "layout of static tiles")?;
        self.part(self.looping_tiles.layout, Role::Layout, "layout of looping tiles")?;
        self.part(self.looping_tiles.gains, Role::Gains, "gains")?;
        for (index, &StaticPage { part, width, height }) in self.static_tiles.images.iter().enumerate() {
            let place = format!("static image {index}");
            self.part(part, Role::Static, &place)?;
            check(width >= 1 && height >= 1, &place, format!("{width}×{height}"), "at least 1×1")?;
            limit(&place, width.max(height).into(), IMAGE_SIDE.into())?;
        }
        for (index, &[width, height]) in self.looping_tiles.pages.iter().enumerate() {
            let good = [width, height].iter().all(|side| *side >= 16 && side % 16 == 0);
            let place = format!("page {index}");
            check(good, &place, format!("{width}×{height}"), "sides that are multiples of 16")?;
            limit(&place, width.into(), PAGE_LIMIT[0].into())?;
            limit(&place, height.into(), PAGE_LIMIT[1].into())?;
        }
        check(self.looping_tiles.halo <= 1, "halo of looping tiles", self.looping_tiles.halo, "0 or 1")?;
        let texels = |[width, height]: [u32; 2]| u64::from(width) * u64::from(height);
        let static_texels: u64 = self.static_tiles.images.iter().map(|image| texels([image.width, image.height])).sum();
        let looping_texels: u64 = self.looping_tiles.pages.iter().map(|&page| texels(page)).sum();
        limit("texels", 8 * (static_texels + looping_texels.saturating_mul(self.frames as u64)), limits.texel_bytes)?;
        let streams = &self.looping_tiles.streams;
        let good = streams.is_empty() == self.looping_tiles.pages.is_empty();
        check(good, "streams", streams.len(), format!("those of {} pages", self.looping_tiles.pages.len()))?;
        streams.iter().try_for_each(|stream| self.check_stream(stream))
    }

    /// Parts follow one another, each from the next multiple of 4, with nothing between or after them.
    fn check_parts(&self, binary_length: u64, limits: &Limits) -> Result<(), PackageError> {
        limit("number of parts", self.parts.len() as u64, PARTS)?;
        let mut end = SEAL_BYTES;
        for (index, part) in self.parts.iter().enumerate() {
            let place = self.part_name(index);
            check(part.offset == end, &place, format!("offset {}", part.offset), format!("offset {end}"))?;
            limit(&place, part.length, limits.part_bytes)?;
            end = (part.offset + part.length).next_multiple_of(4);
        }
        check(end == binary_length, "binary chunk", format!("{binary_length} bytes"), format!("{end} bytes"))
    }

    fn part(&self, index: usize, role: Role, place: &str) -> Result<&Part, PackageError> {
        let found = self.parts.get(index).filter(|part| part.role == role);
        let said = || match self.parts.get(index) {
            Some(part) => format!("part {index}, {}", part.role),
            None => format!("part {index} of {}", self.parts.len()),
        };
        found.ok_or_else(|| damaged(place, said(), format!("a part of role {role}")))
    }

    /// The name of a part in errors.
    pub(crate) fn part_name(&self, index: usize) -> String {
        match self.parts.get(index) {
            Some(part) => format!("part {index} ({})", part.role),
            None => format!("part {index}"),
        }
    }

    /// The chunks of every page follow one another in time, from the first frame to the last.
    fn check_stream(&self, stream: &Stream) -> Result<(), PackageError> {
        let pages = self.looping_tiles.pages.len();
        let name = format!("stream {}", stream.codec);
        let (halo, sampled) = (self.looping_tiles.halo, stream.codec.block_side().is_some());
        check(halo == 1 || !sampled, &name, format!("a halo of {halo}"), "1, since GPUs filter its pages")?;
        let found = [stream.names.len(), stream.descriptions.len()];
        check(found == [pages; 2], &name, format!("{found:?} names and descriptions"), format!("{pages} of each"))?;
        for page in 0..pages {
            let hex = stream.description(page).is_some();
            check(hex, format!("{name}, description {page}"), "other characters", "hex digits")?;
            if let Some(expected) = stream.codec.fixed_name() {
                check(stream.names[page] == expected, format!("{name}, name {page}"), &stream.names[page], expected)?;
            }
        }
        let mut next = vec![0; pages];
        for (index, chunk) in stream.chunks.iter().enumerate() {
            let place = format!("{name}, chunk {index}");
            let part = self.part(chunk.part, Role::Video, &place)?;
            let first = next.get_mut(chunk.page);
            let first =
                first.ok_or_else(|| damaged(&place, format!("page {}", chunk.page), format!("one of {pages}")))?;
            check(chunk.first == *first, &place, format!("frame {}", chunk.first), format!("frame {first}"))?;
            let left = self.frames - *first;
            let frames = chunk.sizes.len();
            let expected = if stream.codec == Codec::Png { 1.min(left) } else { CHUNK_FRAMES.min(left) };
            check(frames == expected && frames > 0, &place, format!("{frames} frames"), format!("{expected}"))?;
            *first += frames;
            let bytes: u64 = chunk.sizes.iter().map(|&size| u64::from(size)).sum();
            check(bytes == part.length, &place, format!("frames of {bytes} bytes"), format!("{} bytes", part.length))?;
            let page = self.looping_tiles.pages[chunk.page].map(|side| side as usize);
            if let Some(unpacked) = gpu_blocks::unpacked_bytes(stream.codec, page) {
                let (largest, most) = (chunk.sizes.iter().copied().max(), gpu_blocks::most_packed_bytes(unpacked));
                let good = largest.is_some_and(|largest| largest as usize <= most);
                check(good, &place, format!("a frame of {largest:?} bytes"), format!("at most {most}"))?;
            }
        }
        let whole = next.iter().all(|&frames| frames == self.frames);
        check(whole, &name, format!("{next:?} frames of each page"), format!("{} frames", self.frames))
    }
}
