//! Blocks of content: what a tool answers beside, or instead of, one structured value.
//!
//! A revision that does not know a kind of block gets the nearest one that it knows, so that
//! nothing is lost: sound becomes an embedded resource, a link becomes text.

use trine_descriptor::ToolTable;

use crate::json::{Base64, JsonWriter};
use crate::{Catalog, Version, value};

/// Bytes that may lie in pieces: the parts of an image as they came over the wire.
pub trait Bytes {
    /// Calls `each` for every piece in order. May be asked for more than once.
    fn pieces(&self, each: &mut dyn FnMut(&[u8]));
}

impl Bytes for [u8] {
    fn pieces(&self, each: &mut dyn FnMut(&[u8])) {
        each(self);
    }
}

impl<T: Bytes + ?Sized> Bytes for &T {
    fn pieces(&self, each: &mut dyn FnMut(&[u8])) {
        (**self).pieces(each);
    }
}

impl Bytes for [&[u8]] {
    fn pieces(&self, each: &mut dyn FnMut(&[u8])) {
        self.iter().for_each(|piece| each(piece));
    }
}

/// What an embedded resource holds.
#[derive(Clone, Copy)]
pub enum Contents<'a> {
    /// Text.
    Text(&'a str),
    /// Text in pieces, which may be cut inside a character. All together they are UTF-8: the caller
    /// has to know, or look at the answer.
    TextPieces(&'a dyn Bytes),
    /// Anything else; its bytes are raw, the engine writes them as Base64.
    Blob(&'a dyn Bytes),
}

/// One block of a result's content.
#[derive(Clone, Copy)]
#[non_exhaustive]
pub enum Block<'a> {
    /// Text for the model.
    Text(&'a str),
    /// An image; its bytes are raw, the engine writes them as Base64.
    Image {
        /// Media type, such as `image/png`.
        mime: &'a str,
        /// The file.
        data: &'a dyn Bytes,
    },
    /// Sound; its bytes are raw, the engine writes them as Base64.
    Audio {
        /// Media type, such as `audio/wav`.
        mime: &'a str,
        /// The file.
        data: &'a dyn Bytes,
    },
    /// A resource that the client may read.
    Link {
        /// Where it is.
        uri: &'a str,
        /// What it is called; the URI where this is empty.
        name: &'a str,
        /// Media type; may be empty.
        mime: &'a str,
        /// What it is; may be empty.
        description: &'a str,
    },
    /// A resource, with what it holds.
    Embedded {
        /// Where it is.
        uri: &'a str,
        /// Media type; may be empty.
        mime: &'a str,
        /// What it holds.
        contents: Contents<'a>,
    },
    /// The structured result: the entries of the tool's output. At most one in a result.
    Structured(&'a [u8]),
}

impl core::fmt::Debug for Contents<'_> {
    fn fmt(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
        match self {
            Self::Text(text) => f.debug_tuple("Text").field(text).finish(),
            Self::TextPieces(_) => f.write_str("TextPieces"),
            Self::Blob(_) => f.write_str("Blob"),
        }
    }
}

impl core::fmt::Debug for Block<'_> {
    fn fmt(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
        match self {
            Self::Text(text) => f.debug_tuple("Text").field(text).finish(),
            Self::Image { mime, .. } => f.debug_tuple("Image").field(mime).finish(),
            Self::Audio { mime, .. } => f.debug_tuple("Audio").field(mime).finish(),
            Self::Link { uri, .. } => f.debug_tuple("Link").field(uri).finish(),
            Self::Embedded { uri, contents, .. } => {
                f.debug_tuple("Embedded").field(uri).field(contents).finish()
            }
            Self::Structured(entries) => f.debug_tuple("Structured").field(entries).finish(),
        }
    }
}

/// Writes the members of a result made of blocks. False when a structured block is not what the
/// descriptor says, or when there are two.
pub(crate) fn write<C: Catalog + ?Sized>(
    version: Version,
    (catalog, tool): (&C, u16),
    blocks: &[Block<'_>],
    out: &mut JsonWriter<'_>,
) -> bool {
    let mut values = blocks.iter().filter_map(|block| match block {
        Block::Structured(entries) => Some(*entries),
        _ => None,
    });
    let (value, second) = (values.next(), values.next());
    if second.is_some() {
        return false;
    }
    let place = catalog.tool(tool);
    if let Some(entries) = value.filter(|_| version.has_structured()) {
        let Some((table, row)) = place else { return false };
        out.raw(b"\"structuredContent\":");
        if !value::write(table, row, entries, out) {
            return false;
        }
        out.raw(b",");
    }
    out.raw(b"\"content\":[");
    for (index, block) in blocks.iter().enumerate() {
        if index > 0 {
            out.raw(b",");
        }
        if !one(version, place, block, out) {
            return false;
        }
        out.raw(b"}");
    }
    out.raw(b"],\"isError\":false");
    true
}

/// Writes one block without its last brace.
fn one<T: ToolTable + ?Sized>(
    version: Version,
    place: Option<(&T, u16)>,
    block: &Block<'_>,
    out: &mut JsonWriter<'_>,
) -> bool {
    match *block {
        Block::Text(words) => text(words, out),
        Block::Image { mime, data } => file("image", mime, data, out),
        Block::Audio { mime, data } if version.has_audio() => file("audio", mime, data, out),
        Block::Audio { mime, data } => {
            resource("trine:audio", mime, Contents::Blob(data), out);
        }
        Block::Link { uri, name, mime, description } => {
            if version.has_links() {
                link((uri, name), mime, description, out);
            } else {
                text(uri, out);
            }
        }
        Block::Embedded { uri, mime, contents } => resource(uri, mime, contents, out),
        Block::Structured(entries) => {
            let Some((table, row)) = place else { return false };
            out.raw(b"{\"type\":\"text\",\"text\":\"");
            let start = out.mark();
            if !value::write(table, row, entries, out) {
                return false;
            }
            out.escape_since(start);
            out.raw(b"\"");
        }
    }
    true
}

fn text(words: &str, out: &mut JsonWriter<'_>) {
    out.raw(b"{\"type\":\"text\",\"text\":");
    out.string(words);
}

fn file(kind: &str, mime: &str, data: &dyn Bytes, out: &mut JsonWriter<'_>) {
    out.raw(b"{\"type\":\"");
    out.raw(kind.as_bytes());
    out.raw(b"\",\"data\":\"");
    base64(data, out);
    out.raw(b"\",\"mimeType\":");
    out.string(mime);
}

fn link((uri, name): (&str, &str), mime: &str, description: &str, out: &mut JsonWriter<'_>) {
    out.raw(b"{\"type\":\"resource_link\",\"uri\":");
    out.string(uri);
    out.raw(b",\"name\":");
    out.string(if name.is_empty() { uri } else { name });
    optional(b",\"mimeType\":", mime, out);
    optional(b",\"description\":", description, out);
}

/// Writes one block that is no structured result, whole.
#[cfg(feature = "resources")]
pub(crate) fn alone(version: Version, block: &Block<'_>, out: &mut JsonWriter<'_>) {
    let no_table: Option<(&[trine_descriptor::Tool<'_>], u16)> = None;
    if !one(version, no_table, block, out) {
        text("", out);
    }
    out.raw(b"}");
}

fn resource(uri: &str, mime: &str, of: Contents<'_>, out: &mut JsonWriter<'_>) {
    out.raw(b"{\"type\":\"resource\",\"resource\":");
    contents(uri, mime, of, out);
}

/// Writes what a resource has.
pub(crate) fn contents(uri: &str, mime: &str, contents: Contents<'_>, out: &mut JsonWriter<'_>) {
    out.raw(b"{\"uri\":");
    out.string(uri);
    optional(b",\"mimeType\":", mime, out);
    match contents {
        Contents::Text(text) => {
            out.raw(b",\"text\":");
            out.string(text);
        }
        Contents::TextPieces(data) => {
            out.raw(b",\"text\":\"");
            data.pieces(&mut |piece| out.escaped(piece));
            out.raw(b"\"");
        }
        Contents::Blob(data) => {
            out.raw(b",\"blob\":\"");
            base64(data, out);
            out.raw(b"\"");
        }
    }
    out.raw(b"}");
}

fn optional(name: &[u8], value: &str, out: &mut JsonWriter<'_>) {
    if !value.is_empty() {
        out.raw(name);
        out.string(value);
    }
}

/// Writes bytes as Base64, without quotes.
pub(crate) fn base64(data: &dyn Bytes, out: &mut JsonWriter<'_>) {
    let mut base64 = Base64::new();
    data.pieces(&mut |piece| base64.piece(piece, out));
    base64.finish(out);
}
