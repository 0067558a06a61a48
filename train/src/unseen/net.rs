//! The parameters of the network.
//!
//! A sentence is read by blocks of its own; so is each tool. Each word of the sentence then
//! attends to the words of each tool, by what both mean and by how alike they are, and one more
//! sequence for each tool (the tool, and the words with what they found) gives the tool's score.
//! All sizes are in [`Shape`]; `dim` is the width of everything between the products.

use std::fmt;

use super::batch::{MATCHED, WHOLE};
use super::choices::{CHOICE, LEXICAL, SPAN, SPAN_SCORES};
use super::data::{FLAGS, REASONS, ROLES};
use super::params::{Kind, Param, Params};
use super::tape::{DISTANCE_MAX, LIKENESS};
use crate::random::Random;

/// The sizes of a network.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Shape {
    /// Numbers of a word's row.
    pub table: usize,
    /// Numbers between the products.
    pub dim: usize,
    /// Numbers in the middle of a block.
    pub ffn: usize,
    /// Heads of attention.
    pub heads: usize,
    /// Blocks of sentences.
    pub sentence: usize,
    /// Blocks of tools.
    pub tool: usize,
    /// Blocks of a sentence with a tool.
    pub both: usize,
}

/// The parameters of a block: attention, and two products with `relu²` between them.
#[derive(Clone, Copy, Debug)]
pub(super) struct Block {
    pub(super) before: Param,
    pub(super) qkv: Param,
    pub(super) distances: Param,
    pub(super) mixed: Param,
    pub(super) middle: Param,
    pub(super) up: Param,
    pub(super) down: Param,
}

/// Two products with `relu` between them.
#[derive(Clone, Copy, Debug)]
pub(super) struct Head {
    pub(super) hidden: Param,
    pub(super) hidden_bias: Param,
    pub(super) out: Param,
    pub(super) out_bias: Param,
}

/// Which parameters the parts of the network have.
#[derive(Clone)]
pub struct Net {
    /// Its sizes.
    pub shape: Shape,
    pub(super) word: Param,
    pub(super) flags: Param,
    pub(super) token: Param,
    pub(super) role: Param,
    pub(super) sentence_blocks: Vec<Block>,
    pub(super) tool_blocks: Vec<Block>,
    pub(super) both_blocks: Vec<Block>,
    pub(super) query_norm: Param,
    pub(super) token_norm: Param,
    pub(super) last_norm: Param,
    pub(super) query: Param,
    pub(super) key: Param,
    pub(super) value: Param,
    pub(super) crossed: Param,
    pub(super) alike: Param,
    pub(super) nothing: Param,
    pub(super) matched: [Param; 2],
    pub(super) whole: [Param; 2],
    pub(super) tool_mean: Param,
    pub(super) score: [Param; 2],
    pub(super) none: Head,
    pub(super) why: Head,
    pub(super) two: Head,
    pub(super) choice: Param,
    pub(super) choice_param: Param,
    pub(super) choice_label: Param,
    pub(super) choice_word: Param,
    pub(super) choice_query: Param,
    pub(super) choice_key: Param,
    pub(super) choice_alike: Param,
    pub(super) choice_nothing: Param,
    pub(super) choice_score: Head,
    pub(super) text: Param,
    pub(super) ends: [Param; SPAN_SCORES],
    pub(super) span: Head,
}

impl fmt::Debug for Net {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Net").field("shape", &self.shape).finish_non_exhaustive()
    }
}

/// Parameters of a block.
const BLOCK: usize = 8;
/// Those of them whose products are added to the rows: of attention, and of the last product.
const ADDED: [usize; 2] = [3, 6];

/// A score of attention to nothing that is next to none.
const NEVER: f32 = -30.0;

/// Makes parameters.
struct Maker<'m> {
    params: &'m mut Params,
    random: Random,
    dim: usize,
}

