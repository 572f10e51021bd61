//! Depth, masks and ids.

use super::*;
use glam::DVec2;

/// Grounds that are solid, and things of all kinds of shapes.
const WORDS: [&str; 4] = [
    "a windmill on sand before houses and hills",
    "a ball on stone before a wall",
    "a waterfall on snow before trees",
    "a fountain on water before hills at dawn",
];

#[test]
fn ground_points_of_one_view_are_the_same_points_in_another() {
    for words in WORDS {
        let scene = scene(words);
        let (from, to) = (camera(-10.0, 64), camera(11.0, 64));
        let geometry = View::new(&scene, &from).geometry(2, 16);
        let (mut compared, mut worst) = (0, 0.0f64);
        for (index, depth) in geometry.depth_m.iter().enumerate().filter(|(i, _)| geometry.ids[*i] == ids::GROUND) {
            let pixel = DVec2::new((index % 64) as f64 + 0.5, (index / 64) as f64 + 0.5);
            let point = from.position() + from.ray(pixel) * f64::from(*depth);
            if *depth > 15.0 {
                continue;
            }
            assert!(point.y.abs() < 1e-4, "{words}: a ground point is {} m high", point.y);
            // What the other view sees there, brought back.
            let Some(there) = to.project(point) else { continue };
            let (depth, id) = probe(&scene, &to, there, 2.0 / 16.0);
            if id != ids::GROUND {
                continue;
            }
            let back = from.project(to.position() + to.ray(there) * f64::from(depth)).unwrap();
            (compared, worst) = (compared + 1, worst.max(back.distance(pixel)));
        }
        assert!(compared > 400, "{words}: {compared} points");
        assert!(worst < 0.1, "{words}: {worst} pixels");
        // The control: with the other camera turned by half a degree the same points are elsewhere.
        let wrong = camera(11.5, 64);
        let point = glam::DVec3::new(0.3, 0.0, 0.9);
        assert!(wrong.project(point).unwrap().distance(to.project(point).unwrap()) > 0.1);
    }
}

#[test]
fn depth_ids_and_masks_agree() {
    for words in WORDS {
        let scene = scene(words);
        let camera = camera(3.0, 64);
        let view = View::new(&scene, &camera);
        let (mask, still) = (view.moving_mask(), view.geometry(0, 16));
        for index in [0, 5, 11] {
            let geometry = view.geometry(index, 16);
            assert_eq!(geometry.ground(), geometry.ids.iter().map(|id| *id == ids::GROUND).collect::<Vec<_>>());
            for (i, moves) in mask.iter().enumerate() {
                let (depth, id) = (geometry.depth_m[i], geometry.ids[i]);
                // Ground at the horizon is as far as the sky.
                let far = depth == SKY_DEPTH_M;
                assert!(far || id != ids::SKY, "{words}: the sky at {depth} m in pixel {i}");
                assert!(!far || matches!(id, ids::SKY | ids::GROUND), "{words}: pixel {i} is {id} at {depth} m");
                assert!((0.3..=SKY_DEPTH_M).contains(&depth));
                assert!(id != ids::MOVING || *moves, "{words}: pixel {i} shows a moving part outside of the mask");
                if !moves {
                    assert_eq!((depth, id), (still.depth_m[i], still.ids[i]));
                }
                // The centre of a pixel is a place like any other.
                let pixel = DVec2::new((i % 64) as f64 + 0.5, (i / 64) as f64 + 0.5);
                if i % 7 == 0 {
                    let (probed, same) = probe(&scene, &camera, pixel, index as f32 / 16.0);
                    assert!(
                        same == id && (probed - depth).abs() < 1e-5 * depth,
                        "{words}: {probed} m of {same}, {depth} of {id}"
                    );
                }
            }
            let kinds = |range: std::ops::Range<u8>| geometry.ids.iter().filter(|id| range.contains(id)).count();
            assert!(kinds(ids::BACKDROP..ids::PROP) > 50, "{words}: no backdrop");
            assert!(kinds(ids::PROP..ids::THING) > 5, "{words}: no props");
            assert!(kinds(ids::THING..ids::MOVING) > 60, "{words}: no thing");
            assert!(kinds(ids::MOVING..ids::MOVING + 1) > 4, "{words}: nothing that moves");
        }
    }
}

#[test]
fn depths_are_those_of_the_law() {
    let config = TrainingConfig::default();
    let mut props = 0;
    for index in 0..40 {
        let sample = config.sample(index, 4.0);
        let camera = sample.standpoint.camera(64, 64);
        let geometry = View::new(&sample.scene, &camera).geometry(0, 16);
        for (depth, id) in geometry.depth_m.iter().zip(&geometry.ids) {
            if (ids::BACKDROP..ids::PROP).contains(id) {
                // 6 to 15 m over the ground; along an axis that looks down, less. Houses and second rows of trees are thick.
                assert!((4.0..20.0).contains(depth), "a backdrop at {depth} m");
            } else if (ids::PROP..ids::THING).contains(id) {
                props += 1;
                assert!((0.6..6.0).contains(depth), "a prop at {depth} m");
            }
        }
    }
    assert!(props > 2000, "{props} pixels of props");
}
