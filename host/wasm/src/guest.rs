//! The tools of a module, for a gateway.
//!
//! A module has one memory, so one call is in it at a time. The first slice of a call runs on the
//! thread that brings it, if the module is free: most tools are done then. A call that needs more
//! is put aside and goes on, with those that wait, on the module's own thread.

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::sync::mpsc::{Receiver, Sender, channel};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError, TryLockError};

use trine_descriptor::{Side, validate};
use trine_gateway::host_tools::{HostCall, HostTools, table};
use trine_gateway::table::Table;
use trine_mcp::{Failure, Outcome};

use crate::call::{Call, Origin};
use crate::engine::{Code, Live};
use crate::error::{Error, Result};
use crate::limits::Limits;
use crate::nodes::{self, Entry};
use crate::plugin::{self, Facts, Places};
use crate::run::{Run, Step};

/// The tools of a module. Dropped or shut down, the module's `shutdown` is called.
pub struct Guest {
    shared: Arc<Shared>,
    jobs: Sender<Job>,
}

impl std::fmt::Debug for Guest {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Guest").field("facts", &self.shared.facts).finish_non_exhaustive()
    }
}

struct Shared {
    code: Code,
    facts: Facts,
    table: Arc<Table>,
    places: Places,
    entries: Vec<Entry>,
    runner: Mutex<Runner>,
    /// Calls that wait for the module's thread.
    waiting: AtomicUsize,
    is_down: AtomicBool,
}

/// The instance, if there is one, and the call in it that was put aside.
#[derive(Default)]
struct Runner {
    live: Option<Live>,
    aside: Option<Run>,
}

enum Job {
    Call(HostCall),
    /// A call was put aside, or the tools were shut down.
    Look,
}

