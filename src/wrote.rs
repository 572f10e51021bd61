//! The last words of a command that made something: where it is, and what one can do with it.

use std::path::Path;

/// Two lines about a file: where it is, with `about` it, and what to do next, which its extension says.
pub fn file(target: &Path, about: &str) -> String {
    let name = typed(target);
    let next = match target.extension().and_then(|ending| ending.to_str()).unwrap_or_default() {
        "loop3d" => format!("loop3d view {name}, or on a phone and in a browser: loop3d serve {name}"),
        "glb" => format!("loop3d serve {name} (in a browser, and on a phone by its QR code)"),
        "html" | "gif" | "webp" | "avif" => "open it in a browser".to_owned(),
        "mp4" | "webm" => "open it in any video player".to_owned(),
        _ => return only(target, about),
    };
    format!("{}\nnext: {next}", only(target, about))
}

/// Two lines about a capture that was written.
pub fn capture(target: &Path, about: &str) -> String {
    let name = typed(target);
    format!(
        "{}\nnext: loop3d fit --views {name} (before it, loop3d doctor {name} checks the capture)",
        only(target, about)
    )
}

/// One line about something that nothing follows.
pub fn only(target: &Path, about: &str) -> String {
    format!("wrote {}: {about}", target.display())
}

/// A path as one types it in a shell.
pub fn typed(path: &Path) -> String {
    let text = path.display().to_string();
    let is_plain = |c: char| c.is_alphanumeric() || "/\\:._-+,=@%~".contains(c);
    if !text.is_empty() && text.chars().all(is_plain) { text } else { format!("'{}'", text.replace('\'', "'\\''")) }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_kind_of_result_says_what_follows() {
        let said = |name: &str| file(Path::new(name), "x");
        assert!(said("a.loop3d").starts_with("wrote a.loop3d: x\nnext: loop3d view a.loop3d,"));
        assert!(said("b/a.glb").contains("\nnext: loop3d serve b/a.glb "));
        assert!(said("a.html").ends_with("next: open it in a browser"));
        assert_eq!(said("frames"), "wrote frames: x");
        assert!(capture(Path::new("my clips"), "x").contains("loop3d fit --views 'my clips' "));
    }

    #[test]
    fn paths_can_be_typed() {
        assert_eq!(typed(Path::new("out/a-1.glb")), "out/a-1.glb");
        assert_eq!(typed(Path::new("it's")), "'it'\\''s'");
        assert_eq!(typed(Path::new("a;b")), "'a;b'");
    }
}
