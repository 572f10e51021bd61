use super::*;
use crate::testing::hard_scene;
use loop3d_scene::SceneView;

const FRAME_S: f64 = 1.0 / 60.0;

/// A capture from five places: 0.3 to the left, 0.2 to the right, 0.1 up and down.
fn scene() -> Scene {
    let mut scene = hard_scene(1, 2);
    let at = |x: f64, y: f64| SceneView {
        name: String::new(),
        camera: Camera {
            world_from_camera: scene.reference.world_from_camera * DAffine3::from_translation(DVec3::new(x, y, 0.0)),
            ..scene.reference
        },
        held_out: false,
    };
    scene.views = vec![at(-0.3, 0.0), at(0.2, 0.0), at(0.0, 0.1), at(0.0, -0.1)];
    scene
}

fn place(scene: &Scene, camera: &OrbitCamera) -> DVec3 {
    scene.reference.world_from_camera.inverse().transform_point3(camera.camera(160, 96).position())
}

fn rest(camera: &mut OrbitCamera) {
    (0..120).for_each(|_| camera.advance(&CameraInput::default(), FRAME_S));
}

fn drag(camera: &mut OrbitCamera, orbit: DVec2, frames: usize) {
    let input = CameraInput { orbit, is_held: true, ..CameraInput::default() };
    (0..frames).for_each(|_| camera.advance(&input, FRAME_S));
}

#[test]
fn it_starts_and_ends_up_again_at_the_reference_camera() {
    let scene = scene();
    let mut camera = OrbitCamera::new(&scene);
    let same = |camera: &OrbitCamera| {
        let found = camera.camera(160, 96);
        found.world_from_camera.abs_diff_eq(scene.reference.world_from_camera, 1e-12)
            && found.focal_px == scene.reference.focal_px
    };
    assert!(same(&camera));
    drag(&mut camera, DVec2::new(0.01, 0.02), 9);
    camera.advance(&CameraInput { zoom: 0.5, pan: DVec2::splat(0.05), ..CameraInput::default() }, FRAME_S);
    assert!(!same(&camera));
    camera.advance(&CameraInput { reset: true, ..CameraInput::default() }, FRAME_S);
    assert!(same(&camera));
}

#[test]
fn things_before_the_focus_follow_the_hand() {
    let scene = scene();
    let mut camera = OrbitCamera::new(&scene);
    let near = scene.reference.world_from_camera.transform_point3(DVec3::Z * scene.planes.near);
    let focus = scene.reference.world_from_camera.transform_point3(DVec3::Z * camera.focus);
    let before = camera.camera(160, 96).project(near).unwrap();
    drag(&mut camera, DVec2::new(0.02, 0.01), 3);
    let after = camera.camera(160, 96).project(near).unwrap();
    assert!(after.x > before.x + 1.0 && after.y > before.y + 0.2, "{before} {after}");
    // What it turns around stays.
    assert!(camera.camera(160, 96).project(focus).unwrap().abs_diff_eq(DVec2::new(80.0, 48.0), 1e-9));
    // Panned, the focus follows the hand by as much as it moved.
    camera.advance(&CameraInput { reset: true, ..CameraInput::default() }, FRAME_S);
    camera.advance(&CameraInput { pan: DVec2::new(0.02, 0.0), is_held: true, ..CameraInput::default() }, FRAME_S);
    assert!((camera.camera(160, 96).project(focus).unwrap().x - 80.0 - 0.02 * 96.0).abs() < 1e-6);
}

#[test]
fn it_swings_on_and_comes_back_to_the_filmed_places() {
    let scene = scene();
    let mut camera = OrbitCamera::new(&scene);
    drag(&mut camera, DVec2::new(-0.005, 0.0), 3);
    let let_go = place(&scene, &camera).x;
    camera.advance(&CameraInput::default(), FRAME_S);
    assert!(place(&scene, &camera).x > let_go + 1e-4, "inertia");
    // Far to the left, held: it gives way by a bit. Let go: the leftmost place, not the rightmost's distance.
    drag(&mut camera, DVec2::new(0.3, 0.0), 60);
    let held = place(&scene, &camera).x;
    assert!(held < -0.3 && held > -0.3 - 0.25 * 0.5, "{held}");
    rest(&mut camera);
    assert!((place(&scene, &camera).x + 0.3).abs() < 1e-3, "{}", place(&scene, &camera));
    drag(&mut camera, DVec2::new(-0.3, -0.3), 60);
    rest(&mut camera);
    let corner = place(&scene, &camera);
    assert!(corner.abs_diff_eq(DVec3::new(0.2, 0.1, 0.0), 1e-3), "{corner}");
}

