//! Compiled tools, as they lie in flash.
//!
//! ```text
//! table  = "TRINET03"  base:u64  list:u64  count:u16  0:u16  tool*
//! tool   = length:u32  hash:u64  tokens:u8 params:u8 cut:u8 0:u8  features:u16 0:u16
//!          vector  token*  param*
//! token  = role:u8 param:u8 label:u8 length:u8  stem[20]  inverse:f32 most:f32 code[64]
//!          vector (key)  vector (value)
//! param  = node:u16 mark:u8 clock:u8 [node:u16 label:u16]  rule  vector  vector* (labels)
//! mark   = tag | required << 3 | conditional << 4 | time << 5
//! rule   = by tag: 2, 3 number: that of `NumberRule::write`; 4 text: min:u16 max:u16;
//!          5 choice: length:u32 the first labels with `|` between them;
//!          7 list: least:u8 most:u8 tag:u8, and the rule of its items
//! vector = step:f32 code[96]
//! ```
//!
//! `base` is the hash of the base that made it, `list` that of the list it was made from, `hash`
//! that of the tool's descriptor. A tool's bytes depend on that tool and on the base alone. Tags
//! are those of [`trine_descriptor::value::tag`]. Integers and floats are little-endian; a number
//! of a vector is its code times its step. `inverse` is one over the length of a word's codes,
//! `most` what 127 of them stands for.

use core::fmt;

use trine_ask::NumberRule;
use trine_descriptor::Condition;
use trine_descriptor::value::tag;

use crate::base::Base;
use crate::net::{COLUMNS, DIM, Vector};
use crate::read::Reader;
use crate::rows::{Meaning, dot_bytes};
use crate::text::WORD_MAX;
use crate::tool::{
    Clock, LABELS_MAX, LabelsOf, ListOf, NONE, Of, PARAMS_MAX, Param, TOKENS_MAX, TOOL, Takes,
};

/// What a table begins with.
pub const MAGIC: &[u8; 8] = b"TRINET03";
/// Bytes before the tools.
pub const HEAD: usize = 28;
/// Bytes of a tool before its vector.
pub(crate) const TOOL_HEAD: usize = 20;
/// Bytes of a vector.
pub(crate) const VECTOR_BYTES: usize = 4 + DIM;
/// Bytes of a word.
pub(crate) const TOKEN_BYTES: usize = 4 + WORD_MAX + 8 + COLUMNS + 2 * VECTOR_BYTES;
/// Bytes of a tool before its words.
const BODY: usize = TOOL_HEAD + VECTOR_BYTES;
/// Most bytes of a tool.
pub const TOOL_BYTES_MAX: usize = 16_384;
/// Mark of a parameter.
pub(crate) const REQUIRED: u8 = 8;
/// Mark of a parameter.
pub(crate) const CONDITIONAL: u8 = 16;
/// Mark of a parameter.
pub(crate) const TIME: u8 = 32;

/// Why bytes are no table for a base and a list.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum TableError {
    /// They do not begin like one.
    Magic,
    /// It was made with another base.
    Base {
        /// The base that made it.
        made: u64,
        /// The base there is.
        given: u64,
    },
    /// It was made from another list of tools.
    List {
        /// The list that it was made from.
        made: u64,
        /// The list there is.
        given: u64,
    },
    /// It is cut, or not what a compiler wrote: from this tool on.
    Tool(u16),
}

impl fmt::Display for TableError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Magic => f.write_str("not a table of tools: it does not begin with TRINET03"),
            Self::Base { made, given } => write!(
                f,
                "the table was made with base {made:016x}, and this is base {given:016x}: compile \
                 the tools again"
            ),
            Self::List { made, given } => write!(
                f,
                "the table was made from the tools {made:016x}, and these are {given:016x}: \
                 compile the tools again"
            ),
            Self::Tool(tool) => {
                write!(f, "the table is damaged at tool {tool}: compile the tools again")
            }
        }
    }
}

impl core::error::Error for TableError {}

