//! The numbers that fix a model's shape, and the axes on which families differ.

use core::fmt;

use crate::error::{Error, KeyProblem};

/// What stands before and inside a block's two halves.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Norm {
    /// RMS norms before each half and again before its last matrix (BitNet b1.58).
    Sub,
}

/// The function between the two halves of the feed-forward network.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Activation {
    /// The square of what is positive: BitNet b1.58 2B-4T.
    ReluSquared,
    /// `x / (1 + exp(-x))`: the first BitNet b1.58 models.
    Silu,
}

/// Which elements of a head rotary position embedding turns together.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Rope {
    /// `i` and `i + width / 2`, as in GPT-NeoX.
    Neox,
}

/// The shape of a model. All sizes count elements.
#[derive(Clone, Copy, Debug, PartialEq)]
#[non_exhaustive]
pub struct Config {
    /// Width of the residual stream.
    pub dim: usize,
    /// Width inside the feed-forward network.
    pub ffn: usize,
    /// Blocks.
    pub layers: usize,
    /// Query heads; they divide `dim`.
    pub heads: usize,
    /// Key and value heads; they divide `heads`.
    pub kv_heads: usize,
    /// Tokens that the vocabulary has.
    pub vocab: usize,
    /// Positions that the model was trained for.
    pub context: usize,
    /// What RMS norms add to the mean square.
    pub rms_epsilon: f32,
    /// Base of the rotary frequencies.
    pub rope_base: f32,
    /// Where the norms are.
    pub norm: Norm,
    /// The feed-forward network's function.
    pub activation: Activation,
    /// How positions rotate heads (rotary embedding).
    pub rope: Rope,
    /// Blocks, from the first, in which the tokens of a prompt attend to all of it: a prefix LM
    /// (Raffel and others, 2020, "Exploring the limits of transfer learning with a unified
    /// text-to-text transformer", §3.2). In the other blocks, and after a prompt, a token attends
    /// to those before it and itself. 0 for most models. All blocks are the same as all but the
    /// last, of which nothing is read but the last token.
    pub prefix_layers: usize,
}

/// A number of the header, by the name that GGUF has for it after the architecture's.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Key {
    /// `embedding_length`
    Dim,
    /// `feed_forward_length`
    Ffn,
    /// `block_count`
    Layers,
    /// `attention.head_count`
    Heads,
    /// `attention.head_count_kv`
    KvHeads,
    /// `vocab_size`
    Vocab,
    /// `context_length`
    Context,
    /// `attention.layer_norm_rms_epsilon`
    RmsEpsilon,
    /// `rope.freq_base`
    RopeBase,
    /// `rope.dimension_count`
    RopeDimensions,
    /// `trine.attention.prefix_layers`, which stands alone
    PrefixAttention,
}

impl Key {
    /// The key without the architecture's name in front, which all but the last have.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Dim => "embedding_length",
            Self::Ffn => "feed_forward_length",
            Self::Layers => "block_count",
            Self::Heads => "attention.head_count",
            Self::KvHeads => "attention.head_count_kv",
            Self::Vocab => "vocab_size",
            Self::Context => "context_length",
            Self::RmsEpsilon => "attention.layer_norm_rms_epsilon",
            Self::RopeBase => "rope.freq_base",
            Self::RopeDimensions => "rope.dimension_count",
            Self::PrefixAttention => "trine.attention.whole",
        }
    }
}

impl fmt::Display for Key {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

/// Widest row of a matrix: `127 * 2^17` is below `2^24`, so that every sum of a row is a whole
/// number that an `f32` holds.
const MOST_COLUMNS: usize = 1 << 17;
/// Positions stay integers in an `f32`, and rotary angles keep three digits after the point.
const MOST_CONTEXT: usize = 1 << 20;

/// A quotient that is 0 where there is none, which no model has that was checked: a compiler sees
/// no path to a panic then.
const fn quotient(of: usize, by: usize) -> usize {
    match of.checked_div(by) {
        Some(quotient) => quotient,
        None => 0,
    }
}

impl Config {
    /// Width of one head.
    #[must_use]
    pub const fn head_width(&self) -> usize {
        quotient(self.dim, self.heads)
    }

    /// Width of all keys, or all values, of one token.
    #[must_use]
    pub const fn kv_dim(&self) -> usize {
        self.head_width() * self.kv_heads
    }

    /// Query heads that share one key head.
    #[must_use]
    pub const fn group(&self) -> usize {
        quotient(self.heads, self.kv_heads)
    }

    /// The wider of the two row lengths that activations are rounded in.
    pub(crate) fn widest(&self) -> usize {
        self.dim.max(self.ffn)
    }

    /// Checks that the numbers make a model.
    ///
    /// # Errors
    /// The first key that does not fit, and why.
    pub fn check(&self) -> Result<(), Error> {
        let sizes = [
            (Key::Dim, self.dim, MOST_COLUMNS),
            (Key::Ffn, self.ffn, MOST_COLUMNS),
            (Key::Layers, self.layers, 1 << 12),
            (Key::Heads, self.heads, 1 << 12),
            (Key::KvHeads, self.kv_heads, 1 << 12),
            (Key::Vocab, self.vocab, 1 << 24),
            (Key::Context, self.context, MOST_CONTEXT),
        ];
        for (key, value, most) in sizes {
            if value == 0 {
                return Err(Error::Key(key, KeyProblem::Zero));
            }
            if value > most {
                return Err(Error::Key(key, KeyProblem::TooLarge { most }));
            }
        }
        if self.prefix_layers > self.layers {
            return Err(Error::Key(
                Key::PrefixAttention,
                KeyProblem::TooLarge { most: self.layers },
            ));
        }
        if !self.dim.is_multiple_of(self.heads) {
            return Err(Error::Key(Key::Dim, KeyProblem::NotMultipleOf(Key::Heads)));
        }
        if !self.heads.is_multiple_of(self.kv_heads) {
            return Err(Error::Key(Key::Heads, KeyProblem::NotMultipleOf(Key::KvHeads)));
        }
        if !self.head_width().is_multiple_of(2) {
            return Err(Error::Key(Key::Heads, KeyProblem::Odd));
        }
        for (key, value) in [(Key::RmsEpsilon, self.rms_epsilon), (Key::RopeBase, self.rope_base)] {
            if !(value.is_finite() && value > 0.0) {
                return Err(Error::Key(key, KeyProblem::NotPositive));
            }
        }
        Ok(())
    }
}
