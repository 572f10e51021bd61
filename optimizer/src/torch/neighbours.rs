//! Total variation in texture space, between true neighbours of a plane (METHOD D9).

use crate::grid::for_neighbours;
use crate::grid::{LOOPING, TexelGrid};
use tch::{Device, Kind, Tensor};

/// Pairs that one backward pass handles: bounds the temporary tensors.
const PAIR_VALUES: i64 = 1 << 24;

/// Texels and their neighbours.
#[derive(Debug)]
struct Pairs {
    own: Tensor,
    neighbour: Tensor,
}

/// All pairs of neighbours of a grid, by kind (static 0, looping 1) of the texel and of its neighbour.
#[derive(Debug)]
pub(super) struct Neighbours {
    pairs: [[Pairs; 2]; 2],
}

/// The texels of one kind as a leaf of the graph: `[texels, frames or 1, 4]`, and how well they are seen, `[texels]`.
pub(super) struct Texels<'a> {
    pub(super) leaf: &'a Tensor,
    pub(super) coverage: &'a Tensor,
}

impl Neighbours {
    pub(super) fn new(grid: &TexelGrid, device: Device) -> Self {
        let mut lists: [[(Vec<i32>, Vec<i32>); 2]; 2] = Default::default();
        let kind = |id: u32| usize::from(id & LOOPING != 0);
        let index = |id: u32| (id & !LOOPING) as i32;
        for (plane, row, column, _) in grid.places() {
            let (x0, y0) = ((column * grid.side) as i64, (row * grid.side) as i64);
            for_neighbours(grid, plane, x0, y0, |_, own, neighbour| {
                let (owns, neighbours) = &mut lists[kind(own)][kind(neighbour)];
                owns.push(index(own));
                neighbours.push(index(neighbour));
            });
        }
        let upload = |list: Vec<i32>| Tensor::from_slice(&list).to_device(device);
        Self {
            pairs: lists.map(|l| l.map(|(own, neighbour)| Pairs { own: upload(own), neighbour: upload(neighbour) })),
        }
    }

    /// Adds to the leaves' gradients that of `Σ_frames Σ_texels min(coverage, 1) Σ_neighbours |s − t|·weight`, with the
    /// neighbours held fixed: each pair counts once from either side, under the coverage of that side. `weights`: of
    /// colour, and of opacity.
    pub(super) fn backward(&self, texels: &[Texels<'_>], frames: i64, weights: (f32, f32)) {
        for (a, own) in texels.iter().enumerate() {
            for (b, other) in texels.iter().enumerate() {
                let Pairs { own: owns, neighbour } = &self.pairs[a][b];
                // Between two static texels every frame has the same gradient.
                let times = if a == 0 && b == 0 { frames } else { 1 };
                let per_pair = if a == 0 && b == 0 { 1 } else { frames };
                let (total, run) = (owns.numel() as i64, (PAIR_VALUES / (4 * per_pair)).max(1));
                for first in (0..total).step_by(run as usize) {
                    let count = run.min(total - first);
                    let (owns, neighbour) = (owns.narrow(0, first, count), neighbour.narrow(0, first, count));
                    let difference = own.leaf.index_select(0, &owns) - other.leaf.detach().index_select(0, &neighbour);
                    let cover = own.coverage.clamp_max(1.0).index_select(0, &owns).view([-1, 1, 1]);
                    let (rgb, alpha) = (f64::from(weights.0), f64::from(weights.1));
                    let variation = (difference.abs() * cover).sum_dim_intlist([0, 1].as_slice(), false, Kind::Double);
                    let loss = variation.narrow(0, 0, 3).sum(Kind::Double) * rgb + variation.get(3) * alpha;
                    (loss * times).backward();
                }
            }
        }
    }
}
