//! What is wrong with a capture, and how to fix it.

use super::report::{Fit, Problem, Report, ViewReport};
use loop3d_capture::steady::{PARALLAX_PX, STILL_PX};
use loop3d_capture::{CaptureError, ClipHealth, PosedCapture};
use loop3d_media::MediaError;
use loop3d_scene::{Blame, Fault, MAX_PLANES};

/// Seconds of footage from which a good loop of two seconds can be chosen.
const SECONDS: f64 = 5.0;
/// Ratio of brightness up to which the fit matches exposure without loss.
const EXPOSURE: f64 = 1.25;
/// Fraction of white values above which highlights are lost.
const WHITE: f64 = 0.1;
/// Detail, relative to the other views, below which a view is blurred.
const BLURRED: f64 = 0.6;
/// Fraction of the image that can loop, below which a scene is static.
const LOOPABLE: f64 = 0.002;
/// Parallax, in pixels, below which a scene looks flat.
const FLAT_PX: f64 = 3.0;
/// Parallax from plane to plane, in pixels, above which edges double.
const STEP_PX: f64 = 1.6;
/// Height, in pixels, below which a fit shows hardly anything.
const LEAST_HEIGHT: u32 = 64;
/// Largest angle between a camera and the average view, in degrees.
const AWAY: f64 = 20.0;
/// Ratio of farthest to nearest depth above which wrong points are the likely cause.
const DEEP: f64 = 300.0;

fn stops(what: impl Into<String>, remedy: impl Into<String>) -> Problem {
    Problem { stops: true, what: what.into(), remedy: remedy.into(), fault: Fault::Input }
}

fn worse(what: impl Into<String>, remedy: impl Into<String>) -> Problem {
    Problem { stops: false, what: what.into(), remedy: remedy.into(), fault: Fault::Input }
}

/// An error of loading, with its remedy.
pub fn of_fault(fault: &CaptureError) -> Problem {
    let remedy = match fault {
        CaptureError::NoLayout { .. } => {
            "arrange the folder as docs/CAPTURES.md shows, or let `loop3d prepare DIR -o CAPTURE` make a capture of the clips"
        }
        CaptureError::NoDirectory { .. } => "check the path",
        CaptureError::NoViews { .. } => "put one clip per pose into videos/, named like the pose",
        CaptureError::Count { .. } => "add or remove clips until each row has one, or use poses that name their clips",
        CaptureError::TooFewViews { .. } => "film from at least two places; about nine work well",
        CaptureError::NoDepth { .. } => {
            "provide points with the poses (COLMAP's points3D, a PLY file), or film textured surroundings"
        }
        CaptureError::NoAveragePose { .. } => "use --cameras to choose views from one side",
        CaptureError::Lens { .. } => "check the lens parameters, or recalibrate with a simpler model",
        CaptureError::Media(
            MediaError::Unreadable { .. } | MediaError::Truncated { .. } | MediaError::Empty { .. },
        ) => "copy the file from the camera again, or leave the view out with --cameras",
        CaptureError::Media(MediaError::Size { .. }) => {
            "make poses for this image size, or scale the clip to the size of the poses"
        }
        CaptureError::Media(MediaError::Time { .. }) => "change --start, --end or --fps",
        CaptureError::Media(MediaError::TooSmall { .. }) | CaptureError::BadOption { .. } => {
            "use a value in the expected range"
        }
        CaptureError::NoSuchCamera { .. } | CaptureError::TooFewCameras { .. } | CaptureError::NoSuchView { .. } => {
            "use names or indices from the list of views"
        }
        CaptureError::NoClipForPose { .. } => "name the clip like its pose, or remove the pose",
        _ => "export the poses again, or correct this entry",
    };
    Problem { fault: fault.fault(), ..stops(fault.to_string(), remedy) }
}

/// All problems of a capture whose poses can be read, the worst first.
pub fn of(report: &Report, posed: &PosedCapture, healths: &[Result<ClipHealth, CaptureError>]) -> Vec<Problem> {
    let mut problems: Vec<Problem> = healths.iter().filter_map(|health| health.as_ref().err()).map(of_fault).collect();
    of_clips(report, healths, &mut problems);
    of_cameras(report, &mut problems);
    of_fit(report, posed, &mut problems);
    problems.sort_by_key(|problem| !problem.stops);
    problems
}

/// Names of the views for which `pick` gives a figure, each with that figure.
fn named(views: &[ViewReport], pick: impl Fn(&ViewReport) -> Option<String>) -> Option<String> {
    let named: Vec<String> = views.iter().filter_map(|view| Some(format!("{} ({})", view.name, pick(view)?))).collect();
    (!named.is_empty()).then(|| named.join(", "))
}

