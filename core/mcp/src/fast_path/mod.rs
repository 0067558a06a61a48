//! Calls as clients nearly always send them: `tools/call` without spaces, its members in any order.
//!
//! Only 64-bit hosts look whether a message is one. It is then read in one pass of whole words,
//! with nothing kept but what the call needs; and its answer is written in the same way. Whatever
//! is spelt, placed or typed in any other way is left to the general reader, from the start: so
//! nothing is refused here. A microcontroller has the general way alone, which is smaller.

mod answer;
mod arguments;
#[cfg(test)]
#[expect(clippy::large_stack_arrays, reason = "these are tests")]
mod tests;

use crate::json::JsonReader;
use crate::json::scan::{WORD, plain_end, word_of_plain};
use crate::json::words::whole_digits;
use crate::{Call, Catalog, Id, McpSession, Version};

pub(crate) use answer::write;

/// Whether this way is taken at all.
pub(crate) const TAKEN: bool = cfg!(target_pointer_width = "64");

/// Which members of the message have been there.
mod seen {
    pub(super) const JSONRPC: u32 = 1;
    pub(super) const ID: u32 = 2;
    pub(super) const METHOD: u32 = 4;
    pub(super) const PARAMS: u32 = 8;
    pub(super) const NAME: u32 = 16;
    pub(super) const ARGUMENTS: u32 = 32;
    pub(super) const META: u32 = 64;
    pub(super) const VERSION: u32 = 128;
    pub(super) const CAPABILITIES: u32 = 256;
    pub(super) const PROGRESS: u32 = 512;
    pub(super) const INFO: u32 = 1024;
    /// What every call has.
    pub(super) const CALL: u32 = JSONRPC | ID | METHOD | PARAMS | NAME;
    /// What says that a call is stateless.
    pub(super) const STATELESS: u32 = VERSION | CAPABILITIES;
}

/// What was read so far.
struct CallMembers<'m> {
    seen: u32,
    id: &'m [u8],
    tool: u16,
    arguments: usize,
    checked: bool,
    capabilities: &'m [u8],
    progress: &'m [u8],
}

/// A stateless call with its members in the order of the specification's own examples, which is
/// that of most clients: long stretches of it are then known text.
// Out of line, so that a message that is none needs nothing more than to return.
#[inline(never)]
pub(crate) fn in_known_order<'m, C: Catalog + ?Sized>(
    catalog: &C,
    message: &'m [u8],
    args: &mut [u8],
) -> Option<Call<'m>> {
    let (id, rest) = id(after(message, b"{\"jsonrpc\":\"2.0\",\"id\":")?)?;
    let method = b",\"method\":\"tools/call\",\"params\":{\"name\":\"";
    let (name, rest) = plain(after(rest, method)?)?;
    let rest = after(rest, b"\",\"arguments\":{")?;
    let tool = catalog.find(name)?;
    let arguments::Encoded { len: arguments, checked, rest } =
        arguments::encode(catalog, tool, rest, args)?;
    let meta = b",\"_meta\":{\"io.modelcontextprotocol/protocolVersion\":\"2026-07-28\",\
        \"io.modelcontextprotocol/clientInfo\":{\"name\":\"";
    let (_, rest) = plain(after(rest, meta)?)?;
    let (_, rest) = plain(after(rest, b"\",\"version\":\"")?)?;
    let end = b"\"},\"io.modelcontextprotocol/clientCapabilities\":{}}}}";
    if !(cfg!(feature = "stateless") && after(rest, end)?.is_empty()) {
        return None;
    }
    let version = Version::V2026_07_28;
    let id = Id::checked(id);
    let (progress, retry, capabilities) = (None, None, &b"{}"[..]);
    Some(Call { id, version, tool, arguments, checked, progress, retry, capabilities })
}

