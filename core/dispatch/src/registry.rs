//! Tools that come and go while a device serves.

use core::sync::atomic::{AtomicU16, AtomicU32, Ordering};

use trine_arena::AtomicRef;
use trine_descriptor::check::{self, TableError};
use trine_descriptor::{Field, Head, Side, ToolInfo, ToolTable};

/// A registered tool. It stays the same when the tool is replaced, and goes stale when it is
/// removed, also when another takes its place.
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

    /// The id as one number, for a C program; never 0.
    #[must_use]
    pub const fn to_bits(self) -> u32 {
        (self.generation as u32) << 16 | (self.number as u32 + 1)
    }

    /// The id of a number from [`Self::to_bits`]; another number is merely stale.
    #[must_use]
    pub const fn from_bits(bits: u32) -> Self {
        Self { number: (bits as u16).wrapping_sub(1), generation: (bits >> 16) as u16 }
    }
}

/// Why a tool could not be registered. Nothing has changed then.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum RegistryError {
    /// All places are taken; the number of places is given.
    Full(u16),
    /// A tool of the same name is there, under this number: remove it first or rename one.
    Duplicate(u16),
    /// The source has no tool of that number.
    NoSuchTool,
    /// The tool to be replaced is not there any more.
    Stale,
    /// A call of the tool would own more bytes than the device has for one:
    /// [`crate::Config::pending_max`].
    PendingBytes(u16),
    /// The tool asks for a person, and the device keeps no bytes of questions:
    /// [`crate::Config::consent_bytes`].
    NoConsent,
    /// The tool's descriptor breaks a rule.
    Table(TableError),
}

impl core::fmt::Display for RegistryError {
    fn fmt(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
        match self {
            Self::Full(places) => write!(f, "all {places} places are taken"),
            Self::Duplicate(number) => write!(f, "tool {number} has the same name"),
            Self::NoSuchTool => f.write_str("the source has no tool of that number"),
            Self::Stale => f.write_str("the tool was removed: add it again"),
            Self::PendingBytes(bytes) => {
                write!(f, "the tool declares {bytes} pending bytes: raise pending_max")
            }
            Self::NoConsent => f.write_str("the tool asks for a person: raise consent_bytes"),
            Self::Table(error) => write!(f, "{error}"),
        }
    }
}

impl core::error::Error for RegistryError {}

/// What a registry can hold: a tool that is described somewhere, for as long as the registry lives.
pub trait Registered: Sync {
    /// The name, which no two tools share.
    fn name(&self) -> &[u8];

    /// The lower half of the hash of its record, which a call must carry.
    fn check(&self) -> u32;

    /// What is to be known of it before it runs.
    fn head(&self) -> Head;
}

/// Room for one tool of a [`Registry`].
#[derive(Debug)]
pub struct Place<'t, T> {
    tool: AtomicRef<'t, T>,
    /// Of the tool that is there: computed when it came, since each call is compared with it.
    check: AtomicU32,
    generation: AtomicU16,
}

impl<T> Place<'_, T> {
    /// A free one.
    #[must_use]
    pub const fn free() -> Self {
        Self { tool: AtomicRef::new(None), check: AtomicU32::new(0), generation: AtomicU16::new(0) }
    }
}

/// Tools numbered by place, in as many places as the program gives. A place that was freed is used
/// again under a new generation; until then its number has no tool.
///
/// It is shared with the device that serves it. One context changes it, the device's owner:
/// [`crate::Device::add_tool`], [`crate::Device::replace_tool`] and [`crate::Device::remove_tool`]
/// do, and tell the device; what is here is for before a device serves it, and for looking. A
/// second context that changes it breaks no memory, but tools may be lost.
///
/// ```
/// # use trine_descriptor::{Field, IntRange, Kind, Tool, ToolInfo};
/// # const PERCENT: Kind<'static> = Kind::Int(IntRange { min: 0, max: 100 });
/// # const NODES: &[Field<'static>] = &[Field::new("percent", PERCENT).describe("Percent.")];
/// # const INFO: ToolInfo<'static> = ToolInfo::new("fan_set", "Set the fan.");
/// # static TOOLS: [Tool<'static>; 1] = [Tool::new(INFO, NODES, NODES)];
/// use trine_arena::Ring;
/// use trine_dispatch::{Config, Device, Listed, Place, Registry};
///
/// let fan = Listed::new(&TOOLS, 0)?;
/// let registry = Registry::new(0, [const { Place::free() }; 4]);
/// # let (mut memory, mut bytes) = ([0; Config::DEFAULT.memory()], [0; 256]);
/// # let mut ring = Ring::new(&mut bytes);
/// # let received = ring.split().1;
/// let config = Config::DEFAULT;
/// let mut device = Device::with_rules(&config, &mut memory, received, &registry).unwrap();
/// let id = device.add_tool(&registry, &fan)?;
/// assert_eq!(registry.find(b"fan_set"), Some(id));
/// assert!(device.add_tool(&registry, &fan).is_err(), "there is a tool of that name");
/// # Ok::<(), trine_dispatch::RegistryError>(())
/// ```
pub struct Registry<T, P> {
    first: u16,
    high_water: AtomicU16,
    changes: AtomicU32,
    tools: core::marker::PhantomData<fn() -> T>,
    places: P,
}

