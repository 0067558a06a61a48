//! Tools of a hub that take and answer JSON, by the JSON Schemas of their definitions: for programs
//! whose language has types of its own.

use std::cell::Cell;
use std::collections::VecDeque;
use std::ffi::{CString, c_char, c_void};
use std::sync::{Arc, Condvar, Mutex, MutexGuard, OnceLock, PoisonError};
use std::thread;
use std::time::Duration;

use trine_c_api::{TRINE_E_NOT_FOUND, TRINE_E_NULL, TRINE_OK, TRINE_PENDING, trine_status};
use trine_gateway::json_tools::{Execute, JsonCall, JsonTools, load_definition};

use crate::answer::{Done, Refused, answered, refused, text, text_or};
use crate::hub::{LEAVING, object, trine_hub};

/// A call of a tool that takes JSON. Opaque; `trine_json_done` or `trine_json_fail` ends it.
#[derive(Debug)]
#[expect(non_camel_case_types, reason = "C types carry their C names")]
pub struct trine_json_call {
    _private: [u8; 0],
}

/// What does the calls of a tool that takes JSON.
///
/// @param user_data As it was given to `trine_hub_add_json`.
/// @param call The call. It is ended by `trine_json_done` or `trine_json_fail`, in this function
///             or later on any thread, once.
/// @param arguments A JSON object in one line, which the tool's schema allows; it ends with a zero
///                  byte, and lives until the function returns.
/// @param size Bytes of it, without that one.
#[expect(non_camel_case_types, reason = "C types carry their C names")]
pub type trine_json_function = Option<
    unsafe extern "C" fn(
        user_data: *mut c_void,
        call: *mut trine_json_call,
        arguments: *const c_char,
        size: usize,
    ),
>;

/// What is called with the `user_data` of a tool that takes JSON, once, when no call can come any
/// more.
#[expect(non_camel_case_types, reason = "C types carry their C names")]
pub type trine_json_release = Option<unsafe extern "C" fn(user_data: *mut c_void)>;

/// The function of a tool's calls: each runs it on a thread of the hub.
struct Function {
    function: unsafe extern "C" fn(*mut c_void, *mut trine_json_call, *const c_char, usize),
    /// Set when the tool was added: what was refused is still the program's.
    release: OnceLock<unsafe extern "C" fn(*mut c_void)>,
    user_data: *mut c_void,
    threads: Arc<Threads>,
}

// SAFETY: the header says that the function is called on several threads at a time.
unsafe impl Send for Function {}
// SAFETY: as above.
unsafe impl Sync for Function {}

impl Function {
    fn run(&self, call: JsonCall) {
        let Ok(arguments) = CString::new(call.arguments()) else {
            return call.error("the arguments have a zero byte");
        };
        let call = Box::into_raw(Box::new(call)).cast();
        let (text, size) = (arguments.as_ptr(), arguments.as_bytes().len());
        // SAFETY: the program's function, and what it asked to be passed.
        unsafe { (self.function)(self.user_data, call, text, size) };
    }
}

impl Drop for Function {
    fn drop(&mut self) {
        if let Some(release) = self.release.get() {
            // SAFETY: the program's function; no call has it any more.
            unsafe { release(self.user_data) };
        }
    }
}

/// The function, as what executes a definition.
struct Program(Arc<Function>);

thread_local! {
    /// Whether this thread waits for the calls that it makes, for as long as they take.
    static WAITS: Cell<bool> = const { Cell::new(false) };
}

/// Has the calls that `work` makes run on this thread, where they are of tools that take JSON: it
/// would wait for another one otherwise.
pub(crate) fn here<T>(work: impl FnOnce() -> T) -> T {
    struct Restored(bool);
    impl Drop for Restored {
        fn drop(&mut self) {
            WAITS.set(self.0);
        }
    }
    let _before = Restored(WAITS.replace(true));
    work()
}

impl Execute for Program {
    fn execute(&self, call: JsonCall) {
        if WAITS.get() {
            return self.0.run(call);
        }
        let function = Arc::clone(&self.0);
        self.0.threads.add(Box::new(move || function.run(call)));
    }
}

