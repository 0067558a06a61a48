//! The calls that a process has begun, and what comes of them.

use std::time::{Duration, Instant};

use trine_descriptor::{Side, validate};
use trine_gateway::host_tools::{BadBlock, HostCall, OwnBlock};
use trine_gateway::sanitize;
use trine_gateway::table::Table;
use trine_mcp::Outcome as End;
use trine_wire::message::block::{Block, Blocks};
use trine_wire::message::{Call, HostMessage, Outcome, flag};
use trine_wire::slot;

use super::process::guard;
use super::wire::framed;
use crate::account::Charged;
use crate::call::{CONTENT_MAX, SAID_MAX};

/// Kinds of `trine_block`.
const TEXT: u32 = 1;
const IMAGE: u32 = 2;
const AUDIO: u32 = 3;
const LINK: u32 = 4;
const EMBEDDED_TEXT: u32 = 5;
const EMBEDDED: u32 = 6;

/// A call that no process has begun.
pub(super) struct Waiting {
    pub(super) call: HostCall,
    /// When it is over, and how many milliseconds it may take.
    pub(super) until: Instant,
    pub(super) limit: u64,
}

/// A call that a process has begun. It is never begun a second time.
pub(super) struct Begun {
    id: u32,
    row: u16,
    /// The call, until its client has an answer.
    pub(super) call: Option<HostCall>,
    pub(super) until: Instant,
    pub(super) limit: u64,
    /// Its client has an answer, and its function may still return until then.
    pub(super) grace: Option<Instant>,
    pub(super) is_cancelled: bool,
    /// Its part of the CPU time of the process, as far as that was read.
    pub(super) used: Duration,
    /// No other call ran at any time while it ran.
    pub(super) is_alone: bool,
    /// Media type, bytes so far and bytes in all of content that comes.
    content: Option<(String, Vec<u8>, usize)>,
}

/// As many calls as a process may have at a time.
#[derive(Default)]
pub(super) struct Slots {
    calls: Vec<Option<Begun>>,
    sequences: Vec<u32>,
    /// CPU time of the process when it was last read.
    cpu: Duration,
}

impl Slots {
    pub(super) fn new(count: u8) -> Self {
        let calls = (0..count).map(|_| None).collect();
        Self { calls, sequences: vec![0; usize::from(count)], cpu: Duration::ZERO }
    }

    fn count(&self) -> u8 {
        u8::try_from(self.calls.len()).unwrap_or(u8::MAX)
    }

    /// Those under way.
    pub(super) fn begun(&mut self) -> impl Iterator<Item = &mut Begun> {
        self.calls.iter_mut().flatten()
    }

    pub(super) fn is_idle(&self) -> bool {
        self.calls.iter().all(Option::is_none)
    }

    /// Charges the calls under way for what the process has used since the last time, each for an
    /// equal part: their sum is exact, and so is a call that runs alone.
    pub(super) fn charge(&mut self, cpu: Option<Duration>, account: &Charged) {
        let Some(cpu) = cpu else { return };
        let count = u32::try_from(self.begun().count()).unwrap_or(u32::MAX);
        let used = cpu.saturating_sub(self.cpu).checked_div(count).unwrap_or_default();
        self.cpu = self.cpu.max(cpu);
        for begun in self.begun().filter(|_| !used.is_zero()) {
            begun.used += used;
            account.charge(begun.row, used);
        }
    }

    /// A slot that is free. `Err` where none will be: its ids are used up.
    pub(super) fn free(&self) -> Result<Option<u8>, ()> {
        let Some(place) = self.calls.iter().position(Option::is_none) else { return Ok(None) };
        let place = u8::try_from(place).unwrap_or_default();
        let next = self.sequences.get(usize::from(place)).and_then(|last| last.checked_add(1));
        let id = next.and_then(|sequence| slot::id(sequence, place, self.count()));
        id.map(|_| Some(place)).ok_or(())
    }

    /// Begins a call in a slot that is free: the frame to send.
    pub(super) fn begin(&mut self, place: u8, waiting: Waiting, table: &Table) -> Option<Vec<u8>> {
        let slots = self.count();
        let sequence = self.sequences.get_mut(usize::from(place))?;
        *sequence = sequence.checked_add(1)?;
        let id = slot::id(*sequence, place, slots)?;
        let Waiting { mut call, until, limit } = waiting;
        let (row, args) = (call.row(), call.take_args());
        let left = until.saturating_duration_since(Instant::now()).as_millis().max(1);
        let frame = framed(
            &HostMessage::Call(Call {
                id,
                tool: row,
                check: guard(table, row),
                deadline_ms: u32::try_from(left).unwrap_or(u32::MAX),
                args: &args,
                flags: if call.wants_progress() { flag::PROGRESS } else { 0 },
                ..Call::default()
            }),
            args.len(),
        );
        let is_alone = self.is_idle();
        self.begun().for_each(|other| other.is_alone = false);
        let (call, grace, is_cancelled, content) = (Some(call), None, false, None);
        let used = Duration::ZERO;
        let begun =
            Begun { id, row, call, until, limit, grace, is_cancelled, used, is_alone, content };
        *self.calls.get_mut(usize::from(place))? = Some(begun);
        frame
    }

