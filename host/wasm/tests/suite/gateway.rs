//! Tools of modules behind a gateway, as a client sees them.

use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering};
use std::thread::JoinHandle;
use std::time::{Duration, Instant};

use serde_json::json;
use trine_client::Client;
use trine_gateway::host_tools::ToolsId;
use trine_gateway::server::{Server, ServerHandle};
use trine_gateway::{DeviceArgs, Hub, Prefix, Settings};
use trine_wasm::{Guest, Limits};

use crate::modules::{ADD, CALLS, COUNT, Plug, int};

/// A server of a module's tools.
struct Site {
    url: String,
    handle: ServerHandle,
    serving: Option<JoinHandle<trine_gateway::Result<()>>>,
    hub: Arc<Hub>,
    tools: ToolsId,
}

impl Site {
    fn start(limits: &Limits) -> Self {
        let hub = Hub::open_with(&DeviceArgs::default(), Prefix::Auto, &Settings::none()).unwrap();
        let tools = hub.add_tools(Arc::new(plug().load_with(limits))).unwrap();
        let server = Server::builder().hub(Arc::clone(&hub)).port(0).build().unwrap();
        let (url, handle) = (format!("http://{}/mcp", server.local_addr()), server.handle());
        let serving = Some(std::thread::spawn(move || server.run()));
        Self { url, handle, serving, hub, tools }
    }

    async fn client(&self) -> Client {
        Client::connect(&self.url).await.unwrap()
    }
}

impl Drop for Site {
    fn drop(&mut self) {
        self.handle.shutdown();
        self.serving.take().unwrap().join().unwrap().unwrap();
    }
}

/// Runs for so many times a million instructions as its number says, then answers it.
const LONG: &str = "
    (local $left i32)
    (local.set $left (i32.mul (i32.const 300000)
      (i32.wrap_i64 (call $get_int (local.get $call) (i32.const 0)))))
    (loop $again
      (br_if $again (local.tee $left (i32.sub (local.get $left) (i32.const 1)))))
    (call $put_int (local.get $call) (i32.const 0)
      (call $get_int (local.get $call) (i32.const 0)))";
/// Tells how far it is three times, and writes a line of log.
const TELL: &str = "
    (drop (call $progress (local.get $call) (i32.const 1) (i32.const 3) (i32.const 1024)
      (i32.const 3)))
    (drop (call $progress (local.get $call) (i32.const 2) (i32.const 3) (i32.const 0)
      (i32.const 0)))
    (drop (call $log (local.get $call) (i32.const 3) (i32.const 1024) (i32.const 3)))
    (call $put_int (local.get $call) (i32.const 0) (i64.const 1))";
/// Runs until its client has given up.
const WAIT: &str = "
    (loop $again (br_if $again (i32.eqz (call $is_cancelled (local.get $call)))))
    (global.set $calls (i32.const 77))
    i32.const -12";

fn plug() -> Plug {
    let n = || int("n");
    Plug::new()
        .code(CALLS)
        .tool("add", [&[n()], &[n()]], ADD)
        .tool("count", [&[], &[n()]], COUNT)
        .tool("long", [&[n()], &[n()]], LONG)
        .tool("tell", [&[], &[n()]], TELL)
        .tool("wait", [&[], &[n()]], WAIT)
        .tool("trap", [&[], &[n()]], "unreachable")
}

#[tokio::test(flavor = "multi_thread")]
async fn a_client_calls_them_as_any_tools() {
    let site = Site::start(&Limits::default());
    let client = site.client().await;
    let names: Vec<_> =
        client.list_tools().await.unwrap().iter().map(|tool| tool.name.clone()).collect();
    assert_eq!(names, ["add", "count", "long", "tell", "wait", "trap"]);
    let added = client.call_tool("add", json!({"n": 41})).await.unwrap();
    assert_eq!(added.structured, Some(json!({"n": 42})));
    let said = client.call_tool("add", json!({"n": 1_001})).await.unwrap_err().to_string();
    assert!(said.contains("at most 1000"), "{said}");
    let said = client.call_tool("trap", json!({})).await.unwrap_err().to_string();
    assert!(said.contains("it was stopped"), "{said}");
    let told = AtomicU32::new(0);
    let call = client.call("tell").arguments(json!({}));
    let call = call.on_progress(|_| _ = told.fetch_add(1, Ordering::AcqRel));
    assert_eq!(call.send().await.unwrap().structured, Some(json!({"n": 1})));
    assert_eq!(told.load(Ordering::Acquire), 2);
}