impl<'t, T: Registered + 't, P: AsRef<[Place<'t, T>]>> core::fmt::Debug for Registry<T, P> {
    fn fmt(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
        let places = self.places().len();
        f.debug_struct("Registry").field("places", &places).field("count", &self.len()).finish()
    }
}

impl<T, P> Registry<T, P> {
    /// An empty registry, whose first place has the number `first`: 0, unless other tools are
    /// before them.
    #[must_use]
    pub const fn new(first: u16, places: P) -> Self {
        Self {
            first,
            high_water: AtomicU16::new(0),
            changes: AtomicU32::new(0),
            tools: core::marker::PhantomData,
            places,
        }
    }

    /// The most tools that were there at a time.
    #[must_use]
    pub fn high_water(&self) -> u16 {
        self.high_water.load(Ordering::Relaxed)
    }

    /// How often it was changed: another number, another list.
    #[must_use]
    pub fn changes(&self) -> u32 {
        self.changes.load(Ordering::Relaxed)
    }

    fn changed(&self) {
        self.changes.store(self.changes().wrapping_add(1), Ordering::Relaxed);
    }
}

impl<'t, T: Registered + 't, P: AsRef<[Place<'t, T>]>> Registry<T, P> {
    fn places(&self) -> &[Place<'t, T>] {
        self.places.as_ref()
    }

    fn place(&self, number: u16) -> Option<&Place<'t, T>> {
        self.places().get(usize::from(number.checked_sub(self.first)?))
    }

    /// The place of an id that is not stale.
    fn holding(&self, id: ToolId) -> Option<&Place<'t, T>> {
        let place = self.place(id.number)?;
        let is_it = place.generation.load(Ordering::Relaxed) == id.generation;
        (is_it && place.tool.get().is_some()).then_some(place)
    }

    /// How many tools are registered.
    #[must_use]
    pub fn len(&self) -> u16 {
        self.places().iter().filter(|place| place.tool.get().is_some()).count() as u16
    }

    /// Whether none is.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// One more than the highest number in use; the number of the first place where none is.
    #[must_use]
    pub fn end(&self) -> u16 {
        let used = self.places().iter().rposition(|place| place.tool.get().is_some());
        self.first + used.map_or(0, |last| last as u16 + 1)
    }

    /// Registers a tool.
    ///
    /// # Errors
    /// [`RegistryError::Duplicate`] or [`RegistryError::Full`].
    pub fn add(&self, tool: &'t T) -> Result<ToolId, RegistryError> {
        if let Some(other) = self.find(tool.name()) {
            return Err(RegistryError::Duplicate(other.number));
        }
        let free = (self.first..).zip(self.places()).find(|(_, place)| place.tool.get().is_none());
        let (number, place) = free.ok_or(RegistryError::Full(self.places().len() as u16))?;
        place.check.store(tool.check(), Ordering::Relaxed);
        place.tool.set(Some(tool));
        self.high_water.store(self.high_water().max(self.len()), Ordering::Relaxed);
        self.changed();
        Ok(ToolId { number, generation: place.generation.load(Ordering::Relaxed) })
    }

    /// Whether [`Self::replace`] would do it.
    pub(crate) fn may_replace(&self, id: ToolId, tool: &T) -> Result<(), RegistryError> {
        self.holding(id).ok_or(RegistryError::Stale)?;
        match self.find(tool.name()) {
            Some(other) if other != id => Err(RegistryError::Duplicate(other.number)),
            _ => Ok(()),
        }
    }

    /// Puts a tool in the place of one that is there, under the same id. Its name may be another.
    ///
    /// # Errors
    /// [`RegistryError::Stale`], or [`RegistryError::Duplicate`] of a third tool.
    pub fn replace(&self, id: ToolId, tool: &'t T) -> Result<(), RegistryError> {
        self.may_replace(id, tool)?;
        let place = self.holding(id).ok_or(RegistryError::Stale)?;
        place.check.store(tool.check(), Ordering::Relaxed);
        place.tool.set(Some(tool));
        self.changed();
        Ok(())
    }

    /// Removes a tool; its id goes stale. `false` when it was stale already.
    pub fn remove(&self, id: ToolId) -> bool {
        let Some(place) = self.holding(id) else { return false };
        place.tool.set(None);
        place.generation.store(id.generation.wrapping_add(1), Ordering::Relaxed);
        self.changed();
        true
    }

    /// The id of the tool of that name.
    #[must_use]
    pub fn find(&self, name: &[u8]) -> Option<ToolId> {
        (self.first..).zip(self.places()).find_map(|(number, place)| {
            let is_it = place.tool.get().is_some_and(|tool| tool.name() == name);
            let generation = place.generation.load(Ordering::Relaxed);
            is_it.then_some(ToolId { number, generation })
        })
    }

    /// The id of the tool that has this number now.
    #[must_use]
    pub fn id(&self, number: u16) -> Option<ToolId> {
        let place = self.place(number)?;
        place.tool.get()?;
        Some(ToolId { number, generation: place.generation.load(Ordering::Relaxed) })
    }

    /// The tool of an id; `None` for a stale one.
    #[must_use]
    pub fn get(&self, id: ToolId) -> Option<&'t T> {
        self.holding(id)?.tool.get()
    }

    /// The tool that has this number now.
    #[must_use]
    pub fn at(&self, number: u16) -> Option<&'t T> {
        self.place(number)?.tool.get()
    }

    /// [`Registered::check`] of the tool that has this number now, else 0.
    #[must_use]
    pub fn check_at(&self, number: u16) -> u32 {
        let place = self.place(number).filter(|place| place.tool.get().is_some());
        place.map_or(0, |place| place.check.load(Ordering::Relaxed))
    }
}

