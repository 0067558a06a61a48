//! What a pass finds in a device's memory beside the weights: keys and values, and its inputs.

use std::cell::RefCell;
use std::ops::Range;

use trine_infer::{Config, Model};

use super::options::{Activations, Kept, Options};
use super::plan::Homes;
use super::rotations::Rotations;
use super::weights::parts_max;
use crate::backend::{Context, Device, Error, Kind, Result, Tensor, Type};
use crate::round::magic;

/// Tensors of a block's keys and values, and of what a pass is given.
pub(super) const CACHE_OF_BLOCK: usize = 2;
pub(super) const INPUTS: usize = 15;
/// Rows of the embedding that are read before they are written.
const ROWS_TOGETHER: usize = 64;

/// Keys and values of all blocks.
#[derive(Debug)]
pub(super) struct Cache {
    blocks: Vec<Kv>,
    pub(super) is_half: bool,
    /// Whether single tokens too need them in single precision.
    pub(super) widen: bool,
}

/// Keys and values of a block.
#[derive(Debug)]
pub(super) struct Kv {
    /// (kv dim, context)
    pub(super) keys: Tensor,
    /// The same where attention is one operation, else (context, kv dim).
    pub(super) values: Tensor,
    /// Whether attention is one operation.
    pub(super) at_once: bool,
}

impl Cache {
    pub(super) fn new(config: &Config, homes: &Homes, options: &Options) -> Result<Self> {
        let contexts: Vec<Context> = homes
            .places
            .iter()
            .map(|_| Context::new(CACHE_OF_BLOCK * config.layers, 0))
            .collect::<Result<_>>()?;
        let kind = options.kv.kind();
        let is_exact = options.activations == Activations::Int8;
        let at_once = homes.places.iter().map(|home| {
            let is_own = home.layout.is_own();
            Ok(is_own || !is_exact && at_once(home.device, config, kind)?)
        });
        let at_once = at_once.collect::<Result<Vec<bool>>>()?;
        let mut blocks = Vec::new();
        for layer in 0..config.layers {
            let (context, _) = homes.of(&contexts, layer)?;
            let shape = [config.kv_dim(), options.context];
            let at_once = at_once.get(homes.place_of(layer)).copied().unwrap_or(false);
            let keys = context.tensor(kind, shape)?;
            let [kv_dim, positions] = shape;
            let values = if at_once { shape } else { [positions, kv_dim] };
            let values = context.tensor(kind, values)?;
            blocks.push(Kv { keys, values, at_once });
        }
        for (context, place) in contexts.iter().zip(&homes.places) {
            if place.is_used {
                context.allocate(place.device)?;
            }
        }
        let widen = homes.places.iter().any(|home| home.is_used && home.device.kind() == Kind::Cpu);
        Ok(Self { blocks, is_half: options.kv == Kept::F16, widen })
    }

    /// Keys and values of a block.
    pub(super) fn of(&self, layer: usize) -> Result<&Kv> {
        self.blocks.get(layer).ok_or(Error::Graph("a block without keys"))
    }
}

/// Whether a device has attention as one operation, for heads like these. It computes in half
/// precision where it has that, whatever it is asked for, so it is not for who wants the engine's
/// tokens. The processor's is left out: a model there is better off with the engine.
fn at_once(device: Device, config: &Config, kind: Type) -> Result<bool> {
    if device.kind() == Kind::Cpu {
        return Ok(false);
    }
    let (width, graph) = (config.head_width(), Context::new(8, 0)?);
    let queries = graph.tensor(Type::F32, [width, 1, config.heads])?;
    let of = || graph.tensor(kind, [width, 1, config.kv_heads]);
    let mask = graph.tensor(Type::F16, [1, 1])?;
    device.supports(&graph.attention([&queries, &of()?, &of()?, &mask], 1.0)?)
}

