//! The tools of all devices as clients see them.

use std::collections::hash_map::DefaultHasher;
use std::hash::{Hash, Hasher};
use std::sync::Arc;

use trine_descriptor::lists::List;
use trine_descriptor::{Lists, Side, ToolTable};
use trine_mcp::notify::Changed;
use trine_mcp::{Catalog, McpEngine, McpSession, ServerInfo, Skills, Step, ToolUi};

use super::HubShelf;
use super::apps::OwnUi;
use crate::device::Device;
use crate::host_tools::Served;
use crate::json_schema::Schemas;
use crate::lone::{Lone, Only};
use crate::table::Table;

/// How long a client may keep a list that all devices have contributed to.
const TTL_MS: u32 = 10_000;

const INSTRUCTIONS: &str = "Each tool acts on a real device. When a result has isError, its text \
    says what to change; a call that needs a person is done again after somebody has agreed at \
    the device.";

const WITH_OWN: &str = "A tool of a device acts on a real device; the other tools run in this \
    program. When a result has isError, its text says what to change. Repeat a call that needs a \
    person after a person has agreed.";

/// Who runs a tool.
#[derive(Clone)]
pub(crate) enum Owner {
    Device(Arc<Device>),
    Host(Arc<Served>),
}

impl std::fmt::Debug for Owner {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::Device(device) => device.fmt(f),
            Self::Host(_) => f.write_str("Host"),
        }
    }
}

impl Entry {
    /// The device that runs it.
    pub(crate) const fn device(&self) -> Option<&Arc<Device>> {
        match &self.owner {
            Owner::Device(device) => Some(device),
            Owner::Host(_) => None,
        }
    }

    /// The tools of this program that run it.
    pub(crate) const fn host(&self) -> Option<&Arc<Served>> {
        match &self.owner {
            Owner::Host(tools) => Some(tools),
            Owner::Device(_) => None,
        }
    }

    /// Its JSON Schemas, where it is a tool of this program that has its own.
    pub(crate) fn schemas(&self) -> Option<&Schemas> {
        match &self.owner {
            Owner::Device(_) => None,
            Owner::Host(tools) => tools.schemas(self.row),
        }
    }

    /// What its owner calls it.
    pub(crate) fn own_name(&self) -> Option<&str> {
        self.table.info(self.row).map(|info| info.name)
    }
}

/// One tool.
#[derive(Debug)]
pub(crate) struct Entry {
    pub(crate) name: Box<str>,
    pub(crate) owner: Owner,
    pub(crate) table: Arc<Table>,
    pub(crate) row: u16,
    /// The tools that it turns sentences into calls of, where it is for that.
    pub(crate) asks: Option<Arc<Table>>,
    /// Its user interface, as clients are shown it.
    pub(crate) ui: Option<OwnUi>,
    /// The name of its device, where the addresses of user interfaces begin with it.
    pub(crate) scope: Option<Box<str>>,
}

/// All tools at one time. A call holds on to the snapshot that it was made under.
#[derive(Debug)]
pub struct Snapshot {
    tools: Vec<Entry>,
    /// How many of them are in the list, from the first; the others are called by whoever knows
    /// their names.
    listed: u16,
    shelf: HubShelf,
    /// The numbers of the tools, of the resources with their templates, and of the prompts.
    numbers: [u64; 3],
    /// Numbers of the tools in the order of their names.
    sorted: Vec<u16>,
    generation: u64,
    complete: bool,
    /// Some tools are of this program.
    has_own: bool,
}

impl Snapshot {
    /// `tools` have names of their own, and so have those that are `unlisted`. `complete` says that
    /// every device has answered.
    pub(crate) fn new(
        (mut tools, unlisted): (Vec<Entry>, Vec<Entry>),
        shelf: HubShelf,
        complete: bool,
    ) -> Self {
        // So many tools have numbers; only devices that mean no good have more.
        tools.truncate(usize::from(u16::MAX));
        let listed = tools.len() as u16;
        tools.extend(unlisted);
        tools.truncate(usize::from(u16::MAX));
        let mut sorted: Vec<u16> = (0..tools.len()).map(|tool| tool as u16).collect();
        sorted.sort_by_key(|&tool| tools.get(usize::from(tool)).map(|entry| &entry.name));
        // The hasher has fixed keys: one list has one number, also after a restart.
        let number = |each: &dyn Fn(&mut DefaultHasher)| {
            let mut hasher = DefaultHasher::new();
            each(&mut hasher);
            hasher.finish()
        };
        let numbers = [
            number(&|hasher| {
                for entry in tools.iter().take(listed.into()) {
                    (&entry.name, entry.table.hash(entry.row), &entry.ui).hash(hasher);
                    if let Some(schemas) = entry.schemas() {
                        [Side::Params, Side::Output].map(|side| schemas.text(side)).hash(hasher);
                    }
                }
            }),
            number(&|hasher| {
                shelf.hash_into(List::Resources, hasher);
                shelf.hash_into(List::Templates, hasher);
                shelf.hash_skills(hasher);
            }),
            number(&|hasher| shelf.hash_into(List::Prompts, hasher)),
        ];
        let generation = number(&|hasher| numbers.hash(hasher));
        let has_own = tools.iter().any(|entry| entry.device().is_none());
        Self { tools, listed, shelf, numbers, sorted, generation, complete, has_own }
    }

