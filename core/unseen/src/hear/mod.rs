//! A sentence heard by the network: which tool it is for, and with which arguments.

mod alike;
mod arguments;
mod guess;
mod options;
mod texts;
mod together;

pub use arguments::{ArgumentFault, Filled, Given};
pub(crate) use arguments::{fits, lacking};
pub use guess::{Guess, REASON_NAMES, Reason, Steps};
pub use texts::CUT;

use trine_ternary::Kernels;

use crate::net::{COLUMNS, DIM, Key, ROWS, Scratch, Vector};
use crate::rows::{COLUMNS_MAX, Meaning, Row};
use crate::said::WORDS_MAX;
use crate::text::Grams;
use crate::tool::TOKENS_MAX;
use alike::{Alike, Best, Nearest};
use guess::Likeliest;

/// What hearing needs: memory of a fixed size, whatever the tools are.
#[derive(Debug)]
pub struct Workspace {
    /// The sentence: the whole, then its words. Later what its words ask of options.
    said: [Vector; ROWS],
    /// What each word asks of a tool.
    queries: [Query; WORDS_MAX],
    /// The sentence with a tool; in the end with the best one.
    both: [Vector; ROWS],
    keys: [Key; ROWS],
    scratch: Scratch,
    /// Each word's row, and one over its length.
    rows: [([i8; COLUMNS_MAX], f32); WORDS_MAX],
    grams: [Grams; WORDS_MAX],
    /// How alike the words and those of a tool are.
    alike: [[Alike; TOKENS_MAX]; WORDS_MAX],
    /// What each word finds in all tools.
    found: [Best; WORDS_MAX],
    /// What the sentence means.
    meaning: Meaning,
    /// How near that is to the tool that is nearest, which it is, and to the next.
    nearest: Nearest,
    /// What the last whole sentence was likeliest for.
    likeliest: Likeliest,
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
    #[expect(clippy::large_const_arrays, reason = "a static would be copied from")]
    pub const fn new() -> Self {
        // All are zeros: as constants, they are made where they are to lie, and not on the stack.
        const ROW: [Vector; ROWS] = [[0.0; DIM]; ROWS];
        const QUERIES: [Query; WORDS_MAX] = [Query { step: 0.0, codes: [0; DIM] }; WORDS_MAX];
        const KEYS: [Key; ROWS] = [Key::ZERO; ROWS];
        const CODES: [([i8; COLUMNS_MAX], f32); WORDS_MAX] = [([0; COLUMNS_MAX], 0.0); WORDS_MAX];
        const GRAMS: [Grams; WORDS_MAX] = [Grams::EMPTY; WORDS_MAX];
        const ALIKE: [[Alike; TOKENS_MAX]; WORDS_MAX] = [[Alike::NONE; TOKENS_MAX]; WORDS_MAX];
        const FOUND: [Best; WORDS_MAX] = [Best::ZERO; WORDS_MAX];
        Self {
            said: ROW,
            queries: QUERIES,
            both: ROW,
            keys: KEYS,
            scratch: Scratch::NEW,
            rows: CODES,
            grams: GRAMS,
            alike: ALIKE,
            found: FOUND,
            meaning: Meaning::NONE,
            nearest: Nearest::ZERO,
            likeliest: Likeliest::NONE,
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