impl Maker<'_> {
    fn ternary(&mut self, name: &'static str, index: usize, size: (usize, usize)) -> Param {
        self.params.add((name, index), size, Kind::Ternary, &mut self.random)
    }

    fn real(&mut self, name: &'static str, index: usize, size: (usize, usize)) -> Param {
        let deviation = 1.0 / (size.1 as f32).sqrt();
        self.params.add((name, index), size, Kind::Real(deviation), &mut self.random)
    }

    fn fixed(&mut self, name: &'static str, index: usize, size: (usize, usize), x: f32) -> Param {
        self.params.add((name, index), size, Kind::Fixed(x), &mut self.random)
    }

    /// A product from `ins` numbers to the width, with what is added.
    fn biased(&mut self, name: &'static str, (outs, ins): (usize, usize)) -> [Param; 2] {
        [self.real(name, 0, (outs, ins)), self.fixed(name, 1, (1, outs), 0.0)]
    }

    fn square(&mut self, name: &'static str) -> Param {
        self.ternary(name, 0, (self.dim, self.dim))
    }

    fn norm(&mut self, name: &'static str) -> Param {
        self.fixed(name, 0, (1, self.dim), 1.0)
    }

    fn head(&mut self, name: &'static str, ins: usize, outs: usize) -> Head {
        Head {
            hidden: self.ternary(name, 0, (self.dim, ins)),
            hidden_bias: self.fixed(name, 1, (1, self.dim), 0.0),
            out: self.real(name, 2, (outs, self.dim)),
            out_bias: self.fixed(name, 3, (1, outs), 0.0),
        }
    }

    fn blocks(&mut self, name: &'static str, count: usize, shape: &Shape) -> Vec<Block> {
        let dim = self.dim;
        let block = |at: usize| Block {
            before: self.fixed(name, BLOCK * at, (1, dim), 1.0),
            qkv: self.ternary(name, BLOCK * at + 1, (3 * dim, dim)),
            distances: self.fixed(name, BLOCK * at + 2, (shape.heads, 2 * DISTANCE_MAX + 1), 0.0),
            mixed: self.ternary(name, BLOCK * at + ADDED[0], (dim, dim)),
            middle: self.fixed(name, BLOCK * at + 4, (1, dim), 1.0),
            up: self.ternary(name, BLOCK * at + 5, (shape.ffn, dim)),
            down: self.ternary(name, BLOCK * at + ADDED[1], (dim, shape.ffn)),
        };
        (0..count).map(block).collect()
    }
}

impl Net {
    /// A network before training.
    #[must_use]
    pub fn new(shape: Shape, seed: u64) -> (Self, Params) {
        let mut params = Params::default();
        let (dim, heads) = (shape.dim, shape.heads);
        let mut make = Maker { params: &mut params, random: Random::named(seed, "unseen"), dim };
        let net = Self {
            shape,
            word: make.ternary("word", 0, (dim, shape.table)),
            flags: make.real("flags", 0, (dim, FLAGS + 2)),
            token: make.ternary("token", 0, (dim, shape.table)),
            role: make.real("role", 0, (dim, ROLES + 2)),
            sentence_blocks: make.blocks("sentence", shape.sentence, &shape),
            tool_blocks: make.blocks("tool", shape.tool, &shape),
            both_blocks: make.blocks("both", shape.both, &shape),
            query_norm: make.norm("query_norm"),
            token_norm: make.norm("token_norm"),
            last_norm: make.norm("last_norm"),
            query: make.square("query"),
            key: make.square("key"),
            value: make.square("value"),
            crossed: make.square("crossed"),
            alike: make.fixed("alike", 0, (heads, LIKENESS), 0.0),
            nothing: make.fixed("nothing", 0, (1, heads), 2.0),
            matched: make.biased("matched", (dim, MATCHED)),
            whole: make.biased("whole", (dim, WHOLE)),
            tool_mean: make.square("tool_mean"),
            score: make.biased("score", (1, dim)),
            none: make.head("none", 3 * dim, 1),
            why: make.head("why", 3 * dim, REASONS),
            two: make.head("two", 5 * dim + 3, 1),
            choice: make.real("choice", 0, (dim, CHOICE)),
            choice_param: make.square("choice_param"),
            choice_label: make.square("choice_label"),
            choice_word: make.square("choice_word"),
            choice_query: make.square("choice_query"),
            choice_key: make.square("choice_key"),
            choice_alike: make.fixed("choice_alike", 0, (1, LIKENESS), 1.5),
            choice_nothing: make.fixed("choice_nothing", 0, (1, 1), NEVER),
            choice_score: make.head("choice_score", 3 * dim + LEXICAL, 1),
            text: make.fixed("text", 0, (1, dim), 0.0),
            ends: ["text_begins", "text_ends", "text_within"].map(|name| make.square(name)),
            span: make.head("text_span", 2 * dim + SPAN, SPAN_SCORES),
        };
        net.vary(&mut params);
        (net, params)
    }

    /// Whether a parameter of a block, by its name, is a product that is added to the rows.
    pub(super) fn is_added_to_rows(name: &str) -> bool {
        let (sort, index) = name.split_once('.').unwrap_or((name, ""));
        let index = index.parse::<usize>().unwrap_or(0);
        ["sentence", "tool", "both"].contains(&sort) && ADDED.contains(&(index % BLOCK))
    }

    /// Heads of attention begin with looking at likeness more or less.
    fn vary(&self, params: &mut Params) {
        let at = params.at(self.alike);
        for (place, x) in params.data[at].iter_mut().enumerate() {
            let head = (place / LIKENESS) as f32 / self.shape.heads.saturating_sub(1).max(1) as f32;
            let exact = if place % LIKENESS == 0 { 4.0 } else { 2.0 };
            *x = exact * (0.3 + 1.2 * head);
        }
    }
}
