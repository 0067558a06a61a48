//! The tools that take sentences: one beside the tools of each device, and one over all tools.

use std::sync::Arc;

use trine_descriptor::{NAME_MAX, ToolTable as _};

use super::Hub;
use super::build::{Build, Candidate};
use super::catalog::{self, Entry, Owner};
use super::shown::Called;
use crate::ask_tool::{self, Form, KnownTools, NAME, NAME_ALL};
use crate::device::Device;
use crate::host_tools::{HostCall, HostTools, Served};
use crate::table::{BadTable, Table};

/// The tool over all tools is of this program; its calls go to the model.
struct AskAll(Arc<Table>);

impl HostTools for AskAll {
    fn table(&self) -> &Arc<Table> {
        &self.0
    }

    fn call(&self, call: HostCall) {
        call.error("no model is open: start this program again");
    }
}

impl Hub {
    /// Whether there is to be a tool over all tools: the model reads any, and they are not of one
    /// device.
    pub(super) fn asks_all(&self, build: &Build<'_>, served: usize) -> bool {
        let is_any = self.known.get().is_some_and(KnownTools::is_any);
        let own = &build.tools;
        is_any && (served > 1 || !own.is_empty()) && own.iter().all(|tool| *tool.name != *NAME_ALL)
    }

    /// Adds the tool that takes sentences for each device whose tools the model reads, and the one
    /// for all.
    pub(super) fn add_asks(&self, called: &[Called], build: &mut Build<'_>) {
        let Some(known) = self.known.get() else { return };
        let all = if build.asks_all { all(build, known) } else { None };
        for (link, device) in self.served(called) {
            let own = if known.is_any() { listed(build, &device) } else { device.table() };
            let Some(own) = own.filter(|own| known.are_in(&**own)) else { continue };
            match described(&own, known, Form::ONE) {
                Ok(table) => {
                    let (device, table, asks) = (&device, Arc::new(table), Some(own));
                    build.add(Candidate { link, device, table, row: 0, asks });
                }
                Err(error) => {
                    build.problem(link, format!("its tool {NAME} is left out: {error}"));
                }
            }
        }
        build.tools.extend(all);
    }
}

/// The tools of a device that are in the list. What is hidden takes no sentences either.
fn listed(build: &Build<'_>, device: &Arc<Device>) -> Option<Arc<Table>> {
    let is_its = |entry: &&Entry| entry.device().is_some_and(|its| Arc::ptr_eq(its, device));
    let entries: Vec<&Entry> = build.tools.iter().filter(is_its).collect();
    let whole = &entries.first()?.table;
    if entries.len() == usize::from(whole.count()) {
        return Some(Arc::clone(whole));
    }
    let tools =
        entries.into_iter().filter_map(|entry| Some((entry.own_name()?, &*entry.table, entry.row)));
    ask_tool::gathered(tools, Form::ONE).map(Arc::new)
}

/// The tool over all tools in the list.
fn all(build: &Build<'_>, known: &KnownTools) -> Option<Entry> {
    let form = Form { is_for_all: true, ..Form::ONE };
    // The descriptor of a tool with schemas of its own does not say what it takes.
    let entries = build.tools.iter().filter(|entry| entry.schemas().is_none());
    let tools = entries.map(|entry| (&*entry.name, &*entry.table, entry.row));
    let asked = Arc::new(ask_tool::gathered(tools, form)?);
    let table = Arc::new(described(&asked, known, form).ok()?);
    let owner = Owner::Host(Served::new(Arc::new(AskAll(Arc::clone(&table)))));
    let (name, row, asks) = (NAME_ALL.into(), 0, Some(asked));
    Some(Entry { name, owner, table, row, asks, ui: None, scope: None })
}

/// The descriptor of a tool that takes sentences. One that any tools may be given has their names
/// as texts where they take too much.
fn described(tools: &Table, known: &KnownTools, form: Form) -> Result<Table, BadTable> {
    let named = ask_tool::table(tools, known, form);
    if !known.is_any() {
        return named;
    }
    let longest = "_".repeat(NAME_MAX);
    match named {
        Ok(table) if catalog::fits(&longest, (&table, 0), None) => Ok(table),
        _ => ask_tool::table(tools, known, Form { is_plain: true, ..form }),
    }
}
