//! Programs that join a gateway that runs, with tools of their own.

use std::fs::File;
use std::io::{BufRead as _, BufReader, Write as _};
use std::net::Shutdown;
use std::os::fd::OwnedFd;
use std::os::unix::net::UnixStream;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Duration, Instant};

use serde_json::{Value, json};
use tempfile::TempDir;
use trine_client::{Client, Error};
use trine_gateway::json_tools::{Execute, JsonCall, JsonTools, load_definition};
use trine_gateway::server::serve_stream;
use trine_gateway::{DeviceArgs, Hub, Prefix, Settings};

use super::trine;

/// How long something may take that takes a moment.
const PATIENCE: Duration = Duration::from_secs(60);

/// A gateway without a tool, which takes orders and serves HTTP.
struct Gateway {
    child: Child,
    socket: PathBuf,
    url: String,
    _folder: TempDir,
}

impl Gateway {
    fn start() -> Self {
        let folder = TempDir::new().unwrap();
        let socket = folder.path().join("orders");
        let mut gateway = Command::new(env!("CARGO_BIN_EXE_trine"));
        gateway.args(["gateway", "--http", "127.0.0.1:0", "--plugin-control"]).arg(&socket);
        gateway.env("TRINE_LOG", "info").stdin(Stdio::null()).stdout(Stdio::null());
        let mut child = gateway.stderr(Stdio::piped()).spawn().unwrap();
        let mut lines = BufReader::new(child.stderr.take().unwrap()).lines();
        let url = lines.find_map(|line| {
            let line = line.unwrap();
            let (_, url) = line.split_once("MCP over HTTP")?;
            Some(format!("http://{}", url.rsplit_once("http://").unwrap().1.trim()))
        });
        std::thread::spawn(move || lines.for_each(drop));
        Self { child, socket, url: url.unwrap(), _folder: folder }
    }

    async fn client(&self) -> Client {
        Client::connect(&self.url).await.unwrap()
    }

    fn order(&self, what: &[&str]) -> String {
        let ran =
            trine(&[&["plugin"], what, &["--control", self.socket.to_str().unwrap()]].concat());
        String::from_utf8([ran.stdout, ran.stderr].concat()).unwrap()
    }

    /// Joins with these tools; answers what the gateway says, and the connection.
    fn join(&self, name: &str, tools: &Value) -> (Value, UnixStream) {
        let stream = UnixStream::connect(&self.socket).unwrap();
        let order = json!({"do": "join", "name": name, "tools": tools});
        (&stream).write_all(format!("{order}\n").as_bytes()).unwrap();
        let mut line = String::new();
        // The gateway says nothing else until it is a client.
        BufReader::with_capacity(1, &stream).read_line(&mut line).unwrap();
        (serde_json::from_str(&line).unwrap(), stream)
    }

    /// Joins, and answers what `answer` says to each request.
    fn program(
        &self,
        name: &str,
        tools: &Value,
        answer: impl Fn(&str, &Value) -> Option<Value> + Send + 'static,
    ) -> UnixStream {
        let (said, stream) = self.join(name, tools);
        assert_eq!(said, json!({"said": "joined"}));
        let lines = BufReader::new(stream.try_clone().unwrap()).lines();
        let mut out = stream.try_clone().unwrap();
        std::thread::spawn(move || {
            for line in lines.map_while(Result::ok) {
                let message: Value = serde_json::from_str(&line).unwrap();
                let method = message["method"].as_str().unwrap();
                let Some(id) = message.get("id") else { continue };
                let body = match method {
                    "server/discover" => Some(json!({"result": {
                        "resultType": "complete", "supportedVersions": ["2026-07-28"],
                        "capabilities": {"tools": {}},
                        "serverInfo": {"name": "fake", "version": "1"}}})),
                    _ => answer(method, &message["params"]),
                };
                let Some(mut body) = body else { continue };
                body["jsonrpc"] = "2.0".into();
                body["id"] = id.clone();
                // The gateway may have gone.
                drop(out.write_all(format!("{body}\n").as_bytes()));
            }
        });
        stream
    }
}

impl Drop for Gateway {
    fn drop(&mut self) {
        drop(self.child.kill());
        drop(self.child.wait());
    }
}

fn plain(name: &str) -> Value {
    json!([{"name": name, "inputSchema": {"type": "object"}}])
}

fn within<T>(what: &str, mut look: impl FnMut() -> Option<T>) -> T {
    let since = Instant::now();
    loop {
        if let Some(found) = look() {
            return found;
        }
        assert!(since.elapsed() < PATIENCE, "{what}");
        std::thread::sleep(Duration::from_millis(20));
    }
}

/// Adds numbers, and counts calls that were given up.
struct Adds(Arc<AtomicU64>);

