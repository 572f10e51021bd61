//! The client of a video service against a server that answers as it is told, faults included.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, missing_docs)]

mod stub;

use loop3d_generator::service::{ClipRequest, Key, Limits, Reference, Service, ServiceError};
use loop3d_scene::job::{Event, Observer, Unwatched};
use loop3d_scene::{Blame, Fault};
use std::net::TcpListener;
use std::ops::ControlFlow;
use std::time::{Duration, Instant};
use stub::{Answer, Stub, answer, stub};

const KEY: &str = "sk-very-secret-0123";
const CLIP: &[u8] = b"\0\0\0\x18ftypisom and then the rest of a clip";

fn job(status: &str, progress: u32) -> Answer {
    let body = format!(
        r#"{{"id": "video_1", "object": "video", "status": "{status}", "progress": {progress}, "error": null}}"#
    );
    answer(200, "Content-Type: application/json\r\n", body.as_bytes())
}

fn clip() -> Answer {
    answer(200, "Content-Type: video/mp4\r\n", CLIP)
}

fn limits() -> Limits {
    Limits {
        connect: Duration::from_secs(2),
        answer: Duration::from_millis(300),
        whole: Duration::from_secs(4),
        poll: Duration::from_millis(10),
        retries: 2,
        back_off: Duration::from_millis(10),
        bytes: 1000,
    }
}

fn ask(stub: &Stub, observer: &mut dyn Observer) -> Result<Vec<u8>, ServiceError> {
    let service = Service::new(&stub.address, Some(Key::new(KEY)), limits()).unwrap();
    let request = ClipRequest {
        prompt: "a campfire, \"at night\"".to_owned(),
        model: Some("wan".to_owned()),
        seconds: Some(5),
        size: Some((832, 480)),
        input_reference: Some(Reference { name: "first.png".to_owned(), bytes: vec![0x89, b'P', 0, 255] }),
        fields: vec![("num_frames".to_owned(), "81".to_owned())],
    };
    let result = service.clip(&request, observer);
    if let Err(error) = &result {
        assert!(!format!("{error} {error:?} {service:?}").contains("secret"), "{error}");
    }
    result
}

fn failure(answers: Vec<Answer>) -> (ServiceError, usize) {
    let stub = stub(answers);
    let error = ask(&stub, &mut Unwatched).unwrap_err();
    let asked = stub.asked.lock().unwrap().len();
    (error, asked)
}

struct Heard(Vec<(String, f64)>, usize);

impl Observer for Heard {
    fn event(&mut self, event: Event<'_>) -> ControlFlow<()> {
        if let Event::Step { stage, done, .. } = event {
            self.0.push((stage.to_owned(), done));
        }
        if self.0.len() > self.1 { ControlFlow::Break(()) } else { ControlFlow::Continue(()) }
    }
}

#[test]
fn a_clip_is_asked_for_waited_for_and_fetched() {
    let stub = stub(vec![job("queued", 0), job("in_progress", 40), job("completed", 100), clip()]);
    let mut heard = Heard(Vec::new(), usize::MAX);
    assert_eq!(ask(&stub, &mut heard).unwrap(), CLIP);
    assert!(heard.0.windows(2).all(|pair| pair[0].1 <= pair[1].1), "{:?}", heard.0);
    assert!(heard.0.iter().any(|(_, done)| (done - 0.38).abs() < 1e-9));
    assert_eq!(heard.0.last().unwrap().1, 1.0);
    let asked = stub.asked.lock().unwrap();
    let text = |i: usize| String::from_utf8_lossy(&asked[i]).into_owned();
    assert!(text(0).starts_with("POST /v1/videos HTTP/1.1\r\n"), "{}", text(0));
    assert!(text(1).starts_with("GET /v1/videos/video_1 HTTP/1.1\r\n"));
    assert!(text(3).starts_with("GET /v1/videos/video_1/content HTTP/1.1\r\n"));
    for i in 0..4 {
        assert!(text(i).to_ascii_lowercase().contains(&format!("authorization: bearer {KEY}\r\n")), "{}", text(i));
    }
    for (name, value) in [
        ("prompt", "a campfire, \"at night\""),
        ("model", "wan"),
        ("seconds", "5"),
        ("size", "832x480"),
        ("num_frames", "81"),
    ] {
        assert!(text(0).contains(&format!("name=\"{name}\"\r\n\r\n{value}\r\n")), "{name}: {}", text(0));
    }
    assert!(text(0).contains("name=\"input_reference\"; filename=\"first.png\"\r\nContent-Type: image/png\r\n\r\n"));
    assert!(asked[0].windows(4).any(|bytes| bytes == [0x89, b'P', 0, 255]));
}

