//! A call as the module sees it: its arguments, what it has written, and what becomes of that.

use std::sync::Arc;

use trine_descriptor::value::tag;
use trine_descriptor::{Args, Item, Side, ToolTable as _, ValueWriter, validate};
use trine_gateway::host_tools::{HostCall, OwnBlock};
use trine_gateway::sanitize;
use trine_gateway::table::Table;
use trine_mcp::{Block, Failure, Outcome};

/// Statuses of `trine.h`.
pub(crate) mod status {
    pub(crate) const OK: i32 = 0;
    pub(crate) const PENDING: i32 = 1;
    pub(crate) const CONTENT: i32 = 2;
    pub(crate) const BLOCKS: i32 = 3;
    pub(crate) const NULL: i32 = -1;
    pub(crate) const ARGUMENT: i32 = -2;
    pub(crate) const NO_SPACE: i32 = -4;
    pub(crate) const VERSION: i32 = -6;
    pub(crate) const UNSUPPORTED: i32 = -7;
    pub(crate) const STATE: i32 = -8;
    pub(crate) const NOT_FOUND: i32 = -10;
    pub(crate) const FAILED: i32 = -12;
    pub(crate) const UTF8: i32 = -15;
}

/// Most bytes of a failure's text, of a line of log, and of a sentence on progress.
pub(crate) const SAID_MAX: usize = 4_096;
/// Bytes of a result that stand ready.
const ROOM: usize = 1_024;

const FAILED: &str = "the tool could not do it";
const PARAMETER: &str = "the tool asked for a parameter that it does not have, or for one of \
    another type: report this to its author";
const NODE: &str = "the tool wrote a node that its result does not have, or a list that is too \
    long: report this to its author";
pub(crate) const TEXT: &str =
    "the tool wrote a text that is no UTF-8, or none at all: report this to its author";
pub(crate) const BLOCK: &str = "the tool wrote a block of content that cannot stand there: report \
    this to its author";
const PENDING: &str = "the tool wants to answer later, which a plug-in cannot: report this to its \
    author";

/// Who made a call.
pub(crate) enum Origin {
    /// A client of a gateway.
    Gateway(HostCall),
    /// This program, with these arguments.
    Here(Box<[u8]>),
}

/// A call under way.
pub(crate) struct Call {
    origin: Origin,
    table: Arc<Table>,
    row: u16,
    /// The result, and how much of it is written.
    room: Vec<u8>,
    len: usize,
    result_max: usize,
    overflowed: bool,
    /// The text of a failure, or the media type of content.
    text: String,
    misused: bool,
    content: u32,
    pub(crate) blocks: Vec<OwnBlock>,
    /// When it expires, in milliseconds of [`crate::run::now`], once it has asked.
    pub(crate) deadline: Option<u64>,
}

/// A text of the arguments.
pub(crate) enum Found {
    /// It is in the encoded arguments.
    Given { offset: usize, size: usize },
    /// It is the default of its parameter.
    Preset(Box<[u8]>),
}

/// What the answer of a module's function means.
pub(crate) enum Judged {
    /// The call has ended. The memory of its result is given back.
    Ended(Vec<u8>),
    /// So many bytes of content are to be read.
    Read(Box<Call>, u32),
}

impl Call {
    /// `room` is the memory of an earlier result.
    pub(crate) fn new(
        origin: Origin,
        (table, row): (Arc<Table>, u16),
        (mut room, result_max): (Vec<u8>, usize),
    ) -> Self {
        if room.is_empty() {
            room.resize(ROOM.min(result_max), 0);
        }
        Self {
            origin,
            table,
            row,
            room,
            len: 0,
            result_max,
            overflowed: false,
            text: String::new(),
            misused: false,
            content: 0,
            blocks: Vec::new(),
            deadline: None,
        }
    }

    pub(crate) const fn host(&self) -> Option<&HostCall> {
        match &self.origin {
            Origin::Gateway(call) => Some(call),
            Origin::Here(_) => None,
        }
    }

    pub(crate) const fn row(&self) -> u16 {
        self.row
    }

    pub(crate) fn args_bytes(&self) -> &[u8] {
        match &self.origin {
            Origin::Gateway(call) => call.args_bytes(),
            Origin::Here(args) => args,
        }
    }

