//! Tools of a program, served next to those of a device, as clients of both families see them.
#![expect(clippy::unwrap_used, clippy::panic, reason = "a test stops at the first surprise")]

use std::io::{Read as _, Write as _};
use std::net::TcpStream;
use std::sync::atomic::{AtomicU32, Ordering};
use std::sync::{Arc, Mutex};
use std::thread::JoinHandle;
use std::time::Duration;

use serde_json::{Value, json};
use trine_client::{Client, Elicitation, ElicitationAnswer, Error, Family};
use trine_descriptor::{Consent, Field, IntRange, Kind, Tool, ToolInfo};
use trine_gateway::host_tools::{self, HostCall, HostTools};
use trine_gateway::server::{Server, ServerHandle};
use trine_gateway::table::Table;
use trine_gateway::{CallContext, DeviceArgs, Hub, Prefix, Settings};

const WHICH: Kind<'static> = Kind::Int(IntRange { min: 0, max: 99 });
const PARAMS: [Field<'static>; 1] = [Field::new("which", WHICH).describe("A number.")];
const OUTPUT: [Field<'static>; 1] = [Field::new("count", WHICH).describe("How many.")];

/// A tool of each name, and how often it ran.
struct Own {
    table: Arc<Table>,
    names: Vec<&'static str>,
    runs: Arc<AtomicU32>,
    waiting: Mutex<Vec<HostCall>>,
    contexts: Mutex<Vec<CallContext>>,
    ends: AtomicU32,
}

impl Own {
    fn new(names: &[&'static str], consent: Consent) -> Arc<Self> {
        let tool = |name: &&'static str| {
            let info = ToolInfo { consent, ..ToolInfo::new(name, "Does something.") };
            Tool::new(info, &PARAMS, &OUTPUT)
        };
        let tools: Vec<_> = names.iter().map(tool).collect();
        let table = host_tools::table(&tools).unwrap();
        let (names, runs) = (names.to_vec(), Arc::default());
        let (waiting, contexts) = (Mutex::default(), Mutex::default());
        let ends = AtomicU32::new(0);
        Arc::new(Self { table, names, runs, waiting, contexts, ends })
    }
}

impl HostTools for Own {
    fn table(&self) -> &Arc<Table> {
        &self.table
    }

    fn meta(&self, _: u16) -> &[(&str, &str)] {
        &[("example/kind", "own")]
    }

    fn end(&self) {
        self.ends.fetch_add(1, Ordering::AcqRel);
    }

    fn call(&self, call: HostCall) {
        let runs = self.runs.fetch_add(1, Ordering::AcqRel) + 1;
        match self.names[usize::from(call.row())] {
            "panics" => panic!("planted"),
            "forgets" => drop(call),
            "waits" => self.waiting.lock().unwrap().push(call),
            "breaks_its_rule" => call.value(64, |out| out.int(0, 100)),
            "has_no_room" => call.value(1, |out| out.int(0, 99)),
            "context" => {
                call.log(3, "about this call");
                call.log(0, "of no interest");
                self.contexts.lock().unwrap().push(call.context().clone());
                call.value(64, |out| out.int(0, 1));
            }
            "later" => drop(std::thread::spawn(move || {
                for done in 1..=3 {
                    call.progress((done, 3), "more");
                }
                call.value(64, |out| out.int(0, 7));
            })),
            _ => {
                let which = call.args().int(0).unwrap();
                call.value(64, |out| out.int(0, (which + i64::from(runs)) % 100));
            }
        }
    }
}

/// A server of these tools and a simulated board.
struct Site {
    url: String,
    handle: ServerHandle,
    serving: Option<JoinHandle<trine_gateway::Result<()>>>,
    hub: Arc<Hub>,
}

impl Site {
    fn start(own: &Arc<Own>) -> Self {
        let args = DeviceArgs { simulate: vec![String::new()], ..DeviceArgs::default() };
        let hub = Hub::open_with(&args, Prefix::Auto, &Settings::none()).unwrap();
        hub.add_tools(Arc::clone(own) as Arc<dyn HostTools>).unwrap();
        let server = Server::builder().hub(Arc::clone(&hub)).port(0).build().unwrap();
        let (url, handle) = (format!("http://{}/mcp", server.local_addr()), server.handle());
        let serving = Some(std::thread::spawn(move || server.run()));
        Self { url, handle, serving, hub }
    }
}

impl Drop for Site {
    fn drop(&mut self) {
        self.handle.shutdown();
        self.serving.take().unwrap().join().unwrap().unwrap();
    }
}

async fn connect(site: &Site, family: Family) -> Client {
    Client::builder().family(family).connect(&site.url).await.unwrap()
}

const BOTH: [Family; 2] = [Family::Stateless, Family::Sessions];

/// The sentence of a call that fails.
async fn fails(client: &Client, tool: &str, arguments: Value) -> String {
    match client.call_tool(tool, arguments).await {
        Err(error) => error.to_string(),
        Ok(result) => panic!("{result:?}"),
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn own_tools_and_those_of_a_device_are_in_one_list_and_own_ones_come_first() {
    let own = Own::new(&["count", "fan_set", "later"], Consent::None);
    let site = Site::start(&own);
    for family in BOTH {
        let client = connect(&site, family).await;
        let tools = client.list_tools().await.unwrap();
        let names: Vec<&str> = tools.iter().map(|tool| &*tool.name).collect();
        assert_eq!(names[..4], ["count", "fan_set", "later", "light_set"]);
        // The board's own `fan_set` cannot take its place.
        assert_eq!(names.iter().filter(|name| **name == "fan_set").count(), 1);
        let fan = client.call_tool("fan_set", json!({"which": 1})).await.unwrap();
        assert!(fan.structured.unwrap().get("count").is_some());
        assert!(client.call_tool("board_status", json!({})).await.is_ok());
        let told = Arc::new(AtomicU32::new(0));
        let seen = Arc::clone(&told);
        let call = client.call("later").arguments(json!({"which": 1}));
        let call = call.on_progress(move |_| _ = seen.fetch_add(1, Ordering::AcqRel));
        assert_eq!(call.send().await.unwrap().structured, Some(json!({"count": 7})));
        assert_eq!(told.load(Ordering::Acquire), 3);
    }
    let board = site.hub.devices().remove(0);
    let problems = board.problems().join("\n");
    assert!(problems.contains("this program has a tool 'fan_set' of its own"), "{problems}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_bad_argument_does_not_reach_a_tool_and_a_bad_result_no_client() {
    let names = ["count", "panics", "forgets", "breaks_its_rule", "has_no_room"];
    let own = Own::new(&names, Consent::None);
    let site = Site::start(&own);
    for family in BOTH {
        let client = connect(&site, family).await;
        for (arguments, why) in
            [(json!({"which": 100}), "at most 99"), (json!({}), "which"), (json!({"x": 1}), "x")]
        {
            let before = own.runs.load(Ordering::Acquire);
            let said = fails(&client, "count", arguments).await;
            assert!(said.contains(why), "{said}");
            assert_eq!(own.runs.load(Ordering::Acquire), before);
        }
        for (tool, why) in [
            ("panics", "ended without an answer"),
            ("forgets", "ended without an answer"),
            ("breaks_its_rule", "count"),
            ("has_no_room", "too"),
        ] {
            let said = fails(&client, tool, json!({"which": 1})).await;
            assert!(said.contains(why), "{tool}: {said}");
        }
        // The server goes on.
        assert!(client.call_tool("count", json!({"which": 1})).await.is_ok());
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_tool_that_needs_consent_runs_once_for_each_time_that_the_person_agrees() {
    let own = Own::new(&["count"], Consent::Elicit);
    let site = Site::start(&own);
    let runs = || own.runs.load(Ordering::Acquire);
    for family in BOTH {
        let asked = Arc::new(Mutex::new(Vec::<Elicitation>::new()));
        let kept = Arc::clone(&asked);
        // The first time the person agrees, then without a check mark, then declines, then closes.
        let answers = [
            ElicitationAnswer::Accept(json!({"allow": true})),
            ElicitationAnswer::Accept(json!({"allow": false})),
            ElicitationAnswer::Decline,
            ElicitationAnswer::Cancel,
        ];
        let answer = move |form: Elicitation| {
            let mut kept = kept.lock().unwrap();
            kept.push(form);
            answers[kept.len() - 1].clone()
        };
        let client = Client::builder().family(family).on_elicitation(answer);
        let client = client.connect(&site.url).await.unwrap();
        let before = runs();
        let result = client.call_tool("count", json!({"which": 41})).await.unwrap();
        assert_eq!(result.structured, Some(json!({"count": 42 + before})));
        assert_eq!(runs(), before + 1);
        {
            let asked = asked.lock().unwrap();
            let [Elicitation { message, schema, .. }] = &asked[..] else { panic!("{asked:?}") };
            assert_eq!(message, "Allow count (count) with {\"which\":41}?");
            assert_eq!(schema["required"], json!(["allow"]), "{schema}");
        }
        for _ in 0..3 {
            let said = fails(&client, "count", json!({"which": 41})).await;
            assert!(said.contains("did not agree"), "{said}");
            assert_eq!(runs(), before + 1);
        }
        // A bad argument is refused before anyone is asked.
        fails(&client, "count", json!({"which": 100})).await;
        assert_eq!((asked.lock().unwrap().len(), runs()), (4, before + 1));
        // Who cannot be asked cannot agree.
        let client = connect(&site, family).await;
        fails(&client, "count", json!({"which": 1})).await;
        assert_eq!(runs(), before + 1);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_call_whose_client_goes_away_is_cancelled() {
    let own = Own::new(&["waits"], Consent::None);
    let site = Site::start(&own);
    let client = connect(&site, Family::Stateless).await;
    let call = client.call_tool("waits", json!({"which": 1}));
    tokio::time::timeout(Duration::from_millis(300), call).await.unwrap_err();
    let call = own.waiting.lock().unwrap().pop().unwrap();
    for _ in 0..100 {
        if call.is_cancelled() {
            break;
        }
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
    assert!(call.is_cancelled());
    // Ending it afterwards does no harm.
    call.error("the client is gone");
    assert!(matches!(client.call_tool("nothing", json!({})).await, Err(Error::Rpc { .. })));
}

#[test]
fn tools_that_could_not_be_served_are_refused_when_they_are_added() {
    let hub = Hub::open_with(&DeviceArgs::default(), Prefix::Auto, &Settings::none()).unwrap();
    let refused = |own: Arc<Own>| hub.add_tools(own).unwrap_err().to_string();
    let board = refused(Own::new(&["count"], Consent::Device));
    assert!(board.contains("count has the consent level device"), "{board}");
    hub.add_tools(Own::new(&["count"], Consent::None)).unwrap();
    let twice = refused(Own::new(&["other", "count"], Consent::None));
    assert!(twice.contains("two tools are called 'count'"), "{twice}");
    let illegal = ToolInfo::new("no name", "Does something.");
    let illegal = host_tools::table(&[Tool::new(illegal, &PARAMS, &OUTPUT)]).unwrap_err();
    assert!(illegal.to_string().contains("breaks a rule"), "{illegal}");
}

/// Posts a body and answers what comes back.
fn send(site: &Site, path: &str, headers: &str, body: &Value) -> String {
    let address = site.url.trim_start_matches("http://").trim_end_matches("/mcp");
    let body = body.to_string();
    let head = format!(
        "POST {path} HTTP/1.1\r\nHost: {address}\r\nContent-Type: application/json\r\nAccept: \
         application/json, text/event-stream\r\n{headers}Connection: close\r\nContent-Length: \
         {}\r\n\r\n",
        body.len()
    );
    let mut stream = TcpStream::connect(address).unwrap();
    stream.write_all((head + &body).as_bytes()).unwrap();
    let mut reply = String::new();
    stream.read_to_string(&mut reply).unwrap();
    reply.split_once("\r\n\r\n").unwrap().1.to_owned()
}

/// Posts a call of 2026-07-28, with more of `_meta`, and answers what comes back.
fn call(site: &Site, tool: &str, params: &Value, meta: &Value) -> String {
    let mut params = params.clone();
    params["name"] = json!(tool);
    params["_meta"] = json!({
        "io.modelcontextprotocol/protocolVersion": "2026-07-28",
        "io.modelcontextprotocol/clientCapabilities": {"elicitation": {}},
    });
    for (name, value) in meta.as_object().unwrap() {
        params["_meta"][name] = value.clone();
    }
    let message = json!({"jsonrpc": "2.0", "id": 1, "method": "tools/call", "params": params});
    let headers = format!(
        "MCP-Protocol-Version: 2026-07-28\r\nMcp-Method: tools/call\r\nMcp-Name: {tool}\r\n"
    );
    send(site, "/mcp", &headers, &message)
}

/// The same, answered with JSON.
fn post(site: &Site, params: &Value) -> Value {
    serde_json::from_str(&call(site, "count", params, &json!({}))).unwrap()
}

#[test]
fn an_agreement_is_for_one_call_with_the_arguments_that_were_shown() {
    let own = Own::new(&["count"], Consent::Elicit);
    let site = Site::start(&own);
    let runs = || own.runs.load(Ordering::Acquire);
    let ask = |which: u32| {
        let asked = post(&site, &json!({"arguments": {"which": which}}));
        asked["result"]["requestState"].as_str().unwrap_or_else(|| panic!("{asked}")).to_owned()
    };
    let answered = |which: u32, state: &str, content: &Value| {
        let answer = json!({"consent": {"action": "accept", "content": content}});
        let arguments = json!({"which": which});
        post(
            &site,
            &json!({"arguments": arguments, "requestState": state, "inputResponses": answer}),
        )
    };
    let yes = json!({"allow": true});
    let state = ask(1);
    let other = answered(2, &state, &yes);
    assert_eq!((&other["error"]["code"], runs()), (&json!(-32602), 0), "{other}");
    let mut edited = state.clone().into_bytes();
    edited[7] ^= 1;
    let edited = answered(1, &String::from_utf8(edited).unwrap(), &yes);
    assert_eq!((&edited["error"]["code"], runs()), (&json!(-32602), 0), "{edited}");
    // Answers without a state are no agreement: the person is asked again.
    let none = json!({"arguments": {"which": 1}, "inputResponses":
        {"consent": {"action": "accept", "content": yes}}});
    let none = post(&site, &none);
    assert!(none["result"]["requestState"].is_string() && runs() == 0, "{none}");
    let ran = answered(1, &state, &yes);
    assert_eq!((&ran["result"]["isError"], runs()), (&json!(false), 1), "{ran}");
    let replayed = answered(1, &state, &yes);
    assert_eq!((&replayed["error"]["code"], runs()), (&json!(-32602), 1), "{replayed}");
    for content in [json!({}), json!({"allow": "yes"}), json!({"allow": false})] {
        let refused = answered(1, &ask(1), &content);
        assert_eq!((refused["result"]["isError"].clone(), runs()), (json!(true), 1), "{refused}");
    }
    let foreign = Site::start(&own);
    let asked = post(&foreign, &json!({"arguments": {"which": 1}}));
    let refused = answered(1, asked["result"]["requestState"].as_str().unwrap(), &yes);
    assert_eq!((&refused["error"]["code"], runs()), (&json!(-32602), 1), "{refused}");
}

#[test]
fn a_tool_sees_the_trace_the_thought_and_the_step_of_its_call_and_logs_to_its_client() {
    let own = Own::new(&["context"], Consent::None);
    let site = Site::start(&own);
    let seen = || own.contexts.lock().unwrap().pop().unwrap();
    let arguments = json!({"arguments": {"which": 1}});
    let parent = "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01";
    let meta = json!({"traceparent": parent, "tracestate": "a=1", "baggage": "user=7",
        "io.modelcontextprotocol/logLevel": "notice"});
    let events = call(&site, "context", &arguments, &meta);
    let context = seen();
    assert_eq!(context.trace_parent.as_deref(), Some(parent));
    assert_eq!(context.trace_state.as_deref(), Some("a=1"));
    assert_eq!(context.baggage.as_deref(), Some("user=7"));
    let line = events.find("about this call").unwrap_or_else(|| panic!("{events}"));
    assert!(line < events.find("structuredContent").unwrap(), "{events}");
    assert!(
        events.contains("\"level\":\"warning\"") && !events.contains("no interest"),
        "{events}"
    );
    // Without a level no line is sent, and an invalid trace is ignored.
    let answer = call(&site, "context", &arguments, &json!({"traceparent": "00-xyz"}));
    assert!(!answer.contains("about this call"), "{answer}");
    assert_eq!(seen(), CallContext::default());
    let body = json!({"tools": [{"tool_slug": "context", "arguments": {"which": 1}}],
        "request_id": "r-7", "thought": "It is too warm.", "current_step": "COOLING"});
    let answer = send(&site, "/mcp/execute", "", &body);
    assert!(answer.contains("\"successful\":true"), "{answer}");
    let context = seen();
    assert_eq!(context.request_id.as_deref(), Some("r-7"));
    assert_eq!(context.thought.as_deref(), Some("It is too warm."));
    assert_eq!(context.current_step.as_deref(), Some("COOLING"));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_server_that_is_shut_down_leaves_the_tools_to_the_next_one_of_the_same_hub() {
    let own = Own::new(&["count"], Consent::None);
    let first = Site::start(&own);
    let hub = Arc::clone(&first.hub);
    drop(first);
    assert_eq!(own.ends.load(Ordering::Acquire), 0, "the program goes on");
    let server = Server::builder().hub(hub).port(0).build().unwrap();
    let (url, handle) = (format!("http://{}/mcp", server.local_addr()), server.handle());
    let serving = std::thread::spawn(move || server.run());
    let client = Client::connect(&url).await.unwrap();
    assert!(client.call_tool("count", json!({"which": 1})).await.is_ok());
    handle.shutdown();
    serving.join().unwrap().unwrap();
}
