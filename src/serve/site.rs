//! What is at which address: the viewer, a list of scenes, and their packages. Nothing else on the disk can be reached: a name is
//! looked up in the list and never used as a path.

use crate::failure::bad_input;
use crate::web_files::WebFiles;
use anyhow::{Context, Result};
use std::collections::HashMap;
use std::fs::{self, File};
use std::io::{Cursor, Read, Seek, SeekFrom};
use std::ops::Range;
use std::path::{Path, PathBuf};
use std::sync::{Mutex, PoisonError};
use std::time::{SystemTime, UNIX_EPOCH};

/// Address of the packages.
const SCENES: &str = "scenes/";

/// What is served.
pub struct Site {
    scenes: Scenes,
    check: Check,
    /// What the check said of a file, as it was then.
    checked: Mutex<HashMap<PathBuf, Verdict>>,
}

/// Where the scenes are.
#[derive(Debug)]
pub enum Scenes {
    /// One package, and the name of its file in addresses.
    File { path: PathBuf, name: String },
    /// The packages that a folder contains when a browser asks.
    Folder(PathBuf),
}

/// Says why a file is not a package.
pub type Check = fn(&Path) -> Result<(), String>;

/// Length and time of a file: a new one is checked anew.
type Stamp = (u64, Option<SystemTime>);

/// What the check said of a file with this stamp.
type Verdict = (Stamp, Result<(), String>);

/// An answer; `body` has `length` bytes.
pub struct Answer {
    pub status: u16,
    pub headers: Vec<(&'static str, String)>,
    pub length: u64,
    pub body: Box<dyn Read + Send>,
}

/// A request.
#[derive(Debug, Default)]
pub struct Question<'a> {
    /// Path and query, as received.
    pub url: &'a str,
    pub range: Option<&'a str>,
    pub if_range: Option<&'a str>,
    pub if_none_match: Option<&'a str>,
}

impl Scenes {
    /// The package or folder at `path`.
    ///
    /// # Errors
    /// There is neither.
    pub fn new(path: &Path) -> Result<Self> {
        if path.is_dir() {
            return Ok(Self::Folder(path.to_owned()));
        }
        if !path.is_file() {
            return Err(bad_input(format!("{}: no such file or folder", path.display())));
        }
        Ok(Self::File { path: path.to_owned(), name: file_name(path) })
    }

    /// Names and paths of the files that should be packages, sorted by name.
    fn files(&self) -> Result<Vec<(String, PathBuf)>> {
        match self {
            Self::File { path, name } => Ok(vec![(name.clone(), path.clone())]),
            Self::Folder(folder) => {
                let entries = fs::read_dir(folder).with_context(|| format!("{}: cannot be read", folder.display()))?;
                let paths = entries.filter_map(|entry| Some(entry.ok()?.path()));
                let mut paths: Vec<_> = paths.filter(|path| is_package(path) && path.is_file()).collect();
                paths.sort();
                Ok(paths.into_iter().map(|path| (file_name(&path), path)).collect())
            }
        }
    }
}

impl Site {
    /// A site of these scenes. `check` decides which files are packages.
    pub fn new(scenes: Scenes, check: Check) -> Self {
        Self { scenes, check, checked: Mutex::default() }
    }

    /// Checks every file, and says why those that are left out are no packages.
    ///
    /// # Errors
    /// None is left, or the folder cannot be read.
    pub fn left_out(&self) -> Result<Vec<String>> {
        let files = self.scenes.files()?;
        let faults: Vec<String> = files.iter().filter_map(|(_, path)| self.fault(path)).collect();
        if faults.len() < files.len() {
            return Ok(faults);
        }
        Err(bad_input(match (&self.scenes, &faults[..]) {
            (Scenes::Folder(folder), []) => format!(
                "{}: found no *.glb in this folder; expected at least one (`loop3d export SCENE -o NAME.glb` makes them)",
                folder.display()
            ),
            (Scenes::Folder(folder), faults) => format!(
                "{}: found no package of loop3d in this folder; expected at least one (`loop3d export SCENE -o NAME.glb` makes them)\n  {}",
                folder.display(),
                faults.join("\n  ")
            ),
            (Scenes::File { .. }, faults) => faults.join("\n"),
        }))
    }

