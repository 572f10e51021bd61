//! A clip from a video service: asked for, checked, and written with its record.

use super::record::{Made, Record, ViewRecord};
use super::request::{Field, ServiceRequest};
use super::target::Target;
use crate::failure::{Stopped, bad_input, mistake};
use crate::progress::Progress;
use crate::stop::Stop;
use anyhow::Result;
use loop3d_generator::metrics::ClipMetrics;
use loop3d_generator::service::{ClipRequest, Key, Limits, Reference, Service, ServiceError};
use loop3d_media::{Clip, Ffmpeg, Size, read_clip};
use loop3d_scene::job::Event;
use loop3d_scene::{Blame, Fault};
use std::fs;
use std::ops::ControlFlow;
use std::path::Path;
use std::time::Duration;

/// Largest image to begin with, in bytes.
const LARGEST_IMAGE: u64 = 64 << 20;

/// Asks the service at `address` for one clip and writes it into `dir`.
///
/// # Errors
/// Bad flags, an image or a folder that cannot be used, a service that fails, a clip that cannot be read, ffmpeg missing, Ctrl-C.
pub fn run(
    address: &str,
    prompt: &str,
    size: Option<Size>,
    request: &ServiceRequest,
    dir: &Path,
    quiet: bool,
) -> Result<()> {
    let wanted = clip_request(prompt, size, request)?;
    let whole = Duration::from_secs(u64::from(request.timeout_s));
    let service = Service::new(address, Key::from_environment(), Limits { whole, ..Limits::default() })?;
    // A clip costs time and perhaps money: what is needed afterwards comes first.
    Ffmpeg::default().check()?;
    let target = Target::new(dir)?;

    let stop = Stop::on_ctrl_c()?;
    let bytes = fetch(&service, &wanted, &stop, quiet).map_err(|error| match error {
        ServiceError::Stopped => {
            let still = "the service may still be making the clip";
            Stopped(format!("{} was not written; {still}", dir.display())).into()
        }
        other => anyhow::Error::from(other),
    })?;
    let file = if bytes.get(4..8) == Some(b"ftyp") { "clip.mp4" } else { "clip.webm" };
    target.write(file, &bytes)?;
    let (clip, fps) = read(&target, file, address)?;
    let metrics = ClipMetrics::of(&clip)?;
    let summary = summary(&metrics, fps);
    let view = ViewRecord { file: file.to_owned(), crc32: format!("{:08x}", crc32fast::hash(&bytes)), metrics };
    let version = env!("CARGO_PKG_VERSION");
    let record = Record { format: 1, version, prompt, made: Made::Service(request), fps, views: vec![view] };
    target.write("generate.json", serde_json::to_string_pretty(&record)?.as_bytes())?;
    target.finish()?;
    if !quiet {
        let clip = dir.join(file);
        eprintln!("wrote {}: {summary}", clip.display());
        eprintln!(
            "next: this is one view, and a fit takes at least two. `loop3d measure {}` says how well it closes",
            clip.display()
        );
    }
    Ok(())
}

fn clip_request(prompt: &str, size: Option<Size>, request: &ServiceRequest) -> Result<ClipRequest> {
    let input_reference = request.image.as_deref().map(image).transpose()?;
    let mut fields = Vec::new();
    fields.extend(request.negative.clone().map(|text| ("negative_prompt".to_owned(), text)));
    fields.extend(request.seed.map(|seed| ("seed".to_owned(), seed.to_string())));
    for Field(name, value) in &request.fields {
        let own = ["prompt", "model", "seconds", "size", "input_reference", "negative_prompt", "seed"];
        if own.contains(&name.as_str()) {
            return Err(mistake(format!("--engine-field names {name}, which has an argument of its own")));
        }
        fields.push((name.clone(), value.clone()));
    }
    let (model, seconds) = (request.model.clone(), request.seconds);
    Ok(ClipRequest { prompt: prompt.to_owned(), model, seconds, size, input_reference, fields })
}

/// The image that the clip begins with.
fn image(file: &Path) -> Result<Reference> {
    let about = fs::metadata(file).map_err(|error| bad_input(format!("--image: {}: {error}", file.display())))?;
    if about.len() > LARGEST_IMAGE {
        let (size, most) = (about.len() >> 20, LARGEST_IMAGE >> 20);
        return Err(bad_input(format!("--image: {} has {size} MiB; expected at most {most}", file.display())));
    }
    let bytes = fs::read(file).map_err(|error| bad_input(format!("--image: {}: {error}", file.display())))?;
    let extension = match bytes.as_slice() {
        [0x89, b'P', b'N', b'G', ..] => "png",
        [0xff, 0xd8, 0xff, ..] => "jpg",
        [b'R', b'I', b'F', b'F', _, _, _, _, b'W', b'E', b'B', b'P', ..] => "webp",
        _ => return Err(bad_input(format!("--image: {} is not a PNG, JPEG or WebP image", file.display()))),
    };
    // The service learns what it is, not what it is called here.
    Ok(Reference { name: format!("image.{extension}"), bytes })
}

fn fetch(service: &Service, wanted: &ClipRequest, stop: &Stop, quiet: bool) -> Result<Vec<u8>, ServiceError> {
    let mut progress = Progress::start_share("generating", quiet);
    service.clip(wanted, &mut |event: Event<'_>| {
        if let Event::Step { stage, done, .. } = event {
            progress.share(done, stage);
        }
        if stop.asked() { ControlFlow::Break(()) } else { ControlFlow::Continue(()) }
    })
}

/// The clip that came, decoded to its last frame.
fn read(target: &Target, file: &str, address: &str) -> Result<(Clip, f64)> {
    let path = target.path(file);
    read_clip(&path).map_err(|error| {
        if error.fault() == Fault::Machine {
            return error.into();
        }
        // The folder has another name until it is complete.
        let said = error.to_string().replace(&path.display().to_string(), "its clip");
        bad_input(format!("{address}: {said}; expected a complete video"))
    })
}

fn summary(metrics: &ClipMetrics, fps: f64) -> String {
    let ([width, height], frames) = (metrics.size, metrics.frames);
    format!("{width}×{height}, {frames} frames at {fps} fps")
}
