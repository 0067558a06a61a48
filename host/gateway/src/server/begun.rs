//! A call that has an id, from when its id is taken until its end is recorded.
//!
//! The journal has the beginning before the tool is entered: a call of a device begins when it
//! leaves for the device, which may be long after it was queued; a call of this program begins at
//! once. Where the journal waits for the disk, the call goes on from the journal's thread.

use std::sync::atomic::Ordering;
use std::sync::{Arc, Mutex, Weak};

use trine_descriptor::Consent;
use trine_journal::{Journal, Refused};
use trine_mcp::json::member;
use trine_mcp::{Failure, Id, McpEngine, NeedBytes, Outcome, Version};

use super::answers;
use super::ask::Given;
use super::calls::{Caller, From, Running, again};
use super::once::KeptAnswer;
use crate::context::CallContext;
use crate::device::{Asked, Cost, Device, Leave, Waiter};
use crate::host_tools::CancelFlag;
use crate::hub::{Owner, Snapshot};
use crate::sync::lock;

/// How far a call is.
enum Phase {
    /// Its id is taken, and nothing is written.
    Reserved,
    /// The journal writes that it begins.
    Writing,
    /// It may run.
    Begun,
    /// It must not run, because the journal could not be written.
    NotRun(String),
    /// Its end was recorded, or it has given its id back.
    Over,
}

/// What a call of a tool of this program is started with.
struct Start {
    args: Box<[u8]>,
    given: Given,
    progress: bool,
    client: u64,
    context: Option<Arc<CallContext>>,
    cancelled: CancelFlag,
}

/// Records that a call begins and ends, and passes its end on.
pub(super) struct Begun {
    own: Weak<Self>,
    journal: Arc<Journal>,
    key: Vec<u8>,
    caller: Arc<dyn Caller>,
    inner: Arc<dyn Waiter>,
    tag: u64,
    snapshot: Arc<Snapshot>,
    tool: u16,
    version: Version,
    /// Whose tool it is, if not of this program.
    device: Option<Arc<Device>>,
    start: Mutex<Option<Start>>,
    phase: Mutex<Phase>,
}

impl Begun {
    /// A call whose id was taken.
    pub(super) fn new(
        (journal, key): (Arc<Journal>, Vec<u8>),
        (snapshot, tool, version): (&Arc<Snapshot>, u16, Version),
        (args, (given, progress)): (&[u8], (&Given, bool)),
        from: From<'_>,
    ) -> Arc<Self> {
        let device = snapshot.entry(tool).and_then(|entry| match &entry.owner {
            Owner::Device(device) => Some(Arc::clone(device)),
            Owner::Host(_) => None,
        });
        let start = device.is_none().then(|| Start {
            args: args.into(),
            given: given.clone(),
            progress,
            client: from.client,
            context: from.context.cloned(),
            cancelled: CancelFlag::default(),
        });
        Arc::new_cyclic(|own| Self {
            own: Weak::clone(own),
            journal,
            key,
            caller: Arc::clone(from.caller),
            inner: Arc::clone(from.waiter),
            tag: from.tag,
            snapshot: Arc::clone(snapshot),
            tool,
            version,
            device,
            start: Mutex::new(start),
            phase: Mutex::new(Phase::Reserved),
        })
    }

    pub(super) const fn is_of_device(&self) -> bool {
        self.device.is_some()
    }

    /// Begins a call of a tool of this program.
    pub(super) fn start(self: Arc<Self>) {
        if self.journal.waits()
            && let Some(start) = &*lock(&self.start)
        {
            // Until it runs, this is what cancels it, and what the end of the program waits for.
            self.caller.started(self.tag, Running::Host(Arc::clone(&start.cancelled)));
        }
        *lock(&self.phase) = Phase::Writing;
        let own = Arc::clone(&self);
        let committed = self.journal.commit(&self.key, move |committed| {
            own.written(committed);
            own.run();
        });
        if let Some(committed) = committed {
            self.written(committed);
            self.run();
        }
    }

    /// The journal has the beginning, or why it has not.
    fn written(&self, committed: Result<(), Refused>) {
        let mut phase = lock(&self.phase);
        if matches!(*phase, Phase::Writing) {
            *phase = match committed {
                Ok(()) => Phase::Begun,
                Err(why) => Phase::NotRun(why.to_string()),
            };
        }
    }

