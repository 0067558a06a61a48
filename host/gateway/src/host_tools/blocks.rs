//! Blocks of content that a tool of C wrote, copied: texts are made fit to be shown.

use trine_mcp::{Block, Contents};

use crate::sanitize;

/// Kinds of `trine_block`.
const TEXT: u32 = 1;
const IMAGE: u32 = 2;
const AUDIO: u32 = 3;
const LINK: u32 = 4;
const EMBEDDED_TEXT: u32 = 5;
const EMBEDDED: u32 = 6;

/// Why there is no such block.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum BadBlock {
    /// No block has this kind, or one that is made in another way.
    Kind,
    /// Its data have to be text, and are no UTF-8.
    Text,
}

/// A block that belongs to its call.
#[derive(Clone, Debug, Default)]
pub struct OwnBlock {
    kind: u32,
    /// The text of a block whose data is text, else nothing.
    words: String,
    data: Vec<u8>,
    mime: String,
    uri: String,
    name: String,
}

impl OwnBlock {
    /// The kind of the structured block.
    pub const STRUCTURED: u32 = 7;

    /// A block of a kind of `trine_block`, but for the structured one.
    ///
    /// # Errors
    /// When there is no such kind, and when a text is no UTF-8.
    pub fn new(kind: u32, data: &[u8], [mime, uri, name]: [&str; 3]) -> Result<Self, BadBlock> {
        let plain = |text| sanitize::plain(text).into_owned();
        let mut block =
            Self { kind, mime: plain(mime), uri: plain(uri), name: plain(name), ..Self::default() };
        match kind {
            TEXT | LINK | EMBEDDED_TEXT => {
                let words = std::str::from_utf8(data).map_err(|_| BadBlock::Text)?;
                let fit = if kind == LINK { sanitize::plain } else { sanitize::content };
                block.words = fit(words).into_owned();
            }
            IMAGE | AUDIO | EMBEDDED => block.data = data.to_vec(),
            _ => return Err(BadBlock::Kind),
        }
        Ok(block)
    }

    /// The structured result, from the entries that were written.
    #[must_use]
    pub fn structured(entries: Vec<u8>) -> Self {
        Self { kind: Self::STRUCTURED, data: entries, ..Self::default() }
    }

    /// Content that was read: text where its media type says so and it is, sound or an image.
    #[must_use]
    pub fn of_content(mime: &str, bytes: &[u8]) -> Self {
        let kind = mime.split(';').next().unwrap_or_default().trim().to_ascii_lowercase();
        let is_text = kind.starts_with("text/")
            || ["json", "+json", "xml", "+xml", "yaml"].iter().any(|end| kind.ends_with(end))
                && kind.starts_with("application/");
        if let Some(text) = std::str::from_utf8(bytes).ok().filter(|_| is_text) {
            let words = sanitize::content(text).into_owned();
            return Self { kind: TEXT, words, ..Self::default() };
        }
        let kind = if kind.starts_with("audio/") { AUDIO } else { IMAGE };
        Self { kind, data: bytes.to_vec(), mime: mime.to_owned(), ..Self::default() }
    }

    /// Bytes that it takes.
    #[must_use]
    pub fn size(&self) -> usize {
        // A block without anything in it takes room too.
        let texts = self.words.len() + self.mime.len() + self.uri.len() + self.name.len();
        size_of::<Self>() + texts + self.data.len()
    }

    /// The block as the engine has it.
    #[must_use]
    pub fn block(&self) -> Block<'_> {
        let Self { words, mime, uri, name, .. } = self;
        let data = &self.data;
        match self.kind {
            TEXT => Block::Text(words),
            AUDIO => Block::Audio { mime, data: self },
            LINK => Block::Link { uri, name, mime, description: words },
            EMBEDDED_TEXT => Block::Embedded { uri, mime, contents: Contents::Text(words) },
            EMBEDDED => Block::Embedded { uri, mime, contents: Contents::Blob(self) },
            Self::STRUCTURED => Block::Structured(data),
            _ => Block::Image { mime, data: self },
        }
    }
}

impl trine_mcp::Bytes for OwnBlock {
    fn pieces(&self, each: &mut dyn FnMut(&[u8])) {
        each(&self.data);
    }
}
