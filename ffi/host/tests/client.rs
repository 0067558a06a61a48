//! A client of MCP servers, as a program in C has it, with a hub at the other end.
#![cfg(feature = "hub")]
#![expect(clippy::multiple_unsafe_ops_per_block, clippy::unwrap_used, reason = "it is a test")]

use std::ffi::{CStr, CString, c_char, c_void};
use std::io::{Read as _, Write as _};
use std::net::TcpListener;
use std::ptr::{null, null_mut};
use std::sync::atomic::{AtomicUsize, Ordering::SeqCst};
use std::sync::mpsc::{Receiver, Sender, channel};
use std::time::{Duration, Instant};

use serde_json::{Value, json};
use trine_host::hosted::{NULL, OK};
use trine_host::*;

const ARGUMENT: trine_status = -2;
const NOT_FOUND: trine_status = -10;
const FAILED: trine_status = -12;
const PATIENCE: Duration = Duration::from_secs(60);

/// Calls that wait for their cancellation, and those of them that have seen it.
#[derive(Default)]
struct Counts {
    waiting: AtomicUsize,
    cancelled: AtomicUsize,
}

/// Waits until so many are counted.
fn counted(count: &AtomicUsize, wanted: usize) {
    let begun = Instant::now();
    while count.load(SeqCst) < wanted {
        assert!(begun.elapsed() < PATIENCE, "{} of {wanted}", count.load(SeqCst));
        std::thread::yield_now();
    }
    assert_eq!(count.load(SeqCst), wanted);
}

/// Answers the double of `n`, refuses 13, and waits for 0 until the call is cancelled.
unsafe extern "C" fn double(
    counts: *mut c_void,
    call: *mut trine_json_call,
    arguments: *const c_char,
    _: usize,
) {
    // SAFETY: as the header says.
    unsafe {
        let arguments = CStr::from_ptr(arguments).to_bytes();
        let n = serde_json::from_slice::<Value>(arguments).unwrap()["n"].as_i64().unwrap();
        if n == 13 {
            assert_eq!(trine_json_fail(call, c"out of luck".as_ptr()), OK);
            return;
        }
        if n == 0 {
            let counts = &*counts.cast::<Counts>();
            counts.waiting.fetch_add(1, SeqCst);
            while trine_json_is_cancelled(call) == 0 {
                std::thread::sleep(Duration::from_millis(2));
            }
            counts.cancelled.fetch_add(1, SeqCst);
        }
        let text = CString::new(json!({ "double": 2 * n }).to_string()).unwrap();
        assert_eq!(trine_json_done(call, text.as_ptr()), OK);
    }
}

fn why() -> String {
    // SAFETY: the text lives until the next function.
    unsafe { CStr::from_ptr(trine_hub_why()) }.to_str().unwrap().to_owned()
}

/// Takes a text that a function gave.
fn taken(text: *mut c_char) -> Value {
    // SAFETY: it is freed once.
    unsafe {
        let value = serde_json::from_slice(CStr::from_ptr(text).to_bytes()).unwrap();
        assert_eq!(trine_hub_free(text), OK);
        value
    }
}

/// A hub with one tool, served over HTTP.
struct Served(*mut trine_hub, CString);

impl Served {
    fn new(counts: &Counts) -> Self {
        let definition = json!({
            "id": "double", "name": "Double", "description": "Double a number.",
            "input_schema": {
                "type": "object", "required": ["n"],
                "properties": {"n": {"type": "integer", "maximum": 1000}},
            },
            "output_schema": {"type": "object", "properties": {"double": {"type": "integer"}}},
        });
        let definition = CString::new(definition.to_string()).unwrap();
        let (mut hub, mut port) = (null_mut(), 0);
        // SAFETY: the places are this function's; the counts outlive the hub.
        unsafe {
            assert_eq!(trine_hub_open(null(), &mut hub), OK);
            let counts = (&raw const *counts).cast_mut().cast();
            let status = trine_hub_add_json(hub, definition.as_ptr(), Some(double), counts, None);
            assert_eq!(status, OK, "{}", why());
            assert_eq!(trine_hub_serve_http(hub, c"127.0.0.1:0".as_ptr(), &mut port), OK);
        }
        Self(hub, CString::new(format!("http://127.0.0.1:{port}/mcp")).unwrap())
    }
}

impl Drop for Served {
    fn drop(&mut self) {
        // SAFETY: it is closed once.
        assert_eq!(unsafe { trine_hub_close(self.0) }, OK);
    }
}

struct Site(*mut trine_client);

// SAFETY: a client is used by any number of threads.
unsafe impl Sync for Site {}

impl Site {
    fn new(url: &CStr) -> Self {
        let client = Self::open(url, c"").map_err(|(_, why)| why);
        client.unwrap()
    }

    fn open(url: &CStr, options: &CStr) -> Result<Self, (trine_status, String)> {
        let mut client = null_mut();
        // SAFETY: the place is this function's.
        match unsafe { trine_client_open(url.as_ptr(), options.as_ptr(), &mut client) } {
            OK => Ok(Self(client)),
            status => {
                assert!(client.is_null());
                Err((status, why()))
            }
        }
    }

