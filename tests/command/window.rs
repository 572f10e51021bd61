//! A real window on a software screen: Xvfb shows it, xdotool acts as the user, ffmpeg takes screenshots.

use crate::support::Folder;
use glam::{DAffine3, DVec2, DVec3};
use loop3d_scene::{Camera, Planes, Scene, SceneView, TILE_VALUES, Tile, TileTable};
use std::io::Write;
use std::process::{Child, Command, Stdio};
use std::thread::sleep;
use std::time::{Duration, Instant};

const SCREEN: (usize, usize) = (400, 300);

/// Rows of the window, 320×192: the first one of the overlay's bar, and that of the timeline.
const BAR: usize = 118;
const TIMELINE: usize = 138;

/// A dark far plane; in front of it, in the middle, a white tile and beside that a tile that changes all the time.
fn scene() -> Scene {
    let reference = Camera {
        width: 160,
        height: 96,
        focal_px: DVec2::splat(150.0),
        center_px: DVec2::new(80.0, 48.0),
        world_from_camera: DAffine3::IDENTITY,
    };
    let mut tiles = TileTable::empty(2, 8, 12, [-16, -16]);
    tiles.tiles[3 * 12 + 5] = Tile::Static(96);
    tiles.tiles[2 * 12 + 9] = Tile::Looping(0);
    (0..96).for_each(|i| tiles.tiles[96 + i] = Tile::Static(i as u32));
    let of = |texel: [u16; 4]| texel.into_iter().cycle().take(TILE_VALUES);
    let mut static_texels: Vec<u16> = (0..96).flat_map(|_| of([0, 0, 20000, 65535])).collect();
    static_texels.extend(of([65535; 4]));
    let view = |x: f64, y: f64| SceneView {
        name: "a".to_owned(),
        camera: Camera { world_from_camera: DAffine3::from_translation(DVec3::new(x, y, 0.0)), ..reference },
        held_out: false,
    };
    Scene {
        reference,
        planes: Planes { near: 1.0, far: 20.0, count: 2 },
        tiles,
        fps: 25.0,
        frames: 20,
        static_texels,
        looping_texels: (0..20u16).flat_map(|frame| of([3000 * frame, 60000 - 3000 * frame, 0, 65535])).collect(),
        views: vec![view(-0.1, -0.05), view(0.1, 0.05)],
        fit: serde_json::Value::Null,
    }
}

/// Ends a program with the test.
struct Running(Child);

