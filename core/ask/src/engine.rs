//! What computes the logits.

use trine_infer::{DecodeSession, Error, Step};
use trine_ternary::parallel::Parallel;

/// A model that reads tokens and says how likely some of the next ones are.
pub trait DecodeEngine {
    /// Why it could not.
    type Error;

    /// Forgets everything that was read, and takes a prompt, all of it, to be read by the next
    /// steps: the sentence with what ends it, at least one token and no more than there is room
    /// for. Some models see it whole before they go on.
    ///
    /// # Errors
    /// When a token is not in the vocabulary, or there is no room for all of them.
    fn begin_prompt(&mut self, tokens: &[u16]) -> Result<(), Self::Error>;

    /// Takes the first of these tokens, at least one, to be read by the next steps; answers how
    /// many, 0 when there is no room for any.
    ///
    /// # Errors
    /// When a token is not in the vocabulary, or the last ones are not yet read.
    fn begin(&mut self, tokens: &[u16]) -> Result<usize, Self::Error>;

    /// Goes on reading, at most about `rows` rows of a matrix; answers whether there is more to do.
    ///
    /// # Errors
    /// When reading failed.
    fn step(&mut self, rows: usize) -> Result<bool, Self::Error>;

    /// The logits of these tokens, after what was read last.
    ///
    /// # Errors
    /// When a token is not in the vocabulary, or nothing was read.
    fn logits(&mut self, tokens: &[u16], out: &mut [f32]) -> Result<(), Self::Error>;

    /// Tokens that there is room for in all.
    fn room(&self) -> usize;
}

/// A session of the inference engine, and the threads that it may use.
#[expect(missing_debug_implementations, reason = "threads are behind a trait")]
pub struct SessionEngine<'s, 'm, 'w> {
    /// The session.
    pub session: &'s mut DecodeSession<'m, 'w>,
    /// The threads.
    pub pool: &'s dyn Parallel,
}

/// Tokens that are handed over at a time; a pass takes fewer where the session has no room for so
/// many at once.
const TOGETHER: usize = 32;

impl DecodeEngine for SessionEngine<'_, '_, '_> {
    type Error = Error;

    fn begin_prompt(&mut self, tokens: &[u16]) -> Result<(), Error> {
        self.session.cancel();
        self.session.truncate(0)?;
        self.session.begin_prompt_without_logits(tokens.iter().map(|token| (*token).into()))
    }

    fn begin(&mut self, tokens: &[u16]) -> Result<usize, Error> {
        let mut wide = [0; TOGETHER];
        let count = tokens.len().min(TOGETHER);
        wide.iter_mut().zip(tokens).for_each(|(wide, token)| *wide = (*token).into());
        match self.session.begin_without_logits(wide.get(..count).unwrap_or_default()) {
            Err(Error::Full) => Ok(0),
            taken => taken,
        }
    }

    fn step(&mut self, rows: usize) -> Result<bool, Error> {
        Ok(self.session.step(rows, self.pool) == Step::More)
    }

    fn logits(&mut self, tokens: &[u16], out: &mut [f32]) -> Result<(), Error> {
        let each = tokens.iter().map(|token| u32::from(*token));
        self.session.logits_of(each, out)
    }

    fn room(&self) -> usize {
        self.session.context()
    }
}
