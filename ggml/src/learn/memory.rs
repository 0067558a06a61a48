//! What blocks in training keep in a device's memory: their numbers and derivatives, and for
//! batches of one size what goes in and out.

use super::sizes::{Group, Norm, Part, Sizes};
use crate::backend::{Context, Device, Result, Tensor, Type};
use crate::round::magic;

/// Tensors of the numbers, and of what goes in and out of so many blocks.
const NUMBERS: usize = 3;

const fn inputs(layers: usize) -> usize {
    3 * layers + 9
}

/// All of them.
pub(super) const fn tensors(layers: usize) -> usize {
    NUMBERS + inputs(layers)
}

/// The numbers of all blocks, and their derivatives.
#[derive(Debug)]
pub(super) struct Numbers {
    sizes: Sizes,
    /// (numbers)
    pub(super) values: Tensor,
    /// The same; derivatives of weights are those of what trits and scales stand for together.
    pub(super) gradients: Tensor,
    /// The scale of each row of each matrix.
    pub(super) scales: Tensor,
}

impl Numbers {
    pub(super) fn new(sizes: Sizes, device: Device) -> Result<Self> {
        let context = Context::new(NUMBERS, 0)?;
        let count = sizes.numbers();
        let rows = sizes.scales(sizes.layers, Group::Qkv).at;
        let (values, gradients) =
            (context.tensor(Type::F32, [count])?, context.tensor(Type::F32, [count])?);
        let scales = context.tensor(Type::F32, [rows])?;
        context.allocate(device)?;
        context.mark_weights();
        Ok(Self { sizes, values, gradients, scales })
    }

    /// The weight of a norm: (columns)
    pub(super) fn norm(&self, graph: &Context, layer: usize, norm: Norm) -> Result<Tensor> {
        part(graph, &self.values, self.sizes.norm(layer, norm))
    }

    /// Where its derivative goes.
    pub(super) fn norm_gradient(
        &self,
        graph: &Context,
        layer: usize,
        norm: Norm,
    ) -> Result<Tensor> {
        part(graph, &self.gradients, self.sizes.norm(layer, norm))
    }

    /// The matrices of a group: (columns, rows)
    pub(super) fn matrix(&self, graph: &Context, layer: usize, group: Group) -> Result<Tensor> {
        part(graph, &self.values, self.sizes.matrix(layer, group))
    }

    /// Where their derivatives go.
    pub(super) fn matrix_gradient(
        &self,
        graph: &Context,
        layer: usize,
        group: Group,
    ) -> Result<Tensor> {
        part(graph, &self.gradients, self.sizes.matrix(layer, group))
    }

    /// The scales of their rows: (rows)
    pub(super) fn scales(&self, graph: &Context, layer: usize, group: Group) -> Result<Tensor> {
        part(graph, &self.scales, self.sizes.scales(layer, group))
    }
}

fn part(graph: &Context, of: &Tensor, part: Part) -> Result<Tensor> {
    let Part { at, columns, rows } = part;
    graph.view(of, [columns, rows, 1], [4 * columns, 4 * columns * rows], 4 * at)
}

/// The size of a batch on the device, in which all sentences are as long as the longest may be.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Size {
    /// Sentences,
    pub(super) sentences: usize,
    /// and the tokens of each.
    pub(super) tokens: usize,
    /// Whether some numbers of what blocks add are dropped.
    pub(super) is_dropped: bool,
}

impl Size {
    pub(super) const fn rows(self) -> usize {
        self.sentences * self.tokens
    }

    /// Whether a batch of another size can be computed in this one, without twice the work.
    pub(super) const fn serves(self, other: Self) -> bool {
        self.sentences == other.sentences
            && self.is_dropped == other.is_dropped
            && self.tokens >= other.tokens
            && self.tokens < 2 * other.tokens
    }
}

