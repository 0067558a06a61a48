//! The answers to requests that concern no tool.

#[cfg(feature = "input")]
use crate::InputRequest;
use crate::content::{self, Block, Contents};
use crate::error::{INVALID_PARAMS, begin_result};
use crate::json::writer::NeedBytes;
use crate::{Catalog, Id, JsonWriter, Version, result};

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

/// The messages of a prompt, which may be kept in any form.
pub trait Messages {
    /// Calls `each` for every message in order.
    fn each(&self, each: &mut dyn FnMut(&Message<'_>));
}

impl Messages for [Message<'_>] {
    fn each(&self, each: &mut dyn FnMut(&Message<'_>)) {
        self.iter().for_each(each);
    }
}

/// Texts, which may be kept in any form.
pub trait Texts {
    /// Calls `each` for every text in order.
    fn each(&self, each: &mut dyn FnMut(&str));
}

impl Texts for [&str] {
    fn each(&self, each: &mut dyn FnMut(&str)) {
        self.iter().copied().for_each(each);
    }
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
    messages: &(impl Messages + ?Sized),
    out: &mut [u8],
) -> Result<usize, NeedBytes> {
    let mut out = JsonWriter::new(out);
    begin(id, version, &mut out);
    catalog.with_prompt(prompt, &mut |table, row| {
        let description = table.info(row).map_or("", |info| info.description);
        if !description.is_empty() {
            out.raw(b"\"description\":");
            out.string(description);
            out.raw(b",");
        }
    });
    out.raw(b"\"messages\":[");
    let mut is_first = true;
    messages.each(&mut |message| {
        out.raw(if is_first { b"{\"role\":\"" } else { b",{\"role\":\"" });
        is_first = false;
        out.raw(if message.is_assistants { b"assistant" } else { b"user" });
        out.raw(b"\",\"content\":");
        content::alone(version, &message.block, &mut out);
        out.raw(b"}");
    });
    out.raw(b"]");
    result::finish(version, &catalog.server(), &mut out);
    out.finish()
}

#[cfg(feature = "input")]
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
    values: &(impl Texts + ?Sized),
    total: Option<u32>,
    out: &mut [u8],
) -> Result<usize, NeedBytes> {
    let mut out = JsonWriter::new(out);
    begin(id, version, &mut out);
    out.raw(b"\"completion\":{\"values\":[");
    let mut count = 0;
    values.each(&mut |value| {
        if count < VALUES_MAX {
            out.raw(if count > 0 { b"," } else { b"" });
            out.string(value);
        }
        count += 1;
    });
    out.raw(b"]");
    let total = total.or_else(|| (count > VALUES_MAX).then_some(count as u32));
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
