//! Tools of this program: added, replaced and removed while clients call them.

use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, mpsc};
use std::time::{Duration, Instant};

use trine_descriptor::ToolTable as _;
use trine_mcp::Catalog as _;

use super::catalog::{self, TOOL_MAX};
use super::{Hub, NAME_ALL};
use crate::ask_tool::KnownTools;
use crate::device::{CallReport, Extra};
use crate::error::{Error, Result};
use crate::host_tools::{self, Direct, HostTools, Leaving, Served, ToolStats, ToolsId};
use crate::suggest::did_you_mean;
use crate::sync::lock;
use crate::table::Table;

/// Tools of this program that clients are shown.
pub(super) struct Own {
    id: ToolsId,
    pub(super) served: Arc<Served>,
    /// The version by which each can be called, as `name@version`.
    pub(super) version: Option<Box<str>>,
    /// Whether clients see them in the list.
    pub(super) is_listed: bool,
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
        self.add(tools, None, true)
    }

    /// The same for one version of some tools: each of them can be called as `name@version` too.
    /// Where they are not to be listed, that is their only name.
    ///
    /// # Errors
    /// As [`Self::add_tools`], and when a tool of this name and version is there.
    pub fn add_version(
        &self,
        tools: Arc<dyn HostTools>,
        version: &str,
        is_listed: bool,
    ) -> Result<ToolsId> {
        self.add(tools, Some(version), is_listed)
    }

    fn add(
        &self,
        tools: Arc<dyn HostTools>,
        version: Option<&str>,
        is_listed: bool,
    ) -> Result<ToolsId> {
        let mut own = lock(&self.own);
        self.check(&own, (&*tools, version, is_listed), None)?;
        let id = ToolsId::next();
        let version = version.map(Into::into);
        own.push(Own { id, served: Served::new(tools), version, is_listed });
        drop(own);
        self.rebuild();
        Ok(id)
    }

    /// Lists the tools of one number in the place of those of another, of which there may be none:
    /// clients see both changes at once.
    ///
    /// # Errors
    /// When no tools have a number, and when another tool has the name of one of them.
    pub fn list_tools(&self, id: ToolsId, instead_of: Option<ToolsId>) -> Result<()> {
        let mut own = lock(&self.own);
        let mut before = None;
        for (id, is_listed) in instead_of.map(|it| (it, false)).into_iter().chain([(id, true)]) {
            let place = own.iter().position(|own| own.id == id).ok_or_else(removed)?;
            let checked = own.get(place).map(|own| Arc::clone(&own.served)).ok_or_else(removed)?;
            let checked = match is_listed {
                true => self.check(&own, (checked.tools(), None, true), Some(id)),
                false => Ok(()),
            };
            if let Err(error) = checked {
                let first = before.and_then(|place: usize| own.get_mut(place));
                first.into_iter().for_each(|own| own.is_listed = true);
                return Err(error);
            }
            own.get_mut(place).into_iter().for_each(|own| own.is_listed = is_listed);
            before = Some(place);
        }
        drop(own);
        self.rebuild();
        Ok(())
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
        self.replace(id, tools, None)
    }

    /// The same where the new ones are another version.
    ///
    /// # Errors
    /// As [`Self::replace_tools`], and when a tool of this name and version is there.
    pub fn replace_version(
        &self,
        id: ToolsId,
        tools: Arc<dyn HostTools>,
        version: &str,
    ) -> Result<Leaving> {
        self.replace(id, tools, Some(version))
    }

    fn replace(
        &self,
        id: ToolsId,
        tools: Arc<dyn HostTools>,
        version: Option<&str>,
    ) -> Result<Leaving> {
        let mut own = lock(&self.own);
        let place = own.iter().position(|own| own.id == id).ok_or_else(removed)?;
        let is_listed = own.get(place).is_some_and(|own| own.is_listed);
        self.check(&own, (&*tools, version, is_listed), Some(id))?;
        let place = own.get_mut(place).ok_or_else(removed)?;
        if version.is_some() {
            place.version = version.map(Into::into);
        }
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

    /// The descriptors of tools of this program.
    ///
    /// # Errors
    /// When no tools have this number.
    pub fn own_table(&self, id: ToolsId) -> Result<Arc<Table>> {
        let own = lock(&self.own);
        let served = &own.iter().find(|own| own.id == id).ok_or_else(removed)?.served;
        Ok(Arc::clone(served.table()))
    }

    /// Tools of this program, to be called without a client.
    ///
    /// # Errors
    /// When no tools have this number.
    pub fn direct(&self, id: ToolsId) -> Result<Direct> {
        let own = lock(&self.own);
        let served = &own.iter().find(|own| own.id == id).ok_or_else(removed)?.served;
        Ok(Direct(Arc::clone(served)))
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
        Ok(served.accounts().of(row))
    }

    /// What became of the calls of each tool of this program, by the number of its tools.
    #[must_use]
    pub fn own_stats(&self) -> Vec<(ToolsId, String, ToolStats)> {
        let own = lock(&self.own);
        let each = own.iter().flat_map(|own| {
            let table = own.served.table();
            (0..table.count()).filter_map(|row| {
                let name = table.info(row)?.name.to_owned();
                Some((own.id, name, own.served.accounts().of(row)))
            })
        });
        each.collect()
    }

    /// Calls a tool of this program with arguments as JSON text. Blocks until the answer, or
    /// `patience` is over: then the call is cancelled, and the report says so.
    ///
    /// # Errors
    /// When no tool of this program has this name.
    pub fn call_own(&self, tool: &str, arguments: &str, patience: Duration) -> Result<CallReport> {
        let (tools, tool) = self.own_tool(tool)?;
        let asked = run((&tools, &tool), arguments, patience, (Extra::default(), None));
        // No question is told here.
        Ok(asked
            .unwrap_or_else(|question| crate::device::refused(&tool, &question, Duration::ZERO)))
    }

    /// Calls a tool of this program as [`Self::call_own`] does, for a program that can ask a person
    /// itself: where the tool needs consent, `agree` gets the question, with the arguments, and
    /// answers whether the person agrees to this one call. It may take its time.
    ///
    /// # Errors
    /// As [`Self::call_own`].
    pub fn call_own_asking(
        &self,
        tool: &str,
        arguments: &str,
        patience: Duration,
        agree: impl FnOnce(&str) -> bool,
    ) -> Result<CallReport> {
        let (tools, tool) = self.own_tool(tool)?;
        let (send, asked) = mpsc::channel();
        let call = (&tools, &*tool);
        let ended = run(call, arguments, patience, (Extra::default(), Some((send, asked))));
        Ok(ended.unwrap_or_else(|question| {
            let (state, answers) = host_tools::answered(agree(&question));
            let extra = Extra { state, answers: &answers, ..Extra::default() };
            run(call, arguments, patience, (extra, None))
                .unwrap_or_else(|question| crate::device::refused(&tool, &question, Duration::ZERO))
        }))
    }

    /// Starts a call as [`Self::call_own`] does, and returns at once. `told` hears its end once,
    /// which may be before this returns, on any thread. What is answered cancels the call when it
    /// is set; `None` where the call has ended already.
    ///
    /// # Errors
    /// As [`Self::call_own`]; then nothing is told.
    pub fn start_own(
        &self,
        tool: &str,
        arguments: &str,
        told: impl FnOnce(CallReport) + Send + 'static,
    ) -> Result<Option<Arc<AtomicBool>>> {
        let (tools, tool) = self.own_tool(tool)?;
        let call = (&*tool, arguments);
        Ok(host_tools::start_asking(&tools, call, (Extra::default(), Arc::default()), (None, told)))
    }

    /// The tools that have a tool of this program, and its name there.
    pub(super) fn own_tool(&self, tool: &str) -> Result<(Arc<Served>, String)> {
        let snapshot = self.snapshot();
        let entry = snapshot.find(tool.as_bytes()).and_then(|tool| snapshot.entry(tool));
        let found = entry.and_then(|entry| Some((entry.host()?, entry.own_name()?)));
        let Some((tools, tool)) = found else {
            let names: Vec<_> = (0..snapshot.count()).filter_map(|it| snapshot.name(it)).collect();
            let meant = did_you_mean(tool, names.iter().copied());
            let known = names.join(", ");
            return Err(Error::UnknownTool { tool: tool.to_owned(), known, meant });
        };
        Ok((Arc::clone(tools), tool.to_owned()))
    }

    /// Makes the list without tools that it still has.
    fn let_go(&self, old: Arc<Served>) -> Leaving {
        let leaving = old.leaving();
        self.rebuild();
        leaving
    }

    /// Whether tools of a version may be added, listed or not, or take the place of those with a
    /// number.
    fn check(
        &self,
        own: &[Own],
        (tools, version, is_listed): (&dyn HostTools, Option<&str>, bool),
        place: Option<ToolsId>,
    ) -> Result<()> {
        host_tools::check(tools)?;
        let others = || own.iter().filter(|own| Some(own.id) != place);
        let table = tools.table();
        for row in 0..table.count() {
            let Some(info) = table.info(row) else { continue };
            let name = info.name;
            let is_ours = || name == NAME_ALL && self.known.get().is_some_and(KnownTools::is_any);
            let is_taken = |own: &Own| own.is_listed && has(own.served.table(), name);
            if is_listed && (others().any(is_taken) || is_ours()) {
                let why = format!("two tools are called '{name}': give one another name");
                return Err(refused(why));
            }
            let is_it = |own: &Own| version.is_some() && own.version.as_deref() == version;
            if others().any(|own| is_it(own) && has(own.served.table(), name)) {
                let version = version.unwrap_or_default();
                let why = format!("two tools are called '{name}@{version}': give one another name");
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

/// What a question of a tool comes by: one end goes with the call.
type Question = (mpsc::Sender<String>, mpsc::Receiver<String>);

/// Runs a call until its end, or until its time is over. Where its tool needs consent and a
/// question can be told, that is the error.
fn run(
    (tools, tool): (&Arc<Served>, &str),
    arguments: &str,
    patience: Duration,
    (extra, question): (Extra<'_>, Option<Question>),
) -> std::result::Result<CallReport, String> {
    let (send, receive) = mpsc::channel();
    // Who asked may have stopped waiting.
    let tell = move |report| drop(send.send(report));
    let began = Instant::now();
    let (question, asked) = question.unzip();
    let call = (tool, arguments);
    let running = host_tools::start_asking(tools, call, (extra, Arc::default()), (question, tell));
    // A question is told before that returns.
    if let Some(Ok(question)) = asked.map(|asked| asked.try_recv()) {
        return Err(question);
    }
    Ok(receive.recv_timeout(patience).unwrap_or_else(|_| {
        running.inspect(|flag| flag.store(true, Ordering::Release));
        let why = format!("no answer within {} ms; the call was cancelled", patience.as_millis());
        crate::device::refused(tool, &why, began.elapsed())
    }))
}

fn refused(why: String) -> Error {
    Error::HostTools { why }
}

fn removed() -> Error {
    refused("they are not in the hub: they were removed, or are another hub's".to_owned())
}
