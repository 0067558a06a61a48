//! The answers to requests that concern no tool.

use crate::content::{self, Block, Contents};
use crate::error::{INVALID_PARAMS, begin_result};
use crate::json::writer::NeedBytes;
use crate::{Catalog, Id, InputRequest, JsonWriter, Version, result};

/// The code of older revisions for a resource that is not there.
const NOT_FOUND: i32 = -32002;
/// Most completions of an answer (2026-07-28, *Completion*).
const VALUES_MAX: usize = 100;

/// What a resource has.
#[derive(Clone, Copy, Debug)]
pub struct ResourceContents<'a> {
    /// Its address.
    pub uri: &'a str,
    /// Media type; may be empty.
    pub mime: &'a str,
    /// What it has.
    pub contents: Contents<'a>,
}

/// A message of a prompt.
#[derive(Clone, Copy, Debug)]
pub struct Message<'a> {
    /// It is the assistant's, not the user's.
    pub is_assistants: bool,
    /// What it says.
    pub block: Block<'a>,
}

fn begin(id: Id<'_>, version: Version, out: &mut JsonWriter<'_>) {
    begin_result(id, out);
    if version.is_stateless() {
        out.raw(b"\"resultType\":\"complete\",");
    }
}

pub(super) fn missing(
    id: Id<'_>,
    version: Version,
    uri: &str,
    out: &mut [u8],
) -> Result<usize, NeedBytes> {
    let mut out = JsonWriter::new(out);
    out.raw(b"{\"jsonrpc\":\"2.0\",\"id\":");
    out.raw(id.raw());
    out.raw(b",\"error\":{\"code\":");
    let code = if version.is_stateless() { INVALID_PARAMS } else { NOT_FOUND };
    out.integer(code.into());
    out.raw(b",\"message\":\"Resource not found\",\"data\":{\"uri\":");
    out.string(uri);
    out.raw(b"}}}");
    out.finish()
}

pub(super) fn read<C: Catalog + ?Sized>(
    catalog: &C,
    (id, version): (Id<'_>, Version),
    contents: &[ResourceContents<'_>],
    out: &mut [u8],
) -> Result<usize, NeedBytes> {
    let mut out = JsonWriter::new(out);
    begin(id, version, &mut out);
    out.raw(b"\"contents\":[");
    for (index, ResourceContents { uri, mime, contents }) in contents.iter().enumerate() {
        out.raw(if index > 0 { b"," } else { b"" });
        content::contents(uri, mime, *contents, &mut out);
    }
    out.raw(b"]");
    if version.is_stateless() {
        // What a device has may change at any time, and is that of one user.
        out.raw(b",\"ttlMs\":0,\"cacheScope\":\"private\"");
    }
    result::finish(version, &catalog.server(), &mut out);
    out.finish()
}

pub(super) fn prompt<C: Catalog + ?Sized>(
    catalog: &C,
    (id, version): (Id<'_>, Version),
    prompt: u16,
    messages: &[Message<'_>],
    out: &mut [u8],
) -> Result<usize, NeedBytes> {
    let mut out = JsonWriter::new(out);
    begin(id, version, &mut out);
    if let Some(prompt) = catalog.lists().prompt(prompt).filter(|it| !it.description().is_empty()) {
        out.raw(b"\"description\":");
        out.string(prompt.description());
        out.raw(b",");
    }
    out.raw(b"\"messages\":[");
    for (index, message) in messages.iter().enumerate() {
        out.raw(if index > 0 { b",{\"role\":\"" } else { b"{\"role\":\"" });
        out.raw(if message.is_assistants { b"assistant" } else { b"user" });
        out.raw(b"\",\"content\":");
        content::alone(version, &message.block, &mut out);
        out.raw(b"}");
    }
    out.raw(b"]");
    result::finish(version, &catalog.server(), &mut out);
    out.finish()
}

pub(super) fn needs_input<C: Catalog + ?Sized>(
    catalog: &C,
    (id, version): (Id<'_>, Version),
    asked: (&[InputRequest<'_>], &[u8]),
    out: &mut [u8],
) -> Result<usize, NeedBytes> {
    let mut out = JsonWriter::new(out);
    begin_result(id, &mut out);
    result::needs_input(version, &catalog.server(), asked, &mut out);
    out.finish()
}

pub(super) fn complete<C: Catalog + ?Sized>(
    catalog: &C,
    (id, version): (Id<'_>, Version),
    values: &[&str],
    total: Option<u32>,
    out: &mut [u8],
) -> Result<usize, NeedBytes> {
    let mut out = JsonWriter::new(out);
    begin(id, version, &mut out);
    out.raw(b"\"completion\":{\"values\":[");
    for (index, value) in values.iter().take(VALUES_MAX).enumerate() {
        out.raw(if index > 0 { b"," } else { b"" });
        out.string(value);
    }
    out.raw(b"]");
    let total = total.or_else(|| (values.len() > VALUES_MAX).then_some(values.len() as u32));
    if let Some(total) = total.filter(|total| *total > 0) {
        out.raw(b",\"total\":");
        out.unsigned(total.into());
    }
    out.raw(b",\"hasMore\":");
    out.bool(total.is_some());
    out.raw(b"}");
    result::finish(version, &catalog.server(), &mut out);
    out.finish()
}

pub(super) fn subscribed(id: Id<'_>, out: &mut [u8]) -> Result<usize, NeedBytes> {
    let mut out = JsonWriter::new(out);
    begin_result(id, &mut out);
    out.raw(b"}}");
    out.finish()
}
