//! A call in an instance, in slices of fuel: between two of them it can be put aside, and the time
//! is looked at.

use std::sync::OnceLock;
use std::time::{Duration, Instant};

use trine_mcp::Outcome;
use wasmi::{TypedFunc, TypedResumableCall, TypedResumableCallOutOfFuel, WasmParams, WasmResults};

use crate::call::{Call, Judged};
use crate::engine::{self, Live, Tool};
use crate::limits::Stop;

/// Fuel of a slice: about a millisecond.
pub(crate) const SLICE: u64 = 200_000;
/// Fuel of the first slice of a call, which may run on the thread that reads requests: at most
/// some 0.1 ms.
pub(crate) const FIRST: u64 = 20_000;
/// Bytes of content that are asked for at once.
const CHUNK: u32 = 16 * 1024;

const NO_READER: &str = "the tool announced content, and has no `on_read`: report this to its \
    author";
const CUT: &str = "the tool ended its content early";

/// Milliseconds of a clock that does not go back.
pub(crate) fn now() -> u64 {
    static START: OnceLock<Instant> = OnceLock::new();
    u64::try_from(START.get_or_init(Instant::now).elapsed().as_millis()).unwrap_or(u64::MAX)
}

/// What a call may still use.
#[derive(Debug)]
pub(crate) struct Budget {
    /// Fuel that was not handed out yet.
    fuel: u64,
    time: Duration,
    /// When its time is over, once it has used a slice.
    until: Option<Instant>,
}

/// A call that was put aside.
pub(crate) struct Run {
    budget: Budget,
    at: At,
}

enum At {
    Called(TypedResumableCallOutOfFuel<i32>),
    /// Content of so many bytes is to be read.
    Content(u32),
}

/// What has become of a call.
pub(crate) enum Step {
    Ended,
    /// It was stopped, and has ended with an error. Its instance is of no use any more.
    Stopped,
    Suspended(Run),
}

