//! The command `loop3d`.

mod doctor;
mod eval;
mod export;
mod failure;
mod ffmpeg;
mod fit;
mod frames;
mod import;
mod info;
mod loading;
mod output;
mod prepare;
mod progress;
mod render;
mod renderer;
mod sample;
mod serve;
mod single_page;
mod stop;
#[cfg(feature = "viewer")]
mod view;
mod web_files;
mod whole_file;

use clap::{Parser, Subcommand};
use std::process::ExitCode;

/// Footage of a moving scene from several places becomes a 3D video loop.
#[derive(Parser)]
#[command(
    name = "loop3d",
    version,
    after_help = "Example:\n  loop3d sample garden\n  loop3d fit --views garden --hold-out 4 --preset draft\n  \
        loop3d eval garden.loop3d --views garden\n  loop3d view garden.loop3d\n  loop3d render garden.loop3d -o garden.mp4\n  \
        loop3d export garden.loop3d -o garden.glb\n  loop3d serve garden.glb\n\n\
        Exit codes: 0 done, 1 a failure of the machine, 2 a mistake that you can set right, 130 stopped by Ctrl-C."
)]
struct Cli {
    #[command(subcommand)]
    verb: Verb,
}

#[derive(Subcommand)]
enum Verb {
    Sample(sample::SampleArgs),
    Prepare(prepare::PrepareArgs),
    Doctor(doctor::DoctorArgs),
    Fit(fit::FitArgs),
    Eval(eval::EvalArgs),
    Render(render::RenderArgs),
    #[cfg(feature = "viewer")]
    View(view::ViewArgs),
    Export(export::ExportArgs),
    Import(import::ImportArgs),
    Serve(serve::ServeArgs),
    Info(info::InfoArgs),
}

fn main() -> ExitCode {
    let result = match Cli::parse().verb {
        Verb::Sample(args) => args.run(),
        Verb::Prepare(args) => args.run(),
        Verb::Doctor(args) => args.run(),
        Verb::Fit(args) => args.run(),
        Verb::Eval(args) => args.run(),
        Verb::Render(args) => args.run(),
        #[cfg(feature = "viewer")]
        Verb::View(args) => args.run(),
        Verb::Export(args) => args.run(),
        Verb::Import(args) => args.run(),
        Verb::Serve(args) => args.run(),
        Verb::Info(args) => args.run(),
    };
    match result {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("error: {error:#}");
            failure::exit_code(&error)
        }
    }
}
