//! Tools that a device gets and loses while it runs.

use core::ffi::{c_char, c_void};
use core::mem::size_of;

use trine_descriptor::check::{self, TableErrorKind};
use trine_descriptor::{Side, ToolTable};
use trine_dispatch::{Place, Registered as _, Registry, RegistryError, ToolId};

use crate::config::trine_problem;
use crate::descriptor::trine_tool;
use crate::memory::{Owned, owned, problem_of, trine_device};
use crate::place::place;
use crate::registry::{Added, HEAD, PLACES_MAX, Places, Tool, secure};
use crate::status::{
    TRINE_E_ALIGNMENT, TRINE_E_FULL, TRINE_E_NO_SPACE, TRINE_E_NOT_FOUND, TRINE_E_NULL,
    TRINE_E_STALE, TRINE_E_STATE, TRINE_E_TABLE, TRINE_E_UNSUPPORTED, TRINE_OK, trine_status,
};
use crate::text;
use crate::tools::CTools;

/// A tool that was added. It stays the same when the tool is replaced and goes stale when it is
/// removed; 0 is none.
pub type trine_tool_id = u32;

/// Lets a device get and lose tools from now on: behind those of its configuration, which stay.
///
/// @param memory TRINE_TOOLS_BYTES of as many tools as there may be at a time, aligned to
///               `trine_alignof`. It belongs to the device until `trine_deinit`.
/// @param size Bytes of the memory.
/// @param device The device, before its sessions are opened and before it is fed.
/// @return TRINE_OK, TRINE_E_NULL, TRINE_E_BUSY, TRINE_E_ALIGNMENT, TRINE_E_NO_SPACE,
///         TRINE_E_STATE when it was called already, or TRINE_E_UNSUPPORTED where the tools of the
///         configuration are a packed table, which has no names.
///
/// Context: init-only.
#[must_use]
#[unsafe(no_mangle)]
pub unsafe extern "C" fn trine_tools_init(
    memory: *mut c_void,
    size: usize,
    device: *mut trine_device,
) -> trine_status {
    // SAFETY: the contract of every function.
    let mut owned = match unsafe { owned(device) } {
        Ok(owned) => owned,
        Err(status) => return status,
    };
    let object = owned.object;
    let fixed = object.source();
    if fixed.added().is_some() {
        return TRINE_E_STATE;
    }
    let Some(table) = fixed.nodes() else { return TRINE_E_UNSUPPORTED };
    // SAFETY: the program's memory, the device's from now on.
    let (at, rest) = match unsafe { place::<Added>(memory, size) } {
        Ok(place) => place,
        Err(status) => return status,
    };
    let rest = rest.get_mut(HEAD - size_of::<Added>()..).unwrap_or_default();
    let count = (rest.len() / size_of::<Place<'static, Tool>>()).min(PLACES_MAX);
    if count == 0 {
        return TRINE_E_NO_SPACE;
    }
    let first = rest.as_mut_ptr().cast::<Place<'static, Tool>>();
    for index in 0..count {
        // SAFETY: the memory has as many.
        let place = unsafe { first.add(index) };
        // SAFETY: aligned, and the callee's.
        unsafe { place.write(Place::free()) };
    }
    // SAFETY: all of them were just written, and nothing else is made of their bytes.
    let places: Places = unsafe { core::slice::from_raw_parts(first, count) };
    let added = Added { fixed, table, registry: Registry::new(table.count(), places) };
    // SAFETY: the memory is aligned, large enough and the callee's.
    unsafe { at.write(added) };
    // SAFETY: just written; it stays where it is until the device ends.
    let added: &'static Added = unsafe { at.as_ref() };
    // SAFETY: the header asks for the owner, before others use the device.
    unsafe { object.set_source(added) };
    owned.device().set_tools(added);
    TRINE_OK
}

/// The owner's device and what was added to it.
///
/// # Safety
/// As every function: see the page of this crate.
unsafe fn open<'o>(device: *mut trine_device) -> Result<(Owned<'o>, &'static Added), trine_status> {
    // SAFETY: passed on.
    let owned = unsafe { owned(device) }?;
    let added = owned.object.source().added().ok_or(TRINE_E_STATE)?;
    Ok((owned, added))
}

/// The tool that a program gives, which keeps the rules and whose name no other tool has.
///
/// # Safety
/// NULL, or a tool that is constant and lives as long as it is there.
unsafe fn given(added: &Added, tool: *const trine_tool) -> Result<&'static Tool, Refused> {
    if !tool.is_aligned() {
        return Err(TRINE_E_ALIGNMENT.into());
    }
    // SAFETY: the caller's promise.
    let tool = unsafe { tool.as_ref() }.ok_or(TRINE_E_NULL)?;
    // SAFETY: as above.
    let tool = unsafe { Tool::of(tool) };
    check::tool::<dyn ToolTable>(tool, 0).map_err(|error| {
        let node = error.node.map_or(-1, |(side, node)| {
            i32::from(node) + if side == Side::Params { 0 } else { 1_000 }
        });
        Refused { status: TRINE_E_TABLE, node, rule: error.kind.rule() }
    })?;
    if added.is_fixed(tool.name()) {
        return Err(RegistryError::Duplicate(0).into());
    }
    Ok(tool)
}

