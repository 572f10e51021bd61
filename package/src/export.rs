//! A scene written as a package.

use crate::coded::CodedPage;
use crate::open::open_bytes;
use crate::prepared::{Package, Prepared};
use crate::report::{PlainPng, Report, gpu_bytes};
use crate::{ExportError, compare, shots, textures};
use loop3d_package_format::{Codec, Role};
use loop3d_scene::job::{Event, Observer, Part, check};
use loop3d_scene::{Scene, write_file};
use std::io::Write;
use std::path::Path;
use std::time::Instant;

/// How often video is coded, at most, in search of a size.
const TRIES: usize = 7;
/// A file of more than this fraction of its limit is near enough.
const NEAR: f64 = 0.95;

/// What to write.
#[derive(Clone, Debug, PartialEq)]
pub struct Settings {
    /// The codecs of the looping tiles, at least one.
    pub codecs: Vec<Codec>,
    /// 0–100. With codecs other than video it changes only the static tiles, with [`Codec::Png`] nothing.
    pub quality: u8,
    /// Bytes of the largest file allowed: the highest quality that allows it is searched for, from `quality`.
    pub max_bytes: Option<u64>,
}

/// Writes `scene` as a package. The file is read back and compared with the scene before it takes the place of an older one at `path`.
///
/// # Errors
/// The target cannot be written, ffmpeg is missing or fails, no quality makes the file small enough, or `observer` asks to stop.
pub fn export(
    scene: &Scene,
    path: &Path,
    settings: &Settings,
    observer: &mut dyn Observer,
) -> Result<Report, ExportError> {
    settings.codecs.iter().try_for_each(|&codec| textures::check(codec))?;
    scene.validate()?;
    let prepared = Prepared::new(scene, &settings.codecs, observer)?;
    let started = Instant::now();
    let (package, quality) = match settings.max_bytes {
        Some(most) => search(&prepared, settings, most, observer)?,
        None => (
            Coder::new(&prepared, &settings.codecs).code(
                settings.quality,
                "coding",
                &mut Part::new(observer, 0.05, 0.8),
            )?,
            settings.quality,
        ),
    };
    let coding_seconds = started.elapsed().as_secs_f64();
    check(observer.event(Event::step("comparing", 0.8)), ExportError::Stopped)?;
    let started = Instant::now();
    let reread = open_bytes(&[&package.start, &package.parts.bytes])?;
    let decoding_seconds = started.elapsed().as_secs_f64();
    let shots = shots(scene);
    let likeness = compare(scene, &reread, &shots);
    drop(reread);
    let plain_png = PlainPng::of(scene, &shots, &mut Part::new(observer, 0.85, 1.0))?;
    write_file(path, |out: &mut dyn Write| {
        out.write_all(&package.start)?;
        out.write_all(&package.parts.bytes)
    })?;
    let roles = [Role::Layout, Role::Gains, Role::Picture, Role::Geometry, Role::Poster, Role::Static, Role::Video];
    Ok(Report {
        codecs: settings.codecs.iter().map(Codec::to_string).collect(),
        quality,
        bytes: package.bytes(),
        json_bytes: package.start.len() as u64,
        parts: roles.iter().map(|&role| (role.to_string(), package.parts.of_role(role))).collect(),
        likeness,
        coding_seconds,
        decoding_ms_per_frame: 1000.0 * decoding_seconds / scene.frames as f64,
        gpu_bytes: gpu_bytes(&prepared.static_packing, &prepared.looping_packing, &settings.codecs),
        plain_png,
    })
}

/// Makes files of one scene at several qualities.
struct Coder<'a> {
    prepared: &'a Prepared<'a>,
    codecs: &'a [Codec],
    /// Pages of codecs that have no quality: the same for all files.
    fixed: Vec<(Codec, Vec<CodedPage>)>,
}

impl<'a> Coder<'a> {
    fn new(prepared: &'a Prepared<'a>, codecs: &'a [Codec]) -> Self {
        Self { prepared, codecs, fixed: Vec::new() }
    }

    /// The file at a quality. `stage` is what the observer is shown.
    fn code(&mut self, quality: u8, stage: &str, observer: &mut dyn Observer) -> Result<Package, ExportError> {
        let frames = self.prepared.frames() * self.codecs.len();
        let mut done = 0;
        let mut frame_done = || {
            done += 1;
            let done = done as f64 / frames.max(1) as f64;
            check(observer.event(Event::step(stage, done)), ExportError::Stopped)
        };
        let mut coded = Vec::new();
        for &codec in self.codecs {
            let known = self.fixed.iter().find(|(known, _)| *known == codec);
            let pages = match known {
                Some((_, pages)) => pages.clone(),
                None => self.prepared.code(codec, quality, &mut frame_done)?,
            };
            if known.is_none() && codec.fixed_name().is_some() {
                self.fixed.push((codec, pages.clone()));
            }
            coded.push((codec, pages));
        }
        self.prepared.with(quality, &coded)
    }
}

