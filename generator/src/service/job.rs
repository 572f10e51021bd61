//! A clip from the first call to the last byte: make the job, wait for it, fetch its file.

use super::http::{Http, Outcome};
use super::multipart::Multipart;
use super::{ClipRequest, Limits, Reference, ServiceError};
use loop3d_scene::job::{Event, Observer, check};
use serde::Deserialize;
use std::sync::Arc;
use std::sync::mpsc::{self, RecvTimeoutError};
use std::thread;
use std::time::{Duration, Instant};

/// Longest pause between two tries that is not the server's wish.
const LONGEST: Duration = Duration::from_secs(60);
/// How long a wait goes on without asking the observer.
const TICK: Duration = Duration::from_millis(100);
/// Largest answer about a job.
const ANSWER: u64 = 1 << 20;

/// What a server says about a job.
#[derive(Deserialize)]
struct Job {
    id: String,
    #[serde(default)]
    status: String,
    #[serde(default)]
    progress: Option<f64>,
    #[serde(default)]
    error: Option<serde_json::Value>,
}

/// One try of a call.
type Try = Arc<dyn Fn(&Http) -> Outcome + Send + Sync>;

struct Run<'a> {
    http: &'a Arc<Http>,
    limits: &'a Limits,
    observer: &'a mut dyn Observer,
    end: Instant,
    done: f64,
    stage: &'static str,
}

pub(super) fn run(
    http: &Arc<Http>,
    limits: &Limits,
    request: &ClipRequest,
    observer: &mut dyn Observer,
) -> Result<Vec<u8>, ServiceError> {
    let mut run =
        Run { http, limits, observer, end: Instant::now() + limits.whole, done: 0.0, stage: "asking for a clip" };
    let (kind, body) = form(request);
    let made =
        run.call(&http.place("POST", "/videos"), false, Arc::new(move |http| http.post("/videos", &kind, &body)))?;
    let mut job = run.job(&http.place("POST", "/videos"), &made)?;
    if job.id.is_empty() || !job.id.bytes().all(|b| b.is_ascii_alphanumeric() || b"-_.".contains(&b)) {
        return Err(run.unexpected(
            &http.place("POST", "/videos"),
            &job.id,
            "an id of letters, digits, '-', '_' and '.'",
        ));
    }
    let path = format!("/videos/{}", job.id);
    let place = http.place("GET", &path);
    run.stage = "waiting for the clip";
    loop {
        match job.status.as_str() {
            "completed" => break,
            "failed" | "cancelled" | "canceled" | "expired" => {
                let error = job.error.unwrap_or_default();
                let text = error.pointer("/message").and_then(|m| m.as_str()).map_or(error.to_string(), str::to_owned);
                return Err(ServiceError::Failed { id: job.id, message: http.shown(&text) });
            }
            "" | "queued" | "in_progress" | "processing" | "running" => {}
            other => return Err(run.unexpected(&place, other, "a status: queued, in_progress, completed or failed")),
        }
        run.done = (job.progress.unwrap_or(0.0) / 100.0).clamp(0.0, 1.0) * 0.95;
        run.wait(limits.poll, &place)?;
        let answer = run.get(&place, &path, ANSWER)?;
        job = Job { id: job.id, ..run.job(&place, &answer)? };
    }
    (run.stage, run.done) = ("fetching the clip", 0.95);
    let path = format!("{path}/content");
    let place = http.place("GET", &path);
    let clip = run.get(&place, &path, limits.bytes)?;
    if !is_video(&clip) {
        return Err(run.unexpected(
            &place,
            &String::from_utf8_lossy(&clip[..clip.len().min(400)]),
            "an MP4 or WebM file",
        ));
    }
    run.done = 1.0;
    run.tell()?;
    Ok(clip)
}

