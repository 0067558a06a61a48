//! What a client that wants to see a text while it is written is shown of it, and when.

use std::time::{Duration, Instant};

/// It sees more of the text after this many tokens, or with the first token after this much time.
const TOKENS: usize = 8;
const TIME: Duration = Duration::from_millis(50);

/// What of a text the client was not shown yet, and when it was shown the rest.
pub(super) struct Progress {
    fresh: String,
    shown: Instant,
    most: u32,
    /// The client did not take the last message: what it missed comes as soon as it reads.
    missed: bool,
}

impl Progress {
    /// Of a text of at most `most` tokens.
    pub(super) fn new(most: u32) -> Self {
        Self { fresh: String::new(), shown: Instant::now(), most, missed: false }
    }

    /// Takes what is new of the text, and shows what was not shown yet if it is time for that.
    /// After the last token nothing is shown: the answer has all of the text.
    pub(super) fn add(
        &mut self,
        count: usize,
        fresh: &str,
        show: impl FnOnce((u32, u32), &str) -> bool,
    ) {
        self.fresh.push_str(fresh);
        let is_due = count.is_multiple_of(TOKENS) || self.shown.elapsed() >= TIME || self.missed;
        let Ok(done) = u32::try_from(count) else { return };
        if !is_due || done >= self.most {
            return;
        }
        self.shown = Instant::now();
        self.missed = !show((done, self.most), &self.fresh);
        if !self.missed {
            self.fresh.clear();
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_a_client_did_not_take_comes_with_the_next_message() {
        let mut progress = Progress::new(20);
        let mut told = Vec::new();
        for count in 1..=20 {
            progress.add(count, "x", |tokens, text| {
                // It does not read until the ninth.
                if tokens.0 < 9 {
                    return false;
                }
                told.push((tokens, text.len()));
                true
            });
        }
        assert_eq!(told.first(), Some(&((9, 20), 9)));
        let last = told.last().map(|(tokens, _)| tokens.0);
        assert_eq!(Some(told.iter().map(|(_, len)| *len as u32).sum::<u32>()), last);
        assert!(last.is_some_and(|last| last < 20), "the answer has the end of the text");
    }
}
