//! A scene and the viewer in one HTML file that opens from disk: scripts and bytes are inside.

use crate::web_files;
use anyhow::Result;
use base64::display::Base64Display;
use base64::engine::general_purpose::STANDARD;
use std::io::Write;

/// The viewer's script for such a page, and the programs it looks for by the id of their element.
const SCRIPT: &str = "single.js";
const PROGRAMS: [&str; 2] = ["loop3d_webgpu.wasm", "loop3d_webgl2.wasm"];

/// Writes the page. `title` is plain text; `package` the bytes of a `*.glb`.
///
/// # Errors
/// The viewer is not in this command; `out` cannot be written.
pub fn write(out: &mut impl Write, title: &str, package: &[u8]) -> Result<()> {
    let script = inline(&String::from_utf8_lossy(web_files::file(SCRIPT)?));
    let title = escape(title);
    write!(
        out,
        "<!doctype html>\n<html lang=\"en\">\n<head>\n<meta charset=\"utf-8\">\n\
         <meta name=\"viewport\" content=\"width=device-width, initial-scale=1, viewport-fit=cover\">\n<title>{title}</title>\n\
         <style>body {{ margin: 0; background: #0c0d10; }} loop-3d {{ position: fixed; inset: 0; --loop-3d-aspect-ratio: auto; }}</style>\n\
         </head>\n<body>\n"
    )?;
    for name in PROGRAMS {
        data(out, name, web_files::file(name)?)?;
    }
    data(out, "scene", package)?;
    write!(out, "<script type=\"module\">{script}</script>\n</body>\n</html>\n")?;
    Ok(())
}

/// Bytes in an element that the browser does not run.
fn data(out: &mut impl Write, id: &str, bytes: &[u8]) -> Result<()> {
    writeln!(out, "<script type=\"text/plain\" id=\"{id}\">{}</script>", Base64Display::new(bytes, &STANDARD))?;
    Ok(())
}

/// A script that HTML's parser leaves whole. Both sequences can only stand in strings and regular expressions there.
fn inline(script: &str) -> String {
    script.replace("</script", "<\\/script").replace("<!--", "<\\!--")
}

fn escape(text: &str) -> String {
    text.replace('&', "&amp;").replace('<', "&lt;")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nothing_ends_the_script_early() {
        assert_eq!(inline("a('</script>','<!--')"), "a('<\\/script>','<\\!--')");
        assert_eq!(escape("a<b>&c"), "a&lt;b>&amp;c");
    }
}