    fn call(&self, tool: &CStr, arguments: &CStr, timeout: u32) -> (trine_status, Value) {
        let mut answer = null_mut();
        let (tool, arguments) = (tool.as_ptr(), arguments.as_ptr());
        // SAFETY: the place is this function's.
        let status = unsafe { trine_client_call(self.0, tool, arguments, timeout, &mut answer) };
        (status, if answer.is_null() { Value::Null } else { taken(answer) })
    }

    fn start(&self, n: i64, told: &Sender<End>) -> u64 {
        let arguments = CString::new(json!({ "n": n }).to_string()).unwrap();
        let (place, mut number) = ((&raw const *told).cast_mut().cast(), 0);
        let (tool, arguments) = (c"double".as_ptr(), arguments.as_ptr());
        // SAFETY: the sender lives until each end was told.
        let status = unsafe {
            trine_client_start(self.0, tool, arguments, 0, Some(ended), place, &mut number)
        };
        assert_eq!(status, OK, "{}", why());
        number
    }
}

impl Drop for Site {
    fn drop(&mut self) {
        // SAFETY: it is closed once.
        assert_eq!(unsafe { trine_client_close(self.0) }, OK);
    }
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

fn next(ends: &Receiver<End>) -> End {
    ends.recv_timeout(PATIENCE).unwrap()
}

#[test]
fn tools_are_listed_and_called_and_each_error_has_its_number_and_its_sentence() {
    let counts = Counts::default();
    let served = Served::new(&counts);
    let site = Site::new(&served.1);
    let (mut about, mut list) = (null_mut(), null_mut());
    // SAFETY: the places are this function's.
    unsafe {
        assert_eq!(trine_client_about(site.0, &mut about), OK);
        assert_eq!(trine_client_tools(site.0, &mut list), OK);
    }
    assert_eq!(taken(about)["revision"], "2026-07-28");
    let list = taken(list);
    let tool = &list[0];
    assert_eq!((&tool["name"], &tool["title"]), (&json!("double"), &json!("Double")));
    assert_eq!(tool["inputSchema"]["properties"]["n"]["maximum"], 1000);
    assert_eq!(tool["outputSchema"]["type"], "object");
    let (status, answer) = site.call(c"double", c"{\"n\": 21}", 0);
    assert_eq!((status, &answer["structuredContent"]), (OK, &json!({"double": 42})));
    assert_eq!(answer["isError"], false);
    // The result of a call that failed is there as well.
    let (status, answer) = site.call(c"double", c"{\"n\": 13}", 0);
    assert_eq!((status, &answer["isError"]), (FAILED, &json!(true)));
    assert_eq!(why(), "tool double failed: double: out of luck");
    let (status, _) = site.call(c"double", c"{\"n\": 1001}", 0);
    assert!(status == FAILED && why().contains("n must be at most 1000"), "{}", why());
    assert_eq!(site.call(c"treble", c"{}", 0), (NOT_FOUND, Value::Null));
    for wrong in [c"[1]", c"7", c"{\"n\": ", c""] {
        assert_eq!(site.call(c"double", wrong, 0), (ARGUMENT, Value::Null), "{wrong:?}");
        assert!(why().starts_with("arguments of double: "), "{}", why());
    }
    // A call that takes too long is cancelled at the server.
    let (status, _) = site.call(c"double", c"{\"n\": 0}", 50);
    assert!(status == TRINE_E_CONNECTION && why().contains("within 50ms"), "{}", why());
    counted(&counts.cancelled, 1);
}

#[test]
fn calls_that_were_started_are_told_of_once_and_end_with_their_client() {
    let counts = Counts::default();
    let served = Served::new(&counts);
    let site = Site::new(&served.1);
    let (send, ends) = channel::<End>();
    for n in 1..=10 {
        site.start(n, &send);
    }
    let mut sum = 0;
    for _ in 1..=10 {
        let (status, answer, why) = next(&ends);
        assert_eq!((status, &*why), (OK, ""));
        let answer: Value = serde_json::from_str(&answer).unwrap();
        sum += answer["structuredContent"]["double"].as_i64().unwrap();
    }
    assert_eq!(sum, 110);
    site.start(13, &send);
    let (status, answer, why) = next(&ends);
    assert!(status == FAILED && answer.contains("out of luck") && why.ends_with("out of luck"));
    let number = site.start(0, &send);
    counted(&counts.waiting, 1);
    assert!(ends.try_recv().is_err(), "it has not ended");
    // SAFETY: the client is open.
    assert_eq!(unsafe { trine_client_cancel(site.0, number) }, OK);
    assert_eq!(next(&ends), (FAILED, String::new(), "it was cancelled".to_owned()));
    // SAFETY: as above; no call has this number any more.
    assert_eq!(unsafe { trine_client_cancel(site.0, number) }, OK);
    // Those that are under way are told before the client is gone.
    site.start(0, &send);
    site.start(0, &send);
    counted(&counts.waiting, 3);
    drop(site);
    for _ in 0..2 {
        assert_eq!(ends.try_recv().unwrap().0, FAILED);
    }
    assert!(ends.try_recv().is_err(), "each end is told once");
    counted(&counts.cancelled, 3);
}

#[test]
fn calls_of_many_threads_and_clients_get_each_their_own_answer() {
    let counts = Counts::default();
    let served = Served::new(&counts);
    let sites = [Site::new(&served.1), Site::new(&served.1)];
    std::thread::scope(|scope| {
        for thread in 0..8_u16 {
            let site = &sites[usize::from(thread % 2)];
            scope.spawn(move || {
                for n in 1..=12 {
                    let n = 12 * thread + n + 100;
                    let arguments = CString::new(format!("{{\"n\": {n}}}")).unwrap();
                    let (status, answer) = site.call(c"double", &arguments, 0);
                    assert_eq!(
                        (status, &answer["structuredContent"]["double"]),
                        (OK, &json!(2 * n)),
                        "{}",
                        why()
                    );
                }
            });
        }
    });
}

/// The URL of a server that answers each request with these bytes, and then hangs up.
fn answering(bytes: &'static str) -> CString {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let url = format!("http://{}/mcp", listener.local_addr().unwrap());
    std::thread::spawn(move || {
        for stream in listener.incoming().flatten() {
            let mut stream = stream;
            let _ = stream.read(&mut vec![0; 4096]);
            let _ = stream.write_all(bytes.as_bytes());
        }
    });
    CString::new(url).unwrap()
}

#[test]
fn a_server_that_is_not_there_or_is_none_is_an_error_that_says_so() {
    let wrong = [
        (c"fan".to_owned(), c"", ARGUMENT, "invalid URL 'fan'"),
        (c"http://127.0.0.1:1/mcp".to_owned(), c"", TRINE_E_CONNECTION, "cannot connect to"),
        (answering(""), c"", TRINE_E_CONNECTION, "connection closed"),
        (answering("HTTP/1.1 401 No\r\ncontent-length: 0\r\n\r\n"), c"", TRINE_E_PROTOCOL, "key"),
        (
            answering("HTTP/1.1 200 OK\r\ncontent-type: text/html\r\ncontent-length: 2\r\n\r\nhi"),
            c"",
            TRINE_E_PROTOCOL,
            "",
        ),
        (answering(""), c"timeout=5", ARGUMENT, "option 'timeout': expected api_key"),
        (answering(""), c"timeout_ms=0", ARGUMENT, "option 'timeout_ms': its value is a number"),
        (answering(""), c"api_key=a\tb\x01", ARGUMENT, "invalid"),
    ];
    for (url, options, expected, part) in wrong {
        let (status, why) = Site::open(&url, options).err().unwrap();
        assert_eq!(status, expected, "{url:?}: {why}");
        assert!(why.contains(part), "{url:?}: {why}");
        assert!(!why.contains("a\tb"), "a key is in no text: {why}");
    }
    // One that accepts and says nothing.
    let silent = TcpListener::bind("127.0.0.1:0").unwrap();
    let url = CString::new(format!("http://{}/mcp", silent.local_addr().unwrap())).unwrap();
    let (status, why) = Site::open(&url, c"connect_timeout_ms=100").err().unwrap();
    assert_eq!(status, TRINE_E_CONNECTION, "{why}");
    assert!(why.contains("within 100ms"), "{why}");
}

#[test]
fn null_is_refused_wherever_something_is_expected() {
    let counts = Counts::default();
    let served = Served::new(&counts);
    let site = Site::new(&served.1);
    let (mut client, mut place, mut number) = (null_mut(), null_mut(), 0);
    let (url, tool) = (served.1.as_ptr(), c"double".as_ptr());
    // SAFETY: NULL is checked, and the places are this function's.
    unsafe {
        assert_eq!(trine_client_open(null(), null(), &mut client), NULL);
        assert_eq!(trine_client_open(url, null(), null_mut()), NULL);
        assert_eq!(trine_client_about(null_mut(), &mut place), NULL);
        assert_eq!(trine_client_about(site.0, null_mut()), NULL);
        assert_eq!(trine_client_tools(null_mut(), &mut place), NULL);
        assert_eq!(trine_client_tools(site.0, null_mut()), NULL);
        assert_eq!(trine_client_call(null_mut(), tool, null(), 0, &mut place), NULL);
        assert_eq!(trine_client_call(site.0, null(), null(), 0, &mut place), NULL);
        // The answer may go nowhere: the tool has refused the call.
        assert_eq!(trine_client_call(site.0, tool, null(), 0, null_mut()), FAILED);
        let start = trine_client_start;
        assert_eq!(start(site.0, tool, null(), 0, None, null_mut(), &mut number), NULL);
        assert_eq!(trine_client_cancel(null_mut(), 1), NULL);
        assert_eq!(trine_client_close(null_mut()), OK);
    }
    assert!(client.is_null() && place.is_null() && number == 0);
}
