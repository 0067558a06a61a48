//! A plug-in at work: its state, and its functions on threads that are watched.

use std::ffi::c_void;
use std::ptr::null_mut;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, PoisonError, RwLock};
use std::time::Duration;

use trine_c_api::{TRINE_OK, trine_status};
use trine_descriptor::ToolTable as _;
use trine_gateway::host_tools::HostCall;
use trine_gateway::table::Table;

use crate::account::{Account, Charged, Over};
use crate::call::CallMemory;
use crate::call::{self, Asked, Client, Ended, Live, Room, now};
use crate::error::{Fault, Step};
use crate::load::{About, Image};
use crate::timed::{self, Failed, State};
use crate::work::Work;
use crate::workers::{Job, Lost, Workers};

/// Milliseconds that a call may take where its tool does not say.
const DEADLINE_MS: u64 = 60_000;

/// A plug-in that was initialised, and whose state is its own.
pub(crate) struct Instance {
    image: &'static Image,
    state: State,
    /// Its threads; none where its functions return at once.
    workers: Option<Workers>,
    /// Its functions run on the thread that calls, and are not measured.
    is_direct: bool,
    /// How long its functions may take, but for those of tools.
    patience: Duration,
    account: Charged,
    /// What its calls may have.
    memory: Arc<CallMemory>,
    /// Whether it was shut down. Who is in one of those functions holds it.
    is_down: RwLock<bool>,
    /// One of those has not returned in time.
    is_stuck: AtomicBool,
    /// Its state was not freed, since a function might use it.
    is_left: AtomicBool,
}

/// The end of a function that is waited for, though not for ever.
#[derive(Default)]
struct End {
    is_late: bool,
    done: Option<(trine_status, State)>,
}

/// Runs a function as [`timed::run`] does. Where it is late its thread counts as lost, and `late`
/// is called; when it returns after all, `back` is, and the thread counts as found.
fn run_timed(
    (name, patience, account): (&str, Duration, &Charged),
    function: impl FnOnce() -> (trine_status, State) + Send + 'static,
    late: impl FnOnce(&Charged),
    back: impl FnOnce(&Charged, (trine_status, State)) + Send + 'static,
) -> Result<State, Failed> {
    let end = Arc::new(Mutex::new(End::default()));
    let (its, own) = (Arc::clone(&end), account.clone());
    let work = move || {
        let done = function();
        let mut end = its.lock().unwrap_or_else(PoisonError::into_inner);
        end.done = Some(done);
        let is_late = end.is_late;
        drop(end);
        if is_late {
            back(&own, done);
            own.find_thread();
        }
        done
    };
    let ended = timed::run(name, patience, work);
    if !matches!(ended, Err(Failed::Late(_))) {
        return ended;
    }
    let mut end = end.lock().unwrap_or_else(PoisonError::into_inner);
    match end.done {
        // It has returned just now.
        Some((TRINE_OK.., state)) => Ok(state),
        Some((status, _)) => Err(Failed::Answered(status)),
        None => {
            end.is_late = true;
            account.lose_thread();
            late(account);
            ended
        }
    }
}

impl Instance {
    /// Initialises a plug-in and lets it try itself out; each function may take `patience`. `lost`
    /// is told when a function of a tool does not return.
    pub(crate) fn start(
        image: &'static Image,
        patience: Duration,
        account: &Arc<Account>,
        lost: impl Fn() + Send + Sync + 'static,
    ) -> Result<Arc<Self>, Fault> {
        let instance = Self::init(image, patience, Charged::to(account), Some(Box::new(lost)))?;
        let tested = instance
            .self_test()
            .and_then(|()| instance.health().map_err(|why| Fault(Step::Health, why)));
        if tested.is_err() {
            Self::shutdown(&instance);
        }
        tested.map(|()| instance)
    }

