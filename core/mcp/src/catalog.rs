//! What is served: a numbered list of tools, each a row of some tool table.

#[cfg(feature = "extras")]
use trine_descriptor::extras::{Extras, Of};
use trine_descriptor::{Kind, Side, ToolTable, record};
#[cfg(feature = "resources")]
use trine_descriptor::{Lists, Shelf};

use crate::Nodes;
#[cfg(feature = "apps")]
use crate::apps::ToolUi;
use crate::json::scan::is_special;
use crate::json::words::same;
use crate::nodes::ByNumber;
#[cfg(feature = "skills")]
use crate::skills::{NoSkills, Skills};

/// How the server introduces itself.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct ServerInfo<'a> {
    /// Name for machines.
    pub name: &'a str,
    /// Name for people; may be empty.
    pub title: &'a str,
    /// Version of the server.
    pub version: &'a str,
    /// Guidance for the model; may be empty.
    pub instructions: &'a str,
}

/// The tools of a server, numbered from 0.
///
/// A gateway implements it over the tables of all its devices; [`Single`] serves one table as it
/// is. The numbers hold for one [`Catalog::generation`].
pub trait Catalog {
    /// The tables behind it. One type, so that the engine is compiled once for it; where tables
    /// differ it is `dyn ToolTable`.
    type Table: ToolTable + ?Sized;

    /// How the server introduces itself.
    fn server(&self) -> ServerInfo<'_>;

    /// How many tools there are.
    fn count(&self) -> u16;

    /// The table that holds tool `index`, and the tool's number in it.
    fn tool(&self, index: u16) -> Option<(&Self::Table, u16)>;

    /// One side of a tool of a table, as usual calls are read and written by. A catalog whose table
    /// has no [`ToolTable::nodes`] may know a shorter way to them than the table's methods.
    fn nodes(table: &Self::Table, row: u16, side: Side) -> impl Nodes<'_> {
        ByNumber { table, row, side }
    }

    /// The name that clients know tool `index` by; matches `[A-Za-z0-9_-]{1,64}`.
    fn name(&self, index: u16) -> Option<&str>;

    /// The tool that clients know by this name.
    fn find(&self, name: &[u8]) -> Option<u16> {
        (0..self.count())
            .find(|&index| self.name(index).is_some_and(|known| known.as_bytes() == name))
    }

    /// What is said of tool `index` beside its description, in `_meta`: names with a prefix, such
    /// as `trine/author`, and texts.
    fn meta(&self, _index: u16) -> &[(&str, &str)] {
        &[]
    }

    /// What tool `index` says of its user interface, which clients with the extension are shown.
    #[cfg(feature = "apps")]
    fn ui(&self, _index: u16) -> Option<ToolUi<'_>> {
        None
    }

    /// Whether tools with user interfaces may come while a client is connected: then the extension
    /// is declared although there is none yet.
    #[cfg(feature = "apps")]
    fn may_have_apps(&self) -> bool {
        false
    }

    /// Whether the schemas of tool `index`, or the tool as it stands in a list, say more than its
    /// descriptor: then [`Catalog::added`] says what.
    #[cfg(feature = "extras")]
    fn has_extras(&self, index: u16) -> bool {
        self.tool(index).is_some_and(|(table, row)| !table.extras(row).is_empty())
    }

    /// The JSON object of members that tool `index` adds there.
    #[cfg(feature = "extras")]
    fn added(&self, index: u16, of: Of) -> Option<&str> {
        let (table, row) = self.tool(index)?;
        Extras::new(table.extras(row)).members(of)
    }

    /// The JSON Schema of one side of tool `index`, which clients are shown byte for byte in place
    /// of that of its descriptor. It must have no line end. A tool with one for its parameters gets
    /// its arguments as they came: the JSON object is in the place of the encoded arguments, and
    /// whoever runs the tool validates it.
    #[cfg(feature = "verbatim")]
    fn verbatim(&self, _index: u16, _side: Side) -> Option<&str> {
        None
    }

    /// Whether it is known that [`has_plain_names`] holds for the table of tool `index`, which
    /// spares usual calls a look at each name. `false` says nothing.
    fn is_plain(&self, _index: u16) -> bool {
        false
    }

    /// Changes whenever the list changes: a cursor of another generation is refused.
    fn generation(&self) -> u64;

    /// How long in milliseconds a client may keep the list.
    fn ttl_ms(&self) -> u32 {
        0
    }

    /// Whether clients can be sent lines of log ([`crate::notify::message`]): a client of an
    /// `initialize` revision is told so, and may say how much it wants
    /// ([`crate::McpSession::level`]).
    fn logs(&self) -> bool {
        false
    }

    /// What the server has beside tools. The numbers hold for one [`Catalog::generation`], too.
    #[cfg(feature = "resources")]
    fn lists(&self) -> &dyn Lists {
        &Shelf::EMPTY
    }

    /// Calls `with` with the prompt of this number as a tool of a table, and its number there: for
    /// a catalog whose [`Catalog::lists`] keep prompts in another form than
    /// [`trine_descriptor::Prompt`].
    #[cfg(feature = "resources")]
    fn with_prompt(&self, index: u16, with: &mut dyn FnMut(&dyn ToolTable, u16)) {
        if let Some(prompt) = self.lists().prompt(index) {
            with(prompt.table(), 0);
        }
    }

    /// Changes whenever one of [`Catalog::lists`] changes, as [`Catalog::generation`] does with the
    /// tools.
    #[cfg(feature = "resources")]
    fn lists_generation(&self) -> u64 {
        self.generation()
    }

    /// How long in milliseconds a client may keep [`Catalog::lists`].
    #[cfg(feature = "resources")]
    fn lists_ttl_ms(&self) -> u32 {
        self.ttl_ms()
    }

    /// Whether [`Catalog::lists`] can change while a client is connected, so that clients are told.
    #[cfg(feature = "resources")]
    fn lists_can_change(&self) -> bool {
        self.can_change()
    }

    /// Whether resources, prompts, completion and skills may come while a client is connected: then
    /// they are declared although there is none yet, and their lists are empty.
    #[cfg(feature = "resources")]
    fn may_have_lists(&self) -> bool {
        false
    }

    /// Whether clients can be told that a resource has changed.
    #[cfg(feature = "resources")]
    fn can_watch(&self) -> bool {
        false
    }

    /// The skills of the server, whose files are resources of [`Catalog::lists`].
    #[cfg(feature = "skills")]
    fn skills(&self) -> &dyn Skills {
        &NoSkills
    }

    /// Whether the server keeps tasks.
    #[cfg(feature = "tasks")]
    fn has_tasks(&self) -> bool {
        false
    }

    /// Whether the list can change while a client is connected, so that clients are told.
    fn can_change(&self) -> bool {
        false
    }
}

