//! The questions of one request, and what has come of each.

use trine_mcp::Answer;

use super::{Given, Questions};
use crate::device::Asked;

/// What has become of a question.
#[derive(Clone, Debug)]
pub(in crate::server) enum Told {
    /// The client is not asked.
    Unasked,
    Asked,
    Given(Vec<u8>),
    Declined,
    Failed,
}

/// What a device asks for one request, until all of it is answered.
#[derive(Debug)]
pub(in crate::server) struct Round {
    args: Vec<u8>,
    state: Vec<u8>,
    requests: Vec<u8>,
    told: Vec<Told>,
}

/// What a round came to: the arguments of the request, and what goes to the device with it, or why
/// the answers cannot be used.
pub(super) type RoundEnd = (Vec<u8>, Result<Given, String>);

impl Round {
    /// A round of `count` questions; those in `numbers` go to the client.
    pub(super) fn new(
        asked: &Asked<'_>,
        count: usize,
        numbers: impl Iterator<Item = usize>,
    ) -> Self {
        let Asked { args, state, requests } = *asked;
        let [args, state, requests] = [args, state, requests].map(<[u8]>::to_vec);
        let mut told = vec![Told::Unasked; count];
        for number in numbers {
            if let Some(place) = told.get_mut(number) {
                *place = Told::Asked;
            }
        }
        Self { args, state, requests, told }
    }

    /// Records the answer to a question. `false` where that question was not asked, or is already
    /// answered.
    pub(super) fn tell(&mut self, number: usize, told: Told) -> bool {
        match self.told.get_mut(number) {
            Some(place @ Told::Asked) => {
                *place = told;
                true
            }
            _ => false,
        }
    }

    /// Whether a question waits for its answer.
    pub(super) fn is_open(&self) -> bool {
        self.told.iter().any(|told| matches!(told, Told::Asked))
    }

    /// Whether this question waits for its answer.
    pub(super) fn waits_for(&self, number: usize) -> bool {
        matches!(self.told.get(number), Some(Told::Asked))
    }

    pub(super) fn questions(&self) -> Option<Questions<'_>> {
        Questions::new(&self.requests)
    }

    pub(super) fn end(self) -> RoundEnd {
        let given = self.questions().ok_or_else(String::new).and_then(|questions| {
            questions.answers(|at, _, kind| match self.told.get(at)? {
                Told::Given(result) => Some(Answer::read(kind, result)),
                Told::Declined => Some(Answer::Declined),
                _ => None,
            })
        });
        let given = given.map(|answers| Given { state: self.state, answers });
        (self.args, given)
    }
}
