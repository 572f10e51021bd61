//! `loop3d generate-train`: trains the small model.

#[cfg(feature = "torch")]
use crate::{
    failure::{Stopped, mistake},
    progress::Progress,
    stop::Stop,
};
#[cfg(feature = "torch")]
use anyhow::Context;
use anyhow::Result;
#[cfg(feature = "torch")]
use loop3d_generator::train::train;
use loop3d_generator::training::TrainConfig;
#[cfg(feature = "torch")]
use loop3d_scene::job::Event;
use std::path::PathBuf;
#[cfg(feature = "torch")]
use std::{ops::ControlFlow, time::Duration};

/// Train the small model of `loop3d generate` on procedural scenes, stage by stage.
#[derive(clap::Args, Debug)]
#[cfg_attr(not(feature = "torch"), allow(dead_code, reason = "read where there is libtorch"))]
#[command(after_help = "\
Examples, in this order; --resume continues a run that was stopped:
  loop3d generate-train --stage vae -o small --minutes 50
  loop3d generate-train --stage lift -o small --minutes 40
  loop3d generate-train --stage stills -o small --minutes 60
  loop3d generate-train --stage clips -o small --minutes 90 --from small/stills.safetensors
  loop3d generate \"a red flag waving on grass\" --model small -o flag

The folder gets, for each stage: its weights (STAGE.safetensors; those of clips are dit.safetensors), a checkpoint, a log \
of one JSON object a line, and pictures every five minutes. docs/GENERATE.md describes the stages.")]
pub struct TrainArgs {
    /// Folder of the weights, checkpoints, logs and pictures.
    #[arg(short, long, value_name = "DIR")]
    output: PathBuf,
    /// Stop after this long, with a checkpoint [default: when all steps are made].
    #[arg(long, value_name = "MINUTES")]
    minutes: Option<f64>,
    /// Continue from the stage's checkpoint in the folder.
    #[arg(long)]
    resume: bool,
    /// Number of threads; more than --shards have nothing to do [default: one per core].
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u16).range(1..=1024))]
    threads: Option<u16>,
    /// Print errors only.
    #[arg(long)]
    quiet: bool,
    #[command(flatten)]
    config: TrainConfig,
}

impl TrainArgs {
    /// Trains.
    ///
    /// # Errors
    /// Settings that cannot work, a checkpoint that is missing or of another run, a full disk, Ctrl-C, a build without libtorch.
    #[cfg(not(feature = "torch"))]
    pub fn run(&self) -> Result<()> {
        Err(crate::failure::without_torch("generate-train"))
    }

    /// Trains.
    ///
    /// # Errors
    /// Settings that cannot work, a checkpoint that is missing or of another run, a full disk, Ctrl-C.
    #[cfg(feature = "torch")]
    pub fn run(&self) -> Result<()> {
        let time = self.minutes.map(|minutes| match Duration::try_from_secs_f64(60.0 * minutes) {
            Ok(time) if !time.is_zero() => Ok(time),
            _ => Err(mistake(format!("--minutes: found {minutes}, expected more than 0"))),
        });
        let time = time.transpose()?;
        std::fs::create_dir_all(&self.output).with_context(|| self.output.display().to_string())?;
        let checkpoint = self.config.checkpoint(&self.output);
        match (self.resume, checkpoint.exists()) {
            (true, false) => {
                let path = checkpoint.display();
                return Err(mistake(format!("{path}: no such checkpoint; run without --resume to begin")));
            }
            (false, true) => {
                let path = checkpoint.display();
                return Err(mistake(format!(
                    "{path}: an unfinished training; pass --resume to go on with it, or remove it"
                )));
            }
            _ => {}
        }
        let threads = match self.threads {
            Some(threads) => threads.into(),
            None => std::thread::available_parallelism().map_or(1, std::num::NonZero::get),
        };
        let stop = Stop::on_ctrl_c()?;
        let mut progress = Progress::start_share("training", self.quiet);
        let mut stopped = false;
        let trained = train(&self.config, &self.output, time, threads, &mut |event: Event<'_>| {
            if let Event::Step { stage, done, loss } = event {
                progress.share(done, &loss.map_or_else(|| stage.to_owned(), |loss| format!("{stage}, loss {loss:.4}")));
            }
            stopped |= stop.asked();
            if stopped { ControlFlow::Break(()) } else { ControlFlow::Continue(()) }
        })?;
        let [done, all] = trained.steps;
        if stopped {
            let path = checkpoint.display();
            return Err(Stopped(format!(
                "{done} of {all} steps are in {path}; the same command continues with --resume"
            ))
            .into());
        }
        let measures: Vec<String> = trained.measures.iter().map(|(name, value)| format!("{name} {value:.3}")).collect();
        let left = if done < all { ", to be continued with --resume" } else { "" };
        let path = trained.weights.display();
        progress.finish(&format!("wrote {path} after {done} of {all} steps{left}: {}", measures.join(", ")));
        Ok(())
    }
}
