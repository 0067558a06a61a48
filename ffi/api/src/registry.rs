//! The registry of a device: tools of its configuration, and those that come and go behind them.

use core::ffi::c_void;
use core::mem::{align_of, size_of};
use core::ptr::null_mut;

use trine_descriptor::{Fault, Field, Head, Item, Rules, Side, ToolInfo, ToolTable, record};
use trine_dispatch::{GONE, Place, Registered, Registry};

use crate::descriptor::{Callbacks, trine_function, trine_tool};
use crate::memory::ALIGN;
use crate::nodes::CNodes;
use crate::source::{Source, Tools};
use crate::table::{CRules, Table, more, piece};

/// A tool of the program, which vouches for what it points to.
#[repr(transparent)]
pub(crate) struct Tool(trine_tool);

impl Tool {
    /// # Safety
    /// That of [`CNodes::new`].
    #[inline(always)]
    pub(crate) const unsafe fn of(tool: &trine_tool) -> &Self {
        // SAFETY: it is that and nothing else.
        unsafe { &*(&raw const *tool).cast() }
    }

    #[inline(always)]
    pub(crate) const fn nodes(&self) -> CNodes<'_> {
        // SAFETY: the promise of `of`.
        unsafe { CNodes::new(core::slice::from_ref(&self.0)) }
    }

    /// A table of this tool, which is number 0 there.
    pub(crate) const fn table(&self) -> Table<'_> {
        // SAFETY: the promise of `of`.
        unsafe { Table::new(core::slice::from_ref(&self.0)) }
    }

    const fn rules(&self) -> CRules<'_> {
        CRules::new(self.table(), &[])
    }

    fn callbacks(&self) -> Option<&Callbacks> {
        more(&self.0).map(crate::source::of)
    }
}

impl Registered for Tool {
    #[inline(always)]
    fn name(&self) -> &[u8] {
        // SAFETY: the promise of `of`.
        unsafe { piece(self.0.texts, 0, self.0.name_size.into()) }
    }

    fn check(&self) -> u32 {
        self.table().own_hash(0) as u32
    }

    fn head(&self) -> Head {
        crate::nodes::head(&self.0)
    }
}

impl ToolTable for Tool {
    fn count(&self) -> u16 {
        1
    }

    fn info(&self, tool: u16) -> Option<ToolInfo<'_>> {
        self.nodes().about(tool)
    }

    fn node_count(&self, tool: u16, side: Side) -> u16 {
        self.nodes().node_count(tool, side)
    }

    fn hash(&self, tool: u16) -> u64 {
        self.table().own_hash(tool)
    }

    fn node(&self, tool: u16, side: Side, number: u16) -> Option<Field<'_>> {
        self.nodes().whole(tool, side, number)
    }

    fn bare_node(&self, tool: u16, side: Side, number: u16) -> Option<Field<'_>> {
        self.nodes().bare(tool, side, number)
    }
}

pub(crate) type Places = &'static [Place<'static, Tool>];

/// The tools of a configuration, and those that come and go behind them.
pub(crate) struct Added {
    pub(crate) fixed: Tools<'static>,
    pub(crate) table: Table<'static>,
    pub(crate) registry: Registry<Tool, Places>,
}

