//! What is wrong with a capture, and what helps.

use super::report::{Report, ViewReport};
use loop3d_capture::steady::{PARALLAX_PX, STILL_PX};
use loop3d_capture::{CaptureError, ClipHealth, PosedCapture};
use loop3d_media::MediaError;
use serde::Serialize;

/// Seconds of footage that a loop of two seconds is well chosen from.
const SECONDS: f64 = 5.0;
/// Ratios of brightness that the fit evens out without loss.
const EXPOSURE: f64 = 1.25;
/// Share of white values from which highlights are lost.
const WHITE: f64 = 0.1;
/// Detail against the other views below which a view is blurred.
const BLURRED: f64 = 0.6;
/// Share of the picture that must loop in a scene that does.
const LOOPABLE: f64 = 0.002;
/// Parallax, in pixels, below which there is nothing to see in depth.
const FLAT_PX: f64 = 3.0;
/// Parallax from plane to plane, in pixels, from which edges double.
const STEP_PX: f64 = 1.6;
/// Degrees that a camera may look away from the others.
const AWAY: f64 = 20.0;
/// Nearest to farthest beyond which a few wrong points are likelier than a scene.
const DEEP: f64 = 300.0;

/// One thing that is wrong.
#[derive(Debug, Serialize)]
pub struct Problem {
    /// Whether a fit ends with it.
    pub stops: bool,
    /// What was found and what was expected.
    pub what: String,
    /// What to do.
    pub remedy: String,
}

fn stops(what: impl Into<String>, remedy: impl Into<String>) -> Problem {
    Problem { stops: true, what: what.into(), remedy: remedy.into() }
}

fn worse(what: impl Into<String>, remedy: impl Into<String>) -> Problem {
    Problem { stops: false, what: what.into(), remedy: remedy.into() }
}

/// What helps against a fault of loading.
pub fn of_fault(fault: &CaptureError) -> Problem {
    let remedy = match fault {
        CaptureError::NoLayout { .. } => {
            "without poses, `loop3d prepare DIR -o CAPTURE` finds them; docs/CAPTURES.md shows what is read"
        }
        CaptureError::NoDirectory { .. } => "check the path",
        CaptureError::NoViews { .. } => "put one clip for each pose into videos/, named like the pose",
        CaptureError::Count { .. } => "remove or add clips until each row has one, or use poses that name their clips",
        CaptureError::TooFewViews { .. } => "film from at least two places; nine are good",
        CaptureError::NoDepth { .. } => {
            "give poses with points (COLMAP's points3D, a PLY file), or add textured surroundings"
        }
        CaptureError::NoAveragePose { .. } => "take views from one side with --cameras",
        CaptureError::Lens { .. } => "check the lens parameters; calibrate again with a simpler model",
        CaptureError::Media(
            MediaError::Unreadable { .. } | MediaError::Truncated { .. } | MediaError::Empty { .. },
        ) => "copy the file again from the camera, or leave its view out with --cameras",
        CaptureError::Media(MediaError::Size { .. }) => {
            "make poses for pictures of this size, or scale the clip to theirs"
        }
        CaptureError::Media(MediaError::Time { .. }) => "choose other --start, --end or --fps",
        CaptureError::Media(MediaError::TooSmall { .. }) | CaptureError::BadOption { .. } => "choose another value",
        CaptureError::NoSuchCamera { .. } | CaptureError::NoSuchView { .. } => "name views that are there",
        CaptureError::NoClipForPose { .. } => "name the clip like its pose, or remove the pose",
        _ => "export the poses again, or mend this place",
    };
    stops(fault.to_string(), remedy)
}

/// Everything that is wrong with a capture whose poses are good, the worst first.
pub fn of(report: &Report, posed: &PosedCapture, healths: &[Result<ClipHealth, CaptureError>]) -> Vec<Problem> {
    let mut problems: Vec<Problem> = healths.iter().filter_map(|health| health.as_ref().err()).map(of_fault).collect();
    of_clips(report, healths, &mut problems);
    of_cameras(report, &mut problems);
    of_fit(report, posed, &mut problems);
    problems.sort_by_key(|problem| !problem.stops);
    problems
}