    /// Runs a call of a tool of this program.
    fn run(self: Arc<Self>) {
        let Some(start) = lock(&self.start).take() else { return };
        if self.was_refused() {
            return;
        }
        let is_cancelled = start.cancelled.load(Ordering::Acquire);
        if is_cancelled || !self.caller.wants(self.tag) {
            return self.free();
        }
        let (caller, tag) = (Arc::clone(&self.caller), self.tag);
        let (snapshot, tool) = (Arc::clone(&self.snapshot), self.tool);
        let waiter = self as Arc<dyn Waiter>;
        let Start { args, given, progress, client, context, .. } = start;
        let context = context.as_ref();
        let from = From { caller: &caller, waiter: &waiter, tag, client, context };
        again((&snapshot, tool), &args, (&given, progress), from);
    }

    /// Whether the journal could not be written, which the client is told.
    fn was_refused(&self) -> bool {
        let why = match &*lock(&self.phase) {
            Phase::NotRun(why) => why.clone(),
            _ => return false,
        };
        self.free();
        self.caller.kept(self.tag, &KeptAnswer::not_run(&why));
        true
    }

    /// How far it was, before its end.
    fn end(&self) -> Phase {
        std::mem::replace(&mut *lock(&self.phase), Phase::Over)
    }

    /// The tool was not entered.
    fn free(&self) {
        if !matches!(self.end(), Phase::Over) {
            self.journal.free(&self.key);
        }
    }

    /// Whether a device has not entered the tool. Tools of the program say such things after they
    /// were entered, too.
    const fn was_not_entered(&self, outcome: &Outcome<'_>) -> bool {
        use Failure::{Busy, NeedsPerson, Offline, Stale};
        self.device.is_some()
            && matches!(outcome, Outcome::Failed(NeedsPerson(_) | Offline | Stale | Busy))
    }

    fn record(&self, outcome: Outcome<'_>) {
        let engine = McpEngine::new(&*self.snapshot);
        let Some(id) = Id::from_raw(b"0") else { return };
        let write =
            |out: &mut [u8]| answers::finish(&engine, (id, self.version), self.tool, outcome, out);
        let mut response = vec![0; 4096];
        let mut written = write(&mut response);
        if let Err(NeedBytes(needed)) = written {
            response.resize(needed, 0);
            written = write(&mut response);
        }
        response.truncate(written.unwrap_or_default());
        let (is_error, answer) = match member(&response, b"result") {
            Some(result) => (false, result),
            None => (true, member(&response, b"error").unwrap_or_default()),
        };
        self.journal.end(&self.key, is_error, answer);
    }
}

impl Waiter for Begun {
    fn done(&self, tag: u64, outcome: Outcome<'_>, cost: Cost) {
        match self.end() {
            Phase::Over => {}
            Phase::Begun if !self.was_not_entered(&outcome) => self.record(outcome),
            _ => self.journal.free(&self.key),
        }
        self.inner.done(tag, outcome, cost);
    }

    fn refused(&self, tag: u64, why: &str) {
        self.free();
        self.inner.refused(tag, why);
    }

    fn leaves(&self, _: u64) -> Leave {
        let mut phase = lock(&self.phase);
        match *phase {
            Phase::Begun => return Leave::Now,
            Phase::Writing => return Leave::Later,
            Phase::Over => return Leave::Never,
            Phase::Reserved => *phase = Phase::Writing,
            Phase::NotRun(_) => {}
        }
        drop(phase);
        if self.was_refused() {
            return Leave::Never;
        }
        let (own, device) = (Weak::clone(&self.own), self.device.clone());
        let committed = self.journal.commit(&self.key, move |committed| {
            if let Some(own) = own.upgrade() {
                own.written(committed);
            }
            // Others may be held behind it, also where it was cancelled.
            device.iter().for_each(|device| device.let_go());
        });
        match committed {
            Some(committed) => self.written(committed),
            None => return Leave::Later,
        }
        if self.was_refused() { Leave::Never } else { Leave::Now }
    }

    fn progress(&self, tag: u64, done: (u32, u32), text: &str) -> bool {
        self.inner.progress(tag, done, text)
    }

    fn log(&self, tag: u64, level: u8, text: &str) {
        self.inner.log(tag, level, text);
    }

    fn needs_person(&self, tag: u64, consent: Consent, args: &[u8], cost: Cost) {
        self.free();
        self.inner.needs_person(tag, consent, args, cost);
    }

    fn needs_input(&self, tag: u64, asked: &Asked<'_>, cost: Cost) {
        // The client repeats the call with its answers, under the same id.
        self.free();
        self.inner.needs_input(tag, asked, cost);
    }
}

impl Drop for Begun {
    fn drop(&mut self) {
        match self.end() {
            Phase::Over => {}
            Phase::Begun => self.journal.lose(&self.key),
            _ => self.journal.free(&self.key),
        }
    }
}
