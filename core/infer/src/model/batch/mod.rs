//! Several sequences that one model reads at once: weights come from memory once for a token of
//! each.
//!
//! A pass takes tokens of any of them, one of those that write and many of those whose prompt is
//! read. What is computed of a sequence does not depend on the others: the numbers are those of a
//! [`DecodeSession`](super::DecodeSession) to the bit.

mod options;
mod sequence;

use core::ops::Range;

use trine_arena::Arena;
use trine_ternary::parallel::Parallel;

use super::forward::Pass;
use super::kv::{Cache, move_up};
use super::order::At;
use super::seats::{Seat, Seats};
use super::session::Step;
use super::state::{State, lay_out};
use super::{Model, rope};
use crate::config::Config;
use crate::error::Error;

pub use options::{BatchOptions, batch_arena_bytes};
use sequence::{Sequence, gap};

/// What a model reads of several sequences, in memory that the caller gave.
///
/// Positions are lent to sequences: a sequence is opened for a number of them, and closed when they
/// may go to another one.
///
/// ```
/// # let path = concat!(env!("CARGO_MANIFEST_DIR"), "/../../tests/golden/model/plain.trnm");
/// # let bytes = std::fs::read(path)?;
/// use trine_infer::image::Image;
/// use trine_infer::sample::likeliest;
/// use trine_infer::{BatchOptions, BatchSession, Layer, Model, Step, batch_arena_bytes};
/// use trine_ternary::{Kernels, parallel::Serial};
///
/// let image = Image::parse(&bytes)?;
/// let mut layers = vec![Layer::EMPTY; image.config().layers];
/// let model = Model::new(*image.config(), image.weights(&mut layers)?, Kernels::best())?;
/// let options = BatchOptions { positions: 24, batch: 8, ..BatchOptions::new(image.config(), 2) };
/// let mut memory = vec![0; batch_arena_bytes(image.config(), &options)? + 3];
/// let mut session = BatchSession::new(&model, &options, &mut memory)?;
/// let (one, other) = (session.open(12)?, session.open(12)?);
/// // The first tokens of both in one pass, then a token of each.
/// session.add(one, &[1, 5, 90], 8)?;
/// session.add(other, &[1, 7], 8)?;
/// while session.step(usize::MAX, &Serial) == Step::More {}
/// for sequence in [one, other] {
///     let next = session.logits(sequence).map(likeliest).ok_or("nothing was read")?;
///     session.add(sequence, &[next], 1)?;
/// }
/// while session.step(usize::MAX, &Serial) == Step::More {}
/// assert_eq!((session.tokens(one).len(), session.tokens(other).len()), (4, 3));
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Debug)]
pub struct BatchSession<'m, 'w> {
    model: Model<'w>,
    state: State<'m>,
    cache: Cache<'m>,
    sequences: &'m mut [Sequence],
    /// Where the tokens of the pass are; its first ones those that are read next.
    seats: &'m mut [Seat],
    /// Tokens of the pass that is under way, or that the next step begins.
    count: usize,
    at: Option<At>,
}

impl<'m, 'w> BatchSession<'m, 'w> {
    /// A session without sequences, in `memory`, of which [`batch_arena_bytes`] says the size.
    ///
    /// # Errors
    /// When the memory is too small, an option makes no sense, the model has prefix attention, or
    /// there are no rotary frequencies and the feature that computes them is not there.
    pub fn new(
        model: &Model<'w>,
        options: &BatchOptions,
        memory: &'m mut [u8],
    ) -> Result<Self, Error> {
        let config = model.config();
        let (sizes, shape) = options.sizes(config)?;
        let mut arena = Arena::new(memory);
        let sequences = arena.slice(options.sequences, Sequence::default());
        let seats = arena.slice(options.batch, Seat::default());
        let (state, cache) = lay_out(sizes, shape, model.kernels, arena)?;
        rope::fill(model, state.frequencies)?;
        Ok(Self { model: *model, state, cache, sequences, seats, count: 0, at: None })
    }

