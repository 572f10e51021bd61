//! Is a scene consistent? Every count, index and number is checked here once, so that code that reads a scene need not.

use crate::{Blame, Camera, Fault, Planes, Scene, TILE_VALUES, Tile, TileTable};

/// How far the axes of a rotation may be from unit length and right angles: what poses written as `f32` keep.
const ROTATION_TOLERANCE: f64 = 1e-3;

/// What is wrong with a scene: the place, what was found, what was expected.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{place}: found {found}, expected {expected}")]
pub struct SceneError {
    /// Which part of the scene.
    pub place: String,
    /// What was found there.
    pub found: String,
    /// What was expected.
    pub expected: String,
}

impl Blame for SceneError {
    fn fault(&self) -> Fault {
        Fault::Input
    }
}

fn check(
    good: bool,
    place: impl Into<String>,
    found: impl Into<String>,
    expected: impl Into<String>,
) -> Result<(), SceneError> {
    if good { Ok(()) } else { Err(SceneError { place: place.into(), found: found.into(), expected: expected.into() }) }
}

impl Scene {
    /// Checks every count, index and number.
    ///
    /// # Errors
    /// The first thing that is wrong.
    pub fn validate(&self) -> Result<(), SceneError> {
        check(self.fps.is_finite() && self.fps > 0.0, "fps", self.fps.to_string(), "a positive number")?;
        check(self.frames >= 1, "frames", "0", "at least 1")?;
        self.planes.validate()?;
        self.reference.validate("reference camera")?;
        for (index, view) in self.views.iter().enumerate() {
            view.camera.validate(&format!("view {index} ({})", view.name))?;
        }
        let found = self.tiles.planes;
        check(
            found == self.planes.count,
            "tile table",
            format!("{found} planes"),
            format!("{} planes", self.planes.count),
        )?;
        let (static_tiles, looping_tiles) = self.tiles.validate()?;
        check_texels("static texels", &self.static_texels, static_tiles, 1)?;
        check_texels("looping texels", &self.looping_texels, looping_tiles, self.frames)
    }
}

impl Planes {
    /// Checks `0 < near < far` and the count.
    ///
    /// # Errors
    /// The first thing that is wrong.
    pub fn validate(&self) -> Result<(), SceneError> {
        check(self.count >= 2, "planes", self.count.to_string(), "at least 2")?;
        let good = 0.0 < self.near && self.near < self.far && self.far.is_finite();
        let found = format!("near {}, far {}", self.near, self.far);
        check(good, "depths of the planes", found, "0 < near < far, both finite")
    }
}

impl TileTable {
    /// Checks that the table has all of its places and that the tiles of each kind are numbered from 0 without gaps,
    /// each used once. Returns the number of (static, looping) tiles.
    ///
    /// # Errors
    /// The first thing that is wrong.
    pub fn validate(&self) -> Result<(usize, usize), SceneError> {
        let shape = format!("{} × {} × {}", self.planes, self.rows, self.columns);
        check(self.rows >= 1 && self.columns >= 1, "tile table", &shape, "at least one row and column")?;
        let places = self.planes.checked_mul(self.rows).and_then(|n| n.checked_mul(self.columns));
        let found = format!("{} places", self.tiles.len());
        check(places == Some(self.tiles.len()), "tile table", found, format!("{shape} places"))?;
        let (static_tiles, looping_tiles) = self.counts();
        let (mut static_seen, mut looping_seen) = (vec![false; static_tiles], vec![false; looping_tiles]);
        for (place, &tile) in self.tiles.iter().enumerate() {
            let (kind, index, seen) = match tile {
                Tile::Empty => continue,
                Tile::Static(index) => ("static", index, &mut static_seen),
                Tile::Looping(index) => ("looping", index, &mut looping_seen),
            };
            let count = seen.len();
            let fresh = seen.get_mut(index as usize).is_some_and(|seen| !std::mem::replace(seen, true));
            if !fresh {
                return Err(SceneError {
                    place: format!(
                        "tile table, plane {}, row {}, column {}",
                        place / (self.rows * self.columns),
                        place / self.columns % self.rows,
                        place % self.columns
                    ),
                    found: format!("{kind} tile {index}"),
                    expected: format!("an index below {count} that is used once"),
                });
            }
        }
        Ok((static_tiles, looping_tiles))
    }
}

