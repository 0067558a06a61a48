//! The table that a model carries beside its weights: pieces of words, and how sure is sure.
//!
//! Its bytes are specified in `docs/ask.md`.

use core::fmt;

use crate::fold;
use crate::program::Program;

/// The version of the table.
pub const TABLE_VERSION: u16 = 1;
/// Bytes before the pieces.
pub const TABLE_HEAD: usize = 28;
/// Longest piece in bytes.
pub const PIECE_MAX: usize = 31;
/// Bit of a piece that begins an item.
const BEGINS: u8 = 0x80;

/// The table of a model.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Vocabulary<'v> {
    /// Whether sequences begin with [`crate::token::BEGIN`].
    pub begins: bool,
    /// The first tools of the table that the model knows.
    pub tools: u16,
    /// The token of the first piece.
    pub first_piece: u16,
    /// The hash of the tools.
    pub hash: u64,
    /// What the logits of the first choice, of the tool, are divided by.
    pub temperature: f32,
    /// What those of all further choices are divided by.
    pub arguments: f32,
    /// A call less sure than this is not made.
    pub threshold: f32,
    /// Whether a general model is asked: then each word of a sentence is a token of its own, and
    /// what is chosen is written in text.
    pub(crate) is_prompted_text: bool,
    count: u16,
    pieces: &'v [u8],
}

/// Why a table or a model cannot be used.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum TableError {
    /// It is no table, is cut, or has a field without meaning.
    Malformed,
    /// It is of another version.
    Version(u16),
    /// The model was made for other tools.
    OtherTools {
        /// The hash of the tools that it was made for.
        model: u64,
        /// The hash of these tools.
        tools: u64,
    },
    /// The model's vocabulary is smaller than the table's.
    Tokens {
        /// Tokens of the table.
        table: usize,
        /// Tokens of the model.
        model: usize,
    },
}

impl fmt::Display for TableError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Malformed => {
                f.write_str("the vocabulary of the model is damaged: copy or train it again")
            }
            Self::Version(version) => {
                write!(f, "the vocabulary has the unknown version {version}: update this program")
            }
            Self::OtherTools { model, tools } => write!(
                f,
                "the model was made for other tools (hash {model:016x}, these have {tools:016x}): \
                 train it for these"
            ),
            Self::Tokens { table, model } => {
                write!(
                    f,
                    "the vocabulary has {table} tokens, the model only {model}: train it again"
                )
            }
        }
    }
}

impl core::error::Error for TableError {}

impl<'v> Vocabulary<'v> {
    /// Reads a table, and every piece of it once.
    ///
    /// # Errors
    /// When it is none.
    pub fn parse(bytes: &'v [u8]) -> Result<Self, TableError> {
        let (head, rest) = bytes.split_first_chunk::<TABLE_HEAD>().ok_or(TableError::Malformed)?;
        let half = |at: usize| u16::from_le_bytes(field(head, at));
        if half(0) != TABLE_VERSION {
            return Err(TableError::Version(half(0)));
        }
        let temperature = f32::from_le_bytes(field(head, 16));
        let table = Self {
            begins: half(2) & 1 == 1,
            tools: half(4),
            first_piece: half(6),
            hash: u64::from_le_bytes(field(head, 8)),
            temperature,
            arguments: match half(26) {
                0 => temperature,
                thousandths => f32::from(thousandths) / 1000.0,
            },
            threshold: f32::from_le_bytes(field(head, 20)),
            is_prompted_text: false,
            count: half(24),
            pieces: rest,
        };
        let is_sound = table.temperature.is_finite()
            && table.temperature > 0.0
            && (0.0..=1.0).contains(&table.threshold)
            && table.pieces().count() == usize::from(table.count)
            && table.first_piece.checked_add(table.count).is_some();
        if is_sound { Ok(table) } else { Err(TableError::Malformed) }
    }

    /// What stands in for the table of a model that has none.
    pub(crate) fn prompted_text(program: &Program<'_>, threshold: f32) -> Self {
        Self {
            begins: false,
            tools: program.tools(),
            first_piece: program.symbols(),
            hash: program.hash(),
            temperature: 1.0,
            arguments: 1.0,
            threshold,
            is_prompted_text: true,
            count: 0,
            pieces: &[],
        }
    }

