//! Scratch: not kept.
#![allow(clippy::all, clippy::unwrap_used, clippy::print_stdout, clippy::expect_used)]
use clap::Parser;
use loop3d_optimizer::{
    checkpoint::Checkpoint,
    config::FitConfig,
    error::FitError,
    fit::{Event, Observer, fit},
};
#[derive(Parser)]
struct Cli {
    dir: std::path::PathBuf,
    #[arg(long, value_delimiter = ',')]
    hold: Vec<usize>,
    #[arg(long)]
    h: Option<u32>,
    #[arg(short)]
    o: std::path::PathBuf,
    #[arg(long)]
    after_static: Option<std::path::PathBuf>,
    #[arg(long)]
    from: Option<std::path::PathBuf>,
    #[command(flatten)]
    config: FitConfig,
}
struct Obs {
    t: std::time::Instant,
    last: String,
    cp: Option<std::path::PathBuf>,
    n: usize,
    sum: f64,
    stage_t: std::time::Instant,
}
impl Observer for Obs {
    fn event(&mut self, e: Event) -> bool {
        match e {
            Event::Note(l) => println!("{:7.1} {l}", self.t.elapsed().as_secs_f64()),
            Event::Step { stage, done, loss } => {
                self.n += 1;
                self.sum += loss;
                if stage != self.last {
                    println!("{:7.1} {stage} {:.3}", self.t.elapsed().as_secs_f64(), done);
                    self.last = stage;
                    self.n = 1;
                    self.sum = loss;
                    self.stage_t = std::time::Instant::now();
                } else if self.n % 80 == 0 {
                    println!(
                        "{:7.1}   {:.3} loss {:.5}  {:.3} s/step",
                        self.t.elapsed().as_secs_f64(),
                        done,
                        self.sum / 80.0,
                        self.stage_t.elapsed().as_secs_f64() / self.n as f64
                    );
                    self.sum = 0.0;
                }
            }
        }
        true
    }
    fn save(&mut self, c: &Checkpoint) -> Result<(), FitError> {
        if let Some(p) = &self.cp {
            c.save(&p.with_extension(format!("l{}", c.next)), &serde_json::Value::Null)?;
        }
        Ok(())
    }
}
fn evaluate(scene: &loop3d_scene::Scene, dir: &std::path::Path) {
    use loop3d_optimizer::{metrics, patches::ClipRef};
    let Some(v) = scene.views.iter().find(|v| v.held_out) else { return };
    let (w, h) = (v.camera.width, v.camera.height);
    let t = dir.join(format!("truth/{}.mp4", v.name));
    let truth = loop3d_capture::read_clip_resized(&t, w, h).unwrap().0;
    let mask: Vec<bool> = loop3d_capture::loopable_mask(&truth).iter().map(|m| !m).collect();
    let mut rgb = Vec::new();
    for t in 0..scene.frames {
        let p = loop3d_scene::render(scene, &v.camera, t as f64);
        rgb.extend(p.rgba.chunks(4).flat_map(|c| [c[0], c[1], c[2]].map(|x| (x.clamp(0.0, 1.0) * 255.0 + 0.5) as u8)));
    }
    let r = ClipRef { frames: scene.frames, height: h as usize, width: w as usize, rgb: &rgb };
    let s = metrics::evaluate(&r, &ClipRef::from(&truth), &mask, metrics::crop_px(h as usize)).unwrap();
    println!("{s:.2?}");
    let sd = |rgb: &[u8], n: usize| {
        let m = (w * h * 3) as usize;
        let (mut a, mut b) = (vec![0f64; m], vec![0f64; m]);
        for t in 0..n {
            for i in 0..m {
                let v = rgb[t * m + i] as f64;
                a[i] += v;
                b[i] += v * v;
            }
        }
        let sd = (0..m).map(|i| (b[i] / n as f64 - (a[i] / n as f64).powi(2)).max(0.0).sqrt()).sum::<f64>() / m as f64;
        (a.iter().sum::<f64>() / (m * n) as f64, sd)
    };
    for (name, rgb, n) in [("ours", &rgb[..], scene.frames), ("truth", &truth.rgb[..], truth.frames)] {
        let m = (w * h * 3) as usize;
        let img: Vec<u8> = (0..m)
            .map(|i| {
                let v: Vec<f64> = (0..n).map(|t| rgb[t * m + i] as f64).collect();
                let a = v.iter().sum::<f64>() / n as f64;
                ((v.iter().map(|x| (x - a).powi(2)).sum::<f64>() / n as f64).sqrt() * 2.5).min(255.0) as u8
            })
            .collect();
        image::save_buffer(format!("/tmp/std_{name}.png"), &img, w, h, image::ColorType::Rgb8).unwrap();
        let img: Vec<u8> =
            (0..m).map(|i| ((0..n).map(|t| rgb[t * m + i] as f64).sum::<f64>() / n as f64) as u8).collect();
        image::save_buffer(format!("/tmp/mean_{name}.png"), &img, w, h, image::ColorType::Rgb8).unwrap();
    }
    println!("mean, std: ours {:?} truth {:?}", sd(&rgb, scene.frames), sd(&truth.rgb, truth.frames));
}
fn main() {
    let cli = Cli::parse();
    let options = loop3d_capture::LoadOptions { factor: None, max_height: cli.h };
    let capture = loop3d_capture::load(&cli.dir, &options, &mut |_, _| {}).unwrap();
    let mut o = Obs {
        t: std::time::Instant::now(),
        last: String::new(),
        cp: cli.after_static.clone(),
        n: 0,
        sum: 0.0,
        stage_t: std::time::Instant::now(),
    };
    let scene = fit(
        &capture,
        &cli.config,
        &cli.hold,
        cli.from.as_ref().map(|p| Checkpoint::load(p, &serde_json::Value::Null).unwrap()),
        &mut o,
    )
    .unwrap();
    println!("{:7.1} done {:?}", o.t.elapsed().as_secs_f64(), scene.tiles.counts());
    loop3d_scene::save(&scene, &cli.o).unwrap();
    evaluate(&scene, &cli.dir);
    for (i, v) in
        scene.views.iter().enumerate().filter(|(_, v)| v.held_out).chain(scene.views.iter().enumerate().take(1))
    {
        for t in [0, scene.frames / 2] {
            let p = loop3d_scene::render(&scene, &v.camera, t as f64);
            let bytes: Vec<u8> = p
                .rgba
                .chunks(4)
                .flat_map(|c| [c[0], c[1], c[2]].map(|x| (x.clamp(0.0, 1.0) * 255.0 + 0.5) as u8))
                .collect();
            image::save_buffer(
                format!("/tmp/view{i}_{t}.png"),
                &bytes,
                v.camera.width,
                v.camera.height,
                image::ColorType::Rgb8,
            )
            .unwrap();
        }
    }
}
