//! The page, from its parts.

use super::charts;
use super::date::utc;
use super::facts::{facts, settings};
use super::film::{Film, size};
use super::html::{Html, data_url};
use super::images::img;
use super::tables::{Figures, tables};
use crate::eval::{Picture, Report};
use crate::losses::Losses;
use anyhow::Result;
use loop3d_scene::{Scene, SceneInfo};
use std::time::SystemTime;

/// Names in double braces are the values of [`Page::html`].
const TEMPLATE: &str = include_str!("page.html");

/// A measured view.
pub struct View {
    /// What was compared.
    pub title: String,
    /// Its pictures.
    pub pictures: Html,
}

/// Everything that a page shows.
pub struct Page {
    /// Name of the scene.
    pub name: String,
    /// When its file was written.
    pub written: Option<SystemTime>,
    /// Facts about it.
    pub info: SceneInfo,
    /// Its figures, if views were measured.
    pub report: Option<Report>,
    /// The measured views.
    pub views: Vec<View>,
    /// Losses of its fit, if they were kept.
    pub losses: Option<Losses>,
    /// What the reference camera sees: for paper, and where there is no film.
    pub still: Html,
    /// The film.
    pub film: Film,
    /// Drawing of its tiles.
    pub tiles: Html,
}

/// The first frame of the loop from the reference camera, in the film's size.
///
/// # Errors
/// It cannot be encoded.
pub fn still(scene: &Scene) -> Result<Html> {
    let (width, height) = size((scene.reference.width, scene.reference.height));
    let rgb = loop3d_scene::render(scene, &scene.reference.covering(width, height), 0.0).to_rgb8();
    img(&Picture { width: width as usize, rgb }, "The scene from its middle camera")
}

impl Page {
    /// The page.
    pub fn html(&self) -> Html {
        let written = self.written.and_then(utc);
        let made = utc(SystemTime::now()).map_or(String::new(), |moment| format!(" on {moment}"));
        let settings = settings(&self.info.fit)
            .map(|settings| Html(format!("<details><summary>Settings of the fit</summary>{settings}</details>")));
        let curves = self.losses.as_ref().map(charts::losses).filter(|charts| !charts.0.is_empty());
        let values = [
            ("name", Html::text(&self.name)),
            ("summary", Html::text(self.summary())),
            ("film", self.film()),
            ("figures", self.figures()),
            ("views", Html::all(self.views())),
            ("curves", curves.map_or(Html::default(), |curves| section("The fit", &curves))),
            ("facts", facts(&self.info, written)),
            ("tiles", self.tiles.clone()),
            ("settings", settings.unwrap_or_default()),
            ("made", Html::text(format!("Written by loop3d {}{made}.", env!("CARGO_PKG_VERSION")))),
        ];
        Html::fill(TEMPLATE, &values)
    }

    /// What the page contains, in a few words.
    pub fn contents(&self) -> String {
        let views = match self.views.len() {
            0 => "no figures (--views is not given)".to_owned(),
            1 => "figures of 1 view".to_owned(),
            count => format!("figures of {count} views"),
        };
        match self.film {
            Film::Mp4 { seconds, .. } => format!("{views}, a film of {seconds:.1} s"),
            Film::NoFfmpeg(_) => format!("{views}, no film"),
        }
    }

    fn summary(&self) -> String {
        let SceneInfo { frames, fps, size_px: [width, height], views, .. } = &self.info;
        let from = match views.len() {
            1 => "one view".to_owned(),
            count => format!("{count} views"),
        };
        if *frames == 1 {
            return format!("A static 3D scene of {width}×{height} pixels, from {from}.");
        }
        let seconds = *frames as f64 / fps;
        format!("A 3D video loop of {seconds:.1} seconds ({frames} frames of {width}×{height}), from {from}.")
    }

