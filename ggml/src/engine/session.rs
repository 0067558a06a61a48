//! A model on a device, and what it has read.

use trine_infer::model::rope_frequencies;
use trine_infer::{Config, Model};
use trine_ternary::parallel::Parallel;

use super::memory::{CACHE_OF_BLOCK, Cache, INPUTS, Inputs, Shape};
use super::options::Options;
use super::pass::{NODES_OF_BLOCK, NODES_OF_HEAD, Pass};
use super::plan::{Homes, Plan};
use super::smoke_test::smoke_test;
use super::weights::{self, Weights};
use crate::backend::{Backend, Context, Device, Error, Graph, Result, Scheduler};

/// Tokens of a pass, and how far they go.
#[derive(Clone, Copy, Debug)]
struct TokenRange<'t> {
    tokens: &'t [u32],
    /// Positions before the first of them.
    past: usize,
    /// The block that they go up to.
    last: usize,
    /// Whether their logits are wanted; else the keys and values of the last block alone.
    with_logits: bool,
    /// Positions of a prompt that the first blocks see whole.
    whole: Option<usize>,
}

/// A scheduler, and the shape and the inputs of the graph that it has.
#[derive(Debug)]
struct Prepared {
    shape: Option<(Shape, Inputs)>,
    scheduler: Scheduler,
}

/// Positions that a graph sees come in groups, so that one serves many tokens.
const SEEN_TOGETHER: usize = 64;

/// Tensors that a pass finds: those of a block, and of all else.
const FOUND_OF_BLOCK: usize = weights::OF_BLOCK + CACHE_OF_BLOCK;
const FOUND_OF_REST: usize = weights::PIECES_MAX + 1 + INPUTS;

/// A model on a device, with keys and values of one text.
#[derive(Debug)]
pub struct GgmlEngine<'w> {
    model: Model<'w>,
    options: Options,
    plan: Plan,
    device: Device,
    frequencies: Vec<f32>,
    /// The graphs of several tokens and of one, each kept while the other is computed. Before what
    /// they point to.
    passes: Box<[Prepared; 2]>,
    /// Whether the last one was of one token.
    was_one: bool,
    cache: Cache,
    weights: Weights,
    homes: Homes,
    tokens: Vec<u32>,
    /// How many of the first of them saw each other whole.
    prefix_len: usize,
    logits: Vec<f32>,
    has_logits: bool,
}

impl<'w> GgmlEngine<'w> {
    /// What of a model would lie where.
    ///
    /// # Errors
    /// When the device does not open or has too little memory.
    pub fn plan(model: &Model<'w>, device: Device, options: &Options) -> Result<Plan> {
        Ok(Plan::new(model, &Homes::new(model, device, options)?, options))
    }

