//! A device over a table that no one has checked before: its first polls do.

use trine_arena::Consumer;
use trine_descriptor::{Rules, ToolTable, check};

use super::{Check, Device};
use crate::config::{Config, InitError};

impl<'m> Device<'m> {
    /// A device over `memory`, of which [`Config::memory`] bytes are enough. `rx` is the end of the
    /// ring that the interrupt fills. The first polls check and hash the table, one tool a step,
    /// before they serve anything: see [`Self::fault`].
    ///
    /// *init-only*.
    ///
    /// # Errors
    /// [`InitError`] says what to change.
    pub fn new(
        config: Config<'m>,
        memory: &'m mut [u8],
        rx: Consumer<'m>,
        table: &'m dyn ToolTable,
    ) -> Result<Self, InitError> {
        let check: Check = |table, tool| check::tool(table, tool);
        Self::start(&config, memory, rx, table, Some((table, check)))
    }

    /// A device over a table whose tools the first polls check and hash, and a shorter form of the
    /// same tools by which calls are judged.
    ///
    /// *init-only*.
    ///
    /// # Errors
    /// [`InitError`] says what to change.
    pub fn with_table(
        config: &Config<'m>,
        memory: &'m mut [u8],
        rx: Consumer<'m>,
        rules: &'m dyn Rules,
        table: (&'m dyn ToolTable, Check),
    ) -> Result<Self, InitError> {
        Self::start(config, memory, rx, rules, Some(table))
    }

    /// Has the first polls check and hash the tools, as [`Self::with_table`] does. *init-only*.
    pub fn set_table(&mut self, table: &'m dyn ToolTable, check: Check) {
        self.watch(table, check);
    }
}