fn of_clips(report: &Report, healths: &[Result<ClipHealth, CaptureError>], problems: &mut Vec<Problem>) {
    let views = &report.views;
    let px = |value: f64| format!("{value:.1} px");
    let travels = |view: &ViewReport| view.parallax_px.is_some_and(|parallax| parallax > PARALLAX_PX);
    if let Some(views) = named(views, |view| view.parallax_px.filter(|_| travels(view)).map(px)) {
        let what = format!(
            "the camera moves through space: parallax between near and far in {views}; expected at most {PARALLAX_PX} px"
        );
        problems.push(worse(
            what,
            "film from a tripod, or use --start and --end to choose a part in which the camera stays in place",
        ));
    }
    let shakes = |view: &ViewReport| view.motion_px.filter(|&motion| motion > STILL_PX && !travels(view)).map(px);
    if let Some(views) = named(views, shakes) {
        let what = format!("camera shake in {views}; expected at most {STILL_PX} px");
        problems.push(worse(
            what,
            "stabilise the clips with `loop3d prepare DIR -o CAPTURE --poses DIR`; next time use a tripod",
        ));
    }
    for (view, health) in views.iter().zip(healths) {
        if let Ok(ClipHealth { lost_at: Some(frame), .. }) = health {
            let what = format!(
                "{}: frame {frame} does not show what the first frame shows: a cut, or the camera turned away",
                view.name
            );
            problems.push(worse(what, "trim the clip to one take with --start and --end, or with `loop3d prepare`"));
        }
    }
    let uneven = |view: &ViewReport| {
        let exposure = view.exposure.filter(|exposure| *exposure > EXPOSURE || *exposure < 1.0 / EXPOSURE)?;
        Some(format!("{exposure:.2} ×"))
    };
    if let Some(views) = named(views, uneven) {
        let what = format!("brightness differs from the other views in {views}");
        problems.push(worse(
            what,
            "the fit matches it, but dark views lose detail: lock exposure and white balance while filming",
        ));
    }
    let passes = |view: &ViewReport| {
        let words: Vec<&str> = view.passages.iter().map(|passage| passage.words.as_str()).collect();
        (!words.is_empty()).then(|| words.join(", "))
    };
    if let Some(views) = named(views, passes) {
        let remedy = "nothing needs to be done: a fit replaces it by other times of the same place, unless you ask for --keep-passers";
        problems.push(worse(format!("something passes once in {views}"), remedy));
    }
    let white =
        |view: &ViewReport| view.white.filter(|&white| white > WHITE).map(|white| format!("{:.0} %", 100.0 * white));
    if let Some(views) = named(views, white) {
        problems.push(worse(format!("overexposed: clipped highlights in {views}"), "lower the exposure while filming"));
    }
    let blurred = |view: &ViewReport| {
        view.sharpness.filter(|&sharp| sharp < BLURRED).map(|sharp| format!("{:.0} %", 100.0 * sharp))
    };
    if let Some(views) = named(views, blurred) {
        let what = format!("blurred, in detail relative to the other views: {views}");
        problems.push(worse(what, "check the focus; if the fit is soft, leave the view out with --cameras"));
    }
    let single: Vec<&str> = views.iter().filter(|view| view.frames == Some(1)).map(|view| view.name.as_str()).collect();
    if single.len() == views.len() {
        problems.push(worse("only stills: the scene will not move", "film clips of something that moves"));
        return;
    }
    if !single.is_empty() {
        let what = format!(
            "stills among clips: {}; a loop is at most as long as the shortest clip, so the scene will not move",
            single.join(", ")
        );
        problems.push(worse(what, "leave them out with --cameras, or film clips from these places"));
    }
    let fps = report.fps.unwrap_or(25.0);
    let short = |view: &ViewReport| {
        let seconds = view.frames.filter(|&frames| frames > 1)? as f64 / fps;
        (seconds < SECONDS).then(|| format!("{seconds:.1} s"))
    };
    if let Some(views) = named(views, short) {
        problems.push(worse(
            format!("short clips: {views}; expected {SECONDS} s or more"),
            "film longer clips: the seam of the loop gets better",
        ));
    }
    if views.iter().all(|view| view.loopable.is_some_and(|fraction| fraction < LOOPABLE)) {
        problems.push(worse(
            "almost nothing repeats: the result will be static",
            "film repeating motion: water, fire, foliage",
        ));
    }
}

fn of_cameras(report: &Report, problems: &mut Vec<Problem>) {
    let Some(cameras) = &report.cameras else { return };
    let away = report.views.iter().zip(&cameras.angles).filter(|(_, angle)| **angle > AWAY);
    let away: Vec<String> = away.map(|(view, angle)| format!("{} ({angle:.0}°)", view.name)).collect();
    if !away.is_empty() {
        let what = format!("views that point away from the others: {}; expected at most {AWAY}°", away.join(", "));
        problems.push(worse(what, "leave them out with --cameras; a scene covers views in similar directions only"));
    }
    if cameras.far > DEEP {
        let what = format!("the farthest depth is {:.0} times the nearest; expected at most {DEEP}", cameras.far);
        problems.push(worse(
            what,
            "look for wrong points close to the cameras, or move the nearest plane with --near-factor",
        ));
    }
}

