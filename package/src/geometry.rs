//! The tiles as meshes: a rectangle for each block.

use glam::DVec2;
use loop3d_scene::{Block, Packing, Scene, TILE};

/// The blocks of one page on one plane, as triangles.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Mesh {
    pub plane: usize,
    pub page: usize,
    /// In the axes of the reference camera, from the middle of the plane (0, 0, depth): z is 0.
    pub positions: Vec<[f32; 3]>,
    /// In textures, 65535 = 1: (0, 0) is the upper left corner.
    pub uvs: Vec<[u16; 2]>,
    pub indices: Vec<u32>,
}

/// The meshes of a kind of tiles, the farthest plane first.
pub(crate) fn meshes(scene: &Scene, packing: &Packing) -> Vec<Mesh> {
    let mut meshes = Vec::new();
    for plane in (0..scene.planes.count).rev() {
        for page in 0..packing.pages.len() {
            let blocks = packing.blocks.iter().filter(|block| (block.plane, block.page) == (plane, page));
            let mut mesh = Mesh { plane, page, positions: Vec::new(), uvs: Vec::new(), indices: Vec::new() };
            blocks.for_each(|block| mesh.add(scene, packing.pages[page], block));
            if !mesh.indices.is_empty() {
                meshes.push(mesh);
            }
        }
    }
    meshes
}

impl Mesh {
    fn add(&mut self, scene: &Scene, [width, height]: [usize; 2], block: &Block) {
        let first = self.positions.len() as u32;
        let depth = scene.planes.depth(self.plane);
        let size = DVec2::new(width as f64, height as f64);
        let tile = |[column, row]: [usize; 2]| DVec2::new((column * TILE) as f64, (row * TILE) as f64);
        let origin = DVec2::new(scene.tiles.origin_px[0].into(), scene.tiles.origin_px[1].into());
        let at = DVec2::new(block.at[0] as f64, block.at[1] as f64);
        let start = tile([block.columns.start, block.rows.start]);
        for (row, column) in [
            (block.rows.start, block.columns.start),
            (block.rows.start, block.columns.end),
            (block.rows.end, block.columns.start),
            (block.rows.end, block.columns.end),
        ] {
            let texel = tile([column, row]);
            let p = (origin + texel - scene.reference.center_px) * depth / scene.reference.focal_px;
            self.positions.push([p.x as f32, p.y as f32, 0.0]);
            self.uvs.push(((at + texel - start) / size * 65535.0).round().to_array().map(|v| v as u16));
        }
        // Counter-clockwise for who stands at the reference camera.
        self.indices.extend([0, 2, 1, 1, 2, 3].map(|corner| first + corner));
    }
}
