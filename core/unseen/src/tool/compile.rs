//! From descriptors to a table for flash.

use core::fmt;

use trine_ask::{NUMBER_RULE_MAX, NumberRule};
use trine_descriptor::value::tag;
use trine_descriptor::{ToolTable, record};
use trine_ternary::Kernels;

use super::{LABELS_MAX, LabelsOf, ListOf, Of, Param, TOKENS_MAX, Takes, Token, Tool};
use crate::base::Base;
use crate::net::{DIM, Into, Key, Scratch, Vector, norm};
use crate::read::Writer;
use crate::table::{
    CONDITIONAL, HEAD, MAGIC, REQUIRED, TIME, TOKEN_BYTES, TOOL_BYTES_MAX, TOOL_HEAD, VECTOR_BYTES,
};

/// Why no table can be made of some tools.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum CompileError {
    /// There are no tools.
    Empty,
    /// The list says that there is such a tool, and does not have it.
    Tool(u16),
    /// The labels of this tool take more than a tool may have.
    Labels {
        /// The tool.
        tool: u16,
        /// Bytes that it takes.
        needed: usize,
    },
    /// The memory given is too small.
    Memory {
        /// How many bytes it takes.
        needed: usize,
    },
}

impl fmt::Display for CompileError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Empty => f.write_str("there are no tools"),
            Self::Tool(tool) => write!(f, "tool {tool} is not in its list: make the list again"),
            Self::Labels { tool, needed } => write!(
                f,
                "tool {tool} takes {needed} bytes, more than {TOOL_BYTES_MAX}: shorten its labels"
            ),
            Self::Memory { needed } => write!(f, "the table of the tools takes {needed} bytes"),
        }
    }
}

impl core::error::Error for CompileError {}

/// What compiling needs besides memory for the table.
#[derive(Debug)]
pub struct Compiler {
    rows: [Vector; TOKENS_MAX],
    keys: [Key; TOKENS_MAX],
    scratch: Scratch,
}

impl Default for Compiler {
    fn default() -> Self {
        Self::new()
    }
}

impl Compiler {
    /// Memory, which may be reused.
    #[must_use]
    #[expect(clippy::large_const_arrays, reason = "a static would be copied from")]
    pub const fn new() -> Self {
        // As constants, zeros are made where they are to lie, and not on the stack.
        const ROWS: [Vector; TOKENS_MAX] = [[0.0; DIM]; TOKENS_MAX];
        const KEYS: [Key; TOKENS_MAX] = [Key::ZERO; TOKENS_MAX];
        Self { rows: ROWS, keys: KEYS, scratch: Scratch::NEW }
    }

    /// The same, which computes with these kernels: a host's are faster, with the same results.
    #[must_use]
    pub const fn with_kernels(kernels: Kernels) -> Self {
        let mut compiler = Self::new();
        compiler.scratch.kernels = kernels;
        compiler
    }

    /// Compiles all tools of a list into `out`; answers how many bytes the table has.
    ///
    /// The same list and base give the same bytes on every processor, and a tool's part is the
    /// same whatever the others are.
    ///
    /// # Errors
    /// When there is no tool, one is not there or too long, or there is too little memory.
    pub fn compile<T: ToolTable + ?Sized>(
        &mut self,
        base: &Base<'_>,
        list: &T,
        out: &mut [u8],
    ) -> Result<usize, CompileError> {
        let needed = table_bytes(list)?;
        if needed > out.len() {
            return Err(CompileError::Memory { needed });
        }
        let mut out = Writer::new(out);
        out.bytes(MAGIC);
        out.bytes(&base.hash().to_le_bytes());
        out.bytes(&record::table_hash(list).to_le_bytes());
        out.bytes(&list.count().to_le_bytes());
        out.bytes(&[0; 2]);
        debug_assert_eq!(out.at(), HEAD, "the head is as long as readers take it to be");
        for tool in 0..list.count() {
            self.tool(base, (list, tool), &mut out)?;
        }
        debug_assert_eq!(out.at(), needed, "the table is as long as was said");
        Ok(out.at())
    }