/// What a graph is made for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Shape {
    pub(super) tokens: usize,
    /// Positions that are looked at, of which masks hide some.
    pub(super) seen: usize,
    /// The block that it goes up to.
    pub(super) last: usize,
    /// Whether it ends with logits; else with the keys and values of the last block.
    pub(super) with_logits: bool,
    /// Whether the first blocks have prefix attention over a prompt.
    pub(super) is_whole: bool,
}

/// What tokens see, as our own backend is told: numbers, where others have masks.
#[derive(Debug)]
pub(super) struct Seen {
    /// Positions of the tokens, which is where their keys and values go: (tokens)
    pub(super) places: Tensor,
    /// How many positions each token sees: (tokens)
    pub(super) causal: Tensor,
    /// The same in blocks that have prefix attention over a prompt.
    whole: Tensor,
}

impl Seen {
    fn new(context: &Context, tokens: usize) -> Result<Self> {
        let numbers = || context.tensor(Type::I32, [tokens]);
        Ok(Self { places: numbers()?, causal: numbers()?, whole: numbers()? })
    }

    /// How many positions each token sees in a block.
    pub(super) const fn of(&self, is_whole: bool) -> &Tensor {
        if is_whole { &self.whole } else { &self.causal }
    }

    fn write(&self, positions: &Range<usize>, until: usize) -> Result<()> {
        self.places.write_whole(positions.clone())?;
        self.causal.write_whole(positions.start + 1..positions.end + 1)?;
        let whole = positions.clone().flat_map(|_| (until as u32).to_le_bytes());
        self.whole.write(0, &whole.collect::<Vec<_>>())
    }
}

/// What a pass is given, and what it answers.
#[derive(Debug)]
pub(super) struct Inputs {
    /// Rows of the embedding: (dim, tokens)
    pub(super) stream: Tensor,
    pub(super) rotations: Rotations,
    /// 0 where a token sees a position, else -∞, in half precision: (seen, tokens)
    pub(super) mask: Tensor,
    /// The same of blocks that have prefix attention over a prompt.
    pub(super) whole: Option<Tensor>,
    /// The same of the last one of several tokens alone: (seen, 1)
    pub(super) alone: Option<Tensor>,
    /// Where the keys go, and values that lie as they do: (tokens)
    pub(super) rows: Tensor,
    /// Where other values go, number by number: (kv dim * tokens). None where there are no others.
    pub(super) value_rows: Option<Tensor>,
    /// What our own backend takes in the place of masks and of where things go.
    pub(super) seen: Option<Seen>,
    /// 0, 1, 2 and so on: parts of a stack.
    pub(super) parts: Tensor,
    /// As many 127 as anyone needs.
    pub(super) ones: Tensor,
    /// What rounds a row: (columns at most, 2)
    pub(super) magic: Tensor,
    /// (vocab)
    pub(super) logits: Tensor,
    /// Rows of the embedding on their way: memory that is new costs more than they do.
    rows_read: RefCell<Vec<f32>>,
}

impl Inputs {
    /// Takes the memory that graphs of a shape need for them.
    pub(super) fn new(
        model: &Model<'_>,
        homes: &Homes,
        device: Device,
        shape: Shape,
        activations: Activations,
        cache: &Cache,
    ) -> Result<Self> {
        let config = model.config();
        let Shape { tokens, seen, is_whole, .. } = shape;
        let layouts = homes.places.iter().map(|home| home.layout);
        let columns = config.dim.max(config.ffn);
        let groups = layouts.map(|layout| layout.groups(columns)).max();
        // The head is rounded in blocks of 32 inputs at least.
        let ones = groups.unwrap_or(1).max(1) * tokens;
        let ones = ones.max(config.dim.div_ceil(32)).max(tokens);
        let context = Context::new(INPUTS, 0)?;
        let parts = parts_max(config);
        let numbers = Type::F32;
        let mask = || context.tensor(Type::F16, [seen, tokens]);
        let whole = is_whole.then(mask).transpose()?;
        let value_rows = cache.blocks.iter().any(|kept| !kept.at_once);
        let value_rows = value_rows.then(|| context.tensor(Type::I64, [config.kv_dim() * tokens]));
        let value_rows = value_rows.transpose()?;
        let inputs = Self {
            stream: context.tensor(numbers, [config.dim, tokens])?,
            rotations: Rotations::new(&context, model, activations, tokens)?,
            mask: mask()?,
            whole,
            alone: (tokens > 1).then(|| context.tensor(Type::F16, [seen, 1])).transpose()?,
            rows: context.tensor(Type::I64, [tokens])?,
            value_rows,
            seen: device.is_ternary().then(|| Seen::new(&context, tokens)).transpose()?,
            parts: context.tensor(Type::I32, [parts])?,
            ones: context.tensor(numbers, [ones])?,
            magic: context.tensor(numbers, [columns, 2])?,
            logits: context.tensor(numbers, [config.vocab])?,
            rows_read: RefCell::default(),
        };
        context.allocate(device)?;
        inputs.rotations.begin(model)?;
        inputs.magic.write_f32(&magic(columns))?;
        inputs.parts.write_whole(0..parts)?;
        inputs.ones.write_f32(&vec![127.0; ones])?;
        Ok(inputs)
    }

