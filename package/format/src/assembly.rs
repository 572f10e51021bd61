//! A scene assembled from the parts of a package.

use crate::document::Head;
use crate::error::{check, damaged};
use crate::{PackageError, gains, layout};
use loop3d_scene::{
    Packing, PageRules, PageTooSmall, Scene, TILE, TILE_VALUES, Tile, TileBlock, TileKind, TileTable, unorm16,
};

/// Texels of the frame around each block of static tiles.
const STATIC_HALO: usize = 1;

/// Texels of a pixel of the poster, across and down.
pub const POSTER_SCALE: usize = 2;

/// Pages of the poster, in texels before they are shrunk.
const POSTER_RULES: PageRules = PageRules { halo: POSTER_SCALE, align: POSTER_SCALE, limit: [8192, 8192] };

/// Where the looping tiles are on the pages of the poster, in texels: [`POSTER_SCALE`] of them to a pixel.
///
/// # Errors
/// Never in practice: a tile fits in a page.
pub fn poster_packing(tiles: &TileTable) -> Result<Packing, PageTooSmall> {
    Packing::new(tiles, TileKind::Looping, &POSTER_RULES)
}

/// Where the tiles of a package are on its pages.
#[derive(Clone, Debug)]
pub struct Layouts {
    /// All tiles, those of each kind numbered in the order of the table.
    pub tiles: TileTable,
    /// Blocks of static tiles.
    pub static_blocks: Vec<TileBlock>,
    /// Blocks of looping tiles.
    pub looping_blocks: Vec<TileBlock>,
    /// The factor of the coded values of each looping tile, in the order of the blocks, within a block row after row.
    pub gains: Vec<f32>,
}

impl Layouts {
    /// Reads the two layout parts and the gains.
    ///
    /// # Errors
    /// A layout or the gains do not fit.
    pub fn read(head: &Head, static_layout: &[u8], looping_layout: &[u8], gains: &[u8]) -> Result<Self, PackageError> {
        let mut tiles = TileTable::empty(head.planes.count, head.rows, head.columns, head.origin_px);
        let images: Vec<[u32; 2]> = head.static_tiles.images.iter().map(|image| [image.width, image.height]).collect();
        let static_blocks = layout::read(static_layout, TileKind::Static, STATIC_HALO, &images, &mut tiles)?;
        let looping_blocks = layout::read(
            looping_layout,
            TileKind::Looping,
            head.looping_tiles.halo as usize,
            &head.looping_tiles.pages,
            &mut tiles,
        )?;
        layout::number(&mut tiles);
        let gains = gains::read(gains, tiles.counts().1, head.looping_tiles.halo)?;
        Ok(Self { tiles, static_blocks, looping_blocks, gains })
    }
}

impl Head {
    /// The scene of this head without texels, for callers that keep them elsewhere, such as on a GPU.
    pub fn bare_scene(&self, tiles: TileTable) -> Scene {
        Scene {
            reference: self.reference,
            planes: self.planes,
            tiles,
            fps: self.fps,
            frames: self.frames,
            static_texels: Vec::new(),
            looping_texels: Vec::new(),
            views: self.views.clone(),
            fit: self.fit.clone(),
        }
    }
}

/// Collects texels until a scene is whole.
pub struct Assembly {
    scene: Scene,
    static_blocks: Vec<TileBlock>,
    looping_blocks: Vec<TileBlock>,
    gains: Vec<f32>,
}

impl Assembly {
    /// A scene that has all its tiles, all transparent, from the head, the two layout parts and the gains.
    ///
    /// # Errors
    /// A layout or the gains do not fit, or too little memory is free.
    pub fn new(head: &Head, static_layout: &[u8], looping_layout: &[u8], gains: &[u8]) -> Result<Self, PackageError> {
        let Layouts { tiles, static_blocks, looping_blocks, gains } =
            Layouts::read(head, static_layout, looping_layout, gains)?;
        let (static_tiles, looping_tiles) = tiles.counts();
        let scene = Scene {
            static_texels: zeros(static_tiles * TILE_VALUES)?,
            looping_texels: zeros(looping_tiles * head.frames * TILE_VALUES)?,
            ..head.bare_scene(tiles)
        };
        Ok(Self { scene, static_blocks, looping_blocks, gains })
    }

