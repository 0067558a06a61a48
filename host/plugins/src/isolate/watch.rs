//! The thread that watches the calls of a plug-in in a process of its own: their deadlines, whether
//! their clients have cancelled them, and the CPU time that they use.

use std::sync::{Arc, PoisonError};
use std::thread;
use std::time::{Duration, Instant};

use trine_descriptor::ToolTable as _;
use trine_wire::message::HostMessage;

use super::process::{Process, mark_thread};
use super::shared::{Refused, Shared, State, refuse};
use crate::workers::GRACE_MS;

/// How often calls are looked at, and for how long after the last one.
const PERIOD: Duration = Duration::from_millis(20);
const IDLE: Duration = Duration::from_secs(1);
/// Shortest pause, where a call has nearly used its CPU time.
const PERIOD_MIN: Duration = Duration::from_millis(1);

impl Shared {
    /// Lets the watch look at what is there.
    pub(super) fn watch(self: &Arc<Self>, state: &mut State) {
        if state.is_asleep {
            state.is_asleep = false;
            self.wake.notify_all();
        }
        if std::mem::replace(&mut state.is_watching, true) {
            return;
        }
        let own = Arc::clone(self);
        let work = move || {
            mark_thread();
            own.look_on();
        };
        let name = format!("{} watch", self.title());
        if let Err(error) = thread::Builder::new().name(name).spawn(work) {
            state.is_watching = false;
            tracing::error!("{}: no thread can be started: {error}", self.title());
        }
    }

    fn look_on(self: &Arc<Self>) {
        let mut busy = Instant::now();
        let mut state = self.lock();
        loop {
            let is_idle = state.waiting.is_empty()
                && state.processes().all(|it| {
                    let inside = it.inside();
                    inside.slots.is_idle() && inside.ends_by.is_none()
                });
            if state.is_closed && state.processes().next().is_none() && state.waiting.is_empty() {
                state.is_watching = false;
                return;
            }
            let now = Instant::now();
            if !is_idle {
                busy = now;
            }
            if is_idle && now.duration_since(busy) > IDLE {
                state.is_asleep = true;
                let woken =
                    self.wake.wait_while(state, |state| state.is_asleep && !state.is_closed);
                state = woken.unwrap_or_else(PoisonError::into_inner);
                state.is_asleep = false;
                busy = Instant::now();
                continue;
            }
            let (refused, pause) = self.look(&mut state, now);
            if refused.is_empty() {
                let waited = self.wake.wait_timeout(state, pause);
                state = waited.unwrap_or_else(PoisonError::into_inner).0;
            } else {
                drop(state);
                refuse(refused);
                state = self.lock();
            }
        }
    }

    /// Looks once: the calls that are over, and the time until the next look.
    fn look(self: &Arc<Self>, state: &mut State, now: Instant) -> (Refused, Duration) {
        let (mut refused, mut pause) = (Refused::new(), PERIOD);
        let is_over = |limit: u64, row: u16| {
            let name = self.sealed.table.info(row).map(|info| info.name).unwrap_or_default();
            format!("{name} did not answer within {limit} ms")
        };
        for waiting in std::mem::take(&mut state.waiting) {
            if waiting.until <= now || waiting.call.is_cancelled() {
                let why = is_over(waiting.limit, waiting.call.row());
                refused.push((waiting.call, why));
            } else {
                pause = pause.min(waiting.until - now);
                state.waiting.push_back(waiting);
            }
        }
        for process in state.processes().cloned().collect::<Vec<_>>() {
            process.look();
            let (stuck, next) = self.look_at(&process, now, &mut refused);
            pause = pause.min(next);
            if let Some(row) = stuck {
                // Others that run there may end, and the next call gets another process.
                let name = self.sealed.table.info(row).map(|info| info.name).unwrap_or_default();
                let why = format!("{name} did not return {GRACE_MS} ms after its time was over");
                state.retire(&process);
                let is_alone = process.inside().slots.begun().all(|it| it.call.is_none());
                if is_alone {
                    process.kill(&why);
                }
            }
            let ends_by = process.inside().ends_by;
            if ends_by.is_some_and(|by| by <= now) {
                process.kill("its shutdown did not return");
            }
        }
        if !state.waiting.is_empty() {
            refused.extend(self.pump(state));
        }
        (refused, pause.max(PERIOD_MIN))
    }

    /// Looks at the calls of a process: one that does not return, and the time until the next look.
    fn look_at(
        &self,
        process: &Arc<Process>,
        now: Instant,
        refused: &mut Refused,
    ) -> (Option<u16>, Duration) {
        let cap = self.sealed.program.caps.call_cpu;
        let cores =
            thread::available_parallelism().map_or(1, |it| u32::try_from(it.get()).unwrap_or(1));
        let (mut stuck, mut pause, mut spent) = (None, PERIOD, false);
        let mut cancelled = Vec::new();
        let mut inside = process.inside();
        if !inside.slots.is_idle() {
            inside.slots.charge(process.cpu(), &self.account);
        }
        for begun in inside.slots.begun() {
            if let Some(cap) = cap {
                spent |= begun.used >= cap;
                pause = pause.min(cap.saturating_sub(begun.used) / cores);
            }
            let is_late = begun.until <= now;
            let is_cancelled = begun.call.as_ref().is_some_and(|call| call.is_cancelled());
            if (is_late || is_cancelled) && !std::mem::replace(&mut begun.is_cancelled, true) {
                cancelled.push(begun.id());
            }
            match begun.grace {
                None if is_late => {
                    begun.grace = Some(now + Duration::from_millis(GRACE_MS));
                    let name = self.sealed.table.info(begun.row()).map(|info| info.name);
                    let why = format!(
                        "{} did not answer within {} ms",
                        name.unwrap_or_default(),
                        begun.limit
                    );
                    refused.extend(begun.call.take().map(|call| (call, why)));
                }
                None => pause = pause.min(begun.until - now),
                Some(grace) if grace <= now => stuck = Some(begun.row()),
                Some(_) => {}
            }
        }
        drop(inside);
        for id in cancelled {
            process.send_message(&HostMessage::Cancel { id });
        }
        if spent {
            let cap = cap.unwrap_or_default();
            process.kill(&format!("a call has used its {cap:?} of CPU time"));
        }
        (stuck, pause)
    }
}