/// The same for members in any order, and for older revisions.
#[inline(never)]
pub(crate) fn in_any_order<'m, C: Catalog + ?Sized>(
    catalog: &C,
    message: &'m [u8],
    session: &McpSession,
    args: &mut [u8],
) -> Option<Call<'m>> {
    let mut found = CallMembers {
        seen: 0,
        id: &[],
        tool: 0,
        arguments: 0,
        checked: false,
        capabilities: &[],
        progress: &[],
    };
    let (mut lead, mut rest) = (b'{', message);
    while let [byte, text @ ..] = rest
        && *byte == lead
    {
        lead = b',';
        let bit = match text.get(1)? {
            b'j' => {
                rest = after(text, b"\"jsonrpc\":\"2.0\"")?;
                seen::JSONRPC
            }
            b'i' => {
                (found.id, rest) = id(after(text, b"\"id\":")?)?;
                seen::ID
            }
            b'm' => {
                rest = after(text, b"\"method\":\"tools/call\"")?;
                seen::METHOD
            }
            _ => {
                rest = params(catalog, after(text, b"\"params\":")?, args, &mut found)?;
                seen::PARAMS
            }
        };
        found.once(bit)?;
    }
    if !matches!(rest, [b'}']) || lead == b'{' {
        return None;
    }
    if found.seen & seen::CALL != seen::CALL {
        return None;
    }
    let version = match found.seen & seen::STATELESS {
        seen::STATELESS if cfg!(feature = "stateless") => Version::V2026_07_28,
        0 => session.version()?,
        _ => return None,
    };
    let progress = (found.seen & seen::PROGRESS != 0).then_some(Id::checked(found.progress));
    Some(Call {
        id: Id::checked(found.id),
        version,
        tool: found.tool,
        arguments: found.arguments,
        checked: found.checked,
        progress,
        retry: None,
        capabilities: found.capabilities,
    })
}

/// Reads `params`, and answers what follows its brace.
#[inline(always)]
fn params<'m, C: Catalog + ?Sized>(
    catalog: &C,
    mut rest: &'m [u8],
    args: &mut [u8],
    found: &mut CallMembers<'m>,
) -> Option<&'m [u8]> {
    let mut lead = b'{';
    while let [byte, text @ ..] = rest
        && *byte == lead
    {
        lead = b',';
        let bit = match text.get(1)? {
            b'n' => {
                let name;
                (name, rest) = quoted(after(text, b"\"name\":")?)?;
                found.tool = catalog.find(name)?;
                seen::NAME
            }
            b'a' if found.seen & seen::NAME != 0 => {
                let text = after(text, b"\"arguments\":{")?;
                let encoded = arguments::encode(catalog, found.tool, text, args)?;
                (found.arguments, found.checked) = (encoded.len, encoded.checked);
                rest = encoded.rest;
                seen::ARGUMENTS
            }
            _ => {
                rest = meta(after(text, b"\"_meta\":")?, found)?;
                seen::META
            }
        };
        found.once(bit)?;
    }
    // Without members it holds no name either, so an empty object needs no look.
    after(rest, b"}")
}

/// Reads `_meta`, and answers what follows its brace.
#[inline(always)]
fn meta<'m>(mut rest: &'m [u8], found: &mut CallMembers<'m>) -> Option<&'m [u8]> {
    let mut lead = b'{';
    while let [byte, text @ ..] = rest
        && *byte == lead
    {
        lead = b',';
        // The letter that tells the usual names apart.
        let bit = match text.get(b"\"io.modelcontextprotocol/client".len()) {
            Some(b'o') => {
                rest = after(text, VERSION)?;
                seen::VERSION
            }
            Some(b'I') => {
                rest = info(text)?;
                seen::INFO
            }
            Some(b'C') => {
                (found.capabilities, rest) = capabilities(text)?;
                seen::CAPABILITIES
            }
            _ => {
                (found.progress, rest) = id(after(text, b"\"progressToken\":")?)?;
                seen::PROGRESS
            }
        };
        found.once(bit)?;
    }
    if lead == b',' { after(rest, b"}") } else { None }
}

