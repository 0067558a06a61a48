//! What a device has next to its tools, for MCP clients: resources, templates of their addresses,
//! prompts, completion, and what the schemas of tools say further.

use core::ffi::{c_char, c_void};
use core::mem::{align_of, offset_of, size_of};
use core::ptr::null_mut;
use core::sync::atomic::{AtomicPtr, Ordering};

use trine_bits::Fnv64;
use trine_descriptor::extras::Of;
use trine_descriptor::lists::{Found, List};
use trine_descriptor::record::Encoder;
use trine_descriptor::{Lists, Prompt, Resource, Rules, Side, Template};

use crate::config::trine_problem;
use crate::descriptor::{trine_call_id, trine_function, trine_tool};
use crate::later::sent;
use crate::lists_check::{self, Wrong};
use crate::memory::{Object, owned, problem_of, trine_device};
use crate::nodes::utf8;
use crate::status::{
    TRINE_E_ALIGNMENT, TRINE_E_ARGUMENT, TRINE_E_NULL, TRINE_E_STATE, TRINE_E_TABLE,
    TRINE_E_UNSUPPORTED, TRINE_E_VERSION, TRINE_OK, trine_status,
};
use crate::table::{CRules, Table, piece, tail};
use crate::text;

/// Resource flag: its content is not text.
pub const TRINE_RESOURCE_BINARY: u8 = 1;

/// Extra: members for the schema of a parameter, or of all parameters.
pub const TRINE_EXTRA_PARAM: u32 = 0;
/// Extra: members for the schema of a member of the result, or of the whole result.
pub const TRINE_EXTRA_RESULT: u32 = 1;
/// Extra: members of the tool itself, as it stands in a list: `icons`, and `_meta.ui`.
pub const TRINE_EXTRA_TOOL: u32 = 2;
/// The node of an extra that belongs to a whole schema.
pub const TRINE_EXTRA_ALL: u16 = 65535;

/// The list of resources, for `trine_mcp_changed`.
pub const TRINE_LIST_RESOURCES: u32 = 1;
/// The list of templates.
pub const TRINE_LIST_TEMPLATES: u32 = 2;
/// The list of prompts.
pub const TRINE_LIST_PROMPTS: u32 = 3;

/// A resource, or a template of addresses. Made by `TRINE_RESOURCE`, `TRINE_RESOURCE_READ` and
/// `TRINE_TEMPLATE`; 28 bytes on a 32-bit chip. Constant, and as long-lived as the device.
#[repr(C)]
#[derive(Clone, Copy, Debug)]
pub struct trine_resource {
    /// Address (or form of addresses), name, title, media type and description, a zero byte after
    /// each.
    pub texts: *const c_char,
    /// Writes the content; NULL where `data` is the content.
    pub read: trine_function,
    /// Passed to `read`.
    pub user_data: *mut c_void,
    /// The content, which never changes; NULL where `read` writes it.
    pub data: *const c_void,
    /// Bytes of `data`; with `read` how many it writes, or 0 where that is not known.
    pub size: u32,
    /// Bytes of the address, 1,024 at most.
    pub uri_size: u16,
    /// Bytes of the name.
    pub name_size: u8,
    /// Bytes of the title.
    pub title_size: u8,
    /// Bytes of the media type.
    pub mime_size: u8,
    /// `TRINE_RESOURCE_...`.
    pub flags: u8,
    /// Must be 0.
    pub reserved: u16,
}

/// What the schema of a tool says beyond its nodes, for clients alone: no value is checked by it.
/// Made by `TRINE_EXTRA` and `TRINE_ICONS`; 16 bytes on a 32-bit chip. Constant, and as long-lived
/// as the device.
#[repr(C)]
#[derive(Clone, Copy, Debug)]
pub struct trine_extra {
    /// A JSON object on one line.
    pub members: *const c_char,
    /// Bytes of it.
    pub size: u32,
    /// Number of the tool.
    pub tool: u16,
    /// Number of the node, or `TRINE_EXTRA_ALL`.
    pub node: u16,
    /// `TRINE_EXTRA_PARAM`, `TRINE_EXTRA_RESULT` or `TRINE_EXTRA_TOOL`.
    pub of: u32,
}