/// The hash of the base that made a table, and that of the list it was made from. `None` where the
/// bytes do not begin like a table.
#[must_use]
pub fn made_for(bytes: &[u8]) -> Option<(u64, u64)> {
    let mut reader = Reader::new(bytes.strip_prefix(MAGIC)?);
    let mut hash = || reader.array().map(u64::from_le_bytes);
    Some((hash()?, hash()?))
}

/// A table of tools.
#[derive(Clone, Copy, Debug)]
pub struct Table<'t> {
    bytes: &'t [u8],
    count: u16,
    list: u64,
}

impl<'t> Table<'t> {
    /// Reads a table for a base, and for a list where its hash is given.
    ///
    /// # Errors
    /// When it is none, is of another base or list, or is damaged.
    pub fn parse(bytes: &'t [u8], base: &Base<'_>, list: Option<u64>) -> Result<Self, TableError> {
        Self::parse_for(bytes, base.hash(), list)
    }

    /// The same for the base with this hash.
    ///
    /// # Errors
    /// As [`Self::parse`].
    pub fn parse_for(bytes: &'t [u8], base: u64, list: Option<u64>) -> Result<Self, TableError> {
        if !bytes.starts_with(MAGIC) {
            return Err(TableError::Magic);
        }
        let (made, own) = made_for(bytes).ok_or(TableError::Tool(0))?;
        if made != base {
            return Err(TableError::Base { made, given: base });
        }
        if let Some(given) = list.filter(|given| *given != own) {
            return Err(TableError::List { made: own, given });
        }
        let count = bytes.get(HEAD - 4..).and_then(|rest| rest.first_chunk().copied());
        let count = count.map(u16::from_le_bytes).ok_or(TableError::Tool(0))?;
        let table = Self { bytes, count, list: own };
        let mut end = HEAD;
        let mut at = 0;
        for tool in table.tools() {
            if !tool.is_sound() {
                return Err(TableError::Tool(at));
            }
            at += 1;
            end += tool.bytes.len();
        }
        if at == count && end == bytes.len() { Ok(table) } else { Err(TableError::Tool(at)) }
    }

    /// How many tools there are.
    #[must_use]
    pub const fn count(&self) -> u16 {
        self.count
    }

    /// The hash of the list that it was made from.
    #[must_use]
    pub const fn list(&self) -> u64 {
        self.list
    }

    /// Its bytes.
    #[must_use]
    pub const fn bytes(&self) -> &'t [u8] {
        self.bytes
    }

    /// The tools, in order.
    pub fn tools(&self) -> impl Iterator<Item = ToolCode<'t>> + use<'t> {
        let (mut rest, count) = (self.bytes.get(HEAD..).unwrap_or_default(), self.count);
        (0..count).map_while(move |_| {
            let length = u32::from_le_bytes(*rest.first_chunk()?) as usize;
            let (bytes, after) = rest.split_at_checked(length.max(TOOL_HEAD))?;
            rest = after;
            Some(ToolCode { bytes })
        })
    }

    /// Tool number `tool`.
    #[must_use]
    pub fn tool(&self, tool: u16) -> Option<ToolCode<'t>> {
        self.tools().nth(tool.into())
    }
}

/// A compiled tool.
#[derive(Clone, Copy, Debug)]
pub struct ToolCode<'t> {
    bytes: &'t [u8],
}

/// A vector in 8 bits.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Codes<'t> {
    step: f32,
    codes: &'t [u8],
}

impl<'t> Codes<'t> {
    fn read(reader: &mut Reader<'t>) -> Option<Self> {
        Self::of(reader.take(VECTOR_BYTES)?)
    }

    fn of(bytes: &'t [u8]) -> Option<Self> {
        let (step, codes) = bytes.split_first_chunk()?;
        Some(Self { step: f32::from_le_bytes(*step), codes })
    }

