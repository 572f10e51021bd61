//! A whole fit of a wall with a pulsing disc.

use crate::common::{camera, config, meet, psnr};
use glam::{DVec2, DVec3};
use loop3d_capture::{Capture, Clip, Normalisation, View};
use loop3d_optimizer::checkpoint::Checkpoint;
use loop3d_optimizer::error::FitError;
use loop3d_optimizer::fit::{FitInput, FitObserver, fit};
use loop3d_scene::job::{Event, Observer};
use loop3d_scene::{Camera, Scene, Tile, render};
use std::f64::consts::TAU;
use std::ops::ControlFlow;

const PERIOD: usize = 8;
const DEPTH: f64 = 3.0;
const RADIUS: f64 = 0.5;
const SIZE: (u32, u32) = (40, 24);
const HELD_OUT: usize = 3;

fn wall(camera: &Camera, x: usize, y: usize) -> DVec2 {
    meet(camera, DVec2::new(x as f64 + 0.5, y as f64 + 0.5), DEPTH).unwrap().truncate()
}

/// A pattern, and a disc in its middle whose brightness goes round every [`PERIOD`] frames.
fn truth(camera: &Camera, t: usize) -> Vec<u8> {
    let mut rgb = Vec::new();
    for (y, x) in (0..SIZE.1 as usize).flat_map(|y| (0..SIZE.0 as usize).map(move |x| (y, x))) {
        let p = wall(camera, x, y);
        let phase = TAU * t as f64 / PERIOD as f64;
        let disc = if p.length() < RADIUS { 0.2 * (phase + 2.0 * p.x).sin() } else { 0.0 };
        let wave = |f: f64, g: f64| 0.5 + 0.2 * (f * p.x).sin() * (g * p.y + 0.5).cos() + disc;
        rgb.extend([wave(3.0, 4.0), wave(5.0, 2.0), wave(2.0, 3.0)].map(|v| (v * 255.0).round() as u8));
    }
    rgb
}

/// Three views to fit to and one between them; each begins at another moment.
fn capture(frames: usize) -> Capture {
    let view = |(i, x): (usize, f64)| {
        let camera = camera(SIZE.0, SIZE.1, 40.0, DVec3::new(x, 0.1 * x, 0.0));
        let rgb = (0..frames).flat_map(|t| truth(&camera, t + 3 * i)).collect();
        let clip = Clip { width: SIZE.0 as usize, height: SIZE.1 as usize, frames, rgb };
        View { name: format!("{i}"), camera, clip }
    };
    let views = [-0.3, 0.0, 0.3, 0.15].into_iter().enumerate().map(view).collect();
    Capture { views, fps: 10.0, near: 2.0, far: 4.0, normalisation: Normalisation::default() }
}

/// Remembers how far the fit said it was, and what it saved.
#[derive(Default)]
struct Watcher {
    done: Vec<f64>,
    saved: Vec<Checkpoint>,
}

impl Observer for Watcher {
    fn event(&mut self, event: Event<'_>) -> ControlFlow<()> {
        if let Event::Step { done, loss, .. } = event {
            assert!(loss.is_some_and(|loss| loss.is_finite() && loss >= 0.0));
            self.done.push(done);
        }
        ControlFlow::Continue(())
    }
}

impl FitObserver for Watcher {
    fn save(&mut self, checkpoint: &Checkpoint) -> Result<(), FitError> {
        self.saved.push(checkpoint.clone());
        Ok(())
    }
}

fn fitted(capture: &Capture, resume: Option<Checkpoint>) -> (Scene, Watcher) {
    let config = config(&["--preset", "draft", "--planes", "6", "--frames", "8"]);
    let mut watcher = Watcher::default();
    let scene = fit(FitInput { capture, config: &config, held_out: &[HELD_OUT] }, resume, &mut watcher).unwrap();
    (scene, watcher)
}

/// Which pixels of a camera see the disc well inside its rim, and which well outside.
fn regions(camera: &Camera) -> (Vec<usize>, Vec<usize>) {
    let (mut inside, mut outside) = (Vec::new(), Vec::new());
    for i in 0..(SIZE.0 * SIZE.1) as usize {
        let r = wall(camera, i % SIZE.0 as usize, i / SIZE.0 as usize).length();
        if r < RADIUS - 0.1 {
            inside.push(i);
        } else if r > RADIUS + 0.15 {
            outside.push(i);
        }
    }
    (inside, outside)
}

