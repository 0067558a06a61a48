//! Making the list of tools. What is wrong with one device costs that device, or its tool, and is
//! said by its name.

use std::collections::HashMap;
use std::sync::Arc;
use std::sync::atomic::Ordering;

use tracing::error;
use trine_descriptor::ToolTable;

use super::apps::OwnUi;
use super::catalog::{self, Entry, Owner, TOOL_MAX};
use super::names;
use super::own::Own;
use super::shown::{Called, Shown};
use super::{Hub, HubShelf, News, Progress, Snapshot};
use crate::ask_tool::NAME_ALL;
use crate::device::{Device, State};
use crate::sync::lock;
use crate::table::Table;

/// Most tools of one device that are shown.
const TOOLS_MAX: u16 = 2048;
/// Most sentences about a device; the others are counted.
const PROBLEMS_MAX: usize = 32;

/// A list that is being made.
pub(super) struct Build<'h> {
    hub: &'h Hub,
    shown: &'h Shown,
    pub(super) tools: Vec<Entry>,
    /// Versions of tools of this program, which are called by name and version.
    unlisted: Vec<Entry>,
    /// How many of them, from the first, are of this program.
    own: usize,
    /// There is to be a tool that takes sentences over all tools.
    pub(super) asks_all: bool,
    shelf: HubShelf,
    /// The tools by name: number of the link, and what the device calls it.
    owners: HashMap<Box<str>, (usize, Box<str>)>,
    /// What is wrong, for each link, and how much more.
    problems: Vec<(Vec<String>, u32)>,
    /// It lacks skills that clients wait for.
    is_early: bool,
}

/// A tool that is to be in the list.
pub(super) struct Candidate<'a> {
    pub(super) link: usize,
    pub(super) device: &'a Arc<Device>,
    pub(super) table: Arc<Table>,
    pub(super) row: u16,
    pub(super) asks: Option<Arc<Table>>,
}

impl Hub {
    /// Makes the list of tools again after a device has changed.
    pub(super) fn rebuild(&self) {
        let mut shown = lock(&self.shown);
        self.pinned.refresh();
        // What a device shows from here on may not be in this list.
        let was_coming = self.devices.iter().any(|device| device.is_coming());
        let identities = self.identities();
        let named = self.named(&identities);
        let called = shown.devices(&named);
        self.rename(&called);
        let mut build = Build::new(self, &shown, &called);
        build.add_own(&lock(&self.own));
        build.asks_all = self.asks_all(&build, self.served(&called).len());
        for (link, device) in self.served(&called) {
            let Some(identity) = identities.get(link).and_then(Option::as_ref) else { continue };
            // What is of another device by now comes with the next list.
            let Some(table) = device.table_of(identity) else { continue };
            let changes = self.pinned.changes(link, (&device.name(), identity), &table);
            if table.count() > TOOLS_MAX {
                let more = table.count() - TOOLS_MAX;
                build
                    .problem(link, format!("{more} of its tools are left out: {TOOLS_MAX} may be"));
            }
            build.shelve(link, &device);
            for row in 0..table.count().min(TOOLS_MAX) {
                if build.is_hidden(link, changes.get(&row)) {
                    continue;
                }
                let (device, table) = (&device, Arc::clone(&table));
                build.add(Candidate { link, device, table, row, asks: None });
            }
        }
        self.add_asks(&called, &mut build);
        let Build { tools, unlisted, shelf, owners, problems, is_early, .. } = build;
        let ready = self.devices.iter().all(|device| device.state() == State::Online);
        let is_early = is_early || was_coming;
        let settled = !is_early && !self.devices.iter().any(|device| device.is_coming());
        let news = self.publish(Snapshot::new((tools, unlisted), shelf, ready));
        let was = *lock(&self.progress);
        if settled || was.settled {
            // From here on clients know these names.
            shown.keep_devices(&named, &called);
            owners.iter().for_each(|(name, (link, tool))| shown.keep_tool(name, *link, tool));
            self.report(&mut shown, problems);
        }
        let known = |device: &Arc<Device>| device.state() == State::Online || device.is_refused();
        let settled = settled || was.settled;
        // What is wrong with a device was said by then.
        let ready = settled && self.devices.iter().all(known);
        *lock(&self.progress) = Progress { ready, settled };
        drop(shown);
        self.changed.notify_all();
        // Before that no client was shown a list, so there is nothing to take back.
        if was.settled {
            news.into_iter().for_each(|list| self.tell(News::List(list)));
        }
    }

