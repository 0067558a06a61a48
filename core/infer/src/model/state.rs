//! The memory of a session, carved from one block whose size is known before.

use trine_arena::Arena;
use trine_ternary::{Kernels, mcu};

use super::gate_up::Blocks;
use super::kv::{Cache, KvKind, Shape};
use super::products::IS_WIDE;
use crate::config::Config;
use crate::error::Error;
use crate::weights::{Role, Weights};

/// What a session is made for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Options {
    /// Positions that keys and values are kept of; at most what the model was trained for.
    pub context: usize,
    /// Tokens of a prompt that are computed together. More are faster up to some hundred.
    pub batch: usize,
    /// How keys and values are kept.
    pub kv: KvKind,
    /// Words of tables for matrices that are packed for microcontrollers
    /// ([`mcu`](trine_ternary::mcu)); with fewer than [`Self::with_tables`] sets they take longer,
    /// and longest with none.
    pub tables: usize,
}

impl Options {
    /// The whole context of the model, one token at a time.
    #[must_use]
    pub const fn new(config: &Config) -> Self {
        Self { context: config.context, batch: 1, kv: KvKind::F16, tables: 0 }
    }

    /// The same with tables for these weights, if they are packed for microcontrollers. The tables
    /// serve one token at a time, on one thread.
    #[must_use]
    pub fn with_tables(self, weights: &Weights<'_>) -> Self {
        let matrices = weights.layers.iter().flat_map(|layer| {
            Role::MATRICES.iter().filter_map(|role| layer.matrix(*role)).map(|one| one.matrix)
        });
        let words = matrices.map(|matrix| mcu::scratch_words(matrix.packing(), matrix.cols()));
        Self { tables: words.max().unwrap_or(0), ..self }
    }

    fn check(&self, config: &Config) -> Result<(), Error> {
        if self.context == 0 || self.context > config.context {
            return Err(Error::Option("the context must be from 1 to the model's context_length"));
        }
        if self.batch == 0 || self.batch > self.context {
            return Err(Error::Option("the batch must be from 1 token to the context"));
        }
        Ok(())
    }
}

/// The smallest block of weights that a row of the head can have: room for one scale each.
const HEAD_BLOCK: usize = 32;

/// Elements of each part of the state.
pub(crate) struct Sizes {
    stream: usize,
    wide: usize,
    pairs: usize,
    rotations: usize,
    frequencies: usize,
    scales: usize,
    sums: usize,
    head_scales: usize,
    logits: usize,
    tokens: usize,
    tables: usize,
    quantized: usize,
    #[cfg(not(target_os = "none"))]
    spread: usize,
}

impl Sizes {
    pub(crate) fn new(config: &Config, options: &Options) -> Result<Self, Error> {
        let batch = options.batch;
        let times = |size: usize| size.checked_mul(batch).ok_or(Error::TooLarge);
        let projected = config.dim + 2 * config.kv_dim();
        Ok(Self {
            stream: times(config.dim)?,
            wide: wide(config, batch).ok_or(Error::TooLarge)?,
            pairs: 2 * config.kv_dim(),
            rotations: times(config.head_width())?,
            frequencies: config.head_width() / 2,
            scales: batch,
            sums: times(projected.max(2 * config.ffn))?,
            head_scales: config.dim.div_ceil(HEAD_BLOCK),
            logits: config.vocab,
            tokens: options.context,
            tables: options.tables,
            quantized: times(config.widest())?,
            #[cfg(not(target_os = "none"))]
            spread: 0,
        })
    }

    /// The same with logits of `tokens` tokens.
    #[cfg(not(target_os = "none"))]
    pub(crate) fn with_logits_of(self, tokens: usize) -> Result<Self, Error> {
        let times = |size: usize| size.checked_mul(tokens).ok_or(Error::TooLarge);
        let (head_scales, logits) = (times(self.head_scales)?, times(self.logits)?);
        Ok(Self { head_scales, logits, spread: logits, ..self })
    }

