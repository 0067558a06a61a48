//! `tools/list`: as many tools a page as fit, and a cursor that knows its list.

use trine_descriptor::schema::JsonSink;
use trine_descriptor::{Annotations, Consent, Side, TextSink, ToolInfo, ToolTable};

use crate::envelope::Member;
use crate::error::{Problem, begin_result};
#[cfg(feature = "extras")]
use crate::extras::schema;
use crate::json::writer::hex_digit;
use crate::json::{JsonText, JsonWriter};
use crate::{Catalog, ClientCapabilities, Id, Version, result};

impl TextSink for JsonWriter<'_> {
    fn text(&mut self, text: &str) {
        self.raw(text.as_bytes());
    }
}

impl JsonSink for JsonWriter<'_> {
    fn string(&mut self, text: &str) {
        JsonWriter::string(self, text);
    }
}

/// A cursor is the catalog's generation and the next tool, in hexadecimal.
const CURSOR_LEN: usize = 20;

fn cursor(generation: u64, index: u16) -> [u8; CURSOR_LEN] {
    let value = u128::from(generation) << 16 | u128::from(index);
    core::array::from_fn(|digit| {
        let nibble = value >> (4 * (CURSOR_LEN - 1 - digit)) & 15;
        hex_digit(nibble as u8)
    })
}

/// The item that a cursor stands for, if it is one of ours for this list.
fn read_cursor(text: &JsonText<'_>, generation: u64, count: u16) -> Option<u16> {
    let mut digits = [0; CURSOR_LEN];
    if text.decode_into(&mut digits) != Some(CURSOR_LEN) {
        return None;
    }
    let value = digits.iter().try_fold(0u128, |sum, digit| {
        let nibble = char::from(*digit).to_digit(16)?;
        Some(sum << 4 | u128::from(nibble))
    })?;
    let index = value as u16;
    (digits == cursor(generation, index) && index < count).then_some(index)
}

/// Writes one page of the tools, or says why there is none.
pub(crate) fn write<'m, C: Catalog + ?Sized>(
    catalog: &C,
    (id, version): (Id<'_>, Version),
    from: Member<'m>,
    client: ClientCapabilities,
    out: &mut JsonWriter<'_>,
) -> Result<(), Problem<'m>> {
    let list: (&[u8], _, _) = (b"tools", catalog.count(), Edition::of_tools(catalog));
    #[cfg(feature = "apps")]
    {
        let item = |index, out: &mut JsonWriter<'_>| {
            let is_shown = crate::apps::is_shown(catalog, index, client);
            if is_shown {
                tool(catalog, (version, client), index, out);
            }
            is_shown
        };
        sparse_pages(catalog, (id, version), list, from, &item, out)
    }
    #[cfg(not(feature = "apps"))]
    {
        let item = |index, out: &mut JsonWriter<'_>| tool(catalog, (version, client), index, out);
        pages(catalog, (id, version), list, from, &item, out)
    }
}

/// Writes the schema of one side of a tool.
#[cfg(not(feature = "extras"))]
fn schema<C: Catalog + ?Sized>(catalog: &C, index: u16, side: Side, out: &mut JsonWriter<'_>) {
    let Some((table, row)) = catalog.tool(index) else { return out.raw(b"{}") };
    trine_descriptor::schema::write(table, row, side, out);
}

/// Writes the schema of one side of a tool: its own, or that of its descriptor.
#[inline(always)]
fn side_schema<C: Catalog + ?Sized>(catalog: &C, index: u16, side: Side, out: &mut JsonWriter<'_>) {
    #[cfg(feature = "verbatim")]
    if let Some(text) = catalog.verbatim(index, side) {
        return out.raw(text.as_bytes());
    }
    schema(catalog, index, side, out);
}

/// Whether a tool says what its result is.
#[cfg_attr(not(feature = "verbatim"), expect(unused_variables, reason = "hosts alone look there"))]
#[inline(always)]
fn has_output<C: Catalog + ?Sized>(
    (catalog, index): (&C, u16),
    (table, row): (&C::Table, u16),
) -> bool {
    #[cfg(feature = "verbatim")]
    if catalog.verbatim(index, Side::Output).is_some() {
        return true;
    }
    table.node_count(row, Side::Output) > 0
}

