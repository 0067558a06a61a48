//! The shape of a model, and where its numbers lie in one row.

use std::ops::Range;

use crate::error::{Error, Result};

/// The shape of a model: BitNet b1.58 with norms inside its halves, relu², NEOX rotary positions,
/// and a head that is the embedding. Sizes count elements.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Shape {
    /// Width of the residual stream.
    pub dim: usize,
    /// Width inside the feed-forward network.
    pub ffn: usize,
    /// Blocks.
    pub layers: usize,
    /// Query heads.
    pub heads: usize,
    /// Key and value heads.
    pub kv_heads: usize,
    /// Tokens of the vocabulary.
    pub vocab: usize,
    /// Positions.
    pub context: usize,
    /// Blocks, from the first, in which the tokens of a sentence see all of it, and not only those
    /// before them.
    pub whole: usize,
    /// Labels that items of the sentence are told apart by while training; 0 for no such head.
    pub tags: usize,
}

/// What RMS norms add to the mean square.
pub const RMS_EPSILON: f32 = 1e-5;
/// Base of the rotary frequencies.
pub const ROPE_BASE: f32 = 10_000.0;
/// Columns of a matrix must be a multiple of this, which the packing `I2_S` takes.
pub const COLUMNS: usize = 128;

impl Shape {
    /// Width of one head.
    #[must_use]
    pub const fn width(&self) -> usize {
        self.dim / self.heads
    }

    /// Width of the keys, or the values, of one token.
    #[must_use]
    pub const fn kv_dim(&self) -> usize {
        self.width() * self.kv_heads
    }

    /// Checks that a model can have these sizes, whatever its vocabulary.
    ///
    /// # Errors
    /// With the size and what it must be a multiple of.
    pub fn check_sizes(&self) -> Result<()> {
        let multiple = |name, value: usize, step: usize| {
            if value > 0 && step > 0 && value.is_multiple_of(step) {
                return Ok(());
            }
            Err(Error::Size { name, value, step })
        };
        multiple("dim", self.dim, COLUMNS)?;
        multiple("ffn", self.ffn, COLUMNS)?;
        multiple("dim", self.dim, self.heads)?;
        multiple("heads", self.heads, self.kv_heads)?;
        multiple("head width", self.width(), 2)?;
        multiple("layers", self.layers, 1)
    }

    /// Trits of all matrices.
    #[must_use]
    pub const fn trits(&self) -> usize {
        self.layers
            * (2 * self.dim * self.dim + 2 * self.kv_dim() * self.dim + 3 * self.dim * self.ffn)
    }
}

/// A matrix: its rows one after another.
#[derive(Clone, Debug)]
pub struct Matrix {
    /// Its numbers.
    pub at: Range<usize>,
    /// Outputs.
    pub rows: usize,
    /// Inputs.
    pub columns: usize,
}

/// The numbers of one block.
#[derive(Clone, Debug)]
pub struct Block {
    /// (dim)
    pub attn_norm: Range<usize>,
    /// (dim)
    pub attn_sub_norm: Range<usize>,
    /// (dim)
    pub ffn_norm: Range<usize>,
    /// (ffn)
    pub ffn_sub_norm: Range<usize>,
    /// Queries, keys, values, output, gate, up, down. The first three lie one after another, as do
    /// gate and up, so that each group is one matrix too.
    pub matrices: [Matrix; 7],
}

impl Block {
    /// Queries, keys and values as one matrix.
    #[must_use]
    pub fn qkv(&self) -> Matrix {
        self.joined(0, 3)
    }

    /// Gate and up as one matrix.
    #[must_use]
    pub fn gate_up(&self) -> Matrix {
        self.joined(4, 6)
    }

    fn joined(&self, from: usize, to: usize) -> Matrix {
        let parts = &self.matrices[from..to];
        let rows = parts.iter().map(|part| part.rows).sum();
        let at = parts[0].at.start..parts[parts.len() - 1].at.end;
        Matrix { at, rows, columns: parts[0].columns }
    }
}

/// Where each part of a model lies in one row of numbers.
#[derive(Clone, Debug)]
pub struct Plan {
    /// (vocab, dim)
    pub embedding: Matrix,
    /// (dim)
    pub output_norm: Range<usize>,
    /// (tags, dim): only while training.
    pub tags: Matrix,
    /// The blocks.
    pub blocks: Vec<Block>,
    /// Numbers in all.
    pub len: usize,
}

impl Plan {
    /// The plan of a shape.
    #[must_use]
    pub fn new(shape: &Shape) -> Self {
        let mut end = 0;
        let mut take = |len: usize| {
            end += len;
            end - len..end
        };
        let (dim, ffn, kv) = (shape.dim, shape.ffn, shape.kv_dim());
        let embedding = Matrix { at: take(shape.vocab * dim), rows: shape.vocab, columns: dim };
        let output_norm = take(dim);
        let tags = Matrix { at: take(shape.tags * dim), rows: shape.tags, columns: dim };
        let blocks = (0..shape.layers).map(|_| {
            let norms = [take(dim), take(dim), take(dim), take(ffn)];
            let [attn_norm, attn_sub_norm, ffn_norm, ffn_sub_norm] = norms;
            let sizes =
                [(dim, dim), (kv, dim), (kv, dim), (dim, dim), (ffn, dim), (ffn, dim), (dim, ffn)];
            let matrices =
                sizes.map(|(rows, columns)| Matrix { at: take(rows * columns), rows, columns });
            Block { attn_norm, attn_sub_norm, ffn_norm, ffn_sub_norm, matrices }
        });
        let blocks = blocks.collect();
        Self { embedding, output_norm, tags, blocks, len: end }
    }
}

/// A small shape that many tests train.
#[cfg(test)]
pub(crate) const TINY: Shape = Shape {
    dim: 128,
    ffn: 128,
    layers: 1,
    heads: 2,
    kv_heads: 1,
    vocab: 9,
    context: 8,
    whole: 0,
    tags: 0,
};
