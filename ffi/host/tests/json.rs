//! Tools that take JSON, as a program in C or in a language above it has them.
#![cfg(feature = "hub")]
#![expect(clippy::multiple_unsafe_ops_per_block, clippy::unwrap_used, reason = "it is a test")]

use std::ffi::{CStr, CString, c_char, c_void};
use std::ptr::{null, null_mut};
use std::sync::atomic::{AtomicUsize, Ordering::SeqCst};
use std::sync::mpsc::{Sender, channel};
use std::time::{Duration, Instant};

use serde_json::{Value, json};
use trine_host::hosted::OK;
use trine_host::*;

const FAILED: trine_status = -12;
const NOT_FOUND: trine_status = -10;

/// What a tool's `user_data` points to.
#[derive(Default)]
struct State {
    calls: AtomicUsize,
    released: AtomicUsize,
    cancelled: AtomicUsize,
}

/// `how` says how the call ends; `well` answers `n` doubled.
unsafe extern "C" fn double(
    user_data: *mut c_void,
    call: *mut trine_json_call,
    arguments: *const c_char,
    size: usize,
) {
    // SAFETY: as the header says.
    unsafe {
        let state = &*user_data.cast::<State>();
        state.calls.fetch_add(1, SeqCst);
        let text = CStr::from_ptr(arguments).to_str().unwrap();
        assert_eq!(text.len(), size);
        let arguments: Value = serde_json::from_str(text).unwrap();
        let n = arguments["n"].as_i64().unwrap();
        let well = CString::new(json!({ "double": 2 * n }).to_string()).unwrap();
        match arguments["how"].as_str().unwrap() {
            "well" => assert_eq!(trine_json_done(call, well.as_ptr()), OK),
            "later" => {
                let call = call.addr();
                std::thread::spawn(move || {
                    std::thread::sleep(Duration::from_millis(20));
                    let call = std::ptr::with_exposed_provenance_mut(call);
                    assert_eq!(trine_json_progress(call, 1, 2, c"half".as_ptr()), OK);
                    assert_eq!(trine_json_done(call, well.as_ptr()), OK);
                });
            }
            "fail" => assert_eq!(trine_json_fail(call, c"out of paper".as_ptr()), OK),
            "wrong" => assert_eq!(trine_json_done(call, c"{\"double\":\"x\"}".as_ptr()), OK),
            "array" => assert_eq!(trine_json_done(call, c"[1]".as_ptr()), OK),
            "null" => assert!(trine_json_done(call, null()) < 0),
            "bytes" => assert!(trine_json_fail(call, c"\xff".as_ptr()) < 0),
            _ => {
                while trine_json_is_cancelled(call) == 0 {
                    std::thread::sleep(Duration::from_millis(5));
                }
                state.cancelled.fetch_add(1, SeqCst);
                assert_eq!(trine_json_fail(call, c"no one waits".as_ptr()), OK);
            }
        }
    }
}

unsafe extern "C" fn release(user_data: *mut c_void) {
    // SAFETY: as the header says.
    unsafe { (*user_data.cast::<State>()).released.fetch_add(1, SeqCst) };
}

fn definition(name: &str) -> CString {
    let text = json!({
        "id": name, "name": "Double", "description": "Double a number.",
        "input_schema": {
            "type": "object",
            "properties": {
                "n": {"type": "integer", "minimum": 0, "maximum": 1000},
                "how": {"type": "string", "default": "well"},
            },
            "required": ["n"],
        },
        "output_schema": {
            "type": "object", "properties": {"double": {"type": "integer"}},
            "required": ["double"],
        },
    });
    CString::new(text.to_string()).unwrap()
}

/// A hub, and what its functions say.
struct Site(*mut trine_hub);

// SAFETY: a hub is used by any number of threads.
unsafe impl Sync for Site {}

impl Site {
    fn new() -> Self {
        let mut hub = null_mut();
        // SAFETY: the place is this function's.
        assert_eq!(unsafe { trine_hub_open(null(), &mut hub) }, OK);
        Self(hub)
    }

    fn add(&self, definition: &CStr, state: &State) -> trine_status {
        let state = (&raw const *state).cast_mut().cast();
        // SAFETY: what is given lives as long as the hub.
        unsafe {
            trine_hub_add_json(self.0, definition.as_ptr(), Some(double), state, Some(release))
        }
    }

    fn why() -> String {
        // SAFETY: the text lives until the next function.
        unsafe { CStr::from_ptr(trine_hub_why()) }.to_str().unwrap().to_owned()
    }

