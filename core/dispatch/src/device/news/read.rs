//! What programs do with the news: they give memory for them and read them.

use super::{HEAD, Journal, News};
use crate::{CallId, Device};

impl<'m> Device<'m> {
    /// Keeps what happens in this memory, for whoever serves MCP in process: [`Self::news`]. Asked
    /// again, the numbers go on, and what was kept before is forgotten. *init-only*.
    pub fn keep_news(&mut self, memory: &'m mut [u8]) {
        let next = self.next_news();
        self.news = [Some(Journal::new(memory, next))];
    }

    /// The number that what happens next will have.
    #[must_use]
    pub fn next_news(&self) -> u32 {
        let [journal] = &self.news;
        journal.as_ref().map_or(0, Journal::next)
    }

    /// What happened first from number `seen` on, as far as it is kept, and its number.
    #[must_use]
    pub fn news(&self, seen: u32) -> Option<(u32, News<'_>)> {
        let [journal] = &self.news;
        journal.as_ref()?.read(seen)
    }
}

impl<'m> Journal<'m> {
    /// An empty one, whose numbers go on from those of one before it.
    pub(crate) const fn new(memory: &'m mut [u8], next: u32) -> Self {
        Self { memory, end: 0, first: next, next }
    }

    pub(crate) const fn next(&self) -> u32 {
        self.next
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
            #[cfg(feature = "resources")]
            3 => News::Changed { list: subject, uri: text },
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
