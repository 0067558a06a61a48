//! Tools of a program that are replaced and removed while clients call them.
#![expect(clippy::unwrap_used, clippy::panic, reason = "a test stops at the first surprise")]

use std::collections::HashMap;
use std::sync::atomic::{AtomicBool, AtomicU32, Ordering};
use std::sync::{Arc, Mutex};
use std::thread::JoinHandle;
use std::time::Duration;

use serde_json::{Value, json};
use trine_client::{Client, Error, Family};
use trine_descriptor::{Field, IntRange, Kind, Tool, ToolInfo};
use trine_gateway::host_tools::{self, HostCall, HostTools, Leaving, ToolsId};
use trine_gateway::server::{Server, ServerHandle};
use trine_gateway::table::Table;
use trine_gateway::{DeviceArgs, Hub, Prefix, Settings};

const NUMBER: Kind<'static> = Kind::Int(IntRange { min: 0, max: 1_000_000 });
const PARAMS: [Field<'static>; 1] = [Field::new("id", NUMBER).describe("Which call.")];
const OUTPUT: [Field<'static>; 1] = [Field::new("version", NUMBER).describe("Who did it.")];
const PATIENCE: Duration = Duration::from_secs(20);
/// Calls whose number this divides are answered by another thread, some time later.
const LATER: i64 = 7;
/// Calls whose number this divides are refused by the tool.
const WRONG: i64 = 11;
/// The call that waits until a test answers it.
const HELD: i64 = 1_000_000;

/// What all versions of a tool have done together.
#[derive(Default)]
struct Ledger {
    /// How often each call was begun.
    begun: Mutex<HashMap<i64, u32>>,
    /// Calls that came after a version was shut down.
    late: AtomicU32,
    shutdowns: AtomicU32,
}

/// A version of one tool.
struct Versioned {
    table: Arc<Table>,
    version: i64,
    ledger: Arc<Ledger>,
    is_down: AtomicBool,
    held: Mutex<Option<HostCall>>,
}

impl Versioned {
    fn new(name: &str, version: i64, ledger: &Arc<Ledger>) -> Arc<Self> {
        let tool = Tool::new(ToolInfo::new(name, "Say who does it."), &PARAMS, &OUTPUT);
        Arc::new(Self {
            table: host_tools::table(&[tool]).unwrap(),
            version,
            ledger: Arc::clone(ledger),
            is_down: AtomicBool::new(false),
            held: Mutex::default(),
        })
    }
}

impl HostTools for Versioned {
    fn table(&self) -> &Arc<Table> {
        &self.table
    }

    fn call(&self, call: HostCall) {
        let (id, version) = (call.args().int(0).unwrap(), self.version);
        *self.ledger.begun.lock().unwrap().entry(id).or_default() += 1;
        self.ledger.late.fetch_add(self.is_down.load(Ordering::SeqCst).into(), Ordering::SeqCst);
        if id == HELD {
            *self.held.lock().unwrap() = Some(call);
        } else if id % WRONG == 0 {
            call.error("not this one");
        } else if id % LATER == 0 {
            drop(std::thread::spawn(move || {
                std::thread::sleep(Duration::from_millis(2));
                call.value(16, |out| out.int(0, version));
            }));
        } else {
            call.value(16, |out| out.int(0, version));
        }
    }

    fn shutdown(&self) {
        assert!(!self.is_down.swap(true, Ordering::SeqCst), "shut down twice");
        self.ledger.shutdowns.fetch_add(1, Ordering::SeqCst);
    }
}

/// A server of tools of this program.
struct Site {
    hub: Arc<Hub>,
    url: String,
    handle: ServerHandle,
    serving: Option<JoinHandle<trine_gateway::Result<()>>>,
}

impl Site {
    fn start(tools: Arc<Versioned>) -> (Self, ToolsId) {
        let hub = Hub::open_with(&DeviceArgs::default(), Prefix::Auto, &Settings::none()).unwrap();
        let id = hub.add_tools(tools).unwrap();
        let server = Server::builder().hub(Arc::clone(&hub)).port(0).build().unwrap();
        let (url, handle) = (format!("http://{}/mcp", server.local_addr()), server.handle());
        let serving = Some(std::thread::spawn(move || server.run()));
        (Self { hub, url, handle, serving }, id)
    }

    async fn client(&self, family: Family) -> Client {
        Client::builder().family(family).connect(&self.url).await.unwrap()
    }
}

impl Drop for Site {
    fn drop(&mut self) {
        self.handle.shutdown();
        self.serving.take().unwrap().join().unwrap().unwrap();
    }
}

/// Makes calls one after the other: how many were refused by the tool.
async fn call_all(client: Client, ids: std::ops::Range<i64>) -> u32 {
    let mut refused = 0;
    for id in ids {
        let result = client.call_tool("who", json!({"id": id})).await;
        match result {
            Ok(result) => {
                let version = result.structured.as_ref().and_then(|it| it.get("version"));
                assert!(version.is_some_and(Value::is_i64), "{result:?}");
            }
            Err(Error::Tool { message, .. }) if id % WRONG == 0 => {
                assert_eq!(message, "who: not this one");
                refused += 1;
            }
            Err(error) => panic!("call {id}: {error}"),
        }
    }
    refused
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn calls_are_each_done_once_while_their_tools_are_replaced() {
    const CLIENTS: i64 = 4;
    const CALLS: i64 = 1_000;
    let ledger = Arc::<Ledger>::default();
    let (site, id) = Site::start(Versioned::new("who", 0, &ledger));
    let families = [Family::Stateless, Family::Sessions];
    let mut calling = Vec::new();
    for at in 0..CLIENTS {
        let client = site.client(families[at as usize % 2]).await;
        calling.push(tokio::spawn(call_all(client, at * CALLS..(at + 1) * CALLS)));
    }
    let mut swaps: Vec<Leaving> = Vec::new();
    while calling.iter().any(|it| !it.is_finished()) {
        let version = swaps.len() as i64 + 1;
        swaps.push(site.hub.replace_tools(id, Versioned::new("who", version, &ledger)).unwrap());
        tokio::time::sleep(Duration::from_millis(5)).await;
    }
    let mut refused = 0;
    for one in calling {
        refused += one.await.unwrap();
    }
    assert!(swaps.len() > 3, "{} swaps are too few to say anything", swaps.len());
    assert!(swaps.iter().all(|swap| swap.wait(PATIENCE)));
    assert_eq!(ledger.shutdowns.load(Ordering::SeqCst) as usize, swaps.len());
    assert_eq!(ledger.late.load(Ordering::SeqCst), 0, "calls of tools that were shut down");
    assert_eq!(
        i64::from(refused),
        (0..CLIENTS * CALLS).filter(|id| id % WRONG == 0).count() as i64
    );
    let begun = ledger.begun.lock().unwrap();
    assert_eq!(begun.len() as i64, CLIENTS * CALLS);
    assert!(begun.values().all(|times| *times == 1), "a call ran twice");
}

#[tokio::test]
async fn removed_tools_are_shut_down_after_their_last_call_and_their_number_is_gone() {
    let ledger = Arc::<Ledger>::default();
    let tools = Versioned::new("who", 1, &ledger);
    let (site, id) = Site::start(Arc::clone(&tools));
    let client = site.client(Family::Stateless).await;
    let waiting = {
        let client = site.client(Family::Stateless).await;
        tokio::spawn(async move { client.call_tool("who", json!({"id": HELD})).await })
    };
    while tools.held.lock().unwrap().is_none() {
        tokio::time::sleep(Duration::from_millis(1)).await;
    }
    let leaving = site.hub.remove_tools(id).unwrap();
    assert!(client.list_tools().await.unwrap().is_empty());
    let error = client.call_tool("who", json!({"id": 1})).await.unwrap_err();
    assert!(matches!(error, Error::Rpc { .. }), "{error:?}");
    assert!(!leaving.wait(Duration::from_millis(50)), "a call is under way");
    assert_eq!(ledger.shutdowns.load(Ordering::SeqCst), 0);
    tools.held.lock().unwrap().take().unwrap().value(16, |out| out.int(0, 1));
    assert!(leaving.wait(PATIENCE) && leaving.is_over());
    assert!(waiting.await.unwrap().is_ok());
    assert_eq!(ledger.shutdowns.load(Ordering::SeqCst), 1);
    for error in [
        site.hub.remove_tools(id).unwrap_err(),
        site.hub.replace_tools(id, Versioned::new("who", 2, &ledger)).unwrap_err(),
        site.hub.tool_stats(id, "who").unwrap_err(),
    ] {
        assert!(error.to_string().contains("not in the hub"), "{error}");
    }
    assert_ne!(site.hub.add_tools(Versioned::new("who", 2, &ledger)).unwrap(), id);
}

#[tokio::test]
async fn tools_that_may_not_take_a_place_leave_it_as_it_was() {
    let ledger = Arc::<Ledger>::default();
    let (site, id) = Site::start(Versioned::new("who", 1, &ledger));
    site.hub.add_tools(Versioned::new("other", 1, &ledger)).unwrap();
    let version = site.hub.version();
    let error = site.hub.replace_tools(id, Versioned::new("other", 2, &ledger)).unwrap_err();
    assert!(error.to_string().contains("two tools are called 'other'"), "{error}");
    assert_eq!(site.hub.version(), version, "the list was not made again");
    // What was refused was never in the hub, so it is not shut down.
    assert_eq!(ledger.shutdowns.load(Ordering::SeqCst), 0);
    let client = site.client(Family::Stateless).await;
    let names = |tools: Vec<trine_client::Tool>| -> Vec<String> {
        tools.into_iter().map(|tool| tool.name).collect()
    };
    assert_eq!(names(client.list_tools().await.unwrap()), ["who", "other"]);
    // Another name takes the same place of the list.
    let leaving = site.hub.replace_tools(id, Versioned::new("whom", 2, &ledger)).unwrap();
    assert!(leaving.wait(PATIENCE));
    assert_eq!(names(client.list_tools().await.unwrap()), ["whom", "other"]);
}

#[tokio::test]
async fn the_calls_of_a_tool_are_counted_until_it_is_replaced() {
    let ledger = Arc::<Ledger>::default();
    let (site, id) = Site::start(Versioned::new("who", 1, &ledger));
    let refused = call_all(site.client(Family::Sessions).await, 0..40).await;
    let stats = site.hub.tool_stats(id, "who").unwrap();
    assert_eq!((stats.calls, stats.errors), (40, refused.into()));
    assert!(stats.time >= Duration::from_millis(2), "{stats:?}");
    // What never reaches the tool is no call of it.
    let client = site.client(Family::Stateless).await;
    assert!(client.call_tool("who", json!({"id": -1})).await.is_err());
    assert_eq!(site.hub.tool_stats(id, "who").unwrap(), stats);
    let error = site.hub.tool_stats(id, "whom").unwrap_err();
    assert!(error.to_string().contains("no 'whom'"), "{error}");
    let leaving = site.hub.replace_tools(id, Versioned::new("who", 2, &ledger)).unwrap();
    assert_eq!(site.hub.tool_stats(id, "who").unwrap().calls, 0);
    assert!(leaving.wait(PATIENCE));
}
