//! `trine serve` as a program, by the example that calls it.

use std::io::{BufRead, BufReader, Write as _};
use std::path::{Path, PathBuf};
use std::process::{Child, ChildStdin, ChildStdout, Command, Stdio};
use std::time::{Duration, Instant};

use serde_json::{Value, json};

const TRINE: &str = env!("CARGO_BIN_EXE_trine");

/// What the example prints, line by line.
fn explain(arguments: &[&str]) -> Vec<Value> {
    let script = Path::new(env!("CARGO_MANIFEST_DIR")).join("../host-example/inference/explain.sh");
    let run = Command::new("sh").arg(script).args(arguments).env("TRINE", TRINE).output().unwrap();
    assert!(run.status.success(), "{}", String::from_utf8_lossy(&run.stderr));
    let lines = String::from_utf8(run.stdout).unwrap();
    lines.lines().map(|line| serde_json::from_str(line).unwrap()).collect()
}

/// Makes a small model of bytes in a folder of its own.
fn model(folder: &str) -> PathBuf {
    let folder = Path::new(env!("CARGO_TARGET_TMPDIR")).join(folder);
    std::fs::create_dir_all(&folder).unwrap();
    let model = folder.join("model.gguf");
    let sizes = ["--width", "128", "--ffn", "128", "--blocks", "1", "--heads", "2"];
    let more = ["--kv-heads", "1", "--vocab", "258", "--bytes", "--context", "400", "-o"];
    let mut make = Command::new(TRINE);
    make.args(["model", "make"]).args(sizes).args(more).arg(&model);
    let made = make.output().unwrap();
    assert!(made.status.success(), "{}", String::from_utf8_lossy(&made.stderr));
    model
}

#[test]
fn a_client_sees_the_text_while_it_is_written() {
    let folder = model("seen").parent().unwrap().to_owned();
    let mut serve = Command::new(TRINE);
    serve.args(["serve", "--backend", "cpu", "--models"]).arg(folder);
    let mut server = serve.stdin(Stdio::piped()).stdout(Stdio::piped()).spawn().unwrap();
    let mut orders = server.stdin.take().unwrap();
    let opens = json!({ "protocolVersion": "2025-06-18", "capabilities": {},
                        "clientInfo": { "name": "test", "version": "1" } });
    let call = json!({ "name": "bitnet-inference", "_meta": { "progressToken": "seen" },
        "arguments": { "model_path": "model.gguf", "prompt": "x", "max_tokens": 203,
                       "temperature": 1, "seed": 5 } });
    for (id, method, params) in [(1, "initialize", opens), (2, "tools/call", call)] {
        let line = json!({ "jsonrpc": "2.0", "id": id, "method": method, "params": params });
        writeln!(orders, "{line}").unwrap();
    }
    drop(orders);
    let output = server.wait_with_output().unwrap();
    let lines = String::from_utf8(output.stdout).unwrap();
    let lines: Vec<Value> = lines.lines().map(|line| serde_json::from_str(line).unwrap()).collect();
    let [_, told @ .., answer] = &lines[..] else { panic!("{lines:?}") };
    let written = &answer["result"]["structuredContent"];
    let tokens = written["tokens_generated"].as_u64().unwrap();
    assert!(told.len() as u64 >= tokens / 8 && tokens > 16, "{} of {tokens}", told.len());
    let mut seen = String::new();
    for message in told {
        assert_eq!(message["method"], "notifications/progress");
        assert_eq!(message["params"]["progressToken"], "seen");
        seen += message["params"]["message"].as_str().unwrap_or_default();
    }
    let text = written["generated_text"].as_str().unwrap();
    assert!(text.starts_with(&seen), "{seen:?} is not the beginning of {text:?}");
    // All but what came with the last few tokens.
    assert!(text.chars().count() - seen.chars().count() <= 8, "{seen:?} of {text:?}");
}

