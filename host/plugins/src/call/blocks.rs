//! Blocks of content, and content that is read piece by piece.

use trine_c_api::{
    TRINE_BLOCK_AUDIO, TRINE_BLOCK_EMBEDDED, TRINE_BLOCK_EMBEDDED_TEXT, TRINE_BLOCK_IMAGE,
    TRINE_BLOCK_LINK, TRINE_BLOCK_STRUCTURED, TRINE_BLOCK_TEXT,
};
use trine_mcp::{self as mcp, Contents};

use super::{CONTENT_MAX, Read};

/// A block that a plug-in wrote, copied.
pub(crate) struct Block {
    pub(super) kind: u32,
    pub(super) data: Vec<u8>,
    pub(super) mime: String,
    pub(super) uri: String,
    pub(super) name: String,
}

impl Block {
    /// Whether there is such a kind, and its data are text where they have to be.
    pub(super) fn is_sound(&self) -> bool {
        let is_text = || std::str::from_utf8(&self.data).is_ok();
        match self.kind {
            TRINE_BLOCK_IMAGE | TRINE_BLOCK_AUDIO | TRINE_BLOCK_EMBEDDED => true,
            TRINE_BLOCK_TEXT | TRINE_BLOCK_LINK | TRINE_BLOCK_EMBEDDED_TEXT => is_text(),
            kind => kind == TRINE_BLOCK_STRUCTURED && self.data.is_empty(),
        }
    }

    fn words(&self) -> &str {
        std::str::from_utf8(&self.data).unwrap_or_default()
    }
}

/// The bytes of a block or of content.
struct Plain<'a>(&'a [u8]);

impl mcp::Bytes for Plain<'_> {
    fn pieces(&self, each: &mut dyn FnMut(&[u8])) {
        each(self.0);
    }
}

/// Lends the blocks as the engine has them; `value` are the entries of a structured one.
pub(super) fn with(blocks: &[Block], value: &[u8], work: impl FnOnce(&[mcp::Block<'_>])) {
    let data: Vec<_> = blocks.iter().map(|block| Plain(&block.data)).collect();
    let shown = blocks.iter().zip(&data).map(|(block, data)| {
        let (mime, uri, name) = (&*block.mime, &*block.uri, &*block.name);
        match block.kind {
            TRINE_BLOCK_IMAGE => mcp::Block::Image { mime, data },
            TRINE_BLOCK_AUDIO => mcp::Block::Audio { mime, data },
            TRINE_BLOCK_LINK => mcp::Block::Link { uri, name, mime, description: block.words() },
            TRINE_BLOCK_EMBEDDED => {
                mcp::Block::Embedded { uri, mime, contents: Contents::Blob(data) }
            }
            TRINE_BLOCK_EMBEDDED_TEXT => {
                mcp::Block::Embedded { uri, mime, contents: Contents::Text(block.words()) }
            }
            TRINE_BLOCK_STRUCTURED => mcp::Block::Structured(value),
            _ => mcp::Block::Text(block.words()),
        }
    });
    work(&shown.collect::<Vec<_>>());
}

/// Reads the content of a call to its end; or says why not.
pub(super) fn read(size: u32, read: Read<'_>) -> Result<Vec<u8>, String> {
    let size = usize::try_from(size).unwrap_or(usize::MAX);
    if size > CONTENT_MAX {
        return Err(format!("the content has {size} bytes, {CONTENT_MAX} at most"));
    }
    let mut bytes = vec![0; size];
    let mut at = 0;
    while let Some(rest) = bytes.get_mut(at..).filter(|rest| !rest.is_empty()) {
        let room = rest.len();
        let got = read(u32::try_from(at).unwrap_or(u32::MAX), rest).min(room);
        if got == 0 {
            return Err(format!("the content ended after {at} of {size} bytes"));
        }
        at += got;
    }
    Ok(bytes)
}

/// Lends content as one block: text, sound, or an image.
pub(super) fn with_content(mime: &str, bytes: &[u8], work: impl FnOnce(mcp::Block<'_>)) {
    let data = &Plain(bytes);
    let is_text = mime.starts_with("text/") || mime == "application/json";
    match std::str::from_utf8(bytes) {
        Ok(text) if is_text => work(mcp::Block::Text(text)),
        _ if mime.starts_with("audio/") => work(mcp::Block::Audio { mime, data }),
        _ => work(mcp::Block::Image { mime, data }),
    }
}