#[test]
fn held_still_it_stays_and_frames_of_any_length_agree() {
    let scene = scene();
    let [mut smooth, mut rough] = [OrbitCamera::new(&scene), OrbitCamera::new(&scene)];
    drag(&mut smooth, DVec2::new(0.001, 0.0), 2);
    rough.clone_from(&smooth);
    (0..60).for_each(|_| smooth.advance(&CameraInput::default(), FRAME_S));
    (0..6).for_each(|_| rough.advance(&CameraInput::default(), 10.0 * FRAME_S));
    assert!(place(&scene, &smooth).abs_diff_eq(place(&scene, &rough), 1e-9));
    drag(&mut smooth, DVec2::new(0.001, 0.0), 2);
    let held = place(&scene, &smooth);
    drag(&mut smooth, DVec2::ZERO, 600);
    assert_eq!(place(&scene, &smooth), held);
}

#[test]
fn it_goes_where_a_view_was_filmed() {
    let scene = scene();
    let mut camera = OrbitCamera::new(&scene);
    for view in &scene.views {
        camera.look_from(&view.camera);
        assert!(camera.camera(160, 96).position().abs_diff_eq(view.camera.position(), 1e-9));
    }
}

#[test]
fn zoom_and_shape_show_no_more_than_was_filmed() {
    let scene = scene();
    let mut camera = OrbitCamera::new(&scene);
    (0..50).for_each(|_| camera.advance(&CameraInput { zoom: -0.5, ..CameraInput::default() }, FRAME_S));
    rest(&mut camera);
    let wide = camera.camera(500, 96);
    // No pixel looks beyond the reference picture.
    for corner in [DVec2::ZERO, DVec2::new(500.0, 96.0)] {
        let seen = scene.reference.project(wide.position() + wide.ray(corner)).unwrap();
        assert!(seen.x > -0.5 && seen.x < 160.5 && seen.y > -0.5 && seen.y < 96.5, "{seen}");
    }
    (0..50).for_each(|_| camera.advance(&CameraInput { zoom: 0.5, ..CameraInput::default() }, FRAME_S));
    rest(&mut camera);
    assert!(
        (camera.camera(160, 96).focal_px.x / scene.reference.focal_px.x - most_zoom(&scene.reference)).abs() < 0.01
    );
}

#[test]
fn left_alone_it_sways_within_the_filmed_places_and_a_touch_takes_it_up() {
    let scene = scene();
    let mut camera = OrbitCamera::new(&scene);
    let (mut last, mut farthest) = (place(&scene, &camera), 0.0f64);
    for frame in 0..3600 {
        camera.advance(&CameraInput::default(), FRAME_S);
        let now = place(&scene, &camera);
        assert!(frame > 230 || now == last, "it waits");
        assert!(now.distance(last) < 0.01, "no jump");
        assert!(now.x > -0.3 && now.x < 0.2 && now.y.abs() < 0.1);
        (last, farthest) = (now, farthest.max(now.x.abs()));
    }
    assert!(farthest > 0.1);
    drag(&mut camera, DVec2::ZERO, 1);
    assert!(place(&scene, &camera).abs_diff_eq(last, 1e-9), "no jump");
    drag(&mut camera, DVec2::ZERO, 100);
    assert!(place(&scene, &camera).abs_diff_eq(last, 1e-9), "it stops");
    // One view, no time: nothing breaks.
    let mut alone = OrbitCamera::new(&Scene { views: Vec::new(), ..scene.clone() });
    alone.advance(&CameraInput { orbit: DVec2::ONE, ..CameraInput::default() }, 0.0);
    drag(&mut alone, DVec2::ONE, 10);
    assert!(place(&scene, &alone).is_finite());
}

#[test]
fn an_upright_window_can_show_all_of_a_wide_scene() {
    let scene = scene();
    let mut camera = OrbitCamera::new(&scene);
    let reference = scene.reference;
    let corners = [[0.0, 0.0], [1.0, 0.0], [0.0, 1.0], [1.0, 1.0]].map(|[x, y]| {
        let pixel = DVec2::new(x * f64::from(reference.width), y * f64::from(reference.height));
        reference.position() + reference.ray(pixel) * 5.0
    });
    let seen = |camera: &OrbitCamera| {
        let camera = camera.camera(90, 200);
        let inside = |point: &DVec3| {
            let at = camera.project(*point).unwrap();
            (-0.01..90.01).contains(&at.x) && (-0.01..200.01).contains(&at.y)
        };
        corners.iter().filter(|corner| inside(corner)).count()
    };
    let zoom_out = CameraInput { zoom: -0.2, ..CameraInput::default() };
    (0..60).for_each(|_| camera.advance(&zoom_out, FRAME_S));
    rest(&mut camera);
    assert_eq!((seen(&camera), camera.state().zoom.abs() < 1e-3), (0, true), "it stops where the window is filled");
    camera.set_shape(90, 200);
    (0..60).for_each(|_| camera.advance(&zoom_out, FRAME_S));
    rest(&mut camera);
    assert_eq!(seen(&camera), 4);
    let fit = (90.0 / f64::from(reference.width)) / (200.0 / f64::from(reference.height));
    assert!((camera.state().zoom - fit.log2()).abs() < 1e-2, "{} {}", camera.state().zoom, fit.log2());
}
