//! `loop3d shell-files DIR`: completions for shells, and man pages, which `cargo xtask dist` puts into the archive.

use anyhow::{Context, Result};
use clap::CommandFactory;
use clap_complete::{Shell, generate_to};
use std::path::PathBuf;

/// Write completions for shells, and man pages.
#[derive(clap::Args, Debug)]
pub struct ShellFilesArgs {
    /// Folder to write to, which exists.
    dir: PathBuf,
}

impl ShellFilesArgs {
    /// Writes `completions/` and `man/man1/`.
    ///
    /// # Errors
    /// The folder cannot be written.
    pub fn run(&self) -> Result<()> {
        let (completions, man) = (self.dir.join("completions"), self.dir.join("man/man1"));
        for folder in [&completions, &man] {
            std::fs::create_dir_all(folder).with_context(|| folder.display().to_string())?;
        }
        for shell in [Shell::Bash, Shell::Zsh, Shell::Fish] {
            generate_to(shell, &mut crate::Cli::command(), "loop3d", &completions).context("completions")?;
        }
        clap_mangen::generate_to(crate::Cli::command().disable_help_subcommand(true), &man).context("man pages")
    }
}