impl Run<'_> {
    fn get(&mut self, place: &str, path: &str, most: u64) -> Result<Vec<u8>, ServiceError> {
        let path = path.to_owned();
        self.call(place, true, Arc::new(move |http| http.get(&path, most)))
    }

    /// A call and its further tries. One that makes something is tried again only if the server has surely not begun.
    fn call(&mut self, place: &str, repeatable: bool, one: Try) -> Result<Vec<u8>, ServiceError> {
        let mut pause = self.limits.back_off;
        let mut tries = 1;
        loop {
            let (error, after, certain) = match self.watched(place, &one)? {
                Outcome::Done(body) => return Ok(body),
                Outcome::Failed(error) => return Err(error),
                Outcome::Again { error, after, certain } => (error, after, certain),
            };
            let wait = after.unwrap_or(pause);
            // What the server said says more than that there is no time for another try.
            let too_late = Instant::now() + wait > self.end;
            if tries > self.limits.retries || !(repeatable || certain) || too_late {
                return Err(counted(error, tries));
            }
            self.wait(wait, place)?;
            pause = (2 * pause).min(LONGEST);
            tries += 1;
        }
    }

    /// One try, on a thread of its own, so that the observer can stop it at any time: the thread is then left to its time limits.
    fn watched(&mut self, place: &str, one: &Try) -> Result<Outcome, ServiceError> {
        let (sender, receiver) = mpsc::channel();
        let (http, one) = (Arc::clone(self.http), Arc::clone(one));
        // A receiver that has stopped listening needs no outcome.
        thread::spawn(move || sender.send(one(&http)).ok());
        loop {
            self.tell()?;
            match receiver.recv_timeout(TICK) {
                Ok(outcome) => return Ok(outcome),
                Err(RecvTimeoutError::Timeout) => {}
                Err(RecvTimeoutError::Disconnected) => {
                    let problem = "the client failed".to_owned();
                    return Err(ServiceError::Connection { place: place.to_owned(), tries: 1, problem });
                }
            }
        }
    }

    /// Waits, unless the observer stops or the time for the clip would be over before.
    fn wait(&mut self, time: Duration, place: &str) -> Result<(), ServiceError> {
        let until = Instant::now() + time;
        if until > self.end {
            return Err(ServiceError::Slow { place: place.to_owned(), limit: self.limits.whole });
        }
        loop {
            self.tell()?;
            let left = until.saturating_duration_since(Instant::now());
            if left.is_zero() {
                return Ok(());
            }
            thread::sleep(left.min(TICK));
        }
    }

    fn tell(&mut self) -> Result<(), ServiceError> {
        check(self.observer.event(Event::step(self.stage, self.done)), ServiceError::Stopped)
    }

    fn job(&self, place: &str, answer: &[u8]) -> Result<Job, ServiceError> {
        let text = || String::from_utf8_lossy(answer).into_owned();
        serde_json::from_slice(answer)
            .map_err(|_| self.unexpected(place, &text(), "JSON with the id and status of a job"))
    }

    fn unexpected(&self, place: &str, found: &str, expected: &'static str) -> ServiceError {
        ServiceError::Answer { place: place.to_owned(), found: self.http.shown(found), expected }
    }
}

/// The error of the last of several tries.
fn counted(error: ServiceError, tries: u32) -> ServiceError {
    match error {
        ServiceError::Busy { place, status, message, .. } => ServiceError::Busy { place, status, tries, message },
        ServiceError::Connection { place, problem, .. } => ServiceError::Connection { place, tries, problem },
        other => other,
    }
}

/// The body of the first call.
fn form(request: &ClipRequest) -> (String, Vec<u8>) {
    let reference = request.input_reference.as_ref();
    let mut fields = vec![("prompt", request.prompt.clone())];
    fields.extend(request.model.clone().map(|model| ("model", model)));
    fields.extend(request.seconds.map(|seconds| ("seconds", seconds.to_string())));
    fields.extend(request.size.map(|(width, height)| ("size", format!("{width}x{height}"))));
    fields.extend(request.fields.iter().map(|(name, value)| (name.as_str(), value.clone())));
    let texts = fields.iter().map(|(_, value)| value.as_bytes());
    let mut form = Multipart::new(&texts.chain(reference.map(|r| r.bytes.as_slice())).collect::<Vec<_>>());
    for (name, value) in &fields {
        form.field(name, value);
    }
    if let Some(Reference { name, bytes }) = reference {
        let kind = match name.rsplit_once('.').map(|(_, extension)| extension.to_ascii_lowercase()).as_deref() {
            Some("png") => "image/png",
            Some("webp") => "image/webp",
            _ => "image/jpeg",
        };
        form.file("input_reference", name, kind, bytes);
    }
    form.finish()
}

/// MP4 and its relatives have `ftyp` in their first box, WebM begins as Matroska does.
fn is_video(bytes: &[u8]) -> bool {
    bytes.get(4..8) == Some(b"ftyp") || bytes.starts_with(&[0x1a, 0x45, 0xdf, 0xa3])
}