/// Mean standard deviation over time of some pixels' values.
fn deviation(frames: &[Vec<u8>], pixels: &[usize]) -> f64 {
    let n = frames.len() as f64;
    let values = pixels.iter().flat_map(|p| (0..3).map(move |c| 3 * p + c));
    let of = |i: usize| {
        let mean = frames.iter().map(|f| f64::from(f[i])).sum::<f64>() / n;
        (frames.iter().map(|f| (f64::from(f[i]) - mean).powi(2)).sum::<f64>() / n).sqrt()
    };
    values.map(of).sum::<f64>() / (3 * pixels.len()) as f64
}

/// Root mean squared difference of two frames over some pixels, in units of full brightness.
fn step(a: &[u8], b: &[u8], pixels: &[usize]) -> f64 {
    let values = pixels.iter().flat_map(|p| (0..3).map(move |c| 3 * p + c));
    let sum: f64 = values.map(|i| ((f64::from(a[i]) - f64::from(b[i])) / 255.0).powi(2)).sum();
    (sum / (3 * pixels.len()) as f64).sqrt()
}

#[test]
fn a_pulsing_disc_loops_on_a_static_wall() {
    let capture = capture(3 * PERIOD);
    let (scene, watcher) = fitted(&capture, None);
    scene.validate().unwrap();
    assert_eq!(scene.frames, PERIOD);
    let held: Vec<bool> = scene.views.iter().map(|v| v.held_out).collect();
    assert_eq!(held, [false, false, false, true]);
    assert!(watcher.done.is_sorted() && (watcher.done[watcher.done.len() - 1] - 1.0).abs() < 1e-9);

    let camera = &capture.views[HELD_OUT].camera;
    let (disc, wall) = regions(camera);
    assert!(disc.len() > 50 && wall.len() > 500, "{} {}", disc.len(), wall.len());
    let found: Vec<Vec<u8>> = (0..PERIOD).map(|t| render(&scene, camera, t as f64).to_rgb8()).collect();
    let real: Vec<Vec<u8>> = (0..PERIOD).map(|t| truth(camera, t)).collect();

    let errors = found.iter().zip(&real).map(|(f, r)| step(f, r, &wall).powi(2));
    let wall_db = psnr(errors.sum::<f64>() / PERIOD as f64);
    println!("wall of the held-out view {wall_db:.2} dB");
    assert!(wall_db > 30.0, "{wall_db:.2} dB");

    let (wanted, got) = (deviation(&real, &disc), deviation(&found, &disc));
    println!("deviation in the disc {got:.2}, in truth {wanted:.2} (of 255)");
    assert!((got / wanted - 1.0).abs() < 0.3, "{got} {wanted}");
    // And the wall rests.
    let rest = deviation(&found, &wall);
    assert!(rest < 0.1 * wanted, "{rest} {wanted}");

    let steps: Vec<f64> = (0..PERIOD).map(|t| step(&found[t], &found[(t + 1) % PERIOD], &disc)).collect();
    let others = steps[..PERIOD - 1].iter().copied().fold(0.0, f64::max);
    println!("steps {steps:.3?}");
    assert!(others > 0.01 && steps[PERIOD - 1] <= 1.5 * others, "{steps:?}");

    // The same again, on one thread and from each checkpoint but the last.
    let alone = rayon::ThreadPoolBuilder::new().num_threads(1).build().unwrap();
    let again = alone.install(|| fitted(&capture, None).0);
    assert!(again == scene, "a second run on one thread gave another scene");
    let middle = watcher.saved.into_iter().nth(2).unwrap();
    assert!(fitted(&capture, Some(middle)).0 == scene, "a resumed run gave another scene");
}

#[test]
fn stills_give_a_static_scene() {
    let mut capture = capture(1);
    // All at the same moment.
    for view in &mut capture.views {
        view.clip.rgb = truth(&view.camera, 2);
    }
    let (scene, _) = fitted(&capture, None);
    scene.validate().unwrap();
    assert_eq!((scene.frames, scene.looping_texels.len()), (1, 0));
    assert!(scene.tiles.tiles.iter().all(|t| !matches!(t, Tile::Looping(_))));
    let camera = &capture.views[HELD_OUT].camera;
    let all: Vec<usize> = (0..(SIZE.0 * SIZE.1) as usize).collect();
    let found = psnr(step(&render(&scene, camera, 0.0).to_rgb8(), &truth(camera, 2), &all).powi(2));
    println!("held-out still {found:.2} dB");
    assert!(found > 28.0, "{found:.2} dB");
}
