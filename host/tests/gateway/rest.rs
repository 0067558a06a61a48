//! The endpoints of the older integration guide, `/mcp/discover` and `/mcp/execute`.

use std::io::{BufReader, Write};
use std::net::TcpStream;
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

use serde_json::{Value, json};

use crate::bakery::Bakery;
use crate::board::Board;
use crate::harness::{Folder, person, until};
use crate::web::{Header, Reply, Site, USUAL};

const EXECUTE: &str = "POST /mcp/execute";
const DISCOVER: &str = "GET /mcp/discover";

fn contract(name: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../tests/contract").join(name)
}

/// Checks a value against a schema of the contract.
fn is_agreed(schema: &str, value: &Value) {
    let text = std::fs::read_to_string(contract(schema)).unwrap();
    let validator = jsonschema::draft202012::new(&serde_json::from_str(&text).unwrap()).unwrap();
    if let Err(error) = validator.validate(value) {
        panic!("{schema}: {error}: {value}");
    }
}

/// Compares with a reference file, or writes it.
fn compare(name: &str, found: &Value) {
    let path = contract("golden").join(name);
    let found = format!("{found:#}\n");
    if std::env::var_os("TRINE_GOLDEN").is_some_and(|value| value == "write") {
        return std::fs::write(path, found).unwrap();
    }
    assert_eq!(found, std::fs::read_to_string(&path).unwrap(), "{name}");
}

