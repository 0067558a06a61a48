//! Tools that ask a person: the question goes to the client, and comes back with another request.
//!
//! Nothing is kept here meanwhile. What the device has said, its state and its questions, goes to
//! the client as the request's state, sealed with a key that this process alone has and bound to
//! the tool, the arguments and a time; the answers are encoded by the questions that come back.

use std::collections::HashMap;
use std::hash::{BuildHasher as _, RandomState};
use std::sync::Mutex;
use std::time::{Duration, Instant};

use trine_descriptor::Field;
use trine_descriptor::record::Decoder;
use trine_mcp::elicitation::ElicitationError;
use trine_mcp::{Answer, Elicitation, Failure, Outcome, Retry};
use trine_wire::message::input::{self, Record, Records, Request};
use trine_wire::secure::{self, Key, TAIL_LEN};

use crate::device::Asked;
use crate::hub::Snapshot;
use crate::sync::lock;
use crate::table::Table;

/// How long a person may take to answer.
const TIME: Duration = Duration::from_secs(600);
/// Bytes before the device's state: expiry, digest, number, and the state's length.
const HEAD_LEN: usize = 8 + 8 + 8 + 4;
/// States that are remembered as used at a time; more than clients answer within [`TIME`].
const USED_MAX: usize = 16 * 1024;
/// Longest state that is taken back from a client, and room for encoded answers.
const STATE_MAX: usize = 64 * 1024;
/// Actions of an answer as the wire numbers them.
const ACCEPTED: u8 = 0;
const DECLINED: u8 = 1;
const CANCELLED: u8 = 2;

/// What seals the states of this process.
#[derive(Debug)]
pub(super) struct Sealer {
    key: Key,
    digests: RandomState,
    since: Instant,
    /// The numbers of states that came back, and when each expires: none counts twice.
    used: Mutex<HashMap<u64, u64>>,
}

/// Questions of a device.
struct Questions<'a> {
    requests: Vec<Request<'a>>,
    fields: Vec<Vec<Field<'a>>>,
}

/// What goes to the device with a call that was sent again.
pub(super) struct Retried {
    pub(super) state: Vec<u8>,
    pub(super) answers: Vec<u8>,
}

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
pub(super) enum Refused {
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
    pub(super) fn new() -> Self {
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

    /// The call that a state belongs to, as a number that no client can foresee.
    fn digest(&self, table: &Table, row: u16, args: &[u8], client: u64) -> u64 {
        use trine_descriptor::ToolTable as _;
        self.digests.hash_one((table.list_hash(), table.hash(row), row, args, client))
    }

    /// Passes on how a call ends whose tool asks a person: with forms, and with the state to send
    /// back beside them.
    pub(super) fn asked(
        &self,
        (snapshot, tool, client): (&Snapshot, u16, u64),
        asked: &Asked<'_>,
        done: impl FnOnce(Outcome<'_>),
    ) {
        let sealed = snapshot.entry(tool).and_then(|entry| {
            let call = (&*entry.table, entry.row, asked.args);
            self.seal(call, client, asked.state, asked.requests)
        });
        match (Questions::new(asked.requests), sealed) {
            (Some(questions), Some(state)) => {
                let forms = questions.forms();
                done(Outcome::NeedsInput { forms: &forms, state: &state });
            }
            _ => done(Outcome::Failed(Failure::BadResult)),
        }
    }

    /// The state of a client's request.
    fn seal(
        &self,
        (table, row, args): (&Table, u16, &[u8]),
        client: u64,
        state: &[u8],
        requests: &[u8],
    ) -> Option<Vec<u8>> {
        let expires = self.since.elapsed() + TIME;
        let expires = u64::try_from(expires.as_millis()).ok()?;
        let mut sealed = expires.to_le_bytes().to_vec();
        sealed.extend(self.digest(table, row, args, client).to_le_bytes());
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

    /// What a client sends back with a call: the device's state, and the answers encoded.
    pub(super) fn retried(
        &self,
        (table, row, args): (&Table, u16, &[u8]),
        client: u64,
        retry: &Retry<'_>,
    ) -> Result<Retried, Refused> {
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
        if number(8) != self.digest(table, row, args, client) {
            return Err(NOT_OURS.into());
        }
        let len = head.last_chunk().map_or(0, |len| u32::from_le_bytes(*len));
        let (state, requests) = rest.split_at_checked(len as usize).ok_or(NOT_OURS)?;
        let questions = Questions::new(requests).ok_or(NOT_OURS)?;
        self.use_once(number(16), number(0), now)?;
        let answers = questions.answers(retry).map_err(Refused::Answer)?;
        Ok(Retried { state: state.to_vec(), answers })
    }
}

const NOT_OURS: &str = "the requestState is not the one that this call was answered with; make the \
    call again, without it";
const USED: &str = "the requestState was used before; make the call again, without it";
const TOO_MANY: &str = "too many questions were answered within ten minutes; make the call later";
const TOO_LATE: &str = "the answer came too late; make the call again";

impl<'a> Questions<'a> {
    /// Reads what a device asks; `None` when it is malformed, or more than a form can ask.
    fn new(bytes: &'a [u8]) -> Option<Self> {
        let mut records = Records::new(bytes)?;
        let (mut requests, mut fields) = (Vec::new(), Vec::new());
        while records.left() > 0 {
            let request: Request<'a> = records.record()?;
            let mut nodes = Decoder::new(request.nodes);
            let count = nodes.count()?;
            fields.push((0..count).map(|_| nodes.node()).collect::<Option<Vec<_>>>()?);
            requests.push(request);
        }
        Some(Self { requests, fields })
    }

    /// As forms for the client.
    fn forms(&self) -> Vec<Elicitation<'_>> {
        let both = self.requests.iter().zip(&self.fields);
        both.map(|(request, fields)| Elicitation {
            name: request.name,
            message: request.message,
            fields,
        })
        .collect()
    }

    /// What the client answers to each, encoded for the device.
    fn answers(&self, retry: &Retry<'_>) -> Result<Vec<u8>, String> {
        let mut values = Vec::new();
        for (request, fields) in self.requests.iter().zip(&self.fields) {
            values.push(match retry.answer(request.name) {
                Some(Answer::Accepted(filled)) => {
                    let mut entries = vec![0; STATE_MAX];
                    let len = filled.encode(fields, &mut entries).map_err(|error| {
                        let name = request.name;
                        match error {
                            ElicitationError::Fault(fault) => format!(
                                "the answer to '{name}' breaks rule {} of its form; make the call \
                                 again",
                                fault.code as u8
                            ),
                            _ => format!("the answer to '{name}' is too long"),
                        }
                    })?;
                    entries.truncate(len);
                    (ACCEPTED, entries)
                }
                Some(Answer::Declined) => (DECLINED, Vec::new()),
                Some(Answer::Cancelled) | None => (CANCELLED, Vec::new()),
            });
        }
        let requests = self.requests.iter().zip(&values);
        let answers: Vec<_> = requests
            .map(|(request, (action, values))| input::Answer {
                name: request.name,
                action: *action,
                values,
            })
            .collect();
        let room: usize = answers.iter().map(|answer| answer.size() + 5).sum();
        let mut bytes = vec![0; room + 5];
        let len = input::write(&answers, &mut bytes).ok_or(NOT_OURS)?;
        bytes.truncate(len);
        Ok(bytes)
    }
}
