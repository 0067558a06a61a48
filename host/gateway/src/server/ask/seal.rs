//! The state of a request that comes back with answers: what the device has said, its state and its
//! questions, sealed with a key that this process alone has and bound to the client, the tool or
//! prompt, the arguments and a time. It is used once.

use std::collections::HashMap;
use std::hash::{BuildHasher as _, RandomState};
use std::sync::Mutex;
use std::time::{Duration, Instant};

use trine_mcp::Retry;
use trine_wire::secure::{self, Key, TAIL_LEN};

use super::{Given, Questions};
use crate::hub::Snapshot;
use crate::sync::lock;
use crate::table::Table;

/// How long a person may take to answer.
pub(in crate::server) const TIME: Duration = Duration::from_secs(600);
/// Bytes before the device's state: expiry, digest, number, and the state's length.
const HEAD_LEN: usize = 8 + 8 + 8 + 4;
/// States that are remembered as used at a time; more than clients answer within [`TIME`].
const USED_MAX: usize = 16 * 1024;
/// Longest state that is taken back from a client, and room for encoded answers.
const STATE_MAX: usize = 64 * 1024;

/// What seals the states of this process.
#[derive(Debug)]
pub(in crate::server) struct Sealer {
    key: Key,
    digests: RandomState,
    since: Instant,
    /// The numbers of states that came back, and when each expires: none counts twice.
    used: Mutex<HashMap<u64, u64>>,
}

/// What a question belongs to: a tool or a prompt, as a number that no client can foresee.
#[derive(Clone, Copy)]
pub(in crate::server) struct Subject(u64);

impl Sealer {
    /// Notes that a state came back; refuses one that did before.
    fn use_once(&self, number: u64, expires: u64, now: u64) -> Result<(), Refused> {
        let mut used = lock(&self.used);
        if used.len() >= USED_MAX {
            used.retain(|_, expires| *expires >= now);
        }
        if used.len() >= USED_MAX {
            return Err(Refused::State(TOO_MANY));
        }
        used.insert(number, expires).map_or(Ok(()), |_| Err(Refused::State(USED)))
    }
}

/// Why a call that was sent again is not made.
pub(in crate::server) enum Refused {
    /// Its state is not the one that it was given: an error of the request.
    State(&'static str),
    /// What a person answered cannot be used, and why.
    Answer(String),
}

impl From<&'static str> for Refused {
    fn from(why: &'static str) -> Self {
        Self::State(why)
    }
}

impl Sealer {
    pub(in crate::server) fn new() -> Self {
        let mut key = [0; secure::KEY_LEN];
        let digests = RandomState::new();
        if getrandom::fill(&mut key).is_err() {
            // The hasher is random too, by another way.
            for (place, byte) in key.iter_mut().zip(digests.hash_one(0).to_le_bytes()) {
                *place = byte;
            }
        }
        Self { key, digests, since: Instant::now(), used: Mutex::default() }
    }

    /// A tool of a table.
    pub(in crate::server) fn tool(&self, table: &Table, row: u16) -> Subject {
        use trine_descriptor::ToolTable as _;
        Subject(self.digests.hash_one((table.list_hash(), table.hash(row), row)))
    }

    /// A prompt of a snapshot.
    pub(in crate::server) fn prompt(&self, snapshot: &Snapshot, prompt: u16) -> Subject {
        use trine_descriptor::Lists as _;
        let name = snapshot.shelf().prompt(prompt).map(|prompt| prompt.name().to_owned());
        Subject(self.digests.hash_one(("prompt", name)))
    }

    /// The request that a state belongs to, as a number that no client can foresee.
    fn digest(&self, of: Subject, args: &[u8], client: u64) -> u64 {
        self.digests.hash_one((of.0, args, client))
    }

    /// The state of a client's request.
    pub(in crate::server) fn seal(
        &self,
        (of, args, client): (Subject, &[u8], u64),
        state: &[u8],
        requests: &[u8],
    ) -> Option<Vec<u8>> {
        let expires = self.since.elapsed() + TIME;
        let expires = u64::try_from(expires.as_millis()).ok()?;
        let mut sealed = expires.to_le_bytes().to_vec();
        sealed.extend(self.digest(of, args, client).to_le_bytes());
        // No two states are one, so that each can be used once.
        sealed.extend(getrandom::u64().ok()?.to_le_bytes());
        sealed.extend(u32::try_from(state.len()).ok()?.to_le_bytes());
        sealed.extend_from_slice(state);
        sealed.extend_from_slice(requests);
        let len = sealed.len();
        sealed.resize(len + TAIL_LEN, 0);
        secure::seal(&self.key, 0, &mut sealed, 0, len)?;
        Some(sealed)
    }

    /// What a client sends back with a request: the device's state, and the answers encoded.
    pub(in crate::server) fn retried(
        &self,
        (of, args, client): (Subject, &[u8], u64),
        retry: &Retry<'_>,
    ) -> Result<Given, Refused> {
        let mut room = vec![0; STATE_MAX];
        let len = retry.state(&mut room).unwrap_or(0);
        let sealed = room.get(..len).unwrap_or_default();
        let (body, _) = secure::open(&self.key, sealed).ok_or(NOT_OURS)?;
        let (head, rest) = body.split_first_chunk::<HEAD_LEN>().ok_or(NOT_OURS)?;
        let number = |at: usize| {
            let bytes = head.get(at..at + 8).and_then(|bytes| bytes.try_into().ok());
            bytes.map_or(0, u64::from_le_bytes)
        };
        let now = u64::try_from(self.since.elapsed().as_millis()).unwrap_or(u64::MAX);
        if number(0) < now {
            return Err(TOO_LATE.into());
        }
        if number(8) != self.digest(of, args, client) {
            return Err(NOT_OURS.into());
        }
        let len = head.last_chunk().map_or(0, |len| u32::from_le_bytes(*len));
        let (state, requests) = rest.split_at_checked(len as usize).ok_or(NOT_OURS)?;
        let questions = Questions::new(requests).ok_or(NOT_OURS)?;
        self.use_once(number(16), number(0), now)?;
        let answers =
            questions.answers(|_, name, kind| retry.answer(name, kind)).map_err(Refused::Answer)?;
        Ok(Given { state: state.to_vec(), answers })
    }
}

const NOT_OURS: &str = "the requestState is not the one that this call was answered with; make the \
    call again, without it";
const USED: &str = "the requestState was used before; make the call again, without it";
const TOO_MANY: &str = "too many questions were answered within ten minutes; make the call later";
const TOO_LATE: &str = "the answer came too late; make the call again";
