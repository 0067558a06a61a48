//! The network: its weights, and what is computed of rows.
//!
//! A sentence is read by a block of its own; so is each tool, when its table is compiled. Each word
//! of the sentence attends to the words of each tool, by what both mean and by how alike they are;
//! one more sequence for each tool (the tool, and the words with what they found) gives the
//! tool's score. Options of parameters are scored by what they find in the sentence. Matrices are
//! -1, 0 and 1 times a scale, and rows are rounded to 8 bits before a product (Wang and others,
//! arXiv 2310.11453; Ma and others, arXiv 2402.17764). Blocks are those of a transformer with a
//! norm before each half (Xiong and others, arXiv 2002.04745), a number for each distance
//! (Raffel and others, arXiv 1910.10683) and squared `relu` (So and others, arXiv 2109.08668).

mod block;
mod weights;

use core::fmt;

pub(crate) use block::{Key, WIDTH, norm, softmax};
pub use weights::Piece;
pub(crate) use weights::{Floats, Into, Loader, Product, Scratch};

pub(crate) use crate::shape::*;

use crate::said::FLAGS;
use crate::tool::ROLES;

/// A row.
pub(crate) type Vector = [f32; DIM];

/// A block: attention, and two products with squared `relu` between them.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Block<'m> {
    pub(crate) before: Floats<'m>,
    pub(crate) qkv: Product<'m>,
    pub(crate) distances: Floats<'m>,
    pub(crate) mixed: Product<'m>,
    pub(crate) middle: Floats<'m>,
    pub(crate) up: Product<'m>,
    pub(crate) down: Product<'m>,
}

/// Some blocks, one after the other.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Blocks<'m>([Option<Block<'m>>; BLOCKS_MAX]);

impl<'m> Blocks<'m> {
    pub(crate) fn iter(&self) -> impl Iterator<Item = &Block<'m>> {
        self.0.iter().flatten()
    }
}

/// Two products with `relu` between them.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Head<'m> {
    hidden: Product<'m>,
    hidden_bias: Floats<'m>,
    out: Floats<'m>,
    out_bias: Floats<'m>,
}

impl Head<'_> {
    /// The scores of a row.
    pub(crate) fn scores(&self, x: &[f32], out: &mut [f32], scratch: &mut Scratch) {
        let mut hidden = [0.0; DIM];
        self.hidden_bias.copy_to(&mut hidden);
        self.hidden.all(x, &mut hidden, Into::Add, scratch);
        hidden.iter_mut().for_each(|x| *x = x.max(0.0));
        self.out_bias.copy_to(out);
        self.out.times(&hidden, out);
    }
}

