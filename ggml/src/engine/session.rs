//! A model on a device, and what it has read.

use trine_infer::model::rope_frequencies;
use trine_infer::{Config, KvKind, Model};
use trine_ternary::math;
use trine_ternary::parallel::Parallel;

use super::pass::{NODES_OF_BLOCK, NODES_OF_HEAD, Pass};
use super::plan::{Homes, Plan};
use super::weights::Weights;
use crate::backend::{
    Backend, Context, Device, Error, Graph, Kind, Result, Scheduler, Tensor, Type,
};

/// How a model is opened on a device.
#[derive(Clone, Copy, Debug)]
pub struct Options {
    /// Positions to keep.
    pub context: usize,
    /// Tokens that are computed together, at most.
    pub batch: usize,
    /// How keys and values are kept.
    pub kv: Kept,
    /// Threads of the processor, for what of the model is computed there.
    pub threads: usize,
    /// Bytes of the device's memory to use; what it says is free where none are given.
    pub memory: Option<usize>,
    /// Blocks to put on the device; as many as fit where nothing is said.
    pub layers: Option<usize>,
}

impl Options {
    /// As many positions as given, and the rest as is usual.
    #[must_use]
    pub const fn new(context: usize) -> Self {
        Self { context, batch: 128, kv: Kept::F16, threads: 1, memory: None, layers: None }
    }
}

/// How keys and values are kept on a device.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kept {
    /// Single precision.
    F32,
    /// Half precision.
    F16,
}

impl Kept {
    pub(super) const fn bytes(self) -> usize {
        match self {
            Self::F32 => 4,
            Self::F16 => 2,
        }
    }

    const fn kind(self) -> Type {
        match self {
            Self::F32 => Type::F32,
            Self::F16 => Type::F16,
        }
    }
}

impl TryFrom<KvKind> for Kept {
    type Error = Error;

    /// The same on a device.
    fn try_from(kind: KvKind) -> Result<Self> {
        match kind {
            KvKind::F32 => Ok(Self::F32),
            KvKind::F16 => Ok(Self::F16),
            _ => {
                Err(Error::new("a device keeps keys and values in f32 or f16: choose one of them"))
            }
        }
    }
}

/// Keys and values of all blocks.
#[derive(Debug)]
pub(super) struct Cache {
    /// Keys (width, context * kv heads) and values (context, kv dim) of each block.
    blocks: Vec<(Tensor, Tensor)>,
    pub(super) is_half: bool,
    /// Whether single tokens too need them in single precision.
    pub(super) widen: bool,
}

impl Cache {
    fn new(config: &Config, homes: &Homes, options: &Options) -> Result<Self> {
        let contexts: Vec<Context> = homes
            .places
            .iter()
            .map(|_| Context::new(2 * config.layers, 0))
            .collect::<Result<_>>()?;
        let (kind, kv_dim) = (options.kv.kind(), config.kv_dim());
        let mut blocks = Vec::new();
        for layer in 0..config.layers {
            let (context, _) = homes.of(&contexts, layer)?;
            let rows = options.context * config.kv_heads;
            let keys = context.tensor(kind, [config.head_width(), rows])?;
            blocks.push((keys, context.tensor(kind, [options.context, kv_dim])?));
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
    pub(super) fn of(&self, layer: usize) -> Result<(&Tensor, &Tensor)> {
        let found = self.blocks.get(layer).map(|(keys, values)| (keys, values));
        found.ok_or_else(|| Error::new("a block without keys"))
    }
}

/// What a pass is given, and what it answers.
#[derive(Debug)]
pub(super) struct Inputs {
    /// Rows of the embedding: (dim, tokens)
    pub(super) stream: Tensor,
    /// (width, 1, tokens)
    pub(super) cosines: Tensor,
    /// The same; those of the first half are negative.
    pub(super) sines: Tensor,
    /// 0 where a token sees a position, else -∞: (seen, tokens)
    pub(super) mask: Tensor,
    /// Where the keys go, head by head: (kv heads * tokens)
    pub(super) key_rows: Tensor,
    /// Where the values go, number by number: (kv dim * tokens)
    pub(super) value_rows: Tensor,
    /// As many 127 as anyone needs.
    pub(super) ones: Tensor,
    /// (vocab)
    pub(super) logits: Tensor,
}

/// What a graph is made for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Shape {
    tokens: usize,
    seen: usize,
    with_logits: bool,
}

/// Positions that a graph sees come in groups, so that one serves many tokens.
const SEEN_TOGETHER: usize = 64;

/// A model on a device, with keys and values of one text.
#[derive(Debug)]
pub struct Engine<'w> {
    model: Model<'w>,
    options: Options,
    plan: Plan,
    device: Device,
    frequencies: Vec<f32>,
    /// The graph that the scheduler has, and its inputs. Before what they point to.
    shape: Option<(Shape, Inputs)>,
    scheduler: Scheduler,
    cache: Cache,
    weights: Weights,
    homes: Homes,
    tokens: Vec<u32>,
    logits: Vec<f32>,
    has_logits: bool,
}

