//! A scene and the viewer in one HTML file that opens from disk.

use crate::web_files::WebFiles;
use anyhow::Result;
use base64::display::Base64Display;
use base64::engine::general_purpose::STANDARD;
use std::borrow::Cow;
use std::io::{self, Write};

/// The viewer's script for such a page, and the programs that it looks up by element id.
const SCRIPT: &str = "single.js";
const PROGRAMS: [&str; 2] = ["loop3d_webgpu.wasm", "loop3d_webgl2.wasm"];

/// A page that contains everything it needs.
pub struct SinglePage<'a> {
    /// Plain text.
    title: &'a str,
    /// The bytes of a `*.glb`.
    package: &'a [u8],
    script: String,
    programs: [(&'static str, Cow<'static, [u8]>); 2],
}

impl<'a> SinglePage<'a> {
    /// A page for a package.
    ///
    /// # Errors
    /// There is no viewer.
    pub fn new(title: &'a str, package: &'a [u8]) -> Result<Self> {
        let [webgpu, webgl2] = PROGRAMS;
        let files = WebFiles::find()?;
        let programs = [(webgpu, files.file(webgpu)?), (webgl2, files.file(webgl2)?)];
        Ok(Self { title, package, script: inline(&String::from_utf8_lossy(&files.file(SCRIPT)?)), programs })
    }

    /// Writes the page.
    ///
    /// # Errors
    /// `out` cannot be written.
    pub fn write(&self, out: &mut dyn Write) -> io::Result<()> {
        let title = escape(self.title);
        write!(
            out,
            "<!doctype html>\n<html lang=\"en\">\n<head>\n<meta charset=\"utf-8\">\n\
             <meta name=\"viewport\" content=\"width=device-width, initial-scale=1, viewport-fit=cover\">\n<title>{title}</title>\n\
             <style>body {{ margin: 0; background: #0c0d10; }} loop-3d {{ position: fixed; inset: 0; --loop-3d-aspect-ratio: auto; \
             --loop-3d-focus: transparent; }}</style>\n</head>\n<body>\n"
        )?;
        let programs = self.programs.iter().map(|(name, bytes)| (*name, &**bytes));
        for (name, bytes) in programs.chain([("scene", self.package)]) {
            // The browser does not run a script of an unknown type.
            writeln!(
                out,
                "<script type=\"text/plain\" id=\"{name}\">{}</script>",
                Base64Display::new(bytes, &STANDARD)
            )?;
        }
        write!(out, "<script type=\"module\">{}</script>\n</body>\n</html>\n", self.script)
    }
}

/// A script that the HTML parser does not cut short. Both sequences occur in a script only inside strings and regular expressions.
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
