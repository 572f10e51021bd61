//! The tile table (a page table): which of a plane's 16×16-texel tiles exist, and where their texels are.

/// Texels along a side of a tile.
pub const TILE: usize = 16;

/// What is at one place of a plane.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Tile {
    /// Nothing: transparent.
    Empty,
    /// Index into the static tiles.
    Static(u32),
    /// Index into the looping tiles.
    Looping(u32),
}

impl Tile {
    /// The tile as a number, as files keep it: 0 is empty, `1 + 2 i` static tile i, `2 + 2 i` looping tile i.
    pub fn code(self) -> u32 {
        match self {
            Self::Empty => 0,
            Self::Static(index) => 1 + 2 * index,
            Self::Looping(index) => 2 + 2 * index,
        }
    }

    /// The tile of a [`Tile::code`].
    pub fn from_code(code: u32) -> Self {
        match (code, code % 2) {
            (0, _) => Self::Empty,
            (_, 1) => Self::Static((code - 1) / 2),
            _ => Self::Looping((code - 2) / 2),
        }
    }
}

/// `planes × rows × columns` tiles. Every plane fills the same rectangle of the reference image, so a
/// texel has the size of one reference pixel on every plane.
#[derive(Clone, Debug, PartialEq)]
pub struct TileTable {
    /// Number of planes.
    pub planes: usize,
    /// Tile rows of a plane.
    pub rows: usize,
    /// Tile columns of a plane.
    pub columns: usize,
    /// Reference pixel (x, y) of the outer corner of the first tile; negative where planes reach beyond the image.
    pub origin_px: [i32; 2],
    /// Row-major: `(plane · rows + row) · columns + column`.
    pub tiles: Vec<Tile>,
}

impl TileTable {
    /// A table without tiles.
    pub fn empty(planes: usize, rows: usize, columns: usize, origin_px: [i32; 2]) -> Self {
        Self { planes, rows, columns, origin_px, tiles: vec![Tile::Empty; planes * rows * columns] }
    }

    /// Index of a place in `tiles`.
    pub fn index(&self, plane: usize, row: usize, column: usize) -> usize {
        (plane * self.rows + row) * self.columns + column
    }

    /// The tile at a place; `Empty` outside the table.
    pub fn get(&self, plane: usize, row: i64, column: i64) -> Tile {
        let inside =
            plane < self.planes && (0..self.rows as i64).contains(&row) && (0..self.columns as i64).contains(&column);
        if inside { self.tiles[self.index(plane, row as usize, column as usize)] } else { Tile::Empty }
    }

    /// Number of (static, looping) tiles.
    pub fn counts(&self) -> (usize, usize) {
        self.tiles.iter().fold((0, 0), |(s, l), t| match t {
            Tile::Empty => (s, l),
            Tile::Static(_) => (s + 1, l),
            Tile::Looping(_) => (s, l + 1),
        })
    }
}