type Job = Box<dyn FnOnce() + Send>;

/// How long calls may wait for threads that are busy, where threads are few, before others help.
const STALL: Duration = Duration::from_micros(200);

/// Threads for calls, started as they are needed.
pub(crate) struct Threads {
    most: usize,
    /// Whether one thread does all calls for as long as it takes one every [`STALL`]. In a language
    /// that runs one thread at a time others would only wait for that one.
    are_few: bool,
    queue: Mutex<Queue>,
    ready: Condvar,
    /// A thread has ended.
    ended: Condvar,
}

#[derive(Default)]
struct Queue {
    jobs: VecDeque<Job>,
    idle: usize,
    threads: usize,
    /// Threads with a job.
    busy: usize,
    /// Jobs that were taken so far.
    taken: u64,
    /// Whether a thread watches that jobs are taken.
    is_watched: bool,
    /// Whether they were not: every thread helps until no job is left.
    is_stalled: bool,
    is_closed: bool,
}

impl Threads {
    pub(crate) fn new(most: usize, are_few: bool) -> Arc<Self> {
        Arc::new(Self {
            most,
            are_few,
            queue: Mutex::default(),
            ready: Condvar::new(),
            ended: Condvar::new(),
        })
    }

    fn lock(&self) -> MutexGuard<'_, Queue> {
        self.queue.lock().unwrap_or_else(PoisonError::into_inner)
    }

    pub(crate) fn add(self: &Arc<Self>, job: Job) {
        let mut queue = self.lock();
        queue.jobs.push_back(job);
        // One thread that has a job takes this one too, and another one watches that.
        let is_seen_to = self.are_few && queue.busy > 0 && queue.is_watched && !queue.is_stalled;
        if is_seen_to {
            return;
        }
        if queue.jobs.len() > queue.idle && queue.threads < self.most {
            self.start(&mut queue);
            if queue.threads == 0 {
                // A call that is dropped is answered with an error.
                queue.jobs.clear();
            }
        }
        drop(queue);
        self.ready.notify_one();
    }

    /// Starts one more. Where none can be started, those that there are do its jobs.
    fn start(self: &Arc<Self>, queue: &mut Queue) {
        let shared = Arc::clone(self);
        let thread = thread::Builder::new().name("trine-call".to_owned());
        queue.threads += usize::from(thread.spawn(move || shared.work()).is_ok());
    }

    fn work(self: &Arc<Self>) {
        let mut queue = self.lock();
        loop {
            let may_take = !self.are_few || queue.busy == 0 || queue.is_stalled;
            if let Some(job) = may_take.then(|| queue.jobs.pop_front()).flatten() {
                (queue.busy, queue.taken) = (queue.busy + 1, queue.taken + 1);
                queue.is_stalled &= !queue.jobs.is_empty();
                drop(queue);
                job();
                queue = self.lock();
                queue.busy -= 1;
            } else if queue.jobs.is_empty() && queue.is_closed {
                queue.threads -= 1;
                self.ended.notify_all();
                return;
            } else if !queue.jobs.is_empty() && !queue.is_watched {
                queue = self.watch(queue);
            } else {
                queue.idle += 1;
                queue = self.ready.wait(queue).unwrap_or_else(PoisonError::into_inner);
                queue.idle -= 1;
            }
        }
    }

    /// Waits a moment. Where no job was taken in it, all threads help.
    fn watch<'q>(self: &'q Arc<Self>, mut queue: MutexGuard<'q, Queue>) -> MutexGuard<'q, Queue> {
        let before = queue.taken;
        queue.is_watched = true;
        drop(queue);
        thread::sleep(STALL);
        queue = self.lock();
        queue.is_watched = false;
        if queue.taken == before && !queue.jobs.is_empty() {
            queue.is_stalled = true;
            let wanted = queue.jobs.len().saturating_sub(queue.idle + 1);
            for _ in 0..wanted.min(self.most.saturating_sub(queue.threads)) {
                self.start(&mut queue);
            }
            self.ready.notify_all();
        }
        queue
    }

    /// Ends the threads when they have nothing left to do, and waits for that: a function of the
    /// program has returned then, and not only answered.
    pub(crate) fn close(&self) {
        let mut queue = self.lock();
        queue.is_closed = true;
        // Whatever is left is done by all of them.
        queue.is_stalled = true;
        self.ready.notify_all();
        let has_threads = |queue: &mut Queue| queue.threads > 0;
        // What does not return is left to itself.
        drop(self.ended.wait_timeout_while(queue, LEAVING, has_threads));
    }
}

