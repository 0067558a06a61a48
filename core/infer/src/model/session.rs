//! A conversation: what the model has read, and the step-by-step way to make it read more.

use trine_ternary::parallel::{Parallel, Serial};

use super::forward::Pass;
use super::kv::{Cache, move_up};
use super::order::{At, End, Stage, StageKind};
use super::seats::Seats;
use super::state::{Options, State, carve};
use super::{Model, rope};
use crate::error::Error;

/// Whether there is more to do.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[must_use]
pub enum Step {
    /// Call again.
    More,
    /// Nothing is under way.
    Done,
}

/// What a model has read so far, in memory that the caller gave.
///
/// ```
/// # let path = concat!(env!("CARGO_MANIFEST_DIR"), "/../../tests/golden/model/plain.trnm");
/// # let bytes = std::fs::read(path)?;
/// use trine_infer::image::Image;
/// use trine_infer::sample::likeliest;
/// use trine_infer::{Layer, Model, Options, DecodeSession, arena_bytes};
/// use trine_ternary::{Kernels, parallel::Serial};
///
/// let image = Image::parse(&bytes)?;
/// let mut layers = vec![Layer::EMPTY; image.config().layers];
/// let model = Model::new(*image.config(), image.weights(&mut layers)?, Kernels::best())?;
/// let options = Options { context: 16, batch: 4, ..Options::new(image.config()) };
/// let mut memory = vec![0; arena_bytes(image.config(), &options)? + 3];
/// let mut session = DecodeSession::new(&model, &options, &mut memory)?;
/// session.read(&[1, 5, 90, 33, 2], &Serial)?;
/// let next = session.logits().map(likeliest).ok_or("nothing was read")?;
/// session.read(&[next], &Serial)?;
/// assert_eq!(session.tokens().len(), 6);
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Debug)]
pub struct DecodeSession<'m, 'w> {
    model: Model<'w>,
    state: State<'m>,
    cache: Cache<'m>,
    /// Positions that are read.
    len: usize,
    /// How many of the first of them saw each other whole.
    prefix_len: usize,
    at: Option<At>,
    /// What the last pass ended with, if nothing was forgotten since.
    has: End,
}

impl<'m, 'w> DecodeSession<'m, 'w> {
    /// An empty session in `memory`, of which [`arena_bytes`](super::arena_bytes) says the size.
    ///
    /// # Errors
    /// When the memory is too small, an option makes no sense, or there are no rotary frequencies
    /// and the feature that computes them is not there.
    pub fn new(model: &Model<'w>, options: &Options, memory: &'m mut [u8]) -> Result<Self, Error> {
        let config = model.config();
        let (state, cache) = carve(config, options, model.kernels, memory)?;
        rope::fill(model, state.frequencies)?;
        Ok(Self { model: *model, state, cache, len: 0, prefix_len: 0, at: None, has: End::KvOnly })
    }

