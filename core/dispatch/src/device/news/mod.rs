//! What happens, kept for programs that serve MCP in process: events, lines of log, and how far
//! their calls are. The newest replace the oldest, and each has a number, so that several readers
//! read at their own pace.

#[cfg(all(feature = "local", feature = "progress"))]
mod read;

use crate::CallId;
use crate::features::{RESOURCES, has};
use crate::text::cut;

/// Bytes of a record before its text: its length, kind, subject, and two numbers.
const HEAD: usize = 2 + 1 + 2 + 4 + 4;
/// Most bytes of a text.
const TEXT_MAX: usize = 240;

/// What happened.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum News<'n> {
    /// Something that no one called for, about a tool.
    Event {
        /// The tool.
        tool: u16,
        /// What.
        text: &'n str,
    },
    /// A line of log.
    Log {
        /// From 0, debug, to 7, emergency.
        level: u8,
        /// What.
        text: &'n str,
    },
    /// A list has changed, or what is under an address.
    #[cfg(feature = "resources")]
    Changed {
        /// Which: 1 resources, 2 templates, 3 prompts, as on the wire; 4 tools; 0 what is under an
        /// address.
        list: u16,
        /// The address, never cut: one that finds no room is not kept. Else empty.
        uri: &'n str,
    },
    /// How far a call of the program's own is.
    Progress {
        /// The call.
        call: CallId,
        /// How much is done.
        done: u32,
        /// Of how much; 0 when it is not known.
        total: u32,
        /// What is being done.
        text: &'n str,
    },
}

/// The records, from the oldest on.
#[derive(Debug)]
pub(crate) struct Journal<'m> {
    memory: &'m mut [u8],
    /// Bytes in use.
    end: usize,
    /// Number of the first record there.
    first: u32,
    /// Number of the next one.
    next: u32,
}

impl Journal<'_> {
    /// Keeps what happened; the oldest go for it. What is longer than the memory is not kept.
    pub(crate) fn push(&mut self, news: News<'_>) {
        let (kind, subject, numbers, text) = match news {
            News::Event { tool, text } => (0, tool, (0, 0), text),
            News::Log { level, text } => (1, u16::from(level), (0, 0), text),
            News::Progress { call, done, total, text } => (2, call.to_bits(), (done, total), text),
            #[cfg(feature = "resources")]
            News::Changed { list, uri } => (3, list, (0, 0), uri),
        };
        let text = if has(RESOURCES) && kind == 3 {
            text
        } else {
            cut(text, TEXT_MAX.min(self.text_max()))
        };
        let len = HEAD + text.len();
        if len > self.memory.len() {
            return;
        }
        while self.end + len > self.memory.len() {
            self.drop_first();
        }
        let place = self.memory.get_mut(self.end..self.end + len).unwrap_or_default();
        let ([len0, len1], [sub0, sub1]) = ((len as u16).to_le_bytes(), subject.to_le_bytes());
        let head = [len0, len1, kind, sub0, sub1].into_iter();
        let numbers = numbers.0.to_le_bytes().into_iter().chain(numbers.1.to_le_bytes());
        let bytes = head.chain(numbers).chain(text.bytes());
        place.iter_mut().zip(bytes).for_each(|(to, from)| *to = from);
        self.end += len;
        self.next = self.next.wrapping_add(1);
    }

    /// Bytes of the longest text that finds room, when all others go for it.
    pub(crate) const fn text_max(&self) -> usize {
        self.memory.len().saturating_sub(HEAD)
    }

    fn drop_first(&mut self) {
        let len = self.len_at(0);
        self.end = self.end.saturating_sub(len);
        // One by one: what moves whole ranges could panic.
        for at in 0..self.end {
            let byte = self.memory.get(at + len).copied().unwrap_or_default();
            if let Some(place) = self.memory.get_mut(at) {
                *place = byte;
            }
        }
        self.first = self.first.wrapping_add(1);
    }

    fn len_at(&self, at: usize) -> usize {
        let bytes = self.memory.get(at..).and_then(|rest| rest.first_chunk()).copied();
        usize::from(u16::from_le_bytes(bytes.unwrap_or_default())).max(HEAD)
    }
}