impl Drop for Running {
    fn drop(&mut self) {
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

fn is_there(program: &str) -> bool {
    Command::new("sh").args(["-c", &format!("command -v {program}")]).stdout(Stdio::null()).status().unwrap().success()
}

/// A window with the scene on a screen of its own.
struct Desk {
    display: String,
    _screen: Running,
    viewer: Running,
}

impl Desk {
    fn open(folder: &Folder, display: u32, backend: &str) -> Self {
        let socket = format!("/tmp/.X11-unix/X{display}");
        let display = format!(":{display}");
        let size = format!("{}x{}x24", SCREEN.0, SCREEN.1);
        let quiet =
            |command: &mut Command| Running(command.stdout(Stdio::null()).stderr(Stdio::null()).spawn().unwrap());
        let screen = quiet(Command::new("Xvfb").args([&display, "-screen", "0", &size]));
        until("the screen is there", || std::os::unix::net::UnixStream::connect(&socket).is_ok());
        let words = format!("view a.loop3d --size 320x192 --backend {backend}");
        let viewer = Running(folder.command(&words).env("DISPLAY", &display).spawn().unwrap());
        let desk = Self { display, _screen: screen, viewer };
        until("the window shows the scene", || desk.screenshot().is_some_and(|p| white(&p).is_some()));
        desk.tool("search --onlyvisible --name loop3d windowfocus");
        desk.tool("mousemove 160 96");
        desk
    }

    fn tool(&self, words: &str) {
        let mut tool = Command::new("xdotool");
        tool.env("DISPLAY", &self.display).args(words.split(' ')).stdout(Stdio::null());
        assert!(tool.status().unwrap().success(), "xdotool {words}");
    }

    /// What the screen shows: `[300, 400, 3]` bytes.
    fn screenshot(&self) -> Option<Vec<u8>> {
        let size = format!("{}x{}", SCREEN.0, SCREEN.1);
        let words = format!(
            "-v error -f x11grab -draw_mouse 0 -video_size {size} -i {} -frames:v 1 -pix_fmt rgb24 -f rawvideo -",
            self.display
        );
        let output = Command::new("ffmpeg").args(words.split(' ')).stdin(Stdio::null()).output().unwrap();
        (output.stdout.len() == SCREEN.0 * SCREEN.1 * 3).then_some(output.stdout)
    }

    /// Place and number of the white pixels once they are at rest: a slow machine handles a key late.
    fn rested(&self) -> (f64, f64, usize) {
        let mut found = self.white();
        until("it rests", || {
            let before = std::mem::replace(&mut found, {
                sleep(Duration::from_millis(200));
                // A key without a meaning keeps the idle camera from swaying.
                self.tool("key Shift_L");
                self.white()
            });
            before == found
        });
        found
    }

    /// Place and number of the white pixels.
    fn white(&self) -> (f64, f64, usize) {
        white(&self.screenshot().unwrap()).unwrap()
    }
}

fn until(what: &str, mut done: impl FnMut() -> bool) {
    let start = Instant::now();
    while !done() {
        assert!(start.elapsed() < Duration::from_secs(90), "waited for: {what}");
        sleep(Duration::from_millis(100));
    }
}

fn white(pixels: &[u8]) -> Option<(f64, f64, usize)> {
    let (mut x, mut y, mut count) = (0, 0, 0);
    for (i, pixel) in pixels.chunks_exact(3).enumerate() {
        if pixel.iter().all(|&value| value > 200) {
            let at = (i % SCREEN.0, i / SCREEN.0);
            // The overlay's text and icons are white as well.
            if at.1 < BAR {
                (x, y, count) = (x + at.0, y + at.1, count + 1);
            }
        }
    }
    (count > 0).then(|| (x as f64 / count as f64, y as f64 / count as f64, count))
}

fn play(display: u32, backend: &str) {
    let folder = Folder::new(0);
    loop3d_scene::save(&scene(), folder.path("a.loop3d")).unwrap();
    let mut desk = Desk::open(&folder, display, backend);

    // The loop plays and the white tile stays; paused, nothing moves.
    let first = desk.screenshot().unwrap();
    until("the loop plays", || desk.screenshot().unwrap() != first);
    desk.tool("key space");
    // A slow machine handles the key late, and the overlay fades; then nothing may move for a second. A key without a meaning keeps
    // the idle camera from swaying.
    until("paused, nothing moves", || {
        let still = desk.screenshot().unwrap();
        (0..5).all(|_| {
            desk.tool("key Shift_L");
            sleep(Duration::from_millis(200));
            desk.screenshot().unwrap() == still
        })
    });

    // What is near follows the mouse.
    desk.tool("key r");
    let (x, y, count) = desk.rested();
    desk.tool("mousedown 1");
    for step in 1..=4 {
        desk.tool(&format!("mousemove {} {}", 160 + 4 * step, 96 + 4 * step));
        sleep(Duration::from_millis(50));
    }
    until("the drag moves it to the right and down", || {
        let now = desk.white();
        now.0 > x + 2.0 && now.1 > y + 1.0
    });
    desk.tool("mouseup 1");
    desk.tool("key r");
    until("R brings it back", || (desk.white().0 - x).abs() < 0.5);
    desk.tool("click --repeat 4 4");
    until("the wheel enlarges", || desk.white().2 > count * 13 / 10);
    desk.tool("key r");
    until("R takes the zoom back", || desk.white().2.abs_diff(count) < 10);

    // The help card covers the middle until it is closed.
    let middle = |desk: &Desk| {
        let pixels = desk.screenshot().unwrap();
        (20..BAR).flat_map(|y| pixels[(y * SCREEN.0 + 40) * 3..(y * SCREEN.0 + 280) * 3].to_vec()).collect::<Vec<_>>()
    };
    let without = middle(&desk);
    let changed = |desk: &Desk| middle(desk).iter().zip(&without).filter(|(a, b)| a.abs_diff(**b) > 20).count();
    desk.tool("key h");
    until("H shows the help", || changed(&desk) * 4 > without.len());
    desk.tool("key h");
    until("H takes it away", || changed(&desk) * 50 < without.len());

    scrub(&desk);

    desk.tool("key s");
    until("S writes a PNG", || image::image_dimensions(folder.path("a-01.png")).is_ok_and(|d| d == (320, 192)));
    desk.tool("search --onlyvisible --name loop3d windowsize 200 240");
    until("a smaller window shows the scene", || {
        let pixels = desk.screenshot().unwrap();
        let blue = |x: usize, y: usize| pixels[(y * SCREEN.0 + x) * 3 + 2] > 50;
        blue(4, 236) && blue(190, 10) && !blue(300, 100)
    });

    desk.tool("key Escape");
    until("Escape ends the program", || desk.viewer.0.try_wait().unwrap().is_some());
    assert_eq!(desk.viewer.0.wait().unwrap().code(), Some(0));
}

/// Drags the timeline to nine tenths: the loop jumps there, and the camera stays where it is.
fn scrub(desk: &Desk) {
    let pixel = |x: usize, y: usize| {
        // A key keeps the idle camera from swaying.
        desk.tool("key Shift_L");
        let pixels = desk.screenshot().unwrap();
        [0, 1, 2].map(|channel| pixels[(y * SCREEN.0 + x) * 3 + channel])
    };
    desk.tool("key r");
    until("the camera is at its start", || pixel(272, 48)[2] < 20);
    let (x, y, _) = desk.white();
    desk.tool(&format!("mousemove 160 {}", TIMELINE - 2));
    until("the bar is there, darker than the scene", || pixel(160, BAR + 8)[2] < 55);
    desk.tool(&format!("mousemove 160 {TIMELINE} mousedown 1"));
    for step in 1..=4 {
        desk.tool(&format!("mousemove {} {TIMELINE} key Shift_L", 160 + 28 * step));
        sleep(Duration::from_millis(50));
    }
    // Frame 18 of 20: red 3000 · 18 of 65535, green what is left of 60000.
    until("the looping tile is that of frame 18", || {
        let [red, green, _] = pixel(272, 48);
        red.abs_diff(210) < 16 && green.abs_diff(23) < 16
    });
    desk.tool("mouseup 1 key Shift_L");
    let now = desk.rested();
    assert!((now.0 - x).abs() < 0.5 && (now.1 - y).abs() < 0.5, "the camera moved: {now:?} from {x}, {y}");
}

#[test]
fn a_user_looks_around_on_vulkan_and_on_gl() {
    if !["Xvfb", "xdotool", "ffmpeg"].into_iter().all(is_there) {
        // Past the test harness, which hides what a passing test prints.
        let line = b"NOT TESTED, the window: no Xvfb or xdotool here (cargo xtask setup --tests)\n";
        assert!(std::io::stderr().write_all(line).is_ok());
        return;
    }
    play(191, "vulkan");
    play(192, "gl");
}