    /// Why a file is left out. The answer is kept until the file changes: a check reads all of it.
    fn fault(&self, path: &Path) -> Option<String> {
        let about = fs::metadata(path).ok();
        let stamp = about.map_or((0, None), |about| (about.len(), about.modified().ok()));
        let mut checked = self.checked.lock().unwrap_or_else(PoisonError::into_inner);
        match checked.get(path) {
            Some((then, result)) if *then == stamp => result.clone().err(),
            _ => {
                let result = (self.check)(path);
                checked.insert(path.to_owned(), (stamp, result.clone()));
                result.err()
            }
        }
    }

    /// Names and paths of the packages, sorted by name.
    fn packages(&self) -> Result<Vec<(String, PathBuf)>> {
        Ok(self.scenes.files()?.into_iter().filter(|(_, path)| self.fault(path).is_none()).collect())
    }

    /// Answers a request.
    ///
    /// # Errors
    /// An existing file cannot be read.
    pub fn answer(&self, viewer: &WebFiles, question: &Question<'_>) -> Result<Answer> {
        let path = question.url.split(['?', '#']).next().unwrap_or_default().trim_start_matches('/');
        let path = if path.is_empty() { "index.html" } else { path };
        if path == "gallery.json" {
            return Ok(whole("application/json", self.gallery()?.into_bytes()));
        }
        if let Some(name) = path.strip_prefix(SCENES) {
            let name = decode(name);
            let found = self.packages()?.into_iter().find(|(listed, _)| *listed == name);
            return found.map_or_else(|| Ok(not_found()), |(_, path)| package(&path, question));
        }
        Ok(viewer.get(path).map_or_else(not_found, |bytes| whole(mime(path), bytes.into_owned())))
    }

    /// The list that the page reads: `[{ "src": …, "name": … }]`.
    fn gallery(&self) -> Result<String> {
        let entries = self.packages()?.into_iter().map(|(file, _)| {
            let name = file.trim_end_matches(".glb").to_owned();
            serde_json::json!({ "src": format!("{SCENES}{}", encode(&file)), "name": name })
        });
        Ok(serde_json::Value::from_iter(entries).to_string())
    }
}

fn file_name(path: &Path) -> String {
    path.file_name().unwrap_or_default().to_string_lossy().into_owned()
}

/// Whether a file is named like a package.
pub fn is_package(path: &Path) -> bool {
    path.extension().is_some_and(|ending| ending.eq_ignore_ascii_case("glb"))
}

fn whole(mime: &str, bytes: Vec<u8>) -> Answer {
    let headers = vec![("content-type", mime.to_owned()), ("cache-control", "no-cache".to_owned())];
    Answer { status: 200, headers, length: bytes.len() as u64, body: Box::new(Cursor::new(bytes)) }
}

fn not_found() -> Answer {
    Answer { status: 404, ..whole("text/plain; charset=utf-8", b"There is nothing at this address.\n".to_vec()) }
}

/// A package or a part of it.
fn package(path: &Path, question: &Question<'_>) -> Result<Answer> {
    let context = || format!("{}: cannot be read", path.display());
    let mut file = File::open(path).with_context(context)?;
    let about = file.metadata().with_context(context)?;
    let changed = about.modified().ok().and_then(|time| time.duration_since(UNIX_EPOCH).ok()).unwrap_or_default();
    let tag = format!("\"{:x}-{:x}\"", about.len(), changed.as_nanos());
    let mut headers = vec![
        ("content-type", "model/gltf-binary".to_owned()),
        ("accept-ranges", "bytes".to_owned()),
        ("cache-control", "no-cache".to_owned()),
        ("etag", tag.clone()),
    ];
    let empty = |status, headers| Answer { status, headers, length: 0, body: Box::new(std::io::empty()) };
    if question.if_none_match == Some(tag.as_str()) {
        return Ok(empty(304, headers));
    }
    // If the file has changed since the browser began, it needs the whole file, not a part of the new one.
    let is_same = question.if_range.is_none_or(|asked| asked == tag);
    let asked = question.range.filter(|_| is_same).map(|range| parse_range(range, about.len()));
    let (status, range) = match asked {
        None | Some(Asked::All) => (200, 0..about.len()),
        Some(Asked::Part(range)) => (206, range),
        Some(Asked::Beyond) => {
            headers.push(("content-range", format!("bytes */{}", about.len())));
            return Ok(empty(416, headers));
        }
    };
    if status == 206 {
        headers.push(("content-range", format!("bytes {}-{}/{}", range.start, range.end - 1, about.len())));
    }
    file.seek(SeekFrom::Start(range.start)).with_context(context)?;
    let length = range.end - range.start;
    Ok(Answer { status, headers, length, body: Box::new(file.take(length)) })
}