    /// The devices that are served with the numbers of their links, in the order of their names.
    pub(super) fn served(&self, called: &[Called]) -> Vec<(usize, Arc<Device>)> {
        let all = self.devices.iter().cloned().enumerate().zip(called);
        let mut served: Vec<_> = all
            .filter(|(_, called)| !matches!(called, Called::LeftOut(_)))
            .map(|(d, _)| d)
            .collect();
        served.sort_by_key(|(_, device)| device.name());
        served
    }

    /// A device that is not served has no name but its address, unless the command line gives one.
    fn rename(&self, called: &[Called]) {
        for (device, called) in self.devices.iter().zip(called) {
            let name = match called {
                Called::Unknown => continue,
                Called::As(name) => name,
                Called::LeftOut(_) => device.alias().unwrap_or_else(|| device.source()),
            };
            if *device.name() != *name {
                device.set_name(name);
            }
        }
    }

    /// Says what is wrong, each sentence once, and keeps it with its device.
    fn report(&self, shown: &mut Shown, problems: Vec<(Vec<String>, u32)>) {
        for (link, (device, problems)) in self.devices.iter().zip(problems).enumerate() {
            let (mut problems, more) = problems;
            if more > 0 {
                problems.push(format!("{more} further tools are as wrong"));
            }
            for problem in &problems {
                let sentence = format!("{}: {problem}", device.name());
                if shown.is_news(link, &sentence) {
                    error!("{sentence}");
                }
            }
            device.set_problems(problems);
        }
    }
}

impl<'h> Build<'h> {
    fn new(hub: &'h Hub, shown: &'h Shown, called: &[Called]) -> Self {
        let why = |called: &Called| match called {
            Called::LeftOut(why) => (vec![why.clone()], 0),
            Called::Unknown | Called::As(_) => (Vec::new(), 0),
        };
        let problems = called.iter().map(why).collect();
        let (tools, unlisted, shelf) = (Vec::new(), Vec::new(), HubShelf::default());
        let owners = HashMap::new();
        let (own, asks_all) = (0, false);
        Self {
            hub,
            shown,
            tools,
            unlisted,
            own,
            asks_all,
            shelf,
            owners,
            problems,
            is_early: false,
        }
    }

    pub(super) fn problem(&mut self, link: usize, why: String) {
        match self.problems.get_mut(link) {
            Some((problems, _)) if problems.len() < PROBLEMS_MAX => problems.push(why),
            Some((_, more)) => *more += 1,
            None => {}
        }
    }

    /// Adds what a device has beside tools.
    fn shelve(&mut self, link: usize, device: &Arc<Device>) {
        let Some(shelf) = device.shelf() else { return };
        let (several, called) = (self.hub.devices.len() > 1, device.name());
        let name = |prompt: &str| {
            let name = names::tool(&called, prompt, self.hub.prefix, several);
            names::fault(&name, prompt).map_or(Ok(name), Err)
        };
        let scope = names::scope(&called, self.hub.prefix, several);
        for problem in self.shelf.add(device, &shelf, scope, name) {
            self.problem(link, problem);
        }
        if !self.hub.serves.load(Ordering::Acquire) {
            return;
        }
        let (skills, are_unknown) = device.skill_reader().skills(device);
        // By the end of this list they may be known, and are not in it.
        self.is_early |= are_unknown && device.skills_due().is_some();
        let Some(skills) = skills else { return };
        self.shelf.add_skills(device, &skills.skills);
        skills.problems.iter().for_each(|problem| self.problem(link, problem.clone()));
    }

    /// Says what has become of a tool; answers whether it is hidden for that.
    fn is_hidden(&mut self, link: usize, change: Option<&String>) -> bool {
        let Some(change) = change else { return false };
        let is_hidden = self.hub.pinned.is_strict();
        let hidden = if is_hidden { "; until then it is hidden" } else { "" };
        self.problem(link, format!("{change}{hidden}"));
        is_hidden
    }