#[test]
fn a_refused_key_is_not_tried_again_nor_shown() {
    let body = format!(r#"{{"error": {{"message": "Incorrect API key: {KEY}"}}}}"#);
    let (error, asked) = failure(vec![answer(401, "", body.as_bytes())]);
    assert!(matches!(error, ServiceError::Key { status: 401, .. }), "{error}");
    assert!(error.to_string().contains("[key]") && error.to_string().contains("LOOP3D_ENGINE_KEY"), "{error}");
    assert_eq!((asked, error.fault()), (1, Fault::Usage));
}

#[test]
fn nothing_there_and_bad_requests_are_not_tried_again() {
    let (error, asked) = failure(vec![answer(404, "", b"{\"detail\": \"Not Found\"}")]);
    assert!(matches!(&error, ServiceError::NotFound { message, .. } if message == "Not Found"), "{error}");
    assert_eq!(asked, 1);
    let (error, _) = failure(vec![answer(422, "", b"{\"detail\": \"size\"}")]);
    assert!(matches!(error, ServiceError::Refused { status: 422, .. }), "{error}");
}

#[test]
fn a_busy_server_is_tried_again_when_it_says() {
    let begin = Instant::now();
    let stub = stub(vec![answer(429, "Retry-After: 1\r\n", b""), job("completed", 100), clip()]);
    assert_eq!(ask(&stub, &mut Unwatched).unwrap(), CLIP);
    assert!(begin.elapsed() >= Duration::from_secs(1));
    let (error, asked) = failure(vec![answer(429, "Retry-After: 600\r\n", b"")]);
    // Ten minutes are more than there are for the clip.
    assert!(matches!(error, ServiceError::Busy { status: 429, tries: 1, .. }), "{error}");
    assert_eq!(asked, 1);
    let stub = stub::stub(vec![job("queued", 0); 100]);
    let short = Limits { whole: Duration::from_millis(200), ..limits() };
    let error = Service::new(&stub.address, None, short).unwrap().clip(&ClipRequest::default(), &mut Unwatched);
    assert!(matches!(error, Err(ServiceError::Slow { .. })), "{error:?}");
}

#[test]
fn a_broken_server_is_tried_so_many_times() {
    let broken = || answer(500, "", b"<html>oops</html>");
    let (error, asked) = failure(vec![broken(), broken(), broken()]);
    assert!(matches!(error, ServiceError::Busy { status: 500, tries: 3, .. }), "{error}");
    assert_eq!((asked, error.fault()), (3, Fault::Moment));
    let stub = stub(vec![job("queued", 0), broken(), broken(), job("completed", 100), clip()]);
    assert_eq!(ask(&stub, &mut Unwatched).unwrap(), CLIP);
}

#[test]
fn html_in_place_of_json_or_of_a_clip_is_named() {
    let html = || answer(200, "Content-Type: text/html\r\n", b"<html>Welcome to nginx</html>");
    for answers in [vec![html()], vec![job("queued", 0), html()], vec![job("completed", 100), html()]] {
        let (error, _) = failure(answers);
        assert!(matches!(&error, ServiceError::Answer { found, .. } if found.contains("nginx")), "{error}");
        assert_eq!(error.fault(), Fault::Input);
    }
}

#[test]
fn half_a_file_is_fetched_again_and_never_returned() {
    let half = || {
        clip().map(|mut bytes| {
            bytes.truncate(bytes.len() - 10);
            bytes
        })
    };
    let stub = stub(vec![job("completed", 100), half(), clip()]);
    assert_eq!(ask(&stub, &mut Unwatched).unwrap(), CLIP);
    let (error, asked) = failure(vec![job("completed", 100), half(), half(), half()]);
    assert!(matches!(error, ServiceError::Connection { tries: 3, .. }), "{error}");
    assert_eq!(asked, 4);
}

#[test]
fn a_server_that_never_answers_is_given_up_and_not_asked_twice_to_make_a_clip() {
    let begin = Instant::now();
    let (error, asked) = failure(vec![None]);
    assert!(matches!(error, ServiceError::Connection { tries: 1, .. }), "{error}");
    assert_eq!(asked, 1);
    let (error, asked) = failure(vec![job("queued", 0), None, None, None]);
    assert!(matches!(error, ServiceError::Connection { tries: 3, .. }), "{error}");
    assert_eq!(asked, 4);
    assert!(begin.elapsed() < Duration::from_secs(4));
}

#[test]
fn jobs_that_fail_never_end_or_are_strange_are_reported() {
    let failed =
        answer(200, "", br#"{"id": "v", "status": "failed", "error": {"code": "x", "message": "out of memory"}}"#);
    let (error, _) = failure(vec![failed]);
    assert!(matches!(&error, ServiceError::Failed { message, .. } if message == "out of memory"), "{error}");
    let (error, _) = failure(vec![answer(200, "", br#"{"id": "../../etc", "status": "queued"}"#)]);
    assert!(matches!(error, ServiceError::Answer { .. }), "{error}");
    let (error, _) = failure(vec![answer(200, "", br#"{"id": "v", "status": "gone fishing"}"#)]);
    assert!(matches!(error, ServiceError::Answer { .. }), "{error}");
    let large = [CLIP, &[0; 2000]].concat();
    let (error, _) = failure(vec![job("completed", 100), answer(200, "", &large)]);
    assert!(matches!(error, ServiceError::Large { limit: 1000, .. }), "{error}");
}

#[test]
fn the_observer_stops_the_wait() {
    let stub = stub(vec![job("queued", 0), job("queued", 0), job("queued", 0)]);
    let mut heard = Heard(Vec::new(), 3);
    assert!(matches!(ask(&stub, &mut heard), Err(ServiceError::Stopped)));
    // Also while a call is on its way.
    let stub = stub::stub(vec![None]);
    let begin = Instant::now();
    assert!(matches!(ask(&stub, &mut Heard(Vec::new(), 1)), Err(ServiceError::Stopped)));
    assert!(begin.elapsed() < Duration::from_millis(250), "{:?}", begin.elapsed());
}

#[test]
fn addresses_are_checked_and_passwords_in_them_not_repeated() {
    for bad in [
        "localhost:8091",
        "ftp://host",
        "http://",
        "http:///v1",
        "http://me:secret@host/v1",
        "http://host/v1?key=secret",
    ] {
        let error = Service::new(bad, None, limits()).unwrap_err();
        assert!(matches!(error, ServiceError::Address { .. }) && !error.to_string().contains("secret"), "{error}");
    }
    let closed = { TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap() };
    let service = Service::new(&format!("http://{closed}/v1/"), None, limits()).unwrap();
    let error = service.clip(&ClipRequest::default(), &mut Unwatched).unwrap_err();
    assert!(matches!(error, ServiceError::Connection { tries: 3, .. }), "{error}");
}
