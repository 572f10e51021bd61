//! `cameras.txt`, `images.txt`, `points3D.txt`: a line for each camera and point, two for each image; `#` begins a comment.

use super::{Camera, Image, Point, models, params, pose};
use crate::error::CaptureError;
use crate::layouts::layout::PosedScene;
use glam::DVec3;
use std::collections::HashMap;
use std::fmt::Write;
use std::path::Path;
use std::str::{FromStr, SplitAsciiWhitespace};

/// The words of one line.
struct Line<'a> {
    file: &'a Path,
    /// From 1.
    number: usize,
    words: SplitAsciiWhitespace<'a>,
    text: &'a str,
}

impl<'a> Line<'a> {
    fn place(&self) -> String {
        format!("line {}", self.number)
    }

    fn bad(&self, problem: String) -> CaptureError {
        CaptureError::Bad { file: self.file.to_owned(), place: self.place(), problem }
    }

    fn word(&mut self, what: &str) -> Result<&'a str, CaptureError> {
        self.words.next().ok_or_else(|| self.bad(format!("ends early; expected {what}")))
    }

    fn value<T: FromStr>(&mut self, what: &str) -> Result<T, CaptureError> {
        let word = self.word(what)?;
        word.parse().map_err(|_| self.bad(format!("'{word}'; expected {what}")))
    }

    fn values<const N: usize>(&mut self, what: &str) -> Result<[f64; N], CaptureError> {
        let mut values = [0.0; N];
        for value in &mut values {
            *value = self.value(what)?;
        }
        Ok(values)
    }
}

/// All lines but comments, blank ones too.
fn lines<'a>(file: &'a Path, bytes: &'a [u8]) -> Result<impl Iterator<Item = Line<'a>>, CaptureError> {
    let text = str::from_utf8(bytes).map_err(|error| {
        let problem = "bytes that are not text; expected UTF-8".to_owned();
        CaptureError::Bad { file: file.to_owned(), place: format!("byte {}", error.valid_up_to()), problem }
    })?;
    // Some editors begin the file with a byte-order mark.
    let text = text.trim_start_matches('\u{feff}');
    let lines = text.lines().enumerate().filter(|(_, line)| !line.starts_with('#'));
    Ok(lines.map(move |(index, text)| Line { file, number: index + 1, words: text.split_ascii_whitespace(), text }))
}

fn is_blank(line: &Line<'_>) -> bool {
    line.text.trim().is_empty()
}

/// Whether a line is an image's and not one of points: some tools leave out the lines of points.
fn is_image(line: &Line<'_>) -> bool {
    let words: Vec<&str> = line.words.clone().collect();
    let Some((numbers, name)) = words.split_at_checked(9).filter(|(_, name)| !name.is_empty()) else { return false };
    let whole = |word: &str| word.parse::<u32>().is_ok();
    let number = |word: &&str| word.parse::<f64>().is_ok();
    whole(numbers[0]) && whole(numbers[8]) && numbers.iter().all(number)
        // Points are threes of numbers.
        && (!words.len().is_multiple_of(3) || !name.iter().all(number))
}

/// The rest of a line after `count` words, verbatim: names may hold spaces.
fn after_words(line: &str, count: usize) -> &str {
    let next = |rest: &'_ str| -> usize {
        let word = rest.find(|c: char| c.is_ascii_whitespace()).unwrap_or(rest.len());
        word + rest[word..].find(|c: char| !c.is_ascii_whitespace()).unwrap_or(rest.len() - word)
    };
    let mut rest = line.trim();
    for _ in 0..count {
        rest = &rest[next(rest)..];
    }
    rest
}

