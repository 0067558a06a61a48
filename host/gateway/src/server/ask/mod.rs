//! Tools and prompts that ask: the questions go to the client, and the answers come back.
//!
//! ```text
//! device ─► Questions ─► 2026-07-28: the answer of the request, with a sealed state   (Sealer)
//!                    └─► a session: requests of the server's own, kept meanwhile      (Interviews)
//! device ◄─ Given ◄───── the answers, encoded by the questions
//! ```
//!
//! A device's questions are untrusted input: their number is bounded, and a question that cannot be
//! read is dropped.

pub(super) mod at_board;
mod interview;
mod pending;
mod round;
mod seal;

use trine_descriptor::record::Decoder;
use trine_descriptor::{Field, Side, Tool, ToolInfo, explain};
use trine_mcp::input::InputError;
use trine_mcp::{Answer, ClientCapabilities, InputKind, InputRequest};
use trine_wire::message::input::{self, Record as _, Records, Request, asks};

use crate::device::Extra;
use crate::words::Words;
pub(super) use interview::{Ended, Interviews};
pub(super) use pending::PendingRound;
use seal::TIME;
pub(super) use seal::{Refused, Sealer, Subject};

/// Most questions of one request.
pub(super) const QUESTIONS_MAX: usize = 16;
/// Room for one encoded answer.
const ANSWER_MAX: usize = 64 * 1024;
/// Actions of an answer as the wire numbers them.
const ACCEPTED: u8 = 0;
const DECLINED: u8 = 1;
const CANCELLED: u8 = 2;

/// What goes to the device with a request that is made again.
#[derive(Clone, Debug, Default)]
pub(super) struct Given {
    pub(super) state: Vec<u8>,
    pub(super) answers: Vec<u8>,
}

impl Given {
    /// As it comes with a request that is no call.
    pub(super) fn extra(&self) -> Extra<'_> {
        Extra { state: &self.state, answers: &self.answers, ..Extra::default() }
    }
}

/// Questions of a device.
pub(super) struct Questions<'a>(Vec<(Request<'a>, Vec<Field<'a>>)>);

impl<'a> Questions<'a> {
    /// Reads what a device asks; `None` where it is malformed or too much.
    pub(super) fn new(bytes: &'a [u8]) -> Option<Self> {
        let mut records = Records::new(bytes)?;
        let mut all = Vec::new();
        while records.left() > 0 {
            if all.len() == QUESTIONS_MAX {
                return None;
            }
            let request: Request<'a> = records.record()?;
            let mut nodes = Decoder::new(request.nodes);
            let fields = match request.kind {
                asks::FORM => {
                    let count = nodes.count()?;
                    (0..count).map(|_| nodes.node()).collect::<Option<Vec<_>>>()?
                }
                _ => Vec::new(),
            };
            all.push((request, fields));
        }
        Some(Self(all))
    }

    pub(super) const fn len(&self) -> usize {
        self.0.len()
    }

    /// What there is to be asked, by the question's number; kinds of later versions are left out.
    fn all(&self) -> impl Iterator<Item = (usize, InputRequest<'_>)> {
        self.0.iter().enumerate().filter_map(|(at, (request, fields))| {
            let kind = match request.kind {
                asks::FORM => InputKind::Form { fields, extras: request.extras },
                asks::SAMPLING => InputKind::Sampling { tokens: request.tokens },
                asks::ROOTS => InputKind::Roots,
                _ => return None,
            };
            Some((at, InputRequest { name: request.name, message: request.message, kind }))
        })
    }

    /// What a client can be asked for, and the number of each question; the rest is answered for
    /// it.
    pub(super) fn of(&self, client: ClientCapabilities) -> Vec<(usize, InputRequest<'_>)> {
        self.all().filter(|(_, request)| client.serve(&request.kind)).collect()
    }

    /// What a client must be able to do for all of them.
    pub(super) fn needs(&self) -> ClientCapabilities {
        let none = ClientCapabilities::default();
        self.all().fold(none, |needs, (_, request)| needs.and(&request.kind))
    }

    /// What the client answered to each, encoded for the device: `answer` says it by number, name
    /// and kind.
    pub(super) fn answers<'m>(
        &self,
        mut answer: impl FnMut(usize, &str, &InputKind<'_>) -> Option<Answer<'m>>,
    ) -> Result<Vec<u8>, String> {
        let mut values = vec![(CANCELLED, Vec::new()); self.len()];
        for (at, InputRequest { name, kind, .. }) in self.all() {
            let encoded = match answer(at, name, &kind) {
                Some(Answer::Accepted(filled)) => {
                    let mut entries = vec![0; ANSWER_MAX];
                    let len = filled
                        .encode(&kind, &mut entries)
                        .map_err(|error| refusal(name, &kind, error))?;
                    entries.truncate(len);
                    (ACCEPTED, entries)
                }
                Some(Answer::Declined) => (DECLINED, Vec::new()),
                Some(Answer::Cancelled) | None => continue,
            };
            if let Some(place) = values.get_mut(at) {
                *place = encoded;
            }
        }
        let both = self.0.iter().zip(&values);
        let answers: Vec<_> = both
            .map(|((request, _), (action, values))| input::Answer {
                name: request.name,
                action: *action,
                values,
            })
            .collect();
        let room: usize = answers.iter().map(|answer| answer.size() + 5).sum();
        let mut bytes = vec![0; room + 5];
        let len = input::write(&answers, &mut bytes).ok_or("the answers are too long")?;
        bytes.truncate(len);
        Ok(bytes)
    }
}

/// Why an answer of the client's cannot be used.
fn refusal(name: &str, kind: &InputKind<'_>, error: InputError) -> String {
    let why = match (error, kind) {
        (InputError::Fault(fault), InputKind::Form { fields, .. }) => {
            let form = [Tool::new(ToolInfo::new(name, ""), fields, &[])];
            let mut words = Words(String::new());
            explain(&form, 0, Side::Params, fault, (name, "of another name"), &mut words);
            words.0
        }
        (InputError::Fault(_), InputKind::Sampling { .. }) => format!("{name}: it has no text"),
        (InputError::Fault(_), InputKind::Roots) => format!("{name}: it is no list of roots"),
        _ => format!("{name}: it is too long"),
    };
    format!("the answer cannot be used: {why}; make the call again")
}
