//! The blocks of a model in training on a device: the forward pass of a batch as one graph, and
//! all derivatives as another. What is before the blocks and after them, the embedding and the
//! losses, is the trainer's.
//!
//! Between the two graphs the stream before each block stays on the device, and nothing else: the
//! second graph computes each block once more (Chen and others, 2016, "Training Deep Nets with
//! Sublinear Memory Cost", arXiv 1604.06174). Rows that fill up a sentence are computed with zeros
//! as derivatives, and add nothing to any.

mod back;
mod forward;
mod memory;
mod sizes;

use std::fmt;

use forward::Block;
use memory::{Inputs, Numbers, Size};
pub use sizes::Sizes;

use crate::backend::{Backend, Context, Device, Error, Graph, Kind, Result, Scheduler, Tensor};

/// Operations of a block, forward and back, at most; views are among them.
const NODES_OF_BLOCK: usize = 400;
/// Lengths of sentences are filled up to a multiple of this, so that one graph serves many batches.
const TOGETHER: usize = 16;

/// A sentence of a batch.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Sentence {
    /// Its tokens.
    pub tokens: usize,
    /// How many of them, from the first, are its prompt.
    pub prompt: usize,
}

/// Writes what a half, 0 or 1, of a block is to be multiplied by: 0 where a number is dropped, for
/// the rows of all sentences, (rows, dim).
pub type Dropped<'d> = dyn Fn(usize, usize, &mut [f32]) + 'd;

/// Blocks on a device.
///
/// Numbers are given, and derivatives answered, in the order of [`Sizes::numbers`]. A batch is the
/// rows of its sentences, one sentence after another, without gaps.
pub struct Blocks {
    sizes: Sizes,
    device: Device,
    /// What the graphs compute in: forward, and back.
    schedulers: [Scheduler; 2],
    /// What the graphs are made for.
    made: Option<(Size, Inputs)>,
    numbers: Numbers,
    /// The sentences of the last batch.
    batch: Vec<Sentence>,
}

impl Blocks {
    /// Takes memory of a device for blocks. `threads` counts where it is the processor.
    ///
    /// # Errors
    /// When the sizes fit no blocks, or the device does not open or has too little memory.
    pub fn open(sizes: Sizes, device: Device, threads: usize) -> Result<Self> {
        sizes.check()?;
        if device.is_ternary() {
            return Err(Error::unsupported(
                device,
                "trains nothing: name another backend, or the processor (--backend cpu)",
            ));
        }
        let nodes = NODES_OF_BLOCK * sizes.layers;
        let scheduler = || {
            let mut backends = vec![Backend::open(device, threads)?];
            if device.kind() != Kind::Cpu {
                backends.push(Backend::open(Device::cpu()?, threads)?);
            }
            // Beside these, what is found in memory.
            Scheduler::new(backends, nodes + memory::tensors(sizes.layers))
        };
        let schedulers = [scheduler()?, scheduler()?];
        let numbers = Numbers::new(sizes, device)?;
        Ok(Self { sizes, device, schedulers, made: None, numbers, batch: Vec::new() })
    }

    /// The device.
    #[must_use]
    pub const fn device(&self) -> Device {
        self.device
    }

    /// Writes the numbers of all blocks, and the scales of the seven matrices of each.
    ///
    /// # Errors
    /// When there are too many or too few, or the device fails.
    pub fn take(&mut self, numbers: &[f32], scales: &[[f32; 7]]) -> Result<()> {
        if numbers.len() != self.sizes.numbers() || scales.len() != self.sizes.layers {
            return Err(Error::Training("the numbers are those of other blocks"));
        }
        self.numbers.values.write_f32(numbers)?;
        self.numbers.scales.write_f32(&self.sizes.spread(scales))
    }

    /// The stream before the first block, (rows, dim), becomes that after the last.
    ///
    /// # Errors
    /// When the device fails, has not the memory for a batch of this size, does not compute all
    /// operations itself, or finds what is no number.
    pub fn forward(
        &mut self,
        batch: &[Sentence],
        dropped: Option<&Dropped<'_>>,
        stream: &mut [f32],
    ) -> Result<()> {
        let rows: usize = batch.iter().map(|sentence| sentence.tokens).sum();
        let dim = self.sizes.dim;
        self.batch.clear();
        let is_whole = |sentence: &Sentence| sentence.prompt <= sentence.tokens;
        if stream.len() != dim * rows || rows == 0 || !batch.iter().all(is_whole) {
            return Err(Error::Training("the stream is that of another batch"));
        }
        let longest = batch.iter().map(|sentence| sentence.tokens).max().unwrap_or(0);
        let size = Size {
            sentences: batch.len(),
            tokens: longest.next_multiple_of(TOGETHER),
            is_dropped: dropped.is_some(),
        };
        if !self.made.as_ref().is_some_and(|(made, _)| made.serves(size)) {
            self.make(size)?;
        }
        let Some((size, inputs)) = &self.made else { return Err(Error::Training("no graph")) };
        let size = *size;
        let prompts: Vec<usize> = batch.iter().map(|sentence| sentence.prompt).collect();
        inputs.hide(&self.sizes, size, &prompts)?;
        inputs.streams[0].write_f32(&filled(stream, batch, size, dim))?;
        if let Some(dropped) = dropped {
            let mut factors = vec![0.0; stream.len()];
            for (layer, halves) in inputs.factors.iter().enumerate() {
                for (half, place) in halves.iter().enumerate() {
                    dropped(layer, half, &mut factors);
                    place.write_f32(&filled(&factors, batch, size, dim))?;
                }
            }
        }
        self.schedulers[0].compute()?;
        read(&inputs.streams[self.sizes.layers], batch, size, stream)?;
        check_finite(stream)?;
        self.batch.extend_from_slice(batch);
        Ok(())
    }

