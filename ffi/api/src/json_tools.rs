//! The tools of a device behind the MCP engine.

#[cfg(feature = "resources")]
use trine_descriptor::extras::Of;
#[cfg(feature = "resources")]
use trine_descriptor::{Lists, Shelf};
use trine_descriptor::{Side, ToolTable, record, validate};
use trine_dispatch::{CallId, Device, Local, Registered as _, TOO_LONG_BYTES, Tools, too_long};
use trine_mcp::json::{same, text_start};
use trine_mcp::notify;
use trine_mcp::{
    Block, Bytes, Call, Catalog, Contents, Failure, Id, McpEngine, NeedBytes, Outcome,
};
use trine_mcp::{ServerInfo, Version};
use trine_wire::codec::Members;
use trine_wire::message::block::{Block as WireBlock, Blocks};
use trine_wire::message::{self, outcome};

#[cfg(feature = "resources")]
use crate::json_lists;
#[cfg(feature = "resources")]
use crate::lists::{trine_extra, trine_mcp_lists};
use crate::memory::Object;
#[cfg(all(target_pointer_width = "64", not(trine_small)))]
use crate::quick::Nodes;
use crate::registry::{Added, Tool};
use crate::table::Table;
use crate::tools::CTools;

/// Longest id of a request whose answer may come later, as JSON text.
pub(crate) const ID_MAX: usize = 64;
/// What a request with a longer id is told whose answer comes later.
pub(crate) const LONG_ID: &str =
    "its request needs an id of at most 64 bytes, since it is answered later; it was stopped";
/// Most blocks of content of one answer.
pub(crate) const BLOCKS_MAX: usize = 7;
/// Bytes of content that a tool is asked for at a time.
const PIECE: usize = 192;

/// A call whose answer comes later.
pub(crate) struct Waiting {
    pub(crate) call: CallId,
    pub(crate) version: Version,
    /// Number of the tool; one beyond all tools for a request of what is next to them.
    pub(crate) tool: u16,
    pub(crate) id_size: u8,
    /// The id and, behind a zero byte, the token of who wants to know how far it is; where there is
    /// no room for both, the id alone. Zero bytes behind them.
    pub(crate) id: [u8; ID_MAX],
}

impl Waiting {
    /// What is kept of a request until its answer has come; `None` where its id is too long.
    pub(crate) fn new(
        (id, version): (Id<'_>, Version),
        (call, tool): (CallId, u16),
        progress: Option<Id<'_>>,
    ) -> Option<Self> {
        let raw = id.raw();
        let id_size = u8::try_from(raw.len()).ok()?;
        let mut waiting = Self { call, version, tool, id_size, id: [0; ID_MAX] };
        waiting.id.get_mut(..raw.len())?.copy_from_slice(raw);
        let token = progress.map_or(&b""[..], |token| token.raw());
        let behind = raw.len() + 1;
        if let Some(place) = waiting.id.get_mut(behind..behind + token.len()) {
            place.copy_from_slice(token);
        }
        Some(waiting)
    }

    pub(crate) fn id(&self) -> Option<Id<'_>> {
        Id::from_raw(self.id.get(..usize::from(self.id_size))?)
    }

    /// Writes how far the call is, if its client wants to know.
    pub(crate) fn progress(
        &self,
        call: CallId,
        (done, total): (u32, u32),
        text: &str,
        out: &mut [u8],
    ) -> Result<usize, NeedBytes> {
        let behind = self.id.get(usize::from(self.id_size) + 1..).unwrap_or_default();
        let token = behind.split(|byte| *byte == 0).next().unwrap_or_default();
        let Some(token) = Id::from_raw(token).filter(|_| call == self.call) else { return Ok(0) };
        let total = (total > 0).then_some(total);
        notify::progress(self.version, token, (done, total), text, out)
    }

    /// Whether it is the call of that id.
    pub(crate) fn is_for(&self, id: Id<'_>) -> bool {
        self.id() == Some(id)
    }
}

