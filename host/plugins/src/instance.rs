//! A plug-in at work: its state, and its functions on threads that are watched.

use std::ffi::c_void;
use std::ptr::null_mut;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU32, Ordering};

use trine_c_api::{TRINE_OK, trine_status};
use trine_descriptor::ToolTable as _;
use trine_gateway::host_tools::{HostCall, HostTools};
use trine_gateway::table::Table;

use crate::call::{Live, State, now, with_room};
use crate::error::{Fault, Step};
use crate::load::{About, Image};
use crate::workers::{Job, Workers};

/// Milliseconds that a call may take where its tool does not say.
const DEADLINE_MS: u64 = 60_000;

/// A plug-in that was initialised, and whose state is its own.
pub(crate) struct Instance {
    image: &'static Image,
    state: *mut c_void,
    /// Its threads; none where its functions return at once.
    workers: Option<Workers>,
    /// How many hold it as [`Tools`]: it is shut down when none does.
    holders: AtomicU32,
    is_down: AtomicBool,
    calls: AtomicU32,
    errors: AtomicU32,
}

// SAFETY: the state is only handed to the plug-in's functions, which may be called on any thread.
unsafe impl Send for Instance {}
// SAFETY: as above.
unsafe impl Sync for Instance {}

impl Instance {
    /// Initialises a plug-in and lets it try itself out. `lost` is told when a function does not
    /// return.
    pub(crate) fn start(
        image: &'static Image,
        lost: impl Fn() + Send + Sync + 'static,
    ) -> Result<Arc<Self>, Fault> {
        let mut state = null_mut();
        if let Some(init) = image.raw.init {
            // SAFETY: as the header says: before any call, with a place for the state.
            answered(unsafe { init(&raw mut state) }).map_err(|why| Fault(Step::Init, why))?;
        }
        let workers = (!image.is_at_once()).then(|| {
            let name = format!("plug-in {}", image.about.name);
            Workers::new(name, image.raw.calls_max.max(1), Box::new(lost))
        });
        let [holders, calls, errors] = [(); 3].map(|()| AtomicU32::new(0));
        let is_down = AtomicBool::new(false);
        let all = Self { image, state, workers, holders, is_down, calls, errors };
        let instance = Arc::new(all);
        let tested = instance.ask(image.raw.self_test).map_err(|why| Fault(Step::SelfTest, why));
        let tested =
            tested.and_then(|()| instance.health().map_err(|why| Fault(Step::Health, why)));
        if tested.is_err() {
            instance.shutdown();
        }
        tested.map(|()| instance)
    }

    pub(crate) const fn about(&self) -> &'static About {
        &self.image.about
    }

    /// The calls of it that have ended, and those of them that failed.
    pub(crate) fn counts(&self) -> (u32, u32) {
        let late = self.workers.as_ref().map_or(0, Workers::late);
        let [calls, errors] = [&self.calls, &self.errors].map(|it| it.load(Ordering::Relaxed));
        (calls.saturating_add(late), errors.saturating_add(late))
    }

    pub(crate) const fn described(&self) -> &'static Arc<Table> {
        &self.image.table
    }

    /// Whether it can work, as it says.
    pub(crate) fn health(&self) -> Result<(), String> {
        self.ask(self.image.raw.health)
    }

    fn ask(
        &self,
        function: Option<unsafe extern "C" fn(*mut c_void) -> trine_status>,
    ) -> Result<(), String> {
        // SAFETY: the plug-in's function and its own state.
        function.map_or(Ok(()), |function| answered(unsafe { function(self.state) }))
    }

    /// Runs the function of one call on this thread.
    fn run(&self, row: u16, args: &[u8], live: &Live) {
        let Some(tool) = self.image.tools.get(usize::from(row)) else { return };
        let Some(function) = tool.call else { return };
        let user_data = if tool.user_data.is_null() { self.state } else { tool.user_data };
        // SAFETY: NULL or as long as it says, which was looked at when it was loaded.
        let on_read = unsafe { tool.more.as_ref() }.and_then(|more| more.on_read);
        let read = |offset: u32, out: &mut [u8]| {
            // SAFETY: the plug-in's function and what it asked to be passed.
            on_read.map_or(0, |read| unsafe {
                read(user_data, 0, offset, out.as_mut_ptr(), out.len())
            })
        };
        with_room(|room| {
            let mut state = State::new((&self.image.table, row), args, room, live);
            // SAFETY: the plug-in's function and what it asked to be passed; the state lives until
            // it returns.
            let status = unsafe { function(user_data, state.handle()) };
            state.end(status, &read, |is_error| {
                self.calls.fetch_add(1, Ordering::Relaxed);
                self.errors.fetch_add(is_error.into(), Ordering::Relaxed);
            });
        });
    }
}

/// What an answer of a plug-in says.
fn answered(status: trine_status) -> Result<(), String> {
    if status >= TRINE_OK { Ok(()) } else { Err(format!("it answered {status}")) }
}

/// When a call that begins now is over, and after how many milliseconds.
fn deadline(table: &Table, row: u16) -> (u64, u64) {
    let limit = table.info(row).map_or(0, |info| u64::from(info.limits.deadline_ms));
    let limit = if limit == 0 { DEADLINE_MS } else { limit };
    (now().saturating_add(limit), limit)
}

/// The tools of a plug-in, as a hub has them. The last of several that is shut down shuts the
/// plug-in down.
pub(crate) struct Tools(Arc<Instance>);

impl Tools {
    pub(crate) fn new(instance: &Arc<Instance>) -> Self {
        instance.holders.fetch_add(1, Ordering::AcqRel);
        Self(Arc::clone(instance))
    }
}

impl std::ops::Deref for Tools {
    type Target = Instance;

    fn deref(&self) -> &Instance {
        &self.0
    }
}

impl HostTools for Tools {
    fn table(&self) -> &Arc<Table> {
        &self.0.image.table
    }

    fn call(&self, mut call: HostCall) {
        let (row, args) = (call.row(), call.take_args());
        let (deadline, limit) = deadline(&self.0.image.table, row);
        let Some(workers) = &self.0.workers else {
            return self.0.run(row, &args, &Live::new(call, u64::MAX));
        };
        let instance = Arc::clone(&self.0);
        let name = self.0.image.table.info(row).map(|info| info.name).unwrap_or_default();
        let live = Arc::new(Live::new(call, deadline));
        let run = Box::new(move |live: &Live| instance.run(row, &args, live));
        workers.add(Job { live, limit, name, run });
    }

    fn shutdown(&self) {
        if self.0.holders.fetch_sub(1, Ordering::AcqRel) == 1 {
            self.0.shutdown();
        }
    }
}

impl Instance {
    /// Frees the state, once. It is left where a function has not returned and may still use it.
    fn shutdown(&self) {
        if self.is_down.swap(true, Ordering::AcqRel) {
            return;
        }
        if self.workers.as_ref().is_some_and(Workers::close) {
            let name = &self.about().name;
            tracing::warn!(
                "plug-in {name}: a function has not returned, so its state is not freed"
            );
            return;
        }
        if let Some(shutdown) = self.image.raw.shutdown {
            // SAFETY: the last call has returned, and no other will come.
            unsafe { shutdown(self.state) };
        }
    }
}
