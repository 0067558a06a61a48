//! `trine bench load` against the gateway, and against servers that stall, fail and refuse.

use std::io::{BufRead as _, BufReader, Read as _, Write as _};
use std::net::{TcpListener, TcpStream};
use std::path::Path;
use std::process::{Child, Command, Output, Stdio};
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use serde_json::{Value, json};

const TRINE: &str = env!("CARGO_BIN_EXE_trine");
/// A file that cannot be there: its folder is a program.
const IMPOSSIBLE: &str = concat!(env!("CARGO_BIN_EXE_trine"), "/a.svg");
const KEY: &str = "0123456789abcdef";

/// A gateway with a simulated board, which ends with its test.
struct Gateway(Child, String);

impl Gateway {
    fn start(options: &[&str]) -> Self {
        let folder = Path::new(env!("CARGO_TARGET_TMPDIR")).join("load-settings");
        let mut gateway = Command::new(TRINE);
        gateway.args(["gateway", "--simulate", "--http", "127.0.0.1:0"]).args(options);
        gateway.env("TRINE_CONFIG", folder).env_remove("TRINE_LOG");
        let gateway = gateway.stdin(Stdio::null()).stderr(Stdio::piped()).spawn();
        let mut gateway = Self(gateway.unwrap(), String::new());
        let mut lines = BufReader::new(gateway.0.stderr.take().unwrap()).lines();
        let said = lines.by_ref().map_while(Result::ok).find(|line| line.contains("http://"));
        let said = said.unwrap();
        let address = said.split_once("http://").unwrap().1.split('/').next().unwrap();
        gateway.1 = format!("http://{address}/mcp");
        std::thread::spawn(move || lines.for_each(drop));
        gateway
    }
}

impl Drop for Gateway {
    fn drop(&mut self) {
        drop(self.0.kill());
        drop(self.0.wait());
    }
}

fn load(url: &str, options: &[&str]) -> Output {
    let mut command = Command::new(TRINE);
    command.args(["bench", "load", url]).args(options);
    command.env("TRINE_LOG", "off").env_remove("TRINE_KEY").output().unwrap()
}

fn text(bytes: &[u8]) -> String {
    String::from_utf8(bytes.to_vec()).unwrap()
}

fn measured(url: &str, options: &[&str]) -> (Option<i32>, Value) {
    let output = load(url, &[options, &["--json"]].concat());
    let printed = serde_json::from_slice(&output.stdout);
    let errors = text(&output.stderr);
    assert!(errors.is_empty(), "{errors}");
    (output.status.code(), printed.unwrap())
}

/// Whether percentiles are there and rise.
fn rise(of: &Value) -> bool {
    let each = ["p50", "p90", "p99", "p99_9", "max"].map(|name| of[name].as_f64().unwrap());
    each.is_sorted() && each[4] > 0.0
}

#[test]
fn a_load_of_calls_has_percentiles_rate_bytes_and_no_errors() {
    let gateway = Gateway::start(&[]);
    let call = ["--tool", "fan_set", "--arguments", "{\"percent\": 40}", "--connections", "5"];
    let file = Path::new(env!("CARGO_TARGET_TMPDIR")).join("load.svg");
    let more = ["--requests", "203", "--svg", file.to_str().unwrap()];
    let (code, found) = measured(&gateway.1, &[&call[..], &more].concat());
    assert_eq!(code, Some(0), "{found}");
    for (name, value) in vec![
        ("requests", json!(203)),
        ("answered", json!(203)),
        ("failed", json!(0)),
        ("errors", json!({})),
        ("connections", json!(5)),
        ("rate", json!(null)),
        ("late_us", json!(null)),
        ("tool", json!("fan_set")),
        ("revision", json!("2026-07-28")),
    ] {
        assert_eq!(found[name], value, "{name}: {found}");
    }
    assert!(rise(&found["latency_us"]), "{found}");
    for name in ["seconds", "requests_per_s", "bytes_sent", "bytes_received"] {
        assert!(found[name].as_f64().unwrap() > 0.0, "{name}: {found}");
    }
    let picture = std::fs::read_to_string(&file).unwrap();
    assert!(picture.starts_with("<svg ") && picture.contains("fan_set at http://"), "{picture}");
    let printed = load(&gateway.1, &[&call[..], &["--requests", "20"]].concat());
    let printed = text(&printed.stdout);
    for word in ["p50 ", "p90 ", "p99 ", "p99.9 ", "max ", "answered  20 ", "requests/s", "none"] {
        assert!(printed.contains(word), "{word}: {printed}");
    }
    // For a time; without a tool a harmless one is called.
    let (code, found) = measured(&gateway.1, &["--seconds", "1"]);
    assert_eq!((code, &found["tool"]), (Some(0), &json!("board_status")), "{found}");
    assert!(found["seconds"].as_f64().unwrap() >= 1.0, "{found}");
}

