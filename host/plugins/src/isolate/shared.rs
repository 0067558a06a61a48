//! The calls of a plug-in whose process may end at any time: they wait, begin in a process, and are
//! never begun twice.

use std::collections::VecDeque;
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use tracing::warn;
use trine_gateway::host_tools::HostCall;
use trine_wire::message::HostMessage;

use super::calls::{Begun, Slots, Waiting};
use super::process::{Process, SLACK, is_marked};
use super::serve::{Sealed, start_process};
use super::wire::op;
use super::{Caps, ProcessUsage};
use crate::account::{Charged, Over};
use crate::instance::deadline_ms;

/// What is told why a plug-in does not serve any more.
pub(super) type Lost = Box<dyn Fn(&str) + Send + Sync>;

pub(super) struct Shared {
    pub(super) sealed: Arc<Sealed>,
    /// What its calls are charged to.
    pub(super) account: Charged,
    lost: Lost,
    pub(super) state: Mutex<State>,
    /// The watch has something to do.
    pub(super) wake: Condvar,
    /// A process was published, or has ended.
    changed: Condvar,
    /// Held by who asks whether it can work.
    pub(super) asking: Mutex<()>,
}

#[derive(Default)]
pub(super) struct State {
    /// The process that takes calls.
    pub(super) current: Option<Arc<Process>>,
    /// Those that have calls under way and take none.
    pub(super) others: Vec<Arc<Process>>,
    is_starting: bool,
    pub(super) waiting: VecDeque<Waiting>,
    /// When processes ended that should not have.
    failures: VecDeque<Instant>,
    withdrawn: Option<String>,
    pub(super) is_closed: bool,
    pub(super) is_watching: bool,
    pub(super) is_asleep: bool,
    /// Of the processes that have ended, but for the one that runs.
    usage: ProcessUsage,
    /// What is told when it is closed and its last process has ended.
    over: Option<Over>,
}

impl State {
    /// The processes that have not ended.
    pub(super) fn processes(&self) -> impl Iterator<Item = &Arc<Process>> {
        self.current.iter().chain(&self.others)
    }

    /// The process that takes calls takes none any more, and ends when it has none.
    pub(super) fn retire(&mut self, process: &Arc<Process>) {
        process.inside().is_leaving = true;
        if self.current.as_ref().is_some_and(|it| Arc::ptr_eq(it, process)) {
            self.others.extend(self.current.take());
        }
    }

    /// What is told that nothing runs any more and nothing will, once; when nothing is locked.
    fn take_over(&mut self) -> Option<Over> {
        let is_over = self.is_closed && !self.is_starting && self.processes().next().is_none();
        if is_over { self.over.take() } else { None }
    }
}

/// Calls that have to be ended when nothing is locked: the last one may take the plug-in out.
pub(super) type Refused = Vec<(HostCall, String)>;

pub(super) fn refuse(calls: Refused) {
    calls.into_iter().for_each(|(call, why)| call.error(&why));
}

impl Shared {
    pub(super) fn new(sealed: &Arc<Sealed>, account: Charged, lost: Lost) -> Arc<Self> {
        let (state, wake, changed) = (Mutex::default(), Condvar::new(), Condvar::new());
        let (sealed, asking) = (Arc::clone(sealed), Mutex::default());
        Arc::new(Self { sealed, account, lost, state, wake, changed, asking })
    }

