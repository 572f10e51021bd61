//! Biases of the attention by how far a key is from a query: a row of a table for each of a few ranges of distances.

use tch::{Device, Kind, Tensor};

/// From here on all distances share the last range.
const FARTHEST: f64 = 128.0;

/// The row for each relative position r = key − query: half of the rows for keys behind the query, half for the others; in
/// each half the first half for n = |r| itself, then ranges that grow, e + ⌊ln(n/e) / ln(128/e) · e⌋ in f32, the last open.
pub fn buckets(relative: &Tensor, rows: i64) -> Tensor {
    let half = rows / 2;
    let exact = half / 2;
    let n = relative.abs();
    let logarithm = (n.to_kind(Kind::Float) / exact as f64).log() / (FARTHEST / exact as f64).ln();
    // Of n = 0 the logarithm is not used, but must be a number to be cast.
    let ranges = (logarithm * (half - exact) as f64).clamp(0.0, half as f64).to_kind(Kind::Int64) + exact;
    let near = n.where_self(&n.lt(exact), &ranges.clamp_max(half - 1));
    relative.gt(0).to_kind(Kind::Int64) * half + near
}

/// The biases `[1, heads, tokens, tokens]` (query, key) out of a table `[rows, heads]`.
pub fn bias(table: &Tensor, tokens: i64) -> Tensor {
    let position = Tensor::arange(tokens, (Kind::Int64, Device::Cpu));
    let relative = position.unsqueeze(0) - position.unsqueeze(1);
    let rows = buckets(&relative, table.size()[0]).to_device(table.device());
    let biases = table.index_select(0, &rows.flatten(0, -1));
    biases.reshape([tokens, tokens, -1]).permute([2, 0, 1]).unsqueeze(0)
}