    fn call(&self, tool: &CStr, arguments: &Value, milliseconds: u32) -> (trine_status, Value) {
        let arguments = CString::new(arguments.to_string()).unwrap();
        let mut answer = null_mut();
        // SAFETY: the place is this function's, and the text is freed once.
        unsafe {
            let (tool, arguments) = (tool.as_ptr(), arguments.as_ptr());
            let status = trine_hub_call(self.0, tool, arguments, milliseconds, &mut answer);
            if answer.is_null() {
                return (status, Value::Null);
            }
            let value = serde_json::from_slice(CStr::from_ptr(answer).to_bytes()).unwrap();
            assert_eq!(trine_hub_free(answer), OK);
            (status, value)
        }
    }

    fn said(&self, arguments: &Value) -> String {
        let (status, value) = self.call(c"double", arguments, 5_000);
        assert_eq!(status, FAILED, "{value}");
        value["content"][0]["text"].as_str().unwrap().to_owned()
    }
}

impl Drop for Site {
    fn drop(&mut self) {
        // SAFETY: it is closed once.
        assert_eq!(unsafe { trine_hub_close(self.0) }, OK);
    }
}

#[test]
fn a_call_has_checked_arguments_and_ends_by_any_thread_in_a_result_or_in_a_sentence() {
    let state = State::default();
    let site = Site::new();
    assert_eq!(site.add(&definition("double"), &state), OK);
    for how in ["well", "later"] {
        let (status, value) = site.call(c"double", &json!({"n": 21, "how": how}), 5_000);
        assert_eq!((status, &value["structuredContent"]), (OK, &json!({"double": 42})), "{how}");
    }
    // What is left out has its default.
    assert_eq!(site.call(c"double", &json!({"n": 1}), 5_000).0, OK);
    assert_eq!(state.calls.load(SeqCst), 3);
    let why = site.said(&json!({"n": 1001}));
    assert!(why.contains("double: n must be at most 1000"), "{why}");
    assert_eq!(state.calls.load(SeqCst), 3, "it never reached the tool");
    let ends = [
        ("fail", "out of paper"),
        ("wrong", "a fault of the tool"),
        ("array", "a fault of the tool"),
        ("null", "the tool ended without an answer"),
        ("bytes", "the tool ended without an answer"),
    ];
    for (how, part) in ends {
        let why = site.said(&json!({"n": 1, "how": how}));
        assert!(why.contains(part), "{how}: {why}");
    }
    assert_eq!(site.call(c"treble", &json!({}), 5_000).0, NOT_FOUND);
    let mut stats =
        trine_hub_stats { struct_size: 32, reserved: 0, calls: 0, errors: 0, nanoseconds: 0 };
    // SAFETY: the place is this function's.
    let status = unsafe { trine_hub_get_stats(site.0, c"double".as_ptr(), &mut stats) };
    assert_eq!((status, stats.calls, stats.errors), (OK, 8, 5));
    drop(site);
    assert_eq!(state.released.load(SeqCst), 1);
}

/// Says whether it runs on the thread that `user_data` is the mark of.
unsafe extern "C" fn thread(
    user_data: *mut c_void,
    call: *mut trine_json_call,
    _: *const c_char,
    _: usize,
) {
    // SAFETY: as the header says.
    unsafe {
        let is_it = *user_data.cast::<std::thread::ThreadId>() == std::thread::current().id();
        let text = CString::new(json!({ "same": is_it }).to_string()).unwrap();
        assert_eq!(trine_json_done(call, text.as_ptr()), OK);
    }
}

#[test]
fn a_call_without_a_time_runs_where_it_is_made_and_one_with_a_time_does_not() {
    let mark = std::thread::current().id();
    let site = Site::new();
    let text = c"{\"id\":\"where\",\"name\":\"Where\",\"description\":\"Say where.\",\
                 \"input_schema\":{\"type\":\"object\"}}";
    let place = (&raw const mark).cast_mut().cast();
    // SAFETY: the mark lives as long as the hub.
    let status = unsafe { trine_hub_add_json(site.0, text.as_ptr(), Some(thread), place, None) };
    assert_eq!(status, OK, "{}", Site::why());
    for (timeout, expected) in [(0, true), (5_000, false), (0, true)] {
        let (status, value) = site.call(c"where", &json!({}), timeout);
        assert_eq!((status, &value["structuredContent"]["same"]), (OK, &json!(expected)));
    }
}

