//! A sentence heard by the network: which tool it is for, and with which arguments.

mod alike;
mod arguments;
mod guess;
mod options;

pub use arguments::{ArgumentFault, Filled};
pub use guess::{Guess, REASON_NAMES, Reason};

use trine_ternary::Kernels;

use crate::net::{COLUMNS, DIM, Key, ROWS, Scratch, Vector};
use crate::rows::{COLUMNS_MAX, Row};
use crate::said::WORDS_MAX;
use crate::text::Grams;
use crate::tool::TOKENS_MAX;
use alike::{Alike, Best};

/// What hearing needs: memory of a fixed size, whatever the tools are.
#[derive(Debug)]
pub struct Workspace {
    /// The sentence: the whole, then its words.
    said: [Vector; ROWS],
    /// What each word asks of a tool.
    queries: [Query; WORDS_MAX],
    /// The sentence with a tool.
    both: [Vector; ROWS],
    /// The same with the best tool so far.
    best: [Vector; ROWS],
    keys: [Key; ROWS],
    scratch: Scratch,
    /// Each word's row, and one over its length.
    rows: [([i8; COLUMNS_MAX], f32); WORDS_MAX],
    grams: [Grams; WORDS_MAX],
    /// How alike the words and those of a tool are.
    alike: [[Alike; TOKENS_MAX]; WORDS_MAX],
    /// What each word finds in all tools.
    found: [Best; WORDS_MAX],
}

/// A row in 8 bits.
#[derive(Clone, Copy, Debug)]
struct Query {
    step: f32,
    codes: [i8; DIM],
}

impl Default for Workspace {
    fn default() -> Self {
        Self::new()
    }
}

impl Workspace {
    /// Memory, which is used for one sentence after the other. It computes with what every
    /// processor has; [`Self::with_kernels`] is faster on a host.
    #[must_use]
    #[expect(clippy::large_stack_arrays, reason = "what is built is what is kept")]
    pub const fn new() -> Self {
        Self {
            said: [[0.0; DIM]; ROWS],
            queries: [Query { step: 0.0, codes: [0; DIM] }; WORDS_MAX],
            both: [[0.0; DIM]; ROWS],
            best: [[0.0; DIM]; ROWS],
            keys: [[0.0; 2 * DIM]; ROWS],
            scratch: Scratch::new(),
            rows: [([0; COLUMNS_MAX], 0.0); WORDS_MAX],
            grams: [Grams::EMPTY; WORDS_MAX],
            alike: [[Alike::NONE; TOKENS_MAX]; WORDS_MAX],
            found: [Best::NONE; WORDS_MAX],
        }
    }

    /// Computes with these kernels, with the same results.
    pub const fn with_kernels(&mut self, kernels: Kernels) {
        self.scratch.kernels = kernels;
    }
}

/// A word's row as floats.
pub(crate) fn spread(row: &Row, out: &mut [f32; COLUMNS]) {
    let step = row.most / 127.0;
    out.iter_mut().zip(&row.codes).for_each(|(out, code)| *out = f32::from(*code) * step);
}