    /// Bytes, when the block starts at a multiple of four.
    pub(crate) fn bytes(&self) -> Option<usize> {
        let words = [
            self.stream,
            self.stream,
            self.wide,
            self.pairs,
            self.rotations,
            self.frequencies,
            self.scales,
            self.sums,
            self.head_scales,
            self.logits,
            self.tokens,
            self.tables,
            #[cfg(not(target_os = "none"))]
            self.spread,
        ];
        let sum = |all: usize, one: usize| all.checked_add(one);
        let words = words.into_iter().try_fold(0, sum)?;
        words.checked_mul(4)?.checked_add(self.quantized)
    }
}

/// Numbers of the part that a matrix takes in.
fn wide(config: &Config, batch: usize) -> Option<usize> {
    let rows = config.widest().checked_mul(batch)?;
    if !IS_WIDE {
        return Some(rows);
    }
    Some(rows.max(Blocks::room(config.ffn, batch)?))
}

/// Bytes that a session is the faster for, over those of [`arena_bytes`] and
/// [`batch_arena_bytes`](super::batch_arena_bytes).
#[cfg(not(target_os = "none"))]
pub const ARENA_SPARE: usize = 2 * trine_arena::LINE;

/// Bytes of working memory that a session needs, to the byte, when the block that is given starts
/// at a multiple of four; else up to three more. With `ARENA_SPARE` more, what wide registers work
/// on begins at lines of the processor's cache, and a session is faster.
///
/// # Errors
/// When an option makes no sense, or there is no such block.
pub fn arena_bytes(config: &Config, options: &Options) -> Result<usize, Error> {
    config.check()?;
    options.check(config)?;
    let cache = Shape::new(config, options.kv, options.context).bytes();
    let state = Sizes::new(config, options)?.bytes();
    let (Some(cache), Some(state)) = (cache, state) else { return Err(Error::TooLarge) };
    cache.checked_add(state).ok_or(Error::TooLarge)
}

/// What the forward pass works on. `batch` is the number of tokens that there is room for, the
/// tokens of a pass come first in each part.
#[derive(Debug)]
pub(crate) struct State<'m> {
    /// The residual stream: (batch, dim)
    pub(crate) stream: &'m mut [f32],
    /// Queries, then what a matrix takes in before it is rounded: (batch, max(dim, ffn)), or
    /// [`Blocks`], which may take a little more
    pub(crate) wide: &'m mut [f32],
    /// What attention gives: (batch, dim)
    pub(crate) mixed: &'m mut [f32],
    /// A key and a value of one token: (2, kv dim)
    pub(crate) pairs: &'m mut [f32],
    /// Cosines and sines of each token's position: (batch, 2, head width / 2)
    pub(crate) rotations: &'m mut [f32],
    /// (head width / 2)
    pub(crate) frequencies: &'m mut [f32],
    /// What each token's activations were multiplied by: (batch)
    pub(crate) scales: &'m mut [f32],
    /// Products, exact: (rows, batch)
    pub(crate) sums: &'m mut [i32],
    /// Scales of the head's activations: (dim / 32), once for each sequence
    pub(crate) head_scales: &'m mut [f32],
    /// (vocab), once for each sequence
    pub(crate) logits: &'m mut [f32],
    /// The token at each position: (context)
    pub(crate) tokens: &'m mut [u32],
    /// For products by look-up.
    pub(crate) tables: &'m mut [u32],
    /// Logits of several tokens before they are put in order: (shares of rows, tokens, rows)
    #[cfg(not(target_os = "none"))]
    pub(crate) spread: &'m mut [f32],
    /// Activations as int8: (batch, max(dim, ffn))
    pub(crate) quantized: &'m mut [i8],
}