/// All that a device has next to its tools. Zero is the default of every member but the first.
/// Constant, and as long-lived as the device. The functions run inside `trine_poll` or
/// `trine_handle_json`.
#[repr(C)]
#[derive(Clone, Copy, Debug)]
pub struct trine_mcp_lists {
    /// `sizeof(trine_mcp_lists)`.
    pub struct_size: u32,
    /// How many resources, 1,024 at most.
    pub resources_count: u16,
    /// How many templates, 1,024 at most.
    pub templates_count: u16,
    /// How many prompts, 1,024 at most.
    pub prompts_count: u16,
    /// How many extras.
    pub extras_count: u16,
    /// The resources.
    pub resources: *const trine_resource,
    /// The templates.
    pub templates: *const trine_resource,
    /// The prompts: `TRINE_PROMPT`.
    pub prompts: *const trine_tool,
    /// The extras of tools.
    pub extras: *const trine_extra,
    /// Completes what a person types, by `trine_mcp_completion_of` and `trine_mcp_suggest`. NULL
    /// for none.
    pub complete: trine_function,
    /// A request that was to be answered later is over without the program: it expired or was
    /// cancelled. May be NULL.
    pub on_stop: Option<unsafe extern "C" fn(user_data: *mut c_void, id: trine_call_id)>,
    /// Writes a piece of the content that a resource's function has announced with
    /// `trine_content`, as `on_read` of `trine_tool_more` does. May be NULL.
    pub on_read: Option<
        unsafe extern "C" fn(
            user_data: *mut c_void,
            id: trine_call_id,
            offset: u32,
            out: *mut u8,
            size: usize,
        ) -> usize,
    >,
    /// Passed to the three functions.
    pub user_data: *mut c_void,
}

// SAFETY: constant, and never written through by this crate; `user_data` is only handed to the
// functions, in the owner's context.
unsafe impl Sync for trine_resource {}
// SAFETY: as above.
unsafe impl Sync for trine_extra {}
// SAFETY: as above.
unsafe impl Sync for trine_mcp_lists {}

/// Bytes of the first version of the structure.
const V1: usize = offset_of!(trine_mcp_lists, user_data) + size_of::<*mut c_void>();
/// A structure of more bytes than this is none.
const SIZE_MAX: usize = 4_096;

/// Shows MCP clients, of the gateway and of `trine_handle_json`, what the device has next to its
/// tools. Call it before the first `trine_poll`. Later it may be called again with other lists;
/// tell clients then with `trine_mcp_changed`. Extras stay as they were at the first call.
///
/// @param device The device.
/// @param lists The lists.
/// @param problem Receives what is wrong: `tool` is the number of the entry (templates count from
///                10,000, prompts from 20,000, extras from 30,000), `node` that of a prompt's
///                argument or -1. May be NULL.
/// @return TRINE_OK, TRINE_E_NULL, TRINE_E_STATE, TRINE_E_BUSY, TRINE_E_ALIGNMENT, TRINE_E_VERSION,
///         TRINE_E_UNSUPPORTED where extras are for tools in a packed table, or TRINE_E_TABLE when
///         an entry breaks a rule. Nothing has changed then.
///
/// Context: owner-only.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn trine_mcp_offer(
    device: *mut trine_device,
    lists: *const trine_mcp_lists,
    problem: *mut trine_problem,
) -> trine_status {
    // SAFETY: the contract of every function.
    let mut owned = match unsafe { owned(device) } {
        Ok(owned) => owned,
        Err(status) => return status,
    };
    // SAFETY: the program's structure, whose first member is set; it outlives the device.
    let offered = unsafe { known(lists) }.and_then(|lists| {
        let object = owned.object;
        let is_other = object.offer.extras() != lists.extras();
        if is_other && owned.device().has_started() {
            return Err((TRINE_E_STATE, Wrong::NONE));
        }
        if lists.extras_count > 0 && object.source().nodes().is_none() {
            return Err((TRINE_E_UNSUPPORTED, Wrong::NONE));
        }
        lists_check::all(lists, object.source().tools()).map_err(|wrong| (TRINE_E_TABLE, wrong))?;
        Ok(lists)
    });
    let (status, wrong) = match offered {
        Ok(lists) => {
            owned.object.offer.set(lists);
            owned.device().offer_lists(lists);
            (TRINE_OK, Wrong::NONE)
        }
        Err(end) => end,
    };
    if !problem.is_null() {
        // SAFETY: not NULL, and the caller's to be written.
        unsafe { problem.write(problem_of(wrong.entry, wrong.node, wrong.rule)) };
    }
    status
}