impl Execute for Adds {
    fn execute(&self, call: JsonCall) {
        let arguments: Value = serde_json::from_str(call.arguments()).unwrap();
        let [a, b] = ["a", "b"].map(|name| arguments[name].as_i64().unwrap());
        match b {
            9 => call.error("nine is refused"),
            8 => {
                let given_up = Arc::clone(&self.0);
                std::thread::spawn(move || {
                    within("no one gives the call up", || call.is_cancelled().then_some(()));
                    given_up.fetch_add(1, Ordering::Relaxed);
                    call.error("given up");
                });
            }
            7 => {
                call.host().progress((1, 2), "half");
                call.done(&json!({"sum": "seven"}).to_string());
            }
            _ => {
                call.host().progress((1, 2), "half");
                call.done(&json!({"sum": a + b}).to_string());
            }
        }
    }
}

const ADD: &str = r#"{"id": "add", "name": "Add", "description": "Adds two numbers.",
    "input_schema": {"type": "object", "required": ["a", "b"],
        "properties": {"a": {"type": "integer", "maximum": 100}, "b": {"type": "integer"}}},
    "output_schema": {"type": "object", "properties": {"sum": {"type": ["integer", "string"]}}}}"#;

fn hub(given_up: &Arc<AtomicU64>) -> Arc<Hub> {
    let hub = Hub::open_with(&DeviceArgs::default(), Prefix::Auto, &Settings::none()).unwrap();
    let adds: Arc<dyn Execute> = Arc::new(Adds(Arc::clone(given_up)));
    let tools = JsonTools::new(vec![(load_definition(ADD).unwrap(), adds)]).unwrap();
    hub.add_tools(tools).unwrap();
    hub
}

/// Has a hub join, and serves it on a thread.
fn serve(gateway: &Gateway, name: &str, hub: Arc<Hub>) -> UnixStream {
    let (said, stream) = gateway.join(name, &hub.tools().into());
    assert_eq!(said, json!({"said": "joined"}));
    let file = || File::from(OwnedFd::from(stream.try_clone().unwrap()));
    let files = (file(), file());
    std::thread::spawn(move || drop(serve_stream(&hub, 16, files)));
    stream
}

fn names(client: &Client) -> impl Future<Output = Vec<String>> {
    let client = client.clone();
    async move { client.list_tools().await.unwrap().into_iter().map(|tool| tool.name).collect() }
}

#[tokio::test(flavor = "multi_thread")]
async fn clients_of_a_gateway_call_the_tools_of_a_program_that_has_joined() {
    let (gateway, given_up) = (Gateway::start(), Arc::default());
    let client = gateway.client().await;
    assert!(names(&client).await.is_empty());
    let _stream = serve(&gateway, "robot", hub(&given_up));
    let tools = client.list_tools().await.unwrap();
    let text = |value: &Value| value.to_string();
    assert_eq!((&*tools[0].name, tools[0].title.as_deref()), ("add", Some("Add")));
    assert!(text(&tools[0].input_schema).contains("\"maximum\":100"), "{tools:?}");
    assert!(tools[0].output_schema.is_some());

    let mut told = Vec::new();
    let call = client.call("add").arguments(json!({"a": 2, "b": 3}));
    let result = call.on_progress(|progress| told.push((progress.progress, progress.message)));
    assert_eq!(result.send().await.unwrap().structured, Some(json!({"sum": 5})));
    assert_eq!(told, [(1.0, Some("half".to_owned()))]);
    let refused = |b: i64, a: i64| {
        let client = client.clone();
        async move {
            let error = client.call_tool("add", json!({"a": a, "b": b})).await.unwrap_err();
            assert!(matches!(error, Error::Tool { .. }), "{error}");
            error.to_string()
        }
    };
    assert!(refused(9, 1).await.contains("nine is refused"));
    // The gateway refuses it: the program is not asked.
    assert!(refused(1, 101).await.contains("100"));

    // A call that is given up is given up there too.
    let call = client.call_tool("add", json!({"a": 1, "b": 8}));
    drop(tokio::time::timeout(Duration::from_millis(300), call).await);
    within("the program is not told", || (given_up.load(Ordering::Relaxed) == 1).then_some(()));

    // A hundred calls at once are each answered.
    let calls = (0..100).map(|a| {
        let client = client.clone();
        tokio::spawn(async move { client.call_tool("add", json!({"a": a, "b": 1})).await })
    });
    for (a, call) in calls.collect::<Vec<_>>().into_iter().enumerate() {
        assert_eq!(call.await.unwrap().unwrap().structured, Some(json!({"sum": a + 1})));
    }
    let list = gateway.order(&["list"]);
    let of = format!("process {}", std::process::id());
    assert!(list.contains("robot joined") && list.contains(&of), "{list}");
    assert!(list.contains("add: 103 calls, 2 errors"), "{list}");
    let left = gateway.order(&["unload", "robot"]);
    assert_eq!(left, "no plug-in is loaded\n");
    assert!(names(&client).await.is_empty());
    assert!(gateway.order(&["unload", "robot"]).contains("robot"));
}