/// Carves the state and the cache from a block.
pub(crate) fn carve<'m>(
    config: &Config,
    options: &Options,
    kernels: Kernels,
    memory: &'m mut [u8],
) -> Result<(State<'m>, Cache<'m>), Error> {
    config.check()?;
    options.check(config)?;
    let shape = Shape::new(config, options.kv, options.context);
    lay_out(Sizes::new(config, options)?, shape, kernels, Arena::new(memory))
}

/// Carves the state and the cache from an arena.
pub(crate) fn lay_out(
    sizes: Sizes,
    shape: Shape,
    kernels: Kernels,
    mut arena: Arena<'_>,
) -> Result<(State<'_>, Cache<'_>), Error> {
    #[cfg(not(target_os = "none"))]
    if let (Some(state), Some(cache)) = (sizes.bytes(), shape.bytes()) {
        arena.to_line(state.saturating_add(cache));
    }
    let stream = arena.slice(sizes.stream, 0.0);
    let wide = arena.slice(sizes.wide, 0.0);
    let mixed = arena.slice(sizes.stream, 0.0);
    let pairs = arena.slice(sizes.pairs, 0.0);
    let rotations = arena.slice(sizes.rotations, 0.0);
    let frequencies = arena.slice(sizes.frequencies, 0.0);
    let scales = arena.slice(sizes.scales, 0.0);
    let sums = arena.slice(sizes.sums, 0);
    let head_scales = arena.slice(sizes.head_scales, 0.0);
    let logits = arena.slice(sizes.logits, 0.0);
    let tokens = arena.slice(sizes.tokens, 0);
    let tables = arena.slice(sizes.tables, 0);
    #[cfg(not(target_os = "none"))]
    let spread = arena.slice(sizes.spread, 0.0);
    let cache = Cache::new(shape, kernels, &mut arena)?;
    // What has the smallest alignment comes last, so that nothing is padded.
    #[cfg(not(target_os = "none"))]
    arena.to_line(sizes.quantized);
    let quantized = arena.slice(sizes.quantized, 0);
    if let Some(fault) = arena.fault() {
        return Err(Error::Memory(fault));
    }
    let state = State {
        stream,
        wide,
        mixed,
        pairs,
        rotations,
        frequencies,
        scales,
        sums,
        head_scales,
        logits,
        tokens,
        tables,
        #[cfg(not(target_os = "none"))]
        spread,
        quantized,
    };
    Ok((state, cache))
}

#[cfg(test)]
mod tests {
    use std::vec;

    use trine_arena::LINE;
    use trine_ternary::Kernels;

    use super::{ARENA_SPARE, Options, arena_bytes, carve};
    use crate::config::{Activation, Config, Norm, Rope};

    /// Sizes that fill no lines.
    const CONFIG: Config = Config {
        dim: 12,
        ffn: 20,
        layers: 1,
        heads: 3,
        kv_heads: 1,
        vocab: 7,
        context: 9,
        rms_epsilon: 1e-5,
        rope_base: 1e4,
        norm: Norm::Sub,
        activation: Activation::ReluSquared,
        rope: Rope::Neox,
        prefix_layers: 0,
    };

    #[test]
    fn activations_begin_at_a_line_where_there_is_memory_to_spare_and_else_fit() {
        let options = Options { batch: 5, ..Options::new(&CONFIG) };
        let bytes = arena_bytes(&CONFIG, &options).unwrap();
        let mut block = vec![0; bytes + ARENA_SPARE + LINE];
        for at in 0..LINE {
            let memory = &mut block[at..at + bytes + ARENA_SPARE];
            let (state, _) = carve(&CONFIG, &options, Kernels::best(), memory).unwrap();
            for part in [state.quantized.as_ptr().addr(), state.stream.as_ptr().addr()] {
                assert!(part.is_multiple_of(LINE), "from byte {at}");
            }
            assert_eq!(state.quantized.len(), 5 * 20);
            let memory = &mut block[at..at + bytes + 3];
            assert!(carve(&CONFIG, &options, Kernels::best(), memory).is_ok(), "from byte {at}");
        }
    }
}
