//! Content blocks, as in [`Outcome::Blocks`](super::Outcome::Blocks): each is its type (`u8`) and
//! its body behind the body's length, so that a reader steps over types that it does not know.

use crate::codec::{Reader, Writer};

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
        /// How many in all; 0 when nobody knows.
        total: u32,
    },
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
        }
    }

    fn put(&self, out: &mut Writer<'_>) {
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
        };
    }

    /// Writes the block; answers its length, `None` when it does not fit.
    #[must_use]
    pub fn write(&self, out: &mut [u8]) -> Option<usize> {
        // Twice, since the length stands in front: once where it will not stay.
        let mut body = Writer::new(out);
        self.put(&mut body);
        let len = u32::try_from(body.finish()?).ok()?;
        let mut whole = Writer::new(out);
        self.put(whole.byte(self.kind()).number(len));
        whole.finish()
    }

    /// Reads a body; `Some(None)` for a type that this version does not know.
    fn take(kind: u8, body: &'a [u8]) -> Option<Option<Self>> {
        let from = &mut Reader::new(body);
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
            _ => return Some(None),
        }))
    }
}

/// Reads blocks one after another; see [`Blocks::next`].
#[derive(Debug)]
pub struct Blocks<'a> {
    from: Reader<'a>,
}

/// Bytes that are no blocks.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Malformed;

impl<'a> Blocks<'a> {
    /// Reads the blocks in `bytes`.
    #[must_use]
    pub const fn new(bytes: &'a [u8]) -> Self {
        Self { from: Reader::new(bytes) }
    }
}

impl<'a> Iterator for Blocks<'a> {
    type Item = Result<Block<'a>, Malformed>;

    /// The next block of a known type. After an error there are no more.
    fn next(&mut self) -> Option<Self::Item> {
        while !self.from.is_at_end() {
            let kind = self.from.byte()?;
            match self.from.bytes().and_then(|body| Block::take(kind, body)) {
                Some(Some(block)) => return Some(Ok(block)),
                Some(None) => {}
                None => {
                    self.from = Reader::new(&[]);
                    return Some(Err(Malformed));
                }
            }
        }
        None
    }
}