    fn film(&self) -> Html {
        let still = &self.still;
        Html(match &self.film {
            Film::Mp4 { bytes, seconds } => {
                let (width, height) = size((self.info.size_px[0], self.info.size_px[1]));
                let url = data_url("video/mp4", bytes);
                format!(
                    "<figure class=\"film\"><video src=\"{url}\" width=\"{width}\" height=\"{height}\" autoplay muted loop playsinline \
                     controls></video><div class=\"paper\">{still}</div><figcaption><span class=\"screen\">The loop from a moving \
                     camera, {seconds:.1} s. </span><span class=\"paper\">The first frame from the middle camera.</span></figcaption></figure>"
                )
            }
            Film::NoFfmpeg(_) => format!(
                "<figure class=\"film\">{still}<figcaption>The first frame from the middle camera. This page has no film, because ffmpeg \
                 was missing when it was written.</figcaption></figure>"
            ),
        })
    }

    fn figures(&self) -> Html {
        let Some(report) = &self.report else { return Html::default() };
        let (of, figures) = match &*report.views {
            [view] => (self.views.first().map_or(String::new(), |view| capital(&view.title)), Figures::from(view)),
            views => {
                let Some(ours) = &report.mean.scores else { return Html::default() };
                let (mean, baselines) = (&report.mean, report.mean.baselines.as_ref());
                let figures = Figures { ours, psnr_whole: mean.psnr_whole, baselines };
                (format!("Means of {} views; each view is below", views.len()), figures)
            }
        };
        let mut about = format!("{of}.");
        if report.views.iter().any(|view| view.metrics.scores.static_share < 1.0 || view.baselines.is_some()) {
            about.push_str(" A border is left out.");
        }
        if figures.baselines.is_some() {
            about.push_str(
                " “Frozen scene” and “hard cut” are baselines made from the clip itself, which the fit never sees if the view was held \
                 out: its mean image, and its first frames cut to a loop.",
            );
        }
        let about = Html::text(about);
        section("Figures", &Html(format!("<p>{about}</p>{}", tables(&figures, true))))
    }

    fn views(&self) -> impl Iterator<Item = Html> {
        let figures = self.report.iter().flat_map(|report| &report.views);
        self.views.iter().zip(figures).map(|(view, figures)| {
            let (title, rest) = view.title.split_once(": ").unwrap_or((&view.title, ""));
            let own = if self.views.len() > 1 { tables(&Figures::from(figures), false) } else { Html::default() };
            let about = Html::text(rest);
            section(&capital(title), &Html(format!("<p>{about}</p>{}{own}", view.pictures)))
        })
    }
}

fn section(title: &str, content: &Html) -> Html {
    Html(format!("<section><h2>{}</h2>{content}</section>", Html::text(title)))
}

/// A text that begins with a capital.
fn capital(text: &str) -> String {
    let mut letters = text.chars();
    letters.next().map_or(String::new(), |first| first.to_uppercase().chain(letters).collect())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_name_of_the_template_has_a_value_and_nothing_is_fetched() {
        let page = Page {
            name: "<a>{{film}}".to_owned(),
            written: None,
            info: SceneInfo {
                size_px: [47, 31],
                frames: 1,
                fps: 25.0,
                planes: 2,
                near: 1.0,
                far: 2.0,
                tile_grid: [1, 1],
                origin_px: [0, 0],
                static_tiles: 1,
                looping_tiles: 0,
                tile_fraction: 0.5,
                tiles_per_plane: vec![1, 0],
                texel_bytes: 2048,
                overdraw_mean: 1.0,
                overdraw_max: 1,
                views: Vec::new(),
                file_bytes: None,
                fit: serde_json::Value::Null,
            },
            report: None,
            views: Vec::new(),
            losses: None,
            still: Html::text("still"),
            film: Film::Mp4 { bytes: vec![0], seconds: 4.8 },
            tiles: Html::text("tiles"),
        };
        let Html(html) = page.html();
        assert!(html.contains("<title>&lt;a&gt;{{film}}") && html.matches("{{").count() == 2, "{html}");
        assert!(html.contains("src=\"data:video/mp4;base64,AA==\" width=\"46\" height=\"30\""), "{html}");
        for fetched in ["http:", "https:", "src=\"/", "url(", "@import", "<link"] {
            assert!(!html.contains(fetched), "{fetched}");
        }
        assert_eq!(page.contents(), "no figures (--views is not given), a film of 4.8 s");
        assert!(!html.contains("<h2>Figures") && html.contains("A static 3D scene of 47×31"), "{html}");
    }
}
