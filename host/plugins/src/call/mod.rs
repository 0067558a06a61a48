//! A call of a plug-in's tool: the state behind a `trine_call`, which the tool's function gets.

mod content;
mod functions;
mod memory;

use std::cell::Cell;
use std::ffi::c_void;
use std::sync::Mutex;
use std::sync::atomic::{AtomicBool, Ordering};

use trine_c_api::hosted::item_of_list;
use trine_c_api::{
    TRINE_BLOCKS, TRINE_CONTENT, TRINE_E_ARGUMENT, TRINE_E_NO_SPACE, TRINE_E_STATE, TRINE_OK,
    TRINE_PENDING, trine_call, trine_call_id, trine_status,
};
use trine_descriptor::value::tag;
use trine_descriptor::{Args, Item, Side, ToolTable as _, ValueWriter};
use trine_gateway::host_tools::{HostCall, OwnBlock};
use trine_gateway::table::Table;
use trine_mcp::{Failure, Outcome};

pub(crate) use memory::CallMemory;
use memory::Segments;

pub(crate) use functions::{HOST, now};

/// Most bytes of a structured result, and of all blocks and content of a call.
pub(crate) const RESULT_MAX: usize = 256 * 1024;
pub(crate) const CONTENT_MAX: usize = 16 * 1024 * 1024;
/// Most bytes of what a tool says when it fails.
pub(crate) const SAID_MAX: usize = 4_096;
/// What a tool says that says nothing.
const FAILED: &str = "the tool could not do it";
/// What is said for one that wants to answer later.
const LATER: &str = "the tool wants to answer later, which a plug-in cannot: it answers before its \
                     function returns";

/// Who called, and is told how the call ends.
#[derive(Debug)]
pub(crate) enum Client {
    /// A client of this program.
    Host(HostCall),
    /// The program that started this process for the plug-in.
    #[cfg(target_os = "linux")]
    Wire(crate::isolate::WireCall),
}

impl Client {
    fn is_cancelled(&self) -> bool {
        match self {
            Self::Host(call) => call.is_cancelled(),
            #[cfg(target_os = "linux")]
            Self::Wire(call) => call.is_cancelled(),
        }
    }

    fn progress(&self, done: (u32, u32), text: &str) {
        match self {
            Self::Host(call) => _ = call.progress(done, text),
            #[cfg(target_os = "linux")]
            Self::Wire(call) => call.progress(done, text),
        }
    }

    fn log(&self, level: u8, text: &str) {
        match self {
            Self::Host(call) => call.log(level, text),
            #[cfg(target_os = "linux")]
            Self::Wire(call) => call.log(level, text),
        }
    }

    /// Ends the call with an error.
    pub(crate) fn error(self, why: &str) {
        Ended::Error(why.to_owned()).tell(self);
    }
}

/// A call while its tool's function runs. Whoever takes the [`Client`] ends it: the thread that
/// runs the function, or the one that watches the time.
#[derive(Debug)]
pub(crate) struct Live {
    pub(crate) call: Mutex<Option<Client>>,
    /// The client does not wait for the answer any more.
    pub(crate) is_over: AtomicBool,
    /// When the call is over, by [`now`]; `u64::MAX` for never.
    pub(crate) deadline: u64,
}

impl Live {
    pub(crate) const fn new(call: Client, deadline: u64) -> Self {
        Self { call: Mutex::new(Some(call)), is_over: AtomicBool::new(false), deadline }
    }

    /// The call, for the one who ends it.
    pub(crate) fn take(&self) -> Option<Client> {
        self.call.lock().unwrap_or_else(std::sync::PoisonError::into_inner).take()
    }

    /// Lets the call be used where it has not ended.
    fn with<T>(&self, work: impl FnOnce(&Client) -> T) -> Option<T> {
        let call = self.call.lock().unwrap_or_else(std::sync::PoisonError::into_inner);
        call.as_ref().map(work)
    }

    fn is_cancelled(&self) -> bool {
        self.is_over.load(Ordering::Acquire) || self.with(Client::is_cancelled).unwrap_or(true)
    }
}