    /// Checks that a model with so many tokens, and this table, is for these tools.
    ///
    /// # Errors
    /// When it is not.
    pub fn check(&self, program: &Program<'_>, tokens: usize) -> Result<(), TableError> {
        let is_same = self.tools == program.tools() && self.first_piece == program.symbols();
        if self.hash != program.hash() || !is_same {
            return Err(TableError::OtherTools { model: self.hash, tools: program.hash() });
        }
        if self.tokens() > tokens {
            return Err(TableError::Tokens { table: self.tokens(), model: tokens });
        }
        Ok(())
    }

    /// Tokens in all.
    #[must_use]
    pub fn tokens(&self) -> usize {
        usize::from(self.first_piece) + usize::from(self.count)
    }

    /// The pieces, each with whether it begins an item.
    pub fn pieces(&self) -> impl Iterator<Item = (bool, &'v [u8])> + use<'v> {
        let mut rest = self.pieces;
        (0..self.count).map_while(move |_| {
            let (mark, after) = rest.split_first()?;
            let length = usize::from(mark & !BEGINS);
            let piece = after.get(..length).filter(|_| (1..=PIECE_MAX).contains(&length))?;
            rest = after.get(length..)?;
            Some((mark & BEGINS != 0, piece))
        })
    }

    /// Hands the tokens of a word or a mark to `each`.
    pub(crate) fn encode(&self, text: &str, mut each: impl FnMut(u16)) {
        let (mut at, mut begins, mut is_unknown) = (0, true, false);
        while let Some((_, next)) = fold::at(text, at) {
            let (token, end) = self.longest(text, at, begins).unzip();
            match token {
                Some(token) => each(token),
                None if !is_unknown => each(crate::token::UNKNOWN),
                None => {}
            }
            is_unknown |= token.is_none();
            at = end.unwrap_or(next);
            begins = false;
        }
    }

    /// The longest piece at `start`, and where it ends in the text.
    fn longest(&self, text: &str, start: usize, begins: bool) -> Option<(u16, usize)> {
        let mut ahead = Ahead { bytes: [0; PIECE_MAX], ends: [0; PIECE_MAX], len: 0 };
        ahead.fill(text, start);
        let folded = ahead.bytes.get(..ahead.len).unwrap_or_default();
        let first = folded.first().copied()?;
        let mut best: Option<(u16, usize)> = None;
        let mut rest = self.pieces;
        // Nearly all pieces are passed over, so that is what is quick.
        for index in 0..self.count {
            let (mark, after) = rest.split_first()?;
            let length = usize::from(mark & !BEGINS);
            let (piece, next) = after.split_at_checked(length)?;
            rest = next;
            if piece.first() == Some(&first)
                && (mark & BEGINS != 0) == begins
                && best.is_none_or(|(_, longest)| length > longest)
                && folded.starts_with(piece)
            {
                best = Some((index, length));
            }
        }
        let (index, length) = best?;
        let end = *ahead.ends.get(length.checked_sub(1)?)?;
        // A piece that ends inside of a character is none.
        (end != 0).then_some((self.first_piece.saturating_add(index), usize::from(end)))
    }
}

/// The next folded bytes of a text.
struct Ahead {
    bytes: [u8; PIECE_MAX],
    /// Where in the text the character ends that ends with this byte; 0 inside of one.
    ends: [u16; PIECE_MAX],
    len: usize,
}

impl Ahead {
    fn fill(&mut self, text: &str, start: usize) {
        let mut at = start;
        while let Some((c, next)) = fold::at(text, at) {
            let width = c.len_utf8();
            let span = self.len..self.len + width;
            let (Some(place), Some(ends)) =
                (self.bytes.get_mut(span.clone()), self.ends.get_mut(span))
            else {
                return;
            };
            c.encode_utf8(place);
            if let Some(last) = ends.last_mut() {
                *last = u16::try_from(next).unwrap_or(0);
            }
            self.len += width;
            at = next;
        }
    }
}

/// Bytes of the head; the offset is a constant.
fn field<const N: usize>(head: &[u8; TABLE_HEAD], at: usize) -> [u8; N] {
    head.get(at..).and_then(|from| from.first_chunk()).copied().unwrap_or([0; N])
}