    fn tool<T: ToolTable + ?Sized>(
        &mut self,
        base: &Base<'_>,
        (list, number): (&T, u16),
        out: &mut Writer<'_>,
    ) -> Result<(), CompileError> {
        let (tool, _) = fitted(list, number)?;
        self.encode(base, &tool);
        let start = out.at();
        out.bytes(&[0; 4]);
        out.bytes(&list.hash(number).to_le_bytes());
        let features =
            tool.features.iter().rev().fold(0_u16, |bits, is| bits << 1 | u16::from(*is));
        let (tokens, params) = (tool.tokens().len() as u8, tool.params().len() as u8);
        out.bytes(&[tokens, params, u8::from(tool.is_cut), 0]);
        out.bytes(&features.to_le_bytes());
        out.bytes(&[0; 2]);
        let mean = self.mean(&tool, |_| true);
        let mut whole = [0.0; DIM];
        base.net.tool_mean.all(&mean, &mut whole, Into::Set, &mut self.scratch);
        vector(out, &whole);
        for at in 0..tool.tokens().len() {
            self.token(base, &tool, at, out);
        }
        for at in 0..tool.params().len() {
            self.param(&tool, at, out);
        }
        // A tool is below `TOOL_BYTES_MAX`.
        out.put(start, &((out.at() - start) as u32).to_le_bytes());
        Ok(())
    }

    /// The words of a tool as rows.
    fn encode(&mut self, base: &Base<'_>, tool: &Tool<'_>) {
        let (net, scratch) = (&base.net, &mut self.scratch);
        let rows = self.rows.get_mut(..tool.tokens().len()).unwrap_or_default();
        for (row, token) in rows.iter_mut().zip(tool.tokens()) {
            let word = base.rows.row(core::iter::once(token.spelling.bytes()));
            let mut x = [0.0; crate::net::COLUMNS];
            crate::hear::spread(&word, &mut x);
            net.token.all(&x, row, Into::Set, scratch);
            let mut roles = [false; super::ROLES + 2];
            if let Some(place) = roles.get_mut(usize::from(token.role)) {
                *place = true;
            }
            let [.., on, off] = &mut roles;
            [*on, *off] = token.polarity();
            net.role.columns(&roles, row);
        }
        for block in net.tool.iter() {
            block.apply(rows, &mut self.keys, scratch);
        }
        for row in rows {
            *row = norm(row, net.token_norm, scratch);
        }
    }

    /// The mean of some words' rows; zeros where there are none.
    fn mean(&self, tool: &Tool<'_>, is_meant: impl Fn(&Token) -> bool) -> Vector {
        let mut mean = [0.0; DIM];
        let count = tool.tokens().iter().filter(|token| is_meant(token)).count();
        let rows = self.rows.iter().zip(tool.tokens()).filter(|(_, token)| is_meant(token));
        for (row, _) in rows {
            self.scratch.kernels.axpy(1.0 / count as f32, row, &mut mean);
        }
        mean
    }

    fn token(&mut self, base: &Base<'_>, tool: &Tool<'_>, at: usize, out: &mut Writer<'_>) {
        let (Some(token), Some(row)) = (tool.tokens().get(at), self.rows.get(at)) else { return };
        let stem = token.spelling.stem();
        out.bytes(&[token.role, token.param, token.label, stem.len() as u8]);
        let mut padded = [0; crate::text::WORD_MAX];
        padded.iter_mut().zip(stem).for_each(|(to, from)| *to = *from);
        out.bytes(&padded);
        let word = base.rows.row(core::iter::once(token.spelling.bytes()));
        out.bytes(&word.inverse_length().to_le_bytes());
        out.bytes(&word.most.to_le_bytes());
        word.codes.iter().for_each(|code| out.bytes(&code.to_le_bytes()));
        for product in [&base.net.key, &base.net.value] {
            let mut x = [0.0; DIM];
            product.all(row, &mut x, Into::Set, &mut self.scratch);
            vector(out, &x);
        }
    }

    fn param(&self, tool: &Tool<'_>, at: usize, out: &mut Writer<'_>) {
        let Some(param) = tool.params().get(at) else { return };
        head(param, out);
        let of =
            |label: u8| move |token: &Token| usize::from(token.param) == at && token.label == label;
        vector(out, &self.mean(tool, of(super::NONE)));
        if let Takes::Choice(labels) = &param.takes {
            for (label, _) in (0_u8..).zip(labels.iter()).take(LABELS_MAX) {
                vector(out, &self.mean(tool, of(label)));
            }
        }
    }
}

/// How many bytes the table of a list takes, which depends on no base.
///
/// # Errors
/// When there is no tool, or one is not there or too long.
pub fn table_bytes<T: ToolTable + ?Sized>(list: &T) -> Result<usize, CompileError> {
    if list.count() == 0 {
        return Err(CompileError::Empty);
    }
    (0..list.count()).try_fold(HEAD, |sum, tool| Ok(sum + fitted(list, tool)?.1))
}

