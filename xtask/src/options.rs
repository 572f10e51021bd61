//! What a task needs on this machine.

use anyhow::{Result, bail};

/// What to set up besides ffmpeg and a C compiler, which every build and run needs.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Options {
    /// libtorch, for the feature `torch`.
    pub torch: bool,
    /// PyTorch's CUDA libraries and NVRTC, for the feature `cuda`.
    pub cuda: bool,
    /// COLMAP, which `loop3d prepare` runs.
    pub colmap: bool,
    /// What the browser viewer is built with.
    pub web: bool,
    /// Everything that `cargo xtask test` uses.
    pub tests: bool,
    /// Only print what would be done.
    pub dry_run: bool,
}

impl Options {
    /// For `cargo xtask bench`, which compares with libtorch.
    pub const BENCH: Self = Self { torch: true, ..Self::NONE };
    /// For `cargo xtask test`.
    pub const TESTS: Self = Self { torch: true, web: true, tests: true, ..Self::NONE };
    /// For `cargo xtask web`.
    pub const WEB: Self = Self { web: true, ..Self::NONE };

    const NONE: Self = Self { torch: false, cuda: false, colmap: false, web: false, tests: false, dry_run: false };

    /// Reads the arguments of `cargo xtask setup`.
    ///
    /// # Errors
    /// An unknown argument.
    pub fn parse(args: &[&str]) -> Result<Self> {
        let mut options = Self::NONE;
        for arg in args {
            match *arg {
                "--torch" => options.torch = true,
                "--cuda" => (options.torch, options.cuda) = (true, true),
                "--colmap" => options.colmap = true,
                "--tests" => (options.torch, options.web, options.tests) = (true, true, true),
                "--dry-run" => options.dry_run = true,
                other => bail!("setup: unknown argument `{other}`; see `cargo xtask setup --help`"),
            }
        }
        Ok(options)
    }

    /// Whether NVRTC compiles CUDA kernels: on a GPU, or in a test without one.
    pub fn nvrtc(self) -> bool {
        self.cuda || self.tests
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn flags_bring_what_they_need() {
        assert_eq!(Options::parse(&[]).unwrap(), Options::default());
        assert_eq!(Options::parse(&["--tests"]).unwrap(), Options::TESTS);
        let cuda = Options::parse(&["--cuda", "--dry-run"]).unwrap();
        assert!(cuda.torch && cuda.nvrtc() && cuda.dry_run && !cuda.tests);
        assert!(!Options::parse(&["--torch"]).unwrap().nvrtc());
        assert!(Options::parse(&["--all"]).is_err());
    }
}
