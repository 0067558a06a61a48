//! Events of devices, told to functions of a program.

use std::collections::BTreeMap;
use std::ffi::{CString, c_char, c_void};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::mpsc::{Receiver, SyncSender, sync_channel};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::thread::{self, JoinHandle};

use trine_c_api::{TRINE_E_FAILED, TRINE_E_NOT_FOUND, TRINE_E_NULL, TRINE_OK, trine_status};
use trine_gateway::{Event, Hub};

use crate::answer::{Refused, answered, c_text, give, refused};
use crate::hub::{object, trine_hub};
use crate::json::trine_json_release;

/// Events that wait for a function that has not returned. More are left out.
const WAITING: usize = 1_024;

/// What is told of an event of a device: something that happened there and that no one called for.
///
/// @param user_data As it was given to `trine_hub_listen`.
/// @param device Name of the device.
/// @param tool Name of the tool, on that device, that it comes from.
/// @param text What happened. The three end with a zero byte and live until the function returns.
/// @param number Rises by one with each event of the device, until it restarts: a gap is what was
///               lost.
#[expect(non_camel_case_types, reason = "C types carry their C names")]
pub type trine_hub_event = Option<
    unsafe extern "C" fn(
        user_data: *mut c_void,
        device: *const c_char,
        tool: *const c_char,
        text: *const c_char,
        number: u32,
    ),
>;

/// An event as C reads it.
struct Heard {
    device: CString,
    tool: CString,
    text: CString,
    number: u32,
}

/// The function of a program, and what it asked to be passed.
struct Function {
    function: unsafe extern "C" fn(*mut c_void, *const c_char, *const c_char, *const c_char, u32),
    release: trine_json_release,
    user_data: *mut c_void,
}

// SAFETY: the header says that it is called on a thread of the hub, one event at a time.
unsafe impl Send for Function {}

impl Function {
    /// Tells each event until no more can come, or none is wanted.
    fn run(&self, events: Receiver<Arc<Heard>>, is_over: &AtomicBool) {
        for heard in events {
            if is_over.load(Ordering::Acquire) {
                break;
            }
            let [device, tool, text] =
                [&heard.device, &heard.tool, &heard.text].map(|text| text.as_ptr());
            // SAFETY: the program's function, and texts that live until it returns.
            unsafe { (self.function)(self.user_data, device, tool, text, heard.number) };
        }
        if let Some(release) = self.release {
            // SAFETY: the program's function; nothing is told any more.
            unsafe { release(self.user_data) };
        }
    }
}

/// One who listens.
struct Listener {
    queue: SyncSender<Arc<Heard>>,
    is_over: Arc<AtomicBool>,
    thread: JoinHandle<()>,
}

impl Listener {
    /// Once it returns nothing is told any more; on its own thread, once that function returns.
    fn end(self) {
        self.is_over.store(true, Ordering::Release);
        drop(self.queue);
        if self.thread.thread().id() != thread::current().id() {
            // The functions of a program do not unwind.
            drop(self.thread.join());
        }
    }
}

/// Who listens to the devices of a hub.
#[derive(Default)]
pub(crate) struct Events {
    all: Mutex<All>,
}

#[derive(Default)]
struct All {
    /// Whether the devices were asked to tell.
    is_told: bool,
    last: u64,
    listeners: BTreeMap<u64, Listener>,
}

impl Events {
    fn lock(&self) -> MutexGuard<'_, All> {
        self.all.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Has a function told of events from now on; answers its number.
    fn listen(self: &Arc<Self>, hub: &Hub, function: Function) -> std::io::Result<u64> {
        let (queue, events) = sync_channel(WAITING);
        let is_over = Arc::new(AtomicBool::new(false));
        let over = Arc::clone(&is_over);
        let mut all = self.lock();
        let thread = thread::Builder::new().name("trine-event".to_owned());
        let thread = thread.spawn(move || function.run(events, &over))?;
        all.last += 1;
        let number = all.last;
        all.listeners.insert(number, Listener { queue, is_over, thread });
        if !std::mem::replace(&mut all.is_told, true) {
            for device in hub.devices() {
                let (own, of) = (Arc::clone(self), Arc::downgrade(&device));
                device.on_event(move |event| {
                    if let Some(device) = of.upgrade() {
                        own.heard(&device.name(), event);
                    }
                });
            }
        }
        Ok(number)
    }

    /// A device has told of an event.
    fn heard(&self, device: &str, event: &Event) {
        let all = self.lock();
        if all.listeners.is_empty() {
            return;
        }
        let [device, tool, text] = [device, &event.tool, &event.text].map(c_text);
        let heard = Arc::new(Heard { device, tool, text, number: event.seq });
        for listener in all.listeners.values() {
            // One that is slow loses events, and sees so by their numbers.
            drop(listener.queue.try_send(Arc::clone(&heard)));
        }
    }

    /// Whether this thread is in a function that is told of events.
    pub(crate) fn is_here(&self) -> bool {
        let here = thread::current().id();
        self.lock().listeners.values().any(|it| it.thread.thread().id() == here)
    }