    /// Initialises a plug-in. Without `lost` someone else watches the time of its calls.
    pub(crate) fn init(
        image: &'static Image,
        patience: Duration,
        account: Charged,
        lost: Option<Lost>,
    ) -> Result<Arc<Self>, Fault> {
        let mut state = State::none();
        if let Some(init) = image.raw.init {
            let begin = move || {
                let mut state = null_mut();
                // SAFETY: as the header says: before any call, with a place for the state.
                let status = unsafe { init(&raw mut state) };
                (status, State(state))
            };
            // No one has its state then.
            let back = move |_: &Charged, (status, state): (trine_status, State)| {
                if let Some(shutdown) = image.raw.shutdown.filter(|_| status >= TRINE_OK) {
                    // SAFETY: it was initialised, and no call will come.
                    unsafe { shutdown({ state }.0) };
                }
            };
            let waits = (&*image.about.name, patience, &account);
            let done = run_timed(waits, begin, |_| (), back);
            state = done.map_err(|why| Fault::new(Step::Init, why))?;
        }
        let memory = account.call_memory(image.about.needs.memory_max);
        let (name, calls_max) = (&image.about.name, image.raw.calls_max.max(1));
        let workers =
            (!image.is_at_once()).then(|| Workers::new(name, account.clone(), calls_max, lost));
        let is_direct = workers.is_none() && !account.has_cpu_limit();
        let [is_stuck, is_left] = [(); 2].map(|()| AtomicBool::new(false));
        let is_down = RwLock::new(false);
        Ok(Arc::new(Self {
            image,
            state,
            workers,
            is_direct,
            patience,
            account,
            memory,
            is_down,
            is_stuck,
            is_left,
        }))
    }

    /// Lets it try itself out.
    pub(crate) fn self_test(self: &Arc<Self>) -> Result<(), Fault> {
        self.ask(self.image.raw.self_test).map_err(|why| Fault(Step::SelfTest, why))
    }

    /// Whether it can work, as it says.
    pub(crate) fn health(self: &Arc<Self>) -> Result<(), String> {
        self.ask(self.image.raw.health)
    }

    fn ask(
        self: &Arc<Self>,
        function: Option<unsafe extern "C" fn(*mut c_void) -> trine_status>,
    ) -> Result<(), String> {
        let Some(function) = function else { return Ok(()) };
        // Held until it has answered, or is late: it is not shut down meanwhile.
        let is_down = self.is_down.read().unwrap_or_else(PoisonError::into_inner);
        if *is_down {
            return Err("it is shut down".to_owned());
        }
        // It keeps this as long as it runs: the state is not freed before.
        let own = Arc::clone(self);
        let ask = move || {
            let state = own.state;
            // SAFETY: the plug-in's function and its own state.
            (unsafe { function({ state }.0) }, state)
        };
        let late = |_: &Charged| self.is_stuck.store(true, Ordering::Release);
        let waits = (&*self.image.about.name, self.patience, &self.account);
        let done = run_timed(waits, ask, late, |_, _| ());
        drop(is_down);
        done.map(drop).map_err(|why| why.to_string())
    }

    /// Runs the function of one call on this thread, with room for its result.
    #[inline]
    fn run<'r>(
        &self,
        (row, args): (u16, &'r [u8]),
        room: &'r mut Room,
        asked: Asked<'_>,
    ) -> Option<Ended<'r>>
    where
        Self: 'r,
    {
        let tool = self.image.tools.get(usize::from(row))?;
        let function = tool.call?;
        let user_data = if tool.user_data.is_null() { self.state.0 } else { tool.user_data };
        // SAFETY: NULL or as long as it says, which was looked at when it was loaded.
        let on_read = unsafe { tool.more.as_ref() }.and_then(|more| more.on_read);
        let read = |offset: u32, out: &mut [u8]| {
            // SAFETY: the plug-in's function and what it asked to be passed.
            on_read.map_or(0, |read| unsafe {
                read(user_data, 0, offset, out.as_mut_ptr(), out.len())
            })
        };
        let mut state =
            call::State::new((&self.image.table, row), args, room.bytes(), asked, &self.memory);
        // SAFETY: the plug-in's function and what it asked to be passed; the state lives until it
        // returns.
        let status = unsafe { function(user_data, state.handle()) };
        Some(state.ended(status, &read))
    }

    /// Runs a call that nothing else ends.
    fn run_own(&self, row: u16, args: &[u8], client: Client, deadline: u64) {
        let mut room = Room::take();
        if let Some(ended) = self.run((row, args), &mut room, Asked::Own(&client, deadline)) {
            ended.tell(client);
        }
    }
}