/// A call as the function of its tool sees it.
#[derive(Clone, Copy)]
pub(crate) enum Asked<'l> {
    /// Only this thread ends it, and no deadline holds.
    Host(&'l HostCall),
    /// Only this thread ends it; until when it should.
    Own(&'l Client, u64),
    /// The thread that watches the time may end it.
    Shared(&'l Live),
}

impl Asked<'_> {
    fn is_cancelled(self) -> bool {
        match self {
            Self::Host(call) => call.is_cancelled(),
            Self::Own(call, _) => call.is_cancelled(),
            Self::Shared(live) => live.is_cancelled(),
        }
    }

    fn progress(self, done: (u32, u32), text: &str) {
        match self {
            Self::Host(call) => _ = call.progress(done, text),
            Self::Own(call, _) => call.progress(done, text),
            Self::Shared(live) => _ = live.with(|call| call.progress(done, text)),
        }
    }

    fn log(self, level: u8, text: &str) {
        match self {
            Self::Host(call) => call.log(level, text),
            Self::Own(call, _) => call.log(level, text),
            Self::Shared(live) => _ = live.with(|call| call.log(level, text)),
        }
    }

    /// By [`now`]; `u64::MAX` for never.
    const fn deadline(self) -> u64 {
        match self {
            Self::Host(_) => u64::MAX,
            Self::Own(_, deadline) => deadline,
            Self::Shared(live) => live.deadline,
        }
    }
}

/// How a tool's function reads its content, piece by piece.
pub(crate) type Read<'r> = &'r dyn Fn(u32, &mut [u8]) -> usize;

/// What a `trine_call` points to. It lives on the stack of the thread that runs the function.
pub(crate) struct State<'c, 'l> {
    table: &'c Table,
    row: u16,
    args: Args<'c>,
    out: ValueWriter<'c>,
    asked: Asked<'l>,
    memory: &'l CallMemory,
    /// Apart, so that what most calls need is small.
    rare: Option<Box<Rare>>,
}

/// What few calls have.
#[derive(Default)]
struct Rare {
    /// What the tool says of its failure.
    said: Option<String>,
    /// What it was that a function was asked for and that is not there: the call fails, whatever
    /// the tool answers. The first time counts.
    misuse: Option<String>,
    /// Media type and bytes of content that is read when the function has returned.
    content: Option<(String, u32)>,
    blocks: Vec<OwnBlock>,
    /// Memory that the tool has asked for.
    segments: Option<Segments>,
}

impl<'c, 'l> State<'c, 'l> {
    pub(crate) fn new(
        (table, row): (&'c Table, u16),
        args: &'c [u8],
        room: &'c mut [u8],
        asked: Asked<'l>,
        memory: &'l CallMemory,
    ) -> Self {
        Self {
            table,
            row,
            args: Args::new(table, row, args),
            out: ValueWriter::new(room),
            asked,
            memory,
            rare: None,
        }
    }

    /// The pointer that the function gets. It is valid for as long as the state.
    pub(crate) const fn handle(&mut self) -> *mut trine_call {
        (&raw mut *self).cast()
    }

    fn rare(&mut self) -> &mut Rare {
        self.rare.get_or_insert_default()
    }

    /// The blocks that were written.
    fn blocks(&self) -> &[OwnBlock] {
        self.rare.as_ref().map_or(&[], |rare| &rare.blocks)
    }

    #[cold]
    fn misuse(&mut self, what: impl FnOnce() -> String) {
        let misuse = &mut self.rare().misuse;
        misuse.get_or_insert_with(|| format!("{}: a fault of the plug-in", what()));
    }

    /// A number; 0 where the call has no value for it. Most calls take the first way.
    #[inline(always)]
    fn number(&mut self, parameter: i32, tag: u8) -> i64 {
        if let Ok(node) = u16::try_from(parameter) {
            let number = match tag {
                tag::INT => self.args.int(node),
                tag::DECIMAL => self.args.decimal(node),
                tag::LABEL => self.args.label(node).map(i64::from),
                _ => self.args.bool(node).map(i64::from),
            };
            if let Some(number) = number {
                return number;
            }
        }
        self.item(parameter, tag).map_or(0, |item| item.number)
    }

    /// The value of a parameter, if the call has it and it has the tag.
    fn item(&mut self, parameter: i32, tag: u8) -> Option<Item<'c>> {
        let item = self.value(parameter);
        match item {
            Some(item) if item.tag == tag => return item.into(),
            // A parameter that may be missing is missing: that is no mistake.
            None if self.has_tag(parameter, tag) => {}
            _ => self.misuse(|| {
                format!(
                    "the tool asked for parameter {parameter}, which it does not have or which \
                         is of another type"
                )
            }),
        }
        None
    }

    /// The value of a parameter, whatever it is.
    fn value(&self, parameter: i32) -> Option<Item<'c>> {
        if let Some(item) = item_of_list(self.args.bytes(), parameter) {
            return item;
        }
        self.args.item(u16::try_from(parameter).ok()?)
    }

    /// Whether a parameter that is missing would have the tag.
    fn has_tag(&self, parameter: i32, tag: u8) -> bool {
        let node = match parameter {
            // What lies in a list: the list comes first, and the node behind it.
            0x4000_0000.. => parameter & 0xff,
            _ => parameter,
        };
        let node = u16::try_from(node).ok().and_then(|node| {
            let nodes = self.table.nodes(self.row, Side::Params)?;
            nodes.get(usize::from(node))
        });
        node.is_some_and(|node| node.kind.tag() == tag)
    }

    /// Memory until the call has ended; NULL when there is not so much.
    #[cold]
    fn block(&mut self, size: usize) -> *mut c_void {
        let memory = self.memory;
        let segments = self.rare().segments.get_or_insert_with(|| Segments::take(memory));
        segments.block(size, memory)
    }

    /// The number of the node of a name on one side, at top level.
    fn named(&self, side: Side, name: &[u8]) -> Option<u16> {
        let nodes = self.table.nodes(self.row, side)?;
        let mut at = 0;
        while let Some(node) = nodes.get(at) {
            if node.name.as_bytes() == name {
                return u16::try_from(at).ok();
            }
            at += 1 + node.kind.nodes();
        }
        None
    }

    /// Writes to the result.
    #[inline(always)]
    fn put(&mut self, node: i32, tag: u8, number: i64, text: &[u8]) -> trine_status {
        let Ok(node) = u16::try_from(node) else {
            self.misuse(|| format!("the tool wrote node {node}, which its result does not have"));
            return TRINE_E_ARGUMENT;
        };
        if !self.blocks().is_empty() {
            self.misuse(|| "the tool wrote a node of its result behind a block".to_owned());
            return TRINE_E_STATE;
        }
        match tag {
            tag::INT => self.out.int(node, number),
            _ => self.out.item(&Item { node, tag, number, text }),
        }
        if self.out.overflowed() { TRINE_E_NO_SPACE } else { TRINE_OK }
    }

    /// What a call came to whose function answered this; `read` reads its content.
    #[inline]
    pub(crate) fn ended(self, status: trine_status, read: Read<'_>) -> Ended<'c> {
        match self.rare {
            None if status == TRINE_OK => Ended::Value(self.out),
            rare => rare.map_or_else(Rare::default, |rare| *rare).ended(status, self.out, read),
        }
    }
}

impl Rare {
    #[cold]
    fn ended<'c>(self, status: trine_status, out: ValueWriter<'c>, read: Read<'_>) -> Ended<'c> {
        // Content may lie in the memory of the call.
        let Self { said, misuse, content, blocks, segments: _segments } = self;
        match (misuse, status, content) {
            (Some(why), ..) => Ended::Error(why),
            (_, TRINE_OK, _) => Ended::Value(out),
            (_, TRINE_BLOCKS, _) => Ended::Blocks(blocks, out),
            (_, TRINE_CONTENT, Some((mime, size))) => match content::read(size, read) {
                Ok(bytes) => Ended::Content(mime, bytes),
                Err(why) => Ended::Error(why),
            },
            (_, TRINE_PENDING, _) => Ended::Error(LATER.to_owned()),
            _ => Ended::Error(said.unwrap_or_else(|| FAILED.to_owned())),
        }
    }
}

/// What a call came to.
pub(crate) enum Ended<'c> {
    Value(ValueWriter<'c>),
    Blocks(Vec<OwnBlock>, ValueWriter<'c>),
    Content(String, Vec<u8>),
    Error(String),
}

impl Ended<'_> {
    /// Tells the client.
    pub(crate) fn tell(self, client: Client) {
        match client {
            Client::Host(call) => self.tell_host(call),
            #[cfg(target_os = "linux")]
            Client::Wire(call) => call.tell(self),
        }
    }

    /// Tells a client of this program.
    #[inline]
    pub(crate) fn tell_host(self, call: HostCall) {
        match self {
            Self::Value(out) | Self::Blocks(_, out) if out.overflowed() => {
                call.done(Outcome::Failed(Failure::TooLarge));
            }
            Self::Value(out) => call.done(Outcome::Value(out.bytes())),
            Self::Blocks(blocks, _) => {
                let blocks: Vec<_> = blocks.iter().map(OwnBlock::block).collect();
                call.done(Outcome::Content(&blocks));
            }
            Self::Content(mime, bytes) => {
                call.done(Outcome::Content(&[OwnBlock::of_content(&mime, &bytes).block()]));
            }
            Self::Error(why) => call.error(&why),
        }
    }
}

/// The handle of a call that is answered later, which no call of a plug-in is.
const NO_ID: trine_call_id = 0;

/// Room for a result, which each thread has once. Pages that nothing is written to take no memory.
pub(crate) struct Room(Option<Box<[u8]>>);

thread_local! {
    static ROOM: Cell<Option<Box<[u8]>>> = const { Cell::new(None) };
}

impl Room {
    /// That of this thread, or a new one where a function has it that is running.
    #[inline]
    pub(crate) fn take() -> Self {
        Self(ROOM.take())
    }

    #[inline]
    pub(crate) fn bytes(&mut self) -> &mut [u8] {
        self.0.get_or_insert_with(|| vec![0; RESULT_MAX].into())
    }
}

impl Drop for Room {
    #[inline]
    fn drop(&mut self) {
        ROOM.set(self.0.take());
    }
}
