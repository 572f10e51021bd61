//! Clips from a service that speaks the OpenAI-compatible calls of `/v1/videos`, such as vLLM-Omni.
//!
//! `POST /v1/videos` (multipart: `prompt`, `model`, `seconds`, `size`, `input_reference` and whatever else a server takes) makes a job,
//! `GET /v1/videos/{id}` says how far it is (`queued`, `in_progress`, `completed`, `failed`), `GET /v1/videos/{id}/content` has the
//! file. Sources: <https://developers.openai.com/api/reference/cli/resources/videos>,
//! <https://docs.vllm.ai/projects/vllm-omni/en/latest/serving/videos_api/>.
//!
//! Such a service makes one view. The key is in the environment variable [`KEY_VARIABLE`] and in no message.

mod error;
mod http;
mod job;
mod key;
mod multipart;

pub use error::ServiceError;
pub use key::{KEY_VARIABLE, Key};

use http::Http;
use loop3d_scene::job::Observer;
use serde::{Deserialize, Serialize};
use std::sync::Arc;
use std::time::Duration;

/// How long the client waits and how often it tries again.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub struct Limits {
    /// For a connection.
    pub connect: Duration,
    /// For the head of an answer, and for each piece of its body.
    pub answer: Duration,
    /// For a clip, from the first call to the last byte.
    pub whole: Duration,
    /// Between two looks at a job.
    pub poll: Duration,
    /// Tries of each call after the first.
    pub retries: u32,
    /// Before the first of them; doubles each time, up to a minute. A server's Retry-After comes first.
    pub back_off: Duration,
    /// Largest clip, in bytes.
    pub bytes: u64,
}

impl Default for Limits {
    fn default() -> Self {
        Self {
            connect: Duration::from_secs(15),
            answer: Duration::from_secs(120),
            whole: Duration::from_secs(3600),
            poll: Duration::from_secs(5),
            retries: 4,
            back_off: Duration::from_secs(1),
            bytes: 1 << 30,
        }
    }
}

/// An image that the clip begins with.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Reference {
    /// Its file's name; the extension says what it is.
    pub name: String,
    /// PNG, JPEG or WebP.
    pub bytes: Vec<u8>,
}

/// A clip in words.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct ClipRequest {
    /// What is seen.
    pub prompt: String,
    /// Which model; the server's own where `None`.
    pub model: Option<String>,
    /// How long, in whole seconds.
    pub seconds: Option<u32>,
    /// Width and height in pixels.
    pub size: Option<(u32, u32)>,
    /// An image to begin with.
    pub input_reference: Option<Reference>,
    /// Fields beyond OpenAI's, such as vLLM-Omni's `num_frames`, `fps`, `num_inference_steps`.
    pub fields: Vec<(String, String)>,
}

/// A service at an address.
#[derive(Debug)]
pub struct Service {
    http: Arc<Http>,
    limits: Limits,
}

impl Service {
    /// A service whose address ends before `/videos`: `http://host:8091/v1`; without a path `/v1` is added. Nothing is asked yet.
    ///
    /// # Errors
    /// [`ServiceError::Address`].
    pub fn new(address: &str, key: Option<Key>, limits: Limits) -> Result<Self, ServiceError> {
        Ok(Self { http: Arc::new(Http::new(address, key, &limits)?), limits })
    }

    /// Has one clip made, waits for it and returns the bytes of its file, usually an MP4. The observer hears the stage and the
    /// fraction that is done, and can stop the wait; the server is not told.
    ///
    /// # Errors
    /// See [`ServiceError`].
    pub fn clip(&self, request: &ClipRequest, observer: &mut dyn Observer) -> Result<Vec<u8>, ServiceError> {
        job::run(&self.http, &self.limits, request, observer)
    }
}