/// A tool of a table, which was checked: what a registry of a Rust program holds.
#[derive(Clone, Copy)]
pub struct Listed<'t> {
    table: &'t dyn ToolTable,
    tool: u16,
    name: &'t str,
}

impl core::fmt::Debug for Listed<'_> {
    fn fmt(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
        f.debug_tuple("Listed").field(&self.name).finish()
    }
}

impl<'t> Listed<'t> {
    /// Tool number `tool` of a table.
    ///
    /// # Errors
    /// [`RegistryError::NoSuchTool`] or [`RegistryError::Table`].
    pub fn new(table: &'t dyn ToolTable, tool: u16) -> Result<Self, RegistryError> {
        let info = table.info(tool).ok_or(RegistryError::NoSuchTool)?;
        check::tool(table, tool).map_err(RegistryError::Table)?;
        Ok(Self { table, tool, name: info.name })
    }

    /// The table, and the number there.
    #[must_use]
    pub const fn source(&self) -> (&'t dyn ToolTable, u16) {
        (self.table, self.tool)
    }
}

impl Registered for Listed<'_> {
    fn name(&self) -> &[u8] {
        self.name.as_bytes()
    }

    fn check(&self) -> u32 {
        self.table.check(self.tool)
    }

    fn head(&self) -> Head {
        self.table.head(self.tool).unwrap_or_default()
    }
}

impl<'t, P> ToolTable for Registry<Listed<'t>, P>
where
    P: AsRef<[Place<'t, Listed<'t>>]> + Sync,
{
    fn count(&self) -> u16 {
        self.end()
    }

    fn info(&self, tool: u16) -> Option<ToolInfo<'_>> {
        let Listed { table, tool, .. } = self.at(tool)?;
        table.info(*tool)
    }

    fn node_count(&self, tool: u16, side: Side) -> u16 {
        self.at(tool).map_or(0, |tool| tool.table.node_count(tool.tool, side))
    }

    fn node(&self, tool: u16, side: Side, node: u16) -> Option<Field<'_>> {
        let Listed { table, tool, .. } = self.at(tool)?;
        table.node(*tool, side, node)
    }

    fn nodes(&self, tool: u16, side: Side) -> Option<&[Field<'_>]> {
        let Listed { table, tool, .. } = self.at(tool)?;
        table.nodes(*tool, side)
    }

    fn extras(&self, tool: u16) -> &[u8] {
        self.at(tool).map_or(&[], |tool| tool.table.extras(tool.tool))
    }

    fn hash(&self, tool: u16) -> u64 {
        self.at(tool).map_or(0, |tool| tool.table.hash(tool.tool))
    }
}