#[tokio::test(flavor = "multi_thread")]
async fn tools_go_with_the_program_and_calls_under_way_fail_at_once() {
    let gateway = Gateway::start();
    let client = gateway.client().await;
    let silent = gateway.program("silent", &plain("wait"), |_, _| None);
    let call = tokio::spawn({
        let client = client.clone();
        async move { client.call_tool("wait", json!({})).await }
    });
    tokio::time::sleep(Duration::from_millis(200)).await;
    silent.shutdown(Shutdown::Both).unwrap();
    let error = call.await.unwrap().unwrap_err().to_string();
    assert!(error.contains("silent, which has this tool"), "{error}");
    let since = Instant::now();
    while !names(&client).await.is_empty() {
        assert!(since.elapsed() < PATIENCE);
    }
    // Its name and its tools are free again.
    let _again = serve(&gateway, "silent", hub(&Arc::default()));
    assert_eq!(names(&client).await, ["add"]);
}

#[tokio::test(flavor = "multi_thread")]
async fn content_is_passed_on_and_what_the_list_did_not_promise_is_not() {
    let gateway = Gateway::start();
    let client = gateway.client().await;
    let tools = json!([
        {"name": "picture", "inputSchema": {"type": "object"}},
        {"name": "promise", "inputSchema": {"type": "object"},
         "outputSchema": {"type": "object", "required": ["sum"]}},
        {"name": "smell", "inputSchema": {"type": "object"}},
    ]);
    let _stream = gateway.program("artist", &tools, |method, params| {
        assert_eq!(method, "tools/call");
        let block = match params["name"].as_str().unwrap() {
            "picture" => json!({"type": "image", "data": "AQID", "mimeType": "image/png"}),
            "promise" => json!({"type": "text", "text": "seven"}),
            _ => json!({"type": "smell"}),
        };
        Some(json!({"result": {"resultType": "complete", "content": [block]}}))
    });
    let result = client.call_tool("picture", json!({})).await.unwrap();
    assert_eq!(
        (&result.content[0]["data"], &result.content[0]["mimeType"]),
        (&json!("AQID"), &json!("image/png"))
    );
    for (tool, why) in [("promise", "not a JSON object"), ("smell", "unknown kind")] {
        let error = client.call_tool(tool, json!({})).await.unwrap_err().to_string();
        assert!(error.contains(why), "{error}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn what_cannot_join_is_told_why_and_leaves_nothing() {
    let gateway = Gateway::start();
    let client = gateway.client().await;
    let _first = gateway.program("first", &plain("one"), |_, _| None);
    let many: Vec<Value> = (0..1025).map(|n| plain(&format!("t{n}"))[0].clone()).collect();
    let bad_schema = json!([{"name": "two", "inputSchema": {"type": "array"}}]);
    let twice = json!([plain("two")[0], plain("two")[0]]);
    let wrong = vec![
        ("first", plain("two"), "has joined already"),
        ("second", plain("one"), "one"),
        ("second", json!([]), "has 0 tools"),
        ("second", json!(many), "has 1025 tools"),
        ("second", bad_schema, "tool two"),
        ("second", twice, "the same name"),
        ("second", json!([{"inputSchema": {}}]), "no name"),
        ("", plain("two"), "by a name of 1 to 64"),
        ("a b", plain("two"), "by a name of 1 to 64"),
    ];
    for (name, tools, why) in wrong {
        let (said, _stream) = gateway.join(name, &tools);
        let refused = said["refused"].as_str().unwrap_or_else(|| panic!("{name}: {said}"));
        assert!(refused.contains(why), "{name}: {refused}");
    }
    // One that speaks no MCP has not joined for long.
    let (said, stream) = gateway.join("mute", &plain("two"));
    assert_eq!(said, json!({"said": "joined"}));
    (&stream).write_all(b"hello\nGET / HTTP/1.1\n\n{}\n[1]\n").unwrap();
    drop(stream);
    let since = Instant::now();
    while names(&client).await != ["one"] {
        assert!(since.elapsed() < PATIENCE);
    }
}

#[test]
fn a_gateway_takes_no_more_programs_than_it_has_places_for() {
    let gateway = Gateway::start();
    let join = |n: usize| gateway.join(&format!("p{n}"), &plain(&format!("t{n}")));
    let all: Vec<_> = (0..32).map(join).collect();
    assert!(all.iter().all(|(said, _)| said["said"] == "joined"));
    let (said, _stream) = join(32);
    assert!(said["refused"].as_str().unwrap().contains("no more can"), "{said}");
    drop(all);
    within("no place is free again", || {
        let (said, _stream) = join(33);
        said.get("said").map(drop)
    });
    assert!(Path::new(&gateway.socket).exists());
}

#[test]
fn the_line_of_the_page_joins() {
    let page = std::fs::read_to_string("../docs/plugins.md").unwrap();
    let (_, rest) = page.split_once("```json\n{\"do\":\"join\"").unwrap();
    let (line, _) = rest.split_once("```").unwrap();
    let gateway = Gateway::start();
    let stream = UnixStream::connect(&gateway.socket).unwrap();
    (&stream).write_all(format!("{{\"do\":\"join\"{line}").as_bytes()).unwrap();
    let mut said = String::new();
    BufReader::with_capacity(1, &stream).read_line(&mut said).unwrap();
    assert!(page.contains(&format!("`{}`", said.trim())), "{said}");
    assert!(gateway.order(&["list"]).contains("dice: 0 calls, 0 errors"));
}
