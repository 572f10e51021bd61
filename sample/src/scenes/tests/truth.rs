//! Tracks.

use super::*;

#[test]
fn tracks_agree_with_depth() {
    for (words, least) in [
        ("a flag waving on grass", 0.6),
        ("a ball swinging on sand", 0.5),
        ("a windmill turning on sand", 0.5),
        ("a bell ringing on stone", 0.5),
        ("a pendulum swinging on wood", 0.5),
        ("a waterfall falling on stone", 0.35),
        ("a tree swaying on grass", 0.15),
        ("lights blinking on snow", 0.4),
    ] {
        let scene = scene(words);
        let camera = camera(6.0, 96);
        let tracks = tracks(&scene, &MIDDLE, 120, 8, 3);
        assert_eq!(tracks.len(), 120, "{words}");
        assert!(tracks[..60].iter().all(|track| track.moving) && tracks[60..].iter().all(|track| !track.moving));
        let (mut seen, mut missed, mut moved) = (0, 0, 0.0f64);
        for track in &tracks {
            for frame in 0..8 {
                moved = moved.max(track.positions[frame].distance(track.positions[0]));
                let Some(sighting) = track.seen(&scene, &camera, frame) else { continue };
                // The surface there, by the same ray that depth maps are made with.
                let (depth, id) = probe(&scene, &camera, sighting.pixel, frame as f32 / 8.0);
                let off = f64::from(depth) / sighting.depth_m - 1.0;
                assert!(!sighting.visible || off.abs() < 0.004);
                if track.moving {
                    assert!(!sighting.visible || frame < track.lifetime);
                    seen += usize::from(sighting.visible && id == ids::MOVING);
                    // Nothing is before the point, but no surface is there.
                    missed += usize::from(off > 0.004 && frame < track.lifetime);
                }
            }
        }
        assert!(seen as f64 > least * 480.0, "{words}: {seen} sightings of moving points");
        // At edges a ray may miss the surface that the point is on; a tree has many.
        assert!(missed * 7 < seen, "{words}: {missed} points float, {seen} are on a surface");
        assert!(moved > 0.05 || words.contains("lights"), "{words}: the farthest motion is {moved} m");
    }
}

#[test]
fn a_track_never_jumps() {
    // Drops and falling water begin anew, which is another point.
    for words in ["a fountain on stone", "a waterfall on stone", "a windmill on sand", "a tree on grass"] {
        let scene = scene(words);
        let tracks = tracks(&scene, &MIDDLE, 80, 32, 3);
        let mut ended = 0;
        for track in tracks.iter().filter(|track| track.moving) {
            let longest = track.positions.windows(2).map(|pair| pair[0].distance(pair[1])).fold(0.0, f64::max);
            assert!(longest < 0.35, "{words}: a step of {longest} m");
            let rest = &track.positions[track.lifetime.max(1) - 1..];
            assert!(rest.iter().all(|position| *position == rest[0]));
            ended += usize::from(track.lifetime < 32);
        }
        assert_eq!(
            ended > 30,
            words.contains("fountain") || words.contains("waterfall"),
            "{words}: {ended} tracks end"
        );
    }
}

#[test]
fn still_tracks_lie_on_surfaces_and_stay() {
    let scene = scene("smoke".replace("smoke", "a chimney smoking on grass before a wall").as_str());
    let tracks = tracks(&scene, &MIDDLE, 50, 6, 8);
    assert_eq!(tracks.len(), 50, "smoke has no material points: all are still");
    let camera = MIDDLE.camera(256, 256);
    for track in &tracks {
        assert!(!track.moving && track.positions.iter().all(|position| *position == track.positions[0]));
        let sighting = track.seen(&scene, &camera, 0).unwrap();
        assert!(sighting.visible, "{sighting:?}");
        let (depth, _) = probe(&scene, &camera, sighting.pixel, 0.0);
        assert!((f64::from(depth) - sighting.depth_m).abs() < 1e-3 * sighting.depth_m);
    }
}