#[test]
fn a_call_that_is_given_up_is_told_so() {
    let state = State::default();
    let site = Site::new();
    assert_eq!(site.add(&definition("double"), &state), OK);
    let begun = Instant::now();
    let (status, _) = site.call(c"double", &json!({"n": 1, "how": "never"}), 50);
    assert_eq!(status, FAILED);
    while state.cancelled.load(SeqCst) == 0 {
        assert!(begun.elapsed() < Duration::from_secs(30), "it was not told");
        std::thread::yield_now();
    }
}

#[test]
fn a_tool_that_is_refused_is_named_and_nothing_of_it_is_released() {
    let state = State::default();
    let site = Site::new();
    let bad = [
        (c"{}".to_owned(), "id"),
        (c"[]".to_owned(), "must be a JSON object"),
        (definition("a name with spaces"), "name"),
        (
            c"{\"id\":\"x\",\"name\":\"x\",\"description\":\"x\",\"input_schema\":{\"type\":7}}"
                .to_owned(),
            "input_schema",
        ),
    ];
    for (text, part) in bad {
        assert_eq!(site.add(&text, &state), FAILED, "{text:?}");
        assert!(Site::why().contains(part), "{text:?}: {}", Site::why());
    }
    assert_eq!(site.add(&definition("double"), &state), OK);
    assert_eq!(site.add(&definition("double"), &state), FAILED);
    assert!(Site::why().contains("double"), "{}", Site::why());
    assert_eq!(state.released.load(SeqCst), 0);
    // SAFETY: texts that end with a zero byte.
    unsafe {
        assert_eq!(trine_hub_remove_json(site.0, c"double".as_ptr()), OK);
        assert_eq!(trine_hub_remove_json(site.0, c"double".as_ptr()), NOT_FOUND);
    }
    assert_eq!(state.released.load(SeqCst), 1);
    assert_eq!(site.add(&definition("double"), &state), OK, "its name is free again");
}

/// What a call that was started came to.
type End = (trine_status, String, String);

unsafe extern "C" fn ended(
    user_data: *mut c_void,
    status: trine_status,
    answer: *const c_char,
    why: *const c_char,
) {
    // SAFETY: as the header says.
    unsafe {
        let [answer, why] =
            [answer, why].map(|text| CStr::from_ptr(text).to_str().unwrap().to_owned());
        // The test may end as soon as it has received, and its sender with it: before `send` does.
        let told = (*user_data.cast::<Sender<End>>()).clone();
        told.send((status, answer, why)).unwrap();
    }
}

#[test]
fn a_call_that_was_started_is_told_of_once_and_can_be_cancelled() {
    let state = State::default();
    let site = Site::new();
    assert_eq!(site.add(&definition("double"), &state), OK);
    let (send, receive) = channel::<End>();
    let start = |tool: &CStr, arguments: &Value| {
        let arguments = CString::new(arguments.to_string()).unwrap();
        let (place, mut number) = ((&raw const send).cast_mut().cast(), 0);
        // SAFETY: the sender lives until each end was told.
        let status = unsafe {
            let (tool, arguments) = (tool.as_ptr(), arguments.as_ptr());
            trine_hub_start(site.0, tool, arguments, Some(ended), place, &mut number)
        };
        (status, number)
    };
    for n in 0..100 {
        let how = if n % 2 == 0 { "later" } else { "well" };
        assert_eq!(start(c"double", &json!({"n": n, "how": how})).0, OK);
    }
    let mut sum = 0;
    for _ in 0..100 {
        let (status, answer, why) = receive.recv_timeout(Duration::from_secs(60)).unwrap();
        assert_eq!((status, &*why), (OK, ""));
        let answer: Value = serde_json::from_str(&answer).unwrap();
        sum += answer["structuredContent"]["double"].as_i64().unwrap();
    }
    assert_eq!(sum, 2 * 99 * 50);
    // Refused arguments are an end too; a tool that is not there is none.
    assert_eq!(start(c"double", &json!({"n": -1})).0, OK);
    let (status, _, why) = receive.recv_timeout(Duration::from_secs(60)).unwrap();
    assert!(status == FAILED && why.contains("n must be"), "{why}");
    assert_eq!(start(c"treble", &json!({})).0, NOT_FOUND);
    let (status, number) = start(c"double", &json!({"n": 1, "how": "never"}));
    assert_eq!(status, OK);
    std::thread::sleep(Duration::from_millis(20));
    assert!(receive.try_recv().is_err(), "no one has cancelled it");
    // SAFETY: the hub is open.
    assert_eq!(unsafe { trine_hub_cancel(site.0, number) }, OK);
    let (status, ..) = receive.recv_timeout(Duration::from_secs(60)).unwrap();
    assert_eq!((status, state.cancelled.load(SeqCst)), (FAILED, 1));
    // SAFETY: as above; it has ended.
    assert_eq!(unsafe { trine_hub_cancel(site.0, number) }, OK);
    assert!(receive.try_recv().is_err(), "each end is told once");
}

