//! Where the tools of a device come from: nodes written with the macros, or a table of `trine gen`.
//!
//! The program's data point to what reads them, and nothing in the smallest library does. So a
//! linker that leaves out what nothing points to leaves out all that reads the other form.

use core::ffi::c_void;
use core::mem::{offset_of, size_of};
use core::ptr::null_mut;

use trine_descriptor::{Fault, Head, Item, Packed, Rules, Side};

use crate::config::trine_config;
use crate::descriptor::{Callbacks, trine_form, trine_function, trine_table, trine_tool_more};
#[cfg(feature = "mcp")]
use crate::registry::Added;
use crate::status::{
    TRINE_E_ALIGNMENT, TRINE_E_NULL, TRINE_E_TABLE, TRINE_E_VERSION, trine_status,
};
use crate::table::{CRules, Table, more};

/// What reads a form of tools: it answers those of a configuration. Nodes are in the rules already.
pub(crate) type Open =
    for<'o> unsafe fn(&trine_config, &'o CRules<'static>) -> Result<Tools<'o>, trine_status>;

/// The tools of a device.
pub(crate) type Tools<'o> = &'o (dyn Source + 'o);

/// Reads tools that are written with `TRINE_TOOL` and the macros of nodes, which point to it.
#[unsafe(no_mangle)]
pub static trine_form_nodes: trine_form = trine_form { open: |_, rules| Ok(rules) };

/// Reads tables that `trine gen` made; `TRINE_TABLE` points to it.
#[unsafe(no_mangle)]
pub static trine_form_packed: trine_form = trine_form { open: packed };

/// What a device does with its tools: it judges values by them, sends their list, and calls them.
pub(crate) trait Source: Rules {
    /// The function of a tool, if it has one, and what it is passed.
    fn call(&self, tool: u16) -> (trine_function, *mut c_void);

    /// What else may be called for a tool, and what that is passed.
    fn callbacks(&self, tool: u16) -> Option<(&Callbacks, *mut c_void)>;

    /// Lets each tool that has it bring its actuator to safety: because the device starts, or
    /// because its host is lost.
    fn secure(&self, starts: bool);

    /// How many parameters a tool has.
    fn params(&self, tool: u16) -> u8;

    /// The nodes, where names can be looked up; none in a table, whose texts are packed.
    fn nodes(&self) -> Option<Table<'_>>;

    /// The tools that come and go, where there may be such.
    #[cfg(feature = "mcp")]
    fn added(&self) -> Option<&Added> {
        None
    }
}

impl core::fmt::Debug for dyn Source + '_ {
    fn fmt(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
        f.debug_struct("Source").field("tools", &self.tools()).finish()
    }
}

impl dyn Source + '_ {
    /// The nodes of a tool, where names can be looked up, and the number that it has there.
    #[inline(always)]
    pub(crate) fn nodes_of(&self, tool: u16) -> Option<(Table<'_>, u16)> {
        #[cfg(feature = "mcp")]
        if let Some(added) = self.added().and_then(|added| added.tool(tool)) {
            return Some((added.table(), 0));
        }
        Some((self.nodes()?, tool))
    }

    /// The number of the node of that name on one side, at top level.
    #[cfg(not(feature = "resources"))]
    pub(crate) fn named(&self, tool: u16, side: Side, name: &[u8]) -> Option<u16> {
        let (nodes, tool) = self.nodes_of(tool)?;
        nodes.named(tool, side, name)
    }
}

/// The tools of a configuration; `rules` are those that are nodes.
///
/// # Safety
/// What the configuration points to is as the header asks.
pub(crate) unsafe fn open<'o>(
    raw: &trine_config,
    rules: &'o CRules<'static>,
) -> Result<Tools<'o>, trine_status> {
    if !raw.table.is_aligned() {
        return Err(TRINE_E_ALIGNMENT);
    }
    // SAFETY: NULL or the program's table.
    let form = match (unsafe { raw.table.as_ref() }, rules.table.tools().first()) {
        (Some(table), _) if table.struct_size as usize != size_of::<trine_table>() => {
            return Err(TRINE_E_VERSION);
        }
        (Some(table), _) => table.form,
        (None, Some(tool)) => tool.form,
        (None, None) => core::ptr::null(),
    };
    // A library that answers MCP reads nodes in any case: it needs no word of the program.
    #[cfg(feature = "mcp")]
    let form =
        if form.is_null() && raw.table.is_null() { &raw const trine_form_nodes } else { form };
    // SAFETY: NULL or one of the forms of this library.
    let form = unsafe { form.as_ref() }.ok_or(TRINE_E_NULL)?;
    // SAFETY: passed on.
    unsafe { (form.open)(raw, rules) }
}