    /// The model.
    #[must_use]
    pub const fn model(&self) -> &Model<'w> {
        &self.model
    }

    /// The tokens that are read.
    #[must_use]
    pub fn tokens(&self) -> &[u32] {
        self.state.tokens.get(..self.len).unwrap_or_default()
    }

    /// Positions that there is room for.
    #[must_use]
    pub const fn context(&self) -> usize {
        self.cache.context()
    }

    /// The logits after the last token: one for each token of the vocabulary. `None` before the
    /// first token, while a pass is under way and after tokens were forgotten at the end.
    #[must_use]
    pub fn logits(&self) -> Option<&[f32]> {
        (self.has == End::Logits).then_some(&*self.state.logits)
    }

    /// The logits, to change before a choice.
    pub fn logits_mut(&mut self) -> Option<&mut [f32]> {
        (self.has == End::Logits).then_some(&mut *self.state.logits)
    }

    /// Writes the logits of some tokens to `out`, after a pass that ended before the head
    /// ([`Self::begin_without_logits`]) or with all logits: the same numbers either way.
    ///
    /// # Errors
    /// While a pass is under way or before the first one, and when a token is not in the
    /// vocabulary or `out` is shorter than `tokens`.
    pub fn logits_of(
        &mut self,
        tokens: impl Iterator<Item = u32>,
        out: &mut [f32],
    ) -> Result<(), Error> {
        let nothing = Error::Option("there is no token to go on from");
        if self.at.is_some() || self.has == End::KvOnly {
            return Err(nothing);
        }
        let mut places = out.iter_mut();
        for token in tokens {
            let place = places.next().ok_or(Error::Option("logits need a place for each token"))?;
            *place = self.logit(token)?;
        }
        Ok(())
    }

    /// One logit.
    fn logit(&mut self, token: u32) -> Result<f32, Error> {
        let row = token as usize;
        if row >= self.model.config.vocab {
            return Err(Error::Token(token));
        }
        if self.has != End::Logits {
            let at = At::new(&self.model.config, self.len, 1, End::Logits);
            let at = At { stage: Stage::Head, ..at };
            self.pass(at, &Serial).run(row..row + 1);
        }
        self.state.logits.get(row).copied().ok_or(Error::Token(token))
    }

    /// The logits to change, and the tokens so far, for [`Sampler::choose`].
    ///
    /// [`Sampler::choose`]: crate::sample::Sampler::choose
    pub fn choice(&mut self) -> Option<(&mut [f32], &[u32])> {
        let tokens = self.state.tokens.get(..self.len).unwrap_or_default();
        (self.has == End::Logits).then_some((&mut *self.state.logits, tokens))
    }

    /// Takes the first of these tokens to be read by the next steps, as many as one pass takes,
    /// and answers how many those are. Only a pass that takes all of them ends with logits.
    ///
    /// # Errors
    /// When a pass is under way, there is no room for any token, or one is not in the vocabulary;
    /// then nothing is taken.
    pub fn begin(&mut self, tokens: &[u32]) -> Result<usize, Error> {
        self.begin_to(tokens, End::Logits)
    }

    /// As [`Self::begin`], but a pass that takes all of the tokens ends before the head: then
    /// [`Self::logits_of`] computes the logits of some tokens.
    ///
    /// # Errors
    /// As [`Self::begin`].
    pub fn begin_without_logits(&mut self, tokens: &[u32]) -> Result<usize, Error> {
        self.begin_to(tokens, End::Norm)
    }

    fn begin_to(&mut self, tokens: &[u32], end: End) -> Result<usize, Error> {
        if self.at.is_some() {
            return Err(Error::Busy);
        }
        let room = self.context() - self.len;
        let count = tokens.len().min(self.state.scales.len()).min(room);
        let taken = tokens.get(..count).unwrap_or_default();
        let vocab = self.model.config.vocab;
        if let Some(wrong) = taken.iter().find(|token| **token as usize >= vocab) {
            return Err(Error::Token(*wrong));
        }
        if tokens.is_empty() {
            return Ok(0);
        }
        let places = self.state.tokens.get_mut(self.len..self.len + count).unwrap_or_default();
        if places.is_empty() {
            return Err(Error::Full);
        }
        for (place, token) in places.iter_mut().zip(taken) {
            *place = *token;
        }
        self.has = End::KvOnly;
        let end = if count == tokens.len() { end } else { End::KvOnly };
        self.at = Some(At::new(&self.model.config, self.len, count, end));
        Ok(count)
    }

    /// Takes a prompt to be read by the next steps: all of it, since in the first blocks of some
    /// models its tokens see all of it ([`prefix_layers`](crate::Config::prefix_layers)). Those
    /// models take longer where it has more tokens than a pass takes, and so the more the more
    /// blocks do so. In the others this is the same as [`Self::begin`] for one pass after the
    /// other.
    ///
    /// # Errors
    /// When a pass is under way, something was read before, there is no room for all of the
    /// tokens, or one is not in the vocabulary; then nothing is taken.
    pub fn begin_prompt(&mut self, tokens: impl Iterator<Item = u32>) -> Result<(), Error> {
        self.begin_prompt_to(tokens, End::Logits)
    }

    /// As [`Self::begin_prompt`], but it ends before the head, as
    /// [`Self::begin_without_logits`] does.
    ///
    /// # Errors
    /// As [`Self::begin_prompt`].
    pub fn begin_prompt_without_logits(
        &mut self,
        tokens: impl Iterator<Item = u32>,
    ) -> Result<(), Error> {
        self.begin_prompt_to(tokens, End::Norm)
    }

    fn begin_prompt_to(
        &mut self,
        tokens: impl Iterator<Item = u32>,
        end: End,
    ) -> Result<(), Error> {
        if self.at.is_some() {
            return Err(Error::Busy);
        }
        if self.len > 0 {
            return Err(Error::Option("a prompt comes first: forget what was read before"));
        }
        let mut count = 0;
        for token in tokens {
            if token as usize >= self.model.config.vocab {
                return Err(Error::Token(token));
            }
            *self.state.tokens.get_mut(count).ok_or(Error::Full)? = token;
            count += 1;
        }
        if count > 0 {
            self.has = End::KvOnly;
            self.at = Some(At::prompt(&self.model.config, count, self.state.scales.len(), end));
        }
        Ok(())
    }

    const fn pass<'p>(&'p mut self, at: At, pool: &'p dyn Parallel) -> Pass<'p, 'm, 'w> {
        let Self { model, state, cache, .. } = self;
        Pass { model, state, cache, pool, at, seats: Seats::Line }
    }

    /// What the next step does, by its name and kind; `None` where nothing is under way. For those
    /// who measure: a step of `usize::MAX` rows does all of it, of one block.
    #[must_use]
    pub fn stage(&self) -> Option<(&'static str, StageKind)> {
        self.at.map(|at| (at.stage.name(), at.stage.kind()))
    }

    /// Goes on with the pass under way: at most about `rows` rows of a matrix, or as many tokens
    /// or heads where it is not at a matrix. Whatever `rows` is, the results are the same to the
    /// bit.
    pub fn step(&mut self, rows: usize, pool: &dyn Parallel) -> Step {
        let Some(mut at) = self.at else { return Step::Done };
        let units = at.units(&self.model.config);
        let end = at.done.saturating_add(at.stage.most(rows)).min(units);
        self.pass(at, pool).run(at.done..end);
        at.done = end;
        let (config, batch) = (&self.model.config, self.state.scales.len());
        if end < units || at.advance(config, batch) {
            self.at = Some(at);
            return Step::More;
        }
        self.at = None;
        if at.is_prompt && config.prefix_layers > 0 {
            self.prefix_len = at.until;
        }
        self.len = at.until;
        self.has = at.end;
        Step::Done
    }

    /// Reads all of these tokens, in as many passes as it takes.
    ///
    /// # Errors
    /// As [`Self::begin`]; the tokens before the one that it fails at are read.
    pub fn read(&mut self, tokens: &[u32], pool: &dyn Parallel) -> Result<(), Error> {
        self.read_to(tokens, End::Logits, pool)
    }

    /// As [`Self::read`], but the last pass ends before the head ([`Self::begin_without_logits`]).
    ///
    /// # Errors
    /// As [`Self::read`].
    pub fn read_without_logits(
        &mut self,
        tokens: &[u32],
        pool: &dyn Parallel,
    ) -> Result<(), Error> {
        self.read_to(tokens, End::Norm, pool)
    }

    fn read_to(&mut self, tokens: &[u32], end: End, pool: &dyn Parallel) -> Result<(), Error> {
        let mut rest = tokens;
        while !rest.is_empty() {
            let taken = self.begin_to(rest, end)?;
            while self.step(usize::MAX, pool) == Step::More {}
            rest = rest.get(taken..).unwrap_or_default();
        }
        Ok(())
    }

    /// Gives up what is under way, a pass or a prompt: the session is as it was before, but has no
    /// logits.
    pub fn cancel(&mut self) {
        self.at = None;
    }

    /// Forgets what was read from position `len` on.
    ///
    /// # Errors
    /// While a pass is under way, and when a part would be left of a prompt whose tokens saw all of
    /// it.
    pub fn truncate(&mut self, len: usize) -> Result<(), Error> {
        if self.at.is_some() {
            return Err(Error::Busy);
        }
        if len > 0 && len < self.prefix_len {
            let what = "a prompt with prefix attention is forgotten as one: all of it, or nothing";
            return Err(Error::Option(what));
        }
        if len < self.len {
            self.prefix_len = self.prefix_len.min(len);
            self.len = len;
            self.has = End::KvOnly;
        }
        Ok(())
    }

    /// Makes room by forgetting `count` tokens after the first `keep`: what comes after moves up,
    /// and its keys are turned back to their new positions. What the tokens that stay once saw
    /// of the forgotten ones stays in their keys and values.
    ///
    /// # Errors
    /// While a pass is under way, or when there are not so many tokens.
    pub fn shift(&mut self, keep: usize, count: usize) -> Result<(), Error> {
        if self.at.is_some() {
            return Err(Error::Busy);
        }
        let from = keep.checked_add(count).filter(|from| *from <= self.len);
        let from = from.ok_or(Error::Option("a shift cannot forget more tokens than were read"))?;
        let width = self.model.config.head_width();
        let rotation = self.state.rotations.get_mut(..width).unwrap_or_default();
        rope::angles(-(count as f32), self.state.frequencies, rotation);
        let row = self.state.wide.get_mut(..width).unwrap_or_default();
        let kernels = self.model.kernels;
        self.cache.shift(from..self.len, keep, row, |key| kernels.rotate(rotation, key));
        move_up(self.state.tokens, from..self.len, keep);
        self.len -= count;
        self.prefix_len -= self.prefix_len.min(from) - self.prefix_len.min(keep);
        Ok(())
    }
}
