//! What happens, kept for programs that serve MCP in process: events, lines of log, and how far
//! their calls are. The newest replace the oldest, and each has a number, so that several readers
//! read at their own pace.

use crate::CallId;
use crate::text::cut;

/// Bytes of a record before its text: its length, kind, subject, and two numbers.
const HEAD: usize = 2 + 1 + 2 + 4 + 4;
/// Most bytes of a text.
const TEXT_MAX: usize = 240;

/// What happened.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum News<'n> {
    /// Something that nobody called for, about a tool.
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

impl<'m> Journal<'m> {
    /// An empty one, whose numbers go on from those of one before it.
    pub(crate) const fn new(memory: &'m mut [u8], next: u32) -> Self {
        Self { memory, end: 0, first: next, next }
    }

    pub(crate) const fn next(&self) -> u32 {
        self.next
    }

    /// Keeps what happened; the oldest go for it. What is longer than the memory is not kept.
    pub(crate) fn push(&mut self, news: News<'_>) {
        let (kind, subject, numbers, text) = match news {
            News::Event { tool, text } => (0, tool, (0, 0), text),
            News::Log { level, text } => (1, u16::from(level), (0, 0), text),
            News::Progress { call, done, total, text } => (2, call.to_bits(), (done, total), text),
        };
        let most = TEXT_MAX.min(self.memory.len().saturating_sub(HEAD));
        let text = cut(text, most);
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

    /// The first record from number `seen` on, with its number. A reader that was too slow gets the
    /// oldest there is.
    pub(crate) fn read(&self, seen: u32) -> Option<(u32, News<'_>)> {
        let count = self.next.wrapping_sub(self.first);
        let mut skip = seen.wrapping_sub(self.first);
        if self.next.wrapping_sub(seen) > count {
            skip = 0;
        }
        if skip >= count {
            return None;
        }
        let mut at = 0;
        for _ in 0..skip {
            at += self.len_at(at);
        }
        let record = self.memory.get(at..at + self.len_at(at))?;
        let (head, text) = record.split_at_checked(HEAD)?;
        let text = core::str::from_utf8(text).unwrap_or_default();
        let &[_, _, kind, sub0, sub1, d0, d1, d2, d3, t0, t1, t2, t3] = head else { return None };
        let subject = u16::from_le_bytes([sub0, sub1]);
        let news = match kind {
            0 => News::Event { tool: subject, text },
            1 => News::Log { level: sub0, text },
            _ => News::Progress {
                call: CallId::from_bits(subject),
                done: u32::from_le_bytes([d0, d1, d2, d3]),
                total: u32::from_le_bytes([t0, t1, t2, t3]),
                text,
            },
        };
        Some((self.first.wrapping_add(skip), news))
    }
}

#[cfg(test)]
mod tests {
    extern crate std;
    use std::{format, vec, vec::Vec};

    use super::{Journal, News};

    #[test]
    fn the_newest_replace_the_oldest_and_each_reader_reads_each_once() {
        for size in [14, 20, 100, 1_000] {
            let mut memory = vec![0; size];
            let mut journal = Journal::new(&mut memory, u32::MAX - 40);
            let (mut quick, mut all) = (journal.next(), Vec::new());
            for at in 0..100_u32 {
                let text = format!("{at}");
                journal.push(News::Event { tool: at as u16, text: &text });
                while let Some((number, news)) = journal.read(quick) {
                    quick = number.wrapping_add(1);
                    let News::Event { tool, text } = news else { panic!("{news:?}") };
                    assert!(size < 16 || text == format!("{tool}"), "{text}");
                    all.push(tool);
                }
            }
            assert_eq!(all, (0..100).collect::<Vec<u16>>(), "{size}");
            // One that comes late has what is left, up to the last.
            let (mut late, mut last) = (u32::MAX - 40, None);
            while let Some((number, News::Event { tool, .. })) = journal.read(late) {
                late = number.wrapping_add(1);
                last = Some(tool);
            }
            assert_eq!(last, Some(99));
        }
    }

    #[test]
    fn what_is_longer_than_the_memory_is_cut_or_not_kept() {
        let mut memory = [0; 20];
        let mut journal = Journal::new(&mut memory, 0);
        journal.push(News::Log { level: 7, text: "éééééé" });
        assert_eq!(journal.read(0), Some((0, News::Log { level: 7, text: "ééé" })));
        let mut short = [0; 12];
        let mut journal = Journal::new(&mut short, 0);
        journal.push(News::Log { level: 7, text: "" });
        assert_eq!((journal.read(0), journal.next()), (None, 0));
    }
}