/// A tool with as many of its words as there is room for, and its bytes.
fn fitted<T: ToolTable + ?Sized>(list: &T, number: u16) -> Result<(Tool<'_>, usize), CompileError> {
    let mut tool = Tool::new(list, number).ok_or(CompileError::Tool(number))?;
    let fixed = fixed_bytes(&tool);
    let room = TOOL_BYTES_MAX.saturating_sub(fixed) / TOKEN_BYTES;
    if room == 0 {
        return Err(CompileError::Labels { tool: number, needed: fixed + TOKEN_BYTES });
    }
    tool.truncate(room);
    let bytes = fixed + tool.tokens().len() * TOKEN_BYTES;
    Ok((tool, bytes))
}

/// Bytes of a tool without its words.
fn fixed_bytes(tool: &Tool<'_>) -> usize {
    let mut counter = Writer::new(&mut []);
    let mut vectors = 1;
    for param in tool.params() {
        head(param, &mut counter);
        vectors += 1;
        if let Takes::Choice(labels) = &param.takes {
            vectors += labels.iter().take(LABELS_MAX).count();
        }
    }
    TOOL_HEAD + counter.at() + vectors * VECTOR_BYTES
}

/// What a parameter takes.
fn head(param: &Param<'_>, out: &mut Writer<'_>) {
    let tag = match &param.takes {
        Takes::Bool => tag::BOOL,
        Takes::Number(rule) if rule.is_decimal => tag::DECIMAL,
        Takes::Number(_) => tag::INT,
        Takes::Choice(_) => tag::LABEL,
        Takes::Text { .. } => tag::TEXT,
        Takes::List(_) => tag::ARRAY,
        Takes::Other => tag::OBJECT,
    };
    let marks = [
        (param.is_required, REQUIRED),
        (param.condition.is_some(), CONDITIONAL),
        (param.is_time, TIME),
    ];
    let marks = marks.iter().filter(|(is, _)| *is).fold(tag, |marks, (_, bit)| marks | bit);
    out.bytes(&param.node.to_le_bytes());
    out.bytes(&[marks, param.clock as u8]);
    if let Some(condition) = param.condition {
        out.bytes(&condition.node.to_le_bytes());
        out.bytes(&condition.label.to_le_bytes());
    }
    match &param.takes {
        Takes::Number(rule) => number(rule, out),
        Takes::Text { min, max } => text((*min, *max), out),
        Takes::Choice(labels) => self::labels(labels, out),
        Takes::List(ListOf { of, least, most }) => {
            let tag = match of {
                Of::Number(rule) if rule.is_decimal => tag::DECIMAL,
                Of::Number(_) => tag::INT,
                Of::Choice(_) => tag::LABEL,
                Of::Text { .. } => tag::TEXT,
            };
            out.bytes(&[*least, *most, tag]);
            match of {
                Of::Number(rule) => number(rule, out),
                Of::Choice(labels) => self::labels(labels, out),
                Of::Text { min, max } => text((*min, *max), out),
            }
        }
        Takes::Bool | Takes::Other => {}
    }
}

fn text((min, max): (u16, u16), out: &mut Writer<'_>) {
    out.bytes(&min.to_le_bytes());
    out.bytes(&max.to_le_bytes());
}

fn labels(labels: &LabelsOf<'_>, out: &mut Writer<'_>) {
    // Longer ones are refused by the room that a tool has.
    out.bytes(&(labels.0.len() as u32).to_le_bytes());
    out.bytes(labels.0.as_bytes());
}

fn number(rule: &NumberRule, out: &mut Writer<'_>) {
    let mut bytes = [0; NUMBER_RULE_MAX];
    let length = rule.write(&mut bytes).unwrap_or(0);
    out.bytes(bytes.get(..length).unwrap_or_default());
}

/// Writes a vector in 8 bits.
fn vector(out: &mut Writer<'_>, x: &Vector) {
    let mut codes = [0; DIM];
    // Both are of one length.
    let scale = trine_ternary::quantize(x, &mut codes).map_or(0.0, |q| 1.0 / q.scale);
    out.bytes(&scale.to_le_bytes());
    codes.iter().for_each(|code| out.bytes(&code.to_le_bytes()));
}