/// Adds a tool that takes and answers JSON, by schemas that are written as JSON Schema.
///
/// @param hub The hub.
/// @param definition A JSON object: `id` (its name for clients), `name` (for people), `description`
///                   and `input_schema`; it may have `output_schema`, `category`,
///                   `requires_confirmation`, `rate_limit` and `permissions`. docs/c-hub.md
///                   has them. It ends with a zero byte.
/// @param function What does its calls, several at a time, on threads of the hub: as many as
///                 `in_flight` of its options.
/// @param user_data Passed to the functions.
/// @param release Called with `user_data` when no call can come any more; may be NULL. It is not
///                called where this function answers an error.
/// @return TRINE_OK, TRINE_E_NULL, TRINE_E_UTF8, or TRINE_E_FAILED: trine_hub_why() names the
///         member of the definition and what is wrong with it, or the tool that has its name.
///
/// Context: any-thread.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn trine_hub_add_json(
    hub: *mut trine_hub,
    definition: *const c_char,
    function: trine_json_function,
    user_data: *mut c_void,
    release: trine_json_release,
) -> trine_status {
    answered(|| {
        // SAFETY: the contract of every function.
        let object = unsafe { object(hub) }?;
        // SAFETY: as above.
        let definition = load_definition(unsafe { text(definition, "definition") }?)?;
        let none = || Refused(TRINE_E_NULL, "the function is NULL".to_owned());
        let function = function.ok_or_else(none)?;
        let (name, threads) = (definition.id.clone(), Arc::clone(&object.threads));
        let tool = Arc::new(Function { function, release: OnceLock::new(), user_data, threads });
        let program: Arc<dyn Execute> = Arc::new(Program(Arc::clone(&tool)));
        let added = object.hub.add_tools(JsonTools::new(vec![(definition, program)])?)?;
        object.json_tools().insert(name, added);
        if let Some(release) = release {
            // It is new.
            let _ = tool.release.set(release);
        }
        Ok(TRINE_OK)
    })
}

/// Takes a tool out that `trine_hub_add_json` has added. Its calls run to their end.
///
/// @param hub The hub.
/// @param tool Its name, ended by a zero byte.
/// @return TRINE_OK, TRINE_PENDING when a call of it still runs after ten seconds, TRINE_E_NULL,
///         TRINE_E_UTF8, or TRINE_E_NOT_FOUND when no such tool has this name.
///
/// Context: any-thread, but no function of this tool.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn trine_hub_remove_json(
    hub: *mut trine_hub,
    tool: *const c_char,
) -> trine_status {
    answered(|| {
        // SAFETY: the contract of every function.
        let object = unsafe { object(hub) }?;
        // SAFETY: as above.
        let tool = unsafe { text(tool, "tool") }?;
        let Some(id) = object.json_tools().remove(tool) else {
            return refused(TRINE_E_NOT_FOUND, &format!("no tool that takes JSON is '{tool}'"));
        };
        let leaving = object.hub.remove_tools(id)?;
        Ok(if leaving.wait(LEAVING) { TRINE_OK } else { TRINE_PENDING })
    })
}

/// Ends a call with its result.
///
/// @param call The call. It is gone, whatever is answered.
/// @param object A JSON object, ended by a zero byte. One that the tool's `output_schema` does not
///               allow becomes an error of the tool, which the hub logs.
/// @return TRINE_OK, TRINE_E_NULL or TRINE_E_UTF8: then the client gets an error.
///
/// Context: any-thread.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn trine_json_done(
    call: *mut trine_json_call,
    object: *const c_char,
) -> trine_status {
    answered(|| {
        // SAFETY: the contract of every function.
        let call = unsafe { taken(call) }?;
        // SAFETY: as above.
        call.done(unsafe { text(object, "object") }?);
        Ok(TRINE_OK)
    })
}