/// A device's tools as the engine serves them.
pub(crate) struct JsonTools<'o> {
    pub(crate) object: &'o Object,
    table: &'o Table<'static>,
    /// Those that come and go; their indices are behind those of the table, without gaps.
    added: Option<&'o Added>,
    generation: u64,
    is_plain: bool,
    /// Whether what happens is kept for clients.
    logs: bool,
}

impl<'o> JsonTools<'o> {
    pub(crate) fn new(object: &'o Object, (generation, is_plain): (u64, bool), logs: bool) -> Self {
        let added = object.source().added();
        let changes = added.map_or(0, |added| u64::from(added.changes()));
        let generation = generation.wrapping_add(changes);
        Self { object, table: &object.rules.table, added, generation, is_plain, logs }
    }

    /// The name of a tool, for who reads of it.
    pub(crate) fn name_of(&self, tool: u16) -> &str {
        self.name(self.index(tool)).unwrap_or_default()
    }

    /// The device's number of a tool.
    #[inline(always)]
    fn number(&self, index: u16) -> u16 {
        let Some(added) = self.added else { return index };
        if index < self.table.count() { index } else { added.number(index) }
    }

    /// The index of a tool of the device, as the engine knows it.
    #[inline(always)]
    fn index(&self, number: u16) -> u16 {
        let Some(added) = self.added else { return number };
        if number < self.table.count() { number } else { added.index(number) }
    }