/// Which state of a list a page is of, how long in milliseconds it may be kept, and whether it is
/// the same for all clients.
#[derive(Clone, Copy)]
pub(crate) struct Edition {
    pub(crate) generation: u64,
    pub(crate) ttl_ms: u32,
    pub(crate) is_public: bool,
}

impl Edition {
    /// Clients without the extension of user interfaces see fewer tools, where some have one.
    pub(crate) fn of_tools<C: Catalog + ?Sized>(catalog: &C) -> Self {
        #[cfg(feature = "apps")]
        let is_public = !crate::apps::has_any(catalog);
        #[cfg(not(feature = "apps"))]
        let is_public = true;
        Self { generation: catalog.generation(), ttl_ms: catalog.ttl_ms(), is_public }
    }

    #[cfg(feature = "resources")]
    pub(crate) fn of_lists<C: Catalog + ?Sized>(catalog: &C) -> Self {
        let (generation, ttl_ms) = (catalog.lists_generation(), catalog.lists_ttl_ms());
        Self { generation, ttl_ms, is_public: true }
    }
}

/// The first item of a page.
fn start<'m>(from: Member<'m>, count: u16, edition: Edition) -> Result<u16, Problem<'m>> {
    match from {
        Member::Absent => Ok(0),
        Member::Text(text) => {
            read_cursor(&text, edition.generation, count).ok_or(Problem::Params("Invalid cursor"))
        }
        Member::Other => Err(Problem::Params("Invalid cursor")),
    }
}

/// Room that a page needs behind its items.
fn reserve<C: Catalog + ?Sized>(catalog: &C, version: Version, edition: Edition) -> usize {
    let mut probe = JsonWriter::new(&mut []);
    tail(catalog, (version, edition), Some(0), &mut probe);
    probe.needed()
}

/// Writes what stands before the items of a page.
fn begin(id: Id<'_>, version: Version, name: &[u8], out: &mut JsonWriter<'_>) {
    begin_result(id, out);
    if version.is_stateless() {
        out.raw(b"\"resultType\":\"complete\",");
    }
    out.raw(b"\"");
    out.raw(name);
    out.raw(b"\":[");
}

/// Writes one page of a list, whose items `item` writes.
pub(crate) fn pages<'m, C: Catalog + ?Sized>(
    catalog: &C,
    (id, version): (Id<'_>, Version),
    (name, count, edition): (&[u8], u16, Edition),
    from: Member<'m>,
    item: &impl Fn(u16, &mut JsonWriter<'_>),
    out: &mut JsonWriter<'_>,
) -> Result<(), Problem<'m>> {
    let start = start(from, count, edition)?;
    let reserve = reserve(catalog, version, edition);
    begin(id, version, name, out);
    let mut index = start;
    while index < count {
        let mark = out.mark();
        if index > start {
            out.raw(b",");
        }
        item(index, out);
        if out.room() < reserve {
            if index == start {
                return Err(Problem::Space(out.needed() + reserve));
            }
            out.rollback(mark);
            break;
        }
        index += 1;
    }
    let next = (index < count).then_some(index);
    tail(catalog, (version, edition), next, out);
    Ok(())
}

/// Writes one page of a list that leaves some numbers out: for these `item` writes nothing and
/// answers `false`. A page that has no item is the last one.
#[cfg(any(feature = "apps", feature = "skills"))]
pub(crate) fn sparse_pages<'m, C: Catalog + ?Sized>(
    catalog: &C,
    (id, version): (Id<'_>, Version),
    (name, count, edition): (&[u8], u16, Edition),
    from: Member<'m>,
    item: &impl Fn(u16, &mut JsonWriter<'_>) -> bool,
    out: &mut JsonWriter<'_>,
) -> Result<(), Problem<'m>> {
    let start = start(from, count, edition)?;
    let reserve = reserve(catalog, version, edition);
    begin(id, version, name, out);
    let (mut index, mut has_any) = (start, false);
    while index < count {
        let mark = out.mark();
        if has_any {
            out.raw(b",");
        }
        if !item(index, out) {
            out.rollback(mark);
        } else if out.room() >= reserve {
            has_any = true;
        } else if has_any {
            out.rollback(mark);
            break;
        } else {
            return Err(Problem::Space(out.needed() + reserve));
        }
        index += 1;
    }
    tail(catalog, (version, edition), (index < count).then_some(index), out);
    Ok(())
}

