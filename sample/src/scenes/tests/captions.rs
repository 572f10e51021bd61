//! Captions to scenes and back.

use super::*;
use crate::scenes::dice::Dice;

#[test]
fn captions_come_back_from_their_words() {
    for index in 0..600 {
        let dice = &mut Dice::new(3, index, 9);
        let whole = Caption::draw(dice);
        for caption in [whole.shortened(dice), whole] {
            let text = caption.to_string();
            let read: Caption = text.parse().unwrap_or_else(|error| panic!("{text}: {error}"));
            assert_eq!(read.to_string(), text);
            // Orders may give the same words where phrases are missing.
            assert_eq!(Caption { order: 0, ..read }, Caption { order: 0, ..caption }, "{text}");
        }
    }
}

#[test]
fn a_scene_has_what_its_caption_says() {
    for index in 0..200 {
        let dice = &mut Dice::new(4, index, 9);
        let asked = Caption::draw(dice).shortened(dice);
        let scene = Scene::new(&asked, index, &MIDDLE);
        let whole = scene.caption().clone();
        // The whole caption leaves nothing open and comes back from its words.
        let read: Caption = whole.to_string().parse().unwrap();
        assert_eq!(Caption { order: 0, ..read }, Caption { order: 0, ..whole.clone() });
        assert!(whole.color.is_some() && whole.ground.is_some() && whole.sky.is_some() && whole.style.is_some());
        assert_eq!(whole.thing, asked.thing);
        assert!(asked.color.is_none_or(|color| whole.color == Some(color)));
        assert!(asked.ground.is_none_or(|ground| whole.ground == Some(ground)));
        assert!(asked.sky.is_none_or(|sky| whole.sky == Some(sky)));
        assert!(asked.style.is_none_or(|style| whole.style == Some(style)));
        assert!(asked.backdrops.is_empty() || asked.backdrops == whole.backdrops);
    }
}

#[test]
fn words_may_come_in_any_order_and_mean_what_their_place_says() {
    let read = |text: &str| text.parse::<Caption>().unwrap();
    let mixed = read("At DUSK, behind it: hills and a wall - a flag, RED, waving on snow".replace(" it", "").as_str());
    assert_eq!(
        mixed,
        Caption {
            color: Some(Color::Red),
            thing: Thing::Flag,
            action: true,
            ground: Some(Ground::Snow),
            backdrops: vec![Backdrop::Wall, Backdrop::Hills],
            sky: Some(Sky::Dusk),
            style: None,
            order: 0,
        }
    );
    // "grass" is a ground after "on" and beside another thing, and a thing otherwise.
    assert_eq!(read("grass on sand").thing, Thing::Grass);
    assert_eq!(read("grass on grass").ground, Some(Ground::Grass));
    assert_eq!(read("on grass, a bell").ground, Some(Ground::Grass));
    assert_eq!(read("a bell, grass").ground, Some(Ground::Grass));
    // A tree that sways and trees that stand behind.
    let trees = read("a tree swaying before trees");
    assert_eq!((trees.thing, trees.backdrops), (Thing::Tree, vec![Backdrop::Trees]));
}

#[test]
fn what_is_not_a_caption_is_explained() {
    let said = |text: &str| text.parse::<Caption>().unwrap_err().to_string();
    let unknown = said("a red dragon waving on grass");
    assert!(
        unknown.contains("\"dragon\"") && unknown.contains("fountain") && unknown.contains("monochrome"),
        "{unknown}"
    );
    let close = "a red fleg".parse::<Caption>().unwrap_err();
    assert!(matches!(close, CaptionError::Unknown { nearest: "flag", .. }), "{close}");
    for (text, parts) in [
        ("", ["nothing that moves", "windmill"]),
        ("red on grass", ["\"red on grass\"", "nothing that moves"]),
        ("a red blue flag", ["\"red\" and \"blue\"", "one color"]),
        ("a flag and a bell", ["\"flag\" and \"bell\"", "one thing"]),
        ("a flag ringing", ["\"flag\" with \"ringing\"", "\"flag waving\""]),
        ("waves rolling on sand", ["\"waves\" with \"sand\"", "one of water"]),
        ("clouds drifting in fog", ["\"clouds\" with \"fog\"", "noon"]),
    ] {
        let said = said(text);
        assert!(parts.iter().all(|part| said.contains(part)), "{text}: {said}");
    }
}

#[test]
fn a_fifth_of_the_attributes_is_left_out() {
    let (mut said, mut possible) = (0, 0);
    for index in 0..2000 {
        let dice = &mut Dice::new(5, index, 9);
        let caption = Caption { backdrops: vec![Backdrop::Hills], ..Caption::draw(dice) }.shortened(dice);
        possible += 6;
        said += usize::from(caption.color.is_some())
            + usize::from(caption.action)
            + usize::from(caption.ground.is_some())
            + usize::from(!caption.backdrops.is_empty())
            + usize::from(caption.sky.is_some())
            + usize::from(caption.style.is_some());
    }
    // 12 000 draws: three standard deviations are 0.011.
    let left_out = 1.0 - said as f64 / possible as f64;
    assert!((left_out - DROPPED).abs() < 0.011, "{left_out}");
}