    /// The list before any device has answered.
    pub(crate) fn nothing() -> Self {
        Self::new((Vec::new(), Vec::new()), HubShelf::default(), false)
    }

    /// The lists that another one shows otherwise.
    pub(super) fn changes(&self, other: &Self) -> Vec<Changed> {
        let lists = [Changed::Tools, Changed::Resources, Changed::Prompts];
        let pairs = self.numbers.iter().zip(&other.numbers);
        lists.into_iter().zip(pairs).filter(|(_, (a, b))| a != b).map(|(list, _)| list).collect()
    }

    /// What there is beside tools.
    pub(crate) const fn shelf(&self) -> &HubShelf {
        &self.shelf
    }

    pub(crate) fn entry(&self, tool: u16) -> Option<&Entry> {
        self.tools.get(usize::from(tool))
    }

    /// The tool that a device calls so, if it is in the list.
    pub(crate) fn of_device(&self, device: &Arc<Device>, name: &str) -> Option<&Entry> {
        let is_its = |entry: &Entry| entry.device().is_some_and(|its| Arc::ptr_eq(its, device));
        let its = |entry: &&Entry| entry.asks.is_none() && is_its(entry);
        self.tools.iter().filter(its).find(|entry| entry.own_name() == Some(name))
    }
}

/// Most bytes of a tool in a list of tools: any page has room for it.
pub(super) const TOOL_MAX: usize = 32 * 1024;
/// What is asked to see how long a tool is in a list.
const LIST: &[u8] = br#"{"jsonrpc":"2.0","id":1,"method":"tools/list","params":{"_meta":{
    "io.modelcontextprotocol/protocolVersion":"2026-07-28",
    "io.modelcontextprotocol/clientCapabilities":{
        "extensions":{"io.modelcontextprotocol/ui":{}}}}}}"#;

/// Whether a tool is no longer than [`TOOL_MAX`] in a list.
pub(super) fn fits(name: &str, (table, row): (&Table, u16), ui: Option<&OwnUi>) -> bool {
    fits_with(name, (table, row), (ui, None))
}

/// The same of a tool that may have schemas of its own.
pub(super) fn fits_with(
    name: &str,
    (table, row): (&Table, u16),
    (ui, schemas): (Option<&OwnUi>, Option<&Schemas>),
) -> bool {
    let ui = ui.map(OwnUi::shown);
    let alone = Lone::one(table, Only { name, row, ui, schemas });
    let mut page = vec![0; TOOL_MAX];
    // Where the list does not fit it is answered with a short error.
    match McpEngine::new(&alone).receive(LIST, &mut McpSession::new(), &mut [], &mut page) {
        Step::Reply(len) => {
            let page = page.get(..len).unwrap_or_default();
            memchr::memmem::find(page, b"\"tools\":[").is_some()
        }
        _ => false,
    }
}

impl Catalog for Snapshot {
    type Table = Table;

    fn server(&self) -> ServerInfo<'_> {
        ServerInfo {
            name: "trine",
            title: "Trine",
            version: env!("CARGO_PKG_VERSION"),
            instructions: if self.has_own { WITH_OWN } else { INSTRUCTIONS },
        }
    }

    fn count(&self) -> u16 {
        self.listed
    }

    fn tool(&self, index: u16) -> Option<(&Table, u16)> {
        self.entry(index).map(|entry| (&*entry.table, entry.row))
    }

    fn name(&self, index: u16) -> Option<&str> {
        self.entry(index).map(|entry| &*entry.name)
    }

    fn find(&self, name: &[u8]) -> Option<u16> {
        let name_of = |tool: &u16| self.entry(*tool).map_or(&[][..], |entry| entry.name.as_bytes());
        let at = self.sorted.binary_search_by(|tool| name_of(tool).cmp(name)).ok()?;
        self.sorted.get(at).copied()
    }

    fn meta(&self, index: u16) -> &[(&str, &str)] {
        match self.entry(index) {
            Some(Entry { owner: Owner::Host(tools), row, .. }) => tools.tools().meta(*row),
            _ => &[],
        }
    }

    fn verbatim(&self, index: u16, side: Side) -> Option<&str> {
        self.entry(index)?.schemas()?.text(side)
    }

    fn ui(&self, index: u16) -> Option<ToolUi<'_>> {
        self.entry(index)?.ui.as_ref().map(OwnUi::shown)
    }

    fn may_have_apps(&self) -> bool {
        // A client of a session asks before the devices have answered, and never again.
        !self.complete
    }

    fn is_plain(&self, index: u16) -> bool {
        self.entry(index).is_some_and(|entry| entry.table.is_plain())
    }

    fn generation(&self) -> u64 {
        self.generation
    }

    fn ttl_ms(&self) -> u32 {
        if self.complete { TTL_MS } else { 0 }
    }

    fn can_change(&self) -> bool {
        true
    }

    fn can_watch(&self) -> bool {
        true
    }

    fn has_tasks(&self) -> bool {
        true
    }

    fn logs(&self) -> bool {
        true
    }

    fn may_have_lists(&self) -> bool {
        true
    }

    fn skills(&self) -> &dyn Skills {
        &self.shelf
    }

    fn lists(&self) -> &dyn Lists {
        &self.shelf
    }
}