    pub(super) fn lock(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn caps(&self) -> &Caps {
        &self.sealed.program.caps
    }

    /// The plug-in, for a message about it.
    pub(super) fn title(&self) -> String {
        let about = self.sealed.about();
        format!("plug-in {} {}", about.name, about.version)
    }

    /// Begins a call, now or when its process takes it.
    pub(super) fn call(self: &Arc<Self>, call: HostCall) {
        let limit = deadline_ms(&self.sealed.table, call.row());
        let until = Instant::now() + Duration::from_millis(limit);
        let mut state = self.lock();
        if let Some(why) = &state.withdrawn {
            let why = why.clone();
            drop(state);
            return call.error(&why);
        }
        state.waiting.push_back(Waiting { call, until, limit });
        let refused = self.pump(&mut state);
        self.watch(&mut state);
        drop(state);
        refuse(refused);
    }

    /// Begins the calls that wait as far as there is a process that takes them, and starts one.
    pub(super) fn pump(self: &Arc<Self>, state: &mut State) -> Refused {
        let mut refused = Refused::new();
        while !state.waiting.is_empty() {
            let Some(process) = state.current.clone() else {
                if state.is_starting {
                    break;
                }
                match start_process(self) {
                    Ok(()) => state.is_starting = true,
                    Err(why) => {
                        let calls = state.waiting.drain(..);
                        refused.extend(calls.map(|waiting| (waiting.call, why.clone())));
                    }
                }
                break;
            };
            let mut inside = process.inside();
            let place = match inside.slots.free() {
                Ok(Some(place)) => place,
                Ok(None) => break,
                Err(()) => {
                    drop(inside);
                    state.retire(&process);
                    self.let_end(&process);
                    continue;
                }
            };
            let Some(waiting) = state.waiting.pop_front() else { break };
            inside.slots.charge(process.cpu(), &self.account);
            let frame = inside.slots.begin(place, waiting, &self.sealed.table);
            drop(inside);
            if let Some(frame) = frame {
                process.send(&frame);
            }
        }
        refused
    }

    /// The first process, or a further one, takes calls.
    pub(super) fn publish(self: &Arc<Self>, process: &Arc<Process>) {
        process.inside().slots = Slots::new(self.sealed.described.calls_max);
        let mut state = self.lock();
        state.is_starting = false;
        state.current = Some(Arc::clone(process));
        if state.is_closed {
            self.end(&mut state);
        }
        let refused = self.pump(&mut state);
        self.watch(&mut state);
        drop(state);
        self.changed.notify_all();
        refuse(refused);
    }

    /// There was no process, and will be none.
    pub(super) fn forget(&self) {
        self.lock().is_closed = true;
        self.wake.notify_all();
    }

    /// A call has ended, so that its process takes another one.
    pub(super) fn is_free(self: &Arc<Self>, process: &Arc<Process>, begun: &Begun) {
        let mut state = self.lock();
        if begun.is_alone {
            state.usage.last_call = Some(begun.used);
        }
        let refused = self.pump(&mut state);
        drop(state);
        self.let_end(process);
        refuse(refused);
    }

    /// Asks a process that takes no more calls and has none to end.
    pub(super) fn let_end(&self, process: &Process) {
        let mut inside = process.inside();
        if !inside.is_leaving || inside.ends_by.is_some() || !inside.slots.is_idle() {
            return;
        }
        inside.ends_by = Some(Instant::now() + self.sealed.program.patience + SLACK);
        drop(inside);
        process.send_message(&HostMessage::Factory { op: op::END, arg: &[] });
    }

    /// A process has ended, or was not to be started: `failure` says what happened where it should
    /// not have.
    pub(super) fn ended(
        self: &Arc<Self>,
        process: Option<&Arc<Process>>,
        cpu: Duration,
        failure: Option<String>,
    ) {
        let title = self.title();
        let mut state = self.lock();
        // No call begins in it from here on, and nothing is asked.
        let (mut calls, mut asked) = (Vec::new(), None);
        if let Some(process) = process {
            let mut inside = process.inside();
            inside.slots.charge(Some(cpu), &self.account);
            inside.is_over = true;
            (calls, asked) = (inside.slots.take_all(), inside.asked.take());
        }
        match process {
            None => state.is_starting = false,
            Some(process) => {
                let is_it = |it: &Arc<Process>| Arc::ptr_eq(it, process);
                state.current.take_if(|it| is_it(it));
                state.others.retain(|it| !is_it(it));
            }
        }
        state.usage.cpu += cpu;
        let (mut refused, mut lost) = (Refused::new(), None);
        if let Some(why) = failure.as_ref().filter(|_| !state.is_closed) {
            warn!("{title}: its process {why}");
            state.usage.failures += 1;
            state.usage.last_failure = Some(why.clone());
            let now = Instant::now();
            state.failures.push_back(now);
            let is_old = |at: &Instant| now.duration_since(*at) > Caps::RESTARTS_IN;
            while state.failures.front().is_some_and(is_old) {
                state.failures.pop_front();
            }
            if state.failures.len() > self.caps().restarts as usize {
                let times = state.failures.len();
                let why = format!(
                    "{title} was withdrawn: its process failed {times} times; the last time it \
                     {why}"
                );
                let waiting = state.waiting.drain(..);
                refused.extend(waiting.map(|waiting| (waiting.call, why.clone())));
                state.withdrawn = Some(why.clone());
                lost = Some(why);
            }
        }
        if lost.is_none() {
            refused = self.pump(&mut state);
        }
        let over = state.take_over();
        drop(state);
        drop(over);
        self.changed.notify_all();
        self.wake.notify_all();
        drop(asked);
        let why = failure.unwrap_or_else(|| "has ended".to_owned());
        for call in calls.into_iter().filter_map(|begun| begun.call) {
            call.error(&format!(
                "outcome unknown: {title}: its process {why}. The call is not repeated; look \
                 whether it did its work before you call again"
            ));
        }
        refuse(refused);
        if let Some(why) = lost {
            (self.lost)(&why);
        }
    }

    /// The process that takes calls. Where there is none, one is started and waited for.
    pub(super) fn process(self: &Arc<Self>, patience: Duration) -> Result<Arc<Process>, String> {
        let until = Instant::now() + patience;
        let mut state = self.lock();
        loop {
            if let Some(why) = &state.withdrawn {
                return Err(why.clone());
            }
            if let Some(process) = &state.current {
                return Ok(Arc::clone(process));
            }
            let left = until.saturating_duration_since(Instant::now());
            if state.is_closed || left.is_zero() {
                return Err("it has no process".to_owned());
            }
            if !state.is_starting {
                start_process(self)?;
                state.is_starting = true;
            }
            let waited = self.changed.wait_timeout(state, left);
            state = waited.unwrap_or_else(PoisonError::into_inner).0;
        }
    }

    pub(super) fn usage(&self) -> ProcessUsage {
        let state = self.lock();
        let mut usage = state.usage.clone();
        for process in state.processes() {
            usage.cpu += process.cpu().unwrap_or_else(|| process.cpu_seen());
        }
        if let Some(process) = &state.current {
            usage.process = u32::try_from(process.pid.0).ok();
            usage.memory = process.memory();
        }
        usage
    }

    /// A process has closed its socket and is about to end: no call begins in it.
    pub(super) fn is_ending(&self, process: &Arc<Process>) {
        self.lock().retire(process);
    }

    /// The last call has ended. Its state is freed and its process ends; that is waited for, but
    /// on a thread that the process needs for it. `over` is dropped when it has ended.
    pub(super) fn close(self: &Arc<Self>, over: Over) {
        let mut state = self.lock();
        state.is_closed = true;
        state.over = Some(over);
        self.end(&mut state);
        self.watch(&mut state);
        self.wake.notify_all();
        if !is_marked() {
            let patience = self.sealed.program.patience.saturating_add(2 * SLACK);
            let lives = |state: &mut State| state.is_starting || state.processes().next().is_some();
            let waited = self.changed.wait_timeout_while(state, patience, lives);
            state = waited.unwrap_or_else(PoisonError::into_inner).0;
        }
        let over = state.take_over();
        drop(state);
        drop(over);
    }

    fn end(&self, state: &mut State) {
        if let Some(process) = state.current.clone() {
            state.retire(&process);
            self.let_end(&process);
        }
    }
}