    /// Its numbers.
    pub(crate) fn iter(self) -> impl Iterator<Item = f32> + use<'t> {
        self.codes.iter().map(move |code| f32::from(code.cast_signed()) * self.step)
    }

    /// Its product, from `first` on, with others in 8 bits.
    pub(crate) fn dot(self, first: usize, other: &[i8]) -> f32 {
        let codes = self.codes.get(first..).unwrap_or_default();
        dot_bytes(other, codes) as f32 * self.step
    }

    /// Adds a share of its numbers from `first` on, which are whole fours.
    pub(crate) fn add_to(self, first: usize, share: f32, out: &mut [f32]) {
        let codes = self.codes.get(first..).unwrap_or_default();
        let fours = out.as_chunks_mut::<4>().0.iter_mut().zip(codes.as_chunks::<4>().0);
        let number = |code: u8| f32::from(code.cast_signed()) * self.step;
        for ([a, b, c, d], [e, f, g, h]) in fours {
            *a += share * number(*e);
            *b += share * number(*f);
            *c += share * number(*g);
            *d += share * number(*h);
        }
    }

    /// All of them.
    pub(crate) fn vector(self) -> Vector {
        let mut out = [0.0; DIM];
        out.iter_mut().zip(self.iter()).for_each(|(out, x)| *out = x);
        out
    }
}

/// A word of a compiled tool.
#[derive(Clone, Copy, Debug)]
pub(crate) struct TokenCode<'t> {
    pub(crate) role: u8,
    pub(crate) param: u8,
    pub(crate) label: u8,
    pub(crate) stem: &'t [u8],
    pub(crate) inverse_length: f32,
    pub(crate) most: f32,
    pub(crate) row: &'t [u8; COLUMNS],
    pub(crate) key: Codes<'t>,
    pub(crate) value: Codes<'t>,
}

/// A parameter of a compiled tool.
#[derive(Clone, Copy, Debug)]
pub(crate) struct ParamCode<'t> {
    pub(crate) param: Param<'t>,
    pub(crate) mean: Codes<'t>,
    labels: Reader<'t>,
}

impl<'t> ParamCode<'t> {
    /// The vector of a label.
    pub(crate) fn label(&self, label: u8) -> Option<Codes<'t>> {
        let mut labels = self.labels;
        labels.take(usize::from(label) * VECTOR_BYTES)?;
        Codes::read(&mut labels)
    }
}

impl<'t> ToolCode<'t> {
    /// How many bytes it has.
    #[must_use]
    pub const fn bytes(&self) -> usize {
        self.bytes.len()
    }

    /// The hash of its descriptor.
    #[must_use]
    pub fn hash(&self) -> u64 {
        self.head(4).map_or(0, u64::from_le_bytes)
    }

    fn head<const N: usize>(&self, at: usize) -> Option<[u8; N]> {
        self.bytes.get(at..)?.first_chunk().copied()
    }

    fn counts(&self) -> (usize, usize) {
        self.head(12).map_or((0, 0), |[tokens, params]| (tokens.into(), params.into()))
    }

    /// Whether a call needs what is not filled in.
    #[must_use]
    pub fn is_cut(&self) -> bool {
        self.head(14) != Some([0])
    }

    pub(crate) fn features(&self) -> [bool; TOOL] {
        let bits = self.head(16).map_or(0, u16::from_le_bytes);
        core::array::from_fn(|at| bits >> at & 1 == 1)
    }

    /// Whether it only reads something.
    #[must_use]
    pub fn is_read_only(&self) -> bool {
        self.features().first().copied().unwrap_or(false)
    }