/// Why a tool is refused.
struct Refused {
    status: trine_status,
    node: i32,
    rule: &'static str,
}

impl From<trine_status> for Refused {
    fn from(status: trine_status) -> Self {
        Self { status, node: -1, rule: "" }
    }
}

impl From<RegistryError> for Refused {
    fn from(error: RegistryError) -> Self {
        let (status, rule) = match error {
            RegistryError::Full(_) => {
                (TRINE_E_FULL, "all places are taken: give trine_tools_init more memory")
            }
            RegistryError::Duplicate(_) => (TRINE_E_TABLE, TableErrorKind::DuplicateName.rule()),
            RegistryError::PendingBytes(_) => (
                TRINE_E_NO_SPACE,
                "it declares more pending_bytes than the configuration's pending_max",
            ),
            RegistryError::NoConsent => (
                TRINE_E_NO_SPACE,
                "it asks for a person, and the configuration's consent_bytes is 0",
            ),
            _ => (TRINE_E_STALE, "the tool was removed: add it again"),
        };
        Self { status, node: -1, rule }
    }
}

/// What a function answers that may refuse a tool.
///
/// # Safety
/// NULL, or the caller's to be written.
unsafe fn said(done: Result<(), Refused>, problem: *mut trine_problem) -> trine_status {
    let Err(Refused { status, node, rule }) = done else { return TRINE_OK };
    if !problem.is_null() {
        // SAFETY: the caller's promise.
        unsafe { problem.write(problem_of(-1, node, rule)) };
    }
    status
}

/// Adds a tool. Clients find it in the next list, and those that can be told are: hosts by the next
/// `trine_poll`, MCP clients in process by `trine_next_json` after `trine_news_init`. The tool's
/// `on_reset` is called.
///
/// @param device The device, after `trine_tools_init`.
/// @param tool The tool, made by `TRINE_TOOL` or `TRINE_TOOL_MORE`. It and what it points to is
///             constant until it was removed or replaced.
/// @param id Where its id goes, on success only; may be NULL.
/// @param problem Where it is said which rule it breaks, and at which node; may be NULL.
/// @return TRINE_OK, TRINE_E_NULL, TRINE_E_STATE, TRINE_E_BUSY, TRINE_E_ALIGNMENT, TRINE_E_TABLE
///         when it breaks a rule or another tool has its name, TRINE_E_FULL when all places are
///         taken, or TRINE_E_NO_SPACE when `pending_max` or `consent_bytes` of the configuration
///         is too small for it.
///
/// Context: owner-only.
#[must_use]
#[unsafe(no_mangle)]
pub unsafe extern "C" fn trine_tools_add(
    device: *mut trine_device,
    tool: *const trine_tool,
    id: *mut trine_tool_id,
    problem: *mut trine_problem,
) -> trine_status {
    // SAFETY: the contract of every function.
    let (mut owned, added) = match unsafe { open(device) } {
        Ok(opened) => opened,
        Err(status) => return status,
    };
    // SAFETY: the caller's tool.
    let done = unsafe { given(added, tool) }.and_then(|tool| {
        let added = owned.device().add_tool(&added.registry, tool)?;
        secure(tool, true);
        changed(&mut owned);
        if !id.is_null() {
            // SAFETY: not NULL, and the caller's to be written.
            unsafe { id.write(added.to_bits()) };
        }
        Ok(())
    });
    // SAFETY: the caller's place.
    unsafe { said(done, problem) }
}

/// Puts a tool in the place of one that was added, under the same id and number. A call of the one
/// before that is under way ends as with `trine_tools_remove`; a host that has the old description
/// is refused until it has read the new one.
///
/// @param device The device.
/// @param id The tool to be replaced.
/// @param tool The new one, as for `trine_tools_add`. Its name may be another.
/// @param problem Where it is said which rule it breaks, and at which node; may be NULL.
/// @return As `trine_tools_add`, but not TRINE_E_FULL; TRINE_E_STALE when the tool is not there any
///         more. Nothing has changed then.
///
/// Context: owner-only.
#[must_use]
#[unsafe(no_mangle)]
pub unsafe extern "C" fn trine_tools_replace(
    device: *mut trine_device,
    id: trine_tool_id,
    tool: *const trine_tool,
    problem: *mut trine_problem,
) -> trine_status {
    // SAFETY: the contract of every function.
    let (mut owned, added) = match unsafe { open(device) } {
        Ok(opened) => opened,
        Err(status) => return status,
    };
    let id = ToolId::from_bits(id);
    // SAFETY: the caller's tool.
    let done = unsafe { given(added, tool) }.and_then(|tool| {
        let before = added.registry.get(id).ok_or(RegistryError::Stale)?;
        let mut tools = CTools::new(owned.object);
        owned.device().replace_tool(&added.registry, (id, tool), &mut tools)?;
        secure(before, false);
        secure(tool, true);
        changed(&mut owned);
        Ok(())
    });
    // SAFETY: the caller's place.
    unsafe { said(done, problem) }
}

