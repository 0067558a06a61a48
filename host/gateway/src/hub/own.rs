//! Tools of this program: added, replaced and removed while clients call them.

use std::sync::Arc;

use trine_descriptor::ToolTable as _;

use super::catalog::{self, TOOL_MAX};
use super::{Hub, NAME_ALL};
use crate::ask_tool::KnownTools;
use crate::error::{Error, Result};
use crate::host_tools::{self, HostTools, Leaving, Served, ToolStats, ToolsId};
use crate::sync::lock;
use crate::table::Table;

/// Tools of this program that clients are shown.
pub(super) struct Own {
    id: ToolsId,
    pub(super) served: Arc<Served>,
}

/// Whether one of these tools has this name.
pub(super) fn has(table: &Table, name: &str) -> bool {
    (0..table.count()).any(|row| table.info(row).is_some_and(|it| it.name == name))
}

impl Hub {
    /// Adds tools of this program, which clients see under their own names, without a prefix.
    ///
    /// # Errors
    /// When another tool of this program has the name of one of them, when one is too long for a
    /// list of tools, and when one needs the consent of a person at a board.
    pub fn add_tools(&self, tools: Arc<dyn HostTools>) -> Result<ToolsId> {
        let mut own = lock(&self.own);
        self.check(&own, &*tools, None)?;
        let id = ToolsId::next();
        own.push(Own { id, served: Served::new(tools) });
        drop(own);
        self.rebuild();
        Ok(id)
    }

    /// Puts tools in the place of others, which keep their number. Each call runs to its end in the
    /// tools that it began in: none fails and none runs twice. Clients are told where the list is
    /// another one.
    ///
    /// ```
    /// # use std::sync::Arc;
    /// # use std::time::Duration;
    /// # use trine_descriptor::{Tool, ToolInfo};
    /// # use trine_gateway::host_tools::{HostCall, HostTools, table};
    /// # use trine_gateway::table::Table;
    /// # use trine_gateway::{DeviceArgs, Hub, Prefix, Settings};
    /// # struct Beep(Arc<Table>);
    /// # impl Beep {
    /// #     fn new() -> trine_gateway::Result<Arc<Self>> {
    /// #         let beep = Tool::new(ToolInfo::new("beep", "Beep."), &[], &[]);
    /// #         Ok(Arc::new(Self(table(&[beep])?)))
    /// #     }
    /// # }
    /// # impl HostTools for Beep {
    /// #     fn table(&self) -> &Arc<Table> {
    /// #         &self.0
    /// #     }
    /// #     fn call(&self, call: HostCall) {
    /// #         call.value(0, |_| {});
    /// #     }
    /// # }
    /// # let hub = Hub::open_with(&DeviceArgs::default(), Prefix::Auto, &Settings::none())?;
    /// let id = hub.add_tools(Beep::new()?)?;
    /// let leaving = hub.replace_tools(id, Beep::new()?)?;
    /// assert!(leaving.wait(Duration::from_secs(10)), "a call takes longer than ten seconds");
    /// # Ok::<(), trine_gateway::Error>(())
    /// ```
    ///
    /// # Errors
    /// As [`Self::add_tools`], and when no tools have this number: then nothing has changed.
    pub fn replace_tools(&self, id: ToolsId, tools: Arc<dyn HostTools>) -> Result<Leaving> {
        let mut own = lock(&self.own);
        self.check(&own, &*tools, Some(id))?;
        let place = own.iter_mut().find(|own| own.id == id).ok_or_else(removed)?;
        let old = std::mem::replace(&mut place.served, Served::new(tools));
        drop(own);
        Ok(self.let_go(old))
    }

    /// Takes tools out of the list. Calls of theirs that have begun run to their end.
    ///
    /// # Errors
    /// When no tools have this number.
    pub fn remove_tools(&self, id: ToolsId) -> Result<Leaving> {
        let mut own = lock(&self.own);
        let place = own.iter().position(|own| own.id == id).ok_or_else(removed)?;
        let old = own.remove(place).served;
        drop(own);
        Ok(self.let_go(old))
    }

    /// The calls of a tool since its tools were added, or were last replaced.
    ///
    /// # Errors
    /// When no tools have this number, or none of them this name.
    pub fn tool_stats(&self, id: ToolsId, name: &str) -> Result<ToolStats> {
        let own = lock(&self.own);
        let served = &own.iter().find(|own| own.id == id).ok_or_else(removed)?.served;
        let table = served.table();
        let is_it = |row: &u16| table.info(*row).is_some_and(|info| info.name == name);
        let row = (0..table.count()).find(is_it);
        let row = row.ok_or_else(|| refused(format!("these tools have no '{name}'")))?;
        Ok(served.stats(row))
    }

    /// Makes the list without tools that it still has.
    fn let_go(&self, old: Arc<Served>) -> Leaving {
        let leaving = old.leaving();
        self.rebuild();
        leaving
    }

    /// Whether tools may be added, or take the place of those with a number.
    fn check(&self, own: &[Own], tools: &dyn HostTools, place: Option<ToolsId>) -> Result<()> {
        host_tools::check(tools)?;
        let others = || own.iter().filter(|own| Some(own.id) != place);
        let table = tools.table();
        for row in 0..table.count() {
            let Some(info) = table.info(row) else { continue };
            let name = info.name;
            let is_ours = || name == NAME_ALL && self.known.get().is_some_and(KnownTools::is_any);
            if others().any(|own| has(own.served.table(), name)) || is_ours() {
                let why = format!("two tools are called '{name}': give one another name");
                return Err(refused(why));
            }
            if !catalog::fits_with(name, (table, row), (None, tools.schemas(row))) {
                let why = format!(
                    "its tool {name} takes more than {TOOL_MAX} bytes in a list: shorten it"
                );
                return Err(refused(why));
            }
        }
        Ok(())
    }
}

fn refused(why: String) -> Error {
    Error::HostTools { why }
}

fn removed() -> Error {
    refused("they are not in the hub: they were removed, or are another hub's".to_owned())
}
