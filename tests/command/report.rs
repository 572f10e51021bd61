//! `report`: one page with the figures of `eval`, pictures, a film and the curves of the fit.

use crate::support::{Ended, FRAMES, Folder};
use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use image::RgbImage;
use serde_json::Value;
use std::fs;
use std::sync::LazyLock;

const FIT: &str = "fit --views capture --hold-out 1 --preset draft --planes 6 --quiet";

/// A capture; `<b>&.loop3d`, a scene fitted to it with its losses; and its page, `a.html`.
static REPORTED: LazyLock<Folder> = LazyLock::new(|| {
    let folder = Folder::new(FRAMES);
    folder.done(&format!("{FIT} --losses -o <b>&.loop3d"));
    let ended = folder.done("report <b>&.loop3d --views capture -o a.html --renderer cpu");
    assert!(ended.stderr.contains("wrote a.html: ") && ended.stderr.contains("figures of 1 view"), "{}", ended.stderr);
    assert_eq!(folder.names(), ["<b>&.fit.json", "<b>&.loop3d", "a.html", "capture"]);
    folder
});

fn page(folder: &Folder, name: &str) -> String {
    String::from_utf8(folder.bytes(name)).unwrap()
}

/// The bytes of all data URLs of a media type, in order.
fn embedded(page: &str, media_type: &str) -> Vec<Vec<u8>> {
    let start = format!("src=\"data:{media_type};base64,");
    let coded = page.split(&start).skip(1).map(|rest| rest.split_once('"').unwrap().0);
    coded.map(|text| STANDARD.decode(text).unwrap()).collect()
}

fn images(page: &str) -> Vec<RgbImage> {
    embedded(page, "image/png").iter().map(|png| image::load_from_memory(png).unwrap().to_rgb8()).collect()
}

/// The values of the line of this figure.
fn values(page: &str, figure: &str) -> Vec<Option<f64>> {
    let (_, rest) = page.split_once(&format!("<span class=\"name\">{figure} <")).unwrap_or_else(|| panic!("{figure}"));
    let (line, _) = rest.split_once("</tr>").unwrap();
    let cells = line.split("<td>").skip(1);
    let value = |cell: &str| Some(cell.split_once("value=\"")?.1.split_once('"')?.0.parse().unwrap());
    cells.map(value).collect()
}

#[test]
fn the_figures_are_those_of_eval() {
    let folder = &*REPORTED;
    let page = page(folder, "a.html");
    let json = folder.done("eval <b>&.loop3d --views capture --json --quiet").stdout;
    let json: Value = serde_json::from_str(&json).unwrap();
    let view = &json["views"][0];
    let figures = [
        ("static PSNR dB", "psnr_static"),
        ("static SSIM", "ssim_static"),
        ("mean PSNR dB", "psnr_mean"),
        ("STDerr", "std_err"),
        ("Com.", "com"),
        ("Coh.", "coh"),
        ("LoopQ", "loop_q"),
        ("detail", "detail"),
        ("detail, moving", "detail_moving"),
        ("grid", "grid"),
        ("specks per million", "specks"),
        ("flicker", "flicker"),
    ];
    for (name, key) in figures {
        let expected = [&view[key], &view["baselines"]["frozen"][key], &view["baselines"]["hard_cut"][key]];
        // JSON has no infinity.
        let found: Vec<_> =
            values(&page, name).into_iter().map(|value| value.filter(|value| value.is_finite())).collect();
        assert_eq!(found, expected.map(Value::as_f64), "{name}");
        assert!(view[key].is_number(), "{name}");
    }
    let shown = format!("{:.2}</data>", view["psnr_static"].as_f64().unwrap());
    assert!(page.contains(&shown) && page.contains("View 1 (v1): 48×32, a loop of 8 frames against a clip of 16"));
}

#[test]
fn the_pictures_are_those_of_the_view_and_the_film_plays() {
    let folder = &*REPORTED;
    let page = page(folder, "a.html");
    let images = images(&page);
    let sizes: Vec<_> = images.iter().map(RgbImage::dimensions).collect();
    // For paper; clip, render, difference; 16 frames of the clip and two rounds of 8 frames.
    assert_eq!(sizes, [(48, 32), (48, 32), (48, 32), (48, 32), (48, 16), (48, 16)]);
    let truth = image::open(folder.path("capture/frames/v1/04.png")).unwrap().to_rgb8();
    assert!(images[1] == truth && images[2] != truth);
    for (x, y, difference) in images[3].enumerate_pixels() {
        let (a, b) = (truth.get_pixel(x, y), images[2].get_pixel(x, y));
        let expected = [0, 1, 2].map(|c| (4 * u16::from(a[c].abs_diff(b[c]))).min(255) as u8);
        assert_eq!(difference.0, expected);
    }
    let films = embedded(&page, "video/mp4");
    assert_eq!(films.len(), 1);
    fs::write(folder.path("film.mp4"), &films[0]).unwrap();
    let (film, fps) = loop3d_media::read_clip(&folder.path("film.mp4")).unwrap();
    fs::remove_file(folder.path("film.mp4")).unwrap();
    assert_eq!((film.width, film.height, film.frames, fps), (48, 32, 120, 25.0));
    assert!(film.frame(0) != film.frame(60));
    // From one file alone.
    let src = page.matches(" src=\"").count();
    assert_eq!(src, images.len() + films.len());
    assert!(!page.contains("href=") && !page.contains("http"), "something is fetched");
}

