//! `loop3d generate --draw`: a page on which a person paints what moves in a picture and drags where to; what is saved there becomes
//! files for `--move`.

use crate::failure::{bad_input, mistake};
use crate::output::print;
use crate::serve::listen;
use crate::stop::Stop;
use crate::web_files::WebFiles;
use anyhow::{Context, Result};
use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use image::{ImageFormat, RgbImage};
use loop3d_generator::motion::{Drawing, Mask};
use loop3d_media::images;
use loop3d_scene::write_file;
use serde_json::Value;
use std::io::{Cursor, Read};
use std::path::{Path, PathBuf};
use std::time::Duration;
use tiny_http::{Header, Method, Request, Response};

/// The longest drawing that is taken, in bytes.
const LONGEST: u64 = 64 << 20;
/// Larger pictures are slow to paint on.
const LARGEST: u32 = 4096;
/// Time between two looks at whether to stop.
const LOOK: Duration = Duration::from_millis(150);
/// The file that names all others.
const MOVES: &str = "moves.json";
/// Files of the page.
const FILES: [(&str, &str, &str); 4] = [
    ("/", "draw.html", "text/html; charset=utf-8"),
    ("/draw.js", "draw.js", "text/javascript"),
    ("/draw.css", "draw.css", "text/css"),
    ("/icon.svg", "icon.svg", "image/svg+xml"),
];

/// The page over a picture.
pub struct Board {
    /// The picture as a PNG file, and its size.
    picture: Vec<u8>,
    size: [u32; 2],
    /// Where drawings are saved.
    dir: PathBuf,
    viewer: WebFiles,
}

/// What a browser is told: status, type, body.
type Answer = (u16, &'static str, Vec<u8>);

impl Board {
    /// A page over a picture, which saves in a folder.
    ///
    /// # Errors
    /// No picture, one that is too large, or a build without the pages.
    pub fn new(picture: &Path, dir: &Path) -> Result<Self> {
        let (width, height) = images::size(picture)?;
        if width.max(height) > LARGEST {
            return Err(bad_input(format!(
                "{}: found {width}×{height} pixels, expected at most {LARGEST} a side; make it smaller",
                picture.display()
            )));
        }
        let rgb = images::read_whole(picture, (width, height))?;
        let image = RgbImage::from_raw(width, height, rgb).context("a picture of another size")?;
        let mut png = Cursor::new(Vec::new());
        image.write_to(&mut png, ImageFormat::Png)?;
        let viewer = WebFiles::find()?;
        // Said before anything is drawn.
        viewer.file("draw.html")?;
        Ok(Self { picture: png.into_inner(), size: [width, height], dir: dir.to_owned(), viewer })
    }

    /// Serves the page to this machine until Ctrl-C.
    ///
    /// # Errors
    /// No port is free.
    pub fn run(&self, port: u16) -> Result<()> {
        let stop = Stop::on_ctrl_c()?;
        let server = listen(port, true)?;
        let port = server.server_addr().to_ip().map_or(port, |address| address.port());
        print(&format!(
            "Draw what moves at http://localhost:{port}/ — Save writes {}; press Ctrl-C to stop.",
            self.dir.join(MOVES).display()
        ))?;
        while !stop.asked() {
            match server.recv_timeout(LOOK) {
                Ok(Some(request)) => self.respond(request),
                Ok(None) => {}
                Err(error) => eprintln!("a connection failed: {error}"),
            }
        }
        Ok(())
    }

    fn respond(&self, mut request: Request) {
        let path = request.url().split('?').next().unwrap_or_default().to_owned();
        let (status, kind, body) = match request.method() {
            Method::Get | Method::Head => self.get(&path),
            Method::Post if path == "/moves" => self.post(&mut request),
            _ => (405, "text/plain", b"GET, HEAD, and POST of /moves only\n".to_vec()),
        };
        let headers = [("content-type", kind), ("cache-control", "no-store")];
        let headers = headers.iter().filter_map(|(name, value)| Header::from_bytes(*name, *value).ok());
        let response = headers.fold(Response::from_data(body).with_status_code(status), Response::with_header);
        // A browser that closed the connection is not an error.
        let _ = request.respond(response);
    }

    fn get(&self, path: &str) -> Answer {
        if path == "/picture.png" {
            return (200, "image/png", self.picture.clone());
        }
        let file = FILES.iter().find(|(address, ..)| *address == path);
        match file.and_then(|(_, name, kind)| Some((*kind, self.viewer.get(name)?))) {
            Some((kind, bytes)) => (200, kind, bytes.into_owned()),
            None => (404, "text/plain", b"not found\n".to_vec()),
        }
    }

    /// Saves a drawing. Pages of other sites cannot send JSON here without being asked for permission first, which they do not get.
    fn post(&self, request: &mut Request) -> Answer {
        let json = request
            .headers()
            .iter()
            .any(|header| header.field.equiv("content-type") && header.value.as_str().starts_with("application/json"));
        let mut text = String::new();
        let read = request.as_reader().take(LONGEST).read_to_string(&mut text);
        let result = match (json, read) {
            (false, _) => Err(mistake("expected JSON")),
            (true, Err(error)) => Err(anyhow::Error::from(error)),
            (true, Ok(_)) => self.save(&text),
        };
        match result {
            Ok(said) => (200, "text/plain; charset=utf-8", said.into_bytes()),
            Err(error) => {
                eprintln!("not saved: {error:#}");
                (400, "text/plain; charset=utf-8", format!("Not saved: {error:#}").into_bytes())
            }
        }
    }

    /// Writes the masks, then the file that names them, and says what to do with it.
    fn save(&self, text: &str) -> Result<String> {
        let mut value: Value = serde_json::from_str(text).context("no JSON")?;
        let mut masks = Vec::new();
        for (number, drawn) in (1..).zip(value["moves"].as_array_mut().into_iter().flatten()) {
            let base64 = drawn["mask"].as_str().context("a mask that is no text")?;
            masks.push(STANDARD.decode(base64).with_context(|| format!("mask {number} is no base64"))?);
            drawn["mask"] = format!("mask-{number}.png").into();
        }
        let drawing = Drawing::parse(&value.to_string(), "the drawing")?;
        if drawing.size != self.size {
            return Err(bad_input(format!(
                "the drawing is of {:?} pixels, the picture of {:?}",
                drawing.size, self.size
            )));
        }
        loop3d_generator::motion::tau(&drawing.background).map_err(bad_input)?;
        std::fs::create_dir_all(&self.dir).with_context(|| self.dir.display().to_string())?;
        for (drawn, png) in drawing.moves.iter().zip(&masks) {
            let path = self.dir.join(&drawn.mask);
            write_file(&path, |out| out.write_all(png))?;
            // As the run is going to read it.
            Mask::open(&path, self.size)?;
        }
        let path = self.dir.join(MOVES);
        let pretty = serde_json::to_string_pretty(&drawing)?;
        write_file(&path, |out| out.write_all(pretty.as_bytes()))?;
        eprintln!("wrote {} with {} moving parts", path.display(), drawing.moves.len());
        Ok(format!("Saved. Next: loop3d generate \"…\" --move {} -o DIR", path.display()))
    }
}
