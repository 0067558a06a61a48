//! Tools that JSON files define, as clients of both protocol families see and call them.
#![expect(clippy::large_stack_arrays, reason = "tables of cases")]
#![expect(clippy::unwrap_used, clippy::panic, reason = "a test stops at the first surprise")]

use std::io::{Read as _, Write as _};
use std::path::PathBuf;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex};
use std::thread::JoinHandle;
use std::time::{Duration, Instant};

use serde_json::{Value, json};
use trine_client::{Client, Elicitation, ElicitationAnswer, Family};
use trine_gateway::host_tools::HostTools;
use trine_gateway::json_tools::{
    Execute, JsonCall, JsonTools, Program, load_definition, load_file,
};
use trine_gateway::server::{Server, ServerHandle};
use trine_gateway::{DeviceArgs, Hub, Prefix, Settings};
use trine_mcp::{McpEngine, McpSession, Step};

const BOTH: [Family; 2] = [Family::Stateless, Family::Sessions];

/// The schemas, in an order and a spelling of their own.
const INPUT: &str = r#"{"type":"object","properties":{"to":{"type":"array","items":{"type":"string","format":"email"},"minItems":1},"cc":{"type":"array","items":{"type":"string","format":"email"},"default":[]},"subject":{"type":"string"},"body":{"type":"string"},"send_at":{"type":"string","format":"date-time"},"level":{"maximum":1.50e1,"title":"\u004cevel / \"x\""}},"required":["to","subject","body"]}"#;
const OUTPUT: &str =
    r#"{"required":["id"],"type":"object","properties":{"id":{"minimum":0,"type":"integer"}}}"#;

fn definition(more: &str) -> String {
    format!(
        r#"{{"id": "send_email", "name": "Send e-mail", "description": "Send an e-mail.",
            "category": "communication", "input_schema": {INPUT}, "output_schema": {OUTPUT},
            "permissions": ["email.send"]{more}}}"#
    )
}

/// Answers with what it is told to, and keeps the arguments that it saw.
struct Fake {
    answer: Mutex<String>,
    seen: Mutex<Vec<String>>,
}

impl Execute for Fake {
    fn execute(&self, call: JsonCall) {
        self.seen.lock().unwrap().push(call.arguments().to_owned());
        let answer = self.answer.lock().unwrap().clone();
        match answer.strip_prefix("error: ") {
            Some(why) => call.error(why),
            None => call.done(&answer),
        }
    }
}

/// A server of some tools.
struct Site {
    url: String,
    handle: ServerHandle,
    serving: Option<JoinHandle<trine_gateway::Result<()>>>,
    hub: Arc<Hub>,
}

impl Site {
    fn of(tools: Arc<dyn HostTools>) -> Self {
        let hub = Hub::open_with(&DeviceArgs::default(), Prefix::Auto, &Settings::none()).unwrap();
        hub.add_tools(tools).unwrap();
        let server = Server::builder().hub(Arc::clone(&hub)).port(0).build().unwrap();
        let (url, handle) = (format!("http://{}/mcp", server.local_addr()), server.handle());
        let serving = Some(std::thread::spawn(move || server.run()));
        Self { url, handle, serving, hub }
    }

    /// The tool of the example, its executor, and the seconds of its clock.
    fn fake(more: &str) -> (Self, Arc<Fake>, Arc<AtomicU64>) {
        let fake =
            Arc::new(Fake { answer: Mutex::new("{\"id\": 7}".to_owned()), seen: Mutex::default() });
        let (seconds, execute) = (Arc::new(AtomicU64::new(0)), Arc::clone(&fake));
        let read = Arc::clone(&seconds);
        let clock = Arc::new(move || Duration::from_secs(read.load(Ordering::Acquire)));
        let definition = load_definition(&definition(more)).unwrap();
        let tools = JsonTools::with_clock(vec![(definition, execute)], clock).unwrap();
        (Self::of(tools), fake, seconds)
    }