/// Names of the views that `pick` is true of, each with its figure.
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
            "the camera travels: near and far move against each other in {views}; expected at most {PARALLAX_PX} px"
        );
        problems
            .push(worse(what, "film from a tripod, or cut to a stretch in which the camera stays (--start, --end)"));
    }
    let shakes = |view: &ViewReport| view.motion_px.filter(|&motion| motion > STILL_PX && !travels(view)).map(px);
    if let Some(views) = named(views, shakes) {
        let what = format!("not still: {views}; expected at most {STILL_PX} px");
        problems
            .push(worse(what, "`loop3d prepare DIR -o CAPTURE --poses DIR` steadies clips; next time use a tripod"));
    }
    for (view, health) in views.iter().zip(healths) {
        if let Ok(ClipHealth { lost_at: Some(frame), .. }) = health {
            let what = format!(
                "{}: the picture of frame {frame} is not that of the first: a cut, or the camera turned away",
                view.name
            );
            problems.push(worse(what, "cut the clip to one take with --start and --end, or with `loop3d prepare`"));
        }
    }
    let uneven = |view: &ViewReport| {
        let exposure = view.exposure.filter(|exposure| *exposure > EXPOSURE || *exposure < 1.0 / EXPOSURE)?;
        Some(format!("{exposure:.2} ×"))
    };
    if let Some(views) = named(views, uneven) {
        let what = format!("brightness differs from the others' in {views}");
        problems.push(worse(
            what,
            "the fit evens it out, but dark views lose detail: lock exposure and white balance while filming",
        ));
    }
    let white =
        |view: &ViewReport| view.white.filter(|&white| white > WHITE).map(|white| format!("{:.0} %", 100.0 * white));
    if let Some(views) = named(views, white) {
        problems.push(worse(format!("overexposed: white without detail in {views}"), "film darker"));
    }
    let blurred = |view: &ViewReport| {
        view.sharpness.filter(|&sharp| sharp < BLURRED).map(|sharp| format!("{:.0} %", 100.0 * sharp))
    };
    if let Some(views) = named(views, blurred) {
        let what = format!("less detail than the other views: {views}");
        problems.push(worse(what, "check focus; leave the view out with --cameras if the fit is soft"));
    }
    let single: Vec<&str> = views.iter().filter(|view| view.frames == Some(1)).map(|view| view.name.as_str()).collect();
    if single.len() == views.len() {
        problems.push(worse("stills only: the scene will not move", "film clips where something moves"));
        return;
    }
    if !single.is_empty() {
        let what = format!("stills among clips: {}; a loop is as long as the shortest clip allows", single.join(", "));
        problems.push(worse(what, "leave them out with --cameras, or film clips there"));
    }
    let fps = report.fps.unwrap_or(25.0);
    let short = |view: &ViewReport| {
        let seconds = view.frames.filter(|&frames| frames > 1)? as f64 / fps;
        (seconds < SECONDS).then(|| format!("{seconds:.1} s"))
    };
    if let Some(views) = named(views, short) {
        problems.push(worse(
            format!("short: {views}; expected {SECONDS} s or more"),
            "film longer: loops find better seams in it",
        ));
    }
    if views.iter().all(|view| view.loopable.is_some_and(|share| share < LOOPABLE)) {
        problems.push(worse(
            "hardly anything rises and falls again: the scene will stand still",
            "film something that moves for ever",
        ));
    }
}

fn of_cameras(report: &Report, problems: &mut Vec<Problem>) {
    let Some(cameras) = &report.cameras else { return };
    let away = report.views.iter().zip(&cameras.angles).filter(|(_, angle)| **angle > AWAY);
    let away: Vec<String> = away.map(|(view, angle)| format!("{} ({angle:.0}°)", view.name)).collect();
    if !away.is_empty() {
        let what = format!("look away from the others: {}; expected at most {AWAY}°", away.join(", "));
        problems.push(worse(what, "planes hold views from one side together: leave them out with --cameras"));
    }
    if cameras.far > DEEP {
        let what =
            format!("the farthest thing is {:.0} times as far as the nearest; expected at most {DEEP}", cameras.far);
        problems.push(worse(what, "look for wrong points near the cameras; --near-factor moves the nearest plane"));
    }
}

fn of_fit(report: &Report, posed: &PosedCapture, problems: &mut Vec<Problem>) {
    let Some(fit) = &report.fit else { return };
    if fit.parallax_px < FLAT_PX {
        let what = format!(
            "near and far differ by {:.1} px of parallax between the cameras; expected at least {FLAT_PX}",
            fit.parallax_px
        );
        problems
            .push(worse(what, "film from places farther apart: a tenth of the distance to the nearest thing is good"));
    }
    if fit.plane_step_px > STEP_PX {
        let height = posed.views.first().map_or(1, |view| view.camera.height);
        let lower = (f64::from(height) / fit.plane_step_px).round();
        let what = format!(
            "{:.1} px of parallax from plane to plane at the outermost camera; expected about 1",
            fit.plane_step_px
        );
        let more = ((fit.planes - 1) as f64 * fit.plane_step_px).ceil().min(256.0);
        problems.push(worse(
            what,
            format!("fit with --planes {more}, with --max-height {lower}, or without the outermost views"),
        ));
    }
    if let Some(free) = fit.free_bytes.filter(|&free| free < fit.memory_bytes) {
        let gib = |bytes: u64| bytes as f64 / f64::from(1 << 30);
        let what = format!("a fit needs about {:.1} GiB of memory; {:.1} are free", gib(fit.memory_bytes), gib(free));
        problems.push(stops(what, "fit with --max-height, --end or fewer --cameras"));
    }
}
