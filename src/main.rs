//! The command `loop3d`.

mod batch;
mod canvas;
mod close;
mod doctor;
mod eval;
mod export;
mod failure;
mod fit;
mod frames;
mod generate;
mod import;
mod info;
mod loading;
mod losses;
mod measure;
mod output;
mod prepare;
mod progress;
mod render;
mod renderer;
mod report;
mod sample;
mod serve;
mod shell_files;
mod single_page;
mod stop;
mod train;
mod video;
#[cfg(feature = "viewer")]
mod view;
mod web_files;
mod wrote;

use clap::{Parser, Subcommand};
use std::process::ExitCode;

/// Footage of a moving scene from several places becomes a 3D video loop.
#[derive(Parser)]
#[command(
    name = "loop3d",
    version,
    after_help = after_help()
)]
struct Cli {
    #[command(subcommand)]
    command: Command,
}

#[derive(Subcommand)]
enum Command {
    Loop(close::LoopArgs),
    Sample(sample::SampleArgs),
    Generate(generate::GenerateArgs),
    GenerateTrain(train::TrainArgs),
    Prepare(prepare::PrepareArgs),
    Doctor(doctor::DoctorArgs),
    Fit(fit::FitArgs),
    Batch(batch::BatchArgs),
    Eval(eval::EvalArgs),
    Measure(measure::MeasureArgs),
    Report(report::ReportArgs),
    Render(render::RenderArgs),
    #[cfg(feature = "viewer")]
    View(view::ViewArgs),
    Export(export::ExportArgs),
    Import(import::ImportArgs),
    Serve(serve::ServeArgs),
    Info(info::InfoArgs),
    #[command(hide = true)]
    ShellFiles(shell_files::ShellFilesArgs),
}

fn after_help() -> String {
    let example = "\
Example:
  loop3d sample garden
  loop3d fit --views garden --hold-out 4 --preset draft
  loop3d eval garden.loop3d --views garden
  loop3d view garden.loop3d
  loop3d render garden.loop3d -o garden.mp4
  loop3d export garden.loop3d -o garden.glb
  loop3d serve garden.glb

One clip is enough for a loop of its own size:
  loop3d loop waterfall.mp4 -o loop.mp4";
    format!("{example}\n\n{}", failure::exit_codes_help())
}

fn main() -> ExitCode {
    batch::child::heed_the_leash();
    let result = match Cli::parse().command {
        Command::Loop(args) => args.run(),
        Command::Sample(args) => args.run(),
        Command::Generate(args) => args.run(),
        Command::GenerateTrain(args) => args.run(),
        Command::Prepare(args) => args.run(),
        Command::Doctor(args) => args.run(),
        Command::Fit(args) => args.run(),
        Command::Batch(args) => args.run(),
        Command::Eval(args) => args.run(),
        Command::Measure(args) => args.run(),
        Command::Report(args) => args.run(),
        Command::Render(args) => args.run(),
        #[cfg(feature = "viewer")]
        Command::View(args) => args.run(),
        Command::Export(args) => args.run(),
        Command::Import(args) => args.run(),
        Command::Serve(args) => args.run(),
        Command::Info(args) => args.run(),
        Command::ShellFiles(args) => args.run(),
    };
    match result {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("error: {}", failure::told(&error));
            failure::exit_code(&error)
        }
    }
}
