//! Calls of devices, for a client on any transport.

use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::Ordering;

use trine_journal::Journal;
use trine_mcp::{Call, Outcome, Retry, Version};

use super::ask::{Given, Refused, Sealer, Subject, at_board};
use super::once::{self, KeptAnswer};
use super::sentences::{Sentence, Sentences};
use super::tasks::Tasks;
use crate::context::CallContext;
use crate::device::{Cost, Device, Extra, Ticket, Waiter};
use crate::host_tools::{self, CancelFlag};
use crate::hub::{Hub, Owner, Snapshot};

/// Who waits for calls, each under a tag, and may lose interest in one.
pub(super) trait Caller: Waiter {
    /// Whether the answer of this call is still wanted.
    fn wants(&self, tag: u64) -> bool;

    /// Answers that the request itself is wrong, and why.
    fn refuse(&self, tag: u64, why: &str);

    /// Answers what the journal has of the call.
    fn kept(&self, tag: u64, answer: &KeptAnswer);

    /// The user has been at the board for this call, and is not sent there again.
    fn was_at_board(&self, tag: u64) {
        _ = tag;
    }

    /// Takes what cancels a call. The call may have ended already.
    fn started(&self, tag: u64, call: Running);
}

const NOT_THERE: &str =
    "a person has to allow this call at the device, and the user did not go there";

/// Most bytes of encoded arguments. A device takes no longer message than 64 KiB; tools of this
/// program have a little more.
pub(super) const ARGS_MAX: usize = 72 * 1024;

/// A call under way, for cancelling it.
#[derive(Debug)]
pub(super) enum Running {
    Device(Arc<Device>, Ticket),
    Host(CancelFlag),
}

impl Running {
    /// Gives the call up.
    pub(super) fn cancel(self) {
        match self {
            Self::Device(device, ticket) => device.cancel(ticket),
            Self::Host(flag) => flag.store(true, Ordering::Release),
        }
    }

    pub(super) const fn is_of_host(&self) -> bool {
        matches!(self, Self::Host(_))
    }
}

/// A caller in both of its roles, and the tag of one call.
#[derive(Clone, Copy)]
pub(super) struct From<'a> {
    pub(super) caller: &'a Arc<dyn Caller>,
    pub(super) waiter: &'a Arc<dyn Waiter>,
    pub(super) tag: u64,
    /// Whose call it is, see [`Extra::client`].
    pub(super) client: u64,
    /// What came with it.
    pub(super) context: Option<&'a Arc<CallContext>>,
}

/// What calls may need beside the devices.
#[derive(Debug)]
pub(super) struct Helpers {
    pub(super) sealer: Sealer,
    /// The model that answers sentences, if there is one.
    pub(super) sentences: Option<Sentences>,
    pub(super) tasks: Tasks,
    /// What has begun of the calls that have an id.
    pub(super) journal: Option<Arc<Journal>>,
}

impl Helpers {
    pub(super) fn new(hub: &Hub, sentences: Option<Sentences>) -> Self {
        let tasks = Tasks::new(hub.tasks_folder().map(Path::to_owned));
        let journal = hub.journal().map(Arc::clone);
        Self { sealer: Sealer::new(), sentences, tasks, journal }
    }

    /// Starts a call that the engine has read, with its encoded arguments. The caller hears its
    /// end once, which may be before this returns.
    pub(super) fn start(
        &self,
        call: &Call<'_>,
        snapshot: &Arc<Snapshot>,
        args: &[u8],
        from: From<'_>,
    ) {
        let Some(entry) = snapshot.entry(call.tool) else { return };
        if let Some(trace) = from.context.and_then(|it| it.trace_parent.as_deref()) {
            tracing::debug!("call {} of trace {trace}", entry.name);
        }
        if !self.is_first(entry, args, from) {
            return;
        }
        if let (Some(_), Some(sentences)) = (&entry.asks, &self.sentences) {
            let sentence = Sentence::new(from, (snapshot, call.tool), args);
            return sentence.into_iter().for_each(|sentence| sentences.ask(sentence));
        }
        let subject = || self.sealer.tool(&entry.table, entry.row);
        let Some(given) = self.given(call.retry, subject, args, from) else { return };
        let of = (snapshot, call.tool, call.version);
        self.again(of, args, (&given, call.progress.is_some()), from);
    }

    /// Calls a tool with what was answered to its questions, if there were any. The caller hears
    /// the end once.
    pub(super) fn again(
        &self,
        of: (&Arc<Snapshot>, u16, Version),
        args: &[u8],
        given: (&Given, bool),
        from: From<'_>,
    ) {
        let tool = (&**of.0, of.1);
        let Some(id) = from.context.and_then(once::call_id) else {
            return again(tool, args, given, from);
        };
        let Some(begun) = self.reserve(id, of, (args, given), from) else { return };
        if begun.is_of_device() {
            let waiter = begun as Arc<dyn Waiter>;
            return again(tool, args, given, From { waiter: &waiter, ..from });
        }
        begun.start();
    }

    /// The answers that a retried request carries; empty for a first request. `None` where they are
    /// invalid: the caller was already sent the error.
    pub(super) fn given(
        &self,
        retry: Option<Retry<'_>>,
        subject: impl FnOnce() -> Subject,
        args: &[u8],
        from: From<'_>,
    ) -> Option<Given> {
        let Some(retry) = retry.filter(Retry::has_state) else { return Some(Given::default()) };
        match self.sealer.retried((subject(), args, from.client), &retry) {
            Ok(given) => return Some(given),
            Err(Refused::State(why)) => from.caller.refuse(from.tag, why),
            Err(Refused::Answer(why)) => {
                from.waiter.done(from.tag, Outcome::Error(&why), Cost::default());
            }
        }
        None
    }
}

/// Calls a tool. The waiter hears the end once.
pub(super) fn again(
    (snapshot, tool): (&Snapshot, u16),
    args: &[u8],
    (given, progress): (&Given, bool),
    from: From<'_>,
) {
    let Some(entry) = snapshot.entry(tool) else { return };
    let (state, answers): (&[u8], &[u8]) = match at_board::answer(given) {
        None => (&given.state, &given.answers),
        // What counts is the board's own input, so the call is made again as it was.
        Some(true) => {
            from.caller.was_at_board(from.tag);
            (&[], &[])
        }
        Some(false) => {
            return from.waiter.done(from.tag, Outcome::Error(NOT_THERE), Cost::default());
        }
    };
    let extra = Extra { progress, state, answers, client: from.client };
    let (call, waiter) = ((args, extra), (from.waiter, from.tag));
    let running = match &entry.owner {
        Owner::Device(device) => {
            let ticket = device.call_with(&entry.table, entry.row, call, waiter);
            ticket.map(|ticket| Running::Device(Arc::clone(device), ticket))
        }
        Owner::Host(tools) => {
            let context = from.context.cloned().unwrap_or_default();
            host_tools::start(tools, entry.row, (call, context), waiter).map(Running::Host)
        }
    };
    if let Some(running) = running {
        from.caller.started(from.tag, running);
    }
}