    /// The blocks of a kind.
    pub fn blocks(&self, kind: TileKind) -> &[TileBlock] {
        match kind {
            TileKind::Static => &self.static_blocks,
            TileKind::Looping => &self.looping_blocks,
        }
    }

    /// Copies the texels of a page (`[height, width, 4]`, premultiplied, 65535 = 1) to the scene. For static tiles `frame` is 0.
    ///
    /// # Errors
    /// The texels are not those of a page of this width.
    pub fn set_page(
        &mut self,
        kind: TileKind,
        page: usize,
        frame: usize,
        width: usize,
        texels: &[u16],
    ) -> Result<(), PackageError> {
        let Self { scene, static_blocks, looping_blocks, gains } = self;
        let blocks = if kind == TileKind::Static { static_blocks } else { looping_blocks };
        let frames = scene.frames;
        check(frame < frames, "frame", frame, format!("one of {frames}"))?;
        let mut next_tile = 0;
        for block in blocks {
            let first_tile = next_tile;
            next_tile += block.tiles();
            if block.page != page {
                continue;
            }
            let rows = block.rows.clone().enumerate();
            let places = rows.flat_map(|(i, row)| block.columns.clone().enumerate().map(move |(j, c)| (i, row, j, c)));
            for (tile, (i, row, j, column)) in (first_tile..).zip(places) {
                let (to, index, gain) = match scene.tiles.tiles[scene.tiles.index(block.plane, row, column)] {
                    Tile::Empty => continue,
                    Tile::Static(index) => (&mut scene.static_texels, index as usize, 1.0),
                    Tile::Looping(index) => (&mut scene.looping_texels, index as usize * frames + frame, gains[tile]),
                };
                let to = to[index * TILE_VALUES..(index + 1) * TILE_VALUES].chunks_exact_mut(TILE * 4);
                for (line, to) in to.enumerate() {
                    let from = ((block.at[1] + i * TILE + line) * width + block.at[0] + j * TILE) * 4;
                    let found = texels.get(from..from + TILE * 4).ok_or_else(|| {
                        damaged(format!("{} page {page}", kind.name()), texels.len(), "the values of a whole page")
                    })?;
                    if gain == 1.0 {
                        to.copy_from_slice(found);
                    } else {
                        // `as u16` saturates.
                        to.iter_mut().zip(found).for_each(|(to, &from)| *to = (f32::from(from) * gain + 0.5) as u16);
                    }
                }
            }
        }
        Ok(())
    }

    /// The scene as it is now.
    ///
    /// # Errors
    /// The scene is not consistent.
    pub fn finish(self) -> Result<Scene, PackageError> {
        self.scene.validate()?;
        Ok(self.scene)
    }
}

/// Straight RGBA of 8 bits, as PNG has it, to premultiplied texels of 16 bits.
pub fn premultiplied(straight: &[u8], texels: &mut Vec<u16>) {
    texels.clear();
    texels.extend(straight.as_chunks::<4>().0.iter().flat_map(|&[r, g, b, a]| {
        let alpha = u32::from(a);
        // 255·255 is 65535 · 255/257.
        [r, g, b].map(|c| ((u32::from(c) * alpha * 257 + 127) / 255) as u16).into_iter().chain([unorm16(a)])
    }));
}

fn zeros(count: usize) -> Result<Vec<u16>, PackageError> {
    let mut values = Vec::new();
    let short = |_| PackageError::Memory { bytes: 2 * count as u64 };
    values.try_reserve_exact(count).map_err(short)?;
    values.resize(count, 0);
    Ok(values)
}
