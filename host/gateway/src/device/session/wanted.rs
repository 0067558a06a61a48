//! Calls for which a person has to agree: an agreement is for the client that asked.
//!
//! The device knows one host, which may have many clients. While one of them waits for a person,
//! the same call of another is not sent: the device would take it for the one that the person saw.

use super::super::calls::CallRequest;

/// How long a client may wait before the same call of another is sent, in milliseconds. Longer than
/// a device keeps a question and an agreement, unless it is configured otherwise.
const KEPT_MS: u64 = 120_000;
/// Calls that are kept at a time.
const KEPT_MAX: usize = 16;

/// A call that a person has to agree to.
#[derive(Debug)]
struct Wanted {
    client: u64,
    call: WholeCall,
    until: u64,
}

/// All that a person agrees to.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct WholeCall {
    tool: u16,
    args: Vec<u8>,
    state: Vec<u8>,
    answers: Vec<u8>,
}

impl WholeCall {
    pub(super) fn new(tool: u16, args: &[u8], (state, answers): (&[u8], &[u8])) -> Self {
        let (args, state, answers) = (args.to_vec(), state.to_vec(), answers.to_vec());
        Self { tool, args, state, answers }
    }

    fn is(&self, request: &CallRequest<'_>) -> bool {
        self.tool == request.tool
            && self.args == request.args
            && self.state == request.extra.state
            && self.answers == request.extra.answers
    }
}

/// The calls that wait for a person.
#[derive(Debug, Default)]
pub(super) struct WantedCalls(Vec<Wanted>);

impl WantedCalls {
    /// Whether another client waits for a person to agree to this very call.
    pub(super) fn is_of_another(&mut self, request: &CallRequest<'_>) -> bool {
        self.0.retain(|wanted| wanted.until > request.now);
        let client = request.extra.client;
        self.0.iter().any(|wanted| wanted.client != client && wanted.call.is(request))
    }

    /// A person has to agree to a call of this client.
    pub(super) fn keep(&mut self, client: u64, call: WholeCall, now: u64) {
        self.0.retain(|wanted| wanted.until > now && wanted.call != call);
        if self.0.len() == KEPT_MAX {
            self.0.remove(0);
        }
        self.0.push(Wanted { client, call, until: now + KEPT_MS });
    }

    /// A call has ended in another way.
    pub(super) fn forget(&mut self, client: u64, call: &WholeCall) {
        self.0.retain(|wanted| wanted.client != client || wanted.call != *call);
    }

    /// Whether none waits.
    pub(super) const fn is_empty(&self) -> bool {
        self.0.is_empty()
    }
}