/// CAMERA_ID, MODEL, WIDTH, HEIGHT, PARAMS[]
pub(super) fn cameras(file: &Path, bytes: &[u8]) -> Result<HashMap<u32, Camera>, CaptureError> {
    let mut cameras = HashMap::new();
    for mut line in lines(file, bytes)?.filter(|line| !is_blank(line)) {
        let id: u32 = line.value("a camera's id")?;
        let model = line.word("a camera's model")?;
        let size = [line.value("a width")?, line.value("a height")?];
        let mut params = Vec::new();
        while line.words.clone().next().is_some() {
            params.push(line.value("a parameter")?);
        }
        let camera =
            models::camera(model, size, &params).map_err(|problem| line.bad(format!("camera {id}: {problem}")))?;
        if cameras.insert(id, camera).is_some() {
            return Err(line.bad(format!("a second camera {id}; expected each id once")));
        }
    }
    Ok(cameras)
}

/// IMAGE_ID, QW, QX, QY, QZ, TX, TY, TZ, CAMERA_ID, NAME; then a line of points, which may be blank or missing.
pub(super) fn images(file: &Path, bytes: &[u8]) -> Result<Vec<Image>, CaptureError> {
    let mut images = Vec::new();
    let mut lines = lines(file, bytes)?.peekable();
    while let Some(mut line) = lines.by_ref().find(|line| !is_blank(line)) {
        let id = line.value("an image's id")?;
        let pose = line.values("an image's pose")?;
        let camera = line.value("an image's camera")?;
        line.word("an image's name")?;
        let name = after_words(line.text, 9).to_owned();
        images.push(Image { id, camera, place: format!("{} ({name})", line.place()), name, pose });
        lines.next_if(|line| !is_image(line));
    }
    Ok(images)
}

/// POINT3D_ID, X, Y, Z, R, G, B, ERROR, TRACK[] as (IMAGE_ID, POINT2D_IDX)
pub(super) fn points(file: &Path, bytes: &[u8]) -> Result<Vec<Point>, CaptureError> {
    let mut points = Vec::new();
    for mut line in lines(file, bytes)?.filter(|line| !is_blank(line)) {
        line.value::<u64>("a point's id")?;
        let position = DVec3::from_array(line.values("a point's position")?);
        // Of no use here, and some tools write what is not a number: `-nan(ind)`.
        for _ in 0..4 {
            line.word("a point's colour and error")?;
        }
        let mut seen_by = Vec::new();
        while line.words.clone().next().is_some() {
            seen_by.push(line.value("an image's id")?);
            line.value::<u32>("a point's number in the image")?;
        }
        points.push(Point { position, seen_by });
    }
    Ok(points)
}

/// `points3D.txt`, `cameras.txt`, `images.txt` of a pinhole for each view; ids count from 1.
pub(super) fn write(scene: &PosedScene) -> Vec<Vec<u8>> {
    let (mut cameras, mut images, mut points) = (
        "# CAMERA_ID, MODEL, WIDTH, HEIGHT, PARAMS[]\n".to_owned(),
        "# IMAGE_ID, QW, QX, QY, QZ, TX, TY, TZ, CAMERA_ID, NAME; then POINTS2D[]\n".to_owned(),
        "# POINT3D_ID, X, Y, Z, R, G, B, ERROR, TRACK[]\n".to_owned(),
    );
    // Writing to a String cannot fail.
    for (index, (name, camera)) in scene.names.iter().zip(&scene.cameras).enumerate() {
        let id = index + 1;
        let [fx, fy, cx, cy] = params(scene, index);
        let _ = writeln!(cameras, "{id} PINHOLE {} {} {fx} {fy} {cx} {cy}", camera.width, camera.height);
        let pose = pose(scene, index).map(|value| value.to_string()).join(" ");
        let _ = writeln!(images, "{id} {pose} {id} {name}.png\n");
    }
    for (id, point) in (1..).zip(&scene.points) {
        let [x, y, z] = point.position.to_array();
        let track: String = point.seen_by.iter().map(|view| format!(" {} 0", view + 1)).collect();
        let _ = writeln!(points, "{id} {x} {y} {z} 128 128 128 0{track}");
    }
    [points, cameras, images].map(String::into_bytes).into()
}
