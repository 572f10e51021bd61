//! Bodies of `multipart/form-data` (RFC 7578).

/// A body that is being put together.
pub(super) struct Multipart {
    boundary: String,
    body: Vec<u8>,
}

impl Multipart {
    /// An empty one, whose boundary occurs in none of `parts`.
    pub(super) fn new(parts: &[&[u8]]) -> Self {
        let within =
            |boundary: &str| parts.iter().any(|part| part.windows(boundary.len()).any(|w| w == boundary.as_bytes()));
        let mut number = 0_u32;
        let mut boundary = format!("loop3d-{number:08x}");
        while within(&boundary) {
            number += 1;
            boundary = format!("loop3d-{number:08x}");
        }
        Self { boundary, body: Vec::new() }
    }

    pub(super) fn field(&mut self, name: &str, value: &str) {
        self.part(&format!("name=\"{}\"", quoted(name)), None, value.as_bytes());
    }

    pub(super) fn file(&mut self, name: &str, file: &str, kind: &str, bytes: &[u8]) {
        self.part(&format!("name=\"{}\"; filename=\"{}\"", quoted(name), quoted(file)), Some(kind), bytes);
    }

    fn part(&mut self, disposition: &str, kind: Option<&str>, bytes: &[u8]) {
        let kind = kind.map(|kind| format!("Content-Type: {kind}\r\n")).unwrap_or_default();
        let head = format!("--{}\r\nContent-Disposition: form-data; {disposition}\r\n{kind}\r\n", self.boundary);
        self.body.extend_from_slice(head.as_bytes());
        self.body.extend_from_slice(bytes);
        self.body.extend_from_slice(b"\r\n");
    }

    /// The header `Content-Type` and the body.
    pub(super) fn finish(mut self) -> (String, Vec<u8>) {
        self.body.extend_from_slice(format!("--{}--\r\n", self.boundary).as_bytes());
        (format!("multipart/form-data; boundary={}", self.boundary), self.body)
    }
}

/// As browsers write names.
fn quoted(text: &str) -> String {
    text.replace('"', "%22").replace('\r', "%0D").replace('\n', "%0A")
}