/// Removes a tool that was added; its id goes stale. A call of it that is under way is over: its
/// `on_stop` is called, and the call is answered with a failure that says so. It is not run again.
/// What it has written is not lost to a host that has the answer. Its `on_link_lost` is called, as
/// nobody else will bring its actuator to safety any more.
///
/// @param device The device.
/// @param id The tool.
/// @return TRINE_OK, TRINE_E_NULL, TRINE_E_STATE, TRINE_E_BUSY, or TRINE_E_STALE when it is not
///         there any more.
///
/// Context: owner-only.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn trine_tools_remove(
    device: *mut trine_device,
    id: trine_tool_id,
) -> trine_status {
    // SAFETY: the contract of every function.
    let (mut owned, added) = match unsafe { open(device) } {
        Ok(opened) => opened,
        Err(status) => return status,
    };
    let id = ToolId::from_bits(id);
    let Some(tool) = added.registry.get(id) else { return TRINE_E_STALE };
    let mut tools = CTools::new(owned.object);
    owned.device().remove_tool(&added.registry, id, &mut tools);
    secure(tool, false);
    changed(&mut owned);
    TRINE_OK
}

/// Tells MCP clients in process.
fn changed(owned: &mut Owned<'_>) {
    #[cfg(feature = "resources")]
    owned.device().tools_changed();
    #[cfg(not(feature = "resources"))]
    let _ = owned;
}

/// The tool of a name, among those that were added.
///
/// @param device The device.
/// @param name Its name.
/// @param size Bytes of the name.
/// @param id Where its id goes, on success only.
/// @return TRINE_OK, TRINE_E_NULL, TRINE_E_STATE, TRINE_E_BUSY or TRINE_E_NOT_FOUND.
///
/// Context: owner-only.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn trine_tools_find(
    device: *mut trine_device,
    name: *const c_char,
    size: usize,
    id: *mut trine_tool_id,
) -> trine_status {
    if id.is_null() {
        return TRINE_E_NULL;
    }
    // SAFETY: the contract of every function.
    let (_owned, added) = match unsafe { open(device) } {
        Ok(opened) => opened,
        Err(status) => return status,
    };
    // SAFETY: the caller's bytes, read now.
    let name = match unsafe { text::bytes(name.cast(), size) } {
        Ok(name) => name,
        Err(status) => return status,
    };
    let Some(found) = added.registry.find(name) else { return TRINE_E_NOT_FOUND };
    // SAFETY: not NULL, and the caller's to be written.
    unsafe { id.write(found.to_bits()) };
    TRINE_OK
}

/// The number of a tool that was added: what `trine_call_get_info`, `trine_event` and `trine_run`
/// know it by. It is that of its place, so it does not change as long as the tool is there.
///
/// @param device The device.
/// @param id The tool.
/// @return The number, TRINE_E_NULL, TRINE_E_STATE, TRINE_E_BUSY, or TRINE_E_STALE when it is not
///         there any more.
///
/// Context: owner-only.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn trine_tools_number(device: *mut trine_device, id: trine_tool_id) -> i32 {
    // SAFETY: the contract of every function.
    match unsafe { open(device) } {
        Ok((_owned, added)) => {
            let id = ToolId::from_bits(id);
            added.registry.get(id).map_or(TRINE_E_STALE, |_| id.number().into())
        }
        Err(status) => status,
    }
}

/// How many tools are there that were added.
///
/// @param device The device.
/// @return How many, TRINE_E_NULL, TRINE_E_STATE or TRINE_E_BUSY.
///
/// Context: owner-only.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn trine_tools_count(device: *mut trine_device) -> i32 {
    // SAFETY: the contract of every function.
    match unsafe { open(device) } {
        Ok((_owned, added)) => added.registry.len().into(),
        Err(status) => status,
    }
}

/// The most added tools that were there at a time: as many places are enough.
///
/// @param device The device.
/// @return How many, TRINE_E_NULL, TRINE_E_STATE or TRINE_E_BUSY.
///
/// Context: owner-only.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn trine_tools_high_water(device: *mut trine_device) -> i32 {
    // SAFETY: the contract of every function.
    match unsafe { open(device) } {
        Ok((_owned, added)) => added.registry.high_water().into(),
        Err(status) => status,
    }
}