/// Of a call whose client is told its end by the gateway.
fn untold(_: Outcome<'_>) {}

impl Guest {
    /// Loads a module: compiles it, reads its table and its tools, and lets it make its state and
    /// try its tools.
    ///
    /// # Errors
    /// What is wrong with the module. The bytes may be anything.
    pub fn load(wasm: &[u8], limits: &Limits) -> Result<Self> {
        // A panic would be a bug of the interpreter or of this program, and ends neither.
        let load = AssertUnwindSafe(|| Self::open(wasm, limits));
        let panicked = |_| Err(Error::Module("the interpreter panicked".to_owned()));
        catch_unwind(load).unwrap_or_else(panicked)
    }

    fn open(wasm: &[u8], limits: &Limits) -> Result<Self> {
        let (guest, todo) = Self::make(wasm, limits)?;
        let worker = Arc::clone(&guest.shared);
        let name = format!("wasm {}", guest.shared.facts.name);
        let thread = std::thread::Builder::new().name(name);
        thread.spawn(move || worker.work(&todo)).map_err(Error::Thread)?;
        Ok(guest)
    }

    /// The tools, and what their thread has to do.
    fn make(wasm: &[u8], limits: &Limits) -> Result<(Self, Receiver<Job>)> {
        let code = Code::new(wasm, limits)?;
        let (mut live, at) = code.instance()?;
        let (facts, places) = plugin::read(live.linear(), at)?;
        let (tools, entries) = {
            let described = nodes::read(live.linear(), places.tools, places.tool_count)?;
            let tools: Vec<_> = described.iter().map(nodes::Described::tool).collect();
            (table(&tools)?, described.iter().map(|tool| tool.entry).collect::<Vec<_>>())
        };
        live.init(&places, &entries)?;
        if let Err(error) = live.self_test(&places) {
            _ = live.shutdown();
            return Err(error);
        }
        let shared = Arc::new(Shared {
            code,
            facts,
            table: tools,
            places,
            entries,
            runner: Mutex::new(Runner { live: Some(live), aside: None }),
            waiting: AtomicUsize::new(0),
            is_down: AtomicBool::new(false),
        });
        let (jobs, todo) = channel();
        Ok((Self { shared, jobs }, todo))
    }

    /// What the module says of itself.
    #[must_use]
    pub fn facts(&self) -> &Facts {
        &self.shared.facts
    }

    /// What the module may use.
    #[must_use]
    pub fn limits(&self) -> &Limits {
        self.shared.code.limits()
    }

    /// Asks the module whether its tools can work. While a call runs they can.
    ///
    /// # Errors
    /// When the module says that they cannot, or does not answer.
    pub fn health(&self) -> Result<()> {
        let Some(mut runner) = self.shared.try_runner() else { return Ok(()) };
        if runner.aside.is_some() {
            return Ok(());
        }
        let live = self.shared.live(&mut runner)?;
        let health = live.health();
        if matches!(health, Err(Error::Stopped { .. })) {
            runner.live = None;
        }
        health
    }

    /// Runs a call on this thread and tells its end once: for a program that is no gateway, and to
    /// measure. The arguments are encoded; they and a result are validated.
    pub fn call_here(&self, row: u16, args: &[u8], end: &mut dyn FnMut(Outcome<'_>)) {
        let table = &*self.shared.table;
        if let Err(fault) = validate(table, row, Side::Params, args) {
            return end(Outcome::Fault(fault));
        }
        let mut judged = |outcome: Outcome<'_>| {
            let fault = match outcome {
                Outcome::Value(entries) => validate(table, row, Side::Output, entries).err(),
                _ => None,
            };
            end(fault.map_or(outcome, Outcome::BadResult));
        };
        let mut runner = self.shared.runner();
        self.shared.settle(&mut runner);
        self.shared.run(&mut runner, Origin::Here(args.into()), row, &mut judged);
        self.shared.settle_telling(&mut runner, &mut judged);
    }

    fn enqueue(&self, call: HostCall) {
        let waiting = &self.shared.waiting;
        if waiting.fetch_add(1, Ordering::AcqRel) >= self.limits().waiting {
            waiting.fetch_sub(1, Ordering::AcqRel);
            return call.done(Outcome::Failed(Failure::Busy));
        }
        // Where the thread has ended, the call is dropped, of which its client is told.
        _ = self.jobs.send(Job::Call(call));
    }
}

impl HostTools for Guest {
    fn table(&self) -> &Arc<Table> {
        &self.shared.table
    }

    fn call(&self, call: HostCall) {
        let shared = &*self.shared;
        let is_free = shared.waiting.load(Ordering::Acquire) == 0;
        let Some(mut runner) = shared.try_runner().filter(|_| is_free) else {
            return self.enqueue(call);
        };
        // A new instance may take long to start.
        if runner.aside.is_some() || runner.live.is_none() {
            return self.enqueue(call);
        }
        let row = call.row();
        shared.run(&mut runner, Origin::Gateway(call), row, &mut untold);
        if runner.aside.is_some() {
            drop(runner);
            _ = self.jobs.send(Job::Look);
        }
    }

    fn shutdown(&self) {
        // Not here: this may be the thread on which the last call ends, inside the module.
        self.shared.is_down.store(true, Ordering::Release);
        _ = self.jobs.send(Job::Look);
    }
}

impl Shared {
    fn runner(&self) -> MutexGuard<'_, Runner> {
        self.runner.lock().unwrap_or_else(|poisoned| self.recover(poisoned))
    }

    /// The runner, unless it is in use.
    fn try_runner(&self) -> Option<MutexGuard<'_, Runner>> {
        match self.runner.try_lock() {
            Ok(runner) => Some(runner),
            Err(TryLockError::Poisoned(poisoned)) => Some(self.recover(poisoned)),
            Err(TryLockError::WouldBlock) => None,
        }
    }

    /// After a panic, which is a bug of this program: the instance may be in any state.
    fn recover<'g>(&self, poisoned: PoisonError<MutexGuard<'g, Runner>>) -> MutexGuard<'g, Runner> {
        let mut runner = poisoned.into_inner();
        *runner = Runner::default();
        self.runner.clear_poison();
        runner
    }

    /// The instance, or a new one after the last was stopped.
    fn live<'r>(&self, runner: &'r mut Runner) -> Result<&'r mut Live> {
        if runner.live.is_none() {
            let (mut live, _) = self.code.instance()?;
            live.init(&self.places, &self.entries)?;
            runner.live = Some(live);
        }
        runner.live.as_mut().ok_or_else(|| Error::Table("it has no instance".to_owned()))
    }

    /// Begins a call; where its first slice is not enough it is put aside.
    fn run(&self, runner: &mut Runner, origin: Origin, row: u16, end: &mut dyn FnMut(Outcome<'_>)) {
        let most = self.code.limits().result;
        let call = |room| Call::new(origin, (Arc::clone(&self.table), row), (room, most));
        let step = match self.live(runner) {
            Ok(live) => {
                let room = std::mem::take(&mut live.room);
                live.begin(call(room), end)
            }
            Err(error) => {
                let why = format!("the plug-in could not be started again: {error}");
                return call(Vec::new()).error(&why, end);
            }
        };
        Self::follow(runner, step);
    }

    fn follow(runner: &mut Runner, step: Step) {
        match step {
            Step::Ended => {}
            Step::Stopped => runner.live = None,
            Step::Suspended(run) => runner.aside = Some(run),
        }
    }

    /// Runs the call that was put aside to its end.
    fn settle(&self, runner: &mut Runner) {
        self.settle_telling(runner, &mut untold);
    }

    #[expect(clippy::unused_self, reason = "as the others")]
    fn settle_telling(&self, runner: &mut Runner, end: &mut dyn FnMut(Outcome<'_>)) {
        let Some(run) = runner.aside.take() else { return };
        if let Some(live) = &mut runner.live {
            let step = live.resume(run, end);
            Self::follow(runner, step);
        }
    }

    /// The module's thread.
    fn work(&self, todo: &Receiver<Job>) {
        while let Ok(job) = todo.recv() {
            let is_call = matches!(job, Job::Call(_));
            // A panic is a bug of this program. It ends the call, whose client is told.
            _ = catch_unwind(AssertUnwindSafe(|| {
                let mut runner = self.runner();
                self.settle(&mut runner);
                if let Job::Call(call) = job {
                    let row = call.row();
                    self.run(&mut runner, Origin::Gateway(call), row, &mut untold);
                    self.settle(&mut runner);
                }
            }));
            if is_call {
                self.waiting.fetch_sub(1, Ordering::AcqRel);
            }
            if self.is_down.load(Ordering::Acquire) {
                break;
            }
        }
        let mut runner = self.runner();
        self.settle(&mut runner);
        if let Some(live) = &mut runner.live {
            // There is no one to tell of what goes wrong with it.
            _ = live.shutdown();
        }
        runner.live = None;
    }
}

#[cfg(test)]
#[path = "../tests/suite/modules.rs"]
#[expect(dead_code, reason = "the tests outside use the rest")]
mod modules;

#[cfg(test)]
mod tests {
    use trine_descriptor::ValueWriter;
    use trine_gateway::host_tools::{Caller, End};
    use trine_gateway::{DeviceArgs, Hub, Prefix, Settings};

    use super::modules::{Plug, int, value};
    use super::*;

    /// What ended how, in its order.
    #[derive(Default)]
    struct Ended(Mutex<Vec<(u64, Option<Vec<u8>>)>>);

    impl End for Ended {
        fn ended(&self, number: u64, outcome: Outcome<'_>) {
            let entries = match outcome {
                Outcome::Value(entries) => Some(entries.to_vec()),
                _ => None,
            };
            self.0.lock().unwrap().push((number, entries));
        }
    }

    #[test]
    fn a_call_that_comes_while_another_is_put_aside_waits_behind_it() {
        // Answers its number after more than the first slice.
        let slow = "(local $left i32) (local.set $left (i32.const 60000))
            (loop $again
              (br_if $again (local.tee $left (i32.sub (local.get $left) (i32.const 1)))))
            (call $put_int (local.get $call) (i32.const 0)
              (call $get_int (local.get $call) (i32.const 0)))";
        let wasm = Plug::new().tool("slow", [&[int("n")], &[int("n")]], slow).wasm();
        let (guest, todo) = Guest::make(&wasm, &Limits::default()).unwrap();
        let guest = Arc::new(guest);
        let hub = Hub::open_with(&DeviceArgs::default(), Prefix::Auto, &Settings::none()).unwrap();
        let id = hub.add_tools(Arc::clone(&guest) as Arc<dyn HostTools>).unwrap();
        let direct = hub.direct(id).unwrap();
        let ended = Arc::new(Ended::default());
        let caller = Caller::new(Arc::clone(&ended));
        for number in 1..=3_u32 {
            let mut room = [0; 16];
            let mut args = ValueWriter::new(&mut room);
            args.int(0, number.into());
            direct.call(0, args.bytes(), (&caller, number.into()));
            assert!(guest.shared.runner().aside.is_some(), "the first one is put aside");
        }
        // No thread has looked yet, so nothing can have ended.
        assert!(ended.0.lock().unwrap().is_empty());
        assert_eq!(guest.shared.waiting.load(Ordering::Acquire), 2);
        let shared = Arc::clone(&guest.shared);
        let worker = std::thread::spawn(move || shared.work(&todo));
        while ended.0.lock().unwrap().len() < 3 {
            std::thread::yield_now();
        }
        let all: Vec<_> = [1_u64, 2, 3].map(|it| (it, value(0, it.cast_signed()).ok())).into();
        assert_eq!(*ended.0.lock().unwrap(), all);
        guest.shutdown();
        worker.join().unwrap();
    }
}