/// Who is told the end of a call that this program made.
pub(crate) type End<'e> = &'e mut dyn FnMut(Outcome<'_>);

impl Live {
    /// What functions that are called beside calls may use, together.
    pub(crate) fn budget(&mut self) -> Budget {
        self.budget_of(SLICE, self.limits.time)
    }

    fn budget_of(&mut self, slice: u64, time: Duration) -> Budget {
        let first = slice.min(self.limits.fuel);
        self.give(first);
        Budget { fuel: self.limits.fuel - first, time, until: None }
    }

    /// Hands the next slice out, which is enough for what needs `required`.
    fn next_slice(&mut self, budget: &mut Budget, required: u64) -> Result<(), Stop> {
        let all = budget.fuel.saturating_add(self.fuel());
        if required > all {
            return Err(Stop::Fuel(self.limits.fuel));
        }
        let now = Instant::now();
        let until = *budget.until.get_or_insert_with(|| now + budget.time);
        if now >= until {
            return Err(Stop::Time(budget.time));
        }
        let slice = SLICE.max(required).min(all);
        budget.fuel = all - slice;
        self.give(slice);
        Ok(())
    }

    /// Calls a function and waits for its end.
    pub(crate) fn complete<P: WasmParams, R: WasmResults>(
        &mut self,
        function: TypedFunc<P, R>,
        params: P,
    ) -> Result<R, Stop> {
        let mut budget = self.budget();
        self.complete_within(&mut budget, function, params)
    }

    pub(crate) fn complete_within<P: WasmParams, R: WasmResults>(
        &mut self,
        budget: &mut Budget,
        function: TypedFunc<P, R>,
        params: P,
    ) -> Result<R, Stop> {
        self.store.data_mut().cap.refused = false;
        let mut step = function.call_resumable(&mut self.store, params);
        loop {
            step = match step {
                Ok(TypedResumableCall::Finished(answer)) => return Ok(answer),
                Ok(TypedResumableCall::OutOfFuel(rest)) => {
                    self.next_slice(budget, rest.required_fuel())?;
                    rest.resume(&mut self.store)
                }
                Ok(TypedResumableCall::HostTrap(trap)) => {
                    return Err(Stop::Trap(trap.host_error().to_string()));
                }
                Err(error) => return Err(self.stop(&error)),
            };
        }
    }

    /// Why the interpreter gave up.
    pub(crate) fn stop(&self, error: &wasmi::Error) -> Stop {
        Stop::new(error, &self.limits, self.store.data().cap.refused)
    }

    /// Begins a call. A first slice that is not enough puts it aside.
    pub(crate) fn begin(&mut self, call: Call, end: End<'_>) -> Step {
        let Some(tool) = self.tool(call.row()) else {
            call.error("there is no such tool", end);
            return Step::Ended;
        };
        let Tool { call: function, user_data, time, .. } = *tool;
        let handle = self.store.data_mut().begin(call, time);
        let budget = self.budget_of(FIRST, time);
        let step = function.call_resumable(&mut self.store, (user_data, handle));
        self.follow(step, budget, end)
    }

    /// Runs a call that was put aside to its end.
    pub(crate) fn resume(&mut self, mut run: Run, end: End<'_>) -> Step {
        loop {
            let Run { mut budget, at } = run;
            let step = match at {
                At::Content(size) => return self.content(size, &mut budget, end),
                At::Called(rest) => match self.next_slice(&mut budget, rest.required_fuel()) {
                    Ok(()) => {
                        let step = rest.resume(&mut self.store);
                        self.follow(step, budget, end)
                    }
                    Err(stop) => return self.stopped(stop, end),
                },
            };
            match step {
                Step::Suspended(again) => run = again,
                over => return over,
            }
        }
    }

    fn follow(
        &mut self,
        step: Result<TypedResumableCall<i32>, wasmi::Error>,
        budget: Budget,
        end: End<'_>,
    ) -> Step {
        match step {
            Ok(TypedResumableCall::Finished(answer)) => self.judge(answer, budget, end),
            Ok(TypedResumableCall::OutOfFuel(rest)) => {
                Step::Suspended(Run { budget, at: At::Called(rest) })
            }
            Ok(TypedResumableCall::HostTrap(trap)) => {
                let stop = Stop::Trap(trap.host_error().to_string());
                self.stopped(stop, end)
            }
            Err(error) => self.stopped(self.stop(&error), end),
        }
    }

    fn judge(&mut self, answer: i32, budget: Budget, end: End<'_>) -> Step {
        let Some(call) = self.store.data_mut().end() else { return Step::Ended };
        match call.judge(answer, end) {
            Judged::Ended(room) => {
                self.room = room;
                Step::Ended
            }
            Judged::Read(call, size) => {
                self.store.data_mut().call = Some(*call);
                Step::Suspended(Run { budget, at: At::Content(size) })
            }
        }
    }

    fn stopped(&mut self, stop: Stop, end: End<'_>) -> Step {
        if let Some(call) = self.store.data_mut().end() {
            call.error(&stop.to_string(), end);
        }
        Step::Stopped
    }

    /// Reads the content that a tool has announced, and ends its call.
    fn content(&mut self, size: u32, budget: &mut Budget, end: End<'_>) -> Step {
        let read = self.read(size, budget);
        if let Err(Unread::Stopped(stop)) = read {
            return self.stopped(stop, end);
        }
        let Some(call) = self.store.data_mut().end() else { return Step::Ended };
        match read {
            Ok(bytes) => call.content(&bytes, end),
            Err(Unread::Because(why)) => call.error(&why, end),
            Err(Unread::Stopped(_)) => {}
        }
        Step::Ended
    }

    fn read(&mut self, size: u32, budget: &mut Budget) -> Result<Vec<u8>, Unread> {
        let max = self.limits.result;
        if usize::try_from(size).is_ok_and(|size| size > max) {
            return Err(Unread::Because(format!(
                "the tool announced {size} bytes of content, and its limit `result` is {max}"
            )));
        }
        let row = self.store.data().call.as_ref().map(Call::row);
        let tool = row.and_then(|row| self.tool(row)).copied();
        let Some(Tool { on_read: Some(on_read), user_data, .. }) = tool else {
            return Err(Unread::Because(NO_READER.to_owned()));
        };
        let Some(buffer) = engine::reserve(&mut self.store, CHUNK) else {
            return Err(Unread::Because(engine::NO_ROOM.to_owned()));
        };
        let mut content = Vec::new();
        while let Ok(at) = u32::try_from(content.len())
            && at < size
        {
            let (offset, most) = (at.cast_signed(), (size - at).min(CHUNK));
            let params = (user_data, 0, offset, buffer.cast_signed(), most.cast_signed());
            let count = self.complete_within(budget, on_read, params).map_err(Unread::Stopped)?;
            let count = count.cast_unsigned().min(most);
            let bytes = self.linear().bytes(buffer, count).filter(|bytes| !bytes.is_empty());
            let Some(bytes) = bytes else { return Err(Unread::Because(CUT.to_owned())) };
            content.extend_from_slice(bytes);
        }
        Ok(content)
    }
}

/// Why content was not read.
enum Unread {
    Stopped(Stop),
    Because(String),
}