/// The highest quality whose file has at most `most` bytes, or one whose file is nearly that large. Bytes of video are assumed to grow
/// exponentially with quality between the ones that were tried.
fn search(
    prepared: &Prepared<'_>,
    settings: &Settings,
    most: u64,
    observer: &mut dyn Observer,
) -> Result<(Package, u8), ExportError> {
    let mut coder = Coder::new(prepared, &settings.codecs);
    let [mut fits, mut too_large]: [Option<(u8, u64)>; 2] = [None; 2];
    let mut best = None;
    let mut quality = settings.quality;
    for attempt in 0..TRIES {
        let step = 0.75 / TRIES as f64;
        let [from, to] = [attempt, attempt + 1].map(|attempt| 0.05 + attempt as f64 * step);
        let stage = format!("coding at quality {quality}");
        let package = coder.code(quality, &stage, &mut Part::new(observer, from, to))?;
        let bytes = package.bytes();
        if bytes <= most {
            fits = Some((quality, bytes));
            best = Some((package, quality));
            if quality == 100 || bytes as f64 >= NEAR * most as f64 {
                break;
            }
        } else if quality == 0 {
            return Err(ExportError::Size { smallest: bytes, most });
        } else {
            too_large = Some((quality, bytes));
        }
        let Some(next) = next_quality(fits, too_large, most, attempt == 0) else { break };
        quality = next;
    }
    match best {
        Some(best) => Ok(best),
        // Every try was too large, and there was none left.
        None => {
            let package = coder.code(0, "coding at quality 0", &mut Part::new(observer, 0.75, 0.8))?;
            if package.bytes() <= most {
                Ok((package, 0))
            } else {
                Err(ExportError::Size { smallest: package.bytes(), most })
            }
        }
    }
}

/// The quality to try next, between one that fits and one that is too large; `None` where none is left between them. After the `first`
/// try it is a guess from the usual growth; where that was not enough, the range is halved.
fn next_quality(fits: Option<(u8, u64)>, too_large: Option<(u8, u64)>, most: u64, first: bool) -> Option<u8> {
    /// Octaves of bytes for a step of quality.
    const SLOPE: f64 = 0.045;
    let log = |bytes: u64| (bytes.max(1) as f64).log2();
    let guess = |(quality, bytes): (u8, u64)| f64::from(quality) + (log(most) - log(bytes)) / SLOPE;
    let (low, high, guess) = match (fits, too_large) {
        (None, None) => return None,
        (Some(a), None) => (a.0.checked_add(1)?, 100, if first { guess(a) } else { f64::midpoint(a.0.into(), 100.0) }),
        (None, Some(b)) => (0, b.0.checked_sub(1)?, if first { guess(b) } else { f64::from(b.0) / 2.0 }),
        (Some(a), Some(b)) => {
            let part = (log(most) - log(a.1)) / (log(b.1) - log(a.1));
            (a.0 + 1, b.0 - 1, f64::from(a.0) + part * f64::from(b.0 - a.0))
        }
    };
    (low <= high && high <= 100).then(|| (guess.floor().clamp(f64::from(low), f64::from(high))) as u8)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Tries until the search ends, as [`search`] does.
    fn found(start: u8, most: u64, bytes: impl Fn(u8) -> u64) -> (Option<u8>, usize) {
        let (mut fits, mut too_large, mut quality) = (None, None, start);
        for tries in 1..20 {
            let size = bytes(quality);
            *(if size <= most { &mut fits } else { &mut too_large }) = Some((quality, size));
            let near = size <= most && size as f64 >= NEAR * most as f64;
            match next_quality(fits, too_large, most, tries == 1) {
                Some(next) if !near => quality = next,
                _ => return (fits.map(|(quality, _)| quality), tries),
            }
        }
        panic!("no end")
    }

    #[test]
    fn the_search_fills_the_limit_in_a_few_tries() {
        let exponential = |quality: u8| (1e6 + 1e5 * (f64::from(quality) * 0.06).exp2()) as u64;
        for (start, most) in [(50, 2_000_000), (0, 2_000_000), (100, 2_000_000), (50, 1_200_000), (50, 6_000_000)] {
            let (quality, tries) = found(start, most, exponential);
            let quality = quality.unwrap();
            assert!(exponential(quality) <= most);
            let near = exponential(quality) as f64 >= NEAR * most as f64;
            assert!(near || exponential(quality + 1) > most, "{start} {most}: {quality}");
            assert!(tries <= TRIES, "{start} {most}: {tries}");
        }
        assert_eq!(found(50, 1000, exponential).0, None);
        assert_eq!(found(50, u64::MAX, exponential).0, Some(100));
    }

    #[test]
    fn between_neighbours_there_is_nothing_to_try() {
        assert_eq!(next_quality(Some((40, 900)), Some((41, 1100)), 1000, true), None);
        assert_eq!(next_quality(Some((100, 900)), None, 1000, true), None);
        assert_eq!(next_quality(None, Some((0, 1100)), 1000, true), None);
        assert_eq!(next_quality(Some((40, 900)), Some((42, 1100)), 1000, true), Some(41));
    }
}