/// What goes in and out.
#[derive(Debug)]
pub(super) struct Inputs {
    /// The stream before each block, and after the last: (dim, rows)
    pub(super) streams: Vec<Tensor>,
    /// The derivative of the last of them: (dim, rows)
    pub(super) gradient: Tensor,
    /// That of the first.
    pub(super) slope_out: Tensor,
    /// What each half of each block is multiplied by where numbers are dropped: (dim, rows)
    pub(super) factors: Vec<[Tensor; 2]>,
    /// By what positions turn heads: (width, 1, tokens). Sines of the first half are negative.
    pub(super) cosines: Tensor,
    pub(super) sines: Tensor,
    /// 0 where a token sees a position, else -∞: (tokens, tokens of all heads that share keys)
    pub(super) mask: Tensor,
    /// The same where prompts are read with prefix attention, of each sentence: (…, …, 1,
    /// sentences)
    pub(super) whole: Tensor,
    /// 127 for each row.
    pub(super) ones: Tensor,
    /// What rounds a single row, of which there are none here.
    pub(super) magic: Tensor,
}

impl Inputs {
    pub(super) fn new(sizes: &Sizes, size: Size, device: Device) -> Result<Self> {
        let Size { sentences, tokens, is_dropped } = size;
        let (rows, width, queries) = (size.rows(), sizes.width(), tokens * sizes.sharing());
        let context = Context::new(inputs(sizes.layers), 0)?;
        let stream = || context.tensor(Type::F32, [sizes.dim, rows]);
        let halves = if is_dropped { sizes.layers } else { 0 };
        let seen_whole = if sizes.whole > 0 { sentences } else { 1 };
        let inputs = Self {
            streams: (0..=sizes.layers).map(|_| stream()).collect::<Result<_>>()?,
            gradient: stream()?,
            slope_out: stream()?,
            factors: (0..halves).map(|_| Ok([stream()?, stream()?])).collect::<Result<_>>()?,
            cosines: context.tensor(Type::F32, [width, 1, tokens])?,
            sines: context.tensor(Type::F32, [width, 1, tokens])?,
            mask: context.tensor(Type::F32, [tokens, queries])?,
            whole: context.tensor(Type::F32, [tokens, queries, 1, seen_whole])?,
            ones: context.tensor(Type::F32, [rows])?,
            magic: context.tensor(Type::F32, [1, 2])?,
        };
        context.allocate(device)?;
        inputs.begin(sizes, size)?;
        Ok(inputs)
    }

    /// Writes what is the same for all batches of the size.
    fn begin(&self, sizes: &Sizes, size: Size) -> Result<()> {
        self.ones.write_f32(&vec![127.0; size.rows()])?;
        self.magic.write_f32(&magic(1))?;
        let (mut cosines, mut sines) = (Vec::new(), Vec::new());
        let width = sizes.width();
        for position in 0..size.tokens {
            let turn = |at: usize| {
                let frequency = 1.0 / sizes.rope_base.powf((2 * at) as f32 / width as f32);
                (position as f32 * frequency).sin_cos()
            };
            let rotations: Vec<(f32, f32)> = (0..width / 2).map(turn).collect();
            cosines.extend(rotations.iter().chain(&rotations).map(|(_, cosine)| *cosine));
            sines.extend(rotations.iter().map(|(sine, _)| -*sine));
            sines.extend(rotations.iter().map(|(sine, _)| *sine));
        }
        self.cosines.write_f32(&cosines)?;
        self.sines.write_f32(&sines)?;
        self.mask.write_f32(&seen(sizes, size.tokens, 0))
    }

    /// Writes which tokens of each sentence see all of its prompt. Rows after the last sentence's
    /// are as if of sentences without a prompt.
    pub(super) fn hide(&self, sizes: &Sizes, size: Size, prompts: &[usize]) -> Result<()> {
        if sizes.whole == 0 {
            return Ok(());
        }
        let prompts = prompts.iter().copied().chain(std::iter::repeat(0));
        let masks =
            prompts.take(size.sentences).flat_map(|prompt| seen(sizes, size.tokens, prompt));
        self.whole.write_f32(&masks.collect::<Vec<_>>())
    }
}

/// 0 where a token sees a position, which are those up to its own and the first so many, else -∞:
/// once for each head that shares keys.
fn seen(sizes: &Sizes, tokens: usize, prompt: usize) -> Vec<f32> {
    let mut mask = Vec::with_capacity(tokens * tokens * sizes.sharing());
    for token in 0..tokens {
        let end = prompt.max(token + 1);
        for _ in 0..sizes.sharing() {
            mask.extend((0..tokens).map(|at| if at < end { 0.0 } else { f32::NEG_INFINITY }));
        }
    }
    mask
}