/// What a `range` header asks for.
#[derive(Debug, PartialEq)]
enum Asked {
    /// Not understood, or several parts: the whole file, as HTTP allows.
    All,
    Part(Range<u64>),
    Beyond,
}

/// `bytes=a-b`, `bytes=a-`, `bytes=-n` (RFC 9110, 14.2).
fn parse_range(header: &str, length: u64) -> Asked {
    let Some((start, end)) = header.strip_prefix("bytes=").and_then(|range| range.split_once('-')) else {
        return Asked::All;
    };
    let range = match (start.parse::<u64>(), end.parse::<u64>()) {
        (Ok(start), Ok(end)) if start <= end => start..end.saturating_add(1).min(length),
        (Ok(start), Err(_)) if end.is_empty() => start..length,
        (Err(_), Ok(last)) if start.is_empty() => length.saturating_sub(last)..length,
        _ => return Asked::All,
    };
    if range.is_empty() { Asked::Beyond } else { Asked::Part(range) }
}

fn mime(name: &str) -> &'static str {
    match name.rsplit('.').next() {
        Some("html") => "text/html; charset=utf-8",
        Some("js") => "text/javascript; charset=utf-8",
        Some("css") => "text/css; charset=utf-8",
        Some("wasm") => "application/wasm",
        Some("svg") => "image/svg+xml",
        _ => "application/octet-stream",
    }
}

/// Encodes a file name for a URL.
fn encode(name: &str) -> String {
    let is_plain = |byte: u8| byte.is_ascii_alphanumeric() || b"-._~".contains(&byte);
    name.bytes().map(|b| if is_plain(b) { char::from(b).to_string() } else { format!("%{b:02X}") }).collect()
}

