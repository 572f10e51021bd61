//! What can go wrong between here and a service.

use super::KEY_VARIABLE;
use loop3d_scene::{Blame, Fault};
use std::time::Duration;

/// Why there is no clip. No message contains the key.
#[derive(Debug, thiserror::Error)]
pub enum ServiceError {
    /// The address cannot be used.
    #[error("--engine: {problem}; expected http://HOST[:PORT][/v1] or https://…, without user name, query or fragment")]
    Address {
        /// What was found.
        problem: String,
    },
    /// The key is missing or refused (401, 403).
    #[error("{place}: status {status}, the key was refused or is missing: {message}; set {KEY_VARIABLE}")]
    Key {
        /// Method and address.
        place: String,
        /// 401 or 403.
        status: u16,
        /// What the server said.
        message: String,
    },
    /// Nothing is at this address (404).
    #[error(
        "{place}: status 404: {message}; expected a service with /v1/videos; check the address and the model's name"
    )]
    NotFound {
        /// Method and address.
        place: String,
        /// What the server said.
        message: String,
    },
    /// The server does not take the request (other statuses of 400 and above).
    #[error("{place}: status {status}: {message}; expected 200; change the request")]
    Refused {
        /// Method and address.
        place: String,
        /// The status.
        status: u16,
        /// What the server said.
        message: String,
    },
    /// The server is busy or broken (429, 5xx), after all tries.
    #[error("{place}: status {status} (tries: {tries}): {message}; try again later")]
    Busy {
        /// Method and address.
        place: String,
        /// The status.
        status: u16,
        /// How often it was tried.
        tries: u32,
        /// What the server said.
        message: String,
    },
    /// The connection failed or broke off, or nothing came, after all tries.
    #[error("{place}: {problem} (tries: {tries}); check that the service is running and can be reached")]
    Connection {
        /// Method and address.
        place: String,
        /// How often it was tried.
        tries: u32,
        /// What happened.
        problem: String,
    },
    /// The answer is not what the call returns.
    #[error("{place}: found {found}; expected {expected}; check that the address is that of a video service")]
    Answer {
        /// Method and address.
        place: String,
        /// The beginning of what came.
        found: String,
        /// What the call returns.
        expected: &'static str,
    },
    /// The server gave the job up.
    #[error("job {id} failed: {message}")]
    Failed {
        /// The job.
        id: String,
        /// What the server said.
        message: String,
    },
    /// The clip is not ready in time.
    #[error("{place}: no clip within {} s; expected one; allow more time (--engine-timeout) or ask for a shorter clip", limit.as_secs_f64())]
    Slow {
        /// Method and address of the last call.
        place: String,
        /// The limit.
        limit: Duration,
    },
    /// The clip is larger than allowed.
    #[error("{place}: more than {limit} bytes; expected a clip of at most that")]
    Large {
        /// Method and address.
        place: String,
        /// The limit.
        limit: u64,
    },
    /// The observer asked to stop.
    #[error("stopped")]
    Stopped,
}

impl Blame for ServiceError {
    fn fault(&self) -> Fault {
        match self {
            Self::Address { .. } | Self::Key { .. } | Self::NotFound { .. } | Self::Refused { .. } => Fault::Usage,
            Self::Answer { .. } | Self::Large { .. } => Fault::Input,
            Self::Busy { .. } | Self::Connection { .. } | Self::Failed { .. } | Self::Slow { .. } | Self::Stopped => {
                Fault::Moment
            }
        }
    }
}