    fn args(&self) -> Args<'_> {
        Args::new(&*self.table, self.row, self.args_bytes())
    }

    /// A function was asked for what is not there: the call fails. The first time counts.
    pub(crate) fn misuse(&mut self, why: &str) {
        if !std::mem::replace(&mut self.misused, true) {
            why.clone_into(&mut self.text);
        }
    }

    /// The number of a node at top level by its name.
    pub(crate) fn named(&self, side: Side, name: &[u8]) -> Option<u16> {
        let count = self.table.node_count(self.row, side);
        let mut at = 0;
        while at < count {
            let field = self.table.node(self.row, side, at)?;
            if field.name.as_bytes() == name {
                return Some(at);
            }
            at = at.checked_add(1)?.checked_add(u16::try_from(field.kind.nodes()).ok()?)?;
        }
        None
    }

    /// Whether a parameter was given or has a default.
    pub(crate) fn has(&self, parameter: i32) -> bool {
        u16::try_from(parameter).is_ok_and(|node| self.args().item(node).is_some())
    }

    /// A number, or 0 where it is missing.
    pub(crate) fn number(&mut self, parameter: i32, tag: u8) -> i64 {
        match u16::try_from(parameter).ok().and_then(|node| self.args().item(node)) {
            Some(item) if item.tag == tag => item.number,
            item => {
                self.judge_missing(item.is_some(), parameter, tag);
                0
            }
        }
    }

    /// Where a text is; none where it is missing.
    pub(crate) fn text(&mut self, parameter: i32) -> Option<Found> {
        let item = u16::try_from(parameter).ok().and_then(|node| self.args().item(node));
        let Some(text) = item.filter(|item| item.tag == tag::TEXT).map(|item| item.text) else {
            self.judge_missing(item.is_some(), parameter, tag::TEXT);
            return None;
        };
        let args = self.args_bytes();
        let offset = text.as_ptr().addr().checked_sub(args.as_ptr().addr());
        Some(match offset.filter(|offset| offset + text.len() <= args.len()) {
            Some(offset) => Found::Given { offset, size: text.len() },
            None => Found::Preset(text.into()),
        })
    }

    /// A parameter that may be missing is missing: that is no mistake. Any other is.
    fn judge_missing(&mut self, is_there: bool, parameter: i32, tag: u8) {
        let node = u16::try_from(parameter).ok();
        let node = node.and_then(|node| self.table.node(self.row, Side::Params, node));
        if is_there || node.is_none_or(|node| node.kind.tag() != tag) {
            self.misuse(PARAMETER);
        }
    }

    /// Writes to the result.
    pub(crate) fn put(&mut self, node: i32, tag: u8, number: i64, text: &[u8]) -> i32 {
        let Ok(node) = u16::try_from(node) else {
            self.misuse(NODE);
            return status::ARGUMENT;
        };
        let item = Item { node, tag, number, text };
        loop {
            let mut out = ValueWriter::new(self.room.get_mut(self.len..).unwrap_or_default());
            out.item(&item);
            if !out.overflowed() {
                self.len += out.len();
                return status::OK;
            }
            // A text that does not fit does not make room for it.
            let more = (self.room.len() * 2).max(self.len + text.len() + 32).min(self.result_max);
            if more <= self.room.len() {
                return self.overflow();
            }
            self.room.resize(more, 0);
        }
    }

    /// Notes that something does not fit: the call fails.
    pub(crate) const fn overflow(&mut self) -> i32 {
        self.overflowed = true;
        status::NO_SPACE
    }

    /// Bytes of a result that may still be written.
    pub(crate) fn left(&self) -> usize {
        let blocks: usize = self.blocks.iter().map(OwnBlock::size).sum();
        self.result_max.saturating_sub(self.len + blocks)
    }

    /// The entries written so far, which become a block.
    pub(crate) fn take_entries(&mut self) -> Option<Vec<u8>> {
        let entries = self.room.get(..self.len).filter(|_| !self.overflowed)?.to_vec();
        self.len = 0;
        Some(entries)
    }

    pub(crate) const fn has_entries(&self) -> bool {
        self.len > 0
    }

    /// The text of a failure.
    pub(crate) fn fail(&mut self, text: &str) {
        if !self.misused {
            self.text = sanitize::plain(text).into_owned();
        }
    }

    /// The media type and the size of content.
    pub(crate) fn set_content(&mut self, mime: &str, size: u32) {
        if !self.misused {
            (self.text, self.content) = (sanitize::plain(mime).into_owned(), size);
        }
    }

    /// Whether the client has given up.
    pub(crate) fn is_cancelled(&self) -> bool {
        self.host().is_some_and(HostCall::is_cancelled)
    }

    /// Judges what the tool's function answered, and ends the call unless content is to be read.
    pub(crate) fn judge(self, answer: i32, end: &mut dyn FnMut(Outcome<'_>)) -> Judged {
        if !self.misused && answer == status::CONTENT && self.content > 0 {
            let size = self.content;
            return Judged::Read(Box::new(self), size);
        }
        let blocks: Vec<_> = self.blocks.iter().map(OwnBlock::block).collect();
        let failed = if self.text.is_empty() { FAILED } else { &self.text };
        let outcome = match answer {
            _ if self.misused => Outcome::Error(failed),
            status::OK | status::BLOCKS if self.overflowed => Outcome::Failed(Failure::TooLarge),
            status::OK => Outcome::Value(self.room.get(..self.len).unwrap_or_default()),
            status::BLOCKS => self.judge_blocks(&blocks),
            status::PENDING => Outcome::Error(PENDING),
            _ => Outcome::Error(failed),
        };
        finish(self.origin, outcome, end);
        Judged::Ended(self.room)
    }

    /// Blocks whose structured result, if they have one, keeps the rules of the descriptor.
    fn judge_blocks<'b>(&self, blocks: &'b [Block<'b>]) -> Outcome<'b> {
        let entries = blocks.iter().find_map(|block| match block {
            Block::Structured(entries) => Some(*entries),
            _ => None,
        });
        let judge = |entries| validate(&*self.table, self.row, Side::Output, entries);
        match entries.map_or(Ok(()), judge) {
            Ok(()) => Outcome::Content(blocks),
            Err(fault) => Outcome::BadResult(fault),
        }
    }

    /// Ends the call with content that was read.
    pub(crate) fn content(self, bytes: &[u8], end: &mut dyn FnMut(Outcome<'_>)) {
        let block = OwnBlock::of_content(&self.text, bytes);
        finish(self.origin, Outcome::Content(&[block.block()]), end);
    }

    /// Ends the call with an error.
    pub(crate) fn error(self, why: &str, end: &mut dyn FnMut(Outcome<'_>)) {
        finish(self.origin, Outcome::Error(why), end);
    }
}

/// Tells the end of a call to who made it.
fn finish(origin: Origin, outcome: Outcome<'_>, end: &mut dyn FnMut(Outcome<'_>)) {
    match origin {
        Origin::Gateway(call) => call.done(outcome),
        Origin::Here(_) => end(outcome),
    }
}
