//! Resources, prompts and completion behind the MCP engine: what `trine_handle_json` answers to
//! requests that concern no tool.

use core::cell::Cell;

use trine_descriptor::lists::Found;
use trine_descriptor::{FaultCode, Lists as _};
use trine_dispatch::{COMPLETION, CallId, Device, Local, READ, RESOURCE};
use trine_mcp::{
    Block, Bytes, Contents, Id, McpEngine, Message, Messages, NeedBytes, ResourceContents, Texts,
    Version, Want, Wanted, error,
};
use trine_wire::message;
use trine_wire::message::block::{Block as WireBlock, Blocks};

use crate::json_tools::{BLOCKS_MAX, Content, JsonTools, LONG_ID, Waiting, cut_short};
use crate::lists::trine_resource;
use crate::mcp::{Open, Reply};
use crate::nodes::utf8;
use crate::serve::NO_UTF8;
use crate::tools::CTools;

/// What a request is told that came when no other could wait.
pub(crate) const BUSY: &str = "too many calls, reads and subscriptions are under way; nothing was \
     done. Repeat the request when one of them has ended";
const BAD: &str = "the device answered something that its own description does not allow";
const NEEDS_INPUT: &str = "the prompt asks for further input, which no client can be asked for in \
     process: serve the device through a gateway";
const LONG_ANSWER: &str = "the answer is longer than the configuration's repeat_max, which limits \
     answers that come later: raise that";
const TOO_LONG: &str = "the answer is longer than the configuration's result_max: raise that";
const STOPPED: &str = "the resource stopped in the middle of its content";
const MANY_BLOCKS: &str = "the resource wrote more than 7 blocks: a fault of the program";

/// Prompts that wait have numbers of their own, below those of resources.
const PROMPT_FIRST: u16 = RESOURCE - 1_024;

/// What a request is for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Kind {
    Read,
    Prompt(u16),
    Complete,
}

impl Kind {
    /// The number that it waits under, in place of a tool's.
    const fn number(self) -> u16 {
        match self {
            Self::Read => READ,
            Self::Prompt(prompt) => PROMPT_FIRST.saturating_add(prompt),
            Self::Complete => COMPLETION,
        }
    }

    pub(crate) const fn of_number(number: u16) -> Option<Self> {
        match number {
            READ => Some(Self::Read),
            COMPLETION => Some(Self::Complete),
            PROMPT_FIRST..RESOURCE => Some(Self::Prompt(number - PROMPT_FIRST)),
            _ => None,
        }
    }
}

/// The id and the revision of a request.
type Head<'m> = (Id<'m>, Version);
/// The length of an answer.
type Written = Result<usize, NeedBytes>;

/// Answers that it could not be done.
pub(crate) fn fail(id: Id<'_>, why: &str, out: &mut [u8]) -> Written {
    error::write(Some(id), error::INTERNAL_ERROR, why, out)
}

/// A text that the engine decoded to the start of the argument buffer.
pub(crate) fn decoded(arguments: &[u8], len: usize) -> &str {
    utf8(arguments.get(..len).unwrap_or_default())
}

impl Open<'_> {
    /// Answers a request that concerns no tool.
    #[cold]
    #[inline(never)]
    pub(crate) fn want(
        &mut self,
        json_tools: &JsonTools<'_>,
        want: &Want<'_>,
        now: u64,
        out: &mut [u8],
    ) -> Reply {
        if let Wanted::Subscribe { uri, on } = want.what {
            return self.subscribe((want.id, want.version), (uri, on), out);
        }
        let parts = &mut *self.parts;
        let device = self.owned.device();
        let arguments = &*parts.arguments;
        match json_tools.want(device, (want, arguments), now, parts.value, out) {
            // A failure has always had its effect, and its client is told in any case.
            Ok(Err(needed)) => error::no_room(want.id, needed, out).map_err(|_| needed).into(),
            Ok(written) => written.into(),
            Err(waiting) => match parts.waiting.iter_mut().find(|place| place.is_none()) {
                Some(place) => {
                    *place = Some(waiting);
                    Reply::Later
                }
                None => json_tools.give_up(device, &waiting, out).into(),
            },
        }
    }
}

