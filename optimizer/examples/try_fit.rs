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
    let scene = fit(&capture, &cli.config, &cli.hold, None, &mut o).unwrap();
    println!("{:7.1} done {:?}", o.t.elapsed().as_secs_f64(), scene.tiles.counts());
    loop3d_scene::save(&scene, &cli.o).unwrap();
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
