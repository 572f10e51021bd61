//! `loop3d report`: a scene as one HTML page with figures, pictures and a film.

mod charts;
mod date;
mod facts;
mod film;
pub mod html;
mod images;
mod page;
mod tables;

use crate::eval::{Measuring, Pictures, Report, title};
use crate::failure::mistake;
use crate::losses::{Losses, Mark, file_of};
use crate::output::check_folder_of;
use crate::renderer::RendererChoice;
use anyhow::Result;
use film::Film;
use html::Html;
use loop3d_scene::{Scene, SceneInfo};
use page::{Page, View};
use std::path::PathBuf;

/// Write one HTML page about a scene: its figures, pictures, a film and the curves of its fit.
#[derive(clap::Args, Debug)]
#[command(
    after_help = "Examples:\n  loop3d report fountain.loop3d --views fountain --truth fountain/truth/0004.mp4 -o fountain.html\n  \
    loop3d report fountain.loop3d -o fountain.html\n\n\
    The page opens from disk and contains everything it shows, so it can be sent as one file. Its figures are those of `loop3d eval`. \
    Without --views it has no figures and no pictures of views. Without ffmpeg it has no film. It has the curves of the fit if NAME.fit.json lies \
    beside the scene; `loop3d fit --losses` writes that file."
)]
pub struct ReportArgs {
    /// The scene (*.loop3d, *.glb).
    scene: PathBuf,
    /// Page to write: NAME.html.
    #[arg(short, long, value_name = "NAME.html")]
    output: PathBuf,
    /// Folder of the capture that it was fitted to.
    #[arg(long, value_name = "DIR")]
    views: Option<PathBuf>,
    #[command(flatten)]
    measuring: Measuring,
    /// Renderer of the film: gpu, cpu (the exact compositor), or auto: the GPU if there is one.
    #[arg(long, value_enum, default_value_t = RendererChoice::Auto)]
    renderer: RendererChoice,
    /// Print errors only.
    #[arg(long)]
    quiet: bool,
}

impl ReportArgs {
    /// Measures, renders and writes the page.
    ///
    /// # Errors
    /// Bad arguments, a bad scene or capture, a page that cannot be written, a renderer or an ffmpeg that fails.
    pub fn run(&self) -> Result<()> {
        let target = self.output.display();
        if !self.output.extension().is_some_and(|found| found.eq_ignore_ascii_case("html")) {
            return Err(mistake(format!("{target}: expected NAME.html")));
        }
        check_folder_of(&self.output)?;
        let scene = loop3d_package::open(&self.scene)?;
        let about = std::fs::metadata(&self.scene).ok();
        let info = SceneInfo { file_bytes: about.as_ref().map(|about| about.len()), ..SceneInfo::of(&scene) };
        let losses = self.losses(&info);
        let measured = self.views.as_ref().map(|views| self.measure(&scene, views)).transpose()?;
        let (report, views) = measured.unzip();
        let still = page::still(&scene)?;
        let tiles = charts::tiles(&scene);
        let film = film::film(scene, &self.output, self.renderer, self.quiet)?;
        if let (Film::NoFfmpeg(why), false) = (&film, self.quiet) {
            eprintln!("the page will have no film: {why}");
        }
        let page = Page {
            name: self.scene.file_stem().unwrap_or_default().to_string_lossy().into_owned(),
            written: about.and_then(|about| about.modified().ok()),
            info,
            report,
            views: views.unwrap_or_default(),
            losses,
            still,
            film,
            tiles,
        };
        let Html(html) = page.html();
        loop3d_scene::write_file(&self.output, |out| out.write_all(html.as_bytes()))?;
        if !self.quiet {
            let about = format!("{}, {}", crate::output::size(html.len() as u64), page.contents());
            eprintln!("{}", crate::wrote::file(&self.output, &about));
        }
        Ok(())
    }

    /// The figures, and the pictures of each view.
    fn measure(&self, scene: &Scene, views: &std::path::Path) -> Result<(Report, Vec<View>)> {
        let planned = self.measuring.plan(&self.scene, scene, views, self.quiet)?;
        let mut shown = Vec::new();
        let report = planned.measure(self.quiet, |view, render, truth| {
            let pictures = images::figures(&Pictures::of(render, truth))?;
            shown.push(View { title: title(view, scene), pictures });
            Ok(())
        })?;
        Ok((report, shown))
    }

    /// The losses beside the scene, if they are those of its fit.
    fn losses(&self, info: &SceneInfo) -> Option<Losses> {
        let file = file_of(&self.scene);
        if !file.exists() {
            return None;
        }
        let found = Losses::read(&file).and_then(|losses| match &losses.scene {
            Some(mark) if *mark == Mark::of(info) => Ok(losses),
            Some(_) => Err(mistake(format!("{}: belongs to another fit", file.display()))),
            None => Err(mistake(format!("{}: belongs to an unfinished fit", file.display()))),
        });
        match found {
            Ok(losses) => Some(losses),
            Err(why) => {
                if !self.quiet {
                    eprintln!("the page will have no curves of the fit: {why:#}");
                }
                None
            }
        }
    }
}
