//! The sizes of the encoder, read from the shapes of its weights.

use loop3d_torch::weights::Weights;
use serde::{Deserialize, Serialize};

/// Sizes of a UMT5 encoder. The default is the published one, UMT5-XXL.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Config {
    /// Tokens in the vocabulary.
    pub vocabulary: i64,
    /// Numbers of a token.
    pub width: i64,
    /// Layers.
    pub layers: usize,
    /// Heads of the attention.
    pub heads: i64,
    /// Numbers of a head.
    pub head: i64,
    /// Width inside of the feed-forward layers.
    pub feed_forward: i64,
    /// Rows of a table of biases.
    pub buckets: i64,
}

impl Default for Config {
    fn default() -> Self {
        Self { vocabulary: 256_384, width: 4096, layers: 24, heads: 64, head: 64, feed_forward: 10_240, buckets: 32 }
    }
}

impl Config {
    /// Takes the sizes from the shapes of weights under their original names. If a tensor is missing, its size is the published
    /// one; the encoder's constructor then reports the tensor.
    #[must_use]
    pub fn from_weights(weights: &Weights) -> Self {
        let published = Self::default();
        let matrix = |weights: &Weights, name: &str| {
            let shape = weights.shape(name)?;
            (shape.len() == 2).then(|| (shape[0].max(1), shape[1].max(1)))
        };
        let blocks = weights.at("blocks");
        let first = blocks.at(0);
        let table = matrix(weights, "token_embedding.weight");
        let (vocabulary, width) = table.unwrap_or((published.vocabulary, published.width));
        let biases = matrix(&first, "pos_embedding.embedding.weight");
        let (buckets, heads) = biases.unwrap_or((published.buckets, published.heads));
        let inner = matrix(&first, "attn.q.weight").map_or(heads * published.head, |(rows, _)| rows);
        let feed_forward = matrix(&first, "ffn.gate.0.weight").map_or(published.feed_forward, |(rows, _)| rows);
        let layers = blocks.count().max(1);
        Self { vocabulary, width, layers, heads, head: (inner / heads).max(1), feed_forward, buckets }
    }

    /// Every parameter of the model, original name and shape.
    #[must_use]
    pub fn parameters(&self) -> Vec<(String, Vec<i64>)> {
        let (width, inner) = (self.width, self.heads * self.head);
        let mut all = vec![("token_embedding.weight".to_owned(), vec![self.vocabulary, width])];
        for layer in 0..self.layers {
            let of_a_layer = [
                ("norm1", vec![width]),
                ("attn.q", vec![inner, width]),
                ("attn.k", vec![inner, width]),
                ("attn.v", vec![inner, width]),
                ("attn.o", vec![width, inner]),
                ("pos_embedding.embedding", vec![self.buckets, self.heads]),
                ("norm2", vec![width]),
                ("ffn.gate.0", vec![self.feed_forward, width]),
                ("ffn.fc1", vec![self.feed_forward, width]),
                ("ffn.fc2", vec![width, self.feed_forward]),
            ];
            all.extend(of_a_layer.map(|(name, shape)| (format!("blocks.{layer}.{name}.weight"), shape)));
        }
        all.push(("norm.weight".to_owned(), vec![width]));
        all
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_published_sizes() {
        let parameters = Config::default().parameters();
        let numbers: i64 = parameters.iter().map(|(_, shape)| shape.iter().product::<i64>()).sum();
        // generate §6: 5.681 B.
        assert_eq!(numbers, 5_680_910_336);
        assert_eq!(parameters.len(), 2 + 24 * 10);
    }
}