    /// Writes the rows of the embedding, some at a time: they are on their way to the device while
    /// the next are read.
    pub(super) fn embed(&self, model: &Model<'_>, tokens: &[u32]) -> Result<()> {
        let dim = model.config().dim;
        let mut rows = self.rows_read.borrow_mut();
        rows.resize(dim * tokens.len().min(ROWS_TOGETHER), 0.0);
        for (at, tokens) in tokens.chunks(ROWS_TOGETHER).enumerate() {
            for (row, token) in rows.chunks_exact_mut(dim).zip(tokens) {
                model.kernels().read(&model.weights().embedding, *token as usize, row)?;
            }
            let read = rows.get(..dim * tokens.len()).unwrap_or_default();
            self.stream.write_f32_from(dim * ROWS_TOGETHER * at, read)?;
        }
        Ok(())
    }

    /// Writes which of `seen` positions each token sees: those up to its own, and in blocks that
    /// have prefix attention over a prompt all of its `until`.
    pub(super) fn hide(&self, positions: Range<usize>, seen: usize, until: usize) -> Result<()> {
        // -∞ in half precision.
        const HIDDEN: [u8; 2] = 0xfc00_u16.to_le_bytes();
        if let Some(numbers) = &self.seen {
            return numbers.write(&positions, until);
        }
        let rows = |ends: &mut dyn Iterator<Item = usize>| {
            let mut bytes = Vec::new();
            for end in ends {
                let end = end.min(seen);
                bytes.resize(bytes.len() + 2 * end, 0);
                bytes.extend_from_slice(HIDDEN.repeat(seen - end).as_slice());
            }
            bytes
        };
        self.mask.write(0, &rows(&mut positions.clone().map(|position| position + 1)))?;
        if let Some(alone) = &self.alone {
            alone.write(0, &rows(&mut std::iter::once(positions.end)))?;
        }
        match &self.whole {
            Some(whole) => whole.write(0, &rows(&mut positions.map(|_| until))),
            None => Ok(()),
        }
    }

    /// Writes where keys and values go.
    pub(super) fn place(
        &self,
        positions: Range<usize>,
        config: &Config,
        context: usize,
    ) -> Result<()> {
        if self.seen.is_some() {
            return Ok(());
        }
        let bytes = |row: usize| (row as u64).to_le_bytes();
        self.rows.write(0, &positions.clone().flat_map(bytes).collect::<Vec<_>>())?;
        let Some(value_rows) = &self.value_rows else { return Ok(()) };
        // There are many: a prompt's are made row by row, with room for all of them.
        let mut all = Vec::with_capacity(8 * config.kv_dim() * positions.len());
        for position in positions {
            // Each number has a place for all positions.
            for number in 0..config.kv_dim() {
                all.extend_from_slice(&bytes(number * context + position));
            }
        }
        value_rows.write(0, &all)
    }
}