    /// The tool of an index.
    #[inline(always)]
    fn one(&self, index: u16) -> Option<&'o Tool> {
        match self.table.tool(index) {
            // SAFETY: the promise of `Table::new`.
            Some(tool) => Some(unsafe { Tool::of(tool) }),
            None => self.added?.tool(self.number(index)),
        }
    }

    /// Runs a call and writes its response, or says what to wait for.
    #[cfg_attr(all(target_pointer_width = "64", not(trine_small)), inline(always))]
    pub(crate) fn call(
        &self,
        device: &mut Device<'static>,
        (call, arguments): (&Call<'_>, &[u8]),
        now: u64,
        value: &mut [u8],
        out: &mut [u8],
    ) -> Result<Result<usize, NeedBytes>, Waiting> {
        let mut tools = CTools::new(self.object);
        let mut text = [0; TOO_LONG_BYTES];
        let number = self.number(call.tool);
        let given = (number, arguments);
        let mut written = None;
        let end = if cfg!(all(target_pointer_width = "64", not(trine_small))) && call.checked {
            // Most answers are written while they are judged.
            let judge = |value: &[u8]| {
                let engine = McpEngine::new(self);
                written = engine.finish_at_once(call.id, call.version, call.tool, value, out);
                match written {
                    Some(_) => Ok(()),
                    None => validate(self.object.source(), number, Side::Output, value),
                }
            };
            device.local_with(given, now, &mut tools, value, judge)
        } else if call.checked {
            device.local_judged(given, now, &mut tools, value)
        } else {
            device.local(given, now, &mut tools, value)
        };
        if let Some(len) = written {
            return Ok(Ok(len));
        }
        let outcome = match end {
            Local::Done(len) => Outcome::Value(value.get(..len).unwrap_or_default()),
            Local::Content { id, mime, len } => {
                return Ok(self.content(call, (id, mime, len), out));
            }
            Local::Blocks(len) => {
                return Ok(self.blocks(call, value.get(..len).unwrap_or_default(), out));
            }
            // The engine says how: a person is asked by a gateway alone.
            Local::NeedInput(_) => Outcome::Failed(Failure::NeedsInput),
            Local::Failed(text) => Outcome::Error(text),
            Local::BadResult(fault) => Outcome::BadResult(fault),
            Local::Fault(fault) => Outcome::Fault(fault),
            Local::TooLong(most) => Outcome::Error(too_long(most, &mut text)),
            Local::NeedsPerson(consent) => Outcome::Failed(Failure::NeedsPerson(consent)),
            Local::Busy => Outcome::Failed(Failure::Busy),
            Local::Pending(id) => {
                match Waiting::new((call.id, call.version), (id, number), call.progress) {
                    Some(waiting) => return Err(waiting),
                    None => {
                        device.local_end(id, &mut tools);
                        Outcome::Error(LONG_ID)
                    }
                }
            }
            _ => Outcome::Failed(Failure::BadResult),
        };
        Ok(self.finish(call.id, call.version, call.tool, outcome, out))
    }

    /// Writes a response; if there is no room for it, one that says so, since the tool has run.
    #[cfg_attr(all(target_pointer_width = "64", not(trine_small)), inline(always))]
    fn finish(
        &self,
        id: Id<'_>,
        version: Version,
        tool: u16,
        outcome: Outcome<'_>,
        out: &mut [u8],
    ) -> Result<usize, NeedBytes> {
        match McpEngine::new(self).finish(id, version, tool, outcome, out) {
            Err(needed) => self.no_room((id, version, tool), outcome, needed, out),
            written => written,
        }
    }

    /// Writes a shorter response: a failure stays one, its text cut.
    #[cold]
    #[inline(never)]
    fn no_room(
        &self,
        (id, version, tool): (Id<'_>, Version, u16),
        outcome: Outcome<'_>,
        needed: NeedBytes,
        out: &mut [u8],
    ) -> Result<usize, NeedBytes> {
        let mut text = match outcome {
            Outcome::Error(text) => text,
            Outcome::Value(_) | Outcome::Content(_) => {
                "it was done, but the program has no room for its answer"
            }
            Outcome::BadResult(_) | Outcome::Failed(Failure::BadResult) => {
                "its answer breaks its own description, and it may have taken effect"
            }
            _ => "it was not done, and the program has no room to say why",
        };
        loop {
            let outcome = Outcome::Error(text);
            match McpEngine::new(self).finish(id, version, tool, outcome, out) {
                Err(_) if !text.is_empty() => text = half(text),
                written => return written.map_err(|_| needed),
            }
        }
    }

    /// Writes a response of content blocks.
    fn blocks(&self, call: &Call<'_>, written: &[u8], out: &mut [u8]) -> Result<usize, NeedBytes> {
        let mut data: [&[u8]; BLOCKS_MAX] = [&[]; BLOCKS_MAX];
        let mut all = [Block::Text(""); BLOCKS_MAX];
        if Blocks::new(written).count() > BLOCKS_MAX || Blocks::new(written).any(|one| one.is_err())
        {
            let outcome = Outcome::Failed(Failure::BadResult);
            return self.finish(call.id, call.version, call.tool, outcome, out);
        }
        let read = || Blocks::new(written).flatten();
        for (block, place) in read().zip(&mut data) {
            if let WireBlock::Image { bytes, .. }
            | WireBlock::Audio { bytes, .. }
            | WireBlock::Embedded { bytes, .. } = block
            {
                *place = bytes;
            }
        }
        let mut count = 0;
        for ((block, data), place) in read().zip(&data).zip(&mut all) {
            *place = match block {
                WireBlock::Text { text } => Block::Text(text),
                WireBlock::Image { mime, .. } => Block::Image { mime, data },
                WireBlock::Audio { mime, .. } => Block::Audio { mime, data },
                WireBlock::Link { uri, name, mime, description } => {
                    Block::Link { uri, name, mime, description }
                }
                WireBlock::Embedded { uri, mime, what: 0, bytes } => {
                    let text = core::str::from_utf8(bytes).unwrap_or_default();
                    Block::Embedded { uri, mime, contents: Contents::Text(text) }
                }
                WireBlock::Embedded { uri, mime, .. } => {
                    Block::Embedded { uri, mime, contents: Contents::Blob(data) }
                }
                WireBlock::Structured { value } => Block::Structured(value),
                // A tool in C cannot write any other.
                _ => Block::Text(""),
            };
            count += 1;
        }
        let blocks = all.get(..count).unwrap_or_default();
        self.finish(call.id, call.version, call.tool, Outcome::Content(blocks), out)
    }

    /// Writes a response whose content the tool yields while it is written.
    fn content(
        &self,
        call: &Call<'_>,
        (id, mime, len): (CallId, &str, u32),
        out: &mut [u8],
    ) -> Result<usize, NeedBytes> {
        let data = &Content { object: self.object, tool: self.number(call.tool), id, len };
        let block = if mime.starts_with("image/") {
            Block::Image { mime, data }
        } else if mime.starts_with("audio/") {
            Block::Audio { mime, data }
        } else {
            Block::Embedded { uri: "trine:content", mime, contents: Contents::Blob(data) }
        };
        self.finish(call.id, call.version, call.tool, Outcome::Content(&[block]), out)
    }

    /// Writes the response of a call whose answer has come; none before that.
    pub(crate) fn later(
        &self,
        device: &Device<'static>,
        waiting: &Waiting,
        out: &mut [u8],
    ) -> Option<Result<usize, NeedBytes>> {
        let answer = device.local_answer(waiting.call)?;
        #[cfg(feature = "resources")]
        if let Some(kind) = json_lists::Kind::of_number(waiting.tool) {
            return Some(self.listed_later((waiting.id()?, waiting.version), kind, answer, out));
        }
        let outcome = match message::result(answer) {
            Some(outcome) => match outcome {
                message::Outcome::Done { value } => Outcome::Value(value),
                message::Outcome::Failed { text } => Outcome::Error(text),
                message::Outcome::Expired => Outcome::Error("it did not answer in time"),
                message::Outcome::Cancelled => Outcome::Failed(Failure::Cancelled),
                _ => Outcome::Failed(Failure::BadResult),
            },
            None => Outcome::Error(cut_short(answer).unwrap_or_else(|text| text)),
        };
        let id = waiting.id()?;
        let tool = self.index(waiting.tool);
        Some(McpEngine::new(self).finish(id, waiting.version, tool, outcome, out))
    }

    /// Answers a call that nobody can wait for.
    pub(crate) fn give_up(
        &self,
        device: &mut Device<'static>,
        waiting: &Waiting,
        out: &mut [u8],
    ) -> Result<usize, NeedBytes> {
        self.end(device, waiting);
        #[cfg(feature = "resources")]
        if json_lists::Kind::of_number(waiting.tool).is_some() {
            return json_lists::fail(waiting.id().ok_or(NeedBytes(0))?, json_lists::BUSY, out);
        }
        let outcome = Outcome::Failed(Failure::Cancelled);
        let id = waiting.id().ok_or(NeedBytes(0))?;
        self.finish(id, waiting.version, self.index(waiting.tool), outcome, out)
    }

    /// Nobody waits for a call any more.
    pub(crate) fn end(&self, device: &mut Device<'static>, waiting: &Waiting) {
        device.local_end(waiting.call, &mut CTools::new(self.object));
    }
}

impl Catalog for JsonTools<'_> {
    type Table = Tool;

    fn server(&self) -> ServerInfo<'_> {
        self.object.kept.server
    }

    fn count(&self) -> u16 {
        self.table.count() + self.added.map_or(0, Added::count)
    }

    #[cfg_attr(all(target_pointer_width = "64", not(trine_small)), inline(always))]
    fn tool(&self, index: u16) -> Option<(&Self::Table, u16)> {
        self.one(index).map(|tool| (tool, 0))
    }

    #[cfg(all(target_pointer_width = "64", not(trine_small)))]
    #[inline(always)]
    fn nodes(tool: &Self::Table, _: u16, side: Side) -> impl trine_mcp::Nodes<'_> {
        Nodes::new(tool, side)
    }

    fn name(&self, index: u16) -> Option<&str> {
        Some(core::str::from_utf8(self.one(index)?.name()).unwrap_or_default())
    }

    #[cfg_attr(all(target_pointer_width = "64", not(trine_small)), inline(always))]
    fn find(&self, name: &[u8]) -> Option<u16> {
        let table = (0..self.table.count())
            .find(|&index| self.table.name(index).is_some_and(|known| same(known, name)));
        match (table, self.added) {
            (None, Some(added)) => added.called(|known| same(known, name)),
            (found, _) => found,
        }
    }

    fn is_plain(&self, index: u16) -> bool {
        self.is_plain && index < self.table.count()
    }

    fn generation(&self) -> u64 {
        self.generation
    }

    fn logs(&self) -> bool {
        self.logs
    }

    fn ttl_ms(&self) -> u32 {
        if self.added.is_some() { 0 } else { 3_600_000 }
    }

    /// Clients are told by what is kept for them.
    #[cfg(feature = "resources")]
    fn can_change(&self) -> bool {
        self.logs && self.added.is_some()
    }

    #[cfg(feature = "resources")]
    fn has_extras(&self, index: u16) -> bool {
        index < self.table.count() && self.extras().iter().any(|extra| extra.tool == index)
    }

    #[cfg(feature = "resources")]
    fn added(&self, index: u16, of: Of) -> Option<&str> {
        let is_it = |extra: &&trine_extra| extra.tool == index && extra.is_of(of);
        let extra = self.extras().iter().find(is_it).filter(|_| index < self.table.count())?;
        Some(extra.members())
    }

    #[cfg(feature = "resources")]
    fn lists(&self) -> &dyn Lists {
        self.object.lists().map_or(&Shelf::EMPTY as &dyn Lists, |lists| lists)
    }

    #[cfg(feature = "resources")]
    fn with_prompt(&self, index: u16, with: &mut dyn FnMut(&dyn ToolTable, u16)) {
        if let Some(table) = self.object.lists().map(trine_mcp_lists::prompt_table) {
            with(&table, index);
        }
    }

    #[cfg(feature = "resources")]
    fn lists_generation(&self) -> u64 {
        self.object.lists().map_or(0, trine_mcp_lists::generation)
    }

    /// The program may offer others at any time.
    #[cfg(feature = "resources")]
    fn lists_ttl_ms(&self) -> u32 {
        0
    }

    /// Clients are told by what is kept for them.
    #[cfg(feature = "resources")]
    fn lists_can_change(&self) -> bool {
        self.logs
    }

    #[cfg(feature = "resources")]
    fn can_watch(&self) -> bool {
        self.logs
    }
}

