//! Where the borders of tiles are in an image.

use loop3d_scene::{Camera, PlaneProjector, Scene, TILE, Tile};

/// Whether a pixel lies within a texel of a border of a tile that is there.
pub fn is_at_border(scene: &Scene, camera: &Camera, x: usize, y: usize) -> bool {
    let projector = PlaneProjector::new(&scene.reference, &scene.planes, camera);
    let Some((a, b)) = projector.pixel_slopes(x as f64 + 0.5, y as f64 + 0.5) else { return false };
    projector.planes().any(|plane| {
        let (x_ref, y_ref) = projector.on_plane(plane, a, b);
        let side = TILE as f64;
        let [u, v] = [x_ref - f64::from(scene.tiles.origin_px[0]), y_ref - f64::from(scene.tiles.origin_px[1])];
        let is_near = |texel: f64| (texel + 1.0).rem_euclid(side) < 2.0;
        let around = [(-1.0, -1.0), (1.0, -1.0), (-1.0, 1.0), (1.0, 1.0)];
        (is_near(u) || is_near(v))
            && around.iter().any(|(right, lower)| {
                let place = |texel: f64| (texel / side).floor() as i64;
                scene.tiles.get(plane, place(v + lower), place(u + right)) != Tile::Empty
            })
    })
}
