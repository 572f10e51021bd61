//! `loop3d serve`: shows scenes in browsers, on this machine and on phones in the same network.

mod made;
mod site;

use crate::failure::mistake;
use crate::stop::Stop;
use crate::web_files::WebFiles;
use anyhow::Result;
use fast_qr::qr::QRBuilder;
use made::Made;
use site::{Question, Scenes, Site, is_package};
use std::io::ErrorKind;
use std::net::{IpAddr, Ipv4Addr, UdpSocket};
use std::path::PathBuf;
use std::time::Duration;
use tiny_http::{Header, Method, Request, Response, Server, StatusCode};

/// Threads that answer requests.
const WORKERS: usize = 8;

/// Time between two looks at whether to stop.
const LOOK: Duration = Duration::from_millis(150);

/// Serve a scene, or a folder of them, to browsers: on this machine, and on phones in the same network.
#[derive(clap::Args, Debug)]
#[command(
    after_help = "Examples:\n  loop3d serve garden.loop3d\n  loop3d serve garden.glb\n  loop3d serve scenes/ --port 8000\n\n\
    Scan the QR code with a phone to open the scene there. Browsers allow tilt and WebGPU only on this machine and over https: other \
    devices use WebGL 2, and you look around by touch. To allow tilt, upload the folder that `cargo xtask web --scene garden.glb` writes \
    to any https host."
)]
pub struct ServeArgs {
    /// A scene (*.loop3d, *.glb), or a folder of packages (*.glb). A *.loop3d is served as a package that is removed at the end;
    /// `export` makes one to keep.
    scene: PathBuf,
    /// Port; if it is taken, the next free one is used.
    #[arg(long, default_value_t = 8080)]
    port: u16,
    /// Serve to this machine only.
    #[arg(long)]
    local: bool,
    /// Print the address only.
    #[arg(long)]
    quiet: bool,
}

impl ServeArgs {
    /// Serves until Ctrl-C.
    ///
    /// # Errors
    /// The scene does not exist or is not one, no port is free, or there is no viewer.
    pub fn run(&self) -> Result<()> {
        let scenes = Scenes::new(&self.scene)?;
        let stop = Stop::on_ctrl_c()?;
        let made = match &scenes {
            Scenes::File { path, .. } if !is_package(path) => {
                let scene = loop3d_package::open(path)?;
                // Before a package is made, which takes time.
                WebFiles::find()?;
                Some(Made::new(&scene, path, &stop, self.quiet)?)
            }
            _ => None,
        };
        let scenes = made.as_ref().map_or(scenes, Made::scenes);
        let site = Site::new(scenes, |path| match loop3d_package::check(path) {
            Ok(_) => Ok(()),
            Err(error) => Err(error.to_string()),
        });
        for fault in site.left_out()? {
            eprintln!("left out: {fault}");
        }
        let viewer = WebFiles::find()?;
        let server = listen(self.port, self.local)?;
        let port = server.server_addr().to_ip().map_or(self.port, |address| address.port());
        crate::output::print(&self.greeting(port))?;
        std::thread::scope(|scope| {
            for _ in 0..WORKERS {
                scope.spawn(|| {
                    while !stop.asked() {
                        match server.recv_timeout(LOOK) {
                            Ok(Some(request)) => answer(&site, &viewer, request),
                            Ok(None) => {}
                            Err(error) => eprintln!("a connection failed: {error}"),
                        }
                    }
                });
            }
        });
        Ok(())
    }

    fn greeting(&self, port: u16) -> String {
        let here = format!("http://localhost:{port}/");
        let network = if self.local { None } else { address_in_network() };
        let there = network.map(|address| format!("http://{address}:{port}/"));
        if self.quiet {
            return there.unwrap_or(here);
        }
        let mut lines = vec![
            format!("Serving {}; press Ctrl-C to stop.", self.scene.display()),
            format!("  this machine     {here}"),
        ];
        if let Some(there) = there {
            lines.push(format!("  same network     {there}   (for a phone)"));
            lines.extend(QRBuilder::new(there.as_str()).build().map(|code| format!("\n{}", code.to_str())).ok());
            lines.push(
                "\nOther devices connect over plain http, where browsers do not allow tilt and WebGPU; see --help."
                    .to_owned(),
            );
        }
        lines.join("\n")
    }
}

/// A server on a port, or one of the next ones if it is taken; for this machine alone, or for its networks.
///
/// # Errors
/// None of them can be used.
pub fn listen(first: u16, local: bool) -> Result<Server> {
    let host = if local { Ipv4Addr::LOCALHOST } else { Ipv4Addr::UNSPECIFIED };
    let mut refusal = String::new();
    for port in (first..=u16::MAX).take(20) {
        match Server::http((host, port)) {
            Ok(server) => return Ok(server),
            Err(error) => {
                let taken = error.downcast_ref::<std::io::Error>().is_some_and(|e| e.kind() == ErrorKind::AddrInUse);
                refusal = error.to_string();
                if !taken {
                    break;
                }
            }
        }
    }
    Err(mistake(format!("--port {first}: cannot listen on this port or the next ones: {refusal}")))
}

/// The address from which this machine reaches its network. Nothing is sent.
fn address_in_network() -> Option<IpAddr> {
    let socket = UdpSocket::bind((Ipv4Addr::UNSPECIFIED, 0)).ok()?;
    // An address reserved for documentation (RFC 5737).
    socket.connect((Ipv4Addr::new(192, 0, 2, 1), 9)).ok()?;
    Some(socket.local_addr().ok()?.ip()).filter(|address| !address.is_loopback() && !address.is_unspecified())
}

fn answer(site: &Site, viewer: &WebFiles, request: Request) {
    let header = |name: &'static str| {
        let found = request.headers().iter().find(|header| header.field.equiv(name));
        found.map(|header| header.value.as_str().to_owned())
    };
    let [range, if_range, if_none_match] = ["range", "if-range", "if-none-match"].map(header);
    let url = request.url().to_owned();
    let question = Question {
        url: &url,
        range: range.as_deref(),
        if_range: if_range.as_deref(),
        if_none_match: if_none_match.as_deref(),
    };
    if !matches!(request.method(), Method::Get | Method::Head) {
        return send(request, Response::from_string("GET and HEAD only\n").with_status_code(405));
    }
    match site.answer(viewer, &question) {
        Ok(found) => {
            let headers =
                found.headers.iter().filter_map(|(name, value)| Header::from_bytes(*name, value.as_bytes()).ok());
            let length = usize::try_from(found.length).ok();
            let response = Response::new(StatusCode(found.status), headers.collect(), found.body, length, None);
            // A chunked response would not state its length.
            send(request, response.with_chunked_threshold(usize::MAX));
        }
        Err(error) => {
            eprintln!("{url}: {error:#}");
            send(request, Response::from_string("The file cannot be read.\n").with_status_code(500));
        }
    }
}

/// A browser that closed the connection is not an error.
fn send(request: Request, response: Response<impl std::io::Read>) {
    let _ = request.respond(response);
}
