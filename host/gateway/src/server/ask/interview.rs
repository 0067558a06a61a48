//! Questions to the client of a session: requests of the server's own, until all are answered.

use std::time::Instant;

use trine_mcp::input::Response;
use trine_mcp::{ClientCapabilities, Id, NeedBytes, Version, input};

use super::round::{Round, Told};
use super::{Given, QUESTIONS_MAX, Questions, TIME};
use crate::device::Asked;

/// Interviews of a session at a time.
const OPEN_MAX: usize = 64;
/// What the ids of the server's requests begin with.
const PREFIX: &str = "trine-";

/// What is asked for one request of the client's, whose `T` knows how to go on with it.
#[derive(Debug)]
struct Interview<T> {
    of: T,
    /// Number of the request of its first question.
    first: u64,
    since: Instant,
    round: Round,
}

/// The interviews of one session.
#[derive(Debug)]
pub(in crate::server) struct Interviews<T> {
    last: u64,
    open: Vec<Interview<T>>,
}

impl<T> Default for Interviews<T> {
    fn default() -> Self {
        Self { last: 0, open: Vec::new() }
    }
}

/// An interview whose questions are all answered.
pub(in crate::server) struct Ended<T> {
    /// What it was for.
    pub(in crate::server) of: T,
    /// The arguments of the request, to be made again.
    pub(in crate::server) args: Vec<u8>,
    /// What goes to the device with it, or why the answers cannot be used.
    pub(in crate::server) given: Result<Given, String>,
}

impl<T> Interviews<T> {
    /// Opens an interview: `send` is given each request for the client, and answers whether it will
    /// be sent. `false` where the client can be asked for nothing of it, or there is no room.
    pub(in crate::server) fn open(
        &mut self,
        of: T,
        asked: &Asked<'_>,
        (client, version): (ClientCapabilities, Version),
        mut send: impl FnMut(&dyn Fn(&mut [u8]) -> Result<usize, NeedBytes>) -> bool,
    ) -> bool {
        let Some(questions) = Questions::new(asked.requests) else { return false };
        let served = questions.of(client);
        if served.is_empty() || self.open.len() >= OPEN_MAX {
            return false;
        }
        let first = self.last + 1;
        self.last += QUESTIONS_MAX as u64;
        for (at, request) in &served {
            let id = format!("\"{PREFIX}{}\"", first + *at as u64);
            let write = |out: &mut [u8]| {
                let id = Id::from_raw(id.as_bytes()).ok_or(NeedBytes(0))?;
                input::request(id, version, request, out)
            };
            if !send(&write) {
                return false;
            }
        }
        let round = Round::new(asked, questions.len(), served.iter().map(|(at, _)| *at));
        self.open.push(Interview { of, first, since: Instant::now(), round });
        true
    }

    /// Takes a message, if it is the answer to a question, and the interview, if it was the last.
    pub(in crate::server) fn answered(&mut self, message: &[u8]) -> Option<Ended<T>> {
        let response = Response::read(message)?;
        let number = std::str::from_utf8(response.id.raw()).ok()?.trim_matches('"');
        let number: u64 = number.strip_prefix(PREFIX)?.parse().ok()?;
        let is_it = |it: &Interview<T>| {
            number.checked_sub(it.first).is_some_and(|at| at < QUESTIONS_MAX as u64)
        };
        let index = self.open.iter().position(is_it)?;
        let interview = self.open.get_mut(index)?;
        let told = match (response.result, response.code) {
            (Some(result), _) => Told::Given(result.to_vec()),
            (None, Some(Response::REJECTED)) => Told::Declined,
            (None, _) => Told::Failed,
        };
        let question = usize::try_from(number - interview.first).ok()?;
        if !interview.round.tell(question, told) || interview.round.is_open() {
            return None;
        }
        let Interview { of, round, .. } = self.open.swap_remove(index);
        let (args, given) = round.end();
        Some(Ended { of, args, given })
    }

    /// Ends the interviews that `is_over` says no one waits for, and those that last too long;
    /// answers what the latter were for.
    pub(in crate::server) fn sweep(&mut self, is_over: impl Fn(&T) -> bool) -> Vec<T> {
        self.sweep_at(Instant::now(), is_over)
    }