/// All weights.
#[derive(Clone, Copy)]
pub(crate) struct Net<'m> {
    pub(crate) word: Product<'m>,
    pub(crate) flags: Floats<'m>,
    pub(crate) token: Product<'m>,
    pub(crate) role: Floats<'m>,
    pub(crate) sentence: Blocks<'m>,
    pub(crate) tool: Blocks<'m>,
    pub(crate) both: Blocks<'m>,
    pub(crate) query_norm: Floats<'m>,
    pub(crate) token_norm: Floats<'m>,
    pub(crate) last_norm: Floats<'m>,
    pub(crate) query: Product<'m>,
    pub(crate) key: Product<'m>,
    pub(crate) value: Product<'m>,
    pub(crate) crossed: Product<'m>,
    pub(crate) alike: Floats<'m>,
    pub(crate) nothing: Floats<'m>,
    pub(crate) matched: [Floats<'m>; 2],
    pub(crate) whole: [Floats<'m>; 2],
    pub(crate) tool_mean: Product<'m>,
    pub(crate) score: [Floats<'m>; 2],
    pub(crate) none: Head<'m>,
    pub(crate) why: Head<'m>,
    pub(crate) two: Head<'m>,
    pub(crate) choice: Floats<'m>,
    pub(crate) choice_param: Product<'m>,
    pub(crate) choice_label: Product<'m>,
    pub(crate) choice_word: Product<'m>,
    pub(crate) choice_query: Product<'m>,
    pub(crate) choice_key: Product<'m>,
    pub(crate) choice_alike: Floats<'m>,
    pub(crate) choice_nothing: Floats<'m>,
    pub(crate) choice_score: Head<'m>,
    pub(crate) text: Floats<'m>,
    pub(crate) ends: [Product<'m>; SPAN_SCORES],
    pub(crate) span: Head<'m>,
}

impl fmt::Debug for Net<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Net").finish_non_exhaustive()
    }
}

impl<'m> Loader<'_, 'm> {
    fn square(&mut self) -> Option<Product<'m>> {
        self.product(DIM, DIM)
    }

    fn biased(&mut self, outs: usize, ins: usize) -> Option<[Floats<'m>; 2]> {
        Some([self.floats(outs * ins)?, self.floats(outs)?])
    }

    fn head(&mut self, ins: usize, outs: usize) -> Option<Head<'m>> {
        Some(Head {
            hidden: self.product(DIM, ins)?,
            hidden_bias: self.floats(DIM)?,
            out: self.floats(outs * DIM)?,
            out_bias: self.floats(outs)?,
        })
    }

    #[expect(clippy::large_stack_arrays, reason = "it is the most that is ever needed")]
    fn blocks(&mut self, count: usize) -> Option<Blocks<'m>> {
        let mut blocks = [None; BLOCKS_MAX];
        for place in blocks.get_mut(..count)? {
            *place = Some(Block {
                before: self.floats(DIM)?,
                qkv: self.product(3 * DIM, DIM)?,
                distances: self.floats(HEADS * (2 * DISTANCE_MAX + 1))?,
                mixed: self.square()?,
                middle: self.floats(DIM)?,
                up: self.product(FFN, DIM)?,
                down: self.product(DIM, FFN)?,
            });
        }
        Some(Blocks(blocks))
    }

    /// All weights, in the order of the fields of [`Net`].
    pub(crate) fn net(&mut self, [sentence, tool, both]: [usize; 3]) -> Option<Net<'m>> {
        Some(Net {
            word: self.product(DIM, COLUMNS)?,
            flags: self.floats(DIM * (FLAGS + 2))?,
            token: self.product(DIM, COLUMNS)?,
            role: self.floats(DIM * (ROLES + 2))?,
            sentence: self.blocks(sentence)?,
            tool: self.blocks(tool)?,
            both: self.blocks(both)?,
            query_norm: self.floats(DIM)?,
            token_norm: self.floats(DIM)?,
            last_norm: self.floats(DIM)?,
            query: self.square()?,
            key: self.square()?,
            value: self.square()?,
            crossed: self.square()?,
            alike: self.floats(HEADS * LIKENESS)?,
            nothing: self.floats(HEADS)?,
            matched: self.biased(DIM, MATCHED)?,
            whole: self.biased(DIM, WHOLE)?,
            tool_mean: self.square()?,
            score: self.biased(1, DIM)?,
            none: self.head(3 * DIM, 1)?,
            why: self.head(3 * DIM, REASONS)?,
            two: self.head(5 * DIM + 3, 1)?,
            choice: self.floats(DIM * CHOICE)?,
            choice_param: self.square()?,
            choice_label: self.square()?,
            choice_word: self.square()?,
            choice_query: self.square()?,
            choice_key: self.square()?,
            choice_alike: self.floats(LIKENESS)?,
            choice_nothing: self.floats(1)?,
            choice_score: self.head(3 * DIM + LEXICAL, 1)?,
            text: self.floats(DIM)?,
            ends: [self.square()?, self.square()?, self.square()?],
            span: self.head(2 * DIM + SPAN, SPAN_SCORES)?,
        })
    }
}