    /// Puts a model on a device that computes a part of it as the processor does. Threads of `pool`
    /// share the packing of its weights; `tell` is called with the plan before memory is taken for
    /// all of it.
    ///
    /// # Errors
    /// As [`Self::plan`], when the part comes to something else there, and when the device gives no
    /// memory.
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
        smoke_test(model, device, &homes, &options, pool)?;
        Self::open_at(model, device, homes, options, pool, tell)
    }

    /// The same where homes are known.
    pub(super) fn open_at(
        model: &Model<'w>,
        device: Device,
        homes: Homes,
        options: Options,
        pool: &dyn Parallel,
        tell: impl FnOnce(&Plan),
    ) -> Result<Self> {
        let config = model.config();
        let plan = Plan::new(model, &homes, &options);
        tell(&plan);
        let weights = Weights::upload(model, &homes, options.activations, pool)?;
        let cache = Cache::new(config, &homes, &options)?;
        let backends = homes.places.iter().map(|home| Backend::open(home.device, options.threads));
        let scheduler = Scheduler::new(backends.collect::<Result<_>>()?, tensors(config))?;
        let mut frequencies = vec![0.0; config.head_width() / 2];
        match model.weights().frequencies {
            Some(listed) => frequencies = listed.iter().collect(),
            None => rope_frequencies(config.rope_base, config.head_width(), &mut frequencies),
        }
        let passes = [scheduler.beside()?, scheduler];
        let passes = passes.map(|scheduler| Prepared { shape: None, scheduler });
        let logits = vec![0.0; config.vocab];
        Ok(Self {
            model: *model,
            options,
            plan,
            device,
            frequencies,
            passes: Box::new(passes),
            was_one: false,
            cache,
            weights,
            homes,
            tokens: Vec::new(),
            prefix_len: 0,
            logits,
            has_logits: false,
        })
    }

    /// Whether its first blocks have prefix attention over a prompt.
    #[must_use]
    pub const fn has_prefix_attention(&self) -> bool {
        self.model.config().prefix_layers > 0
    }

    /// Tokens that are computed together, at most.
    #[must_use]
    pub const fn batch(&self) -> usize {
        self.options.batch
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
    ///
    /// # Errors
    /// When a part would be left of a prompt whose tokens saw all of it.
    pub fn truncate(&mut self, len: usize) -> Result<()> {
        if len > 0 && len < self.prefix_len {
            return Err(Error::PromptSplit);
        }
        if len < self.tokens.len() {
            self.prefix_len = self.prefix_len.min(len);
            self.tokens.truncate(len);
            self.has_logits = false;
        }
        Ok(())
    }

    /// Pieces that the last graph was cut into: one where one device computed all of it.
    #[must_use]
    pub fn splits(&self) -> usize {
        self.latest().scheduler.splits()
    }

    /// Bytes that the device computes in now.
    #[must_use]
    pub fn work_bytes(&self) -> usize {
        let bytes = |Prepared { scheduler, .. }: &Prepared| {
            scheduler.backends().first().map_or(0, |backend| scheduler.bytes(backend))
        };
        self.passes.iter().map(bytes).sum()
    }

    const fn latest(&self) -> &Prepared {
        let [several, one] = &*self.passes;
        if self.was_one { one } else { several }
    }

    /// Reads tokens after those that it has read, and computes the logits of what follows the last.
    ///
    /// # Errors
    /// When a token is none of the vocabulary or they do not fit, then nothing is read; when the
    /// device fails.
    pub fn read(&mut self, tokens: &[u32]) -> Result<()> {
        self.read_to(tokens, true)
    }

    /// As [`Self::read`], but computes no logits: for tokens that others follow.
    ///
    /// # Errors
    /// As [`Self::read`].
    pub fn read_without_logits(&mut self, tokens: &[u32]) -> Result<()> {
        self.read_to(tokens, false)
    }

    fn read_to(&mut self, tokens: &[u32], with_logits: bool) -> Result<()> {
        self.check(tokens)?;
        let last = self.model.config().layers - 1;
        let mut rest = tokens;
        while !rest.is_empty() {
            let (tokens, after) = rest.split_at(rest.len().min(self.options.batch));
            let with_logits = with_logits && after.is_empty();
            let past = self.tokens.len();
            self.pass(TokenRange { tokens, past, last, with_logits, whole: None })?;
            self.tokens.extend(tokens);
            rest = after;
        }
        Ok(())
    }

    /// Reads a prompt, which the first blocks of some models see whole
    /// ([`Config::whole`]). Where it has more tokens than are computed together, it goes through
    /// these blocks again and again, up to the keys and values of one more each time, as in our own
    /// engine. In other models it is the same as [`Self::read`].
    ///
    /// # Errors
    /// As [`Self::read`], and when something was read before; then the prompt is not read.
    pub fn read_prompt(&mut self, prompt: &[u32]) -> Result<()> {
        if !self.tokens.is_empty() {
            return Err(Error::PromptLate);
        }
        let Config { prefix_layers: whole, layers, .. } = *self.model.config();
        if whole == 0 || prompt.is_empty() {
            return self.read(prompt);
        }
        self.check(prompt)?;
        let (end, until) = (layers - 1, prompt.len());
        let again = if until > self.options.batch { whole.min(end) } else { 0 };
        for last in (0..again).chain([end]) {
            let mut past = 0;
            for tokens in prompt.chunks(self.options.batch) {
                let with_logits = last == end && past + tokens.len() == until;
                self.pass(TokenRange { tokens, past, last, with_logits, whole: Some(until) })?;
                past += tokens.len();
            }
        }
        self.tokens.extend(prompt);
        self.prefix_len = until;
        Ok(())
    }

    /// Whether these tokens can be read.
    fn check(&self, tokens: &[u32]) -> Result<()> {
        let vocab = self.model.config().vocab;
        if let Some(token) = tokens.iter().find(|token| **token as usize >= vocab) {
            return Err(Error::Token { token: *token, vocab });
        }
        let (read, context) = (self.tokens.len(), self.context());
        if tokens.len() > context - read {
            return Err(Error::Context { tokens: tokens.len(), read, context });
        }
        Ok(())
    }

    /// Operations of the last graph, and all its tensors.
    #[cfg(test)]
    pub(super) fn size(&self) -> (usize, usize) {
        let scheduler = &self.latest().scheduler;
        (scheduler.operations(), scheduler.reachable())
    }

    fn pass(&mut self, stretch: TokenRange<'_>) -> Result<()> {
        self.has_logits = false;
        let TokenRange { tokens, past, last, with_logits, whole } = stretch;
        let (context, positions) = (self.context(), past..past + tokens.len());
        let until = whole.unwrap_or(positions.end);
        // Our own backend is told how far tokens see in numbers: one graph serves all positions.
        let is_own = self.device.is_ternary();
        let seen = if is_own { 1 } else { until.next_multiple_of(SEEN_TOGETHER).min(context) };
        let is_whole = whole.is_some();
        self.prepare(Shape { tokens: tokens.len(), seen, last, with_logits, is_whole })?;
        let Prepared { shape: Some((_, inputs)), scheduler } = of(&mut self.passes, tokens.len())
        else {
            return Err(Error::Graph("there is no graph"));
        };
        inputs.embed(&self.model, tokens)?;
        inputs.rotations.write(positions.clone(), &self.frequencies)?;
        inputs.hide(positions.clone(), seen, until)?;
        inputs.place(positions, self.model.config(), context)?;
        scheduler.compute()?;
        if with_logits {
            inputs.logits.read_f32(&mut self.logits)?;
            self.has_logits = true;
        }
        Ok(())
    }

    /// Sees to it that the scheduler of so many tokens has the graph of this shape.
    fn prepare(&mut self, shape: Shape) -> Result<()> {
        self.was_one = shape.tokens == 1;
        let own = of(&mut self.passes, shape.tokens);
        if own.shape.as_ref().is_some_and(|(known, _)| *known == shape) {
            return Ok(());
        }
        own.shape = None;
        let config = self.model.config();
        let activations = self.options.activations;
        let (homes, cache) = (&self.homes, &self.cache);
        let inputs = Inputs::new(&self.model, homes, self.device, shape, activations, cache)?;
        let graph = Context::new(nodes(config), nodes(config))?;
        let into = Graph::new(&graph, nodes(config))?;
        let pass = Pass {
            graph: &graph,
            into: &into,
            model: &self.model,
            weights: &self.weights,
            cache: &self.cache,
            inputs: &inputs,
            shape,
            activations,
        };
        if self.device.is_ternary() {
            pass.build_own()?;
        } else {
            pass.build()?;
        }
        own.scheduler.take(into)?;
        own.shape = Some((shape, inputs));
        Ok(())
    }
}

/// What computes so many tokens.
const fn of([several, one]: &mut [Prepared; 2], tokens: usize) -> &mut Prepared {
    if tokens == 1 { one } else { several }
}

/// Operations of a pass, at most.
const fn nodes(config: &Config) -> usize {
    NODES_OF_BLOCK * config.layers + NODES_OF_HEAD
}

/// The same, and what they find: weights, keys and values, and inputs.
const fn tensors(config: &Config) -> usize {
    nodes(config) + FOUND_OF_BLOCK * config.layers + FOUND_OF_REST
}
