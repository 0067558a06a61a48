//! Content blocks, as in [`Outcome::Blocks`](super::Outcome::Blocks): each is its type (`u8`) and
//! its body behind the body's length, so that a reader steps over types that it does not know.

use crate::codec::{WireReader, WireWriter};

/// One block of a result.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Block<'a> {
    /// Type 1: text.
    Text {
        /// The text.
        text: &'a str,
    },
    /// Type 2: a picture.
    Image {
        /// Media type.
        mime: &'a str,
        /// The file.
        bytes: &'a [u8],
    },
    /// Type 3: sound.
    Audio {
        /// Media type.
        mime: &'a str,
        /// The file.
        bytes: &'a [u8],
    },
    /// Type 4: a link to a resource.
    Link {
        /// Its address.
        uri: &'a str,
        /// Its name.
        name: &'a str,
        /// Media type, empty when unknown.
        mime: &'a str,
        /// What it is, for a person; may be empty.
        description: &'a str,
    },
    /// Type 5: a resource itself.
    Embedded {
        /// Its address.
        uri: &'a str,
        /// Media type, empty when unknown.
        mime: &'a str,
        /// Whether `bytes` are text (0) or anything (1).
        what: u8,
        /// The resource.
        bytes: &'a [u8],
    },
    /// Type 6: the structured result, entries by the tool's output descriptor.
    Structured {
        /// Encoded entries.
        value: &'a [u8],
    },
    /// Type 7: who says the blocks behind it, up to the next of this type. In a prompt.
    Role {
        /// 0 the user, as without this block; 1 the assistant.
        role: u8,
    },
    /// Type 8: there are more results than these, as behind the texts that complete another.
    More {
        /// How many in all; 0 when no one knows.
        total: u32,
    },
    /// Type 9: the call that a sentence asks for, or why there is none.
    #[cfg(feature = "ask")]
    Call {
        /// One of [`verdict`].
        verdict: u8,
        /// How sure the model is of it: the bits of a number of 32 bits from 0 to 1 (IEEE 754).
        confidence: u32,
        /// Number of the tool in the list; 0 where there is none.
        tool: u16,
        /// Node of the parameter that [`verdict::MISSING`] and [`verdict::OUT_OF_RANGE`] are about;
        /// else 0.
        node: u16,
        /// Its arguments, as in a call.
        args: &'a [u8],
    },
    /// Type 10: what a model read of a sentence and chose, to compare it with another machine's.
    #[cfg(feature = "ask")]
    Tokens {
        /// Two bytes each, the low one first; see [`write_tokens`].
        bytes: &'a [u8],
    },
    /// Type 11: why a sentence has no call, or not one: for who asks back.
    #[cfg(feature = "ask")]
    Why {
        /// One of [`why`]; 0 where nothing speaks against a call but `fault`.
        why: u8,
        /// What is wrong with the arguments of `tool`: one of [`fault`], or 0.
        fault: u8,
        /// Number of the tool that is meant most likely.
        tool: u16,
        /// Node of its parameter that `fault` is about; else 0.
        node: u16,
        /// One more than the number of a tool that may be meant as well; 0 where there is none.
        other: u16,
    },
    /// Type 12: one of the commands of a sentence that has more than one.
    #[cfg(feature = "ask")]
    Command {
        /// Number of the tool.
        tool: u16,
        /// Its arguments, as in a call.
        args: &'a [u8],
    },
}

/// What a sentence came to, in a `Block::Call`.
#[cfg(feature = "ask")]
pub mod verdict {
    /// A call, which the model is sure of.
    pub const CALL: u8 = 0;
    /// The likeliest call, which the model is not sure of.
    pub const UNSURE: u8 = 1;
    /// No tool does that.
    pub const NO_TOOL: u8 = 2;
    /// What a parameter of the tool needs was not said.
    pub const MISSING: u8 = 3;
    /// What was said is out of the bounds of a parameter of the tool.
    pub const OUT_OF_RANGE: u8 = 4;
    /// The call would be longer than a call may be.
    pub const TOO_LONG: u8 = 5;
}

/// Why there is no call, in a `Block::Why`.
#[cfg(feature = "ask")]
pub mod why {
    /// The sentence has two commands.
    pub const TWO: u8 = 16;
    /// It may have two commands; the model is not sure of them.
    pub const TWO_UNSURE: u8 = 17;
}

/// What is wrong with arguments, in a `Block::Why`.
#[cfg(feature = "ask")]
pub mod fault {
    /// What the parameter needs was not said.
    pub const MISSING: u8 = 1;
    /// What was said is out of its bounds.
    pub const RANGE: u8 = 2;
    /// What was said has a unit that it does not take.
    pub const UNIT: u8 = 3;
    /// The tool needs a parameter that no sentence fills in.
    pub const UNFILLED: u8 = 4;
}

impl<'a> Block<'a> {
    const fn kind(&self) -> u8 {
        match self {
            Self::Text { .. } => 1,
            Self::Image { .. } => 2,
            Self::Audio { .. } => 3,
            Self::Link { .. } => 4,
            Self::Embedded { .. } => 5,
            Self::Structured { .. } => 6,
            Self::Role { .. } => 7,
            Self::More { .. } => 8,
            #[cfg(feature = "ask")]
            Self::Call { .. } => 9,
            #[cfg(feature = "ask")]
            Self::Tokens { .. } => TOKENS,
            #[cfg(feature = "ask")]
            Self::Why { .. } => 11,
            #[cfg(feature = "ask")]
            Self::Command { .. } => 12,
        }
    }