/// # Safety
/// NULL, or the program's structure, which holds as many bytes as its first member says and lives
/// as long as the device.
unsafe fn known(
    lists: *const trine_mcp_lists,
) -> Result<&'static trine_mcp_lists, (trine_status, Wrong)> {
    let fail = |status| Err((status, Wrong::NONE));
    if lists.is_null() {
        return fail(TRINE_E_NULL);
    }
    if !lists.addr().is_multiple_of(align_of::<trine_mcp_lists>()) {
        return fail(TRINE_E_ALIGNMENT);
    }
    // SAFETY: the first member of a structure of any version.
    let size = unsafe { lists.cast::<u32>().read() } as usize;
    if !(V1..=SIZE_MAX).contains(&size) {
        return fail(TRINE_E_VERSION);
    }
    // SAFETY: it holds `size` bytes.
    let bytes = unsafe { core::slice::from_raw_parts(lists.cast::<u8>(), size) };
    if bytes.iter().skip(size_of::<trine_mcp_lists>()).any(|byte| *byte != 0) {
        return fail(TRINE_E_UNSUPPORTED);
    }
    // SAFETY: it has all bytes of this version: numbers, pointers and functions, for which the
    // program vouches.
    let lists = unsafe { &*lists };
    let has = |count, is_null: bool| count == 0 || !is_null;
    let is_whole = has(lists.resources_count, lists.resources.is_null())
        && has(lists.templates_count, lists.templates.is_null())
        && has(lists.prompts_count, lists.prompts.is_null())
        && has(lists.extras_count, lists.extras.is_null());
    if is_whole { Ok(lists) } else { fail(TRINE_E_NULL) }
}

/// Tells clients that what a resource has is other than it was; those that asked for it are told:
/// by the gateway, and by `trine_next_json` after `trine_news_init`.
///
/// @param device The device.
/// @param uri Its address.
/// @param size Bytes of the address.
/// @return TRINE_OK, TRINE_E_NULL, TRINE_E_STATE, TRINE_E_BUSY, TRINE_E_UTF8, TRINE_E_ARGUMENT when
///         no list has the address, or it is longer than `result_max` or than the memory of
///         `trine_news_init` less 13 bytes, or TRINE_E_FULL: try after the next poll.
///
/// Context: owner-only.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn trine_mcp_updated(
    device: *mut trine_device,
    uri: *const c_char,
    size: usize,
) -> trine_status {
    // SAFETY: the contract of every function.
    let mut owned = match unsafe { owned(device) } {
        Ok(owned) => owned,
        Err(status) => return status,
    };
    // SAFETY: the caller's text, read now.
    let uri = match unsafe { text::text(uri, size) } {
        Ok(uri) => uri,
        Err(status) => return status,
    };
    let is_kept = owned.device().news_max().is_none_or(|most| uri.len() <= most);
    let is_long = uri.len() > usize::from(owned.object.kept.buffers.1) || !is_kept;
    if is_long || owned.object.offer.lists().and_then(|lists| lists.find(uri)).is_none() {
        return TRINE_E_ARGUMENT;
    }
    sent(owned.device().resource_changed(uri))
}

/// Tells clients that one of the lists is other than it was, after `trine_mcp_offer`: by the
/// gateway, and by `trine_next_json` after `trine_news_init`.
///
/// @param device The device.
/// @param list `TRINE_LIST_...`.
/// @return TRINE_OK, TRINE_E_NULL, TRINE_E_STATE, TRINE_E_BUSY, TRINE_E_ARGUMENT, or TRINE_E_FULL:
///         try after the next poll.
///
/// Context: owner-only.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn trine_mcp_changed(device: *mut trine_device, list: u32) -> trine_status {
    // SAFETY: the contract of every function.
    let mut owned = match unsafe { owned(device) } {
        Ok(owned) => owned,
        Err(status) => return status,
    };
    let list = match list {
        TRINE_LIST_RESOURCES => List::Resources,
        TRINE_LIST_TEMPLATES => List::Templates,
        TRINE_LIST_PROMPTS => List::Prompts,
        _ => return TRINE_E_ARGUMENT,
    };
    sent(owned.device().list_changed(list))
}