    /// A tool that runs a shell script, which may use the folder of the test.
    fn script(script: &str, timeout: Duration) -> Self {
        let program = ["/bin/sh", "-c", script].map(str::to_owned).to_vec();
        let program = Program::new(program).unwrap().timeout(timeout);
        let definition = definition("").replace(OUTPUT, "{\"type\": \"object\"}");
        let definition = load_definition(&definition).unwrap();
        Self::of(JsonTools::new(vec![(definition, Arc::new(program))]).unwrap())
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

/// The sentence of a call that fails.
async fn fails(client: &Client, arguments: Value) -> String {
    match client.call_tool("send_email", arguments).await {
        Err(error) => error.to_string(),
        Ok(result) => panic!("{result:?}"),
    }
}

fn good() -> Value {
    json!({"to": ["a@example.org"], "subject": "Hello", "body": "Text."})
}

/// What the engine answers to requests of one client, one after another.
fn engine(hub: &Hub, requests: &[&str]) -> String {
    let snapshot = hub.snapshot();
    let engine = McpEngine::new(&*snapshot);
    let (mut session, mut args, mut out) = (McpSession::new(), [0; 4096], vec![0; 16 * 1024]);
    let mut last = String::new();
    for request in requests {
        match engine.receive(request.as_bytes(), &mut session, &mut args, &mut out) {
            Step::Reply(len) => last = String::from_utf8(out[..len].to_vec()).unwrap(),
            Step::Silent => {}
            step => panic!("{step:?}"),
        }
    }
    last
}

const STATELESS_LIST: &str = r#"{"jsonrpc":"2.0","id":1,"method":"tools/list","params":{"_meta":{
    "io.modelcontextprotocol/protocolVersion":"2026-07-28",
    "io.modelcontextprotocol/clientCapabilities":{}}}}"#;

fn initialize(version: &str) -> String {
    let params = json!({"protocolVersion": version, "capabilities": {},
        "clientInfo": {"name": "test", "version": "1"}});
    json!({"jsonrpc": "2.0", "id": 1, "method": "initialize", "params": params}).to_string()
}

#[test]
fn a_list_shows_the_schemas_byte_for_byte_in_both_protocol_families() {
    let (site, ..) = Site::fake(", \"requires_confirmation\": true");
    let list = r#"{"jsonrpc":"2.0","id":2,"method":"tools/list"}"#;
    let hello = initialize("2025-11-25");
    let answers = [engine(&site.hub, &[STATELESS_LIST]), engine(&site.hub, &[&hello, list])];
    for answer in answers {
        let shown = format!("\"inputSchema\":{INPUT},");
        assert!(answer.contains(&shown), "{answer}");
        assert!(answer.contains(&format!("\"outputSchema\":{OUTPUT},")), "{answer}");
        let answer: Value = serde_json::from_str(&answer).unwrap();
        let tool = &answer["result"]["tools"][0];
        assert_eq!((&tool["name"], &tool["title"]), (&json!("send_email"), &json!("Send e-mail")));
        assert_eq!(
            tool["_meta"],
            json!({"trine/consent": "elicit", "trine/category": "communication",
                "trine/permissions": "email.send"})
        );
    }
    // Revisions before structured results have no schema of an output.
    let hello = initialize("2025-03-26");
    let answer = engine(&site.hub, &[&hello, list]);
    assert!(answer.contains(INPUT) && !answer.contains("outputSchema"), "{answer}");
}

