//! The pictures of a view as figures of the page.

use super::html::{Html, data_url};
use crate::eval::{GAIN, Picture, Pictures};
use anyhow::Result;
use image::codecs::jpeg::JpegEncoder;
use image::codecs::png::{CompressionType, FilterType, PngEncoder};
use image::{ExtendedColorType, ImageEncoder};

/// The largest PNG that goes into a page, in bytes. Larger pictures become JPEGs.
const PNG_LIMIT: usize = 150_000;

/// Quality of the JPEGs: artefacts stay far below the differences that the pictures are for.
const JPEG_QUALITY: u8 = 92;

/// A picture as an `img`.
///
/// # Errors
/// It cannot be encoded.
pub fn img(picture: &Picture, alt: &str) -> Result<Html> {
    let (width, height) = (picture.width as u32, picture.height() as u32);
    let mut bytes = Vec::new();
    let png = PngEncoder::new_with_quality(&mut bytes, CompressionType::Best, FilterType::Adaptive);
    png.write_image(&picture.rgb, width, height, ExtendedColorType::Rgb8)?;
    let mut media_type = "image/png";
    if bytes.len() > PNG_LIMIT {
        let mut jpeg = Vec::new();
        JpegEncoder::new_with_quality(&mut jpeg, JPEG_QUALITY).write_image(
            &picture.rgb,
            width,
            height,
            ExtendedColorType::Rgb8,
        )?;
        if jpeg.len() < bytes.len() {
            (media_type, bytes) = ("image/jpeg", jpeg);
        }
    }
    let (src, alt) = (data_url(media_type, &bytes), Html::text(alt));
    Ok(Html(format!("<img src=\"{src}\" width=\"{width}\" height=\"{height}\" alt=\"{alt}\">")))
}

/// Clip, render and difference, and the slices through time.
///
/// # Errors
/// A picture cannot be encoded.
pub fn figures(pictures: &Pictures) -> Result<Html> {
    let figure = |picture: &Picture, caption: String| -> Result<Html> {
        let caption_html = Html::text(&caption);
        Ok(Html(format!("<figure>{}<figcaption>{caption_html}</figcaption></figure>", img(picture, &caption)?)))
    };
    let mut above = vec![
        figure(&pictures.clip, "The clip".to_owned())?,
        figure(&pictures.render, "The scene, from the same camera".to_owned())?,
        figure(&pictures.difference, format!("Their difference, {GAIN} times brighter"))?,
    ];
    if let Some(slices) = &pictures.slices {
        let row = slices.row;
        above.push(figure(&slices.clip, format!("Row {row} of the clip, frame by frame downwards"))?);
        above.push(figure(
            &slices.render,
            format!("Row {row} of the scene for two rounds of the loop; the loop point is in the middle"),
        )?);
    }
    Ok(Html(format!("<div class=\"pictures\">{}</div>", Html::all(above))))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_picture_that_is_large_as_a_png_is_a_jpeg() {
        let mut random = 1u32;
        let mut noise = || {
            random = random.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
            (random >> 24) as u8
        };
        let noisy = Picture { width: 400, rgb: (0..400 * 300 * 3).map(|_| noise()).collect() };
        assert!(img(&noisy, "a").unwrap().0.starts_with("<img src=\"data:image/jpeg;base64,"));
        let plain = Picture { width: 400, rgb: vec![7; 400 * 300 * 3] };
        let html = img(&plain, "\"<").unwrap().0;
        assert!(html.starts_with("<img src=\"data:image/png;base64,"), "{html}");
        assert!(html.ends_with("\" width=\"400\" height=\"300\" alt=\"&quot;&lt;\">"), "{html}");
    }
}