    /// The call of an id that is under way.
    pub(super) fn of(&mut self, id: u32) -> Option<&mut Begun> {
        let place = slot::slot(id, self.count());
        self.calls.get_mut(usize::from(place))?.as_mut().filter(|begun| begun.id == id)
    }

    /// The same, which has ended: its slot is free then.
    fn take(&mut self, id: u32) -> Option<Begun> {
        self.of(id)?;
        let place = slot::slot(id, self.count());
        self.calls.get_mut(usize::from(place))?.take()
    }

    /// All of them, when their process has ended.
    pub(super) fn take_all(&mut self) -> Vec<Begun> {
        self.calls.iter_mut().filter_map(Option::take).collect()
    }

    /// A call has ended; or content of it will come. What is not of a call under way is `Err`.
    pub(super) fn result(
        &mut self,
        id: u32,
        outcome: &Outcome<'_>,
    ) -> Result<Option<Begun>, &'static str> {
        let begun = self.of(id).ok_or("the result of a call that is not under way")?;
        if begun.content.is_some() {
            return Err("a second result of a call");
        }
        if let Outcome::Content { mime, len } = *outcome {
            let len = len as usize;
            if !(1..=CONTENT_MAX).contains(&len) {
                return Err("content of a length that may not be");
            }
            begun.content = Some((sanitize::plain(mime).into_owned(), Vec::new(), len));
            return Ok(None);
        }
        Ok(self.take(id))
    }

    /// A piece of the content of a call. The call has ended with the last one.
    pub(super) fn piece(
        &mut self,
        id: u32,
        offset: u32,
        bytes: &[u8],
    ) -> Result<Option<Begun>, &'static str> {
        let begun = self.of(id).ok_or("content of a call that is not under way")?;
        let Some((_, all, len)) = &mut begun.content else {
            return Err("content that was not announced");
        };
        if offset as usize != all.len() || bytes.is_empty() || all.len() + bytes.len() > *len {
            return Err("a piece of content that does not follow the one before it");
        }
        all.extend_from_slice(bytes);
        let is_whole = all.len() == *len;
        Ok(if is_whole { self.take(id) } else { None })
    }
}

impl Begun {
    pub(super) const fn id(&self) -> u32 {
        self.id
    }

    pub(super) const fn row(&self) -> u16 {
        self.row
    }

    /// Tells its client the content that has come.
    pub(super) fn content(self) {
        let (Some(call), Some((mime, bytes, _))) = (self.call, self.content) else { return };
        call.done(End::Content(&[OwnBlock::of_content(&mime, &bytes).block()]));
    }

    /// Tells its client how it ended; or says why the process said what it may not.
    pub(super) fn tell(self, table: &Table, outcome: &Outcome<'_>) -> Result<(), &'static str> {
        let row = self.row;
        let Some(call) = self.call else { return Ok(()) };
        match *outcome {
            Outcome::Done { value } => call.done(End::Value(&sanitize::entries(value))),
            Outcome::Failed { text } => {
                let text: String = sanitize::plain(text).chars().take(SAID_MAX).collect();
                call.error(&text);
            }
            Outcome::Blocks { bytes } => match blocks(table, row, bytes) {
                Ok(blocks) => {
                    let blocks: Vec<_> = blocks.iter().map(OwnBlock::block).collect();
                    call.done(End::Content(&blocks));
                }
                Err(Wrong::Value(fault)) => call.done(End::BadResult(fault)),
                Err(Wrong::Blocks) => {
                    call.error("its process sent blocks that cannot be read");
                    return Err("blocks that cannot be read");
                }
            },
            _ => {
                call.error("its process ended the call in a way that no plug-in does");
                return Err("an outcome that no plug-in has");
            }
        }
        Ok(())
    }
}

enum Wrong {
    Blocks,
    Value(trine_descriptor::Fault),
}

fn blocks(table: &Table, row: u16, bytes: &[u8]) -> Result<Vec<OwnBlock>, Wrong> {
    let one = |block| {
        let (kind, data, texts) = match block {
            Block::Text { text } => (TEXT, text.as_bytes(), [""; 3]),
            Block::Image { mime, bytes } => (IMAGE, bytes, [mime, "", ""]),
            Block::Audio { mime, bytes } => (AUDIO, bytes, [mime, "", ""]),
            Block::Link { uri, name, mime, description } => {
                (LINK, description.as_bytes(), [mime, uri, name])
            }
            Block::Embedded { uri, mime, what, bytes } => {
                (if what == 0 { EMBEDDED_TEXT } else { EMBEDDED }, bytes, [mime, uri, ""])
            }
            Block::Structured { value } => {
                validate(table, row, Side::Output, value).map_err(Wrong::Value)?;
                return Ok(OwnBlock::structured(sanitize::entries(value).into_owned()));
            }
            _ => return Err(Wrong::Blocks),
        };
        OwnBlock::new(kind, data, texts).map_err(|_: BadBlock| Wrong::Blocks)
    };
    let blocks = Blocks::new(bytes).map(|block| block.map_err(|_| Wrong::Blocks).and_then(one));
    blocks.collect()
}