impl JsonTools<'_> {
    /// Asks the program and writes the response, or says what to wait for.
    fn want(
        &self,
        device: &mut Device<'static>,
        (want, arguments): (&Want<'_>, &[u8]),
        now: u64,
        value: &mut [u8],
        out: &mut [u8],
    ) -> Result<Written, Waiting> {
        let head = (want.id, want.version);
        let mut tools = CTools::new(self.object);
        let (kind, end) = match want.what {
            Wanted::Read { uri } | Wanted::Subscribe { uri, .. } => {
                let uri = decoded(arguments, uri);
                let Some((entry, _)) = self.entry(uri) else {
                    return Ok(McpEngine::new(self).finish_missing(head.0, head.1, uri, out));
                };
                if let Some(data) = entry.data() {
                    return Ok(self.constant(head, (uri, entry), data, out));
                }
                (Kind::Read, device.local_read(uri, now, &mut tools, value))
            }
            Wanted::Prompt { prompt, arguments: len } => {
                let given = (prompt, arguments.get(..len).unwrap_or_default());
                (Kind::Prompt(prompt), device.local_prompt(given, now, &mut tools, value))
            }
            Wanted::Complete { of, index, node, text } => {
                let typed = (of, index, node, decoded(arguments, text));
                (Kind::Complete, device.local_complete(typed, now, &mut tools, value))
            }
        };
        if let Local::Pending(id) = end {
            let waiting = Waiting::new(head, (id, kind.number()), want.progress);
            if waiting.is_none() {
                device.local_end(id, &mut tools);
            }
            return waiting.map_or_else(|| Ok(fail(head.0, LONG_ID, out)), Err);
        }
        let uri = match want.what {
            Wanted::Read { uri } => decoded(arguments, uri),
            _ => "",
        };
        Ok(self.end_listed(head, (kind, uri), (end, value), out))
    }

    /// Writes the response of a request that has ended.
    fn end_listed(
        &self,
        head: Head<'_>,
        (kind, uri): (Kind, &str),
        (end, value): (Local, &[u8]),
        out: &mut [u8],
    ) -> Written {
        let why = match end {
            Local::Blocks(len) => {
                return self.listed_blocks(head, kind, value.get(..len).unwrap_or_default(), out);
            }
            Local::Content { id, mime, len } if kind == Kind::Read => {
                return self.listed_content(head, uri, (id, mime, len), out);
            }
            Local::Failed(text) => text,
            Local::NeedInput(_) => NEEDS_INPUT,
            Local::Busy => BUSY,
            Local::BadResult(fault) if fault.code == FaultCode::TooLong => TOO_LONG,
            _ => BAD,
        };
        fail(head.0, why, out)
    }

    /// Writes the response of a request whose answer has come later.
    pub(crate) fn listed_later(
        &self,
        head: Head<'_>,
        kind: Kind,
        answer: &[u8],
        out: &mut [u8],
    ) -> Written {
        let why = match message::result(answer) {
            Some(outcome) => match outcome {
                message::Outcome::Blocks { bytes } => {
                    return self.listed_blocks(head, kind, bytes, out);
                }
                message::Outcome::Failed { text } => text,
                message::Outcome::Expired => "the device did not answer in time",
                message::Outcome::NeedInput { .. } => NEEDS_INPUT,
                message::Outcome::BadResult { code, .. } if code == FaultCode::TooLong as u8 => {
                    TOO_LONG
                }
                _ => BAD,
            },
            None => cut_short(answer).unwrap_or(LONG_ANSWER),
        };
        fail(head.0, why, out)
    }

    /// What has an address, and its entry.
    fn entry(&self, uri: &str) -> Option<(&'static trine_resource, Found)> {
        let lists = self.object.lists()?;
        let found = lists.find(uri)?;
        let entry = match found {
            Found::Resource(index) => lists.all_resources().get(usize::from(index)),
            Found::Template(index) => lists.all_templates().get(usize::from(index)),
        };
        Some((entry?, found))
    }

    /// Writes content that never changes from where it lies, of any length.
    fn constant(
        &self,
        (id, version): Head<'_>,
        (uri, entry): (&str, &trine_resource),
        data: &[u8],
        out: &mut [u8],
    ) -> Written {
        let contents =
            if entry.is_binary() { Contents::Blob(&data) } else { Contents::Text(utf8(data)) };
        let contents = [ResourceContents { uri, mime: entry.mime(), contents }];
        McpEngine::new(self).finish_read(id, version, &contents, out)
    }

    /// Writes content that the program yields while it is written.
    fn listed_content(
        &self,
        (id, version): Head<'_>,
        uri: &str,
        (call, announced, len): (CallId, &str, u32),
        out: &mut [u8],
    ) -> Written {
        let listed = match self.entry(uri) {
            Some((entry, Found::Resource(_))) => entry.mime(),
            _ => "",
        };
        let mime = if listed.is_empty() { announced } else { listed };
        let content = Content { object: self.object, tool: READ, id: call, len };
        let counted = Counted { content, came: Cell::new(0) };
        let is_text = announced.starts_with("text/");
        let contents =
            if is_text { Contents::TextPieces(&counted) } else { Contents::Blob(&counted) };
        let contents = [ResourceContents { uri, mime, contents }];
        let len_written = McpEngine::new(self).finish_read(id, version, &contents, out)?;
        if counted.came.get() < len as usize {
            return fail(id, STOPPED, out);
        }
        // Whatever else is in the answer is UTF-8.
        let answer = out.get(..len_written).unwrap_or_default();
        if is_text && core::str::from_utf8(answer).is_err() {
            return fail(id, NO_UTF8, out);
        }
        Ok(len_written)
    }

    /// Writes the response of a request that was answered with blocks.
    fn listed_blocks(
        &self,
        (id, version): Head<'_>,
        kind: Kind,
        bytes: &[u8],
        out: &mut [u8],
    ) -> Written {
        if Blocks::new(bytes).any(|block| block.is_err()) {
            return fail(id, BAD, out);
        }
        let engine = McpEngine::new(self);
        match kind {
            Kind::Read => self.read_blocks((id, version), bytes, out),
            Kind::Prompt(prompt) => engine.finish_prompt(id, version, prompt, &Said(bytes), out),
            Kind::Complete => {
                let more = read(bytes).find_map(|block| match block {
                    WireBlock::More { total } => Some(total),
                    _ => None,
                });
                engine.finish_complete(id, version, (&Values(bytes), more), out)
            }
        }
    }

    /// Writes what a resource has: each block is of an address.
    fn read_blocks(&self, (id, version): Head<'_>, bytes: &[u8], out: &mut [u8]) -> Written {
        let embedded = || {
            read(bytes).filter_map(|block| match block {
                WireBlock::Embedded { uri, mime, what, bytes } => Some((uri, mime, what, bytes)),
                _ => None,
            })
        };
        let mut data: [&[u8]; BLOCKS_MAX] = [&[]; BLOCKS_MAX];
        for ((.., bytes), place) in embedded().zip(&mut data) {
            *place = bytes;
        }
        let none = ResourceContents { uri: "", mime: "", contents: Contents::Text("") };
        let mut all = [none; BLOCKS_MAX];
        let mut count = 0;
        for (uri, mime, what, bytes) in embedded() {
            let (Some(place), Some(data)) = (all.get_mut(count), data.get(count)) else {
                return fail(id, MANY_BLOCKS, out);
            };
            let text = core::str::from_utf8(bytes).ok().filter(|_| what == 0);
            let contents = text.map_or(Contents::Blob(data), Contents::Text);
            *place = ResourceContents { uri, mime, contents };
            count += 1;
        }
        let contents = all.get(..count).unwrap_or_default();
        McpEngine::new(self).finish_read(id, version, contents, out)
    }
}

