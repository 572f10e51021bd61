//! Attention of several heads, once queries, keys and values are known.

use tch::Tensor;

/// `[b, s, heads · c]` → `[b, heads, s, c]`.
pub fn split_heads(x: &Tensor, heads: i64) -> Tensor {
    x.unflatten(-1, [heads, -1]).transpose(1, 2)
}

/// Every query `[b, heads, s, c]` attends to keys and values `[b, heads, n, c]`; the heads side by side, `[b, s, heads · c]`.
pub fn attended(q: &Tensor, k: &Tensor, v: &Tensor) -> Tensor {
    let y = Tensor::scaled_dot_product_attention(q, k, v, None::<&Tensor>, 0.0, false, None, false);
    y.transpose(1, 2).flatten(2, 3)
}