fn check_texels(place: &str, texels: &[u16], tiles: usize, frames: usize) -> Result<(), SceneError> {
    let expected = tiles.checked_mul(frames).and_then(|n| n.checked_mul(TILE_VALUES));
    check(
        expected == Some(texels.len()),
        place,
        format!("{} values", texels.len()),
        format!("{tiles} tiles of {frames} × {TILE_VALUES} values"),
    )
}

impl Camera {
    /// Checks the size, the intrinsics and that the pose is a rotation and a position. `name` is what an error calls the camera.
    ///
    /// # Errors
    /// The first thing that is wrong.
    pub fn validate(&self, name: &str) -> Result<(), SceneError> {
        let Self { width, height, focal_px, center_px, world_from_camera } = self;
        check(*width > 0 && *height > 0, name, format!("an image of {width}×{height}"), "at least 1×1")?;
        let good = focal_px.is_finite() && focal_px.min_element() > 0.0;
        check(good, name, format!("focal lengths {focal_px}"), "positive numbers")?;
        check(center_px.is_finite(), name, format!("a principal point {center_px}"), "finite numbers")?;
        let axes = world_from_camera.matrix3;
        let good = world_from_camera.is_finite()
            && (axes.transpose() * axes).abs_diff_eq(glam::DMat3::IDENTITY, ROTATION_TOLERANCE)
            && axes.determinant() > 0.0;
        check(good, name, format!("a pose {world_from_camera}"), "a rotation and a finite position")
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing::random_scene;

    fn error(change: impl FnOnce(&mut Scene)) -> String {
        let mut scene = random_scene(3, 3, 2, 48, 32);
        assert_eq!(scene.validate(), Ok(()));
        change(&mut scene);
        scene.validate().unwrap_err().to_string()
    }

    #[test]
    fn each_fault_is_named_with_what_was_found_and_expected() {
        assert_eq!(error(|s| s.fps = f64::NAN), "fps: found NaN, expected a positive number");
        assert_eq!(error(|s| s.frames = 0), "frames: found 0, expected at least 1");
        assert_eq!(error(|s| s.planes.count = 1), "planes: found 1, expected at least 2");
        assert_eq!(
            error(|s| s.planes.far = 1.0),
            "depths of the planes: found near 1, far 1, expected 0 < near < far, both finite"
        );
        assert_eq!(error(|s| s.planes.count = 4), "tile table: found 3 planes, expected 4 planes");
        assert!(error(|s| s.planes.far = f64::INFINITY).contains("far inf"));
        assert_eq!(
            error(|s| s.views[2].camera.focal_px.y = 0.0),
            "view 2 (0002): found focal lengths [43.2, 0], expected positive numbers"
                .replace("43.2", &random_scene(3, 3, 2, 48, 32).views[2].camera.focal_px.x.to_string())
        );
        assert!(error(|s| s.reference.world_from_camera.matrix3.x_axis.x = 1.1).starts_with("reference camera: found"));
        assert!(error(|s| s.reference.world_from_camera.matrix3.x_axis.x = -1.0).contains("a rotation"));
        assert!(error(|s| s.reference.world_from_camera.translation.x = f64::NAN).contains("a rotation"));
        assert!(error(|s| s.reference.width = 0).contains("an image of 0×32"));
        assert!(error(|s| s.static_texels.truncate(3)).starts_with("static texels: found"));
        assert!(error(|s| s.frames = 3).starts_with("looping texels: found"));
        assert!(error(|s| s.tiles.tiles.truncate(3)).starts_with("tile table: found"));
    }

    #[test]
    fn tiles_are_used_once_each() {
        let place = |s: &Scene, n: u32| s.tiles.tiles.iter().position(|&t| t == Tile::Static(n)).unwrap();
        let scene = random_scene(3, 3, 2, 48, 32);
        let (static_tiles, _) = scene.tiles.counts();
        let twice = error(|s| {
            let at = place(s, 1);
            s.tiles.tiles[at] = Tile::Static(0);
        });
        let at = place(&scene, 1);
        let (rows, columns) = (scene.tiles.rows, scene.tiles.columns);
        assert_eq!(
            twice,
            format!(
                "tile table, plane {}, row {}, column {}: found static tile 0, \
                 expected an index below {static_tiles} that is used once",
                at / (rows * columns),
                at / columns % rows,
                at % columns
            )
        );
        let beyond = error(|s| {
            let at = place(s, 1);
            s.tiles.tiles[at] = Tile::Static(u32::MAX);
        });
        assert!(beyond.contains("found static tile 4294967295"), "{beyond}");
    }
}