impl<'w> Engine<'w> {
    /// What of a model would lie where.
    ///
    /// # Errors
    /// When the device does not open or has too little memory, or the model is of a kind that is
    /// computed on the processor alone.
    pub fn plan(model: &Model<'w>, device: Device, options: &Options) -> Result<Plan> {
        Ok(Plan::new(model, &Homes::new(model, device, options)?, options))
    }

    /// Puts a model on a device. Threads of `pool` share the packing of its weights; `tell` is
    /// called with the plan before any memory is taken.
    ///
    /// # Errors
    /// As [`Self::plan`], and when the device gives no memory.
    pub fn open(
        model: &Model<'w>,
        device: Device,
        options: &Options,
        pool: &dyn Parallel,
        tell: impl FnOnce(&Plan),
    ) -> Result<Self> {
        let config = model.config();
        let options = Options {
            context: options.context.clamp(1, config.context),
            batch: options.batch.clamp(1, options.context.max(1)),
            ..*options
        };
        let homes = Homes::new(model, device, &options)?;
        let plan = Plan::new(model, &homes, &options);
        tell(&plan);
        let weights = Weights::upload(model, &homes, pool)?;
        let cache = Cache::new(config, &homes, &options)?;
        let backends = homes.places.iter().map(|home| Backend::open(home.device, options.threads));
        let scheduler = Scheduler::new(backends.collect::<Result<_>>()?, nodes(config))?;
        let mut frequencies = vec![0.0; config.head_width() / 2];
        match model.weights().frequencies {
            Some(listed) => frequencies = listed.iter().collect(),
            None => rope_frequencies(config.rope_base, config.head_width(), &mut frequencies),
        }
        let logits = vec![0.0; config.vocab];
        Ok(Self {
            model: *model,
            options,
            plan,
            device,
            frequencies,
            shape: None,
            scheduler,
            cache,
            weights,
            homes,
            tokens: Vec::new(),
            logits,
            has_logits: false,
        })
    }

    /// What lies where.
    #[must_use]
    pub const fn layout(&self) -> &Plan {
        &self.plan
    }

    /// The device.
    #[must_use]
    pub const fn device(&self) -> Device {
        self.device
    }

    /// The tokens that are read.
    #[must_use]
    pub fn tokens(&self) -> &[u32] {
        &self.tokens
    }

    /// Positions that there is room for.
    #[must_use]
    pub const fn context(&self) -> usize {
        self.options.context
    }

    /// The logits after the last token; `None` before the first, and after tokens were forgotten.
    #[must_use]
    pub fn logits(&self) -> Option<&[f32]> {
        self.has_logits.then_some(&*self.logits)
    }

    /// The logits to change, and the tokens so far, for a sampler.
    pub fn choice(&mut self) -> Option<(&mut [f32], &[u32])> {
        self.has_logits.then_some((&mut *self.logits, &*self.tokens))
    }

    /// Forgets what was read from position `len` on.
    pub fn truncate(&mut self, len: usize) {
        if len < self.tokens.len() {
            self.tokens.truncate(len);
            self.has_logits = false;
        }
    }

    /// Pieces that the last graph was cut into: one where one device computed all of it.
    #[must_use]
    pub fn splits(&self) -> usize {
        self.scheduler.splits()
    }

    /// Bytes that the device computes in now.
    #[must_use]
    pub fn work_bytes(&self) -> usize {
        let first = self.scheduler.backends().first();
        first.map_or(0, |backend| self.scheduler.bytes(backend))
    }

    /// Reads tokens after those that it has read, and computes the logits of what follows the last.
    ///
    /// # Errors
    /// When a token is none of the vocabulary or they do not fit, then nothing is read; when the
    /// device fails.
    pub fn read(&mut self, tokens: &[u32]) -> Result<()> {
        let vocab = self.model.config().vocab;
        if let Some(wrong) = tokens.iter().find(|token| **token as usize >= vocab) {
            return Err(Error::new(format!("{wrong} is no token of a vocabulary of {vocab}")));
        }
        let (read, context) = (self.tokens.len(), self.context());
        if tokens.len() > context - read {
            return Err(Error::new(format!(
                "{} tokens do not fit after {read} of {context} positions",
                tokens.len()
            )));
        }
        let mut rest = tokens;
        while !rest.is_empty() {
            let (now, after) = rest.split_at(rest.len().min(self.options.batch));
            self.pass(now, after.is_empty())?;
            rest = after;
        }
        Ok(())
    }