#[test]
fn names_are_escaped() {
    let page = page(&REPORTED, "a.html");
    assert!(page.contains("<title>&lt;b&gt;&amp; – loop3d report</title>") && page.contains("<h1>&lt;b&gt;&amp;</h1>"));
    assert!(!page.contains("<b>&"), "unescaped");
}

#[test]
fn curves_are_those_of_the_scenes_own_fit() {
    let folder = &*REPORTED;
    let losses: Value = serde_json::from_slice(&folder.bytes("<b>&.fit.json")).unwrap();
    let levels = losses["levels"].as_array().unwrap();
    assert!(levels.len() >= 3 && levels[0]["name"].as_str().unwrap().starts_with("static, "), "{losses}");
    let curve = levels[0]["losses"].as_array().unwrap();
    assert!(curve[0].as_f64().unwrap() > curve.last().unwrap().as_f64().unwrap(), "{losses}");
    let drawn = page(folder, "a.html");
    assert_eq!(drawn.matches("<polyline").count(), levels.len());
    assert!(drawn.contains("of the static stage") && drawn.contains("of the looping stage"));
    // Losses do not change the scene, and those of another scene are not drawn.
    folder.done(&format!("{FIT} -o plain.loop3d"));
    assert!(folder.bytes("plain.loop3d") == folder.bytes("<b>&.loop3d"));
    folder.done(&format!("{FIT} -o other.loop3d --seed 2"));
    fs::copy(folder.path("<b>&.fit.json"), folder.path("other.fit.json")).unwrap();
    let ended = folder.done("report other.loop3d -o other.html --renderer cpu");
    assert!(ended.stderr.contains("other.fit.json: belongs to another fit"), "{}", ended.stderr);
    assert!(!page(folder, "other.html").contains("<polyline"));
    // A package has them, too.
    folder.done("export <b>&.loop3d -o <b>&.glb --quiet");
    folder.done("report <b>&.glb -o package.html --renderer cpu --quiet");
    assert!(page(folder, "package.html").contains("<polyline"));
    for name in ["plain.loop3d", "other.loop3d", "other.fit.json", "other.html", "<b>&.glb", "package.html"] {
        fs::remove_file(folder.path(name)).unwrap();
    }
}

#[test]
fn what_is_missing_is_left_out_and_said() {
    let folder = &*REPORTED;
    let without_views = folder.done("report <b>&.loop3d -o b.html --renderer cpu");
    assert!(without_views.stderr.contains("no figures"), "{}", without_views.stderr);
    let b = page(folder, "b.html");
    assert!(!b.contains("<h2>Figures") && b.contains("<video") && b.contains("Tiles of each plane"));
    assert_eq!(images(&b).len(), 1);

    let mut command = folder.command("report <b>&.loop3d --views capture -o c.html");
    let without_ffmpeg = Ended::of(command.env("PATH", folder.path("none")));
    without_ffmpeg.said(0, &["no film", "ffmpeg"]);
    let c = page(folder, "c.html");
    assert!(!c.contains("<video") && c.contains("no film, because ffmpeg was missing") && c.contains("<h2>Figures"));

    let quiet = folder.done("report <b>&.loop3d --views capture --view 0,2 -o d.html --renderer cpu --quiet");
    assert_eq!((quiet.stdout, quiet.stderr), (String::new(), String::new()));
    let d = page(folder, "d.html");
    assert!(d.contains("Means of 2 views") && d.contains("<h2>View 0 (v0)</h2>") && d.contains("<h2>View 2 (v2)</h2>"));
    assert_eq!(images(&d).len(), 1 + 2 * 5);
    for name in ["b.html", "c.html", "d.html"] {
        fs::remove_file(folder.path(name)).unwrap();
    }
}

#[test]
fn stills_have_figures_without_baselines_and_no_slices() {
    let folder = Folder::new(1);
    folder.done("fit --views capture --hold-out 1 --preset draft --planes 4 -o a.loop3d --quiet");
    folder.done("report a.loop3d --views capture -o a.html --renderer cpu --quiet");
    let page = page(&folder, "a.html");
    let json = folder.done("eval a.loop3d --views capture --json --quiet").stdout;
    let json: Value = serde_json::from_str(&json).unwrap();
    assert_eq!(values(&page, "whole image PSNR dB"), [json["views"][0]["psnr_whole"].as_f64()]);
    assert_eq!(images(&page).len(), 1 + 3);
    assert!(page.contains("A static 3D scene of 48×32 pixels, from 4 views.") && !page.contains("Frozen scene"));
}

#[test]
fn wrong_usage_and_bad_input_are_told_apart_and_an_older_page_stays() {
    let folder = &*REPORTED;
    let before = folder.bytes("a.html");
    for (words, code, parts) in [
        ("-o a.pdf", 2, &["a.pdf: ", "NAME.html"][..]),
        ("-o none/a.html", 2, &["none: no such folder"]),
        ("-o a.html --view 1", 2, &["--views"]),
        ("-o a.html --truth capture/frames/v1", 2, &["--views"]),
        ("-o a.html --fps 25", 2, &["--views"]),
        ("-o a.html --views capture --view 9", 2, &["views 0 to 3"]),
        ("-o a.html --views none", 65, &["none: "]),
        ("-o a.html --views capture --truth none.mp4", 65, &["none.mp4: "]),
    ] {
        folder.run(&format!("report <b>&.loop3d {words} --quiet")).said(code, parts);
    }
    folder.run("report none.loop3d -o a.html").said(65, &["none.loop3d: "]);
    assert!(folder.bytes("a.html") == before);
}