    /// The model.
    #[must_use]
    pub const fn model(&self) -> &Model<'w> {
        &self.model
    }

    /// How many sequences may be open at a time.
    #[must_use]
    pub const fn sequences(&self) -> usize {
        self.sequences.len()
    }

    /// Positions that there are for all of them.
    #[must_use]
    pub const fn positions(&self) -> usize {
        self.cache.context()
    }

    /// Opens a sequence with room for `room` tokens, and answers its number.
    ///
    /// # Errors
    /// [`Error::Full`] when as many are open as there may be, or no piece of the positions that is
    /// left is long enough; [`Error::Option`] when the model takes no sequence of that length.
    pub fn open(&mut self, room: usize) -> Result<usize, Error> {
        if room == 0 || room > self.model.config.context {
            return Err(Error::Option("a sequence has from 1 to context_length positions"));
        }
        let base = gap(self.sequences, room, self.positions()).ok_or(Error::Full)?;
        let free = self.sequences.iter().position(|one| one.room == 0).ok_or(Error::Full)?;
        let place = self.sequences.get_mut(free).ok_or(Error::Full)?;
        *place = Sequence::new(base, room);
        Ok(free)
    }

    /// Closes a sequence: its positions may go to another one, which may get its number. Nothing is
    /// done where there is no such sequence.
    ///
    /// # Errors
    /// While a pass is under way, or begun by [`Self::add`].
    pub fn close(&mut self, sequence: usize) -> Result<(), Error> {
        if self.count > 0 {
            return Err(Error::Busy);
        }
        if let Some(place) = self.sequences.get_mut(sequence) {
            *place = Sequence::default();
        }
        Ok(())
    }

    /// The sequence of a number, if it is open.
    fn sequence(&self, sequence: usize) -> Option<&Sequence> {
        self.sequences.get(sequence).filter(|one| one.room > 0)
    }

    /// The tokens that a sequence has; none where there is no such sequence.
    #[must_use]
    pub fn tokens(&self, sequence: usize) -> &[u32] {
        let read = self.sequence(sequence).map(Sequence::read);
        read.and_then(|read| self.state.tokens.get(read)).unwrap_or_default()
    }

    /// Positions that a sequence has room for; 0 where there is no such sequence.
    #[must_use]
    pub fn room(&self, sequence: usize) -> usize {
        self.sequence(sequence).map_or(0, |one| one.room as usize)
    }

    /// Where the logits of a sequence are, if it has any.
    fn logits_at(&self, sequence: usize) -> Option<Range<usize>> {
        let row = self.sequence(sequence)?.row.checked_sub(1)? as usize;
        let vocab = self.model.config.vocab;
        Some(row * vocab..(row + 1) * vocab)
    }

    /// The logits after the last token of a sequence, if the last pass took all that was added to
    /// it.
    #[must_use]
    pub fn logits(&self, sequence: usize) -> Option<&[f32]> {
        self.state.logits.get(self.logits_at(sequence)?)
    }

    /// The logits of a sequence to change, and its tokens so far, for [`Sampler::choose`].
    ///
    /// [`Sampler::choose`]: crate::sample::Sampler::choose
    pub fn choice(&mut self, sequence: usize) -> Option<(&mut [f32], &[u32])> {
        let (at, read) = (self.logits_at(sequence)?, self.sequence(sequence)?.read());
        Some((self.state.logits.get_mut(at)?, self.state.tokens.get(read)?))
    }

    /// How many more tokens the next pass takes.
    #[must_use]
    pub const fn left(&self) -> usize {
        if self.at.is_some() { 0 } else { self.seats.len() - self.count }
    }

    /// Adds the first of these tokens of a sequence to the next pass, as many as that takes and
    /// `most` at most, and answers how many those are. Only if it takes all of them, the sequence
    /// has logits then.
    ///
    /// # Errors
    /// While a pass is under way, when the sequence is part of the next pass already, is not open
    /// or has no room, or when a token is not in the vocabulary; then nothing is added.
    pub fn add(&mut self, sequence: usize, tokens: &[u32], most: usize) -> Result<usize, Error> {
        let one = *self.sequence(sequence).ok_or(Error::Option("there is no such sequence"))?;
        if self.at.is_some() || one.next > one.len {
            return Err(Error::Busy);
        }
        let room = (one.room - one.len) as usize;
        let count = tokens.len().min(most).min(self.left()).min(room);
        let taken = tokens.get(..count).unwrap_or_default();
        let vocab = self.model.config.vocab;
        if let Some(wrong) = taken.iter().find(|token| **token as usize >= vocab) {
            return Err(Error::Token(*wrong));
        }
        if room == 0 && !tokens.is_empty() {
            return Err(Error::Full);
        }
        let seats = self.seats.get_mut(self.count..self.count + count).unwrap_or_default();
        for (at, (seat, token)) in (0..).zip(seats.iter_mut().zip(taken)) {
            let position = one.len + at;
            let number = sequence as u32;
            *seat = Seat { sequence: number, base: one.base, position, ends: 0 };
            if let Some(place) = self.state.tokens.get_mut((one.base + position) as usize) {
                *place = *token;
            }
        }
        if let Some(last) = seats.last_mut() {
            last.ends = u32::from(count == tokens.len());
        }
        self.count += count;
        if let Some(place) = self.sequences.get_mut(sequence) {
            place.next += count as u32;
        }
        Ok(count)
    }

    /// Goes on with the pass, or begins the one that was added to: at most about `rows` rows of a
    /// matrix, as [`DecodeSession::step`](super::DecodeSession::step).
    pub fn step(&mut self, rows: usize, pool: &dyn Parallel) -> Step {
        if self.count == 0 {
            return Step::Done;
        }
        let config = self.model.config;
        let mut at = self.at.unwrap_or_else(|| self.begin());
        let units = at.units(&config);
        let end = at.done.saturating_add(at.stage.most(rows)).min(units);
        let Self { model, state, cache, seats, .. } = self;
        let seats = Seats::Each(seats);
        Pass { model, state, cache, pool, at, seats }.run(at.done..end);
        at.done = end;
        if end < units || at.advance(&config, self.count) {
            self.at = Some(at);
            return Step::More;
        }
        self.finish(&at);
        Step::Done
    }

    /// The first stage of the pass that was added to.
    fn begin(&mut self) -> At {
        let seats = self.seats.get(..self.count).unwrap_or_default();
        let ends = seats.iter().filter(|seat| seat.ends > 0).count();
        self.sequences.iter_mut().for_each(|one| one.row = 0);
        At::batch(&self.model.config, self.count, ends)
    }

    /// Takes note of what was read.
    fn finish(&mut self, at: &At) {
        for one in self.sequences.iter_mut() {
            one.len = one.next;
        }
        let ends = self.seats.get(..at.count).unwrap_or_default().iter().enumerate();
        for (row, seat) in ends.filter(|(_, seat)| seat.ends > 0) {
            if let Some(one) = self.sequences.get_mut(seat.sequence as usize) {
                one.row = row as u32 + 1;
            }
        }
        (self.at, self.count) = (None, 0);
    }

    /// Gives up the pass that is under way or was added to: sequences have the tokens that they had
    /// before, and those of a pass that was under way no logits.
    pub fn cancel(&mut self) {
        for one in self.sequences.iter_mut() {
            one.next = one.len;
        }
        (self.at, self.count) = (None, 0);
    }

    /// Forgets what a sequence has from position `len` on.
    ///
    /// # Errors
    /// While a pass is under way, or begun by [`Self::add`].
    pub fn truncate(&mut self, sequence: usize, len: usize) -> Result<(), Error> {
        if self.count > 0 {
            return Err(Error::Busy);
        }
        if let Some(one) = self.sequences.get_mut(sequence)
            && len < one.len as usize
        {
            *one = Sequence { len: len as u32, next: len as u32, row: 0, ..*one };
        }
        Ok(())
    }

    /// Gives an empty sequence the first `count` tokens of another one, with their keys and values:
    /// they need not be computed again.
    ///
    /// # Errors
    /// While a pass is under way, or begun by [`Self::add`]; when one is not open, the first has
    /// fewer tokens, or the second has some already or no room for `count`.
    pub fn share(&mut self, from: usize, to: usize, count: usize) -> Result<(), Error> {
        if self.count > 0 {
            return Err(Error::Busy);
        }
        let (Some(source), Some(target)) = (self.sequence(from), self.sequence(to)) else {
            return Err(Error::Option("there is no such sequence"));
        };
        if count > source.len as usize || count > target.room as usize || target.len > 0 {
            return Err(Error::Option("only an empty sequence shares what another one has read"));
        }
        let (source, target) = (source.base as usize, target.base as usize);
        self.cache.copy(source, target, count);
        for at in 0..count {
            let token = self.state.tokens.get(source + at).copied().unwrap_or(0);
            if let Some(place) = self.state.tokens.get_mut(target + at) {
                *place = token;
            }
        }
        if let Some(one) = self.sequences.get_mut(to) {
            (one.len, one.next) = (count as u32, count as u32);
        }
        Ok(())
    }
}

/// Puts the tokens that go on in the places of the first ones.
pub(super) fn gather(config: &Config, count: usize, state: &mut State<'_>, seats: &mut [Seat]) {
    let (dim, width) = (config.dim, config.head_width());
    let mut to = 0;
    for from in 0..count {
        let Some(seat) = seats.get(from).copied().filter(|seat| seat.ends > 0) else { continue };
        move_up(state.stream, from * dim..(from + 1) * dim, to * dim);
        move_up(state.rotations, from * width..(from + 1) * width, to * width);
        if let Some(place) = seats.get_mut(to) {
            *place = seat;
        }
        to += 1;
    }
}