    fn pass(&mut self, tokens: &[u32], with_logits: bool) -> Result<()> {
        self.has_logits = false;
        let past = self.tokens.len();
        let seen = (past + tokens.len()).next_multiple_of(SEEN_TOGETHER).min(self.context());
        self.prepare(Shape { tokens: tokens.len(), seen, with_logits })?;
        let Some((_, inputs)) = &self.shape else { return Err(Error::new("there is no graph")) };
        self.fill(inputs, tokens, past, seen)?;
        self.scheduler.compute()?;
        if with_logits {
            inputs.logits.read_f32(&mut self.logits)?;
            self.has_logits = true;
        }
        self.tokens.extend(tokens);
        Ok(())
    }

    /// Sees to it that the scheduler has the graph of this shape.
    fn prepare(&mut self, shape: Shape) -> Result<()> {
        if self.shape.as_ref().is_some_and(|(known, _)| *known == shape) {
            return Ok(());
        }
        self.shape = None;
        let config = self.model.config();
        let inputs = self.inputs(shape)?;
        let graph = Context::new(2 * nodes(config), nodes(config))?;
        let into = Graph::new(&graph, nodes(config))?;
        let pass = Pass {
            graph: &graph,
            model: &self.model,
            weights: &self.weights,
            cache: &self.cache,
            inputs: &inputs,
            tokens: shape.tokens,
            seen: shape.seen,
        };
        pass.build(&into, shape.with_logits)?;
        self.scheduler.take(into)?;
        self.shape = Some((shape, inputs));
        Ok(())
    }

    fn inputs(&self, Shape { tokens, seen, .. }: Shape) -> Result<Inputs> {
        let config = self.model.config();
        let layouts = self.homes.places.iter().map(|home| home.layout);
        let groups = layouts.map(|layout| layout.groups(config.dim.max(config.ffn))).max();
        // The head is rounded in blocks of 32 inputs at least.
        let ones = groups.unwrap_or(1).max(1) * tokens;
        let ones = ones.max(config.dim.div_ceil(32)).max(tokens);
        let context = Context::new(8, 0)?;
        let (width, numbers) = (config.head_width(), Type::F32);
        let inputs = Inputs {
            stream: context.tensor(numbers, [config.dim, tokens])?,
            cosines: context.tensor(numbers, [width, 1, tokens])?,
            sines: context.tensor(numbers, [width, 1, tokens])?,
            mask: context.tensor(numbers, [seen, tokens])?,
            key_rows: context.tensor(Type::I64, [config.kv_heads * tokens])?,
            value_rows: context.tensor(Type::I64, [config.kv_dim() * tokens])?,
            ones: context.tensor(numbers, [ones])?,
            logits: context.tensor(numbers, [config.vocab])?,
        };
        context.allocate(self.device)?;
        inputs.ones.write_f32(&vec![127.0; ones])?;
        Ok(inputs)
    }

    /// Writes what a pass needs to know of its tokens.
    fn fill(&self, inputs: &Inputs, tokens: &[u32], past: usize, seen: usize) -> Result<()> {
        let config = self.model.config();
        let mut rows = vec![0.0; config.dim * tokens.len()];
        for (row, token) in rows.chunks_exact_mut(config.dim).zip(tokens) {
            let read = self.model.weights().embedding.read(*token as usize, row);
            read.map_err(|error| Error::new(error.to_string()))?;
        }
        inputs.stream.write_f32(&rows)?;
        let positions = past..past + tokens.len();
        let (mut cosines, mut sines, mut mask) = (Vec::new(), Vec::new(), Vec::new());
        for position in positions.clone() {
            let turn = |frequency: &f32| math::sin_cos(position as f32 * frequency);
            let turns: Vec<(f32, f32)> = self.frequencies.iter().map(turn).collect();
            cosines.extend(turns.iter().chain(&turns).map(|(_, cosine)| cosine));
            sines.extend(turns.iter().map(|(sine, _)| -sine));
            sines.extend(turns.iter().map(|(sine, _)| sine));
            let hidden = |at| if at <= position { 0.0 } else { f32::NEG_INFINITY };
            mask.extend((0..seen).map(hidden));
        }
        inputs.cosines.write_f32(&cosines)?;
        inputs.sines.write_f32(&sines)?;
        inputs.mask.write_f32(&mask)?;
        // Head by head, or number by number, each has a place for all positions.
        let rows = |count: usize| -> Vec<u8> {
            let context = self.context();
            let of = |position| (0..count).map(move |part| (part * context + position) as u64);
            positions.clone().flat_map(of).flat_map(u64::to_le_bytes).collect()
        };
        inputs.key_rows.write(0, &rows(config.kv_heads))?;
        inputs.value_rows.write(0, &rows(config.kv_dim()))
    }
}

/// Operations of a pass, at most.
const fn nodes(config: &Config) -> usize {
    NODES_OF_BLOCK * config.layers + NODES_OF_HEAD
}