    /// Takes a tool into the list, or says why it is left out.
    pub(super) fn add(&mut self, candidate: Candidate<'_>) {
        let Candidate { link, device, table, row, asks } = candidate;
        let Some(info) = table.info(row) else { return };
        let several = self.hub.devices.len() > 1;
        let called = device.name();
        let name = names::tool(&called, info.name, self.hub.prefix, several);
        let scope = names::scope(&called, self.hub.prefix, several).map(Into::into);
        let ui = self.ui(link, device, (&table, row));
        let fault = names::fault(&name, info.name)
            .or_else(|| self.clash(&name, link, info.name))
            .or_else(|| oversized(&name, (&table, row), ui.as_ref()));
        if let Some(why) = fault {
            return self.problem(link, why);
        }
        self.owners.insert(name.as_str().into(), (link, info.name.into()));
        let owner = Owner::Device(Arc::clone(device));
        self.tools.push(Entry { name: name.into(), owner, table, row, asks, ui, scope });
    }

    /// The user interface of a tool as clients are shown it. What is wrong with it is left out; a
    /// tool that is no one's but a user interface's stays so.
    fn ui(
        &mut self,
        link: usize,
        device: &Arc<Device>,
        (table, row): (&Table, u16),
    ) -> Option<OwnUi> {
        let tool = table.info(row).map_or("", |info| info.name);
        let mut ui = match OwnUi::read(table, row)? {
            Ok(ui) => ui,
            Err(why) => {
                self.problem(link, format!("the _meta.ui of its tool {tool} is left out: {why}"));
                return None;
            }
        };
        if !ui.resource.is_empty() {
            ui.resource = self.shelf.ui(device, &ui.resource).unwrap_or_else(|why| {
                let problem = format!("the resourceUri of its tool {tool} is left out: {why}");
                self.problem(link, problem);
                Box::default()
            });
        }
        Some(ui)
    }

    /// Adds the tools of this program, which no tool of a device can stand in for.
    fn add_own(&mut self, own: &[Own]) {
        for Own { served: tools, version, is_listed, .. } in own {
            for row in 0..tools.table().count() {
                let Some(info) = tools.table().info(row) else { continue };
                let entry = |name: Box<str>| Entry {
                    name,
                    owner: Owner::Host(Arc::clone(tools)),
                    table: Arc::clone(tools.table()),
                    row,
                    asks: None,
                    ui: None,
                    scope: None,
                };
                if *is_listed {
                    self.tools.push(entry(info.name.into()));
                }
                let name = version.as_ref().map(|version| format!("{}@{version}", info.name));
                self.unlisted.extend(name.map(|name| entry(name.into())));
            }
        }
        self.own = self.tools.len();
    }

    /// Why a tool cannot have this name: another one has it, or was shown under it.
    fn clash(&self, name: &str, link: usize, tool: &str) -> Option<String> {
        let is_own = self.tools.iter().take(self.own).any(|entry| *entry.name == *name);
        if is_own || self.asks_all && name == NAME_ALL {
            return Some(format!(
                "its tool {tool} is left out: this program has a tool '{name}' of its own; use \
                 --prefix always"
            ));
        }
        if self.shown.is_full(name, link) {
            return Some(format!(
                "its tool {tool} is left out: too many names of tools were shown on this link; \
                 start this program again"
            ));
        }
        let here = self.owners.get(name).map(|(other, _)| *other);
        let other = here.or_else(|| self.shown.other_owner(name, link, tool))?;
        let other = self.hub.devices.get(other)?;
        Some(format!(
            "its tool {tool} is left out: two tools are called '{name}', and the first is one of \
             {} ({}); use --prefix auto, or give the devices other names",
            other.name(),
            other.source()
        ))
    }
}

fn oversized(name: &str, (table, row): (&Table, u16), ui: Option<&OwnUi>) -> Option<String> {
    let tool = table.info(row)?.name;
    (!catalog::fits(name, (table, row), ui)).then(|| {
        format!(
            "its tool {tool} is left out: its description and parameters take more than {TOOL_MAX} \
             bytes in a list of tools; make them shorter"
        )
    })
}
