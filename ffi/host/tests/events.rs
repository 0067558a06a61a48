//! Events of a simulated device, as a program in C hears them.
#![cfg(feature = "hub")]
#![expect(clippy::multiple_unsafe_ops_per_block, clippy::unwrap_used, reason = "it is a test")]

use std::ffi::{CStr, c_char, c_void};
use std::ptr::{null, null_mut};
use std::sync::atomic::{AtomicUsize, Ordering::SeqCst};
use std::sync::mpsc::{Receiver, Sender, channel};
use std::time::Duration;

use trine_host::hosted::{NULL, OK, STATE};
use trine_host::*;

const NOT_FOUND: trine_status = -10;
const LONG: Duration = Duration::from_secs(30);

/// What was told: device, tool, text and number.
type Told = (String, String, String, u32);

struct Program {
    hub: *mut trine_hub,
    told: Sender<Told>,
    /// What functions have answered that the function has called.
    answers: Sender<[trine_status; 2]>,
    released: AtomicUsize,
}

unsafe extern "C" fn on_event(
    program: *mut c_void,
    device: *const c_char,
    tool: *const c_char,
    text: *const c_char,
    number: u32,
) {
    // SAFETY: the program of the test, and texts that end with a zero byte.
    unsafe {
        let program = &*program.cast::<Program>();
        let [device, tool, text] =
            [device, tool, text].map(|text| CStr::from_ptr(text).to_str().unwrap().to_owned());
        program.told.send((device, tool, text, number)).unwrap();
    }
}

/// Calls functions of the hub that has called it.
unsafe extern "C" fn on_event_calls(
    program: *mut c_void,
    _: *const c_char,
    _: *const c_char,
    _: *const c_char,
    _: u32,
) {
    // SAFETY: the program of the test.
    unsafe {
        let program = &*program.cast::<Program>();
        let (fan, arguments) = (c"fan_set".as_ptr(), c"{\"percent\":30}".as_ptr());
        let called = trine_hub_call(program.hub, fan, arguments, 0, null_mut());
        program.answers.send([called, trine_hub_close(program.hub)]).unwrap();
    }
}

unsafe extern "C" fn release(program: *mut c_void) {
    // SAFETY: the program of the test.
    unsafe { &*program.cast::<Program>() }.released.fetch_add(1, SeqCst);
}

/// What a test has: the program, and what its functions have told.
type Site = (Box<Program>, Receiver<Told>, Receiver<[trine_status; 2]>);

fn open() -> Site {
    let mut hub = null_mut();
    // SAFETY: sound arguments.
    unsafe {
        assert_eq!(trine_hub_open(c"simulate=north".as_ptr(), &raw mut hub), OK);
        assert_eq!(trine_hub_wait(hub, 60_000), OK);
    }
    let ((told, hears), (answers, answered)) = (channel(), channel());
    (Box::new(Program { hub, told, answers, released: AtomicUsize::new(0) }), hears, answered)
}

/// Starts a timer of a second, whose end is an event.
fn start(hub: *mut trine_hub, label: &str) {
    let arguments = format!("{{\"seconds\":1,\"label\":\"{label}\"}}\0");
    let (tool, arguments) = (c"timer_start".as_ptr(), arguments.as_ptr().cast());
    // SAFETY: an open hub, and texts that end with a zero byte.
    assert_eq!(unsafe { trine_hub_call(hub, tool, arguments, 60_000, null_mut()) }, OK);
}

#[test]
fn a_function_is_told_of_events_until_it_listens_no_more() {
    let (mut program, hears, _) = open();
    let (hub, mut number, mut other) = (program.hub, 0, 0);
    let data: *mut c_void = (&raw mut *program).cast();
    // SAFETY: an open hub, and a program that outlives it.
    unsafe {
        assert_eq!(trine_hub_listen(hub, None, data, Some(release), &raw mut number), NULL);
        assert_eq!(trine_hub_listen(null_mut(), Some(on_event), data, None, null_mut()), NULL);
        let listen = |number| trine_hub_listen(hub, Some(on_event), data, Some(release), number);
        assert_eq!((listen(&raw mut number), listen(&raw mut other)), (OK, OK));
        assert_ne!(number, other);
    }
    start(hub, "tea");
    let both = [hears.recv_timeout(LONG).unwrap(), hears.recv_timeout(LONG).unwrap()];
    assert_eq!(both[0], both[1]);
    let (device, tool, text, first) = &both[0];
    assert_eq!((&**device, &**tool), ("north", "timer_start"));
    assert!(text.contains("tea"), "{text}");
    // SAFETY: an open hub.
    unsafe {
        assert_eq!(trine_hub_unlisten(hub, number), OK);
        assert_eq!(program.released.load(SeqCst), 1, "released before it returns");
        assert_eq!(trine_hub_unlisten(hub, number), NOT_FOUND);
        assert_eq!(trine_hub_unlisten(null_mut(), other), NULL);
    }
    start(hub, "late");
    let (.., text, second) = hears.recv_timeout(LONG).unwrap();
    assert!(text.contains("late") && second == first + 1, "{text}");
    // SAFETY: an open hub, which no one uses any more.
    unsafe { assert_eq!(trine_hub_close(hub), OK) };
    assert_eq!(program.released.load(SeqCst), 2, "the end of the hub ends what listens");
    assert!(hears.try_recv().is_err(), "the first listener heard no more");
}

#[test]
fn a_function_that_is_told_calls_tools_and_does_not_close_its_hub() {
    let (mut program, _hears, answered) = open();
    let hub = program.hub;
    let data: *mut c_void = (&raw mut *program).cast();
    // SAFETY: an open hub, and a program that outlives it.
    unsafe {
        assert_eq!(trine_hub_listen(hub, Some(on_event_calls), data, None, null_mut()), OK);
        start(hub, "tea");
        assert_eq!(answered.recv_timeout(LONG).unwrap(), [OK, STATE]);
        assert_eq!(trine_hub_call(hub, c"board_status".as_ptr(), null(), 0, null_mut()), OK);
        assert_eq!(trine_hub_close(hub), OK);
    }
}
