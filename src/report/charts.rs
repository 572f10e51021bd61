//! Drawings of the page: losses of the fit, tiles of each plane. Lines are SVG that stretches; labels are HTML, so that they stay
//! readable at any width.

use super::html::Html;
use crate::losses::{LevelLosses, Losses};
use loop3d_scene::{Scene, Tile};
use std::fmt::Write;

/// Size of a drawing in its own units; the page stretches it.
const WIDTH: f64 = 1000.0;
const HEIGHT: f64 = 200.0;

/// One chart for each stage: levels side by side, as wide as they have steps. Loss is on a logarithmic axis.
pub fn losses(losses: &Losses) -> Html {
    let stage = |level: &LevelLosses| level.name.split(',').next().unwrap_or_default().to_owned();
    let levels = losses.levels.iter().filter(|level| !level.losses.is_empty()).collect::<Vec<_>>();
    let stages = levels.chunk_by(|a, b| stage(a) == stage(b));
    Html::all(stages.map(|levels| chart(&stage(levels[0]), levels)))
}

fn chart(stage: &str, levels: &[&LevelLosses]) -> Html {
    let all = levels.iter().flat_map(|level| level.losses.iter().copied());
    let (low, high) = all.fold((f64::INFINITY, 0.0), |(low, high): (f64, f64), loss| (low.min(loss), high.max(loss)));
    // A loss of 0 has no logarithm.
    let low = low.max(high * 1e-6).max(f64::MIN_POSITIVE);
    let range = (high.max(low) / low).ln().max(1e-9);
    let y = |loss: f64| HEIGHT - (loss.max(low) / low).ln() / range * HEIGHT;
    let steps: usize = levels.iter().map(|level| level.steps).sum();
    let (mut lines, mut labels, mut before) = (String::new(), String::new(), 0);
    for level in levels {
        let x = |step: f64| (before as f64 + step) / steps as f64 * WIDTH;
        if before > 0 {
            let x = x(0.0);
            let _ = write!(lines, "<path class=\"edge\" d=\"M{x:.1} 0V{HEIGHT}\"/>");
        }
        let stretch = level.steps as f64 / level.losses.len() as f64;
        let points = level.losses.iter().enumerate().map(|(i, &loss)| (x((i as f64 + 0.5) * stretch), y(loss)));
        let points: String = points.map(|(x, y)| format!("{x:.1},{y:.1} ")).collect();
        let _ = write!(lines, "<polyline points=\"{}\"/>", points.trim_end());
        let (name, seconds, count) = (Html::text(&level.name), level.seconds, level.steps);
        let name = name.0.split_once(", ").map_or(name.0.as_str(), |(_, name)| name);
        let _ = write!(
            labels,
            "<span style=\"flex-grow:{count}\" title=\"{count} steps, {seconds:.0} s\"><b>{name}</b> {seconds:.0} s</span>"
        );
        before += level.steps;
    }
    let (stage, total): (_, f64) = (Html::text(stage), levels.iter().map(|level| level.seconds).sum());
    Html(format!(
        "<figure class=\"chart\"><figcaption>Mean loss of each epoch of the {stage} stage, logarithmic: {steps} steps in {total:.0} s</figcaption>\
         <div class=\"plot\"><span class=\"high\">{}</span><span class=\"low\">{}</span>\
         <svg viewBox=\"0 0 {WIDTH} {HEIGHT}\" preserveAspectRatio=\"none\" role=\"img\" aria-label=\"loss over steps\">{lines}</svg></div>\
         <div class=\"levels\">{labels}</div></figure>",
        short(high),
        short(low)
    ))
}

/// A loss with three significant digits.
fn short(value: f64) -> String {
    let digits = (2 - value.abs().max(1e-9).log10().floor() as i32).clamp(0, 9) as usize;
    format!("{value:.digits$}")
}

/// A column for each plane, nearest first: its static tiles, and its looping ones on top.
pub fn tiles(scene: &Scene) -> Html {
    let table = &scene.tiles;
    let planes = table.tiles.chunks((table.rows * table.columns).max(1));
    let counts: Vec<[usize; 2]> = planes
        .map(|tiles| {
            let count = |kind: fn(&Tile) -> bool| tiles.iter().filter(|tile| kind(tile)).count();
            [count(|tile| matches!(tile, Tile::Static(_))), count(|tile| matches!(tile, Tile::Looping(_)))]
        })
        .collect();
    let most = counts.iter().map(|[statics, loops]| statics + loops).max().unwrap_or(0).max(1);
    let columns = counts.iter().enumerate().map(|(plane, [statics, loops])| {
        let percent = |count: &usize| 100.0 * *count as f64 / most as f64;
        Html(format!(
            "<i title=\"plane {plane}: {statics} static, {loops} looping\"><u style=\"height:{:.2}%\"></u><s style=\"height:{:.2}%\"></s></i>",
            percent(loops),
            percent(statics)
        ))
    });
    Html(format!(
        "<figure class=\"chart\"><figcaption>Tiles of each plane, at most {most}: \
         <span class=\"key static\">static</span> <span class=\"key looping\">looping</span></figcaption>\
         <div class=\"plot columns\">{}</div><div class=\"ends\"><span>nearest plane</span><span>farthest</span></div></figure>",
        Html::all(columns)
    ))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn level(index: usize, name: &str, losses: &[f64]) -> LevelLosses {
        LevelLosses { index, name: name.to_owned(), steps: losses.len(), seconds: 1.0, losses: losses.to_vec() }
    }

    #[test]
    fn stages_have_charts_of_their_own_and_levels_lie_side_by_side() {
        let levels = vec![
            level(0, "static, 8/16", &[1.0, 0.1]),
            level(1, "static, 16/16", &[0.1, 0.01]),
            level(2, "looping, 16/16", &[]),
            level(3, "looping, 16/16", &[0.0, 0.5]),
        ];
        let html = losses(&Losses { scene: None, levels }).0;
        assert_eq!((html.matches("<figure").count(), html.matches("<polyline").count()), (2, 3));
        assert!(html.contains("points=\"125.0,0.0 375.0,100.0\""), "{html}");
        assert!(html.contains("points=\"625.0,100.0 875.0,200.0\"") && html.contains("M500.0 0V200"), "{html}");
        // No logarithm of zero.
        assert!(html.contains("points=\"250.0,200.0 750.0,0.0\"") && !html.contains("NaN"), "{html}");
        assert!(html.contains("<span class=\"high\">1.00</span><span class=\"low\">0.0100</span>"), "{html}");
        assert!(losses(&Losses::default()).0.is_empty());
    }
}
