//! The tiles as meshes: the rectangles of [`cover`], so that tiles meet their neighbours, and fade out over half a texel where they have
//! none.

use glam::DVec2;
use loop3d_scene::{Packing, Rectangle, Scene, TileKind, cover};

/// The rectangles of one page on one plane, as triangles.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Mesh {
    pub plane: usize,
    pub kind: TileKind,
    pub page: usize,
    /// In the axes of the reference camera, from the middle of the plane (0, 0, depth): z is 0.
    pub positions: Vec<[f32; 3]>,
    /// In textures, 65535 = 1: (0, 0) is the upper left corner.
    pub uvs: Vec<[u16; 2]>,
    pub indices: Vec<u32>,
}

/// The meshes of a scene, the farthest plane first; within it static tiles first, and page after page.
pub(crate) fn meshes(scene: &Scene, static_packing: &Packing, looping_packing: &Packing) -> Vec<Mesh> {
    let mut meshes: Vec<Mesh> = Vec::new();
    // Between both kinds the static tile: nothing moves here, and the poster is coarser.
    for rectangle in cover(&scene.tiles, static_packing, looping_packing, TileKind::Static) {
        let Rectangle { kind, plane, block, .. } = rectangle;
        let packing = if kind == TileKind::Static { static_packing } else { looping_packing };
        let page = packing.blocks[block].page;
        let known = meshes.iter().rposition(|mesh| (mesh.plane, mesh.kind, mesh.page) == (plane, kind, page));
        let index = known.unwrap_or_else(|| {
            meshes.push(Mesh { plane, kind, page, positions: Vec::new(), uvs: Vec::new(), indices: Vec::new() });
            meshes.len() - 1
        });
        meshes[index].add(scene, packing, &rectangle);
    }
    meshes.sort_by_key(|mesh| (std::cmp::Reverse(mesh.plane), mesh.kind as usize, mesh.page));
    meshes
}

impl Mesh {
    fn add(&mut self, scene: &Scene, packing: &Packing, rectangle: &Rectangle) {
        let first = self.positions.len() as u32;
        let depth = scene.planes.depth(self.plane);
        let shift = packing.blocks[rectangle.block].shift();
        let size = packing.pages[self.page].map(|side| side as f64);
        let origin = scene.tiles.origin_px;
        let [left, upper, right, lower] = rectangle.bounds;
        for [x, y] in [[left, upper], [right, upper], [left, lower], [right, lower]] {
            // From the centre of one texel to that of another.
            let pixel = DVec2::new((origin[0] + x).into(), (origin[1] + y).into()) + 0.5;
            let p = (pixel - scene.reference.center_px) * depth / scene.reference.focal_px;
            self.positions.push([p.x as f32, p.y as f32, 0.0]);
            let uv = [(0, x), (1, y)].map(|(axis, at)| (f64::from(at + shift[axis]) + 0.5) / size[axis]);
            self.uvs.push(uv.map(|value| (65535.0 * value).round() as u16));
        }
        // Counter-clockwise as seen from the reference camera.
        self.indices.extend([0, 2, 1, 1, 2, 3].map(|corner| first + corner));
    }
}