/// Writes what follows the items of a page.
fn tail<C: Catalog + ?Sized>(
    catalog: &C,
    (version, edition): (Version, Edition),
    next: Option<u16>,
    out: &mut JsonWriter<'_>,
) {
    out.raw(b"]");
    if let Some(next) = next {
        out.raw(b",\"nextCursor\":\"");
        out.raw(&cursor(edition.generation, next));
        out.raw(b"\"");
    }
    if version.is_stateless() {
        cache_hints(edition.ttl_ms, edition.is_public, out);
    }
    result::finish(version, &catalog.server(), out);
}

/// Writes how long and by whom a result may be kept: `public` is for caches of many clients.
pub(crate) fn cache_hints(ttl_ms: u32, is_public: bool, out: &mut JsonWriter<'_>) {
    out.raw(b",\"ttlMs\":");
    out.unsigned(ttl_ms.into());
    out.raw(b",\"cacheScope\":\"");
    out.raw(if is_public { b"public\"" } else { b"private\"" });
}

/// Writes one `Tool` object as the revision's schema has it.
fn tool<C: Catalog + ?Sized>(
    catalog: &C,
    (version, client): (Version, ClientCapabilities),
    index: u16,
    out: &mut JsonWriter<'_>,
) {
    let Some((table, row)) = catalog.tool(index) else { return out.raw(b"{}") };
    let Some(info) = table.info(row) else { return out.raw(b"{}") };
    out.raw(b"{\"name\":");
    out.string(catalog.name(index).unwrap_or(info.name));
    if version.has_structured() && !info.title.is_empty() {
        out.raw(b",\"title\":");
        out.string(info.title);
    }
    out.raw(b",\"description\":");
    out.string(info.description);
    out.raw(b",\"inputSchema\":");
    side_schema(catalog, index, Side::Params, out);
    if version.has_annotations() {
        annotations(version, &info, out);
    }
    if version.has_structured() && has_output((catalog, index), (table, row)) {
        out.raw(b",\"outputSchema\":");
        side_schema(catalog, index, Side::Output, out);
    }
    meta((catalog, index), (version, client), info.consent, out);
    #[cfg(feature = "extras")]
    crate::extras::tool(catalog, index, version, out);
    out.raw(b"}");
}

/// Writes `_meta`, if there is anything to be in it. A client that declares an extension knows what
/// belongs to it in every revision.
fn meta<C: Catalog + ?Sized>(
    (catalog, index): (&C, u16),
    (version, client): (Version, ClientCapabilities),
    consent: Consent,
    out: &mut JsonWriter<'_>,
) {
    let mut any = false;
    let mut lead = |out: &mut JsonWriter<'_>| {
        out.raw(if any { b"," } else { b",\"_meta\":{" });
        any = true;
    };
    if version.has_structured() {
        let by_person = [("trine/consent", consent.name())];
        let by_person = if consent == Consent::None { &[][..] } else { &by_person };
        for (name, text) in by_person.iter().chain(catalog.meta(index)) {
            lead(out);
            out.string(name);
            out.raw(b":");
            out.string(text);
        }
    }
    #[cfg(feature = "apps")]
    if client.apps
        && let Some(ui) = catalog.ui(index)
    {
        lead(out);
        crate::apps::write(&ui, out);
    }
    #[cfg(not(feature = "apps"))]
    let _ = client;
    if any {
        out.raw(b"}");
    }
}

/// Writes the hints. In 2025-03-26 the title was one of them.
fn annotations(version: Version, info: &ToolInfo<'_>, out: &mut JsonWriter<'_>) {
    out.raw(b",\"annotations\":{");
    if !version.has_structured() && !info.title.is_empty() {
        out.raw(b"\"title\":");
        out.string(info.title);
        out.raw(b",");
    }
    let hints: [(&[u8], u8); 4] = [
        (b"\"readOnlyHint\":", Annotations::READ_ONLY),
        (b",\"destructiveHint\":", Annotations::DESTRUCTIVE),
        (b",\"idempotentHint\":", Annotations::IDEMPOTENT),
        (b",\"openWorldHint\":", Annotations::OPEN_WORLD),
    ];
    for (name, bit) in hints {
        out.raw(name);
        out.bool(info.annotations.has(bit));
    }
    out.raw(b"}");
}