    /// Ends all: nothing is told any more.
    pub(crate) fn close(&self) {
        let listeners = std::mem::take(&mut self.lock().listeners);
        listeners.into_values().for_each(Listener::end);
    }
}

/// Has a function told of every event of the hub's devices from now on, one at a time and in their
/// order, on a thread of the hub. It may call any function but `trine_hub_close`.
///
/// @param hub The hub.
/// @param function Is told. Up to 1,024 events wait for it to return; more are left out.
/// @param user_data Passed to it.
/// @param release Is called with `user_data` once nothing is told any more; may be NULL. After an
///                error it is not called.
/// @param number Where the number goes, for `trine_hub_unlisten`; may be NULL.
/// @return TRINE_OK, TRINE_E_NULL, or TRINE_E_FAILED when no thread could be started.
///
/// Context: any-thread.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn trine_hub_listen(
    hub: *mut trine_hub,
    function: trine_hub_event,
    user_data: *mut c_void,
    release: trine_json_release,
    number: *mut u64,
) -> trine_status {
    answered(|| {
        // SAFETY: the contract of every function.
        let object = unsafe { object(hub) }?;
        let none = || Refused(TRINE_E_NULL, "the function is NULL".to_owned());
        let function = Function { function: function.ok_or_else(none)?, release, user_data };
        let listening = object.events.listen(&object.hub, function);
        let given = listening.map_err(|error| Refused(TRINE_E_FAILED, error.to_string()))?;
        // SAFETY: the caller's to be written.
        unsafe { give(number, given) };
        Ok(TRINE_OK)
    })
}

/// Ends what `trine_hub_listen` began. Once it returns the function is not called any more, unless
/// it is this function that calls: then it is the last time.
///
/// @param hub The hub.
/// @param number As `trine_hub_listen` gave it.
/// @return TRINE_OK, TRINE_E_NULL, or TRINE_E_NOT_FOUND when it has ended.
///
/// Context: any-thread.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn trine_hub_unlisten(hub: *mut trine_hub, number: u64) -> trine_status {
    answered(|| {
        // SAFETY: the contract of every function.
        let events = &unsafe { object(hub) }?.events;
        let listener = events.lock().listeners.remove(&number);
        let Some(listener) = listener else {
            return refused(TRINE_E_NOT_FOUND, &format!("no function listens as {number}"));
        };
        listener.end();
        Ok(TRINE_OK)
    })
}

#[cfg(test)]
mod tests {
    use std::sync::mpsc::{Sender, channel};

    use super::*;

    /// What a function is told by, and what it waits for before it returns.
    struct Slow {
        told: Sender<u32>,
        goes_on: Mutex<std::sync::mpsc::Receiver<()>>,
    }

    unsafe extern "C" fn slow(
        slow: *mut c_void,
        _: *const c_char,
        _: *const c_char,
        _: *const c_char,
        number: u32,
    ) {
        // SAFETY: that of the test, which outlives it.
        let slow = unsafe { &*slow.cast::<Slow>() };
        slow.told.send(number).unwrap();
        // The end of the test lets it go on too.
        let _ = slow.goes_on.lock().unwrap().recv();
    }

    #[test]
    fn a_slow_function_loses_events_and_keeps_no_one_waiting() {
        let events = Arc::new(Events::default());
        let hub = Hub::open(&trine_gateway::DeviceArgs::default(), trine_gateway::Prefix::Auto);
        let ((told, hears), (go, goes_on)) = (channel(), channel());
        let mut place = Box::new(Slow { told, goes_on: Mutex::new(goes_on) });
        let user_data = (&raw mut *place).cast();
        let function = Function { function: slow, release: None, user_data };
        events.listen(&hub.unwrap(), function).unwrap();
        let event = |seq| Event { seq, tool: "t".to_owned(), text: "x\0y".to_owned() };
        events.heard("one", &event(0));
        assert_eq!(hears.recv().unwrap(), 0);
        // It has one, and so many wait.
        let (waiting, more) = (WAITING as u32, 5);
        (1..=waiting + more).for_each(|seq| events.heard("one", &event(seq)));
        for seq in 1..=waiting {
            go.send(()).unwrap();
            assert_eq!(hears.recv().unwrap(), seq);
        }
        events.heard("one", &event(waiting + more + 1));
        go.send(()).unwrap();
        assert_eq!(hears.recv().unwrap(), waiting + more + 1, "a gap of five");
        // What waits when it ends is not told.
        (0..3).for_each(|seq| events.heard("one", &event(seq)));
        let is_over = events.lock().listeners.values().next().map(|it| Arc::clone(&it.is_over));
        let (ends, is_over) = (Arc::clone(&events), is_over.unwrap());
        let end = thread::spawn(move || ends.close());
        let since = std::time::Instant::now();
        while !is_over.load(Ordering::Acquire) && since.elapsed().as_secs() < 10 {
            thread::yield_now();
        }
        drop(go);
        end.join().unwrap();
        events.heard("one", &event(0));
        assert!(hears.try_recv().is_err());
    }
}