/// A server on a folder, with what it answers, and a call under way.
fn calling(folder: &Path, tokens: u32) -> (Child, ChildStdin, BufReader<ChildStdout>) {
    let mut serve = Command::new(TRINE);
    serve.args(["serve", "--backend", "cpu", "--models"]).arg(folder);
    let mut server = serve.stdin(Stdio::piped()).stdout(Stdio::piped()).spawn().unwrap();
    let mut orders = server.stdin.take().unwrap();
    let answers = BufReader::new(server.stdout.take().unwrap());
    let opens = json!({ "protocolVersion": "2025-06-18", "capabilities": {},
                        "clientInfo": { "name": "test", "version": "1" } });
    let call = json!({ "name": "bitnet-inference", "_meta": { "progressToken": "seen" },
        "arguments": { "model_path": "model.gguf", "prompt": "x", "max_tokens": tokens,
                       "temperature": 0 } });
    for (id, method, params) in [(1, "initialize", opens), (2, "tools/call", call)] {
        let line = json!({ "jsonrpc": "2.0", "id": id, "method": method, "params": params });
        writeln!(orders, "{line}").unwrap();
    }
    (server, orders, answers)
}

fn next(answers: &mut impl BufRead) -> Value {
    let mut line = String::new();
    answers.read_line(&mut line).unwrap();
    serde_json::from_str(&line).unwrap()
}

/// A folder with a model so large that a text takes many times longer than a signal leaves it.
fn large(name: &str) -> PathBuf {
    let folder = Path::new(env!("CARGO_TARGET_TMPDIR")).join(name);
    std::fs::create_dir_all(&folder).unwrap();
    let sizes = ["--width", "1024", "--ffn", "4096", "--blocks", "16", "--heads", "8"];
    let more = ["--kv-heads", "8", "--vocab", "258", "--bytes", "--context", "4200", "-o"];
    let mut make = Command::new(TRINE);
    make.args(["model", "make"]).args(sizes).args(more).arg(folder.join("model.gguf"));
    assert!(make.output().unwrap().status.success());
    folder
}

#[test]
fn a_signal_ends_a_text_with_what_it_has_and_the_call_is_answered() {
    let folder = large("drained");
    for signal in ["-TERM", "-INT"] {
        let (mut server, orders, mut answers) = calling(&folder, 4096);
        assert_eq!(next(&mut answers)["id"], 1);
        assert_eq!(next(&mut answers)["method"], "notifications/progress");
        let mut kill = Command::new("kill");
        assert!(kill.args([signal, &server.id().to_string()]).status().unwrap().success());
        let answer = loop {
            let message = next(&mut answers);
            if message["id"] == 2 {
                break message;
            }
        };
        let written = &answer["result"]["structuredContent"];
        assert_eq!(written["finish_reason"], "ended", "{answer}");
        let tokens = written["tokens_generated"].as_u64().unwrap();
        assert!(tokens > 0 && tokens < 4096, "{tokens}");
        assert!(!written["generated_text"].as_str().unwrap().is_empty());
        assert_eq!(server.wait().unwrap().code(), Some(0), "{signal}");
        drop(orders);
    }
    std::fs::remove_dir_all(folder).unwrap();
}

/// A `tools/call` message for a text of at most `tokens` tokens.
fn text(id: u32, tokens: u32) -> Value {
    let arguments = json!({ "model_path": "model.gguf", "prompt": "x", "max_tokens": tokens,
                            "temperature": 0 });
    let call = json!({ "name": "bitnet-inference", "arguments": arguments });
    json!({ "jsonrpc": "2.0", "id": id, "method": "tools/call", "params": call })
}