    fn write_to(&self, out: &mut WireWriter<'_>) {
        match *self {
            Self::Text { text } => out.text(text),
            Self::Image { mime, bytes } | Self::Audio { mime, bytes } => {
                out.text(mime).bytes(bytes)
            }
            Self::Link { uri, name, mime, description } => {
                out.text(uri).text(name).text(mime).text(description)
            }
            Self::Embedded { uri, mime, what, bytes } => {
                out.text(uri).text(mime).byte(what).bytes(bytes)
            }
            Self::Structured { value } => out.bytes(value),
            Self::Role { role } => out.byte(role),
            Self::More { total } => out.number(total),
            #[cfg(feature = "ask")]
            Self::Call { verdict, confidence, tool, node, args } => out
                .byte(verdict)
                .array(&confidence.to_le_bytes())
                .short(tool)
                .short(node)
                .bytes(args),
            #[cfg(feature = "ask")]
            Self::Tokens { bytes } => out.array(bytes),
            #[cfg(feature = "ask")]
            Self::Why { why, fault, tool, node, other } => {
                out.byte(why).byte(fault).short(tool).short(node).short(other)
            }
            #[cfg(feature = "ask")]
            Self::Command { tool, args } => out.short(tool).bytes(args),
        };
    }

    /// Writes the block; answers its length, `None` when it does not fit.
    #[must_use]
    pub fn write(&self, out: &mut [u8]) -> Option<usize> {
        // Twice, since the length stands in front: once where it will not stay.
        let mut body = WireWriter::new(out);
        self.write_to(&mut body);
        let len = u32::try_from(body.finish()?).ok()?;
        let mut whole = WireWriter::new(out);
        self.write_to(whole.byte(self.kind()).number(len));
        whole.finish()
    }

    /// Reads a body; `Some(None)` for a type that this version does not know.
    fn read_from(kind: u8, body: &'a [u8]) -> Option<Option<Self>> {
        let from = &mut WireReader::new(body);
        Some(Some(match kind {
            1 => Self::Text { text: from.text()? },
            2 => Self::Image { mime: from.text()?, bytes: from.bytes()? },
            3 => Self::Audio { mime: from.text()?, bytes: from.bytes()? },
            4 => Self::Link {
                uri: from.text()?,
                name: from.text()?,
                mime: from.text()?,
                description: from.text()?,
            },
            5 => Self::Embedded {
                uri: from.text()?,
                mime: from.text()?,
                what: from.byte()?,
                bytes: from.bytes()?,
            },
            6 => Self::Structured { value: from.bytes()? },
            7 => Self::Role { role: from.byte()? },
            8 => Self::More { total: from.number()? },
            #[cfg(feature = "ask")]
            9 => Self::Call {
                verdict: from.byte()?,
                confidence: u32::from_le_bytes(from.array()?),
                tool: from.short()?,
                node: from.short()?,
                args: from.bytes()?,
            },
            #[cfg(feature = "ask")]
            TOKENS => Self::Tokens { bytes: body },
            #[cfg(feature = "ask")]
            11 => Self::Why {
                why: from.byte()?,
                fault: from.byte()?,
                tool: from.short()?,
                node: from.short()?,
                other: from.short()?,
            },
            #[cfg(feature = "ask")]
            12 => Self::Command { tool: from.short()?, args: from.bytes()? },
            _ => return Some(None),
        }))
    }
}

/// Type of a `Block::Tokens`.
#[cfg(feature = "ask")]
const TOKENS: u8 = 10;

/// Writes a `Block::Tokens` of tokens as a model has them; answers its length, `None` when it does
/// not fit.
#[cfg(feature = "ask")]
#[must_use]
pub fn write_tokens(tokens: &[u16], out: &mut [u8]) -> Option<usize> {
    let mut out = WireWriter::new(out);
    out.byte(TOKENS).number(u32::try_from(tokens.len()).ok()?.checked_mul(2)?);
    for token in tokens {
        out.array(&token.to_le_bytes());
    }
    out.finish()
}

/// Reads blocks one after another; see [`Blocks::next`].
#[derive(Debug)]
pub struct Blocks<'a> {
    from: WireReader<'a>,
}

/// Bytes that are no blocks.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Malformed;

impl<'a> Blocks<'a> {
    /// Reads the blocks in `bytes`.
    #[must_use]
    pub const fn new(bytes: &'a [u8]) -> Self {
        Self { from: WireReader::new(bytes) }
    }
}

impl<'a> Iterator for Blocks<'a> {
    type Item = Result<Block<'a>, Malformed>;

    /// The next block of a known type. After an error there are no more.
    fn next(&mut self) -> Option<Self::Item> {
        while !self.from.is_at_end() {
            let kind = self.from.byte()?;
            match self.from.bytes().and_then(|body| Block::read_from(kind, body)) {
                Some(Some(block)) => return Some(Ok(block)),
                Some(None) => {}
                None => {
                    self.from = WireReader::new(&[]);
                    return Some(Err(Malformed));
                }
            }
        }
        None
    }
}