/// One table, served under its own names.
///
/// The list of a table never changes, so clients may keep it for [`Single::TTL_MS`].
///
/// ```
/// # use trine_descriptor::{Tool, ToolInfo};
/// # use trine_mcp::{ServerInfo, Single};
/// # const INFO: ToolInfo<'static> = ToolInfo::new("beep", "Beep once.");
/// # static TOOLS: [Tool<'static>; 1] = [Tool::new(INFO, &[], &[])];
/// # let server = ServerInfo { name: "beeper", version: "1.0.0", ..ServerInfo::default() };
///
/// use trine_mcp::Catalog as _;
///
/// let catalog = Single::new(server, &TOOLS);
/// assert_eq!(catalog.find(b"beep"), Some(0));
/// assert_eq!((catalog.name(0), catalog.count()), (Some("beep"), 1));
/// ```
#[derive(Clone, Copy, Debug)]
pub struct Single<'a, T: ToolTable + ?Sized> {
    server: ServerInfo<'a>,
    table: &'a T,
    generation: u64,
    is_plain: bool,
}

/// Whether all names of parameters and members, and all labels of choices, stand in JSON as they
/// are: ASCII without quotes, backslashes and control characters.
pub fn has_plain_names<T: ToolTable + ?Sized>(table: &T) -> bool {
    let is_plain = |text: &str| text.bytes().all(|byte| !is_special(byte));
    let labels = |kind: &Kind<'_>| match kind {
        Kind::Choice(labels) => is_plain(labels),
        _ => true,
    };
    let node = |tool, side, node| {
        table
            .bare_node(tool, side, node)
            .is_some_and(|field| is_plain(field.name) && labels(&field.kind))
    };
    let of = |tool, side| (0..table.node_count(tool, side)).all(|number| node(tool, side, number));
    (0..table.count()).all(|tool| of(tool, Side::Params) && of(tool, Side::Output))
}

impl<'a, T: ToolTable + ?Sized> Single<'a, T> {
    /// One hour.
    pub const TTL_MS: u32 = 3_600_000;

    /// Serves `table`.
    pub fn new(server: ServerInfo<'a>, table: &'a T) -> Self {
        // Who has no quick way for usual calls never asks.
        let is_plain =
            cfg!(all(target_pointer_width = "64", not(trine_small))) && has_plain_names(table);
        Self { server, table, generation: record::table_hash(table), is_plain }
    }
}