#[test]
fn another_schema_is_another_list() {
    let generation = |output: &str| {
        let text = definition("").replace(OUTPUT, output);
        let fake = Fake { answer: Mutex::default(), seen: Mutex::default() };
        let tools = vec![(load_definition(&text).unwrap(), Arc::new(fake) as Arc<dyn Execute>)];
        let hub = Hub::open_with(&DeviceArgs::default(), Prefix::Auto, &Settings::none()).unwrap();
        hub.add_tools(JsonTools::new(tools).unwrap()).unwrap();
        trine_mcp::Catalog::generation(&*hub.snapshot())
    };
    let one = generation(OUTPUT);
    assert_eq!(one, generation(OUTPUT));
    assert_ne!(one, generation("{\"type\":\"object\"}"));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_call_has_its_defaults_and_its_result_is_passed_on_as_it_was_written() {
    let (site, fake, _) = Site::fake("");
    *fake.answer.lock().unwrap() = "{ \"id\": 7,\n \"more\": [1.50, \"\\u00e9\"] }\n".to_owned();
    for family in BOTH {
        let client = connect(&site, family).await;
        let result = client.call_tool("send_email", good()).await.unwrap();
        let expected: Value = serde_json::from_str(r#"{"id":7,"more":[1.50,"é"]}"#).unwrap();
        assert_eq!(result.structured, Some(expected));
        let seen = fake.seen.lock().unwrap().pop().unwrap();
        assert_eq!(seen, r#"{"to":["a@example.org"],"subject":"Hello","body":"Text.","cc":[]}"#);
        let mut full = good();
        full["cc"] = json!(["b@example.org"]);
        full["send_at"] = json!("2026-12-24T18:00:00Z");
        client.call_tool("send_email", full.clone()).await.unwrap();
        let seen = fake.seen.lock().unwrap().pop().unwrap();
        assert_eq!(serde_json::from_str::<Value>(&seen).unwrap(), full);
    }
    let call = json!({"jsonrpc": "2.0", "id": 1, "method": "tools/call",
        "params": {"name": "send_email", "arguments": good()}});
    let answer = post(&site, &call);
    let text = r#"{"id":7,"more":[1.50,"\u00e9"]}"#;
    assert!(answer.contains(&format!("\"structuredContent\":{text},")), "{answer}");
    let escaped = serde_json::to_string(text).unwrap();
    assert!(answer.contains(&format!("\"text\":{escaped}")), "{answer}");
}

/// Posts a call of 2026-07-28 and answers the body.
fn post(site: &Site, message: &Value) -> String {
    let mut message = message.clone();
    message["params"]["_meta"] = json!({
        "io.modelcontextprotocol/protocolVersion": "2026-07-28",
        "io.modelcontextprotocol/clientCapabilities": {},
    });
    let headers = "MCP-Protocol-Version: 2026-07-28\r\nMcp-Method: tools/call\r\n\
                   Mcp-Name: send_email\r\n";
    send(site, "/mcp", headers, &message)
}

/// Posts a body and answers that of the reply.
fn send(site: &Site, path: &str, headers: &str, body: &Value) -> String {
    let body = body.to_string();
    let address = site.url.trim_start_matches("http://").trim_end_matches("/mcp");
    let mut stream = std::net::TcpStream::connect(address).unwrap();
    let head = format!(
        "POST {path} HTTP/1.1\r\nHost: {address}\r\nContent-Type: application/json\r\n\
         Accept: application/json, text/event-stream\r\n{headers}Connection: close\r\n\
         Content-Length: {}\r\n\r\n",
        body.len()
    );
    stream.write_all((head + &body).as_bytes()).unwrap();
    let mut reply = String::new();
    stream.read_to_string(&mut reply).unwrap();
    reply.split_once("\r\n\r\n").unwrap().1.to_owned()
}

#[test]
fn a_call_over_rest_is_checked_and_answered_as_any_other() {
    let (site, fake, _) = Site::fake("");
    let execute = |arguments: Value| {
        let tool = json!({"tool_slug": "send_email", "arguments": arguments});
        send(&site, "/mcp/execute", "", &json!({ "tools": [tool] }))
    };
    let answer = execute(good());
    assert!(answer.contains("\"successful\":true") && answer.contains("\"id\":7"), "{answer}");
    let answer = execute(json!({"to": ["no address"], "subject": "", "body": ""}));
    assert!(answer.contains("send_email: to/0 must be an e-mail address (email)"), "{answer}");
    assert_eq!(fake.seen.lock().unwrap().len(), 1);
}

#[tokio::test(flavor = "multi_thread")]
async fn bad_arguments_do_not_reach_the_executor_and_are_named_with_their_bound() {
    let (site, fake, _) = Site::fake("");
    for family in BOTH {
        let client = connect(&site, family).await;
        let with = |name: &str, value: Value| {
            let mut arguments = good();
            arguments[name] = value;
            arguments
        };
        for (arguments, why) in [
            (with("to", json!(["no address"])), "to/0 must be an e-mail address (email)"),
            (with("to", json!([])), "to must have at least 1 item"),
            (with("to", json!("a@example.org")), "to must be an array"),
            (with("cc", json!(["a@example.org", 3])), "cc/1 must be a string"),
            (with("send_at", json!("tomorrow")), "send_at must be a date and time such as"),
            (with("level", json!(15.5)), "level must be at most 1"),
            (json!({"to": ["a@example.org"], "subject": "x"}), "body is required"),
            (json!({}), "to is required"),
        ] {
            let said = fails(&client, arguments).await;
            assert!(said.contains(&format!("send_email: {why}")), "{said}");
        }
    }
    assert!(fake.seen.lock().unwrap().is_empty());
    // A client may leave the arguments out, and they must be an object.
    let call = |params: Value| {
        post(&site, &json!({"jsonrpc": "2.0", "id": 1, "method": "tools/call", "params": params}))
    };
    let none = call(json!({"name": "send_email"}));
    assert!(none.contains("send_email: to is required"), "{none}");
    let list = call(json!({"name": "send_email", "arguments": [1]}));
    assert!(list.contains("arguments must be an object"), "{list}");
    let long = call(json!({"name": "send_email", "arguments": {"body": "x".repeat(80 * 1024)}}));
    assert!(long.contains("\"isError\":true"), "{long}");
    let deep = format!("{}1{}", "[".repeat(70), "]".repeat(70));
    let deep: Value = serde_json::from_str(&deep).unwrap();
    assert!(call(json!({"name": "send_email", "arguments": {"body": deep}})).contains("error"));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_wrong_result_is_an_error_and_is_not_passed_on() {
    let (site, fake, _) = Site::fake("");
    for family in BOTH {
        let client = connect(&site, family).await;
        for (answer, why) in [
            ("{\"id\": \"secret\"}", "output schema allows: id must be an integer"),
            ("{\"secret\": 1}", "output schema allows: id is required"),
            ("{\"id\": -1}", "output schema allows: id must be at least 0"),
            ("[\"secret\"]", "its result is not a JSON object"),
            ("secret", "its result is not JSON"),
            ("{\"id\": 1} secret", "its result is not JSON"),
            ("error: the server of mails is off", "send_email: the server of mails is off"),
        ] {
            answer.clone_into(&mut fake.answer.lock().unwrap());
            let said = fails(&client, good()).await;
            assert!(said.contains(why) && !said.contains("secret"), "{said}");
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_rate_limit_says_when_the_next_call_may_be_made() {
    let (site, fake, seconds) =
        Site::fake(r#", "rate_limit": {"max_calls": 2, "per_seconds": 3600}"#);
    let client = connect(&site, Family::Stateless).await;
    let call = || client.call_tool("send_email", good());
    assert!(call().await.is_ok());
    seconds.store(100, Ordering::Release);
    // A call with bad arguments does not count.
    fails(&client, json!({})).await;
    assert!(call().await.is_ok());
    let said = fails(&client, good()).await;
    let why = "send_email: there may be at most 2 calls in 3600 seconds: the next one may be made \
               in 3500 seconds";
    assert!(said.contains(why), "{said}");
    seconds.store(3599, Ordering::Release);
    assert!(fails(&client, good()).await.ends_with("in 1 second"));
    seconds.store(3600, Ordering::Release);
    assert!(call().await.is_ok());
    assert!(fails(&client, good()).await.ends_with("in 100 seconds"));
    assert_eq!(fake.seen.lock().unwrap().len(), 3);
}

#[tokio::test(flavor = "multi_thread")]
async fn no_one_is_asked_for_a_call_that_the_rate_limit_refuses() {
    let more = r#", "requires_confirmation": true,
        "rate_limit": {"max_calls": 1, "per_seconds": 60}"#;
    let (site, fake, seconds) = Site::fake(more);
    for family in BOTH {
        let asked = Arc::new(AtomicU64::new(0));
        let count = Arc::clone(&asked);
        let answer = move |_: Elicitation| {
            // What is declined does not count as a call.
            let agrees = count.fetch_add(1, Ordering::AcqRel) > 0;
            ElicitationAnswer::Accept(json!({ "allow": agrees }))
        };
        let client = Client::builder().family(family).on_elicitation(answer);
        let client = client.connect(&site.url).await.unwrap();
        assert!(fails(&client, good()).await.contains("did not agree"));
        client.call_tool("send_email", good()).await.unwrap();
        assert!(fails(&client, good()).await.ends_with("may be made in 60 seconds"));
        assert_eq!(asked.load(Ordering::Acquire), 2);
        seconds.fetch_add(60, Ordering::AcqRel);
    }
    assert_eq!(fake.seen.lock().unwrap().len(), 2);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_call_that_needs_confirmation_shows_its_arguments_and_runs_when_it_is_given() {
    let (site, fake, _) = Site::fake(", \"requires_confirmation\": true");
    for family in BOTH {
        let asked = Arc::new(Mutex::new(Vec::<String>::new()));
        let kept = Arc::clone(&asked);
        let answer = move |form: Elicitation| {
            let mut kept = kept.lock().unwrap();
            kept.push(form.message);
            match kept.len() {
                1 => ElicitationAnswer::Accept(json!({"allow": true})),
                _ => ElicitationAnswer::Decline,
            }
        };
        let client = Client::builder().family(family).on_elicitation(answer);
        let client = client.connect(&site.url).await.unwrap();
        client.call_tool("send_email", good()).await.unwrap();
        assert_eq!(fake.seen.lock().unwrap().drain(..).count(), 1);
        let message = asked.lock().unwrap()[0].clone();
        let shown = r#"{"to":["a@example.org"],"subject":"Hello","body":"Text.","cc":[]}"#;
        assert_eq!(message, format!("Allow send_email (Send e-mail) with {shown}?"));
        assert!(fails(&client, good()).await.contains("did not agree"));
        // No one is asked about what would be refused.
        fails(&client, json!({"to": []})).await;
        assert_eq!(asked.lock().unwrap().len(), 2);
        assert!(fake.seen.lock().unwrap().is_empty());
    }
}

/// A folder that goes with the test.
struct Folder(PathBuf);

impl Folder {
    fn new(name: &str) -> Self {
        let path = std::env::temp_dir().join(format!("trine-{name}-{}", std::process::id()));
        std::fs::create_dir_all(&path).unwrap();
        Self(path)
    }
}

impl Drop for Folder {
    fn drop(&mut self) {
        drop(std::fs::remove_dir_all(&self.0));
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_file_with_a_program_is_a_tool() {
    let folder = Folder::new("json-tools");
    let (program, file) = (folder.0.join("mail"), folder.0.join("def.json"));
    std::fs::write(&program, "read line\nprintf '{\"id\":1,\"was\":%s}' \"$line\"\n").unwrap();
    let write = |execute: Value| {
        let more = format!(", \"execute\": {execute}");
        std::fs::write(&file, definition(&more)).unwrap();
    };
    write(json!({"command": ["/bin/sh", program], "timeout_seconds": 20}));
    let site = Site::of(load_file(&file).unwrap());
    let client = connect(&site, Family::Sessions).await;
    let result = client.call_tool("send_email", good()).await.unwrap().structured.unwrap();
    assert_eq!(result["was"]["cc"], json!([]));
    // It runs in the folder of its file, wherever this program does.
    std::fs::write(folder.0.join("named"), "#!/bin/sh\n. ./mail\n").unwrap();
    let may_run = std::os::unix::fs::PermissionsExt::from_mode(0o755);
    std::fs::set_permissions(folder.0.join("named"), may_run).unwrap();
    for command in [json!(["/bin/sh", "mail"]), json!(["./named"])] {
        write(json!({ "command": command }));
        let site = Site::of(load_file(&file).unwrap());
        let client = connect(&site, Family::Sessions).await;
        let result = client.call_tool("send_email", good()).await.unwrap().structured.unwrap();
        assert_eq!(result["was"]["cc"], json!([]));
    }
    let refused = || match load_file(&file) {
        Err(error) => error.chain(),
        Ok(_) => panic!("it was taken"),
    };
    for (execute, why) in [
        (json!({"command": []}), "execute/command: it must be a list of texts"),
        (json!({"command": "mail; rm x"}), "execute/command: it must be a list of texts"),
        (json!({"command": ["x"], "shell": true}), "execute/shell: it has command and"),
        (json!({"command": ["x"], "timeout_seconds": 0}), "execute/timeout_seconds: it must"),
    ] {
        write(execute);
        let said = refused();
        assert!(said.contains(why) && said.contains("def.json"), "{said}");
    }
    std::fs::write(&file, definition("")).unwrap();
    assert!(refused().contains("execute: it is required"));
    std::fs::write(&file, vec![b' '; 300 * 1024]).unwrap();
    assert!(refused().contains("more than 262144 bytes"));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_program_that_fails_is_an_error_in_its_own_words() {
    let long = Duration::from_secs(20);
    for (script, why) in [
        ("echo 'no mail server' >&2; echo more >&2; exit 3", "send_email: no mail server"),
        ("exit 3", "send_email: its program ended with status 3"),
        ("kill -9 $$", "send_email: its program was ended by signal 9"),
        ("echo done", "its result is not JSON"),
        ("printf '\\377'", "its program wrote what is not UTF-8"),
        ("exec cat /dev/zero", "its program wrote more than 1048576 bytes"),
        // More than a pipe holds, in both directions at once.
        ("head -c 300000 /dev/zero >&2; echo x >&2; exit 1", "send_email: "),
    ] {
        let site = Site::script(script, long);
        let client = connect(&site, Family::Stateless).await;
        let said = fails(&client, good()).await;
        assert!(said.contains(why), "{script}: {said}");
    }
    let definition = load_definition(&definition("")).unwrap();
    let absent = Program::new(vec!["/nowhere/program".to_owned()]).unwrap();
    let site = Site::of(JsonTools::new(vec![(definition, Arc::new(absent))]).unwrap());
    let client = connect(&site, Family::Stateless).await;
    assert!(fails(&client, good()).await.contains("cannot run /nowhere/program"));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_program_that_reads_nothing_and_answers_much_is_served() {
    let script = "printf '{\"text\":\"'; head -c 900000 /dev/zero | tr '\\0' x; printf '\"}'";
    let site = Site::script(script, Duration::from_secs(60));
    let client = connect(&site, Family::Stateless).await;
    let mut arguments = good();
    arguments["body"] = json!("x".repeat(70_000));
    let result = client.call_tool("send_email", arguments).await.unwrap().structured.unwrap();
    assert_eq!(result["text"].as_str().unwrap().len(), 900_000);
}

/// Whether a process is there, by its number in a file.
fn is_running(file: &std::path::Path) -> bool {
    let Ok(number) = std::fs::read_to_string(file) else { return false };
    std::path::Path::new("/proc").join(number.trim()).join("stat").exists()
}

async fn until(what: &str, mut is_so: impl FnMut() -> bool) {
    for _ in 0..500 {
        if is_so() {
            return;
        }
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
    panic!("{what}");
}

#[cfg(target_os = "linux")]
#[tokio::test(flavor = "multi_thread")]
async fn a_program_that_takes_too_long_or_whose_client_goes_away_ends_with_its_children() {
    let folder = Folder::new("json-tools-time");
    let number = folder.0.join("number");
    let script = format!("sleep 600 & echo $! > {0}.new; mv {0}.new {0}; wait", number.display());
    let site = Site::script(&script, Duration::from_secs(1));
    let client = connect(&site, Family::Stateless).await;
    let began = Instant::now();
    let said = fails(&client, good()).await;
    assert!(said.contains("its program took longer than 1 second"), "{said}");
    assert!(began.elapsed() < Duration::from_secs(20));
    until("the child is there still", || !is_running(&number)).await;
    std::fs::remove_file(&number).unwrap();
    drop(site);

    let site = Site::script(&script, Duration::from_secs(300));
    let client = connect(&site, Family::Stateless).await;
    let call = client.call_tool("send_email", good());
    let call = async { tokio::time::timeout(Duration::from_secs(3), call).await };
    call.await.unwrap_err();
    until("the child was not started", || number.exists()).await;
    until("the child is there still", || !is_running(&number)).await;
}