#[test]
fn requests_of_a_rate_are_sent_no_sooner_than_they_are_due() {
    let gateway = Gateway::start(&[]);
    let (code, found) = measured(&gateway.1, &["--rate", "200", "--requests", "101"]);
    assert_eq!((code, &found["answered"]), (Some(0), &json!(101)), "{found}");
    assert!(found["seconds"].as_f64().unwrap() >= 0.5, "{found}");
    assert!(rise(&found["late_us"]), "{found}");
    let (_, found) = measured(&gateway.1, &["--rate", "70", "--seconds", "1"]);
    assert_eq!(found["requests"], 70, "{found}");
}

#[test]
fn the_key_is_sent_and_a_missing_or_wrong_one_is_named() {
    let keys = Path::new(env!("CARGO_TARGET_TMPDIR")).join("load.keys");
    std::fs::write(&keys, format!("kitchen {KEY}\n")).unwrap();
    let gateway = Gateway::start(&["--api-keys", keys.to_str().unwrap()]);
    let (code, found) = measured(&gateway.1, &["--requests", "9", "--key", KEY]);
    assert_eq!((code, &found["answered"]), (Some(0), &json!(9)), "{found}");
    for options in [&[][..], &["--key", "fedcba9876543210"]] {
        let output = load(&gateway.1, options);
        let said = text(&output.stderr);
        assert_eq!((output.status.code(), output.stdout.len()), (Some(1), 0), "{said}");
        assert!(said.contains("--key") && said.contains("TRINE_KEY"), "{said}");
        assert!(!said.contains("fedcba"), "{said}");
    }
}

#[test]
fn what_is_wrong_is_said_before_anything_is_measured() {
    let gateway = Gateway::start(&[]);
    let free = TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap();
    let nowhere = format!("http://{free}/mcp");
    let elsewhere = gateway.1.replace("/mcp", "/nowhere");
    let refused = vec![
        (&*nowhere, &[][..], 3, "connection refused"),
        ("https://board/mcp", &[], 2, "no TLS"),
        ("board", &[], 2, "expected one such as http://"),
        (&*elsewhere, &[], 1, "MCP is at /mcp"),
        (&gateway.1, &["--tool", "fan_sett"], 2, "did you mean 'fan_set'?"),
        (&gateway.1, &["--tool", "fan_set"], 1, "percent"),
        (
            &gateway.1,
            &["--tool", "fan_set", "--arguments", "{\"percent\":140}"],
            1,
            "percent must be at most 100",
        ),
        (&gateway.1, &["--tool", "fan_set", "--arguments", "{"], 2, "not JSON"),
        (&gateway.1, &["--tool", "fan_set", "--arguments", "[]"], 2, "not a JSON object"),
        (&gateway.1, &["--arguments", "{}"], 2, "--tool <NAME>"),
        (&gateway.1, &["--connections", "0"], 2, "1..=10000"),
        (&gateway.1, &["--requests", "0"], 2, "1..=100000000"),
        (&gateway.1, &["--seconds", "0"], 2, "1..=86400"),
        (&gateway.1, &["--rate", "0"], 2, "1..=1000000"),
        (&gateway.1, &["--timeout", "3601"], 2, "1..=3600"),
        (&gateway.1, &["--requests", "1", "--seconds", "1"], 2, "cannot be used with"),
        (&gateway.1, &["--requests", "1", "--svg", IMPOSSIBLE], 1, "cannot write"),
    ];
    for (url, options, code, word) in refused {
        let output = load(url, options);
        let said = text(&output.stderr);
        assert_eq!(output.status.code(), Some(code), "{options:?}: {said}");
        assert!(said.contains(word), "{word}: {said}");
        assert!(output.stdout.is_empty(), "{options:?}");
    }
}

/// A server of one tool whose `nth` measured call is treated by `how`: it writes an answer.
fn fake(how: impl Fn(u64, &mut TcpStream, &Value) + Send + Sync + 'static) -> String {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let url = format!("http://{}/mcp", listener.local_addr().unwrap());
    let (how, calls) = (Arc::new(how), Arc::new(AtomicU64::new(0)));
    std::thread::spawn(move || {
        for stream in listener.incoming().map_while(Result::ok) {
            let (how, calls) = (Arc::clone(&how), Arc::clone(&calls));
            std::thread::spawn(move || serve(stream, &*how, &calls));
        }
    });
    url
}