/// Blocks that were looked at.
fn read(bytes: &[u8]) -> impl Iterator<Item = WireBlock<'_>> {
    Blocks::new(bytes).flatten()
}

/// Content, and how much of it came.
struct Counted<'o> {
    content: Content<'o>,
    came: Cell<usize>,
}

impl Bytes for Counted<'_> {
    fn pieces(&self, each: &mut dyn FnMut(&[u8])) {
        self.content.pieces(&mut |piece| {
            self.came.set(self.came.get() + piece.len());
            each(piece);
        });
    }
}

/// The blocks of a prompt: messages, and who speaks those behind.
struct Said<'b>(&'b [u8]);

impl Messages for Said<'_> {
    fn each(&self, each: &mut dyn FnMut(&Message<'_>)) {
        let mut is_assistants = false;
        for block in read(self.0) {
            let mut message = |block| each(&Message { is_assistants, block });
            match block {
                WireBlock::Role { role } => is_assistants = role == 1,
                WireBlock::Text { text } => message(Block::Text(text)),
                WireBlock::Image { mime, bytes } => message(Block::Image { mime, data: &bytes }),
                WireBlock::Audio { mime, bytes } => message(Block::Audio { mime, data: &bytes }),
                WireBlock::Link { uri, name, mime, description } => {
                    message(Block::Link { uri, name, mime, description });
                }
                WireBlock::Embedded { uri, mime, what, bytes } => {
                    let text = core::str::from_utf8(bytes).ok().filter(|_| what == 0);
                    let contents = text.map_or(Contents::Blob(&bytes), Contents::Text);
                    message(Block::Embedded { uri, mime, contents });
                }
                _ => {}
            }
        }
    }
}

/// The blocks of a completion: texts.
struct Values<'b>(&'b [u8]);

impl Texts for Values<'_> {
    fn each(&self, each: &mut dyn FnMut(&str)) {
        read(self.0).for_each(|block| {
            if let WireBlock::Text { text } = block {
                each(text);
            }
        });
    }
}
