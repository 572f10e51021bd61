//! TrackGo's adapter of a temporal self-attention (generate-motion §3): a second map, of what the tracks' features say of one another,
//! beside the base's own. Where the tracks' map is strong, the base's is closed, so that tracked things follow their tracks and only
//! the rest follows the base.

use tch::{Kind, Tensor};

/// How much the background may move, τ of the paper. Its τ, added to all open scores alike, cancels in the softmax; what the published
/// pictures show (0 free, −100 damped, −10⁴ frozen) is the rounding of half precision, which a scale of the scores stands for here.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Background(f64);

impl Background {
    /// It moves as the base wants.
    pub const FREE: Self = Self(0.0);
    /// It moves less.
    pub const DAMPED: Self = Self(-1e2);
    /// It stays: every open frame counts the same.
    pub const FROZEN: Self = Self(-1e4);

    /// τ, at most 0; `None` for anything else.
    #[must_use]
    pub fn new(tau: f64) -> Option<Self> {
        (tau <= 0.0).then_some(Self(tau))
    }

    /// What the base's open scores are multiplied with: 1 − log₁₀(1 + |τ|) / 4, at least 0.
    #[must_use]
    pub fn scale(self) -> f64 {
        1.0 - ((1.0 + self.0.abs()).log10() / 4.0).min(1.0)
    }
}

/// How the two maps are made and joined.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Joining {
    /// Weight of the tracks' map, as a multiple of 1/L, from which on the base's is closed.
    pub threshold: f64,
    /// Motion of what no track touches.
    pub background: Background,
    /// Whether rows of both maps together are scaled to a sum of 1; as published they have a sum of 2.
    pub normalise: bool,
}

/// The maps of a temporal self-attention, `[b, heads, L, L]`: rows are frames that attend.
#[derive(Debug)]
pub struct Maps {
    /// The base's, closed where the tracks' is strong. Rows that are closed everywhere are 0.
    pub base: Tensor,
    /// The tracks', A′.
    pub tracks: Tensor,
    /// Which rows of the base's are closed everywhere, `[b, heads, L]`, bool.
    pub dead: Tensor,
}

impl Maps {
    /// From queries and keys `[b, heads, L, D]` of the base, and those of the tracks' features.
    #[must_use]
    pub fn new(base: (&Tensor, &Tensor), tracks: (&Tensor, &Tensor), how: &Joining) -> Self {
        let scores = |(q, k): (&Tensor, &Tensor)| {
            let width = q.size().last().copied().unwrap_or(1) as f64;
            q.matmul(&k.transpose(-2, -1)) / width.sqrt()
        };
        let tracks = scores(tracks).softmax(-1, None);
        let frames = tracks.size().last().copied().unwrap_or(1) as f64;
        // No gradient: a threshold has none.
        let closed = tracks.detach().ge(how.threshold / frames);
        let dead = closed.all_dim(-1, true);
        // A row without an open place would be 0/0, and so would its gradient.
        let closed = closed.logical_and(&dead.logical_not());
        let open = scores(base) * how.background.scale();
        let base = open.masked_fill(&closed, f64::NEG_INFINITY).softmax(-1, None).masked_fill(&dead, 0.0);
        Self { base, tracks, dead: dead.squeeze_dim(-1) }
    }

    /// (A + g·A′) V: `[b, heads, L, D]`. The published gate is 1; one that begins at 0 leaves the base as it was.
    pub fn attended(&self, v: &Tensor, gate: &Tensor, how: &Joining) -> Tensor {
        let both = &self.base + &self.tracks * gate;
        let both = if how.normalise { &both / both.sum_dim_intlist(-1, true, None) } else { both };
        both.matmul(v)
    }

    /// Σ over sites and frames of (A(i, i) · M)², with the mean of the heads' A: how much of itself the *base* still sees in frames and
    /// places that move. `moving` `[b, L]` is the part of each site that does.
    pub fn loss(&self, moving: &Tensor) -> Tensor {
        let own = self.base.diagonal(0, -2, -1).mean_dim(1, false, None);
        (own * moving).square().sum(None::<Kind>)
    }
}
