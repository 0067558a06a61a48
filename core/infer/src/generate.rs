//! Reading a prompt and writing what follows, a step at a time.

use core::ops::ControlFlow;

use trine_ternary::parallel::Parallel;

use crate::error::Error;
use crate::model::{DecodeSession, Step};
use crate::sample::Choose;

/// What reads tokens and says what may follow: a [`DecodeSession`], or what computes elsewhere in
/// its place. Its functions mean what those of a session do.
pub trait LogitModel {
    /// Why it does not go on.
    type Error: From<Error>;

    /// Whether a prompt is to be begun whole where nothing was read before.
    fn has_prefix_attention(&self) -> bool;

    /// The tokens that are read.
    fn tokens(&self) -> &[u32];

    /// Positions that there is room for.
    fn context(&self) -> usize;

    /// The logits to change, and the tokens so far.
    fn choice(&mut self) -> Option<(&mut [f32], &[u32])>;

    /// Takes the first of these tokens to be read by the next steps, and answers how many.
    ///
    /// # Errors
    /// As [`DecodeSession::begin`].
    fn begin(&mut self, tokens: &[u32]) -> Result<usize, Self::Error>;

    /// Takes a prompt to be read by the next steps, and answers how many tokens it has; none where
    /// there is no room for all of it.
    ///
    /// # Errors
    /// As [`DecodeSession::begin_prompt`].
    fn begin_prompt(&mut self, prompt: &[u32]) -> Result<usize, Self::Error>;

    /// Goes on with what was begun.
    ///
    /// # Errors
    /// When it cannot; a session always can.
    fn step(&mut self, rows: usize, pool: &dyn Parallel) -> Result<Step, Self::Error>;

    /// Gives up what was begun.
    fn cancel(&mut self);

    /// Makes room by forgetting `count` tokens after the first `keep`.
    ///
    /// # Errors
    /// As [`DecodeSession::shift`].
    fn shift(&mut self, keep: usize, count: usize) -> Result<(), Self::Error>;
}

impl LogitModel for DecodeSession<'_, '_> {
    type Error = Error;

    fn has_prefix_attention(&self) -> bool {
        self.model().config().prefix_layers > 0
    }

    fn tokens(&self) -> &[u32] {
        self.tokens()
    }

    fn context(&self) -> usize {
        self.context()
    }

    fn choice(&mut self) -> Option<(&mut [f32], &[u32])> {
        self.choice()
    }

    fn begin(&mut self, tokens: &[u32]) -> Result<usize, Error> {
        self.begin(tokens)
    }

    fn begin_prompt(&mut self, prompt: &[u32]) -> Result<usize, Error> {
        match self.begin_prompt(prompt.iter().copied()) {
            Ok(()) => Ok(prompt.len()),
            Err(Error::Full) => Ok(0),
            Err(error) => Err(error),
        }
    }

    fn step(&mut self, rows: usize, pool: &dyn Parallel) -> Result<Step, Error> {
        Ok(self.step(rows, pool))
    }

    fn cancel(&mut self) {
        self.cancel();
    }

    fn shift(&mut self, keep: usize, count: usize) -> Result<(), Error> {
        self.shift(keep, count)
    }
}

/// What a step of a generation came to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[must_use]
pub enum Event {
    /// Call again.
    More,
    /// The next token. It is read by the next steps.
    Token(u32),
    /// Nothing follows.
    End(End),
}

/// Why a generation ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum End {
    /// The model chose this token, at which it is to stop.
    Stop(u32),
    /// As many tokens as were asked for were written.
    Limit,
    /// The context is full, and nothing was said about a shift.
    Full,
    /// The one who was handed the tokens wants no more.
    Cancelled,
}

/// A prompt that is read and a text that is written.
///
/// It holds no memory of its own: reader and sampler are lent to each step.
#[derive(Clone, Debug)]
pub struct Generation<'t> {
    prompt: &'t [u32],
    stop: &'t [u32],
    left: usize,
    keep: Option<usize>,
    next: Option<u32>,
    end: Option<End>,
}