#[test]
fn calls_of_many_threads_are_each_answered_once() {
    let state = State::default();
    let site = Site::new();
    assert_eq!(site.add(&definition("double"), &state), OK);
    std::thread::scope(|scope| {
        for thread in 0..8 {
            let site = &site;
            scope.spawn(move || {
                for n in 0..100 {
                    let how = if n % 10 == 0 { "later" } else { "well" };
                    let arguments = json!({"n": n + thread, "how": how});
                    let (status, value) = site.call(c"double", &arguments, 30_000);
                    assert_eq!(status, OK);
                    assert_eq!(value["structuredContent"]["double"], 2 * (n + thread));
                }
            });
        }
    });
    assert_eq!(state.calls.load(SeqCst), 800);
}

#[test]
fn tools_of_devices_are_listed_and_called_next_to_those_of_the_program() {
    let state = State::default();
    let mut hub = null_mut();
    // SAFETY: the place is this function's, and the text ends with a zero byte.
    let status = unsafe { trine_hub_open(c"simulate=north\nin_flight=2".as_ptr(), &mut hub) };
    assert_eq!(status, OK, "{}", Site::why());
    let site = Site(hub);
    assert_eq!(site.add(&definition("double"), &state), OK);
    // SAFETY: the hub is open, the place is this function's, and the text is freed once.
    let tools: Vec<Value> = unsafe {
        assert_eq!(trine_hub_wait(site.0, 60_000), OK);
        let mut list = null_mut();
        assert_eq!(trine_hub_tools(site.0, &mut list), OK);
        let tools = serde_json::from_slice(CStr::from_ptr(list).to_bytes()).unwrap();
        assert_eq!(trine_hub_free(list), OK);
        tools
    };
    let tool = |name: &str| tools.iter().find(|tool| tool["name"] == name).unwrap();
    assert_eq!(tool("double")["inputSchema"]["properties"]["n"]["maximum"], 1000);
    assert_eq!(tool("fan_set")["inputSchema"]["properties"]["percent"]["maximum"], 100);
    let (status, value) = site.call(c"fan_set", &json!({"percent": 40}), 30_000);
    assert_eq!((status, &value["structuredContent"]), (OK, &json!({"percent": 40})));
    let (status, value) = site.call(c"fan_set", &json!({"percent": 101}), 30_000);
    assert_eq!(status, FAILED, "{value}");
    assert_eq!(site.call(c"double", &json!({"n": 4}), 5_000).0, OK);
    // Started calls of devices, more than one at a time, end too; and the hub can be called there.
    let (send, receive) = channel::<End>();
    for percent in 0..20 {
        let arguments = CString::new(json!({ "percent": percent }).to_string()).unwrap();
        let place = (&raw const send).cast_mut().cast();
        // SAFETY: the sender lives until each end was told.
        let status = unsafe {
            let (tool, arguments) = (c"fan_set".as_ptr(), arguments.as_ptr());
            trine_hub_start(site.0, tool, arguments, Some(ended), place, null_mut())
        };
        assert_eq!(status, OK);
    }
    let mut all: Vec<i64> = (0..20)
        .map(|_| {
            let (status, answer, why) = receive.recv_timeout(Duration::from_secs(60)).unwrap();
            assert_eq!(status, OK, "{why}");
            let answer: Value = serde_json::from_str(&answer).unwrap();
            answer["structuredContent"]["percent"].as_i64().unwrap()
        })
        .collect();
    all.sort_unstable();
    assert_eq!(all, (0..20).collect::<Vec<_>>());
}

#[test]
fn an_option_that_is_not_there_is_named_with_those_that_are() {
    let mut hub = null_mut();
    for (text, part) in [(c"serail=x", "serial"), (c"serial", "key=value"), (c"tcp=x", "x")] {
        // SAFETY: the place is this function's, and the text ends with a zero byte.
        let status = unsafe { trine_hub_open(text.as_ptr(), &mut hub) };
        assert!(status < 0 && hub.is_null(), "{text:?}");
        assert!(Site::why().contains(part), "{text:?}: {}", Site::why());
    }
}

