//! The questions of a task: they wait in it until its client brings answers.

use trine_mcp::{ClientCapabilities, InputRequest};

use super::round::{Round, Told};
use super::{Given, Questions};
use crate::device::Asked;

/// A round whose questions have keys. No key of a task is used twice.
#[derive(Debug)]
pub(in crate::server) struct PendingRound {
    round: Round,
    /// The key of each question that is asked, and its number.
    keys: Vec<(String, usize)>,
}

impl PendingRound {
    /// The questions that the client can be asked, in round number `number` of the task; `None`
    /// where there are none.
    pub(in crate::server) fn new(
        asked: &Asked<'_>,
        client: ClientCapabilities,
        number: u32,
    ) -> Option<Self> {
        let questions = Questions::new(asked.requests)?;
        let served = questions.of(client);
        let key = |(at, request): &(usize, InputRequest<'_>)| match number {
            0 => (request.name.to_owned(), *at),
            _ => (format!("{}-{}", request.name, number + 1), *at),
        };
        let keys: Vec<_> = served.iter().map(key).collect();
        let round = Round::new(asked, questions.len(), keys.iter().map(|(_, at)| *at));
        (!keys.is_empty()).then_some(Self { round, keys })
    }

    /// Takes the answer of this key; `false` where there is no such question, or it is answered.
    pub(in crate::server) fn answer(&mut self, key: &str, result: &[u8]) -> bool {
        let found = self.keys.iter().find(|(known, _)| known == key);
        found.is_some_and(|(_, at)| self.round.tell(*at, Told::Given(result.to_vec())))
    }

    /// Whether a question waits for its answer.
    pub(in crate::server) fn is_open(&self) -> bool {
        self.round.is_open()
    }

    /// What waits for answers, by their keys.
    pub(in crate::server) fn with_requests<R>(
        &self,
        look: impl FnOnce(&[InputRequest<'_>]) -> R,
    ) -> R {
        let Some(questions) = self.round.questions() else { return look(&[]) };
        let all = ClientCapabilities {
            forms: true,
            sampling: true,
            roots: true,
            ..ClientCapabilities::NONE
        };
        let asked: Vec<_> = questions.of(all);
        let named = |(key, at): &(String, usize)| -> Option<(String, usize)> {
            self.round.waits_for(*at).then(|| (key.clone(), *at))
        };
        let open: Vec<_> = self.keys.iter().filter_map(named).collect();
        let requests: Vec<_> = open
            .iter()
            .filter_map(|(key, at)| {
                let (_, request) = asked.iter().find(|(number, _)| number == at)?;
                Some(InputRequest { name: key, ..*request })
            })
            .collect();
        look(&requests)
    }

    pub(in crate::server) fn end(self) -> (Vec<u8>, Result<Given, String>) {
        self.round.end()
    }
}