    fn sweep_at(&mut self, now: Instant, is_over: impl Fn(&T) -> bool) -> Vec<T> {
        self.open.retain(|interview| !is_over(&interview.of));
        let is_late = |it: &mut Interview<T>| now.duration_since(it.since) >= TIME;
        self.open.extract_if(.., is_late).map(|interview| interview.of).collect()
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use trine_wire::message::input::{self as wire, Request, asks};

    use super::*;

    const ALL: ClientCapabilities =
        ClientCapabilities { forms: true, sampling: true, roots: true, ..ClientCapabilities::NONE };

    fn questions(count: usize) -> Vec<u8> {
        let one = Request { name: "where", kind: asks::ROOTS, ..Request::default() };
        let mut bytes = vec![0; 1024];
        let len = wire::write(&vec![one; count], &mut bytes).unwrap();
        bytes.truncate(len);
        bytes
    }

    fn open(interviews: &mut Interviews<u8>, of: u8, requests: &[u8]) -> bool {
        let asked = Asked { args: b"args", state: b"state", requests };
        interviews
            .open(of, &asked, (ALL, Version::V2025_11_25), |write| write(&mut [0; 256]).is_ok())
    }

    fn answer(number: u32) -> String {
        format!(r#"{{"jsonrpc":"2.0","id":"trine-{number}","result":{{"roots":[]}}}}"#)
    }

    #[test]
    fn an_interview_ends_with_its_last_answer_or_late() {
        let mut interviews = Interviews::default();
        assert!(open(&mut interviews, 1, &questions(2)) && open(&mut interviews, 2, &questions(1)));
        let [first, second] = [1, 1 + QUESTIONS_MAX as u32];
        assert!(interviews.answered(answer(first).as_bytes()).is_none());
        assert!(interviews.answered(answer(first).as_bytes()).is_none(), "a second time");
        let ended = interviews.answered(answer(second).as_bytes()).unwrap();
        let given = ended.given.unwrap();
        assert_eq!((ended.of, &*ended.args, &*given.state), (2, &b"args"[..], &b"state"[..]));
        let now = Instant::now();
        assert!(interviews.sweep_at(now + TIME / 2, |_| false).is_empty());
        assert_eq!(interviews.sweep_at(now + TIME + Duration::from_secs(1), |_| false), [1]);
        assert!(interviews.answered(answer(first + 1).as_bytes()).is_none());
    }

    #[test]
    fn the_number_of_questions_and_of_interviews_has_a_bound() {
        let mut interviews = Interviews::default();
        assert!(open(&mut interviews, 0, &questions(QUESTIONS_MAX)));
        assert!(!open(&mut interviews, 0, &questions(QUESTIONS_MAX + 1)));
        assert!(!open(&mut interviews, 0, &questions(0)), "there is nothing to wait for");
        assert!(!open(&mut interviews, 0, &[7; 9]));
        for _ in 1..OPEN_MAX {
            assert!(open(&mut interviews, 1, &questions(1)));
        }
        assert!(!open(&mut interviews, 1, &questions(1)));
        assert!(interviews.sweep(|of| *of == 0).is_empty());
        assert!(open(&mut interviews, 1, &questions(1)));
    }

    #[test]
    fn what_a_client_answers_reaches_the_device_by_the_name_of_its_question() {
        let mut interviews = Interviews::default();
        let later = Request { name: "later", kind: 99, ..Request::default() };
        let roots = Request { name: "where", kind: asks::ROOTS, ..Request::default() };
        let mut requests = vec![0; 256];
        let len = wire::write(&[later, roots, Request { name: "no", ..roots }], &mut requests);
        requests.truncate(len.unwrap());
        assert!(open(&mut interviews, 1, &requests));
        let folders = r#"{"id":"trine-2","result":{"roots":[{"uri":"a:b"}]}}"#;
        assert!(interviews.answered(folders.as_bytes()).is_none());
        let no = r#"{"id":"trine-3","error":{"code":-1,"message":"no"}}"#;
        let given = interviews.answered(no.as_bytes()).unwrap().given.unwrap();
        let mut records = wire::Records::new(&given.answers).unwrap();
        let mut next = || -> wire::Answer<'_> { records.record().unwrap() };
        let all = [next(), next(), next()].map(|it| (it.name, it.action, it.values));
        let values: &[u8] = &[0, 7, 1, 1, 4, 3, b'a', b':', b'b'];
        assert_eq!(all, [("later", 2, &[][..]), ("where", 0, values), ("no", 1, &[])]);
    }
}