/// The reverse; invalid escapes stay as they are.
fn decode(text: &str) -> String {
    let mut bytes = Vec::with_capacity(text.len());
    let mut rest = text.as_bytes();
    while let [first, tail @ ..] = rest {
        let escaped = tail.get(..2).filter(|_| *first == b'%').and_then(|hex| std::str::from_utf8(hex).ok());
        match escaped.and_then(|hex| u8::from_str_radix(hex, 16).ok()) {
            Some(byte) => {
                bytes.push(byte);
                rest = &tail[2..];
            }
            None => {
                bytes.push(*first);
                rest = tail;
            }
        }
    }
    String::from_utf8_lossy(&bytes).into_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A site of a path, where everything but "broken" is a package.
    fn of(path: &Path) -> Site {
        let check = |path: &Path| match fs::read_to_string(path) {
            Ok(text) if text != "broken" => Ok(()),
            _ => Err(format!("{}: broken", path.display())),
        };
        Site::new(Scenes::new(path).unwrap(), check)
    }

    fn site() -> (tempfile::TempDir, Site) {
        let folder = tempfile::tempdir().unwrap();
        fs::write(folder.path().join("a b.glb"), "0123456789").unwrap();
        fs::write(folder.path().join("secret.txt"), "no").unwrap();
        fs::create_dir(folder.path().join("scenes")).unwrap();
        fs::write(folder.path().join("scenes/deep.glb"), "no").unwrap();
        let site = of(folder.path());
        (folder, site)
    }

    fn ask(site: &Site, question: &Question<'_>) -> (u16, Vec<(&'static str, String)>, String) {
        let mut answer = site.answer(&WebFiles::Folder("none".into()), question).unwrap();
        let mut text = String::new();
        answer.body.read_to_string(&mut text).unwrap();
        assert_eq!(answer.length, text.len() as u64);
        (answer.status, answer.headers, text)
    }

    fn header<'a>(headers: &'a [(&'static str, String)], name: &str) -> &'a str {
        headers.iter().find(|(found, _)| *found == name).map_or("", |(_, value)| value)
    }

    #[test]
    fn only_listed_packages_are_served() {
        let (folder, site) = site();
        let get = |url| ask(&site, &Question { url, ..Question::default() });
        let (status, headers, body) = get("/scenes/a%20b.glb?x=1");
        assert_eq!((status, body.as_str()), (200, "0123456789"));
        assert_eq!(header(&headers, "content-type"), "model/gltf-binary");
        assert_eq!(get("/gallery.json").2, r#"[{"name":"a b","src":"scenes/a%20b.glb"}]"#);
        for url in [
            "/secret.txt",
            "/scenes/secret.txt",
            "/scenes/../secret.txt",
            "/scenes/%2e%2e%2fsecret.txt",
            "/../secret.txt",
            "/scenes/scenes/deep.glb",
            "/scenes/",
            "//etc/passwd",
            "/scenes/%",
            "/a b.glb",
        ] {
            assert_eq!(get(url).0, 404, "{url}");
        }
        fs::write(folder.path().join("later.glb"), "x").unwrap();
        assert_eq!(get("/scenes/later.glb").0, 200);
    }

    #[test]
    fn parts_are_served_and_a_changed_file_is_sent_whole() {
        let (_folder, site) = site();
        let url = "/scenes/a%20b.glb";
        let get = |range, if_range| ask(&site, &Question { url, range: Some(range), if_range, ..Question::default() });
        let (status, headers, body) = get("bytes=2-4", None);
        assert_eq!((status, body.as_str(), header(&headers, "content-range")), (206, "234", "bytes 2-4/10"));
        let tag = header(&headers, "etag");
        assert_eq!(get("bytes=7-", Some(tag)).2, "789");
        assert_eq!(get("bytes=7-", Some("\"other\"")).0, 200);
        assert_eq!(get("bytes=-3", None).2, "789");
        let (status, headers, _) = get("bytes=10-", None);
        assert_eq!((status, header(&headers, "content-range")), (416, "bytes */10"));
        assert_eq!(get("bytes=0-1,3-4", None).0, 200);
        assert_eq!(get("lines=0-1", None).0, 200);
        let known = Question { url, if_none_match: Some(tag), ..Question::default() };
        assert_eq!(ask(&site, &known).0, 304);
    }

    #[test]
    fn ranges_stay_within_the_file() {
        assert_eq!(parse_range("bytes=0-99999999999999999999", 10), Asked::All);
        assert_eq!(parse_range("bytes=3-18446744073709551615", 10), Asked::Part(3..10));
        assert_eq!(parse_range("bytes=-99", 10), Asked::Part(0..10));
        assert_eq!(parse_range("bytes=-0", 10), Asked::Beyond);
        assert_eq!(parse_range("bytes=5-2", 10), Asked::All);
        assert_eq!(parse_range("bytes=0-", 0), Asked::Beyond);
    }

    #[test]
    fn broken_packages_are_left_out_until_they_are_mended() {
        let (folder, site) = site();
        let bad = folder.path().join("0.glb");
        fs::write(&bad, "broken").unwrap();
        assert_eq!(site.left_out().unwrap(), [format!("{}: broken", bad.display())]);
        let get = |url| ask(&site, &Question { url, ..Question::default() });
        assert_eq!(get("/gallery.json").2, r#"[{"name":"a b","src":"scenes/a%20b.glb"}]"#);
        assert_eq!(get("/scenes/0.glb").0, 404);
        fs::write(&bad, "mended").unwrap();
        assert_eq!(get("/scenes/0.glb").0, 200);
        assert_eq!(site.left_out().unwrap(), [""; 0]);
    }

    #[test]
    fn what_cannot_be_served_says_why() {
        let folder = tempfile::tempdir().unwrap();
        let missing = Scenes::new(&folder.path().join("none.glb")).unwrap_err().to_string();
        assert!(missing.ends_with("none.glb: no such file or folder"), "{missing}");
        let said = |name: &str| of(&folder.path().join(name)).left_out().unwrap_err().to_string();
        assert!(said("").contains("found no *.glb"));
        fs::write(folder.path().join("a.glb"), "broken").unwrap();
        assert!(said("a.glb").ends_with("a.glb: broken"));
        assert!(said("").contains("found no package") && said("").ends_with("a.glb: broken"), "{}", said(""));
    }
}
