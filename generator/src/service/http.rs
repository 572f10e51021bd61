//! One call: its address, its key, its time limits, and how its outcome is sorted.

use super::{Key, Limits, ServiceError};
use std::io::Read;
use std::time::Duration;
use ureq::Agent;
use ureq::http::Response;

/// As much of an unexpected answer as a message shows.
const SHOWN: usize = 200;
/// Largest answer that is not a clip.
const SMALL: u64 = 1 << 20;

/// A server that can be called.
#[derive(Debug)]
pub(super) struct Http {
    agent: Agent,
    base: String,
    key: Option<Key>,
}

/// What became of a call.
pub(super) enum Outcome {
    /// The body.
    Done(Vec<u8>),
    /// Another try may help: after the server's Retry-After, if it gave one. `certain` if the server did nothing for sure.
    Again { error: ServiceError, after: Option<Duration>, certain: bool },
    /// No other try helps.
    Failed(ServiceError),
}

impl Http {
    pub(super) fn new(address: &str, key: Option<Key>, limits: &Limits) -> Result<Self, ServiceError> {
        let bad = |problem: String| ServiceError::Address { problem };
        let rest = address.strip_prefix("http://").or_else(|| address.strip_prefix("https://"));
        let rest = rest.ok_or_else(|| bad("no http:// or https:// at the start".to_owned()))?;
        if rest.contains(['@', '?', '#']) || rest.contains(char::is_whitespace) {
            // Not shown: a password may be in it.
            return Err(bad("a user name, query, fragment or blank".to_owned()));
        }
        if rest.is_empty() || rest.starts_with('/') {
            return Err(bad("no host".to_owned()));
        }
        let base = address.trim_end_matches('/');
        let base = if rest.trim_end_matches('/').contains('/') { base.to_owned() } else { format!("{base}/v1") };
        let config = Agent::config_builder()
            .http_status_as_error(false)
            .timeout_global(Some(limits.whole))
            .timeout_connect(Some(limits.connect))
            .timeout_recv_response(Some(limits.answer))
            .timeout_per_read(Some(limits.answer))
            .timeout_per_write(Some(limits.answer));
        Ok(Self { agent: config.build().into(), base, key })
    }

    /// Method and address as messages show them.
    pub(super) fn place(&self, method: &str, path: &str) -> String {
        format!("{method} {}{path}", self.base)
    }

    /// Text from a server as messages show it: one line, not long, without the key.
    pub(super) fn shown(&self, text: &str) -> String {
        let line = text.split_whitespace().collect::<Vec<_>>().join(" ");
        let line = self.key.as_ref().map_or(line.clone(), |key| key.hide(&line));
        let short: String = line.chars().take(SHOWN).collect();
        let what = if short.is_empty() { "nothing" } else { &short };
        if line.chars().count() > SHOWN { format!("{what} …") } else { what.to_owned() }
    }

    pub(super) fn get(&self, path: &str, most: u64) -> Outcome {
        let mut request = self.agent.get(format!("{}{path}", self.base));
        if let Some(key) = &self.key {
            request = request.header("Authorization", key.header());
        }
        self.sort(&self.place("GET", path), request.call(), most)
    }

    pub(super) fn post(&self, path: &str, kind: &str, body: &[u8]) -> Outcome {
        let mut request = self.agent.post(format!("{}{path}", self.base)).header("Content-Type", kind);
        if let Some(key) = &self.key {
            request = request.header("Authorization", key.header());
        }
        self.sort(&self.place("POST", path), request.send(body), SMALL)
    }

    fn sort(&self, place: &str, answer: Result<Response<ureq::Body>, ureq::Error>, most: u64) -> Outcome {
        let place = place.to_owned();
        let mut response = match answer {
            Ok(response) => response,
            Err(error) => {
                // Nothing was sent where there was no connection.
                let certain = matches!(error, ureq::Error::HostNotFound | ureq::Error::ConnectionFailed)
                    || matches!(&error, ureq::Error::Io(io) if io.kind() == std::io::ErrorKind::ConnectionRefused)
                    || matches!(error, ureq::Error::Timeout(ureq::Timeout::Connect));
                let error = ServiceError::Connection { place, tries: 1, problem: self.shown(&error.to_string()) };
                return Outcome::Again { error, after: None, certain };
            }
        };
        let status = response.status().as_u16();
        let header = |name: &str| response.headers().get(name)?.to_str().ok()?.trim().parse::<u64>().ok();
        let (after, length) = (header("retry-after").map(Duration::from_secs), header("content-length"));
        let most = if status < 300 { most } else { SMALL };
        let mut body = Vec::new();
        let read = response.body_mut().as_reader().take(most + 1).read_to_end(&mut body);
        if status >= 300 {
            let message = self.message(&body);
            return match status {
                401 | 403 => Outcome::Failed(ServiceError::Key { place, status, message }),
                404 => Outcome::Failed(ServiceError::NotFound { place, message }),
                408 | 429 | 500.. => {
                    let error = ServiceError::Busy { place, status, tries: 1, message };
                    // A gateway that gave up waiting does not know what the server does.
                    Outcome::Again { error, after, certain: !matches!(status, 408 | 504) }
                }
                _ => Outcome::Failed(ServiceError::Refused { place, status, message }),
            };
        }
        let got = body.len() as u64;
        if got > most {
            return Outcome::Failed(ServiceError::Large { place, limit: most });
        }
        let broken = match (read, length) {
            (Err(error), _) => Some(format!("the answer broke off after {got} bytes: {error}")),
            (Ok(_), Some(length)) if length != got => Some(format!("the answer has {got} bytes; expected {length}")),
            _ => None,
        };
        match broken {
            None => Outcome::Done(body),
            Some(problem) => {
                let error = ServiceError::Connection { place, tries: 1, problem: self.shown(&problem) };
                Outcome::Again { error, after: None, certain: false }
            }
        }
    }

    /// What a server says about a failure: `error.message`, `detail`, `message`, or the beginning of the body.
    fn message(&self, body: &[u8]) -> String {
        let json: Option<serde_json::Value> = serde_json::from_slice(body).ok();
        let text = json.as_ref().and_then(|json| {
            ["/error/message", "/error", "/detail", "/message"].iter().find_map(|path| json.pointer(path)?.as_str())
        });
        self.shown(text.unwrap_or(&String::from_utf8_lossy(body)))
    }
}
