//! The same dozen calls (`tests/clients/cases.json`) over `/mcp/execute`, on the command line and
//! by the Rust client. `tests/clients/python_client.py` makes them with the Python SDK.

use std::io::{BufRead, BufReader};
use std::path::Path;
use std::process::{Child, Command, Output, Stdio};

use serde_json::{Value, json};
use trine_client::{Client, Family};

const TRINE: &str = env!("CARGO_BIN_EXE_trine");

fn cases() -> Vec<Value> {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("../tests/clients/cases.json");
    let text = std::fs::read_to_string(path).unwrap();
    let whole: Value = serde_json::from_str(&text).unwrap();
    let cases = whole["cases"].as_array().unwrap().clone();
    assert_eq!(cases.len(), 12);
    cases
}

/// Compares what a surface answered, a result or the sentence of an error, with what is to come.
fn check(case: &Value, answer: &Result<Value, String>) {
    match (answer, case["gives"].as_object()) {
        (Ok(result), Some(gives)) => {
            for (name, value) in gives {
                assert_eq!(&result[name], value, "{case}");
            }
        }
        (Err(said), None) => {
            for word in case["says"].as_array().unwrap() {
                assert!(said.contains(word.as_str().unwrap()), "{case}: {said}");
            }
        }
        _ => assert_eq!(answer.is_ok(), case.get("gives").is_some(), "{case}: {answer:?}"),
    }
}

/// A command without what the user has set.
fn trine(arguments: &[&str]) -> Command {
    let mut command = Command::new(TRINE);
    command.args(arguments).env("HOME", Path::new(env!("CARGO_TARGET_TMPDIR")).join("surfaces"));
    command.env_remove("XDG_CONFIG_HOME").env_remove("TRINE_CONFIG");
    command
}

/// A gateway of a simulated board over HTTP, and its address.
struct Site(Child, String);

impl Site {
    fn start() -> Self {
        let mut gateway = trine(&["gateway", "--simulate", "--http", "127.0.0.1:0"]);
        let pipes = gateway.stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::piped());
        let mut child = pipes.spawn().unwrap();
        let log = BufReader::new(child.stderr.take().unwrap());
        let mut lines = log.lines().map(Result::unwrap);
        let line = lines.find(|line| line.contains("/mcp")).unwrap();
        // What it logs from here on is read, so that it does not wait for that.
        std::thread::spawn(move || lines.for_each(drop));
        let (_, rest) = line.split_once("http://").unwrap();
        Self(child, format!("http://{}", rest.split('/').next().unwrap()))
    }
}

impl Drop for Site {
    fn drop(&mut self) {
        drop(self.0.kill());
        drop(self.0.wait());
    }
}

fn text(bytes: &[u8]) -> String {
    String::from_utf8(bytes.to_vec()).unwrap()
}

#[test]
fn a_dozen_calls_mean_the_same_on_the_command_line() {
    for case in cases() {
        let (tool, arguments) = (case["tool"].as_str().unwrap(), case["arguments"].to_string());
        let call = trine(&["call", "greenhouse", tool, &arguments, "--simulate"]).output().unwrap();
        let Output { status, stdout, stderr } = call;
        let code = match (case.get("says"), case.get("unknown")) {
            (None, _) => 0,
            (Some(_), None) => 1,
            (Some(_), Some(_)) => 2,
        };
        let said = text(&stderr);
        assert_eq!(status.code(), Some(code), "{case}: {said}");
        let answer = match code {
            0 => {
                let result: Value = serde_json::from_slice(&stdout).unwrap();
                Ok(result["structuredContent"].clone())
            }
            _ => Err(format!("{}{said}", text(&stdout))),
        };
        check(&case, &answer);
    }
}

#[test]
fn a_dozen_calls_mean_the_same_over_rest() {
    let site = Site::start();
    for case in cases() {
        let tool = json!({"tool_slug": case["tool"], "arguments": case["arguments"]});
        // As docs/http.md has it.
        let body = json!({"tools": [tool]}).to_string();
        let mut curl = Command::new("curl");
        curl.args(["--silent", "--show-error", "--json", &body]);
        let Output { status, stdout, stderr } =
            curl.arg(format!("{}/mcp/execute", site.1)).output().unwrap();
        assert!(status.success(), "{}", text(&stderr));
        let answer: Value = serde_json::from_slice(&stdout).unwrap();
        let answer = match answer["successful"] == json!(true) {
            true => Ok(answer["data"]["results"][0]["response"].clone()),
            false => Err(answer["error"].as_str().unwrap().to_owned()),
        };
        check(&case, &answer);
    }
}

#[test]
fn a_dozen_calls_mean_the_same_to_the_rust_client() {
    let site = Site::start();
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
    runtime.block_on(async {
        for family in [Family::Stateless, Family::Sessions] {
            let client = Client::builder().family(family);
            let client = client.connect(&format!("{}/mcp", site.1)).await.unwrap();
            for case in cases() {
                let called =
                    client.call_tool(case["tool"].as_str().unwrap(), case["arguments"].clone());
                let answer = match called.await {
                    Ok(result) => Ok(result.structured.unwrap()),
                    Err(error) => Err(error.to_string()),
                };
                check(&case, &answer);
            }
        }
    });
}
