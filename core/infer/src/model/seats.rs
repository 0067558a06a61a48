//! Where the tokens of a pass are: one after the other in one sequence, or each in a sequence of
//! its own choice.

use super::order::At;
use crate::config::Config;

/// The tokens of a pass.
#[derive(Debug)]
pub(crate) enum Seats<'p> {
    /// Those of the only sequence, from its position [`At::past`] on.
    Line,
    /// Each by itself.
    #[cfg(not(target_os = "none"))]
    Each(&'p mut [Seat]),
    /// No one: microcontrollers have one sequence.
    #[cfg(target_os = "none")]
    #[expect(dead_code, reason = "it names the lifetime, and cannot be made")]
    Each(core::convert::Infallible, core::marker::PhantomData<&'p ()>),
}

/// Where a token is.
#[cfg(not(target_os = "none"))]
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Seat {
    /// Its sequence.
    pub(crate) sequence: u32,
    /// Where positions of the sequence begin in the cache.
    pub(crate) base: u32,
    /// The position in the sequence.
    pub(crate) position: u32,
    /// 1 where its logits are wanted.
    pub(crate) ends: u32,
}

#[cfg(not(target_os = "none"))]
trine_arena::solid!(
    struct Seat {
        sequence: u32,
        base: u32,
        position: u32,
        ends: u32,
    }
);

impl Seats<'_> {
    /// Where positions of a token's sequence begin in the cache, and its position.
    #[inline(always)]
    pub(crate) fn place(&self, at: &At, token: usize) -> (usize, usize) {
        #[cfg(not(target_os = "none"))]
        if let Self::Each(seats) = self {
            let seat = seats.get(token).copied().unwrap_or_default();
            return (seat.base as usize, seat.position as usize);
        }
        (0, at.past + token)
    }

    /// How many positions a token attends to, from the first.
    #[inline(always)]
    pub(crate) fn seen(&self, at: &At, config: &Config, token: usize) -> usize {
        #[cfg(not(target_os = "none"))]
        if let Self::Each(_) = self {
            return self.place(at, token).1 + 1;
        }
        at.seen(config, token)
    }
}
