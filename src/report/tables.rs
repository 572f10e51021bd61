//! The figures of `eval` as tables of the page.

use super::html::Html;
use crate::eval::figures::{Better, FRAMES, Figure, LOOPS, defined, number};
use crate::eval::{ViewReport, rows};
use loop3d_optimizer::metrics::{Baselines, Scores};

/// One set of figures: those of a view, or means.
pub struct Figures<'a> {
    /// The scene's.
    pub ours: &'a Scores,
    /// See [`ViewReport::psnr_whole`].
    pub psnr_whole: Option<f64>,
    /// The baselines'.
    pub baselines: Option<&'a Baselines>,
}

impl<'a> From<&'a ViewReport> for Figures<'a> {
    fn from(view: &'a ViewReport) -> Self {
        Self { ours: &view.metrics.scores, psnr_whole: view.psnr_whole, baselines: view.baselines.as_ref() }
    }
}

/// The tables: of the loop, and of single frames. `explained`: with a line on what each figure means.
pub fn tables(figures: &Figures<'_>, explained: bool) -> Html {
    let rows = rows(figures.ours, figures.baselines);
    let mut tables = Vec::new();
    for (title, all) in [("The loop", &LOOPS[..]), ("Single frames", &FRAMES[..])] {
        let mut lines: Vec<Html> =
            defined(all, &rows).into_iter().map(|figure| line(figure, &rows, explained)).collect();
        if let (Some(psnr), true) = (figures.psnr_whole, title == "The loop") {
            lines.insert(0, whole(psnr, explained));
        }
        if lines.is_empty() {
            continue;
        }
        let title = if figures.baselines.is_none() && title == "The loop" { "The image" } else { title };
        let heads = rows.iter().map(|(name, _)| Html(format!("<th scope=\"col\">{}</th>", Html::text(name))));
        tables.push(Html(format!(
            "<table class=\"figures\" style=\"--columns:{}\"><thead><tr><th scope=\"col\">{title}</th>{}</tr></thead><tbody>{}</tbody></table>",
            rows.len(),
            Html::all(heads),
            Html::all(lines)
        )));
    }
    Html::all(tables)
}

fn line(figure: &Figure, rows: &[(&str, &Scores)], explained: bool) -> Html {
    let cells = rows.iter().map(|(_, scores)| cell((figure.of)(scores), figure.decimals));
    let name = name(figure.name, figure.better, if explained { figure.meaning } else { "" });
    Html(format!("<tr>{name}{}</tr>", Html::all(cells)))
}

fn whole(psnr: f64, explained: bool) -> Html {
    let meaning =
        if explained { "How close the whole image is to the photograph, without leaving out a border." } else { "" };
    Html(format!("<tr>{}{}</tr>", name("whole image PSNR dB", Better::Higher, meaning), cell(Some(psnr), 2)))
}

/// The head of a line: the name, which way is better, and what the figure means.
fn name(name: &str, better: Better, meaning: &str) -> Html {
    let better = match better {
        Better::Higher => "higher is better",
        Better::Lower => "lower is better",
        Better::One => "1 is best",
    };
    let name = Html::text(name);
    let meaning = match meaning {
        "" => String::new(),
        said => format!("<small>{}</small>", Html::text(said)),
    };
    Html(format!(
        "<th scope=\"row\"><span class=\"name\">{name} <span class=\"better\">{better}</span></span>{meaning}</th>"
    ))
}

/// A figure, rounded for people; `value` has it in full.
fn cell(value: Option<f64>, decimals: usize) -> Html {
    Html(match value {
        None => "<td>–</td>".to_owned(),
        Some(value) => format!("<td><data value=\"{value}\">{}</data></td>", number(value, decimals)),
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use loop3d_optimizer::metrics::Appearance;

    #[test]
    fn undefined_figures_are_dashes_or_left_out() {
        let ours = Scores {
            static_share: 0.25,
            psnr_static: Some(31.236),
            ssim_static: None,
            psnr_mean: Some(f64::INFINITY),
            std_err: None,
            com: None,
            coh: None,
            loop_q: None,
            appearance: Appearance::default(),
        };
        let baselines = Baselines { frozen: Scores { com: Some(1.5), ..ours }, hard_cut: ours };
        let html = tables(&Figures { ours: &ours, psnr_whole: None, baselines: Some(&baselines) }, true).0;
        assert!(html.contains("<td><data value=\"31.236\">31.24</data></td>"), "{html}");
        assert!(html.contains("<data value=\"inf\">∞</data>"), "{html}");
        assert!(html.contains("<td>–</td><td><data value=\"1.5\">1.50</data></td><td>–</td>"), "{html}");
        assert!(
            !html.contains("SSIM") && !html.contains("Single frames") && html.matches("<tr>").count() == 4,
            "{html}"
        );
        let still = tables(&Figures { ours: &ours, psnr_whole: Some(22.0), baselines: None }, false).0;
        assert!(still.contains("The image") && still.contains(">22.00<") && !still.contains("<small>"), "{still}");
    }
}