#[test]
fn a_short_text_is_answered_while_long_ones_are_written() {
    let folder = large("several");
    let (mut server, mut orders, mut answers) = calling(&folder, 4096);
    assert_eq!(next(&mut answers)["id"], 1);
    assert_eq!(next(&mut answers)["method"], "notifications/progress");
    for (id, tokens) in [(3, 4096), (4, 4096), (5, 3)] {
        writeln!(orders, "{}", text(id, tokens)).unwrap();
    }
    let answer = loop {
        let message = next(&mut answers);
        if message["id"].is_u64() {
            break message;
        }
    };
    assert_eq!((&answer["id"], &answer["result"]["isError"]), (&json!(5), &json!(false)));
    server.kill().unwrap();
    server.wait().unwrap();
    std::fs::remove_dir_all(folder).unwrap();
}

#[test]
fn a_client_that_is_gone_leaves_no_text_behind() {
    let folder = large("gone");
    let (mut server, mut orders, mut answers) = calling(&folder, 4096);
    assert_eq!(next(&mut answers)["id"], 1);
    assert_eq!(next(&mut answers)["method"], "notifications/progress");
    // In its place comes a call without news: nothing is written before its end, and so no write
    // fails.
    let quiet = json!({ "name": "bitnet-inference", "arguments": { "model_path": "model.gguf",
        "prompt": "x", "max_tokens": 4096, "temperature": 0 } });
    let cancelled = json!({ "requestId": 2 });
    for message in [
        json!({ "jsonrpc": "2.0", "method": "notifications/cancelled", "params": cancelled }),
        json!({ "jsonrpc": "2.0", "id": 3, "method": "tools/call", "params": quiet }),
        json!({ "jsonrpc": "2.0", "id": 4, "method": "tools/list" }),
    ] {
        writeln!(orders, "{message}").unwrap();
    }
    while next(&mut answers)["id"] != 4 {}
    drop((orders, answers));
    let since = Instant::now();
    while server.try_wait().unwrap().is_none() {
        assert!(since.elapsed() < Duration::from_secs(20), "it still writes its text");
        std::thread::sleep(Duration::from_millis(20));
    }
    std::fs::remove_dir_all(folder).unwrap();
}

#[test]
fn a_signal_lets_a_short_text_end_by_itself() {
    let folder = model("short").parent().unwrap().to_owned();
    let (mut server, orders, mut answers) = calling(&folder, 390);
    assert_eq!(next(&mut answers)["id"], 1);
    let mut kill = Command::new("kill");
    assert_eq!(next(&mut answers)["method"], "notifications/progress");
    assert!(kill.args(["-TERM", &server.id().to_string()]).status().unwrap().success());
    let answer = loop {
        let message = next(&mut answers);
        if message["id"] == 2 {
            break message;
        }
    };
    let reason = answer["result"]["structuredContent"]["finish_reason"].as_str().unwrap();
    assert!(["length", "stop"].contains(&reason), "{answer}");
    assert_eq!(server.wait().unwrap().code(), Some(0));
    drop(orders);
}

#[test]
fn the_example_has_quantum_computing_explained_by_any_model() {
    let model = model("serve");
    let model = model.to_str().unwrap();
    for (arguments, most) in [(&[][..], 250), (&[model][..], 256)] {
        let answers = explain(arguments);
        let [opened, answer] = &answers[..] else { panic!("{answers:?}") };
        assert_eq!(opened["result"]["serverInfo"]["name"], "trine");
        assert_eq!((&answer["id"], &answer["result"]["isError"]), (&json!(2), &json!(false)));
        let written = &answer["result"]["structuredContent"];
        let tokens = written["tokens_generated"].as_u64().unwrap();
        assert!(tokens > 0 && tokens <= most, "{written}");
        assert!(!written["generated_text"].as_str().unwrap().is_empty());
    }
}

#[test]
fn an_invalid_folder_is_refused_at_the_start() {
    let run = Command::new(TRINE).args(["serve", "--models", "/no/such/folder"]).output().unwrap();
    assert_eq!(run.status.code(), Some(1));
    let said = String::from_utf8(run.stderr).unwrap();
    assert!(said.contains("no folder /no/such/folder for --models"), "{said}");
}