/// Ends a call with an error.
///
/// @param call The call. It is gone, whatever is answered.
/// @param why A sentence that says what to change, ended by a zero byte.
/// @return TRINE_OK, TRINE_E_NULL or TRINE_E_UTF8: then the client gets an error without it.
///
/// Context: any-thread.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn trine_json_fail(
    call: *mut trine_json_call,
    why: *const c_char,
) -> trine_status {
    answered(|| {
        // SAFETY: the contract of every function.
        let call = unsafe { taken(call) }?;
        // SAFETY: as above.
        call.error(unsafe { text(why, "why") }?);
        Ok(TRINE_OK)
    })
}

/// Whether no one waits for the answer to a call any more.
///
/// @param call The call, which has not ended.
/// @return 1 or 0; TRINE_E_NULL.
///
/// Context: any-thread.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn trine_json_is_cancelled(call: *const trine_json_call) -> i32 {
    // SAFETY: the contract of every function.
    answered(|| Ok(unsafe { under_way(call) }?.is_cancelled().into()))
}

/// Tells the client how far a call is.
///
/// @param call The call, which has not ended.
/// @param done How much is done. It has to rise.
/// @param total Of how much; 0 where that is not known.
/// @param what What is being done, ended by a zero byte; NULL for nothing.
/// @return TRINE_OK, also where no client wants to know; TRINE_E_NULL or TRINE_E_UTF8.
///
/// Context: any-thread.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn trine_json_progress(
    call: *const trine_json_call,
    done: u32,
    total: u32,
    what: *const c_char,
) -> trine_status {
    answered(|| {
        // SAFETY: the contract of every function.
        let call = unsafe { under_way(call) }?;
        // SAFETY: as above.
        let what = unsafe { text_or(what, "what", "") }?;
        call.host().progress((done, total), what);
        Ok(TRINE_OK)
    })
}

/// # Safety
/// NULL, or a call that has not ended, which no one uses from now on.
unsafe fn taken(call: *mut trine_json_call) -> Done<JsonCall> {
    if call.is_null() {
        return refused(TRINE_E_NULL, "the call is NULL");
    }
    // SAFETY: made by `Function::run`, and the caller's promise.
    Ok(*unsafe { Box::from_raw(call.cast::<JsonCall>()) })
}

/// # Safety
/// NULL, or a call that has not ended.
unsafe fn under_way<'c>(call: *const trine_json_call) -> Done<&'c JsonCall> {
    // SAFETY: made by `Function::run`, and the caller's promise.
    let call = unsafe { call.cast::<JsonCall>().as_ref() };
    call.ok_or_else(|| Refused(TRINE_E_NULL, "the call is NULL".to_owned()))
}

#[cfg(test)]
mod tests {
    use std::sync::Barrier;
    use std::sync::mpsc::channel;

    use super::*;

    const PATIENCE: Duration = Duration::from_secs(60);

    /// All of them meet, so each has a thread of its own.
    #[test]
    fn jobs_that_wait_for_each_other_run_side_by_side() {
        for are_few in [false, true] {
            let threads = Threads::new(16, are_few);
            let (meeting, (told, all)) = (Arc::new(Barrier::new(16)), channel());
            for _ in 0..16 {
                let (meeting, told) = (Arc::clone(&meeting), told.clone());
                threads.add(Box::new(move || {
                    meeting.wait();
                    told.send(()).unwrap();
                }));
            }
            (0..16).for_each(|_| all.recv_timeout(PATIENCE).unwrap());
            threads.close();
        }
    }

    #[test]
    fn each_job_is_done_once_and_none_is_left_at_the_end() {
        for are_few in [false, true] {
            let threads = Threads::new(4, are_few);
            let (told, all) = channel();
            for number in 0..10_000_u32 {
                let told = told.clone();
                threads.add(Box::new(move || told.send(number).unwrap()));
            }
            threads.close();
            drop(told);
            let mut done: Vec<u32> = all.iter().collect();
            done.sort_unstable();
            assert_eq!(done, Vec::from_iter(0..10_000));
        }
    }
}
