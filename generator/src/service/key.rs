//! The key of a service, which is never shown.

use std::fmt;

/// The environment variable that holds the key.
pub const KEY_VARIABLE: &str = "LOOP3D_ENGINE_KEY";

/// A key. Debug output and messages do not contain it.
#[derive(Clone, PartialEq, Eq)]
pub struct Key(String);

impl Key {
    /// A key from anywhere; blanks around it are dropped.
    #[must_use]
    pub fn new(text: &str) -> Self {
        Self(text.trim().to_owned())
    }

    /// The key in [`KEY_VARIABLE`]; `None` where it is unset or empty.
    #[must_use]
    pub fn from_environment() -> Option<Self> {
        std::env::var(KEY_VARIABLE).ok().map(|text| Self::new(&text)).filter(|key| !key.0.is_empty())
    }

    /// The value of the header `Authorization`.
    pub(super) fn header(&self) -> String {
        format!("Bearer {}", self.0)
    }

    /// `text` without the key: servers repeat what they were sent.
    pub(super) fn hide(&self, text: &str) -> String {
        if self.0.is_empty() { text.to_owned() } else { text.replace(&self.0, "[key]") }
    }
}

impl fmt::Debug for Key {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Key([hidden])")
    }
}