const VERSION: &[u8; 54] = b"\"io.modelcontextprotocol/protocolVersion\":\"2026-07-28\"";

impl CallMembers<'_> {
    /// Notes a member; `None` if it was there before.
    #[inline(always)]
    const fn once(&mut self, bit: u32) -> Option<()> {
        let new = self.seen & bit == 0;
        self.seen |= bit;
        if new { Some(()) } else { None }
    }
}

/// Passes over what a client says of itself, which is nearly always a name and a version.
#[inline(always)]
fn info(rest: &[u8]) -> Option<&[u8]> {
    match name_and_version(rest) {
        Some(rest) => Some(rest),
        None => {
            let rest = after(rest, b"\"io.modelcontextprotocol/clientInfo\":")?;
            object(rest).map(|(_, rest)| rest)
        }
    }
}

#[inline(always)]
fn name_and_version(rest: &[u8]) -> Option<&[u8]> {
    let (_, rest) = quoted(after(rest, b"\"io.modelcontextprotocol/clientInfo\":{\"name\":")?)?;
    let (_, rest) = quoted(after(rest, b",\"version\":")?)?;
    after(rest, b"}")
}

/// The capabilities of a client, which are nearly always none, and what follows.
#[inline(always)]
fn capabilities(rest: &[u8]) -> Option<(&[u8], &[u8])> {
    match after(rest, b"\"io.modelcontextprotocol/clientCapabilities\":{}") {
        Some(rest) => Some((b"{}", rest)),
        None => object(after(rest, b"\"io.modelcontextprotocol/clientCapabilities\":")?),
    }
}

/// An object of any kind, checked in full, and what follows.
#[inline(never)]
fn object(rest: &[u8]) -> Option<(&[u8], &[u8])> {
    let mut reader = JsonReader::new(rest);
    let value = reader.skip_value().ok()?;
    matches!(value, [b'{', ..]).then_some((value, reader.rest()))
}

/// A plain number or string that an id may be, and what follows.
#[inline(always)]
fn id(text: &[u8]) -> Option<(&[u8], &[u8])> {
    match text {
        [b'"', ..] => string_id(text),
        _ => text.split_at_checked(whole_digits(text)?),
    }
}

#[inline(never)]
fn string_id(text: &[u8]) -> Option<(&[u8], &[u8])> {
    let (raw, rest) = text.split_at_checked(plain_end(text, 1) + 1)?;
    let ends = matches!(raw, [_, .., b'"']);
    (ends && raw.len() <= crate::ID_MAX).then_some((raw, rest))
}

/// A plain string with its quotes, and what follows it.
#[inline(always)]
fn quoted(text: &[u8]) -> Option<(&[u8], &[u8])> {
    let (raw, rest) = plain(after(text, b"\"")?)?;
    Some((raw, after(rest, b"\"")?))
}

/// The plain bytes that start a text, and what follows them: a quote, if they are a whole string.
#[inline(always)]
fn plain(text: &[u8]) -> Option<(&[u8], &[u8])> {
    let mut end = word_of_plain(text, 0);
    if end == WORD {
        end = plain_end(text, end);
    }
    text.split_at_checked(end)
}

/// Bytes that are compared at once.
const BLOCK: usize = 32;

/// What follows `literal`, if that is how `text` starts.
#[inline(always)]
fn after<'m, const N: usize>(text: &'m [u8], literal: &[u8; N]) -> Option<&'m [u8]> {
    let (start, rest) = text.split_first_chunk::<N>()?;
    if N <= BLOCK {
        return (start == literal).then_some(rest);
    }
    // In blocks, the last of which overlaps: the compiler would call a function for so many bytes.
    let (blocks, _) = start.as_chunks::<BLOCK>();
    let (wanted, _) = literal.as_chunks::<BLOCK>();
    let mut same = true;
    for (block, wanted) in blocks.iter().zip(wanted) {
        same &= block == wanted;
    }
    (same && start.last_chunk::<BLOCK>() == literal.last_chunk::<BLOCK>()).then_some(rest)
}