fn serve(mut stream: TcpStream, how: &dyn Fn(u64, &mut TcpStream, &Value), calls: &AtomicU64) {
    let mut input = BufReader::new(stream.try_clone().unwrap());
    loop {
        let (mut line, mut length) = (String::new(), 0);
        while input.read_line(&mut line).is_ok_and(|read| read > 2) {
            if let Some(value) = line.to_lowercase().strip_prefix("content-length:") {
                length = value.trim().parse().unwrap();
            }
            line.clear();
        }
        let mut body = vec![0; length];
        if length == 0 || input.read_exact(&mut body).is_err() {
            return;
        }
        let message: Value = serde_json::from_slice(&body).unwrap();
        match message["method"].as_str().unwrap() {
            "server/discover" => {
                let versions = json!({"supportedVersions": ["2026-07-28"]});
                respond(&mut stream, &message, "200 OK", &versions);
            }
            "tools/list" => {
                let tools = json!({"tools": [
                    {"name": "write", "inputSchema": {}},
                    {"name": "look", "inputSchema": {"required": ["at"]},
                     "annotations": {"readOnlyHint": true}},
                    {"name": "read", "inputSchema": {}, "annotations": {"readOnlyHint": true}},
                ]});
                respond(&mut stream, &message, "200 OK", &tools);
            }
            _ => {
                // The first call is not measured.
                let nth = calls.fetch_add(1, Ordering::Relaxed);
                assert_eq!(message["params"]["name"], "read");
                match nth {
                    0 => respond(&mut stream, &message, "200 OK", &json!({"content": []})),
                    _ => how(nth, &mut stream, &message),
                }
            }
        }
    }
}

fn respond(stream: &mut TcpStream, message: &Value, status: &str, result: &Value) {
    let body = json!({"jsonrpc": "2.0", "id": message["id"], "result": result}).to_string();
    let head = format!("HTTP/1.1 {status}\r\nContent-Type: application/json\r\n");
    // A client that has gone away needs no answer.
    drop(write!(stream, "{head}Content-Length: {}\r\n\r\n{body}", body.len()));
}

#[test]
fn a_stall_counts_for_all_requests_that_were_due_meanwhile() {
    let url = fake(|nth, stream, message| {
        if nth == 1 {
            std::thread::sleep(Duration::from_millis(500));
        }
        respond(stream, message, "200 OK", &json!({"content": []}));
    });
    // The last of 20 is due after 190 ms, and waits for 310 ms more.
    let options = ["--rate", "100", "--requests", "20", "--connections", "1"];
    let (code, found) = measured(&url, &options);
    assert_eq!((code, &found["answered"]), (Some(0), &json!(20)), "{found}");
    let at = |name: &str| found["latency_us"][name].as_f64().unwrap();
    assert!(at("max") >= 500_000.0 && at("p50") >= 305_000.0, "{found}");
}

#[test]
fn errors_are_counted_by_their_kind_and_the_others_are_still_measured() {
    let url = fake(|nth, stream, message| match nth % 5 {
        0 => respond(stream, message, "200 OK", &json!({"isError": true, "content": []})),
        1 => respond(stream, message, "503 Service Unavailable", &json!({})),
        2 => stream.shutdown(std::net::Shutdown::Both).unwrap(),
        3 => respond(stream, &json!({"id": 0}), "200 OK", &json!({})),
        _ => respond(stream, message, "200 OK", &json!({"content": []})),
    });
    let (code, found) = measured(&url, &["--requests", "50", "--connections", "3"]);
    assert_eq!(code, Some(1), "{found}");
    let expected = json!({
        "connection closed": 10, "HTTP status 503": 10, "tool failed": 10, "invalid answer": 10,
    });
    assert_eq!(found["errors"], expected, "{found}");
    let counts = ["requests", "answered", "failed"].map(|name| found[name].as_u64().unwrap());
    assert_eq!(counts, [50, 10, 40], "{found}");
}

#[test]
fn a_silent_server_is_a_timeout_and_what_was_due_meanwhile_is_not_sent() {
    let url = fake(|_, _, _| std::thread::sleep(Duration::from_secs(5)));
    let options = ["--requests", "4", "--rate", "1000", "--connections", "1", "--timeout", "1"];
    let (code, found) = measured(&url, &options);
    assert_eq!((code, &found["answered"]), (Some(1), &json!(0)), "{found}");
    let errors = &found["errors"];
    let sum = errors.as_object().unwrap().values().map(|count| count.as_u64().unwrap());
    assert_eq!(sum.sum::<u64>(), 4, "{found}");
    assert!(errors["timeout"].as_u64() >= Some(1) && errors["not sent in time"].is_u64());
    assert_eq!(found["latency_us"]["p50"], Value::Null);
}