fn of_fit(report: &Report, posed: &PosedCapture, problems: &mut Vec<Problem>) {
    let Some(fit) = &report.fit else { return };
    if fit.parallax_px < FLAT_PX {
        let what =
            format!("only {:.1} px of parallax between near and far; expected at least {FLAT_PX}", fit.parallax_px);
        problems
            .push(worse(what, "film from places farther apart: about a tenth of the distance to the nearest object"));
    }
    if fit.plane_step_px > STEP_PX {
        let height = posed.views.first().map_or(1, |view| view.camera.height);
        let what = format!(
            "{:.1} px of parallax from plane to plane at the outermost camera; expected about 1",
            fit.plane_step_px
        );
        problems.push(worse(what, closer_planes(fit, height)));
    }
    problems.extend(of_memory(fit));
}

/// What brings planes closer together, in pixels, for clips of this height.
fn closer_planes(fit: &Fit, height: u32) -> String {
    let lower = (f64::from(height) / fit.plane_step_px).round() as u32;
    let planes = planes_for(fit).map(|planes| format!("with --planes {planes}"));
    let lower = (lower >= LEAST_HEIGHT).then(|| format!("with --max-height {lower}"));
    let fits: Vec<String> = planes.into_iter().chain(lower).collect();
    match &fits[..] {
        [] => "leave out the outermost views with --cameras, and look for wrong poses among them".to_owned(),
        fits => format!("fit {}, or without the outermost views (--cameras)", fits.join(", ")),
    }
}

/// The number of planes that are about a pixel of parallax apart, where a fit can have as many.
fn planes_for(fit: &Fit) -> Option<usize> {
    let planes = (((fit.planes - 1) as f64 * fit.plane_step_px).ceil() as usize).saturating_add(1);
    (planes <= MAX_PLANES).then_some(planes)
}

/// Too little free memory: the machine's state at this moment, not a fault of the capture.
fn of_memory(fit: &Fit) -> Option<Problem> {
    let free = fit.free_bytes.filter(|&free| free < fit.memory_bytes)?;
    let gib = |bytes: u64| bytes as f64 / f64::from(1 << 30);
    let what = format!("a fit needs about {:.1} GiB of memory; {:.1} GiB are free", gib(fit.memory_bytes), gib(free));
    let remedy = "reduce it with --max-height, --end or fewer --cameras, or try again when more is free";
    Some(Problem { fault: Fault::Moment, ..stops(what, remedy) })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn fit() -> Fit {
        let (seconds, free_bytes) = ([1.0, 2.0], Some(7 << 30));
        Fit { planes: 33, plane_step_px: 2.0, parallax_px: 64.0, memory_bytes: 7 << 30, free_bytes, seconds, cores: 2 }
    }

    #[test]
    fn too_little_memory_is_a_fault_of_the_moment() {
        assert!(of_memory(&fit()).is_none());
        let problem = of_memory(&Fit { free_bytes: Some(6 << 30), ..fit() }).unwrap();
        assert!(problem.stops);
        assert_eq!(problem.fault, Fault::Moment);
        assert!(of_memory(&Fit { free_bytes: None, ..fit() }).is_none());
    }

    #[test]
    fn a_height_is_advised_only_where_something_can_be_seen_in_it() {
        let wide = Fit { planes: MAX_PLANES, plane_step_px: 4.0, ..fit() };
        assert_eq!(closer_planes(&wide, 360), "fit with --max-height 90, or without the outermost views (--cameras)");
        for step in [8.0, 800.0, 1e9, f64::INFINITY] {
            let remedy = closer_planes(&Fit { plane_step_px: step, ..wide }, 360);
            assert!(remedy.starts_with("leave out the outermost views with --cameras"), "{step}: {remedy}");
        }
        let few = Fit { planes: 3, plane_step_px: 30.0, ..fit() };
        assert_eq!(closer_planes(&few, 360), "fit with --planes 61, or without the outermost views (--cameras)");
    }

    #[test]
    fn more_planes_are_advised_only_where_a_fit_can_have_them() {
        assert_eq!(planes_for(&fit()), Some(65));
        assert_eq!(planes_for(&Fit { planes: MAX_PLANES, plane_step_px: 1.0, ..fit() }), Some(MAX_PLANES));
        assert_eq!(planes_for(&Fit { planes: MAX_PLANES, plane_step_px: 1.7, ..fit() }), None);
    }
}