    pub(crate) fn mean(&self) -> Option<Codes<'t>> {
        Codes::read(&mut Reader::new(self.bytes.get(TOOL_HEAD..)?))
    }

    /// Its words.
    pub(crate) fn tokens(&self) -> impl Iterator<Item = TokenCode<'t>> + use<'t> {
        let words = self.bytes.get(BODY..).unwrap_or_default();
        words.as_chunks().0.iter().take(self.counts().0).map_while(token)
    }

    /// What some of its words mean together.
    pub(crate) fn meaning(&self, is_meant: impl Fn(&TokenCode<'t>) -> bool) -> Meaning {
        let codes = |token: TokenCode<'t>| (token.row.map(u8::cast_signed), token.most);
        Meaning::of(self.tokens().filter(is_meant).map(codes))
    }

    /// What stands behind its words.
    fn behind(&self) -> Reader<'t> {
        let start = BODY + self.counts().0 * TOKEN_BYTES;
        Reader::new(self.bytes.get(start..).unwrap_or_default())
    }

    /// Its parameters.
    pub(crate) fn params(&self) -> impl Iterator<Item = ParamCode<'t>> + use<'t> {
        let (mut reader, (_, params)) = (self.behind(), self.counts());
        (0..params).map_while(move |_| param(&mut reader))
    }

    /// Whether it is what a compiler writes.
    fn is_sound(&self) -> bool {
        let (tokens, params) = self.counts();
        let length = self.head(0).map_or(0, u32::from_le_bytes) as usize;
        let is_few = tokens <= TOKENS_MAX && params <= PARAMS_MAX && length <= TOOL_BYTES_MAX;
        let are_known = || {
            self.tokens().all(|token| {
                let is_param = token.param == NONE || usize::from(token.param) < params;
                is_param && usize::from(token.role) < crate::tool::ROLES
            })
        };
        let are_whole = || self.tokens().count() == tokens && self.params().count() == params;
        let ends = || {
            let mut reader = self.behind();
            (0..params).for_each(|_| _ = param(&mut reader));
            reader.left().is_empty()
        };
        is_few && length == self.bytes.len() && are_known() && are_whole() && ends()
    }
}

fn token(bytes: &[u8; TOKEN_BYTES]) -> Option<TokenCode<'_>> {
    let [role, param, label, length, rest @ ..] = bytes;
    let (stem, rest) = rest.split_first_chunk::<WORD_MAX>()?;
    let (inverse, rest) = rest.split_first_chunk()?;
    let (most, rest) = rest.split_first_chunk()?;
    let (row, rest) = rest.split_first_chunk()?;
    let (key, value) = rest.split_at_checked(VECTOR_BYTES)?;
    Some(TokenCode {
        role: *role,
        param: *param,
        label: *label,
        stem: stem.get(..usize::from(*length))?,
        inverse_length: f32::from_le_bytes(*inverse),
        most: f32::from_le_bytes(*most),
        row,
        key: Codes::of(key)?,
        value: Codes::of(value)?,
    })
}

fn number(reader: &mut Reader<'_>) -> Option<NumberRule> {
    let (rule, length) = NumberRule::read(reader.left())?;
    reader.take(length)?;
    Some(rule)
}

fn labels_of<'t>(reader: &mut Reader<'t>) -> Option<LabelsOf<'t>> {
    let length = reader.word()? as usize;
    core::str::from_utf8(reader.take(length)?).ok().map(LabelsOf)
}

fn param<'t>(reader: &mut Reader<'t>) -> Option<ParamCode<'t>> {
    let node = reader.short()?;
    let [mark, clock] = reader.array()?;
    let condition = if mark & CONDITIONAL == 0 {
        None
    } else {
        Some(Condition { node: reader.short()?, label: reader.short()? })
    };
    let mut labels = 0;
    let takes = match mark & 7 {
        tag::BOOL => Takes::Bool,
        tag::INT | tag::DECIMAL => Takes::Number(number(reader)?),
        tag::TEXT => Takes::Text { min: reader.short()?, max: reader.short()? },
        tag::LABEL => {
            let own = labels_of(reader)?;
            labels = own.iter().take(LABELS_MAX).count();
            Takes::Choice(own)
        }
        tag::ARRAY => {
            let [least, most, tag] = reader.array()?;
            let of = match tag {
                tag::INT | tag::DECIMAL => Of::Number(number(reader)?),
                tag::TEXT => Of::Text { min: reader.short()?, max: reader.short()? },
                tag::LABEL => Of::Choice(labels_of(reader)?),
                _ => return None,
            };
            Takes::List(ListOf { of, least, most })
        }
        _ => Takes::Other,
    };
    let clock = match clock {
        0 => Clock::None,
        1 => Clock::Hour,
        2 => Clock::Minute,
        _ => return None,
    };
    let is_required = mark & REQUIRED != 0;
    let param = Param { node, takes, is_required, condition, clock, is_time: mark & TIME != 0 };
    let mean = Codes::read(reader)?;
    let labels = Reader::new(reader.take(labels * VECTOR_BYTES)?);
    Some(ParamCode { param, mean, labels })
}