/// Most places, so that no number is one of something else.
pub(crate) const PLACES_MAX: usize = 0x4000;
const _: () = assert!(PLACES_MAX + u8::MAX as usize * 64 < GONE as usize);
const _: () = assert!(align_of::<Added>() <= ALIGN && align_of::<Place<'_, Tool>>() <= ALIGN);
/// Bytes before the places, as `TRINE_TOOLS_BYTES` counts them, for ever.
pub(crate) const HEAD: usize = 16 + 10 * size_of::<usize>();
const _: () = assert!(size_of::<Added>() <= HEAD);
const _: () = assert!(size_of::<Place<'_, Tool>>() == 8 + size_of::<usize>());
const _: () = assert!(HEAD.is_multiple_of(align_of::<Place<'_, Tool>>()));

impl Added {
    /// How many tools were added.
    pub(crate) fn count(&self) -> u16 {
        self.registry.len()
    }

    /// How often they have changed.
    pub(crate) fn changes(&self) -> u32 {
        self.registry.changes()
    }

    /// The added tool of this number.
    #[inline(always)]
    pub(crate) fn tool(&self, number: u16) -> Option<&'static Tool> {
        self.registry.at(number)
    }

    fn numbers(&self) -> impl Iterator<Item = u16> {
        let all = self.table.count()..self.registry.end();
        all.filter(|&number| self.registry.at(number).is_some())
    }

    /// The number of the tool of an index, which has no gaps.
    pub(crate) fn number(&self, index: u16) -> u16 {
        let behind = index.wrapping_sub(self.table.count());
        self.numbers().nth(behind.into()).unwrap_or(GONE)
    }

    /// The index of the tool of a number.
    pub(crate) fn index(&self, number: u16) -> u16 {
        let behind = self.numbers().position(|one| one == number);
        behind.map_or(GONE, |behind| self.table.count() + behind as u16)
    }

    /// The index of the tool whose name is it.
    pub(crate) fn called(&self, is_it: impl Fn(&[u8]) -> bool) -> Option<u16> {
        let names = self.numbers().map(|number| self.tool(number).map(Registered::name));
        let behind = { names }.position(|name| name.is_some_and(&is_it))?;
        Some(self.table.count() + behind as u16)
    }

    /// Whether a tool of the configuration has this name.
    pub(crate) fn is_fixed(&self, name: &[u8]) -> bool {
        (0..self.table.count()).any(|tool| self.table.name(tool) == Some(name))
    }
}

impl Rules for Added {
    fn tools(&self) -> u16 {
        self.registry.end()
    }

    fn head(&self, tool: u16) -> Option<Head> {
        match self.tool(tool) {
            Some(tool) => Some(Registered::head(tool)),
            None => self.fixed.head(tool),
        }
    }

    fn check(&self, tool: u16) -> u32 {
        if self.tool(tool).is_some() {
            self.registry.check_at(tool)
        } else {
            self.fixed.check(tool)
        }
    }

    fn judge(&self, tool: u16, side: Side, bytes: &[u8]) -> Result<(), Fault> {
        match self.tool(tool) {
            Some(tool) => tool.rules().judge(0, side, bytes),
            None => self.fixed.judge(tool, side, bytes),
        }
    }

    #[cfg(all(target_pointer_width = "64", not(trine_small)))]
    fn accepts(&self, tool: u16, side: Side, bytes: &[u8]) -> bool {
        match self.tool(tool) {
            Some(tool) => tool.rules().accepts(0, side, bytes),
            None => self.fixed.accepts(tool, side, bytes),
        }
    }

    fn absent(&self, tool: u16, node: u16) -> Option<Item<'_>> {
        match self.tool(tool) {
            Some(tool) => tool.table().absent(0, node),
            None => self.fixed.absent(tool, node),
        }
    }

    fn page(&self, offset: usize, out: &mut [u8]) -> usize {
        let encode = |number, out: &mut record::Encoder<'_>| match self.tool(number) {
            Some(tool) => tool.table().encode(0, out),
            None => self.table.encode(number, out),
        };
        record::page_of(self.tools(), encode, offset, out)
    }

    fn list_hash(&self) -> u64 {
        record::hash_of_hashes((0..self.tools()).map(|number| match self.tool(number) {
            Some(tool) => tool.table().own_hash(0),
            None if number < self.table.count() => self.table.own_hash(number),
            // No tool has the number now.
            None => 0,
        }))
    }
}

impl Source for Added {
    fn call(&self, tool: u16) -> (trine_function, *mut c_void) {
        match self.tool(tool) {
            Some(Tool(tool)) => (tool.call, tool.user_data),
            None if tool < self.table.count() => self.fixed.call(tool),
            None => (None, null_mut()),
        }
    }

    fn callbacks(&self, tool: u16) -> Option<(&Callbacks, *mut c_void)> {
        match self.tool(tool) {
            Some(tool) => Some((tool.callbacks()?, tool.0.user_data)),
            None => self.fixed.callbacks(tool),
        }
    }

    fn secure(&self, starts: bool) {
        self.fixed.secure(starts);
        for number in self.numbers() {
            if let Some(tool) = self.tool(number) {
                secure(tool, starts);
            }
        }
    }

    fn params(&self, tool: u16) -> u8 {
        self.tool(tool).map_or_else(|| self.fixed.params(tool), |tool| tool.0.params_count)
    }

    fn nodes(&self) -> Option<Table<'_>> {
        Some(self.table)
    }

    fn added(&self) -> Option<&Added> {
        Some(self)
    }
}

/// Lets one tool bring its actuator to safety.
pub(crate) fn secure(tool: &Tool, starts: bool) {
    if let Some(callbacks) = tool.callbacks() {
        callbacks.secure(starts, tool.0.user_data);
    }
}