/// The milliseconds that a call may take.
pub(crate) fn deadline_ms(table: &Table, row: u16) -> u64 {
    let limit = table.info(row).map_or(0, |info| u64::from(info.limits.deadline_ms));
    if limit == 0 { DEADLINE_MS } else { limit }
}

/// When a call that begins now is over, and after how many milliseconds.
fn deadline(table: &Table, row: u16) -> (u64, u64) {
    let limit = deadline_ms(table, row);
    (now().saturating_add(limit), limit)
}

impl Work for Arc<Instance> {
    fn about(&self) -> &About {
        &self.image.about
    }

    fn table(&self) -> &Arc<Table> {
        &self.image.table
    }

    fn health(&self) -> Result<(), String> {
        Instance::health(self)
    }

    fn call(&self, mut call: HostCall) {
        let (row, args) = (call.row(), call.take_args());
        if self.is_direct {
            // What costs least: the call is not moved before it has ended.
            let mut room = Room::take();
            if let Some(ended) = self.run((row, &args), &mut room, Asked::Host(&call)) {
                ended.tell_host(call);
            }
            return;
        }
        // No deadline holds for functions that return at once.
        let by = match self.workers {
            None => (u64::MAX, 0),
            Some(_) => deadline(&self.image.table, row),
        };
        self.begin((row, args), Client::Host(call), by);
    }

    fn shutdown(&self, _: Over) {
        Instance::shutdown(self);
    }
}

impl Drop for Instance {
    fn drop(&mut self) {
        // The last function that might have used it has returned.
        if self.is_left.load(Ordering::Acquire) && self.free() {
            self.account.free_state();
        }
    }
}

impl Instance {
    /// Runs a call on one of its threads, or on this one where its functions return at once.
    pub(crate) fn begin(
        self: &Arc<Self>,
        (row, args): (u16, Box<[u8]>),
        client: Client,
        (deadline, limit): (u64, u64),
    ) {
        let Some(workers) = &self.workers else {
            let run = || self.run_own(row, &args, client, deadline);
            return match self.account.has_cpu_limit() {
                true => self.account.measured(row, run),
                false => run(),
            };
        };
        let instance = Arc::clone(self);
        let name = self.image.table.info(row).map(|info| info.name).unwrap_or_default();
        let live = Arc::new(Live::new(client, deadline));
        let run = Box::new(move |live: &Live| {
            let mut room = Room::take();
            let ended = instance.run((row, &args), &mut room, Asked::Shared(live));
            if let Some((ended, call)) = ended.zip(live.take()) {
                ended.tell(call);
            }
        });
        workers.add(Job { live, limit, name, row, run });
    }

    /// Frees the state, once. It is left where a function has not returned and may still use it,
    /// until that returns.
    pub(crate) fn shutdown(&self) {
        let mut is_down = self.is_down.write().unwrap_or_else(PoisonError::into_inner);
        if std::mem::replace(&mut *is_down, true) {
            return;
        }
        drop(is_down);
        let name = &self.image.about.name;
        let is_lost = self.workers.as_ref().is_some_and(Workers::close);
        if is_lost || self.is_stuck.load(Ordering::Acquire) {
            tracing::warn!(
                "plug-in {name}: a function has not returned, so its state is not freed"
            );
            self.account.leave_state();
            self.is_left.store(true, Ordering::Release);
            return;
        }
        _ = self.free();
    }

    /// Frees the state. Answers whether that has returned.
    fn free(&self) -> bool {
        let Some(shutdown) = self.image.raw.shutdown else { return true };
        let (name, state) = (&*self.image.about.name, self.state);
        let end = move || {
            // SAFETY: the last call has returned, and no other will come.
            unsafe { shutdown({ state }.0) };
            (TRINE_OK, state)
        };
        let (late, back) = (Charged::leave_state, |account: &Charged, _| account.free_state());
        let done = run_timed((name, self.patience, &self.account), end, late, back);
        if let Err(why) = &done {
            tracing::warn!("plug-in {name}: its shutdown: {why}");
        }
        !matches!(done, Err(Failed::Late(_)))
    }
}
