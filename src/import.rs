//! `loop3d import`: a published scene of the original project as a scene file.

use crate::export::or_stopped;
use crate::failure::mistake;
use crate::output::check_folder_of;
use crate::progress::Progress;
use crate::stop::Stop;
use anyhow::Result;
use loop3d_scene::job::Event;
use std::ops::ControlFlow;
use std::path::PathBuf;

/// Import a scene of the original project: a folder with geometry.obj, static.png, dynamic/ and meta.json.
#[derive(clap::Args, Debug)]
#[command(after_help = "Example: loop3d import fall1 && loop3d view fall1.loop3d")]
pub struct ImportArgs {
    /// The folder.
    dir: PathBuf,
    /// Scene file to write [default: NAME.loop3d in the current folder].
    #[arg(short, long)]
    output: Option<PathBuf>,
    /// Print errors only.
    #[arg(long)]
    quiet: bool,
}

impl ImportArgs {
    /// Writes the scene file.
    ///
    /// # Errors
    /// A folder that is broken or of another kind, or an output that cannot be written.
    pub fn run(&self) -> Result<()> {
        let target = match &self.output {
            Some(output) => output.clone(),
            None => match self.dir.file_name() {
                Some(name) => PathBuf::from(format!("{}.loop3d", name.to_string_lossy())),
                None => {
                    return Err(mistake(format!(
                        "cannot derive an output name from {}; pass -o SCENE",
                        self.dir.display()
                    )));
                }
            },
        };
        check_folder_of(&target)?;
        let stop = Stop::on_ctrl_c()?;
        let mut progress = Progress::start_share("import", self.quiet);
        let mut observer = |event: Event<'_>| {
            if let Event::Step { stage, done, .. } = event {
                progress.share(done, stage);
            }
            if stop.asked() { ControlFlow::Break(()) } else { ControlFlow::Continue(()) }
        };
        let scene = loop3d_package::import(&self.dir, &mut observer).map_err(|error| or_stopped(error, &target))?;
        loop3d_scene::save(&scene, &target)?;
        let (static_tiles, looping_tiles) = scene.tiles.counts();
        let about = format!("{static_tiles} static and {looping_tiles} looping tiles");
        progress.finish(&crate::wrote::file(&target, &about));
        Ok(())
    }
}