/// The lists that a device was given; none at first.
#[derive(Debug)]
pub(crate) struct Offer(AtomicPtr<trine_mcp_lists>);

impl Offer {
    pub(crate) const fn new() -> Self {
        Self(AtomicPtr::new(null_mut()))
    }

    fn set(&self, lists: &'static trine_mcp_lists) {
        self.0.store((&raw const *lists).cast_mut(), Ordering::Relaxed);
    }

    pub(crate) fn lists(&self) -> Option<&'static trine_mcp_lists> {
        // SAFETY: NULL, or the program's structure, which lives as long as the device.
        unsafe { self.0.load(Ordering::Relaxed).as_ref() }
    }

    /// Where the extras are, and how many.
    fn extras(&self) -> (*const trine_extra, u16) {
        self.lists().map_or((core::ptr::null(), 0), trine_mcp_lists::extras)
    }

    /// Writes what a tool's record ends with, where it has extras.
    pub(crate) fn encode(&self, tool: u16, out: &mut Encoder<'_>) {
        let Some(lists) = self.lists() else { return };
        let write = |out: &mut Encoder<'_>| {
            for extra in lists.all_extras().iter().filter(|extra| extra.tool == tool) {
                out.byte(extra.of as u8);
                out.number(if extra.of == TRINE_EXTRA_TOOL { 0 } else { extra.node.into() });
                // SAFETY: the members have as many bytes, as the header asks.
                out.bytes(unsafe { piece(extra.members, 0, extra.size as usize) });
            }
        };
        let mut counted = Encoder::window(&mut [], 0);
        write(&mut counted);
        if !counted.is_empty() {
            out.number(counted.len() as u64);
            write(out);
        }
    }
}

impl Object {
    /// The lists that were offered.
    pub(crate) fn lists(&self) -> Option<&'static trine_mcp_lists> {
        self.offer.lists()
    }
}

impl trine_mcp_lists {
    const fn extras(&self) -> (*const trine_extra, u16) {
        if self.extras_count == 0 {
            return (core::ptr::null(), 0);
        }
        (self.extras, self.extras_count)
    }

    pub(crate) const fn all_extras(&self) -> &'static [trine_extra] {
        // SAFETY: the program's array, which has as many entries and lives as long as the device.
        unsafe { entries(self.extras, self.extras_count) }
    }

    pub(crate) const fn all_resources(&self) -> &'static [trine_resource] {
        // SAFETY: as above.
        unsafe { entries(self.resources, self.resources_count) }
    }

    pub(crate) const fn all_templates(&self) -> &'static [trine_resource] {
        // SAFETY: as above.
        unsafe { entries(self.templates, self.templates_count) }
    }

    /// The prompts, as tools without a result.
    pub(crate) const fn prompt_table(&self) -> Table<'static> {
        // SAFETY: as above; the macros of the header made the entries.
        let prompts = unsafe { entries(self.prompts, self.prompts_count) };
        // SAFETY: as above.
        unsafe { Table::new(prompts) }
    }
}

impl trine_mcp_lists {
    /// What the lists are known by: it changes with them.
    pub(crate) fn generation(&self) -> u64 {
        let mut all = Fnv64::new();
        for entry in self.all_resources().iter().chain(self.all_templates()) {
            all = all.bytes(entry.uri()).byte(0);
        }
        let prompts = self.prompt_table();
        for name in (0..self.prompts_count).filter_map(|prompt| prompts.name(prompt)) {
            all = all.bytes(name).byte(0);
        }
        all.hash()
    }
}