/// The open of packed tables.
///
/// # Safety
/// As of [`open`].
unsafe fn packed<'o>(
    raw: &trine_config,
    _: &'o CRules<'static>,
) -> Result<Tools<'o>, trine_status> {
    // SAFETY: NULL or the program's table, which lives as long as the device; it is aligned.
    let table: Option<&'static trine_table> = unsafe { raw.table.as_ref() };
    let whole = |table: &&trine_table| !table.bytes.is_null() && !table.calls.is_null();
    let table = table.filter(whole).ok_or(TRINE_E_NULL)?;
    let packed = table.packed();
    if !packed.is_complete() || u32::from(packed.tools()) != table.calls_count {
        return Err(TRINE_E_TABLE);
    }
    #[cfg(feature = "policy")]
    if !packed.check() {
        return Err(TRINE_E_TABLE);
    }
    Ok(table)
}

impl Source for CRules<'_> {
    fn call(&self, tool: u16) -> (trine_function, *mut c_void) {
        self.table.tool(tool).map_or((None, null_mut()), |tool| (tool.call, tool.user_data))
    }

    fn callbacks(&self, tool: u16) -> Option<(&Callbacks, *mut c_void)> {
        let tool = self.table.tool(tool)?;
        Some((of(more(tool)?), tool.user_data))
    }

    fn secure(&self, starts: bool) {
        for tool in self.table.tools() {
            if let Some(more) = more(tool) {
                of(more).secure(starts, tool.user_data);
            }
        }
    }

    fn params(&self, tool: u16) -> u8 {
        self.table.tool(tool).map_or(0, |tool| tool.params_count)
    }

    fn nodes(&self) -> Option<Table<'_>> {
        Some(self.table)
    }
}

/// The callbacks of a tool.
pub(crate) const fn of(more: &trine_tool_more) -> &Callbacks {
    const FIRST: usize = offset_of!(trine_tool_more, on_link_lost);
    const _: () = assert!(size_of::<trine_tool_more>() - FIRST == size_of::<Callbacks>());
    const _: () =
        assert!(offset_of!(trine_tool_more, on_stop) == FIRST + offset_of!(Callbacks, on_stop));
    // SAFETY: they are the end of the structure, in the same order.
    let first = unsafe { (&raw const *more).byte_add(FIRST) };
    // SAFETY: as above.
    unsafe { &*first.cast() }
}

impl Callbacks {
    pub(crate) fn secure(&self, starts: bool, user_data: *mut c_void) {
        if let Some(function) = if starts { self.on_reset } else { self.on_link_lost } {
            // SAFETY: the program's own function and what it asked to be passed.
            unsafe { function(user_data) };
        }
    }
}

impl trine_table {
    const fn packed(&self) -> Packed<'_> {
        // SAFETY: the program's bytes, as many as it says; constant, as the header asks.
        Packed::new(unsafe { core::slice::from_raw_parts(self.bytes, self.size as usize) })
    }

    const fn callbacks(&self) -> &Callbacks {
        const FIRST: usize = offset_of!(trine_table, on_link_lost);
        const _: () = assert!(size_of::<trine_table>() - FIRST == size_of::<Callbacks>());
        const _: () =
            assert!(offset_of!(trine_table, on_stop) == FIRST + offset_of!(Callbacks, on_stop));
        // SAFETY: they are the end of the structure, in the same order.
        let first = unsafe { (&raw const *self).byte_add(FIRST) };
        // SAFETY: as above.
        unsafe { &*first.cast() }
    }
}

impl Source for trine_table {
    fn call(&self, tool: u16) -> (trine_function, *mut c_void) {
        if u32::from(tool) >= self.calls_count {
            return (None, null_mut());
        }
        // SAFETY: the program's array has as many entries as it says.
        let place = unsafe { self.calls.add(tool.into()) };
        // SAFETY: as above.
        (unsafe { place.read() }, self.user_data)
    }

    fn callbacks(&self, _: u16) -> Option<(&Callbacks, *mut c_void)> {
        Some((self.callbacks(), self.user_data))
    }

    fn secure(&self, starts: bool) {
        self.callbacks().secure(starts, self.user_data);
    }

    fn params(&self, tool: u16) -> u8 {
        self.packed().params(tool)
    }

    fn nodes(&self) -> Option<Table<'_>> {
        None
    }
}

/// The same tools: a table is looked at where it is.
impl Rules for trine_table {
    fn tools(&self) -> u16 {
        self.packed().tools()
    }

    fn head(&self, tool: u16) -> Option<Head> {
        self.packed().head(tool)
    }

    fn check(&self, tool: u16) -> u32 {
        Rules::check(&self.packed(), tool)
    }

    fn judge(&self, tool: u16, side: Side, bytes: &[u8]) -> Result<(), Fault> {
        self.packed().judge(tool, side, bytes)
    }

    fn absent(&self, tool: u16, node: u16) -> Option<Item<'_>> {
        self.packed().default(tool, node)
    }

    fn page(&self, offset: usize, out: &mut [u8]) -> usize {
        self.packed().page(offset, out)
    }

    fn list_hash(&self) -> u64 {
        self.packed().list_hash()
    }
}
