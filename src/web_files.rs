//! The browser viewer: embedded when the command was built (build.rs), or found in a folder when it runs.

use crate::failure::{bad_input, mistake};
use anyhow::Result;
use std::borrow::Cow;
use std::path::{Path, PathBuf};
use std::{env, fs};

/// Names and bytes of web/dist; empty if it was not built before the command.
static FILES: &[(&str, &[u8])] = include!(concat!(env!("OUT_DIR"), "/web_files.rs"));

/// The environment variable that names a folder with the viewer. It is asked first.
const VARIABLE: &str = "LOOP3D_WEB";

/// The checkout that this command was built from, where there still is one.
const CHECKOUT: &str = env!("CARGO_MANIFEST_DIR");

/// A file that every build of the viewer has.
const SIGN: &str = "single.js";

/// The files that a page or a server needs: neither documentation nor scenes. As in build.rs.
const ENDINGS: [&str; 5] = ["js", "wasm", "html", "css", "svg"];

/// Where the viewer's files come from.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum WebFiles {
    /// This command.
    Embedded,
    /// A folder such as web/dist.
    Folder(PathBuf),
}

impl WebFiles {
    /// The viewer: of `LOOP3D_WEB`, the embedded one, of the folder `web` beside the command, or of the checkout's web/dist.
    ///
    /// # Errors
    /// There is none, or `LOOP3D_WEB` names a folder without one.
    pub fn find() -> Result<Self> {
        if let Some(folder) = env::var_os(VARIABLE).filter(|folder| !folder.is_empty()).map(PathBuf::from) {
            return match has_viewer(&folder) {
                true => Ok(Self::Folder(folder)),
                false => Err(bad_input(format!(
                    "{VARIABLE}: found no {SIGN} in {}; expected the folder web/dist that `cargo xtask web` writes",
                    folder.display()
                ))),
            };
        }
        if !FILES.is_empty() {
            return Ok(Self::Embedded);
        }
        let command = env::current_exe().and_then(fs::canonicalize).ok();
        let beside = command.as_deref().and_then(Path::parent).map(|folder| folder.join("web"));
        let found = beside.into_iter().chain([Path::new(CHECKOUT).join("web/dist")]).find(|folder| has_viewer(folder));
        found.map(Self::Folder).ok_or_else(missing)
    }

    /// A file of the viewer that has to be there.
    ///
    /// # Errors
    /// It is not.
    pub fn file(&self, name: &str) -> Result<Cow<'static, [u8]>> {
        self.get(name).ok_or_else(|| match self {
            Self::Embedded => missing(),
            Self::Folder(folder) => {
                bad_input(format!("{}: cannot be read; run `cargo xtask web` again", folder.join(name).display()))
            }
        })
    }

    /// A file of the viewer, if there is one of this name.
    pub fn get(&self, name: &str) -> Option<Cow<'static, [u8]>> {
        match self {
            Self::Embedded => FILES.iter().find(|(found, _)| *found == name).map(|(_, bytes)| Cow::Borrowed(*bytes)),
            Self::Folder(folder) => {
                // A name comes from a browser: it never leads out of the folder.
                let is_plain = |byte: u8| byte.is_ascii_alphanumeric() || b"-_.".contains(&byte);
                let ending = Path::new(name).extension()?;
                let known = ENDINGS.iter().any(|known| ending == *known);
                (known && name.bytes().all(is_plain)).then(|| fs::read(folder.join(name)).ok())?.map(Cow::Owned)
            }
        }
    }
}

fn has_viewer(folder: &Path) -> bool {
    folder.join(SIGN).is_file() && folder.join("index.html").is_file()
}

/// What to do where there is no viewer.
fn missing() -> anyhow::Error {
    let checkout = Path::new(CHECKOUT);
    let run = match checkout.join("xtask").is_dir() {
        true => format!("run `cargo xtask web` in {CHECKOUT} once (it needs Node.js)"),
        false => "run `cargo xtask web` once in a checkout of loop3d (it needs Node.js)".to_owned(),
    };
    mistake(format!(
        "the browser viewer is missing: {run}, then the same command again. If web/dist is elsewhere, set {VARIABLE} to that folder"
    ))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_never_lead_out_of_the_folder() {
        let folder = tempfile::tempdir().unwrap();
        let dist = folder.path().join("dist");
        fs::create_dir(&dist).unwrap();
        for name in ["dist/single.js", "dist/index.html", "dist/notes.md", "secret.js"] {
            fs::write(folder.path().join(name), name).unwrap();
        }
        assert!(has_viewer(&dist) && !has_viewer(folder.path()));
        let files = WebFiles::Folder(dist);
        assert_eq!(files.get("single.js").as_deref(), Some(&b"dist/single.js"[..]));
        for name in ["notes.md", "../secret.js", "..\\secret.js", "/etc/x.js", "", "js", "none.js"] {
            assert_eq!(files.get(name), None, "{name}");
        }
        let error = files.file("none.js").unwrap_err().to_string();
        assert!(error.contains("none.js") && error.contains("cargo xtask web"), "{error}");
    }
}