    /// After [`Self::forward`]: the derivative of the stream after the last block, (rows, dim),
    /// becomes that before the first, and `gradients` the derivatives of all numbers.
    ///
    /// # Errors
    /// When the device fails, or finds what is no number.
    pub fn back(&mut self, stream: &mut [f32], gradients: &mut [f32]) -> Result<()> {
        let Some((size, inputs)) = self.made.as_ref().filter(|_| !self.batch.is_empty()) else {
            return Err(Error::Training("there is no forward pass to go back from"));
        };
        let rows: usize = self.batch.iter().map(|sentence| sentence.tokens).sum();
        if gradients.len() != self.sizes.numbers() || stream.len() != rows * self.sizes.dim {
            return Err(Error::Training("the derivatives are those of other blocks"));
        }
        // A device may hold what it multiplies in half precision, in which the smallest would be
        // zeros. Whole powers of two change nothing else.
        let most = stream.iter().fold(0.0_f32, |most, x| most.max(x.abs()));
        let up = if most.is_normal() { most.log2().floor().exp2().recip() } else { 1.0 };
        stream.iter_mut().for_each(|x| *x *= up);
        inputs.gradient.write_f32(&filled(stream, &self.batch, *size, self.sizes.dim))?;
        self.schedulers[1].compute()?;
        read(&inputs.slope_out, &self.batch, *size, stream)?;
        self.numbers.gradients.read_f32(gradients)?;
        check_finite(stream)?;
        check_finite(gradients)?;
        let down = up.recip();
        stream.iter_mut().chain(gradients).for_each(|x| *x *= down);
        Ok(())
    }

    /// Makes both graphs for batches of a size.
    fn make(&mut self, size: Size) -> Result<()> {
        // What the graphs before these needed is free first.
        self.schedulers.iter_mut().for_each(Scheduler::clear);
        self.made = None;
        let inputs = Inputs::new(&self.sizes, size, self.device)?;
        for (scheduler, back) in self.schedulers.iter_mut().zip([false, true]) {
            let nodes = NODES_OF_BLOCK * self.sizes.layers;
            let context = Context::new(nodes, nodes)?;
            let graph = Graph::new(&context, nodes)?;
            let block = |layer| Block {
                graph: &context,
                into: &graph,
                sizes: &self.sizes,
                size,
                numbers: &self.numbers,
                inputs: &inputs,
                layer,
            };
            if back {
                add_back(&inputs, self.sizes.layers, block)?;
            } else {
                add_forward(&inputs, self.sizes.layers, block)?;
            }
            scheduler.take(graph)?;
            if scheduler.splits() != 1 {
                let what = "does not compute all that training needs";
                return Err(Error::unsupported(self.device, what));
            }
        }
        self.made = Some((size, inputs));
        Ok(())
    }
}

fn add_forward<'g>(
    inputs: &Inputs,
    layers: usize,
    block: impl Fn(usize) -> Block<'g>,
) -> Result<()> {
    let mut stream = inputs.streams[0].clone();
    for layer in 0..layers {
        let block = block(layer);
        let made = block.forward(&stream)?;
        // What follows takes the copy, so that nothing reads it before it is there.
        stream = block.graph.cpy(&made.stream, &inputs.streams[layer + 1])?;
        block.into.add(&stream)?;
    }
    Ok(())
}

fn add_back<'g>(inputs: &Inputs, layers: usize, block: impl Fn(usize) -> Block<'g>) -> Result<()> {
    let mut gradient = inputs.gradient.clone();
    for layer in (0..layers).rev() {
        let block = block(layer);
        gradient = block.back(&block.forward(&inputs.streams[layer])?, &gradient)?;
        block.into.add(&gradient)?;
        if layer == 0 {
            block.into.add(&block.graph.cpy(&gradient, &inputs.slope_out)?)?;
        }
    }
    Ok(())
}

impl fmt::Debug for Blocks {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let size = self.made.as_ref().map(|(size, _)| size);
        write!(f, "Blocks {{ {:?}, {:?}, {size:?} }}", self.device, self.sizes)
    }
}

/// Half precision ends at 65504, and what is no number would spoil all weights.
fn check_finite(numbers: &[f32]) -> Result<()> {
    if numbers.iter().all(|x| x.is_finite()) {
        return Ok(());
    }
    Err(Error::NotFinite)
}

/// The rows of sentences, each filled up with zeros.
fn filled(rows: &[f32], batch: &[Sentence], size: Size, dim: usize) -> Vec<f32> {
    let mut out = vec![0.0; size.rows() * dim];
    let mut rest = rows;
    for (sentence, out) in batch.iter().zip(out.chunks_exact_mut(size.tokens * dim)) {
        let (own, after) = rest.split_at(sentence.tokens * dim);
        out[..own.len()].copy_from_slice(own);
        rest = after;
    }
    out
}

/// The other way, from a tensor.
fn read(tensor: &Tensor, batch: &[Sentence], size: Size, rows: &mut [f32]) -> Result<()> {
    let [dim, ..] = tensor.shape();
    let mut all = vec![0.0; size.rows() * dim];
    tensor.read_f32(&mut all)?;
    let mut rest = rows;
    for (sentence, all) in batch.iter().zip(all.chunks_exact(size.tokens * dim)) {
        let (own, after) = rest.split_at_mut(sentence.tokens * dim);
        own.copy_from_slice(&all[..own.len()]);
        rest = after;
    }
    Ok(())
}