impl<T: ToolTable + ?Sized> Catalog for Single<'_, T> {
    type Table = T;

    fn server(&self) -> ServerInfo<'_> {
        self.server
    }

    fn count(&self) -> u16 {
        self.table.count()
    }

    fn tool(&self, index: u16) -> Option<(&T, u16)> {
        (index < self.table.count()).then_some((self.table, index))
    }

    fn name(&self, index: u16) -> Option<&str> {
        self.table.info(index).map(|info| info.name)
    }

    fn find(&self, name: &[u8]) -> Option<u16> {
        (0..self.table.count()).find(|&index| {
            self.table.info(index).is_some_and(|info| same(info.name.as_bytes(), name))
        })
    }

    fn is_plain(&self, _index: u16) -> bool {
        self.is_plain
    }

    fn generation(&self) -> u64 {
        self.generation
    }

    fn ttl_ms(&self) -> u32 {
        Self::TTL_MS
    }
}

#[cfg(test)]
mod tests {
    use trine_descriptor::{Field, Tool, ToolInfo};

    use super::*;

    #[test]
    fn names_and_labels_of_both_sides_are_looked_at() {
        const fn side<'a>(name: &'a str, labels: &'a str) -> [Field<'a>; 2] {
            [Field::new("plain", Kind::Bool), Field::new(name, Kind::Choice(labels))]
        }
        fn tools<'a>(params: &'a [Field<'a>], output: &'a [Field<'a>]) -> [Tool<'a>; 1] {
            [Tool::new(ToolInfo::new("name", "Text."), params, output)]
        }
        let plain = side("also_plain", "on|off");
        let others = [("q\"", "on"), ("\u{80}", "on"), ("x", "on|\\"), ("x", "\t")];
        assert!(has_plain_names(&tools(&plain, &plain)));
        assert!(has_plain_names(&tools(&[], &[])));
        for (name, labels) in others {
            let other = side(name, labels);
            assert!(!has_plain_names(&tools(&other, &plain)));
            assert!(!has_plain_names(&tools(&plain, &other)));
        }
    }

    const SERVER: ServerInfo<'_> =
        ServerInfo { name: "board", title: "", version: "1", instructions: "" };

    /// A catalog with nothing but what it must have.
    struct Bare<'t>(&'t [Tool<'t>]);

    impl<'t> Catalog for Bare<'t> {
        type Table = [Tool<'t>];

        fn server(&self) -> ServerInfo<'_> {
            SERVER
        }

        fn count(&self) -> u16 {
            self.0.count()
        }

        fn tool(&self, index: u16) -> Option<(&Self::Table, u16)> {
            Some((self.0, index))
        }

        fn name(&self, index: u16) -> Option<&str> {
            Some(self.0.get(usize::from(index))?.info.name)
        }

        fn generation(&self) -> u64 {
            1
        }
    }

    #[test]
    fn what_a_catalog_leaves_out_says_little() {
        let tools = ["a", "b", "c"].map(|name| Tool::new(ToolInfo::new(name, "Text."), &[], &[]));
        let bare = Bare(&tools);
        let found = [&b"a"[..], b"b", b"c", b"d", b""].map(|name| bare.find(name));
        assert_eq!(found, [Some(0), Some(1), Some(2), None, None]);
        assert!(!bare.is_plain(0) && bare.meta(0).is_empty());
        assert_eq!((bare.ttl_ms(), bare.logs()), (0, false));
        let single = Single::new(SERVER, &tools);
        let found = [&b"a"[..], b"c", b"d"].map(|name| single.find(name));
        assert_eq!(found, [Some(0), Some(2), None]);
        assert!(single.tool(2).is_some() && single.tool(3).is_none());
    }

    #[test]
    fn a_name_that_needs_an_escape_gets_one_in_every_answer() {
        let (plain, quoted) = ([Field::new("on", Kind::Bool)], [Field::new("q\"", Kind::Bool)]);
        for (output, name) in [(&plain, "{\"on\":true}"), (&quoted, "{\"q\\\"\":true}")] {
            let tools = [Tool::new(ToolInfo::new("get", "Text."), &[], output)];
            let single = Single::new(SERVER, &tools);
            let is_plain =
                cfg!(all(target_pointer_width = "64", not(trine_small))) && output[0].name == "on";
            assert_eq!(single.is_plain(0), is_plain);
            let mut out = [0; 400];
            let id = crate::Id::from_raw(b"1").unwrap();
            let version = crate::Version::V2026_07_28;
            let engine = crate::McpEngine::new(&single);
            let len = engine.finish_value(id, version, 0, &[0, 1, 1], &mut out).unwrap();
            let answer = core::str::from_utf8(&out[..len]).unwrap();
            assert!(answer.contains(name), "{answer}");
        }
    }
}