impl trine_extra {
    pub(crate) fn members(&self) -> &'static str {
        // SAFETY: the members have as many bytes, as the header asks.
        utf8(unsafe { piece(self.members, 0, self.size as usize) })
    }

    /// Whether its members are for this.
    pub(crate) const fn is_of(&self, of: Of) -> bool {
        match of {
            Of::Tool => self.of == TRINE_EXTRA_TOOL,
            Of::Node(Side::Params, node) => self.of == TRINE_EXTRA_PARAM && self.node == node,
            Of::Node(Side::Output, node) => self.of == TRINE_EXTRA_RESULT && self.node == node,
        }
    }
}

/// # Safety
/// There are as many entries, unless there are none, and they are constant for ever.
const unsafe fn entries<T>(first: *const T, count: u16) -> &'static [T] {
    if count == 0 || first.is_null() {
        return &[];
    }
    // SAFETY: the caller's promise.
    unsafe { core::slice::from_raw_parts(first, count as usize) }
}

impl trine_resource {
    /// The bytes of its texts: address, name, title, media type, description.
    pub(crate) fn texts(&self) -> [&'static [u8]; 5] {
        let sizes = [
            usize::from(self.uri_size),
            self.name_size.into(),
            self.title_size.into(),
            self.mime_size.into(),
        ];
        let mut texts: [&'static [u8]; 5] = [&[]; 5];
        let mut at = 0;
        for (text, size) in texts.iter_mut().zip(sizes) {
            // SAFETY: the texts are as long as their sizes say, with a zero byte after each.
            *text = unsafe { piece(self.texts, at, size) };
            at += size + 1;
        }
        // SAFETY: as above.
        texts[4] = unsafe { tail(self.texts, at) };
        texts
    }

    /// The bytes of its address.
    pub(crate) fn uri(&self) -> &'static [u8] {
        // SAFETY: as of `texts`.
        unsafe { piece(self.texts, 0, self.uri_size.into()) }
    }

    /// The content that never changes.
    pub(crate) fn data(&self) -> Option<&'static [u8]> {
        if self.read.is_some() {
            return None;
        }
        // SAFETY: the program's constant, of as many bytes.
        unsafe { text::bytes(self.data.cast(), self.size as usize) }.ok()
    }

    pub(crate) const fn is_binary(&self) -> bool {
        self.flags & TRINE_RESOURCE_BINARY != 0
    }

    pub(crate) fn template(&self) -> Template<'static> {
        let [uri, name, title, mime, description] = self.texts().map(utf8);
        Template { uri, name, title, description, mime }
    }

    pub(crate) fn mime(&self) -> &'static str {
        let [_, _, _, mime, _] = self.texts();
        utf8(mime)
    }
}

impl Lists for trine_mcp_lists {
    fn counts(&self) -> [u16; 3] {
        [self.resources_count, self.templates_count, self.prompts_count]
    }

    fn resource(&self, index: u16) -> Option<Resource<'_>> {
        let entry = self.all_resources().get(usize::from(index))?;
        let [uri, name, title, mime, description] = entry.texts().map(utf8);
        Some(Resource { uri, name, title, description, mime, size: entry.size.into() })
    }

    fn template(&self, index: u16) -> Option<Template<'_>> {
        self.all_templates().get(usize::from(index)).map(trine_resource::template)
    }

    /// They are kept in another form.
    fn prompt(&self, _index: u16) -> Option<Prompt<'_>> {
        None
    }

    fn completes(&self) -> bool {
        self.complete.is_some()
    }

    fn find(&self, uri: &str) -> Option<Found> {
        let resource = self.all_resources().iter().position(|it| it.uri() == uri.as_bytes());
        if let Some(index) = resource {
            return Some(Found::Resource(index as u16));
        }
        let template = self.all_templates().iter().position(|it| it.template().is_of(uri));
        template.map(|index| Found::Template(index as u16))
    }

    fn prompt_args(&self, index: u16) -> Option<u16> {
        let table = self.prompt_table();
        table.tool(index)?;
        Some(table.entries(index, Side::Params).len() as u16)
    }

    fn with_prompt(&self, index: u16, with: &mut dyn FnMut(&dyn Rules, u16)) {
        with(&CRules::new(self.prompt_table(), &[]), index);
    }

    fn encode_prompt(&self, index: u16, out: &mut Encoder<'_>) {
        self.prompt_table().encode_prompt(index, out);
    }
}