#[test]
fn the_structured_result_alone_is_that_of_a_call_and_so_is_an_error() {
    let state = State::default();
    let mut hub = null_mut();
    // SAFETY: the place is this function's, and the text ends with a zero byte.
    assert_eq!(unsafe { trine_hub_open(c"simulate=north".as_ptr(), &mut hub) }, OK);
    let site = Site(hub);
    // SAFETY: the hub is open.
    assert_eq!(unsafe { trine_hub_wait(site.0, 60_000) }, OK);
    assert_eq!(site.add(&definition("double"), &state), OK);
    let value = |tool: &CStr, arguments: &Value, milliseconds: u32| {
        let arguments = CString::new(arguments.to_string()).unwrap();
        let mut value = null_mut();
        // SAFETY: the place is this function's, and the text is freed once.
        unsafe {
            let (tool, arguments) = (tool.as_ptr(), arguments.as_ptr());
            let status = trine_hub_value(site.0, tool, arguments, milliseconds, &mut value);
            if value.is_null() {
                return (status, Site::why());
            }
            let text = CStr::from_ptr(value).to_str().unwrap().to_owned();
            assert_eq!(trine_hub_free(value), OK);
            (status, text)
        }
    };
    for milliseconds in [0, 30_000] {
        for how in ["well", "later"] {
            let found = value(c"double", &json!({"n": 2, "how": how}), milliseconds);
            assert_eq!(found, (OK, "{\"double\":4}".to_owned()));
        }
        let found = value(c"fan_set", &json!({"percent": 40}), milliseconds);
        assert_eq!(found, (OK, "{\"percent\":40}".to_owned()));
        let cases = [
            (c"double", json!({"n": 1, "how": "fail"})),
            (c"double", json!({"n": 1, "how": "wrong"})),
            (c"double", json!({"n": -1})),
            (c"fan_set", json!({"percent": 101})),
            (c"treble", json!({})),
        ];
        for (tool, arguments) in cases {
            let (status, _) = site.call(tool, &arguments, 30_000);
            let why = Site::why();
            assert_eq!(value(tool, &arguments, milliseconds), (status, why), "{arguments}");
        }
    }
    let (status, why) = value(c"double", &json!({"n": 1, "how": "never"}), 50);
    assert!(status == FAILED && why.contains("no answer within 50 ms"), "{why}");
}

#[test]
fn a_sentence_becomes_a_call_of_the_tools_that_the_hub_has() {
    let (state, site) = (State::default(), Site::new());
    let ask = |sentence: &str| {
        let sentence = CString::new(sentence).unwrap();
        let mut answer = null_mut();
        // SAFETY: the place is this function's, and the text is freed once.
        unsafe {
            let status = trine_hub_ask(site.0, sentence.as_ptr(), &mut answer);
            if answer.is_null() {
                return (status, Value::Null);
            }
            let value = serde_json::from_slice(CStr::from_ptr(answer).to_bytes()).unwrap();
            assert_eq!(trine_hub_free(answer), OK);
            (status, value)
        }
    };
    assert_eq!(ask("set the pump to 40 percent").0, FAILED, "there are no tools");
    let percent = json!({"type": "integer", "minimum": 0, "maximum": 100,
        "description": "Percent of full speed."});
    let schema = json!({"type": "object", "properties": {"percent": percent},
        "required": ["percent"]});
    let pump = json!({"id": "pump_speed", "name": "Pump speed", "input_schema": schema,
        "description": "Set the speed of the pump in percent."});
    assert_eq!(site.add(&CString::new(pump.to_string()).unwrap(), &state), OK);
    for _ in 0..2 {
        let (_, answer) = ask("set the speed of the pump to 40 percent");
        assert_eq!(answer["tool"], "pump_speed", "{answer}");
        assert_eq!(answer["arguments"], json!({"percent": 40}));
    }
    let (_, answer) = ask("do not set the pump to 40 percent");
    assert_eq!((&answer["tool"], &answer["why"]), (&Value::Null, &json!("negated")), "{answer}");
    let (status, answer) = ask("");
    assert_eq!((status, &answer["tool"]), (OK, &Value::Null), "{answer}");
    // With one tool more, the list is another.
    let lamp = json!({"id": "lamp_dim", "name": "Lamp", "input_schema": schema,
        "description": "Dim the lamp of the stage to a percentage."});
    assert_eq!(site.add(&CString::new(lamp.to_string()).unwrap(), &state), OK);
    let (_, answer) = ask("dim the lamp of the stage to 30 percent");
    assert_eq!(answer["tool"], "lamp_dim", "{answer}");
    let (_, answer) = ask("set the speed of the pump to 40 percent");
    assert_eq!(answer["tool"], "pump_speed", "{answer}");
    assert_eq!(state.calls.load(SeqCst), 0, "nothing is called");
}