fn send(site: &Site, headers: &[Header<'_>], body: &str) -> Reply {
    site.send(EXECUTE, &[&USUAL[..], headers].concat(), body)
}

/// Executes; the status and the answer, which keeps the contract.
fn execute(site: &Site, body: &Value) -> (u16, Value) {
    let reply = send(site, &[], &body.to_string());
    assert_eq!(reply.header("content-type"), Some("application/json"));
    let answer = reply.json();
    is_agreed("execute.json", &answer);
    (reply.status, answer)
}

/// Executes what has to fail with status 200; the sentence.
fn refusal(site: &Site, tools: &Value) -> String {
    let (status, answer) = execute(site, &json!({"tools": tools}));
    assert_eq!((status, &answer["successful"]), (200, &json!(false)), "{answer}");
    assert_eq!(answer["data"], json!({"results": []}));
    answer["error"].as_str().unwrap().to_owned()
}

/// The one result of one tool.
fn response(site: &Site, slug: &str, arguments: &Value) -> Value {
    let tools = json!([{"tool_slug": slug, "arguments": arguments}]);
    let (status, answer) = execute(site, &json!({"tools": tools}));
    assert_eq!((status, &answer["error"]), (200, &Value::Null), "{answer}");
    assert_eq!(answer["data"]["results"][0]["tool_slug"], json!(slug));
    answer["data"]["results"][0]["response"].clone()
}

fn fan(percent: i32) -> Value {
    json!({"tool_slug": "fan_set", "arguments": {"percent": percent}})
}

fn vent(degrees: u32) -> Value {
    json!({"tool_slug": "vent_move", "arguments": {"degrees": degrees}})
}

fn is_uuid(text: &str) -> bool {
    let groups: Vec<_> = text.split('-').collect();
    let is_hex = |group: &&str| group.bytes().all(|byte| b"0123456789abcdef".contains(&byte));
    groups.iter().map(|group| group.len()).eq([8, 4, 4, 4, 12])
        && groups.iter().all(is_hex)
        && groups[2].starts_with('4')
        && groups[3].starts_with(['8', '9', 'a', 'b'])
}

/// The cases of a file, each with the request, the status and the answer.
fn cases(site: &Site, requests: Vec<(&str, Value)>) -> Value {
    let mut cases = Vec::new();
    for (case, request) in requests {
        let (status, mut answer) = execute(site, &request);
        if status == 200 {
            is_agreed("execute-request.json", &request);
        }
        if !request["request_id"].is_string() || status == 400 && case.contains("request_id") {
            assert!(is_uuid(answer["request_id"].as_str().unwrap()), "{answer}");
            answer["request_id"] = json!("(a UUID)");
        }
        cases.push(json!({"case": case, "request": request, "status": status, "answer": answer}));
    }
    Value::from(cases)
}

#[test]
fn golden_answers_of_execute() {
    let site = Site::start(&["--simulate"]);
    let tools = |tools: Value| json!({"request_id": "r-1", "tools": tools});
    let all_five = json!({"tools": [fan(40)], "request_id": "r-1", "thought": "It is warm.",
        "current_step": "COOLING", "sync_response_to_workbench": false, "unknown": [1]});
    let long = "x".repeat(65);
    let found = cases(
        &site,
        vec![
            ("all five members", all_five),
            ("several tools in order", tools(json!([fan(7), vent(1), fan(8)]))),
            ("no request_id", json!({"tools": [fan(9)]})),
            (
                "null is as if a member were not there",
                json!({"tools": [{"tool_slug":
                "valve_close", "arguments": {"valve": "north"}}], "request_id": null,
                "thought": null, "current_step": null, "sync_response_to_workbench": null}),
            ),
            ("unknown tool", tools(json!([{"tool_slug": "fan", "arguments": {}}]))),
            ("unknown tool of a long name", tools(json!([{"tool_slug": long}]))),
            ("second tool unknown", tools(json!([fan(1), {"tool_slug": "it's \"no\" tool"}]))),
            ("value out of range", tools(json!([fan(101)]))),
            (
                "value of another type",
                tools(json!([{"tool_slug": "fan_set", "arguments":
                {"percent": "full"}}])),
            ),
            (
                "unknown parameter",
                tools(json!([{"tool_slug": "fan_set", "arguments":
                {"percents": 1}}])),
            ),
            ("missing parameter", tools(json!([{"tool_slug": "fan_set"}]))),
            (
                "a person has to agree",
                tools(json!([{"tool_slug": "valve_open", "arguments":
                {"valve": "north", "seconds": 10}}])),
            ),
            ("no tools", json!({"request_id": "r-1", "tools": []})),
            ("33 tools", tools(json!(vec![fan(2); 33]))),
            ("tools of another type", json!({"request_id": "r-1", "tools": "fan_set"})),
            ("tool without a slug", tools(json!([fan(2), {"arguments": {}}]))),
            ("arguments of another type", tools(json!([{"tool_slug": "a", "arguments": [1]}]))),
            ("long request_id", json!({"request_id": "r".repeat(257), "tools": [fan(2)]})),
            ("request_id of another type", json!({"request_id": 7, "tools": [fan(2)]})),
            (
                "thought too long",
                json!({"request_id": "r-1", "thought": "t".repeat(4097),
                "tools": [fan(2)]}),
            ),
            (
                "current_step too long",
                json!({"request_id": "r-1", "current_step":
                "c".repeat(257), "tools": [fan(2)]}),
            ),
            (
                "sync_response_to_workbench of another type",
                json!({"request_id": "r-1",
                "sync_response_to_workbench": 1, "tools": [fan(2)]}),
            ),
        ],
    );
    compare("execute.json", &found);
    // The first of two tools did run; of those that were malformed none.
    assert_eq!(response(&site, "board_status", &json!({}))["fan_percent"], json!(1));
}

#[test]
fn golden_answers_of_every_kind_of_result() {
    let site = Site::start(&["--fixtures"]);
    let names = [
        "test_simple_text",
        "test_image_content",
        "test_multiple_content_types",
        "test_error_handling",
        "test_tool_with_progress",
        "test_input_required_result_elicitation",
        "test_sampling",
    ];
    let request = |slug: &str| {
        let arguments = if slug == "test_sampling" { json!({"prompt": "p"}) } else { json!({}) };
        let tools = json!([{"tool_slug": slug, "arguments": arguments}]);
        json!({"request_id": "r-1", "tools": tools})
    };
    let found = cases(&site, names.iter().map(|slug| (*slug, request(slug))).collect());
    compare("fixtures.json", &found);
}

#[test]
fn golden_answer_of_discover() {
    let site = Site::start(&["--simulate"]);
    let reply = site.send(DISCOVER, &[], "");
    assert_eq!((reply.status, reply.header("content-type")), (200, Some("application/json")));
    let mut found = reply.json();
    is_agreed("discover.json", &found);
    let health = format!("http://{}/health", site.address);
    assert_eq!(found["health_check_url"], json!(health));
    let path = found["health_check_url"].as_str().unwrap().rsplit_once('/').unwrap().1;
    assert_eq!(site.get(&format!("/{path}")).json()["version"], found["version"]);
    let listed = site.ask("tools/list", json!({})).json();
    let [listed, tools] = [&listed["result"]["tools"], &found["tools"]];
    let members = |tools: &Value, names: [&str; 4]| -> Vec<Value> {
        let all = tools.as_array().unwrap().iter();
        all.map(|tool| names.iter().map(|name| tool[name].clone()).collect()).collect()
    };
    let published = ["name", "description", "inputSchema", "outputSchema"];
    let ours = ["slug", "description", "input_schema", "output_schema"];
    assert_eq!(members(tools, ours), members(listed, published));
    found["health_check_url"] = json!("http://HOST/health");
    found["version"] = json!("VERSION");
    compare("discover.json", &found);
}

#[test]
fn discover_has_the_pages_of_all_devices_in_one_answer() {
    let names = ["a", "b", "c", "d", "e", "f", "g", "h", "i", "j"];
    let arguments = names.map(|name| format!("--simulate={name}"));
    let site = Site::start(&arguments.each_ref().map(|argument| &**argument));
    let first = site.ask("tools/list", json!({})).json();
    assert!(first["result"]["nextCursor"].is_string(), "it has pages");
    let found = site.send(DISCOVER, &[], "").json();
    is_agreed("discover.json", &found);
    assert_eq!(found["tools"].as_array().unwrap().len(), 11 * names.len());
}

#[test]
fn both_endpoints_say_of_a_tool_what_mcp_says() {
    let site = Site::start(&["--simulate"]);
    let named = |name: &str, arguments: Value| {
        let refused = site.call(name, &arguments);
        assert_eq!(refused["isError"], json!(true), "{refused}");
        let said = refused["content"][0]["text"].as_str().unwrap().to_owned();
        (said, refusal(&site, &json!([{"tool_slug": name, "arguments": arguments}])))
    };
    let (mcp, rest) = named("fan_set", json!({"percent": 101}));
    assert_eq!(rest, format!("Invalid arguments: {mcp}"));
    let (mcp, rest) = named("fan_set", json!({"percent": 1.5}));
    assert_eq!(rest, format!("Invalid arguments: {mcp}"));
    let (mcp, rest) = named("valve_open", json!({"valve": "north", "seconds": 10}));
    assert_eq!(rest, mcp);
    assert!(rest.contains("a person has to agree to this call"), "{rest}");
    let read = json!({"sensor": "light"});
    let over_mcp = site.call("sensor_read", &read)["structuredContent"].clone();
    assert_eq!(response(&site, "sensor_read", &read)["unit"], over_mcp["unit"]);
    let image = site.call("camera_snap", &json!({}))["content"].clone();
    assert_eq!(response(&site, "camera_snap", &json!({}))[0]["type"], image[0]["type"]);
}

#[test]
fn a_person_agrees_to_a_call_of_this_endpoint_as_to_any_other() {
    let folder = Folder::new("rest-button");
    let socket = folder.path("button");
    let button = format!("unix:{}", socket.display());
    let site = Site::start(&["--simulate", "--button", &button]);
    let arguments = json!({"valve": "north", "seconds": 30});
    let tools = json!([fan(2), {"tool_slug": "valve_open", "arguments": arguments}]);
    assert!(refusal(&site, &tools).contains("a person has to agree"));
    person(&socket, "button");
    let opened = response(&site, "valve_open", &arguments);
    assert_eq!(opened["valve"], json!("north"), "{opened}");
}

#[test]
fn a_tool_that_answers_nothing_and_one_that_asks() {
    let folder = Folder::new("rest-bakery");
    let clerk = folder.path("clerk");
    let _bakery = Bakery::start(clerk.clone());
    let site = Site::start(&["--unix", clerk.to_str().unwrap()]);
    let said = |slug: &str, arguments: Value| {
        refusal(&site, &json!([{"tool_slug": slug, "arguments": arguments}]))
    };
    until(
        || site.send(DISCOVER, &[], "").body.contains("silence").then_some(()),
        || "no clerk".into(),
    );
    assert_eq!(said("silence", json!({})), "No result returned");
    let asks = "the tool asks for further input, which this endpoint cannot give";
    assert_eq!(said("seal", json!({"letter": "bill"})), asks);
    let done = json!([{"type": "text", "text": "done"}]);
    assert_eq!(response(&site, "bake", &json!({})), done);
    assert_eq!(response(&site, "album", &json!({})).as_array().unwrap().len(), 4);
}

#[test]
fn bodies_that_mean_harm_are_refused_and_run_nothing() {
    let site = Site::start(&["--simulate"]);
    let refused = |body: &str, wanted: &str| {
        let reply = send(&site, &[], body);
        assert_eq!(reply.status, 400, "{reply:?}");
        is_agreed("execute.json", &reply.json());
        assert_eq!(reply.json()["error"], json!(wanted), "{body:.60}");
    };
    let tool = fan(50).to_string();
    refused("", "the body is not valid JSON");
    refused("{\"tools\":[", "the body is not valid JSON");
    refused("\u{feff}{}", "the body is not valid JSON");
    refused("[]", "the body must be a JSON object");
    let deep = format!("{{\"tools\":[{tool}],\"x\":{}", "[".repeat(500_000));
    refused(&deep, "the body is nested deeper than 64 levels");
    let nested = format!(
        "{{\"tools\":[{{\"tool_slug\":\"fan_set\",\"arguments\":{{\"percent\":{}{}}}}}]}}",
        "[".repeat(70),
        "]".repeat(70)
    );
    refused(&nested, "the body is nested deeper than 64 levels");
    refused(&format!("{{\"tools\":[{tool}],\"tools\":[{tool}]}}"), "the body has tools twice");
    let twice = "{\"tools\":[{\"tool_slug\":\"fan_set\",\"tool_slug\":\"vent_move\"}]}";
    refused(twice, "tools[0] has tool_slug twice");
    let twice = "[{\"tool_slug\":\"fan_set\",\"arguments\":{\"percent\":1,\"percent\":2}}]";
    let reply = send(&site, &[], &format!("{{\"tools\":{twice}}}"));
    let error = reply.json()["error"].as_str().unwrap().to_owned();
    assert!(error.starts_with("Invalid arguments: fan_set: "), "{error}");
    let long = format!("{{\"tools\":[{tool}],\"thought\":\"{}\"}}", "x".repeat(2 * 1024 * 1024));
    assert_eq!(send(&site, &[], &long).status, 413);
    let large = json!([{"tool_slug": "display_show", "arguments": {"text": "x".repeat(80_000)}}]);
    assert!(refusal(&site, &large).starts_with("Invalid arguments: display_show: "));
    let plain = [("Content-Type", "text/plain")];
    let body = json!({"tools": [fan(50)]}).to_string();
    assert_eq!(site.send(EXECUTE, &plain, &body).status, 415);
    for (line, status) in [
        ("GET /mcp/execute", 405),
        ("POST /mcp/discover", 405),
        ("POST /mcp/execute/", 404),
        ("GET /mcp/../mcp/discover", 404),
    ] {
        assert_eq!(site.send(line, &USUAL, &body).status, status, "{line}");
    }
    assert_eq!(response(&site, "board_status", &json!({}))["fan_percent"], json!(0));
}

#[test]
fn who_may_not_use_mcp_may_not_use_these_either() {
    let folder = Folder::new("rest-keys");
    let path = folder.path("keys");
    std::fs::write(&path, "kitchen 0123456789abcdef\n").unwrap();
    let site = Site::start(&["--simulate", "--api-keys", path.to_str().unwrap()]);
    let body = json!({"tools": [fan(50)]}).to_string();
    let statuses = |headers: &[Header<'_>]| {
        [send(&site, headers, &body).status, site.send(DISCOVER, headers, "").status]
    };
    let key = ("X-API-Key", "0123456789abcdef");
    assert_eq!(statuses(&[]), [401, 401]);
    assert_eq!(statuses(&[("X-API-Key", "0123456789abcdeF")]), [401, 401]);
    assert_eq!(statuses(&[key, ("Host", "evil.example")]), [403, 403]);
    assert_eq!(statuses(&[key, ("Origin", "http://evil.example")]), [403, 403]);
    assert_eq!(statuses(&[key, ("Origin", "null")]), [403, 403]);
    let status = json!({"tools": [{"tool_slug": "board_status"}]}).to_string();
    let answer = send(&site, &[key], &status).json();
    let status = &answer["data"]["results"][0]["response"];
    assert_eq!(status["fan_percent"], json!(0), "a refused call ran: {answer}");
    assert_eq!(statuses(&[key]), [200, 200]);
    let log = site.gateway.log();
    assert!(log.contains(" of kitchen: tools [\"fan_set\"]"), "{log}");
    assert!(!log.contains("0123456789abcdef"), "a key is in the log");
}

#[test]
fn the_log_has_a_line_for_each_request_and_none_of_the_clients() {
    let site = Site::start(&["--simulate"]);
    let thought = "\u{1b}[2Jwarm\n INFO forged: \"quoted\" \u{202e}".to_owned() + &"x".repeat(999);
    let body = json!({"request_id": "r\u{7}-1", "thought": thought, "current_step": "A\r\nB",
        "tools": [fan(3), {"tool_slug": "no\u{1b}tool"}]});
    let (_, answer) = execute(&site, &body);
    assert_eq!(answer["request_id"], json!("r\u{7}-1"));
    let log = site.gateway.logged("execute ");
    let lines: Vec<_> = log.lines().filter(|line| line.contains("warm")).collect();
    let [line] = lines[..] else { panic!("{log}") };
    let wanted = "execute \"r\u{fffd}-1\": tools [\"fan_set\", \"no\u{fffd}tool\"], current_step \
        \"A\u{fffd}\u{fffd}B\", thought \"\u{fffd}[2Jwarm\u{fffd} INFO forged: \\\"quoted\\\" \
        \u{fffd}xxx";
    assert!(line.contains(wanted), "{line}");
    assert!(line.ends_with("x…\"") && line.chars().count() < 400, "{line}");
    assert!(!log.contains('\u{1b}'), "{log}");
    // An id that was made is the same in the log and in the answer.
    let (_, answer) = execute(&site, &json!({"tools": [fan(4)]}));
    site.gateway.logged(answer["request_id"].as_str().unwrap());
}

#[test]
fn more_requests_than_may_wait_are_told_to_come_later() {
    let site = Site::start(&["--simulate", "--in-flight", "1"]);
    let open = |tools: Value| {
        let mut stream = site.connect();
        let body = json!({"request_id": "r-1", "tools": tools}).to_string();
        stream.write_all(site.request(EXECUTE, &USUAL, &body).as_bytes()).unwrap();
        BufReader::new(stream)
    };
    let mut first = open(json!([vent(90), vent(0), vent(90), vent(0)]));
    site.gateway.logged("execute ");
    let is_late = |reply: &Reply| {
        let answer = reply.json();
        is_agreed("execute.json", &answer);
        assert_eq!(answer["error"], json!("Rate limit exceeded"));
        assert_eq!(reply.header("retry-after"), Some("1"));
        assert_eq!(answer["request_id"], json!("r-1"));
        reply.status == 429
    };
    let since = Instant::now();
    let waited = |mut reader: BufReader<TcpStream>| {
        let reply = Reply::read(&mut reader);
        assert!(is_late(&reply), "{reply:?}");
        since.elapsed()
    };
    let others: Vec<_> = (0..40).map(|_| open(json!([fan(5)]))).collect();
    let waited: Vec<_> = std::thread::scope(|scope| {
        let threads: Vec<_> =
            others.into_iter().map(|other| scope.spawn(move || waited(other))).collect();
        threads.into_iter().map(|thread| thread.join().unwrap()).collect()
    });
    let at_once = waited.iter().filter(|waited| **waited < Duration::from_secs(4)).count();
    assert_eq!(at_once, 8, "32 wait for five seconds: {waited:?}");
    assert_eq!(Reply::read(&mut first).json()["successful"], json!(true));
    assert_eq!(response(&site, "board_status", &json!({}))["fan_percent"], json!(0));
}

#[test]
fn who_vanishes_takes_its_tool_along_and_those_that_were_to_follow() {
    let folder = Folder::new("rest-vanish");
    let board = Board::start(folder.path("board"), "A1");
    let site = Site::start(&["--unix", board.address()]);
    until(
        || (site.call("fan_set", &json!({"percent": 1}))["isError"] == false).then_some(()),
        || "no fan".into(),
    );
    let body = json!({"tools": [vent(90), fan(99)]}).to_string();
    let mut stream = site.connect();
    stream.write_all(site.request(EXECUTE, &USUAL, &body).as_bytes()).unwrap();
    site.gateway.logged("execute ");
    std::thread::sleep(Duration::from_millis(50));
    drop(stream);
    std::thread::sleep(Duration::from_millis(300));
    let status = response(&site, "board_status", &json!({}));
    assert!(status["vent_degrees"].as_u64().unwrap() < 90, "it went on without its client");
    assert_eq!(status["fan_percent"], json!(1), "the next tool ran without its client");
}

#[test]
fn a_signal_lets_a_request_under_way_end_with_all_of_its_tools() {
    let mut site = Site::start(&["--simulate"]);
    let body = json!({"tools": [vent(30), fan(6)]}).to_string();
    let mut stream = site.connect();
    stream.write_all(site.request(EXECUTE, &USUAL, &body).as_bytes()).unwrap();
    site.gateway.logged("execute ");
    site.terminate();
    let answer = Reply::read(&mut BufReader::new(stream)).json();
    assert_eq!(answer["data"]["results"].as_array().unwrap().len(), 2, "{answer}");
    assert_eq!(site.gateway.exited().code(), Some(0));
}
