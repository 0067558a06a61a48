//! What a journal knows of each call.

use std::collections::HashMap;

use crate::record::{Digest, Record, RecordKind};

/// Where the record of an answer stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Place {
    pub(crate) at: u64,
    pub(crate) len: u32,
}

/// How a call stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum State {
    /// It may run in this program, and the file has nothing of it yet.
    Reserved,
    /// It runs in this program.
    Running,
    /// It began, and how it ended is not known.
    Unknown,
    Ended(Place),
    /// It has ended, and its answer is not kept.
    NotKept,
}

/// A call that has begun.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Entry {
    /// `None` where the record of its beginning is lost.
    pub(crate) digest: Option<Digest>,
    pub(crate) begun: u64,
    /// When its last record was written.
    pub(crate) changed: u64,
    pub(crate) state: State,
}

impl Entry {
    /// Whether the file has it.
    pub(crate) fn is_written(&self) -> bool {
        self.state != State::Reserved
    }

    /// Bytes of its records, at most.
    pub(crate) fn bytes(&self, key: &[u8]) -> u64 {
        /// Those of a beginning and of an end without their keys and the answer.
        const BOTH: u64 = 80;
        let end = match self.state {
            State::Ended(place) => u64::from(place.len),
            _ => key.len() as u64,
        };
        BOTH + key.len() as u64 + end
    }
}

/// All calls that have begun.
#[derive(Debug, Default)]
pub(crate) struct Index {
    pub(crate) calls: HashMap<Box<[u8]>, Entry>,
    /// The latest time of all records.
    pub(crate) latest: u64,
}

impl Index {
    /// Takes a record, which stands in that place, of a program that has ended.
    pub(crate) fn take(&mut self, record: &Record<'_>, place: Place) {
        self.latest = self.latest.max(record.at);
        let state = match record.kind {
            RecordKind::Begun(digest) => {
                let (digest, at) = (Some(*digest), record.at);
                let entry = Entry { digest, begun: at, changed: at, state: State::Running };
                self.calls.insert(record.key.into(), entry);
                return;
            }
            RecordKind::Freed => {
                self.calls.remove(record.key);
                return;
            }
            RecordKind::Ended { .. } => State::Ended(place),
            RecordKind::NotKept => State::NotKept,
            RecordKind::Lost => State::Unknown,
        };
        match self.calls.get_mut(record.key) {
            Some(entry) => (entry.state, entry.changed) = (state, record.at),
            // Without its beginning no one knows which call it was.
            None => {
                let (begun, changed) = (record.at, record.at);
                let entry = Entry { digest: None, begun, changed, state: State::Unknown };
                self.calls.insert(record.key.into(), entry);
            }
        }
    }

    /// Calls whose outcome is not known once their program has ended.
    pub(crate) fn unknown(&self) -> usize {
        let is_unknown = |it: &&Entry| matches!(it.state, State::Running | State::Unknown);
        self.calls.values().filter(is_unknown).count()
    }
}