#[tokio::test(flavor = "multi_thread")]
async fn calls_that_take_long_run_one_after_the_other_and_all_end() {
    let site = Site::start(&Limits { time: Duration::from_secs(120), ..Limits::default() });
    let mut calls = Vec::new();
    for n in 1..=12 {
        let client = site.client().await;
        calls.push(tokio::spawn(async move {
            let tool = if n % 3 == 0 { "add" } else { "long" };
            let n = if n % 3 == 0 { n } else { n % 3 };
            let result = client.call_tool(tool, json!({"n": n})).await.unwrap();
            let expected = if tool == "add" { n + 1 } else { n };
            assert_eq!(result.structured, Some(json!({"n": expected})));
        }));
    }
    for call in calls {
        call.await.unwrap();
    }
    let client = site.client().await;
    let count = client.call_tool("count", json!({})).await.unwrap();
    assert_eq!(count.structured, Some(json!({"n": 4})));
}

#[tokio::test(flavor = "multi_thread")]
async fn calls_that_are_put_aside_for_a_moment_are_not_mixed_up() {
    let site = Site::start(&Limits::default());
    // A little more than the first slice.
    let body = LONG.replace("300000", "60");
    let short = Plug::new().tool("short", [&[int("n")], &[int("n")]], &body);
    site.hub.add_tools(Arc::new(short.load())).unwrap();
    let mut calls = Vec::new();
    for client in 0..8 {
        let connected = site.client().await;
        calls.push(tokio::spawn(async move {
            for n in 0..100 {
                let n = 800 + (client * 100 + n) % 200;
                let result = connected.call_tool("short", json!({"n": n})).await.unwrap();
                assert_eq!(result.structured, Some(json!({"n": n})));
            }
        }));
    }
    for call in calls {
        call.await.unwrap();
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_call_beyond_those_that_may_wait_is_refused() {
    let site =
        Site::start(&Limits { waiting: 0, time: Duration::from_secs(120), ..Limits::default() });
    let waiting = site.client().await;
    let call = tokio::spawn(async move {
        let call = waiting.call_tool("wait", json!({}));
        tokio::time::timeout(Duration::from_secs(2), call).await
    });
    tokio::time::sleep(Duration::from_millis(500)).await;
    let client = site.client().await;
    let said = client.call_tool("add", json!({"n": 1})).await.unwrap_err().to_string();
    assert!(said.contains("busy") || said.contains("too many"), "{said}");
    // The client goes away, of which the tool hears.
    call.await.unwrap().unwrap_err();
    let mut count = None;
    for _ in 0..200 {
        tokio::time::sleep(Duration::from_millis(50)).await;
        count = client.call_tool("count", json!({})).await.ok();
        if count.is_some() {
            break;
        }
    }
    assert_eq!(count.unwrap().structured, Some(json!({"n": 77})));
}

#[tokio::test(flavor = "multi_thread")]
async fn the_thread_that_reads_requests_is_not_held_up_by_a_module() {
    let limits = Limits { time: Duration::from_secs(3), fuel: u64::MAX, ..Limits::default() };
    let site = Site::start(&limits);
    let other = Plug::new().tool("free", [&[int("n")], &[int("n")]], ADD).code(CALLS);
    site.hub.add_tools(Arc::new(other.load())).unwrap();
    let client = site.client().await;
    let busy = tokio::spawn(async move { client.call_tool("wait", json!({})).await });
    tokio::time::sleep(Duration::from_millis(300)).await;
    let client = site.client().await;
    let began = Instant::now();
    assert!(client.call_tool("free", json!({"n": 1})).await.is_ok());
    assert!(began.elapsed() < Duration::from_secs(1), "{:?}", began.elapsed());
    let said = busy.await.unwrap().unwrap_err().to_string();
    assert!(said.contains("more than 3000 ms"), "{said}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_module_is_replaced_while_its_call_runs() {
    let site = Site::start(&Limits { time: Duration::from_secs(120), ..Limits::default() });
    let client = site.client().await;
    let old = tokio::spawn(async move { client.call_tool("long", json!({"n": 3})).await });
    tokio::time::sleep(Duration::from_millis(50)).await;
    let new: Guest = plug().load();
    let leaving = site.hub.replace_tools(site.tools, Arc::new(new)).unwrap();
    let client = site.client().await;
    let count = client.call_tool("count", json!({})).await.unwrap();
    assert_eq!(count.structured, Some(json!({"n": 0})));
    assert_eq!(old.await.unwrap().unwrap().structured, Some(json!({"n": 3})));
    assert!(leaving.wait(Duration::from_secs(20)));
}
