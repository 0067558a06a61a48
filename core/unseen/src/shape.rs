//! The sizes of the network.

use crate::option::{KINDS, OPTION};
use crate::said::{FIT, WORDS_MAX};
use crate::tool::{ROLES, TOOL};

/// Numbers between the products.
pub const DIM: usize = 96;
/// Numbers in the middle of a block.
pub const FFN: usize = 256;
/// Heads of attention.
pub const HEADS: usize = 4;
/// Numbers of a word's row.
pub const COLUMNS: usize = 64;
/// Most blocks of a sentence, of a tool, and of both.
pub const BLOCKS_MAX: usize = 3;
/// Distances that have a number of their own: further ones share the last.
pub const DISTANCE_MAX: usize = 8;
/// Numbers of how alike two words are.
pub const LIKENESS: usize = 3;
/// Numbers of what a word of a sentence finds in a tool.
pub const MATCHED: usize = ROLES * LIKENESS + 2 * LIKENESS;
/// Numbers of a tool and a sentence.
pub const WHOLE: usize = TOOL + FIT + 4 * LIKENESS + MEANINGS;
/// Numbers of how near a sentence is to a tool in meaning: to all of it, to its name, and how much
/// nearer than to any other tool.
pub const MEANINGS: usize = 3;
/// Numbers of how near it is to a label: to it, and how much nearer than to any other label.
pub const LABEL_MEANINGS: usize = 2;
/// What sums over a sentence's words are divided by.
pub const TOTAL: f32 = 4.0;
/// Numbers of an option by itself.
pub const CHOICE: usize = KINDS + OPTION;
/// Windows around an option that are looked at.
pub const AROUND: usize = 4;
/// Numbers of an option and the words near it.
pub const LEXICAL: usize = 2 * LIKENESS + 1 + LABEL_MEANINGS + AROUND * LIKENESS;
/// Numbers of a word for a text: how like it and the words around it are to the parameter, and to
/// the other parameters.
pub const SPAN: usize = (AROUND + 3) * LIKENESS;
/// Scores of a word for a text: as its first, as its last, and as one of its words.
pub const SPAN_SCORES: usize = 3;
/// Why there is no call, and that there is one, which is the first.
pub const REASONS: usize = 16;
/// Rows of a sequence: the whole, and the words.
pub const ROWS: usize = WORDS_MAX + 1;
