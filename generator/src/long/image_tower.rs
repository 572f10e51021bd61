//! OpenCLIP's image tower (generate-long §3): a picture to one vector.

use crate::nn::{LayerNorm, Linear, attended, split_heads};
use loop3d_torch::weights::{Weights, WeightsError};
use serde::{Deserialize, Serialize};
use tch::{Kind, Tensor};

/// Mean and deviation of the pictures that it was trained on.
const MEAN: [f32; 3] = [0.481_454_66, 0.457_827_5, 0.408_210_73];
const DEVIATION: [f32; 3] = [0.268_629_54, 0.261_302_6, 0.275_777_1];

/// Sizes of a tower.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub struct TowerSizes {
    /// Features of a token.
    pub width: i64,
    /// Features between the two layers of a block's perceptron.
    pub mlp: i64,
    /// Blocks.
    pub layers: i64,
    /// Heads of an attention.
    pub heads: i64,
    /// Rows and columns of a picture in pixels.
    pub image: i64,
    /// Rows and columns of a token in pixels.
    pub patch: i64,
    /// Numbers of the vector.
    pub proj: i64,
    /// Added to variances.
    pub ln_eps: f64,
}

impl Default for TowerSizes {
    /// ViT-H/14.
    fn default() -> Self {
        Self { width: 1280, mlp: 5120, layers: 32, heads: 16, image: 224, patch: 14, proj: 1024, ln_eps: 1e-5 }
    }
}

/// Parameters under `visual`, in OpenCLIP's names.
#[derive(Debug)]
pub struct ImageTower {
    patches: Tensor,
    class: Tensor,
    positions: Tensor,
    before: LayerNorm,
    blocks: Vec<Block>,
    after: LayerNorm,
    proj: Tensor,
    sizes: TowerSizes,
}

#[derive(Debug)]
struct Block {
    norms: [LayerNorm; 2],
    in_proj: [Tensor; 2],
    out_proj: Linear,
    mlp: [Linear; 2],
    heads: i64,
}

impl ImageTower {
    /// A tower of these sizes.
    ///
    /// # Errors
    /// A parameter is missing or has another shape.
    pub fn new(weights: &Weights, sizes: &TowerSizes) -> Result<Self, WeightsError> {
        let weights = weights.at("visual");
        let (d, patch) = (sizes.width, sizes.patch);
        let tokens = (sizes.image / patch).pow(2) + 1;
        let norm = |name: &str| LayerNorm::new(&weights.at(name), d, sizes.ln_eps);
        let blocks = weights.at("transformer").at("resblocks");
        Ok(Self {
            patches: weights.at("conv1").tensor("weight", &[d, 3, patch, patch])?,
            class: weights.tensor("class_embedding", &[d])?,
            positions: weights.tensor("positional_embedding", &[tokens, d])?,
            before: norm("ln_pre")?,
            blocks: (0..sizes.layers).map(|i| Block::new(&blocks.at(i), sizes)).collect::<Result<_, _>>()?,
            after: norm("ln_post")?,
            proj: weights.tensor("proj", &[d, sizes.proj])?,
            sizes: *sizes,
        })
    }

    /// Pictures `[b, 3, h, w]` of any size with values in −1…1 as the tower takes them, `[b, 3, image, image]`.
    pub fn prepared(&self, pictures: &Tensor) -> Tensor {
        let side = self.sizes.image;
        let resized = pictures.internal_upsample_bicubic2d_aa([side, side], false, None, None);
        let row = |numbers: &[f32]| Tensor::from_slice(numbers).reshape([1, 3, 1, 1]).to_device(pictures.device());
        ((resized + 1.0) * 0.5 - row(&MEAN)) / row(&DEVIATION)
    }

    /// `[b, 3, image, image]`, prepared → `[b, proj]`.
    pub fn forward(&self, pictures: &Tensor) -> Tensor {
        let patch = [self.sizes.patch; 2];
        let x = pictures.conv2d(&self.patches, None::<&Tensor>, patch, [0, 0], [1, 1], 1);
        let x = x.flatten(2, 3).transpose(1, 2);
        let class = self.class.reshape([1, 1, -1]).expand([x.size()[0], 1, -1], false);
        let x = self.before.forward(&(Tensor::cat(&[&class, &x], 1) + &self.positions));
        let x = self.blocks.iter().fold(x, |x, block| block.forward(&x));
        self.after.forward(&x.select(1, 0)).matmul(&self.proj)
    }

    /// Vectors of an anchor that nobody gave: that of a black picture, whose values are 0 where a picture's are −1…1.
    pub fn nothing(&self, kind: Kind) -> Tensor {
        let side = self.sizes.image;
        self.forward(&self.prepared(&Tensor::zeros([1, 3, side, side], (kind, self.class.device()))))
    }
}

impl Block {
    fn new(weights: &Weights, sizes: &TowerSizes) -> Result<Self, WeightsError> {
        let d = sizes.width;
        let norm = |name: &str| LayerNorm::new(&weights.at(name), d, sizes.ln_eps);
        let (attention, mlp) = (weights.at("attn"), weights.at("mlp"));
        Ok(Self {
            norms: [norm("ln_1")?, norm("ln_2")?],
            in_proj: [attention.tensor("in_proj_weight", &[3 * d, d])?, attention.tensor("in_proj_bias", &[3 * d])?],
            out_proj: Linear::new(&attention.at("out_proj"), d, d)?,
            mlp: [Linear::new(&mlp.at("c_fc"), d, sizes.mlp)?, Linear::new(&mlp.at("c_proj"), sizes.mlp, d)?],
            heads: sizes.heads,
        })
    }

    fn forward(&self, x: &Tensor) -> Tensor {
        let joined = self.norms[0].forward(x).linear(&self.in_proj[0], Some(&self.in_proj[1]));
        let parts = joined.chunk(3, -1);
        let [q, k, v] = [0, 1, 2].map(|part| split_heads(&parts[part], self.heads));
        let x = x + self.out_proj.forward(&attended(&q, &k, &v));
        let y = self.mlp[1].forward(&self.mlp[0].forward(&self.norms[1].forward(&x)).gelu("none"));
        x + y
    }
}