impl<'t> Generation<'t> {
    /// Reads `prompt` after what the session has read, then writes at most `tokens` tokens, and
    /// ends at any of `stop`.
    #[must_use]
    pub const fn new(prompt: &'t [u32], tokens: usize, stop: &'t [u32]) -> Self {
        Self { prompt, stop, left: tokens, keep: None, next: None, end: None }
    }

    /// When the context is full, forgets the older half of what comes after the first `keep`
    /// tokens and goes on ([`DecodeSession::shift`]).
    #[must_use]
    pub const fn shifting(mut self, keep: usize) -> Self {
        self.keep = Some(keep);
        self
    }

    /// Goes on, at most about `rows` rows of a matrix ([`DecodeSession::step`]).
    ///
    /// # Errors
    /// When the prompt has a token that is not in the vocabulary, or there is nothing to go on
    /// from: an empty prompt in a session without logits; when the reader does not go on.
    pub fn step<R: LogitModel>(
        &mut self,
        session: &mut R,
        sampler: &mut impl Choose,
        rows: usize,
        pool: &dyn Parallel,
    ) -> Result<Event, R::Error> {
        if let Some(end) = self.end {
            return Ok(Event::End(end));
        }
        if session.step(rows, pool)? == Step::More {
            return Ok(Event::More);
        }
        if let Some(token) = self.next {
            return match self.begin(session, &[token])? {
                0 => Ok(self.finish(End::Full)),
                _ => {
                    self.next = None;
                    Ok(Event::More)
                }
            };
        }
        if !self.prompt.is_empty() {
            let taken = self.begin_prompt(session)?;
            self.prompt = self.prompt.get(taken..).unwrap_or_default();
            return Ok(if taken == 0 { self.finish(End::Full) } else { Event::More });
        }
        if self.left == 0 {
            return Ok(self.finish(End::Limit));
        }
        let nothing = Error::Option("there is no prompt to go on from");
        let (logits, recent) = session.choice().ok_or(R::Error::from(nothing))?;
        let token = sampler.choose(logits, recent);
        if self.stop.contains(&token) {
            return Ok(self.finish(End::Stop(token)));
        }
        self.left -= 1;
        self.next = (self.left > 0).then_some(token);
        Ok(Event::Token(token))
    }

    /// Writes to the end, and hands each token to `each`, which may break it off.
    ///
    /// # Errors
    /// As [`Self::step`].
    pub fn run<R: LogitModel>(
        &mut self,
        session: &mut R,
        sampler: &mut impl Choose,
        pool: &dyn Parallel,
        mut each: impl FnMut(u32) -> ControlFlow<()>,
    ) -> Result<End, R::Error> {
        loop {
            match self.step(session, sampler, usize::MAX, pool)? {
                Event::More => {}
                Event::End(end) => return Ok(end),
                Event::Token(token) => {
                    if each(token).is_break() {
                        session.cancel();
                        self.end = Some(End::Cancelled);
                        return Ok(End::Cancelled);
                    }
                }
            }
        }
    }

    /// Begins to read the prompt, whole where the model wants to see it so and nothing was read
    /// before; answers how many tokens it takes, none when there is no room.
    fn begin_prompt<R: LogitModel>(&self, session: &mut R) -> Result<usize, R::Error> {
        if session.has_prefix_attention() && session.tokens().is_empty() {
            return session.begin_prompt(self.prompt);
        }
        self.begin(session, self.prompt)
    }

    /// Begins to read, after a shift where the context is full; answers how many tokens it takes,
    /// none when there is no room.
    fn begin<R: LogitModel>(&self, session: &mut R, tokens: &[u32]) -> Result<usize, R::Error> {
        if session.tokens().len() == session.context() {
            let Some(keep) = self.keep else { return Ok(0) };
            let movable = session.context().saturating_sub(keep);
            if movable == 0 {
                return Ok(0);
            }
            session.shift(keep, movable.div_ceil(2))?;
        }
        session.begin(tokens)
    }

    const fn finish(&mut self, end: End) -> Event {
        self.end = Some(end);
        Event::End(end)
    }
}