#[cfg(feature = "resources")]
impl JsonTools<'_> {
    fn extras(&self) -> &'static [trine_extra] {
        self.object.lists().map_or(&[], trine_mcp_lists::all_extras)
    }
}

impl Object {
    /// What the list of tools is known by: it changes with them.
    pub(crate) fn generation(&self) -> u64 {
        record::table_hash(&self.rules.table)
    }
}

/// What is said of a call of whose answer the program keeps the beginning alone: a failure's text,
/// or that it ended otherwise.
pub(crate) fn cut_short(answer: &[u8]) -> Result<&str, &str> {
    let mut from = Members::new(answer);
    // Kind, call, outcome, and the length of a text.
    let (_, _, number, _) = (from.byte(), from.number(), from.byte(), from.number());
    match number {
        _ if from.is_broken() => Err("it has ended, and the program keeps no answers"),
        outcome::FAILED => Ok(text_start(from.rest())),
        outcome::DONE => Err("it was done, but its answer is longer than the program keeps"),
        _ => Err("it has ended with an answer that is longer than the program keeps"),
    }
}

/// The first half of a text, in whole characters.
fn half(text: &str) -> &str {
    let mut most = text.len() / 2;
    while !text.is_char_boundary(most) {
        most -= 1;
    }
    text.get(..most).unwrap_or_default()
}

/// Content that a tool yields piece by piece.
pub(crate) struct Content<'o> {
    pub(crate) object: &'o Object,
    pub(crate) tool: u16,
    pub(crate) id: CallId,
    pub(crate) len: u32,
}

impl Bytes for Content<'_> {
    fn pieces(&self, each: &mut dyn FnMut(&[u8])) {
        let mut tools = CTools::new(self.object);
        let mut piece = [0; PIECE];
        let mut at = 0;
        while at < self.len {
            let most = usize::try_from(self.len - at).unwrap_or(PIECE).min(PIECE);
            let place = piece.get_mut(..most).unwrap_or_default();
            let count = tools.read(self.tool, self.id, at, place).min(most);
            if count == 0 {
                return;
            }
            each(piece.get(..count).unwrap_or_default());
            at += count as u32;
        }
    }
}
