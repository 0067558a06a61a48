//! One table out of several, which may come and go.

use trine_descriptor::check::{self, TableError};
use trine_descriptor::{Field, Side, ToolInfo, ToolTable, find_tool};

/// A registered tool. It goes stale when the tool is removed, also when another takes its place.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct ToolId {
    number: u16,
    generation: u16,
}

impl ToolId {
    /// The tool's number in the list and on the wire.
    #[must_use]
    pub const fn number(self) -> u16 {
        self.number
    }
}

/// Why a tool could not be registered.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum RegistryError {
    /// All places are taken; the number of places is given.
    Full(u16),
    /// A tool of the same name is there, under this number: remove it first or rename one.
    Duplicate(u16),
    /// The source has no tool of that number.
    NoSuchTool,
    /// The tool's descriptor breaks a rule.
    Table(TableError),
}

impl core::fmt::Display for RegistryError {
    fn fmt(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
        match self {
            Self::Full(places) => write!(f, "all {places} places are taken"),
            Self::Duplicate(number) => write!(f, "tool {number} has the same name"),
            Self::NoSuchTool => f.write_str("the source has no tool of that number"),
            Self::Table(error) => write!(f, "{error}"),
        }
    }
}

impl core::error::Error for RegistryError {}

#[derive(Clone, Copy)]
struct Entry<'t> {
    source: Option<(&'t dyn ToolTable, u16)>,
    generation: u16,
}

/// Up to `N` tools out of any tables, numbered by place. A place that was freed is used again under
/// a new generation; until then its number has no tool.
///
/// ```
/// # use trine_descriptor::{Field, IntRange, Kind, Tool, ToolInfo, ValueWriter};
/// # use trine_dispatch::{Answer, Call, Tools};
/// # const PERCENT: Kind<'static> = Kind::Int(IntRange { min: 0, max: 100 });
/// # const NODES: &[Field<'static>] = &[Field::new("percent", PERCENT).describe("Percent.")];
/// # const INFO: ToolInfo<'static> = ToolInfo::new("fan_set", "Set the fan.");
/// # static TOOLS: [Tool<'static>; 1] = [Tool::new(INFO, NODES, NODES)];
/// # struct Fan;
/// # impl Tools for Fan {
/// #     fn call(&mut self, _: Call<'_>, _: &mut ValueWriter<'_>) -> Answer {
/// #         Answer::Failed("it has no motor")
/// #     }
/// # }
/// use trine_dispatch::Registry;
///
/// let mut registry = Registry::<4>::new();
/// let fan = registry.add(&TOOLS, 0)?;
/// assert_eq!(registry.find("fan_set"), Some(fan));
/// assert!(registry.add(&TOOLS, 0).is_err(), "there is a tool of that name");
/// assert!(registry.remove(fan));
/// assert!(registry.is_empty());
/// # Ok::<(), trine_dispatch::RegistryError>(())
/// ```
pub struct Registry<'t, const N: usize> {
    entries: [Entry<'t>; N],
}

impl<const N: usize> core::fmt::Debug for Registry<'_, N> {
    fn fmt(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
        f.debug_struct("Registry").field("places", &N).field("count", &self.len()).finish()
    }
}

impl<const N: usize> Default for Registry<'_, N> {
    fn default() -> Self {
        Self::new()
    }
}

impl<'t, const N: usize> Registry<'t, N> {
    /// An empty registry.
    #[must_use]
    pub const fn new() -> Self {
        Self { entries: [Entry { source: None, generation: 0 }; N] }
    }

    /// How many tools are registered.
    #[must_use]
    pub fn len(&self) -> usize {
        self.entries.iter().filter(|entry| entry.source.is_some()).count()
    }

    /// Whether none is.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// Registers tool number `tool` of `table`.
    ///
    /// # Errors
    /// [`RegistryError`]; nothing has changed then.
    pub fn add(&mut self, table: &'t dyn ToolTable, tool: u16) -> Result<ToolId, RegistryError> {
        check::table(table).map_err(RegistryError::Table)?;
        let info = table.info(tool).ok_or(RegistryError::NoSuchTool)?;
        if let Some(other) = find_tool(self, info.name) {
            return Err(RegistryError::Duplicate(other));
        }
        let free = self.entries.iter().position(|entry| entry.source.is_none());
        let entry = free.and_then(|number| Some((number, self.entries.get_mut(number)?)));
        let (number, entry) = entry.ok_or(RegistryError::Full(N as u16))?;
        entry.source = Some((table, tool));
        Ok(ToolId { number: number as u16, generation: entry.generation })
    }

    /// Removes a tool; its id goes stale. `false` when it was stale already.
    pub fn remove(&mut self, id: ToolId) -> bool {
        let Some(entry) = self.entry_mut(id) else { return false };
        entry.source = None;
        entry.generation = entry.generation.wrapping_add(1);
        true
    }

    /// The id of the tool of that name.
    #[must_use]
    pub fn find(&self, name: &str) -> Option<ToolId> {
        self.id(find_tool(self, name)?)
    }

    /// The id of the tool that has this number now.
    #[must_use]
    pub fn id(&self, number: u16) -> Option<ToolId> {
        let entry = self.entries.get(usize::from(number))?;
        entry.source?;
        Some(ToolId { number, generation: entry.generation })
    }

    /// The table that a tool came from and its number there; `None` for a stale id.
    #[must_use]
    pub fn source(&self, id: ToolId) -> Option<(&'t dyn ToolTable, u16)> {
        let entry = self.entries.get(usize::from(id.number))?;
        if entry.generation == id.generation { entry.source } else { None }
    }

    fn entry_mut(&mut self, id: ToolId) -> Option<&mut Entry<'t>> {
        let entry = self.entries.get_mut(usize::from(id.number))?;
        (entry.generation == id.generation && entry.source.is_some()).then_some(entry)
    }

    fn at(&self, number: u16) -> Option<(&'t dyn ToolTable, u16)> {
        self.entries.get(usize::from(number))?.source
    }
}

impl<const N: usize> ToolTable for Registry<'_, N> {
    fn count(&self) -> u16 {
        let used = self.entries.iter().rposition(|entry| entry.source.is_some());
        used.map_or(0, |last| last as u16 + 1)
    }

    fn info(&self, tool: u16) -> Option<ToolInfo<'_>> {
        let (table, tool) = self.at(tool)?;
        table.info(tool)
    }

    fn node_count(&self, tool: u16, side: Side) -> u16 {
        self.at(tool).map_or(0, |(table, tool)| table.node_count(tool, side))
    }

    fn node(&self, tool: u16, side: Side, node: u16) -> Option<Field<'_>> {
        let (table, tool) = self.at(tool)?;
        table.node(tool, side, node)
    }

    fn nodes(&self, tool: u16, side: Side) -> Option<&[Field<'_>]> {
        let (table, tool) = self.at(tool)?;
        table.nodes(tool, side)
    }

    fn extras(&self, tool: u16) -> &[u8] {
        self.at(tool).map_or(&[], |(table, tool)| table.extras(tool))
    }

    fn hash(&self, tool: u16) -> u64 {
        self.at(tool).map_or(0, |(table, tool)| table.hash(tool))
    }
}
