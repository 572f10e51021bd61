//! The command `loop3d`.

mod failure;
mod ffmpeg;
mod frames;
mod info;
mod progress;
mod render;

use clap::{Parser, Subcommand};
use std::process::ExitCode;

/// Footage of a moving scene from several places becomes a 3D video loop.
#[derive(Parser)]
#[command(name = "loop3d", version)]
struct Cli {
    #[command(subcommand)]
    verb: Verb,
}

#[derive(Subcommand)]
enum Verb {
    Render(render::RenderArgs),
    Info(info::InfoArgs),
}

fn main() -> ExitCode {
    let result = match Cli::parse().verb {
        Verb::Render(args) => args.run(),
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
