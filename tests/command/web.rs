//! `serve`, and `export` to one page.

use crate::support::{Ended, FRAMES, Folder};
use std::io::{BufRead, BufReader, Read, Write};
use std::net::TcpStream;
use std::process::{Child, Command, Stdio};

/// A folder with `a.glb`, a tiny package. `None`, with a loud line, if there is no viewer.
fn exported() -> Option<Folder> {
    let folder = Folder::new(FRAMES);
    folder.done("fit --views capture --preset draft --frames 4 --planes 4 --device cpu -o a.loop3d --quiet");
    folder.done("export a.loop3d -o a.glb --quiet");
    let ended = folder.run("export a.glb -o a.html --quiet");
    if ended.code == Some(0) {
        return Some(folder);
    }
    ended.said(2, &["cargo xtask web"]);
    assert!(!folder.path("a.html").exists());
    eprintln!("DID NOT RUN: pages and servers; missing: web/dist (cargo xtask web)");
    None
}

/// A server that ends with the test.
struct Serving(Child);

impl Drop for Serving {
    fn drop(&mut self) {
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

fn ask(address: &str, path: &str, header: &str) -> (String, Vec<u8>) {
    let mut stream = TcpStream::connect(address).unwrap();
    write!(stream, "GET {path} HTTP/1.1\r\nHost: x\r\nConnection: close\r\n{header}\r\n").unwrap();
    let mut answer = Vec::new();
    stream.read_to_end(&mut answer).unwrap();
    let end = answer.windows(4).position(|bytes| bytes == b"\r\n\r\n").unwrap();
    (String::from_utf8_lossy(&answer[..end]).to_lowercase(), answer[end + 4..].to_vec())
}

#[test]
fn a_page_contains_everything_and_a_server_serves_only_the_scenes() {
    let Some(folder) = exported() else { return };
    let page = String::from_utf8(folder.bytes("a.html")).unwrap();
    assert!(page.contains("<title>a</title>") && !page.contains(" src=\""), "something is fetched");
    assert_eq!(page.matches("</script>").count(), 4);
    // A package that goes in unchanged is reported in JSON too; asked for explicitly, even the default codec exports it anew.
    let report = |words: &str| -> serde_json::Value {
        serde_json::from_str(&folder.done(&format!("export a.glb {words} --json --quiet")).stdout).unwrap()
    };
    let kept = report("-o a.html");
    assert_eq!(kept["package_bytes"], folder.bytes("a.glb").len());
    assert_eq!(kept["page_bytes"], folder.bytes("a.html").len());
    assert!(kept.get("likeness").is_none(), "{kept}");
    assert!(report("-o again.html --codec h264").get("likeness").is_some());
    std::fs::remove_file(folder.path("again.html")).unwrap();
    // From a scene file, too, and the report says what is in it; nothing is left beside it.
    let report = folder.done("export a.loop3d -o b.html --json").stdout;
    assert!(report.contains("\"likeness\""), "{report}");
    assert_eq!(folder.names(), ["a.glb", "a.html", "a.loop3d", "b.html", "capture"]);
    folder.run("export capture -o c.html").said(65, &["capture: "]);
    folder.run("export a.glb -o a.htm").said(2, &["NAME.glb or NAME.html"]);

    let mut child = folder.command("serve . --port 18730 --local --quiet");
    let mut serving = Serving(child.stdout(Stdio::piped()).spawn().unwrap());
    let mut line = String::new();
    BufReader::new(serving.0.stdout.take().unwrap()).read_line(&mut line).unwrap();
    let address = line.trim().trim_start_matches("http://").trim_end_matches('/').to_owned();
    let package = folder.bytes("a.glb");
    let (head, body) = ask(&address, "/scenes/a.glb", "");
    assert!(head.starts_with("http/1.1 200") && head.contains("content-type: model/gltf-binary"), "{head}");
    assert_eq!(body, package);
    let (head, body) = ask(&address, "/scenes/a.glb", "Range: bytes=10-19\r\n");
    assert!(head.starts_with("http/1.1 206") && head.contains("content-range: bytes 10-19/"), "{head}");
    assert_eq!(body, &package[10..20]);
    let (head, body) = ask(&address, "/", "");
    assert!(head.contains("content-type: text/html") && String::from_utf8_lossy(&body).contains("<loop-3d"), "{head}");
    let (head, _) = ask(&address, "/loop3d_webgpu.wasm", "");
    assert!(head.contains("content-type: application/wasm"), "{head}");
    for path in ["/a.loop3d", "/../a.loop3d", "/scenes/..%2Fa.loop3d", "/scenes/a.loop3d", "/capture/poses_bounds.npy"]
    {
        assert!(ask(&address, path, "").0.starts_with("http/1.1 404"), "{path}");
    }
    opens_in_a_browser(&folder);
}

/// The page from the disk, in Chromium.
fn opens_in_a_browser(folder: &Folder) {
    let tools = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/browser");
    let chromium = std::env::var("LOOP3D_CHROMIUM").unwrap_or_else(|_| "/usr/bin/chromium".to_owned());
    if !tools.join("node_modules/playwright-core").exists() || !std::path::Path::new(&chromium).exists() {
        return eprintln!("DID NOT RUN: no browser opened the page; missing: Chromium or tests/browser/node_modules");
    }
    let mut node = Command::new("node");
    node.current_dir(tools).env("LOOP3D_ONLY", "from the disk").arg("page.mjs");
    let ended = Ended::of(node.arg(folder.path("a.glb")).arg(folder.path("a.html")));
    assert_eq!(ended.code, Some(0), "{}{}", ended.stdout, ended.stderr);
    assert!(ended.stdout.contains("ok   one file"), "{}", ended.stdout);
}

/// A folder `web` that stands for the viewer.
fn stand_in(folder: &Folder) {
    std::fs::create_dir(folder.path("web")).unwrap();
    for name in ["index.html", "single.js", "loop3d_webgpu.wasm", "loop3d_webgl2.wasm"] {
        std::fs::write(folder.path("web").join(name), format!("this is {name}")).unwrap();
    }
}

/// A server with the viewer of the folder `web`, its temporary files in `tmp`, and its address.
fn serve(folder: &Folder, words: &str) -> (Serving, String) {
    let mut command = folder.command(&format!("serve {words} --local"));
    command.env("LOOP3D_WEB", "web").env("TMPDIR", folder.path("tmp"));
    let mut serving = Serving(command.stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap());
    let mut lines = BufReader::new(serving.0.stdout.take().unwrap()).lines();
    let line = lines.find(|line| line.as_ref().is_ok_and(|line| line.contains("http://"))).unwrap().unwrap();
    let address = line.split("http://").nth(1).unwrap().trim().trim_end_matches('/').to_owned();
    (serving, address)
}

#[test]
fn a_scene_file_is_served_as_a_package_that_goes_with_the_server() {
    let folder = Folder::new(FRAMES);
    folder.done("fit --views capture --preset draft --frames 4 --planes 4 --device cpu -o a.loop3d --quiet");
    stand_in(&folder);
    std::fs::create_dir(folder.path("tmp")).unwrap();
    let (mut serving, address) = serve(&folder, "a.loop3d --port 18760");
    assert_eq!(std::fs::read_dir(folder.path("tmp")).unwrap().count(), 1);
    let (_, list) = ask(&address, "/gallery.json", "");
    assert_eq!(String::from_utf8(list).unwrap(), r#"[{"name":"a","src":"scenes/a.glb"}]"#);
    let (head, package) = ask(&address, "/scenes/a.glb", "");
    assert!(head.starts_with("http/1.1 200"), "{head}");
    std::fs::write(folder.path("served.glb"), package).unwrap();
    assert!(folder.done("info served.glb").stdout.contains("4 frames"));
    assert_eq!(ask(&address, "/", "").1, b"this is index.html");
    let stopped = Command::new("kill").args(["-INT", &serving.0.id().to_string()]).status().unwrap();
    assert!(stopped.success());
    assert_eq!(serving.0.wait().unwrap().code(), Some(0));
    let mut said = String::new();
    serving.0.stderr.take().unwrap().read_to_string(&mut said).unwrap();
    assert!(said.contains("loop3d export a.loop3d -o a.glb"), "{said}");
    assert_eq!(std::fs::read_dir(folder.path("tmp")).unwrap().count(), 0, "the package was left");

    // A folder: what is broken or another program's is left out and named.
    std::fs::create_dir(folder.path("scenes")).unwrap();
    std::fs::copy(folder.path("served.glb"), folder.path("scenes/good.glb")).unwrap();
    let whole = folder.bytes("served.glb");
    std::fs::write(folder.path("scenes/broken.glb"), &whole[..whole.len() / 2]).unwrap();
    let json = b"{\"asset\":{\"version\":\"2.0\"}} ";
    let length = |bytes: usize| u32::try_from(bytes).unwrap().to_le_bytes();
    let foreign = [b"glTF", &2u32.to_le_bytes(), &length(20 + json.len()), &length(json.len()), b"JSON", &json[..]];
    std::fs::write(folder.path("scenes/blender.glb"), foreign.concat()).unwrap();
    let (mut serving, address) = serve(&folder, "scenes --port 18780");
    let (_, list) = ask(&address, "/gallery.json", "");
    assert_eq!(String::from_utf8(list).unwrap(), r#"[{"name":"good","src":"scenes/good.glb"}]"#);
    assert!(ask(&address, "/scenes/blender.glb", "").0.starts_with("http/1.1 404"));
    serving.0.kill().unwrap();
    let mut said = String::new();
    serving.0.stderr.take().unwrap().read_to_string(&mut said).unwrap();
    for name in ["left out: scenes/broken.glb: ", "left out: scenes/blender.glb: "] {
        assert!(said.contains(name), "{said}");
    }
    std::fs::remove_file(folder.path("scenes/good.glb")).unwrap();
    folder.run("serve scenes").said(65, &["found no package", "scenes/broken.glb: ", "scenes/blender.glb: "]);
    folder.run("serve scenes/blender.glb").said(65, &["scenes/blender.glb: "]);
}

#[test]
fn the_viewer_is_found_when_the_command_runs() {
    let folder = Folder::new(FRAMES);
    folder.done("fit --views capture --preset draft --frames 4 --planes 4 --device cpu -o a.loop3d --quiet");
    stand_in(&folder);
    let export = || {
        let mut export = folder.command("export a.loop3d -o a.html --quiet");
        export.env("LOOP3D_WEB", "web");
        Ended::of(&mut export)
    };
    assert_eq!(export().code, Some(0));
    assert!(String::from_utf8(folder.bytes("a.html")).unwrap().contains("this is single.js"));
    // The limit is of the file, with the viewer and base64.
    std::fs::write(folder.path("web/loop3d_webgl2.wasm"), vec![7; 30_000]).unwrap();
    let limited = |mb: f64| {
        let mut export = folder.command(&format!("export a.loop3d -o b.html --max-mb {mb} --codec h264 --quality 100"));
        Ended::of(export.env("LOOP3D_WEB", "web"))
    };
    let whole = limited(9.0);
    assert_eq!(whole.code, Some(0), "{}", whole.stderr);
    let most = folder.bytes("b.html").len() as f64 * 0.95;
    assert_eq!(limited(most / 1e6).code, Some(0));
    assert!(folder.bytes("b.html").len() as f64 <= most);
    limited(0.02).said(2, &["--max-mb: found 0.02 MB", "the viewer in a page alone has"]);
    std::fs::remove_file(folder.path("web/single.js")).unwrap();
    export().said(65, &["LOOP3D_WEB: found no single.js in web", "cargo xtask web"]);
}

#[test]
fn what_cannot_be_served_says_why() {
    let folder = Folder::new(2);
    folder.run("serve none.glb").said(65, &["none.glb: "]);
    folder.run("serve capture").said(65, &["capture: "]);
    folder.run("serve capture/poses_bounds.npy").said(65, &["poses_bounds.npy: "]);
}
