//! The figures of all views, for programs.

use loop3d_optimizer::metrics::{Baselines, Scores, ViewMetrics, mean_scores};
use serde::Serialize;

/// What `loop3d eval` measured, and its JSON.
#[derive(Debug, Serialize)]
pub struct Report {
    /// At least one view.
    pub views: Vec<ViewReport>,
    /// Means of the views' figures.
    pub mean: Mean,
}

/// One view.
#[derive(Debug, Serialize)]
pub struct ViewReport {
    /// The scene's figures.
    #[serde(flatten)]
    pub metrics: ViewMetrics,
    /// PSNR in dB over the whole image, without a border; stills only.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub psnr_whole: Option<f64>,
    /// The baselines; clips only, since a still is its own mean.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub baselines: Option<Baselines>,
    /// Width and height that were compared, in pixels.
    #[serde(skip)]
    pub size: [usize; 2],
    /// Frames of the clip.
    #[serde(skip)]
    pub frames: usize,
}

/// Means over views.
#[derive(Debug, Serialize)]
pub struct Mean {
    /// The scene's.
    #[serde(flatten)]
    pub scores: Option<Scores>,
    /// Over the views that have it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub psnr_whole: Option<f64>,
    /// Over the views that have them.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub baselines: Option<Baselines>,
}

impl Report {
    /// The report of these views.
    pub fn new(views: Vec<ViewReport>) -> Self {
        let mean_of = |figures: &dyn Fn(&ViewReport) -> Option<Scores>| {
            let scores = views.iter().filter_map(figures);
            mean_scores(&scores.map(|scores| ViewMetrics { view: 0, scores }).collect::<Vec<_>>())
        };
        let whole: Vec<f64> = views.iter().filter_map(|view| view.psnr_whole).collect();
        let frozen = mean_of(&|view| Some(view.baselines?.frozen));
        let hard_cut = mean_of(&|view| Some(view.baselines?.hard_cut));
        let mean = Mean {
            scores: mean_of(&|view| Some(view.metrics.scores)),
            psnr_whole: (!whole.is_empty()).then(|| whole.iter().sum::<f64>() / whole.len() as f64),
            baselines: frozen.zip(hard_cut).map(|(frozen, hard_cut)| Baselines { frozen, hard_cut }),
        };
        Self { views, mean }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use loop3d_optimizer::metrics::Appearance;

    fn scores(com: Option<f64>) -> Scores {
        let (psnr_static, std_err) = (Some(30.0), None);
        let (ssim_static, psnr_mean, coh, loop_q) = (psnr_static, psnr_static, com, com);
        let appearance = Appearance { detail: com.map(|com| com / 4.0), ..Appearance::default() };
        Scores { static_share: 0.5, psnr_static, ssim_static, psnr_mean, std_err, com, coh, loop_q, appearance }
    }

    #[test]
    fn json_is_flat_and_means_are_of_what_is_defined() {
        let view = |view, com, baselines| ViewReport {
            metrics: ViewMetrics { view, scores: scores(com) },
            psnr_whole: None,
            baselines,
            size: [1, 1],
            frames: 2,
        };
        let plain = Baselines { frozen: scores(Some(5.0)), hard_cut: scores(Some(f64::INFINITY)) };
        let report = Report::new(vec![view(4, Some(2.0), Some(plain)), view(7, Some(4.0), None), view(8, None, None)]);
        let json = serde_json::to_value(&report).unwrap();
        assert_eq!(json["views"][0]["view"], 4);
        assert_eq!(json["views"][0]["static_share"], 0.5);
        assert_eq!(json["views"][0]["baselines"]["frozen"]["com"], 5.0);
        assert!(json["views"][0]["baselines"]["hard_cut"]["com"].is_null());
        assert!(json["views"][0]["std_err"].is_null() && json["views"][1].get("baselines").is_none());
        assert_eq!((&json["mean"]["com"], &json["mean"]["baselines"]["frozen"]["com"]), (&3.0.into(), &5.0.into()));
        assert_eq!((&json["views"][0]["detail"], &json["mean"]["detail"]), (&0.5.into(), &0.75.into()));
        assert!(json["mean"].get("psnr_whole").is_none() && json["views"][0].get("size").is_none());
    }
}
