//! The sizes of blocks in training, and where their numbers lie in one row.

use crate::backend::{Error, Result};

/// Blocks of BitNet b1.58 with norms inside their halves, relu² and NEOX rotary positions. Sizes
/// count elements.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Sizes {
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
    /// Blocks, from the first, in which the tokens of a prompt see all of it.
    pub whole: usize,
    /// What RMS norms add to the mean square.
    pub epsilon: f32,
    /// Base of the rotary frequencies.
    pub rope_base: f32,
    /// Whether what matrices multiply is rounded to integers, as the engine does; the dense twin
    /// of a ternary model takes numbers as they are.
    pub is_rounded: bool,
}

/// The four norms of a block, in the order in which they lie.
#[derive(Clone, Copy, Debug)]
pub(super) enum Norm {
    Attn,
    AttnSub,
    Ffn,
    FfnSub,
}

/// Matrices that are multiplied as one, in the order in which they lie.
#[derive(Clone, Copy, Debug)]
pub(super) enum Group {
    Qkv,
    Output,
    GateUp,
    Down,
}

/// A part of a row of numbers.
#[derive(Clone, Copy, Debug)]
pub(super) struct Part {
    pub(super) at: usize,
    pub(super) columns: usize,
    pub(super) rows: usize,
}

impl Sizes {
    /// Checks that blocks can have these sizes: ggml ends the process on shapes that do not fit.
    pub(super) fn check(&self) -> Result<()> {
        let Self { dim, ffn, layers, heads, kv_heads, .. } = *self;
        let divides = |of: usize, number: usize| number > 0 && of > 0 && of.is_multiple_of(number);
        let fits = divides(dim, heads)
            && divides(heads, kv_heads)
            && self.width().is_multiple_of(2)
            && ffn > 0
            && layers > 0;
        if fits { Ok(()) } else { Err(Error::Sizes(*self)) }
    }

    pub(super) const fn width(&self) -> usize {
        self.dim / self.heads
    }

    pub(super) const fn kv_dim(&self) -> usize {
        self.width() * self.kv_heads
    }

    /// Query heads that share keys and values.
    pub(super) const fn sharing(&self) -> usize {
        self.heads / self.kv_heads
    }

    /// Rows of queries, keys and values together.
    pub(super) const fn qkv(&self) -> usize {
        self.dim + 2 * self.kv_dim()
    }

    /// Numbers of all blocks: of each the norms (attention's, the one after it, the network's, the
    /// one inside it), then the matrices of queries, keys, values, output, gate, up and down.
    #[must_use]
    pub const fn numbers(&self) -> usize {
        self.layers * self.block()
    }

    const fn block(&self) -> usize {
        3 * self.dim + self.ffn + self.dim * (self.qkv() + self.dim + 3 * self.ffn)
    }

    pub(super) const fn norm(&self, layer: usize, norm: Norm) -> Part {
        let (at, columns) = match norm {
            Norm::Attn => (0, self.dim),
            Norm::AttnSub => (self.dim, self.dim),
            Norm::Ffn => (2 * self.dim, self.dim),
            Norm::FfnSub => (3 * self.dim, self.ffn),
        };
        Part { at: layer * self.block() + at, columns, rows: 1 }
    }

    pub(super) const fn matrix(&self, layer: usize, group: Group) -> Part {
        let (dim, ffn) = (self.dim, self.ffn);
        let (before, columns, rows) = match group {
            Group::Qkv => (0, dim, self.qkv()),
            Group::Output => (dim * self.qkv(), dim, dim),
            Group::GateUp => (dim * (self.qkv() + dim), dim, 2 * ffn),
            Group::Down => (dim * (self.qkv() + dim + 2 * ffn), ffn, dim),
        };
        Part { at: layer * self.block() + 3 * dim + ffn + before, columns, rows }
    }

    /// Rows of all matrices of a block.
    const fn rows(&self) -> usize {
        self.qkv() + 2 * self.dim + 2 * self.ffn
    }

    /// Where the scales of a group's rows lie among those of all blocks.
    pub(super) const fn scales(&self, layer: usize, group: Group) -> Part {
        let (before, rows) = match group {
            Group::Qkv => (0, self.qkv()),
            Group::Output => (self.qkv(), self.dim),
            Group::GateUp => (self.qkv() + self.dim, 2 * self.ffn),
            Group::Down => (self.qkv() + self.dim + 2 * self.ffn, self.dim),
        };
        Part { at: layer * self.rows() + before, columns: rows, rows: 1 }
    }

    /// The scales of all rows of all matrices, from those of the seven matrices of each block.
    pub(super) fn spread(&self, scales: &[[f32; 7]]) -> Vec<f32> {
        let (dim, kv, ffn) = (self.dim, self.kv_dim(), self.ffn);
        let rows = [dim, kv, kv, dim, ffn, ffn, dim];
        let of = |scales: &[f32; 7]| -> Vec<f32> {
            let each = scales.iter().zip(rows);
            each.flat_map(|(scale, rows)| std::iter::repeat_n(*scale, rows)).collect()
        };
        scales.iter().flat_map(of).collect()
    }
}
