//! What the scene file knows: facts of the scene, settings of its fit.

use super::html::Html;
use loop3d_scene::SceneInfo;
use serde_json::Value;

/// Facts for the page.
pub fn facts(info: &SceneInfo, written: Option<String>) -> Html {
    let [width, height] = info.size_px;
    let seconds = info.frames as f64 / info.fps;
    let names = |held_out: bool| -> Vec<&str> {
        info.views.iter().filter(|view| view.held_out == held_out).map(|view| view.name.as_str()).collect()
    };
    let held_out = match &*names(true) {
        [] => "none".to_owned(),
        names => names.join(", "),
    };
    let mut rows = vec![
        ("image", format!("{width}×{height}")),
        ("loop", format!("{} frames at {} fps, {seconds:.2} s", info.frames, info.fps)),
        ("views fitted to", format!("{}", names(false).len())),
        ("views held out", held_out),
        ("planes", format!("{}, depth {:.3} to {:.3}", info.planes, info.near, info.far)),
        ("tiles", format!("{} static, {} looping", info.static_tiles, info.looping_tiles)),
        ("overdraw", format!("{:.2} tiles under a pixel, at most {}", info.overdraw_mean, info.overdraw_max)),
        ("texels", megabytes(info.texel_bytes)),
    ];
    rows.extend(info.file_bytes.map(|bytes| ("file", megabytes(bytes))));
    rows.extend(written.map(|moment| ("written", moment)));
    list(rows)
}

/// Settings of the fit; `None` if the file has none.
pub fn settings(fit: &Value) -> Option<Html> {
    let Some(config) = fit["config"].as_object() else {
        return (!fit.is_null()).then(|| Html(format!("<pre>{}</pre>", Html::text(format!("{fit:#}")))));
    };
    let value = |value: &Value| match value {
        Value::Null => "automatic".to_owned(),
        Value::String(text) => text.clone(),
        // Learning rates are 32 bits: more digits would not be theirs.
        Value::Number(number) if number.is_f64() => {
            number.as_f64().map_or(String::new(), |number| (number as f32).to_string())
        }
        other => other.to_string(),
    };
    let settings = list(config.iter().map(|(name, found)| (name.replace('_', " "), value(found))));
    let levels = fit["levels"].as_array().filter(|levels| !levels.is_empty()).map(|levels| {
        let cell = |level: &Value, name: &str| Html(format!("<td>{}</td>", Html::text(value(&level[name]))));
        let rows = levels.iter().enumerate().map(|(index, level)| {
            let cells = ["side", "epochs", "lr"].map(|name| cell(level, name));
            Html(format!("<tr><th scope=\"row\">{}</th>{}</tr>", index + 1, Html::all(cells)))
        });
        let heads = ["level", "texels along a tile", "epochs", "learning rate"];
        let heads = heads.map(|head| Html(format!("<th scope=\"col\">{head}</th>")));
        Html(format!("<table><thead><tr>{}</tr></thead><tbody>{}</tbody></table>", Html::all(heads), Html::all(rows)))
    });
    Some(Html::all([settings, levels.unwrap_or_default()]))
}

fn list<N: std::fmt::Display>(rows: impl IntoIterator<Item = (N, String)>) -> Html {
    let rows = rows.into_iter();
    let row = |(name, value)| Html(format!("<div><dt>{}</dt><dd>{}</dd></div>", Html::text(name), Html::text(value)));
    Html(format!("<dl>{}</dl>", Html::all(rows.map(row))))
}

fn megabytes(bytes: u64) -> String {
    match bytes {
        0..100_000 => format!("{:.1} kB", bytes as f64 / 1e3),
        _ => format!("{:.1} MB", bytes as f64 / 1e6),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn settings_are_listed_and_unknown_ones_are_shown_as_they_are() {
        let fit = serde_json::json!({
            "config": { "preset": "<draft>", "near_factor": 0.9, "frames": null },
            "levels": [{ "side": 8, "epochs": 90, "lr": 0.05f32 }],
        });
        let html = settings(&fit).unwrap().0;
        for said in [
            "<dt>preset</dt><dd>&lt;draft&gt;</dd>",
            "<dt>near factor</dt><dd>0.9</dd>",
            "<dt>frames</dt><dd>automatic</dd>",
            "<tr><th scope=\"row\">1</th><td>8</td><td>90</td><td>0.05</td></tr>",
        ] {
            assert!(html.contains(said), "{said} in {html}");
        }
        assert_eq!(settings(&Value::Null), None);
        let other = settings(&serde_json::json!({ "by": "<me>" })).unwrap().0;
        assert!(other.starts_with("<pre>{") && other.contains("&lt;me&gt;"), "{other}");
    }
}
