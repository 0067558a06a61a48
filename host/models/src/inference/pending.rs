//! Calls whose texts are being written.

use std::sync::Arc;
use std::sync::atomic::AtomicBool;
use std::time::{Duration, Instant};

use trine_mcp::Version;

use super::models;

/// A client that wants to see the text as it is written sees more of it after so many tokens, or
/// with the first token after so much time.
const PROGRESS_TOKENS: usize = 8;
const PROGRESS_TIME: Duration = Duration::from_millis(50);

/// A text that is being written for a client.
pub(super) struct Pending {
    pub(super) number: u64,
    pub(super) id: Box<[u8]>,
    pub(super) version: Version,
    pub(super) progress: Option<Box<[u8]>>,
    /// What of the text the client was not shown yet, and when it was shown the rest.
    pub(super) fresh: String,
    pub(super) shown: Instant,
    pub(super) max_tokens: u32,
    pub(super) model: models::Version,
    pub(super) cancelled: Arc<AtomicBool>,
    pub(super) ends: Arc<AtomicBool>,
}

/// What a client is shown of a text that is being written.
pub(super) struct Show {
    /// By which it knows the call.
    pub(super) token: Box<[u8]>,
    pub(super) version: Version,
    /// Tokens, of at most so many.
    pub(super) done: (u32, Option<u32>),
    /// What was written since it was last shown something.
    pub(super) text: String,
}

impl Pending {
    /// Takes what is new of the text; answers what the client is shown now, if it asked for that.
    /// After the last token it is shown nothing: the answer has all of the text.
    pub(super) fn show(&mut self, count: usize, fresh: &str) -> Option<Show> {
        let token = self.progress.as_ref()?;
        self.fresh.push_str(fresh);
        let is_due = count.is_multiple_of(PROGRESS_TOKENS) || self.shown.elapsed() >= PROGRESS_TIME;
        let done = u32::try_from(count).ok().filter(|count| is_due && *count < self.max_tokens)?;
        self.shown = Instant::now();
        Some(Show {
            token: token.clone(),
            version: self.version,
            done: (done, Some(self.max_tokens)),
            text: std::mem::take(&mut self.fresh),
        })
    }
}
